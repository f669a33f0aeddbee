//! What a class's `migrate` sees of an object as it was. The same code runs in the host and in a library; the values are
//! read, and converted, by the host.
#![expect(unsafe_code, reason = "calls the host to write values in room made for them")]

use crate::{
    boundary::{ObjectId, RawStr},
    schema::{Descriptor, State},
};
use core::{fmt, marker::PhantomData, mem::MaybeUninit};

/// An object as it was before a change of its class, field by field.
///
/// A class whose fields changed in a way that no rule can guess says itself what its objects become, in a method of its
/// annotated `impl` block that is called `migrate`. It gets the old fields and the object as the rules carried it, and
/// returns the object as it shall be. It runs for every object whenever the class's shape has changed; an error or a
/// panic takes the whole reload back.
///
/// A value that does not fit its field any more (300 in what is a `u8` now) takes the reload back as well, unless `migrate`
/// asks for it with [`OldState::get`]: then the object that the rules carried has the field's default there.
///
/// ```
/// use reload_core::{MigrateError, OldState, game_class};
///
/// #[game_class]
/// #[derive(Default)]
/// pub struct Door {
///     // It was `open: bool`.
///     pub angle: f32,
/// }
///
/// #[game_class]
/// impl Door {
///     fn migrate(old: &OldState<'_>, carried: Self) -> Result<Self, MigrateError> {
///         if !old.has("open") {
///             return Ok(carried);
///         }
///         Ok(Self { angle: if old.get("open")? { 90.0 } else { 0.0 } })
///     }
/// }
/// # fn main() {}
/// ```
#[repr(C)]
pub struct OldState<'a> {
    pub(crate) calls: OldStateCalls,
    /// The host's side; only the host looks inside.
    pub(crate) reader: *const u8,
    pub(crate) object: ObjectId,
    pub(crate) from_epoch: u32,
    pub(crate) epoch: u32,
    pub(crate) old: PhantomData<&'a u8>,
}

/// The functions of the host behind an [`OldState`]. None of them unwinds.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct OldStateCalls {
    /// Writes the field's value, converted to `ty`, to `out`; or hands the reason why not to `take` and answers false.
    pub(crate) get: unsafe extern "C" fn(
        reader: *const u8,
        field: RawStr,
        ty: &'static Descriptor,
        out: *mut u8,
        take: unsafe extern "C" fn(state: *mut u8, text: RawStr),
        state: *mut u8,
    ) -> bool,
    /// Hands the field's type to `take` if there is such a field.
    pub(crate) type_of: unsafe extern "C" fn(
        reader: *const u8,
        field: RawStr,
        take: unsafe extern "C" fn(state: *mut u8, text: RawStr),
        state: *mut u8,
    ),
}

/// Why an object cannot be carried over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrateError(String);

impl MigrateError {
    /// An error with this reason.
    #[must_use]
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

impl fmt::Display for MigrateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for MigrateError {}

impl From<String> for MigrateError {
    fn from(reason: String) -> Self {
        Self(reason)
    }
}

impl From<&str> for MigrateError {
    fn from(reason: &str) -> Self {
        Self(reason.to_owned())
    }
}

/// What a `migrate` may return: the object, or a `Result` with it.
#[diagnostic::on_unimplemented(
    message = "`migrate` of the class `{C}` returns `{Self}`",
    label = "must be `Self` or `Result<Self, E>`"
)]
pub trait Migrated<C> {
    /// The object, or why there is none.
    ///
    /// # Errors
    ///
    /// The reason why the object cannot be carried over.
    fn migrated(self) -> Result<C, String>;
}

impl<C: super::GameClass> Migrated<C> for C {
    fn migrated(self) -> Result<C, String> {
        Ok(self)
    }
}

impl<C: super::GameClass, E: fmt::Display> Migrated<C> for Result<C, E> {
    fn migrated(self) -> Result<C, String> {
        self.map_err(|error| error.to_string())
    }
}

impl OldState<'_> {
    /// The value that the field had, as a `T`: of the type it had, or converted by the same rules as a field whose type
    /// has changed. `base.hp` names a field of a struct that is a field.
    ///
    /// # Errors
    ///
    /// There was no such field, or its value is not a `T`.
    pub fn get<T: State>(&self, field: &str) -> Result<T, MigrateError> {
        let mut value = MaybeUninit::<T>::uninit();
        let mut reason = String::new();
        let ty = crate::schema::descriptor::<T>();
        // SAFETY: the host made `self`; there is room for a `T`, and `take` fits the state.
        let written = unsafe {
            let out = value.as_mut_ptr().cast();
            (self.calls.get)(self.reader, RawStr::borrowed(field), ty, out, take, (&raw mut reason).cast())
        };
        // SAFETY: the host answers true when it has written a value of the type.
        if written { Ok(unsafe { value.assume_init() }) } else { Err(MigrateError(reason)) }
    }

    /// Whether there was such a field.
    #[must_use]
    pub fn has(&self, field: &str) -> bool {
        self.type_of(field).is_some()
    }

    /// The type that the field had, as [`Descriptor::type_name`] writes it; `None` if there was no such field. Where the
    /// object comes out of a save file or the attic, that is what was written there.
    #[must_use]
    pub fn type_of(&self, field: &str) -> Option<String> {
        let mut name = String::new();
        // SAFETY: the host made `self`; `take` fits the state.
        unsafe { (self.calls.type_of)(self.reader, RawStr::borrowed(field), take, (&raw mut name).cast()) };
        (!name.is_empty()).then_some(name)
    }

    /// The object's id.
    #[must_use]
    pub const fn object(&self) -> ObjectId {
        self.object
    }

    /// The epoch that is left.
    #[must_use]
    pub const fn from_epoch(&self) -> u32 {
        self.from_epoch
    }

    /// The epoch that is entered.
    #[must_use]
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }
}

impl fmt::Debug for OldState<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OldState").field("object", &self.object).finish_non_exhaustive()
    }
}

/// Takes a text into a `String`.
///
/// # Safety
///
/// 1. `state` points to a `String` that nothing else refers to during the call; `text` is readable.
unsafe extern "C" fn take(state: *mut u8, text: RawStr) {
    // SAFETY: (1)
    unsafe { (*state.cast::<String>()).push_str(text.get()) }
}
