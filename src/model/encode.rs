//! Plan to request: the body, the query, and the update mask.

use serde_json::{Map, Value as Json};
use tfplugin::{Number, Object, Value};

use super::field::{AnyField, Kind, Place};
use super::meaning;
use super::table::Table;

/// The body of a create call: every setting that is known.
pub fn create_body(table: &Table, planned: &Object) -> Json {
    body(table, planned, true)
}

/// The body of an update call: every setting that is known, as the recorded clients send it. The
/// mask says which of them count; the others are ignored.
pub fn update_body(table: &Table, planned: &Object) -> Json {
    body(table, planned, false)
}

/// The query of a create call, without the id.
pub fn create_query(table: &Table, planned: &Object) -> Vec<(&'static str, String)> {
    let sent = table.fields.iter().filter(|it| it.place == Place::OnCreate);
    sent.filter_map(|it| Some((it.name, parameter(planned.get(it.name)?)?))).collect()
}

/// The query of a delete call.
pub fn delete_query(table: &Table, state: &Object) -> Vec<(&'static str, String)> {
    let parameter = |field: &AnyField| match field.place {
        Place::OnDelete(name) => Some((name, parameter(state.get(field.name)?)?)),
        _ => None,
    };
    table.fields.iter().filter_map(parameter).collect()
}

/// The leaves that differ, as `update_mask` names them, in the order of the table.
///
/// A choice goes by its group's name, a map whole, an object leaf by leaf unless it is declared
/// whole. Source: the masks probed on a real workspace on 2026-08-31 (databricks/cli#6440, #6441).
pub fn mask(table: &Table, prior: &Object, planned: &Object) -> Vec<String> {
    let mut paths = Vec::new();
    changed(table.fields, "spec", prior, planned, &mut paths);
    paths
}

fn changed(
    fields: &'static [AnyField],
    prefix: &str,
    prior: &Object,
    planned: &Object,
    paths: &mut Vec<String>,
) {
    let (null, empty) = (&Value::Null, &Object::new());
    for field in fields {
        let (Place::Spec(path) | Place::Member(path)) = field.place else { continue };
        let before = prior.get(field.name).unwrap_or(null);
        let after = planned.get(field.name).unwrap_or(null);
        if field.create_only || field.replaces || !is_sent(field, after) {
            continue;
        }
        let path = format!("{prefix}.{}", field.choice.unwrap_or(path));
        match (field.kind, after) {
            (Kind::Object(members), Value::Map(after)) if !field.whole => {
                changed(members, &path, before.as_map().unwrap_or(empty), after, paths);
            }
            _ if meaning::same(field, before, after) || is_as_good(before, after) => {}
            _ => paths.push(path),
        }
    }
}

/// An empty map where there was none: the service does not tell the two apart.
fn is_as_good(before: &Value, after: &Value) -> bool {
    before.is_null() && after.as_map().is_some_and(Object::is_empty)
}

/// Whether a value stands for something in the API. A flag arm that is `false` does not: it says
/// which arm of a choice it shall not be.
fn is_sent(field: &AnyField, value: &Value) -> bool {
    value.is_known() && !(field.choice.is_some() && *value == Value::Bool(false))
}

fn body(table: &Table, planned: &Object, create: bool) -> Json {
    let mut body = Map::new();
    let mut spec = Json::Object(Map::new());
    for field in table.fields.iter().filter(|it| create || !it.create_only) {
        let value = planned.get(field.name).unwrap_or(&Value::Null);
        // An empty map is what a new object has anyway.
        let is_default = create && value.as_map().is_some_and(Object::is_empty);
        if !is_sent(field, value) || is_default {
            continue;
        }
        match field.place {
            Place::Spec(path) => place(&mut spec, path, json(field, value)),
            Place::Initial(path) if create => {
                body.insert(path.to_owned(), json(field, value));
            }
            _ => {}
        }
    }
    body.insert("spec".to_owned(), spec);
    Json::Object(body)
}

/// A known value as the API writes it.
pub fn json(field: &AnyField, value: &Value) -> Json {
    match (field.kind, value) {
        (Kind::Duration, Value::String(text)) => match meaning::duration(text) {
            Ok(duration) => meaning::duration_json(duration).into(),
            Err(_) => text.as_str().into(), // validation has refused it
        },
        (Kind::Timestamp, Value::String(text)) => match meaning::timestamp(text) {
            Ok(time) => time.to_string().into(),
            Err(_) => text.as_str().into(), // validation has refused it
        },
        (Kind::Tags, Value::Map(tags)) => {
            let pair = |(key, value): (&String, &Value)| serde_json::json!({ "key": key, "value": value.as_str() });
            tags.iter().map(pair).collect()
        }
        (Kind::Object(members), Value::Map(object)) => members_json(members, object),
        (Kind::Objects(members), Value::List(elements)) => {
            let empty = &Object::new();
            let element = |it: &Value| members_json(members, it.as_map().unwrap_or(empty));
            elements.iter().map(element).collect()
        }
        (_, Value::Bool(it)) => (*it).into(),
        (_, Value::Number(it)) => number(it),
        (_, Value::String(it)) => it.as_str().into(),
        (_, Value::Map(entries)) => {
            let entry =
                |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.into()));
            Json::Object(entries.iter().filter_map(entry).collect())
        }
        _ => Json::Null, // never sent: only what is known is
    }
}

/// A number with all its digits.
fn number(number: &Number) -> Json {
    let parsed: Result<serde_json::Number, _> = number.to_string().parse();
    parsed.map_or(Json::Null, Json::Number)
}

fn members_json(members: &[AnyField], object: &Object) -> Json {
    let mut json_object = Json::Object(Map::new());
    for member in members {
        let value = object.get(member.name).unwrap_or(&Value::Null);
        if let (Place::Member(path), true) = (member.place, is_sent(member, value)) {
            place(&mut json_object, path, json(member, value));
        }
    }
    json_object
}

/// Puts a value at a dotted path, making the objects on the way.
fn place(object: &mut Json, path: &str, value: Json) {
    let slot = path.split('.').fold(object, |slot, key| &mut slot[key]);
    *slot = value;
}

fn parameter(value: &Value) -> Option<String> {
    match value {
        // `false` is what the service does without the parameter.
        Value::Bool(true) => Some("true".to_owned()),
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}
