//! Handlers of signals: one that says what was running when the process dies, one that answers a watchdog. Written with
//! `sigaction` itself: `signal-hook-registry` refuses the signals of a crash. Everything here that a handler reaches is
//! async-signal-safe: atomics, thread-locals without destructor, `write`, `sigaction`, `raise`. Nothing allocates.
#![expect(unsafe_code, reason = "sets and calls signal handlers")]

use crate::{boundary::ObjectId, dispatch};
use core::{
    cell::Cell,
    ffi::{c_int, c_void},
    mem::MaybeUninit,
    ptr::null_mut,
    sync::atomic::{AtomicBool, Ordering},
};
use std::{io, sync::OnceLock};

/// What ends a process that has gone wrong.
const CRASHES: [(c_int, &str); 6] = [
    (libc::SIGSEGV, "SIGSEGV: access to memory that is not there, or a stack overflow"),
    (libc::SIGABRT, "SIGABRT: abort, a panic while another one passed, or a stack overflow"),
    (libc::SIGBUS, "SIGBUS: access to memory that has no file behind it any more"),
    (libc::SIGILL, "SIGILL: an instruction that is none, or a deliberate stop"),
    (libc::SIGFPE, "SIGFPE: impossible arithmetic"),
    (libc::SIGTRAP, "SIGTRAP: a deliberate stop"),
];

/// The signal by which a watchdog asks. Ignored by default, so that a late question harms nobody.
pub(super) const QUESTION: c_int = libc::SIGURG;

/// Bytes of the stack that handlers run on; what the standard library sets up is small for a debug build.
const STACK: usize = 64 * 1024;

/// What was installed before, by signal.
static BEFORE: [OnceLock<libc::sigaction>; 65] = [const { OnceLock::new() }; 65];
static INSTALLED: AtomicBool = AtomicBool::new(false);
/// The report is given once: the handler of a stack overflow aborts, which is a signal as well.
static TOLD: AtomicBool = AtomicBool::new(false);

type Handler = unsafe extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void);

/// See [`World::install_crash_report`](crate::World::install_crash_report).
pub(super) fn install() -> io::Result<()> {
    own_stack()?;
    INSTALLED.store(true, Ordering::Relaxed);
    CRASHES.iter().try_for_each(|(signal, _)| set(*signal, crashed))
}

/// Lets the handler of [`QUESTION`] be installed.
pub(super) fn answer_questions() -> io::Result<()> {
    set(QUESTION, asked)
}

/// A world begins on this thread: an overflow of its stack needs another one for the handler.
pub(crate) fn world_begins() {
    if INSTALLED.load(Ordering::Relaxed)
        && let Err(error) = own_stack()
    {
        tracing::debug!(%error, "this thread has no stack for a crash report");
    }
}

/// Sets a handler, once, and remembers the one before.
fn set(signal: c_int, handler: Handler) -> io::Result<()> {
    let Some(before) = BEFORE.get(signal as usize) else { return Err(io::ErrorKind::InvalidInput.into()) };
    if before.get().is_some() {
        return Ok(());
    }
    let mut found = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: asks only; `found` is valid for a write.
    if unsafe { libc::sigaction(signal, core::ptr::null(), found.as_mut_ptr()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: written by the call above; all zeros is valid as well.
    let found = unsafe { found.assume_init() };
    // Known before the handler that needs it can run.
    if before.set(found).is_err() {
        return Ok(());
    }
    // SAFETY: all zeros is a valid `sigaction`: the default, no flags, no other signal blocked.
    let mut action: libc::sigaction = unsafe { core::mem::zeroed() };
    action.sa_sigaction = handler as *const () as usize;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART;
    // SAFETY: the handler has the signature that `SA_SIGINFO` asks for and is async-signal-safe (see above).
    if unsafe { libc::sigaction(signal, &raw const action, null_mut()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Gives this thread's handlers a stack that is large enough. It is never freed: the thread may crash until its end.
fn own_stack() -> io::Result<()> {
    thread_local! {
        static DONE: Cell<bool> = const { Cell::new(false) };
    }
    if DONE.replace(true) {
        return Ok(());
    }
    let stack: &'static mut [MaybeUninit<u8>] = Box::leak(Box::new_uninit_slice(STACK));
    let stack = libc::stack_t { ss_sp: stack.as_mut_ptr().cast(), ss_flags: 0, ss_size: STACK };
    // SAFETY: the memory is leaked, so it is nobody else's for as long as the process lives. (Whoever set another one
    // before, the standard library, frees its own at the thread's end and nothing else.)
    if unsafe { libc::sigaltstack(&raw const stack, null_mut()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// The process dies.
///
/// # Safety
///
/// 1. Called by the system, as `SA_SIGINFO` says.
unsafe extern "C" fn crashed(signal: c_int, detail: *mut libc::siginfo_t, context: *mut c_void) {
    if !TOLD.swap(true, Ordering::Relaxed) {
        let name = CRASHES.iter().find(|(known, _)| *known == signal).map_or("", |(_, name)| name);
        // First what needs no memory of the game, which may be what is damaged.
        Line::new().text("\nreload-core: this process dies of ").text(name).end();
        let mut any = false;
        dispatch::each_here(|live| {
            // SAFETY: the world is one of this thread's, and this is a signal handler on it.
            let Some(sight) = (unsafe { dispatch::sight(live) }) else { return };
            any = true;
            let mut line = Line::new().text("reload-core: `").text(sight.kind).text(sight.name).text("` was running");
            if !sight.class.is_empty() {
                line = line.text(" in class ").text(sight.class);
            }
            line.object(sight.object).end();
        });
        if !any {
            Line::new().text("reload-core: no game code was running on this thread").end();
        }
    }
    // SAFETY: (1)
    unsafe { hand_on(signal, detail, context, true) }
}

/// A watchdog asks what runs.
///
/// # Safety
///
/// 1. Called by the system, as `SA_SIGINFO` says.
unsafe extern "C" fn asked(signal: c_int, detail: *mut libc::siginfo_t, context: *mut c_void) {
    dispatch::each_here(|live| {
        // SAFETY: the world is one of this thread's, and this is a signal handler on it.
        unsafe { dispatch::reply(live) }
    });
    // SAFETY: (1)
    unsafe { hand_on(signal, detail, context, false) }
}

/// Does what would have been done without this file.
///
/// # Safety
///
/// 1. The arguments are those of the handler that calls this.
unsafe fn hand_on(signal: c_int, detail: *mut libc::siginfo_t, context: *mut c_void, fatal: bool) {
    let Some(before) = BEFORE.get(signal as usize).and_then(OnceLock::get) else { return };
    // SAFETY: (1): the system has filled it.
    let is_by_kernel = fatal && unsafe { (*detail).si_code } > 0;
    match before.sa_sigaction {
        // The system lets nobody ignore what it raises itself for an instruction that cannot be carried out: that would be tried
        // without end.
        libc::SIG_IGN if is_by_kernel => {
            let mut default = *before;
            default.sa_sigaction = libc::SIG_DFL;
            // SAFETY: neither call has a condition on memory; the default is a valid action.
            unsafe {
                libc::sigaction(signal, &raw const default, null_mut());
                libc::raise(signal);
            }
        }
        libc::SIG_IGN => {}
        libc::SIG_DFL if !fatal => {}
        libc::SIG_DFL => {
            // The signal is blocked until this returns; then it arrives once more and the default ends the process,
            // with the right status and a core dump of the place.
            // SAFETY: neither call has a condition on memory; `before` is a valid action.
            unsafe {
                libc::sigaction(signal, core::ptr::from_ref(before), null_mut());
                libc::raise(signal);
            }
        }
        handler if before.sa_flags & libc::SA_SIGINFO != 0 => {
            // SAFETY: the system kept it as a handler of this form.
            let handler: Handler = unsafe { core::mem::transmute(handler) };
            // SAFETY: (1)
            unsafe { handler(signal, detail, context) }
        }
        handler => {
            // SAFETY: the system kept it as a handler of this form.
            let handler: unsafe extern "C" fn(c_int) = unsafe { core::mem::transmute(handler) };
            // SAFETY: (1)
            unsafe { handler(signal) }
        }
    }
}

/// A line for stderr, put together without allocating.
struct Line {
    bytes: [u8; 400],
    len: usize,
}

impl Line {
    const fn new() -> Self {
        Self { bytes: [0; 400], len: 0 }
    }

    /// As much of `text` as there is room for.
    fn text(mut self, text: &str) -> Self {
        for (place, byte) in self.bytes.iter_mut().skip(self.len).zip(text.bytes()) {
            *place = byte;
            self.len += 1;
        }
        self
    }

    fn object(self, id: ObjectId) -> Self {
        if id.is_none() { self } else { self.text(", object #").number(id.slot()).text(".").number(id.generation()) }
    }

    fn number(self, mut number: u32) -> Self {
        let (mut digits, mut at) = ([0; 10], 10);
        loop {
            at -= 1;
            digits[at] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.text(core::str::from_utf8(&digits[at..]).unwrap_or_default())
    }

    fn end(self) {
        let line = if self.len < self.bytes.len() { self.text("\n") } else { self };
        // SAFETY: the bytes are initialised. There is nobody to tell of an error.
        let _ = unsafe { libc::write(2, line.bytes.as_ptr().cast(), line.len) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_and_numbers_are_whole() {
        let line = Line::new().text("x").object(ObjectId::from_parts(0, u32::MAX));
        assert_eq!(&line.bytes[..line.len], b"x, object #0.4294967295");
        let long = Line::new().text(&"y".repeat(1_000));
        assert_eq!(long.len, long.bytes.len());
        assert_eq!(Line::new().object(ObjectId::NONE).len, 0);
    }
}
