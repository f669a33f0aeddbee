//! What a turn of a loop answers.

use core::time::Duration;

/// When a loop's next turn is. The turn runs whatever code is newest by then.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Next(u64);

impl Next {
    /// At the next [`World::advance`](crate::World::advance).
    #[must_use]
    pub const fn turn() -> Self {
        Self(0)
    }

    /// After `delay` of world time.
    #[must_use]
    pub fn after(delay: Duration) -> Self {
        Self(u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX - 1).min(u64::MAX - 1))
    }

    /// After this many seconds of world time; nothing below zero, no NaN: those mean [`Next::turn`].
    #[must_use]
    pub fn after_secs(seconds: f32) -> Self {
        // Out of range saturates, NaN becomes 0.
        Self(((f64::from(seconds) * 1e9).round() as u64).min(u64::MAX - 1))
    }

    /// Never: the loop has ended for this object. It starts again when a reload adds it anew.
    #[must_use]
    pub const fn stop() -> Self {
        Self(u64::MAX)
    }

    /// Nanoseconds until the next turn; `None` for [`Next::stop`].
    pub(crate) const fn delay_ns(self) -> Option<u64> {
        if self.0 == u64::MAX { None } else { Some(self.0) }
    }
}
