//! Long-running operations: what the service answers to a change, and when to ask again.

use std::time::Duration;

use serde::Deserialize;

use crate::Json;
use crate::error::Problem;

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A change that the service has taken on. Dropping it does not stop it.
#[derive(Clone, Debug, Deserialize)]
pub struct Operation {
    /// `<resource name>/operations/<id>`. The id may contain `/`, `+` and `=`: keep it as it is.
    #[serde(default)]
    pub name: String,
    /// Whether it has ended, well or not. The service leaves it out while the operation runs.
    #[serde(default)]
    pub done: bool,
    error: Option<Json>,
    response: Option<Json>,
}

/// What one look at an operation or an object shows.
#[derive(Debug, PartialEq)]
pub(crate) enum Look {
    /// It goes on; in which state.
    Going(String),
    /// It went well; `null` where an operation answers nothing.
    Done(Json),
    /// It failed.
    Failed(Problem),
}

impl Operation {
    /// Reads an answer. An operation that goes on must have a name, or nobody could ask for it.
    pub(crate) fn of_answer(answer: Json) -> Result<Self, String> {
        let operation: Self =
            serde_json::from_value(answer).map_err(|error| format!("no operation: {error}"))?;
        if operation.name.is_empty() && !operation.done {
            return Err("an operation without a name".to_owned());
        }
        Ok(operation)
    }

    /// An `error` counts before a `response`, and a delete may have neither.
    pub(crate) fn look(self) -> Look {
        match (self.done, self.error) {
            (false, _) => Look::Going("running".to_owned()),
            (true, Some(error)) => Look::Failed(Problem::of_json(&error)),
            (true, None) => Look::Done(self.response.unwrap_or_default()),
        }
    }
}

/// Whether an object has settled. `done` of an operation does not mean reconciled: an endpoint is,
/// when `pending_state` is gone (API reference, 3.3).
pub(crate) fn look_at_object(object: Json) -> Look {
    let status = &object["status"];
    match status["pending_state"].as_str() {
        None | Some("") => Look::Done(object),
        Some(pending) => {
            let current = status["current_state"].as_str().unwrap_or("an unknown state");
            Look::Going(format!("{current}, on its way to {pending}"))
        }
    }
}

/// The pause before the next look: a quarter of the wait so far, so that looking makes no wait
/// longer by more than that, from 0.2 to 5 seconds. Chance takes off up to a fifth.
pub(crate) fn pause(waited: Duration, unit: f64) -> Duration {
    (waited / 4).clamp(FIRST_PAUSE, LONGEST_PAUSE).mul_f64(0.8 + unit / 5.0)
}
