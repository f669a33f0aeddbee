//! The short way from a source to an artifact: the compiler is called as cargo last called it, but for the dynamic library
//! alone, where nothing but the package's own sources has changed since. What cargo keeps is left alone, so that its next
//! build is as good as ever. Must never be taken in any doubt: cargo does it then.

use super::compile::{Build, Built, Outcome, Told, end, show};
use crate::library::child::lower_priority;
use serde_json::Value;
use std::{
    ffi::{OsStr, OsString},
    fs, io,
    io::{BufReader, IsTerminal as _},
    os::unix::{ffi::OsStringExt as _, fs::MetadataExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

/// Beside the artifacts: what the short way makes.
const FOLDER: &str = ".reload-lane";
/// Spares the linker what a library that lives until the next edit has no use for: merging the ends of strings, and a number
/// computed from all of its bytes.
const QUICK_LINK: &str = "-Clink-arg=-Wl,-O0,--build-id=none";
/// How often a running cargo is looked at.
const EVERY: Duration = Duration::from_millis(8);

/// A compiler that was seen at work for cargo, as far as one was seen by now.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen(Arc<OnceLock<Call>>);

/// One call of the compiler.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Call {
    program: PathBuf,
    arguments: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
    folder: PathBuf,
    /// What the result depends on beside the sources, and what it was like, if it was there.
    inputs: Vec<(PathBuf, Option<Stamp>)>,
}

/// A file that has the same stamp has not been written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    file: u64,
    size: u64,
    seconds: i64,
    nanoseconds: i64,
}

impl Stamp {
    fn of(file: &Path) -> Option<Self> {
        let found = fs::metadata(file).ok()?;
        Some(Self { file: found.ino(), size: found.size(), seconds: found.mtime(), nanoseconds: found.mtime_nsec() })
    }
}

impl Seen {
    /// Looks for the compiler of the library `package` among the children of `cargo`, until the build is over. `manifests` are
    /// files that decide how it is called.
    pub(super) fn look_at(&self, cargo: u32, package: &str, manifests: Vec<PathBuf>) {
        let (lives, name) = (Arc::downgrade(&self.0), package.replace('-', "_"));
        // Without a thread nobody looks, and there is no short way.
        let _ = std::thread::Builder::new().name("reload-lane".into()).spawn(move || {
            while let Some(seen) = lives.upgrade() {
                if let Some(call) = children(cargo).into_iter().find_map(|child| Call::of(child, &name, &manifests)) {
                    let _ = seen.set(call);
                    return;
                }
                drop(seen);
                std::thread::sleep(EVERY);
            }
        });
    }

    /// The short way to `artifact`, which that compiler's cargo has made.
    pub(super) fn lane(&self, artifact: &Path) -> Option<Lane> {
        Lane::open(self.0.get()?.clone(), artifact)
    }
}

/// The processes that `parent` has started and that have not ended.
fn children(parent: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<u32>>()).collect()
}

impl Call {
    /// What the process was called with, if it compiles the library `name` in a way that can be repeated.
    fn of(process: u32, name: &str, manifests: &[PathBuf]) -> Option<Self> {
        let read = |what: &str| fs::read(format!("/proc/{process}/{what}")).ok();
        let line = read("cmdline")?;
        let mut arguments = words(&line);
        let of_library = has(&arguments, "--crate-name", name) && has(&arguments, "--crate-type", "cdylib");
        if arguments.is_empty() || !of_library || arguments.iter().any(|argument| argument == "--test") {
            return None;
        }
        let program = PathBuf::from(arguments.remove(0));
        if program.file_name() != Some(OsStr::new("rustc")) || !program.is_absolute() {
            return None;
        }
        let variables: Vec<(OsString, OsString)> = words(&read("environ")?)
            .into_iter()
            .filter_map(|word| {
                let word = word.into_vec();
                let at = word.iter().position(|byte| *byte == b'=')?;
                Some((OsString::from_vec(word[..at].to_vec()), OsString::from_vec(word[at + 1..].to_vec())))
            })
            // The way to cargo's tickets for parallel work, which end with it.
            .filter(|(name, _)| !matches!(name.to_str(), Some("CARGO_MAKEFLAGS" | "MAKEFLAGS" | "MFLAGS")))
            .collect();
        let folder = fs::read_link(format!("/proc/{process}/cwd")).ok()?;
        // Another program may have taken the process over meanwhile. What a build script has said may be said anew.
        if read("cmdline")? != line || variables.iter().any(|(name, _)| name == "OUT_DIR") {
            return None;
        }
        let externs = arguments.iter().filter_map(|argument| {
            let (_, file) = argument.to_str()?.split_once('=')?;
            [".rlib", ".rmeta", ".so", ".dylib"].iter().any(|ending| file.ends_with(ending)).then(|| folder.join(file))
        });
        let files = externs.chain([program.clone()]).chain(manifests.iter().cloned());
        let inputs = files.map(|file| (Stamp::of(&file), file)).map(|(stamp, file)| (file, stamp)).collect();
        Some(Self { program, arguments, variables, folder, inputs })
    }

    /// Changes the call so that it makes the dynamic library and nothing else, in `output`, and keeps what it needs to build
    /// it again in `kept`: apart from what it keeps for cargo, because it uses that for the same kinds of library only. Answers
    /// whether it keeps anything; `None` if the call is not one that can be changed so.
    fn redirect(&mut self, output: &Path, kept: &Path) -> Option<bool> {
        // Its messages have to be told apart from what else it says.
        let in_json =
            |argument: &OsString| argument.to_str().is_some_and(|text| text.starts_with("--error-format=json"));
        if !self.arguments.iter().any(in_json) {
            return None;
        }
        let at = self.arguments.iter().position(|argument| argument == "--out-dir")?;
        *self.arguments.get_mut(at + 1)? = output.into();
        let mut keeps = false;
        let mut given = std::mem::take(&mut self.arguments).into_iter().peekable();
        while let Some(argument) = given.next() {
            if argument == "--crate-type" && given.peek().is_some_and(|kind| kind != "cdylib") {
                given.next();
                continue;
            }
            let flag = ["incremental=", "-Cincremental="]
                .into_iter()
                .find(|flag| argument.as_encoded_bytes().starts_with(flag.as_bytes()));
            self.arguments.push(match flag {
                Some(flag) => {
                    keeps = true;
                    let mut flag = OsString::from(flag);
                    flag.push(kept);
                    flag
                }
                None => argument,
            });
        }
        // Through a compiler; a linker that is called itself would not know it.
        let by_compiler = |argument: &OsString| !argument.to_string_lossy().contains("linker-flavor=");
        if self.arguments.iter().all(by_compiler) {
            self.arguments.push(QUICK_LINK.into());
        }
        Some(keeps)
    }

    /// Starts the compiler; its messages go to `messages`.
    fn run(&self, messages: Stdio) -> io::Result<Child> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).env_clear().envs(self.variables.iter().cloned());
        command.current_dir(&self.folder).process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(messages).spawn()
    }

    /// Where the sources are: the folder of the first of them.
    fn sources(&self) -> Option<PathBuf> {
        let first = self.arguments.iter().find(|argument| Path::new(argument).extension() == Some(OsStr::new("rs")))?;
        self.folder.join(first).parent().map(Path::to_owned)
    }
}

fn words(bytes: &[u8]) -> Vec<OsString> {
    let bytes = bytes.strip_suffix(b"\0").unwrap_or(bytes);
    if bytes.is_empty() {
        return Vec::new();
    }
    bytes.split(|byte| *byte == 0).map(|word| OsString::from_vec(word.to_vec())).collect()
}

fn has(arguments: &[OsString], name: &str, value: &str) -> bool {
    arguments.windows(2).any(|pair| pair[0] == name && pair[1] == value)
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
    fn open(mut call: Call, artifact: &Path) -> Option<Self> {
        let sources = call.sources()?;
        let name = artifact.file_name()?;
        let folder = artifact.parent()?.join(FOLDER).join(artifact.file_stem()?);
        let output = folder.join("out");
        fs::create_dir_all(&output).ok()?;
        let lock = fs::File::create(folder.join("lock")).ok()?;
        lock.try_lock().ok()?;
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
            if end(None::<io::Empty>, &process).is_some_and(|status| status.success()) {
                self.is_prepared = true;
                tell(Told::Prepared(self));
            }
        })?;
        Ok(build)
    }

    /// Whether the short way leads to the same as cargo would after these edits.
    pub(super) fn fits(&self, edited: &[PathBuf]) -> bool {
        let is_own = |path: &&PathBuf| {
            path.starts_with(&self.sources)
                && path.extension() == Some(OsStr::new("rs"))
                // A package whose sources lie beside its manifest may get a build script.
                && path.file_name() != Some(OsStr::new("build.rs"))
        };
        // Editors write to a file of another name first. If it was one that the library is made of, the compiler misses it,
        // and cargo is asked.
        let is_passing = |path: &&PathBuf| path.starts_with(&self.sources) && !path.exists();
        edited.iter().any(|path| is_own(&path))
            && edited.iter().all(|path| is_own(&path) || is_passing(&path))
            && self.call.inputs.iter().all(|(file, stamp)| Stamp::of(file) == *stamp)
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
            let messages = output.map(rendered).unwrap_or_default();
            let succeeded = match end(None::<io::Empty>, &process) {
                None => {
                    tell(Told::Outcome(Outcome::Cancelled));
                    return tell(Told::Ended(None));
                }
                Some(status) => status.success() && self.name_also(&self.artifact).is_ok(),
            };
            if !succeeded {
                tracing::debug!(artifact = %self.followed.display(), "the compiler alone does not build it, cargo is asked");
                return tell(Told::Refused);
            }
            let colours = io::stderr().is_terminal();
            messages.iter().for_each(|message| show(message, colours));
            let (artifact, duration) = (self.artifact.clone(), begun.elapsed());
            tracing::debug!(artifact = %artifact.display(), ?duration, "built by the compiler alone");
            tell(Told::Outcome(Outcome::Built(Built {
                artifact,
                duration,
                fresh: false,
                direct: true,
                waited_for: None,
            })));
            if let Err(error) = self.name_also(&self.followed) {
                tracing::warn!(file = %self.followed.display(), %error, "who follows the file misses a version");
            }
            tell(Told::Ended(Some(self)));
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

/// The compiler's messages as it shows them, but for the one that counts the others, which cargo leaves out as well.
fn rendered(output: impl io::BufRead) -> Vec<String> {
    let lines = output.split(b'\n').map_while(Result::ok);
    let messages = lines.filter_map(|line| serde_json::from_slice::<Value>(&line).ok());
    let counts = |message: &Value| message["message"].as_str().is_some_and(|text| text.ends_with(" emitted"));
    let shown = messages.filter(|message| !counts(message));
    shown.filter_map(|message| Some(message.get("rendered")?.as_str()?.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::{Call, QUICK_LINK, rendered, words};
    use std::path::Path;

    fn call(arguments: &[&str]) -> Call {
        Call {
            program: "/bin/rustc".into(),
            arguments: arguments.iter().map(Into::into).collect(),
            variables: Vec::new(),
            folder: "/w".into(),
            inputs: Vec::new(),
        }
    }

    #[test]
    fn only_the_dynamic_library_is_made() {
        let redirected = |arguments: &[&str]| {
            let mut call = call(arguments);
            let keeps = call.redirect(Path::new("/o"), Path::new("/k"));
            keeps.map(|keeps| (keeps, call.arguments.iter().map(|word| word.to_string_lossy().into_owned()).collect()))
        };
        let json = "--error-format=json";
        let given = [json, "--crate-type", "cdylib", "--crate-type", "rlib", "--out-dir", "/d", "-C", "incremental=/i"];
        let made = [json, "--crate-type", "cdylib", "--out-dir", "/o", "-C", "incremental=/k", QUICK_LINK];
        assert_eq!(redirected(&given), Some((true, made.map(str::to_owned).to_vec())));
        let flavor = "-Clinker-flavor=gnu-lld";
        let without = [json, "--out-dir", "/o", flavor].map(str::to_owned).to_vec();
        assert_eq!(redirected(&[json, "--out-dir", "/d", flavor]), Some((false, without)));
        assert_eq!(redirected(&["--out-dir", "/d"]), None, "its messages cannot be told apart");
        assert_eq!(redirected(&[json]), None);
    }

    #[test]
    fn words_end_with_a_zero() {
        assert_eq!(words(b"rustc\0--crate-name\0\0a\0"), ["rustc", "--crate-name", "", "a"]);
        assert!(words(b"").is_empty());
    }

    #[test]
    fn only_what_is_shown_is_a_message() {
        let output = "{\"$message_type\":\"artifact\",\"artifact\":\"a.so\"}\nnoise\n\
                      {\"$message_type\":\"diagnostic\",\"message\":\"odd\",\"rendered\":\"warning: odd\\n\"}\n\
                      {\"message\":\"1 warning emitted\",\"rendered\":\"warning: 1 warning emitted\\n\"}\n";
        assert_eq!(rendered(output.as_bytes()), ["warning: odd\n"]);
    }
}
