//! `World`: all objects, and every way in for the engine.
#![expect(unsafe_code, reason = "hands erased values and the live state's address to dispatch")]

#[cfg(feature = "crash-report")]
use crate::crash::Watchdog;
use crate::{
    attic::{AtticListing, AtticSelection},
    boundary::ObjectId,
    class::GameClass,
    dispatch::{self, ChainBudget, Command, Ctx, Live, LivePtr, Origin, Payload},
    event::{Event, EventTable},
    library::{self, LibraryTable},
    mailbox::Receiver,
    registry::{LibraryId, Registry},
    report::ClassChange,
    save::{self, RestoreReport, SaveError, Saved},
    validation::{self, Image, Rejection},
};
use core::{fmt, marker::PhantomData, mem::ManuallyDrop, ptr::NonNull, time::Duration};
use serde::Serialize;

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
    /// How many libraries have been opened, the host's own image included.
    libraries: u16,
    #[cfg(feature = "crash-report")]
    pub(crate) watchdog: Option<Watchdog>,
    not_send: PhantomData<*mut ()>,
}

/// What [`World::classes`] says of a class.
#[derive(Clone, Debug, Serialize)]
pub struct ClassSummary {
    /// The class's path.
    pub path: String,
    /// Path of its base.
    pub base: Option<String>,
    /// Source file and line of the struct.
    pub place: String,
    /// The epoch whose code it runs.
    pub epoch: u32,
    /// False when the current library no longer has it; its objects are in the attic then.
    pub present: bool,
    /// Number of objects.
    pub instances: usize,
    /// Objects that rest until the next reload because a handler of theirs panicked.
    pub quarantined: Vec<String>,
    /// Events handled, own and inherited, by name.
    pub events: Vec<String>,
    /// Loops, own and inherited, by name.
    pub loops: Vec<String>,
    /// Bytes of one object.
    pub size: usize,
}

/// What an object is at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectStatus {
    /// It receives events.
    Live,
    /// It rests until the next reload, because a handler of it panicked.
    Resting,
    /// Its class is gone: it is kept in the attic, and goes on when the class comes back.
    InAttic,
    /// There is no such object, or not any more.
    Gone,
}

/// Why an object could not be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpawnError {
    /// There is no class with this path; with the nearest there is.
    UnknownClass {
        /// What was asked for.
        path: String,
        /// A path that ends alike.
        nearest: Option<String>,
    },
    /// The constructor failed.
    Constructor {
        /// The class.
        path: String,
        /// Why.
        reason: String,
    },
}

impl fmt::Display for SpawnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownClass { path, nearest } => {
                write!(f, "there is no class `{path}`")?;
                match nearest {
                    Some(nearest) => write!(f, "; did you mean `{nearest}`?"),
                    None => write!(f, "; a path is written as `crate::module::Class`"),
                }
            }
            Self::Constructor { path, reason } => write!(
                f,
                "an object of `{path}` cannot be constructed: {reason} (give the class a `Default`, \
                 or its fields `#[field(default = ..)]`)"
            ),
        }
    }
}

impl std::error::Error for SpawnError {}

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
            .and_then(|validated| Registry::default().with(LibraryId::HOST, 0, &validated, None))
            .unwrap_or_else(|rejection| panic!("the host's own event tables do not fit together:\n{rejection}"));
        let live = Live::begin(registry);
        #[cfg(feature = "crash-report")]
        crate::crash::world_begins();
        Self {
            live,
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

    pub(crate) fn next_library(&mut self) -> LibraryId {
        let library = LibraryId(self.libraries);
        self.libraries += 1;
        library
    }

    fn event_id<E: Event>(&self) -> Option<u16> {
        self.live().registry.vocabulary.id(E::Table::record(), E::INDEX)
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

    /// Queues an event for every object whose class handles it. Queued events are carried out, in
    /// order, by the next `emit`, `send`, `advance` or [`settle`](World::settle).
    pub fn launch<E: Event>(&mut self, event: E) {
        self.queue(ObjectId::NONE, event);
    }

    /// Queues an event for one object; see [`World::launch`].
    pub fn launch_to<E: Event>(&mut self, to: ObjectId, event: E) {
        if !to.is_none() {
            self.queue(to, event);
        }
    }

    fn queue<E: Event>(&mut self, to: ObjectId, event: E) {
        let Some(id) = self.event_id::<E>() else { return };
        let event = ManuallyDrop::new(event);
        // SAFETY: a valid `E`, which is not used again.
        let payload = unsafe { Payload::moved((&raw const event).cast(), &E::DESCRIPTOR) };
        let command = Command::Deliver { event: id, to, payload, origin: Origin::OUTSIDE };
        self.live_mut().queue.commands.push_back(command);
    }

    /// Carries out everything that is queued.
    pub fn settle(&mut self) {
        // SAFETY: the world is borrowed exclusively and no reference is held.
        unsafe { dispatch::settle(self.live_ptr()) }
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

    /// Makes `value` a live object of a class that is linked into the host, and tells it with `event_constructed`.
    ///
    /// # Errors
    ///
    /// When the world does not know the class: no library with it has been opened, or the reloadable
    /// one has its own version of it, which only [`World::spawn_named`] can create.
    pub fn spawn<T: GameClass>(&mut self, value: T) -> Result<ObjectId, SpawnError> {
        let Some(class) = self.live().registry.find_record(T::record()) else {
            // SAFETY: the record is one of this image.
            return Err(self.unknown_class(unsafe { T::record().path.get() }));
        };
        let value = ManuallyDrop::new(value);
        let live = self.live_ptr();
        // SAFETY: the world is borrowed exclusively and no reference is held; the value is a `T`, which
        // the record describes, and is not used again.
        Ok(unsafe {
            let id = dispatch::spawn_now(live, class, (&raw const value).cast(), size_of::<T>());
            dispatch::settle(live);
            id
        })
    }

    /// Creates an object of the class with this path through its constructor (its `Default`, else its
    /// fields' defaults), and tells it with `event_constructed`.
    ///
    /// # Errors
    ///
    /// When there is no such class, or the constructor fails.
    pub fn spawn_named(&mut self, path: &str) -> Result<ObjectId, SpawnError> {
        let Some(class) = self.live().registry.find(path) else { return Err(self.unknown_class(path)) };
        let live = self.live_ptr();
        // SAFETY: as for `spawn`.
        unsafe {
            let id = dispatch::construct_now(live, class)
                .map_err(|reason| SpawnError::Constructor { path: path.to_owned(), reason: reason.to_string() })?;
            dispatch::settle(live);
            Ok(id)
        }
    }

    fn unknown_class(&self, path: &str) -> SpawnError {
        let last = |path: &str| path.rsplit("::").next().unwrap_or(path).to_lowercase();
        let nearest = self
            .live()
            .registry
            .classes
            .iter()
            .find(|class| class.present && last(&class.path) == last(path))
            .map(|class| class.path.to_string());
        SpawnError::UnknownClass { path: path.to_owned(), nearest }
    }

    /// Ends an object, after `event_destroyed`. Answers whether there was one.
    pub fn destroy(&mut self, id: ObjectId) -> bool {
        let live = self.live_ptr();
        // SAFETY: the world is borrowed exclusively and no reference is held.
        unsafe {
            let existed = dispatch::end(live, id);
            dispatch::settle(live);
            existed
        }
    }

    /// Whether there is an object with this id, live or in the attic; [`World::status`] tells which.
    #[must_use]
    pub fn contains(&self, id: ObjectId) -> bool {
        self.status(id) != ObjectStatus::Gone
    }

    /// What becomes of an event to the object with this id.
    #[must_use]
    pub fn status(&self, id: ObjectId) -> ObjectStatus {
        let slots = &self.live().store.slots;
        if slots.is_in_attic(id) {
            ObjectStatus::InAttic
        } else if slots.object(id).is_none() {
            ObjectStatus::Gone
        } else if slots.is_quarantined(id) {
            ObjectStatus::Resting
        } else {
            ObjectStatus::Live
        }
    }

    /// What is kept of fields and classes that are gone.
    #[must_use]
    pub fn attic(&self) -> AtticListing {
        self.live().attic.listing()
    }

    /// Takes something out of the attic for good. Objects whose class is gone end with it. Answers with the number of
    /// objects and of field values that are no more.
    pub fn purge_attic(&mut self, selection: AtticSelection<'_>) -> (usize, usize) {
        let live = self.live_mut();
        let (ids, values) = live.attic.purge(selection);
        for id in &ids {
            live.store.remove(*id);
        }
        (ids.len(), values)
    }

    /// Sets how many bytes the attic may hold, 256 MiB unless set. A reload that would need more is refused.
    pub fn set_attic_limit(&mut self, bytes: usize) {
        self.live_mut().attic.set_limit(bytes);
    }

    /// The state of an object, if it is a `T`, or its class is based on `T` (then its base part), and
    /// `T` is linked into the host.
    #[must_use]
    pub fn get<T: GameClass>(&self, id: ObjectId) -> Option<&T> {
        let part = self.part(id, T::record())?;
        // SAFETY: the part is a `T`; objects only change through an exclusive borrow of the world.
        unsafe { part.cast::<T>().as_ref() }
    }

    /// [`World::get`], to change it.
    #[must_use]
    pub fn get_mut<T: GameClass>(&mut self, id: ObjectId) -> Option<&mut T> {
        let part = self.part(id, T::record())?;
        // SAFETY: as for `get`; the world is borrowed exclusively.
        unsafe { part.cast::<T>().as_mut() }
    }

    fn part(&self, id: ObjectId, class: &'static crate::class::ClassRecord) -> Option<*mut u8> {
        let live = self.live();
        let (object, number) = live.store.slots.object(id)?;
        Some(object.wrapping_add(live.registry.part_offset(number, class)?))
    }

    /// Number of live objects.
    #[must_use]
    pub fn instances(&self) -> usize {
        self.live().store.pools().iter().map(crate::instance::Pool::len).sum()
    }

    /// The ids of the live objects whose class has this path, or is based on it.
    #[must_use]
    pub fn instances_of(&self, path: &str) -> Vec<ObjectId> {
        let live = self.live();
        let Some(ancestor) = live.registry.find(path) else { return Vec::new() };
        (0..live.registry.classes.len() as u16)
            .filter(|number| live.registry.is_a(*number, ancestor))
            .flat_map(|number| live.store.ids(number))
            .collect()
    }

    /// The path of an object's class; of one in the attic the path that its class had.
    #[must_use]
    pub fn class_of(&self, id: ObjectId) -> Option<&str> {
        let live = self.live();
        match live.store.slots.object(id) {
            Some((_, number)) => Some(&live.registry.class(number).path),
            None => live.attic.object(id).map(|(class, _)| class),
        }
    }

    /// An object's state as JSON: what its class's schema knows of it; of one in the attic what it was. `None` if there
    /// is no such object.
    #[must_use]
    pub fn inspect(&self, id: ObjectId) -> Option<serde_json::Value> {
        let live = self.live();
        let unreadable = |error: serde_json::Error| serde_json::json!({ "unreadable": error.to_string() });
        let Some((object, number)) = live.store.slots.object(id) else {
            let (_, state) = live.attic.object(id)?;
            return Some(serde_json::from_str(state).unwrap_or_else(unreadable));
        };
        // SAFETY: the object is of the class that the descriptor describes, and is not changed meanwhile:
        // changing it needs an exclusive borrow of the world.
        let value = unsafe { crate::schema::Value::new(object, live.registry.class(number).state) };
        Some(serde_json::to_value(value).unwrap_or_else(unreadable))
    }

    /// All classes, sorted by path.
    #[must_use]
    pub fn classes(&self) -> Vec<ClassSummary> {
        let live = self.live();
        let registry = &live.registry;
        let mut classes: Vec<ClassSummary> = (0..registry.classes.len() as u16)
            .map(|number| {
                let class = registry.class(number);
                let pool = live.store.pool(number);
                let parked = live.attic.group(&class.path).map_or(0, |group| group.states.len());
                ClassSummary {
                    path: class.path.to_string(),
                    base: class.base.map(|base| registry.class(base).path.to_string()),
                    place: class.place.clone(),
                    epoch: class.epoch,
                    present: class.present,
                    instances: if class.present { pool.len() } else { parked },
                    quarantined: live.store.ids(number).skip(pool.active()).map(|id| id.to_string()).collect(),
                    events: registry.names(class.mask),
                    loops: class.loops.iter().map(|entry| entry.name.to_string()).collect(),
                    size: class.state.size,
                }
            })
            .filter(|class| class.present || class.instances > 0)
            .collect();
        classes.sort_by(|left, right| left.path.cmp(&right.path));
        classes
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
        save::save(self.live())
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

    /// Sets how far events may cause one another.
    pub fn set_chain_budget(&mut self, budget: ChainBudget) {
        self.live_mut().queue.budget = budget;
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
        unsafe {
            dispatch::delist(self.live);
            drop(Box::from_raw(self.live.as_ptr()));
        }
    }
}
