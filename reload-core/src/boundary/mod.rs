//! What may cross from one image into another, and in which form: raw text and slices, object ids,
//! outcomes of guarded calls. Imports nothing of ours.

mod guard;
mod object_id;
mod raw;

pub use guard::{Outcome, Panicked, guard, guarded};
pub(crate) use guard::{
    announce, guard_announced, guarded_announced, heed_host, heed_own_worlds, install_hook, is_guarded,
};
pub use object_id::{NotAnObjectId, ObjectId};
pub use raw::{RawSlice, RawStr};
