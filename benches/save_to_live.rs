//! From the save of a source file to running code: real edits of the demo's logic and of generated libraries, with a real
//! session in a game loop, beside one that has cargo make every build, `cargo build` of the same edit and hot-lib-reloader
//! with its defaults; and how long the game stands still for it.
//! `cargo bench -p reload-benches --bench save_to_live` (`-- --rounds 9 --sizes 20,200 --only demo,classes,pause`).

#[path = "support/generated.rs"]
mod generated;
#[path = "support/live.rs"]
mod live;
#[path = "support/pause.rs"]
mod pause;
#[path = "support/split.rs"]
mod split;
mod support;

use generated::{median, option, spread};
use live::{Driver, Live, Ours, Peer, Subject, UNTIL_PREPARED, has_cargo_watch};
use split::Split;
use std::{process::ExitCode, time::Duration};
use support::contest::{self, Contest, Record};

/// What a session's report tells, in order; those that stand still for it come last.
const STAGES: [&str; 10] =
    ["notice", "build", "copy", "probe", "load", "validate", "plan", "stage", "consent", "commit"];

/// Who saves has thought before. Without it one edit would find the processors warm and another would not, or would wait for
/// what the one before it has left to be written to the disk.
const QUIET: Duration = Duration::from_secs(1);

/// What was measured of one subject, round by round.
#[derive(Default)]
struct Rounds {
    ours: Vec<Live>,
    /// The same with cargo for every build.
    only_cargo: Vec<Duration>,
    /// `cargo build` of the same edit.
    cargo: Vec<Duration>,
    /// hot-lib-reloader behind it.
    by_hand: Vec<Duration>,
    by_cargo_watch: Vec<Duration>,
    split: Vec<Split>,
}

impl Rounds {
    fn measure(subject: Subject, rounds: usize) -> Self {
        let mut measured = Self::default();
        let mut ours = Ours::start(subject, false);
        let mut only_cargo = Ours::start(subject, true);
        let mut by_hand = Peer::start(subject, Driver::Hand);
        let mut by_cargo_watch = has_cargo_watch().then(|| Peer::start(subject, Driver::CargoWatch));
        // The first round warms caches up. Each begins with another one.
        for round in 0..=rounds {
            let counts = round > 0;
            for turn in (0..4).map(|turn| (turn + round) % 4) {
                std::thread::sleep(QUIET);
                match turn {
                    0 => {
                        let live = ours.edit(1 + round);
                        measured.ours.extend(counts.then_some(live));
                    }
                    1 => {
                        let live = only_cargo.edit(1 + round);
                        measured.only_cargo.extend(counts.then_some(live.total));
                    }
                    2 => {
                        let (cargo, loaded) = by_hand.edit(1 + round);
                        measured.cargo.extend(cargo.filter(|_| counts));
                        measured.by_hand.extend(counts.then_some(loaded));
                    }
                    _ => {
                        let loaded = by_cargo_watch.as_mut().map(|peer| peer.edit(1 + round).1);
                        measured.by_cargo_watch.extend(loaded.filter(|_| counts));
                    }
                }
            }
            if !counts {
                std::thread::sleep(UNTIL_PREPARED);
            }
        }
        // Apart, because the compiler is called in another way, which cargo remembers.
        for round in 0..=rounds {
            let split = split::build(by_hand.lane(), 1_000 + round);
            if round > 0 {
                measured.split.push(split);
            }
        }
        measured
    }

    fn of_ours(&self, of: impl Fn(&Live) -> Duration) -> Vec<Duration> {
        self.ours.iter().map(of).collect()
    }

    #[expect(clippy::print_stdout, reason = "the result of a benchmark")]
    fn print(&self, subject: Subject) {
        println!("\n### {}, {} rounds in turn\n", subject.name(), self.cargo.len());
        println!("| | median ms | middle half |\n|---|---:|---:|");
        let line = |name: &str, times: &[Duration]| {
            if !times.is_empty() {
                println!("| {name} | {:.1} | ±{:.0} % |", median(times), spread(times) * 50.0);
            }
        };
        for stage in STAGES {
            line(&format!("session: {stage}"), &self.of_ours(|live| live.stage(stage)));
        }
        line("session: between the stages", &self.of_ours(|live| live.total.saturating_sub(live.report.took())));
        line("**session: save to live**", &self.of_ours(|live| live.total));
        line("session with `only_cargo`: save to live", &self.only_cargo);
        line("`cargo build` of the same edit", &self.cargo);
        let part = |of: fn(&Split) -> Duration| self.split.iter().map(of).collect::<Vec<_>>();
        line("of another such build: cargo itself", &part(Split::cargo));
        line("of another such build: compiler", &part(|split| split.rustc));
        line("of another such build: linker", &part(|split| split.link));
        line("hot-lib-reloader after `cargo build`", &self.by_hand);
        line("hot-lib-reloader and `cargo watch`", &self.by_cargo_watch);
        if self.by_cargo_watch.is_empty() {
            println!("\n`cargo watch` is not installed (`cargo install cargo-watch --locked`), so it was left out.");
        }
        let minus_ours = |times: &[Duration]| {
            let pairs = times.iter().zip(&self.ours);
            contest::median(pairs.map(|(time, live)| milliseconds(*time) - milliseconds(live.total)).collect())
        };
        let behind_build = self.of_ours(|live| live.total.saturating_sub(live.stage("notice") + live.stage("build")));
        let of_pause = self.of_ours(|live| live.pause);
        println!("\nSave to live minus `cargo build` of the same edit: {:.1} ms", -minus_ours(&self.cargo));
        println!("What the short way saves: {:.1} ms", minus_ours(&self.only_cargo));
        println!("From the end of the build to live: {:.1} ms", median(&behind_build));
        println!("The longest turn of the game loop: {:.1} ms", median(&of_pause));
        if !self.by_cargo_watch.is_empty() {
            let ratios = self.by_cargo_watch.iter().zip(&self.ours).map(|(peer, live)| ratio(*peer, live.total));
            println!("hot-lib-reloader and `cargo watch` to the session: {:.2}x", contest::median(ratios.collect()));
        }
    }

    /// For the table of all subjects, and the plots.
    fn record(&self, subject: Subject, contest: &mut Contest) {
        let ours = self.of_ours(|live| live.total);
        let contenders = [
            ("cargo build", &self.cargo),
            ("reload-core", &ours),
            ("reload-core, only cargo", &self.only_cargo),
            ("hot-lib-reloader after cargo build", &self.by_hand),
            ("hot-lib-reloader and cargo watch", &self.by_cargo_watch),
        ];
        for (contender, times) in contenders.into_iter().filter(|(_, times)| !times.is_empty()) {
            let ratios = times.iter().zip(&self.cargo).map(|(time, cargo)| ratio(*time, *cargo)).collect();
            contest.record(Record {
                title: "save to live".into(),
                column: subject.column(),
                contender: contender.into(),
                nanoseconds: contest::median(times.iter().map(|time| time.as_nanos() as f64).collect()),
                ratio: contest::median(ratios),
            });
        }
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn ratio(time: Duration, to: Duration) -> f64 {
    time.as_secs_f64() / to.as_secs_f64()
}

fn main() -> ExitCode {
    if let Some(code) = split::stand_in() {
        return code;
    }
    let rounds: usize = option("--rounds").map_or(9, |text| text.parse().expect("a number"));
    let sizes = option("--sizes").unwrap_or_else(|| "20,200".into());
    let only = option("--only");
    let wanted = |part: &str| only.as_ref().is_none_or(|only| only.split(',').any(|name| name == part));
    let mut contest = Contest::by_options("save_to_live", only.is_none());
    let sizes = sizes.split(',').map(|text| Subject::Classes(text.parse().expect("a number")));
    let subjects = [Subject::Demo].into_iter().filter(|_| wanted("demo")).chain(sizes.filter(|_| wanted("classes")));
    for subject in subjects {
        let measured = Rounds::measure(subject, rounds);
        measured.print(subject);
        measured.record(subject, &mut contest);
    }
    if wanted("pause") {
        pause::measure(&mut contest, rounds);
    }
    contest.finish();
    ExitCode::SUCCESS
}
