//! The thread that notices when game code does not return. Looks at a counter a few times per limit; what runs it asks the
//! world's thread itself, by a signal, because only that thread may look into the world.
#![expect(unsafe_code, reason = "sends a signal to the world's thread")]

use super::signal;
use crate::{
    boundary::{ObjectId, guarded},
    dispatch::{Look, Pulse},
};
use core::{fmt, time::Duration};
use serde::Serialize;
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::Thread,
    time::Instant,
};

/// So often the pulse is looked at within the limit.
const LOOKS: u32 = 8;
/// A look is at least this far, and at most that far, from the next.
const SHORTEST_LOOK: Duration = Duration::from_millis(2);
const LONGEST_LOOK: Duration = Duration::from_millis(250);
/// How long the world's thread may take to answer. One that the system does not let run is told without names.
const ANSWER: Duration = Duration::from_millis(500);

/// Game code that does not return, or has returned late.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Hang {
    /// Path of the class; empty for code of no class, such as a listener of the host.
    pub class: String,
    /// The object; [`ObjectId::NONE`] where it is not known.
    #[serde(serialize_with = "ObjectId::serialize_as_text")]
    pub object: ObjectId,
    /// What runs: `event_damaged`, `loop_wander`, `drop`, ..
    pub during: String,
    /// How long it has run so far, or has run in all if it has returned; exact to an eighth of the limit.
    pub lasted: Duration,
    /// Whether it has returned.
    pub returned: bool,
}

impl fmt::Display for Hang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.class.as_str(), self.during.as_str()) {
            ("", "") => f.write_str("game code")?,
            ("", during) => write!(f, "`{during}`")?,
            (class, during) => write!(f, "`{during}` of {class}")?,
        }
        if !self.object.is_none() {
            write!(f, " {}", self.object)?;
        }
        let seconds = self.lasted.as_secs_f64();
        if self.returned {
            write!(f, " has returned after {seconds:.1} s; the world goes on")
        } else {
            write!(
                f,
                " has not returned for {seconds:.1} s; until it does the world stands still (is there a loop without end \
                 in it? a reload waits for it as well)"
            )
        }
    }
}

/// A running watchdog. Ends when dropped.
#[derive(Debug)]
pub(crate) struct Watchdog {
    stop: Arc<AtomicBool>,
    thread: Thread,
}

impl Watchdog {
    /// Watches the world of this thread whose pulse this is.
    pub(super) fn start(
        pulse: Arc<Pulse>,
        limit: Duration,
        tell: impl FnMut(&Hang) + Send + 'static,
    ) -> io::Result<Self> {
        signal::answer_questions()?;
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, world_thread) = (Arc::clone(&stop), Asked::this_thread());
        let watch = move || Watch { pulse, limit, world_thread, tell }.run(&stopped);
        let thread = std::thread::Builder::new().name("reload-watchdog".into()).spawn(watch)?;
        Ok(Self { stop, thread: thread.thread().clone() })
    }
}

impl Drop for Watchdog {
    /// Not waited for: what it tells may be slow.
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.unpark();
    }
}

struct Watch<T> {
    pulse: Arc<Pulse>,
    limit: Duration,
    world_thread: Asked,
    tell: T,
}

impl<T: FnMut(&Hang)> Watch<T> {
    fn run(mut self, stop: &AtomicBool) {
        let between = (self.limit / LOOKS).clamp(SHORTEST_LOOK, LONGEST_LOOK);
        let mut since = Instant::now();
        let mut hang: Option<Hang> = None;
        while !stop.load(Ordering::Relaxed) {
            std::thread::park_timeout(between);
            let look = self.pulse.look();
            let lasted = since.elapsed();
            if look != Look::Same {
                since = Instant::now();
                if let Some(hang) = hang.take() {
                    self.say(&Hang { lasted, returned: true, ..hang });
                }
            } else if hang.is_none() && lasted >= self.limit {
                let (class, during, object) = self.ask();
                // It may have returned while it was asked; then nothing hangs.
                if self.pulse.look() == Look::Same {
                    let found = Hang { class, object, during, lasted, returned: false };
                    self.say(&found);
                    hang = Some(found);
                }
            }
        }
    }

    fn ask(&self) -> (String, String, ObjectId) {
        let letterbox = &self.pulse.letterbox;
        let (question, begun) = (letterbox.ask(), Instant::now());
        self.world_thread.ask();
        loop {
            if let Some(answer) = letterbox.answer(question) {
                return answer;
            }
            if begun.elapsed() >= ANSWER {
                return (String::new(), String::new(), ObjectId::NONE);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn say(&mut self, hang: &Hang) {
        tracing::warn!(target: "reload_core::watchdog", class = %hang.class, object = %hang.object, during = %hang.during, "{hang}");
        if let Err(panic) = guarded(|| (self.tell)(hang)) {
            tracing::error!(target: "reload_core::watchdog", "the watchdog's own callback {panic}");
        }
    }
}

/// The thread that is asked.
#[derive(Clone, Copy)]
struct Asked {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    thread: libc::pid_t,
}

impl Asked {
    fn this_thread() -> Self {
        Self {
            #[cfg(any(target_os = "linux", target_os = "android"))]
            // SAFETY: the call has no condition.
            thread: unsafe { libc::gettid() },
        }
    }

    fn ask(self) {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        // SAFETY: the call has no condition on memory. A thread that has ended is an error that harms nobody, and one
        // that has its number since ignores the signal.
        unsafe {
            libc::syscall(libc::SYS_tgkill, libc::getpid(), self.thread, signal::QUESTION);
        }
    }
}
