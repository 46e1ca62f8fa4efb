//! Planning: the model's plan, told as Terraform wants it.

use jiff::Timestamp;
use tfplugin::{Diagnostic, Object, PlanResource, PlannedResource, Value};

use super::private::{Memory, Replaced};
use super::{is_protected, name_of};
use crate::model::plan::{self, Occasion};
use crate::model::table::{Resource, Settings};

/// Plans a create, an update or a replacement.
///
/// Terraform plans a replacement in two calls: one with the prior state, whose answer says that it
/// must be one, and one without. The first tells the second through the private state.
pub fn plan(
    resource: &dyn Resource,
    request: PlanResource,
    config: &Object,
    settings: &Settings,
    now: Timestamp,
) -> PlannedResource {
    let table = resource.table();
    let memory = Memory::read(&request.prior_private);
    let replaced = memory.replaced.clone().filter(|_| request.prior.is_none());
    let occasion = Occasion { settings, now, replacing: replaced.is_some() };
    let plan::Planned { object, requires_replace, mut diagnostics } =
        plan::plan(resource, request.prior.as_ref(), config, &occasion);
    let name = request.prior.as_ref().and_then(|it| name_of(table, it)).unwrap_or_default();
    let protected = request.prior.as_ref().is_some_and(is_protected);
    if let Some(Replaced { protected: true, name }) = &replaced {
        diagnostics.push(refused(table.noun(), name, "replacement"));
    } else if protected && let Some(path) = requires_replace.first() {
        diagnostics.push(refused(table.noun(), &name, "replacement").at(path.clone()));
    }
    let memory = match &request.prior {
        Some(_) => Memory { replaced: Some(Replaced { protected, name }), ..memory },
        None => memory,
    };
    let identity = request.identity.clone().or_else(|| planned_identity(resource, &request, &object));
    let identity = if replaced.is_some() { planned_identity(resource, &request, &object) } else { identity };
    PlannedResource {
        planned: Some(object),
        requires_replace,
        private: memory.write(),
        identity,
        diagnostics,
    }
}

/// Plans a destruction.
pub fn plan_destroy(resource: &dyn Resource, request: &PlanResource) -> PlannedResource {
    let table = resource.table();
    let mut answer = PlannedResource {
        private: request.prior_private.clone(),
        identity: request.identity.clone(),
        ..PlannedResource::default()
    };
    if let Some(state) = request.prior.as_ref().filter(|it| is_protected(it)) {
        let name = name_of(table, state).unwrap_or_default();
        answer.diagnostics.push(refused(table.noun(), &name, "destruction"));
    }
    answer
}

/// The identity of an object that is to be created: its workspace is not known before it answers.
fn planned_identity(
    resource: &dyn Resource,
    request: &PlanResource,
    planned: &Object,
) -> Option<Object> {
    if request.prior.is_some() || resource.table().form.is_empty() {
        return None;
    }
    let name = planned.get("name").cloned().unwrap_or_else(Value::unknown);
    Some([("workspace_id".to_owned(), Value::unknown()), ("name".to_owned(), name)].into())
}

fn refused(noun: &str, name: &str, what: &str) -> Diagnostic {
    let lost = match noun {
        "project" => "all its branches with their data, its endpoints, roles and databases",
        "branch" => "its data, its endpoints, roles and databases",
        _ => "what depends on it",
    };
    Diagnostic::error(
        format!("The {noun} `{name}` is protected from {what}"),
        format!(
            "Its `deletion_protection` is on, and {lost} would be lost. If that is what you want, \
             apply `deletion_protection = false` first, on its own."
        ),
    )
}
