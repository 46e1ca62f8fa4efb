//! One resource of a plan: what is known of it before and after, whichever provider it belongs to.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value as Json;
use tfplugin::{Object as Attributes, Value};

use super::{Action, Change, Object, Sides, official};
use crate::model::life::HasCompute;
use crate::model::table::Resource;
use crate::model::tf::Tf;
use crate::resources::endpoint::{GROUP, compute};
use crate::resources::project::{default_compute, initial_compute};
use crate::resources::{self, NAME, REPLACE_EXISTING};

/// A resource in the plan, as far as it was worth reading.
#[derive(Default)]
pub(super) struct ResourceChange {
    address: String,
    previous_address: Option<String>,
    deposed: Option<String>,
    mode: String,
    resource_type: String,
    /// Null for a resource that is not reviewed.
    change: Json,
}

impl ResourceChange {
    /// What the review keeps of it; nothing of a resource that is not reviewed.
    ///
    /// *Errors.* An action that nobody knows.
    pub(super) fn read(mut self) -> Result<Option<Change>, String> {
        let Some(resource) = reviewed(&self.resource_type) else { return Ok(None) };
        if self.mode == "data" {
            return Ok(None);
        }
        let action = action(&self.address, &self.change["actions"])?;
        let [before, after, unknown] =
            ["before", "after", "after_unknown"].map(|it| self.change[it].take());
        let (before, mut after) = if self.resource_type == resource.table().counterpart {
            let stored = before.is_object().then(|| official::stored(resource, &before));
            let planned = match action {
                Action::None => stored.clone(),
                _ => attributes(&after, &unknown)
                    .map(|it| official::planned(resource, stored.as_ref(), &it)),
            };
            (stored, planned)
        } else {
            (attributes(&before, &Json::Null), attributes(&after, &unknown))
        };
        // What is made has the group that is configured, which has members: one that is wholly
        // unknown is almost surely not there. An update would have kept the state's.
        let is_made = matches!(action, Action::Create | Action::Replace);
        if let Some(after) = after.as_mut().filter(|it| is_made && GROUP.of(it) == Tf::Unknown) {
            GROUP.put(after, Tf::Null);
        }
        let Some(object) = object(resource, before.as_ref(), after.as_ref()) else {
            return Ok(None);
        };
        let takes_over = |it: &Attributes| REPLACE_EXISTING.of(it) == Tf::Known(true);
        Ok(Some(Change {
            name_before: before.as_ref().and_then(|it| name(resource, it)),
            name_after: after.as_ref().and_then(|it| name(resource, it)),
            replace_existing: after.as_ref().is_some_and(takes_over),
            object,
            address: self.address,
            previous_address: self.previous_address,
            deposed: self.deposed,
            resource_type: self.resource_type,
            action,
            imported: self.change["importing"].is_object(),
        }))
    }
}

impl<'de> Deserialize<'de> for ResourceChange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ResourceChangeVisitor)
    }
}

struct ResourceChangeVisitor;

impl<'de> Visitor<'de> for ResourceChangeVisitor {
    type Value = ResourceChange;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a change of a resource")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ResourceChange, A::Error> {
        let mut it = ResourceChange::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "address" => it.address = map.next_value()?,
                "previous_address" => it.previous_address = map.next_value()?,
                "deposed" => it.deposed = map.next_value()?,
                "mode" => it.mode = map.next_value()?,
                "type" => it.resource_type = map.next_value()?,
                // Terraform writes the type first, so that a foreign change need not be kept.
                "change"
                    if it.resource_type.is_empty() || reviewed(&it.resource_type).is_some() =>
                {
                    it.change = map.next_value()?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(it)
    }
}

/// The resource that stands for a type: our own, or that of the official provider.
fn reviewed(resource_type: &str) -> Option<&'static dyn Resource> {
    let mut all = resources::ALL
        .iter()
        .copied()
        .filter(|resource| resource.table().compute != HasCompute::No);
    all.find(|it| [it.table().type_name, it.table().counterpart].contains(&resource_type))
}

fn action(address: &str, actions: &Json) -> Result<Action, String> {
    let names: Vec<_> = actions.as_array().into_iter().flatten().map(Json::as_str).collect();
    Ok(match names[..] {
        [Some("no-op" | "read")] => Action::None,
        // What is only forgotten makes room for a new one, and stays what it is elsewhere.
        [Some("create")] | [Some("create"), Some("forget")] => Action::Create,
        [Some("update")] => Action::Update,
        [Some("delete"), Some("create")] | [Some("create"), Some("delete")] => Action::Replace,
        [Some("delete")] => Action::Delete,
        [Some("forget")] => Action::Forget,
        _ => {
            return Err(format!(
                "The plan does {actions} to `{address}`, which this version of the program does not \
                 know."
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
            let others = unknown.as_object().into_iter().flat_map(|it| it.keys());
            let keys = known.keys().chain(others.filter(|it| !known.contains_key(*it)));
            Value::Map(keys.map(|it| (it.clone(), value(&json[it], &unknown[it]))).collect())
        }
        (Json::Array(elements), unknown) => {
            let elements = elements.iter().enumerate();
            Value::List(elements.map(|(at, it)| value(it, &unknown[at])).collect())
        }
        (Json::String(it), _) => Value::from(it.as_str()),
        (Json::Bool(it), _) => Value::Bool(*it),
        (Json::Number(it), _) => it.to_string().parse().map_or(Value::Null, Value::Number),
        (Json::Null, _) => Value::Null,
    }
}

/// The full name, put together where the plan does not hold it but its parts.
fn name(resource: &dyn Resource, object: &Attributes) -> Option<String> {
    if let Tf::Known(name) = NAME.of(object) {
        return Some(name);
    }
    resource.table().planned_name(object)
}

fn object(
    resource: &dyn Resource,
    before: Option<&Attributes>,
    after: Option<&Attributes>,
) -> Option<Object> {
    let belongs_to_its_parent = match (before, after) {
        (Some(before), _) => resource.goes_with_its_parent(before),
        (None, Some(after)) => resource.is_born_with_its_parent(after),
        (None, None) => false,
    };
    Some(match resource.table().compute {
        HasCompute::AsDefaults => Object::Project {
            defaults: Sides {
                before: before.map(default_compute),
                after: after.map(default_compute),
            },
            initial: after.and_then(initial_compute),
        },
        HasCompute::ComesWith => Object::Branch { is_root: belongs_to_its_parent },
        HasCompute::IsCompute => Object::Endpoint {
            is_read_write: belongs_to_its_parent,
            sides: Sides { before: before.map(compute), after: after.map(compute) },
        },
        HasCompute::No => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_group_that_only_the_apply_knows_is_one_compute_only_where_it_may_be_missing() {
        let attributes = json!({"endpoint_id": "e", "autoscaling_limit_max_cu": 4});
        for (actions, computes) in [
            (json!(["create"]), Some(1)),
            (json!(["delete", "create"]), Some(1)),
            (json!(["update"]), None),
        ] {
            let change = json!({
                "address": "lakebase_endpoint.e",
                "type": "lakebase_endpoint",
                "change": {
                    "actions": actions,
                    "before": attributes, "after": attributes, "after_unknown": {"group": true},
                },
            });
            let change: ResourceChange = serde_json::from_value(change).unwrap();
            let object = change.read().unwrap().unwrap().object;
            let Object::Endpoint { sides, .. } = object else { panic!("it is an endpoint") };
            assert_eq!(sides.after.unwrap().computes, computes, "{actions}");
        }
    }
}
