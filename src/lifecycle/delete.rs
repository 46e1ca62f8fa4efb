//! Deleting an object.

use tfplugin::{Call, Diagnostic, ResourceAnswer};

use super::report::Attempt;
use super::{Before, Change, Lifecycle, Purpose, interrupted_in_the_queue, is_protected, name_of};
use crate::model::encode;
use crate::model::field::Place;
use crate::model::table::{Resource, Table};

impl Lifecycle {
    /// *Flow.* One DELETE, then wait for the operation.
    ///
    /// *Guarantees.* When it fails, the object stays in the state. Absent is success, and so is
    /// what goes with its parent: the plan has said that it stays.
    ///
    /// *Assumptions.* The delete half of a replacement purges, because the id of an object in the
    /// trash stays taken, and the create half could not have it.
    pub(super) async fn delete(
        &self,
        resource: &dyn Resource,
        mut before: Before,
        replaced: bool,
        call: &Call,
    ) -> ResourceAnswer {
        let (table, client) = (resource.table(), &self.client);
        let Some(name) = name_of(table, &before.state) else { return ResourceAnswer::default() };
        let attempt = Attempt { verb: "delete", noun: table.noun(), name: &name };
        if is_protected(&before.state) {
            // Only a tainted object comes here: every plan of its destruction is refused.
            return before.unchanged(still_protected(&attempt));
        }
        let Some(_turn) = self.turn(&name, call).await else {
            return before.unchanged(interrupted_in_the_queue(&attempt));
        };
        let patience = self.patience(table, &before.state, Purpose::Delete, call);
        let (identity, memory) = (before.identity.as_ref(), &before.memory);
        if let Some(elsewhere) =
            self.would_be_elsewhere(&attempt, identity, memory, &patience).await
        {
            return before.unchanged(elsewhere);
        }
        let mut query = encode::delete_query(table, &before.state);
        if let Some(purge) = purge(table).filter(|_| replaced)
            && query.iter().all(|(name, _)| *name != purge)
        {
            query.push((purge, "true".to_owned()));
        }
        let change = Change::Delete { name: &name, query };
        let finished = match self.unhindered(&change, &patience).await {
            Ok(operation) => client.wait(operation, &patience).await.map(|_| ()),
            Err(error) => Err(error),
        };
        // The 404 of a request that refers to other objects may be about one of them.
        let is_gone = match &finished {
            Err(error) if error.is_reference_not_found() => {
                client.get(&name, &patience).await.is_err_and(|error| error.is_not_found())
            }
            Err(error) => error.is_not_found() || error.is_managed_by_parent(),
            Ok(()) => true,
        };
        match finished {
            Err(error) if !is_gone => {
                before.memory.operation = error.operation().map(str::to_owned);
                before.unchanged(attempt.failed(client, Some(table), &error))
            }
            _ => ResourceAnswer::default(),
        }
    }
}

/// The query parameter that skips the trash, where the resource has one.
fn purge(table: &Table) -> Option<&'static str> {
    table.fields.iter().find_map(|it| match it.place {
        Place::OnDelete("purge") => Some("purge"),
        _ => None,
    })
}

fn still_protected(attempt: &Attempt<'_>) -> Diagnostic {
    let Attempt { noun, name, .. } = attempt;
    Diagnostic::error(
        format!("The {noun} `{name}` is protected"),
        "It is tainted, so that Terraform would destroy it and make it anew, but its \
         `deletion_protection` is on. Nothing was sent. If the object is all right, keep it \
         (put its address for ADDRESS):\n\n  terraform untaint ADDRESS\n\nIf it shall go, apply \
         `deletion_protection = false` first.",
    )
}
