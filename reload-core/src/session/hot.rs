//! Libraries that are loaded: from the supply's candidates to images, and what becomes of their versions.

use super::slot::Slot;
#[cfg(feature = "build")]
use crate::report::Outcome;
use crate::{
    library::{ContentHash, LibrarySource, LoadedLibrary, Loader, Shelf, StageTimes, Supply, SupplyEvent},
    report::{ReloadPlan, ReloadReport, StageTime},
    telemetry::LogReceiver,
    validation::{Image, Problem, Rejection},
    world::World,
};
use std::rc::Rc;

/// A loaded library and the host's end of its log. The log ends first.
pub(super) struct Version {
    #[expect(dead_code, reason = "held for its drop")]
    receiver: LogReceiver,
    library: LoadedLibrary,
}

/// The moving parts of a session whose library is loaded.
pub(super) struct Hot {
    supply: Supply,
    loader: Loader,
    pub(super) shelf: Shelf,
    /// Versions that are, or may be, in use: what the world has of them keeps them here.
    versions: Vec<(u32, Rc<Version>)>,
    /// Loaded and refused, or held; pinned, because the loader does not fire twice for the same bytes.
    waiting: Option<Rc<Version>>,
    /// Whether loaded libraries wait to be applied.
    pub(super) holds: bool,
    /// Edits are noticed late: nothing is refused for it, and every report says so.
    watching_badly: Option<Problem>,
    waits_for_file: bool,
    /// Whom the last build had to wait for, if no report has told it yet.
    #[cfg(feature = "build")]
    waited_for: Option<String>,
}

impl Hot {
    pub(super) fn start(source: LibrarySource) -> Result<Self, Rejection> {
        let supply = Supply::start(source)?;
        let loader = Loader::new(supply.library_name());
        Ok(Self {
            supply,
            loader,
            shelf: Shelf::new(),
            versions: Vec::new(),
            waiting: None,
            holds: false,
            watching_badly: None,
            waits_for_file: false,
            #[cfg(feature = "build")]
            waited_for: None,
        })
    }

    pub(super) fn wake_with(&self, wake: impl Fn() + Send + 'static) {
        self.supply.wake_with(wake);
    }

    /// Whether there is nothing to wait for but somebody else's build.
    pub(super) const fn waits_for_file(&self) -> bool {
        self.waits_for_file
    }

    pub(super) fn poll(&mut self, slot: &mut Slot, world: &mut World) -> Vec<ReloadReport> {
        let mut reports = Vec::new();
        for event in self.supply.poll() {
            let report = match event {
                // What was in its way may be gone: that is why somebody saves once more what was refused.
                SupplyEvent::Unchanged { hash } if !self.holds && self.is_newest(hash) => self.apply(slot, world),
                event => self.take(event, slot),
            };
            reports.extend(report);
        }
        while let Some(result) = self.loader.poll() {
            match result {
                Ok(library) => reports.extend(self.enter(library, slot, world)),
                Err(rejection) => {
                    // The same bytes may be loaded when what was in their way is gone.
                    self.supply.forget();
                    reports.push(ReloadReport::refused(&slot.name, slot.epoch, &rejection));
                }
            }
        }
        for report in &mut reports {
            report.mapped_versions = self.mapped();
            report.warnings.extend(self.shelf.warning().map(|problem| problem.to_string()));
            report.warnings.extend(self.watching_badly.as_ref().map(ToString::to_string));
            #[cfg(feature = "build")]
            report.warnings.extend(self.waited_for.take().map(|holder| waited_warning(&holder)));
        }
        reports
    }

    /// Whether what waits is what has been built again, and nothing else is on its way.
    fn is_newest(&self, hash: ContentHash) -> bool {
        !self.loader.is_busy() && self.waiting.as_ref().is_some_and(|waiting| waiting.library.hash() == hash)
    }

    fn take(&mut self, event: SupplyEvent, slot: &Slot) -> Option<ReloadReport> {
        match event {
            SupplyEvent::Watching => {
                self.watching_badly = None;
                None
            }
            SupplyEvent::Waiting { file } => {
                self.waits_for_file = true;
                tracing::info!(target: "reload_core::build", file = %file.display(), "waiting for the library to be built");
                None
            }
            SupplyEvent::Noticed { paths } => {
                self.waits_for_file = false;
                tracing::debug!(target: "reload_core::build", ?paths, "changed");
                None
            }
            SupplyEvent::Building => {
                tracing::info!(target: "reload_core::build", library = %slot.name, "building");
                None
            }
            #[cfg(feature = "build")]
            SupplyEvent::Built(built) => {
                tracing::info!(target: "reload_core::build", took = ?built.duration, fresh = built.fresh, "built");
                self.waited_for = built.waited_for;
                None
            }
            #[cfg(feature = "build")]
            SupplyEvent::BuildFailed(failure) => {
                tracing::warn!(target: "reload_core::build", errors = failure.errors, "the build failed, the old code goes on");
                self.waited_for.clone_from(&failure.waited_for);
                let outcome = Outcome::BuildFailed { messages: failure.messages, problem: failure.problem };
                let stages = vec![StageTime { stage: "build", took: failure.duration }];
                Some(ReloadReport { outcome, stages, ..ReloadReport::nothing(&slot.name, slot.epoch) })
            }
            SupplyEvent::Unchanged { hash } => {
                tracing::debug!(target: "reload_core::build", %hash, "built again, the same library");
                None
            }
            SupplyEvent::Candidate(candidate) => {
                self.loader.offer(*candidate);
                None
            }
            SupplyEvent::Rejected(rejection) => Some(ReloadReport::refused(&slot.name, slot.epoch, &rejection)),
            SupplyEvent::Problem(problem) if problem.code.starts_with("watch.") => {
                tracing::warn!(target: "reload_core::build", %problem, "edits are noticed late");
                self.watching_badly = Some(problem);
                None
            }
            SupplyEvent::Problem(problem) => Some(ReloadReport::refused(&slot.name, slot.epoch, &problem.into())),
        }
    }

    /// Attaches a loaded library and takes it through the stages, or lets it wait.
    fn enter(&mut self, library: LoadedLibrary, slot: &mut Slot, world: &mut World) -> Option<ReloadReport> {
        let receiver = LogReceiver::open();
        let attached = (library.table().attach)(&receiver.link()).into_result();
        let stages = stages(&library.times());
        let version = Rc::new(Version { receiver, library });
        if let Err(panic) = attached {
            let problem = Problem::new(
                "library.attach",
                &slot.name,
                format!("the library {panic}, while it was told about the host"),
                "is something in the library's panic hook or log set-up wrong? The running code is not affected",
            );
            self.set_aside(version, slot.epoch);
            // What it stumbled over may be gone when the same is saved again.
            self.supply.forget();
            return Some(ReloadReport::refused(&slot.name, slot.epoch, &problem.into()));
        }
        // The first one has nothing to wait for.
        if self.holds && slot.epoch > 0 {
            if let Some(former) = self.waiting.replace(version) {
                self.set_aside(former, slot.epoch);
            }
            tracing::info!(target: "reload_core::reload", library = %slot.name, "a new version waits to be applied");
            return None;
        }
        Some(self.reload(version, stages, slot, world))
    }

    fn reload(
        &mut self,
        version: Rc<Version>,
        stages: Vec<StageTime>,
        slot: &mut Slot,
        world: &mut World,
    ) -> ReloadReport {
        let image = Image::of(version.library.table(), version.clone());
        let report = slot.reload(world, image, stages);
        let former = self.waiting.take();
        if report.is_reloaded() {
            self.versions.push((slot.epoch, version));
        } else {
            self.waiting = Some(version);
        }
        if let Some(former) = former
            && !self.waiting.as_ref().is_some_and(|waiting| Rc::ptr_eq(waiting, &former))
            && !self.versions.iter().any(|(_, version)| Rc::ptr_eq(version, &former))
        {
            self.set_aside(former, slot.epoch);
        }
        self.retire(slot.epoch);
        report
    }

    pub(super) fn apply(&mut self, slot: &mut Slot, world: &mut World) -> Option<ReloadReport> {
        let version = self.waiting.clone()?;
        Some(self.reload(version, Vec::new(), slot, world))
    }

    /// What applying the version that waits would do.
    pub(super) fn plan(&self, slot: &Slot, world: &World) -> Option<ReloadPlan> {
        let version = self.waiting.clone()?;
        Some(slot.rehearse(world, &Image::of(version.library.table(), version.clone())))
    }

    /// Gone back: what was built last may be built, and run, again.
    pub(super) fn undone(&mut self, slot: &Slot) {
        self.supply.forget();
        self.retire(slot.epoch);
    }

    /// Hands versions to the shelf of which the world has nothing any more.
    fn retire(&mut self, epoch: u32) {
        let (free, used): (Vec<_>, Vec<_>) = std::mem::take(&mut self.versions)
            .into_iter()
            .partition(|(entered, version)| *entered < epoch && Rc::strong_count(version) == 1);
        self.versions = used;
        for (entered, version) in free {
            if let Some(version) = Rc::into_inner(version) {
                self.shelf.retire(version.library, entered);
            }
        }
        for given_back in self.shelf.advance(epoch) {
            tracing::debug!(target: "reload_core::library", epoch = given_back.epoch, still_mapped = given_back.still_mapped, "given back");
        }
    }

    fn set_aside(&mut self, version: Rc<Version>, epoch: u32) {
        if let Some(version) = Rc::into_inner(version) {
            self.shelf.set_aside(version.library, epoch);
        }
    }

    /// Versions of the library that are mapped, as far as they are known.
    fn mapped(&self) -> usize {
        self.versions.len() + usize::from(self.waiting.is_some()) + self.shelf.mapped().count()
    }
}

fn stages(times: &StageTimes) -> Vec<StageTime> {
    [
        ("notice", times.notice),
        ("build", times.build),
        ("copy", Some(times.copy)),
        ("probe", times.probe),
        ("load", times.load),
    ]
    .into_iter()
    .filter_map(|(stage, took)| Some(StageTime { stage, took: took? }))
    .collect()
}

/// What a report says after a build that another cargo has held up.
#[cfg(feature = "build")]
fn waited_warning(holder: &str) -> String {
    format!(
        "the build had to wait, because {holder} was at work in the same target folder: give an editor's check a folder of \
         its own (`rust-analyzer.cargo.targetDir = true` in the settings of rust-analyzer), or this build with \
         `LibrarySource::cargo(..).target_dir(..)`"
    )
}
