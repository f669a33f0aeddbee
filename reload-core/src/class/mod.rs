//! Classes as a library describes them. Knows nothing of pools or of what is committed.

mod facts;
mod table;
mod thunk;

pub use facts::{BaseLink, ClassFacts, class_table};
pub use table::*;
pub use thunk::{handler, looping};
