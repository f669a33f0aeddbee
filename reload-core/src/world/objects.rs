//! How the engine makes objects, reaches their state, and ends them.
#![expect(unsafe_code, reason = "hands erased values and the live state's address to dispatch")]

use super::World;
use crate::{
    boundary::ObjectId,
    class::{ClassRecord, GameClass},
    dispatch,
};
use core::{fmt, mem::ManuallyDrop};

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

impl World {
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
        let present = || self.live().registry.classes.iter().filter(|class| class.present);
        let nearest = present()
            .find(|class| class.was.as_deref() == Some(path))
            .or_else(|| present().find(|class| last(&class.path) == last(path)))
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

    /// The state of an object, if it is a `T`, or its class is based on `T` (then its base part), and
    /// `T` is linked into the host.
    ///
    /// `None` as well for code of the objects' own that [`World::inspect`], [`World::save`] or a plan calls while it reads
    /// them, such as a field's `Serialize`.
    #[must_use]
    pub fn get<T: GameClass>(&self, id: ObjectId) -> Option<&T> {
        if self.is_read() {
            return None;
        }
        let part = self.part(id, T::record())?;
        // SAFETY: the part is a `T`; objects only change through an exclusive borrow of the world, or in a cell of theirs, which
        // nobody reads now.
        unsafe { part.cast::<T>().as_ref() }
    }

    /// [`World::get`], to change it.
    #[must_use]
    pub fn get_mut<T: GameClass>(&mut self, id: ObjectId) -> Option<&mut T> {
        let part = self.part(id, T::record())?;
        // SAFETY: as for `get`; the world is borrowed exclusively.
        unsafe { part.cast::<T>().as_mut() }
    }

    fn part(&self, id: ObjectId, class: &'static ClassRecord) -> Option<*mut u8> {
        let live = self.live();
        let (object, number) = live.store.slots.object(id)?;
        Some(object.wrapping_add(live.registry.part_offset(number, class)?))
    }
}
