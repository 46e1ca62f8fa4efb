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

/// An object as it is planned to become, given what it is.
pub(super) fn planned(
    resource: &dyn Resource,
    stored: Option<&Object>,
    planned: &Object,
) -> Object {
    let fields = resource.table().fields;
    settings(fields, stored, &|field| match field.place {
        Place::Spec(path) => dig(planned.get("spec")?, path),
        Place::Initial(path) | Place::Root(path) => planned.get(path),
        Place::Parent => planned.get("parent"),
        Place::Id | Place::OnCreate => planned.get(field.name),
        _ => None,
    })
}

fn settings<'a>(
    fields: &'static [AnyField],
    stored: Option<&Object>,
    planned: &dyn Fn(&AnyField) -> Option<&'a Value>,
) -> Object {
    let is_set = |field: &AnyField| planned(field).is_some_and(|it| !it.is_null());
    let value = |field: &AnyField| match planned(field) {
        Some(Value::Map(members)) if let Kind::Object(fields) = field.kind => {
            let stored = stored.and_then(|it| it.get(field.name)?.as_map());
            Value::Map(settings(fields, stored, &|member| match member.place {
                Place::Member(path) => members.get(path),
                _ => None,
            }))
        }
        Some(it) if !it.is_null() => it.clone(),
        // Another arm of the choice is taken.
        _ if field.siblings(fields).any(is_set) => Value::Null,
        _ => match stored {
            Some(stored) => stored.get(field.name).cloned().unwrap_or_default(),
            None => Value::unknown(),
        },
    };
    fields.iter().map(|it| (it.name.to_owned(), value(it))).collect()
}

fn dig<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |value, key| value.as_map()?.get(key))
}
