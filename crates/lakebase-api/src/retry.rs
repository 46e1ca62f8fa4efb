//! Whether an attempt that failed is repeated, and after how long: decisions without clock,
//! chance or network.
//!
//! | what happened to the attempt | read | repeatable change | change made once |
//! |---|---|---|---|
//! | never sent, or refused unprocessed | repeat, for at most [`CONNECT_BUDGET`] or, where the host never answered, [`FIRST_CONTACT_BUDGET`] | same | same |
//! | 429, or a 503 that is the service's own | repeat | repeat | repeat |
//! | answer lost, 502, 504, 503 of a gateway | repeat | repeat | give up: it may have happened |
//! | anything else | give up | give up | give up |
//!
//! A 503 is the service's own if it has the service's error body or a `Retry-After`: the service
//! declines before any effect, and the official SDKs repeat every method then. Any other 503 is a
//! gateway that may have passed the request on.

use std::time::Duration;

/// The longest time spent on connections to a host that has answered before: a short outage in the
/// middle of an apply is survived.
pub(crate) const CONNECT_BUDGET: Duration = Duration::from_secs(30);
/// The same for a host that has never answered: most often its name is wrong or the network is
/// gone, nothing has been changed yet, and a person is waiting.
pub(crate) const FIRST_CONTACT_BUDGET: Duration = Duration::from_secs(3);

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
    /// No connection came about, or the server refused the request unprocessed: it had no effect.
    /// `passing`: it may go better later. `reached`: the host has answered this client before.
    NeverSent { passing: bool, reached: bool },
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
    /// Time spent on attempts and on the pauses between them. Waiting for a turn or for a token is
    /// not spent.
    pub(crate) elapsed: Duration,
    /// The most time for all attempts.
    pub(crate) budget: Duration,
}

/// Decides. `unit` is chance, from 0 to 1.
pub(crate) fn decide(effect: Effect, failure: Failure, spent: Spent, unit: f64) -> Decision {
    if !may_repeat(effect, failure) {
        return Decision::Permanent;
    }
    let backoff = backoff(spent.attempts, unit);
    let (pause, budget) = match failure {
        Failure::Status { retry_after: Some(asked), .. } => {
            (spread(asked, unit).max(backoff), spent.budget)
        }
        Failure::NeverSent { reached: true, .. } => (backoff, spent.budget.min(CONNECT_BUDGET)),
        Failure::NeverSent { reached: false, .. } => {
            (backoff, spent.budget.min(FIRST_CONTACT_BUDGET))
        }
        _ => (backoff, spent.budget),
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
        Failure::NeverSent { passing, .. } => passing,
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

/// A pause that was asked for: never shorter. Chance adds up to a tenth of it, and up to half a
/// second where that is more, so that clients that were told the same do not come back together.
fn spread(asked: Duration, unit: f64) -> Duration {
    let most = (asked / 10).max(FIRST_PAUSE);
    asked.saturating_add(most.mul_f64(1.0 - unit))
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
            (Failure::NeverSent { passing: true, reached: true }, [true, true, true], false),
            (Failure::NeverSent { passing: true, reached: false }, [true, true, true], false),
            (Failure::NeverSent { passing: false, reached: true }, [false; 3], false),
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
    fn a_pause_that_is_asked_for_is_kept_at_least_and_never_shorter_than_the_backoff() {
        // Asked; attempts so far; chance; the pause in milliseconds.
        let table = [
            (42_000, 1, 1.0, 42_000),
            (42_000, 1, 0.0, 46_200),
            (1_000, 1, 0.0, 1_500),
            (0, 1, 1.0, 500),
            (0, 1, 0.0, 500),
            (0, 4, 1.0, 4_000),
            (0, 4, 0.0, 2_000),
        ];
        for (asked, attempts, unit, pause) in table {
            let retry_after = Some(Duration::from_millis(asked));
            let failure = Failure::Status { status: 503, of_service: false, retry_after };
            let spent = Spent { attempts, elapsed: Duration::ZERO, budget: BUDGET };
            let decision = decide(Effect::Once, failure, spent, unit);
            let expected = Decision::Continue(Duration::from_millis(pause));
            assert_eq!(decision, expected, "{asked} {attempts} {unit}");
        }
    }

    #[test]
    fn a_pause_that_ends_after_the_budget_is_not_begun() {
        let decide_at = |failure, seconds| {
            let elapsed = Duration::from_secs(seconds);
            decide(Effect::Read, failure, Spent { attempts: 1, elapsed, budget: BUDGET }, 1.0)
        };
        assert_eq!(decide_at(Failure::Lost, 299), Decision::Continue(FIRST_PAUSE));
        assert_eq!(decide_at(Failure::Lost, 300), Decision::Exhausted);
        for (reached, budget) in [(true, 30), (false, 3)] {
            let unsent = Failure::NeverSent { passing: true, reached };
            assert_eq!(decide_at(unsent, budget - 1), Decision::Continue(FIRST_PAUSE));
            assert_eq!(decide_at(unsent, budget), Decision::Exhausted);
        }
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
