//! How objects begin and end: into their pool and out of it, and what they are told.
#![expect(unsafe_code, reason = "moves and drops values of erased types")]

use super::{
    chains::Origin,
    clock::Turn,
    fault::Fault,
    live::{Live, LivePtr, deliver},
    payload::Payload,
    pulse::Pulse,
};
use crate::{
    boundary::ObjectId,
    event::{Constructed, Destroyed, Event as _},
    registry::Kind,
};

impl Live {
    /// Ends an id without an object. Answers whether one is in the attic.
    fn forget(&mut self, id: ObjectId) -> bool {
        let in_attic = self.store.slots.is_in_attic(id);
        if in_attic {
            self.attic.forget_object(id);
        }
        self.store.remove(id);
        in_attic
    }

    /// Ends what was to become an object, and its id.
    ///
    /// # Safety
    ///
    /// 1. A value is one of `class`, and is not used again.
    unsafe fn never_born(&mut self, id: ObjectId, class: u16, source: &Source<'_>) {
        if let Source::Value(value) = source {
            let descriptor = self.registry.class(class).state;
            // SAFETY: (1)
            unsafe { self.drop_payload(value, descriptor, class) };
        }
        if !self.attic.is_empty() {
            self.attic.forget_fields(&self.registry.class(class).path, id);
        }
        if self.store.slots.is_reserved(id) {
            self.store.remove(id);
        }
    }
}

pub(super) enum Source<'a> {
    /// Is moved out, or dropped.
    Value(&'a Payload),
    Constructor,
}

/// [`enter`] for what a handler has asked for at `origin`, unless the chain is too long by now: an object that makes another
/// one as soon as it lives would go on until there is no memory.
///
/// # Safety
///
/// As for [`enter`].
#[inline]
pub(super) unsafe fn enter_in_chain(live: LivePtr, (id, class): (ObjectId, u16), origin: Origin, source: Source<'_>) {
    let this = live.as_ptr();
    // SAFETY: (1), (2)
    unsafe {
        if (*this).queue.chains.within_budget(origin, 1) == 0 {
            (*this).break_chain(origin, 1);
            (*this).never_born(id, class, &source);
            return;
        }
        let cause = &raw mut (*Pulse::beside(live).ctx()).cause;
        cause.write(origin);
        enter(live, id, class, source);
        cause.write(Origin::OUTSIDE);
    }
}

/// Puts an object into its pool, then tells it.
///
/// # Safety
///
/// 1. `live` is valid and nothing refers into it.
/// 2. A value is one of `class`, and is not used again.
unsafe fn enter(live: LivePtr, id: ObjectId, class: u16, source: Source<'_>) {
    let this = live.as_ptr();
    // SAFETY: (1) the reference is not used across calls of game code that reach back.
    let state = unsafe { &mut *this };
    let entry = state.registry.class(class);
    let (descriptor, construct, present) = (entry.state, entry.construct, entry.present);
    let welcomed = entry.is_welcomed();
    let reserved = state.store.slots.is_reserved(id);
    if !present || !reserved {
        // The class went away, or the id was destroyed, between the request and now.
        // SAFETY: (2)
        unsafe { state.never_born(id, class, &source) };
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
    if welcomed {
        // SAFETY: (1)
        unsafe { welcome(live, id, class) };
    }
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
        deliver(live, Constructed::INDEX, id, core::ptr::from_ref(&Constructed).cast());
    }
}

/// Ends an object: tells it, drops it, frees its id. Answers whether there was one, live or in the attic.
///
/// # Safety
///
/// 1. `live` is valid and nothing refers into it.
#[inline]
pub(crate) unsafe fn end(live: LivePtr, id: ObjectId) -> bool {
    // SAFETY: (1) the reference is not used across calls of game code.
    let state = unsafe { &mut *live.as_ptr() };
    match state.store.slots.object(id) {
        // Most go without a word, and have left nothing anywhere.
        Some(target) if state.attic.is_empty() && !state.registry.class(target.1).has_last_words() => {
            state.store.take_out(id.slot(), target);
            true
        }
        // SAFETY: (1)
        Some(_) => unsafe { take_leave(live, id) },
        None => state.forget(id),
    }
}

/// Ends an object whose end is more than that it is gone.
///
/// # Safety
///
/// As for [`end`].
unsafe fn take_leave(live: LivePtr, id: ObjectId) -> bool {
    // SAFETY: (1)
    unsafe { deliver(live, Destroyed::INDEX, id, core::ptr::from_ref(&Destroyed).cast()) };
    // SAFETY: (1)
    let state = unsafe { &mut *live.as_ptr() };
    if let Some((object, class)) = state.store.slots.object(id) {
        let entry = state.registry.class(class);
        if !state.attic.is_empty() {
            state.attic.forget_fields(&entry.path, id);
        }
        if let Some(drop_in_place) = entry.state.drop_in_place
            && let Err(panic) = {
                // SAFETY: the slot's object is of this class, and nothing refers to it.
                let drop_value = || unsafe { drop_in_place(object) }.into_result();
                state.pulse.during(Kind::Drop, Some(class), None, id, drop_value)
            }
        {
            state.report_drop(class, id, panic);
        }
    }
    state.store.remove(id);
    true
}
