//! Keeps long-running operations (reference §4). An operation knows from its start when and how it
//! ends, and outlives the object that it is about.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::model::{Kind, Method};

/// The number of finished operations that are remembered.
const REMEMBERED: usize = 10_000;

#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) name: String,
    /// The object that it is about.
    pub(crate) about: String,
    pub(crate) kind: &'static Kind,
    pub(crate) method: Method,
    /// What it excludes other changes by.
    pub(crate) turns: Vec<String>,
    /// `Timestamp::MAX`: never.
    pub(crate) ends: Timestamp,
    /// The `response`, or the `error`.
    pub(crate) outcome: Result<Json, Json>,
}

#[derive(Debug, Default)]
pub(crate) struct Operations {
    all: BTreeMap<String, Operation>,
    /// The names of those that may still run, in order of their start.
    running: Vec<String>,
    finished: VecDeque<String>,
    /// The number of operations about each name, so that IDs differ and repeat from run to run.
    started: BTreeMap<String, u32>,
}

impl Operations {
    pub(crate) fn add(&mut self, operation: Operation, now: Timestamp) {
        self.sweep(now);
        self.running.push(operation.name.clone());
        self.all.insert(operation.name.clone(), operation);
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Operation> {
        self.all.get(name)
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Operation> {
        self.all.get_mut(name)
    }

    pub(crate) fn running(&self, now: Timestamp) -> impl Iterator<Item = &Operation> {
        let operations = self.running.iter().filter_map(|name| self.all.get(name));
        operations.filter(move |operation| operation.ends > now)
    }

    /// The number of the next operation about a name.
    pub(crate) fn number(&mut self, about: &str) -> u32 {
        let number = self.started.entry(about.to_owned()).or_default();
        *number = number.wrapping_add(1);
        *number
    }

    /// The number of operations about each name.
    pub(crate) fn numbers(&self) -> &BTreeMap<String, u32> {
        &self.started
    }

    pub(crate) fn set_number(&mut self, about: String, number: u32) {
        self.started.insert(about, number);
    }

    /// Forgets the oldest finished operations.
    fn sweep(&mut self, now: Timestamp) {
        let ended =
            |name: &String| self.all.get(name).is_none_or(|operation| operation.ends <= now);
        let (ended, running) = std::mem::take(&mut self.running).into_iter().partition(ended);
        self.running = running;
        self.finished.extend::<Vec<_>>(ended);
        while self.finished.len() > REMEMBERED
            && let Some(oldest) = self.finished.pop_front()
        {
            self.all.remove(&oldest);
        }
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
                self.kind.message
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
