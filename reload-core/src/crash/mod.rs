//! What is said when the process dies or stands still: which game code was running. Reads the world's pulse and knows
//! nothing of how it came about. Must never change what the process would have done without it.

mod signal;
mod watchdog;

pub(crate) use signal::world_begins;
pub use watchdog::Hang;
pub(crate) use watchdog::Watchdog;

use crate::world::World;
use core::time::Duration;

impl World {
    /// From now on, says on stderr which handler of which class and object was running when the process dies of `abort`,
    /// a stack overflow, a memory error, or a panic while another one passes. Holds for all worlds of the process, those that
    /// come later included; to be called on the thread of the world, early in `main`.
    ///
    /// What the process does then stays as it was: the handlers that were installed before are called, exit status
    /// and core dump are the same. What kills without a signal (`exit`, `SIGKILL`, the system out of memory) says nothing.
    /// In an optimised build a handler that is inlined whole and crashes by itself may be told without its object.
    ///
    /// # Errors
    ///
    /// What the system says when a signal's handler cannot be set.
    pub fn install_crash_report() -> std::io::Result<()> {
        signal::install()
    }

    /// From now on, tells `tell` of every call into game code that has not returned after `limit`, and once more when
    /// it returns. A log record of level `WARN` says the same.
    ///
    /// `tell` runs on a thread of its own: the world's is the one that stands still. On Linux that thread is asked by
    /// `SIGURG`, which is ignored by default and handed on to a handler that was there before; elsewhere class, event and
    /// object stay unknown. A second call replaces the first.
    ///
    /// ```
    /// # use std::time::Duration;
    /// let mut world = reload_core::World::new();
    /// world.watchdog(Duration::from_secs(5), |hang| println!("{hang}"))?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What the system says when it has no thread left or the signal's handler cannot be set.
    pub fn watchdog(&mut self, limit: Duration, tell: impl FnMut(&Hang) + Send + 'static) -> std::io::Result<()> {
        let pulse = std::sync::Arc::clone(&self.live().pulse);
        self.watchdog = None;
        self.watchdog = Some(Watchdog::start(pulse, limit, tell)?);
        Ok(())
    }
}
