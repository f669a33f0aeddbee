//! One event to all objects that listen. `cargo bench -p reload-benches --bench broadcast`

mod support;

use support::{
    contest::{Contest, Entry},
    family::{Eight, Family, LargeEight, One, Population, SixtyFour, SmallEight},
    peers::{
        bevy::{ClassObservers, EntityObservers},
        boxes::Boxes,
        bus::Bus,
        fastest,
        signals::Signals,
        world::Unheeded,
    },
};

/// Beyond this an observer per entity and a signal take seconds for one event.
const SLOW_PEERS: usize = 10_000;

fn everybody<F: Family>(population: Population) -> Vec<Entry> {
    let mut entries = the_fast::<F>(population);
    entries.push(("Bevy, an observer per class", Box::new(ClassObservers::new::<F>(population))));
    entries.push(("Vec<Box<dyn Trait>>, sorted", Box::new(Boxes::sorted::<F>(population))));
    entries.push(("closure bus", Box::new(Bus::new::<F>(population))));
    if population.objects <= SLOW_PEERS {
        entries.push(("signals2", Box::new(Signals::new::<F>(population))));
        entries.push(("Bevy, an observer per entity", Box::new(EntityObservers::new::<F>(population))));
    }
    entries
}

fn the_fast<F: Family>(population: Population) -> Vec<Entry> {
    let mut entries = fastest::<F>(population);
    entries.push(("Vec<Box<dyn Trait>>, shuffled", Box::new(Boxes::shuffled::<F>(population))));
    entries
}

fn case<F: Family>(contest: &mut Contest, title: &str, population: Population, who: fn(Population) -> Vec<Entry>) {
    contest.case(title, &population.objects.to_string(), population.reached(), || who(population));
}

fn main() {
    let mut contest = Contest::new("broadcast");
    for objects in [1_000, 10_000, 100_000, 1_000_000] {
        case::<Eight>(&mut contest, "8 classes, 64 bytes, all listen", Population::all(objects), everybody::<Eight>);
    }
    for objects in [1_000, 100_000] {
        let all = Population::all(objects);
        case::<One>(&mut contest, "1 class, 64 bytes, all listen", all, the_fast::<One>);
        case::<SixtyFour>(&mut contest, "64 classes, 64 bytes, all listen", all, the_fast::<SixtyFour>);
    }
    for objects in [10_000, 1_000_000] {
        for percent in [10, 1] {
            let title = format!("8 classes, 64 bytes, {percent} % listen");
            let population = Population { objects, listening: Some(percent) };
            case::<Eight>(&mut contest, &title, population, everybody::<Eight>);
        }
    }
    for objects in [10_000, 1_000_000] {
        let all = Population::all(objects);
        case::<SmallEight>(&mut contest, "8 classes, 16 bytes, all listen", all, the_fast::<SmallEight>);
        case::<LargeEight>(&mut contest, "8 classes, 256 bytes, all listen", all, the_fast::<LargeEight>);
    }
    for objects in [1_000, 1_000_000] {
        let all = Population::all(objects);
        contest.case("nobody listens", &objects.to_string(), Unheeded::TIMES, || {
            vec![("reload-core", Box::new(Unheeded::new::<Eight>(all)))]
        });
    }
    contest.finish();
}
