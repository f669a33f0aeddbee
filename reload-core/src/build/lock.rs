//! Sees that a build has to wait for another cargo in the same target folder, and who that is. Must never hold the lock
//! itself.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::Duration,
};

/// A build that has to wait does so before it compiles: for this long it is looked at,
const LOOKS: u32 = 20;
/// this often.
const EVERY: Duration = Duration::from_millis(25);
/// Longest command line that is told, in letters.
const LONGEST: usize = 100;

/// Whom a build had to wait for, as far as it is known by now.
#[derive(Clone, Debug, Default)]
pub(super) struct Waited(Arc<OnceLock<String>>);

impl Waited {
    /// Looks for another cargo that is at work where a build with `profile` will be.
    pub(super) fn before_build(target: &Path, profile: Option<&str>) -> Self {
        let waited = Self::default();
        if let Some(inode) = held(target, profile) {
            waited.note(system_locks().as_deref().and_then(|locks| holder_of_file(locks, inode)));
        }
        waited
    }

    /// Looks on at the build's first moments: an editor that checks at each save is about as fast as the build.
    pub(super) fn look_at(&self, process: u32, target: &Path, profile: Option<&str>) {
        if self.0.get().is_some() {
            return;
        }
        let lives = Arc::downgrade(&self.0);
        let (target, profile) = (target.to_owned(), profile.map(str::to_owned));
        // It may wait for what all cargos of this user share, which one elsewhere has.
        let is_of_target = move |number: u64| {
            let mut locks = lock_files(&target, profile.as_deref()).into_iter();
            locks.any(|lock| fs::metadata(lock).is_ok_and(|found| found.ino() == number))
        };
        // Without a thread nobody looks, and the build goes on all the same.
        let _ = std::thread::Builder::new().name("reload-lock".into()).spawn(move || {
            for _ in 0..LOOKS {
                std::thread::sleep(EVERY);
                let Some(found) = lives.upgrade() else { return };
                if let Some(locks) = system_locks()
                    && let Some((holder, file)) = holder_before(&locks, process)
                    && is_of_target(file)
                {
                    return Self(found).note(Some(holder));
                }
            }
        });
    }

    fn note(&self, holder: Option<u32>) {
        let holder = holder.map_or_else(|| "another cargo".into(), told);
        tracing::warn!(%holder, "the target directory is in use, the build waits");
        let _ = self.0.set(holder);
    }

    /// The one who had the lock.
    pub(super) fn holder(&self) -> Option<String> {
        self.0.get().cloned()
    }
}

/// The locks of the system, where it lists them: `3: FLOCK ADVISORY WRITE 4711 fe:00:815 0 EOF`, and with an arrow
/// behind the number who waits for that one.
fn system_locks() -> Option<String> {
    fs::read_to_string("/proc/locks").ok()
}

/// Each lock's number, whether the process waits for it, the process, and the file's number.
fn entries(locks: &str) -> impl Iterator<Item = (&str, bool, u32, u64)> {
    locks.lines().filter_map(|line| {
        let (number, rest) = line.split_once(": ")?;
        let (waits, rest) = rest.strip_prefix("-> ").map_or((false, rest), |rest| (true, rest));
        let mut words = rest.split_whitespace().skip(3);
        let process = words.next()?.parse().ok()?;
        let file = words.next()?.rsplit(':').next()?.parse().ok()?;
        Some((number, waits, process, file))
    })
}

/// Who has what the process waits for, and the file's number.
fn holder_before(locks: &str, process: u32) -> Option<(u32, u64)> {
    let (number, ..) = entries(locks).find(|&(_, waits, waiting, _)| waits && waiting == process)?;
    entries(locks).find(|&(of, waits, ..)| of == number && !waits).map(|(_, _, holder, file)| (holder, file))
}

fn holder_of_file(locks: &str, inode: u64) -> Option<u32> {
    entries(locks).find(|&(_, waits, _, file)| file == inode && !waits).map(|(_, _, holder, _)| holder)
}

/// A process as the programmer knows it.
fn told(process: u32) -> String {
    let line = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
    let line = String::from_utf8_lossy(&line).replace('\0', " ");
    let (program, arguments) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
    let program = program.rsplit('/').next().unwrap_or(program);
    let line: String = format!("{program} {arguments}").trim().chars().take(LONGEST).collect();
    if line.is_empty() { format!("process {process}") } else { format!("`{line}`, process {process},") }
}

/// The files that cargo locks while it builds with `profile` in `target`.
fn lock_files(target: &Path, profile: Option<&str>) -> Vec<PathBuf> {
    let folder = match profile {
        None | Some("dev" | "test") => "debug",
        Some("bench") => "release",
        Some(profile) => profile,
    };
    let entries = fs::read_dir(target.join(folder)).into_iter().flatten().flatten();
    let is_lock = |file: &PathBuf| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(".cargo") && name.ends_with("lock")
    };
    entries.map(|entry| entry.path()).filter(is_lock).collect()
}

/// The number of the lock file that another process holds, if one does.
fn held(target: &Path, profile: Option<&str>) -> Option<u64> {
    lock_files(target, profile).into_iter().find_map(|file| {
        let file = fs::File::open(file).ok()?;
        let taken = matches!(file.try_lock_shared(), Err(fs::TryLockError::WouldBlock));
        taken.then(|| file.metadata().map_or(0, |found| found.ino()))
    })
}

#[cfg(test)]
mod tests {
    use super::{holder_before, holder_of_file, told};

    #[test]
    fn the_holder_is_found() {
        let locks = "1: POSIX  ADVISORY  READ 12 00:1a:7 0 EOF\n\
                     2: FLOCK  ADVISORY  WRITE 9800 fe:00:10011011 0 EOF\n\
                     2: -> FLOCK  ADVISORY  WRITE 9806 fe:00:10011011 0 EOF\n";
        assert_eq!(holder_before(locks, 9806), Some((9800, 10_011_011)));
        assert_eq!(holder_before(locks, 9800), None, "this one has it");
        assert_eq!(holder_before(locks, 980), None);
        assert_eq!(holder_of_file(locks, 10_011_011), Some(9800));
        assert_eq!(holder_of_file(locks, 8), None);
    }

    #[test]
    fn a_process_is_told_by_its_command_line() {
        let process = std::process::id();
        let told = told(process);
        assert!(told.starts_with('`') && told.contains(&format!("process {process}")), "{told}");
    }
}
