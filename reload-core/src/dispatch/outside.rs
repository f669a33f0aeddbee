//! What the host does from outside of any handler, at once: it sends events and makes objects. Short, because most of a
//! delivery's cost beside the handler is here: the number of an event of the host's own tables is found at one look, and
//! nothing is asked twice.
#![expect(unsafe_code, reason = "erases values, and passes the live state's address on")]

use super::{
    lifetime,
    live::{self, LivePtr},
    payload::{Unconstructed, construct_at},
};
use crate::{
    boundary::ObjectId,
    event::{Event, EventTable, TableRecord},
    registry::{Kind, Running, place},
};

/// See [`World::emit`](crate::World::emit).
///
/// # Safety
///
/// 1. `live` is valid and nothing refers into it.
#[inline(always)]
pub(crate) unsafe fn emit<E: Event>(live: LivePtr, event: &E) {
    let (table, payload) = (E::Table::record(), core::ptr::from_ref(event).cast());
    // SAFETY: (1) the reference ends with the statement.
    let event = unsafe { (*live.as_ptr()).registry.short_way(table, E::INDEX).map(|way| way.event) };
    // Each way ends in a call of its own, so that the short one is nothing but that.
    match event {
        // SAFETY: (1); the payload is an `E`, which is what the record says of the number.
        Some(event) => unsafe { emit_now(live, event, payload) },
        // SAFETY: as above.
        None => unsafe { emit_long(live, table, E::INDEX, payload) },
    }
}

/// # Safety
///
/// 1. `live` is valid and nothing refers into it.
/// 2. `payload` is a valid payload of `event`.
#[inline(always)]
unsafe fn emit_now(live: LivePtr, event: u16, payload: *const u8) {
    // SAFETY: (1), (2)
    unsafe {
        live::broadcast(live, event, payload);
        live::settle(live);
    }
}

/// # Safety
///
/// 1. `live` is valid and nothing refers into it.
/// 2. `payload` is a valid payload of the event that `table` numbers `index`.
#[cold]
unsafe fn emit_long(live: LivePtr, table: &'static TableRecord, index: u16, payload: *const u8) {
    // SAFETY: (1) the reference ends with the statement.
    if let Some(event) = unsafe { (*live.as_ptr()).registry.vocabulary.id(table, index) } {
        // SAFETY: (1), (2)
        unsafe { emit_now(live, event, payload) }
    }
}

/// See [`World::send`](crate::World::send).
///
/// # Safety
///
/// 1. `live` is valid and nothing refers into it.
#[inline(always)]
pub(crate) unsafe fn send<E: Event>(live: LivePtr, to: ObjectId, event: &E) -> bool {
    let (table, payload) = (E::Table::record(), core::ptr::from_ref(event).cast());
    // SAFETY: (1) the reference ends with the statement.
    let row = unsafe { (*live.as_ptr()).registry.short_way(table, E::INDEX).map(|way| &raw const way.row) };
    match row {
        // SAFETY: (1); the payload is an `E`, which is what the record says of the row's event.
        Some(row) => unsafe {
            // What was queued before is carried out although the object is gone.
            let target = (*live.as_ptr()).store.slots.target(to);
            let what = Running::delivery(Kind::ShortDelivery, place(E::INDEX));
            let handled = target.is_some_and(|at| live::deliver_along(live, row, at, payload, what));
            live::settle(live);
            handled
        },
        // SAFETY: (1)
        None => unsafe { send_long(live, table, E::INDEX, to, payload) },
    }
}

/// # Safety
///
/// As for [`emit_long`].
#[cold]
unsafe fn send_long(live: LivePtr, table: &'static TableRecord, index: u16, to: ObjectId, payload: *const u8) -> bool {
    // SAFETY: (1) the reference ends with the statement.
    let Some(event) = (unsafe { (*live.as_ptr()).registry.vocabulary.id(table, index) }) else { return false };
    // SAFETY: (1), (2)
    unsafe {
        let handled = live::deliver(live, event, to, payload);
        live::settle(live);
        handled
    }
}

/// Puts a value of the host into its pool at once.
///
/// # Safety
///
/// 1. `live` is valid and nothing refers into it.
/// 2. `value` is one of `class`; it is moved.
#[inline]
pub(crate) unsafe fn spawn_now(live: LivePtr, class: u16, value: *const u8, size: usize) -> ObjectId {
    let this = live.as_ptr();
    // SAFETY: (1)
    let state = unsafe { &mut *this };
    let (id, place) = state.store.make(class);
    // SAFETY: (2)
    unsafe { core::ptr::copy_nonoverlapping(value, place, size) };
    if state.registry.class(class).is_welcomed() {
        // SAFETY: (1)
        unsafe { lifetime::welcome(live, id, class) };
    }
    id
}

/// Constructs an object in its pool at once.
///
/// # Errors
///
/// Why it cannot be constructed; then there is none.
///
/// # Safety
///
/// 1. `live` is valid and nothing refers into it.
pub(crate) unsafe fn construct_now(live: LivePtr, class: u16) -> Result<ObjectId, Unconstructed> {
    // SAFETY: (1) a constructor has no context, so it does not reach back.
    let state = unsafe { &mut *live.as_ptr() };
    let entry = state.registry.class(class);
    let (descriptor, construct, welcomed) = (entry.state, entry.construct, entry.is_welcomed());
    let (id, place) = state.store.make(class);
    // SAFETY: the place has room for an object of the class.
    let construct = || unsafe { construct_at(place, descriptor, construct) };
    if let Err(reason) = state.pulse.during(Kind::Constructor, Some(class), None, id, construct) {
        state.store.remove(id);
        return Err(reason);
    }
    if welcomed {
        // SAFETY: (1)
        unsafe { lifetime::welcome(live, id, class) };
    }
    Ok(id)
}
