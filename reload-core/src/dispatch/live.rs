//! The live state and how events move through it: broadcast along routes, delivery to one object
//! along its row, then everything that was asked for meanwhile, in order.
//!
//! Game code is only ever called from the functions of this file, and reaches back through
//! [`HostCalls`](super::HostCalls). While it runs no reference into [`Live`] exists, only the raw pointer that
//! its context carries; pools and routes do not change meanwhile because every change is queued.
#![expect(unsafe_code, reason = "calls thunks on erased objects")]

use super::{
    Ctx,
    clock::{Clock, Turn, What},
    context::Running,
    fault::{Fault, FaultKind, Faults},
    host::HOST_CALLS,
    next::Next,
    payload::Payload,
    pulse::{Kind, Pulse},
    queue::{Command, NOBODY, Origin, Queue},
};
use crate::{
    attic::Attic,
    boundary::{ObjectId, announce, guarded},
    event::{Constructed, Destroyed, Event},
    instance::Store,
    registry::{Keep, Registry},
};
use core::ptr::NonNull;
use std::sync::Arc;

/// A listener of the host, erased.
pub(crate) type Listener = Box<dyn FnMut(*const u8, &mut Ctx)>;

/// Everything that is alive. Fields are dropped by [`Drop`] in the order that it spells out.
#[derive(Default)]
pub(crate) struct Live {
    pub(crate) store: Store,
    pub(crate) registry: Registry,
    pub(crate) attic: Attic,
    pub(crate) queue: Queue,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    /// By event.
    pub(crate) listeners: Vec<Vec<Listener>>,
    /// Turns of quarantined objects.
    pub(crate) resting: Vec<Turn>,
    /// Former images that values may still point into.
    pub(crate) held: Vec<Keep>,
    /// What runs now, for whoever asks from outside.
    pub(crate) pulse: Arc<Pulse>,
}

/// Where the live state is while game code runs.
pub(crate) type LivePtr = NonNull<Live>;

/// The world's pulse, which lies outside of the live state.
///
/// # Safety
///
/// 1. `live` is valid for `'a`.
#[inline(always)]
pub(super) unsafe fn pulse<'a>(live: LivePtr) -> &'a Pulse {
    // SAFETY: (1); the live state holds a share of the pulse for as long as it lives.
    unsafe { &*Arc::as_ptr(&(*live.as_ptr()).pulse) }
}

/// Sends an event to every object whose class handles it, and to the host's listeners.
///
/// # Safety
///
/// 1. `live` is valid and nothing refers into it.
/// 2. `payload` is a valid payload of `event`.
pub(crate) unsafe fn broadcast(live: LivePtr, event: u16, payload: *const u8, origin: Origin) {
    let this = live.as_ptr();
    let mut ctx = Ctx::new(&HOST_CALLS, this.cast());
    ctx.begin(Running::event(event), origin);
    // SAFETY: (1)
    let pulse = unsafe { pulse(live) };
    let mut position = 0;
    // SAFETY: (1) the reference ends with the statement.
    while let Some(route) = unsafe { (*this).registry.routes.all(event).get(position).copied() } {
        position += 1;
        ctx.part_offset = route.part_offset;
        pulse.broadcast(event, route.class, &mut ctx);
        let mut ordinal = 0;
        loop {
            // SAFETY: (1) the reference ends with the statement; pools do not change during the delivery.
            let (chunk, stride) = unsafe {
                let pool = (*this).store.pool(route.class);
                (pool.active_chunk(ordinal), pool.stride())
            };
            let Some((first, count)) = chunk else { break };
            // SAFETY: the chunk holds `count` objects of the route's class, whose part lies at `part_offset`,
            // and nothing refers to them; (2) for the payload.
            announce(|| unsafe {
                (route.batch)(first.wrapping_add(route.part_offset), count, stride, &mut ctx, payload)
            });
            ordinal += 1;
        }
        pulse.end();
    }
    // SAFETY: (1), (2)
    unsafe {
        listen(live, event, payload, &mut ctx);
    }
}

/// Sends an event to one object. Answers whether it had a handler.
///
/// # Safety
///
/// As for [`broadcast`].
#[inline(always)]
pub(crate) unsafe fn deliver(live: LivePtr, event: u16, to: ObjectId, payload: *const u8, origin: Origin) -> bool {
    let this = live.as_ptr();
    // SAFETY: (1) the reference is not used after the look-up.
    let state = unsafe { &*this };
    let Some((object, class)) = state.store.slots.target(to) else { return false };
    let Some(one) = state.registry.routes.one(event, class) else { return false };
    let mut ctx = Ctx::new(&HOST_CALLS, this.cast());
    ctx.begin(Running::event(event), origin);
    (ctx.part, ctx.part_offset) = (object.wrapping_add(one.part_offset), one.part_offset);
    // SAFETY: (1)
    let pulse = unsafe { pulse(live) };
    pulse.deliver(event, class, to);
    // SAFETY: the slot's object is of the row's class, and nothing refers to it; (2) for the payload.
    announce(|| unsafe { (one.call)(ctx.part, &mut ctx, payload) });
    pulse.end();
    true
}

/// # Safety
///
/// As for [`broadcast`].
unsafe fn listen(live: LivePtr, event: u16, payload: *const u8, ctx: &mut Ctx) {
    let this = live.as_ptr();
    ctx.part = core::ptr::null_mut();
    // The listeners are taken out while they run, so that nothing refers into the live state.
    // SAFETY: (1) the reference is not used after the statement that follows.
    let state = unsafe { &mut *this };
    let Some(mut listeners) =
        state.listeners.get_mut(usize::from(event)).filter(|list| !list.is_empty()).map(std::mem::take)
    else {
        return;
    };
    // SAFETY: (1)
    let pulse = unsafe { pulse(live) };
    for listener in &mut listeners {
        let call = || guarded(|| listener(payload, ctx));
        if let Err(panic) = pulse.during(Kind::Listener, None, Some(event), ObjectId::NONE, call) {
            // SAFETY: (1)
            unsafe {
                let during = format!("listener of {}", (*this).registry.vocabulary.name(event));
                (*this).faults.report(Fault::of_host(during, panic));
            }
        }
    }
    // SAFETY: (1)
    unsafe { (&mut (*this).listeners)[usize::from(event)] = listeners };
}

/// Carries out everything that is queued, and what that queues in turn.
///
/// # Safety
///
/// 1. `live` is valid and nothing refers into it.
#[inline]
pub(crate) unsafe fn settle(live: LivePtr) {
    // Most deliveries leave nothing to do: that is seen where they are made.
    // SAFETY: (1) the reference ends with the statement.
    if unsafe { !(*live.as_ptr()).queue.commands.is_empty() } {
        // SAFETY: (1)
        unsafe { carry_out(live) };
    }
}

/// # Safety
///
/// As for [`settle`].
unsafe fn carry_out(live: LivePtr) {
    let this = live.as_ptr();
    // SAFETY: (1) the reference ends with the statement.
    while let Some(command) = unsafe { (*this).queue.commands.pop_front() } {
        match command {
            Command::Deliver { event, to, payload, origin } => {
                // SAFETY: (1); the payload was moved in as one of this event.
                unsafe {
                    if (*this).within_budget(origin) {
                        if to.is_none() {
                            broadcast(live, event, payload.as_ptr(), origin);
                        } else {
                            deliver(live, event, to, payload.as_ptr(), origin);
                        }
                    }
                    (*this).drop_event(event, payload);
                }
            }
            Command::Spawn { id, class, value } => {
                // SAFETY: (1); the value was moved in as one of this class.
                unsafe { enter(live, id, class, Source::Value(value)) };
            }
            Command::Construct { id, class } => {
                // SAFETY: (1)
                unsafe { enter(live, id, class, Source::Constructor) };
            }
            Command::Quarantine { id } => {
                // SAFETY: (1) the reference ends with the statement.
                unsafe { (*this).store.quarantine(id) };
            }
            Command::Destroy { id } => {
                // SAFETY: (1)
                unsafe { end(live, id) };
            }
        }
    }
    // SAFETY: (1)
    unsafe { (*this).queue.settled() };
}

impl Live {
    /// Lets those rest whose handler has panicked, where nothing else of the queue is to be carried out yet.
    pub(crate) fn rest_fallen(&mut self) {
        while let Some(Command::Quarantine { id }) = self.queue.commands.front() {
            self.store.quarantine(*id);
            self.queue.commands.pop_front();
        }
    }
}

enum Source {
    Value(Payload),
    Constructor,
}

/// Puts an object into its pool, then tells it.
///
/// # Safety
///
/// 1. `live` is valid and nothing refers into it.
/// 2. A value is one of `class`.
unsafe fn enter(live: LivePtr, id: ObjectId, class: u16, source: Source) {
    let this = live.as_ptr();
    // SAFETY: (1) the reference is not used across calls of game code that reach back.
    let state = unsafe { &mut *this };
    let entry = state.registry.class(class);
    let (descriptor, construct, present) = (entry.state, entry.construct, entry.present);
    if !present || !state.store.slots.is_alive(id) || state.store.slots.object(id).is_some() {
        // The class went away, or the id was destroyed, between the request and now.
        if let Source::Value(value) = source {
            // SAFETY: (2)
            unsafe { state.drop_payload(value, descriptor, class) };
        }
        state.store.remove(id);
        return;
    }
    match source {
        Source::Value(value) => {
            if let Some(place) = state.store.insert(id, class) {
                // SAFETY: (2); the place has room for an object of the class.
                unsafe { core::ptr::copy_nonoverlapping(value.as_ptr(), place, descriptor.size) };
            }
        }
        Source::Constructor => {
            // Constructed beside the pool, because the constructor is game code and may fail.
            let construct = || Payload::constructed(descriptor, construct);
            match state.pulse.during(Kind::Constructor, Some(class), None, id, construct) {
                Ok(value) => {
                    if let Some(place) = state.store.insert(id, class) {
                        // SAFETY: a value of the class has been constructed.
                        unsafe { core::ptr::copy_nonoverlapping(value.as_ptr(), place, descriptor.size) };
                    }
                }
                Err(error) => {
                    state.store.remove(id);
                    let class = state.registry.class(class).path.to_string();
                    let (during, kind) = error.into_fault();
                    state.faults.report(Fault { class, object: id, during, kind });
                    return;
                }
            }
        }
    }
    // SAFETY: (1)
    unsafe { welcome(live, id, class) };
}

/// Tells a new object that it lives, and starts its loops.
///
/// # Safety
///
/// 1. `live` is valid and nothing refers into it.
pub(super) unsafe fn welcome(live: LivePtr, id: ObjectId, class: u16) {
    let this = live.as_ptr();
    // SAFETY: (1)
    unsafe {
        for entry in &(*this).registry.class(class).loops {
            let turn = Turn { object: id, name: entry.name.clone(), since: entry.since };
            (*this).clock.next_advance(turn);
        }
        deliver(live, Constructed::INDEX, id, core::ptr::from_ref(&Constructed).cast(), Origin::OUTSIDE);
    }
}

/// Ends an object: tells it, drops it, frees its id.
///
/// # Safety
///
/// 1. `live` is valid and nothing refers into it.
pub(crate) unsafe fn end(live: LivePtr, id: ObjectId) {
    let this = live.as_ptr();
    // SAFETY: (1)
    unsafe {
        if !(*this).store.slots.is_alive(id) {
            return;
        }
        deliver(live, Destroyed::INDEX, id, core::ptr::from_ref(&Destroyed).cast(), Origin::OUTSIDE);
        let state = &mut *this;
        if state.store.slots.is_in_attic(id) {
            state.attic.forget_object(id);
        }
        if let Some((object, class)) = state.store.slots.object(id) {
            if !state.attic.is_empty() {
                state.attic.forget_fields(&state.registry.class(class).path, id);
            }
            let descriptor = state.registry.class(class).state;
            if let Some(drop_in_place) = descriptor.drop_in_place
                && let Err(panic) =
                    state.pulse.during(Kind::Drop, Some(class), None, id, || drop_in_place(object).into_result())
            {
                state.report_drop(class, id, panic);
            }
        }
        state.store.remove(id);
    }
}

/// Lets world time pass: turns of loops and delayed events that become due.
///
/// # Safety
///
/// 1. `live` is valid and nothing refers into it.
pub(crate) unsafe fn advance(live: LivePtr, nanoseconds: u64) {
    let this = live.as_ptr();
    // SAFETY: (1) as everywhere below: each reference ends with its statement.
    let end = unsafe {
        (*this).clock.begin();
        (*this).clock.now.saturating_add(nanoseconds)
    };
    // SAFETY: (1)
    while let Some(what) = unsafe { (*this).clock.due(end) } {
        match what {
            // It waits with its object.
            // SAFETY: (1)
            What::Deliver { to, .. } if unsafe { (*this).store.slots.is_in_attic(to) } => unsafe {
                (*this).clock.at(Clock::ON_RETURN, what);
            },
            What::Deliver { event, to, payload } => {
                // SAFETY: (1); the payload was moved in as one of this event.
                unsafe {
                    deliver(live, event, to, payload.as_ptr(), Origin::OUTSIDE);
                    (*this).drop_event(event, *payload);
                }
            }
            // SAFETY: (1)
            What::Turn(turn) => unsafe { take_turn(live, turn) },
        }
        // SAFETY: (1)
        unsafe { settle(live) };
    }
    // SAFETY: (1)
    unsafe { (*this).clock.now = end };
}

/// Runs one turn of a loop, with whatever code the class has by now.
///
/// # Safety
///
/// 1. `live` is valid and nothing refers into it.
unsafe fn take_turn(live: LivePtr, turn: Turn) {
    let this = live.as_ptr();
    // SAFETY: (1)
    let state = unsafe { &mut *this };
    let Some((object, class)) = state.store.slots.object(turn.object) else { return };
    let loops = &state.registry.class(class).loops;
    // A loop that was removed, or removed and added again, has ended for this turn.
    let Some(position) = loops.iter().position(|entry| entry.name == turn.name && entry.since == turn.since) else {
        return;
    };
    if state.store.slots.is_quarantined(turn.object) {
        state.resting.push(turn);
        return;
    }
    let (run, part_offset) = (loops[position].turn, loops[position].part_offset);
    let mut ctx = Ctx::new(&HOST_CALLS, this.cast());
    ctx.begin(Running::turn(position), Origin::OUTSIDE);
    ctx.part_offset = part_offset;
    let mut next = Next::stop();
    // SAFETY: (1)
    let pulse = unsafe { pulse(live) };
    pulse.turn(position, class, turn.object);
    // SAFETY: the object is of the class that the loop belongs to, and nothing refers to it.
    let outcome = unsafe { run(object.wrapping_add(part_offset), &mut ctx, &raw mut next) };
    pulse.end();
    // SAFETY: (1)
    let state = unsafe { &mut *this };
    if let Err(panic) = outcome.into_result() {
        state.faults.report(Fault {
            class: state.registry.class(class).path.to_string(),
            object: turn.object,
            during: format!("loop_{}", turn.name),
            kind: FaultKind::Panicked { panic, quarantined: true },
        });
        state.store.quarantine(turn.object);
        state.resting.push(turn);
        return;
    }
    match next.delay_ns() {
        None => {}
        Some(0) => state.clock.next_advance(turn),
        Some(delay) => state.clock.at(state.clock.now.saturating_add(delay), What::Turn(turn)),
    }
}

impl Live {
    /// Whether a chain may go on. When it may not, it is reported and what it has queued is dropped with it.
    fn within_budget(&mut self, origin: Origin) -> bool {
        if origin.depth == 0 {
            return true;
        }
        self.queue.caused += usize::from(origin.depth > 1);
        let budget = self.queue.budget;
        if origin.depth <= budget.depth && self.queue.caused <= budget.events {
            return true;
        }
        let chain: Vec<String> =
            self.queue.chain(origin.cause, 8).iter().map(|event| self.running_name(*event)).collect();
        // Whatever waits at this depth belongs to the same chain, or to one that is as long.
        let too_deep = |command: &Command| match command {
            Command::Deliver { origin: other, .. } => other.depth >= origin.depth,
            _ => false,
        };
        let (dropped, kept): (Vec<Command>, Vec<Command>) =
            std::mem::take(&mut self.queue.commands).into_iter().partition(too_deep);
        self.queue.commands = kept.into();
        let count = dropped.len() + 1;
        for command in dropped {
            self.drop_command(command);
        }
        self.queue.caused = 0;
        let during = chain.last().cloned().unwrap_or_default();
        self.faults.report(Fault {
            class: String::new(),
            object: ObjectId::NONE,
            during,
            kind: FaultKind::EndlessChain { chain, dropped: count },
        });
        false
    }

    /// `event_damaged`, or `a loop`.
    pub(crate) fn running_name(&self, event: u16) -> String {
        self.registry
            .vocabulary
            .event(event)
            .map_or_else(|| "a loop".to_owned(), |entry| format!("event_{}", entry.name))
    }

    /// The link of the chain for what runs now.
    pub(crate) fn origin_of(&mut self, ctx: &mut Ctx) -> Origin {
        if ctx.link == NOBODY {
            ctx.link = self.queue.link(ctx.running.event_or_marker(), ctx.cause);
        }
        Origin { cause: ctx.link, depth: ctx.depth + 1 }
    }
}
