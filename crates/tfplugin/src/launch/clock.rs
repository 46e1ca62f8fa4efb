//! The passing of time, in one place: nothing else in this crate waits for it or asks for it.

use std::time::Duration;

/// Lets time pass.
#[expect(clippy::disallowed_methods, reason = "this is the room where time passes")]
pub(crate) async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// The time of a log line.
pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
