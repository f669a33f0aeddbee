//! The numbered vocabulary of events: what `event_table!` emits, and the compile-time look-ups on it.
#![expect(unsafe_code, reason = "`Event` promises a table entry, which only an unsafe trait can")]

use super::{
    EVENT_LIMIT, FIRST_USER_EVENT,
    text::{self, Message},
};
use crate::{
    boundary::{RawSlice, RawStr},
    schema::{DescriptorFn, State},
};

/// A payload of an event table. Made by [`event_table!`](crate::event_table).
///
/// # Safety
///
/// 1. `INDEX` and `NAME` are those of the entry that describes `Self` in the record of `Table`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    note = "events are declared in `event_table!`; the payload of `event_damaged` is the event `Damaged`"
)]
pub unsafe trait Event: State {
    /// The table that declares the event.
    type Table: EventTable;
    /// The name in handlers: `damaged` for `event_damaged`.
    const NAME: &'static str;
    /// The name as a number: its 64-bit FNV-1a hash.
    const NAME_ID: u64 = text::id(Self::NAME);
    /// The number in `Table` and in every table that extends it.
    const INDEX: u16;
    /// The table that numbers it.
    const NUMBERED_BY: TableRef = TableRef::of::<Self::Table>();
}

/// A numbered vocabulary of events. Made by [`event_table!`](crate::event_table).
///
/// # Safety
///
/// 1. `NAMES` and `record()` describe the same events in the same order.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event table",
    note = "a table is declared with `event_table! {{ pub table Name {{ .. }} }}`"
)]
pub unsafe trait EventTable: Sized + 'static {
    /// The names, with those of the tables that this one extends.
    const NAMES: TableNames;
    /// One past the last index in use.
    const END: u16 = Self::NAMES.end();
    /// The boundary record; there is one for each table in an image.
    extern "C" fn record() -> &'static TableRecord;
}

/// A table as a value: what the handlers of a class have in common. The names are for the compiler only.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct TableRef {
    /// From a `&'static TableNames`. Not as one: the compiler checks what a constant refers to, all the way down and for
    /// each constant anew, and a pointer it leaves alone.
    names: *const TableNames,
    /// The boundary record.
    pub record: extern "C" fn() -> &'static TableRecord,
}

// SAFETY: the pointer is a `&'static TableNames`, which is `Send`.
unsafe impl Send for TableRef {}
// SAFETY: as for `Send`; there is no interior mutability.
unsafe impl Sync for TableRef {}

impl TableRef {
    /// `T`.
    #[must_use]
    pub const fn of<T: EventTable>() -> Self {
        Self { names: const { &T::NAMES }, record: T::record }
    }

    const fn names(self) -> &'static TableNames {
        // SAFETY: `of` makes it from such a reference; only in the image where it was made is it looked at.
        unsafe { &*self.names }
    }

    /// The one of both that extends the other: its numbers hold for the events of either.
    ///
    /// # Panics
    ///
    /// At compile time, when neither extends the other, so that one number would mean two events.
    #[must_use]
    #[track_caller]
    pub const fn wider(self, other: Self) -> Self {
        if self.names().extends(other.names()) {
            self
        } else if other.names().extends(self.names()) {
            other
        } else {
            let mut message = Message::new();
            message.push("a class cannot handle events of both `").push(self.names().name).push("` and `");
            message.push(other.names().name).push("`: neither table extends the other");
            panic!("{}", message.text())
        }
    }
}

/// The names of a table, for look-ups at compile time.
#[derive(Clone, Copy, Debug)]
pub struct TableNames {
    /// The table's name as written.
    pub name: &'static str,
    /// `module::path::Table`.
    pub path: &'static str,
    /// The index of the first own event.
    pub first: u16,
    /// The own events' names in handlers, in order.
    pub events: &'static [&'static str],
    /// The table that this one extends; a table that extends none stands on [`Lifecycle`](super::Lifecycle).
    pub base: Option<&'static TableNames>,
    /// The path as a number. Two paths of a program share one with a chance of 1 in 2^64.
    id: u64,
}

impl TableNames {
    /// The names of the table `name`, whose own events begin at the index `first`.
    #[must_use]
    pub const fn new(
        name: &'static str,
        path: &'static str,
        first: u16,
        events: &'static [&'static str],
        base: Option<&'static Self>,
    ) -> Self {
        Self { name, path, first, events, base, id: text::id(path) }
    }

    /// One past the last index in use.
    #[must_use]
    pub const fn end(&self) -> u16 {
        self.first + self.events.len() as u16
    }

    /// The index of the event with this name, in this table or one that it extends.
    #[must_use]
    pub const fn find(&self, name: &str) -> Option<u16> {
        let mut position = 0;
        while position < self.events.len() {
            if text::equal(self.events[position], name) {
                return Some(self.first + position as u16);
            }
            position += 1;
        }
        match self.base {
            Some(base) => base.find(name),
            None => None,
        }
    }

    /// Whether `other` is this table or one below it.
    const fn extends(&self, other: &Self) -> bool {
        let mut table = Some(self);
        while let Some(names) = table {
            if names.id == other.id {
                return true;
            }
            table = names.base;
        }
        false
    }

    /// The name nearest to `name`, if any is near.
    const fn nearest(&self, name: &str) -> Option<&'static str> {
        let (mut table, mut best, mut least) = (Some(self), None, text::NEAR);
        while let Some(names) = table {
            let mut position = 0;
            while position < names.events.len() {
                let distance = text::distance(names.events[position], name);
                if distance < least {
                    (best, least) = (Some(names.events[position]), distance);
                }
                position += 1;
            }
            table = names.base;
        }
        best
    }
}

/// The boundary record of a table.
#[repr(C)]
#[derive(Debug)]
pub struct TableRecord {
    /// `module::path::Table`.
    pub path: RawStr,
    /// Index of the first own event.
    pub first: u16,
    /// The own events, in order.
    pub events: RawSlice<EventRecord>,
    /// The table that this one extends.
    pub base: Option<extern "C" fn() -> &'static TableRecord>,
}

/// The boundary record of an event.
#[repr(C)]
#[derive(Debug)]
pub struct EventRecord {
    /// `module::path::Event`: what makes it the same event in another build.
    pub path: RawStr,
    /// The path that it had before, or absent.
    pub was: RawStr,
    /// The name in handlers.
    pub name: RawStr,
    /// The payload.
    pub payload: DescriptorFn,
}

/// A table of an image, collected by `inventory`.
#[derive(Debug)]
pub struct TableEntry(pub extern "C" fn() -> &'static TableRecord);

inventory::collect!(TableEntry);

/// What a handler is for: the event's number, and the table that numbers it.
///
/// Finding a slot never fails; [`check_slot`] does where name and event do not fit. For a handler that looks wrong it stands in
/// a constant of its own: each such handler is one error at its own place, and the class's tables stay sound meanwhile.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    /// The name in the handler.
    pub(crate) name: &'static str,
    /// The name of the event that was found; `None` where the table has none of the handler's name.
    event: Option<&'static str>,
    /// The event's number; meaningless where nothing was found.
    pub index: u16,
    /// The table that numbers it.
    pub table: TableRef,
}

impl Slot {
    /// The handler `event_<name>` with the payload `E`.
    #[must_use]
    pub const fn of<E: Event>(name: &'static str) -> Self {
        Self { name, event: Some(E::NAME), index: E::INDEX, table: E::NUMBERED_BY }
    }

    /// The handler `event_<name>` without payload, of the table `T`.
    #[must_use]
    pub const fn named<T: EventTable>(name: &'static str) -> Self {
        let (event, index) = match T::NAMES.find(name) {
            Some(index) => (Some(name), index),
            None => (None, 0),
        };
        Self { name, event, index, table: TableRef::of::<T>() }
    }
}

/// Checks that there is such an event and that the name says which.
///
/// # Panics
///
/// At compile time, with what to write instead.
#[track_caller]
pub const fn check_slot(slot: Slot) {
    let (name, table) = (slot.name, slot.table.names());
    if let Some(event) = slot.event
        && text::equal(event, name)
    {
        return;
    }
    let mut message = Message::new();
    match slot.event {
        Some(event) => {
            message.push("`event_").push(name).push("` takes the payload of `event_").push(event).push("`: ");
            if table.find(name).is_some() {
                message.push("take the event that the name says, or rename the method");
            } else {
                message.push("the table `").push(table.name).push("` has no event `").push(name);
                message.push("`; did you mean `event_").push(event).push("`?");
            }
        }
        None => {
            message.push("no event `").push(name).push("` in the table `").push(table.name).push("`");
            match table.nearest(name) {
                Some(near) => message.push("; did you mean `event_").push(near).push("`?"),
                None => message.push(": declare it there, or give the method another name"),
            };
        }
    }
    panic!("{}", message.text())
}

/// The index of the first own event of a table that extends `T`.
#[must_use]
pub const fn first_after<T: EventTable>() -> u16 {
    if T::END < FIRST_USER_EVENT { FIRST_USER_EVENT } else { T::END }
}

/// Checks a table as a whole.
///
/// # Panics
///
/// At compile time, when there are too many events or one is declared twice along the chain of tables.
#[track_caller]
pub const fn check_table<T: EventTable>() {
    if T::END > EVENT_LIMIT {
        let mut message = Message::new();
        message.push("the table `").push(T::NAMES.name).push("` and those it extends have more than 512 events");
        panic!("{}", message.text())
    }
    let Some(base) = T::NAMES.base else { return };
    let mut position = 0;
    while position < T::NAMES.events.len() {
        if base.find(T::NAMES.events[position]).is_some() {
            let mut message = Message::new();
            message.push("the table `").push(T::NAMES.name).push("` declares the event `");
            message
                .push(T::NAMES.events[position])
                .push("`, which `")
                .push(base.name)
                .push("` or a table below it has already");
            panic!("{}", message.text())
        }
        position += 1;
    }
}
