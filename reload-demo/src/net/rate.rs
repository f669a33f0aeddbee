//! How fast one connection may speak. A connection that is over its rate is read later, not dropped: its own
//! socket fills up, nobody else notices.

use core::time::Duration;
use tokio::time::Instant;

/// A bucket of tokens that fills with time.
#[derive(Debug)]
pub(crate) struct Rate {
    tokens: f64,
    burst: f64,
    per_second: f64,
    filled: Instant,
}

impl Rate {
    pub(crate) fn new(per_second: f64, burst: f64) -> Self {
        Self { tokens: burst, burst, per_second, filled: Instant::now() }
    }

    /// Takes `tokens`, now or on credit, and answers how long to wait until the debt is paid.
    pub(crate) fn take(&mut self, tokens: f64) -> Duration {
        let now = Instant::now();
        let earned = now.duration_since(self.filled).as_secs_f64() * self.per_second;
        self.filled = now;
        self.tokens = (self.tokens + earned).min(self.burst) - tokens;
        if self.tokens >= 0.0 { Duration::ZERO } else { Duration::from_secs_f64(-self.tokens / self.per_second) }
    }
}

#[cfg(test)]
mod tests {
    use super::Rate;
    use core::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_free_and_what_follows_waits() {
        let mut rate = Rate::new(10.0, 5.0);
        for _ in 0..5 {
            assert_eq!(rate.take(1.0), Duration::ZERO);
        }
        assert_eq!(rate.take(1.0), Duration::from_millis(100));
        tokio::time::advance(Duration::from_secs(60)).await;
        for _ in 0..5 {
            assert_eq!(rate.take(1.0), Duration::ZERO, "time fills the bucket to the brim and no further");
        }
        assert!(rate.take(1.0) > Duration::ZERO);
    }
}
