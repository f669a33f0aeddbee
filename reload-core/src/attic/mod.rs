//! Where state goes that current code has no place for: the values of fields that are gone, and the objects of classes
//! that are gone. Everything is kept as JSON, in a form that needs no old code, and comes back when the field or the
//! class does. Knows nothing of libraries or pools.

mod change;
mod listing;
mod texts;

pub(crate) use change::{AtticChange, ObjectKeeper, Parked};
pub use listing::{AtticEntry, AtticListing, AtticSelection};

use crate::boundary::ObjectId;
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
    objects: BTreeMap<String, Group>,
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

/// The objects of one class.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Group {
    /// What identifies the shape in which they were put here.
    pub(crate) shape: u64,
    /// The types of their fields, by name.
    pub(crate) types: BTreeMap<String, String>,
    /// The shapes of the bases of their class, by path; none in files of versions that did not write them.
    #[serde(default)]
    pub(crate) bases: Option<BTreeMap<String, String>>,
    /// The epoch that was entered when they were put here.
    pub(crate) epoch: u32,
    pub(crate) states: BTreeMap<ObjectId, String>,
}

impl Group {
    /// What they take, in bytes.
    fn bytes(&self) -> usize {
        self.states.values().map(|state| state.len() + OVERHEAD).sum()
    }
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

impl Default for Attic {
    fn default() -> Self {
        Self { objects: BTreeMap::new(), fields: BTreeMap::new(), parked: 0, limit: DEFAULT_LIMIT }
    }
}

impl Attic {
    /// The objects of the class with this path.
    pub(crate) fn group(&self, class: &str) -> Option<&Group> {
        self.objects.get(class).filter(|group| !group.states.is_empty())
    }

    /// The paths of the classes that have objects here.
    pub(crate) fn classes(&self) -> impl Iterator<Item = &str> {
        self.objects.keys().map(String::as_str)
    }

    /// The class and the state of an object.
    pub(crate) fn object(&self, id: ObjectId) -> Option<(&str, &str)> {
        self.objects.iter().find_map(|(class, group)| Some((class.as_str(), group.states.get(&id)?.as_str())))
    }

    /// The ids of all objects here.
    pub(crate) fn ids(&self) -> impl Iterator<Item = ObjectId> {
        self.objects.values().flat_map(|group| group.states.keys().copied())
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
        self.parked = self.objects.values().map(Group::bytes).sum();
    }

    /// Takes an object out for good. Answers whether it was here.
    pub(crate) fn forget_object(&mut self, id: ObjectId) -> bool {
        let mut found = false;
        let holds = |(class, group): (&String, &mut Group)| Some((class.clone(), group.states.remove(&id)?));
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

    /// Everything that is kept under the class's old path is kept under its new one.
    pub(crate) fn rename_class(&mut self, from: &str, to: &str) {
        if let Some(group) = self.objects.remove(from) {
            self.objects.insert(to.to_owned(), group);
        }
        if let Some(shelves) = self.fields.remove(from) {
            self.fields.insert(to.to_owned(), shelves);
        }
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
        match self.objects.get_mut(class) {
            Some(known) => {
                (known.shape, known.types, known.bases, known.epoch) =
                    (group.shape, group.types, group.bases, group.epoch);
                known.states.extend(group.states);
            }
            None => {
                self.objects.insert(class.to_owned(), group);
            }
        }
    }

    fn take_objects(&mut self, class: &str) {
        if let Some(group) = self.objects.remove(class) {
            self.parked -= group.bytes();
        }
    }

    fn drop_empty(&mut self) {
        self.objects.retain(|_, group| !group.states.is_empty());
        for shelves in self.fields.values_mut() {
            shelves.retain(|_, shelf| !shelf.values.is_empty());
        }
        self.fields.retain(|_, shelves| !shelves.is_empty());
    }
}
