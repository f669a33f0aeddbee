//! Child processes that can be ended together with whatever they started.
#![expect(unsafe_code, reason = "signals a process group, sets a priority")]

use std::process::Child;

/// Kills `child` and its descendants. `child` was started with `process_group(0)` and has not been waited for,
/// so its number cannot belong to somebody else; that is why this borrows it.
pub(crate) fn kill_group(child: &mut Child) {
    if let Ok(group) = i32::try_from(child.id()) {
        // SAFETY: the call has no condition on memory.
        unsafe { libc::kill(-group, libc::SIGKILL) };
    }
    let _ = child.kill();
}

/// Lets everybody else work before `child`, which has not been waited for, and before those that it will start.
#[cfg(feature = "build")]
pub(crate) fn lower_priority(child: &Child) {
    /// Half the way to the last place.
    const LOWER: libc::c_int = 10;
    // SAFETY: the call has no condition on memory. It fails for a process that has ended.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, child.id(), LOWER) };
}
