//! Values that do not fit, where a class's own `migrate` answers for their field: it gets the object with the field's default,
//! and has to ask for the old value. If it does not, nobody has cared for the value, and the object is not carried over.

use super::bases::{Rework, field_place};
use crate::{
    attic::ObjectKeeper,
    schema::{Descriptor, Fault, Keeper, Reason},
};
use core::cell::RefCell;
use std::collections::BTreeMap;

/// A value that was left to `migrate`.
#[derive(Debug)]
pub(super) struct Unfit {
    /// Where it was in the old object, by name: `base.hp`.
    former: String,
    fault: Fault,
}

impl Unfit {
    pub(super) const fn new(former: String, fault: Fault) -> Self {
        Self { former, fault }
    }

    /// Whether `migrate` may say what becomes of a value, rather than that something is wrong with it or its type's code.
    pub(super) const fn is_one(reason: &Reason) -> bool {
        matches!(
            reason,
            Reason::DoesNotFit { .. } | Reason::NotText { .. } | Reason::Serde(_) | Reason::NoDefault { .. }
        )
    }
}

/// The fields of one object that its hooks have asked for.
#[derive(Debug, Default)]
pub(super) struct Asked(RefCell<Vec<String>>);

impl Asked {
    /// The hook of the part `depth` base parts deep has asked for a field of that.
    pub(super) fn note(&self, depth: usize, field: &str) {
        self.0.borrow_mut().push(field_place(depth, field));
    }

    /// Whether it, or what it is a part of, was asked for. Parts of it are not enough: the others would be lost.
    fn has(&self, place: &str) -> bool {
        let holds =
            |asked: &String| place.strip_prefix(&**asked).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        self.0.borrow().iter().any(holds)
    }

    /// # Errors
    ///
    /// The first value that nobody has asked for.
    pub(super) fn check(&self, unfit: Vec<Unfit>) -> Result<(), Fault> {
        unfit.into_iter().find(|unfit| !self.has(&unfit.former)).map_or(Ok(()), |unfit| Err(unfit.fault))
    }

    /// Why a hook has failed, with what it may not have been made for.
    pub(super) fn explain(&self, reason: String, unfit: &[Unfit]) -> String {
        match unfit.iter().find(|unfit| !self.has(&unfit.former)) {
            Some(Unfit { fault: Fault { place, reason: why }, .. }) => {
                format!("{reason}; the object that it got has the default of {place}, because {why}")
            }
            None => reason,
        }
    }
}

/// Stands between an object out of JSON and the attic: asks for things where they were, and leaves what does not fit to the hooks.
pub(super) struct LeavingKeeper<'a> {
    pub(super) keeper: ObjectKeeper<'a>,
    pub(super) rework: &'a Rework,
    /// The types that fields had, by where they were.
    pub(super) types: &'a BTreeMap<String, String>,
    pub(super) unfit: RefCell<Vec<Unfit>>,
}

impl LeavingKeeper<'_> {
    fn former(&self, place: &str) -> String {
        if self.rework.bases.is_shifted() { self.rework.bases.former_place(place) } else { place.to_owned() }
    }
}

impl Keeper for LeavingKeeper<'_> {
    fn keep(&self, place: String, ty: String, json: String) {
        let known = || self.types.get(&self.former(&place)).cloned().unwrap_or_default();
        let ty = if ty.is_empty() { known() } else { ty };
        self.keeper.keep(place, ty, json);
    }

    fn kept(&self, place: &str, ty: &Descriptor) -> Option<String> {
        self.keeper.kept(&self.former(place), ty)
    }

    fn returned(&self, place: String, ty: &'static Descriptor) {
        self.keeper.returned(self.former(&place), ty);
    }

    fn misfits(&self, place: String, why: String) {
        self.keeper.misfits(self.former(&place), why);
    }

    fn may_leave(&self, place: &str) -> bool {
        self.rework.hooks.iter().any(|hook| hook.has(place))
    }

    fn left(&self, (_, former): (&str, String), why: String) {
        let fault = Fault { place: self.keeper.class.to_owned(), reason: Reason::Serde(why) };
        self.unfit.borrow_mut().push(Unfit::new(self.former(&former), fault));
    }
}

#[cfg(test)]
mod tests {
    use super::Asked;

    #[test]
    fn what_is_asked_for_is_a_place_and_what_lies_in_it() {
        let asked = Asked::default();
        for (depth, field) in [(0, "hp"), (0, "pos.x"), (1, "size")] {
            asked.note(depth, field);
        }
        for place in ["hp", "hp.0", "pos.x", "base.size", "base.size.0"] {
            assert!(asked.has(place), "{place}");
        }
        for place in ["size", "pos", "pos.y", "base", "base.hp", "hpx"] {
            assert!(!asked.has(place), "{place}");
        }
    }
}
