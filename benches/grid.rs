//! One event to all that listen, for every number of objects and of classes, every size of state and every share of listeners
//! that the goals name: a line and the fastest peers each. `cargo bench -p reload-benches --bench grid`

mod support;

use support::{
    contest::{Contest, Entry, Record},
    family::{
        Eight, Family, LargeEight, LargeOne, LargeSixtyFour, One, Population, SixtyFour, SmallEight, SmallOne,
        SmallSixtyFour,
    },
    peers::{bevy::Messages, hecs_world::Hecs, statics::StaticLoop, world::Broadcast},
};

const OBJECTS: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];
const OURS: &str = "reload-core";

fn entries<F: Family>(population: Population) -> Vec<Entry> {
    vec![
        ("static loop", Box::new(StaticLoop::<F>::new(population))),
        (OURS, Box::new(Broadcast::new::<F>(population))),
        ("hecs", Box::new(Hecs::new::<F>(population))),
        ("Bevy, messages and systems", Box::new(Messages::new::<F>(population))),
    ]
}

fn lines<F: Family>(contest: &mut Contest) {
    for listening in [None, Some(10), Some(1)] {
        // It is a class that listens: one class alone does or does not.
        if F::CLASSES == 1 && listening.is_some() {
            continue;
        }
        let title = format!("{} | {} | {} %", F::BYTES, F::CLASSES, listening.unwrap_or(100));
        for objects in OBJECTS {
            let population = Population { objects, listening };
            contest.case(&title, &objects.to_string(), population.reached(), || entries::<F>(population));
        }
    }
}

/// A line for each title: how long this takes for a static loop's 1, and in brackets how long the fastest peer takes.
#[expect(clippy::print_stdout, reason = "the result of a benchmark")]
fn print(records: &[Record]) {
    println!("\n| bytes | classes | listen | {} |", OBJECTS.map(|objects| objects.to_string()).join(" | "));
    println!("|---:|---:|---:{}|", "|---:".repeat(OBJECTS.len()));
    let mut titles: Vec<&str> = records.iter().map(|record| record.title.as_str()).collect();
    titles.dedup();
    for title in titles {
        let cells = OBJECTS.map(|objects| {
            let column = objects.to_string();
            let here: Vec<&Record> =
                records.iter().filter(|record| record.title == title && record.column == column).collect();
            let ours = here.iter().find(|record| record.contender == OURS).map(|record| record.ratio);
            // The first is what the others are compared to.
            let peers = here.iter().skip(1).filter(|record| record.contender != OURS).map(|record| record.ratio);
            match (ours, peers.min_by(f64::total_cmp)) {
                (Some(ours), Some(peer)) => format!("{ours:.2}x ({peer:.2}x)"),
                _ => String::new(),
            }
        });
        println!("| {title} | {} |", cells.join(" | "));
    }
}

fn main() {
    let mut contest = Contest::new("grid");
    lines::<SmallOne>(&mut contest);
    lines::<SmallEight>(&mut contest);
    lines::<SmallSixtyFour>(&mut contest);
    lines::<One>(&mut contest);
    lines::<Eight>(&mut contest);
    lines::<SixtyFour>(&mut contest);
    lines::<LargeOne>(&mut contest);
    lines::<LargeEight>(&mut contest);
    lines::<LargeSixtyFour>(&mut contest);
    contest.finish_with(print);
}
