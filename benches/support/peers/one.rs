//! Delivery to one object: how each peer finds the object that a handle names and calls its handler.

use super::{HIT, bevy, boxes, hecs_world, world::Loaded};
use crate::support::{
    contest::{Contender, Entry},
    family::{Family, Object, Population, Visitor},
    random::Random,
};
use bench_logic::Hit;
use bevy_ecs::prelude::Entity as BevyEntity;
use boxes::Dynamic;
use reload_core::{ObjectId, World};
use slotmap::{DefaultKey, SlotMap};
use std::{
    collections::HashMap,
    hint::black_box,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

/// Deliveries of a run: more than a branch predictor learns by heart, which knows a part of 65,536, and as many as there are
/// objects at most.
pub(crate) const DELIVERIES: usize = 1_048_576;

/// So many are queued before they are carried out, where there is a queue.
pub(super) const AT_A_TIME: usize = 1_024;

/// Beyond this an observer per entity takes minutes to set up.
const MOST_ENTITY_OBSERVERS: usize = 100_000;

/// The objects that are delivered to, by the order of their birth: at random, so that neither the next object nor its
/// class can be foreseen.
pub(super) fn targets(objects: usize) -> Vec<usize> {
    let mut random = Random::new(7);
    (0..DELIVERIES).map(|_| random.below(objects)).collect()
}

/// Everybody, in the order of the table.
pub(crate) fn everybody<F: Family>(population: Population) -> Vec<Entry> {
    let order = population.order::<F>();
    let picked = targets(population.objects);
    let mut entries = without_bevy::<F>(population);
    entries.extend([
        ("Bevy, the class known", in_bevy::<F>(&order, &picked, Bevy::Get)),
        ("Bevy, an observer per class", in_bevy::<F>(&order, &picked, Bevy::ClassObserver)),
    ]);
    if population.objects <= MOST_ENTITY_OBSERVERS {
        entries.push(("Bevy, an observer per entity", in_bevy::<F>(&order, &picked, Bevy::EntityObserver)));
    }
    entries
}

/// Those that are compared at any number of classes.
pub(crate) fn without_bevy<F: Family>(population: Population) -> Vec<Entry> {
    let order = population.order::<F>();
    let picked = targets(population.objects);
    vec![
        ("Box<dyn Trait> by index", by_index::<F>(&order, &picked)),
        ("reload-core", send::<F>(population, &picked)),
        ("reload-core, one call for many", send_each::<F>(population, &picked)),
        ("reload-core, queued", launch::<F>(population, &picked)),
        ("slotmap of boxes", by_key::<F>(&order, &picked)),
        ("HashMap of boxes", by_hash::<F>(&order, &picked)),
        ("hecs, the class known", in_hecs::<F>(&order, &picked)),
    ]
}

/// Work that is done by a closure, and how it is counted.
struct Counted<S, R, T> {
    state: S,
    run: R,
    tally: T,
}

impl<S, R: FnMut(&mut S), T: FnMut(&mut S) -> u64> Contender for Counted<S, R, T> {
    fn run(&mut self) {
        (self.run)(&mut self.state);
    }

    fn tally(&mut self) -> Option<u64> {
        Some((self.tally)(&mut self.state))
    }
}

pub(super) fn counted<S: 'static>(
    state: S,
    run: impl FnMut(&mut S) + 'static,
    tally: impl FnMut(&mut S) -> u64 + 'static,
) -> Box<dyn Contender> {
    Box::new(Counted { state, run, tally })
}

pub(super) fn sum<'a>(boxes: impl Iterator<Item = &'a Box<dyn Dynamic>>) -> u64 {
    boxes.map(|object| u64::from(object.count())).sum()
}

/// In the order of their birth.
pub(super) fn make<F: Family>(order: &[usize]) -> Vec<Box<dyn Dynamic>> {
    order.iter().map(|class| boxes::boxed::<F>(*class, true)).collect()
}

fn by_index<F: Family>(order: &[usize], picked: &[usize]) -> Box<dyn Contender> {
    let picked: Vec<u32> = picked.iter().map(|at| *at as u32).collect();
    let run = move |objects: &mut Vec<Box<dyn Dynamic>>| {
        let event = black_box(&HIT);
        for at in &picked {
            objects[*at as usize].on_hit(event);
        }
    };
    counted(make::<F>(order), run, |objects| sum(objects.iter()))
}

pub(super) type Keyed = SlotMap<DefaultKey, Box<dyn Dynamic>>;

/// A slotmap of everybody, and the keys of those that are picked.
pub(super) fn keyed<F: Family>(order: &[usize], picked: &[usize]) -> (Keyed, Vec<DefaultKey>) {
    let mut map = Keyed::new();
    let keys: Vec<DefaultKey> = make::<F>(order).into_iter().map(|object| map.insert(object)).collect();
    let picked = picked.iter().map(|at| keys[*at]).collect();
    (map, picked)
}

fn by_key<F: Family>(order: &[usize], picked: &[usize]) -> Box<dyn Contender> {
    by_key_and::<F>(order, picked, |_| {})
}

/// With work beside each delivery, which is given the delivery's number.
fn by_key_and<F: Family>(order: &[usize], picked: &[usize], work: impl Fn(usize) + 'static) -> Box<dyn Contender> {
    let (map, picked) = keyed::<F>(order, picked);
    let run = move |map: &mut Keyed| {
        let event = black_box(&HIT);
        for (number, key) in picked.iter().enumerate() {
            if let Some(object) = map.get_mut(*key) {
                object.on_hit(event);
            }
            work(number);
        }
    };
    counted(map, run, |map| sum(map.values()))
}

/// A slotmap, and the same with one kind of work added, which shows what bounds a delivery.
pub(crate) fn with_work<F: Family>(population: Population) -> Vec<Entry> {
    /// Fits the nearest cache with room to spare.
    const AT_HAND: usize = 64;
    let order = population.order::<F>();
    let picked = targets(population.objects);
    let at_hand = || -> [AtomicUsize; AT_HAND] { std::array::from_fn(|_| AtomicUsize::new(0)) };
    let (read, written, result) = (at_hand(), at_hand(), AtomicUsize::new(0));
    // An atomic is read and written as often as it says, by one plain instruction each.
    vec![
        ("slotmap of boxes", by_key::<F>(&order, &picked)),
        (
            "and 24 instructions without memory",
            by_key_and::<F>(&order, &picked, move |number| {
                let ends = (0..12).fold(number, |value, _| value.wrapping_add(0x9e37) ^ 0x79b9);
                result.store(ends, Relaxed);
            }),
        ),
        (
            "and eight reads of what is at hand",
            by_key_and::<F>(&order, &picked, move |number| {
                for step in 0..8 {
                    read[(number + step * 8) % AT_HAND].load(Relaxed);
                }
            }),
        ),
        (
            "and five writes to what is at hand",
            by_key_and::<F>(&order, &picked, move |number| {
                for step in 0..5 {
                    written[(number + step * 8) % AT_HAND].store(number, Relaxed);
                }
            }),
        ),
    ]
}

fn by_hash<F: Family>(order: &[usize], picked: &[usize]) -> Box<dyn Contender> {
    let map: HashMap<u64, Box<dyn Dynamic>> = (0..).zip(make::<F>(order)).collect();
    let picked: Vec<u64> = picked.iter().map(|at| *at as u64).collect();
    let run = move |map: &mut HashMap<u64, Box<dyn Dynamic>>| {
        let event = black_box(&HIT);
        for key in &picked {
            if let Some(object) = map.get_mut(key) {
                object.on_hit(event);
            }
        }
    };
    counted(map, run, |map| sum(map.values()))
}

/// How an entity of a class is hit, for each class.
pub(super) type HecsHit = fn(&mut hecs::World, hecs::Entity, &Hit);

pub(super) fn hecs_hits<F: Family>() -> Vec<HecsHit> {
    struct Find;
    impl Visitor for Find {
        type Output = HecsHit;
        fn visit<T: Object>(self) -> HecsHit {
            |world, entity, event| {
                if let Ok(object) = world.query_one_mut::<&mut T>(entity) {
                    object.hit(event);
                }
            }
        }
    }
    (0..F::CLASSES).map(|class| F::with(class, Find)).collect()
}

fn in_hecs<F: Family>(order: &[usize], picked: &[usize]) -> Box<dyn Contender> {
    let mut world = hecs::World::new();
    let entities: Vec<hecs::Entity> = order.iter().map(|class| hecs_world::spawn::<F>(&mut world, *class)).collect();
    let hits = hecs_hits::<F>();
    let picked: Vec<(hecs::Entity, u32)> = picked.iter().map(|at| (entities[*at], order[*at] as u32)).collect();
    let run = move |world: &mut hecs::World| {
        let event = black_box(&HIT);
        for (entity, class) in &picked {
            hits[*class as usize](world, *entity, event);
        }
    };
    counted(world, run, hecs_world::tally::<F>)
}

/// How an entity of a class is hit, for each class.
pub(super) type BevyHit = fn(&mut bevy_ecs::world::World, BevyEntity, &Hit);

pub(super) fn bevy_hits<F: Family>() -> Vec<BevyHit> {
    struct Find;
    impl Visitor for Find {
        type Output = BevyHit;
        fn visit<T: Object>(self) -> BevyHit {
            |world, entity, event| {
                if let Some(mut body) = world.get_mut::<bevy::Body<T>>(entity) {
                    body.0.hit(event);
                }
            }
        }
    }
    (0..F::CLASSES).map(|class| F::with(class, Find)).collect()
}

enum Bevy {
    Get,
    ClassObserver,
    EntityObserver,
}

fn in_bevy<F: Family>(order: &[usize], picked: &[usize], how: Bevy) -> Box<dyn Contender> {
    let (mut world, entities, tally) = bevy::one_by_one::<F>(order);
    match how {
        Bevy::Get => {}
        Bevy::ClassObserver => {
            for class in 0..F::CLASSES {
                F::with(class, bevy::ObserveOne(&mut world));
            }
        }
        Bevy::EntityObserver => {
            for (class, entity) in order.iter().zip(&entities) {
                F::with(*class, bevy::ObserveEntity(&mut world, *entity));
            }
        }
    }
    let hits = bevy_hits::<F>();
    let picked: Vec<(BevyEntity, u32)> = picked.iter().map(|at| (entities[*at], order[*at] as u32)).collect();
    let run = move |world: &mut bevy_ecs::world::World| {
        let event = black_box(&HIT);
        for (entity, class) in &picked {
            match how {
                Bevy::Get => hits[*class as usize](world, *entity, event),
                _ => world.trigger(bevy::HitOne { entity: *entity, amount: event.amount }),
            }
        }
    };
    counted(world, run, tally)
}

/// A world, and what is done to it for all that are picked.
fn in_world<F: Family>(
    population: Population,
    picked: &[usize],
    run: fn(&mut World, &[ObjectId]),
) -> Box<dyn Contender> {
    let (loaded, ids) = Loaded::populated::<F>(population);
    let picked: Vec<ObjectId> = picked.iter().map(|at| ids[*at]).collect();
    let run = move |loaded: &mut Loaded| run(&mut loaded.world, &picked);
    counted(loaded, run, |loaded| loaded.tally().unwrap_or_default())
}

fn send<F: Family>(population: Population, picked: &[usize]) -> Box<dyn Contender> {
    in_world::<F>(population, picked, |world, picked| {
        let event = black_box(&HIT);
        for id in picked {
            world.send(*id, event);
        }
    })
}

/// A part at a time, as the queue has it.
fn send_each<F: Family>(population: Population, picked: &[usize]) -> Box<dyn Contender> {
    in_world::<F>(population, picked, |world, picked| {
        for part in picked.chunks(AT_A_TIME) {
            world.send_each(part, black_box(&HIT));
        }
    })
}

/// A part at a time, for which the way into memory goes on beside the work.
fn launch<F: Family>(population: Population, picked: &[usize]) -> Box<dyn Contender> {
    in_world::<F>(population, picked, |world, picked| {
        for part in picked.chunks(AT_A_TIME) {
            for id in part {
                world.launch_to(*id, Hit { amount: black_box(HIT.amount) });
            }
            world.settle();
        }
    })
}
