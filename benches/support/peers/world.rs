//! This project: a world whose classes come from a library that was really built and loaded, with the panic guard, the
//! context and the quarantine that every delivery has.

use super::HIT;
use crate::support::{
    contest::Contender,
    family::{Family, Population},
};
use bench_logic::{Rare, Tally, Unheard};
use reload_core::{LibrarySource, ObjectId, ReloadSession, World};
use std::{
    hint::black_box,
    sync::atomic::{AtomicU64, Ordering},
};

/// A world with the bench library.
pub(crate) struct Loaded {
    pub(crate) world: World,
    #[expect(dead_code, reason = "the library stays as long as its session")]
    session: ReloadSession,
}

impl Loaded {
    /// Builds the library with optimisations and loads it.
    pub(crate) fn open() -> Self {
        let mut world = World::new();
        let source = LibrarySource::cargo("bench-logic").manifest_dir(env!("CARGO_MANIFEST_DIR")).release();
        let session = ReloadSession::open(source, &mut world).unwrap_or_else(|rejection| panic!("{rejection}"));
        Self { world, session }
    }

    /// The same classes without a dynamic library.
    pub(crate) fn linked() -> Self {
        let mut world = World::new();
        let session =
            ReloadSession::open(LibrarySource::linked(), &mut world).unwrap_or_else(|rejection| panic!("{rejection}"));
        Self { world, session }
    }

    /// With objects of the classes of a family; their ids in the order of their birth.
    pub(crate) fn populated<F: Family>(population: Population) -> (Self, Vec<ObjectId>) {
        let mut loaded = Self::open();
        let paths: Vec<String> = (0..F::CLASSES).map(F::path).collect();
        let spawn = |class: usize| loaded.world.spawn_named(&paths[class]).expect("a class of the library");
        let ids = population.order::<F>().into_iter().map(spawn).collect();
        (loaded, ids)
    }

    /// Hits that all objects have counted.
    pub(crate) fn tally(&mut self) -> Option<u64> {
        let tally = Tally { hits: AtomicU64::new(0) };
        self.world.emit(&tally);
        Some(tally.hits.load(Ordering::Relaxed))
    }
}

/// Broadcast.
pub(crate) struct Broadcast {
    loaded: Loaded,
    all: bool,
}

impl Broadcast {
    pub(crate) fn new<F: Family>(population: Population) -> Self {
        let (loaded, _) = Loaded::populated::<F>(population);
        Self { loaded, all: population.listening.is_none() }
    }
}

impl Contender for Broadcast {
    fn run(&mut self) {
        if self.all {
            self.loaded.world.emit(black_box(&HIT));
        } else {
            self.loaded.world.emit(black_box(&Rare { amount: HIT.amount }));
        }
    }

    fn tally(&mut self) -> Option<u64> {
        self.loaded.tally()
    }
}

/// An event that no class handles, a thousand times.
pub(crate) struct Unheeded(Loaded);

impl Unheeded {
    pub(crate) const TIMES: usize = 1_000;

    pub(crate) fn new<F: Family>(population: Population) -> Self {
        Self(Loaded::populated::<F>(population).0)
    }
}

impl Contender for Unheeded {
    fn run(&mut self) {
        for _ in 0..Self::TIMES {
            self.0.world.emit(black_box(&Unheard { amount: HIT.amount }));
        }
    }
}
