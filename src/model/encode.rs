//! Plan to request: the body, the query, and the update mask.

use serde_json::{Map, Value as Json};
use tfplugin::{Number, Object, Value};

use super::field::{AnyField, Given, Kind, Place};
use super::meaning;
use super::table::Table;

/// The body of a create call: every setting that is known.
pub fn create_body(table: &Table, planned: &Object) -> Json {
    body(table, planned, None)
}

/// The body of an update call: every setting that is known and may change, as the recorded clients
/// send it. The mask says which of them count; the others are ignored.
pub fn update_body(table: &Table, planned: &Object, mask: &[String]) -> Json {
    body(table, planned, Some(mask))
}

/// The mask and the body that clear all settings of an object that a delete leaves in place.
pub fn clearing(table: &Table, state: &Object) -> (Vec<String>, Json) {
    let empty = |field: &AnyField| match field.kind {
        Kind::Texts | Kind::Objects(_) => Some(Value::List(Vec::new())),
        Kind::ObjectSet(_) => Some(Value::Set(Vec::new())),
        Kind::TextMap | Kind::Tags => Some(Value::Map(Object::new())),
        _ => None,
    };
    let mut cleared = state.clone();
    cleared.extend(
        table.fields.iter().filter_map(|field| Some((field.name.to_owned(), empty(field)?))),
    );
    let mask = mask(table, state, &cleared);
    let body = update_body(table, &cleared, &mask);
    (mask, body)
}

/// The query of a create call, without the id.
pub fn create_query(table: &Table, planned: &Object) -> Vec<(&'static str, String)> {
    let sent = table.fields.iter().filter(|it| it.place == Place::OnCreate);
    sent.filter_map(|field| Some((field.name, parameter(planned.get(field.name)?)?))).collect()
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
    differences(table, prior, planned).into_iter().map(|it| it.path).collect()
}

/// A setting that an update changes.
#[derive(Debug, PartialEq)]
pub struct Difference<'a> {
    /// Where it stands in the body, as a mask names it: `spec.suspension`.
    pub path: String,
    /// The attribute, as a configuration names it: `no_suspension`.
    pub attribute: String,
    /// Its value before the update.
    pub before: &'a Value,
    /// Its value after the update.
    pub after: &'a Value,
}

/// What an update changes, setting by setting.
pub fn differences<'a>(
    table: &Table,
    prior: &'a Object,
    planned: &'a Object,
) -> Vec<Difference<'a>> {
    let mut found = Vec::new();
    compare(table.fields, ["", ""], Some(prior), planned, &mut found);
    found
}

/// Compares the fields at a place, which `[path, attribute]` prefix.
fn compare<'a>(
    fields: &'static [AnyField],
    prefixes: [&str; 2],
    prior: Option<&'a Object>,
    planned: &'a Object,
    found: &mut Vec<Difference<'a>>,
) {
    const NULL: &Value = &Value::Null;
    for field in fields {
        let Some(path) = path_in_a_body(field) else { continue };
        let before = prior.and_then(|prior| prior.get(field.name)).unwrap_or(NULL);
        let after = planned.get(field.name).unwrap_or(NULL);
        if field.create_only || field.replaces || !is_sent(field, after) {
            continue;
        }
        let path = format!("{}{path}", prefixes[0]);
        let attribute = format!("{}{}", prefixes[1], field.name);
        match (field.kind, after) {
            (Kind::Object(members), Value::Map(after)) if !field.whole => {
                let prefixes = [&*format!("{path}."), &*format!("{attribute}.")];
                compare(members, prefixes, before.as_map(), after, found);
            }
            _ if meaning::same(field, before, after) || is_as_good(before, after) => {}
            _ => found.push(Difference { path, attribute, before, after }),
        }
    }
}

/// Where a setting stands in the body of a call, as a mask names it.
fn path_in_a_body(field: &AnyField) -> Option<String> {
    let (prefix, path) = match field.place {
        Place::Spec(path) => ("spec.", path),
        Place::Body(path) | Place::Member(path) => ("", path),
        _ => return None,
    };
    Some(format!("{prefix}{}", field.choice.unwrap_or(path)))
}

/// An empty map or list, or `false`, where there was none: Lakebase does not tell the two apart.
pub(super) fn is_as_good(before: &Value, after: &Value) -> bool {
    before.is_null() && (is_empty(after) || *after == Value::Bool(false))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Map(entries) => entries.is_empty(),
        Value::List(elements) | Value::Set(elements) => elements.is_empty(),
        _ => false,
    }
}

/// Whether a value stands for something in the API. A flag arm that is `false` does not: it says
/// which arm of a choice it shall not be.
fn is_sent(field: &AnyField, value: &Value) -> bool {
    value.is_known() && !(field.choice.is_some() && *value == Value::Bool(false))
}

/// The body of a create, or of an update with that mask.
fn body(table: &Table, planned: &Object, mask: Option<&[String]>) -> Json {
    let create = mask.is_none();
    let mut body = Json::Object(Map::new());
    if table.fields.iter().any(|it| matches!(it.place, Place::Spec(_))) {
        body["spec"] = Json::Object(Map::new());
    }
    for field in table.fields.iter().filter(|field| create || may_change(field)) {
        let value = planned.get(field.name).unwrap_or(&Value::Null);
        let is_masked =
            |mask: &[String]| mask.iter().any(|it| Some(it) == path_in_a_body(field).as_ref());
        // An empty map or list is what a new object has anyway.
        let is_default =
            is_empty(value) && (create || field.in_every_update && !mask.is_some_and(is_masked));
        if !is_sent(field, value) || is_default {
            continue;
        }
        let value = match (field.kind, value, mask) {
            (Kind::Object(members), Value::Map(object), Some(mask)) if field.by_leaf => {
                let Some(leaves) = leaves(field, members, object, mask) else { continue };
                leaves
            }
            _ => json(field, value),
        };
        match field.place {
            Place::Spec(path) => place(&mut body["spec"], path, value),
            Place::Body(path) => place(&mut body, path, value),
            Place::Initial(path) if create => place(&mut body, path, value),
            _ => {}
        }
    }
    body
}

/// Whether a setting belongs into the body of an update: what is required does, whether it may
/// change or not, for Lakebase may ask for it.
fn may_change(field: &AnyField) -> bool {
    !field.create_only && (!field.replaces || field.given == Given::Required)
}

/// Those members of an object that a mask names.
fn leaves(
    field: &AnyField,
    members: &[AnyField],
    object: &Object,
    mask: &[String],
) -> Option<Json> {
    let path = path_in_a_body(field)?;
    let is_masked = |member: &&AnyField| {
        let leaf = path_in_a_body(member).map(|leaf| format!("{path}.{leaf}"));
        leaf.is_some_and(|leaf| mask.contains(&leaf))
    };
    let masked: Vec<_> = members.iter().filter(is_masked).copied().collect();
    (!masked.is_empty()).then(|| members_json(&masked, object))
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
        (Kind::Objects(members), Value::List(elements))
        | (Kind::ObjectSet(members), Value::Set(elements)) => {
            let empty = &Object::new();
            let element =
                |element: &Value| members_json(members, element.as_map().unwrap_or(empty));
            elements.iter().map(element).collect()
        }
        (Kind::Texts, Value::List(elements)) => elements.iter().filter_map(Value::as_str).collect(),
        (_, Value::Bool(it)) => (*it).into(),
        (_, Value::Number(it)) => number(it),
        (_, Value::String(text)) => text.as_str().into(),
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

    use super::super::address::Address;
    use super::super::field::{
        Bool, Duration, Field, Nested, NestedList, Text, TextMap, Texts, Timestamp,
    };
    use super::super::life::{HasCompute, Life};
    use super::super::table::Timeouts;
    use super::*;
    use crate::declarations::sample;

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
        noun: "sample",
        address: Address::top_level("samples", "sample_id"),
        life: Life::OBJECT,
        compute: HasCompute::No,
        holds: &[],
        upgrades: &[],
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
    fn mask_omits_equivalent_values() {
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

    /// As a snapshot schedule is: settings at the top of the body, a list that a delete empties.
    #[test]
    fn settings_at_the_top_of_the_body_are_masked_and_cleared_there() {
        const EVERY: &[AnyField] =
            &[Field::<Duration>::member("retention").doc("How long.").required().any()];
        const FIELDS: &[AnyField] = &[
            Field::<NestedList>::body("schedule").doc("The schedule.").each(EVERY).any(),
            Field::<Texts>::body("schemas").doc("Schemas.").at("db.schemas").any(),
        ];
        let table = sample(FIELDS, Life::OBJECT);
        let daily = object([("retention", text("7d"))]);
        let full = object([
            ("schedule", Value::List(vec![daily.into()])),
            ("schemas", Value::List(vec![text("public")])),
        ]);
        let body = json!({"schedule": [{"retention": "604800s"}], "db": {"schemas": ["public"]}});
        let names = ["schedule", "db.schemas"];
        assert_eq!(create_body(&table, &full), body);
        assert_eq!(mask(&table, &Object::new(), &full), names);
        assert_eq!(update_body(&table, &full, &names.map(str::to_owned)), body);
        let (mask, body) = clearing(&table, &full);
        assert_eq!(mask, names);
        assert_eq!(body, json!({"schedule": [], "db": {"schemas": []}}));
        assert!(clearing(&table, &Object::new()).0.is_empty());
    }

    /// As the memberships and the attributes of a role are.
    #[test]
    fn update_body_has_always_replaced_fields_and_masked_leaves() {
        const LEAVES: &[AnyField] = &[
            Field::<Bool>::member("one").doc("One.").any(),
            Field::<Bool>::member("two").doc("Two.").any(),
        ];
        const FIELDS: &[AnyField] = &[
            Field::<Texts>::spec("members").doc("Members.").in_every_update().any(),
            Field::<Nested>::spec("flags").doc("Flags.").members(LEAVES).by_leaf().any(),
            Field::<Text>::spec("kind").doc("A kind.").replaces().any(),
            Field::<Text>::spec("label").doc("A label.").required().replaces().any(),
        ];
        let table = sample(FIELDS, Life::OBJECT);
        let thing = |one: bool, members: &[&str]| {
            object([
                ("members", Value::List(members.iter().copied().map(text).collect())),
                ("flags", Value::Map(object([("one", one.into()), ("two", true.into())]))),
                ("kind", text("k")),
                ("label", text("l")),
            ])
        };
        for (before, after, mask, spec) in [
            (
                thing(false, &["m"]),
                thing(true, &["m"]),
                "spec.flags.one",
                json!({"members": ["m"], "flags": {"one": true}, "label": "l"}),
            ),
            (
                thing(false, &[]),
                thing(true, &[]),
                "spec.flags.one",
                json!({"flags": {"one": true}, "label": "l"}),
            ),
            (
                thing(true, &["m"]),
                thing(true, &[]),
                "spec.members",
                json!({"members": [], "label": "l"}),
            ),
        ] {
            let found = super::mask(&table, &before, &after);
            assert_eq!(found, [mask]);
            assert_eq!(update_body(&table, &after, &found), json!({ "spec": spec }));
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
