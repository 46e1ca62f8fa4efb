//! Long-running operations (reference §4). An operation knows from its start when and how it ends
//! and outlives the object that it was about.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::store::Kind;

#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) name: String,
    /// The object that it is about.
    pub(crate) about: String,
    pub(crate) kind: Kind,
    /// The object within which it excludes others: a project or a branch.
    pub(crate) scope: String,
    /// `Timestamp::MAX`: never.
    pub(crate) ends: Timestamp,
    /// The `response`, or the `error`.
    pub(crate) outcome: Result<Json, Json>,
}

#[derive(Debug, Default)]
pub(crate) struct Operations {
    all: BTreeMap<String, Operation>,
}

impl Operations {
    pub(crate) fn add(&mut self, operation: Operation) {
        self.all.insert(operation.name.clone(), operation);
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Operation> {
        self.all.get(name)
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Operation> {
        self.all.get_mut(name)
    }

    /// [DOC] §6.6: whether an operation runs that excludes others from this scope.
    pub(crate) fn busy(&self, scope: &str, now: Timestamp) -> bool {
        self.all.values().any(|operation| operation.scope == scope && operation.ends > now)
    }
}

impl Operation {
    /// §4.1; `done: false` is written out while it runs.
    pub(crate) fn json(&self, done: bool) -> Json {
        let mut json = json!({
            "name": self.name,
            "done": done,
            // [FAKE] §4.1.
            "metadata": {"@type": format!(
                "type.googleapis.com/databricks.postgres.v1.{}OperationMetadata",
                self.kind.title()
            )},
        });
        if done {
            match &self.outcome {
                Ok(response) => json["response"] = response.clone(),
                Err(error) => json["error"] = error.clone(),
            }
        }
        json
    }
}

/// [FAKE] §4.1: the response of a delete.
pub(crate) fn empty_response() -> Json {
    json!({"@type": "type.googleapis.com/google.protobuf.Empty"})
}
