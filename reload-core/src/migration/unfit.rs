//! Values that do not fit, where a class's own `migrate` answers for their field: it gets the object with the field's default,
//! and has to ask for the old value. If it does not, nobody has cared for the value, and the object is not carried over.

use super::program::Hook;
use crate::{
    attic::ObjectKeeper,
    schema::{Fault, Keeper, Reason},
};
use core::cell::RefCell;

/// A value that was left to `migrate`.
#[derive(Debug)]
pub(super) struct Unfit {
    /// Where it was in the old object, by name: `base.hp`.
    former: String,
    fault: Fault,
}

impl Unfit {
    /// The value at `place` of the new object, and at `former` of the old one, is left to `migrate`; what was kept of its parts
    /// is not any more.
    pub(super) fn of(keeper: &ObjectKeeper<'_>, (place, former): (&str, String), fault: Fault) -> Self {
        keeper.change.borrow_mut().take_back(keeper.class, [place, &former], keeper.object);
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
        self.0.borrow_mut().push(format!("{}{field}", "base.".repeat(depth)));
    }

    /// Whether it, a part of it, or what it is a part of was asked for.
    fn has(&self, place: &str) -> bool {
        let together = |asked: &String| asked.split('.').zip(place.split('.')).all(|(asked, step)| asked == step);
        self.0.borrow().iter().any(together)
    }

    /// # Errors
    ///
    /// The first value that nobody has asked for.
    pub(super) fn check(&self, unfit: Vec<Unfit>) -> Result<(), Fault> {
        unfit.into_iter().find(|unfit| !self.has(&unfit.former)).map_or(Ok(()), |unfit| Err(unfit.fault))
    }
}

/// Stands between an object out of JSON and the attic; what does not fit is left to the hooks.
pub(super) struct LeavingKeeper<'a> {
    pub(super) keeper: ObjectKeeper<'a>,
    pub(super) hooks: &'a [Hook],
    pub(super) unfit: RefCell<Vec<Unfit>>,
}

impl Keeper for LeavingKeeper<'_> {
    fn keep(&self, place: String, ty: String, json: String) {
        self.keeper.keep(place, ty, json);
    }

    fn kept(&self, place: &str) -> Option<String> {
        self.keeper.kept(place)
    }

    fn returned(&self, place: String) {
        self.keeper.returned(place);
    }

    fn misfits(&self, place: String, why: String) {
        self.keeper.misfits(place, why);
    }

    fn may_leave(&self, place: &str) -> bool {
        self.hooks.iter().any(|hook| hook.has(place))
    }

    fn left(&self, (place, former): (&str, String), why: String) {
        let fault = Fault { place: self.keeper.class.to_owned(), reason: Reason::Serde(why) };
        self.unfit.borrow_mut().push(Unfit::of(&self.keeper, (place, former), fault));
    }
}

#[cfg(test)]
mod tests {
    use super::Asked;

    #[test]
    fn what_is_asked_for_is_a_place_what_it_lies_in_and_what_lies_in_it() {
        let asked = Asked::default();
        for (depth, field) in [(0, "hp"), (0, "pos.x"), (1, "size")] {
            asked.note(depth, field);
        }
        for place in ["hp", "hp.0", "pos", "pos.x", "base.size", "base.size.0"] {
            assert!(asked.has(place), "{place}");
        }
        for place in ["size", "pos.y", "base.hp", "hpx"] {
            assert!(!asked.has(place), "{place}");
        }
    }
}
