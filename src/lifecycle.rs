//! What happens to an object: create, read, update, delete and import, for every table alike.
//!
//! With data sources and ephemeral resources this is the only room that awaits the service. It
//! knows no particular resource. Decisions are made by the plan; here they are carried out:
//! one mutating call a change, its state kept whatever follows.
//!
//! Start reading at [`Lifecycle::apply`]. [`queue`] says whose turn it is, [`private`] what is
//! remembered between runs, [`report`] how errors are told.

mod consent;
mod create;
mod delete;
mod help;
mod issue;
mod observe;
mod permissions;
mod plan;
mod private;
mod queue;
mod read;
mod report;
mod update;
mod walk;
mod workspace;

use std::sync::Arc;

use lakebase_api::{Client, Clock, Deadline, Error, Json, Operation};
use serde_json::Value;
use tfplugin::{ApplyResource, Call, Diagnostic, Diagnostics, Object, ResourceAnswer};

use crate::model::address::Scope;
use crate::model::table::{Resource, Settings, Table};
use crate::model::{decode, encode, meaning};
use crate::resources::TIMEOUTS;
use private::PrivateState;
use queue::Queue;

pub use issue::credential_request;
pub use plan::{Surroundings, plan};
pub use read::moved;
pub use report::Attempt;
pub use walk::Walk;

/// The objects of one workspace.
pub struct Lifecycle {
    /// The way to the service.
    pub client: Client,
    /// What the provider block says about plans.
    pub settings: Settings,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What Terraform has told this process.
    pub walk: Arc<Walk>,
    queue: Queue,
    reads: read::Reads,
    observations: observe::Observations,
    caller: permissions::Caller,
}

/// How often a read that contradicts what this process has just done is repeated.
const LAGGING_READS: usize = 5;

/// What a call is for; each has a timeout of its own.
#[derive(Clone, Copy)]
enum Purpose {
    Create,
    Read,
    Update,
    Delete,
}

impl Lifecycle {
    /// The objects that the client reaches.
    pub fn new(client: Client, settings: Settings, clock: Arc<dyn Clock>, walk: Arc<Walk>) -> Self {
        let (queue, reads) = (Queue::default(), read::Reads::default());
        let observations = observe::Observations::default();
        let caller = permissions::Caller::default();
        Self { client, settings, clock, walk, queue, reads, observations, caller }
    }

    /// Carries a planned change out.
    ///
    /// *Guarantees.* One mutating call at most. An object that exists when this returns is in the
    /// answer, or was in the prior state: nothing is orphaned.
    pub async fn apply(
        &self,
        resource: &dyn Resource,
        request: ApplyResource,
        call: &Call,
    ) -> ResourceAnswer {
        let ApplyResource { prior, planned, planned_private, planned_identity, .. } = request;
        let mut memory = PrivateState::read(&planned_private);
        // A note of the plan to the delete half of a replacement, and not to be stored.
        let replacement = memory.replacement.take();
        self.walk.applies();
        self.reads.forget();
        if !resource.table().address.is_named() {
            return self.issue(resource.table(), planned, call).await;
        }
        match (prior, planned) {
            (None, Some(planned)) => {
                let answer = self.create(resource, &planned, call).await;
                let table = resource.table();
                if let Some(state) = answer.state.as_ref().filter(|_| table.address.is_object())
                    && let Some(name) = table.name_of(state)
                {
                    self.walk.keeps(&name, state);
                }
                answer
            }
            (Some(prior), Some(planned)) => {
                let before = PriorState { state: prior, identity: planned_identity, memory };
                self.update(resource, before, &planned, call).await
            }
            (Some(prior), None) => {
                let before = PriorState { state: prior, identity: planned_identity, memory };
                self.delete(resource, before, replacement, call).await
            }
            (None, None) => ResourceAnswer::default(),
        }
    }

    fn deadline(&self, table: &Table, object: &Object, purpose: Purpose, call: &Call) -> Deadline {
        let (name, otherwise) = match purpose {
            Purpose::Create => ("create", table.timeouts.create),
            Purpose::Read => ("read", table.timeouts.read),
            Purpose::Update => ("update", table.timeouts.update),
            Purpose::Delete => ("delete", table.timeouts.delete),
        };
        let configured = TIMEOUTS.of(object).known().and_then(|timeouts| {
            timeouts.get(name).and_then(|text| meaning::duration(text.as_str()?).ok())
        });
        let timeout = configured.or_else(|| meaning::duration(otherwise).ok()).unwrap_or_default();
        self.client.deadline(timeout.unsigned_abs(), call.stop.clone())
    }

    /// Waits for a turn to change the object, unless Terraform is interrupted before.
    async fn turn(&self, scope: &Scope, call: &Call) -> Option<queue::Turn> {
        tracing::debug!(scope = scope.own, "waiting for a turn");
        tokio::select! {
            biased;
            () = call.stop.cancelled() => None,
            turn = self.queue.turn(scope) => Some(turn),
        }
    }

    /// Makes a mutating call, waiting out changes that others make at the same time.
    async fn retry_on_conflict(
        &self,
        change: &Mutation<'_>,
        scope: &Scope,
        deadline: &Deadline,
    ) -> Result<Operation, Error> {
        let client = &self.client;
        let mut wider = None;
        loop {
            let started = match change {
                Mutation::Create { collection, query, body } => {
                    client.create(collection, query, body, deadline).await
                }
                Mutation::Update { name, mask, body } => {
                    client.update(name, mask, body, deadline).await
                }
                Mutation::Delete { name, query } => client.delete(name, query, deadline).await,
                Mutation::Put { name, object, body } => {
                    self.replace_permissions(name, object, body, deadline).await
                }
            };
            match started {
                Err(error) if error.is_conflict() && deadline.pause().await => {
                    tracing::debug!(%error, "another change is going on; trying again");
                    // What conflicts may concern the project: its other changes wait as well.
                    if wider.is_none() {
                        wider = self.queue.wider_turn(scope).await;
                    }
                }
                other => return other,
            }
        }
    }

    /// Waits for an operation, and until the object has settled.
    async fn finish(
        &self,
        resource: &dyn Resource,
        name: &str,
        operation: Operation,
        wanted: &Object,
        deadline: &Deadline,
    ) -> Result<Json, Error> {
        let done = self.client.wait(operation, deadline).await?;
        let mut settled = self.settle(resource, name, wanted, deadline).await;
        // Reads may lag behind: that it exists, its own operation knows better. The next run, which
        // does not know the operation, should find it.
        for _ in 0..LAGGING_READS {
            let is_absent = settled.as_ref().is_err_and(Error::is_not_found);
            if !is_absent || done["name"] != name || !deadline.pause().await {
                break;
            }
            settled = self.settle(resource, name, wanted, deadline).await;
        }
        match settled {
            Err(absent) if absent.is_not_found() && done["name"] == name => Ok(done),
            settled => settled,
        }
    }

    /// Reads an object until it has settled as it is wanted.
    async fn settle(
        &self,
        resource: &dyn Resource,
        name: &str,
        wanted: &Object,
        deadline: &Deadline,
    ) -> Result<Json, Error> {
        if !resource.table().address.is_object() {
            return self.get(resource.table(), name, deadline).await; // it changes at once
        }
        let look = |reported: &Json| match resource.failure(reported) {
            Some(failure) => Err(failure),
            None => Ok(resource.unsettled(reported, wanted)),
        };
        self.client.settle(name, look, deadline).await
    }

    /// The answer of a create or an update whose wait has ended: the object as it is read, or as it
    /// was planned where Lakebase continues without us.
    ///
    /// *Errors.* That of a change that failed.
    fn concluded(
        &self,
        resource: &dyn Resource,
        attempt: &Attempt<'_>,
        planned: &Object,
        finished: Result<Json, Error>,
        timed_out: Option<Diagnostic>,
    ) -> Result<ResourceAnswer, Error> {
        let error = match finished {
            Ok(reported) => {
                let read = decode::state(resource, &reported, planned, &self.settings);
                let state = decode::complete(planned, &read);
                return Ok(self.answer(attempt.name, state, &PrivateState::default()));
            }
            Err(error) => error,
        };
        let table = resource.table();
        let mut diagnostics = Diagnostics::new();
        if error.is_interrupted() {
            // No error, so that Terraform does not taint an object that Lakebase completes.
            diagnostics.push(operation_continues(attempt, &error));
        } else if error.is_timeout() {
            diagnostics.extend(attempt.failed(&self.client, Some(table), &error));
            diagnostics.extend(timed_out);
        } else {
            return Err(error);
        }
        let operation = error.operation().map(str::to_owned);
        let memory = PrivateState { operation, ..PrivateState::default() };
        let state = named(table, attempt.name, without_unknowns(planned));
        Ok(ResourceAnswer { diagnostics, ..self.answer(attempt.name, state, &memory) })
    }

    fn identity(&self, name: &str) -> Object {
        let workspace = self.client.workspace_id();
        let workspace = workspace.map_or(tfplugin::Value::Null, tfplugin::Value::from);
        [("workspace_id".to_owned(), workspace), ("name".to_owned(), name.into())].into()
    }

    /// An answer with the object of that name.
    fn answer(&self, name: &str, state: Object, memory: &PrivateState) -> ResourceAnswer {
        let identity = Some(self.identity(name));
        let workspace = self.client.workspace_id();
        let private = PrivateState { workspace, ..memory.clone() }.write();
        ResourceAnswer { state: Some(state), private, identity, ..ResourceAnswer::default() }
    }
}

/// A mutating call.
enum Mutation<'a> {
    Create {
        collection: &'a str,
        query: Vec<(&'static str, String)>,
        body: Json,
    },
    Update {
        name: &'a str,
        mask: &'a [String],
        body: Json,
    },
    Delete {
        name: &'a str,
        query: Vec<(&'static str, String)>,
    },
    /// A change of the whole: the object's name in Lakebase, and in the API that it stands in.
    Put {
        name: &'a str,
        object: String,
        body: Json,
    },
}

impl<'a> Mutation<'a> {
    /// The call that makes an object as it is reported what is planned.
    fn update(
        resource: &dyn Resource,
        name: &'a str,
        mask: &'a [String],
        planned: &Object,
        reported: &Json,
    ) -> Self {
        let table = resource.table();
        let mut body = encode::update_body(table, planned, mask);
        match table.address.permissions_on(name) {
            Some(object) => {
                resource.keep(&mut body, reported);
                Self::Put { name, object, body }
            }
            None => Self::Update { name, mask, body },
        }
    }
}

/// An object before a change, with all that Terraform stores for it.
struct PriorState {
    state: Object,
    identity: Option<Object>,
    memory: PrivateState,
}

impl PriorState {
    /// The object as it was, because a change did not come about.
    fn unchanged(self, diagnostics: impl Into<Diagnostics>) -> ResourceAnswer {
        ResourceAnswer {
            state: Some(self.state),
            private: self.memory.write(),
            identity: self.identity,
            diagnostics: diagnostics.into(),
        }
    }
}

/// An object with the name that it turned out to have.
fn named(table: &Table, name: &str, mut object: Object) -> Object {
    let id = table.address.split(name).and_then(|it| it.id);
    object.insert("name".to_owned(), name.into());
    if let (Some(field), Some(id)) = (table.id(), id) {
        object.insert(field.name.to_owned(), id.into());
    }
    object
}

/// The planned object with what is still unknown left out.
fn without_unknowns(planned: &Object) -> Object {
    decode::complete(planned, &Object::new())
}

/// Whether an answer is about an object in the trash, which a GET shows as if it lived.
pub fn is_deleted(reported: &Value) -> bool {
    ["/delete_time", "/status/delete_time"].iter().any(|it| reported.pointer(it).is_some())
}

/// How to manage an object that exists already.
fn import_or_adopt_hint(name: &str, type_name: &str, adoptable: bool) -> String {
    let adoption = if adoptable {
        "\n\nTo adopt it and update its settings to match the configuration instead, \
         add:\n\n  replace_existing = true"
    } else {
        ""
    };
    format!(
        "To import it, add this block (replace `{type_name}.example` with the resource \
         address):\n\n  import {{\n    to = {type_name}.example\n    id = \
         \"{name}\"\n  }}{adoption}"
    )
}

/// The run was interrupted before any request was sent.
fn interrupted_before_request(attempt: &Attempt<'_>) -> Diagnostic {
    let Attempt { verb, noun, name } = attempt;
    let summary = format!("Did not {verb} {noun} `{name}`");
    Diagnostic::error(summary, "The run was interrupted before any request was sent.")
}

/// A warning that an operation goes on without us.
fn operation_continues(attempt: &Attempt<'_>, error: &Error) -> Diagnostic {
    let Attempt { verb, noun, name } = attempt;
    let operation = error.operation().unwrap_or(error.request());
    // Without an error, lest Terraform taint the object, Terraform reports success.
    let complete = match *verb {
        "create" => ", although the output says `Creation complete`",
        "update" => ", although the output says `Modifications complete`",
        _ => "",
    };
    Diagnostic::warning(
        format!("Interrupted while waiting to {verb} {noun} `{name}`"),
        format!(
            "Lakebase continues with `{operation}`{complete}. The next plan or apply waits for \
             the operation and shows the result."
        ),
    )
}
