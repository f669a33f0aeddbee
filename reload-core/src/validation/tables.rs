//! Turns the raw tables of an image into owned facts.
#![expect(unsafe_code, reason = "reads the records of an image that has passed its fingerprint")]

use super::{Problem, Rejection};
use crate::{
    boundary::{RawSlice, RawStr},
    class::{BatchFn, ClassRecord, OneFn, TurnFn},
    event::{EVENT_LIMIT, EventMask, TableRecord},
    library::{AfterReloadFn, BeforeReloadFn, ClassPointer, LibraryTable, TablePointer},
    schema::{self, Descriptor, Limits, WriteFn},
};
use std::{any::Any, collections::BTreeMap, fmt, rc::Rc};

/// Limits of what a table is believed to hold.
const MOST_CLASSES: usize = crate::instance::MAX_CLASSES as usize;
const MOST_RECORDS: usize = 4_096;
const LONGEST_TEXT: usize = 1_024;

/// The tables of an image whose fingerprint fits, and what keeps the image mapped.
#[derive(Clone)]
pub(crate) struct Image {
    pub(crate) classes: RawSlice<ClassPointer>,
    pub(crate) tables: RawSlice<TablePointer>,
    pub(crate) before_reload: Option<BeforeReloadFn>,
    pub(crate) after_reload: Option<AfterReloadFn>,
    /// Dropped after everything that came from the image.
    pub(crate) keep: Rc<dyn Any>,
}

impl Image {
    /// What the image behind `table` has. Runs code of the image: its inventory is sorted.
    pub(crate) fn of(table: &LibraryTable, keep: Rc<dyn Any>) -> Self {
        Self {
            classes: (table.classes)(),
            tables: (table.tables)(),
            before_reload: Some(table.before_reload),
            after_reload: Some(table.after_reload),
            keep,
        }
    }
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Image").field("classes", &self.classes.len()).finish_non_exhaustive()
    }
}

/// An image without a problem.
#[derive(Debug)]
pub(crate) struct Validated {
    pub(crate) image: Image,
    pub(crate) tables: Vec<ValidTable>,
    pub(crate) classes: Vec<ValidClass>,
}

/// An event table.
#[derive(Debug)]
pub(crate) struct ValidTable {
    pub(crate) record: &'static TableRecord,
    pub(crate) path: String,
    pub(crate) events: Vec<ValidEvent>,
}

/// An event.
#[derive(Debug)]
pub(crate) struct ValidEvent {
    pub(crate) path: String,
    /// The path that it had before.
    pub(crate) was: Option<String>,
    pub(crate) name: String,
    pub(crate) payload: &'static Descriptor,
}

/// A class.
#[derive(Debug)]
pub(crate) struct ValidClass {
    pub(crate) record: &'static ClassRecord,
    pub(crate) path: String,
    pub(crate) was: Option<String>,
    pub(crate) place: String,
    pub(crate) state: &'static Descriptor,
    pub(crate) base: Option<String>,
    pub(crate) base_offset: usize,
    pub(crate) handlers: Vec<ValidHandler>,
    pub(crate) loops: Vec<ValidLoop>,
    pub(crate) construct: Option<WriteFn>,
}

/// A handler.
#[derive(Clone, Debug)]
pub(crate) struct ValidHandler {
    /// Path of the event.
    pub(crate) event: String,
    pub(crate) batch: BatchFn,
    pub(crate) one: OneFn,
}

/// A loop.
#[derive(Clone, Debug)]
pub(crate) struct ValidLoop {
    pub(crate) name: String,
    pub(crate) turn: TurnFn,
}

/// Reads the tables of `image`.
///
/// # Errors
///
/// Every problem of every table and class.
pub(crate) fn validate(image: Image) -> Result<Validated, Rejection> {
    let mut problems = Vec::new();
    let mut reader = Reader { problems: &mut problems };
    let tables = reader.tables(&image);
    let classes = reader.classes(&image, &tables);
    Rejection::unless_empty(problems)?;
    Ok(Validated { image, tables, classes })
}

struct Reader<'a> {
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    fn corrupt(&mut self, subject: &str, message: impl Into<String>) {
        self.problems.push(Problem::new(
            "table.corrupt",
            subject,
            message,
            "the library's tables are damaged: build it again from a clean target folder; if that does not help, report it",
        ));
    }

    fn text(&mut self, subject: &str, what: &str, text: RawStr) -> Option<String> {
        // SAFETY: the fingerprint fits, so the record has been written by the macros of this version;
        // what a damaged record can hold is caught as far as it can be seen.
        let text = unsafe { text.checked(LONGEST_TEXT) };
        if text.is_none() {
            self.corrupt(subject, format!("{what} is not readable text"));
        }
        text.map(str::to_owned)
    }

    /// The path that an event or a class had before; `Some(None)` where it says none.
    fn former_path(&mut self, subject: &str, was: RawStr) -> Option<Option<String>> {
        if was.is_absent() { Some(None) } else { self.text(subject, "its former path", was).map(Some) }
    }

    fn slice<T>(&mut self, subject: &str, what: &str, slice: RawSlice<T>, limit: usize) -> &'static [T] {
        // SAFETY: as for `text`; the image is kept mapped by whoever holds these facts.
        let elements = unsafe { slice.checked(limit) };
        elements.unwrap_or_else(|| {
            self.corrupt(subject, format!("the list of {what} claims {} entries at {:?}", slice.len(), slice.as_ptr()));
            &[]
        })
    }

    fn state(&mut self, subject: &str, state: &'static Descriptor) {
        // SAFETY: as for `text`.
        if let Err(findings) = unsafe { schema::check_descriptor(state, &Limits::default()) } {
            for finding in findings {
                self.corrupt(subject, finding);
            }
            return;
        }
        for ty in schema::hashers_of_own_types(state) {
            self.problems.push(Problem::new(
                "field.opaque_own",
                subject,
                format!("a collection's hasher, `{ty}`, has fields and is of the library itself: a change of them would not be seen"),
                "use the default hasher, or one without fields, such as `BuildHasherDefault<_>`",
            ));
        }
        for (field, ty) in schema::opaque_fields_of_own_types(state) {
            self.problems.push(Problem::new(
                "field.opaque_own",
                format!("{subject}.{field}"),
                format!("the field is `#[field(opaque)]`, but `{ty}` is of the library itself: a change of its parts would not be seen"),
                "derive `State` for the type, with `opaque` on those of its fields whose types are of other crates; or carry the \
                 field by `#[field(serde)]`, or start over by `#[field(reset)]`",
            ));
        }
    }

    fn tables(&mut self, image: &Image) -> Vec<ValidTable> {
        let mut tables = Vec::new();
        for pointer in self.slice("library", "event tables", image.tables, MOST_RECORDS) {
            // SAFETY: as for `text`.
            let Some(record) = (unsafe { pointer.0.as_ref() }) else {
                self.corrupt("library", "an event table is missing");
                continue;
            };
            let Some(path) = self.text("event table", "its path", record.path) else { continue };
            let records = self.slice(&path, "events", record.events, usize::from(EVENT_LIMIT));
            if usize::from(record.first) + records.len() > usize::from(EVENT_LIMIT) {
                self.corrupt(&path, "its events are numbered out of range");
            }
            let mut events = Vec::with_capacity(records.len());
            for event in records {
                let (Some(event_path), Some(name)) =
                    (self.text(&path, "an event's path", event.path), self.text(&path, "an event's name", event.name))
                else {
                    continue;
                };
                let Some(was) = self.former_path(&event_path, event.was) else { continue };
                let payload = (event.payload)();
                self.state(&event_path, payload);
                events.push(ValidEvent { path: event_path, was, name, payload });
            }
            tables.push(ValidTable { record, path, events });
        }
        self.duplicates(
            "event.duplicate",
            tables.iter().flat_map(|table| &table.events).map(|event| (&event.path, &event.name)),
        );
        tables
    }

    fn classes(&mut self, image: &Image, tables: &[ValidTable]) -> Vec<ValidClass> {
        let mut classes = Vec::new();
        for pointer in self.slice("library", "classes", image.classes, MOST_CLASSES) {
            // SAFETY: as for `text`.
            let Some(record) = (unsafe { pointer.0.as_ref() }) else {
                self.corrupt("library", "a class is missing");
                continue;
            };
            let Some(path) = self.text("class", "its path", record.path) else { continue };
            if let Some(class) = self.class(record, path, tables) {
                classes.push(class);
            }
        }
        self.duplicates("class.duplicate", classes.iter().map(|class| (&class.path, &class.place)));
        classes
    }

    fn class(&mut self, record: &'static ClassRecord, path: String, tables: &[ValidTable]) -> Option<ValidClass> {
        let was = self.former_path(&path, record.was)?;
        let place = format!("{}:{}", self.text(&path, "its source file", record.file)?, record.line);
        let state = (record.state)();
        self.state(&path, state);
        let mut base_offset = record.base_offset;
        let base = match record.base {
            None => None,
            Some(base) => {
                let base = base();
                let base_state = (base.state)();
                if record.base_offset.checked_add(base_state.size).is_none_or(|end| end > state.size)
                    || !record.base_offset.is_multiple_of(base_state.align.max(1))
                {
                    self.corrupt(&path, "its base part lies outside of it");
                }
                if base_state.size == 0 {
                    // It is as well anywhere else: at the start an object's part lies within the object's bytes in any case.
                    base_offset = 0;
                }
                Some(self.text(&path, "its base's path", base.path)?)
            }
        };
        let handlers = self.handlers(record, &path, tables);
        let loops = self
            .slice(&path, "loops", record.loops, MOST_RECORDS)
            .iter()
            .filter_map(|entry| {
                let name = self.text(&path, "a loop's name", entry.name)?;
                let Some(turn) = entry.turn else {
                    self.corrupt(&path, format!("`loop_{name}` has no code"));
                    return None;
                };
                Some(ValidLoop { name, turn })
            })
            .collect();
        Some(ValidClass {
            record,
            path,
            was,
            place,
            state,
            base,
            base_offset,
            handlers,
            loops,
            construct: record.construct,
        })
    }

    fn handlers(&mut self, record: &'static ClassRecord, path: &str, tables: &[ValidTable]) -> Vec<ValidHandler> {
        let (mut handlers, mut mask) = (Vec::new(), EventMask::EMPTY);
        for entry in self.slice(path, "handlers", record.handlers, MOST_RECORDS) {
            let Some(name) = self.text(path, "a handler's name", entry.name) else { continue };
            let (Some(batch), Some(one)) = (entry.batch, entry.one) else {
                self.corrupt(path, format!("`event_{name}` has no code"));
                continue;
            };
            if entry.index >= EVENT_LIMIT {
                self.corrupt(path, format!("`event_{name}` is numbered {}, out of range", entry.index));
                continue;
            }
            let Some(event) = event_at((record.table.record)(), entry.index, tables) else {
                self.corrupt(
                    path,
                    format!("`event_{name}` is numbered {}, which its table does not have", entry.index),
                );
                continue;
            };
            if event.name != name {
                self.corrupt(path, format!("`event_{name}` has the number of `event_{}`", event.name));
                continue;
            }
            mask = mask.with(entry.index);
            handlers.push(ValidHandler { event: event.path.clone(), batch, one });
        }
        if mask != record.own_mask || !record.own_mask.without(record.mask).is_empty() {
            self.corrupt(path, format!("its mask says {:?}, its handlers {mask:?}", record.own_mask));
        }
        handlers
    }

    fn duplicates<'a>(&mut self, code: &'static str, entries: impl Iterator<Item = (&'a String, &'a String)>) {
        let mut seen: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (path, place) in entries {
            seen.entry(path).or_default().push(place);
        }
        for (path, places) in seen.into_iter().filter(|(_, places)| places.len() > 1) {
            self.problems.push(Problem::new(
                code,
                path,
                format!("registered {} times: {}", places.len(), places.join(", ")),
                "two items of the library have the same path: rename one of them",
            ));
        }
    }
}

/// The event with this number in `table` or one that it extends.
fn event_at<'a>(table: &'static TableRecord, index: u16, tables: &'a [ValidTable]) -> Option<&'a ValidEvent> {
    let mut table = table;
    // A chain longer than there are tables is a circle.
    for _ in 0..=tables.len() {
        if index >= table.first {
            let valid = tables.iter().find(|valid| core::ptr::eq(valid.record, table))?;
            return valid.events.get(usize::from(index - table.first));
        }
        table = table.base?();
    }
    None
}
