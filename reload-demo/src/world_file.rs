//! The file that the world is kept in while nobody plays. Written in one go: whatever happens meanwhile, there is either
//! the old file or the new one. Belongs to one host at a time.

use anyhow::Context;
use std::{
    fs::{self, File, TryLockError},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// Links that lead to the file, at most.
const LINKS: usize = 40;

/// Where the world is kept.
#[derive(Debug)]
pub struct WorldFile {
    path: PathBuf,
    /// Held while this host has the world. Nothing where files cannot be locked.
    lock: Option<File>,
}

impl WorldFile {
    /// The file at `path`, or where a link there leads. It need not exist yet.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        let mut path = path.to_owned();
        for _ in 0..LINKS {
            let Ok(to) = fs::read_link(&path) else { break };
            path = path.parent().unwrap_or(Path::new("")).join(to);
        }
        Self { path, lock: None }
    }

    /// Keeps other hosts from this world, and sees whether it will be possible to write it.
    ///
    /// # Errors
    ///
    /// When another host has it, or it could not be written; the error says what to do.
    pub fn claim(&mut self) -> anyhow::Result<()> {
        let advice = || format!("{} could not be written; --world names another file", self.path.display());
        self.beside().with_context(advice)?;
        let lock = self.folder().join(format!(".{}.lock", self.name()));
        let file =
            File::options().write(true).create(true).truncate(false).mode(0o600).open(&lock).with_context(advice)?;
        match file.try_lock() {
            Ok(()) => self.lock = Some(file),
            Err(TryLockError::WouldBlock) => anyhow::bail!(
                "another host has the world in {}: end that one first, or name another file with --world",
                self.path.display()
            ),
            Err(TryLockError::Error(error)) => {
                tracing::warn!(file = %lock.display(), %error, "cannot be locked; a second host would not be noticed");
            }
        }
        Ok(())
    }

    /// What keeps other hosts from this world, for the next process.
    #[must_use]
    pub fn into_lock(self) -> Option<File> {
        self.lock
    }

    /// Goes on with what the process before this one held.
    pub fn hold(&mut self, lock: Option<File>) {
        self.lock = lock;
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is in it; nothing if there is no file.
    ///
    /// # Errors
    ///
    /// When it is there and cannot be read.
    pub fn read(&self) -> anyhow::Result<Option<String>> {
        match fs::read_to_string(&self.path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| {
                format!("{} cannot be read (--fresh starts a new world and keeps it)", self.path.display())
            }),
        }
    }

    /// Writes the file anew, beside the old one, and puts it in its place when all of it is on the disk.
    ///
    /// # Errors
    ///
    /// When it cannot be written; the old file is as it was.
    pub fn write(&self, text: &str) -> anyhow::Result<()> {
        let old = fs::metadata(&self.path).ok();
        let what = || {
            let kept = if old.is_some() { "; the file that was there is as it was" } else { "" };
            format!("{} cannot be written{kept}", self.path.display())
        };
        let mut beside = self.beside().with_context(what)?;
        beside.write_all(text.as_bytes()).with_context(what)?;
        if let Some(old) = &old {
            // Who may read it may go on to.
            beside.as_file().set_permissions(old.permissions()).with_context(what)?;
        }
        beside.as_file().sync_all().with_context(what)?;
        beside.persist(&self.path).with_context(what)?;
        // The new name is on the disk when its folder is.
        File::open(self.folder())
            .and_then(|folder| folder.sync_all())
            .with_context(|| format!("{} is written, but may not be on the disk yet", self.path.display()))
    }

    /// Writes the world among the temporary files, when it cannot be written where it belongs. Answers where it is.
    ///
    /// # Errors
    ///
    /// When it cannot be written there either.
    pub fn write_elsewhere(text: &str) -> anyhow::Result<PathBuf> {
        let what = "it cannot be written among the temporary files either";
        let mut file = tempfile::Builder::new().prefix("mud-world-").suffix(".json").tempfile().context(what)?;
        file.write_all(text.as_bytes()).context(what)?;
        file.as_file().sync_all().context(what)?;
        Ok(file.keep().context(what)?.1)
    }

    /// A new file in the same folder.
    fn beside(&self) -> anyhow::Result<tempfile::NamedTempFile> {
        let folder = self.folder();
        anyhow::ensure!(folder.is_dir(), "there is no folder {}", folder.display());
        Ok(tempfile::Builder::new().prefix(&self.prefix()).tempfile_in(folder)?)
    }

    fn folder(&self) -> &Path {
        self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }

    /// Gives the file another name, so that a new one can be written. Answers with that name; nothing if there is no file.
    ///
    /// # Errors
    ///
    /// When it cannot be renamed.
    pub fn set_aside(&self) -> anyhow::Result<Option<PathBuf>> {
        if !self.path.exists() {
            return Ok(None);
        }
        let free = (1..).map(|number| self.path.with_extension(format!("{number}.json"))).find(|name| !name.exists());
        let name = free.unwrap_or_else(|| self.path.with_extension("old.json"));
        fs::rename(&self.path, &name)
            .with_context(|| format!("{} cannot be renamed to {}", self.path.display(), name.display()))?;
        Ok(Some(name))
    }

    /// Removes what a host that was killed while it wrote has left behind.
    pub fn clean_up(&self) {
        let Ok(entries) = fs::read_dir(self.folder()) else { return };
        for entry in entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(&self.prefix())) {
            if let Err(error) = fs::remove_file(entry.path()) {
                tracing::warn!(file = %entry.path().display(), %error, "cannot remove an unfinished save file");
            }
        }
    }

    fn prefix(&self) -> String {
        format!(".{}-unfinished-", self.name())
    }

    fn name(&self) -> String {
        self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::WorldFile;
    use std::{
        fs,
        os::unix::fs::{PermissionsExt, symlink},
    };

    #[test]
    fn a_file_is_replaced_whole_or_not_at_all() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = WorldFile::new(&folder.path().join("world.json"));
        assert_eq!(file.read().expect("no file is fine"), None);
        file.write("one").expect("written");
        file.write("two").expect("written");
        assert_eq!(file.read().expect("readable").as_deref(), Some("two"));
        assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 1, "nothing is left behind");

        // A host that was killed while it wrote.
        fs::write(folder.path().join(".world.json-unfinished-x"), "thr").expect("written");
        file.clean_up();
        assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 1);

        let aside = file.set_aside().expect("renamed").expect("there was one");
        assert_eq!(fs::read_to_string(aside).expect("readable"), "two");
        assert_eq!(file.read().expect("no file is fine"), None);
        let mut nowhere = WorldFile::new(&folder.path().join("missing/world.json"));
        let error = format!("{:#}", nowhere.write("three").expect_err("no folder"));
        assert!(error.contains("world.json cannot be written") && error.contains("there is no folder"), "{error}");
        assert!(!error.contains("as it was"), "{error}");
        let error = format!("{:#}", nowhere.claim().expect_err("no folder"));
        assert!(error.contains("--world"), "{error}");
        let elsewhere = WorldFile::write_elsewhere("three").expect("written");
        assert_eq!(fs::read_to_string(&elsewhere).expect("readable"), "three");
        fs::remove_file(elsewhere).expect("removed");
    }

    #[test]
    fn a_link_stays_a_link_and_the_mode_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, link) = (folder.path().join("kept/world.json"), folder.path().join("world.json"));
        fs::create_dir(folder.path().join("kept")).expect("made");
        symlink("kept/world.json", &link).expect("linked");
        WorldFile::new(&link).write("one").expect("written");
        assert_eq!(fs::read_to_string(&file).expect("where the link leads"), "one");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("changed");
        WorldFile::new(&link).write("two").expect("written");
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
        assert_eq!(fs::read_to_string(&file).expect("readable"), "two");
        assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o640);
    }

    #[test]
    fn a_world_has_one_host() {
        let folder = tempfile::tempdir().expect("a folder");
        let [mut first, mut second] = [(); 2].map(|()| WorldFile::new(&folder.path().join("world.json")));
        first.claim().expect("nobody has it");
        let error = second.claim().expect_err("it is taken").to_string();
        assert!(error.contains("another host has the world") && error.contains("--world"), "{error}");
        drop(first);
        second.claim().expect("free again");
    }
}
