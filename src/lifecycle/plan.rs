//! Plans a create, an update, a replacement or a destruction as Terraform shows it: the model's
//! plan, and what an apply would run into.
//!
//! Errors are for what cannot or must not happen. Findings are warnings that a reader of the plan
//! needs; the apply does not repeat them. [`replacement`] holds the rules of consent,
//! [`creation`] what a create will find, [`destruction`] what a destroy loses.

mod creation;
mod destruction;
mod replacement;

use std::sync::Arc;

use jiff::Timestamp;
use tfplugin::{Call, Diagnostic, Diagnostics, Object, PlanResource, PlannedResource, Value};

use super::Lifecycle;
use super::consent::{Deletion, Replacement};
use super::observe::Observed;
use super::private::PrivateState;
use super::walk::Walk;
use crate::model::encode::Difference;
use crate::model::life::{Create, HasCompute};
use crate::model::meaning;
use crate::model::plan::{self, PlanContext, Planned};
use crate::model::table::{Resource, Settings, Table};
use crate::resources::{self, DEFAULTS};
use replacement::Cause;

/// What a plan is made with, besides the request.
pub struct Surroundings<'a> {
    /// The way to Lakebase; `None`, where the provider block is not known yet.
    pub lifecycle: Option<&'a Lifecycle>,
    /// What Terraform has told this process.
    pub walk: &'a Walk,
    /// What the provider block says.
    pub settings: &'a Settings,
    /// The time.
    pub now: Timestamp,
}

/// Plans a create, an update, a replacement or a destruction. Without a way to Lakebase, it plans
/// all the same, and looks at nothing.
///
/// Terraform plans a replacement in two calls: one with the prior state, whose answer says that it
/// must be one, and one without. The first tells the second through the private state. The
/// replacement of a tainted object is planned in one call without prior state: [`Walk`] knows that
/// the object is in the state.
pub async fn plan(
    surroundings: &Surroundings<'_>,
    resource: &dyn Resource,
    request: &PlanResource,
    call: &Call,
) -> PlannedResource {
    let Surroundings { lifecycle, walk, settings, now } = *surroundings;
    // While applying, Terraform plans once more: findings were told, and looking costs requests.
    let destruction = request.config.is_none();
    let planning = walk.plans(call.capabilities.deferral_allowed, destruction);
    let review_warnings = settings.review_warnings && planning;
    let caller = match lifecycle {
        Some(lifecycle) if resource.table().life.create == Create::Put => {
            lifecycle.planned_caller(resource.table(), request, call).await
        }
        _ => None,
    };
    let surroundings = &Surroundings {
        lifecycle: lifecycle.filter(|_| planning),
        walk,
        settings: &Settings { review_warnings, caller, ..settings.clone() },
        now,
    };
    let Some(config) = &request.config else {
        return destruction::plan(surroundings, resource, request, call).await;
    };
    let preview = Preview::new(surroundings, resource, request, config, call).await;
    let observed = preview.observe(call).await;
    preview.tell(&observed)
}

/// What is planned.
enum PlanKind<'a> {
    /// The object is not in the state.
    Create,
    /// An update, or the first call of a replacement.
    Update(&'a Object),
    /// The second call of a replacement, or the only one of a tainted object.
    Replace(Replacement, Cause),
}

/// A create, an update or a replacement, planned but not yet told.
struct Preview<'a> {
    surroundings: &'a Surroundings<'a>,
    resource: &'a dyn Resource,
    table: &'static Table,
    request: &'a PlanResource,
    config: &'a Object,
    kind: PlanKind<'a>,
    planned: Planned,
    /// What a tainted object holds.
    tainted: Option<Arc<Observed>>,
}

impl<'a> Preview<'a> {
    async fn new(
        surroundings: &'a Surroundings<'a>,
        resource: &'a dyn Resource,
        request: &'a PlanResource,
        config: &'a Object,
        call: &Call,
    ) -> Self {
        let Surroundings { lifecycle, walk, settings, now } = *surroundings;
        let table = resource.table();
        let mut tainted = None;
        let note = PrivateState::read(&request.prior_private).replacement;
        let in_state = || {
            let name = table.name_of(config).filter(|_| table.address.is_object())?;
            walk.in_state(&name)
        };
        let kind = match (&request.prior, note) {
            (Some(prior), _) => PlanKind::Update(prior),
            (None, Some(note)) => PlanKind::Replace(note, Cause::Demanded),
            (None, None) => match in_state() {
                Some(state) => {
                    let mut replacement = Replacement::of(resource, &state);
                    if let Some(lifecycle) = lifecycle {
                        let name = &replacement.name;
                        let observed = lifecycle.observe_inside(table, name, &state, call).await;
                        let branch =
                            lifecycle.observe_protected_parent(table, name, &state, call).await;
                        replacement.is_protected |=
                            branch.is_some() || !observed.protected.is_empty();
                        tainted = Some(observed);
                    }
                    PlanKind::Replace(replacement.by(table, config, false), Cause::Tainted)
                }
                None => PlanKind::Create,
            },
        };
        // What is replaced under its name takes its children along: their plans must not know the
        // name. What the apply will refuse to delete takes nothing along.
        let replacing = match &kind {
            PlanKind::Replace(it, Cause::Tainted) if it.deletion(table).is_err() => None,
            PlanKind::Replace(replacement, _) => Some(replacement.name.as_str()),
            _ => None,
        };
        let occasion = PlanContext { settings, now, replacing };
        let planned = plan::plan(resource, request.prior.as_ref(), config, &occasion);
        Self { surroundings, resource, table, request, config, kind, planned, tainted }
    }

    /// The replacement, if this is one.
    fn replacement(&self) -> Option<Replacement> {
        let replaced = match &self.kind {
            PlanKind::Create => return None,
            PlanKind::Update(_) if self.planned.requires_replace.is_empty() => return None,
            PlanKind::Update(prior) => Replacement::of(self.resource, prior),
            PlanKind::Replace(replacement, _) => replacement.clone(),
        };
        Some(self.succeeded(replaced))
    }

    fn succeeded(&self, replaced: Replacement) -> Replacement {
        let deleted_with_parent = self.surroundings.walk.replaces_what_holds(&replaced.name);
        // The planned name of a replacement is unknown on purpose; its parts tell it.
        let mut parts = self.planned.object.clone();
        parts.remove("name");
        replaced.by(self.table, &parts, deleted_with_parent)
    }

    /// Only what is created, replaced, or a change of defaults looks at anything.
    async fn observe(&self, call: &Call) -> Arc<Observed> {
        let lifecycle = self.surroundings.lifecycle.filter(|_| self.table.address.is_readable());
        let Some(lifecycle) = lifecycle else { return Arc::default() };
        let (table, planned) = (self.table, &self.planned.object);
        let object = match &self.kind {
            PlanKind::Create => {
                return lifecycle.observe_creation(self.resource, planned, call).await;
            }
            PlanKind::Update(prior) => prior,
            PlanKind::Replace(..) => planned,
        };
        let inside = match (self.replacement(), &self.tainted) {
            (Some(_), Some(tainted)) => tainted.clone(),
            (Some(replacement), None) => {
                lifecycle.observe_inside(table, &replacement.name, object, call).await
            }
            (None, _) => match table.name_of(object).filter(|_| self.changes_defaults()) {
                Some(name) => {
                    return lifecycle.observe_inside(table, &name, object, call).await;
                }
                None => return Arc::default(),
            },
        };
        let mut observed = Observed::clone(&inside);
        lifecycle.observe_source(&mut observed, table, planned, call).await;
        if let Some(Replacement { name, .. }) = self.replacement() {
            let branch = lifecycle.observe_protected_parent(table, &name, object, call).await;
            observed.protected.extend(branch);
        }
        Arc::new(observed)
    }

    fn changes_defaults(&self) -> bool {
        let PlanKind::Update(prior) = self.kind else { return false };
        self.table.field(DEFAULTS).is_some()
            && prior.get(DEFAULTS) != self.planned.object.get(DEFAULTS)
    }

    fn tell(mut self, observed: &Observed) -> PlannedResource {
        let (walk, replacement) = (self.surroundings.walk, self.replacement());
        let mut told = Diagnostics::new();
        if let (PlanKind::Update(prior), None) = (&self.kind, &replacement)
            && let Some(name) = self.table.name_of(prior)
            && self.table.address.is_object()
            && !walk.plans_update(&name)
        {
            told.push(twice(self.table, &name));
        }
        match &self.kind {
            PlanKind::Create => told.extend(self.creation(observed)),
            PlanKind::Update(_)
                if replacement.is_none()
                    && self.surroundings.settings.review_warnings
                    && self.changes_defaults() =>
            {
                let name = self.table.name_of(&self.planned.object).unwrap_or_default();
                told.extend(unaffected_endpoints(&name, observed));
            }
            _ => {}
        }
        if let Some(replacement) = &replacement {
            told.extend(self.replacing(replacement, observed));
            if !told.has_errors()
                && replacement.deletion(self.table) == Ok(Deletion::Permanent)
                && replacement.may_keep_its_name()
            {
                walk.plans_permanent_replacement(replacement);
            }
        }
        if matches!(self.kind, PlanKind::Create | PlanKind::Replace(_, Cause::Tainted))
            && !told.has_errors()
            && let Some(name) = self.table.name_of(&self.planned.object)
            && self.table.address.is_object()
        {
            walk.plans_create(&name);
        }
        told.extend(observed.failure.clone());
        self.planned.diagnostics.extend(told);
        let note = match &self.kind {
            // Terraform may ask for a replacement that the provider does not, such as `-replace`,
            // or know of a taint that this process does not: the delete half finds what is told
            // here.
            PlanKind::Create => Replacement::of(self.resource, &self.planned.object),
            PlanKind::Update(prior) => Replacement::of(self.resource, prior),
            PlanKind::Replace(replacement, _) => replacement.clone(),
        };
        let note = self.succeeded(note);
        let Planned { object, requires_replace, diagnostics } = self.planned;
        let memory = PrivateState::read(&self.request.prior_private);
        let named = self.table.address.is_object();
        let private = PrivateState { replacement: named.then_some(note), ..memory }.write();
        // None for what is to be created: its workspace is not known before it answers, and
        // Terraform cannot write a plan that holds an unknown identity as JSON (seen with 1.15.5).
        let identity = self.request.identity.clone().filter(|_| self.request.prior.is_some());
        PlannedResource { planned: Some(object), requires_replace, private, identity, diagnostics }
    }
}

/// The error of a plan that keeps an object and destroys it as well, because the state has it twice:
/// under two addresses, or as a deposed object that an interrupted apply has left.
fn twice(table: &Table, name: &str) -> Diagnostic {
    Diagnostic::error(
        format!("{} is in the state twice", meaning::subject(table.noun, name)),
        format!(
            "This plan keeps it under this address, and destroys it under another address or as a \
             deposed object. Nothing was changed. To keep it, remove all its addresses from the \
             state, and import it under this address (replace ADDRESS with each resource address; \
             use `tofu` with OpenTofu):\n\n  terraform state rm ADDRESS\n  terraform import ADDRESS \
             {name}"
        ),
    )
}

/// What is inside an object, by kind and number, with names where they are few; empty, if nothing
/// is known.
fn contents(observed: &Observed) -> String {
    let mut parts = Vec::new();
    for address in observed.addresses() {
        let names: Vec<_> = observed.of(address).map(|it| format!("`{it}`")).collect();
        let which = match names.len() {
            1..=5 => format!(" ({})", names.join(", ")),
            _ => format!(" ({}, …)", names[..5].join(", ")),
        };
        let noun = if names.len() == 1 { address.noun() } else { address.plural() };
        parts.push(format!("{} {noun}{which}", names.len()));
    }
    parts.join("; ")
}

/// What a delete loses, in words.
fn lost(table: &Table, observed: &Observed) -> String {
    let contents = contents(observed);
    match (contents.is_empty(), table.life.delete.loses_data()) {
        (false, _) => format!("its data, {contents}"),
        (true, true) => "its data and everything that it contains".to_owned(),
        (true, false) => "the object, which contains no data".to_owned(),
    }
}

/// A change of defaults does not reach the computes that exist.
fn unaffected_endpoints(name: &str, observed: &Observed) -> Option<Diagnostic> {
    let is_compute = |table: &&Table| table.compute == HasCompute::IsCompute;
    let table = resources::ALL.iter().map(|it| it.table()).find(is_compute)?;
    let endpoints: Vec<_> = observed.of(&table.address).collect();
    let mut lines: Vec<_> = endpoints.iter().take(10).map(|it| format!("  - `{it}`")).collect();
    if lines.len() < endpoints.len() {
        lines.push(format!("  - and {} more", endpoints.len() - lines.len()));
    }
    (!endpoints.is_empty()).then(|| {
        Diagnostic::warning(
            format!("New defaults of `{name}` do not apply to existing endpoints"),
            format!(
                "`{DEFAULTS}` applies only to endpoints created from now on. To change the following \
                 endpoints, manage each one with a `{}` resource:\n\n{}",
                table.type_name,
                lines.join("\n")
            ),
        )
    })
}

/// A change of a setting, with the values on both sides where they are short.
fn change(difference: &Difference<'_>) -> String {
    let text = |value: &Value| match value {
        Value::Number(it) => Some(it.to_string()),
        Value::String(it) => Some(format!("`{it}`")),
        Value::Bool(it) => Some(it.to_string()),
        Value::Null => Some("null".to_owned()),
        _ => None,
    };
    let values = text(difference.before).zip(text(difference.after));
    let values = values.map(|(before, after)| format!(": {before} -> {after}"));
    format!("`{}`{}", difference.attribute, values.unwrap_or_default())
}
