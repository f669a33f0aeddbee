//! Delivery to one object that a handler has asked for: what it asks for is carried out after it. The peers have a queue of
//! handles and events before what they have in [`one`](super::one); Bevy's is that of its commands.

use super::{
    HIT, bevy, boxes, hecs_world,
    one::{AT_A_TIME, DELIVERIES, Keyed, bevy_hits, counted, hecs_hits, keyed, make, sum, targets},
    world::Loaded,
};
use crate::support::{
    contest::{Contender, Entry},
    family::{Family, Population},
};
use bench_logic::{Carry, Engage, Hit, Spread};
use boxes::Dynamic;
use reload_core::{Event, ObjectId};
use std::{collections::VecDeque, hint::black_box};

/// Those that are compared.
pub(crate) fn asked<F: Family>(population: Population) -> Vec<Entry> {
    let order = population.order::<F>();
    let picked = targets(population.objects);
    vec![
        ("Box<dyn Trait> by index, a queue", by_index::<F>(&order, &picked)),
        ("reload-core", by_courier::<F, _>(population, &picked, |from, to| Carry { from, to })),
        ("reload-core, one call for many", by_courier::<F, _>(population, &picked, |from, to| Spread { from, to })),
        ("slotmap of boxes, a queue", by_key::<F>(&order, &picked)),
        ("hecs, the class known, a queue", in_hecs::<F>(&order, &picked)),
        ("Bevy, the class known, a queue", in_bevy::<F>(&order, &picked)),
        ("Bevy, commands, an observer per class", in_commands::<F>(&order, &picked)),
    ]
}

/// A world with a queue, into which all targets are put, a part at a time, and each part carried out.
fn queued<W: 'static, T: Copy + 'static>(
    world: W,
    targets: Vec<T>,
    hit: impl Fn(&mut W, T, &Hit) + 'static,
    mut tally: impl FnMut(&mut W) -> u64 + 'static,
) -> Box<dyn Contender> {
    let queue: VecDeque<(T, Hit)> = VecDeque::new();
    let run = move |(world, queue): &mut (W, VecDeque<(T, Hit)>)| {
        for part in targets.chunks(AT_A_TIME) {
            queue.extend(part.iter().map(|target| (*target, Hit { amount: black_box(HIT.amount) })));
            while let Some((target, event)) = queue.pop_front() {
                hit(world, target, &event);
            }
        }
    };
    counted((world, queue), run, move |(world, _)| tally(world))
}

fn by_index<F: Family>(order: &[usize], picked: &[usize]) -> Box<dyn Contender> {
    let picked: Vec<u32> = picked.iter().map(|at| *at as u32).collect();
    let hit = |objects: &mut Vec<Box<dyn Dynamic>>, at, event: &Hit| objects[at as usize].on_hit(event);
    queued(make::<F>(order), picked, hit, |objects| sum(objects.iter()))
}

fn by_key<F: Family>(order: &[usize], picked: &[usize]) -> Box<dyn Contender> {
    let (map, picked) = keyed::<F>(order, picked);
    let hit = |map: &mut Keyed, key, event: &Hit| {
        if let Some(object) = map.get_mut(key) {
            object.on_hit(event);
        }
    };
    queued(map, picked, hit, |map| sum(map.values()))
}

fn in_hecs<F: Family>(order: &[usize], picked: &[usize]) -> Box<dyn Contender> {
    let mut world = hecs::World::new();
    let entities: Vec<hecs::Entity> = order.iter().map(|class| hecs_world::spawn::<F>(&mut world, *class)).collect();
    let hits = hecs_hits::<F>();
    let picked = picked.iter().map(|at| (entities[*at], order[*at] as u32)).collect();
    let hit = move |world: &mut hecs::World, (entity, class): (hecs::Entity, u32), event: &Hit| {
        hits[class as usize](world, entity, event);
    };
    queued(world, picked, hit, hecs_world::tally::<F>)
}

fn in_bevy<F: Family>(order: &[usize], picked: &[usize]) -> Box<dyn Contender> {
    let (world, entities, tally) = bevy::one_by_one::<F>(order);
    let hits = bevy_hits::<F>();
    let picked = picked.iter().map(|at| (entities[*at], order[*at] as u32)).collect();
    queued(
        world,
        picked,
        move |world, (entity, class): (_, u32), event| hits[class as usize](world, entity, event),
        tally,
    )
}

fn in_commands<F: Family>(order: &[usize], picked: &[usize]) -> Box<dyn Contender> {
    let (mut world, entities, tally) = bevy::one_by_one::<F>(order);
    for class in 0..F::CLASSES {
        F::with(class, bevy::ObserveOne(&mut world));
    }
    let picked: Vec<_> = picked.iter().map(|at| entities[*at]).collect();
    let run = move |world: &mut bevy_ecs::world::World| {
        for part in picked.chunks(AT_A_TIME) {
            let mut commands = world.commands();
            for entity in part {
                commands.trigger(bevy::HitOne { entity: *entity, amount: black_box(HIT.amount) });
            }
            world.flush();
        }
    };
    counted(world, run, tally)
}

/// `carry` makes the event at which the courier sends to those between two positions.
fn by_courier<F: Family, E: Event>(
    population: Population,
    picked: &[usize],
    carry: fn(u32, u32) -> E,
) -> Box<dyn Contender> {
    let (mut loaded, ids) = Loaded::populated::<F>(population);
    let courier = loaded.world.spawn_named("bench_logic::Courier").expect("a class of the library");
    let targets: Vec<ObjectId> = picked.iter().map(|at| ids[*at]).collect();
    loaded.world.send(courier, &Engage { targets });
    let run = move |loaded: &mut Loaded| {
        for from in (0..DELIVERIES).step_by(AT_A_TIME) {
            loaded.world.send(courier, &carry(from as u32, (from + AT_A_TIME) as u32));
        }
    };
    counted(loaded, run, |loaded| loaded.tally().unwrap_or_default())
}
