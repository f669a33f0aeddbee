//! A library that is part of the program: its tables are listed by hand instead of loaded. For tests
//! of reloads without building anything.

use super::{ClassPointer, TablePointer};
use crate::{
    boundary::RawSlice,
    class::GameClass,
    event::{EventTable, Lifecycle},
    validation::Image,
};
use std::sync::Arc;

/// One version of a library that is part of the program.
///
/// ```
/// use reload_core::{InProcess, LibrarySource, ReloadSession, World, event_table, game_class};
/// event_table! { pub table Events { Poked } }
/// mod v1 {
///     #[reload_core::game_class(path = "game::Cat", no_handlers)]
///     #[derive(Default)]
///     pub struct Cat { pub purrs: u32 }
/// }
/// mod v2 {
///     use super::*;
///     #[game_class(path = "game::Cat")]
///     #[derive(Default)]
///     pub struct Cat { pub purrs: u32 }
///     #[game_class]
///     impl Cat {
///         fn event_poked(&mut self) { self.purrs += 1 }
///     }
/// }
///
/// let mut world = World::new();
/// let first = InProcess::new().table::<Events>().class::<v1::Cat>();
/// let mut session = ReloadSession::open(LibrarySource::in_process("game", first), &mut world)?;
/// let cat = world.spawn_named("game::Cat")?;
/// world.emit(&Poked);
///
/// let second = InProcess::new().table::<Events>().class::<v2::Cat>();
/// let report = session.offer(&mut world, second);
/// assert!(report.is_reloaded(), "{report}");
/// world.emit(&Poked);
/// assert_eq!(world.get::<v2::Cat>(cat).expect("it lives").purrs, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct InProcess {
    classes: Vec<ClassPointer>,
    tables: Vec<TablePointer>,
}

impl InProcess {
    /// A library without classes, which knows the core's own events.
    #[must_use]
    pub fn new() -> Self {
        Self::default().table::<Lifecycle>()
    }

    /// With a class.
    #[must_use]
    pub fn class<T: GameClass>(mut self) -> Self {
        self.classes.push(ClassPointer(T::record()));
        self
    }

    /// With an event table.
    #[must_use]
    pub fn table<T: EventTable>(mut self) -> Self {
        self.tables.push(TablePointer(T::record()));
        self
    }

    /// The lists stay allocated as long as the image is kept.
    pub(crate) fn into_image(self) -> Image {
        let keep = Arc::new(self);
        Image {
            classes: RawSlice::borrowed(&keep.classes),
            tables: RawSlice::borrowed(&keep.tables),
            before_reload: None,
            after_reload: None,
            keep,
        }
    }
}
