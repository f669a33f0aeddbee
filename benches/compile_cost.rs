//! What `#[game_class]` adds to an incremental build: crates of 20 and 200 classes of eight fields, one handler edited,
//! beside the same structs bare and with the derives of serde, facet and bevy_reflect.
//! `cargo bench -p reload-benches --bench compile_cost` (`-- --rounds 9 --sizes 20,200 --only bare,game-class`).

#[path = "support/generated.rs"]
mod generated;

use generated::{Case, Crates, Kind, median, option, spread};
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
        let mut times: Vec<Vec<Duration>> = vec![Vec::new(); cases.len()];
        for round in 0..=rounds {
            for (case, times) in cases.iter().zip(&mut times) {
                crates.edit(*case, 1 + round);
                let took = crates.build(*case);
                // The first round builds everything.
                if round > 0 {
                    times.push(took);
                }
            }
        }
        let bare = median(&times[0]);
        println!("\n{classes} classes, {rounds} rounds in turn\n");
        println!("| | median ms | ratio to {} | middle half |\n|---|---|---|---|", cases[0].kind.name());
        for (case, times) in cases.iter().zip(&times) {
            let middle = median(times);
            println!("| {} | {middle:.0} | {:.2} | ±{:.0} % |", case.kind.name(), middle / bare, spread(times) * 50.0);
        }
    }
}
