//! Changing an object.

use tfplugin::{Call, Diagnostics, Object, ResourceAnswer};

use super::private::PrivateState;
use super::report::Attempt;
use super::{
    Change, Lifecycle, PriorState, Purpose, interrupted_before_request, operation_continues,
    without_unknowns,
};
use crate::model::table::Resource;
use crate::model::{decode, encode};

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
            self.settle(resource, &name, &deadline).await
        } else {
            let body = encode::update_body(table, planned, &mask);
            let change = Change::Update { name: &name, mask: &mask, body };
            match self.retry_on_conflict(&change, &scope, &deadline).await {
                Ok(operation) => self.finish(resource, &name, operation, &deadline).await,
                Err(error) => {
                    let failed = attempt.failed_with(client, Some(table), planned, &error);
                    return before.unchanged(failed);
                }
            }
        };
        let error = match finished {
            Ok(reported) => {
                let read = decode::state(resource, &reported, planned, &self.settings);
                let state = decode::complete(planned, &read);
                return self.answer(&name, state, &PrivateState::default());
            }
            Err(error) => error,
        };
        let operation = error.operation().map(str::to_owned);
        let memory = PrivateState { operation, ..PrivateState::default() };
        if error.is_interrupted() {
            let mut answer = self.answer(&name, without_unknowns(planned), &memory);
            answer.diagnostics = operation_continues(&attempt, &error).into();
            return answer;
        }
        let diagnostics = attempt.failed(client, Some(table), &error);
        if error.is_timeout() {
            let answer = self.answer(&name, without_unknowns(planned), &memory);
            return ResourceAnswer { diagnostics, ..answer };
        }
        before.unchanged(diagnostics)
    }
}
