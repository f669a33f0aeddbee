//! A game whose library is built from a source text. Shared by the test targets that build libraries.
#![allow(dead_code, reason = "each target uses its part")]

use reload_core::{Ctx, LibrarySource, ObjectId, ReloadPlan, ReloadReport, ReloadSession, World};
use std::{
    cell::RefCell,
    fs,
    path::{Path, PathBuf},
    rc::Rc,
    time::{Duration, Instant},
};
use test_protocol::{Answered, Test};

/// Longest that a build may take; on a machine with other work to do it is seconds.
const PATIENCE: Duration = Duration::from_secs(180);

/// A world, its session, and the source that the session follows.
pub(crate) struct Game {
    // Dropped in this order: the session's threads look at the folder.
    session: ReloadSession,
    pub(crate) world: World,
    answers: Rc<RefCell<Vec<(ObjectId, String)>>>,
    workspace: Workspace,
}

/// Sources in a temporary folder.
pub(crate) struct Workspace {
    folder: tempfile::TempDir,
    package: String,
    only_cargo: bool,
}

impl Workspace {
    /// A workspace with one library. Each test's package has a name of its own, because they share a target folder.
    pub(crate) fn new(package: &str, source: &str) -> Self {
        Self::with(package, source, "")
    }

    /// With dependencies of its own, as they stand in a manifest; those of the core's features need the features.
    pub(crate) fn with(package: &str, source: &str, dependencies: &str) -> Self {
        let features: Vec<&str> = ["glam", "indexmap", "smallvec", "uuid"]
            .into_iter()
            .filter(|name| dependencies.lines().any(|line| line.starts_with(name)))
            .collect();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        fs::copy(root.join("Cargo.lock"), folder.path().join("Cargo.lock")).expect("the lock file is there");
        let workspace = Self { folder, package: package.to_owned(), only_cargo: false };
        // Without debug information a library has 1 MB instead of 18, and every reload copies all of it.
        let profile = "[profile.dev]\ndebug = false\nstrip = true\n";
        workspace.write("Cargo.toml", &format!("[workspace]\nmembers = [\"logic\"]\nresolver = \"3\"\n{profile}"));
        let manifest = format!(
            "[package]\nname = \"{package}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
             [lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n\n[dependencies]\n\
             reload-core = {{ path = {:?}, default-features = false, features = {features:?} }}\n\
             test-protocol = {{ path = {:?} }}\ntracing = \"0.1\"\n{dependencies}",
            root.join("reload-core"),
            root.join("tests/protocol"),
        );
        workspace.write("logic/Cargo.toml", &manifest);
        workspace.write("logic/src/lib.rs", source);
        workspace
    }

    /// Has cargo make every build.
    pub(crate) fn by_cargo_alone(mut self) -> Self {
        self.only_cargo = true;
        self
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("the folder is writable");
        fs::write(path, text).expect("the file is writable");
    }

    /// Lets the library use a copy of the protocol in which `from` is `to`.
    fn change_protocol(&self, from: &str, to: &str) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let protocol = fs::read_to_string(root.join("tests/protocol/src/lib.rs")).expect("the protocol is there");
        assert!(protocol.contains(from), "the protocol has no {from:?}");
        self.write("protocol/src/lib.rs", &protocol.replace(from, to));
        let manifest = format!(
            "[package]\nname = \"test-protocol\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n\
             reload-core = {{ path = {:?}, default-features = false }}\n",
            root.join("reload-core"),
        );
        self.write("protocol/Cargo.toml", &manifest);
        let logic = fs::read_to_string(self.folder.path().join("logic/Cargo.toml")).expect("written before");
        let shared = format!("{:?}", root.join("tests/protocol"));
        self.write("logic/Cargo.toml", &logic.replace(&shared, "\"../protocol\""));
    }

    /// Builds it once and gives back the library.
    pub(crate) fn build(&self) -> PathBuf {
        let output = std::process::Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--offline", "--target-dir"])
            .arg(target_dir())
            .current_dir(self.folder.path())
            .output()
            .expect("cargo runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let name = format!("{}{}", std::env::consts::DLL_PREFIX, self.package);
        target_dir().join("debug").join(name).with_extension(std::env::consts::DLL_EXTENSION)
    }

    fn source(&self) -> LibrarySource {
        let source =
            LibrarySource::cargo(self.package.as_str()).manifest_dir(self.folder.path()).target_dir(target_dir());
        if self.only_cargo { source.only_cargo() } else { source }.into()
    }
}

/// Where all libraries of the tests are built, so that what they depend on is compiled once.
pub(crate) fn target_dir() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("libraries")
}

impl Game {
    /// Builds and opens a library.
    pub(crate) fn start(package: &str, source: &str) -> Self {
        Self::start_in(Workspace::new(package, source))
    }

    /// Builds and opens the library of a workspace.
    pub(crate) fn start_in(workspace: Workspace) -> Self {
        let mut world = World::new();
        let session = ReloadSession::open(workspace.source(), &mut world)
            .unwrap_or_else(|rejection| panic!("the first library does not run:\n{rejection}"));
        let answers = Rc::new(RefCell::new(Vec::new()));
        let sink = Rc::clone(&answers);
        world.listen(move |answer: &Answered, _: &mut Ctx| sink.borrow_mut().push((answer.who, answer.by.clone())));
        Self { session, world, answers, workspace }
    }

    /// Changes the protocol on the library's side only, and waits for what comes of it.
    pub(crate) fn change_protocol(&mut self, from: &str, to: &str) -> ReloadReport {
        self.workspace.change_protocol(from, to);
        self.next_report()
    }

    /// Saves a new source and waits for what comes of it.
    pub(crate) fn edit(&mut self, source: &str) -> ReloadReport {
        self.workspace.write("logic/src/lib.rs", source);
        self.next_report()
    }

    /// Saves a new source that has to wait, and waits for it. Answers what applying it would do.
    pub(crate) fn edit_held(&mut self, source: &str) -> ReloadPlan {
        self.workspace.write("logic/src/lib.rs", source);
        let start = Instant::now();
        loop {
            let reports = self.session.poll(&mut self.world);
            assert!(reports.is_empty(), "{}", reports[0]);
            if let Some(plan) = self.session.plan(&self.world) {
                return plan;
            }
            assert!(start.elapsed() < PATIENCE, "nothing waits within {PATIENCE:?}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    pub(crate) fn hold(&mut self, hold: bool) {
        self.session.hold(hold);
    }

    /// Applies what waits, if anything does.
    pub(crate) fn apply(&mut self) -> Option<ReloadReport> {
        self.session.apply(&mut self.world)
    }

    /// Writes a file beside the library's manifest, or below it.
    pub(crate) fn write(&self, name: &str, text: &str) {
        self.workspace.write(&format!("logic/{name}"), text);
    }

    /// Removes it.
    pub(crate) fn remove(&self, name: &str) {
        fs::remove_file(self.workspace.folder.path().join("logic").join(name)).expect("it is there");
    }

    /// Waits for what comes of the saves before.
    pub(crate) fn next_report(&mut self) -> ReloadReport {
        let start = Instant::now();
        loop {
            if let Some(report) = self.session.poll(&mut self.world).into_iter().next() {
                return report;
            }
            assert!(start.elapsed() < PATIENCE, "no report within {PATIENCE:?}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// [`Game::edit`] with an edit that has to succeed.
    pub(crate) fn reload(&mut self, source: &str) -> ReloadReport {
        let report = self.edit(source);
        assert!(report.is_reloaded(), "{report}");
        report
    }

    /// Goes back to what ran before.
    pub(crate) fn undo(&mut self) -> ReloadReport {
        self.session.undo(&mut self.world).expect("something ran before")
    }

    /// Old versions are unmapped, although they ran on a test's thread.
    #[expect(unsafe_code, reason = "lets versions go that have run on this thread")]
    pub(crate) fn let_versions_go(&mut self) {
        // SAFETY: the tests' handlers leave nothing with the thread that they run on.
        unsafe { self.session.declare_thread_outlives_session() };
    }

    pub(crate) fn spawn(&mut self, class: &str) -> ObjectId {
        let path = format!("{}::{class}", self.workspace.package);
        self.world.spawn_named(&path).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Emits `Test` and collects who answered.
    pub(crate) fn ask(&mut self) -> Vec<(ObjectId, String)> {
        self.world.emit(&Test);
        assert!(self.world.take_faults().is_empty(), "nothing goes wrong");
        self.answers()
    }

    /// The answers since the last time.
    pub(crate) fn answers(&mut self) -> Vec<(ObjectId, String)> {
        self.answers.borrow_mut().drain(..).collect()
    }

    pub(crate) const fn epoch(&self) -> u32 {
        self.session.epoch()
    }
}
