//! `World`: all objects, and every way in for the engine.
#![expect(unsafe_code, reason = "hands erased values and the live state's address to dispatch")]

mod look;
mod objects;

pub use look::{ClassSummary, ObjectStatus};
pub use objects::SpawnError;

#[cfg(feature = "crash-report")]
use crate::crash::Watchdog;
use crate::{
    boundary::ObjectId,
    dispatch::{self, Ask, ChainBudget, Ctx, Live, LivePtr, Origin},
    event::{Event, EventTable},
    library::{self, LibraryTable},
    mailbox::Receiver,
    registry::{FormerNumbers, LibraryId, Registry},
    report::ClassChange,
    save::{self, RestoreReport, SaveError, Saved},
    validation::{self, Image, Rejection},
};
use core::{
    cell::Cell,
    fmt,
    marker::PhantomData,
    mem::ManuallyDrop,
    ptr::NonNull,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// An observer of class changes.
pub(crate) type Observer = Box<dyn FnMut(&ClassChange)>;

/// All live objects and the classes they belong to.
///
/// A world belongs to one thread; other threads use its [`mailbox`](World::mailbox).
///
/// ```
/// use reload_core::World;
/// let mut world = World::new();
/// world.advance(0.02);
/// assert_eq!(world.now().as_millis(), 20);
/// ```
pub struct World {
    /// Boxed, so that its address holds while game code runs.
    live: NonNull<Live>,
    pub(crate) observers: Vec<Observer>,
    pub(crate) receiver: Receiver,
    /// Another one for each world of the process.
    pub(crate) id: u64,
    /// How many read the objects and call code of theirs meanwhile, which must not get at them.
    readers: Cell<u32>,
    /// How many libraries have been opened, the host's own image included.
    libraries: u32,
    #[cfg(feature = "crash-report")]
    pub(crate) watchdog: Option<Watchdog>,
    not_send: PhantomData<*mut ()>,
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// An empty world that knows the events of the host's own tables.
    ///
    /// # Panics
    ///
    /// When two event tables of the host declare events with the same path, which the compiler rules out.
    #[must_use]
    pub fn new() -> Self {
        crate::boundary::install_hook();
        let own = LibraryTable::own::<library::NoHooks>();
        let mut image = Image::of(&own, std::rc::Rc::new(()));
        image.classes = crate::boundary::RawSlice::EMPTY;
        let registry = validation::validate(image)
            .and_then(|validated| {
                Registry::default().with(LibraryId::HOST, 0, &validated, FormerNumbers::default(), &|_| false)
            })
            .unwrap_or_else(|rejection| panic!("the host's own event tables do not fit together:\n{rejection}"));
        let live = Live::begin(registry);
        #[cfg(feature = "crash-report")]
        crate::crash::world_begins();
        static WORLDS: AtomicU64 = AtomicU64::new(0);
        Self {
            live,
            id: WORLDS.fetch_add(1, Ordering::Relaxed),
            readers: Cell::new(0),
            observers: Vec::new(),
            receiver: Receiver::default(),
            libraries: 1,
            #[cfg(feature = "crash-report")]
            watchdog: None,
            not_send: PhantomData,
        }
    }

    /// The live state, for what does not run game code.
    pub(crate) fn live(&self) -> &Live {
        // SAFETY: the box lives as long as the world; whoever changes it borrows the world exclusively.
        unsafe { self.live.as_ref() }
    }

    /// The live state, for what does not run game code.
    pub(crate) fn live_mut(&mut self) -> &mut Live {
        // SAFETY: as for `live`.
        unsafe { self.live.as_mut() }
    }

    /// The live state's address, for what runs game code: no reference into it may be held meanwhile.
    pub(crate) fn live_ptr(&mut self) -> LivePtr {
        self.live
    }

    /// Calls what reads the objects. Code of theirs that it calls, such as a field's `Serialize`, gets no reference to one: by it
    /// a `Cell` could be emptied under the reader.
    pub(crate) fn while_read<R>(&self, read: impl FnOnce() -> R) -> R {
        struct Reader<'a>(&'a Cell<u32>);
        impl Drop for Reader<'_> {
            fn drop(&mut self) {
                self.0.set(self.0.get() - 1);
            }
        }
        self.readers.set(self.readers.get() + 1);
        let _reader = Reader(&self.readers);
        read()
    }

    fn is_read(&self) -> bool {
        self.readers.get() > 0
    }

    pub(crate) fn next_library(&mut self) -> LibraryId {
        let library = LibraryId(self.libraries);
        self.libraries += 1;
        library
    }

    fn event_id<E: Event>(&self) -> Option<u16> {
        let (registry, table) = (&self.live().registry, E::Table::record());
        registry.short_way(table, E::INDEX).map(|way| way.event).or_else(|| registry.vocabulary.id(table, E::INDEX))
    }

    /// Sends an event, now, to every object whose class handles it and to the listeners; then carries
    /// out everything that their handlers asked for.
    ///
    /// Objects of one class receive it in the order in which they lie in memory, which changes as
    /// objects come and go; classes in the order of their paths; listeners last.
    #[inline]
    pub fn emit<E: Event>(&mut self, event: &E) {
        // SAFETY: the world is borrowed exclusively and no reference is held.
        unsafe { dispatch::emit(self.live_ptr(), event) }
    }

    /// Sends an event, now, to one object; then carries out everything that its handler asked for.
    /// Answers whether the object had a handler for it.
    #[inline]
    pub fn send<E: Event>(&mut self, to: ObjectId, event: &E) -> bool {
        // SAFETY: as for `emit`.
        unsafe { dispatch::send(self.live_ptr(), to, event) }
    }

    /// Sends an event, now, to each of these objects in their order, as [`World::send`] does: what a handler asks for is
    /// carried out before the next object has its event. Answers how many had a handler for it.
    ///
    /// Sooner than one call for each, above all where there are so many objects that they lie far in memory: as it is known
    /// who is next, they are fetched in time.
    ///
    /// ```
    /// # mod game {
    /// # use reload_core::{Ctx, GameClass, event_table, game_class};
    /// event_table! {
    ///     pub table GameEvents { Burned { amount: u32 }, }
    /// }
    /// #[game_class(path = "game::Tree")]
    /// #[derive(Default)]
    /// pub struct Tree { pub burned: u32 }
    /// #[game_class]
    /// impl Tree {
    ///     fn event_burned(&mut self, ev: &Burned) { self.burned += ev.amount; }
    /// }
    /// # }
    /// # use game::{Burned, GameEvents, Tree};
    /// # use reload_core::{InProcess, LibrarySource, ReloadSession, World};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut world = World::new();
    /// # let library = InProcess::new().table::<GameEvents>().class::<Tree>();
    /// # let _session = ReloadSession::open(LibrarySource::in_process("game", library), &mut world)?;
    /// let wood = [world.spawn(Tree::default())?, world.spawn(Tree::default())?, world.spawn(Tree::default())?];
    /// assert_eq!(world.send_each(&wood[1..], &Burned { amount: 3 }), 2);
    /// assert_eq!(wood.map(|tree| world.get::<Tree>(tree).map_or(0, |tree| tree.burned)), [0, 3, 3]);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn send_each<E: Event>(&mut self, to: &[ObjectId], event: &E) -> usize {
        let Some(id) = self.event_id::<E>() else { return 0 };
        // SAFETY: as for `emit`; the payload is an `E`, which is the event of this number.
        unsafe { dispatch::send_each(self.live_ptr(), id, to, core::ptr::from_ref(event).cast()) }
    }

    /// Queues an event for every object whose class handles it. Queued events are carried out, in
    /// order, by the next `emit`, `send`, `advance` or [`settle`](World::settle).
    pub fn launch<E: Event>(&mut self, event: E) {
        self.queue(ObjectId::NONE, event);
    }

    /// Queues an event for one object; see [`World::launch`].
    ///
    /// Of what is queued it is known what comes next, so that objects that lie far in memory are fetched in time: to send
    /// different events to many of hundreds of thousands, queue a thousand at a time and [settle](World::settle). Few
    /// objects are reached sooner by [`World::send`], and many with one event by [`World::send_each`].
    pub fn launch_to<E: Event>(&mut self, to: ObjectId, event: E) {
        if !to.is_none() {
            self.queue(to, event);
        }
    }

    fn queue<E: Event>(&mut self, to: ObjectId, event: E) {
        let Some(id) = self.event_id::<E>() else { return };
        let (event, ask) = (ManuallyDrop::new(event), Ask::Deliver { event: id, origin: Origin::OUTSIDE });
        // SAFETY: a valid `E`, which is not used again.
        unsafe { self.live_mut().queue.push_moved(ask, to, (&raw const event).cast(), &E::DESCRIPTOR) };
    }

    /// Carries out everything that is queued.
    pub fn settle(&mut self) {
        // SAFETY: the world is borrowed exclusively and no reference is held.
        unsafe { dispatch::settle(self.live_ptr()) };
    }

    /// Lets `seconds` of world time pass: carries out what the mailbox holds, then runs the loops and
    /// delayed events that become due, in order of their time. Negative time and NaN count as none.
    pub fn advance(&mut self, seconds: f32) {
        self.receive();
        let nanoseconds = (f64::from(seconds) * 1e9).round() as u64;
        // SAFETY: the world is borrowed exclusively and no reference is held.
        unsafe {
            dispatch::settle(self.live_ptr());
            dispatch::advance(self.live_ptr(), nanoseconds);
        }
    }

    /// World time: what [`World::advance`] has added up to.
    #[must_use]
    pub fn now(&self) -> Duration {
        Duration::from_nanos(self.live().clock.now)
    }

    /// Calls `listener` for each event `E`, after the objects that handle it. Listeners are the host's
    /// own subscribers: no reload touches them.
    pub fn listen<E: Event>(&mut self, mut listener: impl FnMut(&E, &mut Ctx) + 'static) {
        let Some(id) = self.event_id::<E>() else { return };
        let erased = move |payload: *const u8, ctx: &mut Ctx| {
            // SAFETY: listeners are kept by the number of their event.
            listener(unsafe { &*payload.cast::<E>() }, ctx);
        };
        self.live_mut().listeners[usize::from(id)].push(Box::new(erased));
    }

    /// The whole world as text: every object with its id, what is queued, what waits for its time, and the attic. The
    /// objects are written through their classes' schema, so newer code reads the file by the rules of a reload.
    ///
    /// ```
    /// use reload_core::{LibrarySource, InProcess, ReloadSession, World, game_class};
    /// #[game_class(path = "game::Cat", no_handlers)]
    /// #[derive(Default)]
    /// pub struct Cat { pub lives: u32 }
    /// fn open() -> (World, ReloadSession) {
    ///     let mut world = World::new();
    ///     let library = InProcess::new().class::<Cat>();
    ///     let session = ReloadSession::open(LibrarySource::in_process("game", library), &mut world).expect("it runs");
    ///     (world, session)
    /// }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (mut world, _session) = open();
    /// let cat = world.spawn(Cat { lives: 9 })?;
    /// let saved = world.save()?;
    ///
    /// let (mut world, _session) = open();
    /// world.restore(&saved.text)?;
    /// assert_eq!(world.get::<Cat>(cat).expect("it lives").lives, 9);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The first object that cannot be written.
    pub fn save(&self) -> Result<Saved, SaveError> {
        self.while_read(|| save::save(self.live()))
    }

    /// Replaces everything in the world by what [`World::save`] has written: the objects that live now end, without
    /// `event_destroyed`. Classes, listeners and observers stay; the classes have to be there, so a session is opened
    /// first. Objects that rested because of a panic are awake, as after a reload. Objects whose class is gone go to the
    /// attic; those of a class with another shape are carried over, its
    /// `migrate` included, and are told with `event_reloaded`; what they ask for is queued.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the file, or does not become what it should. The world is as before.
    pub fn restore(&mut self, text: &str) -> Result<RestoreReport, Rejection> {
        save::restore(self, text)
    }

    /// Sets how far events may cause one another, from the next one on. Unless set, it is [`ChainBudget::default`]:
    /// 1,000 links, and a million events.
    pub fn set_chain_budget(&mut self, budget: ChainBudget) {
        self.live_mut().queue.chains.budget = budget;
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("instances", &self.instances()).field("now", &self.now()).finish_non_exhaustive()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // While the signal handlers still know the world.
        self.live_mut().forget_everything();
        // SAFETY: made by `Live::begin` in `new`, on this thread, which the world does not leave; freed only here.
        unsafe { Live::finish(self.live) };
    }
}
