//! What `#[game_class]` emits: one record per class, in the form in which it crosses the boundary.
#![expect(unsafe_code, reason = "`GameClass` promises a record, which only an unsafe trait can")]

use super::old_state::OldState;
use crate::{
    boundary::{Outcome, RawSlice, RawStr},
    dispatch::Ctx,
    event::{EventMask, TableRef},
    schema::{DescriptorFn, State, WriteFn},
};

/// Delivers an event to `count` objects that lie `stride` bytes apart, `first` being the address of
/// the first one's part that the handler is written for. Panics do not leave it: they are handed to
/// `ctx` and the batch goes on with the next object. The host announces the call (`boundary::announce`).
pub type BatchFn = unsafe extern "C" fn(first: *mut u8, count: usize, stride: usize, ctx: &mut Ctx, event: *const u8);

/// Delivers an event to one object, which `ctx` names already. The host announces the call.
pub type OneFn = unsafe extern "C" fn(object: *mut u8, ctx: &mut Ctx, event: *const u8);

/// Runs one turn of a loop: writes the answer to `next`.
pub type TurnFn = unsafe extern "C" fn(object: *mut u8, ctx: &mut Ctx, next: *mut crate::dispatch::Next) -> Outcome;

/// Lets a class say what a carried object is (see [`OldState`]). `object` holds the object as the rules carried it; when
/// the outcome is fine and `refuse` was not called it holds the class's answer, otherwise nothing.
pub type MigrateFn =
    unsafe extern "C" fn(old: &OldState<'_>, object: *mut u8, refuse: RefuseFn, state: *mut u8) -> Outcome;

/// Takes the reason of a refusal.
pub(crate) type RefuseFn = unsafe extern "C" fn(state: *mut u8, reason: RawStr);

/// The boundary record of a class.
#[repr(C)]
#[derive(Debug)]
pub struct ClassRecord {
    /// `module::path::Class`: what makes it the same class in another build.
    pub path: RawStr,
    /// The path it had before: `#[game_class(was = "..")]`.
    pub was: RawStr,
    /// Source file, as the compiler names it.
    pub file: RawStr,
    /// Line of the struct.
    pub line: u32,
    /// The state.
    pub state: DescriptorFn,
    /// The base class, where there is one.
    pub base: Option<extern "C" fn() -> &'static ClassRecord>,
    /// Bytes from the start of the object to its base part.
    pub base_offset: usize,
    /// The vocabulary that the masks and indices are numbered by: the widest of those that own and inherited handlers need.
    pub table: TableRef,
    /// Own handlers and inherited ones.
    pub mask: EventMask,
    /// Own handlers.
    pub own_mask: EventMask,
    /// Own handlers, in order of declaration.
    pub handlers: RawSlice<HandlerRecord>,
    /// Own loops, in order of declaration.
    pub loops: RawSlice<LoopRecord>,
    /// The class's own `Default`; where it is absent an object is constructed from its fields' defaults.
    pub construct: Option<WriteFn>,
    /// The class's own `migrate`.
    pub migrate: Option<MigrateFn>,
}

/// The boundary record of a handler.
#[repr(C)]
#[derive(Debug)]
pub struct HandlerRecord {
    /// The event's name in handlers.
    pub name: RawStr,
    /// The table that numbers the event.
    pub table: TableRef,
    /// The event's index in that table, and in the class's.
    pub index: u16,
    /// Line of the method.
    pub line: u32,
    /// To many objects.
    pub batch: Option<BatchFn>,
    /// To one object.
    pub one: Option<OneFn>,
}

/// The boundary record of a loop.
#[repr(C)]
#[derive(Debug)]
pub struct LoopRecord {
    /// The name: `wander` for `loop_wander`.
    pub name: RawStr,
    /// Line of the method.
    pub line: u32,
    /// One turn.
    pub turn: Option<TurnFn>,
}

/// A class of live objects. Made by [`#[game_class]`](crate::game_class).
///
/// # Safety
///
/// 1. `RECORD` describes `Self` and is the only record of `Self` in its image.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a game class",
    label = "needs `#[game_class]` on its struct",
    note = "put `#[game_class]` on the struct and on the `impl` block with its `event_*` methods; \
            a class without handlers says `#[game_class(no_handlers)]` on the struct"
)]
pub unsafe trait GameClass: State {
    /// The events that the class handles, own and inherited.
    const EVENT_MASK: EventMask = Self::RECORD.mask;
    /// The boundary record; there is one for each class in an image.
    const RECORD: &'static ClassRecord;
    /// [`GameClass::RECORD`], as other records refer to it.
    #[must_use]
    extern "C" fn record() -> &'static ClassRecord {
        Self::RECORD
    }
}

/// The half of a class that `#[game_class]` on the `impl` makes.
#[diagnostic::on_unimplemented(
    message = "the class `{Self}` has no `#[game_class]` on an `impl` block",
    label = "its `event_*` and `loop_*` methods would never be called",
    note = "put `#[game_class]` on the `impl` block that has the handlers, \
            or write `#[game_class(no_handlers)]` on the struct if there are none"
)]
pub trait TheAnnotatedImpl {
    /// What the block has.
    const METHODS: Methods;
}

/// What the annotated `impl` block of a class has. One table, as each constant of a class costs the compiler some time
/// at every build.
#[derive(Clone, Copy, Debug)]
pub struct Methods {
    pub(super) handlers: &'static [HandlerRecord],
    pub(super) loops: &'static [LoopRecord],
    pub(super) migrate: Option<MigrateFn>,
}

impl Methods {
    /// Handlers alone.
    #[must_use]
    pub const fn of(handlers: &'static [HandlerRecord]) -> Self {
        Self { handlers, loops: &[], migrate: None }
    }

    /// With loops.
    #[must_use]
    pub const fn looping(mut self, loops: &'static [LoopRecord]) -> Self {
        self.loops = loops;
        self
    }

    /// With a `migrate`, if it has one.
    #[must_use]
    pub const fn migrating(mut self, migrate: &[MigrateFn]) -> Self {
        self.migrate = migrate.first().copied();
        self
    }
}

/// A class of an image, collected by `inventory`.
#[derive(Debug)]
pub struct ClassEntry(pub &'static ClassRecord);

inventory::collect!(ClassEntry);
