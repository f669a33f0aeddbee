//! The way into a world for other threads: letters that the world opens when it is at a safe point.

use crate::{boundary::ObjectId, event::Event, world::World};
use core::fmt;
use std::sync::mpsc;

/// A letter: what to do with the world.
pub(crate) type Letter = Box<dyn FnOnce(&mut World) + Send>;

/// A way into a [`World`] for other threads. Cheap to clone; letters of one thread are opened in order.
///
/// ```
/// use reload_core::World;
/// let mut world = World::new();
/// let mailbox = world.mailbox();
/// let thread = std::thread::spawn(move || mailbox.run(|world| world.advance(1.0)).is_ok());
/// assert!(thread.join().expect("no panic"));
/// world.receive();
/// assert_eq!(world.now().as_secs(), 1);
/// ```
#[derive(Clone)]
pub struct Mailbox {
    sender: mpsc::Sender<Letter>,
}

/// The world is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorldGone;

impl fmt::Display for WorldGone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the world that this mailbox belongs to has been dropped")
    }
}

impl std::error::Error for WorldGone {}

impl Mailbox {
    /// Sends an event to every object whose class handles it.
    ///
    /// # Errors
    ///
    /// When the world has been dropped.
    pub fn launch<E: Event + Send>(&self, event: E) -> Result<(), WorldGone> {
        self.run(move |world| world.emit(&event))
    }

    /// Sends an event to one object.
    ///
    /// # Errors
    ///
    /// When the world has been dropped.
    pub fn launch_to<E: Event + Send>(&self, to: ObjectId, event: E) -> Result<(), WorldGone> {
        self.run(move |world| {
            world.send(to, &event);
        })
    }

    /// Runs `letter` on the world's thread at its next safe point. If it panics, that is one of the world's faults; the
    /// letters behind it are opened all the same.
    ///
    /// # Errors
    ///
    /// When the world has been dropped.
    pub fn run(&self, letter: impl FnOnce(&mut World) + Send + 'static) -> Result<(), WorldGone> {
        self.sender.send(Box::new(letter)).map_err(|_| WorldGone)
    }
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mailbox")
    }
}

/// The world's end of the mailbox.
pub(crate) struct Receiver {
    sender: mpsc::Sender<Letter>,
    letters: mpsc::Receiver<Letter>,
}

impl Default for Receiver {
    fn default() -> Self {
        let (sender, letters) = mpsc::channel();
        Self { sender, letters }
    }
}

impl Receiver {
    pub(crate) fn mailbox(&self) -> Mailbox {
        Mailbox { sender: self.sender.clone() }
    }

    /// What has arrived by now.
    pub(crate) fn letters(&self) -> Vec<Letter> {
        self.letters.try_iter().collect()
    }
}
