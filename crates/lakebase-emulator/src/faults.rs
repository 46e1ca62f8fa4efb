//! Misbehavior on request: which request is hit, and what happens to it.

use serde::{Deserialize, Serialize};

use crate::name::ends_like;

/// One planned misbehavior. It hits the `nth` request that matches from now on, and the
/// `times - 1` matching ones after it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The method; `None` matches every one.
    #[serde(default)]
    pub method: Option<String>,
    /// The end of the path, in which `*` stands for any text: `/branches`,
    /// `branches/dev`, `/operations/*`, `/oidc/v1/token`.
    pub path: String,
    /// Counted from 1.
    #[serde(default = "one")]
    pub nth: u32,
    /// How many requests are hit in a row.
    #[serde(default = "one")]
    pub times: u32,
    /// Whether the request takes effect all the same.
    #[serde(default)]
    pub effect: Effect,
    /// What happens.
    pub kind: FaultKind,
}

/// Whether a request that is hit takes effect. Only for the kinds that say so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It fails without effect.
    #[default]
    Before,
    /// It takes effect, and fails nevertheless.
    After,
}

/// What happens to a request that is hit.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultKind {
    /// An error answer. Subject to [`Effect`].
    Status {
        /// The HTTP status.
        status: u16,
        /// `error_code` of the body.
        error_code: String,
        /// `message` of the body.
        message: String,
        /// Seconds for the `Retry-After` header.
        #[serde(default)]
        retry_after: Option<u64>,
    },
    /// An answer of HTML instead of JSON, as proxies give. Subject to [`Effect`].
    Html {
        /// The HTTP status.
        status: u16,
    },
    /// The connection ends without an answer. Subject to [`Effect`].
    CutConnection,
    /// There is never an answer. Subject to [`Effect`].
    Hang,
    /// The mutation is answered as usual, but its operation ends in this error. Subject to [`Effect`]:
    /// with `Before` nothing has changed.
    FailOperation {
        /// `error.error_code` of the operation.
        error_code: String,
        /// `error.message` of the operation.
        message: String,
    },
    /// The mutation takes effect, but its operation never ends.
    NeverFinish,
    /// The mutation takes effect, but its operation runs for so long.
    Linger {
        /// How long, in seconds of the emulator's clock.
        seconds: u32,
    },
    /// The mutation takes effect, but the next reads of its object show what was before it.
    StaleRead {
        /// How many reads.
        reads: u32,
    },
    /// Someone else is changing the project: the answer is 409 "conflicting operations".
    ConflictOutside,
}

impl Fault {
    /// A fault for the first request with this method and path.
    pub fn on(method: &str, path: &str, kind: FaultKind) -> Fault {
        Fault {
            method: Some(method.to_owned()),
            path: path.to_owned(),
            nth: 1,
            times: 1,
            effect: Effect::Before,
            kind,
        }
    }

    /// Refuses a fault that can hit nothing, or that HTTP cannot carry.
    ///
    /// # Errors
    ///
    /// The text names what is wrong.
    pub fn check(&self) -> Result<(), String> {
        let is_upper = |method: &String| {
            !method.is_empty() && method.bytes().all(|letter| letter.is_ascii_uppercase())
        };
        if self.method.as_ref().is_some_and(|method| !is_upper(method)) {
            return Err("`method` must be in upper case, such as GET".to_owned());
        }
        if self.nth == 0 || self.times == 0 {
            return Err("`nth` and `times` count from 1".to_owned());
        }
        match self.kind {
            FaultKind::Status { status, .. } | FaultKind::Html { status }
                if !(200..=599).contains(&status) =>
            {
                Err(format!("`status` must be from 200 to 599, not {status}"))
            }
            _ => Ok(()),
        }
    }

    /// Lets the requests before the `nth` pass.
    #[must_use]
    pub fn nth(self, nth: u32) -> Fault {
        Fault { nth, ..self }
    }

    /// Hits this many requests in a row.
    #[must_use]
    pub fn times(self, times: u32) -> Fault {
        Fault { times, ..self }
    }

    /// Lets the request take effect before it fails.
    #[must_use]
    pub fn after(self) -> Fault {
        Fault { effect: Effect::After, ..self }
    }
}

impl FaultKind {
    /// [`FaultKind::Status`] without `Retry-After`.
    pub fn status(status: u16, error_code: &str, message: &str) -> FaultKind {
        FaultKind::Status {
            status,
            error_code: error_code.to_owned(),
            message: message.to_owned(),
            retry_after: None,
        }
    }
}

/// The faults that are still to come.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    planned: Vec<Fault>,
}

impl Faults {
    pub(crate) fn plan(&mut self, fault: Fault) {
        self.planned.push(fault);
    }

    pub(crate) fn planned(&self) -> &[Fault] {
        &self.planned
    }

    pub(crate) fn clear(&mut self) {
        self.planned.clear();
    }

    /// The fault that hits this request. Each planned one that matches counts it; the first that
    /// is due hits it.
    pub(crate) fn next(&mut self, method: &str, path: &str) -> Option<Fault> {
        let mut due = None;
        for fault in &mut self.planned {
            let matches = fault.method.as_deref().is_none_or(|wanted| wanted == method)
                && ends_like(&fault.path, path);
            if !matches {
                continue;
            }
            if fault.nth > 1 {
                fault.nth -= 1;
            } else if due.is_none() {
                due = Some(fault.clone());
                fault.times = fault.times.saturating_sub(1);
            }
        }
        self.planned.retain(|fault| fault.times > 0);
        due
    }
}

fn one() -> u32 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_that_cannot_hit_are_refused() {
        let fault = Fault::on("GET", "/p", FaultKind::Html { status: 200 });
        assert_eq!(fault.check(), Ok(()));
        let wrong = [
            Fault { method: Some("get".to_owned()), ..fault.clone() },
            Fault { times: 0, ..fault.clone() },
            Fault { nth: 0, ..fault.clone() },
            Fault { kind: FaultKind::Html { status: 99 }, ..fault.clone() },
            Fault { kind: FaultKind::status(600, "X", "x"), ..fault },
        ];
        for fault in wrong {
            assert!(fault.check().is_err(), "{fault:?}");
        }
    }

    #[test]
    fn a_fault_hits_the_nth_request_and_then_times_in_a_row() {
        let mut faults = Faults::default();
        faults.plan(Fault::on("GET", "/p", FaultKind::Hang).nth(2).times(2));
        let hits: Vec<bool> =
            [("GET", "/p"), ("POST", "/p"), ("GET", "/p"), ("GET", "/p"), ("GET", "/p")]
                .into_iter()
                .map(|(method, path)| faults.next(method, path).is_some())
                .collect();
        assert_eq!(hits, [false, false, true, true, false]);
    }
}
