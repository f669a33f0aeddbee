//! Classes as a library describes them. Knows nothing of pools or of what is committed.

mod facts;
mod old_state;
mod table;
mod thunk;

pub use facts::{BaseLink, ClassFacts, class_table};
pub(crate) use old_state::OldStateCalls;
pub use old_state::{MigrateError, OldState};
pub use table::*;
pub use thunk::{handler, looping, migration};
