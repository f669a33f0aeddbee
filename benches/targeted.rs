//! One event to one object, named by a handle, at random among all. `cargo bench -p reload-benches --bench targeted`

mod support;

use support::{
    contest::{Contest, Entry},
    family::{Eight, One, Population, SixtyFour},
    peers::{
        asked::asked,
        one::{DELIVERIES, everybody, with_work, without_bevy},
    },
};

fn case(contest: &mut Contest, title: &str, objects: usize, who: fn(Population) -> Vec<Entry>) {
    contest.case(title, &objects.to_string(), DELIVERIES, || who(Population::all(objects)));
}

fn main() {
    let mut contest = Contest::new("targeted");
    for objects in [1_000, 10_000, 100_000, 1_000_000] {
        case(&mut contest, "8 classes, 64 bytes", objects, everybody::<Eight>);
    }
    for objects in [1_000, 100_000] {
        case(&mut contest, "1 class, 64 bytes", objects, without_bevy::<One>);
        case(&mut contest, "64 classes, 64 bytes", objects, without_bevy::<SixtyFour>);
    }
    for objects in [1_000, 10_000, 100_000, 1_000_000] {
        case(&mut contest, "asked for by a handler, 8 classes, 64 bytes", objects, asked::<Eight>);
    }
    for objects in [1_000, 1_000_000] {
        case(&mut contest, "what bounds it, 8 classes, 64 bytes", objects, with_work::<Eight>);
    }
    contest.finish();
}
