//! Sources that are edited while their library runs, and who takes an edit from the save to running code: the session,
//! and hot-lib-reloader, behind `cargo build` or driven by `cargo watch`.

use crate::generated::{Case, Crates, Kind, cargo, root, run};
use hot_lib_reloader::LibReloader;
use reload_core::{LibrarySource, ReloadReport, ReloadSession, World};
use std::{
    fs,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// The time between two turns of the loops here. A game's are longer, and what waits for a turn waits half of one more.
const TURN: Duration = Duration::from_millis(1);
/// Longest that an edit may take, builds included.
const PATIENCE: Duration = Duration::from_secs(300);
/// By then `cargo watch` and the loader's watcher look.
const UNTIL_WATCHED: Duration = Duration::from_secs(2);
/// By then the short way of a session is prepared.
pub(crate) const UNTIL_PREPARED: Duration = Duration::from_secs(10);
/// Objects that live in a world while its code changes.
const OBJECTS: usize = 1_000;

/// What is edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// The demo's logic.
    Demo,
    /// A library of so many classes.
    Classes(usize),
}

impl Subject {
    /// As a column: the number where there is one.
    pub(crate) fn column(self) -> String {
        match self {
            Self::Demo => "demo".into(),
            Self::Classes(classes) => classes.to_string(),
        }
    }

    pub(crate) fn name(self) -> String {
        match self {
            Self::Demo => "The demo's logic".into(),
            Self::Classes(classes) => format!("{classes} classes of eight fields"),
        }
    }
}

/// A copy of the sources with a target folder of its own, so that nobody notices another's edits.
pub(crate) struct Lane {
    sources: Sources,
    target: PathBuf,
    package: String,
}

enum Sources {
    Demo { folder: tempfile::TempDir, creatures: String },
    Classes(Crates, Case),
}

/// Where an edit of the demo is made,
const CREATURES: &str = "reload-demo/logic/src/creatures.rs";
/// and what it changes.
const SAID: &str = "You will regret that!";

impl Lane {
    /// `name` is that of the target folder, which stays from run to run.
    pub(crate) fn new(subject: Subject, name: &str) -> Self {
        let name = format!("save-to-live-{name}");
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&name);
        let (sources, package) = match subject {
            Subject::Demo => (demo(), "mud-logic".into()),
            Subject::Classes(classes) => {
                let case = Case { kind: Kind::Ours, classes };
                (Sources::Classes(Crates::write(&[case], &name), case), case.package())
            }
        };
        Self { sources, target, package }
    }

    fn folder(&self) -> &Path {
        match &self.sources {
            Sources::Demo { folder, .. } => folder.path(),
            Sources::Classes(crates, _) => crates.folder(),
        }
    }

    /// Saves the source with another text in one handler.
    pub(crate) fn edit(&self, version: usize) {
        match &self.sources {
            Sources::Demo { folder, creatures } => {
                let text = creatures.replacen(SAID, &format!("You will regret that {version} times!"), 1);
                fs::write(folder.path().join(CREATURES), text).expect("written");
            }
            Sources::Classes(crates, case) => crates.edit(*case, version, 0),
        }
    }

    /// `cargo build`, to be run.
    pub(crate) fn cargo(&self) -> Command {
        cargo("build", self.folder(), &self.target, &self.package)
    }

    pub(crate) fn build(&self) -> Duration {
        run(self.cargo())
    }

    /// The library's name, as in its file's name and in the paths of its classes.
    pub(crate) fn library(&self) -> String {
        self.package.replace('-', "_")
    }
}

/// A copy of this workspace. Cargo takes longer the more there is in one, and a game's has much beside its logic.
fn demo() -> Sources {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for name in ["Cargo.toml", "Cargo.lock", "reload-core", "reload-macros", "reload-demo", "tests", "benches"] {
        copy(&root().join(name), &folder.path().join(name));
    }
    let creatures = fs::read_to_string(folder.path().join(CREATURES)).expect("the creatures are there");
    assert!(creatures.contains(SAID), "no creature says {SAID:?}");
    Sources::Demo { folder, creatures }
}

/// A file, or a folder with all that is in it but for what was built.
fn copy(from: &Path, to: &Path) {
    if from.is_file() {
        fs::copy(from, to).expect("copied");
        return;
    }
    fs::create_dir_all(to).expect("writable");
    for entry in fs::read_dir(from).expect("it is there") {
        let name = entry.expect("readable").file_name();
        if name != "target" {
            copy(&from.join(&name), &to.join(name));
        }
    }
}

/// What an edit became.
pub(crate) struct Live {
    /// From the save to running code.
    pub(crate) total: Duration,
    /// The longest turn of the loop: what the game stood still for.
    pub(crate) pause: Duration,
    pub(crate) report: ReloadReport,
}

impl Live {
    /// What a stage took, if the report has it.
    pub(crate) fn stage(&self, name: &str) -> Duration {
        self.report.stages.iter().filter(|stage| stage.stage == name).map(|stage| stage.took).sum()
    }
}

/// A game loop with a session.
pub(crate) struct Ours {
    world: World,
    session: ReloadSession,
    lane: Lane,
}

impl Ours {
    /// As it is by default, or one that has cargo make every build.
    pub(crate) fn start(subject: Subject, only_cargo: bool) -> Self {
        let lane = Lane::new(subject, if only_cargo { "only-cargo" } else { "session" });
        let source = LibrarySource::cargo(lane.package.as_str()).manifest_dir(lane.folder()).target_dir(&lane.target);
        let (mut world, session) = open(if only_cargo { source.only_cargo() } else { source });
        match subject {
            Subject::Demo => {
                world.spawn_named("mud_logic::town::Town").expect("a class of the library");
                world.settle();
            }
            Subject::Classes(classes) => populate(&mut world, &lane.library(), classes, OBJECTS),
        }
        Self { world, session, lane }
    }

    pub(crate) fn edit(&mut self, version: usize) -> Live {
        until_live(&mut self.session, &mut self.world, || self.lane.edit(version))
    }
}

/// A world whose library is loaded.
pub(crate) fn open(source: impl Into<LibrarySource>) -> (World, ReloadSession) {
    let mut world = World::new();
    let session = ReloadSession::open(source, &mut world).unwrap_or_else(|rejection| panic!("{rejection}"));
    (world, session)
}

/// Objects of all classes of a generated library.
pub(crate) fn populate(world: &mut World, library: &str, classes: usize, objects: usize) {
    for object in 0..objects {
        world.spawn_named(&format!("{library}::C{}", object % classes)).expect("a class of the library");
    }
}

/// Lets the loop turn until what `save` has saved runs.
pub(crate) fn until_live(session: &mut ReloadSession, world: &mut World, save: impl FnOnce()) -> Live {
    let start = Instant::now();
    save();
    let mut pause = Duration::ZERO;
    loop {
        let turn = Instant::now();
        let reports = session.poll(world);
        pause = pause.max(turn.elapsed());
        if let Some(report) = reports.into_iter().next() {
            assert!(report.is_reloaded(), "{report}");
            return Live { total: start.elapsed(), pause, report };
        }
        assert!(start.elapsed() < PATIENCE, "nothing within {PATIENCE:?}");
        std::thread::sleep(TURN);
    }
}

/// Lets the loop turn until a reloader has loaded what was saved; the turn that loads.
pub(crate) fn until_loaded(reloader: &mut LibReloader) -> Duration {
    let start = Instant::now();
    loop {
        let turn = Instant::now();
        if reloader.update().expect("the library can be loaded") {
            return turn.elapsed();
        }
        assert!(start.elapsed() < PATIENCE, "nothing within {PATIENCE:?}");
        std::thread::sleep(TURN);
    }
}

/// Who calls cargo for hot-lib-reloader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Driver {
    /// The loop's programmer, at once.
    Hand,
    /// `cargo watch`.
    CargoWatch,
}

/// A game loop with hot-lib-reloader as it is by default.
pub(crate) struct Peer {
    reloader: LibReloader,
    lane: Lane,
    watch: Option<Ended>,
}

impl Peer {
    pub(crate) fn start(subject: Subject, driver: Driver) -> Self {
        let lane = Lane::new(subject, if driver == Driver::Hand { "cargo" } else { "cargo-watch" });
        lane.build();
        let reloader = LibReloader::new(lane.target.join("debug"), lane.library(), None, None)
            .unwrap_or_else(|error| panic!("the library can be loaded: {error}"));
        let watch = (driver == Driver::CargoWatch).then(|| cargo_watch(&lane));
        std::thread::sleep(UNTIL_WATCHED);
        Self { reloader, lane, watch }
    }

    /// What `cargo build` took, where this has called it, and the time from the save to loaded code.
    pub(crate) fn edit(&mut self, version: usize) -> (Option<Duration>, Duration) {
        let start = Instant::now();
        self.lane.edit(version);
        let build = self.watch.is_none().then(|| self.lane.build());
        until_loaded(&mut self.reloader);
        (build, start.elapsed())
    }

    pub(crate) const fn lane(&self) -> &Lane {
        &self.lane
    }
}

/// Whether `cargo watch` is installed.
pub(crate) fn has_cargo_watch() -> bool {
    let asked = Command::new("cargo").args(["watch", "--version"]).stderr(Stdio::null()).output();
    asked.is_ok_and(|answer| answer.status.success())
}

fn cargo_watch(lane: &Lane) -> Ended {
    let build = format!("build --quiet --package {}", lane.package);
    let mut command = Command::new("cargo");
    command.args(["watch", "--quiet", "--postpone", "-x", &build]).current_dir(lane.folder());
    command.env("CARGO_TARGET_DIR", &lane.target).stdin(Stdio::null()).stdout(Stdio::null()).process_group(0);
    Ended(command.spawn().expect("cargo watch runs"))
}

/// A process that ends, with those that it has started, when this is dropped.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let group = rustix::process::Pid::from_child(&self.0);
        // Fails when it has ended already.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::TERM);
        let _ = self.0.wait();
    }
}
