//! From a method to the functions that the host calls: the loop over a batch, the guard around it.
//! Generic code, instantiated in the library so that the handler is inlined.
#![expect(unsafe_code, reason = "the erased call: a pointer becomes the object it came from")]

use super::{
    old_state::{Migrated, OldState},
    table::{HandlerRecord, LoopRecord, MigrateFn, RefuseFn},
};
use crate::{
    boundary::{Outcome, RawStr, guard, guarded_announced},
    dispatch::{Ctx, Next},
};
use core::ptr::NonNull;

/// The record of a handler. `call` adapts the method to the full form; it is a closure without captures.
#[must_use]
pub const fn handler<C, E, F>(name: &'static str, index: u16, line: u32, _call: F) -> HandlerRecord
where
    F: Fn(&mut C, &E, &mut Ctx) + Copy + 'static,
{
    const { assert!(size_of::<F>() == 0, "a handler's adapter cannot capture anything") };
    HandlerRecord { name: RawStr::new(name), index, line, batch: Some(batch::<C, E, F>), one: Some(one::<C, E, F>) }
}

/// The record of a loop.
#[must_use]
pub const fn looping<C, F>(name: &'static str, line: u32, _call: F) -> LoopRecord
where
    F: Fn(&mut C, &mut Ctx) -> Next + Copy + 'static,
{
    const { assert!(size_of::<F>() == 0, "a loop's adapter cannot capture anything") };
    LoopRecord { name: RawStr::new(name), line, turn: Some(turn::<C, F>) }
}

/// The entry of a class's `migrate`.
#[must_use]
pub const fn migration<C, R, F>(_call: F) -> MigrateFn
where
    R: Migrated<C>,
    F: Fn(&OldState<'_>, C) -> R + Copy + 'static,
{
    const { assert!(size_of::<F>() == 0, "the adapter of `migrate` cannot capture anything") };
    migrate::<C, R, F>
}

/// The adapter of a handler or a loop.
///
/// `F` has no size (checked where its record is made) and the record's maker was given a value of it,
/// so one exists wherever it is looked for.
fn adapter<F: Copy>() -> F {
    const { assert!(size_of::<F>() == 0) };
    // SAFETY: a type without size is read from anywhere; see above for why a value of it exists.
    unsafe { NonNull::<F>::dangling().read() }
}

/// Writes how far a batch came when it is left by a panic; on the way through it costs nothing.
struct Cursor<'a> {
    at: *mut u8,
    left: &'a mut *mut u8,
}

impl Drop for Cursor<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        *self.left = self.at;
    }
}

/// See [`BatchFn`](super::BatchFn).
///
/// # Safety
///
/// 1. `first`, and each address `stride` bytes on up to `count`, is a valid `C` that nothing else refers to during the call.
/// 2. `event` is a valid `E` during the call.
unsafe extern "C" fn batch<C, E, F>(first: *mut u8, count: usize, stride: usize, ctx: &mut Ctx, event: *const u8)
where
    F: Fn(&mut C, &E, &mut Ctx) + Copy + 'static,
{
    // SAFETY: (2)
    let event = unsafe { &*event.cast::<E>() };
    if stride == size_of::<C>() && stride != 0 {
        // The stride is known to the compiler here: the loop is that of a slice of `C`.
        // SAFETY: (1)
        unsafe { run_batch::<C, E, F>(first, count, size_of::<C>(), ctx, event) }
    } else {
        // SAFETY: (1)
        unsafe { run_batch::<C, E, F>(first, count, stride, ctx, event) }
    }
}

/// # Safety
///
/// As for [`batch`].
#[inline(always)]
unsafe fn run_batch<C, E, F>(first: *mut u8, count: usize, stride: usize, ctx: &mut Ctx, event: &E)
where
    F: Fn(&mut C, &E, &mut Ctx) + Copy + 'static,
{
    let end = first.wrapping_add(count * stride);
    let mut at = first;
    while at != end {
        let mut left = end;
        let start = at;
        let result = guarded_announced(|| {
            let mut cursor = Cursor { at: start, left: &mut left };
            while cursor.at != end {
                ctx.enter(cursor.at);
                // SAFETY: (1) the address is one of the batch's objects.
                let object = unsafe { &mut *cursor.at.cast::<C>() };
                adapter::<F>()(object, event, ctx);
                cursor.at = cursor.at.wrapping_add(stride);
            }
        });
        match result {
            Ok(()) => return,
            Err(panicked) => {
                ctx.faulted(left, &panicked);
                at = left.wrapping_add(stride);
            }
        }
    }
}

/// See [`OneFn`](super::OneFn).
///
/// # Safety
///
/// 1. `object` is a valid `C` that nothing else refers to during the call.
/// 2. `event` is a valid `E` during the call.
unsafe extern "C" fn one<C, E, F>(object: *mut u8, ctx: &mut Ctx, event: *const u8)
where
    F: Fn(&mut C, &E, &mut Ctx) + Copy + 'static,
{
    let result = guarded_announced(|| {
        // SAFETY: (1)
        let this = unsafe { &mut *object.cast::<C>() };
        // SAFETY: (2)
        let event = unsafe { &*event.cast::<E>() };
        adapter::<F>()(this, event, ctx);
    });
    if let Err(panicked) = result {
        ctx.faulted(object, &panicked);
    }
}

/// See [`TurnFn`](super::TurnFn).
///
/// # Safety
///
/// 1. `object` is a valid `C` that nothing else refers to during the call.
/// 2. `next` is valid for a write.
unsafe extern "C" fn turn<C, F>(object: *mut u8, ctx: &mut Ctx, next: *mut Next) -> Outcome
where
    F: Fn(&mut C, &mut Ctx) -> Next + Copy + 'static,
{
    ctx.enter(object);
    guard(|| {
        // SAFETY: (1)
        let this = unsafe { &mut *object.cast::<C>() };
        let answer = adapter::<F>()(this, ctx);
        // SAFETY: (2)
        unsafe { next.write(answer) };
    })
}

/// See [`MigrateFn`].
///
/// # Safety
///
/// 1. `object` is a valid `C` that nothing else refers to; it is moved out.
/// 2. `refuse` fits `state`.
unsafe extern "C" fn migrate<C, R, F>(old: &OldState<'_>, object: *mut u8, refuse: RefuseFn, state: *mut u8) -> Outcome
where
    R: Migrated<C>,
    F: Fn(&OldState<'_>, C) -> R + Copy + 'static,
{
    guard(|| {
        // SAFETY: (1)
        let carried = unsafe { object.cast::<C>().read() };
        match adapter::<F>()(old, carried).migrated() {
            // SAFETY: (1) the place is empty.
            Ok(value) => unsafe { object.cast::<C>().write(value) },
            // SAFETY: (2) the text lives during the call.
            Err(reason) => unsafe { refuse(state, RawStr::borrowed(&reason)) },
        }
    })
}
