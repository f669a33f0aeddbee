//! The base of a class, and the class record made from both halves of a class.

use super::table::{ClassRecord, GameClass, HandlerRecord, TheAnnotatedImpl, TheAnnotatedStruct};
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
        Self { record: Base::record, offset, mask: Base::EVENT_MASK, table: Base::RECORD.table }
    }
}

/// The table that numbers the mask of a class with a base.
///
/// # Panics
///
/// At compile time, when the class and its base use tables of which neither extends the other.
#[must_use]
#[track_caller]
pub const fn table_with_base<C: TheAnnotatedStruct + TheAnnotatedImpl>() -> Option<TableRef> {
    let own = widest(C::HANDLERS);
    Some(match C::BASE {
        Some(base) => own.wider(base.table),
        None => own,
    })
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

impl ClassRecord {
    /// The record of `C`, whose struct stands in line `line` of `file`.
    ///
    /// # Panics
    ///
    /// At compile time, when its handlers use tables of which none extends all others.
    #[must_use]
    #[track_caller]
    pub const fn of<C: GameClass>(file: &'static str, line: u32) -> Self {
        let state = C::DESCRIPTOR;
        let (base, base_offset) = match C::BASE {
            Some(base) => (Some(base.record), base.offset),
            None => (None, 0),
        };
        let table = match C::TABLE_WITH_BASE {
            Some(table) => table,
            None => widest(C::HANDLERS),
        };
        Self {
            path: state.path,
            was: RawStr::ABSENT,
            file: RawStr::new(file),
            line,
            state: descriptor::<C>,
            base,
            base_offset,
            table,
            mask: C::EVENT_MASK,
            own_mask: C::OWN_MASK,
            handlers: RawSlice::new(C::HANDLERS),
            loops: RawSlice::new(C::LOOPS),
            construct: state.default,
            migrate: C::MIGRATE,
        }
    }

    /// `#[game_class(was = "..")]`.
    #[must_use]
    pub const fn renamed(mut self, was: &'static str) -> Self {
        self.was = RawStr::new(was);
        self
    }
}
