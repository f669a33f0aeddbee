//! One library's way through the stages, from an image to the report.

use crate::{
    boundary::{ObjectId, Outcome as Guarded, RawSlice, RawStr},
    dispatch::{Ctx, HOST_CALLS, Kind},
    library::{ClassView, ReloadView},
    registry::LibraryId,
    reload::{self, Former, Plan, Staged, Way},
    report::{ClassFate, Outcome, ReloadPlan, ReloadReport, StageTime},
    validation::{self, Image, Problem, Rejection},
    world::World,
};
use std::{sync::Arc, time::Instant};

/// What runs of a library, in one world.
pub(crate) struct Slot {
    pub(crate) name: String,
    pub(crate) library: LibraryId,
    /// The world that it was opened with.
    world: u64,
    pub(crate) epoch: u32,
    pub(crate) current: Option<Image>,
    /// What ran before: where `undo` goes back to.
    previous: Option<(Image, Former)>,
}

impl Slot {
    pub(crate) fn new(name: impl Into<String>, world: &mut World) -> Self {
        let library = world.next_library();
        Self { name: name.into(), library, world: world.id, epoch: 0, current: None, previous: None }
    }

    /// Takes `image` through validation, plan, staging, the old library's consent, and commit.
    ///
    /// `stages` are those that the candidate has passed before.
    pub(crate) fn reload(&mut self, world: &mut World, image: Image, stages: Vec<StageTime>) -> ReloadReport {
        let previous = self.previous.clone();
        self.enter(world, image, Way::Onwards(previous.as_ref().map(|(_, former)| former)), stages)
    }

    /// Goes back to what ran before. `None` if nothing did.
    pub(crate) fn undo(&mut self, world: &mut World) -> Option<ReloadReport> {
        let (image, former) = self.previous.clone()?;
        Some(self.enter(world, image, Way::Back(&former), Vec::new()))
    }

    fn enter(&mut self, world: &mut World, image: Image, way: Way<'_>, mut stages: Vec<StageTime>) -> ReloadReport {
        let from_epoch = self.epoch;
        let span = tracing::info_span!(target: "reload_core::reload", "reload", library = %self.name, from_epoch);
        let _entered = span.enter();
        let result = self.prepare(world, &image, way, &mut stages);
        let (outcome, warnings) = match result {
            Ok(staged) => self.commit(world, staged, image, &mut stages),
            Err(rejection) => {
                tracing::warn!(target: "reload_core::reload", problems = rejection.problems().len(), "refused:\n{rejection}");
                (Outcome::Refused { problems: rejection.problems().to_vec() }, Vec::new())
            }
        };
        ReloadReport {
            library: self.name.clone(),
            from_epoch,
            epoch: self.epoch,
            outcome,
            stages,
            warnings,
            mapped_versions: 0,
        }
    }

    /// Everything that can fail. What was staged is taken back when it does.
    fn prepare(
        &self,
        world: &World,
        image: &Image,
        way: Way<'_>,
        stages: &mut Vec<StageTime>,
    ) -> Result<Staged, Rejection> {
        if world.id != self.world {
            return Err(Problem::new(
                "session.other_world",
                self.name.clone(),
                "the session was opened with another world; neither world has changed",
                "give the session the world that it was opened with; a second world needs a session of its own",
            )
            .into());
        }
        let epochs = (self.epoch, self.epoch + 1);
        let validated = timed(stages, "validate", || validation::validate(image.clone()))?;
        let plan = timed(stages, "plan", || reload::plan(world.live(), self.library, epochs, &validated, way))?;
        let stage = || reload::stage(world.live(), plan);
        let staged =
            timed(stages, "stage", || world.live().pulse.during(Kind::Migration, None, None, ObjectId::NONE, stage))?;
        timed(stages, "consent", || self.ask(world, &staged.plan))?;
        Ok(staged)
    }

    /// What a reload with `image` would do. Everything is tried, and taken back.
    pub(crate) fn rehearse(&self, world: &World, image: &Image) -> ReloadPlan {
        self.rehearse_entering(world, image, Way::Onwards(self.previous.as_ref().map(|(_, former)| former)))
    }

    /// What an undo would do.
    pub(crate) fn rehearse_undo(&self, world: &World) -> Option<ReloadPlan> {
        let (image, former) = self.previous.as_ref()?;
        Some(self.rehearse_entering(world, image, Way::Back(former)))
    }

    fn rehearse_entering(&self, world: &World, image: &Image, way: Way<'_>) -> ReloadPlan {
        world.while_read(|| self.rehearse_reading(world, image, way))
    }

    fn rehearse_reading(&self, world: &World, image: &Image, way: Way<'_>) -> ReloadPlan {
        let mut stages = Vec::new();
        let (library, from_epoch, epoch) = (self.name.clone(), self.epoch, self.epoch + 1);
        match self.prepare(world, image, way, &mut stages) {
            Ok(staged) => ReloadPlan {
                library,
                from_epoch,
                epoch,
                problems: Vec::new(),
                dropped_events: staged.queue.dropped(),
                attic_bytes: staged.attic.bytes(),
                warnings: staged.plan.warnings.iter().cloned().chain(staged.attic.warnings()).collect(),
                classes: staged.plan.classes.clone(),
                stages,
            },
            Err(rejection) => ReloadPlan {
                library,
                from_epoch,
                epoch,
                problems: rejection.problems().to_vec(),
                classes: Vec::new(),
                dropped_events: Vec::new(),
                attic_bytes: 0,
                warnings: Vec::new(),
                stages,
            },
        }
    }

    /// Asks the running library's `before_reload` hook.
    fn ask(&self, world: &World, plan: &Plan) -> Result<(), Rejection> {
        let Some(hook) = self.current.as_ref().and_then(|image| image.before_reload) else { return Ok(()) };
        let mut reasons: Vec<String> = Vec::new();
        let outcome = with_view(self.epoch, plan.epoch, &plan.classes, |view| {
            let call = || crate::library::call_before(hook, view, &mut reasons);
            world.live().pulse.during(Kind::Hook, None, None, ObjectId::NONE, call)
        });
        let mut problems: Vec<Problem> = reasons
            .into_iter()
            .map(|reason| {
                Problem::new(
                    "hook.refused",
                    "before_reload",
                    reason,
                    "the running library's hook decides; its own conditions have to be met",
                )
            })
            .collect();
        if let Err(panic) = outcome.into_result() {
            problems.push(Problem::new(
                "hook.panicked",
                "before_reload",
                panic.to_string(),
                "the hook is the running library's, which cannot be replaced while it panics on every reload: restart the host if it does",
            ));
        }
        Rejection::unless_empty(problems)
    }

    /// Everything that cannot.
    fn commit(
        &mut self,
        world: &mut World,
        staged: Staged,
        image: Image,
        stages: &mut Vec<StageTime>,
    ) -> (Outcome, Vec<String>) {
        let from_epoch = std::mem::replace(&mut self.epoch, staged.plan.epoch);
        let former = Former::left_by(&staged.plan, &world.live().registry);
        let faults_before = world.live().faults.count();
        let committed = timed(stages, "commit", || reload::commit(world, staged));
        let mut warnings = committed.warnings;
        if let Some(hook) = image.after_reload {
            let mut ctx = Ctx::new(&HOST_CALLS, world.live_ptr().as_ptr().cast());
            let pulse = Arc::clone(&world.live().pulse);
            let outcome = timed(stages, "after", || {
                with_view(from_epoch, self.epoch, &committed.classes, |view| {
                    let call = || crate::library::call_after(hook, view, &mut ctx);
                    pulse.during(Kind::Hook, None, None, ObjectId::NONE, call)
                })
            });
            if let Err(panic) = outcome.into_result() {
                warnings.push(format!("the new library's after_reload hook {panic}; the reload itself is complete"));
            }
            world.settle();
        }
        warnings.extend(world.faults_since(faults_before));
        self.previous = self.current.replace(image).map(|image| (image, former));
        for change in
            committed.classes.iter().filter(|change| change.fate == ClassFate::Removed && change.instances > 0)
        {
            warnings.push(format!(
                "{} is gone with {} objects left: they are in the attic, keep their ids, and go on when the class comes back",
                change.path, change.instances
            ));
        }
        tracing::info!(target: "reload_core::reload", epoch = self.epoch, classes = committed.classes.len(), "committed");
        let outcome = Outcome::Reloaded { classes: committed.classes, dropped_events: committed.dropped_events };
        // What ran before is let go of only now, when nothing of it is in use.
        drop(committed.former);
        (outcome, warnings)
    }
}

fn timed<R>(stages: &mut Vec<StageTime>, stage: &'static str, run: impl FnOnce() -> R) -> R {
    let start = Instant::now();
    let result = run();
    stages.push(StageTime { stage, took: start.elapsed() });
    result
}

/// Calls a hook with the boundary form of the changes.
fn with_view(
    from_epoch: u32,
    epoch: u32,
    changes: &[crate::ClassChange],
    call: impl FnOnce(&ReloadView) -> Guarded,
) -> Guarded {
    let names = |list: &[String]| list.iter().map(|name| RawStr::borrowed(name)).collect::<Vec<_>>();
    let lists: Vec<(Vec<RawStr>, Vec<RawStr>)> =
        changes.iter().map(|change| (names(&change.events_added), names(&change.events_removed))).collect();
    let classes: Vec<ClassView> = changes
        .iter()
        .zip(&lists)
        .map(|(change, (added, removed))| ClassView {
            path: RawStr::borrowed(&change.path),
            in_old: change.fate != ClassFate::Created,
            in_new: change.fate != ClassFate::Removed,
            instances: change.instances,
            events_added: RawSlice::borrowed(added),
            events_removed: RawSlice::borrowed(removed),
        })
        .collect();
    call(&ReloadView { from_epoch, epoch, classes: RawSlice::borrowed(&classes) })
}
