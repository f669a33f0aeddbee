//! Turns a source into candidates, beside the game loop: building or following, copying, checking and probing happen
//! on threads of its own. Must never load anything in this process.

use super::{Candidate, ContentHash, Gate, Gated, LibrarySource, follow, source::Origin, staging::Writer};
#[cfg(feature = "build")]
use crate::build::{BuildFailure, Driver, DriverEvent};
use crate::validation::{Problem, Rejection};
use std::{
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, mpsc},
    time::Duration,
};

/// What happened since the last [`Supply::poll`].
#[derive(Debug)]
#[non_exhaustive]
pub enum SupplyEvent {
    /// The sources are watched, and nothing is wrong with that (any more).
    Watching,
    /// Sources or the library's file changed.
    Noticed {
        /// Which, as far as the system told.
        paths: Vec<PathBuf>,
    },
    /// The library's file is missing; it is waited for.
    Waiting {
        /// The file.
        file: PathBuf,
    },
    /// A build begins.
    Building,
    /// A build failed.
    #[cfg(feature = "build")]
    BuildFailed(Box<BuildFailure>),
    /// A build succeeded; what was built is examined next.
    #[cfg(feature = "build")]
    Built(crate::build::Built),
    /// The library has the bytes of the last candidate.
    Unchanged {
        /// Identity of the bytes.
        hash: ContentHash,
    },
    /// A library that may be offered to the loader.
    Candidate(Box<Candidate>),
    /// A library that is not fit to be loaded.
    Rejected(Rejection),
    /// Something else is wrong; the supply goes on.
    Problem(Problem),
}

impl SupplyEvent {
    /// Whether somebody has to do something about it.
    fn is_urgent(&self) -> bool {
        match self {
            Self::Candidate(_) | Self::Rejected(_) | Self::Problem(_) => true,
            #[cfg(feature = "build")]
            Self::BuildFailed(_) => true,
            _ => false,
        }
    }
}

/// What to call when there is something to poll for.
#[derive(Clone, Default)]
struct Waker(Arc<Mutex<Option<Wake>>>);

type Wake = Box<dyn Fn() + Send>;

impl Waker {
    fn set(&self, wake: Wake) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(wake);
    }

    fn wake(&self) {
        if let Some(wake) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            wake();
        }
    }
}

impl fmt::Debug for Waker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Waker")
    }
}

/// What goes to the thread with the gate.
enum Work {
    Tell(SupplyEvent),
    Examine { artifact: PathBuf, notice: Option<Duration>, build: Option<Duration>, coalesced: bool },
    Forget,
}

/// A source at work. Everything ends with it.
#[derive(Debug)]
pub struct Supply {
    // Ends first: it may be in the middle of a build.
    origin: Running,
    work: mpsc::Sender<Work>,
    events: mpsc::Receiver<SupplyEvent>,
    waker: Waker,
    name: String,
    /// Whether the thread with the gate is gone, and that was told.
    is_lost: bool,
}

#[derive(Debug)]
enum Running {
    #[cfg(feature = "build")]
    Cargo(Driver),
    File(follow::Follower),
    Linked,
}

impl Supply {
    /// Sets `source` to work.
    ///
    /// # Errors
    ///
    /// The system has no thread left.
    pub fn start(source: impl Into<LibrarySource>) -> Result<Self, Problem> {
        let source = source.into();
        let name = source.library_name();
        let (work, inbox) = mpsc::channel();
        let (sender, events) = mpsc::channel();
        let (gate, waker) = (Gate::new(source.probe), Waker::default());
        let to_wake = waker.clone();
        let run = move || examine(gate, &inbox, &sender, &to_wake);
        std::thread::Builder::new().name("reload-gate".into()).spawn(run).map_err(|error| {
            Problem::new("build.thread", "reload-gate", format!("cannot start a thread: {error}"), "look at the limits")
        })?;
        let origin = match source.origin {
            #[cfg(feature = "build")]
            Origin::Cargo(spec) => Running::Cargo(drive(spec, work.clone())?),
            Origin::File { folder, name } => {
                let file = format!("{}{name}", std::env::consts::DLL_PREFIX);
                Running::File(follow_file(
                    folder.join(file).with_extension(std::env::consts::DLL_EXTENSION),
                    work.clone(),
                )?)
            }
            Origin::Linked | Origin::InProcess(..) => Running::Linked,
        };
        Ok(Self { origin, work, events, waker, name, is_lost: false })
    }

    /// What happened since the last call, in order. Never waits.
    pub fn poll(&mut self) -> Vec<SupplyEvent> {
        let mut events = Vec::new();
        loop {
            match self.events.try_recv() {
                Ok(event) => events.push(event),
                Err(mpsc::TryRecvError::Empty) => return events,
                Err(mpsc::TryRecvError::Disconnected) => {
                    if !std::mem::replace(&mut self.is_lost, true) {
                        events.push(SupplyEvent::Problem(gate_lost(&self.name)));
                    }
                    return events;
                }
            }
        }
    }

    /// Has `wake` called whenever there is something to poll for that should not wait, on another thread.
    pub fn wake_with(&self, wake: impl Fn() + Send + 'static) {
        self.waker.set(Box::new(wake));
    }

    /// The name of the library, for the loader.
    #[must_use]
    pub fn library_name(&self) -> &str {
        &self.name
    }

    /// Takes the bytes of the last candidate for new when they are built the next time.
    pub fn forget(&self) {
        let _ = self.work.send(Work::Forget);
    }

    /// Builds or looks once more, and makes a candidate even of the bytes that were the last one.
    pub fn again(&self) {
        self.forget();
        match &self.origin {
            #[cfg(feature = "build")]
            Running::Cargo(driver) => driver.rebuild(),
            Running::File(follower) => follower.again(),
            Running::Linked => {}
        }
    }
}

#[cfg(feature = "build")]
fn drive(spec: crate::build::BuildSpec, work: mpsc::Sender<Work>) -> Result<Driver, Problem> {
    Driver::start(spec, move |event| {
        let tell = |event| {
            let _ = work.send(Work::Tell(event));
        };
        match event {
            DriverEvent::Watching => tell(SupplyEvent::Watching),
            DriverEvent::Noticed { paths } => tell(SupplyEvent::Noticed { paths }),
            DriverEvent::Building => tell(SupplyEvent::Building),
            DriverEvent::BuildFailed(failure) => tell(SupplyEvent::BuildFailed(failure)),
            DriverEvent::Problem(problem) => tell(SupplyEvent::Problem(problem)),
            DriverEvent::Built { built, notice } => {
                let (artifact, build) = (built.artifact.clone(), Some(built.duration));
                tell(SupplyEvent::Built(built));
                let _ = work.send(Work::Examine { artifact, notice, build, coalesced: false });
            }
        }
    })
}

fn follow_file(file: PathBuf, work: mpsc::Sender<Work>) -> Result<follow::Follower, Problem> {
    follow::Follower::start(file.clone(), move |event| {
        let _ = work.send(match event {
            follow::FollowEvent::Missing => Work::Tell(SupplyEvent::Waiting { file: file.clone() }),
            follow::FollowEvent::Problem(problem) => Work::Tell(SupplyEvent::Problem(problem)),
            follow::FollowEvent::Changed { notice } => {
                let _ = work.send(Work::Tell(SupplyEvent::Noticed { paths: vec![file.clone()] }));
                Work::Examine { artifact: file.clone(), notice: Some(notice), build: None, coalesced: false }
            }
        });
    })
}

fn gate_lost(name: &str) -> Problem {
    Problem::new(
        "library.gate_lost",
        name,
        "the thread that checks libraries has ended; what it said last is in the terminal",
        "restart the host to reload again, and report it: this is a mistake of reload-core. What runs goes on",
    )
}

fn writer(build: Option<Duration>) -> Writer {
    if build.is_some() { Writer::Ended } else { Writer::Unknown }
}

/// The thread with the gate. Ends when nobody sends or listens any more.
fn examine(mut gate: Gate, inbox: &mpsc::Receiver<Work>, events: &mpsc::Sender<SupplyEvent>, waker: &Waker) {
    while let Ok(first) = inbox.recv() {
        let mut batch: Vec<Work> = std::iter::once(first).chain(inbox.try_iter()).collect();
        // Of several builds that piled up only the newest is worth a look.
        let mut seen = false;
        for work in batch.iter_mut().rev() {
            if let Work::Examine { coalesced, .. } = work {
                *coalesced = std::mem::replace(&mut seen, true);
            }
        }
        for work in batch {
            let event = match work {
                Work::Tell(event) => event,
                Work::Forget => {
                    gate.forget();
                    continue;
                }
                Work::Examine { coalesced: true, .. } => continue,
                Work::Examine { artifact, notice, build, .. } => match gate.examine_from(&artifact, writer(build)) {
                    Ok(Gated::Candidate(mut candidate)) => {
                        candidate.set_build_times(notice, build);
                        SupplyEvent::Candidate(candidate)
                    }
                    Ok(Gated::Unchanged(hash)) => SupplyEvent::Unchanged { hash },
                    // Nobody said that it was built; the follower tells that it is gone.
                    Err(rejection) if build.is_none() && rejection.has("library.missing") => continue,
                    Err(rejection) => SupplyEvent::Rejected(rejection),
                },
            };
            let is_urgent = event.is_urgent();
            if events.send(event).is_err() {
                return;
            }
            if is_urgent {
                waker.wake();
            }
            gate.write_debug_file();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_gate_is_told_once() {
        let (work, _inbox) = mpsc::channel();
        let (sender, events) = mpsc::channel();
        let (origin, waker) = (Running::Linked, Waker::default());
        let mut supply = Supply { origin, work, events, waker, name: "game".into(), is_lost: false };
        assert!(supply.poll().is_empty());
        sender.send(SupplyEvent::Building).expect("it listens");
        drop(sender);
        let told = supply.poll();
        let [SupplyEvent::Building, SupplyEvent::Problem(problem)] = &told[..] else { panic!("{told:?}") };
        assert_eq!(problem.code, "library.gate_lost");
        assert!(supply.poll().is_empty(), "once");
    }
}
