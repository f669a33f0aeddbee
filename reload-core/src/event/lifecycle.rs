//! The core's own events. Every table stands on this one.
#![expect(unsafe_code, reason = "the core's own table, written by hand where `event_table!` writes it for others")]

use super::{Event, EventRecord, EventTable, TableNames, TableRecord};
use crate::{
    boundary::{RawSlice, RawStr},
    schema::{Carry, Descriptor, Field, Shape, State, default_of, descriptor, drop_of},
};

/// The events that every class can handle without declaring them.
#[derive(Debug)]
pub enum Lifecycle {}

/// The object has just been created, in whichever way; its fields have their values. Sent once, before any other event.
#[derive(Clone, Debug, Default)]
pub struct Constructed;

/// The object's class has just been reloaded; its state has been carried over.
#[derive(Clone, Debug, Default)]
pub struct Reloaded {
    /// The epoch that was left.
    pub from_epoch: u32,
    /// The epoch that runs now.
    pub epoch: u32,
    /// Fields that the object did not have before.
    pub added: Vec<String>,
    /// Fields that the object no longer has.
    pub discarded: Vec<Discarded>,
}

/// A field that a reload took away.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Discarded {
    /// The field's name.
    pub name: String,
    /// The type it had.
    pub ty: String,
    /// Its last value as JSON.
    pub value: String,
}

/// The object is about to be destroyed; the last event that it receives.
#[derive(Clone, Debug, Default)]
pub struct Destroyed;

/// The table of a struct of this file.
macro_rules! described {
    ($ty:ident, $path:literal { $($field:ident: $field_ty:ty),* }) => {
        // SAFETY: layout taken from the compiler.
        unsafe impl State for $ty {
            const DESCRIPTOR: Descriptor = Descriptor {
                path: RawStr::new($path),
                size: size_of::<Self>(),
                align: align_of::<Self>(),
                drop_in_place: drop_of::<Self>(),
                default: Some(default_of::<Self>()),
                shape: Shape::Struct(RawSlice::new(&[$(Field {
                    name: RawStr::new(stringify!($field)),
                    was: RawStr::ABSENT,
                    offset: core::mem::offset_of!($ty, $field),
                    ty: descriptor::<$field_ty>,
                    default: None,
                    carry: Carry::ByShape,
                }),*])),
            };
        }
    };
}

described!(Constructed, "reload_core::Constructed" {});
described!(Reloaded, "reload_core::Reloaded" { from_epoch: u32, epoch: u32, added: Vec<String>, discarded: Vec<Discarded> });
described!(Discarded, "reload_core::Discarded" { name: String, ty: String, value: String });
described!(Destroyed, "reload_core::Destroyed" {});

// SAFETY: first entry of `Lifecycle`.
unsafe impl Event for Constructed {
    type Table = Lifecycle;
    const NAME: &'static str = "constructed";
    const INDEX: u16 = 0;
}

// SAFETY: second entry of `Lifecycle`.
unsafe impl Event for Reloaded {
    type Table = Lifecycle;
    const NAME: &'static str = "reloaded";
    const INDEX: u16 = 1;
}

// SAFETY: third entry of `Lifecycle`.
unsafe impl Event for Destroyed {
    type Table = Lifecycle;
    const NAME: &'static str = "destroyed";
    const INDEX: u16 = 2;
}

// SAFETY: names and record list the same three events.
unsafe impl EventTable for Lifecycle {
    const NAMES: TableNames =
        TableNames::new("Lifecycle", "reload_core::Lifecycle", 0, &["constructed", "reloaded", "destroyed"], None);

    extern "C" fn record() -> &'static TableRecord {
        static RECORD: TableRecord = TableRecord {
            path: RawStr::new("reload_core::Lifecycle"),
            first: 0,
            events: RawSlice::new(&[
                EventRecord {
                    path: RawStr::new("reload_core::Constructed"),
                    was: RawStr::ABSENT,
                    name: RawStr::new("constructed"),
                    payload: descriptor::<Constructed>,
                },
                EventRecord {
                    path: RawStr::new("reload_core::Reloaded"),
                    was: RawStr::ABSENT,
                    name: RawStr::new("reloaded"),
                    payload: descriptor::<Reloaded>,
                },
                EventRecord {
                    path: RawStr::new("reload_core::Destroyed"),
                    was: RawStr::ABSENT,
                    name: RawStr::new("destroyed"),
                    payload: descriptor::<Destroyed>,
                },
            ]),
            base: None,
        };
        &RECORD
    }
}

inventory::submit! { super::TableEntry(<Lifecycle as EventTable>::record) }
