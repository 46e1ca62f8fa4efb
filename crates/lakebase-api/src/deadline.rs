//! How long a caller waits, and how it is told to stop.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::clock::Clock;

/// How long a request in flight that changes something may still take after an interrupt: its
/// answer names the operation, without which the change would go on unseen.
const GRACE: Duration = Duration::from_secs(5);

/// The shortest pause between two looks at an operation.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A deadline and a stop token, shared by all calls that serve one purpose: a create, its
/// operation and the settling after it share one deadline.
#[derive(Clone)]
pub struct Deadline {
    clock: Arc<dyn Clock>,
    start: Duration,
    timeout: Duration,
    stop: CancellationToken,
}

/// Why a wait ended before what it was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitAborted {
    /// The stop token was cancelled.
    Interrupted,
    /// The deadline passed before the work was done.
    TimedOut,
}

impl Deadline {
    pub(crate) fn new(clock: Arc<dyn Clock>, timeout: Duration, stop: CancellationToken) -> Self {
        Self { start: clock.elapsed(), clock, timeout, stop }
    }

    /// The time since the deadline was set.
    pub fn elapsed(&self) -> Duration {
        self.clock.elapsed().saturating_sub(self.start)
    }

    /// The time until the deadline; zero once it has passed.
    pub fn remaining(&self) -> Duration {
        self.timeout.saturating_sub(self.elapsed())
    }

    /// A moment before trying again what another change stands in the way of. Says whether to try:
    /// not after the deadline, and not after a stop.
    pub async fn pause(&self) -> bool {
        self.sleep(pause(self.elapsed(), self.clock.unit())).await.is_ok()
    }

    /// A deadline that ends with this one, and after `limit` at the latest.
    pub(crate) fn at_most(&self, limit: Duration) -> Self {
        let timeout = self.remaining().min(limit);
        Self { start: self.clock.elapsed(), timeout, ..self.clone() }
    }

    /// Whether there is any left.
    pub(crate) fn check(&self) -> Result<(), WaitAborted> {
        if self.stop.is_cancelled() {
            Err(WaitAborted::Interrupted)
        } else if self.remaining().is_zero() {
            Err(WaitAborted::TimedOut)
        } else {
            Ok(())
        }
    }

    /// Sleeps, but not past the deadline and not past a stop.
    pub(crate) async fn sleep(&self, duration: Duration) -> Result<(), WaitAborted> {
        self.check()?;
        let enough = duration < self.remaining();
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(WaitAborted::Interrupted),
            () = self.clock.sleep(duration.min(self.remaining())) => {
                if enough { Ok(()) } else { Err(WaitAborted::TimedOut) }
            }
        }
    }

    /// Awaits `work`, but not past the deadline and not past a stop.
    pub(crate) async fn during<T>(&self, work: impl Future<Output = T>) -> Result<T, WaitAborted> {
        tokio::select! {
            biased;
            done = work => Ok(done),
            () = self.stop.cancelled() => Err(WaitAborted::Interrupted),
            () = self.deadline() => Err(WaitAborted::TimedOut),
        }
    }

    /// The same for work that changes something: a stop leaves it a few seconds to be answered.
    pub(crate) async fn during_change<T>(
        &self,
        work: impl Future<Output = T>,
    ) -> Result<T, WaitAborted> {
        let stopped = async {
            self.stop.cancelled().await;
            self.clock.limit(self.clock.elapsed() + GRACE).await;
        };
        tokio::select! {
            biased;
            done = work => Ok(done),
            () = stopped => Err(WaitAborted::Interrupted),
            () = self.deadline() => Err(WaitAborted::TimedOut),
        }
    }

    async fn deadline(&self) {
        self.clock.limit(self.start.saturating_add(self.timeout)).await;
    }
}

/// The pause before the next look at an operation: a quarter of the wait so far, so that looking makes no wait
/// longer by more than that, from 0.2 to 5 seconds. Chance takes off up to a fifth.
pub(crate) fn pause(waited: Duration, unit: f64) -> Duration {
    (waited / 4).clamp(FIRST_PAUSE, LONGEST_PAUSE).mul_f64(0.8 + unit / 5.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pauses_grow_with_the_wait_and_chance_takes_off_up_to_a_fifth() {
        let table = [(0, 200), (800, 200), (4000, 1000), (20_000, 5000), (3_600_000, 5000)];
        for (waited, expected) in table {
            let waited = Duration::from_millis(waited);
            assert_eq!(pause(waited, 1.0), Duration::from_millis(expected));
            assert_eq!(pause(waited, 0.0), Duration::from_millis(expected * 4 / 5));
        }
    }
}
