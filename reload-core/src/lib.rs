//! Live classes for Rust: edit a game's classes while the game runs, and the objects that already exist change with them.
//!
//! [`#[game_class]`](macro@game_class) makes a struct a class: its `event_*` methods are handlers, its `loop_*` methods
//! run again and again, and its fields are state that a reload carries over. [`event_table!`] declares the events. A
//! [`World`] holds the objects, a [`ReloadSession`] keeps the library with the classes current. Start with those two.
//!
//! ```
//! use reload_core::{InProcess, LibrarySource, ReloadSession, World, event_table, game_class};
//!
//! event_table! { pub table GameEvents { Damaged { amount: i64 } } }
//!
//! #[game_class(path = "game::Goblin", no_handlers)]
//! pub struct Goblin { #[field(default = 10)] pub hp: i32 }
//!
//! mod edited {
//!     use super::{Damaged, game_class};
//!     #[game_class(path = "game::Goblin")]
//!     pub struct Goblin { pub hp: i64, #[field(default = 5)] pub gold: u32 }
//!     #[game_class]
//!     impl Goblin { fn event_damaged(&mut self, event: &Damaged) { self.hp -= event.amount; } }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut world = World::new();
//! let library = InProcess::new().table::<GameEvents>().class::<Goblin>();
//! let mut session = ReloadSession::open(LibrarySource::in_process("game", library), &mut world)?;
//! let grix = world.spawn_named("game::Goblin")?;
//!
//! let library = InProcess::new().table::<GameEvents>().class::<edited::Goblin>();
//! println!("{}", session.offer(&mut world, library));
//! world.emit(&Damaged { amount: 3 });
//! let grix = world.get::<edited::Goblin>(grix).expect("it lives on");
//! assert_eq!((grix.hp, grix.gold), (7, 5));
//! # Ok(())
//! # }
//! ```
//!
//! Here both versions are part of the program, so that the example runs on its own. A game is a crate with
//! [`reload_core::library!()`](macro@library) in its root; the engine opens it with
//! `LibrarySource::cargo("game-logic")` and calls [`ReloadSession::poll`] between two frames. Whoever edits the game
//! saves a file, and nothing is offered by hand.
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | none | the macros, [`World`], [`LibrarySource::linked`]: what the game's library needs, and a release |
//! | `hot` (default) | loading and reloading of libraries, `LibrarySource::watch`; has `crash-report`; on Unix |
//! | `crash-report` | `World::install_crash_report`, `World::watchdog` |
//! | `build` | `LibrarySource::cargo`: builds the library at each save; has `hot` |
//! | `glam`, `indexmap`, `smallvec`, `uuid` | [`State`] for types of the crate of that name |
//!
//! No feature changes the layout of a type.
//!
//! # Modules
//!
//! All that an engine or a game names is at the top. The public modules are the machinery, which neither needs:
//! [`boundary`] is what may cross between host and library, `build` watches sources and builds them,
//! [`library`](mod@library) takes a file to a loaded library (the options of `LibrarySource::cargo` are described
//! there), [`schema`] is the shape of state, [`validation`] checks a library's tables.
//!
//! # Words
//!
//! *class*: a game type. *handler*: an `event_*` method. *event table*: the numbered vocabulary of events. *event
//! mask*: a class's static bitmask over the table. *schema*: the shape of a class's state. *instance*, *object*: one
//! live value. *object id*: its stable name (slot and generation). *pool*: all instances of a class. *library*: a
//! loaded dynamic library. *epoch*: which reload we are at. *candidate*: a library not yet trusted. *route*: class and
//! event to handler. *plan*: what a reload will do. *consent*: that the running library agrees to a reload, by its
//! `before_reload` hook. *report*: what a reload did. *attic*: where state goes that current code has no place for.
//!
//! *safe point*: a place in the engine's loop where no game code runs. *chain*: events that cause one another. *crowd*:
//! the objects that one queued event is for, by [`Ctx::send_each`]. *rest*, *quarantine*: an object whose handler or
//! loop has panicked rests, and receives nothing until it is woken ([`ObjectStatus::Resting`]). *letter*: what another
//! thread has put into the [`Mailbox`], for the world to do. *short way*: of a build, that the compiler is called as
//! cargo last called it, without cargo; of an event, that its number and handlers are found at one look, as those of
//! the host's own tables are.
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
    ClassChange, ClassFate, DroppedEvent, EventRename, FieldChange, FieldFate, Outcome, ReloadPlan, ReloadReport,
    StageTime,
};
pub use save::{RestoreReport, SaveError, Saved};
pub use schema::State;
pub use session::ReloadSession;
pub use validation::{Problem, Rejection};
pub use world::{ClassSummary, ObjectStatus, SpawnError, World};
