//! One event to one object, named by a handle, at random among all. `cargo bench -p reload-benches --bench targeted`

mod support;

use support::{
    contest::Contest,
    family::{Eight, Family, One, Population, SixtyFour},
    peers::one::{DELIVERIES, everybody},
};

fn case<F: Family>(contest: &mut Contest, title: &str, objects: usize) {
    let population = Population::all(objects);
    contest.case(title, &objects.to_string(), DELIVERIES, || everybody::<F>(population));
}

fn main() {
    let mut contest = Contest::new("targeted");
    for objects in [1_000, 10_000, 100_000, 1_000_000] {
        case::<Eight>(&mut contest, "8 classes, 64 bytes", objects);
    }
    for objects in [1_000, 100_000] {
        case::<One>(&mut contest, "1 class, 64 bytes", objects);
        case::<SixtyFour>(&mut contest, "64 classes, 64 bytes", objects);
    }
    contest.finish();
}
