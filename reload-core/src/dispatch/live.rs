//! The live state and how events move through it: broadcast along routes, delivery to one object
//! along its row, then everything that was asked for meanwhile, in order.
//!
//! Handlers and listeners are called from here, loops from [`turns`](super::turns), and all reach back through
//! [`HostCalls`](super::HostCalls). While they run no reference into [`Live`] exists, only the raw pointer that
//! their context carries; pools and routes do not change meanwhile because every change is queued.
#![expect(unsafe_code, reason = "calls thunks on erased objects")]

use super::{
    Ctx,
    chains::Origin,
    clock::{Clock, Turn},
    each::deliver_to_crowd,
    fault::{Fault, Faults},
    lifetime::{Source, end, enter_in_chain},
    peopled::Peopled,
    pulse::{self, Pulse},
    queue::{Ask, Command, Queue},
};
use crate::{
    attic::Attic,
    boundary::{ObjectId, guarded},
    event::EVENT_LIMIT,
    instance::{Seat, Store},
    registry::{Keep, Kind, One, Registry, Route, Row, Running},
};
use core::{ptr::NonNull, sync::atomic::AtomicPtr};
use std::sync::Arc;

/// A listener of the host, erased.
pub(crate) type Listener = Box<dyn FnMut(*const u8, &mut Ctx)>;

/// Everything that is alive. Fields are dropped by [`Drop`] in the order that it spells out.
pub(crate) struct Live {
    pub(crate) store: Store,
    pub(crate) registry: Registry,
    pub(crate) attic: Attic,
    pub(crate) queue: Queue,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(super) peopled: Peopled,
    /// By event.
    pub(crate) listeners: Vec<Vec<Listener>>,
    /// Turns of quarantined objects.
    pub(crate) resting: Vec<Turn>,
    /// Former images that values may still point into.
    pub(crate) held: Vec<Keep>,
    /// What runs now, for whoever asks from outside: beside this, in the same allocation.
    pub(crate) pulse: Arc<Pulse>,
    /// The world of this thread that began before.
    pub(super) older: AtomicPtr<Self>,
}

/// Where the live state is, in its pulse: how it is reached while game code runs.
pub(crate) type LivePtr = NonNull<Live>;

/// Sends an event to every object whose class handles it, and to the host's listeners.
///
/// # Safety
///
/// 1. `live` is valid and nothing refers into it.
/// 2. `payload` is a valid payload of `event`.
pub(crate) unsafe fn broadcast(live: LivePtr, event: u16, payload: *const u8) {
    let this = live.as_ptr();
    // SAFETY: (1)
    let pulse = unsafe { Pulse::beside(live) };
    // SAFETY: (1) no other broadcast or delivery is under way, as the world runs one at a time.
    let ctx = unsafe { &mut *pulse.ctx() };
    // SAFETY: (1) the references to the live state end with the statement.
    let routes: *const [Route] = unsafe { (*this).peopled.routes(event, &(*this).registry.routes, &(*this).store) };
    // SAFETY: they lie in memory of their own, which stays as it is until the next broadcast.
    for route in unsafe { &*routes } {
        // Nobody yet: what the context has is another route's.
        ctx.part = core::ptr::null_mut();
        pulse.handler(route.what);
        // SAFETY: (1) the reference ends with the statement; pools do not change during the delivery.
        let (first, count, stride) = unsafe { (*this).store.pool(route.class).active_ones() };
        // SAFETY: from `first` on lie `count` objects of the route's class, whose part lies at `part_offset`,
        // and nothing refers to them; (2) for the payload.
        unsafe { (route.batch)(first.wrapping_add(route.part_offset), count, stride, ctx, payload) };
        pulse.end();
    }
    // SAFETY: (1), (2)
    unsafe {
        listen(live, event, payload, ctx);
    }
}

/// Sends an event to one object. Answers whether it had a handler.
///
/// # Safety
///
/// As for [`broadcast`].
pub(crate) unsafe fn deliver(live: LivePtr, event: u16, to: ObjectId, payload: *const u8) -> bool {
    // SAFETY: (1) the reference ends with the statement.
    let receiver = unsafe { (*live.as_ptr()).receiver(event, to) };
    let what = Running::delivery(Kind::Delivery, event);
    // SAFETY: (1), (2); it has just been made.
    receiver.is_some_and(|receiver| unsafe { receiver.deliver(live, payload, what) })
}

/// [`deliver`], along an event's row.
///
/// # Safety
///
/// 1. As for [`broadcast`].
/// 2. `row` is the event's of the live state. It is not looked at any more when game code runs.
/// 3. `target` is a [target](crate::instance::Slots::target) of the live state.
/// 4. `what` is a [`Running::delivery`] of the event.
#[inline(always)]
pub(super) unsafe fn deliver_along(
    live: LivePtr,
    row: *const Row,
    target: (*mut u8, Seat),
    payload: *const u8,
    what: Running,
) -> bool {
    // SAFETY: (1) to (4); the row is not kept.
    unsafe { Receiver::of(&*row, target).deliver(live, payload, what) }
}

/// An object that is about to have an event, and its handler.
#[derive(Clone, Copy)]
pub(super) struct Receiver {
    object: *mut u8,
    seat: Seat,
    one: One,
}

impl Receiver {
    /// # Safety
    ///
    /// 1. `row` is the event's of the live state, and the target one of the live state's.
    #[inline(always)]
    pub(super) unsafe fn of(row: &Row, (object, seat): (*mut u8, Seat)) -> Self {
        // SAFETY: (1) the seat is a slot's of the live state.
        Self { object, seat, one: unsafe { row.one(seat) } }
    }

    /// Delivers. Answers whether there was a handler.
    ///
    /// # Safety
    ///
    /// 1. As for [`broadcast`].
    /// 2. Nothing has been carried out since it was made, and nobody has been put to rest.
    /// 3. `what` is a [`Running::delivery`] of the event.
    #[inline(always)]
    pub(super) unsafe fn deliver(self, live: LivePtr, payload: *const u8, what: Running) -> bool {
        let Self { object, seat, one } = self;
        // SAFETY: (1)
        let pulse = unsafe { Pulse::beside(live) };
        // SAFETY: (1) no other broadcast or delivery is under way, as the world runs one at a time.
        let ctx = unsafe { &mut *pulse.ctx() };
        let part = object.wrapping_add(one.part_offset());
        ctx.enter(part);
        pulse.handler(what.by(seat));
        // SAFETY: (2) the slot's object is there and of the handler's class, and nothing refers to it; (1) for the payload.
        unsafe { one.call()(part, ctx, payload) };
        pulse.end();
        !one.is_nobodys()
    }
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
    let pulse = unsafe { Pulse::beside(live) };
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

/// Carries out everything that is queued, and what that queues in turn. Answers whether there was anything.
///
/// # Safety
///
/// 1. `live` is valid and nothing refers into it.
#[inline]
pub(crate) unsafe fn settle(live: LivePtr) -> bool {
    // Most deliveries leave nothing to do: that is seen where they are made.
    // SAFETY: (1) the reference ends with the statement.
    let asked = unsafe { !(*live.as_ptr()).queue.is_empty() };
    if asked {
        // SAFETY: (1)
        unsafe { carry_out_aside(live) };
    }
    asked
}

/// [`carry_out`], so that the compiler keeps all that this call needs out of the way of deliveries that leave nothing.
///
/// # Safety
///
/// As for [`settle`].
#[cold]
unsafe fn carry_out_aside(live: LivePtr) {
    // SAFETY: (1)
    unsafe { carry_out(live) }
}

/// # Safety
///
/// As for [`settle`].
unsafe fn carry_out(live: LivePtr) {
    let this = live.as_ptr();
    // Whom the next command goes to, while nothing has been done that could change it.
    let mut foreseen = None;
    loop {
        // SAFETY: (1) the references end with the block.
        let next = unsafe {
            if (*this).rest_fallen() {
                foreseen = None;
            }
            if (*this).store.slots.are_many() {
                (*this).store.slots.fetch_ahead(|places| (*this).queue.ahead(places).map(|command| command.id));
            }
            (*this).queue.begin()
        };
        let Some(command) = next else { break };
        // SAFETY: a command that has been begun stays where it is, and is not changed, until the next one begins.
        let Command { ask, id, payload } = unsafe { command.as_ref() };
        let current = foreseen.take();
        match *ask {
            Ask::Deliver { event, origin } => {
                // SAFETY: (1); the payload was moved in as one of this event.
                unsafe {
                    if (*this).queue.chains.within_budget(origin, 1) == 0 {
                        (*this).break_chain(origin, 1);
                    } else {
                        let cause = &raw mut (*Pulse::beside(live).ctx()).cause;
                        cause.write(origin);
                        if id.is_none() {
                            broadcast(live, event, payload.as_ptr());
                        } else if let Some(receiver) = current.or_else(|| (*this).receiver(event, *id)) {
                            foreseen = (*this).queue.ahead(0).and_then(|next| (*this).receiver_of(next));
                            receiver.deliver(live, payload.as_ptr(), Running::delivery(Kind::Delivery, event));
                        }
                        cause.write(Origin::OUTSIDE);
                    }
                    (*this).drop_event(event, payload);
                }
            }
            Ask::DeliverEach { event, origin } => {
                // SAFETY: (1); the payload was moved in as one of this event.
                unsafe {
                    deliver_to_crowd(live, (event, origin), *id, payload.as_ptr());
                    (*this).drop_event(event, payload);
                }
            }
            Ask::Spawn { class, origin } => {
                // SAFETY: (1); the value was moved in as one of this class.
                unsafe { enter_in_chain(live, (*id, class), origin, Source::Value(payload)) };
            }
            Ask::Construct { class, origin } => {
                // SAFETY: (1)
                unsafe { enter_in_chain(live, (*id, class), origin, Source::Constructor) };
            }
            Ask::Destroy { origin } => {
                // SAFETY: (1)
                unsafe {
                    let cause = &raw mut (*Pulse::beside(live).ctx()).cause;
                    cause.write(origin);
                    end(live, *id);
                    cause.write(Origin::OUTSIDE);
                }
            }
            Ask::Rest => {}
        }
    }
    // SAFETY: (1)
    unsafe { (*this).queue.settled() };
}

impl Live {
    /// A live state without objects, at its place until [`Live::finish`].
    pub(crate) fn begin(registry: Registry) -> LivePtr {
        let mut listeners = Vec::new();
        listeners.resize_with(usize::from(EVENT_LIMIT), Vec::new);
        let live = Pulse::begin(|pulse| Self {
            store: Store::default(),
            registry,
            attic: Attic::default(),
            queue: Queue::default(),
            clock: Clock::default(),
            faults: Faults::default(),
            peopled: Peopled::default(),
            listeners,
            resting: Vec::new(),
            held: Vec::new(),
            pulse,
            older: AtomicPtr::default(),
        });
        // SAFETY: it has just been made; `finish` delists it.
        unsafe { pulse::enlist(live) };
        live
    }

    /// Drops a live state from which all objects are gone.
    ///
    /// # Safety
    ///
    /// 1. It has been made by [`Live::begin`] on this thread, and is not used again.
    pub(crate) unsafe fn finish(live: LivePtr) {
        // SAFETY: (1)
        unsafe {
            pulse::delist(live);
            Pulse::end_of(live);
        }
    }

    /// Whom an event for this object goes to.
    #[inline(always)]
    fn receiver(&self, event: u16, to: ObjectId) -> Option<Receiver> {
        let (target, row) = (self.store.slots.target(to)?, self.registry.routes.row(event)?);
        // SAFETY: both are of this live state.
        Some(unsafe { Receiver::of(row, target) })
    }

    /// Whom a command goes to, where it is an event for one object: nobody has the id that stands for all.
    #[inline(always)]
    fn receiver_of(&self, command: &Command) -> Option<Receiver> {
        let Ask::Deliver { event, .. } = command.ask else { return None };
        self.receiver(event, command.id)
    }

    /// Lets those rest whose handler has panicked. Answers whether there were some.
    #[inline(always)]
    pub(crate) fn rest_fallen(&mut self) -> bool {
        let mut some = false;
        while let Some(id) = self.queue.next_fallen() {
            self.store.quarantine(id);
            some = true;
        }
        some
    }
}
