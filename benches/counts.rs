//! Instructions that the core's paths take, counted by callgrind and compared with `counts.json`: fails when one takes
//! more than 5 % more. Needs valgrind.
//!
//! `cargo bench -p reload-benches --bench counts --profile counts` compares; with `-- --refresh` at its end it stores what
//! it has counted. It has a profile of its own, without which an edit of other code would show. Which copying routines the
//! C library chooses for a processor makes no difference of that size.
//!
//! A path's count is the difference between two runs of this program that differ in how often they take the path,
//! so that nothing else is in it.

use bench_logic::{Breed, Carry, Courier, Cull, Engage, Events, Hit, Nursery, Rare, Spread, Unheard, medium};
use reload_core::{InProcess, LibrarySource, ObjectId, ReloadSession, World};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    hint::black_box,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

/// Says to the process which path to take, and how often.
const TAKE: &str = "RELOAD_BENCHES_TAKE";

/// The profile's name, and so that of a folder above this program.
const PROFILE: &str = "counts";
const COMMAND: &str = "cargo bench -p reload-benches --bench counts --profile counts";

/// By how much a count may be above the stored one.
const TOLERANCE: f64 = 0.05;
/// The same, when the stored counts are of another compiler.
const OTHER_COMPILER: f64 = 0.25;

/// What is stored.
#[derive(Serialize, Deserialize)]
struct Stored {
    /// `1.95` for `rustc 1.95.1`: a patch release compiles as its elder does.
    compiler: String,
    /// Instructions of one turn.
    instructions: BTreeMap<String, f64>,
}

struct Game {
    world: World,
    session: ReloadSession,
    ids: Vec<ObjectId>,
    nursery: ObjectId,
    courier: ObjectId,
}

type Turn = fn(&mut Game);

/// The core's paths: name, turns of the shorter run, one turn. The shorter a path the more turns: two runs of the same
/// program differ by some thousand instructions, because hash maps begin with random numbers.
const PATHS: [(&str, usize, Turn); 12] = [
    ("broadcast, 8 classes of 125 objects", 500, |game| game.world.emit(black_box(&Hit { amount: 1 }))),
    ("broadcast, 1 of 8 classes", 5_000, |game| game.world.emit(black_box(&Rare { amount: 1 }))),
    ("broadcast, nobody listens", 50_000, |game| game.world.emit(black_box(&Unheard { amount: 1 }))),
    ("delivery to each of 1000", 20, |game| {
        for id in &game.ids {
            game.world.send(*id, black_box(&Hit { amount: 1 }));
        }
    }),
    ("delivery to each of 1000 by one call", 20, |game| {
        game.world.send_each(&game.ids, black_box(&Hit { amount: 1 }));
    }),
    ("queued delivery to each of 1000", 5, |game| {
        for id in &game.ids {
            game.world.launch_to(*id, Hit { amount: 1 });
        }
        game.world.settle();
    }),
    ("delivery to each of 1000, asked for by a handler", 5, |game| {
        game.world.send(game.courier, &Carry { from: 0, to: 1_000 });
    }),
    ("delivery to each of 1000 by one call of a handler", 20, |game| {
        game.world.send(game.courier, &Spread { from: 0, to: 1_000 });
    }),
    ("spawn and destroy of 1000", 5, |game| {
        let ids: Vec<ObjectId> =
            (0..1_000).map(|_| game.world.spawn(medium::C1::default()).expect("a class")).collect();
        for id in ids {
            game.world.destroy(id);
        }
    }),
    ("spawn and destroy of 1000 by path", 5, |game| {
        let ids: Vec<ObjectId> =
            (0..1_000).map(|_| game.world.spawn_named("bench_logic::medium::C1").expect("a class")).collect();
        for id in ids {
            game.world.destroy(id);
        }
    }),
    ("spawn and destroy of 1000 by a handler", 5, |game| {
        game.world.send(game.nursery, &Breed { count: 1_000 });
        game.world.send(game.nursery, &Cull);
    }),
    ("reload of 10 classes, same layout", 5, |game| {
        let report = game.session.offer(&mut game.world, library());
        assert!(report.is_reloaded(), "{report}");
    }),
];

fn library() -> InProcess {
    InProcess::new()
        .table::<Events>()
        .class::<medium::C0>()
        .class::<medium::C1>()
        .class::<medium::C2>()
        .class::<medium::C3>()
        .class::<medium::C4>()
        .class::<medium::C5>()
        .class::<medium::C6>()
        .class::<medium::C7>()
        .class::<Nursery>()
        .class::<Courier>()
}

impl Game {
    fn new() -> Self {
        let mut world = World::new();
        let session = ReloadSession::open(LibrarySource::in_process("counts", library()), &mut world)
            .unwrap_or_else(|rejection| panic!("{rejection}"));
        let nursery = world.spawn(Nursery::default()).expect("a class of the library");
        let courier = world.spawn(Courier::default()).expect("a class of the library");
        let path = |number: usize| format!("bench_logic::medium::C{}", number % 8);
        let ids: Vec<ObjectId> =
            (0..1_000).map(|number| world.spawn_named(&path(number)).expect("a class of the library")).collect();
        world.send(courier, &Engage { targets: ids.clone() });
        Self { world, session, ids, nursery, courier }
    }
}

/// Instructions of this program when it takes a path so often.
fn instructions(path: &str, turns: usize) -> f64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().expect("this program"))
        .env(TAKE, format!("{turns} {path}"))
        .output()
        .unwrap_or_else(|error| panic!("valgrind does not run (`apt-get install valgrind`?): {error}"));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{path}: {text}");
    let collected = text.lines().find_map(|line| line.split_once("Collected : "));
    collected.and_then(|(_, number)| number.trim().parse().ok()).unwrap_or_else(|| panic!("{path}: {text}"))
}

fn compiler() -> String {
    let output = Command::new("rustc").arg("--version").output().expect("rustc runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let version = text.split_whitespace().nth(1).expect("a version");
    version.rsplit_once('.').map_or(version, |(minor, _)| minor).to_owned()
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("counts.json")
}

#[expect(clippy::print_stdout, reason = "the result of a check")]
fn main() -> ExitCode {
    if let Ok(task) = std::env::var(TAKE) {
        let (turns, name) = task.split_once(' ').expect("a number and a path");
        let (_, _, turn) = PATHS.iter().find(|(path, ..)| *path == name).expect("a path");
        let mut game = Game::new();
        for _ in 0..turns.parse().expect("a number") {
            turn(&mut game);
        }
        return ExitCode::SUCCESS;
    }
    let of_profile = std::env::current_exe().is_ok_and(|program| program.iter().any(|folder| folder == PROFILE));
    if !of_profile || option_env!("CARGO_INCREMENTAL").is_some_and(|set| set != "0") {
        println!(
            "built in pieces, whose counts are others than those stored; this counts: CARGO_INCREMENTAL=0 {COMMAND}"
        );
        return ExitCode::FAILURE;
    }
    let counted: BTreeMap<String, f64> = PATHS
        .iter()
        .map(|(path, turns, _)| {
            // What happens only the first time is in both.
            let (few, many) = (instructions(path, *turns), instructions(path, turns * 3));
            ((*path).to_owned(), ((many - few) / (2 * turns) as f64).round())
        })
        .collect();
    if std::env::args().any(|argument| argument == "--refresh") {
        let stored = Stored { compiler: compiler(), instructions: counted };
        let text = serde_json::to_string_pretty(&stored).expect("plain") + "\n";
        std::fs::write(file(), text).expect("the file is writable");
        println!("stored");
        return ExitCode::SUCCESS;
    }
    let text = std::fs::read_to_string(file()).expect("counts have been stored with `-- --refresh`");
    let stored: Stored = serde_json::from_str(&text).expect("counts have been stored with `-- --refresh`");
    let same = stored.compiler == compiler();
    let tolerance = if same { TOLERANCE } else { OTHER_COMPILER };
    if !same {
        println!("stored with rustc {}: only a large difference counts; `-- --refresh` stores anew", stored.compiler);
    }
    let mut worse = 0;
    for (path, now) in &counted {
        let before = stored.instructions.get(path).copied();
        let grown = before.map_or(f64::INFINITY, |before| now / before - 1.0);
        worse += usize::from(grown > tolerance);
        let verdict = if grown > tolerance { "WORSE" } else { "" };
        println!("{path:<42} {now:>12} {:>+7.1} % {verdict}", grown * 100.0);
    }
    if worse > 0 {
        println!(
            "{worse} of the core's paths take more instructions than stored: make them shorter, or, if that is the price \
                  of something better, store the counts with `{COMMAND} -- --refresh`"
        );
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
