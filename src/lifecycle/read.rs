//! Reading an object, and finding one to import.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use lakebase_api::{Deadline, Error, Json};
use tfplugin::{
    Call, Diagnostic, Diagnostics, ImportResource, Object, ReadResource, ResourceAnswer, Value,
};
use tokio::sync::OnceCell;

use super::private::PrivateState;
use super::report::{Attempt, explain};
use super::{Lifecycle, Purpose, is_deleted};
use crate::model::address::Parts;
use crate::model::table::{Resource, Table};
use crate::model::{decode, expiry, meaning};

impl Lifecycle {
    /// *Flow.* Wait for a remembered operation. Then a GET, or the list that answers for all
    /// objects of one parent.
    ///
    /// *Guarantees.* An object leaves the state only if the workspace that it was created in says
    /// that it does not exist, or is in the trash.
    pub async fn read(
        &self,
        resource: &dyn Resource,
        request: ReadResource,
        call: &Call,
    ) -> ResourceAnswer {
        let ReadResource { state, private, identity, .. } = request;
        let table = resource.table();
        if !table.address.is_named() {
            return ResourceAnswer { state: Some(state), private, identity, ..Default::default() };
        }
        let mut diagnostics = Diagnostics::new();
        let kept = |diagnostics| ResourceAnswer {
            state: Some(state.clone()),
            private: private.clone(),
            identity: identity.clone(),
            diagnostics,
        };
        let Some(name) = table.name_of(&state) else {
            return kept(Diagnostic::error("Missing resource name", "The state contains no resource name. This is a bug in the provider; please report it.").into());
        };
        let attempt = Attempt { verb: "read", noun: table.noun, name: &name };
        let deadline = self.deadline(table, &state, Purpose::Read, call);
        let memory = PrivateState::read(&private);
        let resumed = match &memory.operation {
            Some(operation) => self.resume(resource, &attempt, operation, &state, &deadline).await,
            None => None,
        };
        let found = match resumed {
            Some(Ok(settled)) => Ok(settled),
            // Whatever became of the operation, the object is read as it is, with time of its own:
            // an operation that never ends must not block every plan.
            Some(Err(warning)) => {
                diagnostics.extend(warning);
                let deadline = self.deadline(table, &state, Purpose::Read, call);
                self.get(table, &name, &deadline).await
            }
            None => self.get_or_list(table, &name, &deadline).await,
        };
        if let Some(elsewhere) = self.workspace_mismatch(&attempt, identity.as_ref(), &memory) {
            return kept(elsewhere.into());
        }
        match found {
            Ok(reported) if !is_deleted(&reported) => {
                diagnostics.extend(another(&attempt, &state, &reported));
                let state = decode::state(resource, &reported, &state, &self.settings);
                ResourceAnswer {
                    diagnostics,
                    ..self.answer(&name, state, &PrivateState::default())
                }
            }
            Ok(_) => ResourceAnswer { diagnostics, ..ResourceAnswer::default() },
            Err(error) if error.is_not_found() => {
                let at = expiry::expired_at(table, &state, self.clock.now());
                diagnostics.extend(at.map(|at| expired(&attempt, &at)));
                ResourceAnswer { diagnostics, ..ResourceAnswer::default() }
            }
            Err(error) => {
                diagnostics.extend(attempt.failed(&self.client, Some(table), &error));
                kept(diagnostics)
            }
        }
    }

    /// Finds an object to import, by its name or its identity; a read follows.
    pub fn import(&self, resource: &dyn Resource, request: &ImportResource) -> ResourceAnswer {
        let table = resource.table();
        let address = table.address;
        if !address.is_named() {
            let detail = "The Lakebase API does not return existing credentials. Create a new one.";
            return Diagnostic::error("Credentials cannot be imported", detail).into();
        }
        let of_identity =
            |key| request.identity.as_ref().and_then(|identity| identity.get(key)?.as_str());
        let name = of_identity("name").unwrap_or(&request.id);
        let Some(Parts { parent, id }) = address.split(name) else {
            let detail = format!(
                "`{name}` is not a valid {} resource name. Expected format: `{address}`.",
                table.noun
            );
            return Diagnostic::error("Invalid import ID", detail).into();
        };
        let mut state: Object =
            table.fields.iter().map(|field| (field.name.to_owned(), Value::Null)).collect();
        state.insert("name".to_owned(), name.into());
        for (field, value) in [(table.id(), id), (table.parent(), parent)] {
            if let (Some(field), Some(value)) = (field, value) {
                state.insert(field.name.to_owned(), value.into());
            }
        }
        // The workspace comes from the configuration; a read checks it against the identity's.
        let identity = request.identity.clone().unwrap_or_else(|| self.identity(name));
        ResourceAnswer { state: Some(state), identity: Some(identity), ..Default::default() }
    }

    /// Waits for an operation that an interrupted apply left running: the object as it settled, or
    /// what to say of the operation, which is then forgotten. None, if it is not known any more.
    async fn resume(
        &self,
        resource: &dyn Resource,
        attempt: &Attempt<'_>,
        operation: &str,
        state: &Object,
        deadline: &Deadline,
    ) -> Option<Result<Json, Option<Diagnostic>>> {
        tracing::debug!(operation, "waiting for the operation of an earlier run");
        let waited = match self.client.operation(operation, deadline).await {
            Ok(operation) => self.finish(resource, attempt.name, operation, state, deadline).await,
            Err(error) => Err(error),
        };
        let error = match waited {
            Ok(settled) => return Some(Ok(settled)),
            Err(error) if error.is_not_found() => return Some(Err(None)),
            Err(error) => error,
        };
        let Attempt { noun, name, .. } = attempt;
        let summary = if error.is_timeout() {
            format!("A previous operation on {noun} `{name}` is still running")
        } else {
            format!("A previous operation on {noun} `{name}` failed")
        };
        Some(Err(Some(Diagnostic::warning(summary, explain(&self.client, &error)))))
    }

    async fn get_or_list(
        &self,
        table: &Table,
        name: &str,
        deadline: &Deadline,
    ) -> Result<Json, Error> {
        let parent = table.address.split(name).and_then(|it| it.parent);
        let Some(parent) = parent.filter(|_| table.life.listed) else {
            return self.get(table, name, deadline).await;
        };
        let collection = table.address.collection(Some(parent));
        let siblings = self.reads.of(&collection);
        if siblings.is_asked_again()
            && let Some(list) = siblings.list(&self.client, &collection, deadline).await
            && let Some(found) = list.get(name)
        {
            return Ok(found.clone());
        }
        self.client.get(name, deadline).await
    }
}

/// The object was deleted and created again by somebody else: it has its name, not its data.
fn another(attempt: &Attempt<'_>, state: &Object, reported: &Json) -> Option<Diagnostic> {
    let before = state.get("uid")?.as_str()?;
    let after = reported["uid"].as_str().filter(|uid| *uid != before)?;
    let Attempt { noun, name, .. } = attempt;
    Some(Diagnostic::warning(
        format!("{} was recreated outside of Terraform", meaning::subject(noun, name)),
        format!(
            "The `uid` changed from `{before}` to `{after}`: the {noun} was deleted and created again, \
             and contains other data."
        ),
    ))
}

/// An object that another resource type had in its state, in the workspace that its state names:
/// the read that follows makes sure of the workspace.
pub fn moved(state: Object, workspace: Option<&str>) -> ResourceAnswer {
    let name = state.get("name").cloned().unwrap_or_default();
    let id = workspace.map_or(Value::Null, Value::from);
    let identity = [("workspace_id".to_owned(), id), ("name".to_owned(), name)].into();
    let memory =
        PrivateState { workspace: workspace.map(str::to_owned), ..PrivateState::default() };
    ResourceAnswer {
        state: Some(state),
        private: memory.write(),
        identity: Some(identity),
        ..ResourceAnswer::default()
    }
}

/// An object that was to expire and is no more.
fn expired(attempt: &Attempt<'_>, at: &str) -> Diagnostic {
    let Attempt { noun, name, .. } = attempt;
    let summary = format!("{} has expired", meaning::subject(noun, name));
    let detail = format!(
        "Lakebase deleted the {noun} at {at}. Terraform plans to create it again because it is still in the configuration. To prevent this, remove the resource block."
    );
    Diagnostic::warning(summary, detail)
}

/// What was read of each collection: from the second read on, one list answers for all.
#[derive(Default)]
pub struct Reads(Mutex<HashMap<String, Arc<Siblings>>>);

/// The objects of one parent.
#[derive(Default)]
struct Siblings {
    asked: AtomicBool,
    /// Nothing, if the list failed: then each object is asked for by itself.
    list: OnceCell<Option<HashMap<String, Json>>>,
}

impl Reads {
    /// Forgets what was read, because it is about to change.
    pub fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn of(&self, collection: &str) -> Arc<Siblings> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(collection.to_owned()).or_default().clone()
    }
}

impl Siblings {
    fn is_asked_again(&self) -> bool {
        self.asked.swap(true, Ordering::Relaxed)
    }

    async fn list(
        &self,
        client: &lakebase_api::Client,
        collection: &str,
        deadline: &Deadline,
    ) -> Option<&HashMap<String, Json>> {
        let list = async {
            let objects = client.list(collection, &[], deadline).await.ok()?;
            let named = |object: Json| Some((object["name"].as_str()?.to_owned(), object));
            Some(objects.into_iter().filter_map(named).collect())
        };
        self.list.get_or_init(|| list).await.as_ref()
    }
}
