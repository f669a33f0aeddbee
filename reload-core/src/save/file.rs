//! What a save file holds.

use crate::{attic::Attic, boundary::ObjectId, registry::BaseShapes};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};

/// The first thing in every save file.
pub(super) const FORMAT: &str = "reload-core world";

/// The version of the format that is written, and the newest that is read.
pub(super) const VERSION: u32 = 1;

/// The head of a file, and its body as it stands there.
#[derive(Deserialize)]
pub(super) struct Head<'a> {
    pub(super) format: String,
    pub(super) version: u32,
    /// Of the body's bytes; a file that was edited by hand is read without it.
    pub(super) checksum: Option<String>,
    #[serde(borrow)]
    pub(super) world: &'a RawValue,
}

/// A world.
#[derive(Serialize, Deserialize)]
pub(super) struct Body {
    /// World time in nanoseconds.
    pub(super) now: u64,
    /// The generation of each slot, so that no id is ever given out twice.
    pub(super) generations: Vec<u32>,
    /// The newest generation that a slot has had, where it has an older one again.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) newest: BTreeMap<u32, u32>,
    /// By path.
    pub(super) classes: BTreeMap<String, ClassFile>,
    /// The paths of all classes, also of those without objects: which one a path stands for depends on what else there was.
    #[serde(default)]
    pub(super) paths: Vec<String>,
    /// The paths of all events, if any are in what follows: which one a name stands for depends on what else there was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) events: Vec<String>,
    pub(super) queue: Vec<QueuedFile>,
    pub(super) timers: Vec<TimerFile>,
    pub(super) turns: Vec<TurnFile>,
    pub(super) attic: Attic,
}

impl Body {
    /// The paths that classes had, those in the attic as well; in files of versions that did not write all of them, those that
    /// are there.
    pub(super) fn class_paths(&self) -> BTreeSet<&str> {
        let queued = self.queue.iter().filter_map(|file| file.spawn.as_ref());
        let there = self.paths.iter().chain(self.classes.keys()).chain(queued);
        there.map(String::as_str).chain(self.attic.classes()).collect()
    }

    /// The paths that events had; in files of versions that did not write all of them, those that are there.
    pub(super) fn event_paths(&self) -> Vec<&str> {
        let there = self.queue.iter().filter_map(|file| file.event.as_ref());
        let there = there.chain(self.timers.iter().map(|file| &file.event));
        let all: BTreeSet<&str> = self.events.iter().chain(there).map(String::as_str).collect();
        all.into_iter().collect()
    }
}

/// The objects of a class, and the shape of those that are about to live, whose values are in the queue.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct ClassFile {
    /// What identifies the class's shape: in hexadecimal, because not every reader of JSON takes 64 bits.
    pub(super) shape: String,
    /// The types of the fields.
    pub(super) types: BTreeMap<String, String>,
    /// The shapes of its bases, by path; none in files of versions that did not write them.
    #[serde(default)]
    pub(super) bases: Option<BaseShapes>,
    /// The epoch that ran.
    pub(super) epoch: u32,
    /// The loops that the class had.
    pub(super) loops: Vec<String>,
    /// Each object's id and state.
    pub(super) objects: Vec<(ObjectId, Box<RawValue>)>,
}

/// Something queued. Exactly one of the fields after `to` says what.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct QueuedFile {
    /// The object that it is for, or that will live; none for everybody.
    pub(super) to: ObjectId,
    /// The path of the event that is delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) event: Option<String>,
    /// The path of the class of an object that will live.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) spawn: Option<String>,
    /// Whether the object ends.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) destroy: bool,
    /// The payload, or the object's state; none where it is to be constructed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) value: Option<Box<RawValue>>,
}

/// An event that waits for its time.
#[derive(Serialize, Deserialize)]
pub(super) struct TimerFile {
    /// World time in nanoseconds.
    pub(super) at: u64,
    pub(super) to: ObjectId,
    pub(super) event: String,
    pub(super) value: Box<RawValue>,
}

/// A turn of a loop that waits for its time.
#[derive(Serialize, Deserialize)]
pub(super) struct TurnFile {
    /// World time in nanoseconds; none: at the next advance.
    pub(super) at: Option<u64>,
    pub(super) object: ObjectId,
    #[serde(rename = "loop")]
    pub(super) name: String,
}

/// The checksum of a body.
pub(super) fn checksum(body: &str) -> String {
    format!("{:016x}", xxhash_rust::xxh3::xxh3_64(body.as_bytes()))
}
