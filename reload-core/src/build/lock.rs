//! Sees that a build has to wait for another cargo in the same target folder. Must never hold the lock itself.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// A build that has to wait does so before it compiles: for this long it is looked at,
const LOOKS: u32 = 20;
/// this often.
const EVERY: Duration = Duration::from_millis(25);

/// Whether a build had to wait, as far as it is known by now.
#[derive(Clone, Debug)]
pub(super) struct Waited(Arc<AtomicBool>);

impl Waited {
    /// Whether another cargo is working where a build with `profile` will.
    pub(super) fn before_build(target: &Path, profile: Option<&str>) -> Self {
        Self(Arc::new(AtomicBool::new(is_held(target, profile))))
    }

    /// Looks on at the build's first moments: an editor that checks at each save is about as fast as the build.
    pub(super) fn look_at(&self, process: u32) {
        let (found, lives) = (self.0.clone(), Arc::downgrade(&self.0));
        if found.load(Ordering::Relaxed) {
            return;
        }
        drop(found);
        // Without a thread nobody looks, and the build is told as it is otherwise.
        let _ = std::thread::Builder::new().name("reload-lock".into()).spawn(move || {
            for _ in 0..LOOKS {
                std::thread::sleep(EVERY);
                let Some(found) = lives.upgrade() else { return };
                if std::fs::read_to_string("/proc/locks").is_ok_and(|locks| waits(&locks, process)) {
                    tracing::warn!("another cargo holds the target directory, the build waits");
                    return found.store(true, Ordering::Relaxed);
                }
            }
        });
    }

    pub(super) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Whether the system's list of locks has the process among those that wait: `3: -> FLOCK ADVISORY WRITE 4711 ..`.
fn waits(locks: &str, process: u32) -> bool {
    let process = process.to_string();
    locks.lines().any(|line| {
        let mut words = line.split_whitespace().skip(1);
        words.next() == Some("->") && words.nth(3) == Some(&process)
    })
}

fn is_held(target: &Path, profile: Option<&str>) -> bool {
    let folder = match profile {
        None | Some("dev" | "test") => "debug",
        Some("bench") => "release",
        Some(profile) => profile,
    };
    let Ok(entries) = std::fs::read_dir(target.join(folder)) else { return false };
    entries.flatten().any(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.starts_with(".cargo")
            && name.ends_with("lock")
            && std::fs::File::open(entry.path())
                .is_ok_and(|file| matches!(file.try_lock_shared(), Err(std::fs::TryLockError::WouldBlock)))
    })
}

#[cfg(test)]
mod tests {
    use super::waits;

    #[test]
    fn who_waits_is_found() {
        let locks = "1: FLOCK  ADVISORY  WRITE 9800 fe:00:10011011 0 EOF\n\
                     1: -> FLOCK  ADVISORY  WRITE 9806 fe:00:10011011 0 EOF\n";
        assert!(waits(locks, 9806));
        assert!(!waits(locks, 9800), "this one holds it");
        assert!(!waits(locks, 980));
    }
}
