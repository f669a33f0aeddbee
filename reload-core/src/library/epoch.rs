//! Turns a candidate into a loaded library, with `LibReloader` and a pin on every version. The only place that
//! loads. Must never unmap a version that has not been given back, and never wait: it is polled by the game loop.
#![expect(unsafe_code, reason = "reads the entry symbol of a library that was just loaded")]

use super::{
    Candidate, ContentHash, ENTRY_SYMBOL, LibraryTable, StageTimes,
    pin::{Footprint, Pin},
    staging::{DebugFile, Staging, not_copied},
    verify::verify,
};
use crate::validation::{Problem, Rejection};
use hot_lib_reloader::{HotReloaderError, LibReloader};
use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

/// How long the loader's watcher waits for silence. It looks four times as often.
const DEBOUNCE: Duration = Duration::from_millis(6);
/// A watcher that has seen nothing by now has missed the file, or takes its bytes for those before: it is changed.
const NUDGE_AFTER: Duration = Duration::from_millis(150);
/// A watcher that has seen nothing by now is dead: the loader is replaced, no earlier, because one that is dropped leaves
/// its threads and its watch to the process.
const REPLACE_AFTER: Duration = Duration::from_millis(400);

/// The loader's own thread panics if its file is gone before it watches it, which it does within this time.
const UNTIL_WATCHED: Duration = Duration::from_millis(50);

/// What lies under the watched name while nothing is under way.
const PLACEHOLDER: &str = "The next version of the library takes this name.\n";

/// Versions loaded in this process so far, over all loaders.
static LOADED: AtomicUsize = AtomicUsize::new(0);
/// Addresses of the tables that are pinned now, over all loaders.
static PINNED: Mutex<Vec<usize>> = Mutex::new(Vec::new());

/// Versions loaded in this process so far.
pub(super) fn loaded_so_far() -> usize {
    LOADED.load(Ordering::Relaxed)
}

/// A library that is loaded and stays so until it is given to the [`Shelf`](super::Shelf) (dropped, it stays for good).
/// Mark and fingerprint of its table were verified in this process; what its records say was not.
#[derive(Debug)]
pub struct LoadedLibrary {
    pin: Pin,
    table: *const LibraryTable,
    hash: ContentHash,
    artifact: PathBuf,
    times: StageTimes,
    complete_at: Instant,
}

impl LoadedLibrary {
    /// The library's table.
    #[must_use]
    pub fn table(&self) -> &LibraryTable {
        // SAFETY: verified when it was loaded; the pin keeps it mapped for as long as `self` lives.
        unsafe { &*self.table }
    }

    /// Identity of the library's bytes.
    #[must_use]
    pub fn hash(&self) -> ContentHash {
        self.hash
    }

    /// What it was copied from.
    #[must_use]
    pub fn artifact(&self) -> &Path {
        &self.artifact
    }

    /// The file that is mapped. The loader removes it when the next version is loaded; the mapping stays.
    #[must_use]
    pub fn file(&self) -> &Path {
        self.pin.file()
    }

    /// How long every stage took.
    #[must_use]
    pub fn times(&self) -> StageTimes {
        self.times
    }

    /// When the artifact was known to be complete.
    #[must_use]
    pub fn complete_at(&self) -> Instant {
        self.complete_at
    }

    /// Gives the library back. It stays mapped while the loader holds it as its newest, or the system needs it.
    ///
    /// # Safety
    ///
    /// 1. Nothing of the library is used any more: no code, no static, no thread-local of it.
    pub(super) unsafe fn release(self) -> Footprint {
        let address = self.table as usize;
        PINNED.lock().unwrap_or_else(PoisonError::into_inner).retain(|pinned| *pinned != address);
        // SAFETY: (1)
        unsafe { self.pin.close() }
    }
}

/// A candidate that lies under the name that the loader watches.
#[derive(Debug)]
struct Pending {
    candidate: Candidate,
    watched: PathBuf,
    since: Instant,
    nudged: bool,
    replace: bool,
}

/// Loads candidates one after the other. Lives on the thread that runs the library's code.
pub struct Loader {
    name: String,
    reloader: Option<LibReloader>,
    started: Option<Instant>,
    /// Where the reloader watches; its files must not be removed under it.
    staging: Option<Arc<Staging>>,
    /// Whether the placeholder was put under the watched name since the last load.
    armed: bool,
    /// Part of the shadow files' names, because a replaced reloader counts from zero again.
    generation: usize,
    offered: Option<(Candidate, Instant)>,
    pending: Option<Pending>,
    /// What backtraces through the newest library read.
    debug: Option<DebugFile>,
}

impl std::fmt::Debug for Loader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { name, generation, offered, pending, .. } = self;
        f.debug_struct("Loader")
            .field("name", name)
            .field("generation", generation)
            .field("offered", offered)
            .field("pending", pending)
            .finish_non_exhaustive()
    }
}

impl Loader {
    /// A loader of libraries called `name`. Nothing is loaded before [`Loader::offer`] and [`Loader::poll`].
    #[must_use]
    pub fn new(name: &str) -> Self {
        let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '_' };
        Self {
            // The reloader takes what follows a dot for the extension.
            name: name.chars().map(plain).collect(),
            reloader: None,
            started: None,
            staging: None,
            armed: false,
            generation: 0,
            offered: None,
            pending: None,
            debug: None,
        }
    }

    /// Takes a candidate to be loaded by the following calls of [`Loader::poll`].
    /// One that was offered before and is not loaded yet is superseded.
    pub fn offer(&mut self, candidate: Candidate) {
        self.offered = Some((candidate, Instant::now()));
    }

    /// Whether a candidate is on its way.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.offered.is_some() || self.pending.is_some()
    }

    /// Goes on with loading; never waits. `None` while there is nothing to tell.
    /// After an error the next candidate is loaded as if nothing had happened.
    pub fn poll(&mut self) -> Option<Result<LoadedLibrary, Rejection>> {
        if let Some((candidate, since)) = self.offered.take()
            && let Err(problem) = self.put_in_place(candidate, since)
        {
            return Some(Err(problem.into()));
        }
        let Some(mut pending) = self.pending.take() else {
            self.arm();
            return None;
        };
        let result = match &mut self.reloader {
            Some(reloader) if !pending.replace => match reloader.update() {
                Ok(true) => Ok(()),
                Ok(false) => {
                    self.pending = self.chase(pending);
                    return None;
                }
                Err(error) => Err(error),
            },
            // A new loader loads what is there at once.
            _ => self.replace_reloader(&pending),
        };
        self.armed = false;
        let result = match result {
            Ok(()) => self.adopt(&mut pending),
            Err(error) => {
                self.remove_copies(pending.candidate.staging());
                Err(not_loaded(&pending, &error).into())
            }
        };
        if let Err(rejection) = &result {
            tracing::warn!(%rejection, "loading failed");
        }
        Some(result)
    }

    fn put_in_place(&mut self, candidate: Candidate, since: Instant) -> Result<(), Problem> {
        let moved = self.staging.as_ref().is_some_and(|staging| !Arc::ptr_eq(staging, candidate.staging()));
        let watched = self.watched_in(candidate.staging());
        // The inode that was probed: nothing is copied, and the watcher never sees half a file.
        fs::rename(candidate.file(), &watched).map_err(|error| {
            Problem::new(
                "library.vanished",
                candidate.file().display().to_string(),
                format!("the checked copy of the library cannot be put in place: {error}"),
                "something removed the staging folder; save again; the running code is not affected",
            )
        })?;
        self.pending = Some(Pending { candidate, watched, since, nudged: false, replace: moved });
        Ok(())
    }

    fn watched_in(&self, staging: &Staging) -> PathBuf {
        let file = format!("{}{}", std::env::consts::DLL_PREFIX, self.name);
        staging.folder().join(file).with_extension(std::env::consts::DLL_EXTENSION)
    }

    /// Has the reloader's watcher see a change while nothing waits for it: a file that is no library takes the watched
    /// name. The reloader remembers that something has changed until `update` is called, which happens only when a
    /// candidate has taken the name in turn; so that call loads it at once, instead of waiting for the watcher to be sure
    /// of silence and to read the whole file. Where the watcher has not seen the placeholder it sees the candidate, later.
    fn arm(&mut self) {
        // A reloader that is new may not watch yet: it would take the placeholder for what was there from the beginning.
        let watches = self.started.is_some_and(|started| started.elapsed() >= UNTIL_WATCHED);
        let Some(staging) = self.staging.as_ref().filter(|_| watches && !self.armed) else { return };
        let watched = self.watched_in(staging);
        let placeholder = watched.with_extension("placeholder");
        // By a rename, because the name must never be free.
        let placed = fs::write(&placeholder, PLACEHOLDER).and_then(|()| fs::rename(&placeholder, &watched));
        if let Err(error) = placed {
            tracing::debug!(file = %watched.display(), %error, "no placeholder: the next version is loaded a little later");
        }
        self.armed = true;
    }

    /// What to do about a watcher that has not seen the file yet.
    fn chase(&self, mut pending: Pending) -> Option<Pending> {
        let waited = pending.since.elapsed();
        if waited >= REPLACE_AFTER {
            tracing::warn!(file = %pending.watched.display(), "the loader's watcher does not answer, starting another");
            pending.replace = true;
        } else if waited >= NUDGE_AFTER && !pending.nudged {
            pending.nudged = true;
            if let Err(error) = nudge(&pending.watched) {
                tracing::debug!(file = %pending.watched.display(), %error, "cannot change the library");
            }
        }
        Some(pending)
    }

    /// Removes what the reloader has copied, whole or in part: what it had loaded before it has closed and removed itself.
    fn remove_copies(&self, staging: &Staging) {
        let prefix = format!("{}{}-hot-", std::env::consts::DLL_PREFIX, self.name);
        for entry in fs::read_dir(staging.folder()).into_iter().flatten().flatten() {
            if entry.file_name().as_encoded_bytes().starts_with(prefix.as_bytes()) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    fn replace_reloader(&mut self, pending: &Pending) -> Result<(), HotReloaderError> {
        // The old one closes its library, which stays mapped if anybody has pinned it.
        self.reloader = None;
        self.started = Some(Instant::now());
        self.generation += 1;
        let staging = Arc::clone(pending.candidate.staging());
        let template = format!("{{lib_name}}-hot-{{pid}}-{}-{{load_counter}}", self.generation);
        self.reloader = Some(LibReloader::new(staging.folder(), &self.name, Some(DEBOUNCE), Some(template))?);
        self.staging = Some(staging);
        Ok(())
    }

    /// Pins and verifies what the reloader has just loaded.
    fn adopt(&mut self, pending: &mut Pending) -> Result<LoadedLibrary, Rejection> {
        LOADED.fetch_add(1, Ordering::Relaxed);
        let artifact = pending.candidate.artifact().to_owned();
        let problem = |code, message: String| {
            Problem::new(code, artifact.display().to_string(), message, "save again; the running code is not affected")
        };
        let Some(reloader) = &self.reloader else {
            return Err(problem("library.load", "there is no loader".into()).into());
        };
        // SAFETY: the symbol is only used as an address.
        let symbol = unsafe { reloader.get_symbol::<*const u8>(ENTRY_SYMBOL.as_bytes()) }
            .map_err(|error| problem("library.vanished", format!("nothing was loaded: {error}")))?;
        // SAFETY: the pointer is not used beyond the library, which the pin below keeps.
        let address = unsafe { symbol.try_as_raw_ptr() };
        let address = address.ok_or_else(|| problem("library.no_entry", "the entry symbol has no address".into()))?;
        let address = address.cast::<u8>().cast_const();
        let pin =
            Pin::on(address).map_err(|error| problem("library.pin", format!("cannot keep it mapped: {error}")))?;
        // SAFETY: the pin keeps the library mapped; a child process has read the same bytes of the same file.
        let table = unsafe { verify(address) }.map_err(|findings| {
            let problems = findings.into_iter().map(|finding| finding.into_problem(&artifact)).collect();
            Rejection::unless_empty(problems).err().unwrap_or_else(|| problem("library.table", "refused".into()).into())
        })?;
        let mut pinned = PINNED.lock().unwrap_or_else(PoisonError::into_inner);
        if pinned.contains(&(address as usize)) {
            return Err(problem(
                "library.stale",
                "the loader handed out a version that is already in use instead of the new one".into(),
            )
            .into());
        }
        pinned.push(address as usize);
        drop(pinned);
        // The former one's library is no longer found under its name either.
        self.debug = pending.candidate.take_debug_file();
        let mut times = pending.candidate.times();
        times.load = Some(pending.since.elapsed());
        tracing::info!(
            file = %pin.file().display(), hash = %pending.candidate.hash(), load = ?times.load, "library loaded",
        );
        Ok(LoadedLibrary {
            pin,
            table: std::ptr::from_ref(table),
            hash: pending.candidate.hash(),
            artifact,
            times,
            complete_at: pending.candidate.complete_at(),
        })
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        if let Some(started) = self.started {
            std::thread::sleep(UNTIL_WATCHED.saturating_sub(started.elapsed()));
        }
    }
}

fn not_loaded(pending: &Pending, error: &HotReloaderError) -> Problem {
    if let HotReloaderError::LibraryCopyError(error) = error {
        let bytes = fs::metadata(&pending.watched).map_or(0, |found| found.len());
        return not_copied(&pending.watched, bytes, error);
    }
    Problem::new(
        "library.load",
        pending.candidate.artifact().display().to_string(),
        format!("the library could be loaded by a child process but not by this one: {error}"),
        "look at the limits of this process (memory, thread-local storage), then save again; the running code is not \
         affected",
    )
}

/// Makes the loader's watcher look again, and find other bytes than before.
fn nudge(file: &Path) -> io::Result<()> {
    let mut file = fs::File::options().append(true).open(file)?;
    // Behind the end of what is mapped, where nobody looks; elsewhere a signature is for all of a file.
    if cfg!(target_os = "linux") {
        file.write_all(b"\n")?;
    }
    file.set_modified(SystemTime::now())
}
