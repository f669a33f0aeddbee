//! The base of a class, and the class record made from both halves of a class.

use super::table::{ClassRecord, GameClass, HandlerRecord, TheAnnotatedImpl};
use crate::{
    boundary::{RawSlice, RawStr},
    event::{EventMask, Lifecycle, TableRef},
    schema::descriptor,
};

/// The base class of a class, and where its part is.
#[derive(Clone, Copy, Debug)]
pub struct BaseLink {
    pub(super) record: extern "C" fn() -> &'static ClassRecord,
    pub(super) offset: usize,
    pub(super) mask: EventMask,
    pub(super) table: TableRef,
}

/// Is only true of a type and itself.
#[diagnostic::on_unimplemented(
    message = "the field `base` is of the type `{Self}`, but the base class is `{Base}`",
    label = "must be `{Base}`",
    note = "the base part is the field `base: {Base}`; an object of the class is an object of its base class by that part"
)]
pub trait TheBase<Base> {}
impl<T> TheBase<T> for T {}

impl BaseLink {
    /// The link to `Base`, whose part is a field of type `Part` at `offset`.
    #[must_use]
    pub const fn to<Base: GameClass, Part: TheBase<Base>>(offset: usize) -> Self {
        Self { record: Base::record, offset, mask: Base::RECORD.mask, table: Base::RECORD.table }
    }
}

/// The one of the handlers' tables that extends all others.
///
/// # Panics
///
/// At compile time, when there is none.
#[track_caller]
const fn widest(handlers: &[HandlerRecord]) -> TableRef {
    let (mut widest, mut position) = (TableRef::of::<Lifecycle>(), 0);
    if let Some(first) = handlers.first() {
        (widest, position) = (first.table, 1);
    }
    while position < handlers.len() {
        widest = widest.wider(handlers[position].table);
        position += 1;
    }
    widest
}

const fn mask_of(handlers: &[HandlerRecord]) -> EventMask {
    let (mut mask, mut position) = (EventMask::EMPTY, 0);
    while position < handlers.len() {
        mask = mask.with(handlers[position].index);
        position += 1;
    }
    mask
}

impl ClassRecord {
    /// The record of `C`, whose struct stands in line `line` of `file`.
    ///
    /// # Panics
    ///
    /// At compile time, when its handlers use tables of which none extends all others.
    #[must_use]
    #[track_caller]
    pub const fn of<C: GameClass + TheAnnotatedImpl>(file: &'static str, line: u32) -> Self {
        let (state, methods) = (C::STRUCT, C::METHODS);
        let mask = mask_of(methods.handlers);
        Self {
            path: RawStr::new(state.path),
            was: RawStr::ABSENT,
            file: RawStr::new(file),
            line,
            state: descriptor::<C>,
            base: None,
            base_offset: 0,
            table: widest(methods.handlers),
            mask,
            own_mask: mask,
            handlers: RawSlice::new(methods.handlers),
            loops: RawSlice::new(methods.loops),
            construct: state.default,
            migrate: methods.migrate,
        }
    }

    /// `#[game_class(base = ..)]`.
    ///
    /// # Panics
    ///
    /// At compile time, when the class and its base use tables of which neither extends the other.
    #[must_use]
    #[track_caller]
    pub const fn based_on(mut self, base: BaseLink) -> Self {
        self.table = self.table.wider(base.table);
        self.mask = self.mask.union(base.mask);
        (self.base, self.base_offset) = (Some(base.record), base.offset);
        self
    }

    /// `#[game_class(was = "..")]`.
    #[must_use]
    pub const fn renamed(mut self, was: &'static str) -> Self {
        self.was = RawStr::new(was);
        self
    }
}

/// In place of the record of a class that there is not: one of which mistakes have been told, so that they are not told again
/// by what needs its record, and one that has left nothing behind.
pub static NO_CLASS: ClassRecord = ClassRecord {
    path: RawStr::ABSENT,
    was: RawStr::ABSENT,
    file: RawStr::ABSENT,
    line: 0,
    state: descriptor::<()>,
    base: None,
    base_offset: 0,
    table: TableRef::of::<Lifecycle>(),
    mask: EventMask::EMPTY,
    own_mask: EventMask::EMPTY,
    handlers: RawSlice::EMPTY,
    loops: RawSlice::EMPTY,
    construct: None,
    migrate: None,
};
