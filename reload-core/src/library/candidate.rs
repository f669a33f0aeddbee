//! Turns an artifact into a candidate: a private copy, complete as far as it is mapped, that a child process has loaded.
//! Must never load it in this process. Runs beside the game loop.

use super::{
    probe::{self, Counts},
    staging::{ContentHash, DebugFile, Staged, StagedFile, Staging, Whole, Writer},
};
use crate::validation::{Problem, Rejection};
use serde::Serialize;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

/// A library that is fit to be loaded, and not yet trusted with anything else.
#[derive(Debug)]
pub struct Candidate {
    staged: StagedFile,
    debug: Option<DebugFile>,
    artifact: PathBuf,
    counts: Counts,
    times: StageTimes,
    complete_at: Instant,
}

/// How long a candidate took to become one. Stages that did not happen are `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StageTimes {
    /// From the first notice of a change to the start of the build.
    pub notice: Option<Duration>,
    /// The build.
    pub build: Option<Duration>,
    /// Copying the artifact and checking that it is complete.
    pub copy: Duration,
    /// Loading it in a child process; `None` if the source does not probe.
    pub probe: Option<Duration>,
    /// From offering the candidate to its being loaded; `None` before that.
    pub load: Option<Duration>,
}

impl Candidate {
    /// What it is a copy of.
    #[must_use]
    pub fn artifact(&self) -> &Path {
        &self.artifact
    }

    /// The copy. What only debuggers read is left out; the copy names a file beside it that has it.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.staged.path
    }

    /// Identity of the artifact's bytes.
    #[must_use]
    pub fn hash(&self) -> ContentHash {
        self.staged.hash
    }

    /// The artifact's size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.staged.bytes
    }

    /// How long it took so far.
    #[must_use]
    pub fn times(&self) -> StageTimes {
        self.times
    }

    /// When the artifact was known to be complete.
    #[must_use]
    pub fn complete_at(&self) -> Instant {
        self.complete_at
    }

    pub(super) fn staging(&self) -> &Arc<Staging> {
        &self.staged.staging
    }

    /// What backtraces need for as long as the library is the newest.
    pub(super) fn take_debug_file(&mut self) -> Option<DebugFile> {
        self.debug.take()
    }
}

/// How candidates are tried before they may be loaded.
#[derive(Clone, Copy, Debug)]
pub struct ProbePolicy {
    /// How long loading may take; `None` turns probing off.
    pub timeout: Option<Duration>,
}

impl Default for ProbePolicy {
    fn default() -> Self {
        Self { timeout: Some(Duration::from_secs(5)) }
    }
}

/// What became of an artifact at the [`Gate`].
#[derive(Debug)]
pub enum Gated {
    /// It may be offered to the loader.
    Candidate(Box<Candidate>),
    /// It has the bytes of the last candidate.
    Unchanged(ContentHash),
}

/// The way from artifacts to candidates. Knows the last candidate, and none of the loaded epochs.
#[derive(Debug, Default)]
pub struct Gate {
    policy: ProbePolicy,
    staging: Option<Arc<Staging>>,
    last: Option<ContentHash>,
    /// Of the last candidate, until it is written.
    whole: Option<Whole>,
}

impl Gate {
    /// A gate that tries candidates as `policy` says.
    #[must_use]
    pub fn new(policy: ProbePolicy) -> Self {
        Self { policy, staging: None, last: None, whole: None }
    }

    /// Forgets the last candidate, so that the same bytes become a candidate again.
    pub fn forget(&mut self) {
        self.last = None;
    }

    /// Copies, checks and probes `artifact`. Waits for it to be complete.
    ///
    /// # Errors
    ///
    /// Why it cannot be loaded. Nothing has changed then.
    pub fn examine(&mut self, artifact: &Path) -> Result<Gated, Rejection> {
        let result = self.examine_from(artifact, Writer::Unknown);
        self.write_debug_file();
        result
    }

    /// Writes what only backtraces and debuggers need of the last candidate: nobody waits for that.
    pub(super) fn write_debug_file(&mut self) {
        if let Some(whole) = self.whole.take() {
            whole.write();
        }
    }

    #[tracing::instrument(name = "gate", level = "debug", skip_all, fields(artifact = %artifact.display()))]
    pub(super) fn examine_from(&mut self, artifact: &Path, writer: Writer) -> Result<Gated, Rejection> {
        let result = self.examine_quietly(artifact, writer);
        match &result {
            Ok(Gated::Candidate(candidate)) => {
                tracing::debug!(hash = %candidate.hash(), counts = ?candidate.counts, times = ?candidate.times, "candidate");
            }
            Ok(Gated::Unchanged(hash)) => tracing::debug!(%hash, "the same bytes as before"),
            Err(rejection) => tracing::warn!(%rejection, "the library is not fit to be loaded"),
        }
        result
    }

    fn examine_quietly(&mut self, artifact: &Path, writer: Writer) -> Result<Gated, Rejection> {
        let start = Instant::now();
        let staged = match self.stage(artifact, writer) {
            // The folder was removed between the look at it and the copy, as `cargo clean` does.
            Err(_) if self.staging.as_ref().is_some_and(|staging| !staging.is_intact()) => self.stage(artifact, writer),
            staged => staged,
        }?;
        let (staged, whole) = match staged {
            Staged::Same(hash) => return Ok(Gated::Unchanged(hash)),
            Staged::File(file, whole) => (file, whole),
        };
        let (debug, whole) = whole.unzip();
        self.last = None;
        let complete_at = Instant::now();
        let mut times = StageTimes { copy: complete_at - start, ..StageTimes::default() };
        let mut counts = Counts { classes: 0, tables: 0 };
        if let Some(timeout) = self.policy.timeout {
            counts = probe::probe(&staged.path, artifact, timeout)?;
            times.probe = Some(complete_at.elapsed());
        }
        self.whole = whole;
        self.last = Some(staged.hash);
        Ok(Gated::Candidate(Box::new(Candidate {
            staged,
            debug,
            artifact: artifact.to_owned(),
            counts,
            times,
            complete_at,
        })))
    }

    fn stage(&mut self, artifact: &Path, writer: Writer) -> Result<Staged, Problem> {
        let staging = match self.staging.take().filter(|staging| staging.is_intact()) {
            Some(staging) => staging,
            None => open_beside(artifact)?,
        };
        self.staging.insert(staging).stage(artifact, writer, self.last)
    }
}

impl Candidate {
    pub(super) fn set_build_times(&mut self, notice: Option<Duration>, build: Option<Duration>) {
        self.times.notice = notice;
        self.times.build = build;
    }
}

fn open_beside(artifact: &Path) -> Result<Arc<Staging>, Problem> {
    let folder = artifact.parent().filter(|folder| folder.is_dir()).ok_or_else(|| {
        Problem::new(
            "library.missing",
            artifact.display().to_string(),
            "the folder of the library is gone",
            "build the library again; the running code is not affected",
        )
    })?;
    Staging::open(folder)
}
