//! What `#[game_class]` adds to an incremental build: crates of 20 and 200 classes of eight fields, one handler edited,
//! once so that its file stays as long as it is and once by a line more, beside the same structs bare and with the derives of serde, facet and bevy_reflect.
//! `cargo bench -p reload-benches --bench compile_cost` (`-- --rounds 9 --sizes 20,200 --only bare,game-class`; without what
//! the README recommends: `--macros 0`, `--dependencies 0`, `--debug full`; in place of the whole, by the compiler's
//! activities: `--inside`, or by its instructions: `--instructions`, which needs valgrind).

#[path = "support/generated.rs"]
mod generated;
#[path = "support/inside.rs"]
mod inside;
#[path = "support/instructions.rs"]
mod instructions;

use generated::{Case, Crates, Kind, flag, median, option, spread};
use std::time::Duration;

#[expect(clippy::print_stdout, reason = "the result of a benchmark")]
fn main() {
    let rounds: usize = option("--rounds").map_or(9, |text| text.parse().expect("a number"));
    let sizes = option("--sizes").unwrap_or_else(|| "20,200".into());
    let only = option("--only");
    let kinds: Vec<Kind> = Kind::ALL
        .into_iter()
        .filter(|kind| only.as_ref().is_none_or(|only| only.split(',').any(|name| name == kind.name())))
        .collect();
    for classes in sizes.split(',').map(|text| text.parse().expect("a number")) {
        let cases: Vec<Case> = kinds.iter().map(|&kind| Case { kind, classes }).collect();
        let crates = Crates::write(&cases, "compile-cost");
        if flag("--inside") {
            inside::print(&crates, &cases, rounds);
            continue;
        }
        if flag("--instructions") {
            instructions::print(&crates, &cases);
            continue;
        }
        let mut times: Vec<[Vec<Duration>; 2]> = vec![Default::default(); cases.len()];
        for round in 0..=rounds {
            for (case, [same_length, line_more]) in cases.iter().zip(&mut times) {
                // Two digits for any number of rounds that is worth waiting for.
                for (lines, times) in [(round, &mut *same_length), (round + 1, line_more)] {
                    crates.edit(*case, 10 + round, lines);
                    let took = crates.build(*case);
                    // The first round builds everything.
                    if round > 0 {
                        times.push(took);
                    }
                }
            }
        }
        println!("\n{classes} classes, {rounds} rounds in turn\n");
        println!("| | same length, ms | ratio to {0} | a line more, ms | ratio to {0} |", cases[0].kind.name());
        println!("|---|---:|---:|---:|---:|");
        let bare = times[0].each_ref().map(|times| median(times));
        for (case, times) in cases.iter().zip(&times) {
            let cells = times.iter().zip(&bare).map(|(times, bare)| {
                let middle = median(times);
                format!("{middle:.0} ±{:.0} % | {:.2}", spread(times) * 50.0, middle / bare)
            });
            println!("| {} | {} |", case.kind.name(), cells.collect::<Vec<_>>().join(" | "));
        }
    }
}
