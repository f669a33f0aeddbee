//! A world whose library is a file that the test puts into place: no build for each fault.

use crate::support::Workspace;
use reload_core::{Ctx, LibrarySource, ObjectId, ReloadReport, ReloadSession, World};
use std::{
    cell::RefCell,
    fs,
    path::{Path, PathBuf},
    process::Command,
    rc::Rc,
    sync::OnceLock,
    time::{Duration, Instant},
};
use test_protocol::{Answered, Test};

pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// Where a child process finds the library that its parent has built.
pub(crate) const BUILT: &str = "FAULTS_LIBRARY";
/// The library's name in every folder.
pub(crate) const NAME: &str = "faulty";

/// The library with the fault `fault`, as bytes; any other word is a good library that answers with it.
pub(crate) fn library(fault: &str) -> Vec<u8> {
    static LIBRARY: OnceLock<Vec<u8>> = OnceLock::new();
    let built = LIBRARY.get_or_init(|| {
        if let Some(file) = std::env::var_os(BUILT) {
            return fs::read(file).expect("built by another process");
        }
        let workspace = Workspace::new("faulty", include_str!("faulty.rs"));
        fs::read(workspace.build()).expect("built")
    });
    let mut bytes = built.clone();
    let mark = b"fault[                        ].";
    let at = bytes.windows(mark.len()).position(|window| window == mark).expect("the mark is in the library");
    assert!(fault.len() <= 24, "{fault}");
    bytes[at + 6..at + 6 + fault.len()].copy_from_slice(fault.as_bytes());
    bytes
}

/// The library's file in `folder`.
pub(crate) fn file_in(folder: &Path) -> PathBuf {
    folder.join(format!("{}{NAME}", std::env::consts::DLL_PREFIX)).with_extension(std::env::consts::DLL_EXTENSION)
}

/// Puts a library into place, as cargo does: the name changes hands at once.
pub(crate) fn put(folder: &Path, fault: &str) {
    let new = folder.join("new");
    fs::write(&new, library(fault)).expect("writable");
    fs::rename(new, file_in(folder)).expect("writable");
}

/// A world with a cat in it, that follows the library in a folder.
pub(crate) struct Followed {
    // Dropped in this order.
    pub(crate) session: ReloadSession,
    pub(crate) world: World,
    answers: Rc<RefCell<Vec<String>>>,
    pub(crate) cat: ObjectId,
    pub(crate) folder: PathBuf,
    /// Removed with the test, unless it is somebody else's.
    _own: Option<tempfile::TempDir>,
}

impl Followed {
    /// With a folder of its own.
    pub(crate) fn start() -> Self {
        let own = tempfile::tempdir().expect("a temporary folder");
        let folder = own.path().join("target");
        fs::create_dir(&folder).expect("writable");
        put(&folder, "first");
        Self { _own: Some(own), ..Self::open(&folder) }
    }

    /// In a folder that has a library.
    pub(crate) fn open(folder: &Path) -> Self {
        let mut world = World::new();
        let source = LibrarySource::watch(folder, NAME).probe_timeout(Duration::from_secs(20));
        let session = ReloadSession::open(source, &mut world)
            .unwrap_or_else(|rejection| panic!("the first library does not run:\n{rejection}"));
        let answers = Rc::new(RefCell::new(Vec::new()));
        let sink = Rc::clone(&answers);
        world.listen(move |answer: &Answered, _: &mut Ctx| sink.borrow_mut().push(answer.by.clone()));
        let cat = world.spawn_named("faulty::Cat").expect("a class");
        world.spawn_named("faulty::Kitten").expect("a class");
        Self { session, world, answers, cat, folder: folder.to_owned(), _own: None }
    }

    /// Everything that a test can see of the world. Looking changes nothing.
    pub(crate) fn picture(&self) -> String {
        let classes = self.world.classes();
        let states: Vec<_> = classes
            .iter()
            .flat_map(|class| self.world.instances_of(&class.path))
            .map(|id| (id, self.world.class_of(id), self.world.inspect(id)))
            .collect();
        let classes = serde_json(&classes);
        format!("epoch {}, {} objects, {states:?}, {classes}", self.session.epoch(), self.world.instances())
    }

    /// What the objects answer.
    pub(crate) fn ask(&mut self) -> Vec<String> {
        self.world.emit(&Test);
        self.answers.borrow_mut().drain(..).collect()
    }

    #[track_caller]
    pub(crate) fn report(&mut self) -> ReloadReport {
        let begun = Instant::now();
        loop {
            if let Some(report) = self.session.poll(&mut self.world).into_iter().next() {
                return report;
            }
            assert!(begun.elapsed() < PATIENCE, "no report");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits for the library that answers with `word`. Whatever is refused on the way is given back.
    #[track_caller]
    pub(crate) fn until_runs(&mut self, word: &str) -> Vec<ReloadReport> {
        let mut refused = Vec::new();
        let expected = format!("meow from {word}");
        loop {
            let report = self.report();
            if !report.is_reloaded() {
                refused.push(report);
            } else if self.ask().contains(&expected) {
                return refused;
            }
        }
    }

    /// Puts a good library into place and waits for it.
    #[track_caller]
    pub(crate) fn check_next_loads(&mut self, word: &str) {
        put(&self.folder, word);
        let refused = self.until_runs(word);
        assert!(refused.is_empty(), "{}", refused[0]);
        assert_eq!(self.ask(), [format!("meow from {word}"), format!("meow from {word}")], "the objects live on");
    }

    /// Puts a faulty library into place: it is refused with `code`, what is told has all of `says`, and nothing has changed.
    #[track_caller]
    pub(crate) fn check_refused(&mut self, fault: &str, code: &str, says: &[&str]) {
        let before = self.picture();
        put(&self.folder, fault);
        let report = self.report();
        assert!(!report.is_reloaded(), "{fault}: {report}");
        let told = report.to_string();
        assert!(report.problems().iter().any(|problem| problem.code == code), "{fault}: {code}: {told}");
        for part in says {
            assert!(told.contains(part), "{fault}: {part}: {told}");
        }
        assert!(report.problems().iter().all(|problem| !problem.advice.is_empty()), "{fault}: what to do: {told}");
        assert_eq!(self.picture(), before, "{fault}: nothing has changed");
    }
}

fn serde_json(classes: &[reload_core::ClassSummary]) -> String {
    classes.iter().map(|class| format!("{class:?}\n")).collect()
}

/// This executable once more, as `test`, which is one that is otherwise ignored.
pub(crate) fn again(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this executable"));
    command.args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"]);
    command
}
