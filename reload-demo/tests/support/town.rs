//! A copy of the demo's logic in a temporary workspace, for edits.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The copy. Built in a target folder that all tests share, one at a time: to cargo all copies are the same package.
pub(crate) struct Town {
    folder: tempfile::TempDir,
    /// Held until the town is gone.
    _turn: fs::File,
}

impl Town {
    pub(crate) fn copy() -> Self {
        fs::create_dir_all(target_dir()).expect("writable");
        let turn = fs::File::create(target_dir().join("turn")).expect("writable");
        turn.lock().expect("the system can lock files");
        let town = Self { folder: tempfile::tempdir().expect("a temporary folder"), _turn: turn };
        let demo = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = demo.parent().expect("the workspace");
        fs::copy(root.join("Cargo.lock"), town.path("Cargo.lock")).expect("the lock file is there");
        fs::create_dir_all(town.path("logic/src")).expect("writable");
        for entry in fs::read_dir(demo.join("logic/src")).expect("the logic is there") {
            let entry = entry.expect("readable");
            fs::copy(entry.path(), town.path("logic/src").join(entry.file_name())).expect("copied");
        }
        fs::write(town.path("Cargo.toml"), "[workspace]\nmembers = [\"logic\"]\nresolver = \"3\"\n").expect("written");
        let manifest = format!(
            "[package]\nname = \"mud-logic\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n\n\
             [dependencies]\nmud-protocol = {{ path = {:?} }}\nreload-core = {{ path = {:?}, default-features = false }}\n",
            demo.join("protocol"),
            root.join("reload-core"),
        );
        fs::write(town.path("logic/Cargo.toml"), manifest).expect("written");
        // Who stands still can be found.
        town.edit("creatures.rs", "self.base.wander(ctx);\n        Next::after_secs(20.0)", "Next::stop()");
        town
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Replaces a piece of a source file, which has to be there, and saves it.
    #[track_caller]
    pub(crate) fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.path("logic/src").join(file);
        let text = fs::read_to_string(&path).expect("readable");
        assert!(text.contains(from), "{file} has no {from:?}");
        fs::write(path, text.replacen(from, to, 1)).expect("written");
    }
}

/// Where the copies are built.
pub(crate) fn target_dir() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("town")
}
