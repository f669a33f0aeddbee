//! Edits that cargo has not compiled. It compares times, so that it takes a file for old that was moved into place with the
//! time of an older one (`mv`, `cp -p`, `rsync -a`). Must never change what a file says.

use super::call::Stamp;
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// What was edited, and what cargo has made of it.
#[derive(Debug, Default)]
pub(super) struct Unseen {
    /// Edited and not compiled by cargo since, as it was when the last build began.
    edited: BTreeMap<PathBuf, Option<Stamp>>,
    /// Compiled by cargo since it was edited, as it was then.
    compiled: BTreeMap<PathBuf, Stamp>,
    /// As this has left it.
    renewed: BTreeMap<PathBuf, Stamp>,
}

impl Unseen {
    /// A build begins after these edits.
    pub(super) fn begin(&mut self, edited: &[PathBuf]) {
        for path in edited.iter().filter(|path| !path.as_os_str().is_empty()) {
            self.edited.insert(path.clone(), None);
        }
        for (path, stamp) in &mut self.edited {
            *stamp = Stamp::of(path);
        }
    }

    /// Cargo has ended, and compiled the packages of some files.
    pub(super) fn note_compiled(&mut self, is_compiled: impl Fn(&Path) -> bool) {
        let compiled = &mut self.compiled;
        self.edited.retain(|path, stamp| {
            // What is gone cargo finds missing.
            let Some(stamp) = stamp else { return false };
            if is_compiled(path) {
                compiled.insert(path.clone(), *stamp);
            }
            compiled.get(path) != Some(stamp)
        });
    }

    /// Whether there is anything that cargo has not compiled.
    pub(super) fn is_any(&self) -> bool {
        !self.edited.is_empty()
    }

    /// The edited files that cargo has left out, although the library is made of them.
    pub(super) fn left_out(&mut self, is_part: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
        self.edited.retain(|path, _| is_part(path));
        self.edited.keys().cloned().collect()
    }

    /// Gives files the time that it is now, so that cargo compiles them; or one after `compiled`, if the clock was put back since.
    pub(super) fn renew(
        &mut self,
        files: &[PathBuf],
        compiled: Option<SystemTime>,
    ) -> Result<(), (PathBuf, io::Error)> {
        let now = SystemTime::now();
        // Some file systems know whole seconds only.
        let later = compiled.filter(|at| *at >= now).and_then(|at| at.checked_add(Duration::from_secs(1)));
        let time = later.unwrap_or(now);
        for path in files {
            let renew = || fs::File::open(path)?.set_modified(time);
            renew().map_err(|error| (path.clone(), error))?;
            self.renewed.extend(Stamp::of(path).map(|stamp| (path.clone(), stamp)));
        }
        Ok(())
    }

    /// Whether a file is as this has left it, so that what is told of it is this one's own doing.
    pub(super) fn is_renewed(&self, path: &Path) -> bool {
        self.renewed.get(path).is_some_and(|stamp| Stamp::of(path) == Some(*stamp))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_has_not_compiled_is_renewed_once() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = |name: &str| folder.path().join(name);
        let names = ["old.rs", "new.rs", "notes.txt", "gone.rs"].map(path);
        let [old, new, notes, gone] = &names;
        for file in [old, new, notes] {
            fs::write(file, "").expect("writable");
        }
        let mut unseen = Unseen::default();
        unseen.begin(&[old.clone(), new.clone(), notes.clone(), gone.clone(), PathBuf::new()]);
        unseen.note_compiled(|path| path == new);
        let left_out = unseen.left_out(|path| path != notes);
        assert_eq!(left_out, std::slice::from_ref(old));
        assert!(!unseen.is_renewed(old));
        unseen.renew(&left_out, None).expect("its owner may");
        assert!(unseen.is_renewed(old) && !unseen.is_renewed(new));
        unseen.begin(&[]);
        unseen.note_compiled(|path| path == old);
        assert!(unseen.left_out(|_| true).is_empty());
        // Told of once more, and as it was when it was compiled.
        unseen.begin(&[old.clone(), new.clone()]);
        unseen.note_compiled(|_| false);
        assert!(unseen.left_out(|_| true).is_empty());
        assert_eq!(unseen.renew(std::slice::from_ref(gone), None).expect_err("it is gone").0, *gone);
    }
}
