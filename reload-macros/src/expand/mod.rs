//! From the model to code. Cannot fail, and only fills tables: behaviour is the core's.

mod class;
mod handlers;
mod state;
mod table;

pub(crate) use class::class;
pub(crate) use handlers::handlers;
pub(crate) use state::{derive_enum, derive_struct};
pub(crate) use table::table;
