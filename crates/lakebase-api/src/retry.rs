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

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: Duration = Duration::from_mins(5);

    fn status(status: u16, of_service: bool) -> Failure {
        Failure::Status { status, of_service, retry_after: None }
    }

    fn decide_first(effect: Effect, failure: Failure) -> Decision {
        let spent = Spent { attempts: 1, elapsed: Duration::ZERO, budget: BUDGET };
        decide(effect, failure, spent, 1.0)
    }

    #[test]
    fn a_failure_is_repeated_only_where_that_is_harmless() {
        // Failure; whether a read, a repeatable change and a change made once are repeated; and
        // whether a change may have happened.
        let table = [
            (Failure::NeverSent { passing: true }, [true, true, true], false),
            (Failure::NeverSent { passing: false }, [false; 3], false),
            (Failure::Lost, [true, true, false], true),
            (status(400, true), [false; 3], false),
            (status(401, true), [false; 3], false),
            (status(404, true), [false; 3], false),
            (status(409, true), [false; 3], false),
            (status(429, false), [true, true, true], false),
            (status(500, true), [false; 3], true),
            (status(502, false), [true, true, false], true),
            (status(503, true), [true, true, true], true),
            (status(503, false), [true, true, false], true),
            (status(504, false), [true, true, false], true),
            (Failure::Final { sent: true }, [false; 3], true),
            (Failure::Final { sent: false }, [false; 3], false),
        ];
        let effects = [Effect::Read, Effect::Repeatable, Effect::Once];
        for (failure, repeated, doubt) in table {
            for (effect, repeated) in effects.into_iter().zip(repeated) {
                let decision = decide_first(effect, failure);
                let is_repeated = decision == Decision::Continue(FIRST_PAUSE);
                assert_eq!(is_repeated, repeated, "{effect:?} {failure:?}");
                assert!(is_repeated || decision == Decision::Permanent, "{decision:?}");
                let doubt = doubt && effect != Effect::Read;
                assert_eq!(leaves_doubt(effect, failure), doubt, "{effect:?} {failure:?}");
            }
        }
    }

    #[test]
    fn what_the_service_asks_for_precedes_the_backoff() {
        let asked = Duration::from_secs(42);
        let failure = Failure::Status { status: 503, of_service: false, retry_after: Some(asked) };
        assert_eq!(decide_first(Effect::Once, failure), Decision::Continue(asked));
    }

    #[test]
    fn a_pause_that_ends_after_the_budget_is_not_begun() {
        let decide_at = |failure, seconds| {
            let elapsed = Duration::from_secs(seconds);
            decide(Effect::Read, failure, Spent { attempts: 1, elapsed, budget: BUDGET }, 1.0)
        };
        assert_eq!(decide_at(Failure::Lost, 299), Decision::Continue(FIRST_PAUSE));
        assert_eq!(decide_at(Failure::Lost, 300), Decision::Exhausted);
        let unsent = Failure::NeverSent { passing: true };
        assert_eq!(decide_at(unsent, 29), Decision::Continue(FIRST_PAUSE));
        assert_eq!(decide_at(unsent, 30), Decision::Exhausted);
    }

    #[test]
    fn the_backoff_doubles_to_its_cap_and_chance_takes_off_up_to_half() {
        let seconds = [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0];
        for (attempts, seconds) in (1..).zip(seconds) {
            assert_eq!(backoff(attempts, 1.0), Duration::from_secs_f64(seconds));
            assert_eq!(backoff(attempts, 0.0), Duration::from_secs_f64(seconds / 2.0));
        }
        assert_eq!(backoff(u32::MAX, 1.0), LONGEST_PAUSE);
    }
}
