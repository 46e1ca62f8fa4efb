//! A clock that tests move.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::watch;

use super::Clock;

/// A clock that stands still but for its sleepers: a sleep ends at once and moves the clock by as
/// much, so that tests take no time and see exact delays. Limits are reached only by being passed.
#[derive(Debug)]
pub struct ManualClock {
    start: Timestamp,
    elapsed: watch::Sender<Duration>,
    sleeps: Mutex<Vec<Duration>>,
    unit: f64,
}

impl ManualClock {
    /// A clock that begins at `start` and whose chance is always `unit`, from 0 to 1.
    pub fn new(start: Timestamp, unit: f64) -> Self {
        let elapsed = watch::Sender::new(Duration::ZERO);
        Self { start, elapsed, sleeps: Mutex::default(), unit }
    }

    /// Moves the clock without anybody sleeping.
    pub fn advance(&self, duration: Duration) {
        self.elapsed.send_modify(|elapsed| *elapsed = elapsed.saturating_add(duration));
    }

    /// Every sleep so far, in order.
    pub fn sleeps(&self) -> Vec<Duration> {
        self.sleeps.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.start.saturating_add(self.elapsed()).expect("a std duration has no calendar units")
    }

    fn elapsed(&self) -> Duration {
        *self.elapsed.borrow()
    }

    async fn sleep(&self, duration: Duration) {
        self.sleeps.lock().unwrap_or_else(PoisonError::into_inner).push(duration);
        self.advance(duration);
        // Others get their turn, as they would while a real sleep lasts.
        tokio::task::yield_now().await;
    }

    async fn limit(&self, moment: Duration) {
        let mut elapsed = self.elapsed.subscribe();
        let passed = elapsed.wait_for(|elapsed| *elapsed >= moment).await;
        passed.expect("the clock outlives its own limits");
    }

    fn unit(&self) -> f64 {
        self.unit
    }
}
