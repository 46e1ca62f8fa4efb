//! Reads one resource of a plan: its facts before and after, whichever provider it belongs to.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value as Json;
use tfplugin::{Object as Attributes, Value};

use super::facts::{Facts, object};
use super::{Action, ResourceChange, Stored, official, shift};
use crate::model::table::Resource;
use crate::resources;

/// What a review keeps of a resource.
pub(super) enum Kept {
    /// All that it shows of it.
    Change(Box<ResourceChange>),
    /// Only that there is one of Lakebase that changes and that a review does not look at.
    Skipped(String),
    /// The object does not exist.
    Nothing,
}

/// A resource anywhere in the document, as far as it is worth reading: a change of it, its values
/// in a state, or its block in the configuration.
#[derive(Default)]
pub(super) struct RawResource {
    pub(super) address: String,
    previous_address: Option<String>,
    deposed: Option<String>,
    mode: String,
    pub(super) resource_type: String,
    /// Null for a resource that is not reviewed, as the following ones.
    change: Json,
    values: Json,
    pub(super) expressions: Json,
    pub(super) for_each_expression: Json,
}

impl RawResource {
    /// What a review keeps of a change.
    ///
    /// *Errors.* An action that is not known.
    pub(super) fn change(mut self) -> Result<Kept, String> {
        if self.mode == "data" {
            return Ok(Kept::Nothing);
        }
        let actions = &self.change["actions"];
        let Some(resource) = reviewed(&self.resource_type) else {
            let changes = !matches!(action(&self.address, actions), Ok(Action::None));
            let is_lakebase = belongs_to_lakebase(&self.resource_type);
            let has_compute = self.resource_type != "lakebase_credential";
            let skipped = Kept::Skipped(self.resource_type);
            return Ok(if changes && is_lakebase && has_compute { skipped } else { Kept::Nothing });
        };
        let action = action(&self.address, actions)?;
        let [before, after, unknown] =
            ["before", "after", "after_unknown"].map(|name| self.change[name].take());
        let is_official = self.resource_type == resource.table().counterpart;
        let before = if is_official {
            before.is_object().then(|| official::stored(resource, &before))
        } else {
            attributes(&before, &Json::Null)
        };
        let after = match attributes(&after, &unknown) {
            Some(_) if is_official && action == Action::None => before.clone(),
            Some(after) if is_official => {
                let stored = before.as_ref().filter(|_| action == Action::Update);
                Some(official::planned(resource, stored, &after))
            }
            after => after,
        };
        let stays = matches!(action, Action::None | Action::Update);
        let facts = |attributes: &Attributes, exists| {
            Facts::of(resource, attributes, object(resource, attributes, exists))
        };
        let shifts = match (&before, &after) {
            (Some(before), Some(after)) if action == Action::Update => shift::shifts(before, after),
            _ => Vec::new(),
        };
        Ok(Kept::Change(Box::new(ResourceChange {
            before: before.as_ref().map(|before| facts(before, true)),
            after: after.as_ref().map(|after| facts(after, stays)),
            shifts,
            address: self.address,
            previous_address: self.previous_address,
            deposed: self.deposed,
            resource_type: self.resource_type,
            action,
            imported: self.change["importing"].is_object(),
        })))
    }

    /// What a review keeps of an object in a state.
    pub(super) fn stored(self) -> Option<Stored> {
        let resource = reviewed(&self.resource_type)?;
        let attributes = if self.resource_type == resource.table().counterpart {
            official::stored(resource, &self.values)
        } else {
            attributes(&self.values, &Json::Null)?
        };
        Some(Stored {
            managed: self.mode == "managed",
            facts: Facts::of(resource, &attributes, object(resource, &attributes, true)),
            address: self.address,
            resource_type: self.resource_type,
        })
    }
}

impl<'de> Deserialize<'de> for RawResource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RawResourceVisitor)
    }
}

struct RawResourceVisitor;

impl<'de> Visitor<'de> for RawResourceVisitor {
    type Value = RawResource;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a resource")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawResource, A::Error> {
        let mut raw = RawResource::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "address" => raw.address = map.next_value()?,
                "previous_address" => raw.previous_address = map.next_value()?,
                "deposed" => raw.deposed = map.next_value()?,
                "mode" => raw.mode = map.next_value()?,
                "type" => raw.resource_type = map.next_value()?,
                // Terraform writes the type first, so that the others need not be kept.
                "change" | "values" | "expressions" | "for_each_expression"
                    if may_be_reviewed(&raw.resource_type) =>
                {
                    let member = match key.as_str() {
                        "change" => &mut raw.change,
                        "values" => &mut raw.values,
                        "expressions" => &mut raw.expressions,
                        _ => &mut raw.for_each_expression,
                    };
                    *member = map.next_value()?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(raw)
    }
}

/// Whether anything of a resource may be kept. An empty type is not known yet.
pub(super) fn may_be_reviewed(resource_type: &str) -> bool {
    resource_type.is_empty() || belongs_to_lakebase(resource_type)
}

/// Whether a type is one of Lakebase, in either provider: its instances of former times too.
fn belongs_to_lakebase(resource_type: &str) -> bool {
    let prefixes = ["lakebase_", "databricks_postgres_", "databricks_database_"];
    prefixes.iter().any(|prefix| resource_type.starts_with(prefix))
}

/// The resource that stands for a type: that of this provider, or of the official one.
pub fn reviewed(resource_type: &str) -> Option<&'static dyn Resource> {
    let mut all = resources::ALL.iter().copied();
    all.find(|resource| {
        let table = resource.table();
        [table.type_name, table.counterpart].contains(&resource_type)
    })
}

fn action(address: &str, actions: &Json) -> Result<Action, String> {
    let names: Vec<_> = actions.as_array().into_iter().flatten().map(Json::as_str).collect();
    Ok(match names[..] {
        [Some("no-op" | "read")] => Action::None,
        [Some("create")] => Action::Create,
        [Some("create"), Some("forget")] | [Some("forget"), Some("create")] => {
            Action::ForgetAndCreate
        }
        [Some("update")] => Action::Update,
        [Some("delete"), Some("create")] | [Some("create"), Some("delete")] => Action::Replace,
        [Some("delete")] => Action::Delete,
        [Some("forget")] => Action::Forget,
        _ => {
            return Err(format!(
                "The plan has the unsupported action {actions} for `{address}`. Upgrade the provider."
            ));
        }
    })
}

/// The attributes of one side of a change; `None` where there is no object.
fn attributes(json: &Json, unknown: &Json) -> Option<Attributes> {
    match value(json, unknown) {
        Value::Map(it) => Some(it),
        _ => None,
    }
}

/// A value with what is unknown in it, which Terraform writes apart, as `true` in the same place.
fn value(json: &Json, unknown: &Json) -> Value {
    match (json, unknown) {
        (_, Json::Bool(true)) => Value::unknown(),
        (Json::Object(known), unknown) => {
            let others = unknown.as_object().into_iter().flat_map(|members| members.keys());
            let keys = known.keys().chain(others.filter(|key| !known.contains_key(*key)));
            Value::Map(keys.map(|key| (key.clone(), value(&json[key], &unknown[key]))).collect())
        }
        (Json::Array(elements), unknown) => {
            let elements = elements.iter().enumerate();
            Value::List(elements.map(|(at, element)| value(element, &unknown[at])).collect())
        }
        (Json::String(text), _) => Value::from(text.as_str()),
        (Json::Bool(it), _) => Value::Bool(*it),
        (Json::Number(number), _) => number.to_string().parse().map_or(Value::Null, Value::Number),
        (Json::Null, _) => Value::Null,
    }
}
