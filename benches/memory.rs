//! Memory that an object takes beside its state: resident pages before and after a million of them, each contender in a
//! process of its own. `cargo bench -p reload-benches --bench memory`

mod support;

use std::process::{Command, Stdio};
use support::{
    family::{Eight, Family, Population},
    peers::{
        bevy::ClassObservers,
        boxes::Boxes,
        bus::Bus,
        coming::{Linked, Nest},
        hecs_world::Hecs,
        statics::StaticLoop,
    },
};

const OBJECTS: usize = 1_000_000;
/// Says to the process that it is one contender.
const MEASURE: &str = "RELOAD_BENCHES_MEMORY_OF";

/// Makes objects and answers with what has to stay while memory is looked at.
type Fill = fn() -> Box<dyn std::any::Any>;

const ALL: Population = Population::all(OBJECTS);

/// Without those that take hours to fill.
const CONTENDERS: [(&str, Fill); 6] = [
    ("Vec per class", || Box::new(StaticLoop::<Eight>::new(ALL))),
    ("reload-core", || {
        let mut nest = Linked::new();
        for class in ALL.order::<Eight>() {
            nest.spawn(class);
        }
        Box::new(nest)
    }),
    ("hecs", || Box::new(Hecs::new::<Eight>(ALL))),
    ("Bevy", || Box::new(ClassObservers::new::<Eight>(ALL))),
    ("Vec of boxes", || Box::new(Boxes::sorted::<Eight>(ALL))),
    ("closure bus", || Box::new(Bus::new::<Eight>(ALL))),
];

/// Resident memory in bytes, as Linux tells it.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("Linux tells");
    line.split_whitespace().nth(1).and_then(|number| number.parse::<usize>().ok()).expect("a number") * 1_024
}

#[expect(clippy::print_stdout, reason = "the result of a benchmark")]
fn main() {
    if let Ok(name) = std::env::var(MEASURE) {
        let (_, fill) = CONTENDERS.iter().find(|(contender, _)| *contender == name).expect("a contender");
        let before = resident();
        let filled = fill();
        println!("{}", (resident() - before) as f64 / OBJECTS as f64);
        // Nothing of it has to be taken apart.
        std::mem::forget(filled);
        return;
    }
    println!(
        "\n### Bytes of an object of {} bytes, {OBJECTS} objects\n\n| | in all | beside the state |\n|---|---:|---:|",
        Eight::BYTES
    );
    for (name, _) in CONTENDERS {
        let this = std::env::current_exe().expect("this program");
        let output =
            Command::new(this).env(MEASURE, name).stderr(Stdio::inherit()).output().expect("this program runs");
        let text = String::from_utf8_lossy(&output.stdout);
        let bytes: f64 = text.trim().parse().unwrap_or_else(|_| panic!("{name}: {text}"));
        println!("| {name} | {bytes:.1} | {:.1} |", bytes - Eight::BYTES as f64);
    }
}
