//! Compares contenders that do the same work: criterion samples each of them in turn, in several rounds, so that a slow
//! minute of the machine falls on all of them; time is that of the thread. What counts is the median of the rounds, and
//! the median of the ratios within a round.

use criterion::{Criterion, SamplingMode};
use serde::{Deserialize, Serialize};
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Rounds of each case.
const ROUNDS: usize = 5;
/// Rounds of a case that takes minutes as it is.
const FEW_ROUNDS: usize = 3;
/// A run that takes so long makes a case one of those.
const LONG: Duration = Duration::from_millis(100);
/// Samples of a contender in a round; the fewest that criterion takes.
const SAMPLES: usize = 10;

/// One of those that are compared.
pub(crate) trait Contender {
    /// Does the work once.
    fn run(&mut self);

    /// Does the work a number of times, and answers how long it took without what stands between two times.
    fn times(&mut self, times: u64) -> Duration {
        let start = thread_time();
        for _ in 0..times {
            self.run();
        }
        thread_time() - start
    }

    /// Units of work done so far, where the state shows it.
    fn tally(&mut self) -> Option<u64> {
        None
    }
}

impl<F: FnMut()> Contender for F {
    fn run(&mut self) {
        self();
    }
}

/// A contender with its name.
pub(crate) type Entry = (&'static str, Box<dyn Contender>);

/// What was measured of one contender in one case.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    /// What is compared; a table of its own.
    pub(crate) title: String,
    /// The case's number on the axis, or its place in the table.
    pub(crate) column: String,
    pub(crate) contender: String,
    /// Nanoseconds for one unit of work: the median of the rounds.
    pub(crate) nanoseconds: f64,
    /// To the first contender of the case: the median of the rounds' ratios.
    pub(crate) ratio: f64,
}

/// All cases of one benchmark.
pub(crate) struct Contest {
    topic: &'static str,
    filters: Vec<String>,
    /// Whether all that there is is measured: a part does not replace the whole.
    whole: bool,
    records: Vec<Record>,
}

impl Contest {
    pub(crate) fn new(topic: &'static str) -> Self {
        let filters: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
        Self { topic, whole: filters.is_empty(), filters, records: Vec::new() }
    }

    /// For a benchmark whose command line has options in place of parts of titles.
    pub(crate) const fn by_options(topic: &'static str, whole: bool) -> Self {
        Self { topic, whole, filters: Vec::new(), records: Vec::new() }
    }

    /// Compares contenders, each of whose runs does `work` units. The first is what the others are compared to.
    ///
    /// Builds them only if the command line does not leave the case out: a part of `title, column` selects.
    pub(crate) fn case(&mut self, title: &str, column: &str, work: usize, build: impl FnOnce() -> Vec<Entry>) {
        if !self.wants(&format!("{title}, {column}")) {
            return;
        }
        let mut contenders = build();
        let start = Instant::now();
        for (name, contender) in &mut contenders {
            check_work(name, &mut **contender, work);
        }
        let run = start.elapsed() / contenders.len() as u32;
        let mut rounds: Vec<Vec<f64>> = vec![Vec::new(); contenders.len()];
        for _ in 0..if run < LONG { ROUNDS } else { FEW_ROUNDS } {
            for ((name, contender), times) in contenders.iter_mut().zip(&mut rounds) {
                let group = format!("{}, {title}, {column}", self.topic);
                times.push(sample(&group, name, &mut **contender) / work as f64);
            }
        }
        let first = rounds[0].clone();
        for ((name, _), times) in contenders.iter().zip(rounds) {
            let ratios = times.iter().zip(&first).map(|(time, first)| time / first).collect();
            self.records.push(Record {
                title: title.to_owned(),
                column: column.to_owned(),
                contender: (*name).to_owned(),
                nanoseconds: median(times),
                ratio: median(ratios),
            });
        }
    }

    /// Adds what was measured in another way.
    pub(crate) fn record(&mut self, record: Record) {
        self.records.push(record);
    }

    /// Whether the command line does not leave a case out.
    pub(crate) fn wants(&self, case: &str) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|filter| case.contains(filter.as_str()))
    }

    /// Prints the tables and stores the measurements for the plots.
    pub(crate) fn finish(self) {
        self.finish_with(print);
    }

    /// [`Contest::finish`] with tables of another kind.
    pub(crate) fn finish_with(self, print: impl FnOnce(&[Record])) {
        print(&self.records);
        if self.whole {
            let file = measurements(self.topic);
            std::fs::create_dir_all(file.parent().expect("a folder")).expect("the target folder is writable");
            let text = serde_json::to_string_pretty(&self.records).expect("records are plain");
            std::fs::write(file, text).expect("the target folder is writable");
        }
    }
}

/// Where the measurements of a benchmark are kept.
pub(crate) fn measurements(topic: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("measurements").join(topic).with_extension("json")
}

/// One run does the work that it says.
fn check_work(name: &str, contender: &mut dyn Contender, work: usize) {
    let before = contender.tally();
    contender.run();
    if let (Some(before), Some(after)) = (before, contender.tally()) {
        assert_eq!(after - before, work as u64, "{name} does other work");
    }
}

/// Nanoseconds of one run: the median of criterion's samples.
fn sample(group: &str, name: &str, contender: &mut dyn Contender) -> f64 {
    let mut samples: Vec<f64> = Vec::new();
    // New each time, because criterion takes a name only once.
    let mut criterion = Criterion::default()
        .sample_size(SAMPLES)
        .nresamples(2_000)
        .warm_up_time(Duration::from_millis(10))
        .measurement_time(Duration::from_millis(50))
        .without_plots();
    let mut group = criterion.benchmark_group(group);
    group.sampling_mode(SamplingMode::Flat);
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|times| {
            let took = contender.times(times);
            samples.push(took.as_nanos() as f64 / times as f64);
            took
        });
    });
    group.finish();
    // What came before is the warm-up.
    median(samples.split_off(samples.len() - SAMPLES))
}

/// How long this thread has run. All contenders are single-threaded, so it is what they cost; that the system lets
/// another program run in between does not count.
pub(crate) fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).expect("time goes forwards")
}

pub(crate) fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let (low, high) = (numbers[(numbers.len() - 1) / 2], numbers[numbers.len() / 2]);
    f64::midpoint(low, high)
}

/// Prints each table as Markdown: nanoseconds, and the ratio to the first line.
#[expect(clippy::print_stdout, reason = "the result of a benchmark")]
fn print(records: &[Record]) {
    let unique = |of: &dyn Fn(&Record) -> &str, among: &dyn Fn(&Record) -> bool| {
        let mut found: Vec<String> = Vec::new();
        for record in records.iter().filter(|record| among(record)) {
            if !found.iter().any(|known| known == of(record)) {
                found.push(of(record).to_owned());
            }
        }
        found
    };
    for title in unique(&|record| &record.title, &|_| true) {
        let here = |record: &Record| record.title == title;
        let columns = unique(&|record| &record.column, &here);
        println!("\n### {title}\n\n| | {} |\n|---{}|", columns.join(" | "), "|---:".repeat(columns.len()));
        for contender in unique(&|record| &record.contender, &here) {
            let cells = columns.iter().map(|column| {
                records
                    .iter()
                    .find(|record| here(record) && record.contender == contender && record.column == *column)
                    .map_or_else(String::new, |record| cell(record.nanoseconds, record.ratio))
            });
            println!("| {contender} | {} |", cells.collect::<Vec<_>>().join(" | "));
        }
    }
}

fn cell(nanoseconds: f64, ratio: f64) -> String {
    let (number, unit) = match nanoseconds {
        1e6.. => (nanoseconds / 1e6, "ms"),
        1e3.. => (nanoseconds / 1e3, "µs"),
        _ => (nanoseconds, "ns"),
    };
    let digits = |number: f64| if number < 10.0 { 2 } else { usize::from(number < 100.0) };
    format!("{number:.*} {unit} ({ratio:.*}x)", digits(number), digits(ratio))
}
