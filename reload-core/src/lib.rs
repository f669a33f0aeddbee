//! Live classes for Rust: edit a game's classes while the game runs, and the objects that already exist change with them.
//!
//! [`#[game_class]`](macro@game_class) makes a struct a class: its `event_*` methods are handlers, its `loop_*` methods run again
//! and again, and its fields are state that a reload carries over. A [`World`] holds the objects, a [`ReloadSession`] keeps the
//! library with the classes current. Start with those two.
//!
//! # Words
//!
//! *class*: a game type. *handler*: an `event_*` method. *event table*: the numbered vocabulary of events. *event mask*: a
//! class's static bitmask over the table. *schema*: the shape of a class's state. *instance*, *object*: one live value.
//! *object id*: its stable name (slot and generation). *pool*: all instances of a class. *library*: a loaded dynamic library.
//! *epoch*: which reload we are at. *candidate*: a library not yet trusted. *route*: class and event to handler. *plan*: what a
//! reload will do. *report*: what it did. *attic*: where state goes that current code has no place for.
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

extern crate self as reload_core;

mod attic;
pub mod boundary;
#[cfg(feature = "build")]
pub mod build;
mod class;
#[cfg(feature = "crash-report")]
mod crash;
mod dispatch;
mod event;
mod host_code;
mod instance;
pub mod library;
mod mailbox;
mod migration;
mod registry;
mod reload;
mod report;
mod save;
#[cfg_attr(
    test,
    allow(
        unused_mut,
        unused_assignments,
        clippy::undocumented_unsafe_blocks,
        reason = "the tests describe types with a macro whose parts are not all used by each of them"
    )
)]
pub mod schema;
mod session;
mod telemetry;
pub mod validation;
mod world;

#[doc(hidden)]
pub mod __private;

pub use attic::{AtticEntry, AtticListing, AtticSelection};
pub use boundary::{ObjectId, Panicked};
pub use class::{GameClass, MigrateError, OldState};
#[cfg(feature = "crash-report")]
pub use crash::Hang;
pub use dispatch::{ChainBudget, Ctx, Fault, FaultKind, Next};
pub use event::{
    Constructed, Destroyed, Discarded, EVENT_LIMIT, Event, EventMask, EventTable, FIRST_USER_EVENT, Lifecycle,
    MAX_USER_EVENTS, Reloaded,
};
pub use library::LibrarySource;
pub use library::{ClassView, InProcess, ReloadView};
pub use mailbox::{Mailbox, WorldGone};
pub use reload_macros::{State, event_table, game_class};
pub use report::{
    ClassChange, ClassFate, DroppedEvent, FieldChange, FieldFate, Outcome, ReloadPlan, ReloadReport, StageTime,
};
pub use save::{RestoreReport, SaveError, Saved};
pub use schema::State;
pub use session::ReloadSession;
pub use validation::{Problem, Rejection};
pub use world::{ClassSummary, ObjectStatus, SpawnError, World};
