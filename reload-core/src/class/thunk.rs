//! From a method to the functions that the host calls: the loop over a batch, the guard around it.
//! Generic code, instantiated in the library so that the handler is inlined.
#![expect(unsafe_code, reason = "the erased call: a pointer becomes the object it came from")]

use super::{
    old_state::{Migrated, OldState},
    table::{BatchFn, HandlerRecord, LoopRecord, MigrateFn, RefuseFn},
};
use crate::{
    boundary::{Outcome, RawStr, guard, guarded_announced},
    dispatch::{Ctx, Next},
    event::{Event, Slot, check_slot},
};
use core::ptr::NonNull;

/// The record of a handler: the event's slot, the line of the method, and the method itself. Its form is one of
/// [`Plain`], [`Shared`] and so on.
///
/// # Safety
///
/// 1. `F` is the type of a function, which has no size. (Not asserted: that was constants of its own for each handler.)
#[must_use]
pub const unsafe fn handler<C, E, Form, F: Method<C, E, Form>>(slot: Slot, line: u32, _method: F) -> HandlerRecord {
    HandlerRecord {
        name: RawStr::new(slot.name),
        table: slot.table,
        index: slot.index,
        line,
        batch: Some(erased(batch::<C, E, Form, F>)),
        one: Some(one::<C, E, Form, F>),
    }
}

/// A method that is a handler of the form `Form`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler of the class `{C}`",
    label = "its parameters are not those of a handler",
    note = "the whole form is `fn event_name(&mut self, ev: &Event, ctx: &mut Ctx)`; event and context may be left out"
)]
pub trait Method<C, E, Form>: Copy + 'static {
    /// Calls it.
    ///
    /// # Safety
    ///
    /// 1. `object` is a valid `C` that nothing else refers to during the call.
    /// 2. `event` is a valid `E` during the call.
    unsafe fn call(object: *mut u8, event: *const u8, ctx: &mut Ctx);
}

// Casts are written with `as` here: each `cast` would be one more function for every handler.
macro_rules! argument {
    (event $event:ident $ty:ident $ctx:ident) => {
        // SAFETY: (2) of `Method::call`
        unsafe { &*($event as *const $ty) }
    };
    (ctx $event:ident $ty:ident $ctx:ident) => {
        $ctx
    };
}

// The bounds are written out below, so that what the compiler says of a method that is none shows that line alone.
macro_rules! forms {
    ($($(#[$doc:meta])* $make:ident $form:ident [$($bound:tt)*] ($($argument:ident),*);)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $form {}

        #[doc = concat!("[`handler`] of the form [`", stringify!($form), "`] for the event `E`, after which the method is called:")]
        /// `name_id` is its name's [`Event::NAME_ID`]. All in one function, which the compiler runs once for each handler.
        ///
        /// # Panics
        ///
        /// At compile time, when the method is called in another way.
        ///
        /// # Safety
        ///
        /// 1. As for [`handler`].
        #[must_use]
        #[track_caller]
        pub const unsafe fn $make<C, E: Event, F: $($bound)* + Copy + 'static>(
            name: &'static str,
            name_id: u64,
            line: u32,
            _method: F,
        ) -> HandlerRecord {
            if E::NAME_ID != name_id {
                check_slot(Slot::of::<E>(name));
            }
            HandlerRecord {
                name: RawStr::new(name),
                table: E::NUMBERED_BY,
                index: E::INDEX,
                line,
                batch: Some(erased(batch::<C, E, $form, F>)),
                one: Some(one::<C, E, $form, F>),
            }
        }

        impl<C, E, F: $($bound)* + Copy + 'static> Method<C, E, $form> for F {
            #[inline(always)]
            unsafe fn call(_object: *mut u8, _event: *const u8, _ctx: &mut Ctx) {
                // SAFETY: (1)
                let this = unsafe { &mut *(_object as *mut C) };
                let nothing = [0_u8; 0];
                // SAFETY: a method has no size (`handler`, 1), and `handler` was given this one.
                let method = unsafe { &*(&raw const nothing as *const F) };
                method(this $(, argument!($argument _event E _ctx))*);
            }
        }
    )*};
}
forms! {
    /// `(&mut self)`.
    plain Plain [Fn(&mut C)] ();
    /// `(&mut self, ev: &E)`.
    with_event WithEvent [Fn(&mut C, &E)] (event);
    /// `(&mut self, ctx: &mut Ctx)`.
    with_ctx WithCtx [Fn(&mut C, &mut Ctx)] (ctx);
    /// `(&mut self, ev: &E, ctx: &mut Ctx)`.
    with_both WithBoth [Fn(&mut C, &E, &mut Ctx)] (event, ctx);
    /// `(&self)`.
    shared Shared [Fn(&C)] ();
    /// `(&self, ev: &E)`.
    shared_with_event SharedWithEvent [Fn(&C, &E)] (event);
    /// `(&self, ctx: &mut Ctx)`.
    shared_with_ctx SharedWithCtx [Fn(&C, &mut Ctx)] (ctx);
    /// `(&self, ev: &E, ctx: &mut Ctx)`.
    shared_with_both SharedWithBoth [Fn(&C, &E, &mut Ctx)] (event, ctx);
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

/// The adapter of a loop or of `migrate`.
///
/// `F` has no size (checked where its record is made) and the record's maker was given a value of it,
/// so one exists wherever it is looked for.
#[inline(always)]
fn adapter<F: Copy>() -> F {
    const { assert!(size_of::<F>() == 0) };
    // SAFETY: a type without size is read from anywhere; see above for why a value of it exists.
    unsafe { *const { NonNull::<F>::dangling().as_ptr() } }
}

/// [`Method::call`] without its types.
///
/// # Safety
///
/// 1. `object` is a valid object of the handler's class that nothing else refers to during the call.
/// 2. `event` is a valid payload of the handler's event during the call.
type CallFn = unsafe fn(object: *mut u8, event: *const u8, ctx: &mut Ctx);

/// [`BatchFn`] of events of one type.
type BatchOf<E> = unsafe extern "C" fn(first: *mut u8, count: usize, stride: usize, ctx: &mut Ctx, event: &E);

/// `batch`, as the host calls it.
const fn erased<E>(batch: BatchOf<E>) -> BatchFn {
    // SAFETY: the types differ in `&E` for `*const u8`, which are passed alike. Whoever calls it has a valid `E` there.
    unsafe { core::mem::transmute(batch) }
}

/// See [`BatchFn`]. The event is a reference, by which the compiler knows that no object lies where it does: what a handler
/// reads of it is read once for all objects.
///
/// # Safety
///
/// 1. `first`, and each address `stride` bytes on up to `count`, is a valid `C` that nothing else refers to during the call.
/// 2. `event` is a valid `E` during the call.
unsafe extern "C" fn batch<C, E, Form, F: Method<C, E, Form>>(
    first: *mut u8,
    count: usize,
    stride: usize,
    ctx: &mut Ctx,
    event: &E,
) {
    let event = event as *const E as *const u8;
    // Mostly the stride is known to the compiler: the loop is that of a slice of `C` then.
    // SAFETY: (1), (2)
    unsafe {
        if stride == size_of::<C>() && stride != 0 {
            run_batch(F::call, first, count, size_of::<C>(), ctx, event);
        } else {
            run_batch(F::call, first, count, stride, ctx, event);
        }
    }
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

/// Without types, so that it is compiled once for a library that is not optimised; in one that is, `call` is known and
/// the handler becomes part of the loop.
///
/// # Safety
///
/// As for [`batch`], `C` and `E` being the types of `call`.
#[inline(always)]
unsafe fn run_batch(call: CallFn, first: *mut u8, count: usize, stride: usize, ctx: &mut Ctx, event: *const u8) {
    let end = first.wrapping_add(count * stride);
    let mut at = first;
    while at != end {
        let mut left = end;
        let result = guarded_announced(&mut || {
            let mut cursor = Cursor { at, left: &mut left };
            while cursor.at != end {
                ctx.enter(cursor.at);
                // SAFETY: (1), (2): the address is one of the batch's objects.
                unsafe { call(cursor.at, event, ctx) };
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
unsafe extern "C" fn one<C, E, Form, F: Method<C, E, Form>>(object: *mut u8, ctx: &mut Ctx, event: *const u8) {
    // SAFETY: (1), (2)
    unsafe { run_one(F::call, object, ctx, event) }
}

/// As [`run_batch`] for one object.
///
/// # Safety
///
/// As for [`one`], `C` and `E` being the types of `call`.
#[inline]
unsafe fn run_one(call: CallFn, object: *mut u8, ctx: &mut Ctx, event: *const u8) {
    // SAFETY: (1), (2)
    let result = guarded_announced(&mut || unsafe { call(object, event, ctx) });
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
    guard(&mut || {
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
    guard(&mut || {
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
