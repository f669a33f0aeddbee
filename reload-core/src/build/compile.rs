//! Turns sources into an artifact by running `cargo build`, whose messages are shown as cargo shows them.
//! Must never look at the artifact.

use super::{
    call::look,
    lane::{Lane, Seen as SeenCompiler},
    lock::Waited,
    package::{BuildSpec, Workspace},
    parts::{Made, Parts},
};
use crate::{
    library::child::{kill_group, lost},
    validation::Problem,
};
use cargo_metadata::{CrateType, Message, diagnostic::DiagnosticLevel};
use serde::Serialize;
use std::{
    collections::BTreeSet,
    fs,
    io::{self, BufReader, IsTerminal as _, Write as _},
    os::unix::process::CommandExt as _,
    path::PathBuf,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

/// Text of compiler messages that is kept for a report, in bytes.
const TEXT_LIMIT: usize = 64 * 1024;

/// A build that succeeded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Built {
    /// The library.
    pub artifact: PathBuf,
    /// From calling cargo to its saying that it has built everything.
    pub duration: Duration,
    /// Whether cargo found nothing to do.
    pub fresh: bool,
    /// Whether the compiler was called as cargo last did, without cargo: only the package's own sources had changed.
    pub direct: bool,
    /// Who was working in the same target directory, so that the build had to wait.
    pub waited_for: Option<String>,
}

/// A build that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BuildFailure {
    /// Number of errors that the compiler told; 0 if cargo itself failed.
    pub errors: usize,
    /// The errors as the compiler rendered them, without colours. Warnings are left out.
    pub messages: String,
    /// From calling cargo to its end.
    pub duration: Duration,
    /// Who was working in the same target directory, so that the build had to wait.
    pub waited_for: Option<String>,
    /// What is wrong, in one sentence, and what to do.
    pub problem: Problem,
}

/// What is told of a build, in this order.
#[derive(Debug)]
pub(super) enum Told {
    /// What came of it: as soon as cargo says so, which is some milliseconds before it ends. And in which folders it has compiled
    /// a package.
    Outcome(Outcome, BTreeSet<PathBuf>),
    /// Its process has ended; from now on there is a shorter way, if one was found, and once it is prepared. And what the library
    /// is made of, if that is known.
    Ended(Ended),
    /// It is.
    Prepared(Lane),
    /// In place of both: cargo has to be asked.
    Refused,
}

/// What is left when a build's process has ended.
#[derive(Debug, Default)]
pub(super) struct Ended {
    pub(super) lane: Option<Lane>,
    pub(super) made: Option<Made>,
    /// Somebody has edited the lock file behind cargo's back.
    pub(super) lock_edited: bool,
    /// When something of the library was last compiled, as far as cargo's files tell.
    pub(super) compiled: Option<SystemTime>,
}

/// What came of a build.
#[derive(Debug)]
pub(super) enum Outcome {
    Built(Built),
    Failed(Box<BuildFailure>),
    Cancelled,
}

/// A running build. Killed when dropped.
#[derive(Debug)]
pub(super) struct Build {
    pub(super) process: Arc<Mutex<Process>>,
}

#[derive(Debug)]
pub(super) struct Process {
    pub(super) child: Child,
    pub(super) ended: bool,
    pub(super) cancelled: bool,
}

impl Build {
    pub(super) fn of(child: Child) -> Self {
        Self { process: Arc::new(Mutex::new(Process { child, ended: false, cancelled: false })) }
    }
}

impl Drop for Build {
    fn drop(&mut self) {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        if !process.ended {
            process.cancelled = true;
            kill_group(&mut process.child);
        }
    }
}

/// Starts a build; `tell` is called on another thread.
pub(super) fn start(
    spec: &BuildSpec,
    workspace: &Workspace,
    mut tell: impl FnMut(Told) + Send + 'static,
) -> Result<Build, Problem> {
    let begun = Instant::now();
    let waited = Waited::before_build(&workspace.target, spec.profile.as_deref());
    let colours = io::stderr().is_terminal();
    let mut command = command(spec, colours);
    tracing::debug!(?command, "building");
    let no_cargo = |error: io::Error| {
        Problem::new(
            "build.no_cargo",
            spec.folder().display().to_string(),
            format!("cannot run cargo: {error}"),
            "install cargo, put it on the PATH or name it in the variable CARGO; the running code is not affected",
        )
    };
    let manifests = spec.lane.then(|| look(workspace.manifests()));
    let mut child = command.spawn().map_err(no_cargo)?;
    waited.look_at(child.id(), &workspace.target, spec.profile.as_deref());
    let compiler = SeenCompiler::default();
    if let Some(manifests) = manifests {
        compiler.look_at(child.id(), &spec.package, manifests);
    }
    let stdout = child.stdout.take();
    let build = Build::of(child);
    let process = Arc::clone(&build.process);
    let (workspace, package) = (workspace.clone(), spec.package.clone());
    let follow = move || {
        let mut output = stdout.map(BufReader::new);
        let lock = workspace.lock();
        let mut seen = output.as_mut().map(|output| read(output, &workspace, colours)).unwrap_or_default();
        let success = seen.success;
        let artifact = seen.artifact.clone().filter(|_| success);
        let parts = std::mem::take(&mut seen.parts);
        let seen_lock = seen.lock.take();
        let lane = artifact.as_ref().and_then(|artifact| compiler.lane(artifact, &workspace, &parts));
        drop(compiler);
        let conclude = |status| outcome(seen, status, &package, begun.elapsed(), waited.holder());
        if success {
            // The library is in place and cargo does not write to it any more; what else it does is its own affair.
            tell(Told::Outcome(conclude(None), parts.compiled()));
            end(output, &process);
        } else {
            let outcome = match end(output, &process) {
                End::Exited(status) => conclude(Some(status.to_string())),
                End::Lost(error) => conclude(Some(format!("how it ended is not known: {}", lost(&error)))),
                End::Cancelled => Outcome::Cancelled,
            };
            tell(Told::Outcome(outcome, parts.compiled()));
        }
        let made = match artifact {
            Some(artifact) => parts.made(&artifact, &workspace),
            None => Some(parts.mentioned(&workspace)),
        };
        // Cargo writes it before it compiles anything.
        let lock_edited = seen_lock.is_some_and(|seen| seen != fs::read(lock).ok());
        tell(Told::Ended(Ended { lane, made, lock_edited, compiled: parts.last_compiled() }));
    };
    std::thread::Builder::new().name("reload-build".into()).spawn(follow).map_err(no_cargo)?;
    Ok(build)
}

fn command(spec: &BuildSpec, colours: bool) -> Command {
    let mut command = spec.cargo();
    command.args(["build", "--package", &spec.package]);
    for package in &spec.also {
        command.args(["--package", package]);
    }
    if let Some(profile) = &spec.profile {
        command.args(["--profile", profile]);
    }
    if !spec.features.is_empty() {
        command.args(["--features", &spec.features.join(",")]);
    }
    if let Some(target) = &spec.target_dir {
        command.arg("--target-dir").arg(std::path::absolute(target).unwrap_or_else(|_| target.clone()));
    }
    // The compiler's messages come through here, so that a report can have them; cargo's own go to the terminal.
    command.arg(if colours { "--message-format=json-diagnostic-rendered-ansi" } else { "--message-format=json" });
    command.stdin(Stdio::null()).stdout(Stdio::piped()).process_group(0);
    command
}

#[derive(Debug, Default)]
struct Seen {
    artifact: Option<PathBuf>,
    fresh: bool,
    errors: usize,
    text: String,
    success: bool,
    /// Cargo has begun to build: before that it says nothing.
    begun: bool,
    library_without_cdylib: bool,
    parts: Parts,
    /// What the lock file says when cargo has begun to compile; nothing if it is not there.
    lock: Option<Option<Vec<u8>>>,
}

/// Reads what cargo says, up to the message that it has finished.
fn read(output: &mut BufReader<ChildStdout>, workspace: &Workspace, colours: bool) -> Seen {
    let mut seen = Seen::default();
    for message in Message::parse_stream(output) {
        seen.begun = true;
        seen.lock.get_or_insert_with(|| fs::read(workspace.lock()).ok());
        match message {
            Ok(Message::CompilerMessage(message)) => {
                seen.parts.note_message(&message);
                let message = message.message;
                let rendered = message.rendered.unwrap_or_else(|| message.message.clone());
                show(&rendered, colours);
                if matches!(message.level, DiagnosticLevel::Error | DiagnosticLevel::Ice) {
                    // The last one only counts the others and has no place.
                    seen.errors += usize::from(!message.message.starts_with("aborting due to"));
                    if seen.text.len() < TEXT_LIMIT {
                        seen.text.push_str(&without_colours(&rendered));
                    }
                }
            }
            Ok(Message::CompilerArtifact(artifact)) => {
                seen.parts.note_artifact(&artifact);
                if artifact.manifest_path.as_std_path() != workspace.manifest {
                    continue;
                }
                let is_library = artifact.target.crate_types.contains(&CrateType::CDyLib);
                let file = artifact
                    .filenames
                    .iter()
                    .find(|file| file.extension() == Some(std::env::consts::DLL_EXTENSION))
                    .filter(|_| is_library);
                if let Some(file) = file {
                    seen.artifact = Some(file.into());
                    seen.fresh = artifact.fresh;
                } else if artifact.target.is_lib() {
                    seen.library_without_cdylib = true;
                }
            }
            Ok(Message::BuildScriptExecuted(script)) => seen.parts.note_script(&script),
            Ok(Message::BuildFinished(finished)) => {
                seen.success = finished.success;
                break;
            }
            Ok(_) => {}
            Err(error) => {
                tracing::debug!(%error, "cargo's output ended early");
                break;
            }
        }
    }
    seen
}

/// Shows a message where cargo shows its own, over its progress bar.
pub(super) fn show(rendered: &str, colours: bool) {
    let mut stderr = io::stderr().lock();
    let clear = if colours { "\r\x1b[K" } else { "" };
    // Nobody to show it to: the report has it as well.
    let _ = write!(stderr, "{clear}{rendered}").and_then(|()| stderr.flush());
}

pub(super) fn without_colours(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter == '\x1b' {
            letters.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(letter);
        }
    }
    plain
}

/// How a process ended.
#[derive(Debug)]
pub(super) enum End {
    Exited(ExitStatus),
    /// It was killed here.
    Cancelled,
    /// Nobody knows.
    Lost(io::Error),
}

/// Waits for the end of a process and of its output, which a pipe that is closed early would turn into an error. The lock is let
/// go meanwhile, so that it can be killed.
pub(super) fn end(output: Option<impl io::Read>, process: &Mutex<Process>) -> End {
    let _ = output.map(|mut output| io::copy(&mut output, &mut io::sink()));
    loop {
        let mut process = process.lock().unwrap_or_else(PoisonError::into_inner);
        match process.child.try_wait() {
            Ok(None) => {}
            Ok(Some(status)) => {
                process.ended = true;
                return if process.cancelled { End::Cancelled } else { End::Exited(status) };
            }
            Err(error) => {
                // Its number may be somebody else's by now.
                process.ended = true;
                return if process.cancelled { End::Cancelled } else { End::Lost(error) };
            }
        }
        drop(process);
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// `failed` says how a cargo that did not succeed has ended.
fn outcome(
    seen: Seen,
    failed: Option<String>,
    package: &str,
    duration: Duration,
    waited_for: Option<String>,
) -> Outcome {
    let problem = if let Some(failed) = failed {
        if seen.errors > 0 {
            Problem::new(
                "build.errors",
                package,
                format!("the build failed with {} error{}", seen.errors, if seen.errors == 1 { "" } else { "s" }),
                "correct them and save; the running code is not affected",
            )
        } else {
            let when = if seen.begun { "though no error in the code was told" } else { "before anything was compiled" };
            Problem::new(
                "build.cargo",
                package,
                format!("cargo failed {when} ({failed}); its message is in the terminal"),
                "correct what cargo names and save, or save again, if a process was killed or space was missing; the running \
                 code is not affected",
            )
        }
    } else if let Some(artifact) = seen.artifact {
        tracing::debug!(artifact = %artifact.display(), fresh = seen.fresh, ?duration, "built");
        return Outcome::Built(Built { artifact, duration, fresh: seen.fresh, direct: false, waited_for });
    } else {
        Problem::new(
            "build.no_cdylib",
            package,
            if seen.library_without_cdylib {
                "the package was built, but not as a dynamic library"
            } else {
                "the package was built, but it has no library"
            },
            "put `crate-type = [\"cdylib\", \"rlib\"]` under `[lib]` in its Cargo.toml",
        )
    };
    tracing::debug!(%problem, ?duration, "the build failed");
    Outcome::Failed(Box::new(BuildFailure { errors: seen.errors, messages: seen.text, duration, waited_for, problem }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where SIGCHLD is ignored, or somebody else waits for all children.
    #[test]
    fn an_end_that_somebody_else_has_taken_is_told_and_nobody_is_killed_for_it() {
        let child = Command::new("true").process_group(0).spawn().expect("a child process");
        let id = i32::try_from(child.id()).expect("a process");
        let build = Build::of(child);
        // What the standard library does not know of.
        let mut status = 0;
        #[expect(unsafe_code, reason = "waits for a child behind its owner's back")]
        // SAFETY: `status` is valid for a write.
        let waited = unsafe { libc::waitpid(id, &raw mut status, 0) };
        assert_eq!(waited, id);
        let End::Lost(error) = end(None::<io::Empty>, &build.process) else { panic!("nobody can know how it ended") };
        assert!(lost(&error).contains("SIGCHLD"), "{error}");
        assert!(build.process.lock().expect("not poisoned").ended);
        let told = outcome(Seen::default(), Some(lost(&error)), "game", Duration::ZERO, None);
        let Outcome::Failed(failure) = told else { panic!("{told:?}") };
        assert!(failure.problem.code == "build.cargo" && failure.problem.message.contains("SIGCHLD"));
    }

    #[test]
    fn colours_are_taken_out() {
        assert_eq!(without_colours("\x1b[1m\x1b[38;5;9merror\x1b[0m: ü\n"), "error: ü\n");
    }
}
