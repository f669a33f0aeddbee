//! One event to each of a list of objects: as it is known who is next, what a delivery needs is on its way before its turn.
#![expect(unsafe_code, reason = "passes the live state's address on")]

use super::{
    chains::Origin,
    live::{LivePtr, Receiver, settle},
    pulse::Pulse,
};
use crate::{
    boundary::ObjectId,
    instance::Seat,
    registry::{Kind, Row, Running},
};

/// An event, and how it is delivered.
struct Delivery {
    row: Row,
    what: Running,
    payload: *const u8,
}

impl Delivery {
    /// `None` where there is no such event.
    ///
    /// # Safety
    ///
    /// 1. As for [`broadcast`](super::live::broadcast).
    unsafe fn of(live: LivePtr, event: u16, payload: *const u8) -> Option<Self> {
        // SAFETY: (1) the reference ends with the statement; the row is in memory of its own.
        let row = unsafe { (*live.as_ptr()).registry.routes.row(event).cloned() }?;
        Some(Self { row, what: Running::delivery(Kind::Delivery, event), payload })
    }
}

/// Sends an event to each of these objects, with what it leads to after each. Answers how many had a handler.
///
/// # Safety
///
/// As for [`broadcast`](super::live::broadcast).
pub(crate) unsafe fn send_each(live: LivePtr, event: u16, to: &[ObjectId], payload: *const u8) -> usize {
    // SAFETY: (1), (2)
    let Some(delivery) = (unsafe { Delivery::of(live, event, payload) }) else { return 0 };
    let id_at = |place: usize| to.get(place).copied();
    // SAFETY: (1)
    let carry_out = || unsafe { settle(live) };
    // SAFETY: (1), (2)
    unsafe { deliver_to_each(live, to.len(), id_at, delivery, carry_out) }
}

/// Delivers a queued event to each of a crowd, as far as the chain that it belongs to may go on.
///
/// # Safety
///
/// As for [`broadcast`](super::live::broadcast).
pub(super) unsafe fn deliver_to_crowd(
    live: LivePtr,
    (event, origin): (u16, Origin),
    crowd: ObjectId,
    payload: *const u8,
) {
    let this = live.as_ptr();
    // SAFETY: (1), (2)
    let Some(delivery) = (unsafe { Delivery::of(live, event, payload) }) else { return };
    // SAFETY: (1) the references end with the block.
    let (places, count) = unsafe {
        let places = (*this).queue.crowds.places(crowd);
        let count = (*this).queue.chains.within_budget(origin, places.len());
        (places, count)
    };
    // SAFETY: (1) the reference ends with the call.
    let id_at = |place: usize| unsafe { (*this).queue.crowds.at(places.start + place) };
    // SAFETY: (1) as above.
    let rest = || unsafe { (*this).rest_fallen() };
    // SAFETY: (1), (2)
    unsafe {
        let cause = &raw mut (*Pulse::beside(live).ctx()).cause;
        cause.write(origin);
        deliver_to_each(live, count, id_at, delivery, rest);
        cause.write(Origin::OUTSIDE);
        if count < places.len() {
            (*this).break_chain(origin, places.len() - count);
        }
    }
}

/// Delivers an event to `count` objects. After each `between` does what is to be done before the next one, and answers whether
/// that was anything. Answers how many had a handler.
///
/// # Safety
///
/// 1. As for [`broadcast`](super::live::broadcast).
/// 2. `delivery` is an event's of the live state.
#[inline(always)]
unsafe fn deliver_to_each(
    live: LivePtr,
    count: usize,
    id_at: impl Fn(usize) -> Option<ObjectId>,
    delivery: Delivery,
    between: impl FnMut() -> bool,
) -> usize {
    // There are two loops, as a jump over what fetches those far in memory is a tenth of a delivery.
    // SAFETY: (1), (2)
    unsafe {
        if (*live.as_ptr()).store.slots.are_many() {
            deliver_along::<true>(live, count, id_at, delivery, between)
        } else {
            deliver_along::<false>(live, count, id_at, delivery, between)
        }
    }
}

/// [`deliver_to_each`], those that are `FAR` in memory being fetched in time.
///
/// # Safety
///
/// As for [`deliver_to_each`].
#[inline(never)]
unsafe fn deliver_along<const FAR: bool>(
    live: LivePtr,
    count: usize,
    id_at: impl Fn(usize) -> Option<ObjectId>,
    Delivery { row, what, payload }: Delivery,
    mut between: impl FnMut() -> bool,
) -> usize {
    let this = live.as_ptr();
    // SAFETY: (1) the references end with the block; (2)
    let receiver = |place| unsafe {
        let target = id_at(place).and_then(|id| (*this).store.slots.target(id));
        Receiver::of(&row, target.unwrap_or(Seat::NOBODY))
    };
    let (mut handled, mut next) = (0, receiver(0));
    let mut following = 0;
    while following < count {
        following += 1;
        if FAR {
            // SAFETY: (1) the reference ends with the statement.
            unsafe { (*this).store.slots.fetch_ahead(|places| id_at(following + places)) };
        }
        // Looked up while the one before has its turn: where a call leads is then known when it comes, which a processor that
        // has taken it to lead elsewhere would otherwise find out only after three reads.
        let current = std::mem::replace(&mut next, receiver(following));
        // SAFETY: (1), (2); unless something was done in between, all objects are where they were.
        handled += usize::from(unsafe { current.deliver(live, payload, what) });
        if between() {
            next = receiver(following);
        }
    }
    handled
}
