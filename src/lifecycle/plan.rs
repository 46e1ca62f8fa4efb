//! Planning: the model's plan, told as Terraform wants it, with what an apply would run into.
//!
//! Errors are for what cannot or must not happen. Findings are warnings that a reader of the plan
//! needs; they are told in the plan alone, and not again while applying it.

use std::sync::Arc;

use jiff::Timestamp;
use lakebase_api::Json;
use tfplugin::{Call, Diagnostic, Diagnostics, Object, PlanResource, PlannedResource, Value};

use super::observe::Observed;
use super::private::{Memory, Replaced};
use super::{Lifecycle, is_deleted, is_protected, name_of, ways_in};
use crate::model::plan::{self, Occasion, Planned};
use crate::model::table::{Resource, Settings, Table};
use crate::model::tf::Tf;
use crate::model::{adoption, decode, encode};
use crate::resources::{DEFAULTS, IS_PROTECTED, REPLACE_EXISTING};

/// Plans a create, an update, a replacement or a destruction. Without a way to the service, it
/// plans all the same, and looks at nothing.
///
/// Terraform plans a replacement in two calls: one with the prior state, whose answer says that it
/// must be one, and one without. The first tells the second through the private state.
pub async fn plan(
    lifecycle: Option<&Lifecycle>,
    resource: &dyn Resource,
    request: &PlanResource,
    settings: &Settings,
    now: Timestamp,
    call: &Call,
) -> PlannedResource {
    // While applying, Terraform plans once more: findings were told, and looking costs requests.
    let planning = !call.capabilities.deferral_allowed;
    let lifecycle = lifecycle.filter(|_| planning);
    let review_warnings = settings.review_warnings && planning;
    let settings = &Settings { review_warnings, ..settings.clone() };
    match &request.config {
        Some(config) => {
            let change = Change::new(resource, request, config, settings, now);
            let observed = change.observe(lifecycle, call).await;
            change.tell(&observed, lifecycle.is_some(), settings)
        }
        None => destroy(lifecycle, resource, request, call).await,
    }
}

/// A create, an update or a replacement, planned but not yet told.
struct Change<'a> {
    resource: &'a dyn Resource,
    table: &'static Table,
    request: &'a PlanResource,
    planned: Planned,
    /// The object that an earlier call planned to replace.
    replaced: Option<Replaced>,
    now: Timestamp,
}

impl<'a> Change<'a> {
    fn new(
        resource: &'a dyn Resource,
        request: &'a PlanResource,
        config: &Object,
        settings: &Settings,
        now: Timestamp,
    ) -> Self {
        let replaced = Memory::read(&request.prior_private).replaced;
        let replaced = replaced.filter(|_| request.prior.is_none());
        let occasion = Occasion { settings, now, replacing: replaced.is_some() };
        let planned = plan::plan(resource, request.prior.as_ref(), config, &occasion);
        Self { resource, table: resource.table(), request, planned, replaced, now }
    }

    /// Only what is created, replaced, or a change of defaults looks at anything.
    async fn observe(&self, lifecycle: Option<&Lifecycle>, call: &Call) -> Arc<Observed> {
        let Some(lifecycle) = lifecycle.filter(|_| !self.table.form.is_empty()) else {
            return Arc::default();
        };
        match &self.request.prior {
            None => match &self.replaced {
                Some(Replaced { name, .. }) => {
                    lifecycle.observe_inside(self.table, name, &self.planned.object, call).await
                }
                None => lifecycle.observe_creation(self.resource, &self.planned.object, call).await,
            },
            Some(prior) if self.is_replacement() || self.changes_defaults(prior) => {
                let name = self.replaced_by(prior).name;
                lifecycle.observe_inside(self.table, &name, prior, call).await
            }
            Some(_) => Arc::default(),
        }
    }

    fn is_replacement(&self) -> bool {
        !self.planned.requires_replace.is_empty()
    }

    fn changes_defaults(&self, prior: &Object) -> bool {
        self.table.field(DEFAULTS).is_some()
            && prior.get(DEFAULTS) != self.planned.object.get(DEFAULTS)
    }

    fn tell(mut self, observed: &Observed, findings: bool, settings: &Settings) -> PlannedResource {
        let mut told = Diagnostics::new();
        match &self.request.prior {
            None => {
                // This call is made whoever asked for the replacement, `-replace` included; of what
                // it says, Terraform shows errors only.
                if let Some(replaced) = &self.replaced {
                    told.extend(refuse_replacement(self.table, replaced, &self.planned.object));
                    told.extend(refuse_protected(self.table, replaced, observed));
                    told.extend(self.refused_replacement());
                } else if findings {
                    told.extend(self.creation(observed, settings));
                }
            }
            Some(prior) => {
                let replaced = self.replaced_by(prior);
                if self.is_replacement() {
                    let refused = refuse_replacement(self.table, &replaced, &self.planned.object);
                    let path = self.planned.requires_replace[0].clone();
                    told.extend(refused.map(|it| it.at(path.clone())));
                    let refused = refuse_protected(self.table, &replaced, observed);
                    told.extend(refused.map(|it| it.at(path)));
                    told.extend(self.refused_replacement());
                    if findings && !told.has_errors() {
                        told.extend(losses(self.table, &replaced.name, observed));
                    }
                } else if settings.review_warnings && self.changes_defaults(prior) {
                    told.extend(left_behind(&replaced.name, observed));
                }
            }
        }
        self.planned.diagnostics.extend(told);
        let Planned { object, requires_replace, diagnostics } = self.planned;
        let memory = Memory::read(&self.request.prior_private);
        let replaced = match &self.request.prior {
            Some(prior) => Some(replaced_by(self.resource, prior)),
            // Terraform plans the replacement of a tainted object like a create, without a word of
            // the object; the delete half then finds what is told here.
            None => self.replaced.or_else(|| Some(replaced_by(self.resource, &object))),
        };
        let memory = Memory { replaced, ..memory };
        let private = memory.write();
        // None for what is to be created: its workspace is not known before it answers, and
        // Terraform cannot write a plan that holds an unknown identity as JSON (seen with 1.15.5).
        let identity = self.request.identity.clone().filter(|_| self.request.prior.is_some());
        PlannedResource { planned: Some(object), requires_replace, private, identity, diagnostics }
    }

    fn replaced_by(&self, prior: &Object) -> Replaced {
        replaced_by(self.resource, prior)
    }

    fn refused_replacement(&self) -> Diagnostics {
        let prior = self.request.prior.as_ref();
        plan::refused_replacement(self.resource, prior, &self.planned.object, self.now)
    }

    /// What a create will run into.
    fn creation(&self, observed: &Observed, settings: &Settings) -> Diagnostics {
        let (table, planned) = (self.table, &self.planned.object);
        let noun = table.noun();
        let Some(name) = name_of(table, planned) else { return Diagnostics::new() };
        let adopts = REPLACE_EXISTING.of(planned) == Tf::Known(true);
        let adoptable = table.field(REPLACE_EXISTING.name()).is_some();
        let Some(existing) = &observed.existing else {
            let known = self.resource.is_born_with_its_parent(planned) && !adopts;
            let known = known.then(|| {
                Diagnostic::warning(
                    format!("The service makes the {noun} `{name}` by itself"),
                    format!(
                        "It comes along with its parent, so that this create will find it there \
                         and fail. To take it over and change its settings to the configured \
                         ones:\n\n  {} = true",
                        REPLACE_EXISTING.name()
                    ),
                )
            });
            return known.into_iter().collect();
        };
        if is_deleted(existing) {
            let summary = format!("The {noun} `{name}` is in the trash");
            let detail = "Its name stays taken, so that the create will fail. Restore it and \
                          import it, or delete it for good first (`purge`).";
            return Diagnostic::warning(summary, detail).into();
        }
        if !adopts {
            let summary = format!("The {noun} `{name}` exists already");
            let detail = format!(
                "Unless this plan destroys it first, as it does with a tainted object, the create \
                 will fail. {}",
                ways_in(&name, table.type_name, adoptable)
            );
            return Diagnostic::warning(summary, detail).into();
        }
        let occasion = Occasion { settings, now: self.now, replacing: false };
        let config = self.request.config.as_ref().unwrap_or(planned);
        let refusals = adoption::refusals(self.resource, existing, planned, config, &occasion);
        if refusals.has_errors() {
            return refusals;
        }
        self.adoption(&name, existing, settings).into()
    }

    fn adoption(&self, name: &str, existing: &Json, settings: &Settings) -> Diagnostic {
        let planned = &self.planned.object;
        let known = decode::complete(planned, &Object::new());
        let before = decode::state(self.resource, existing, &known, settings);
        let changes = encode::mask(self.table, &before, planned);
        let detail = if changes.is_empty() {
            "Nothing about it will change.".to_owned()
        } else {
            let changes = changes.iter().map(|path| {
                let path = path.trim_start_matches("spec.");
                format!("\n  - `{path}`{}", change_of(self.table, path, &before, planned))
            });
            format!("These of its settings will change:\n{}", changes.collect::<String>())
        };
        Diagnostic::warning(
            format!("The {} `{name}` exists and is taken over", self.table.noun()),
            detail,
        )
    }
}

/// Plans a destruction.
async fn destroy(
    lifecycle: Option<&Lifecycle>,
    resource: &dyn Resource,
    request: &PlanResource,
    call: &Call,
) -> PlannedResource {
    let table = resource.table();
    let mut answer = PlannedResource {
        private: request.prior_private.clone(),
        identity: request.identity.clone(),
        ..PlannedResource::default()
    };
    let Some(state) = request.prior.as_ref().filter(|_| !table.form.is_empty()) else {
        return answer;
    };
    let destroyed = replaced_by(resource, state);
    let name = &destroyed.name;
    let observed = match lifecycle {
        Some(lifecycle) => lifecycle.observe_inside(table, name, state, call).await,
        None => Arc::default(),
    };
    if destroyed.protected {
        let lost = list(table, &observed);
        answer.diagnostics.push(refused(table.noun(), name, "destruction", &lost));
    }
    answer.diagnostics.extend(refuse_protected(table, &destroyed, &observed));
    if lifecycle.is_some() && destroyed.stays {
        let noun = table.noun();
        answer.diagnostics.push(Diagnostic::warning(
            format!("The service deletes the {noun} `{name}` only along with its parent"),
            "Unless its parent is destroyed as well, it stays in place, with the settings that it \
             has now. Terraform forgets it.",
        ));
    }
    answer
}

fn replaced_by(resource: &dyn Resource, prior: &Object) -> Replaced {
    Replaced {
        protected: is_protected(prior),
        shielded: prior.get(IS_PROTECTED) == Some(&Value::Bool(true)),
        stays: resource.goes_with_its_parent(prior),
        name: name_of(resource.table(), prior).unwrap_or_default(),
    }
}

/// Why an object must not or cannot be replaced.
fn refuse_replacement(table: &Table, replaced: &Replaced, planned: &Object) -> Option<Diagnostic> {
    let Replaced { protected, stays, name, .. } = replaced;
    let noun = table.noun();
    if *protected {
        return Some(refused(noun, name, "replacement", ""));
    }
    // Under another parent, it is another object.
    let parent = table.split(name).and_then(|(parent, _)| parent);
    let planned = table.parent().and_then(|it| planned.get(it.name)).and_then(Value::as_str);
    if *stays && parent.is_some() && parent == planned {
        return Some(Diagnostic::error(
            format!("The {noun} `{name}` cannot be replaced"),
            "The service deletes it only along with its parent, so that it cannot make room for a \
             new one. Undo the change, or replace the parent.",
        ));
    }
    None
}

/// The service's own protection, which it would enforce only after other objects are gone.
fn refuse_protected(table: &Table, replaced: &Replaced, observed: &Observed) -> Option<Diagnostic> {
    let Replaced { shielded, name, .. } = replaced;
    let branches = if *shielded { vec![name.clone()] } else { observed.protected.clone() };
    if branches.is_empty() {
        return None;
    }
    let branches = branches.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ");
    Some(Diagnostic::error(
        format!("The service protects the {} `{name}`", table.noun()),
        format!(
            "`is_protected` is on for {branches}, so that the service would refuse to delete it. \
             If it shall go, apply `is_protected = false` first, on its own."
        ),
    ))
}

fn refused(noun: &str, name: &str, what: &str, lost: &str) -> Diagnostic {
    let otherwise = match noun {
        "project" => "all its branches with their data, its endpoints, roles and databases",
        "branch" => "its data, its endpoints, roles and databases",
        _ => "what depends on it",
    };
    let lost = if lost.is_empty() { format!("{otherwise}.") } else { lost.to_owned() };
    Diagnostic::error(
        format!("The {noun} `{name}` is protected from {what}"),
        format!(
            "Its `deletion_protection` is on. What would be lost: {lost}\n\nIf that is what you \
             want, apply `deletion_protection = false` first, on its own."
        ),
    )
    .at(crate::resources::DELETION_PROTECTION)
}

/// A replacement of what holds data says so, whoever asked for it.
fn losses(table: &Table, name: &str, observed: &Observed) -> Option<Diagnostic> {
    let lost = list(table, observed);
    let noun = table.noun();
    (!lost.is_empty()).then(|| {
        let summary = format!("This plan replaces the {noun} `{name}` with all that it holds");
        Diagnostic::warning(summary, format!("What will be lost, for good: {lost}"))
    })
}

/// What is inside an object, by kind and number, with names where they are few.
fn list(table: &Table, observed: &Observed) -> String {
    let mut parts = Vec::new();
    for (collection, one) in
        [("branches", "branch"), ("databases", "database"), ("endpoints", "endpoint")]
    {
        let names: Vec<_> = observed.of(collection).map(|it| format!("`{it}`")).collect();
        let which = match names.len() {
            0 => continue,
            1..=5 => format!(" ({})", names.join(", ")),
            _ => format!(" ({}, …)", names[..5].join(", ")),
        };
        let noun = if names.len() == 1 { one } else { collection };
        parts.push(format!("{} {noun}{which}", names.len()));
    }
    if parts.is_empty() || table.form.is_empty() {
        String::new()
    } else {
        format!("{}.", parts.join("; "))
    }
}

/// A change of defaults does not reach what exists.
fn left_behind(name: &str, observed: &Observed) -> Option<Diagnostic> {
    let endpoints: Vec<_> = observed.of("endpoints").collect();
    let mut lines: Vec<_> = endpoints.iter().take(10).map(|it| format!("  - `{it}`")).collect();
    if lines.len() < endpoints.len() {
        lines.push(format!("  - and {} more", endpoints.len() - lines.len()));
    }
    (!endpoints.is_empty()).then(|| {
        Diagnostic::warning(
            format!("Endpoints of `{name}` do not follow its new defaults"),
            format!(
                "The defaults are for endpoints that are made later. These exist and keep their \
                 settings; change them in a `lakebase_endpoint` each:\n\n{}",
                lines.join("\n")
            ),
        )
    })
}

/// The values on both sides of a change, where they are short.
fn change_of(table: &Table, path: &str, before: &Object, planned: &Object) -> String {
    let Some(field) = table.field(path) else { return String::new() };
    let text = |object: &Object| match object.get(field.name) {
        Some(Value::Number(it)) => it.to_string(),
        Some(Value::String(it)) => format!("`{it}`"),
        Some(Value::Bool(it)) => it.to_string(),
        Some(Value::Null) | None => "nothing".to_owned(),
        _ => "…".to_owned(),
    };
    format!(" from {} to {}", text(before), text(planned))
}
