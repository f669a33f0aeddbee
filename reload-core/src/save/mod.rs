//! The whole world as text, and back: every object with its id, what is queued, what waits for its time, and the attic.
//! Objects are written through their classes' schema, so a file is read by newer code by the rules of a reload.

mod file;
mod read;
mod write;

pub(crate) use read::restore;
pub(crate) use write::save;

use crate::report::DroppedEvent;
use core::fmt;
use serde::Serialize;

/// A world as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// The file's content: JSON, in one line but for its head.
    pub text: String,
    /// Number of live objects in it.
    pub objects: usize,
    /// Number of objects in it whose class is gone.
    pub in_attic: usize,
    /// Fields that are not in it, because nothing is known of their types' parts (`#[field(opaque)]`): they start over
    /// when the file is read. `game::Goblin.handle`.
    pub left_out: Vec<String>,
}

/// Why a world could not be saved: the object that could not be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaveError {
    /// What it was: a class and an object, or an event.
    pub what: String,
    /// Why.
    pub reason: String,
}

impl fmt::Display for SaveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the world cannot be saved, because {} cannot be written: {}; nothing was written, and the world goes on",
            self.what, self.reason
        )
    }
}

impl std::error::Error for SaveError {}

/// What restoring a world did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RestoreReport {
    /// Number of objects that live again.
    pub objects: usize,
    /// Classes whose shape is another one than in the file, by path, with the number of their objects.
    pub changed: Vec<(String, usize)>,
    /// Classes that the code no longer has, by path, with the number of their objects: those are in the attic.
    pub gone: Vec<(String, usize)>,
    /// What was queued and could not be read.
    pub dropped_events: Vec<DroppedEvent>,
    /// What the programmer should know besides.
    pub warnings: Vec<String>,
}

impl fmt::Display for RestoreReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "restored {} {}", self.objects, if self.objects == 1 { "object" } else { "objects" })?;
        for (class, count) in &self.changed {
            write!(f, "\n  ~ {class}: {count} carried over to its new shape")?;
        }
        for (class, count) in &self.gone {
            write!(f, "\n  - {class} is gone: {count} in the attic until it comes back")?;
        }
        self.dropped_events.iter().try_for_each(|dropped| write!(f, "\n  ! {dropped}"))?;
        self.warnings.iter().try_for_each(|warning| write!(f, "\n  ! {warning}"))
    }
}
