//! Where state goes that current code has no place for: the values of fields that are gone, and the objects of classes
//! that are gone. Everything is kept as JSON, in a form that needs no old code, and comes back when the field or the
//! class does. Knows nothing of libraries or pools.

mod alone;
mod change;
mod groups;
mod listing;
mod shelf;
mod texts;

pub(crate) use change::{AtticChange, ObjectKeeper, Parked};
pub use listing::{AtticEntry, AtticListing, AtticSelection};

use crate::{boundary::ObjectId, schema::Descriptor};
use groups::{Group, Groups};
use serde::{Deserialize, Serialize};
use shelf::{Shelf, Shelves};
use std::collections::BTreeMap;

/// Bytes that an attic holds unless told otherwise.
const DEFAULT_LIMIT: usize = 256 << 20;

/// What an entry costs beside its text: id, length and the map's own share.
const OVERHEAD: usize = 48;

/// What is kept of fields and classes that are gone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Attic {
    /// By the path of the class.
    objects: BTreeMap<String, Groups>,
    /// By the path of the class, then by the place of the field: `base.hp`, `bag[3/7].weight`.
    fields: BTreeMap<String, BTreeMap<String, Shelves>>,
    /// Bytes of `objects`; those of the fields know theirs.
    #[serde(skip)]
    parked: usize,
    #[serde(skip, default = "default_limit")]
    limit: usize,
}

const fn default_limit() -> usize {
    DEFAULT_LIMIT
}

impl Default for Attic {
    fn default() -> Self {
        Self { objects: BTreeMap::new(), fields: BTreeMap::new(), parked: 0, limit: DEFAULT_LIMIT }
    }
}

impl Attic {
    /// The objects that come back to a class of this shape that had this path, and which group of the path they are.
    pub(crate) fn for_shape(&self, class: &str, shape: u64) -> Option<(usize, &Group)> {
        let groups = self.objects.get(class)?;
        let position = groups.position_for(shape)?;
        Some((position, groups.0.get(position)?))
    }

    /// One of the groups of the class with this path.
    pub(crate) fn group(&self, class: &str, position: usize) -> Option<&Group> {
        self.objects.get(class)?.0.get(position)
    }

    /// Number of objects of classes with this path.
    pub(crate) fn number_of(&self, class: &str) -> usize {
        self.objects.get(class).map_or(0, |groups| groups.0.iter().map(|group| group.states.len()).sum())
    }

    /// The paths of the classes that have objects here.
    pub(crate) fn classes(&self) -> impl Iterator<Item = &str> {
        self.objects.keys().map(String::as_str)
    }

    /// All groups, each with the path of its class.
    fn groups(&self) -> impl Iterator<Item = (&str, &Group)> {
        self.objects.iter().flat_map(|(class, groups)| groups.0.iter().map(|group| (class.as_str(), group)))
    }

    /// The class and the state of an object.
    pub(crate) fn object(&self, id: ObjectId) -> Option<(&str, &str)> {
        self.groups().find_map(|(class, group)| Some((class, group.states.get(&id)?.as_str())))
    }

    /// The ids of all objects here.
    pub(crate) fn ids(&self) -> impl Iterator<Item = ObjectId> {
        self.groups().flat_map(|(_, group)| group.states.keys().copied())
    }

    /// Whether anything is kept of this field.
    pub(crate) fn has_field(&self, class: &str, place: &str) -> bool {
        self.fields.get(class).is_some_and(|shelves| shelves.contains_key(place))
    }

    fn value(&self, class: &str, place: &str, object: ObjectId, ty: &Descriptor) -> Option<&str> {
        self.fields.get(class)?.get(place)?.get(object, ty)
    }

    /// What is kept of all fields.
    fn shelves(&self) -> impl Iterator<Item = &Shelf> {
        self.fields.values().flat_map(BTreeMap::values).flat_map(Shelves::iter)
    }

    /// What everything here takes, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.parked + self.shelves().map(|shelf| shelf.values.bytes()).sum::<usize>()
    }

    pub(crate) const fn limit(&self) -> usize {
        self.limit
    }

    pub(crate) const fn set_limit(&mut self, bytes: usize) {
        self.limit = bytes;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.objects.is_empty() && self.fields.is_empty()
    }

    /// Counts the bytes anew, after reading from a file.
    pub(crate) fn recount(&mut self) {
        self.parked = self.groups().map(|(_, group)| group.bytes()).sum();
    }

    /// Takes an object out for good. Answers whether it was here.
    pub(crate) fn forget_object(&mut self, id: ObjectId) -> bool {
        let mut found = false;
        let holds = |(class, groups): (&String, &mut Groups)| {
            Some((class.clone(), groups.0.iter_mut().find_map(|group| group.states.remove(&id))?))
        };
        if let Some((class, state)) = self.objects.iter_mut().find_map(holds) {
            self.parked -= state.len() + OVERHEAD;
            self.forget_fields(&class, id);
            found = true;
        }
        self.drop_empty();
        found
    }

    /// Forgets what is kept of the fields of an object that ends.
    pub(crate) fn forget_fields(&mut self, class: &str, id: ObjectId) {
        let mut emptied = false;
        let shelves = self.fields.get_mut(class).into_iter().flat_map(BTreeMap::values_mut);
        for shelf in shelves.flat_map(Shelves::iter_mut) {
            shelf.values.remove(id);
            emptied |= shelf.values.is_empty();
        }
        if emptied {
            self.drop_empty();
        }
    }

    /// What is kept of the fields of a class that lives is kept under its new path. What is kept of objects here stays:
    /// they are those of another class that has had the path.
    fn rename_class(&mut self, from: &str, to: &str) {
        let Some(mut shelves) = self.fields.remove(from) else { return };
        let parked: Vec<ObjectId> = self
            .objects
            .get(from)
            .into_iter()
            .flat_map(|groups| &groups.0)
            .flat_map(|group| group.states.keys().copied())
            .collect();
        for (place, shelves) in &mut shelves {
            for shelf in shelves.iter_mut() {
                let stay = shelf.values.take_out(&parked);
                self.put_values(from, place, Shelf { values: stay, ..shelf.without_values() });
            }
        }
        for (place, shelves) in shelves {
            for shelf in shelves.into_iter() {
                self.put_values(to, &place, shelf);
            }
        }
    }

    /// What is kept of the fields of these objects is kept under another path.
    fn rename_objects(&mut self, (from, to): (&str, &str), objects: &[ObjectId]) {
        let Some(shelves) = self.fields.get_mut(from) else { return };
        let mut moved = Vec::new();
        for (place, shelves) in shelves {
            moved.extend(shelves.iter_mut().map(|shelf| {
                (place.clone(), Shelf { values: shelf.values.take_out(objects), ..shelf.without_values() })
            }));
        }
        for (place, shelf) in moved {
            self.put_values(to, &place, shelf);
        }
    }

    fn put_values(&mut self, class: &str, place: &str, shelf: Shelf) {
        if !shelf.values.is_empty() {
            self.fields.entry(class.to_owned()).or_default().entry(place.to_owned()).or_default().put(shelf);
        }
    }

    fn take_value(&mut self, class: &str, place: &str, object: ObjectId, ty: &str) {
        if let Some(shelves) = self.fields.get_mut(class).and_then(|shelves| shelves.get_mut(place)) {
            shelves.take(object, ty);
        }
    }

    fn put_objects(&mut self, class: &str, group: Group) {
        self.parked += group.bytes();
        self.objects.entry(class.to_owned()).or_default().put(group);
    }

    /// Takes out all objects of a group, which stays in its place until what is empty is dropped.
    fn take_objects(&mut self, class: &str, position: usize) -> Vec<ObjectId> {
        let Some(group) = self.objects.get_mut(class).and_then(|groups| groups.0.get_mut(position)) else {
            return Vec::new();
        };
        self.parked -= group.bytes();
        std::mem::take(&mut group.states).into_keys().collect()
    }

    fn drop_empty(&mut self) {
        for groups in self.objects.values_mut() {
            groups.0.retain(|group| !group.states.is_empty());
        }
        self.objects.retain(|_, groups| !groups.0.is_empty());
        for shelves in self.fields.values_mut() {
            shelves.retain(|_, shelves| {
                shelves.drop_empty();
                !shelves.is_empty()
            });
        }
        self.fields.retain(|_, shelves| !shelves.is_empty());
    }
}
