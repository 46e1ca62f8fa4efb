//! Resources of the official provider, `databricks/databricks`, in the shape of ours.
//!
//! It keeps what was configured in `spec`, and what the service reports in `status`. What is not
//! configured is null in its plans; the service keeps it, or decides it when the object is made.

use serde_json::Value as Json;
use tfplugin::{Object, Value};

use crate::model::field::{AnyField, Kind, Place};
use crate::model::table::Resource;
use crate::model::takeover;

/// An object as it is.
pub(super) fn stored(resource: &dyn Resource, json: &Json) -> Object {
    takeover::state(resource, json).unwrap_or_default()
}

/// An object as it is planned to become, given what it is. An attribute that is null is not
/// configured, so that Lakebase chooses its value.
pub(super) fn planned(
    resource: &dyn Resource,
    stored: Option<&Object>,
    planned: &Object,
) -> Object {
    let fields = resource.table().fields;
    settings(fields, stored, &|field| match field.place {
        Place::Spec(path) => dig(planned.get("spec")?, path),
        Place::Initial(path) | Place::Root(path) => planned.get(path).cloned(),
        Place::Parent => planned.get("parent").cloned(),
        Place::Id | Place::OnCreate | Place::OnDelete(_) => planned.get(field.name).cloned(),
        _ => None,
    })
}

fn settings(
    fields: &'static [AnyField],
    stored: Option<&Object>,
    planned: &dyn Fn(&AnyField) -> Option<Value>,
) -> Object {
    let is_set = |field: &AnyField| planned(field).is_some_and(|value| !value.is_null());
    let value = |field: &AnyField| match planned(field) {
        Some(Value::Map(members)) if let Kind::Object(fields) = field.kind => {
            let stored = stored.and_then(|object| object.get(field.name)?.as_map());
            Value::Map(settings(fields, stored, &|member| match member.place {
                Place::Member(path) => members.get(path).cloned(),
                _ => None,
            }))
        }
        Some(value) if !value.is_null() => value,
        // Another arm of the choice is taken.
        _ if field.siblings(fields).any(is_set) => Value::Null,
        _ => stored.and_then(|object| object.get(field.name)).cloned().unwrap_or_default(),
    };
    fields.iter().map(|field| (field.name.to_owned(), value(field))).collect()
}

/// What is at that path; unknown where all of something above it is.
fn dig(value: &Value, path: &str) -> Option<Value> {
    let mut value = value;
    for key in path.split('.') {
        if let Value::Unknown(_) = value {
            break;
        }
        value = value.as_map()?.get(key)?;
    }
    Some(value.clone())
}
