//! The passing of time, in one place: nothing else in this crate waits for it or asks for it.

use std::time::{Duration, Instant};

/// Waits, by the timer of tokio, which tests can pause.
#[expect(clippy::disallowed_methods, reason = "this is the room that has a clock")]
pub(crate) async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// A moment from which to measure how long something took, for the log.
#[expect(clippy::disallowed_methods, reason = "this is the room that has a clock")]
pub(crate) fn moment() -> Instant {
    Instant::now()
}

/// The time of a log line.
pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
