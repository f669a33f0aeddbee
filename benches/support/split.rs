//! Where the time of a `cargo build` goes: this program stands in for the compiler and for the linker, calls the real
//! ones, and notes how long they took.

use crate::{generated::run, live::Lane};
use std::{
    env,
    ffi::OsString,
    fs,
    io::Write as _,
    path::Path,
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

/// Where the times are noted; tells this program that it stands in for another.
const NOTES: &str = "RELOAD_BENCHES_SPLIT";
/// Tells it that this is the linker.
const LINKER: &str = "RELOAD_BENCHES_LINKER";

/// The parts of a build.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Split {
    pub(crate) all: Duration,
    /// The compiler, without the linker.
    pub(crate) rustc: Duration,
    pub(crate) link: Duration,
}

impl Split {
    /// What is left: cargo itself.
    pub(crate) fn cargo(&self) -> Duration {
        self.all.saturating_sub(self.rustc + self.link)
    }
}

/// An edit and its build.
pub(crate) fn build(lane: &Lane, version: usize) -> Split {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let notes = folder.path().join("notes");
    fs::write(&notes, "").expect("written");
    lane.edit(version);
    let mut command = lane.cargo();
    command.env("RUSTC_WRAPPER", env::current_exe().expect("this program")).env(NOTES, &notes);
    let all = run(command);
    let text = fs::read_to_string(&notes).expect("the notes are there");
    let sum = |what: &str| -> Duration {
        text.lines().filter_map(|line| line.strip_prefix(what)?.trim().parse().ok()).map(Duration::from_nanos).sum()
    };
    let (rustc, link) = (sum("rustc "), sum("link "));
    Split { all, rustc: rustc.saturating_sub(link), link }
}

/// Calls the real program, if this one stands in for another.
pub(crate) fn stand_in() -> Option<ExitCode> {
    let notes = env::var_os(NOTES)?;
    let mut arguments = env::args_os().skip(1);
    let linker = env::var_os(LINKER).is_some();
    // The linker that the compiler calls by itself.
    let mut command = if linker { Command::new("cc") } else { Command::new(arguments.next()?) };
    let arguments: Vec<OsString> = arguments.collect();
    let compiles = arguments.iter().any(|argument| argument == "--crate-name");
    command.args(arguments);
    if !linker && compiles {
        let mut own = OsString::from("-Clinker=");
        own.push(env::current_exe().ok()?);
        command.arg(own).env(LINKER, "yes");
    }
    let start = Instant::now();
    let status = command.status().ok()?;
    if linker || compiles {
        note(Path::new(&notes), if linker { "link" } else { "rustc" }, start.elapsed());
    }
    Some(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn note(notes: &Path, what: &str, took: Duration) {
    let mut file = fs::File::options().append(true).open(notes).expect("the notes are there");
    writeln!(file, "{what} {}", took.as_nanos()).expect("written");
}
