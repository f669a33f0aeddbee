//! The panic guard: turns a panic into an [`Outcome`] on the side where it arose. A panic that
//! crosses from one image into another aborts the process, so nothing that can unwind may leave
//! a function of the boundary any other way.
#![expect(unsafe_code, reason = "an outcome owns memory of the image that made it")]

use core::fmt;
use std::{
    any::Any,
    cell::Cell,
    io::Write as _,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Once, OnceLock},
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

    #[inline(always)]
    fn of(result: Result<(), Panicked>) -> Self {
        match result {
            Ok(()) => Self::FINE,
            Err(panicked) => Self::panicked(&panicked),
        }
    }

    #[cold]
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
    #[inline(always)]
    pub fn into_result(self) -> Result<(), Panicked> {
        if self.is_fine() { Ok(()) } else { Err(self.into_panicked()) }
    }

    #[cold]
    fn into_panicked(self) -> Panicked {
        // SAFETY: a pointer that is not null comes from `Outcome::panicked` and has not been freed,
        // because only `Drop` frees it.
        let note = unsafe { &*self.0 };
        // SAFETY: the note's texts live until it is freed.
        let (message, file) = unsafe {
            (
                core::slice::from_raw_parts(note.message, note.message_len),
                core::slice::from_raw_parts(note.file, note.file_len),
            )
        };
        let file = String::from_utf8_lossy(file);
        Panicked {
            message: String::from_utf8_lossy(message).into_owned(),
            location: if file.is_empty() { String::new() } else { format!("{file}:{}", note.line) },
        }
    }
}

impl Drop for Outcome {
    #[inline(always)]
    fn drop(&mut self) {
        if !self.is_fine() {
            free(self);
        }
    }
}

#[cold]
fn free(outcome: &mut Outcome) {
    // SAFETY: see `into_panicked`.
    let free = unsafe { (*outcome.0).free };
    // SAFETY: `free` belongs to the image that made this note.
    unsafe { free(outcome.0) }
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

/// Nested guards that each remember where their own panic was. A panic deeper than that is told without its place.
const DEPTHS: usize = 6;
/// Bytes of a source file's path that are kept; of a longer one the end.
const PLACE: usize = 160;

/// Where a panic was. Plain bytes: no memory to free, so that the thread-local needs no destructor.
#[derive(Clone, Copy)]
struct PanicPlace {
    file: [u8; PLACE],
    len: usize,
    line: u32,
}

impl PanicPlace {
    const NOWHERE: Self = Self { file: [0; PLACE], len: 0, line: 0 };

    fn of(file: &str, line: u32) -> Self {
        let bytes = file.as_bytes();
        let end = &bytes[bytes.len().saturating_sub(PLACE)..];
        let mut place = Self { line, len: end.len(), ..Self::NOWHERE };
        place.file[..end.len()].copy_from_slice(end);
        place
    }

    fn text(&self) -> String {
        if self.len == 0 {
            return String::new();
        }
        format!("{}:{}", String::from_utf8_lossy(&self.file[..self.len]), self.line)
    }
}

thread_local! {
    // Without destructors on purpose: a thread-local that has one keeps its library mapped.
    /// How many guards this thread is in.
    static GUARDED: Cell<usize> = const { Cell::new(0) };
    /// By guard: where the panic that it will catch was. Each thread and each guard has its own, because a destructor
    /// that runs while a panic passes may panic, and be caught, as well.
    static PLACES: [Cell<PanicPlace>; DEPTHS + 1] = const { [const { Cell::new(PanicPlace::NOWHERE) }; DEPTHS + 1] };
}

/// In place of a guard's number: a call that the host of this library, or a world of this image, has announced. It has a
/// place of its own, because it is not counted.
const ANNOUNCED: usize = usize::MAX;

/// The guard that catches a panic that begins now, if there is one.
fn innermost() -> Option<usize> {
    match GUARDED.get().checked_sub(1) {
        None => (HOST_IS_GUARDED.get().is_some_and(|host| host()) || a_world_runs()).then_some(ANNOUNCED),
        own => own,
    }
}

/// Answers whether this thread is in a guarded call that another image has announced.
pub(crate) type IsGuardedFn = extern "C" fn() -> bool;

/// The host's answer, in a library that a host has loaded.
static HOST_IS_GUARDED: OnceLock<IsGuardedFn> = OnceLock::new();

/// Answers whether a world of this image runs game code on this thread.
static OWN_WORLDS: OnceLock<fn() -> bool> = OnceLock::new();

fn a_world_runs() -> bool {
    OWN_WORLDS.get().is_some_and(|runs| runs())
}

/// See [`IsGuardedFn`]; this image's answer.
pub(crate) extern "C" fn is_guarded() -> bool {
    GUARDED.get() != 0 || a_world_runs()
}

/// Lets this image's hook know of the calls that its own worlds announce, by saying in their pulse that they run: the
/// cheapest way, because that is said anyway.
pub(crate) fn heed_own_worlds(runs: fn() -> bool) {
    let _ = OWN_WORLDS.set(runs);
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
            let Some(guard) = innermost() else { return previous(panic) };
            let first = take_place(guard);
            if first.len != 0 {
                // A second one before the first was caught: it passes through a destructor, which ends the process
                // next. This is the last chance to tell of both.
                let _ = writeln!(std::io::stderr(), "\nreload-core: a panic at {} was passing when", first.text());
                previous(panic);
            }
            if let Some(place) = panic.location() {
                set_place(guard, PanicPlace::of(place.file(), place.line()));
            }
        }));
    });
}

fn set_place(guard: usize, place: PanicPlace) {
    PLACES.with(|places| {
        if let Some(own) = places.get(guard.wrapping_add(1)) {
            own.set(place);
        }
    });
}

fn take_place(guard: usize) -> PanicPlace {
    PLACES.with(|places| {
        places.get(guard.wrapping_add(1)).map_or(PanicPlace::NOWHERE, |own| own.replace(PanicPlace::NOWHERE))
    })
}

/// Runs `call`; a panic becomes text and its payload is dropped here, in the image that made it.
///
/// # Errors
///
/// The panic.
pub fn guarded<R>(call: impl FnOnce() -> R) -> Result<R, Panicked> {
    // One look at the count, because in a library each is a call of the dynamic linker.
    GUARDED.with(|depth| {
        let guard = depth.get();
        depth.set(guard + 1);
        let result = catch_unwind(AssertUnwindSafe(call));
        // Still guarded: the payload's own destructor may panic.
        let result = result.map_err(|payload| caught(payload, guard));
        depth.set(guard);
        result
    })
}

/// Runs `call`, which does not unwind but may call what is guarded with [`guarded_announced`]: panics in there are quiet.
/// Handlers are announced by their world's pulse instead.
///
/// The host announces its calls into libraries, because in a library the look at the count costs more than the rest of a
/// delivery.
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
#[inline]
pub(crate) fn guarded_announced(call: &mut dyn FnMut()) -> Result<(), Panicked> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|payload| caught(payload, innermost().unwrap_or(ANNOUNCED)))
}

/// [`guarded`] for a function of the boundary. Runs `call` once.
///
/// It takes any call as one type: it is compiled once for a library and not anew for each
/// handler and each type of state.
pub fn guard(call: &mut dyn FnMut()) -> Outcome {
    Outcome::of(guarded(call))
}

/// [`guard`] for what is only called where the caller has announced it.
#[inline]
pub(crate) fn guard_announced(call: &mut dyn FnMut()) -> Outcome {
    Outcome::of(guarded_announced(call))
}

#[cold]
fn caught(payload: Box<dyn Any + Send>, guard: usize) -> Panicked {
    let location = take_place(guard).text();
    let message = payload
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_else(|| "a value that is not text".to_owned());
    // A payload's own destructor may panic; whatever that leaves is forgotten.
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        core::mem::forget(second);
    }
    Panicked { message, location }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_text_with_its_place() {
        install_hook();
        let outcome = guard(&mut || panic!("number {}", 7));
        let panicked = outcome.into_result().expect_err("it panicked");
        assert_eq!(panicked.message, "number 7");
        assert!(panicked.location.contains("guard.rs:"), "{}", panicked.location);
        assert_eq!(guard(&mut || ()).into_result(), Ok(()));
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

    #[test]
    fn every_panic_keeps_its_own_place() {
        install_hook();
        /// Panics, and is caught, while another panic passes.
        struct Untidy;
        impl Drop for Untidy {
            fn drop(&mut self) {
                let inner = guarded(|| panic!("inner")).expect_err("it panicked");
                assert_eq!(inner.message, "inner");
                assert!(!inner.location.is_empty());
            }
        }
        let here = line!() + 3;
        let outer = guarded(|| {
            let _untidy = Untidy;
            panic!("outer");
        });
        let outer = outer.expect_err("it panicked");
        assert_eq!(outer.message, "outer");
        assert!(outer.location.ends_with(&format!("guard.rs:{here}")), "{}", outer.location);
    }

    #[test]
    fn threads_do_not_mix_up_their_places() {
        install_hook();
        let first = line!() + 6;
        let threads: Vec<_> = (0..4)
            .map(|number| {
                std::thread::spawn(move || {
                    for _ in 0..300 {
                        let panicked = guarded(|| match number {
                            0 => panic!("0"),
                            1 => panic!("1"),
                            2 => panic!("2"),
                            _ => panic!("3"),
                        });
                        let panicked = panicked.expect_err("it panicked");
                        let line = panicked.location.rsplit(':').next().and_then(|line| line.parse().ok());
                        let line: u32 = line.expect("a line");
                        assert_eq!((panicked.message, line), (number.to_string(), first + number));
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().expect("no panic");
        }
    }
}
