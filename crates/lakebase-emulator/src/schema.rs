//! What a body may hold: the fields of each resource as a table, the check of a body against it,
//! and the merge of checked values into settings. The tables themselves stand with their
//! resources; [`crate::mask`] reads them too.

use serde_json::{Value as Json, json};

use crate::error::{ApiError, Result};
use crate::wire;

pub(crate) type Map = serde_json::Map<String, Json>;

/// One field of a message.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) value: Value,
    pub(crate) rule: Rule,
    pub(crate) need: Need,
    /// Whether the mask `*` demands the field.
    pub(crate) in_wildcard: bool,
}

/// When a body must hold a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Never.
    Optional,
    /// In a create.
    OnCreate,
    /// Wherever the message of the field is.
    Always,
}

/// What a check of a body lets pass that is refused otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Leniency {
    pub(crate) unknown_fields: bool,
    pub(crate) numbers_as_text: bool,
}

/// What may change a field, and under which mask path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// A create and an update.
    Mutable,
    /// Only a create.
    Immutable,
    /// As `Mutable`, but an arm of the oneof with this name: the mask path is that of the oneof.
    Arm(&'static str),
}

/// The values of a field.
#[derive(Debug)]
pub(crate) enum Value {
    /// A string of so many characters.
    Text {
        min: usize,
        max: usize,
    },
    /// A name in PostgreSQL that needs no quotes, but for its case: `[a-zA-Z_][a-zA-Z0-9_$]{0,62}`.
    Identifier,
    /// A string that is one of these.
    Enum(&'static [&'static str]),
    /// A boolean.
    Flag,
    /// A boolean that is true if it is there at all.
    True,
    /// An integer.
    Whole {
        min: i64,
        max: i64,
    },
    /// Compute units: 0.5 to 112 in steps of 0.5.
    Units,
    /// A duration of so many seconds.
    Duration {
        min: i64,
        max: i64,
    },
    Timestamp,
    /// String to string.
    Map,
    List(&'static Value),
    Message(&'static [Field]),
}

impl Field {
    pub(crate) const fn new(name: &'static str, value: Value) -> Field {
        Field { name, value, rule: Rule::Mutable, need: Need::Optional, in_wildcard: true }
    }

    pub(crate) const fn immutable(self) -> Field {
        Field { rule: Rule::Immutable, ..self }
    }

    pub(crate) const fn required_on_create(self) -> Field {
        Field { need: Need::OnCreate, ..self }
    }

    pub(crate) const fn required(self) -> Field {
        Field { need: Need::Always, ..self }
    }

    /// The mask `*` covers the field only if the body holds it.
    pub(crate) const fn not_in_wildcard(self) -> Field {
        Field { in_wildcard: false, ..self }
    }

    pub(crate) const fn arm(self, group: &'static str) -> Field {
        Field { rule: Rule::Arm(group), ..self }
    }
}

/// Checks `body` against `fields` and spells its values canonically. `null` is absence, as in
/// protobuf-JSON. `path` is the message's own, "" for the body.
///
/// [INF] The service's texts for these refusals were never recorded.
pub(crate) fn check(fields: &[Field], body: &Map, path: &str, leniency: Leniency) -> Result<Map> {
    let parent = path;
    let mut checked = Map::new();
    let mut arms: Vec<(&str, &str)> = Vec::new();
    for (name, value) in body {
        let path = join(path, name);
        let Some(field) = fields.iter().find(|field| field.name == name) else {
            if leniency.unknown_fields {
                continue;
            }
            return Err(ApiError::invalid(format!("Unknown field '{path}' in the request body.")));
        };
        if value.is_null() {
            continue;
        }
        if let Rule::Arm(group) = field.rule {
            // [DOC] §3.2, §3.3: the members of a oneof exclude each other.
            if let Some((_, other)) = arms.iter().find(|(taken, _)| *taken == group) {
                return Err(ApiError::invalid(format!(
                    "Fields '{other}' and '{}' of '{}' exclude each other.",
                    field.name,
                    join(path.rsplit_once('.').map_or("", |(parent, _)| parent), group),
                )));
            }
            arms.push((group, field.name));
        }
        checked.insert(name.clone(), field.value.check(value, &path, leniency)?);
    }
    let missing = |field: &&Field| field.need == Need::Always && !checked.contains_key(field.name);
    match fields.iter().find(missing) {
        Some(field) => Err(ApiError::required(&join(parent, field.name))),
        None => Ok(checked),
    }
}

/// Checks the types of values that may lie outside of what a body may hold, as those of answers do.
/// Fields that a body does not have are not checked.
pub(crate) fn check_types(fields: &[Field], values: &Map, path: &str) -> Result<()> {
    fields.iter().try_for_each(|field| match values.get(field.name) {
        None => Ok(()),
        Some(value) => field.value.check_type(value, &join(path, field.name)),
    })
}

impl Value {
    fn check_type(&self, value: &Json, path: &str) -> Result<()> {
        let (fits, wanted) = match self {
            Value::Text { .. } | Value::Identifier | Value::Enum(_) => {
                (value.is_string(), "a string")
            }
            Value::Flag | Value::True => (value.is_boolean(), "true or false"),
            Value::Whole { .. } | Value::Units => (value.is_number(), "a number"),
            Value::Duration { .. } => (
                value.as_str().is_some_and(|text| wire::parse_duration(text).is_some()),
                "a duration",
            ),
            Value::Timestamp => {
                (value.as_str().is_some_and(|text| wire::parse_timestamp(text).is_some()), "a time")
            }
            Value::Map => {
                let entries = value.as_object();
                (
                    entries.is_some_and(|map| map.values().all(Json::is_string)),
                    "an object of strings",
                )
            }
            Value::List(of) => {
                let items = value.as_array().into_iter().flatten().enumerate();
                for (index, item) in items {
                    of.check_type(item, &format!("{path}[{index}]"))?;
                }
                (value.is_array(), "an array")
            }
            Value::Message(fields) => {
                value.as_object().map_or(Ok(()), |values| check_types(fields, values, path))?;
                (value.is_object(), "an object")
            }
        };
        let refusal = || ApiError::invalid(format!("{path}: must be {wanted}, not {value}."));
        if fits { Ok(()) } else { Err(refusal()) }
    }

    fn check(&self, value: &Json, path: &str, leniency: Leniency) -> Result<Json> {
        let wrong = |wanted: &str| {
            Err(ApiError::invalid(format!("Field '{path}' must be {wanted}, got {value}.")))
        };
        match self {
            Value::Text { min, max } => match value.as_str() {
                Some(text) if (*min..=*max).contains(&text.chars().count()) => Ok(json!(text)),
                Some(_) => wrong(&format!("{min} to {max} characters long")),
                None => wrong("a string"),
            },
            Value::Identifier => match value.as_str() {
                Some(text) if is_identifier(text) => Ok(json!(text)),
                _ => wrong("a name of 1 to 63 letters, digits, '_' and '$'"),
            },
            Value::Enum(values) => match value.as_str() {
                Some(text) if values.contains(&text) => Ok(json!(text)),
                _ => wrong(&format!("one of {}", values.join(", "))),
            },
            Value::Flag if value.is_boolean() => Ok(value.clone()),
            Value::Flag => wrong("true or false"),
            // [DOC] §3.2: "must be `true` if present".
            Value::True if *value == Json::Bool(true) => Ok(value.clone()),
            Value::True => wrong("true if it is present"),
            Value::Whole { min, max } => match integer(value, leniency) {
                Some(number) if (*min..=*max).contains(&number) => Ok(json!(number)),
                Some(_) => wrong(&format!("from {min} to {max}")),
                None => wrong("an integer"),
            },
            // [DOC] §7.2 for the bounds, [INF] for the steps.
            Value::Units => match value.is_number().then(|| value.as_f64()).flatten() {
                Some(units) if (0.5..=112.0).contains(&units) && (units * 2.0).fract() == 0.0 => {
                    Ok(units_json(units))
                }
                Some(_) => wrong("from 0.5 to 112 compute units in steps of 0.5"),
                None => wrong("a number"),
            },
            Value::Duration { min, max } => match value.as_str().and_then(wire::parse_duration) {
                Some(duration)
                    if duration >= jiff::SignedDuration::from_secs(*min)
                        && duration <= jiff::SignedDuration::from_secs(*max) =>
                {
                    Ok(json!(wire::format_duration(duration)))
                }
                Some(_) => wrong(&format!("from {min}s to {max}s")),
                None => wrong("a duration in seconds such as \"300s\""),
            },
            Value::Timestamp => match value.as_str().and_then(wire::parse_timestamp) {
                Some(time) => Ok(json!(wire::format_timestamp(time))),
                None => wrong("an RFC 3339 timestamp"),
            },
            Value::Map => match value.as_object() {
                Some(entries) if entries.values().all(Json::is_string) => Ok(value.clone()),
                _ => wrong("an object of strings"),
            },
            Value::List(of) => match value.as_array() {
                Some(items) => items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| of.check(item, &format!("{path}[{index}]"), leniency))
                    .collect(),
                None => wrong("an array"),
            },
            Value::Message(fields) => match value.as_object() {
                Some(message) => Ok(Json::Object(check(fields, message, path, leniency)?)),
                None => wrong("an object"),
            },
        }
    }
}

/// [DOC] §3.9.
fn is_identifier(text: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphabetic() || letter == '_';
    text.starts_with(is_letter)
        && text.len() <= 63
        && text.chars().all(|letter| is_letter(letter) || letter.is_ascii_digit() || letter == '$')
}

/// [INF] protobuf's JSON reads integers from text, too.
fn integer(value: &Json, leniency: Leniency) -> Option<i64> {
    match value {
        Json::String(text) if leniency.numbers_as_text => text.parse().ok(),
        _ => value.as_i64(),
    }
}

/// Merges checked values into settings: messages field by field, an arm in the place of its
/// siblings, everything else whole.
pub(crate) fn merge(fields: &[Field], settings: &mut Map, values: &Map) {
    for field in fields {
        let Some(value) = values.get(field.name) else { continue };
        if let Rule::Arm(_) = field.rule {
            settings.retain(|name, _| {
                fields.iter().all(|sibling| sibling.rule != field.rule || sibling.name != name)
            });
        }
        if let (Value::Message(inner), Json::Object(values)) = (&field.value, value) {
            let entry = settings.entry(field.name).or_insert_with(|| json!({}));
            if let Json::Object(settings) = entry {
                merge(inner, settings, values);
            }
        } else {
            settings.insert(field.name.to_owned(), value.clone());
        }
    }
}

/// Merges a patch by RFC 7396: `null` removes.
pub(crate) fn merge_patch(target: &mut Map, patch: &Map) {
    for (name, value) in patch {
        match (target.get_mut(name), value) {
            (_, Json::Null) => {
                target.remove(name);
            }
            (Some(Json::Object(target)), Json::Object(patch)) => merge_patch(target, patch),
            _ => {
                target.insert(name.clone(), value.clone());
            }
        }
    }
}

/// A JSON number as the service writes compute units: `4`, not `4.0`.
fn units_json(units: f64) -> Json {
    if units.fract() == 0.0 {
        #[expect(clippy::cast_possible_truncation, reason = "at most 112")]
        let whole = units as i64;
        json!(whole)
    } else {
        json!(units)
    }
}

/// `a.b`, or `b` at the top.
pub(crate) fn join(parent: &str, name: &str) -> String {
    if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: &[Field] = &[
        Field::new("text", Value::Text { min: 1, max: 3 }),
        Field::new("flag", Value::Flag),
        Field::new("always", Value::True).arm("choice"),
        Field::new("after", Value::Duration { min: 60, max: 120 }).arm("choice"),
        Field::new("count", Value::Whole { min: 1, max: 9 }),
        Field::new("cu", Value::Units),
        Field::new("at", Value::Timestamp),
        Field::new("map", Value::Map),
        Field::new("list", Value::List(&Value::Enum(&["A", "B"]))),
        Field::new("inner", Value::Message(&[Field::new("flag", Value::Flag)])),
    ];

    fn outcome(body: &Json) -> std::result::Result<Json, String> {
        check(FIELDS, body.as_object().expect("an object"), "", Leniency::default())
            .map(Json::Object)
            .map_err(|error| error.message)
    }

    #[test]
    fn valid_body_is_returned_in_canonical_form() {
        let body = json!({
            "text": "abc", "flag": false, "always": null, "after": "60.0s", "count": 9,
            "cu": 4.0, "at": "2026-01-01T01:00:00+01:00", "map": {"a": "b"}, "list": ["A"],
            "inner": {"flag": true},
        });
        let canonical = json!({
            "text": "abc", "flag": false, "after": "60s", "count": 9, "cu": 4,
            "at": "2026-01-01T00:00:00Z", "map": {"a": "b"}, "list": ["A"],
            "inner": {"flag": true},
        });
        assert_eq!(outcome(&body), Ok(canonical));
    }

    #[test]
    fn a_wrong_body_is_refused_with_the_path_of_the_field() {
        let cases = [
            (json!({"nope": null}), "'nope'"),
            (json!({"inner": {"nope": 1}}), "'inner.nope'"),
            (json!({"text": ""}), "'text'"),
            (json!({"text": "abcd"}), "'text'"),
            (json!({"text": 1}), "'text'"),
            (json!({"flag": "true"}), "'flag'"),
            (json!({"always": false}), "'always'"),
            (json!({"always": true, "after": "60s"}), "'choice'"),
            (json!({"after": "59s"}), "'after'"),
            (json!({"after": "2m"}), "'after'"),
            (json!({"count": "1"}), "'count'"),
            (json!({"count": 10}), "'count'"),
            (json!({"cu": 0}), "'cu'"),
            (json!({"cu": 0.7}), "'cu'"),
            (json!({"cu": 112.5}), "'cu'"),
            (json!({"cu": "1"}), "'cu'"),
            (json!({"at": "2026-01-01"}), "'at'"),
            (json!({"map": {"a": 1}}), "'map'"),
            (json!({"map": []}), "'map'"),
            (json!({"list": ["A", "C"]}), "'list[1]'"),
            (json!({"inner": []}), "'inner'"),
        ];
        for (body, named) in cases {
            let error = outcome(&body).expect_err("a refusal");
            assert!(error.contains(named), "{body}: {error}");
        }
    }

    #[test]
    fn a_merge_is_deep_for_messages_whole_for_maps_and_exclusive_for_arms() {
        let mut settings = json!({"after": "60s", "map": {"a": "b"}, "inner": {"flag": false}});
        let values = json!({"always": true, "map": {"c": "d"}, "inner": {}});
        merge(
            FIELDS,
            settings.as_object_mut().expect("an object"),
            values.as_object().expect("an object"),
        );
        assert_eq!(settings, json!({"always": true, "map": {"c": "d"}, "inner": {"flag": false}}));
    }
}
