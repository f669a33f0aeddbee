//! The session: the only place that sees every stage, from a source edit to the report.

#[cfg(feature = "hot")]
mod hot;
mod slot;

use crate::{
    library::{HostLink, InProcess, LibrarySource, linked_library, source::Origin},
    report::{Outcome, ReloadPlan, ReloadReport},
    validation::{Image, Problem, Rejection},
    world::World,
};
use slot::Slot;
use std::{collections::VecDeque, rc::Rc};

/// Keeps one library of a world current.
///
/// Opened once, polled at the engine's safe point: between two frames, where no game code runs.
///
/// ```no_run
/// # #[cfg(feature = "build")] fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use reload_core::{LibrarySource, ReloadSession, World};
/// let mut world = World::new();
/// let mut session = ReloadSession::open(LibrarySource::cargo("game-logic"), &mut world)?;
/// loop {
///     for report in session.poll(&mut world) {
///         println!("{report}");
///     }
///     world.advance(0.02);
/// }
/// # }
/// # #[cfg(not(feature = "build"))] fn main() {}
/// ```
///
/// Drop order does not matter: as long as a world has objects or classes of a library, the library stays mapped.
pub struct ReloadSession {
    slot: Slot,
    history: VecDeque<ReloadReport>,
    #[cfg(feature = "hot")]
    hot: Option<hot::Hot>,
}

impl ReloadSession {
    /// Reports that [`ReloadSession::history`] keeps.
    const HISTORY: usize = 64;

    /// Opens a library for a world, so that its classes exist.
    ///
    /// With [`LibrarySource::cargo`] this builds the library and waits for it. With [`LibrarySource::watch`] it waits for
    /// the library to be loaded if the file is there; if it is missing, it is loaded by a later [`ReloadSession::poll`].
    ///
    /// # Errors
    ///
    /// When the library cannot be built or cannot run. The world is as before.
    pub fn open(source: impl Into<LibrarySource>, world: &mut World) -> Result<Self, Rejection> {
        Self::open_patiently(source, world, &mut |_| false)
    }

    /// The same, for a host that others wait for already: a version that cannot be built or cannot run is told to `wait`, again
    /// and again, and as long as that answers true the next one is waited for, which comes when the sources have changed.
    /// `wait` may sleep a little.
    ///
    /// # Errors
    ///
    /// As for [`ReloadSession::open`], where `wait` answers false, where there is no package or file to wait for, and where
    /// there will be no other version ([`LibrarySource::linked`], [`LibrarySource::in_process`]).
    pub fn open_patiently(
        source: impl Into<LibrarySource>,
        world: &mut World,
        #[cfg_attr(not(feature = "hot"), expect(unused_variables, reason = "there is no version to wait for"))]
        wait: &mut dyn FnMut(&Rejection) -> bool,
    ) -> Result<Self, Rejection> {
        let source = source.into();
        let name = source.library_name();
        let mut session = Self {
            slot: Slot::new(name, world),
            history: VecDeque::new(),
            #[cfg(feature = "hot")]
            hot: None,
        };
        match source.origin {
            Origin::Linked => session.first(world, linked_image()?)?,
            Origin::InProcess(_, library) => session.first(world, library.into_image())?,
            #[cfg(feature = "hot")]
            _ => {
                session.hot = Some(hot::Hot::start(source)?);
                session.wait_for_first(world, wait)?;
            }
        }
        Ok(session)
    }

    /// A library that needs no loading.
    fn first(&mut self, world: &mut World, image: Image) -> Result<(), Rejection> {
        let report = self.slot.reload(world, image, Vec::new());
        self.remember(&report);
        match report.outcome {
            Outcome::Refused { problems } => Rejection::unless_empty(problems),
            _ => Ok(()),
        }
    }

    /// Goes on with whatever is under way: notices builds, loads what is ready, and carries out the reload. Never waits
    /// for a build. Answers with a report for each reload, refusal and failed build since the last call.
    ///
    /// This is where game code is exchanged: call it where no game code is running.
    #[cfg(feature = "hot")]
    pub fn poll(&mut self, world: &mut World) -> Vec<ReloadReport> {
        let Some(hot) = &mut self.hot else { return Vec::new() };
        let reports = hot.poll(&mut self.slot, world);
        for report in &reports {
            self.remember(report);
        }
        reports
    }

    /// Goes on with whatever is under way: nothing, without the feature `hot`.
    #[cfg(not(feature = "hot"))]
    pub fn poll(&mut self, _world: &mut World) -> Vec<ReloadReport> {
        Vec::new()
    }

    /// Says whether new versions of the library wait, so that [`ReloadSession::plan`] can be looked at before.
    ///
    /// After `true` they are built and loaded as before, but [`ReloadSession::poll`] neither applies nor reports them:
    /// the newest one waits for [`ReloadSession::apply`]. The first version of all does not wait. After `false`, as
    /// without a call, `poll` applies what is loaded from then on. What waits already is not applied by that: it waits
    /// for `apply`, or for the next build.
    ///
    /// [`ReloadSession::offer`] and [`ReloadSession::undo`] do not wait.
    #[cfg(feature = "hot")]
    pub fn hold(&mut self, hold: bool) {
        if let Some(hot) = &mut self.hot {
            hot.holds = hold;
        }
    }

    /// Takes the library that waits through the stages: one that is held, or the last one that was refused, because the
    /// reason may be gone. `None` if there is none.
    #[cfg(feature = "hot")]
    pub fn apply(&mut self, world: &mut World) -> Option<ReloadReport> {
        let report = self.hot.as_mut()?.apply(&mut self.slot, world)?;
        self.remember(&report);
        Some(report)
    }

    /// What [`ReloadSession::apply`] would do: everything that can fail is tried, values included, and taken back. User
    /// code runs in it: defaults, conversions, `migrate`, `before_reload`. `None` if no library waits.
    #[cfg(feature = "hot")]
    #[must_use]
    pub fn plan(&self, world: &World) -> Option<ReloadPlan> {
        self.hot.as_ref()?.plan(&self.slot, world)
    }

    /// What [`ReloadSession::offer`] would do with `library`.
    #[must_use]
    pub fn plan_offer(&self, world: &World, library: InProcess) -> ReloadPlan {
        self.slot.rehearse(world, &library.into_image())
    }

    /// Goes back to the version that ran before, as a new epoch: the state of the objects is carried by the same rules, the
    /// way that it came: what was renamed has its former name again, whatever bears that name by now, and what
    /// the attic has of it comes back. Done twice it is a redo. `None` if nothing ran before.
    ///
    /// The source files are not changed. The version goes on running until the library is built the next time, which is
    /// at the next save, and of the sources as they are then: with the edit that was undone, unless it has been taken
    /// back there as well.
    pub fn undo(&mut self, world: &mut World) -> Option<ReloadReport> {
        let report = self.slot.undo(world)?;
        #[cfg(feature = "hot")]
        if let Some(hot) = self.hot.as_mut().filter(|_| report.is_reloaded()) {
            hot.undone(&self.slot);
        }
        self.remember(&report);
        Some(report)
    }

    /// What [`ReloadSession::undo`] would do.
    #[must_use]
    pub fn plan_undo(&self, world: &World) -> Option<ReloadPlan> {
        self.slot.rehearse_undo(world)
    }

    /// Offers the next version of a library that is part of the program.
    pub fn offer(&mut self, world: &mut World, library: InProcess) -> ReloadReport {
        let report = self.slot.reload(world, library.into_image(), Vec::new());
        self.remember(&report);
        report
    }

    /// Has `wake` called, on another thread, when there is something for [`ReloadSession::poll`] to do: a host that sleeps
    /// between its turns can poll at once instead of when the next turn begins. `wake` may come too often, and must not wait.
    #[cfg(feature = "hot")]
    pub fn wake_with(&mut self, wake: impl Fn() + Send + 'static) {
        if let Some(hot) = &self.hot {
            hot.wake_with(wake);
        }
    }

    /// Promises that the thread which polls this session goes on until the process exits. That it outlives the session
    /// is not enough.
    ///
    /// Game code may leave a function of its library with the thread that it runs on (asking for the current thread
    /// does that), which the system calls when the thread ends: if the library has been unmapped by then, the process
    /// dies. So old versions are unmapped only if they ran on the main thread, which ends with the process, or on one
    /// of which this has been promised; without the promise they stay mapped. It holds for versions that are replaced
    /// after the call, so it belongs right behind [`ReloadSession::open`].
    ///
    /// # Safety
    ///
    /// 1. The thread that polls the session ends with the process, or game code has left nothing with it that is called when
    ///    it ends.
    #[cfg(feature = "hot")]
    #[expect(unsafe_code, reason = "what the caller promises is the shelf's")]
    pub unsafe fn declare_thread_outlives_session(&mut self) {
        if let Some(hot) = &mut self.hot {
            // SAFETY: by this function's contract, which says the same.
            unsafe { hot.shelf.declare_thread_outlives_session() };
        }
    }

    /// The library's name.
    #[must_use]
    pub fn library(&self) -> &str {
        &self.slot.name
    }

    /// The epoch that runs; 0 before the first library.
    #[must_use]
    pub const fn epoch(&self) -> u32 {
        self.slot.epoch
    }

    /// The last 64 reports, oldest first: of the first version, and of every reload, refusal, failed build and undo
    /// since.
    pub fn history(&self) -> impl ExactSizeIterator<Item = &ReloadReport> {
        self.history.iter()
    }

    #[cfg(feature = "hot")]
    fn wait_for_first(&mut self, world: &mut World, wait: &mut dyn FnMut(&Rejection) -> bool) -> Result<(), Rejection> {
        let mut refused = None;
        loop {
            for report in self.poll(world) {
                let answer = match report.outcome {
                    Outcome::Reloaded { .. } => Ok(()),
                    Outcome::Refused { problems } => Rejection::unless_empty(problems),
                    Outcome::BuildFailed { problem, .. } => Err(problem.into()),
                };
                let Err(rejection) = answer else { return Ok(()) };
                refused = Some(rejection);
            }
            if let Some(rejection) = refused.take_if(|rejection| !wait(rejection)) {
                return Err(rejection);
            }
            if self.hot.as_ref().is_none_or(hot::Hot::waits_for_file) {
                return Ok(());
            }
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }

    fn remember(&mut self, report: &ReloadReport) {
        if self.history.len() == Self::HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(report.clone());
    }
}

impl std::fmt::Debug for ReloadSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReloadSession")
            .field("library", &self.slot.name)
            .field("epoch", &self.slot.epoch)
            .finish_non_exhaustive()
    }
}

/// The library that is linked into this image.
fn linked_image() -> Result<Image, Rejection> {
    let table = linked_library()?;
    (table.attach)(&HostLink::SAME_IMAGE).into_result().map_err(|panic| {
        Problem::new(
            "library.attach",
            "the linked library",
            panic.to_string(),
            "this is a mistake of reload-core: report it",
        )
    })?;
    Ok(Image::of(table, Rc::new(())))
}
