//! Live classes for Rust.
#![warn(clippy::unwrap_used)]

extern crate self as reload_core;

pub mod boundary;
#[cfg(feature = "build")]
pub mod build;
mod class;
mod dispatch;
mod event;
pub mod library;
mod schema;
mod telemetry;
pub mod validation;

#[doc(hidden)]
pub mod __private;

pub use boundary::ObjectId;
pub use class::GameClass;
pub use dispatch::{Ctx, Next};
pub use event::{
    Constructed, Destroyed, Discarded, EVENT_LIMIT, Event, EventMask, EventTable, FIRST_USER_EVENT, Lifecycle,
    MAX_USER_EVENTS, Reloaded,
};
pub use library::{ClassView, ReloadView};
pub use reload_macros::{State, event_table, game_class};
pub use schema::State;

/// Stand-in until the world exists.
#[derive(Debug)]
pub struct World;
