//! Classes as a library describes them. Knows nothing of pools or of what is committed.

mod base;
mod old_state;
pub(crate) mod stand_ins;
mod table;
mod thunk;

pub use base::{BaseLink, NO_CLASS};
pub(crate) use old_state::OldStateCalls;
pub use old_state::{MigrateError, OldState};
pub use table::*;
pub use thunk::{
    Method, Plain, Shared, SharedWithBoth, SharedWithCtx, SharedWithEvent, WithBoth, WithCtx, WithEvent, handler,
    looping, migration, plain, shared, shared_with_both, shared_with_ctx, shared_with_event, with_both, with_ctx,
    with_event,
};
