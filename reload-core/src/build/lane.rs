//! The short way from a source to an artifact: the compiler is called as cargo last called it, but for the dynamic library
//! alone, where nothing but the package's own sources has changed since. What cargo keeps is left alone, so that its next
//! build is as good as ever. Must never be taken in any doubt: cargo does it then.

use super::{
    call::{Call, Look},
    compile::{Build, Built, End, Ended, Outcome, Told, end, show, without_colours},
    package::Workspace,
    parts::{Parts, made_by_compiler},
};
use crate::library::child::lower_priority;
use serde_json::Value;
use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs, io,
    io::{BufReader, IsTerminal as _},
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

/// Beside the artifacts: what the short way makes.
const FOLDER: &str = ".reload-lane";
/// How often a running cargo is looked at.
const EVERY: Duration = Duration::from_millis(8);

/// A compiler that was seen at work for cargo, as far as one was seen by now.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen(Arc<OnceLock<Call>>);

impl Seen {
    /// Looks for the compiler of the library `package` among the children of `cargo`, until the build is over. `manifests` are
    /// files that decide how it is called, as they were before cargo was.
    pub(super) fn look_at(&self, cargo: u32, package: &str, manifests: Look) {
        let (lives, name) = (Arc::downgrade(&self.0), package.replace('-', "_"));
        // Without a thread nobody looks, and there is no short way.
        let _ = std::thread::Builder::new().name("reload-lane".into()).spawn(move || {
            while let Some(seen) = lives.upgrade() {
                if let Some(call) = Call::under(cargo, &name, &manifests) {
                    let _ = seen.set(call);
                    return;
                }
                drop(seen);
                std::thread::sleep(EVERY);
            }
        });
    }

    /// The short way to `artifact`, which that compiler's cargo has made of `parts`.
    pub(super) fn lane(&self, artifact: &Path, workspace: &Workspace, parts: &Parts) -> Option<Lane> {
        let call = self.0.get()?.clone();
        let sources = call.sources()?;
        if parts.share(workspace, &sources) {
            tracing::debug!(sources = %sources.display(), "another package has a file of these: cargo is asked each time");
            return None;
        }
        Lane::open(call, sources, artifact)
    }
}

/// A short way that is open as long as nothing but the package's own sources changes.
#[derive(Debug)]
pub(super) struct Lane {
    call: Call,
    sources: PathBuf,
    /// Where the compiler puts the library: always there, because what it has kept is of no use for another place.
    made: PathBuf,
    /// Where it is told to be when it is complete, and stays while the next one is made. Cargo's place will not do: a cargo that
    /// began before the edit, and ends after it, puts what it has there once more.
    artifact: PathBuf,
    /// Cargo's place, for those who follow the file.
    followed: PathBuf,
    /// Whether the compiler finds what it has kept of a build of almost the same sources.
    is_prepared: bool,
    /// Held locked: two hosts do not use one folder.
    _lock: fs::File,
}

impl Lane {
    fn open(mut call: Call, sources: PathBuf, artifact: &Path) -> Option<Self> {
        let name = artifact.file_name()?;
        let folder = artifact.parent()?.join(FOLDER).join(artifact.file_stem()?);
        let output = folder.join("out");
        fs::create_dir_all(&output).ok()?;
        let lock = fs::File::create(folder.join("lock")).ok()?;
        lock.try_lock().ok()?;
        // What is made gets another name; where files have one only, each way would end in vain after a whole build.
        let link = folder.join("link");
        let _ = fs::remove_file(&link);
        fs::hard_link(folder.join("lock"), &link).and_then(|()| fs::remove_file(&link)).ok()?;
        let keeps = call.redirect(&output, &folder.join("incremental"))?;
        Some(Self {
            call,
            sources,
            made: output.join(name),
            artifact: folder.join(name),
            followed: artifact.to_owned(),
            is_prepared: !keeps,
            _lock: lock,
        })
    }

    /// Whether the first build on this way would be as short as the others.
    pub(super) const fn is_prepared(&self) -> bool {
        self.is_prepared
    }

    /// Has the compiler build for the sake of what it keeps, and behind everybody else who wants to work. Tells
    /// [`Told::Prepared`] if that succeeds, on another thread, and otherwise nothing.
    pub(super) fn prepare(mut self, mut tell: impl FnMut(Told) + Send + 'static) -> io::Result<Build> {
        let child = self.call.run(Stdio::null())?;
        lower_priority(&child);
        let build = Build::of(child);
        let process = Arc::clone(&build.process);
        std::thread::Builder::new().name("reload-prepare".into()).spawn(move || {
            if matches!(end(None::<io::Empty>, &process), End::Exited(status) if status.success()) {
                self.is_prepared = true;
                tell(Told::Prepared(self));
            }
        })?;
        Ok(build)
    }

    /// Whether the short way leads to the same as cargo would after these edits.
    pub(super) fn fits(&self, workspace: &Workspace, edited: &[PathBuf]) -> bool {
        let is_own = |path: &&PathBuf| {
            path.starts_with(&self.sources)
                // Another package may lie between the sources.
                && workspace.package_of(path) == workspace.manifest.parent()
                && path.extension() == Some(OsStr::new("rs"))
                // A package whose sources lie beside its manifest may get a build script.
                && path.file_name() != Some(OsStr::new("build.rs"))
        };
        // Editors write to a file of another name first. If it was one that the library is made of, the compiler misses it,
        // and cargo is asked.
        let is_passing = |path: &&PathBuf| path.starts_with(&self.sources) && !path.exists();
        edited.iter().any(|path| is_own(&path))
            && edited.iter().all(|path| is_own(&path) || is_passing(&path))
            && self.call.is_repeatable()
    }

    /// Starts the compiler; `tell` is called on another thread. It tells [`Told::Refused`] where cargo has to be asked.
    pub(super) fn start(self, mut tell: impl FnMut(Told) + Send + 'static) -> io::Result<Build> {
        let begun = Instant::now();
        let _ = fs::remove_file(&self.made);
        let mut child = self.call.run(Stdio::piped())?;
        let output = child.stderr.take().map(BufReader::new);
        let build = Build::of(child);
        let process = Arc::clone(&build.process);
        let follow = move || {
            let colours = io::stderr().is_terminal();
            let messages = output.map(|output| rendered(output, colours)).unwrap_or_default();
            let succeeded = match end(None::<io::Empty>, &process) {
                End::Cancelled => {
                    tell(Told::Outcome(Outcome::Cancelled, BTreeSet::new()));
                    return tell(Told::Ended(Ended::default()));
                }
                End::Exited(status) => status.success() && self.name_also(&self.artifact).is_ok(),
                End::Lost(_) => false,
            };
            if !succeeded {
                tracing::debug!(artifact = %self.followed.display(), "the compiler alone does not build it, cargo is asked");
                return tell(Told::Refused);
            }
            messages.iter().for_each(|message| show(message, colours));
            let (artifact, duration) = (self.artifact.clone(), begun.elapsed());
            tracing::debug!(artifact = %artifact.display(), ?duration, "built by the compiler alone");
            let built = Built { artifact, duration, fresh: false, direct: true, waited_for: None };
            tell(Told::Outcome(Outcome::Built(built), BTreeSet::new()));
            if let Err(error) = self.name_also(&self.followed) {
                tracing::warn!(file = %self.followed.display(), %error, "who follows the file misses a version");
            }
            let made = self.made.parent().and_then(|output| made_by_compiler(output, self.call.folder()));
            tell(Told::Ended(Ended { lane: Some(self), made, ..Ended::default() }));
        };
        std::thread::Builder::new().name("reload-build".into()).spawn(follow)?;
        Ok(build)
    }

    /// Gives what was made another name, as cargo does it. A rename would not leave a moment without a file of that name, but the
    /// system starts to write what replaces another file to the disk, which takes longer than all else here.
    fn name_also(&self, place: &Path) -> io::Result<()> {
        let _ = fs::remove_file(place);
        fs::hard_link(&self.made, place)
    }
}

/// The compiler's messages as it shows them, with `colours` or without, but for the one that counts the others: cargo leaves
/// that out as well.
fn rendered(output: impl io::BufRead, colours: bool) -> Vec<String> {
    let lines = output.split(b'\n').map_while(Result::ok);
    let messages = lines.filter_map(|line| serde_json::from_slice::<Value>(&line).ok());
    let counts = |message: &Value| message["message"].as_str().is_some_and(|text| text.ends_with(" emitted"));
    let shown = messages.filter(|message| !counts(message));
    let texts = shown.filter_map(|message| Some(message.get("rendered")?.as_str()?.to_owned()));
    // Cargo has it write them with colours always, and takes those out itself.
    texts.map(|text| if colours { text } else { without_colours(&text) }).collect()
}

#[cfg(test)]
mod tests {
    use super::rendered;

    #[test]
    fn only_what_is_shown_is_a_message() {
        let output = "{\"$message_type\":\"artifact\",\"artifact\":\"a.so\"}\nnoise\n\
                      {\"$message_type\":\"diagnostic\",\"message\":\"odd\",\"rendered\":\"\\u001b[33mwarning\\u001b[0m: odd\\n\"}\n\
                      {\"message\":\"1 warning emitted\",\"rendered\":\"warning: 1 warning emitted\\n\"}\n";
        assert_eq!(rendered(output.as_bytes(), false), ["warning: odd\n"]);
        assert_eq!(rendered(output.as_bytes(), true), ["\x1b[33mwarning\x1b[0m: odd\n"]);
    }
}
