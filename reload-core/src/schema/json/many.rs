//! From JSON to what holds many values: lists, sets, arrays and maps.
#![expect(unsafe_code, reason = "writes values where a slot vouches for the room")]

use super::{
    JsonOptions,
    found::{Fill, Found, Handing, Simple},
    read::{Reader, Slot},
};
use crate::schema::{Descriptor, ListOps, MapOps, Place, Reason, Shape, Step, place::Undo};
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess};
use serde_json::Value as Json;

/// Room is made for this many elements before they are seen, whatever the JSON promises.
const MAX_PROMISED: usize = 4096;

impl Slot<'_> {
    pub(super) fn fill_list<'de, S: SeqAccess<'de>>(&self, ops: &ListOps, mut list: S) -> Result<(), S::Error> {
        // SAFETY: the slot's room.
        unsafe { (ops.build)(self.out, list.size_hint().unwrap_or(0).min(MAX_PROMISED)) }
            .into_result()
            .map_err(|panicked| self.fault::<S::Error>(Reason::Panicked(panicked)))?;
        // SAFETY: just written.
        let undo = unsafe { Undo::new(self.descriptor, self.out) };
        let place = Place::new((ops.element)());
        let (of, is_set) = (list.size_hint(), matches!(self.descriptor.shape, Shape::Set(_)));
        let mut count = 0;
        loop {
            let path = self.path.then(match of {
                _ if is_set => Step::Member(count),
                Some(of) => Step::Element { index: count, of },
                None => Step::Index(count),
            });
            if list.next_element_seed(self.part((ops.element)(), place.as_ptr(), &path))?.is_none() {
                break;
            }
            // SAFETY: a list, and an element that is consumed.
            unsafe { (ops.push)(self.out, place.as_ptr()) }
                .into_result()
                .map_err(|panicked| S::Error::custom(path.fault(Reason::Panicked(panicked))))?;
            count += 1;
        }
        // SAFETY: the list that was just made.
        let len = unsafe { (ops.len)(self.out) };
        if is_set && len != count {
            return Err(self.expected(&format!("{count} different elements"), &format!("{len}")));
        }
        undo.keep();
        Ok(())
    }

    pub(super) fn fill_array<'de, S: SeqAccess<'de>>(
        &self,
        element: &'static Descriptor,
        len: usize,
        mut list: S,
    ) -> Result<(), S::Error> {
        let mut written = Vec::with_capacity(len.min(MAX_PROMISED));
        let of = list.size_hint();
        for index in 0..len {
            // What is kept of an element is called as it is where an object is carried over.
            let step = match of {
                Some(of) if index < of => Step::Element { index, of },
                _ => Step::Index(index),
            };
            let (at, path) = (self.out.wrapping_add(index * element.size), self.path.then(step));
            let slot = self.part(element, at, &path);
            if list.next_element_seed(slot)?.is_none() {
                if !self.reader.options.convert {
                    return Err(self.expected(&format!("a list of {len}"), &format!("{index} elements")));
                }
                slot.fill_missing().map_err(Error::custom)?;
            }
            // SAFETY: just written.
            written.push(unsafe { Undo::new(element, at) });
        }
        let mut more = len;
        while let Some(json) = list.next_element::<Json>()? {
            if !self.reader.options.convert {
                return Err(self.expected(&format!("a list of {len}"), "more elements"));
            }
            self.left_over(&self.path.then(Step::Index(more)), json);
            more += 1;
        }
        written.into_iter().for_each(Undo::keep);
        Ok(())
    }

    /// An empty map at the slot, which is dropped unless it is kept.
    fn start_map<E: Error>(&self, ops: &MapOps, promised: Option<usize>) -> Result<Undo, E> {
        // SAFETY: the slot's room.
        unsafe { (ops.build)(self.out, promised.unwrap_or(0).min(MAX_PROMISED)) }
            .into_result()
            .map_err(|panicked| self.fault(Reason::Panicked(panicked)))?;
        // SAFETY: just written.
        Ok(unsafe { Undo::new(self.descriptor, self.out) })
    }

    /// Moves an entry out of two full places.
    fn insert<E: Error>(&self, ops: &MapOps, key: &mut Place, value: &mut Place) -> Result<(), E> {
        key.set_empty();
        value.set_empty();
        // SAFETY: the slot has a map; both places hold values, which are consumed.
        unsafe { (ops.insert)(self.out, key.as_ptr(), value.as_ptr()) }
            .into_result()
            .map_err(|panicked| self.fault(Reason::Panicked(panicked)))
    }

    pub(super) fn fill_map<'de, M: MapAccess<'de>>(&self, ops: &MapOps, mut map: M) -> Result<(), M::Error> {
        let undo = self.start_map(ops, map.size_hint())?;
        let (mut key_place, mut value_place) = (Place::new((ops.key)()), Place::new((ops.value)()));
        // A key that is not a text in Rust is one in JSON.
        let reader = Reader { options: JsonOptions { convert: true }, ..*self.reader };
        let mut count = 0;
        while let Some(key) = map.next_key::<String>()? {
            let path = self.path.then(Step::Key(&key));
            let slot = Slot { reader: &reader, ..self.part((ops.key)(), key_place.as_ptr(), &path) };
            slot.fill(Simple::<M::Error>::Text(&key))?;
            // SAFETY: just written.
            unsafe { key_place.set_full() };
            map.next_value_seed(self.part((ops.value)(), value_place.as_ptr(), &path))?;
            self.insert(ops, &mut key_place, &mut value_place)?;
            count += 1;
        }
        self.keep_map(ops, count, undo)
    }

    pub(super) fn fill_pairs<'de, S: SeqAccess<'de>>(&self, ops: &MapOps, mut list: S) -> Result<(), S::Error> {
        let undo = self.start_map(ops, list.size_hint())?;
        let (mut key_place, mut value_place) = (Place::new((ops.key)()), Place::new((ops.value)()));
        let mut count = 0;
        loop {
            let path = self.path.then(Step::Member(count));
            let slot = Slot { path: &path, ..*self };
            let pair = PairSeed { slot: &slot, ops, key: &mut key_place, value: &mut value_place };
            if list.next_element_seed(pair)?.is_none() {
                break;
            }
            self.insert(ops, &mut key_place, &mut value_place)?;
            count += 1;
        }
        self.keep_map(ops, count, undo)
    }

    /// A map in which no entry has taken the place of another.
    fn keep_map<E: Error>(&self, ops: &MapOps, count: usize, undo: Undo) -> Result<(), E> {
        // SAFETY: the map that was just made.
        let len = unsafe { (ops.len)(self.out) };
        if len != count {
            return Err(self.expected(&format!("{count} different keys"), &len.to_string()));
        }
        undo.keep();
        Ok(())
    }
}

/// Reads an entry that is a list of key and value.
struct PairSeed<'a> {
    slot: &'a Slot<'a>,
    ops: &'a MapOps,
    key: &'a mut Place,
    value: &'a mut Place,
}

impl<'de> DeserializeSeed<'de> for PairSeed<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(Handing(self))
    }
}

impl<'de> Fill<'de> for PairSeed<'_> {
    fn fill<S, M>(self, found: Found<'_, S, M>) -> Result<(), S::Error>
    where
        S: SeqAccess<'de>,
        M: MapAccess<'de, Error = S::Error>,
    {
        let Found::List(mut pair) = found else {
            return Err(self.slot.expected("a key and a value", &found.describe()));
        };
        let key_path = self.slot.path.then(Step::KeyItself);
        if pair.next_element_seed(self.slot.part((self.ops.key)(), self.key.as_ptr(), &key_path))?.is_none() {
            return Err(self.slot.expected("a key and a value", "an empty list"));
        }
        // SAFETY: just written.
        unsafe { self.key.set_full() };
        if pair.next_element_seed(self.slot.part((self.ops.value)(), self.value.as_ptr(), self.slot.path))?.is_none() {
            return Err(self.slot.expected("a key and a value", "a key alone"));
        }
        // SAFETY: just written.
        unsafe { self.value.set_full() };
        if pair.next_element::<IgnoredAny>()?.is_some() {
            return Err(self.slot.expected("a key and a value", "more than that"));
        }
        Ok(())
    }
}
