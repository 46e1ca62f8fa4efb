//! Whether an attempt that failed is repeated, and after how long: decisions without clock,
//! chance or network.
//!
//! | what happened to the attempt | read | repeatable change | change made once |
//! |---|---|---|---|
//! | never sent | repeat, for at most [`CONNECT_BUDGET`] | same | same |
//! | 429, or a 503 that is the service's own | repeat | repeat | repeat |
//! | answer lost, 502, 504, 503 of a gateway | repeat | repeat | give up: it may have happened |
//! | anything else | give up | give up | give up |
//!
//! A 503 is the service's own if it has the service's error body or a `Retry-After`: the service
//! declines before any effect, and the official SDKs repeat every method then. Any other 503 is a
//! gateway that may have passed the request on.

use std::time::Duration;

/// The longest time spent on connections that do not come about: most often the host is wrong or
/// the network is gone, and a person is waiting.
pub(crate) const CONNECT_BUDGET: Duration = Duration::from_secs(30);

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What a request does when it is sent twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing: GET, and the POSTs that make tokens.
    Read,
    /// The same as when it is sent once. A PATCH names its leaves and their values, so a second one
    /// writes the same again. A second DELETE finds nothing, which a delete takes for success.
    Repeatable,
    /// Possibly something else: POST. The first one may have created the object, and the second
    /// would then report a conflict with itself.
    Once,
}

/// How an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// No connection came about, so nothing was sent. `passing`: it may come about later.
    NeverSent { passing: bool },
    /// Sent; no answer.
    Lost,
    /// Answered with an error. `of_service`: in the service's own form.
    Status { status: u16, of_service: bool, retry_after: Option<Duration> },
    /// Ended for a reason that no repetition mends. `sent`: the service may have acted.
    Final { sent: bool },
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Repeat after a pause.
    Continue(Duration),
    /// It could be repeated, but there is no time left for that.
    Exhausted,
    /// It must not be repeated, or would fail again.
    Permanent,
}

/// How much has been spent, and how much may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spent {
    /// Attempts so far, the failed one included.
    pub(crate) attempts: u32,
    /// Time since the first attempt.
    pub(crate) elapsed: Duration,
    /// The most time for all attempts.
    pub(crate) budget: Duration,
}

/// Decides. `unit` is chance, from 0 to 1.
pub(crate) fn decide(effect: Effect, failure: Failure, spent: Spent, unit: f64) -> Decision {
    if !may_repeat(effect, failure) {
        return Decision::Permanent;
    }
    let (pause, budget) = match failure {
        Failure::Status { retry_after: Some(asked), .. } => (asked, spent.budget),
        Failure::NeverSent { .. } => {
            (backoff(spent.attempts, unit), spent.budget.min(CONNECT_BUDGET))
        }
        _ => (backoff(spent.attempts, unit), spent.budget),
    };
    if spent.elapsed.saturating_add(pause) > budget {
        Decision::Exhausted
    } else {
        Decision::Continue(pause)
    }
}

/// Whether a change may have happened although the attempt failed.
pub(crate) fn leaves_doubt(effect: Effect, failure: Failure) -> bool {
    effect != Effect::Read
        && match failure {
            Failure::NeverSent { .. } => false,
            Failure::Lost => true,
            Failure::Status { status, .. } => status >= 500,
            Failure::Final { sent } => sent,
        }
}

fn may_repeat(effect: Effect, failure: Failure) -> bool {
    match failure {
        Failure::NeverSent { passing } => passing,
        Failure::Status { status: 429, .. } => true,
        Failure::Status { status: 503, of_service, retry_after } => {
            of_service || retry_after.is_some() || effect != Effect::Once
        }
        Failure::Lost | Failure::Status { status: 502 | 504, .. } => effect != Effect::Once,
        Failure::Status { .. } | Failure::Final { .. } => false,
    }
}

/// Doubles from half a second to ten seconds; chance takes off up to half, so that clients that
/// were turned away together do not come back together.
fn backoff(attempts: u32, unit: f64) -> Duration {
    let doublings = attempts.saturating_sub(1).min(16);
    let full = FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE);
    full.mul_f64(0.5 + unit / 2.0)
}
