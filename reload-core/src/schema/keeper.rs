//! Where parts of a value go that its new type has no room for, and where they come back from. The schema only
//! says what is left over and what is missing.

/// Keeps what is left over of one value.
pub(crate) trait Keeper {
    /// `json` was at `place` (see [`Path::key`](super::Path::key)), a value of type `ty`; the type is unknown, and
    /// empty, where the value comes out of JSON.
    fn keep(&self, place: String, ty: String, json: String);
    /// What was kept of this value under `place` before, if anything.
    fn kept(&self, place: &str) -> Option<String>;
    /// What was kept under `place` is part of the value again.
    fn returned(&self, place: String);
    /// What was kept under `place` is not what the type takes any more; it stays where it is.
    fn misfits(&self, place: String, why: String);
    /// Whether somebody says what a value becomes that cannot be read at `place`, so that the default may be there meanwhile.
    fn may_leave(&self, _place: &str) -> bool {
        false
    }
    /// What is read at `place`, and was at `former`, is left to them; why it cannot be read.
    fn left(&self, (_place, _former): (&str, String), _why: String) {}
}

/// Keeps nothing.
#[derive(Debug)]
pub(crate) struct NoKeeper;

impl Keeper for NoKeeper {
    fn keep(&self, _: String, _: String, _: String) {}
    fn kept(&self, _: &str) -> Option<String> {
        None
    }
    fn returned(&self, _: String) {}
    fn misfits(&self, _: String, _: String) {}
}
