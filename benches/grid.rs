//! One event to all that listen, for every number of objects and of classes, every size of state and every share of listeners
//! that the goals name: a line and the fastest peers each. `cargo bench -p reload-benches --bench grid`

mod support;

use support::{
    contest::{Contest, Record},
    family::{
        Eight, Family, LargeEight, LargeOne, LargeSixtyFour, One, Population, SixtyFour, SmallEight, SmallOne,
        SmallSixtyFour,
    },
    peers::fastest,
};

const OBJECTS: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];

fn lines<F: Family>(contest: &mut Contest) {
    for listening in [None, Some(10), Some(1)] {
        // It is a class that listens: one class alone does or does not.
        if F::CLASSES == 1 && listening.is_some() {
            continue;
        }
        let title = format!("{} | {} | {} %", F::BYTES, F::CLASSES, listening.unwrap_or(100));
        for objects in OBJECTS {
            let population = Population { objects, listening };
            contest.case(&title, &objects.to_string(), population.reached(), || fastest::<F>(population));
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
            let here = records.iter().filter(|record| record.title == title && record.column == column);
            // In the order of `fastest`: the first one is what the others are compared to.
            match here.map(|record| record.ratio).collect::<Vec<_>>()[..] {
                [_, ours, hecs, bevy] => format!("{ours:.2}x ({:.2}x)", hecs.min(bevy)),
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
