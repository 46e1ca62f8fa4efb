//! The one place that reads the time: real time plus an offset that a test moves.

use jiff::{SignedDuration, Timestamp};

#[derive(Debug, Default)]
pub(crate) struct Clock {
    offset: SignedDuration,
}

impl Clock {
    /// To the microsecond, which is what the service's timestamps carry.
    pub(crate) fn now(&self) -> Timestamp {
        let real = Timestamp::from_microsecond(Timestamp::now().as_microsecond())
            .expect("a time of today is in range");
        later(real, self.offset)
    }

    pub(crate) fn advance(&mut self, by: SignedDuration) {
        self.offset = self.offset.saturating_add(by);
    }
}

/// `time` plus `by`; what lies beyond the calendar is its last moment, which never comes.
pub(crate) fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}
