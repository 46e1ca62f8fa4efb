//! Long-running operations: what Lakebase answers to a change.

use serde::Deserialize;

use crate::Json;
use crate::error::Problem;

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
pub(crate) enum PollResult {
    /// It goes on; in which state.
    Going(String),
    /// It went well; `null` where an operation answers nothing.
    Done(Json),
    /// The operation is done and has an error.
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

    /// A change that was made at once, without an operation.
    pub(crate) fn done(response: Json) -> Self {
        Self { name: String::new(), done: true, error: None, response: Some(response) }
    }

    /// An `error` counts before a `response`, and a delete may have neither.
    pub(crate) fn look(self) -> PollResult {
        match (self.done, self.error) {
            (false, _) => PollResult::Going("running".to_owned()),
            (true, Some(error)) => PollResult::Failed(Problem::of_json(&error)),
            (true, None) => PollResult::Done(self.response.unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn look(answer: Json) -> Result<PollResult, String> {
        Operation::of_answer(answer).map(Operation::look)
    }

    #[test]
    fn an_operation_runs_until_it_says_that_it_is_done() {
        let running = || Ok(PollResult::Going("running".to_owned()));
        let empty = json!({"@type": "type.googleapis.com/google.protobuf.Empty"});
        let failed = |code: &str| {
            let (code, message) = (Some(code.to_owned()), "no".to_owned());
            Ok(PollResult::Failed(Problem { code, message, details: vec![] }))
        };
        let error = json!({"error_code": "ABORTED", "message": "no"});
        let table = [
            (json!({"name": "o"}), running()),
            (json!({"name": "o", "done": false, "metadata": {"@type": "x"}}), running()),
            (
                json!({"name": "o", "done": true, "response": {"uid": "u"}}),
                Ok(PollResult::Done(json!({"uid": "u"}))),
            ),
            (
                json!({"name": "o", "done": true, "response": empty}),
                Ok(PollResult::Done(empty.clone())),
            ),
            (json!({"name": "o", "done": true}), Ok(PollResult::Done(Json::Null))),
            (json!({"name": "o", "done": true, "error": error, "response": {}}), failed("ABORTED")),
            (json!({}), Err("an operation without a name".to_owned())),
        ];
        for (answer, expected) in table {
            assert_eq!(look(answer.clone()), expected, "{answer}");
        }
        assert!(look(Json::Null).is_err());
    }
}
