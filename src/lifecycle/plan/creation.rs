//! Says what a create will find.

use lakebase_api::Json;
use tfplugin::{Diagnostic, Diagnostics, Object, Value};

use super::super::create::{deleted_since, has_adoption, managed_elsewhere, soft_deleted};
use super::super::report::Attempt;
use super::super::{import_or_adopt_hint, is_deleted};
use super::{Observed, Preview, Surroundings, change};
use crate::model::field::Kind;
use crate::model::life::Create;
use crate::model::plan::PlanContext;
use crate::model::table::Table;
use crate::model::tf::Tf;
use crate::model::{adoption, decode, encode, meaning};
use crate::resources::REPLACE_EXISTING;

impl Preview<'_> {
    /// What a create will run into. A create that is known to fail is an error.
    pub(super) fn creation(&self, observed: &Observed) -> Diagnostics {
        let (table, planned) = (self.table, &self.planned.object);
        let existing = observed.existing.as_ref();
        let found = existing.and_then(|object| object["name"].as_str().map(str::to_owned));
        let Some(name) = found.or_else(|| table.name_of(planned)) else {
            return Diagnostics::new();
        };
        // What is there for as long as its parent is no obstacle before it has settings.
        let is_free = |found: &Json| {
            let lifecycle = self.surroundings.lifecycle;
            !lifecycle.is_some_and(|it| it.overwrites(self.resource, found, planned))
        };
        match table.life.create {
            Create::Patch if existing.is_none_or(is_free) => return Diagnostics::new(),
            Create::Post | Create::Patch => {}
            Create::Put => {
                let replaced = existing.and_then(|it| self.replaced_elements(&name, it));
                return replaced.into_iter().collect();
            }
        }
        let attempt = Attempt { verb: "create", noun: table.noun, name: &name };
        if let Some(elsewhere) = self.destroyed_elsewhere(&name) {
            return elsewhere.into();
        }
        let adopts = self.adopts();
        match &observed.existing {
            None if self.resource.is_created_with_parent(planned) && !adopts => {
                created_automatically(self.table, &name).into()
            }
            None => Diagnostics::new(),
            // Terraform makes this plan before a destroy as well, and an error would prevent it.
            Some(existing) if is_deleted(existing) && self.surroundings.walk.is_gone(&name) => {
                deleted_since(&attempt, existing).into()
            }
            Some(existing) if is_deleted(existing) => {
                let hint = "\n\nTerraform makes this plan before a destroy as well. To destroy other \
                            objects of this configuration, use the option `-refresh=false`.";
                soft_deleted(&attempt, existing, hint).into()
            }
            Some(existing) if adopts => self.adoption(&attempt, existing),
            Some(_) => Diagnostic::error(
                format!("{} already exists", meaning::subject(table.noun, &name)),
                format!(
                    "The object is not in the state, so the create would fail. {}",
                    import_or_adopt_hint(&name, table.type_name, has_adoption(self.resource))
                ),
            )
            .into(),
        }
    }

    /// A warning about what a change of the whole removes although no plan has shown it.
    fn replaced_elements(&self, name: &str, existing: &Json) -> Option<Diagnostic> {
        let planned = &self.planned.object;
        let known = decode::complete(planned, &Object::new());
        let before = decode::state(self.resource, existing, &known, self.surroundings.settings);
        let removed = self.table.fields.iter().filter(|it| matches!(it.kind, Kind::ObjectSet(_)));
        let removed = removed.flat_map(|field| {
            let [before, after] = [&before, planned].map(|object| {
                object.get(field.name).and_then(Value::as_elements).unwrap_or_default()
            });
            before.iter().filter(move |it| !after.contains(it))
        });
        let lines: Vec<_> = removed.filter_map(element).collect();
        (!lines.is_empty()).then(|| {
            Diagnostic::warning(
                format!("Existing {} of `{name}` will be replaced", self.table.noun),
                format!(
                    "The configuration does not contain the following elements, which the apply \
                     removes:\n{}\n\nTo keep them, add them to the configuration.",
                    lines.concat()
                ),
            )
        })
    }

    /// The error of a plan that also destroys the object, under another address.
    pub(super) fn destroyed_elsewhere(&self, name: &str) -> Option<Diagnostic> {
        let attempt = Attempt { verb: "create", noun: self.table.noun, name };
        self.surroundings.walk.destroys(name).then(|| managed_elsewhere(&attempt))
    }

    /// Whether the configuration adopts an object that exists.
    pub(super) fn adopts(&self) -> bool {
        REPLACE_EXISTING.of(self.config) == Tf::Known(true)
    }

    fn adoption(&self, attempt: &Attempt<'_>, existing: &Json) -> Diagnostics {
        let Surroundings { settings, now, .. } = *self.surroundings;
        let planned = &self.planned.object;
        let occasion = PlanContext { settings, now, replacing: None };
        let refusals = adoption::refusals(self.resource, existing, planned, self.config, &occasion);
        if refusals.has_errors() {
            return refusals;
        }
        let known = decode::complete(planned, &Object::new());
        let before = decode::state(self.resource, existing, &known, settings);
        let changes = encode::differences(self.table, &before, planned);
        let detail = if changes.is_empty() {
            "No settings will change.".to_owned()
        } else {
            let changes = changes.iter().map(|it| format!("\n  - {}", change(it)));
            format!("The following settings will change:\n{}", changes.collect::<String>())
        };
        let Attempt { noun, name, .. } = attempt;
        Diagnostic::warning(format!("Existing {noun} `{name}` will be adopted"), detail).into()
    }
}

/// An element of a set as a line: `user_name = "ana@example.com", permission_level = "CAN_USE"`.
fn element(element: &Value) -> Option<String> {
    let member = |(name, value): (&String, &Value)| Some(format!("{name} = {:?}", value.as_str()?));
    let members: Vec<_> = element.as_map()?.iter().filter_map(member).collect();
    Some(format!("\n  - {}", members.join(", ")))
}

/// The error of a create that finds what Lakebase has created along with the parent.
pub(super) fn created_automatically(table: &Table, name: &str) -> Diagnostic {
    let noun = table.noun;
    Diagnostic::error(
        format!("{} is created automatically", meaning::subject(noun, name)),
        format!(
            "Lakebase creates this {noun} together with its {}, so the create would fail. To adopt \
             it and apply the configured settings, add:\n\n  {} = true",
            table.parent_noun(),
            REPLACE_EXISTING.name()
        ),
    )
}
