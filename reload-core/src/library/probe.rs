//! Turns a staged file into the certainty that it can be loaded: a child process loads it first and dies
//! instead of the host. The child is this executable, caught before `main`. Must never load in this process.
#![expect(unsafe_code, reason = "runs before main, loads a library in the child, waits on pipes")]

use super::{
    ENTRY_SYMBOL,
    child::{is_taken, kill_group, lost},
    verify::{Finding, verify},
};
use crate::validation::{self, Image, Problem, Rejection};
use serde::{Deserialize, Serialize};
use std::{
    ffi::OsStr,
    io::{self, Write as _},
    mem::ManuallyDrop,
    os::{
        fd::{AsRawFd as _, FromRawFd as _},
        unix::process::{CommandExt as _, ExitStatusExt as _},
    },
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    rc::Rc,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

/// Makes a process a probe of the file that it names.
const VARIABLE: &str = "RELOAD_CORE_PROBE";
/// After how many seconds it ends itself.
const ALARM_VARIABLE: &str = "RELOAD_CORE_PROBE_ALARM";
/// How much longer than its host would wait a probe lives, in seconds.
const ALARM_MARGIN: u64 = 60;
/// How much of what a library prints while it is loaded is kept, in bytes.
const PRINTED_LIMIT: usize = 4096;
const ANSWER_LIMIT: usize = 64 * 1024;
/// More classes or tables than anyone has.
const RECORD_LIMIT: usize = 1 << 16;
const TEXT_LIMIT: usize = 4096;

/// Whether the constructor below is part of this executable. Without it a child would run the host's `main`.
static ARMED: AtomicBool = AtomicBool::new(false);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counts {
    pub(super) classes: usize,
    pub(super) tables: usize,
}

type Answer = Result<Counts, Vec<Finding>>;

// SAFETY: uses only parts of std that need no runtime (environment, memory, formatting), and ends the process
// before `main` where it does anything. A library brings its own copy, which runs when the library is
// loaded; in the child the variable is gone by then, so that copy does nothing.
#[ctor::ctor(unsafe)]
fn before_main() {
    ARMED.store(true, Ordering::Relaxed);
    if let Some(file) = std::env::var_os(VARIABLE) {
        let alarm = std::env::var(ALARM_VARIABLE).ok().and_then(|seconds| seconds.parse().ok());
        for variable in [VARIABLE, ALARM_VARIABLE] {
            // SAFETY: nothing has started a thread before `main`.
            unsafe { std::env::remove_var(variable) };
        }
        answer_and_exit(&file, alarm.unwrap_or(libc::c_uint::MAX));
    }
}

/// The child's whole life.
fn answer_and_exit(file: &OsStr, alarm: libc::c_uint) -> ! {
    // The answer's pipe moves away from where the library's own output would go into it.
    // SAFETY: descriptors 1 and 2 are this process's own; a failure shows as a missing answer.
    let pipe = unsafe { libc::fcntl(1, libc::F_DUPFD_CLOEXEC, 3) };
    let no_core = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: as above; the limit and the alarm concern only this process. The alarm ends a probe
    // whose host is gone.
    unsafe {
        libc::dup2(2, 1);
        libc::setrlimit(libc::RLIMIT_CORE, &raw const no_core);
        libc::alarm(alarm);
    }
    let answer: Answer = examine(file);
    if let Ok(mut text) = serde_json::to_vec(&answer)
        && pipe >= 0
    {
        text.push(b'\n');
        // SAFETY: `pipe` was opened above and belongs to nobody else.
        let mut pipe = unsafe { std::fs::File::from_raw_fd(pipe) };
        let _ = pipe.write_all(&text);
    }
    // SAFETY: ends the process without running destructors, of which the library may have any.
    unsafe { libc::_exit(0) }
}

fn examine(file: &OsStr) -> Answer {
    use libloading::os::unix::{Library, Symbol};
    // SAFETY: whatever the library's initialisers do, they do it to a process that exists for nothing else.
    let library = unsafe { Library::open(Some(file), libc::RTLD_NOW | libc::RTLD_LOCAL) }
        .map_err(|error| vec![Finding::NotLoadable(error.to_string())])?;
    // Never closed: the process ends first.
    let library = ManuallyDrop::new(library);
    // SAFETY: the symbol is only used as an address.
    let symbol: Symbol<*const u8> =
        unsafe { library.get(ENTRY_SYMBOL.as_bytes()) }.map_err(|error| vec![Finding::NoEntry(error.to_string())])?;
    // SAFETY: the library is never closed; if the symbol has fewer bytes than a table this process may crash,
    // which is an answer as well.
    let table = unsafe { verify(symbol.into_raw().cast::<u8>().cast_const()) }?;
    let mut findings = Vec::new();
    let (classes, tables) = ((table.classes)(), (table.tables)());
    // SAFETY: for this and the following: the table's mark and fingerprint fit. If it lies all the same,
    // this process crashes, which is an answer as well.
    match unsafe { classes.checked(RECORD_LIMIT) } {
        None => findings.push(Finding::Table(format!("its list of {} classes is not readable", classes.len()))),
        Some(records) => {
            for (at, record) in records.iter().enumerate() {
                // SAFETY: see above.
                let record = unsafe { aligned(record.0) };
                // SAFETY: see above.
                if record.and_then(|record| unsafe { record.path.checked(TEXT_LIMIT) }).is_none_or(str::is_empty) {
                    findings.push(Finding::Table(format!("class {at} has no readable name")));
                }
            }
        }
    }
    // SAFETY: see above.
    match unsafe { tables.checked(RECORD_LIMIT) } {
        None => findings.push(Finding::Table(format!("its list of {} event tables is not readable", tables.len()))),
        Some(records) => {
            for (at, record) in records.iter().enumerate() {
                // SAFETY: see above.
                let record = unsafe { aligned(record.0) };
                // SAFETY: see above.
                if record.and_then(|record| unsafe { record.path.checked(TEXT_LIMIT) }).is_none_or(str::is_empty) {
                    findings.push(Finding::Table(format!("event table {at} has no readable name")));
                }
            }
        }
    }
    if findings.is_empty() {
        // The host judges what the tables say, and tells it in words. Here they only have to be readable to the end: a
        // pointer that leads nowhere, or a function that aborts, takes this process with it and not the host.
        drop(validation::validate(Image::of(table, Rc::new(()))));
    }
    if findings.is_empty() { Ok(Counts { classes: classes.len(), tables: tables.len() }) } else { Err(findings) }
}

/// # Safety
///
/// 1. A pointer that is neither null nor misaligned points to a `T` that lives for `'a`.
unsafe fn aligned<'a, T>(pointer: *const T) -> Option<&'a T> {
    if pointer.is_null() || !pointer.is_aligned() {
        return None;
    }
    // SAFETY: (1)
    Some(unsafe { &*pointer })
}

/// Has a child load `file` and look at its tables. `artifact` is what the file is a copy of, for messages.
#[tracing::instrument(name = "probe", level = "debug", skip_all, fields(artifact = %artifact.display()))]
pub(super) fn probe(file: &Path, artifact: &Path, timeout: Duration) -> Result<Counts, Rejection> {
    let problem = |code, message: String, advice: &str| {
        Rejection::from(Problem::new(code, artifact.display().to_string(), message, advice))
    };
    if !ARMED.load(Ordering::Relaxed) {
        return Err(problem(
            "probe.unavailable",
            "the library cannot be tried in a child process: this executable lacks reload-core's constructor".into(),
            "link the host without dropping unreferenced constructors, or turn probing off for this source",
        ));
    }
    let mut child = start(file, timeout).map_err(|error| {
        problem(
            "probe.not_started",
            format!("the library cannot be tried: no child process: {error}"),
            "look at the limits on processes and memory, then save again; the running code is not affected",
        )
    })?;
    let seen = watch(&mut child, timeout);
    let printed = || {
        let text = String::from_utf8_lossy(&seen.printed);
        let text = text.trim();
        if text.is_empty() { String::new() } else { format!("; it printed: {text}") }
    };
    match seen.end {
        End::Hung => Err(problem(
            "library.hangs",
            format!("loading the library did not end within {timeout:?}{}", printed()),
            "something that runs while the library is loaded (a constructor, a static of C code) does not return",
        )),
        End::Failed(error) => Err(problem(
            "probe.not_started",
            format!("the child process that tries the library was lost: {}", lost(&error)),
            "save again; the running code is not affected",
        )),
        End::Exited(status) => match serde_json::from_slice::<Answer>(&seen.answer) {
            Ok(Ok(counts)) => {
                tracing::debug!(classes = counts.classes, tables = counts.tables, "the library loads");
                Ok(counts)
            }
            Ok(Err(findings)) => {
                let problems = findings.into_iter().map(|finding| finding.into_problem(artifact)).collect();
                Rejection::unless_empty(problems).and_then(|()| {
                    Err(problem("library.table", "the library was refused without a reason".into(), "build it again"))
                })
            }
            Err(_) => Err(problem(
                "library.crashes",
                format!("loading the library {}{}", how_it_ended(status), printed()),
                "something that runs while the library is loaded fails; only the child process that tried it died",
            )),
        },
    }
}

fn start(file: &Path, timeout: Duration) -> io::Result<Child> {
    // Still names this very executable after it was built anew or removed; `current_exe` would not.
    let own = Path::new("/proc/self/exe");
    let current = std::env::current_exe();
    let mut command = if cfg!(target_os = "linux") && own.exists() {
        Command::new(own)
    } else {
        Command::new(current.as_ref().map_err(|error| io::Error::new(error.kind(), error.to_string()))?)
    };
    if let Ok(name) = &current {
        command.arg0(name);
    }
    let alarm = timeout.as_secs().saturating_add(ALARM_MARGIN).min(libc::c_uint::MAX.into());
    command
        .arg("reload-core-probe")
        .env(VARIABLE, file)
        .env(ALARM_VARIABLE, alarm.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
}

enum End {
    Exited(ExitStatus),
    Hung,
    Failed(io::Error),
}

struct Seen {
    end: End,
    answer: Vec<u8>,
    printed: Vec<u8>,
}

/// Follows the child to its end, or to the timeout.
fn watch(child: &mut Child, timeout: Duration) -> Seen {
    // A time that no clock will show is no limit.
    let deadline = Instant::now().checked_add(timeout);
    let is_over = || deadline.is_some_and(|deadline| Instant::now() >= deadline);
    let (mut stdout, mut stderr) = (child.stdout.take(), child.stderr.take());
    let (mut answer, mut printed) = (Vec::new(), Vec::new());
    let mut end = None;
    while let Some(out) = &mut stdout {
        let mut entries = [poll_entry(Some(out.as_raw_fd())), poll_entry(stderr.as_ref().map(|err| err.as_raw_fd()))];
        let left = deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()));
        // SAFETY: `entries` are as many as said and live through the call.
        let ready = unsafe {
            libc::poll(
                entries.as_mut_ptr(),
                entries.len() as libc::nfds_t,
                left.as_millis().min(60_000) as libc::c_int + 1,
            )
        };
        if ready < 0 && io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
            end = Some(End::Failed(io::Error::last_os_error()));
            break;
        }
        if entries[1].revents != 0 && stderr.as_mut().is_some_and(|err| !take(err, &mut printed, PRINTED_LIMIT)) {
            stderr = None;
        }
        if entries[0].revents != 0 && (!take(out, &mut answer, ANSWER_LIMIT) || answer.ends_with(b"\n")) {
            stdout = None;
        }
        if is_over() && stdout.is_some() {
            end = Some(End::Hung);
            break;
        }
    }
    let end = end.unwrap_or_else(|| {
        loop {
            match child.try_wait() {
                Ok(Some(status)) => break End::Exited(status),
                Ok(None) if is_over() => break End::Hung,
                Ok(None) => std::thread::sleep(Duration::from_micros(100)),
                Err(error) => break End::Failed(error),
            }
        }
    });
    if !matches!(&end, End::Exited(_)) && !matches!(&end, End::Failed(error) if is_taken(error)) {
        kill_group(child);
        let _ = child.wait();
    }
    // What the child printed last.
    while let Some(err) = &mut stderr {
        let mut entry = [poll_entry(Some(err.as_raw_fd()))];
        // SAFETY: one entry, which lives through the call.
        let ready = unsafe { libc::poll(entry.as_mut_ptr(), 1, 0) };
        if ready <= 0 || !take(err, &mut printed, PRINTED_LIMIT) {
            stderr = None;
        }
    }
    Seen { end, answer, printed }
}

fn poll_entry(descriptor: Option<i32>) -> libc::pollfd {
    // Negative descriptors are skipped.
    libc::pollfd { fd: descriptor.unwrap_or(-1), events: libc::POLLIN, revents: 0 }
}

/// Moves what is ready into `into`, of which `limit` bytes are kept; false at the end.
fn take(from: &mut impl io::Read, into: &mut Vec<u8>, limit: usize) -> bool {
    let mut buffer = [0; 4096];
    match from.read(&mut buffer) {
        Ok(0) => false,
        Ok(count) => {
            let room = limit.saturating_sub(into.len()).min(count);
            into.extend_from_slice(&buffer[..room]);
            true
        }
        Err(error) => error.kind() == io::ErrorKind::Interrupted,
    }
}

fn how_it_ended(status: ExitStatus) -> String {
    let Some(signal) = status.signal() else {
        return format!("ended the process with exit code {}", status.code().unwrap_or(-1));
    };
    let name = match signal {
        libc::SIGSEGV => " (SIGSEGV: access to memory that is not there)",
        libc::SIGABRT => " (SIGABRT: it panicked or gave up)",
        libc::SIGBUS => " (SIGBUS: the file is shorter than it claims)",
        libc::SIGILL => " (SIGILL: an instruction that this processor lacks, or a deliberate stop)",
        libc::SIGFPE => " (SIGFPE: impossible arithmetic)",
        libc::SIGKILL => " (SIGKILL: killed, perhaps for lack of memory)",
        libc::SIGTRAP => " (SIGTRAP: a deliberate stop)",
        _ => "",
    };
    format!("killed the process that tried it with signal {signal}{name}")
}
