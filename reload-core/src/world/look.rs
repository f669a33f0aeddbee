//! What people and tools see of a world: objects, classes, and the attic.
#![expect(unsafe_code, reason = "reads an object through its class's descriptor")]

use super::World;
use crate::{
    attic::{AtticListing, AtticSelection},
    boundary::ObjectId,
    instance::Pool,
    schema::Value,
};
use serde::Serialize;

/// What [`World::classes`] says of a class.
#[derive(Clone, Debug, Serialize)]
pub struct ClassSummary {
    /// The class's path.
    pub path: String,
    /// Path of its base.
    pub base: Option<String>,
    /// Source file and line of the struct.
    pub place: String,
    /// The epoch whose code it runs.
    pub epoch: u32,
    /// False when the current library no longer has it; its objects are in the attic then.
    pub present: bool,
    /// Number of objects.
    pub instances: usize,
    /// Objects that [rest](ObjectStatus::Resting) because a handler or a loop of theirs panicked.
    pub quarantined: Vec<String>,
    /// Events handled, own and inherited, by name.
    pub events: Vec<String>,
    /// Loops, own and inherited, by name.
    pub loops: Vec<String>,
    /// Bytes of one object.
    pub size: usize,
}

/// What an object is at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectStatus {
    /// It receives events.
    Live,
    /// It rests, because a handler or a loop of it panicked. It keeps its state, and can be reached by [`World::get`]
    /// and destroyed; but events to it are lost, `event_destroyed` among them, and turns of its loops wait.
    ///
    /// The next reload of the library that its class is of wakes it, also by
    /// [`ReloadSession::undo`](crate::ReloadSession::undo), and so does [`World::restore`]. Nothing else does: where
    /// nothing is reloaded, as in a release with a linked library, it rests until it is destroyed.
    Resting,
    /// Its class is gone: it is kept in the attic, and goes on when the class comes back.
    InAttic,
    /// There is no such object, or not any more.
    Gone,
}

impl World {
    /// Whether there is an object with this id, live or in the attic; [`World::status`] tells which.
    #[must_use]
    pub fn contains(&self, id: ObjectId) -> bool {
        self.status(id) != ObjectStatus::Gone
    }

    /// What becomes of an event to the object with this id: whether it is live, [rests](ObjectStatus::Resting), is in
    /// the attic, or is gone.
    #[must_use]
    pub fn status(&self, id: ObjectId) -> ObjectStatus {
        let slots = &self.live().store.slots;
        if slots.is_in_attic(id) {
            ObjectStatus::InAttic
        } else if slots.object(id).is_none() {
            ObjectStatus::Gone
        } else if slots.is_quarantined(id) {
            ObjectStatus::Resting
        } else {
            ObjectStatus::Live
        }
    }

    /// The path of an object's class; of one in the attic the path that its class had.
    #[must_use]
    pub fn class_of(&self, id: ObjectId) -> Option<&str> {
        let live = self.live();
        match live.store.slots.object(id) {
            Some((_, number)) => Some(&live.registry.class(number).path),
            None => live.attic.object(id).map(|(class, _)| class),
        }
    }

    /// Number of live objects.
    #[must_use]
    pub fn instances(&self) -> usize {
        self.live().store.pools().iter().map(Pool::len).sum()
    }

    /// The ids of the live objects whose class has this path, or is based on it.
    #[must_use]
    pub fn instances_of(&self, path: &str) -> Vec<ObjectId> {
        let live = self.live();
        let Some(ancestor) = live.registry.find(path) else { return Vec::new() };
        (0..live.registry.classes.len() as u16)
            .filter(|number| live.registry.is_a(*number, ancestor))
            .flat_map(|number| live.store.ids(number))
            .collect()
    }

    /// An object's state as JSON, its fields in the order in which they are written: what its class's schema knows of it;
    /// of one in the attic what it was. `None` if there is no such object.
    #[must_use]
    pub fn inspect(&self, id: ObjectId) -> Option<serde_json::Value> {
        let live = self.live();
        let unreadable = |error: serde_json::Error| serde_json::json!({ "unreadable": error.to_string() });
        let Some((object, number)) = live.store.slots.object(id) else {
            let (_, state) = live.attic.object(id)?;
            return Some(serde_json::from_str(state).unwrap_or_else(unreadable));
        };
        // SAFETY: the object is of the class that the descriptor describes, and is not changed meanwhile:
        // changing it needs an exclusive borrow of the world.
        let value = unsafe { Value::new(object, live.registry.class(number).state) };
        Some(self.while_read(|| serde_json::to_value(value)).unwrap_or_else(unreadable))
    }

    /// All classes, sorted by path.
    #[must_use]
    pub fn classes(&self) -> Vec<ClassSummary> {
        let live = self.live();
        let registry = &live.registry;
        let mut classes: Vec<ClassSummary> = (0..registry.classes.len() as u16)
            .map(|number| {
                let class = registry.class(number);
                let pool = live.store.pool(number);
                let parked = live.attic.number_of(&class.path);
                ClassSummary {
                    path: class.path.to_string(),
                    base: class.base.map(|base| registry.class(base).path.to_string()),
                    place: class.place.clone(),
                    epoch: class.epoch,
                    present: class.present,
                    instances: if class.present { pool.len() } else { parked },
                    quarantined: live.store.ids(number).skip(pool.active()).map(|id| id.to_string()).collect(),
                    events: registry.names(class.mask),
                    loops: class.loops.iter().map(|entry| entry.name.to_string()).collect(),
                    size: class.state.size,
                }
            })
            .filter(|class| class.present || class.instances > 0)
            .collect();
        classes.sort_by(|left, right| (&left.path, left.present).cmp(&(&right.path, right.present)));
        // Classes that are gone and had the same path.
        classes.dedup_by(|left, right| !left.present && !right.present && left.path == right.path);
        classes
    }

    /// What is kept of fields and classes that are gone.
    #[must_use]
    pub fn attic(&self) -> AtticListing {
        self.live().attic.listing()
    }

    /// Takes something out of the attic for good. Objects whose class is gone end with it. Answers with the number of
    /// objects and of field values that are no more.
    pub fn purge_attic(&mut self, selection: AtticSelection<'_>) -> (usize, usize) {
        let live = self.live_mut();
        let (ids, values) = live.attic.purge(selection);
        for id in &ids {
            live.store.remove(*id);
        }
        (ids.len(), values)
    }

    /// Sets how many bytes the attic may hold, 256 MiB unless set. A reload that would need more is refused.
    pub fn set_attic_limit(&mut self, bytes: usize) {
        self.live_mut().attic.set_limit(bytes);
    }
}
