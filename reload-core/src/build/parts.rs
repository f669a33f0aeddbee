//! What a library is made of, as cargo and the compiler have written it down: the packages of this machine, and their files.
//! Must never guess: what cannot be read is said to be unknown.

use super::package::Workspace;
use cargo_metadata::{Artifact, BuildScript, CompilerMessage, PackageId, TargetKind};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Component, Path, PathBuf},
    time::SystemTime,
};

/// What cargo has told of the packages of this machine in one build.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    parts: Vec<Part>,
    /// What build scripts have printed, and of which package they are.
    printed: Vec<(PackageId, PathBuf)>,
    /// What the compiler has something to say about.
    mentioned: BTreeSet<PathBuf>,
}

/// What a library that was built is made of.
#[derive(Debug, Default)]
pub(super) struct Made {
    /// Folders of local packages, with names, as far as cargo told them.
    pub(super) folders: BTreeMap<PathBuf, String>,
    /// Files of local packages, also those that lie elsewhere.
    pub(super) files: BTreeSet<PathBuf>,
    /// Only what the library has of its own, or what a build has mentioned that failed.
    pub(super) is_own: bool,
}

/// Something that is compiled for itself, and that a library may be made of.
#[derive(Clone, Debug)]
struct Part {
    package: PackageId,
    name: String,
    manifest: PathBuf,
    compiled: bool,
    /// One of the files that came of it.
    made: Option<PathBuf>,
    /// Where the compiler has written down its files; `None` if nobody knows.
    notes: Option<PathBuf>,
}

impl Parts {
    pub(super) fn note_artifact(&mut self, artifact: &Artifact) {
        use TargetKind::{CDyLib, CustomBuild, DyLib, Lib, ProcMacro, RLib, StaticLib};
        let is = |kind| artifact.target.kind.contains(kind);
        let is_script = is(&CustomBuild);
        // Programs, examples and tests are no part of a library.
        let is_part = is_script || [CDyLib, DyLib, Lib, ProcMacro, RLib, StaticLib].iter().any(is);
        if !is_local(&artifact.package_id) || !is_part {
            return;
        }
        self.parts.push(Part {
            package: artifact.package_id.clone(),
            name: artifact.target.name.clone(),
            manifest: artifact.manifest_path.clone().into(),
            compiled: !artifact.fresh,
            made: artifact.filenames.first().map(Into::into),
            notes: if is_script { notes_of_script(artifact) } else { notes(artifact) },
        });
    }

    pub(super) fn note_message(&mut self, message: &CompilerMessage) {
        if is_local(&message.package_id) {
            self.mentioned.extend(message.message.spans.iter().map(|span| PathBuf::from(&span.file_name)));
        }
    }

    pub(super) fn note_script(&mut self, script: &BuildScript) {
        if is_local(&script.package_id) {
            let printed = script.out_dir.as_std_path().with_file_name("output");
            self.printed.push((script.package_id.clone(), printed));
        }
    }

    /// Folders of the packages that were compiled and not taken for built.
    pub(super) fn compiled(&self) -> BTreeSet<PathBuf> {
        let compiled = self.parts.iter().filter(|part| part.compiled);
        compiled.filter_map(|part| part.manifest.parent()).map(Path::to_owned).collect()
    }

    /// When something of them was last compiled, or a build script run, as files tell it.
    pub(super) fn last_compiled(&self) -> Option<SystemTime> {
        let made = self.parts.iter().filter_map(|part| part.made.as_ref());
        let written = made.chain(self.printed.iter().map(|(_, printed)| printed));
        written.filter_map(|file| fs::metadata(file).and_then(|found| found.modified()).ok()).max()
    }

    /// What `artifact` is made of, now that cargo has ended. `None` if cargo has not written it down.
    pub(super) fn made(&self, artifact: &Path, workspace: &Workspace) -> Option<Made> {
        let files = files_of(artifact, &workspace.root)?;
        let folders =
            self.parts.iter().filter_map(|part| Some((part.manifest.parent()?.to_owned(), part.name.clone())));
        let mut folders: BTreeMap<PathBuf, String> = folders.collect();
        let of_others = workspace.folders.keys().chain(&workspace.foreign);
        let all: BTreeSet<PathBuf> = folders.keys().chain(of_others).cloned().collect();
        let used: BTreeSet<&PathBuf> =
            files.iter().filter_map(|file| all.iter().rev().find(|folder| file.starts_with(folder))).collect();
        folders.retain(|folder, _| used.contains(folder));
        Some(Made { folders, files, is_own: false })
    }

    /// The files that messages were about: where a build has failed, nobody has noted the others.
    pub(super) fn mentioned(&self, workspace: &Workspace) -> Made {
        let files = self.mentioned.iter().map(|file| workspace.root.join(file));
        // Macros are mentioned by names that are no files.
        Made {
            files: with_links_resolved(files.filter(|file| file.is_file()).collect()),
            is_own: true,
            ..Made::default()
        }
    }

    /// Whether a package other than the library's is made of one of the library's own files below `sources`, or may be:
    /// then it has to be built anew as well when that file changes.
    pub(super) fn share(&self, workspace: &Workspace, sources: &Path) -> bool {
        let Ok(sources) = sources.canonicalize() else { return true };
        let own = workspace.manifest.parent();
        let is_own = |path: PathBuf| {
            let Ok(path) = path.canonicalize() else { return true };
            // A folder stands for all that is below it.
            sources.starts_with(&path)
                || (path.starts_with(&sources) && workspace.package_of(&path).is_none_or(|of| Some(of) == own))
        };
        self.parts.iter().filter(|part| part.manifest != workspace.manifest).any(|part| {
            let written = part.notes.as_ref().and_then(|notes| files_in(notes, &workspace.root));
            let mut printed = self.printed.iter().filter(|(package, _)| *package == part.package);
            written.is_none_or(|files| files.into_iter().any(is_own))
                || printed.any(|(_, printed)| {
                    let folder = part.manifest.parent().unwrap_or(&part.manifest);
                    watched_by_script(printed, folder).is_none_or(|paths| paths.into_iter().any(is_own))
                })
        })
    }
}

/// Whether a package lies on this machine and may be edited.
fn is_local(package: &PackageId) -> bool {
    package.repr.starts_with("path+file://")
}

/// Where the compiler notes the files of a library: beside what it has made, without `lib`.
fn notes(artifact: &Artifact) -> Option<PathBuf> {
    let of_compiler = |file: &&cargo_metadata::camino::Utf8PathBuf| {
        file.parent().and_then(|folder| folder.file_name()).is_some_and(|folder| folder == "deps")
    };
    let made = artifact.filenames.iter().find(of_compiler)?;
    let name = made.file_stem()?;
    Some(made.with_file_name(format!("{}.d", name.strip_prefix("lib").unwrap_or(name))).into())
}

/// A build script has a folder of its own.
fn notes_of_script(artifact: &Artifact) -> Option<PathBuf> {
    let folder = artifact.filenames.first()?.parent()?;
    let files = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    files.into_iter().find(|file| file.extension().is_some_and(|ending| ending == "d"))
}

/// What a library is made of by itself, as the compiler that put it into `output` has noted there; it was called in `folder`.
pub(super) fn made_by_compiler(output: &Path, folder: &Path) -> Option<Made> {
    let mut files = fs::read_dir(output).ok()?.flatten().map(|entry| entry.path());
    let notes = files.find(|file| file.extension().is_some_and(|ending| ending == "d"))?;
    Some(Made { files: with_links_resolved(files_in(&notes, folder)?), is_own: true, ..Made::default() })
}

/// The files of `artifact` and of the local packages that it is made of, as cargo has noted them beside it, each also under the
/// name that it has without links.
pub(super) fn files_of(artifact: &Path, root: &Path) -> Option<BTreeSet<PathBuf>> {
    files_in(&artifact.with_extension("d"), root).map(with_links_resolved)
}

fn with_links_resolved(files: Vec<PathBuf>) -> BTreeSet<PathBuf> {
    let resolved: Vec<PathBuf> = files.iter().filter_map(|file| file.canonicalize().ok()).collect();
    let is_plain = |file: &PathBuf| !file.components().any(|part| part == Component::ParentDir);
    files.into_iter().filter(is_plain).chain(resolved).collect()
}

/// The files that are noted in `notes`; those without a root are below `folder`. `None` if they cannot be read, or are just
/// being written.
fn files_in(notes: &Path, folder: &Path) -> Option<Vec<PathBuf>> {
    let text = fs::read_to_string(notes).ok().filter(|text| text.ends_with('\n'))?;
    Some(noted(&text).into_iter().map(|file| folder.join(file)).collect())
}

/// The files behind the colons of `made: file other\ file`.
fn noted(text: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((_, list)) = line.split_once(": ") else { continue };
        let mut file = String::new();
        let mut letters = list.chars();
        while let Some(letter) = letters.next() {
            match letter {
                '\\' => file.extend(letters.next().into_iter().flat_map(|next| {
                    // Only spaces are written so.
                    (next != ' ').then_some('\\').into_iter().chain([next])
                })),
                ' ' => files.push(std::mem::take(&mut file).into()),
                letter => file.push(letter),
            }
        }
        files.push(file.into());
    }
    files.retain(|file: &PathBuf| !file.as_os_str().is_empty());
    files.sort();
    files.dedup();
    files
}

/// What a build script of the package in `folder` has asked cargo to look at.
fn watched_by_script(printed: &Path, folder: &Path) -> Option<Vec<PathBuf>> {
    let text = fs::read(printed).ok()?;
    let text = String::from_utf8_lossy(&text);
    let asked = text.lines().filter_map(|line| line.strip_prefix("cargo::").or_else(|| line.strip_prefix("cargo:")));
    let paths = asked.filter_map(|asked| asked.strip_prefix("rerun-if-changed="));
    Some(paths.map(|path| folder.join(path)).collect())
}

#[cfg(test)]
mod tests {
    use super::{files_in, noted, watched_by_script};
    use std::path::{Path, PathBuf};

    #[test]
    fn files_are_read_from_what_the_compiler_notes() {
        let text = "/t/deps/a.d: src/lib.rs src/../two\\ words.rs\n\n/t/deps/liba.so: src/lib.rs\n\nsrc/lib.rs:\n\
                    # env-dep:CARGO=/a: b\n";
        assert_eq!(noted(text), [Path::new("src/../two words.rs"), Path::new("src/lib.rs")]);
        assert!(noted("").is_empty());
    }

    #[test]
    fn a_list_that_is_just_being_written_is_none() {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        for (text, files) in [("", None), ("/t/liba.so: /p/li", None), ("/t/liba.so: /p/lib.rs\n", Some(1))] {
            std::fs::write(file.path(), text).expect("writable");
            assert_eq!(files_in(file.path(), Path::new("/p")).map(|files| files.len()), files, "{text:?}");
        }
    }

    #[test]
    fn what_a_build_script_looks_at_is_read_from_what_it_prints() {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        let text = "noise\ncargo:rerun-if-changed=a.txt\ncargo::rerun-if-changed=../b\ncargo:rerun-if-env-changed=C\n";
        std::fs::write(file.path(), text).expect("writable");
        let paths: Vec<PathBuf> = watched_by_script(file.path(), Path::new("/p")).expect("readable");
        assert_eq!(paths, [Path::new("/p/a.txt"), Path::new("/p/../b")]);
        assert_eq!(watched_by_script(Path::new("/nowhere/output"), Path::new("/p")), None);
    }
}
