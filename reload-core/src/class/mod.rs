//! Classes as a library describes them. Knows nothing of pools or of what is committed.

mod base;
mod old_state;
mod table;
mod thunk;

pub use base::{BaseLink, table_with_base};
pub(crate) use old_state::OldStateCalls;
pub use old_state::{MigrateError, OldState};
pub use table::*;
pub use thunk::{
    Method, Plain, Shared, SharedWithBoth, SharedWithCtx, SharedWithEvent, WithBoth, WithCtx, WithEvent, handler,
    handler_of, looping, migration,
};
