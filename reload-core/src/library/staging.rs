//! Turns an artifact into a private copy of all of it that is mapped. Must never load it, nor trust that nobody writes
//! to it.

use super::{
    object,
    trim::{Trimmed, trim},
};
use crate::validation::Problem;
use serde::Serialize;
use std::{
    ffi::OsStr,
    fmt, fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

/// Folder of all processes' staging folders, beside the artifacts.
const SHARED: &str = ".reload-staging";

/// A file that is still not a library after this long without a change will not become one.
const SETTLED: Duration = Duration::from_millis(300);
/// A file that is still changing after this long is given up.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks at a file.
const BETWEEN_LOOKS: Duration = Duration::from_millis(2);

/// Identity of a library's bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentHash(u128);

impl ContentHash {
    fn of(bytes: &[u8]) -> Self {
        Self(xxhash_rust::xxh3::xxh3_128(bytes))
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Serialize for ContentHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A folder of this process alone. What lies in it is removed with it; what a killed process left
/// behind is removed by the next one that stages beside it.
#[derive(Debug)]
pub(crate) struct Staging {
    folder: PathBuf,
    lock_path: PathBuf,
    /// Held locked for as long as the folder is in use: unlike a process id it says so across containers
    /// and is never given to somebody else.
    lock: fs::File,
    next: AtomicU64,
}

/// A copy in the staging folder. Removed when dropped, unless it was moved away.
#[derive(Debug)]
pub(crate) struct StagedFile {
    pub(crate) path: PathBuf,
    /// Of the whole artifact.
    pub(crate) hash: ContentHash,
    /// Of the whole artifact.
    pub(crate) bytes: u64,
    pub(crate) staging: Arc<Staging>,
}

/// What became of an artifact that is complete.
#[derive(Debug)]
pub(crate) enum Staged {
    /// It was not copied: it has the bytes that were asked about.
    Same(ContentHash),
    File(StagedFile, Option<(DebugFile, Whole)>),
}

/// All of an artifact whose copy has less: what backtraces and debuggers need as well. Not written yet.
#[derive(Debug)]
pub(crate) struct Whole {
    path: PathBuf,
    bytes: Vec<u8>,
    wanted: Weak<()>,
}

impl Whole {
    /// Writes the file that the copy names, if its owner still wants it. Without it everything works, but backtraces have
    /// no lines.
    pub(crate) fn write(self) {
        if self.wanted.strong_count() == 0 {
            return;
        }
        if let Err(error) = fs::write(&self.path, &self.bytes) {
            tracing::warn!(file = %self.path.display(), %error, "no room for debug information: backtraces have no lines");
            // A part of it is of no use, and takes the room that is missing.
            let _ = fs::remove_file(&self.path);
        }
        if self.wanted.strong_count() == 0 {
            // Its owner went while it was written.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The file that backtraces and debuggers look for beside a copy, written or not. Removed when dropped.
#[derive(Debug)]
pub(crate) struct DebugFile {
    path: PathBuf,
    wanted: Option<Arc<()>>,
}

impl DebugFile {
    /// The file at `path`, and what will write `bytes` there.
    fn later(path: PathBuf, bytes: Vec<u8>) -> (Self, Whole) {
        let wanted = Arc::new(());
        let whole = Whole { path: path.clone(), bytes, wanted: Arc::downgrade(&wanted) };
        (Self { path, wanted: Some(wanted) }, whole)
    }
}

impl Drop for DebugFile {
    fn drop(&mut self) {
        // Before the file goes: who writes it looks afterwards.
        self.wanted = None;
        let _ = fs::remove_file(&self.path);
    }
}

impl Drop for StagedFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

impl Staging {
    /// Opens a folder beside `artifacts`, or among the system's temporary files where that is not writable.
    pub(crate) fn open(artifacts: &Path) -> Result<Arc<Self>, Problem> {
        let beside = artifacts.join(SHARED);
        let first = match fs::create_dir_all(&beside).and_then(|()| Self::open_in(&beside)) {
            Ok(staging) => return Ok(Arc::new(staging)),
            Err(error) => error,
        };
        tracing::debug!(folder = %beside.display(), error = %first, "cannot stage beside the artifact");
        let temporary = std::env::temp_dir();
        own_folder(&temporary).and_then(|folder| Self::open_in(&folder)).map(Arc::new).map_err(|second| {
            Problem::new(
                "staging.folder",
                beside.display().to_string(),
                format!("no folder to copy the library to: {first}; in {}: {second}", temporary.display()),
                "make one of the two writable and free some space; the running code is not affected",
            )
        })
    }

    fn open_in(shared: &Path) -> io::Result<Self> {
        remove_leftovers(shared);
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        loop {
            // No dots: the loader takes what follows a dot in a file's name for its extension.
            let name = format!("{}-{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
            let (folder, lock_path) = (shared.join(&name), shared.join(format!("{name}.lock")));
            let lock = match fs::File::create_new(&lock_path) {
                Ok(lock) => lock,
                // Another process with the same id: a container, or one that is long gone and is being removed.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error),
            };
            // The cleaner may have taken the file between the two calls; then it is no longer in the folder.
            if lock.try_lock().is_err() || !is_same_file(&lock, &lock_path) {
                continue;
            }
            fs::create_dir(&folder)?;
            let folder = folder.canonicalize()?;
            tracing::debug!(folder = %folder.display(), "staging folder");
            return Ok(Self { folder, lock_path, lock, next: AtomicU64::new(0) });
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether the folder is still there: somebody may have emptied the target directory.
    pub(crate) fn is_intact(&self) -> bool {
        self.folder.is_dir() && is_same_file(&self.lock, &self.lock_path)
    }

    /// Copies `artifact`, when it is complete, unless its bytes are `known`. What is not mapped when it is loaded, which is
    /// most of a library with information for debuggers, is left out and given back.
    #[tracing::instrument(name = "stage", level = "debug", skip_all, fields(artifact = %artifact.display()))]
    pub(crate) fn stage(
        self: &Arc<Self>,
        artifact: &Path,
        writer: Writer,
        known: Option<ContentHash>,
    ) -> Result<Staged, Problem> {
        let bytes = read_complete(artifact, writer)?;
        let hash = ContentHash::of(&bytes);
        if known == Some(hash) {
            return Ok(Staged::Same(hash));
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.join(format!("candidate-{number}")).with_extension(std::env::consts::DLL_EXTENSION);
        let debug = format!("candidate-{number}.debug");
        let trimmed = trim(&bytes, &debug);
        let parts = trimmed.as_ref().map_or([&bytes[..], &[], &[]], Trimmed::parts);
        let copied = parts.iter().map(|part| part.len() as u64).sum();
        if let Err(error) = write_parts(&path, parts) {
            let _ = fs::remove_file(&path);
            return Err(not_copied(&path, copied, &error));
        }
        tracing::debug!(bytes = bytes.len(), copied, %hash, "staged");
        let file = StagedFile { path, hash, bytes: bytes.len() as u64, staging: Arc::clone(self) };
        let has_less = trimmed.is_some();
        Ok(Staged::File(file, has_less.then(|| DebugFile::later(self.folder.join(debug), bytes))))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
        let _ = fs::remove_file(&self.lock_path);
        if let Some(shared) = self.folder.parent() {
            // Fails where others still use it.
            let _ = fs::remove_dir(shared);
        }
    }
}

/// A folder among everybody's temporary files that only this user can write to.
fn own_folder(temporary: &Path) -> io::Result<PathBuf> {
    use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
    let name = |suffix: u64| temporary.join(format!("reload-staging-{suffix}"));
    let mut suffix = 0;
    loop {
        let folder = name(suffix);
        match fs::DirBuilder::new().mode(0o700).create(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let probe = folder.join(format!("{}.owner", std::process::id()));
                let found = fs::symlink_metadata(&folder)?;
                let ours = found.is_dir()
                    && found.permissions().mode() & 0o022 == 0
                    && fs::File::create(&probe)
                        .and_then(|file| file.metadata())
                        .is_ok_and(|own| own.uid() == found.uid());
                let _ = fs::remove_file(&probe);
                if ours {
                    return Ok(folder);
                }
            }
            Err(error) => return Err(error),
        }
        suffix += 1;
        if suffix > 64 {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "every name is taken by somebody else"));
        }
    }
}

/// Removes the folders whose lock nobody holds.
fn remove_leftovers(shared: &Path) {
    let Ok(entries) = fs::read_dir(shared) else { return };
    for lock_path in entries.flatten().map(|entry| entry.path()) {
        if lock_path.extension() != Some(OsStr::new("lock")) {
            continue;
        }
        let Ok(lock) = fs::File::open(&lock_path) else { continue };
        if lock.try_lock().is_err() {
            continue;
        }
        let folder = lock_path.with_extension("");
        tracing::info!(folder = %folder.display(), "removing what a process left behind");
        let _ = fs::remove_dir_all(&folder);
        let _ = fs::remove_file(&lock_path);
    }
}

fn is_same_file(file: &fs::File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let (Ok(ours), Ok(theirs)) = (file.metadata(), fs::metadata(path)) else { return false };
    (ours.dev(), ours.ino()) == (theirs.dev(), theirs.ino())
}

/// What tells two states of a file apart without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileState {
    device: u64,
    inode: u64,
    len: u64,
    modified: (i64, i64),
    /// Unlike the time above nobody can set this one back.
    changed: (i64, i64),
}

impl FileState {
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt as _;
        let found = fs::metadata(path)?;
        Ok(Self {
            device: found.dev(),
            inode: found.ino(),
            len: found.len(),
            modified: (found.mtime(), found.mtime_nsec()),
            changed: (found.ctime(), found.ctime_nsec()),
        })
    }
}

/// Whether somebody may still be writing an artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writer {
    /// The build that wrote it has ended: one look is enough, if the file did not change under it.
    Ended,
    Unknown,
}

/// Reads a file that somebody may be writing, until two looks agree and what they saw is a library.
fn read_complete(artifact: &Path, writer: Writer) -> Result<Vec<u8>, Problem> {
    let start = Instant::now();
    let mut last: Option<Vec<u8>> = None;
    let mut settled_since = start;
    loop {
        let trouble = match look(artifact) {
            Ok(Some(bytes)) => {
                let unchanged = last.as_ref() == Some(&bytes);
                if !unchanged {
                    settled_since = Instant::now();
                }
                match object::inspect(&bytes, artifact) {
                    Ok(()) if unchanged || writer == Writer::Ended || is_old(artifact) => return Ok(bytes),
                    Ok(()) => {
                        last = Some(bytes);
                        None
                    }
                    Err(problem) => {
                        last = Some(bytes);
                        Some(problem)
                    }
                }
            }
            // It changed under the look.
            Ok(None) => {
                settled_since = Instant::now();
                None
            }
            Err(error) => {
                last = None;
                Some(Problem::new(
                    if error.kind() == io::ErrorKind::NotFound { "library.missing" } else { "library.unreadable" },
                    artifact.display().to_string(),
                    format!("cannot read the library: {error}"),
                    "build it again; the running code is not affected",
                ))
            }
        };
        if let Some(problem) = trouble
            && settled_since.elapsed() >= SETTLED
        {
            return Err(problem);
        }
        if start.elapsed() >= PATIENCE {
            return Err(Problem::new(
                "library.unstable",
                artifact.display().to_string(),
                format!("the file has been changing for {} seconds", PATIENCE.as_secs()),
                "wait for whatever writes it to end; the library is looked at again when it changes",
            ));
        }
        std::thread::sleep(BETWEEN_LOOKS);
    }
}

/// The file's bytes, or `None` if it changed meanwhile.
fn look(artifact: &Path) -> io::Result<Option<Vec<u8>>> {
    let before = FileState::of(artifact)?;
    let bytes = fs::read(artifact)?;
    let after = FileState::of(artifact)?;
    Ok((before == after && bytes.len() as u64 == after.len).then_some(bytes))
}

pub(super) fn not_copied(file: &Path, bytes: u64, error: &io::Error) -> Problem {
    Problem::new(
        "staging.write",
        file.display().to_string(),
        format!("cannot copy {bytes} bytes of the library: {error}"),
        "free some space or permit writing there, then save again; the running code is not affected",
    )
}

fn write_parts(path: &Path, parts: [&[u8]; 3]) -> io::Result<()> {
    let mut file = fs::File::create(path)?;
    parts.into_iter().try_for_each(|part| file.write_all(part))
}

/// Whether the file was last written long ago, so that one look is enough.
fn is_old(artifact: &Path) -> bool {
    let modified = fs::metadata(artifact).and_then(|found| found.modified());
    modified.is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|age| age > Duration::from_secs(2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftovers_go_and_living_folders_stay() {
        let target = tempfile::tempdir().expect("a temporary folder");
        let living = Staging::open(target.path()).expect("writable");
        let shared = target.path().join(SHARED);
        fs::create_dir(shared.join("4194999-7")).expect("writable");
        fs::write(shared.join("4194999-7/candidate-0.so"), b"x").expect("writable");
        fs::write(shared.join("4194999-7.lock"), b"").expect("writable");
        let second = Staging::open(target.path()).expect("writable");
        assert!(!shared.join("4194999-7").exists() && !shared.join("4194999-7.lock").exists());
        assert!(living.is_intact() && second.is_intact());
        assert_ne!(living.folder(), second.folder());
        drop((living, second));
        assert!(!shared.exists(), "nothing is left");
    }

    #[test]
    fn a_removed_target_directory_is_noticed() {
        let target = tempfile::tempdir().expect("a temporary folder");
        let staging = Staging::open(target.path()).expect("writable");
        fs::remove_dir_all(target.path().join(SHARED)).expect("removable");
        assert!(!staging.is_intact());
    }

    #[test]
    fn a_target_directory_that_is_no_directory_falls_back_to_temporary_files() {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        let staging = Staging::open(file.path()).expect("falls back");
        assert!(staging.is_intact());
    }
}
