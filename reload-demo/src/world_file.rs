//! The file that the world is kept in while nobody plays. Written in one go: whatever happens meanwhile, there is either
//! the old file or the new one.

use anyhow::Context;
use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};

/// Where the world is kept.
#[derive(Clone, Debug)]
pub struct WorldFile {
    path: PathBuf,
}

impl WorldFile {
    /// The file at `path`, which need not exist yet.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path }
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
            Err(error) => Err(error).with_context(|| format!("{} cannot be read", self.path.display())),
        }
    }

    /// Writes the file anew, beside the old one, and puts it in its place when all of it is on the disk.
    ///
    /// # Errors
    ///
    /// When it cannot be written; the old file is as it was.
    pub fn write(&self, text: &str) -> anyhow::Result<()> {
        let what = || format!("{} cannot be written; the file that was there is as it was", self.path.display());
        let folder = match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut beside = tempfile::Builder::new().prefix(&self.prefix()).tempfile_in(folder).with_context(what)?;
        beside.write_all(text.as_bytes()).with_context(what)?;
        beside.as_file().sync_all().with_context(what)?;
        beside.persist(&self.path).with_context(what)?;
        // The new name is on the disk when its folder is.
        #[cfg(unix)]
        fs::File::open(folder).and_then(|folder| folder.sync_all()).with_context(what)?;
        Ok(())
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
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let Ok(entries) = fs::read_dir(folder) else { return };
        for entry in entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(&self.prefix())) {
            if let Err(error) = fs::remove_file(entry.path()) {
                tracing::warn!(file = %entry.path().display(), %error, "cannot remove an unfinished save file");
            }
        }
    }

    fn prefix(&self) -> String {
        let name = self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        format!(".{name}-unfinished-")
    }
}

#[cfg(test)]
mod tests {
    use super::WorldFile;
    use std::fs;

    #[test]
    fn a_file_is_replaced_whole_or_not_at_all() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = WorldFile::new(folder.path().join("world.json"));
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
        let nowhere = WorldFile::new(folder.path().join("missing/world.json"));
        let error = format!("{:#}", nowhere.write("three").expect_err("no folder"));
        assert!(error.contains("world.json cannot be written"), "{error}");
    }
}
