//! What the service reports to state. Drift lives here.
//!
//! A value that means the same as the known one keeps the known spelling; a value that the service
//! does not report keeps the known value. Unknown fields and unknown enum values never fail a read.

use serde_json::{Map, Value as Json};
use tfplugin::{Number, Object, Value};

use super::expiry;
use super::field::{AnyField, Check, Default, Kind, Place};
use super::meaning::{same, with_prior_spelling};
use super::table::{Resource, Settings, Table};

/// The state of an object as the service reports it, given the state or plan as last known.
pub fn state(
    resource: &dyn Resource,
    reported: &Json,
    known: &Object,
    settings: &Settings,
) -> Object {
    let table = resource.table();
    let mut reported = reported.clone();
    expiry::report(table, &mut reported, known);
    resource.reported(&mut reported, known);
    let mut state = fields(table, table.fields, &reported, known);
    resource.read(&mut state, known, settings);
    state
}

/// The readings of an object: what its data source shows besides its state.
pub fn readings(resource: &dyn Resource, reported: &Json) -> Object {
    let table = resource.table();
    fields(table, table.readings, reported, &Object::new())
}

fn fields(table: &Table, fields: &'static [AnyField], reported: &Json, known: &Object) -> Object {
    let name = reported["name"].as_str().and_then(|it| table.address.split(it));
    let null = &Value::Null;
    let fields = fields.iter().map(|field| {
        let before = known.get(field.name).unwrap_or(null);
        let found = match field.place {
            Place::Id => name.and_then(|it| it.id).map(Value::from),
            Place::Parent => name.and_then(|it| it.parent).map(Value::from),
            // Where Lakebase echoes the submitted `spec`, an import learns from it.
            Place::Spec(path) if field.is_never_reported => {
                let echoed = dig(&reported["spec"], path).filter(|_| field.replaces);
                echoed.map(|it| value(field, it, before))
            }
            _ if field.is_never_reported => None,
            Place::Body(path) => setting(field, table.fields, reported, path, before),
            Place::Spec(path) => {
                // Sometimes the service echoes the submitted `spec`; what it observes is `status`.
                let place = source(table.fields, reported, path, field);
                setting(field, table.fields, place, path, before)
            }
            Place::Status(path) => {
                let status = &reported["status"];
                // Protobuf leaves `false` out.
                let off = matches!(field.kind, Kind::Bool) && status.is_object();
                let found = dig(status, path).map(|it| value(field, it, before));
                found.or(off.then_some(Value::Bool(false)))
            }
            Place::Root(path) => dig(reported, path).map(|it| value(field, it, before)),
            Place::Initial(_)
            | Place::OnCreate
            | Place::OnDelete(_)
            | Place::Local
            | Place::Member(_) => None,
        };
        let value = match found {
            // The service resolves what was asked for at creation (a time to an LSN, …): a known
            // value stays what it was, or it would replace the object.
            Some(found) if field.replaces && before.is_known() && !same(field, &found, before) => {
                before.clone()
            }
            Some(found) => with_prior_spelling(field, found, before),
            None if field.is_output() && !matches!(field.place, Place::Local) => Value::Null,
            // Where a status is reported at all, what is not in it is not set.
            None if field.is_null_if_absent && reported["status"].is_object() => Value::Null,
            None if before.is_known() => before.clone(),
            None => default(field),
        };
        (field.name.to_owned(), value)
    });
    fields.collect()
}

/// The value of a field where nobody says anything.
pub fn default(field: &AnyField) -> Value {
    match field.default {
        Some(Default::Bool(it)) => Value::Bool(it),
        Some(Default::Text(it)) => Value::from(it),
        None => Value::Null,
    }
}

/// The planned object with its unknowns filled in from what was read. What was planned stays as it
/// was planned, in the user's spelling: if the service disagrees, the next read shows it.
pub fn complete(planned: &Object, read: &Object) -> Object {
    let filled = planned.iter().map(|(name, planned)| {
        (name.clone(), fill(planned, read.get(name).unwrap_or(&Value::Null)))
    });
    filled.collect()
}

fn fill(planned: &Value, read: &Value) -> Value {
    match (planned, read) {
        (Value::Unknown(_), read) => read.clone(),
        (Value::List(planned), Value::List(read)) => {
            let element = |(at, planned)| fill(planned, read.get(at).unwrap_or(&Value::Null));
            Value::List(planned.iter().enumerate().map(element).collect())
        }
        // Which element of a set became which is not known.
        (Value::Set(_), Value::Set(_)) if !planned.is_wholly_known() => read.clone(),
        (Value::List(planned), _) => {
            Value::List(planned.iter().map(|it| fill(it, &Value::Null)).collect())
        }
        (Value::Map(planned), Value::Map(read)) => Value::Map(complete(planned, read)),
        (Value::Map(planned), _) => Value::Map(complete(planned, &Object::new())),
        (planned, _) => planned.clone(),
    }
}

/// The part of the answer that reports a setting: `status`, unless only `spec` has it.
fn source<'a>(
    fields: &'static [AnyField],
    reported: &'a Json,
    path: &str,
    field: &AnyField,
) -> &'a Json {
    let has = |part: &Json, field: &AnyField| match field.place {
        Place::Spec(path) => dig(part, path).is_some(),
        _ => false,
    };
    let (status, spec) = (&reported["status"], &reported["spec"]);
    let in_status = dig(status, path).is_some() || field.siblings(fields).any(|it| has(status, it));
    let in_spec = dig(spec, path).is_some() || field.siblings(fields).any(|it| has(spec, it));
    if !in_status && in_spec { spec } else { status }
}

/// A setting as one part of an answer reports it; `None` where it says nothing about it.
fn setting(
    field: &AnyField,
    fields: &'static [AnyField],
    part: &Json,
    path: &str,
    before: &Value,
) -> Option<Value> {
    if let Some(json) = dig(part, path) {
        return Some(value(field, json, before));
    }
    if !part.is_object() {
        return None;
    }
    if field.choice.is_some() {
        return Some(arm_not_reported(field, fields, part, before));
    }
    match field.kind {
        // Protobuf leaves an empty map and an empty list out.
        Kind::TextMap | Kind::Tags => Some(Value::Map(Object::new())),
        Kind::Texts | Kind::Objects(_) => Some(Value::List(Vec::new())),
        Kind::ObjectSet(_) => Some(Value::Set(Vec::new())),
        // An object may be left out that holds nothing but `false`.
        Kind::Object(members) => {
            let before = before.as_map()?;
            Some(Value::Map(object(members, &Json::Object(Map::new()), Some(before))))
        }
        // It leaves `false` out, too. But a service may also keep a flag to itself: what is known
        // of it stays.
        Kind::Bool if !before.is_known() => Some(Value::Bool(false)),
        _ => None,
    }
}

/// An arm of a choice that an answer does not report: another arm holds, or, if none is reported,
/// the flag does.
///
/// That a compute without a timeout in its status never suspends, and a branch without an expiry
/// never expires, is an assumption: the status form of these flags was never recorded.
fn arm_not_reported(
    field: &AnyField,
    fields: &'static [AnyField],
    part: &Json,
    before: &Value,
) -> Value {
    let reported = |it: &&AnyField| match it.place {
        Place::Spec(path) | Place::Body(path) | Place::Member(path) => {
            dig(part, path).is_some_and(|it| *it != Json::Bool(false))
        }
        _ => false,
    };
    let another = field.siblings(fields).find(reported).is_some();
    match (field.kind, another) {
        (Kind::Bool, false) => Value::Bool(true),
        (Kind::Bool, true) if *before == Value::Bool(false) => Value::Bool(false),
        _ => Value::Null,
    }
}

/// A reported value, by the kind of its field. What has another form than expected reads as null.
pub fn value(field: &AnyField, json: &Json, before: &Value) -> Value {
    match (field.kind, json) {
        (Kind::Bool, Json::Bool(it)) => Value::Bool(*it),
        (Kind::Int | Kind::Float, Json::Number(it)) => number(&it.to_string()),
        // Protobuf's JSON writes 64-bit integers as text.
        (Kind::Int, Json::String(it)) => number(it),
        // A value of an enumeration that was never chosen (API reference, 3.4).
        (Kind::Text, Json::String(text))
            if matches!(field.check, Some(Check::OneOf(_))) && text.ends_with("_UNSPECIFIED") =>
        {
            Value::Null
        }
        (Kind::Text | Kind::Duration | Kind::Timestamp, Json::String(text)) => {
            Value::from(text.as_str())
        }
        (Kind::Texts, Json::Array(elements)) => {
            Value::List(elements.iter().filter_map(Json::as_str).map(Value::from).collect())
        }
        (Kind::TextMap, Json::Object(entries)) => text_map(entries),
        (Kind::Tags, Json::Array(pairs)) => {
            let entry = |pair: &Json| {
                let value = pair["value"].as_str().unwrap_or_default();
                Some((pair["key"].as_str()?.to_owned(), Value::from(value)))
            };
            Value::Map(pairs.iter().filter_map(entry).collect())
        }
        (Kind::Object(members), Json::Object(_)) => {
            Value::Map(object(members, json, before.as_map()))
        }
        (Kind::Objects(members), Json::Array(elements)) => {
            Value::List(elements.iter().map(|it| Value::Map(object(members, it, None))).collect())
        }
        (Kind::ObjectSet(members), Json::Array(elements)) => {
            Value::set(elements.iter().map(|it| Value::Map(object(members, it, None))).collect())
        }
        _ => Value::Null,
    }
}

fn object(members: &'static [AnyField], json: &Json, before: Option<&Object>) -> Object {
    let null = &Value::Null;
    let members = members.iter().map(|member| {
        let before = before.and_then(|it| it.get(member.name)).unwrap_or(null);
        let Place::Member(path) = member.place else {
            return (member.name.to_owned(), Value::Null);
        };
        let value = setting(member, members, json, path, before);
        let known = || if before.is_known() { before.clone() } else { Value::Null };
        (member.name.to_owned(), value.unwrap_or_else(known))
    });
    members.collect()
}

fn number(text: &str) -> Value {
    text.parse::<Number>().map_or(Value::Null, Value::Number)
}

fn text_map(entries: &Map<String, Json>) -> Value {
    let text = |(key, it): (&String, &Json)| Some((key.clone(), Value::from(it.as_str()?)));
    Value::Map(entries.iter().filter_map(text).collect())
}

/// Follows a dotted path; an explicit null is nothing.
pub fn dig<'a>(json: &'a Json, path: &str) -> Option<&'a Json> {
    path.split('.').try_fold(json, |json, key| json.get(key)).filter(|it| !it.is_null())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::declarations::{ID, PURGE, sample};
    use crate::model::field::{Bool, Field, Text, Texts};
    use crate::model::life::Life;

    const FIELDS: &[AnyField] = &[
        ID,
        PURGE,
        Field::<Text>::spec("kept").doc("A text.").any(),
        Field::<Text>::spec("cleared").doc("A text.").null_if_absent().any(),
        Field::<Bool>::spec("quiet").doc("A flag.").create_only().never_reported().any(),
        Field::<Texts>::spec("list").doc("A list.").any(),
    ];
    static TABLE: Table = sample(FIELDS, Life::OBJECT);

    struct Thing;

    impl Resource for Thing {
        fn table(&self) -> &'static Table {
            &TABLE
        }
    }

    fn read(status: &Json, known: &[(&str, Value)]) -> Object {
        let known = known.iter().map(|(name, it)| ((*name).to_owned(), it.clone())).collect();
        let reported = json!({"name": "things/t", "status": status});
        state(&Thing, &reported, &known, &Settings::default())
    }

    #[test]
    fn unreported_value_is_kept_or_null_by_declaration() {
        let list = || Value::List(vec!["a".into()]);
        let known = [
            ("kept", "k".into()),
            ("cleared", "c".into()),
            ("quiet", true.into()),
            ("list", list()),
        ];
        let state = read(&json!({}), &known);
        assert_eq!(state["kept"], "k".into());
        assert_eq!(state["cleared"], Value::Null);
        assert_eq!(state["quiet"], true.into());
        assert_eq!(state["list"], Value::List(Vec::new()));
        let state = read(&json!({"cleared": "d", "quiet": false, "list": ["a"]}), &known);
        assert_eq!(state["cleared"], "d".into());
        assert_eq!(state["quiet"], true.into(), "what Lakebase never reports is not read");
        assert_eq!(state["list"], list());
        // An answer without a status, such as that of an operation, says nothing.
        let state = super::state(
            &Thing,
            &json!({"name": "things/t"}),
            &[("cleared".to_owned(), "c".into())].into(),
            &Settings::default(),
        );
        assert_eq!(state["cleared"], "c".into());
    }

    #[test]
    fn unknowns_inside_of_lists_are_filled_in() {
        let element = |size: Value| Value::Map([("size".to_owned(), size)].into());
        let planned = [("list".to_owned(), Value::List(vec![element(Value::unknown())]))].into();
        let read = [("list".to_owned(), Value::List(vec![element(1_i64.into())]))].into();
        assert_eq!(complete(&planned, &read), read);
        assert!(complete(&planned, &Object::new())["list"].is_wholly_known());
    }
}
