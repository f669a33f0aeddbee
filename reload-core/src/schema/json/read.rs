//! From JSON to values, in memory that holds none yet. Nothing is left there when it fails.
#![expect(unsafe_code, reason = "writes values where the caller has made room")]

use super::found::{Fill, Found, Handing};
use crate::schema::{Carry, Descriptor, Fault, Path, Reason};
use core::cell::{Cell, RefCell};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess};

/// How JSON is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct JsonOptions {
    /// Whether texts become numbers, numbers texts, and so on, as a migration would have them.
    pub convert: bool,
}

/// What happened while JSON was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JsonReport {
    /// Fields of the JSON that the type does not have: they were ignored.
    pub unknown: Vec<String>,
    /// Fields of the type that the JSON does not have: they got their defaults.
    pub defaulted: Vec<String>,
}

/// Reads JSON into memory that is to hold a value of a type.
#[derive(Debug)]
pub struct JsonSeed<'a> {
    descriptor: &'static Descriptor,
    out: *mut u8,
    options: JsonOptions,
    report: &'a RefCell<JsonReport>,
}

impl<'a> JsonSeed<'a> {
    /// Will write to `out`. Once [`DeserializeSeed::deserialize`] is fine there is a valid value, and only then.
    ///
    /// # Safety
    ///
    /// 1. The table was made by an implementation of `State` of a mapped image, or has been checked.
    /// 2. `out` is valid for a write of the type as long as the seed lives.
    #[must_use]
    pub const unsafe fn new(
        descriptor: &'static Descriptor,
        out: *mut u8,
        options: JsonOptions,
        report: &'a RefCell<JsonReport>,
    ) -> Self {
        Self { descriptor, out, options, report }
    }
}

impl<'de> DeserializeSeed<'de> for JsonSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let name = self.descriptor.type_name();
        let reader = Reader { options: self.options, report: self.report };
        let seed = Slot {
            descriptor: self.descriptor,
            carry: &Carry::ByShape,
            default: None,
            out: self.out,
            path: &Path::root(&name),
            reader: &reader,
        };
        seed.deserialize(deserializer)
    }
}

/// What is the same everywhere in one value.
pub(super) struct Reader<'a> {
    pub(super) options: JsonOptions,
    pub(super) report: &'a RefCell<JsonReport>,
}

/// Room for one part of the value. Whoever makes one vouches for `out`, which is valid for a write of
/// the type; when reading into it succeeds, a valid value is there, otherwise nothing.
#[derive(Clone, Copy)]
pub(super) struct Slot<'a> {
    pub(super) descriptor: &'static Descriptor,
    pub(super) carry: &'a Carry,
    pub(super) default: Option<crate::schema::WriteFn>,
    pub(super) out: *mut u8,
    pub(super) path: &'a Path<'a>,
    pub(super) reader: &'a Reader<'a>,
}

impl<'a> Slot<'a> {
    /// Room for something inside this one.
    pub(super) fn part(&self, descriptor: &'static Descriptor, out: *mut u8, path: &'a Path<'a>) -> Slot<'a> {
        Slot { descriptor, carry: &Carry::ByShape, default: None, out, path, reader: self.reader }
    }

    pub(super) fn fault<E: Error>(&self, reason: Reason) -> E {
        E::custom(self.path.fault(reason))
    }

    pub(super) fn expected<E: Error>(&self, expected: &str, found: &str) -> E {
        self.fault(Reason::Expected { expected: expected.to_owned(), found: found.to_owned() })
    }

    /// Writes the default that the field or its type has.
    pub(super) fn fill_default(&self) -> Result<(), Fault> {
        self.reader.report.borrow_mut().defaulted.push(self.path.to_string());
        match self.default {
            // SAFETY: `out` is valid for a write.
            Some(default) => unsafe { default(self.out) }
                .into_result()
                .map_err(|panicked| self.path.fault(Reason::Panicked(panicked))),
            // SAFETY: `out` is valid for a write.
            None => unsafe { crate::schema::build::default_at(self.descriptor, self.out, self.path) },
        }
    }
}

impl<'de> DeserializeSeed<'de> for Slot<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let done = Cell::new(false);
        let result = deserializer.deserialize_any(Handing(Noting { slot: self, done: &done }));
        if result.is_err() && done.get() {
            // The reader found fault with what follows the value.
            // SAFETY: the slot has just been filled, and nobody is told.
            drop(unsafe { crate::schema::drop_value(self.descriptor, self.out) });
        }
        result
    }
}

/// Takes note of whether the slot has been filled.
struct Noting<'a> {
    slot: Slot<'a>,
    done: &'a Cell<bool>,
}

impl<'de> Fill<'de> for Noting<'_> {
    fn fill<S, M>(self, found: Found<'_, S, M>) -> Result<(), S::Error>
    where
        S: SeqAccess<'de>,
        M: MapAccess<'de, Error = S::Error>,
    {
        self.slot.fill(found)?;
        self.done.set(true);
        Ok(())
    }
}
