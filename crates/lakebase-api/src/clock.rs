//! Time and chance, as parameters: nothing else in this crate asks the system for either.

mod manual;

use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::Timestamp;

pub use manual::ManualClock;

/// What a client needs of time and chance.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The date, for what the service dates (`expire_time`, `Retry-After`).
    fn now(&self) -> Timestamp;

    /// The time since the clock was made; it never goes back.
    fn elapsed(&self) -> Duration;

    /// Ends after `duration`: a wait that is itself the plan, such as a pause between two attempts.
    async fn sleep(&self, duration: Duration);

    /// Ends when [`Clock::elapsed`] reaches `moment`: a limit on something else that is going on.
    /// On a system clock it differs from [`Clock::sleep`] only in its argument; a manual clock is
    /// moved by sleeps and not by limits.
    async fn limit(&self, moment: Duration);

    /// A random number from 0 up to but not including 1.
    fn unit(&self) -> f64;
}

/// The clock and the chance of the system.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// A clock that starts now.
    #[expect(clippy::disallowed_methods, reason = "the one room of this crate that reads clocks")]
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "the one room of this crate that sleeps")]
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    async fn limit(&self, moment: Duration) {
        self.sleep(moment.saturating_sub(self.elapsed())).await;
    }

    fn unit(&self) -> f64 {
        fastrand::f64()
    }
}
