//! Makes the objects of a class from JSON, in a pool beside the live one: those that come back from the attic, and
//! those of a save file.
#![expect(unsafe_code, reason = "makes objects in the room of a pool")]

use super::{
    bases::Rework,
    hook::{self, HookCall, Old},
    stage::{Carried, StageFault},
    unfit::{Asked, LeavingKeeper},
};
use crate::{
    attic::ObjectKeeper,
    boundary::ObjectId,
    dispatch::Payload,
    instance::{Memory, Pool},
    schema::{Descriptor, Fault, Keeper as _, Path, Reason, drop_value, nested, value_from_json},
};
use core::cell::RefCell;
use serde_json::Value as Json;
use std::{borrow::Cow, collections::BTreeMap};

/// One object as JSON.
#[derive(Clone, Copy)]
pub(crate) struct Written<'a> {
    pub(crate) object: ObjectId,
    pub(crate) state: &'a str,
}

/// What the objects are made as.
pub(crate) struct MadeAs<'a> {
    pub(crate) state: &'static Descriptor,
    /// Done to each object: the shape in which it was written is another one.
    pub(crate) rework: &'a Rework,
    /// The types that the fields had.
    pub(crate) types: &'a BTreeMap<String, String>,
}

/// A pool of objects made from JSON. Dropped, it drops them.
pub(crate) struct RestoredPool {
    pub(crate) class: u16,
    state: &'static Descriptor,
    /// `None` once it has been taken over.
    pool: Option<Pool>,
    made: usize,
}

impl RestoredPool {
    /// Makes all objects.
    ///
    /// # Errors
    ///
    /// The first object that cannot be made; everything is taken back.
    pub(crate) fn make(
        made_as: &MadeAs<'_>,
        carried: Carried<'_>,
        objects: &[Written<'_>],
        memory: &Memory,
    ) -> Result<Self, StageFault> {
        let state = made_as.state;
        let mut pool = Pool::new(carried.number, state.size, state.align, memory);
        let slots = objects.iter().map(|written| written.object.slot());
        pool.reserve(slots, objects.len()).map_err(StageFault::Memory)?;
        let class = carried.number;
        let mut restored = Self { class, state, pool: Some(pool), made: 0 };
        for written in objects {
            let Some(pool) = &restored.pool else { break };
            let place = pool.object(restored.made);
            // SAFETY: the pool has room for an object of its class there.
            unsafe { make_one(made_as, carried, *written, place)? };
            restored.made += 1;
        }
        Ok(restored)
    }

    /// The objects one by one, in their order, for those that do not live yet.
    pub(crate) fn payloads(self) -> Vec<Payload> {
        let state = self.state;
        let pool = self.take();
        // SAFETY: values of the type, which are not used again: the pool only gives its memory back.
        let moved = |index| unsafe { Payload::moved(pool.object(index), state) };
        (0..pool.len()).map(moved).collect()
    }

    /// The pool, now that its objects are live ones.
    pub(crate) fn take(mut self) -> Pool {
        self.pool.take().unwrap_or_else(|| unreachable!("taken once, because it consumes"))
    }
}

impl Drop for RestoredPool {
    fn drop(&mut self) {
        let Some(pool) = self.pool.take() else { return };
        for index in 0..self.made {
            // SAFETY: made, and nothing else drops it. What panics in a destructor has no one to be told to.
            drop(unsafe { drop_value(self.state, pool.object(index)) });
        }
    }
}

/// # Safety
///
/// 1. `out` is valid for a write of the class.
unsafe fn make_one(
    made_as: &MadeAs<'_>,
    carried: Carried<'_>,
    written: Written<'_>,
    out: *mut u8,
) -> Result<(), StageFault> {
    let object = written.object;
    let keeper = ObjectKeeper {
        attic: carried.attic,
        change: carried.change,
        known_as: carried.known_as,
        class: carried.path,
        object,
    };
    let (rework, types) = (made_as.rework, made_as.types);
    let Rework { hooks, bases } = rework;
    let keeper = LeavingKeeper { keeper, rework, types, unfit: RefCell::default() };
    // Before there is an object that would have to be dropped.
    let unfit = |reason| StageFault::Hook { object, class: carried.number, reason };
    let is_needed = !hooks.is_empty() || bases.is_shifted();
    let state = is_needed.then(|| nested(written.state)).transpose().map_err(unfit)?;
    let text = match &state {
        Some(state) if bases.is_shifted() => {
            let keep = |place, was: String, json: &Json| {
                keeper.keep(place, types.get(&was).cloned().unwrap_or_default(), json.to_string());
            };
            Cow::Owned(bases.rebased(state.clone(), keep).to_string())
        }
        _ => Cow::Borrowed(written.state),
    };
    let root = Path::root(carried.path);
    // SAFETY: (1)
    let made = unsafe { value_from_json(made_as.state, out, &text, &root, &keeper) };
    made.map_err(|error| StageFault::Part {
        object,
        fault: Fault { place: carried.path.to_owned(), reason: Reason::Serde(error) },
    })?;
    let Some(state) = state else { return Ok(()) };
    let unfit = keeper.unfit.take();
    // Nothing is noted where nobody will look.
    let (asked, is_needed) = (Asked::default(), !unfit.is_empty());
    for hook in hooks {
        let part = (0..hook.old_depth).fold(&state, |json, _| json.get("base").unwrap_or(json));
        let call = HookCall { object, from_epoch: carried.from_epoch, epoch: carried.epoch };
        let old = Old::Json { state: part, types: made_as.types, depth: hook.old_depth };
        // SAFETY: (1) the object was just made, the part with it.
        let result = unsafe { hook::run(hook, old, out.wrapping_add(hook.to), call, is_needed.then_some(&asked)) };
        if let Err(reason) = result {
            // SAFETY: (1) the object is there but for the part that the hook got.
            unsafe { drop_around(made_as.state, out, hook.depth) };
            let reason = asked.explain(reason, &unfit);
            return Err(StageFault::Hook { object, class: hook.class, reason });
        }
    }
    asked.check(unfit).map_err(|fault| {
        // SAFETY: (1) a whole object, which nobody is told of.
        drop(unsafe { drop_value(made_as.state, out) });
        StageFault::Part { object, fault }
    })
}

/// Drops an object whose base part `depth` levels down is nothing.
///
/// # Safety
///
/// 1. `object` is a valid `state` but for that part, and is not used again.
unsafe fn drop_around(state: &'static Descriptor, object: *mut u8, depth: usize) {
    if depth == 0 {
        return;
    }
    for field in state.fields() {
        let (ty, part) = (field.descriptor(), object.wrapping_add(field.offset));
        if field.name() == "base" {
            // SAFETY: (1) the part that is nothing lies in this one, or is it.
            unsafe { drop_around(ty, part, depth - 1) };
        } else {
            // SAFETY: (1) a whole part.
            drop(unsafe { drop_value(ty, part) });
        }
    }
}
