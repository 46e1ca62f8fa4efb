//! The one place that reads the time: real or frozen, plus an offset that a test moves.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

#[derive(Debug)]
pub(crate) struct Clock {
    frozen: bool,
    offset: SignedDuration,
}

impl Clock {
    pub(crate) fn new(frozen: bool) -> Clock {
        Clock { frozen, offset: SignedDuration::ZERO }
    }

    /// To the microsecond, which is what the service's timestamps carry.
    pub(crate) fn now(&self) -> Timestamp {
        let start = if self.frozen {
            "2026-01-01T00:00:00Z".parse()
        } else {
            Timestamp::from_microsecond(Timestamp::now().as_microsecond())
        };
        later(start.expect("a time of this century is in range"), self.offset)
    }

    /// Sets the clock, which then runs from that time, unless it is frozen.
    pub(crate) fn set(&mut self, now: Timestamp) {
        self.advance(now.duration_since(self.now()));
    }

    pub(crate) fn advance(&mut self, by: SignedDuration) {
        self.offset = self.offset.saturating_add(by);
    }
}

/// `time` plus `by`, at most the last moment of the calendar, which stands for "never", and at least
/// the first one.
pub(crate) fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    let end = if by.is_negative() { Timestamp::MIN } else { Timestamp::MAX };
    time.checked_add(by).unwrap_or(end)
}

/// As [`later`], for the durations of options.
pub(crate) fn after(time: Timestamp, by: Duration) -> Timestamp {
    later(time, SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX))
}
