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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::field::{
        Bool, Duration, Field, Nested, NestedList, Text, TextMap, Timestamp,
    };
    use super::super::table::Timeouts;
    use super::*;

    const MEMBERS: &[AnyField] = &[
        Field::<Text>::member("name").any(),
        Field::<Duration>::member("lasting").any(),
        Field::<Timestamp>::member("at").any(),
    ];
    const LASTING: AnyField = Field::<Duration>::spec("lasting").any();
    const AT: AnyField = Field::<Timestamp>::spec("at").any();
    const ONE: AnyField = Field::<Nested>::spec("one").members(MEMBERS).any();
    const SEVERAL: AnyField = Field::<NestedList>::spec("several").each(MEMBERS).any();

    static TABLE: Table = Table {
        type_name: "lakebase_sample",
        form: "samples/{sample_id}",
        version: 0,
        counterpart: "",
        doc: "A sample.",
        timeouts: Timeouts { create: "1m", read: "1m", update: "1m", delete: "1m" },
        fields: &[
            Field::<Bool>::on_create("replace_existing").any(),
            Field::<Bool>::on_delete("purge_on_delete", "purge").any(),
            Field::<Text>::spec("name").any(),
            Field::<TextMap>::spec("labels").any(),
            LASTING,
            AT,
            ONE,
            SEVERAL,
        ],
        readings: &[],
    };

    fn text(text: &str) -> Value {
        Value::String(text.to_owned())
    }

    fn object<const N: usize>(members: [(&str, Value); N]) -> Object {
        members.map(|(name, value)| (name.to_owned(), value)).into()
    }

    #[test]
    fn queries_carry_only_the_parameters_of_their_call() {
        for (given, created, deleted) in [
            (Value::Bool(true), Some("true"), Some("true")),
            (Value::Bool(false), None, None),
            (Value::Null, None, None),
            (Value::unknown(), None, None),
        ] {
            let planned =
                object([("replace_existing", given.clone()), ("purge_on_delete", given.clone())]);
            let pair = |name, value: Option<&str>| -> Vec<(&str, String)> {
                value.map(|it| (name, it.to_owned())).into_iter().collect()
            };
            let (create, delete) = (create_query(&TABLE, &planned), delete_query(&TABLE, &planned));
            assert_eq!(create, pair("replace_existing", created), "{given:?}");
            assert_eq!(delete, pair("purge", deleted), "{given:?}");
        }
    }

    #[test]
    fn mask_beside_a_real_change_omits_what_means_the_same() {
        let spelled = |lasting: &str, at: &str| {
            object([("lasting", text(lasting)), ("at", text(at)), ("name", text("one"))])
        };
        let (zulu, offset) = ("2026-01-31T12:00:00Z", "2026-01-31T13:00:00+01:00");
        let sample = |name: &str, lasting: &str, at: &str| {
            let mut sample = spelled(lasting, at);
            sample.insert("one".to_owned(), Value::Map(spelled(lasting, at)));
            sample.insert("several".to_owned(), Value::List(vec![spelled(lasting, at).into()]));
            sample.insert("name".to_owned(), text(name));
            sample
        };
        let prior = sample("old", "300s", zulu);
        for (planned, expected) in [
            (sample("new", "5m", offset), &["spec.name"][..]),
            (sample("old", "6m", zulu), &["spec.lasting", "spec.one.lasting", "spec.several"]),
            (
                sample("old", "5m", "2026-01-31T13:00:00Z"),
                &["spec.at", "spec.one.at", "spec.several"],
            ),
        ] {
            assert_eq!(mask(&TABLE, &prior, &planned), expected);
        }
        let several = |count| object([("several", Value::List(vec![Object::new().into(); count]))]);
        assert_eq!(mask(&TABLE, &several(1), &several(2)), ["spec.several"]);
    }

    #[test]
    fn mask_of_an_empty_map_names_only_a_map_that_had_entries() {
        let labels = |labels: Value| object([("labels", labels)]);
        let full = || Value::Map(object([("team", text("platform"))]));
        let empty = || Value::Map(Object::new());
        for (before, after, expected) in [
            (Value::Null, empty(), &[][..]),
            (Value::Null, full(), &["spec.labels"]),
            (full(), empty(), &["spec.labels"]),
            (empty(), empty(), &[]),
        ] {
            let planned = labels(after);
            assert_eq!(mask(&TABLE, &labels(before), &planned), expected, "{planned:?}");
        }
    }

    #[test]
    fn times_durations_and_lists_are_written_as_the_api_writes_them() {
        let at = "2026-01-31T13:00:00+01:00";
        let member = object([("name", text("one")), ("lasting", text("5m")), ("at", text(at))]);
        let written = json!({ "name": "one", "lasting": "300s", "at": "2026-01-31T12:00:00Z" });
        for (field, value, expected) in [
            (LASTING, text("5m"), json!("300s")),
            (AT, text(at), json!("2026-01-31T12:00:00Z")),
            (ONE, Value::Map(member.clone()), written.clone()),
            (SEVERAL, Value::List(vec![member.into()]), json!([written])),
        ] {
            assert_eq!(json(&field, &value), expected);
        }
    }
}
