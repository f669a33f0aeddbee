//! Turns edits into builds, one at a time, on a thread of its own. Edits during a build lead to exactly one more.
//! Must never load what was built.

use super::{
    burst::Edits,
    call::{Look, is_as_it_was, look},
    compile::{self, Build, BuildFailure, Built, Ended, Outcome, Told},
    lane::Lane,
    package::{BuildSpec, Workspace},
    parts::{Made, files_of},
    unseen::Unseen,
    watch::{self, SourceWatch},
};
use crate::validation::Problem;
use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    sync::mpsc::{self, RecvTimeoutError},
    thread::JoinHandle,
    time::{Duration, Instant, SystemTime},
};

/// How often folders are checked for having been made again.
const TICK: Duration = Duration::from_millis(500);
/// How often cargo is asked again while nothing is watched.
const BLIND_TICK: Duration = Duration::from_secs(2);

/// What the driver tells.
#[derive(Debug)]
pub enum DriverEvent {
    /// The sources are watched, and nothing is wrong with that.
    Watching,
    /// Sources changed.
    Noticed {
        /// Which, as far as the system told.
        paths: Vec<PathBuf>,
    },
    /// A build begins.
    Building,
    /// A build failed.
    BuildFailed(Box<BuildFailure>),
    /// A build succeeded.
    Built {
        /// What came of it.
        built: Built,
        /// From the first edit to the start of the build; `None` if no edit led to it.
        notice: Option<Duration>,
    },
    /// Something else is wrong; the driver goes on.
    Problem(Problem),
}

enum Signal {
    Files(notify::Result<notify::Event>),
    Build(Box<Told>),
    Rebuild,
    Stop,
}

/// A thread that builds. Ends, with the build that is running, when dropped.
#[derive(Debug)]
pub struct Driver {
    signals: mpsc::Sender<Signal>,
    thread: Option<JoinHandle<()>>,
}

impl Driver {
    /// Starts the thread and a first build. `tell` is called on that thread.
    ///
    /// # Errors
    ///
    /// The system has no thread left.
    pub fn start(spec: BuildSpec, tell: impl FnMut(DriverEvent) + Send + 'static) -> Result<Self, Problem> {
        let (signals, inbox) = mpsc::channel();
        let sender = signals.clone();
        let run = move || {
            State {
                spec,
                tell,
                signals: sender,
                workspace: None,
                watch: None,
                edits: Edits::default(),
                edited: Vec::new(),
                lane: None,
                preparing: None,
                restructured: true,
                due: Some(Instant::now()),
                explicit: true,
                build: None,
                is_cargos: false,
                notice: None,
                last_problem: None,
                unseen: Unseen::default(),
                untold: None,
                renewed: false,
                asked_with: Look::new(),
                is_stuck: false,
                learnt: Made::default(),
                begun: SystemTime::now(),
                last_look: Instant::now(),
                last_tick: Instant::now(),
            }
            .run(&inbox);
        };
        let thread = std::thread::Builder::new().name("reload-driver".into()).spawn(run).map_err(|error| {
            Problem::new(
                "build.thread",
                "reload-driver",
                format!("cannot start a thread: {error}"),
                "look at the limits",
            )
        })?;
        Ok(Self { signals, thread: Some(thread) })
    }

    /// Builds once more, edited or not.
    pub fn rebuild(&self) {
        let _ = self.signals.send(Signal::Rebuild);
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.signals.send(Signal::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct State<T> {
    spec: BuildSpec,
    tell: T,
    signals: mpsc::Sender<Signal>,
    workspace: Option<Workspace>,
    watch: Option<SourceWatch>,
    edits: Edits,
    /// What was edited since the last build began; without a path if nobody knows.
    edited: Vec<PathBuf>,
    /// The short way, as long as it was open when the last build ended.
    lane: Option<Lane>,
    /// A short way that is being prepared. Given up for any build.
    preparing: Option<Build>,
    /// Manifests or folders changed: ask cargo again and watch anew before the next build.
    restructured: bool,
    /// The first edit, or request, that no build has seen.
    due: Option<Instant>,
    /// The next build was asked for.
    explicit: bool,
    /// Until its process has ended: cargo holds the target directory until then.
    build: Option<Build>,
    /// Whether that is cargo's.
    is_cargos: bool,
    notice: Option<Duration>,
    last_problem: Option<Problem>,
    /// What manifests and configuration were like when cargo was asked last.
    asked_with: Look,
    /// Cargo could not make anything of them. It may be none that is watched.
    is_stuck: bool,
    unseen: Unseen,
    /// What cargo has built, until it is known whether it has left something out.
    untold: Option<Built>,
    /// Whether the last build was made for the sake of files that cargo had left out.
    renewed: bool,
    /// What the library was made of when it was last built.
    learnt: Made,
    /// When the last build began.
    begun: SystemTime,
    last_look: Instant,
    last_tick: Instant,
}

impl<T: FnMut(DriverEvent)> State<T> {
    fn run(mut self, inbox: &mpsc::Receiver<Signal>) {
        loop {
            self.settle();
            match inbox.recv_timeout(self.patience()) {
                Ok(Signal::Files(Ok(event))) => self.note(&event),
                Ok(Signal::Files(Err(error))) => {
                    tracing::debug!(%error, "watching failed");
                    self.restructured = true;
                    self.edits.note_something(Instant::now());
                }
                Ok(Signal::Build(told)) => self.hear(*told),
                Ok(Signal::Rebuild) => {
                    self.explicit = true;
                    self.due.get_or_insert_with(Instant::now);
                }
                Ok(Signal::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {}
            }
            // However much is told meanwhile: a folder may be gone for a moment only.
            if self.last_tick.elapsed() >= TICK {
                self.tick();
            }
        }
    }

    /// How long to wait for the next signal.
    fn patience(&self) -> Duration {
        let tick = TICK.saturating_sub(self.last_tick.elapsed());
        match self.edits.end() {
            Some(end) => end.saturating_duration_since(Instant::now()).min(tick),
            None => tick,
        }
    }

    fn note(&mut self, event: &notify::Event) {
        let now = Instant::now();
        let Some(workspace) = &self.workspace else { return self.edits.note_something(now) };
        let mut change = watch::meaning(workspace, event);
        if self.build.is_some() && self.is_cargos {
            // Cargo's own doing; else it is told when that has ended.
            change.paths.retain(|path| path.file_name() != Some(OsStr::new("Cargo.lock")));
        }
        change.paths.retain(|path| !self.unseen.is_renewed(path));
        self.restructured |= change.structure;
        self.edits.note(change, now);
    }

    fn tick(&mut self) {
        self.last_tick = Instant::now();
        let gone = self.watch.as_mut().is_some_and(SourceWatch::roots_changed);
        // Without a workspace there is nothing that could tell of an edit.
        let is_blind = self.watch.is_none() || (self.is_stuck && self.restructured);
        let blind = is_blind && self.last_look.elapsed() >= BLIND_TICK && self.spec.folder().is_dir();
        let mended = self.is_stuck && !is_as_it_was(&self.asked_with);
        if gone || blind || mended {
            self.is_stuck = false;
            self.restructured = true;
            if gone {
                tracing::info!("a source folder was made again");
            }
            self.edits.note_something(Instant::now());
        }
    }

    /// Ends a burst that is over and starts the build that is due.
    fn settle(&mut self) {
        if let Some((first_edit, paths)) = self.edits.take_over(Instant::now()) {
            self.due.get_or_insert(first_edit);
            tracing::debug!(?paths, "sources changed");
            self.edited.extend(paths.iter().cloned());
            if paths.is_empty() {
                self.edited.push(PathBuf::new());
            } else {
                // Who saves is told each time what keeps it from being built, which the want of watches does not.
                self.last_problem.take_if(|last| !last.code.starts_with("watch."));
            }
            if self.watch.is_some() {
                (self.tell)(DriverEvent::Noticed { paths });
            }
        }
        if self.build.is_some() || self.due.is_none() {
            return;
        }
        if self.restructured && !self.look_around() {
            // Told why; the next edit or tick tries again.
            self.due = None;
            return;
        }
        self.begin();
    }

    /// Asks cargo what the package is made of, and watches that.
    fn look_around(&mut self) -> bool {
        self.last_look = Instant::now();
        self.lane = None;
        self.remember_manifests();
        let workspace = match Workspace::find(&self.spec) {
            Ok(mut workspace) => {
                workspace.learn(&self.learnt);
                workspace
            }
            Err(problem) => {
                self.tell_once(problem);
                self.explicit = false;
                self.is_stuck = true;
                // What was known is still watched: that is where the mistake is.
                return false;
            }
        };
        self.watch(&workspace);
        // As long as a dependency cannot be read, cargo is asked about it before each build.
        self.restructured = !workspace.is_complete;
        tracing::debug!(folders = ?workspace.folders.keys(), target_dir = %workspace.target.display(), "watching sources");
        self.workspace = Some(workspace);
        true
    }

    fn remember_manifests(&mut self) {
        self.asked_with = self.workspace.as_ref().map(|workspace| look(workspace.all_manifests())).unwrap_or_default();
    }

    fn watch(&mut self, workspace: &Workspace) {
        let sender = self.signals.clone();
        let sink = move |event| {
            let _ = sender.send(Signal::Files(event));
        };
        match SourceWatch::open(&self.spec, workspace, sink) {
            Ok((watch, problem)) => {
                self.watch = Some(watch);
                self.last_problem = self.last_problem.take().filter(|last| Some(last) == problem.as_ref());
                match problem {
                    Some(problem) => self.tell_once(problem),
                    None => (self.tell)(DriverEvent::Watching),
                }
            }
            // Builds still work, they have to be asked for.
            Err(problem) => self.tell_once(problem),
        }
    }

    /// Watches what a build has shown to be part of the library as well. Answers whether there is something.
    fn learn(&mut self, mut made: Made) -> bool {
        let Some(mut workspace) = self.workspace.take() else { return false };
        if made.is_own {
            made.folders = std::mem::take(&mut self.learnt.folders);
            made.files.append(&mut self.learnt.files);
        }
        let is_new = |file: &&PathBuf| !file.starts_with(&workspace.target) && !watch::is_source(&workspace, file);
        let more: Vec<PathBuf> = made.files.iter().filter(is_new).cloned().collect();
        workspace.learn(&made);
        if !more.is_empty() {
            tracing::debug!(?more, "the library is made of more than manifests tell");
            self.watch(&workspace);
            // Nobody watched while it was built.
            let is_newer =
                |file: &PathBuf| fs::metadata(file).and_then(|found| found.modified()).is_ok_and(|at| at >= self.begun);
            if more.iter().any(is_newer) {
                self.edits.note_something(Instant::now());
            }
        }
        self.learnt = made;
        self.workspace = Some(workspace);
        !more.is_empty()
    }

    fn tell_once(&mut self, problem: Problem) {
        if self.last_problem.as_ref() != Some(&problem) || self.explicit {
            tracing::warn!(%problem, "the build is in trouble");
            (self.tell)(DriverEvent::Problem(problem.clone()));
            self.last_problem = Some(problem);
        }
    }

    fn begin(&mut self) {
        let Some(workspace) = &self.workspace else { return };
        let by_edit = !std::mem::take(&mut self.explicit);
        self.notice = self.due.take().filter(|_| by_edit).map(|since| since.elapsed());
        (self.tell)(DriverEvent::Building);
        self.begun = SystemTime::now();
        self.is_stuck = false;
        let edited = std::mem::take(&mut self.edited);
        self.unseen.begin(&edited);
        self.preparing = None;
        match self.lane.take().filter(|lane| by_edit && lane.fits(workspace, &edited)) {
            Some(lane) => match lane.start(self.teller()) {
                Ok(build) => (self.build, self.is_cargos) = (Some(build), false),
                Err(error) => {
                    tracing::debug!(%error, "the compiler cannot be called, cargo is asked");
                    self.ask_cargo();
                }
            },
            None => self.ask_cargo(),
        }
    }

    /// Cargo's or the compiler's process is gone.
    fn ended(&mut self, Ended { lane, made, lock_edited, compiled }: Ended) {
        self.build = None;
        if let Some(built) = self.untold.take().filter(|built| !self.has_left_out(&built.artifact, compiled)) {
            self.tell_built(built);
        }
        if lock_edited {
            tracing::debug!("the lock file was edited during the build");
            self.edits.note_something(Instant::now());
        }
        let has_more = made.is_some_and(|made| self.learn(made));
        match lane.filter(|_| !has_more && !lock_edited && !self.restructured) {
            Some(lane) if !lane.is_prepared() => match lane.prepare(self.teller()) {
                Ok(preparing) => self.preparing = Some(preparing),
                Err(error) => tracing::debug!(%error, "the compiler cannot be called, cargo is asked each time"),
            },
            lane => self.lane = lane,
        }
    }

    fn ask_cargo(&mut self) {
        self.remember_manifests();
        let Some(workspace) = &self.workspace else { return };
        match compile::start(&self.spec, workspace, self.teller()) {
            Ok(build) => (self.build, self.is_cargos) = (Some(build), true),
            Err(problem) => self.tell_once(problem),
        }
    }

    fn teller(&self) -> impl FnMut(Told) + Send + 'static {
        let sender = self.signals.clone();
        move |told| {
            let _ = sender.send(Signal::Build(Box::new(told)));
        }
    }

    fn hear(&mut self, told: Told) {
        match told {
            Told::Outcome(outcome, compiled) => self.done(outcome, &compiled),
            Told::Ended(ended) => self.ended(ended),
            Told::Prepared(lane) => (self.preparing, self.lane) = (None, Some(lane)),
            Told::Refused => {
                self.build = None;
                self.ask_cargo();
            }
        }
    }

    fn done(&mut self, outcome: Outcome, compiled: &BTreeSet<PathBuf>) {
        let is_cargos = !matches!(&outcome, Outcome::Built(built) if built.direct);
        if let Some(workspace) = self.workspace.as_ref().filter(|_| is_cargos) {
            self.unseen.note_compiled(|path| {
                let package = workspace.package_of(path).or_else(|| workspace.manifest.parent());
                package.is_some_and(|package| compiled.contains(package))
            });
        }
        match outcome {
            // What the library is made of cargo writes down last.
            Outcome::Built(built) if is_cargos && self.unseen.is_any() => self.untold = Some(built),
            Outcome::Built(built) => self.tell_built(built),
            Outcome::Failed(failure) => {
                self.is_stuck = failure.problem.code == "build.cargo";
                (self.tell)(DriverEvent::BuildFailed(failure));
            }
            Outcome::Cancelled => tracing::debug!("the build was cancelled"),
        }
    }

    fn tell_built(&mut self, built: Built) {
        self.renewed = false;
        (self.tell)(DriverEvent::Built { built, notice: self.notice });
    }

    /// Whether cargo has left out what was edited, because its time is older than that of the last build. Then the library is
    /// an old one, and what was left out is built next.
    fn has_left_out(&mut self, artifact: &Path, compiled: Option<SystemTime>) -> bool {
        let Some(workspace) = &self.workspace else { return false };
        let files = files_of(artifact, &workspace.root);
        let left_out = self.unseen.left_out(|path| match &files {
            Some(files) => files.contains(path),
            None => path.extension() == Some(OsStr::new("rs")),
        });
        let Some(first) = left_out.first() else { return false };
        let renewed = if std::mem::replace(&mut self.renewed, true) {
            Err((first.clone(), "it was given a newer time already, and cargo has left it out all the same".to_owned()))
        } else {
            self.unseen
                .renew(&left_out, compiled)
                .map_err(|(path, error)| (path, format!("it cannot be given a newer one: {error}")))
        };
        match renewed {
            Ok(()) => {
                tracing::info!(files = ?left_out, "older than the last build, though edited since: given a newer time");
                self.due.get_or_insert_with(Instant::now);
            }
            Err((path, why)) => {
                self.renewed = false;
                self.tell_once(Problem::new(
                    "build.older_source",
                    path.display().to_string(),
                    format!(
                        "the file has changed, and cargo takes it for built, because it goes by the file's time; {why}"
                    ),
                    "save the file once more, after `cargo clean -p` if need be; the running code is not affected",
                ));
            }
        }
        true
    }
}
