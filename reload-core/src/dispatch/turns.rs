//! World time: turns of loops and delayed events, in the order in which they become due.
#![expect(unsafe_code, reason = "calls thunks on erased objects")]

use super::{
    clock::{Clock, Turn, What},
    fault::{Fault, FaultKind},
    live::{LivePtr, deliver, settle},
    next::Next,
    pulse::Pulse,
};

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
                    deliver(live, event, to, payload.as_ptr());
                    (*this).drop_event(event, &payload);
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
    // A loop that was removed, or removed and added again, has ended for this turn.
    let Some(position) = state.registry.class(class).running(&turn.name, turn.since) else { return };
    if state.store.slots.is_quarantined(turn.object) {
        state.resting.push(turn);
        return;
    }
    let entry = &state.registry.class(class).loops[position];
    let (run, part_offset) = (entry.turn, entry.part_offset);
    // SAFETY: (1)
    let pulse = unsafe { Pulse::beside(live) };
    // SAFETY: (1) no broadcast or delivery is under way.
    let ctx = unsafe { &mut *pulse.ctx() };
    let mut next = Next::stop();
    pulse.turn(position, class, turn.object);
    // SAFETY: the object is of the class that the loop belongs to, and nothing refers to it.
    let outcome = unsafe { run(object.wrapping_add(part_offset), ctx, &raw mut next) };
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
        Some(delay) => state.clock.at(state.clock.after(delay), What::Turn(turn)),
    }
}
