//! Classes as a library describes them. Knows nothing of pools or of what is committed.

mod table;
mod thunk;

pub use table::*;
pub use thunk::{handler, looping};
