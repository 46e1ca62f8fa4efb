//! Managed resources: planning a change and carrying it out.

use super::call::Rpc;
use super::outgoing::{planned, planned_identity, settled, settled_identity};
use super::wire;
use crate::generated::tfplugin6::{DynamicValue, apply_resource_change, plan_resource_change};
use crate::{ApplyResource, Diagnostic, PlanResource};

pub(super) async fn plan(
    rpc: &Rpc<'_>,
    request: plan_resource_change::Request,
) -> Result<plan_resource_change::Response, Diagnostic> {
    let catalog = rpc.catalog()?;
    let shape = catalog.resource(&request.type_name)?;
    let identity = catalog.identity(&request.type_name);
    let call = rpc.surroundings(request.client_capabilities);
    let request = PlanResource {
        prior: wire::optional("prior state", shape.r#type, request.prior_state)?,
        proposed: wire::optional("proposed state", shape.r#type, request.proposed_new_state)?,
        config: wire::optional("configuration", shape.r#type, request.config)?,
        prior_private: request.prior_private,
        planned_private: request.planned_private,
        identity: wire::identity(identity, request.prior_identity)?,
        type_name: request.type_name,
    };
    let mut answer =
        rpc.ask(|provider| async move { provider.plan_resource(request, &call).await }).await?;
    let planned_identity = planned_identity(identity, answer.identity, &mut answer.diagnostics);
    Ok(plan_resource_change::Response {
        planned_state: Some(planned(shape, answer.planned, &mut answer.diagnostics)),
        requires_replace: answer.requires_replace.iter().map(wire::path).collect(),
        planned_private: answer.private,
        planned_identity,
        diagnostics: wire::diagnostics(answer.diagnostics),
        ..plan_resource_change::Response::default()
    })
}

/// What is answered where the plan fails: the object as it is.
pub(super) fn unplanned(request: &plan_resource_change::Request) -> plan_resource_change::Response {
    plan_resource_change::Response {
        planned_state: request.prior_state.clone(),
        planned_private: request.prior_private.clone(),
        planned_identity: request.prior_identity.clone(),
        ..plan_resource_change::Response::default()
    }
}

pub(super) async fn apply(
    rpc: &Rpc<'_>,
    request: apply_resource_change::Request,
) -> Result<apply_resource_change::Response, Diagnostic> {
    let catalog = rpc.catalog()?;
    let shape = catalog.resource(&request.type_name)?;
    let identity = catalog.identity(&request.type_name);
    // The request does not say what Terraform understands.
    let call = rpc.surroundings(None);
    let request = ApplyResource {
        prior: wire::optional("prior state", shape.r#type, request.prior_state)?,
        planned: wire::optional("planned state", shape.r#type, request.planned_state)?,
        config: wire::optional("configuration", shape.r#type, request.config)?,
        planned_private: request.planned_private,
        planned_identity: wire::identity(identity, request.planned_identity)?,
        type_name: request.type_name,
    };
    let mut answer =
        rpc.ask(|provider| async move { provider.apply_resource(request, &call).await }).await?;
    Ok(apply_resource_change::Response {
        new_state: Some(settled(shape, answer.state, &mut answer.diagnostics)),
        private: answer.private,
        new_identity: settled_identity(identity, answer.identity, &mut answer.diagnostics),
        diagnostics: wire::diagnostics(answer.diagnostics),
        ..apply_resource_change::Response::default()
    })
}

/// What is answered where the apply fails before the provider answers. Without this an update would
/// lose state, private bytes and identity, although the object exists. A create has no identity yet
/// that Terraform would accept.
pub(super) fn unapplied(
    request: &apply_resource_change::Request,
) -> apply_resource_change::Response {
    let nothing = [wire::null(), DynamicValue::default()];
    let exists = request.prior_state.as_ref().is_some_and(|it| !nothing.contains(it));
    apply_resource_change::Response {
        new_state: request.prior_state.clone(),
        private: request.planned_private.clone(),
        new_identity: request.planned_identity.clone().filter(|_| exists),
        ..apply_resource_change::Response::default()
    }
}

#[cfg(test)]
mod tests;
