//! The way into a world for other threads: letters that the world opens when it is at a safe point.

use crate::{
    boundary::{ObjectId, Panicked, guarded},
    event::Event,
    world::World,
};
use core::fmt;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
    mpsc,
};

/// A letter: what to do with the world.
pub(crate) struct Letter(Option<Words>);
type Words = Box<dyn FnOnce(&mut World) + Send>;

impl Letter {
    /// Does what the letter says.
    pub(crate) fn open(mut self, world: &mut World) -> Result<(), Panicked> {
        match self.0.take() {
            Some(letter) => guarded(|| letter(world)),
            None => Ok(()),
        }
    }
}

impl Drop for Letter {
    /// One that is never opened: what it holds may panic when it is dropped, wherever that is.
    fn drop(&mut self) {
        if let Some(letter) = self.0.take()
            && let Err(panic) = guarded(|| drop(letter))
        {
            tracing::error!(target: "reload_core::fault", "a letter that was never opened {panic}");
        }
    }
}

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
///
/// The world itself stays on its thread: it can be neither sent to another one nor shared with it.
///
/// ```compile_fail,E0277
/// let world = reload_core::World::new();
/// std::thread::spawn(move || world.now());
/// ```
///
/// ```compile_fail,E0277
/// let world = reload_core::World::new();
/// std::thread::scope(|scope| drop(scope.spawn(|| world.now())));
/// ```
///
/// A letter takes along only what may change threads, and lives as long as it has to.
///
/// ```compile_fail,E0277
/// let mailbox = reload_core::World::new().mailbox();
/// let here = std::rc::Rc::new(1);
/// mailbox.run(move |_| drop(here));
/// ```
///
/// ```compile_fail,E0597
/// let mailbox = reload_core::World::new().mailbox();
/// let name = String::from("Grix");
/// let borrowed = &name;
/// mailbox.run(move |_| drop(borrowed.len()));
/// ```
///
/// ```
/// fn may_go_anywhere<T: Clone + Send + Sync + 'static>() {}
/// may_go_anywhere::<reload_core::Mailbox>();
/// ```
#[derive(Clone)]
pub struct Mailbox {
    sender: mpsc::Sender<Letter>,
    /// Letters that anybody began to send.
    sent: Arc<AtomicU64>,
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

    /// Runs `letter` on the world's thread at its next safe point: when the engine next calls [`World::advance`], which
    /// opens letters before loops and delayed events, or [`World::receive`]. No game code runs then, and the letter may
    /// do anything with the world. If it panics, that is one of the world's faults; the letters behind it are opened
    /// all the same. A world that is dropped before that drops the letter.
    ///
    /// # Errors
    ///
    /// When the world has been dropped.
    pub fn run(&self, letter: impl FnOnce(&mut World) + Send + 'static) -> Result<(), WorldGone> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        self.sender.send(Letter(Some(Box::new(letter)))).map_err(|_| WorldGone)
    }
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mailbox")
    }
}

/// The world's end of the mailbox.
pub(crate) struct Receiver {
    mailbox: Mailbox,
    letters: mpsc::Receiver<Letter>,
    taken: u64,
}

impl Default for Receiver {
    fn default() -> Self {
        let (sender, letters) = mpsc::channel();
        Self { mailbox: Mailbox { sender, sent: Arc::default() }, letters, taken: 0 }
    }
}

impl Receiver {
    pub(crate) fn mailbox(&self) -> Mailbox {
        self.mailbox.clone()
    }

    /// What has arrived by now, and no more: who sends faster than this takes does not keep the world.
    pub(crate) fn letters(&mut self) -> Vec<Letter> {
        let arrived = self.mailbox.sent.load(Ordering::Relaxed) - self.taken;
        let letters: Vec<Letter> =
            self.letters.try_iter().take(usize::try_from(arrived).unwrap_or(usize::MAX)).collect();
        self.taken += letters.len() as u64;
        letters
    }
}
