//! The values of one field.

use super::texts::Texts;
use crate::{boundary::ObjectId, schema::Descriptor};
use serde::{Deserialize, Serialize};

/// The values that one field had when it went away.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Shelf {
    /// The type it had.
    pub(super) ty: String,
    /// The epoch that was entered when the last of them was put here.
    pub(super) epoch: u32,
    pub(super) values: Texts,
}

impl Shelf {
    pub(super) fn without_values(&self) -> Self {
        Self { ty: self.ty.clone(), epoch: self.epoch, values: Texts::default() }
    }
}

/// All that is kept of one field, the newest last. An object has several values there if the field went away again without
/// having got back what was here: it had another type meanwhile, or another field had its name.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Shelves(#[serde(with = "super::alone")] Vec<Shelf>);

impl Shelves {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Shelf> {
        self.0.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Shelf> {
        self.0.iter_mut()
    }

    pub(super) fn into_iter(self) -> impl Iterator<Item = Shelf> {
        self.0.into_iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts values beside those of other objects, and on top of those of the same ones.
    pub(super) fn put(&mut self, shelf: Shelf) {
        if shelf.values.is_empty() {
            return;
        }
        let is_of_type = |top: &Shelf| shelf.ty.is_empty() || top.ty.is_empty() || top.ty == shelf.ty;
        match self.0.last_mut().filter(|top| is_of_type(top) && !top.values.has_one_of(&shelf.values)) {
            Some(top) => {
                if !shelf.ty.is_empty() {
                    top.ty = shelf.ty;
                }
                top.epoch = top.epoch.max(shelf.epoch);
                top.values.take_in(shelf.values);
            }
            None => self.0.push(shelf),
        }
    }

    /// What a field of this type gets back: the newest value that was of the type, else the newest.
    pub(super) fn get(&self, object: ObjectId, ty: &Descriptor) -> Option<&str> {
        self.0.get(self.for_type(object, || ty.type_name())?)?.values.get(object)
    }

    /// It has got it back.
    pub(super) fn take(&mut self, object: ObjectId, ty: &str) {
        if let Some(at) = self.for_type(object, || ty.to_owned()) {
            self.0[at].values.remove(object);
        }
    }

    fn for_type(&self, object: ObjectId, ty: impl FnOnce() -> String) -> Option<usize> {
        let mut found = (0..self.0.len()).rev().filter(|at| self.0[*at].values.get(object).is_some());
        let newest = found.next()?;
        let Some(next) = found.next() else { return Some(newest) };
        let ty = ty();
        let of_type = [newest, next].into_iter().chain(found).find(|at| self.0[*at].ty == ty);
        Some(of_type.unwrap_or(newest))
    }

    pub(super) fn drop_empty(&mut self) {
        self.0.retain(|shelf| !shelf.values.is_empty());
    }
}
