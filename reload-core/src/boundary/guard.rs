//! The panic guard: turns a panic into an [`Outcome`] on the side where it arose. A panic that
//! crosses from one image into another aborts the process, so nothing that can unwind may leave
//! a function of the boundary any other way.
#![expect(unsafe_code, reason = "an outcome owns memory of the image that made it")]

use core::fmt;
use std::{
    any::Any,
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Mutex, Once, OnceLock, PoisonError},
};

/// What a guarded call came to: fine, or the note of a panic. Owned by the receiver, freed by the maker.
#[repr(transparent)]
#[must_use = "an outcome may carry a panic"]
pub struct Outcome(*mut PanicNote);

/// A panic as text, in memory of the image that caught it.
#[repr(C)]
struct PanicNote {
    message: *const u8,
    message_len: usize,
    file: *const u8,
    file_len: usize,
    line: u32,
    free: unsafe extern "C" fn(*mut PanicNote),
}

/// A panic that was caught at the boundary.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Panicked {
    /// The panic's message.
    pub message: String,
    /// Source file and line, `file:line`; empty where the hook did not see the panic.
    pub location: String,
}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.location.is_empty() {
            write!(f, "panicked: {}", self.message)
        } else {
            write!(f, "panicked at {}: {}", self.location, self.message)
        }
    }
}

impl std::error::Error for Panicked {}

impl Outcome {
    /// Nothing went wrong.
    pub const FINE: Self = Self(core::ptr::null_mut());

    /// Whether nothing went wrong.
    #[must_use]
    pub const fn is_fine(&self) -> bool {
        self.0.is_null()
    }

    fn panicked(panicked: &Panicked) -> Self {
        let (file, line) = panicked.location.rsplit_once(':').unwrap_or((&panicked.location, "0"));
        let message: &'static str = Box::leak(panicked.message.as_str().into());
        let file: &'static str = Box::leak(file.into());
        Self(Box::into_raw(Box::new(PanicNote {
            message: message.as_ptr(),
            message_len: message.len(),
            file: file.as_ptr(),
            file_len: file.len(),
            line: line.parse().unwrap_or(0),
            free: free_note,
        })))
    }

    /// The outcome as a result of this image; frees the note where it was made.
    ///
    /// # Errors
    ///
    /// The panic that was caught.
    pub fn into_result(self) -> Result<(), Panicked> {
        if self.0.is_null() {
            return Ok(());
        }
        // SAFETY: a pointer that is not null comes from `Outcome::panicked` and has not been freed,
        // because this method and `Drop` are the only ones that free it and both consume the outcome.
        let note = unsafe { &*self.0 };
        // SAFETY: the note's texts live until it is freed.
        let (message, file) = unsafe {
            (
                core::slice::from_raw_parts(note.message, note.message_len),
                core::slice::from_raw_parts(note.file, note.file_len),
            )
        };
        let file = String::from_utf8_lossy(file);
        Err(Panicked {
            message: String::from_utf8_lossy(message).into_owned(),
            location: if file.is_empty() { String::new() } else { format!("{file}:{}", note.line) },
        })
    }
}

impl Drop for Outcome {
    fn drop(&mut self) {
        if self.0.is_null() {
            return;
        }
        // SAFETY: see `into_result`.
        let free = unsafe { (*self.0).free };
        // SAFETY: `free` belongs to the image that made this note.
        unsafe { free(self.0) }
    }
}

/// Frees a note in the image that made it.
///
/// # Safety
///
/// 1. `note` comes from [`Outcome::panicked`] of this image and is not used again.
unsafe extern "C" fn free_note(note: *mut PanicNote) {
    // SAFETY: (1) made by `Box::into_raw`.
    let note = unsafe { Box::from_raw(note) };
    for (ptr, len) in [(note.message, note.message_len), (note.file, note.file_len)] {
        let text = core::ptr::slice_from_raw_parts_mut(ptr.cast_mut(), len);
        // SAFETY: (1) both texts were leaked from a `Box<str>`, whose layout is that of its bytes.
        drop(unsafe { Box::from_raw(text) });
    }
}

thread_local! {
    // Without a destructor on purpose: a thread-local that has one keeps its library mapped.
    static GUARDED: Cell<u32> = const { Cell::new(0) };
}
static LOCATION: Mutex<Option<String>> = Mutex::new(None);

/// Answers whether this thread is in a guarded call that another image has announced.
pub(crate) type IsGuardedFn = extern "C" fn() -> bool;

/// The host's answer, in a library that a host has loaded.
static HOST_IS_GUARDED: OnceLock<IsGuardedFn> = OnceLock::new();

/// See [`IsGuardedFn`]; this image's answer.
pub(crate) extern "C" fn is_guarded() -> bool {
    GUARDED.get() != 0
}

/// Lets this image's hook know of the calls that its host announces.
pub(crate) fn heed_host(host: IsGuardedFn) {
    let _ = HOST_IS_GUARDED.set(host);
}

/// Makes panics inside a guarded call quiet and remembers where they were; other panics go to the
/// hook that was there before. Each image has its own hook, so each calls this once.
pub(crate) fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !is_guarded() && !HOST_IS_GUARDED.get().is_some_and(|host| host()) {
                previous(panic);
            } else if let Some(place) = panic.location() {
                *LOCATION.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some(format!("{}:{}", place.file(), place.line()));
            }
        }));
    });
}

/// Runs `call`; a panic becomes text and its payload is dropped here, in the image that made it.
///
/// # Errors
///
/// The panic.
pub fn guarded<R>(call: impl FnOnce() -> R) -> Result<R, Panicked> {
    // One look at the count, because in a library each is a call of the dynamic linker.
    GUARDED.with(|depth| {
        depth.set(depth.get() + 1);
        let result = guarded_announced(call);
        depth.set(depth.get() - 1);
        result
    })
}

/// Runs `call`, which does not unwind but may call what is guarded with [`guarded_announced`]: panics in there are quiet.
///
/// The host announces its calls into libraries, because the count is at hand in an executable: in a library the look at
/// it costs more than the rest of a delivery.
#[inline(always)]
pub(crate) fn announce<R>(call: impl FnOnce() -> R) -> R {
    GUARDED.set(GUARDED.get() + 1);
    let result = call();
    GUARDED.set(GUARDED.get() - 1);
    result
}

/// [`guarded`] for what is only called where the caller has announced it.
///
/// # Errors
///
/// The panic.
#[inline(always)]
pub(crate) fn guarded_announced<R>(call: impl FnOnce() -> R) -> Result<R, Panicked> {
    catch_unwind(AssertUnwindSafe(call)).map_err(caught)
}

/// [`guarded`] for a function of the boundary.
pub fn guard(call: impl FnOnce()) -> Outcome {
    match guarded(call) {
        Ok(()) => Outcome::FINE,
        Err(panicked) => Outcome::panicked(&panicked),
    }
}

#[cold]
fn caught(payload: Box<dyn Any + Send>) -> Panicked {
    let message = payload
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_else(|| "a value that is not text".to_owned());
    // A payload's own destructor may panic; whatever that leaves is forgotten.
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        core::mem::forget(second);
    }
    let location = LOCATION.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default();
    Panicked { message, location }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_text_with_its_place() {
        install_hook();
        let outcome = guard(|| panic!("number {}", 7));
        let panicked = outcome.into_result().expect_err("it panicked");
        assert_eq!(panicked.message, "number 7");
        assert!(panicked.location.contains("guard.rs:"), "{}", panicked.location);
        assert_eq!(guard(|| ()).into_result(), Ok(()));
    }

    #[test]
    fn a_payload_that_panics_when_dropped_is_contained() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("again");
            }
        }
        let panicked = guarded(|| std::panic::panic_any(Bomb)).expect_err("it panicked");
        assert_eq!(panicked.message, "a value that is not text");
    }
}
