//! Changes of shape: how long the objects of a class are away until all of them have the new one.

use crate::support::contest::{Contender, Entry, thread_time};
use reload_core::{AtticSelection, InProcess, LibrarySource, ReloadSession, World};
use std::{hint::black_box, time::Duration};

mod old {
    /// As it was.
    #[reload_core::game_class(path = "migration::Thing", no_handlers)]
    #[derive(Clone, Copy, Default, serde::Serialize, serde::Deserialize)]
    pub(super) struct Thing {
        pub(super) place: [f32; 3],
        pub(super) speed: [f32; 3],
        pub(super) hp: u32,
        pub(super) mana: u32,
        pub(super) number: u64,
        pub(super) seen: u64,
    }
}

mod new {
    /// With one more field.
    #[reload_core::game_class(path = "migration::Thing", no_handlers)]
    #[derive(Clone, Copy, Default, serde::Serialize, serde::Deserialize)]
    pub(super) struct Thing {
        pub(super) place: [f32; 3],
        pub(super) speed: [f32; 3],
        pub(super) hp: u32,
        pub(super) mana: u32,
        pub(super) number: u64,
        pub(super) seen: u64,
        #[field(default = 7)]
        #[serde(default = "super::seven")]
        pub(super) gold: u64,
    }
}

fn seven() -> u64 {
    7
}

fn things(objects: usize) -> Vec<old::Thing> {
    let thing = |number: u64| old::Thing {
        place: [number as f32, 0.5, -1.25],
        hp: number as u32 % 100,
        number,
        ..old::Thing::default()
    };
    (0..objects as u64).map(thing).collect()
}

fn with_gold(thing: &old::Thing) -> new::Thing {
    let old::Thing { place, speed, hp, mana, number, seen } = *thing;
    new::Thing { place, speed, hp, mana, number, seen, gold: seven() }
}

/// Everybody adds the field.
pub(crate) fn added(objects: usize) -> Vec<Entry> {
    vec![
        ("memcpy into a new Vec", Box::new(ByHand::new(things(objects), <[_]>::to_vec))),
        ("memcpy into an old Vec", Box::new(Again::new(objects))),
        ("reload-core, in a new world", Box::new(Reload::new(objects, Way::Adds, true))),
        ("reload-core", Box::new(Reload::new(objects, Way::Adds, false))),
        ("by hand, Vec to Vec", Box::new(ByHand::new(things(objects), by_hand))),
        ("postcard, out and in", Box::new(ByHand::new(things(objects), through_postcard))),
        ("serde_json, out and in", Box::new(ByHand::new(things(objects), through_json))),
    ]
}

/// Everybody removes it again, and keeps its values.
pub(crate) fn removed(objects: usize) -> Vec<Entry> {
    let rich = || things(objects).iter().map(with_gold).collect::<Vec<_>>();
    vec![
        ("by hand, values as JSON", Box::new(ByHand::new(rich(), kept_as_json))),
        ("reload-core", Box::new(Reload::new(objects, Way::Removes, false))),
    ]
}

fn by_hand(things: &[old::Thing]) -> Vec<new::Thing> {
    things.iter().map(with_gold).collect()
}

/// The format has no names, so it is read as it was and then converted.
fn through_postcard(things: &[old::Thing]) -> Vec<new::Thing> {
    let bytes = postcard::to_allocvec(things).expect("plain values");
    by_hand(&postcard::from_bytes::<Vec<_>>(&bytes).expect("just written"))
}

fn through_json(things: &[old::Thing]) -> Vec<new::Thing> {
    let text = serde_json::to_vec(things).expect("plain values");
    serde_json::from_slice(&text).expect("just written")
}

/// What is left, and the removed field of each as JSON.
fn kept_as_json(things: &[new::Thing]) -> (Vec<old::Thing>, Vec<Box<str>>) {
    let kept = things.iter().map(|thing| thing.gold.to_string().into()).collect();
    let rest = things.iter().map(|thing| {
        let new::Thing { place, speed, hp, mana, number, seen, .. } = *thing;
        old::Thing { place, speed, hp, mana, number, seen }
    });
    (rest.collect(), kept)
}

/// A change of a list into another; what comes of it is given back outside the measured time.
struct ByHand<T, R> {
    things: Vec<T>,
    change: fn(&[T]) -> R,
}

impl<T, R> ByHand<T, R> {
    fn new(things: Vec<T>, change: fn(&[T]) -> R) -> Self {
        Self { things, change }
    }
}

impl<T, R> Contender for ByHand<T, R> {
    fn run(&mut self) {
        black_box((self.change)(black_box(&self.things)));
    }

    fn times(&mut self, times: u64) -> Duration {
        let mut took = Duration::ZERO;
        for _ in 0..times {
            let start = thread_time();
            let changed = (self.change)(black_box(&self.things));
            took += thread_time() - start;
            black_box(changed);
        }
        took
    }
}

/// Copies to where copies were before: what is left of the cost when no page is touched for the first time.
struct Again {
    from: Vec<old::Thing>,
    to: Vec<old::Thing>,
}

impl Again {
    fn new(objects: usize) -> Self {
        Self { from: things(objects), to: things(objects) }
    }
}

impl Contender for Again {
    fn run(&mut self) {
        black_box(&mut self.to).copy_from_slice(black_box(&self.from));
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Adds,
    Removes,
}

/// A reload that changes the shape, with all that belongs to it: from its tables to the next event.
struct Reload {
    way: Way,
    objects: usize,
    /// Whether each run finds a world that has never reloaded.
    anew: bool,
    world: World,
    session: ReloadSession,
}

fn poor() -> InProcess {
    InProcess::new().class::<old::Thing>()
}

fn rich() -> InProcess {
    InProcess::new().class::<new::Thing>()
}

/// A world with the objects in their old shape.
fn filled(objects: usize) -> (World, ReloadSession) {
    let mut world = World::new();
    let session = ReloadSession::open(LibrarySource::in_process("migration", poor()), &mut world)
        .unwrap_or_else(|rejection| panic!("{rejection}"));
    for thing in things(objects) {
        world.spawn(thing).expect("a class of the library");
    }
    (world, session)
}

impl Reload {
    fn new(objects: usize, way: Way, anew: bool) -> Self {
        let (world, session) = filled(objects);
        Self { way, objects, anew, world, session }
    }

    fn offer(&mut self, library: InProcess) -> Duration {
        let start = thread_time();
        let report = self.session.offer(&mut self.world, library);
        let took = thread_time() - start;
        assert!(report.is_reloaded(), "{report}");
        took
    }

    /// There and back, the attic empty; what one of the two ways took.
    fn both_ways(&mut self) -> Duration {
        let there = self.offer(rich());
        let back = self.offer(poor());
        self.world.purge_attic(AtticSelection::All);
        // An allocator puts what was given back in order at the next large request. That is the purge's cost.
        drop(black_box(Vec::<u8>::with_capacity(1 << 20)));
        match self.way {
            Way::Adds => there,
            Way::Removes => back,
        }
    }
}

impl Contender for Reload {
    fn run(&mut self) {
        self.both_ways();
    }

    fn times(&mut self, times: u64) -> Duration {
        let once = |_| {
            if self.anew {
                (self.world, self.session) = filled(self.objects);
            }
            self.both_ways()
        };
        (0..times).map(once).sum()
    }
}
