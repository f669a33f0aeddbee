//! Turns changes of one file into signals, whoever builds it. Must never read it. Waits for it if it is missing.

use super::staging::FileState;
use crate::validation::Problem;
use notify::{Config, RecommendedWatcher, RecursiveMode, Watcher as _};
use std::{
    path::{Path, PathBuf},
    sync::mpsc::{self, RecvTimeoutError},
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// The file is looked at this often even if the system tells nothing: its folder may be missing, or made again.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// A file is complete, probably, after this much silence.
const SILENCE: Duration = Duration::from_millis(8);

/// What the follower tells.
#[derive(Debug)]
pub(super) enum FollowEvent {
    Changed { notice: Duration },
    Missing,
    Problem(Problem),
}

enum Signal {
    Files,
    Again,
    Stop,
}

/// A thread that follows a file. Ends when dropped.
#[derive(Debug)]
pub(super) struct Follower {
    signals: mpsc::Sender<Signal>,
    thread: Option<JoinHandle<()>>,
}

impl Follower {
    pub(super) fn start(file: PathBuf, tell: impl FnMut(FollowEvent) + Send + 'static) -> Result<Self, Problem> {
        let (signals, inbox) = mpsc::channel();
        let sender = signals.clone();
        let run = move || follow(&file, tell, &sender, &inbox);
        let thread = std::thread::Builder::new().name("reload-follow".into()).spawn(run).map_err(|error| {
            Problem::new(
                "build.thread",
                "reload-follow",
                format!("cannot start a thread: {error}"),
                "look at the limits",
            )
        })?;
        Ok(Self { signals, thread: Some(thread) })
    }

    /// Tells of the file as if it had changed.
    pub(super) fn again(&self) {
        let _ = self.signals.send(Signal::Again);
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.signals.send(Signal::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn follow(
    file: &Path,
    mut tell: impl FnMut(FollowEvent),
    sender: &mpsc::Sender<Signal>,
    inbox: &mpsc::Receiver<Signal>,
) {
    let mut watcher: Option<(RecommendedWatcher, FolderId)> = None;
    let mut watcher_failed = false;
    let mut told: Option<FileState> = None;
    let mut told_missing = false;
    let mut changed_at: Option<(Instant, Instant)> = None;
    let mut last_seen: Option<FileState> = None;
    loop {
        // A folder that was removed and made again has lost its watch.
        let folder = file.parent().and_then(FolderId::of);
        if watcher.as_ref().map(|(_, id)| *id) != folder && !watcher_failed {
            watcher = None;
            if let (Some(id), Some(folder)) = (folder, file.parent()) {
                match open(folder, file, sender.clone()) {
                    Ok(opened) => watcher = Some((opened, id)),
                    Err(error) => {
                        watcher_failed = true;
                        tell(FollowEvent::Problem(Problem::new(
                            "watch.failed",
                            folder.display().to_string(),
                            format!("the system cannot watch the library: {error}"),
                            "it is looked at four times a second instead; raise fs.inotify.max_user_watches and \
                             fs.inotify.max_user_instances (sysctl) to be faster",
                        )));
                    }
                }
            }
        }
        let now = Instant::now();
        let seen = FileState::of(file).ok();
        if seen != last_seen {
            last_seen = seen;
            changed_at = Some((changed_at.map_or(now, |(first, _)| first), now));
        }
        match (seen, changed_at) {
            (None, _) if !told_missing => {
                told_missing = true;
                tell(FollowEvent::Missing);
            }
            (Some(state), Some((first, last))) if told != Some(state) && now >= last + SILENCE => {
                told = Some(state);
                told_missing = false;
                changed_at = None;
                tell(FollowEvent::Changed { notice: first.elapsed() });
            }
            _ => {}
        }
        let settling = seen.is_some() && seen != told;
        match inbox.recv_timeout(if settling { SILENCE } else { LOOK_EVERY }) {
            Ok(Signal::Files) | Err(RecvTimeoutError::Timeout) => {}
            Ok(Signal::Again) => {
                told = None;
                changed_at = Some((Instant::now(), Instant::now()));
            }
            Ok(Signal::Stop) | Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct FolderId(u64, u64);

impl FolderId {
    fn of(folder: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt as _;
        std::fs::metadata(folder).ok().map(|found| Self(found.dev(), found.ino()))
    }
}

fn open(folder: &Path, file: &Path, sender: mpsc::Sender<Signal>) -> notify::Result<RecommendedWatcher> {
    let name = file.file_name().map(ToOwned::to_owned);
    let sink = move |event: notify::Result<notify::Event>| {
        let ours = match &event {
            Ok(event) if matches!(event.kind, notify::EventKind::Access(_)) => false,
            Ok(event) => event.need_rescan() || event.paths.iter().any(|path| path.file_name() == name.as_deref()),
            Err(_) => true,
        };
        if ours {
            let _ = sender.send(Signal::Files);
        }
    };
    let mut watcher = RecommendedWatcher::new(sink, Config::default())?;
    watcher.watch(folder, RecursiveMode::NonRecursive)?;
    Ok(watcher)
}
