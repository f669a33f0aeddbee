//! Objects come and go, and the longest that a single one takes to come. `cargo bench -p reload-benches --bench spawn`

mod support;

use std::time::Duration;
use support::{
    contest::{Contest, Record, median, thread_time},
    peers::coming::{ByPath, InBevy, Linked, Nest, everybody},
};

const MANY: usize = 1_000_000;
/// Growths of each contender; the median of their worst spawns counts.
const GROWTHS: usize = 5;

/// The worst spawn of one growth, in nanoseconds.
type Grow = fn() -> f64;

fn worst<N: Nest>() -> f64 {
    let mut nest = N::new();
    let mut worst = Duration::ZERO;
    for _ in 0..MANY {
        let start = thread_time();
        nest.spawn(0);
        worst = worst.max(thread_time() - start);
    }
    worst.as_nanos() as f64
}

/// A virtual machine gets its memory from its host at the first touch, which takes longer than all that is measured here: the
/// memory that the contenders get has been touched.
fn touch_memory() {
    let mut nest = Linked::new();
    for _ in 0..16 * MANY {
        nest.spawn(0);
    }
}

fn main() {
    let mut contest = Contest::new("spawn");
    for objects in [1_000, 100_000, MANY] {
        contest.case("spawn and destroy", &objects.to_string(), objects, || everybody(objects));
    }
    let title = "worst single spawn while one class grows";
    if contest.wants(title) {
        let growers: [(&str, Grow); 4] = [
            ("hecs", worst::<hecs::World>),
            ("reload-core, from the host by path", worst::<ByPath>),
            ("reload-core, linked into the host", worst::<Linked>),
            ("Bevy", worst::<InBevy>),
        ];
        touch_memory();
        let mut times = vec![Vec::new(); growers.len()];
        for _ in 0..GROWTHS {
            for ((_, grow), times) in growers.iter().zip(&mut times) {
                times.push(grow());
            }
        }
        let first = times[0].clone();
        for ((name, _), times) in growers.iter().zip(times) {
            contest.record(Record {
                title: title.to_owned(),
                column: MANY.to_string(),
                contender: (*name).to_owned(),
                ratio: median(times.iter().zip(&first).map(|(time, first)| time / first).collect()),
                nanoseconds: median(times),
            });
        }
    }
    contest.finish();
}
