//! Changing an object.

use tfplugin::{Call, Diagnostics, Object, ResourceAnswer};

use super::report::Attempt;
use super::{
    Lifecycle, Mutation, PriorState, Purpose, interrupted_before_request, without_unknowns,
};
use crate::model::encode;
use crate::model::table::Resource;

impl Lifecycle {
    /// *Flow.* One PATCH, whose mask names the leaves that differ; none, if none does. Then wait
    /// for the operation, and until the object has settled.
    ///
    /// *Guarantees.* When it fails, the state is the prior one unless the service took the change
    /// on: then it is the planned one, and the next read tells what became of it.
    pub(super) async fn update(
        &self,
        resource: &dyn Resource,
        before: PriorState,
        planned: &Object,
        call: &Call,
    ) -> ResourceAnswer {
        let (table, client) = (resource.table(), &self.client);
        let (name, scope) = (table.name_of(&before.state), table.scope(&before.state));
        let (Some(name), Some(scope)) = (name, scope) else {
            return PriorState { state: without_unknowns(planned), ..before }
                .unchanged(Diagnostics::new());
        };
        let attempt = Attempt { verb: "update", noun: table.noun, name: &name };
        let mask = encode::mask(table, &before.state, planned);
        if mask.is_empty() && planned.values().all(tfplugin::Value::is_wholly_known) {
            // Nobody was asked, so that what is remembered of the workspace stays as it is.
            return PriorState { state: planned.clone(), ..before }.unchanged(Diagnostics::new());
        }
        let Some(_turn) = self.turn(&scope, call).await else {
            return before.unchanged(interrupted_before_request(&attempt));
        };
        let deadline = self.deadline(table, planned, Purpose::Update, call);
        let (identity, memory) = (before.identity.as_ref(), &before.memory);
        if let Some(elsewhere) =
            self.workspace_mismatch_before_change(&attempt, identity, memory, &deadline).await
        {
            return before.unchanged(elsewhere);
        }
        let finished = if mask.is_empty() {
            self.settle(resource, &name, planned, &deadline).await
        } else {
            let reported = match self.before_update(resource, &name, planned, &deadline).await {
                Ok(reported) => reported,
                Err(refusals) => return before.unchanged(refusals),
            };
            let change = Mutation::update(resource, &name, &mask, planned, &reported);
            match self.retry_on_conflict(&change, &scope, &deadline).await {
                Ok(operation) => self.finish(resource, &name, operation, planned, &deadline).await,
                Err(error) => {
                    let failed = attempt.failed_with(client, Some(table), planned, &error);
                    return before.unchanged(failed);
                }
            }
        };
        match self.concluded(resource, &attempt, planned, finished, None) {
            Ok(answer) => answer,
            Err(error) => before.unchanged(attempt.failed(client, Some(table), &error)),
        }
    }
}
