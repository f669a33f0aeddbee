//! Turns edits in a package's folders into signals. Must never read the sources, nor decide what is built.

use super::package::{BuildSpec, Workspace};
use crate::validation::Problem;
use notify::{Config, Event, EventKind, PollWatcher, RecommendedWatcher, RecursiveMode, Watcher, event};
use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// How often folders are looked through where the system cannot tell.
const FALLBACK_POLLING: Duration = Duration::from_millis(300);

/// What an event of the file system means for the build.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Change {
    /// Sources that changed.
    pub(super) paths: Vec<PathBuf>,
    /// Sources that were closed by somebody who may have written to them.
    pub(super) closed: Vec<PathBuf>,
    /// What it says about the writing of these.
    pub(super) writing: Writing,
    /// Folders came or went, or a manifest changed: watch anew.
    pub(super) structure: bool,
}

/// Whether sources are being written, as far as one event tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Writing {
    /// More may follow; the end will be told, if the system tells such things.
    Begun,
    /// Closed, moved into place, or gone.
    Ended,
    #[default]
    Unknown,
}

/// A set of watched folders. Replaced as a whole when they change.
pub(super) struct SourceWatch {
    _watcher: Box<dyn Watcher + Send>,
    /// Folders that may be removed and made again, with their identity.
    roots: BTreeMap<PathBuf, Option<u64>>,
}

impl SourceWatch {
    /// Watches the folders of `workspace`. Where the system has run out of watches it looks at the files
    /// regularly instead, and the problem says so.
    pub(super) fn open(
        spec: &BuildSpec,
        workspace: &Workspace,
        sink: impl Fn(notify::Result<Event>) + Clone + Send + 'static,
    ) -> Result<(Self, Option<Problem>), Problem> {
        Self::open_with(spec, workspace, sink.clone(), |folders| {
            arm(|| RecommendedWatcher::new(sink, Config::default()), folders)
        })
    }

    fn open_with(
        spec: &BuildSpec,
        workspace: &Workspace,
        sink: impl Fn(notify::Result<Event>) + Clone + Send + 'static,
        by_the_system: impl FnOnce(&[(PathBuf, RecursiveMode)]) -> notify::Result<Box<dyn Watcher + Send>>,
    ) -> Result<(Self, Option<Problem>), Problem> {
        let folders = folders_to_watch(workspace);
        let roots = roots(workspace, &folders);
        let polled = |every: Duration| {
            // Modification times are compared by the second only, hence the contents.
            let config = Config::default().with_poll_interval(every).with_compare_contents(true);
            arm(|| PollWatcher::new(sink.clone(), config), &folders).map_err(|error| trouble(workspace, &error))
        };
        if let Some(every) = spec.polling {
            return polled(every).map(|watcher| (Self { _watcher: watcher, roots }, None));
        }
        match by_the_system(&folders) {
            Ok(watcher) => Ok((Self { _watcher: watcher, roots }, None)),
            Err(error) => {
                let problem = trouble(workspace, &error);
                polled(FALLBACK_POLLING).map(|watcher| (Self { _watcher: watcher, roots }, Some(problem)))
            }
        }
    }

    /// Whether a folder was removed or made again since it was watched. (The system's watch went with it.)
    pub(super) fn roots_changed(&mut self) -> bool {
        let mut changed = false;
        for (folder, known) in &mut self.roots {
            let now = identity(folder);
            // A folder that is only gone is waited for.
            changed |= now.is_some() && now != *known;
            *known = now;
        }
        changed
    }
}

fn identity(folder: &Path) -> Option<u64> {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(folder).ok().map(|found| found.ino())
}

fn roots(workspace: &Workspace, watched: &[(PathBuf, RecursiveMode)]) -> BTreeMap<PathBuf, Option<u64>> {
    let alone = watched.iter().filter(|(_, mode)| *mode == RecursiveMode::NonRecursive);
    let folders = workspace.folders.keys().chain(alone.map(|(folder, _)| folder));
    folders.map(|folder| (folder.clone(), identity(folder))).collect()
}

fn arm<W: Watcher + Send + 'static>(
    open: impl FnOnce() -> notify::Result<W>,
    folders: &[(PathBuf, RecursiveMode)],
) -> notify::Result<Box<dyn Watcher + Send>> {
    let mut watcher = open()?;
    for (folder, mode) in folders {
        match watcher.watch(folder, *mode) {
            // It went meanwhile; its return is noticed.
            Err(error) if is_absent(&error) => {}
            result => result?,
        }
    }
    Ok(Box::new(watcher))
}

fn is_absent(error: &notify::Error) -> bool {
    match &error.kind {
        notify::ErrorKind::PathNotFound => true,
        notify::ErrorKind::Io(error) => error.kind() == std::io::ErrorKind::NotFound,
        _ => false,
    }
}

/// Every package's own folder, and the folders in it that may have sources, with all that is below them.
fn folders_to_watch(workspace: &Workspace) -> Vec<(PathBuf, RecursiveMode)> {
    let mut watched = vec![(workspace.root.clone(), RecursiveMode::NonRecursive)];
    let mut deep: Vec<PathBuf> = Vec::new();
    for folder in workspace.folders.keys() {
        // Parents come first in the map: a package inside another one's subfolder is covered already.
        if deep.iter().any(|above| folder.starts_with(above)) {
            continue;
        }
        if *folder != workspace.root {
            watched.push((folder.clone(), RecursiveMode::NonRecursive));
        }
        for inner in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            let is_own = !workspace.foreign.contains(&inner) && !workspace.folders.contains_key(&inner);
            if is_own && inner.is_dir() && !is_beside_the_point(workspace, &inner) {
                deep.push(inner);
            }
        }
    }
    // A folder, and not the file: many editors put another file in its place.
    for folder in workspace.files.iter().filter_map(|file| file.parent()) {
        let is_covered = folder.starts_with(&workspace.target)
            || deep.iter().any(|above| folder.starts_with(above))
            || watched.iter().any(|(watched, _)| watched == folder);
        if !is_covered {
            watched.push((folder.to_owned(), RecursiveMode::NonRecursive));
        }
    }
    watched.extend(deep.into_iter().map(|folder| (folder, RecursiveMode::Recursive)));
    watched
}

fn is_beside_the_point(workspace: &Workspace, folder: &Path) -> bool {
    let name = folder.file_name().unwrap_or_default();
    name.as_encoded_bytes().starts_with(b".")
        || name == "node_modules"
        || folder.starts_with(&workspace.target)
        // What cargo, and others, put into folders that can be made again.
        || folder.join("CACHEDIR.TAG").exists()
}

/// What `event` means, if anything.
pub(super) fn meaning(workspace: &Workspace, event: &Event) -> Change {
    let mut change = Change { structure: event.need_rescan(), ..Change::default() };
    if matches!(event.kind, EventKind::Access(_)) {
        if event.kind == EventKind::Access(event::AccessKind::Close(event::AccessMode::Write)) {
            change.closed.extend(event.paths.iter().filter(|path| is_source(workspace, path)).cloned());
            change.writing = Writing::Ended;
        }
        return change;
    }
    let of_folder = matches!(
        event.kind,
        EventKind::Create(event::CreateKind::Folder) | EventKind::Remove(event::RemoveKind::Folder)
    );
    let renamed = matches!(event.kind, EventKind::Modify(event::ModifyKind::Name(_)));
    change.writing = match event.kind {
        EventKind::Create(event::CreateKind::File) | EventKind::Modify(event::ModifyKind::Data(_)) => Writing::Begun,
        EventKind::Modify(event::ModifyKind::Name(_)) | EventKind::Remove(_) => Writing::Ended,
        _ => Writing::Unknown,
    };
    for path in event.paths.iter().filter(|path| is_source(workspace, path)) {
        change.structure |=
            of_folder || (renamed && path.is_dir()) || path.file_name() == Some(OsStr::new("Cargo.toml"));
        change.paths.push(path.clone());
    }
    // A package's folder is back: what was watched of it is not any more.
    change.structure |=
        (of_folder || renamed) && event.paths.iter().any(|path| workspace.folders.contains_key(path) && path.is_dir());
    change
}

/// Whether a change of the file may change the library.
pub(super) fn is_source(workspace: &Workspace, path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if path.starts_with(&workspace.target) {
        return false;
    }
    if workspace.files.contains(path) {
        return true;
    }
    if is_of_an_editor(&name) {
        return false;
    }
    if path.parent() == Some(&workspace.root)
        && matches!(&*name, "Cargo.toml" | "Cargo.lock" | "rust-toolchain" | "rust-toolchain.toml")
    {
        return true;
    }
    let depth_in = |folder: &PathBuf| path.starts_with(folder).then(|| folder.components().count());
    let own = workspace.folders.keys().filter_map(|folder| Some((depth_in(folder)?, folder))).max();
    let foreign = workspace.foreign.iter().filter_map(depth_in).max();
    let Some((depth, folder)) = own.filter(|(depth, _)| Some(*depth) > foreign) else { return false };
    debug_assert!(depth > 0, "packages have absolute folders");
    let inner = path.strip_prefix(folder).unwrap_or(path);
    let hidden = |part: std::path::Component<'_>| part.as_os_str().as_encoded_bytes().starts_with(b".");
    let first = inner.components().next().map(|first| folder.join(first));
    !inner.as_os_str().is_empty()
        && !inner.components().any(hidden)
        && !first.is_some_and(|first| first != path && is_beside_the_point(workspace, &first))
}

/// Names that editors use beside the file that is being saved.
fn is_of_an_editor(name: &str) -> bool {
    name.ends_with('~')
        || name.starts_with(".#")
        || (name.starts_with('#') && name.ends_with('#'))
        || [".swp", ".swo", ".swx", ".tmp", ".bak", ".orig"].iter().any(|end| name.ends_with(end))
        || name.contains("___jb_")
        // Vim tries whether it can write.
        || (!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit()))
}

fn trouble(workspace: &Workspace, error: &notify::Error) -> Problem {
    let exhausted = match &error.kind {
        notify::ErrorKind::MaxFilesWatch => true,
        notify::ErrorKind::Io(error) => {
            matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOSPC))
        }
        _ => false,
    };
    let subject = workspace.root.display().to_string();
    if exhausted {
        Problem::new(
            "watch.exhausted",
            subject,
            format!("the system has no watches left: {error}"),
            "edits are noticed by looking at the files regularly, which is slower; raise fs.inotify.max_user_watches and \
             fs.inotify.max_user_instances (sysctl), or close programs that watch many folders",
        )
    } else {
        Problem::new(
            "watch.failed",
            subject,
            format!("the system cannot watch the sources: {error}"),
            "edits are noticed by looking at the files regularly, which is slower; everything else works",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn workspace() -> Workspace {
        Workspace {
            root: "/w".into(),
            called_in: "/w".into(),
            target: "/w/target".into(),
            manifest: "/w/logic/Cargo.toml".into(),
            folders: [("/w/logic".into(), "logic".into()), ("/w".into(), "root".into())].into(),
            foreign: vec!["/w/host".into(), "/w/logic/inner".into()],
            files: ["/w/logic/levels/1".into(), "/assets/names.txt".into(), "/w/target/made.rs".into()].into(),
            is_complete: true,
        }
    }

    #[track_caller]
    fn check(path: &str, expected: bool) {
        assert_eq!(is_source(&workspace(), Path::new(path)), expected, "{path}");
    }

    #[test]
    fn sources_are_told_from_what_lies_beside_them() {
        check("/w/logic/src/lib.rs", true);
        check("/w/logic/assets/names.txt", true);
        check("/w/Cargo.toml", true);
        check("/w/src/main.rs", true);
        check("/w/host/src/main.rs", false);
        check("/w/logic/inner/src/lib.rs", false);
        check("/w/target/debug/liblogic.so", false);
        check("/w/.git/index", false);
        check("/w/logic/src/.lib.rs.swp", false);
        check("/w/logic/src/lib.rs~", false);
        check("/w/logic/src/4913", false);
        check("/w/logic", false);
        check("/elsewhere/lib.rs", false);
        // What the compiler has read, it is made of.
        check("/w/logic/levels/1", true);
        check("/w/logic/levels/2", false);
        check("/assets/names.txt", true);
        check("/w/target/made.rs", false);
    }

    #[test]
    fn reading_is_no_change_and_a_manifest_changes_the_structure() {
        let event = |kind, path: &str| Event { kind, paths: vec![path.into()], attrs: event::EventAttributes::new() };
        let read = event(EventKind::Access(event::AccessKind::Any), "/w/logic/src/lib.rs");
        assert_eq!(meaning(&workspace(), &read), Change::default());
        let saved = event(EventKind::Modify(event::ModifyKind::Any), "/w/logic/src/lib.rs");
        assert_eq!(meaning(&workspace(), &saved), Change { paths: saved.paths.clone(), ..Change::default() });
        let manifest = event(EventKind::Modify(event::ModifyKind::Any), "/w/logic/Cargo.toml");
        assert!(meaning(&workspace(), &manifest).structure);
    }

    #[test]
    fn the_end_of_writing_is_told() {
        let meaning = |kind, path: &str| {
            meaning(&workspace(), &Event { kind, paths: vec![path.into()], attrs: event::EventAttributes::new() })
        };
        let file = "/w/logic/src/lib.rs";
        let closed = EventKind::Access(event::AccessKind::Close(event::AccessMode::Write));
        let expected = Change { closed: vec![file.into()], writing: Writing::Ended, ..Change::default() };
        assert_eq!(meaning(closed, file), expected);
        assert!(meaning(closed, "/w/target/debug/x").closed.is_empty(), "no source");
        let data = EventKind::Modify(event::ModifyKind::Data(event::DataChange::Any));
        assert_eq!(meaning(data, file).writing, Writing::Begun);
        let moved = EventKind::Modify(event::ModifyKind::Name(event::RenameMode::To));
        let expected = Change { paths: vec![file.into()], writing: Writing::Ended, ..Change::default() };
        assert_eq!(meaning(moved, file), expected);
    }

    #[test]
    fn exhausted_watches_are_told_with_the_settings_to_raise() {
        let problem = trouble(&workspace(), &notify::Error::new(notify::ErrorKind::MaxFilesWatch));
        assert_eq!(problem.code, "watch.exhausted");
        assert!(problem.advice.contains("max_user_watches"));
        let instances = notify::Error::io(std::io::Error::from_raw_os_error(libc::EMFILE));
        assert_eq!(trouble(&workspace(), &instances).code, "watch.exhausted");
    }

    #[test]
    fn without_watches_of_the_system_files_are_looked_at() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let source = folder.path().join("logic/src/lib.rs");
        fs::create_dir_all(source.parent().expect("a folder")).expect("writable");
        fs::write(&source, "old").expect("writable");
        let workspace = Workspace {
            root: folder.path().into(),
            called_in: folder.path().into(),
            target: folder.path().join("target"),
            manifest: folder.path().join("logic/Cargo.toml"),
            folders: [(folder.path().join("logic"), "logic".into())].into(),
            foreign: Vec::new(),
            files: BTreeSet::new(),
            is_complete: true,
        };
        let (sender, events) = std::sync::mpsc::channel();
        let sink = move |event: notify::Result<Event>| {
            let _ = sender.send(event.expect("an event"));
        };
        let exhausted = |_: &[_]| Err(notify::Error::new(notify::ErrorKind::MaxFilesWatch));
        let (_watch, problem) =
            SourceWatch::open_with(&BuildSpec::new("logic"), &workspace, sink, exhausted).expect("polls instead");
        assert_eq!(problem.map(|problem| problem.code), Some("watch.exhausted"));
        std::thread::sleep(FALLBACK_POLLING);
        fs::write(&source, "new").expect("writable");
        let seen = events.recv_timeout(Duration::from_secs(20)).expect("it is noticed");
        assert_eq!(meaning(&workspace, &seen).paths, [source]);
    }
}
