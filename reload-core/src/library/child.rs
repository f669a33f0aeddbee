//! Child processes that can be ended together with whatever they started.
#![expect(unsafe_code, reason = "signals a process group, sets a priority")]

use std::{io, process::Child};

/// Kills `child` and its descendants. `child` was started with `process_group(0)` and has not been waited for,
/// so its number cannot belong to somebody else; that is why this borrows it.
pub(crate) fn kill_group(child: &mut Child) {
    if let Ok(group) = i32::try_from(child.id()) {
        // SAFETY: the call has no condition on memory.
        unsafe { libc::kill(-group, libc::SIGKILL) };
    }
    let _ = child.kill();
}

/// Why nobody can say how a child process has ended.
pub(crate) fn lost(error: &io::Error) -> String {
    if is_taken(error) {
        format!(
            "{error}: this process ignores SIGCHLD, or somebody in it waits for all children; reloading needs SIGCHLD as the \
             system sets it"
        )
    } else {
        error.to_string()
    }
}

/// Whether a child's end has been taken by somebody else: then its number may be another process's by now.
pub(crate) fn is_taken(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ECHILD)
}

/// Lets everybody else work before `child`, which has not been waited for, and before those that it will start.
#[cfg(feature = "build")]
pub(crate) fn lower_priority(child: &Child) {
    /// Half the way to the last place.
    const LOWER: libc::c_int = 10;
    // SAFETY: the call has no condition on memory. It fails for a process that has ended.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, child.id(), LOWER) };
}
