//! How long the game stands still for a reload, with a number of classes and of objects: libraries that were built
//! before are put where a session, or hot-lib-reloader, follows them.

use crate::{
    generated::{Case, Crates, Kind, source},
    live::{open, populate, until_live, until_loaded},
    support::contest::{Contest, Record, median},
};
use hot_lib_reloader::LibReloader;
use reload_core::LibrarySource;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Classes of the plot against objects.
const CLASSES: usize = 8;
/// Objects of the plot against classes.
const OBJECTS: usize = 10_000;

/// One library, built as it is and in other versions, and a folder in which they replace each other.
struct Versions {
    folder: tempfile::TempDir,
    name: String,
    classes: usize,
}

const FIRST: &str = "first";
/// With another text in one handler.
const EDITED: &str = "edited";
/// With a narrower number in every class, so that the way back to the first makes it wider.
const NARROW: &str = "narrow";

impl Versions {
    fn build(classes: usize) -> Self {
        let case = Case { kind: Kind::Ours, classes };
        let crates = Crates::write(&[case], "save-to-live-pause");
        let name = case.package().replace('-', "_");
        let versions = Self { folder: tempfile::tempdir().expect("a temporary folder"), name, classes };
        let wide = |version| source(case.kind, classes, version, 0);
        let narrow = wide(0).replace("pub gold: u64", "pub gold: u32");
        for (version, text) in [(FIRST, wide(0)), (EDITED, wide(1)), (NARROW, narrow)] {
            crates.save(case, &text);
            crates.build(case);
            fs::copy(crates.library(case), versions.path(version)).expect("the library was built");
        }
        versions
    }

    fn path(&self, version: &str) -> PathBuf {
        self.folder.path().join(version)
    }

    /// Puts a version into a folder in one step.
    fn put(&self, version: &str, folder: &Path) {
        let fresh = folder.join("fresh");
        fs::copy(self.path(version), &fresh).expect("copied");
        let file = format!("{}{}", std::env::consts::DLL_PREFIX, self.name);
        fs::rename(fresh, folder.join(file).with_extension(std::env::consts::DLL_EXTENSION)).expect("moved");
    }

    /// Pauses of a session: with a handler edited, and with a number in each object made wider.
    fn session(&self, objects: usize, rounds: usize) -> (Vec<f64>, Vec<f64>) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        self.put(FIRST, folder.path());
        let (mut world, mut session) = open(LibrarySource::watch(folder.path(), self.name.as_str()));
        populate(&mut world, &self.name, self.classes, objects);
        let mut live = |version| {
            let live = until_live(&mut session, &mut world, || self.put(version, folder.path()));
            live.pause.as_nanos() as f64
        };
        let (mut edited, mut widened) = (Vec::new(), Vec::new());
        for round in 0..=rounds {
            let edit = live(EDITED);
            live(NARROW);
            let widen = live(FIRST);
            // The first round finds memory that nobody has used.
            if round > 0 {
                edited.push(edit);
                widened.push(widen);
            }
        }
        (edited, widened)
    }

    /// Pauses of hot-lib-reloader, which has no objects.
    fn peer(&self, rounds: usize) -> Vec<f64> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        self.put(FIRST, folder.path());
        let mut reloader = LibReloader::new(folder.path(), &self.name, None, None)
            .unwrap_or_else(|error| panic!("the library can be loaded: {error}"));
        std::thread::sleep(std::time::Duration::from_millis(200));
        let mut pauses = Vec::new();
        for round in 0..=rounds {
            self.put(if round % 2 == 0 { EDITED } else { FIRST }, folder.path());
            let pause = until_loaded(&mut reloader).as_nanos() as f64;
            if round > 0 {
                pauses.push(pause);
            }
        }
        pauses
    }
}

/// Measures all cases.
pub(crate) fn measure(contest: &mut Contest, rounds: usize) {
    for classes in [1, 8, 64, 200] {
        let versions = Versions::build(classes);
        let title = format!("reload pause, by classes ({OBJECTS} objects)");
        record(contest, &title, classes, &versions, OBJECTS, rounds);
    }
    let versions = Versions::build(CLASSES);
    for objects in [1_000, 10_000, 100_000, 1_000_000] {
        let title = format!("reload pause, by objects ({CLASSES} classes)");
        record(contest, &title, objects, &versions, objects, rounds);
    }
}

fn record(contest: &mut Contest, title: &str, column: usize, versions: &Versions, objects: usize, rounds: usize) {
    let (edited, widened) = versions.session(objects, rounds);
    let first = median(edited.clone());
    let contenders = [
        ("reload-core, a handler edited", edited),
        ("reload-core, a number widened", widened),
        ("hot-lib-reloader, without objects", versions.peer(rounds)),
    ];
    for (contender, pauses) in contenders {
        let nanoseconds = median(pauses);
        contest.record(Record {
            title: title.to_owned(),
            column: column.to_string(),
            contender: contender.to_owned(),
            nanoseconds,
            ratio: nanoseconds / first,
        });
    }
}
