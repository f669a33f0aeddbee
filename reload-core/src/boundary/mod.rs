//! What may cross from one image into another, and in which form: raw text and slices, object ids,
//! outcomes of guarded calls. Imports nothing of ours.

mod guard;
mod object_id;
mod raw;

pub(crate) use guard::install_hook;
pub use guard::{Outcome, Panicked, guard, guarded};
pub use object_id::{NotAnObjectId, ObjectId};
pub use raw::{RawSlice, RawStr};
