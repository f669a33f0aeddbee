//! The values of one field, as JSON, by object.

use super::OVERHEAD;
use crate::boundary::ObjectId;
use core::fmt;
use rustc_hash::FxHashMap;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
};

/// Texts by object, one behind the other in one piece of memory. A removed field puts one for each object here, mostly of a
/// few bytes: allocations of their own would take longer than all the rest, and again when they go.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts {
    places: FxHashMap<ObjectId, Place>,
    memory: String,
    /// How much of `memory` belongs to texts that are gone.
    unused: usize,
}

/// Where a text is in the memory.
#[derive(Clone, Copy, Debug)]
struct Place {
    start: usize,
    len: usize,
}

impl Texts {
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// What they take, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.memory.len() - self.unused + self.len() * OVERHEAD
    }

    pub(super) fn get(&self, object: ObjectId) -> Option<&str> {
        let place = self.places.get(&object)?;
        self.memory.get(place.start..place.start + place.len)
    }

    /// No particular order.
    fn iter(&self) -> impl Iterator<Item = (ObjectId, &str)> {
        self.places.keys().filter_map(|object| Some((*object, self.get(*object)?)))
    }

    /// Whether an object has a text both here and there.
    pub(super) fn has_one_of(&self, others: &Self) -> bool {
        let (few, many) = if self.len() < others.len() { (self, others) } else { (others, self) };
        few.places.keys().any(|object| many.places.contains_key(object))
    }

    /// Makes room for this many in all.
    pub(super) fn expect(&mut self, number: usize) {
        self.places.reserve(number.saturating_sub(self.len()));
    }

    /// Puts a text in the place of the one that the object has.
    pub(super) fn insert(&mut self, object: ObjectId, text: &str) {
        let place = Place { start: self.memory.len(), len: text.len() };
        self.memory.push_str(text);
        if let Some(former) = self.places.insert(object, place) {
            self.unused += former.len;
            self.tidy();
        }
    }

    /// Takes a text out, if there is one.
    pub(super) fn remove(&mut self, object: ObjectId) {
        if let Some(former) = self.places.remove(&object) {
            self.unused += former.len;
            self.tidy();
        }
    }

    /// Takes out those of these objects, if they have any.
    pub(super) fn take_out(&mut self, objects: &[ObjectId]) -> Self {
        let mut out = Self::default();
        for object in objects {
            if let Some(text) = self.get(*object) {
                out.insert(*object, text);
            }
            self.remove(*object);
        }
        out
    }

    /// Takes all of `others` in; an object that has a text here gets theirs.
    pub(super) fn take_in(&mut self, others: Self) {
        if self.is_empty() {
            *self = others;
            return;
        }
        self.expect(self.len() + others.len());
        for (object, text) in others.iter() {
            self.insert(object, text);
        }
    }

    /// Gives memory back once more than half of it belongs to nobody: each text is moved as often as one is taken out, at most.
    fn tidy(&mut self) {
        if self.unused <= self.memory.len() / 2 {
            return;
        }
        let mut memory = String::with_capacity(self.memory.len() - self.unused);
        for place in self.places.values_mut() {
            let start = memory.len();
            memory.push_str(self.memory.get(place.start..place.start + place.len).unwrap_or_default());
            place.start = start;
        }
        (self.memory, self.unused) = (memory, 0);
        if self.is_empty() {
            self.places = FxHashMap::default();
        }
    }
}

impl Serialize for Texts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading;
        impl<'de> Visitor<'de> for Reading {
            type Value = Texts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("texts by object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Texts, A::Error> {
                let mut texts = Texts::default();
                while let Some((object, text)) = map.next_entry::<ObjectId, std::borrow::Cow<'de, str>>()? {
                    texts.insert(object, &text);
                }
                Ok(texts)
            }
        }
        deserializer.deserialize_map(Reading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn object(number: u64) -> ObjectId {
        format!("#{number}.1").parse().expect("an id")
    }

    /// A map of strings does the same, whatever is asked of both, and what nobody has is given back.
    #[test]
    fn they_are_a_map_that_gives_memory_back() {
        let (mut texts, mut model) = (Texts::default(), BTreeMap::<ObjectId, String>::new());
        let mut random = 7_u64;
        let mut next = |below: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % below
        };
        for step in 0..20_000 {
            let which = object(next(200));
            match next(8) {
                0..=3 => {
                    let text = "ä".repeat(next(9) as usize);
                    texts.insert(which, &text);
                    model.insert(which, text);
                }
                4..=6 => {
                    texts.remove(which);
                    model.remove(&which);
                }
                _ => {
                    let mut others = Texts::default();
                    for _ in 0..next(4) {
                        let which = object(next(200));
                        others.insert(which, "other");
                        model.insert(which, "other".into());
                    }
                    texts.take_in(others);
                }
            }
            assert_eq!(texts.get(which), model.get(&which).map(String::as_str), "step {step}");
            let bytes: usize = model.values().map(|text| text.len() + OVERHEAD).sum();
            assert_eq!((texts.len(), texts.bytes()), (model.len(), bytes), "step {step}");
            assert!(texts.memory.len() - texts.unused >= texts.memory.len() / 2, "step {step}: half is unused");
        }
        let all: BTreeMap<ObjectId, String> = texts.iter().map(|(object, text)| (object, text.to_owned())).collect();
        assert_eq!(all, model);
        let read: Texts = serde_json::from_str(&serde_json::to_string(&texts).expect("texts")).expect("just written");
        let all: BTreeMap<ObjectId, String> = read.iter().map(|(object, text)| (object, text.to_owned())).collect();
        assert_eq!(all, model);
        for object in model.keys() {
            texts.remove(*object);
        }
        assert_eq!((texts.memory.capacity(), texts.places.capacity()), (0, 0));
    }
}
