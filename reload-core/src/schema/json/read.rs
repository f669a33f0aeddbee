//! From JSON to values, in memory that holds none yet. Nothing is left there when it fails.
#![expect(unsafe_code, reason = "writes values where the caller has made room")]

use super::found::{Fill, Found, Handing};
use crate::schema::{
    Carry, Descriptor, Enclosing, Fault, Field, Keeper, NoKeeper, Path, Reason, build::own_default_at,
    keeper::Tentative, path::MAX_DEPTH,
};
use core::{
    cell::{Cell, RefCell},
    fmt,
};
use serde::de::{Deserialize as _, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess};

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
        let reader = Reader { options: self.options, report: self.report, keeper: &NoKeeper, leaves: false };
        let seed = Slot {
            descriptor: self.descriptor,
            carry: &Carry::ByShape,
            default: None,
            out: self.out,
            path: &Path::root(&name),
            outer: None,
            reader: &reader,
        };
        seed.deserialize(deserializer)
    }
}

/// Reads the value of a field, in the way in which the field is carried.
///
/// # Errors
///
/// Why the JSON is not a value of the field; then nothing is left at `out`.
///
/// # Safety
///
/// 1. `out` is valid for a write of the field's type, and is its place in what it lies in.
pub(crate) unsafe fn field_from_json(
    field: &Field,
    out: *mut u8,
    json: &str,
    (path, enclosing): (&Path<'_>, Option<&Enclosing<'_>>),
    keeper: &dyn Keeper,
) -> Result<(), String> {
    let (options, report) = (JsonOptions { convert: true }, RefCell::default());
    let reader = Reader { options, report: &report, keeper, leaves: false };
    Slot::of(field, out, path, enclosing, &reader).fill_from_text(json)
}

/// Reads a value of `ty`.
///
/// # Errors
///
/// Why the JSON is not a value of the type; then nothing is left at `out`.
///
/// # Safety
///
/// 1. `out` is valid for a write of the type.
pub(crate) unsafe fn value_from_json(
    ty: &'static Descriptor,
    out: *mut u8,
    json: &str,
    path: &Path<'_>,
    keeper: &dyn Keeper,
) -> Result<(), String> {
    let (options, report) = (JsonOptions { convert: true }, RefCell::default());
    let reader = Reader { options, report: &report, keeper, leaves: true };
    Slot { descriptor: ty, carry: &Carry::ByShape, default: None, out, path, outer: None, reader: &reader }
        .fill_from_text(json)
}

/// Writes the value of a field that the old type does not have: what it was before it went away, else its default, which may
/// be that of what it lies in.
///
/// # Errors
///
/// There is no default, or making it panicked; then nothing is left at `out`.
///
/// # Safety
///
/// 1. `out` is valid for a write of the field's type, and is its place in what it lies in.
pub(crate) unsafe fn missing_field(
    field: &Field,
    out: *mut u8,
    path: &Path<'_>,
    enclosing: Option<&Enclosing<'_>>,
    keeper: &dyn Keeper,
) -> Result<(), Fault> {
    let (options, report) = (JsonOptions { convert: true }, RefCell::default());
    let reader = Reader { options, report: &report, keeper, leaves: false };
    Slot::of(field, out, path, enclosing, &reader).fill_missing()
}

/// Parses JSON that is nested as deep as a value may be, which is deeper than a reader of JSON allows by itself.
pub(crate) fn nested(json: &str) -> Result<serde_json::Value, String> {
    let (mut depth, mut deepest, mut in_text, mut escaped) = (0_u32, 0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    if deepest > MAX_DEPTH {
        return Err(Reason::TooDeep.to_string());
    }
    let mut reader = serde_json::Deserializer::from_str(json);
    reader.disable_recursion_limit();
    let value = serde_json::Value::deserialize(&mut reader).map_err(|error| error.to_string())?;
    reader.end().map_err(|error| error.to_string())?;
    Ok(value)
}

/// What is the same everywhere in one value.
pub(super) struct Reader<'a> {
    pub(super) options: JsonOptions,
    pub(super) report: &'a RefCell<JsonReport>,
    pub(super) keeper: &'a dyn Keeper,
    /// Whether the keeper is asked what becomes of what cannot be read.
    pub(super) leaves: bool,
}

/// Room for one part of the value. Whoever makes one vouches for `out`, which is valid for a write of
/// the type, and its place in what it lies in; when reading into it succeeds, a valid value is there, otherwise nothing.
#[derive(Clone, Copy)]
pub(super) struct Slot<'a> {
    pub(super) descriptor: &'static Descriptor,
    pub(super) carry: &'a Carry,
    pub(super) default: Option<crate::schema::WriteFn>,
    pub(super) out: *mut u8,
    pub(super) path: &'a Path<'a>,
    /// The structs around it.
    pub(super) outer: Option<&'a Enclosing<'a>>,
    pub(super) reader: &'a Reader<'a>,
}

impl<'a> Slot<'a> {
    /// Room for a field.
    pub(super) fn of(
        field: &'a Field,
        out: *mut u8,
        path: &'a Path<'a>,
        outer: Option<&'a Enclosing<'a>>,
        reader: &'a Reader<'a>,
    ) -> Self {
        Slot { descriptor: field.descriptor(), carry: &field.carry, default: field.default, out, path, outer, reader }
    }

    /// Room for something inside this one.
    pub(super) fn part(&self, descriptor: &'static Descriptor, out: *mut u8, path: &'a Path<'a>) -> Slot<'a> {
        Slot { descriptor, carry: &Carry::ByShape, default: None, out, path, outer: None, reader: self.reader }
    }

    pub(super) fn fault<E: Error>(&self, reason: Reason) -> E {
        E::custom(self.path.fault(reason))
    }

    pub(super) fn expected<E: Error>(&self, expected: &str, found: &str) -> E {
        self.fault(Reason::Expected { expected: expected.to_owned(), found: found.to_owned() })
    }

    /// Writes what a field that is not there gets: the value that it had before it went away, else its default.
    pub(super) fn fill_missing(&self) -> Result<(), Fault> {
        if self.path.can_be_found() {
            for place in [Some(self.path.key()), self.path.former_key()].into_iter().flatten() {
                let Some(json) = self.reader.keeper.kept(&place, self.descriptor) else { continue };
                let reader = Reader { leaves: false, ..*self.reader };
                match (Slot { reader: &reader, ..*self }.fill_from_text(&json)) {
                    Ok(()) => {
                        self.reader.keeper.returned(place, self.descriptor);
                        return Ok(());
                    }
                    Err(why) => self.reader.keeper.misfits(place, why),
                }
            }
        }
        self.fill_default()
    }

    fn fill_from_text(&self, json: &str) -> Result<(), String> {
        let value = nested(json)?;
        let reader = Reader { options: JsonOptions { convert: true }, ..*self.reader };
        Slot { reader: &reader, ..*self }.deserialize(value).map_err(|error| error.to_string())
    }

    /// The type has no room for what was found at `path`.
    pub(super) fn left_over(&self, path: &Path<'_>, json: impl fmt::Display) {
        self.reader.report.borrow_mut().unknown.push(path.to_string());
        self.reader.keeper.keep(path.key(), String::new(), json.to_string());
    }

    /// Has a field read. One that cannot be read starts over, if somebody else says what becomes of it; then the answer is `None`.
    pub(super) fn read_or_leave<T, E: Error>(
        &self,
        read: impl FnOnce(Slot<'_>) -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        if !self.reader.leaves || !self.path.is_of_fields() {
            return read(*self).map(Some);
        }
        let place = self.path.key();
        if !self.reader.keeper.may_leave(&place) {
            return read(*self).map(Some);
        }
        let tentative = Tentative::new(self.reader.keeper);
        let result = read(Slot { reader: &Reader { keeper: &tentative, ..*self.reader }, ..*self });
        match result {
            Ok(found) => {
                tentative.commit();
                Ok(Some(found))
            }
            Err(error) => {
                if self.fill_default().is_err() {
                    return Err(error);
                }
                let former = self.path.former_key().unwrap_or_else(|| place.clone());
                self.reader.keeper.left((&place, former), error.to_string());
                Ok(None)
            }
        }
    }

    /// Writes the default that the field or its type has, or what it lies in.
    pub(super) fn fill_default(&self) -> Result<(), Fault> {
        self.reader.report.borrow_mut().defaulted.push(self.path.to_string());
        // SAFETY: `out` is valid for a write, and its place in what it lies in.
        unsafe { own_default_at((self.default, self.descriptor, self.carry), self.out, self.path, self.outer) }
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
