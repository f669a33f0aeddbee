//! Where parts of a value go that its new type has no room for, and where they come back from. The schema only
//! says what is left over and what is missing.

use super::Descriptor;
use core::cell::RefCell;

/// Keeps what is left over of one value.
pub(crate) trait Keeper {
    /// `json` was at `place` (see [`Path::key`](super::Path::key)), a value of type `ty`; the type is unknown, and
    /// empty, where the value comes out of JSON.
    fn keep(&self, place: String, ty: String, json: String);
    /// What was kept of this value under `place` before, if anything, for a field of the type `ty`.
    fn kept(&self, place: &str, ty: &Descriptor) -> Option<String>;
    /// That is part of the value again.
    fn returned(&self, place: String, ty: &'static Descriptor);
    /// What was kept under `place` is not what the type takes any more; it stays where it is.
    fn misfits(&self, place: String, why: String);
    /// Whether somebody says what a value becomes that cannot be read at `place`, so that the default may be there meanwhile.
    fn may_leave(&self, _place: &str) -> bool {
        false
    }
    /// What is read at `place`, and was at `former`, is left to them; why it cannot be read.
    fn left(&self, (_place, _former): (&str, String), _why: String) {}
}

/// Takes note of what is kept of a value while it is made: only if it is made does it count.
pub(crate) struct Tentative<'a> {
    keeper: &'a dyn Keeper,
    noted: RefCell<Vec<Noted>>,
}

enum Noted {
    Keep { place: String, ty: String, json: String },
    Returned { place: String, ty: &'static Descriptor },
    Misfits { place: String, why: String },
    Left { place: String, former: String, why: String },
}

impl<'a> Tentative<'a> {
    pub(crate) const fn new(keeper: &'a dyn Keeper) -> Self {
        Self { keeper, noted: RefCell::new(Vec::new()) }
    }

    /// The value is made.
    pub(crate) fn commit(self) {
        for noted in self.noted.into_inner() {
            match noted {
                Noted::Keep { place, ty, json } => self.keeper.keep(place, ty, json),
                Noted::Returned { place, ty } => self.keeper.returned(place, ty),
                Noted::Misfits { place, why } => self.keeper.misfits(place, why),
                Noted::Left { place, former, why } => self.keeper.left((&place, former), why),
            }
        }
    }

    fn note(&self, noted: Noted) {
        self.noted.borrow_mut().push(noted);
    }
}

impl Keeper for Tentative<'_> {
    fn keep(&self, place: String, ty: String, json: String) {
        self.note(Noted::Keep { place, ty, json });
    }

    fn kept(&self, place: &str, ty: &Descriptor) -> Option<String> {
        self.keeper.kept(place, ty)
    }

    fn returned(&self, place: String, ty: &'static Descriptor) {
        self.note(Noted::Returned { place, ty });
    }

    fn misfits(&self, place: String, why: String) {
        self.note(Noted::Misfits { place, why });
    }

    fn may_leave(&self, place: &str) -> bool {
        self.keeper.may_leave(place)
    }

    fn left(&self, (place, former): (&str, String), why: String) {
        self.note(Noted::Left { place: place.to_owned(), former, why });
    }
}

/// Keeps nothing.
#[derive(Debug)]
pub(crate) struct NoKeeper;

impl Keeper for NoKeeper {
    fn keep(&self, _: String, _: String, _: String) {}
    fn kept(&self, _: &str, _: &Descriptor) -> Option<String> {
        None
    }
    fn returned(&self, _: String, _: &'static Descriptor) {}
    fn misfits(&self, _: String, _: String) {}
}
