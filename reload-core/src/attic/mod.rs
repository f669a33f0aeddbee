//! Where state goes that current code has no place for: the values of fields that are gone, and the objects of classes
//! that are gone. Everything is kept as JSON, in a form that needs no old code, and comes back when the field or the
//! class does. Knows nothing of libraries or pools.

mod change;
mod groups;
mod listing;
mod texts;

pub(crate) use change::{AtticChange, ObjectKeeper, Parked};
pub use listing::{AtticEntry, AtticListing, AtticSelection};

use crate::boundary::ObjectId;
use groups::{Group, Groups};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use texts::Texts;

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
    fields: BTreeMap<String, BTreeMap<String, Shelf>>,
    /// Bytes of `objects`; those of the fields know theirs.
    #[serde(skip)]
    parked: usize,
    #[serde(skip, default = "default_limit")]
    limit: usize,
}

const fn default_limit() -> usize {
    DEFAULT_LIMIT
}

/// The values of one field.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Shelf {
    /// The type it had.
    ty: String,
    /// The epoch that was entered when the last of them was put here.
    epoch: u32,
    values: Texts,
}

impl Shelf {
    fn without_values(&self) -> Self {
        Self { ty: self.ty.clone(), epoch: self.epoch, values: Texts::default() }
    }
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

    fn value(&self, class: &str, place: &str, object: ObjectId) -> Option<&str> {
        self.fields.get(class)?.get(place)?.values.get(object)
    }

    /// What everything here takes, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.parked + self.fields.values().flat_map(BTreeMap::values).map(|shelf| shelf.values.bytes()).sum::<usize>()
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
        for shelf in self.fields.get_mut(class).into_iter().flat_map(BTreeMap::values_mut) {
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
        for (place, shelf) in &mut shelves {
            let stay = shelf.values.take_out(&parked);
            self.put_shelf(from, place, Shelf { values: stay, ..shelf.without_values() });
        }
        for (place, shelf) in shelves {
            self.put_shelf(to, &place, shelf);
        }
    }

    /// What is kept of the fields of these objects is kept under another path.
    fn rename_objects(&mut self, (from, to): (&str, &str), objects: &[ObjectId]) {
        let Some(shelves) = self.fields.get_mut(from) else { return };
        let go = |(place, shelf): (&String, &mut Shelf)| {
            (place.clone(), Shelf { values: shelf.values.take_out(objects), ..shelf.without_values() })
        };
        let moved: Vec<_> = shelves.iter_mut().map(go).collect();
        for (place, shelf) in moved {
            self.put_shelf(to, &place, shelf);
        }
    }

    /// Puts values beside those that are kept of the same place of other objects.
    fn put_shelf(&mut self, class: &str, place: &str, shelf: Shelf) {
        if shelf.values.is_empty() {
            return;
        }
        let known = self.fields.entry(class.to_owned()).or_default().entry(place.to_owned()).or_default();
        if known.values.is_empty() || known.epoch <= shelf.epoch {
            (known.ty, known.epoch) = (shelf.ty, shelf.epoch);
        }
        known.values.take_in(shelf.values);
    }

    fn put_values(&mut self, class: &str, place: &str, ty: String, epoch: u32, values: Texts) {
        let shelf = self.fields.entry(class.to_owned()).or_default().entry(place.to_owned()).or_default();
        if !ty.is_empty() {
            shelf.ty = ty;
        }
        shelf.epoch = epoch;
        shelf.values.take_in(values);
    }

    fn take_value(&mut self, class: &str, place: &str, object: ObjectId) {
        if let Some(shelf) = self.fields.get_mut(class).and_then(|shelves| shelves.get_mut(place)) {
            shelf.values.remove(object);
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
            shelves.retain(|_, shelf| !shelf.values.is_empty());
        }
        self.fields.retain(|_, shelves| !shelves.is_empty());
    }
}
