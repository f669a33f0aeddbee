//! Turns libraries that are no longer current into memory, where that is safe. Must never unmap a library that the
//! session may still call, nor one that may have left something on a thread that can end.
#![expect(unsafe_code, reason = "gives libraries back to the system")]

use super::{
    LoadedLibrary,
    epoch::loaded_so_far,
    pin::{Footprint, on_main_thread},
};
use crate::validation::Problem;
use serde::Serialize;
use std::path::PathBuf;

/// A library is kept while its epoch is at most this far behind: for an undo and for stragglers.
const KEPT_EPOCHS: u32 = 1;
/// Threads' storage keys give out at 1,024, and every version that asks for the current thread may take one.
const MANY_VERSIONS: usize = 900;

/// The libraries of past epochs.
#[derive(Debug, Default)]
pub struct Shelf {
    retired: Vec<Retired>,
    given_back: Vec<Footprint>,
    thread_outlives_session: bool,
}

#[derive(Debug)]
struct Retired {
    library: LoadedLibrary,
    epoch: u32,
    ran: bool,
    may_go: bool,
}

/// How many versions of the library are mapped besides the current one, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MappedVersions {
    /// Kept for an undo, or refused and kept to be tried again.
    pub recent: usize,
    /// Ran on a thread that may end before the process: unmapping could crash it.
    pub ran_on_another_thread: usize,
    /// Given back, but kept by the system: a thread that the library started, or a thread-local with a destructor.
    pub kept_by_the_system: usize,
}

impl MappedVersions {
    /// All of them.
    #[must_use]
    pub fn count(&self) -> usize {
        self.recent + self.ran_on_another_thread + self.kept_by_the_system
    }
}

/// A library that was given back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GivenBack {
    /// The epoch that it was retired from.
    pub epoch: u32,
    /// The file that was mapped.
    pub file: PathBuf,
    /// Whether the system keeps it mapped all the same.
    pub still_mapped: bool,
}

impl Shelf {
    /// An empty shelf.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Promises that the thread which runs the library's code goes on until the process exits. Needed only where that is
    /// not the main thread; for what is retired after the call.
    ///
    /// # Safety
    ///
    /// 1. Nothing that the library's code has left with its thread is called any more once the library is old. That holds
    ///    for a thread that goes on until the process exits.
    pub unsafe fn declare_thread_outlives_session(&mut self) {
        self.thread_outlives_session = true;
    }

    /// Takes the library that was current until `epoch` ended, from the thread that ran its code.
    ///
    /// By handing it over the session declares that once the epoch is two behind the current one, nothing of it is used:
    /// no code of it is called, no instance, event or record of it is kept.
    pub fn retire(&mut self, library: LoadedLibrary, epoch: u32) {
        let may_go = on_main_thread() || self.thread_outlives_session;
        self.retired.push(Retired { library, epoch, ran: true, may_go });
    }

    /// Takes a library that was loaded and refused: nothing of it ran but the functions that list its tables.
    pub fn set_aside(&mut self, library: LoadedLibrary, epoch: u32) {
        let may_go = on_main_thread() || self.thread_outlives_session;
        self.retired.push(Retired { library, epoch, ran: false, may_go });
    }

    /// Gives back the library that was retired from `epoch`, if it is still here.
    pub fn take(&mut self, epoch: u32) -> Option<LoadedLibrary> {
        let at = self.retired.iter().position(|retired| retired.epoch == epoch && retired.ran)?;
        Some(self.retired.remove(at).library)
    }

    /// Gives back to the system what has become old now that `current` is the epoch.
    pub fn advance(&mut self, current: u32) -> Vec<GivenBack> {
        let old = |retired: &mut Retired| retired.may_go && current.saturating_sub(retired.epoch) > KEPT_EPOCHS;
        let mut report = Vec::new();
        for retired in self.retired.extract_if(.., old) {
            // SAFETY: by `retire`'s contract nothing of it is used any more. It ran on no thread but one that lasts,
            // so no thread-local of it is touched later.
            let footprint = unsafe { retired.library.release() };
            let still_mapped = footprint.is_mapped();
            let file = footprint.file().to_owned();
            tracing::debug!(file = %file.display(), epoch = retired.epoch, still_mapped, "library given back");
            if still_mapped {
                self.given_back.push(footprint);
            }
            report.push(GivenBack { epoch: retired.epoch, file, still_mapped });
        }
        report
    }

    /// What is mapped besides the current library.
    #[must_use]
    pub fn mapped(&self) -> MappedVersions {
        let ran_on_another_thread = self.retired.iter().filter(|retired| !retired.may_go).count();
        MappedVersions {
            recent: self.retired.len() - ran_on_another_thread,
            ran_on_another_thread,
            kept_by_the_system: self.given_back.iter().filter(|footprint| footprint.is_mapped()).count(),
        }
    }

    /// Says so when the process nears the limits of what can be loaded.
    #[must_use]
    pub fn warning(&self) -> Option<Problem> {
        let (mapped, loaded) = (self.mapped(), loaded_so_far());
        near_the_limit(&mapped, loaded)
    }
}

fn near_the_limit(mapped: &MappedVersions, loaded: usize) -> Option<Problem> {
    (mapped.count() >= MANY_VERSIONS || loaded >= MANY_VERSIONS).then(|| {
        Problem::new(
            "library.many_versions",
            "this process",
            format!(
                "{loaded} versions of libraries have been loaded and {} are mapped besides the current one ({} recent, {} \
                 that ran on another thread, {} kept by the system); at about 1,000 the system may run out of \
                 thread-local storage keys",
                mapped.count(),
                mapped.recent,
                mapped.ran_on_another_thread,
                mapped.kept_by_the_system,
            ),
            "save the world and restart the host soon; until then everything works",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_versions_are_a_warning_that_says_why() {
        let few = MappedVersions { recent: 2, ..MappedVersions::default() };
        assert_eq!(near_the_limit(&few, 899), None);
        let problem = near_the_limit(&few, 900).expect("many were loaded");
        assert!(problem.message.contains("2 recent"), "{problem}");
        let many = MappedVersions { kept_by_the_system: 900, ..few };
        assert!(near_the_limit(&many, 3).is_some());
    }
}
