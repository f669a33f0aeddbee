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
    queue::{Command, NOBODY, Origin, Queue},
};
use crate::{
    boundary::{ObjectId, Panicked, announce, guarded},
    event::{Constructed, Destroyed, Event},
    instance::Store,
    registry::{Registry, Way},
    schema::Descriptor,
};
use core::ptr::NonNull;

/// A listener of the host, erased.
pub(crate) type Listener = Box<dyn FnMut(*const u8, &mut Ctx)>;

/// Everything that is alive. Fields are dropped by [`Drop`] in the order that it spells out.
#[derive(Default)]
pub(crate) struct Live {
    pub(crate) store: Store,
    pub(crate) registry: Registry,
    pub(crate) queue: Queue,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    /// By event.
    pub(crate) listeners: Vec<Vec<Listener>>,
    /// Turns of quarantined objects.
    pub(crate) resting: Vec<Turn>,
}

/// Where the live state is while game code runs.
pub(crate) type LivePtr = NonNull<Live>;

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
    let mut position = 0;
    // SAFETY: (1) the reference ends with the statement.
    while let Some(route) = unsafe { (*this).registry.routes.all(event).get(position).copied() } {
        position += 1;
        ctx.part_offset = route.part_offset;
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
pub(crate) unsafe fn deliver(live: LivePtr, event: u16, to: ObjectId, payload: *const u8, origin: Origin) -> bool {
    // SAFETY: (1) the reference ends with the statement; (2)
    unsafe {
        let way = (*live.as_ptr()).registry.routes.way(event);
        deliver_along(live, way, to, payload, origin)
    }
}

/// [`deliver`] where the event's way is known.
///
/// # Safety
///
/// 1. `live` is valid and nothing refers into it.
/// 2. `way` is of its registry, and `payload` is a valid payload of that event.
#[inline(always)]
pub(crate) unsafe fn deliver_along(live: LivePtr, way: Way, to: ObjectId, payload: *const u8, origin: Origin) -> bool {
    let this = live.as_ptr();
    // SAFETY: (1) the reference is not used after the look-up.
    let state = unsafe { &*this };
    let Some((object, class)) = state.store.slots.target(to) else { return false };
    let Some(one) = state.registry.routes.one(way, class) else { return false };
    let mut ctx = Ctx::new(&HOST_CALLS, this.cast());
    ctx.begin(Running::event(way.event), origin);
    (ctx.part, ctx.part_offset) = (object.wrapping_add(one.part_offset), one.part_offset);
    // SAFETY: the slot's object is of the row's class, and nothing refers to it; (2) for the payload.
    announce(|| unsafe { (one.call)(ctx.part, &mut ctx, payload) });
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
    for listener in &mut listeners {
        if let Err(panic) = guarded(|| listener(payload, ctx)) {
            // SAFETY: (1)
            unsafe {
                let during = format!("listener of {}", (*this).registry.vocabulary.name(event));
                (*this).faults.report(Fault {
                    class: String::new(),
                    object: ObjectId::NONE,
                    during,
                    kind: FaultKind::Panicked { panic, quarantined: false },
                });
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
            match Payload::constructed(descriptor, construct) {
                Ok(value) => {
                    if let Some(place) = state.store.insert(id, class) {
                        // SAFETY: a value of the class has been constructed.
                        unsafe { core::ptr::copy_nonoverlapping(value.as_ptr(), place, descriptor.size) };
                    }
                }
                Err(reason) => {
                    state.store.remove(id);
                    let class = state.registry.class(class).path.to_string();
                    state.faults.report(Fault {
                        class,
                        object: id,
                        during: "constructor".to_owned(),
                        kind: FaultKind::Unknown { what: reason },
                    });
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
        if let Some((object, class)) = state.store.slots.object(id) {
            let descriptor = state.registry.class(class).state;
            if let Some(drop_in_place) = descriptor.drop_in_place
                && let Err(panic) = drop_in_place(object).into_result()
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
            What::Deliver { event, to, payload } => {
                // SAFETY: (1); the payload was moved in as one of this event.
                unsafe {
                    deliver(live, event, to, payload.as_ptr(), Origin::OUTSIDE);
                    (*this).drop_event(event, payload);
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
    // SAFETY: the object is of the class that the loop belongs to, and nothing refers to it.
    let outcome = unsafe { run(object.wrapping_add(part_offset), &mut ctx, &raw mut next) };
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

    /// Drops an event's payload.
    pub(crate) fn drop_event(&mut self, event: u16, payload: Payload) {
        let Some(descriptor) = self.registry.vocabulary.event(event).map(|entry| entry.payload) else { return };
        if descriptor.drop_in_place.is_none() {
            return;
        }
        // SAFETY: payloads are kept with the number of the event that they belong to.
        if let Err(panic) = unsafe { payload.drop_value(descriptor) } {
            let during = format!("drop of the payload of event_{}", self.registry.vocabulary.name(event));
            let kind = FaultKind::Panicked { panic, quarantined: false };
            self.faults.report(Fault { class: String::new(), object: ObjectId::NONE, during, kind });
        }
    }

    /// # Safety
    ///
    /// 1. `descriptor` describes the value.
    unsafe fn drop_payload(&mut self, value: Payload, descriptor: &Descriptor, class: u16) {
        // SAFETY: (1)
        if let Err(panic) = unsafe { value.drop_value(descriptor) } {
            self.report_drop(class, ObjectId::NONE, panic);
        }
    }

    pub(crate) fn drop_command(&mut self, command: Command) {
        match command {
            Command::Deliver { event, payload, .. } => self.drop_event(event, payload),
            Command::Spawn { class, value, .. } => {
                let descriptor = self.registry.class(class).state;
                // SAFETY: values are kept with the number of the class that they belong to.
                unsafe { self.drop_payload(value, descriptor, class) };
            }
            Command::Construct { .. } | Command::Quarantine { .. } | Command::Destroy { .. } => {}
        }
    }

    fn report_drop(&mut self, class: u16, object: ObjectId, panic: Panicked) {
        let class = self.registry.class(class).path.to_string();
        let kind = FaultKind::Panicked { panic, quarantined: false };
        self.faults.report(Fault { class, object, during: "drop".to_owned(), kind });
    }

    /// Drops the values of all objects of a class and ends them.
    pub(crate) fn drop_all(&mut self, class: u16) {
        let descriptor = self.registry.class(class).state;
        if let Some(drop_in_place) = descriptor.drop_in_place {
            for index in 0..self.store.pool(class).len() {
                let object = self.store.pool(class).object(index);
                // SAFETY: an object of the class; it is forgotten below.
                if let Err(panic) = unsafe { drop_in_place(object) }.into_result() {
                    self.report_drop(class, ObjectId::NONE, panic);
                }
            }
        }
        self.store.forget_all(class);
    }

    /// The link of the chain for what runs now.
    pub(crate) fn origin_of(&mut self, ctx: &mut Ctx) -> Origin {
        if ctx.link == NOBODY {
            ctx.link = self.queue.link(ctx.running.event_or_marker(), ctx.cause);
        }
        Origin { cause: ctx.link, depth: ctx.depth + 1 }
    }
}

impl Drop for Live {
    /// Values first, while the code that drops them is certainly mapped; the registry, which keeps it mapped, last.
    fn drop(&mut self) {
        for command in std::mem::take(&mut self.queue.commands) {
            self.drop_command(command);
        }
        for what in self.clock.drain() {
            if let What::Deliver { event, payload, .. } = what {
                self.drop_event(event, payload);
            }
        }
        for class in 0..self.registry.classes.len() {
            self.drop_all(class as u16);
        }
    }
}
