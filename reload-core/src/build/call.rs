//! A call of the compiler: seen at a process that cargo has started, changed so that it makes less, and repeated.

use std::{
    ffi::{OsStr, OsString},
    fs, io,
    os::unix::{ffi::OsStringExt as _, fs::MetadataExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// Spares the linker what a library that lives until the next edit has no use for: merging the ends of strings, and a number
/// computed from all of its bytes.
const QUICK_LINK: &str = "-Clink-arg=-Wl,-O0,--build-id=none";

/// One call of the compiler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    program: PathBuf,
    arguments: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
    folder: PathBuf,
    /// What the result depends on beside the sources, and what it was like, if it was there.
    inputs: Look,
}

/// A file that has the same stamp has not been written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    file: u64,
    size: u64,
    seconds: i64,
    nanoseconds: i64,
}

impl Stamp {
    pub(super) fn of(file: &Path) -> Option<Self> {
        let found = fs::metadata(file).ok()?;
        Some(Self { file: found.ino(), size: found.size(), seconds: found.mtime(), nanoseconds: found.mtime_nsec() })
    }
}

/// What files were like when somebody looked.
pub(super) type Look = Vec<(PathBuf, Option<Stamp>)>;

pub(super) fn look(files: impl IntoIterator<Item = PathBuf>) -> Look {
    files.into_iter().map(|file| (Stamp::of(&file), file)).map(|(stamp, file)| (file, stamp)).collect()
}

pub(super) fn is_as_it_was(look: &Look) -> bool {
    look.iter().all(|(file, stamp)| Stamp::of(file) == *stamp)
}

/// The processes that `parent` has started and that have not ended.
fn children(parent: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<u32>>()).collect()
}

impl Call {
    /// The call with which `cargo` has the library `name` compiled just now, if it can be repeated. `manifests` are as they were
    /// before cargo read them.
    pub(super) fn under(cargo: u32, name: &str, manifests: &Look) -> Option<Self> {
        children(cargo).into_iter().find_map(|child| Self::of(child, name, manifests))
    }

    /// What the process was called with, if it compiles the library `name` in a way that can be repeated.
    fn of(process: u32, name: &str, manifests: &Look) -> Option<Self> {
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
        let mut inputs = look(externs.chain([program.clone()]));
        inputs.extend(manifests.iter().map(|(file, stamp)| {
            // Cargo may have written the lock file itself. Whether somebody else has is seen when it ends.
            let stamp = if file.ends_with("Cargo.lock") { Stamp::of(file) } else { *stamp };
            (file.clone(), stamp)
        }));
        Some(Self { program, arguments, variables, folder, inputs })
    }

    /// Whether all that the result depends on beside the sources is as it was.
    pub(super) fn is_repeatable(&self) -> bool {
        is_as_it_was(&self.inputs)
    }

    /// Changes the call so that it makes the dynamic library and nothing else, in `output`, and keeps what it needs to build
    /// it again in `kept`: apart from what it keeps for cargo, because it uses that for the same kinds of library only. Answers
    /// whether it keeps anything; `None` if the call is not one that can be changed so.
    pub(super) fn redirect(&mut self, output: &Path, kept: &Path) -> Option<bool> {
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
    pub(super) fn run(&self, messages: Stdio) -> io::Result<Child> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).env_clear().envs(self.variables.iter().cloned());
        command.current_dir(&self.folder).process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(messages).spawn()
    }

    /// Where the compiler is called.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the sources are: the folder of the first of them.
    pub(super) fn sources(&self) -> Option<PathBuf> {
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

#[cfg(test)]
mod tests {
    use super::{Call, QUICK_LINK, words};
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
}
