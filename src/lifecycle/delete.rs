//! Deleting an object.

use lakebase_api::{Deadline, Error, Json};
use tfplugin::{Call, Diagnostic, Diagnostics, Object, ResourceAnswer, Value};

use super::consent::{Refusal, Replacement};
use super::help::{Help as _, Section};
use super::report::Attempt;
use super::{Lifecycle, Mutation, PriorState, Purpose, interrupted_before_request};
use crate::model::encode;
use crate::model::life::Delete;
use crate::model::meaning;
use crate::model::table::{Resource, Table};
use crate::resources::{DELETION_PROTECTION, PURGE_ON_DELETE, UID};

impl Lifecycle {
    /// *Flow.* One DELETE, then wait for the operation. What Lakebase has no DELETE for is cleared by
    /// a PATCH, or only forgotten.
    ///
    /// *Guarantees.* When it fails, the object stays in the state. Absent is success, and so is
    /// what Lakebase deletes only along with its parent: the plan has said that it stays. The
    /// delete half of a replacement sends nothing that the plan's note does not allow, and nothing
    /// deletes an object that the same apply has created or adopted.
    pub(super) async fn delete(
        &self,
        resource: &dyn Resource,
        mut before: PriorState,
        replacement: Option<Replacement>,
        call: &Call,
    ) -> ResourceAnswer {
        let (table, client) = (resource.table(), &self.client);
        let of_state = Replacement::of(resource, &before.state);
        let name = of_state.name.clone();
        let attempt = Attempt { verb: "delete", noun: table.noun, name: &name };
        let scope = table.scope(&before.state).filter(|_| table.life.delete != Delete::Forget);
        let Some(scope) = scope.filter(|_| !name.is_empty()) else {
            return ResourceAnswer::default();
        };
        if before.memory.forget || self.walk.kept(&name) {
            return Diagnostics::from(kept(&attempt)).into();
        }
        // Only a tainted object is refused here: every other plan of its destruction is an error.
        let refuse = |refusal| refused(&attempt, refusal, table);
        let query = match replacement.map(|it| it.with_state(resource, &before.state)) {
            Some(replacement) => match replacement.deletion(table) {
                Ok(_) => query(table, &before, &replacement),
                Err(refusal) => return before.unchanged(refuse(refusal)),
            },
            None if of_state.deletion_protection => {
                return before.unchanged(refuse(Refusal::DeletionProtection));
            }
            None => encode::delete_query(table, &before.state),
        };
        let Some(_turn) = self.turn(&scope, call).await else {
            return before.unchanged(interrupted_before_request(&attempt));
        };
        let deadline = self.deadline(table, &before.state, Purpose::Delete, call);
        let (identity, memory) = (before.identity.as_ref(), &before.memory);
        if let Some(elsewhere) =
            self.workspace_mismatch_before_change(&attempt, identity, memory, &deadline).await
        {
            return before.unchanged(elsewhere);
        }
        let (mask, body) = match table.life.delete {
            Delete::Clear => encode::clearing(table, &before.state),
            _ => Default::default(),
        };
        let change = match table.life.delete {
            Delete::Clear if mask.is_empty() => return ResourceAnswer::default(),
            Delete::Clear => Mutation::Update { name: &name, mask: &mask, body },
            _ => Mutation::Delete { name: &name, query },
        };
        let finished = match self.retry_on_conflict(&change, &scope, &deadline).await {
            Ok(operation) => match client.wait(operation, &deadline).await {
                Ok(_) if table.life.lingers => {
                    self.wait_until_gone(&name, &before.state, &deadline).await
                }
                waited => waited.map(|_| ()),
            },
            Err(error) => Err(error),
        };
        // The 404 of a request that refers to other objects may be about one of them.
        let is_gone = match &finished {
            Err(error) if error.is_reference_not_found() => {
                client.get(&name, &deadline).await.is_err_and(|error| error.is_not_found())
            }
            Err(error) => error.is_not_found() || error.is_managed_by_parent(),
            Ok(()) => true,
        };
        match finished {
            Err(error) if !is_gone => {
                before.memory.operation = error.operation().map(str::to_owned);
                before.unchanged(attempt.failed(client, Some(table), &error))
            }
            _ => {
                self.walk.deleted(&before.state);
                ResourceAnswer::default()
            }
        }
    }
}

impl Lifecycle {
    /// Reads an object whose delete is done until it is not found, or another one has its name.
    async fn wait_until_gone(
        &self,
        name: &str,
        state: &Object,
        deadline: &Deadline,
    ) -> Result<(), Error> {
        let uid = state.get(UID.name()).and_then(Value::as_str);
        let look = |reported: &Json| {
            let is_same = uid.is_none_or(|uid| reported["uid"] == uid);
            Ok(is_same.then(|| "its delete is done, and reads still find it".to_owned()))
        };
        self.client.settle(name, look, deadline).await.map(|_| ())
    }
}

/// The parameters of the delete half: what the plan has announced decides about what is lost, not
/// the state.
fn query(
    table: &Table,
    before: &PriorState,
    replacement: &Replacement,
) -> Vec<(&'static str, String)> {
    let mut query = encode::delete_query(table, &before.state);
    let consent = table.consent().map(|(_, parameter)| parameter);
    query.retain(|(name, _)| Some(*name) != consent);
    query.extend(consent.filter(|_| replacement.consent).map(|it| (it, "true".to_owned())));
    query
}

/// The deposed half of an object that the create half has adopted under the same name.
fn kept(attempt: &Attempt<'_>) -> Diagnostic {
    let Attempt { noun, name, .. } = attempt;
    Diagnostic::warning(
        format!("{} was kept", meaning::subject(noun, name)),
        "The state contains the same object a second time, created, adopted or kept by this apply. \
         `create_before_destroy` cannot replace an object under the same ID. No request was sent.",
    )
}

fn refused(attempt: &Attempt<'_>, refusal: Refusal, table: &Table) -> Diagnostic {
    let Attempt { noun, name, .. } = attempt;
    let (why, way_out) = match refusal {
        Refusal::DeletionProtection => (
            format!("`{DELETION_PROTECTION}` is `true`"),
            format!(
                "To delete it, set `{DELETION_PROTECTION} = false` and apply that change separately first."
            ),
        ),
        Refusal::IsProtected => (
            "it is protected, or contains a protected branch (`is_protected`)".to_owned(),
            "To delete it, set `is_protected = false` and apply that change separately first."
                .to_owned(),
        ),
        Refusal::OnlyWithParent => (
            format!("Lakebase deletes it only together with its {}", table.parent_noun()),
            format!("To replace it, replace its {}.", table.parent_noun()),
        ),
        Refusal::NoConsent => (
            "the delete would be permanent, because the new object has the same ID".to_owned(),
            format!(
                "To delete it permanently with everything that it contains, set `{} = true`.",
                PURGE_ON_DELETE.name()
            ),
        ),
    };
    Diagnostic::error(
        format!("Refused to delete {noun} `{name}`"),
        format!(
            "It is tainted, so Terraform would delete it and create it again, but {why}. No request \
             was sent. To keep it, run the following command, where ADDRESS is the address of the \
             `{}` (use `tofu` with OpenTofu):\n\n  terraform untaint ADDRESS\n\n{way_out}",
            table.type_name
        ),
    )
    .see(Section::TaintedObjects)
}
