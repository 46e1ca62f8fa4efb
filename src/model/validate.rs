//! Configuration to diagnostics: the checks that need nothing but the configuration.
//!
//! Core runs them in `validate`, and again before each plan. Unknown values pass.

use std::collections::BTreeMap;

use tfplugin::{Diagnostic, Diagnostics, Object, Path, Value};

use super::field::{AnyField, Check, Given, Kind, Place};
use super::meaning;
use super::table::has_form;

/// The longest id the service documents today, in characters.
const LONGEST_ID: usize = 63;

/// Checks each field of a configuration, and its choices.
pub fn validate(fields: &'static [AnyField], config: &Object, sink: &mut Diagnostics) {
    check_object(fields, config, &Path::default(), sink);
}

fn check_object(fields: &'static [AnyField], config: &Object, path: &Path, sink: &mut Diagnostics) {
    for field in fields {
        let value = config.get(field.name).unwrap_or(&Value::Null);
        let path = path.attribute(field.name);
        if !value.is_known() {
            continue;
        }
        check_kind(field, value, &path, sink);
        if field.place == Place::Id {
            check_id(value, &path, sink);
        }
        if let Some(check) = &field.check {
            check_value(check, value, &path, sink);
        }
    }
    check_choices(fields, config, path, sink);
}

fn check_kind(field: &AnyField, value: &Value, path: &Path, sink: &mut Diagnostics) {
    let problem = match (field.kind, value) {
        (Kind::Duration, Value::String(text)) => meaning::duration(text).err(),
        (Kind::Timestamp, Value::String(text)) => meaning::timestamp(text).err(),
        (Kind::Int, Value::Number(number)) if number.as_i64().is_none() => {
            Some(format!("{number} is not a whole number"))
        }
        (Kind::Object(members), Value::Map(object)) => {
            check_object(members, object, path, sink);
            None
        }
        (Kind::Objects(members), Value::List(elements)) => {
            for (index, element) in (0..).zip(elements) {
                if let Value::Map(object) = element {
                    check_object(members, object, &path.index(index), sink);
                }
            }
            None
        }
        (Kind::TextMap | Kind::Tags, Value::Map(entries)) => null_entry(entries).map(|key| {
            format!("`{key}` is null, which the service cannot hold: leave the key out")
        }),
        _ => None,
    };
    if let Some(problem) = problem {
        sink.push(
            Diagnostic::error(format!("Invalid `{path}`"), format!("{problem}.")).at(path.clone()),
        );
    }
}

fn null_entry(entries: &BTreeMap<String, Value>) -> Option<&str> {
    entries.iter().find(|(_, it)| it.is_null()).map(|(key, _)| key.as_str())
}

/// Characters are an error, for they are part of a name; the length is a limit that may move.
fn check_id(value: &Value, path: &Path, sink: &mut Diagnostics) {
    let Some(id) = value.as_str() else { return };
    let begins = id.bytes().next().is_some_and(|it| it.is_ascii_lowercase());
    let ends = !id.ends_with('-');
    let middle = id.bytes().all(|it| matches!(it, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    if !(begins && ends && middle) {
        let detail = format!(
            "`{id}` is not an id: it must start with a lowercase letter, hold only lowercase \
             letters, digits and hyphens, and not end with a hyphen. It is the last part of the \
             full name, not the whole of it."
        );
        sink.push(Diagnostic::error(format!("Invalid `{path}`"), detail).at(path.clone()));
    } else if LONGEST_ID < id.len() {
        let detail = format!(
            "`{id}` has {} characters. The service documents at most {LONGEST_ID} and may refuse \
             it.",
            id.len()
        );
        sink.push(Diagnostic::warning(format!("Long `{path}`"), detail).at(path.clone()));
    }
}

fn check_value(check: &Check, value: &Value, path: &Path, sink: &mut Diagnostics) {
    let warn =
        |detail: String| Diagnostic::warning(format!("Unusual `{path}`"), detail).at(path.clone());
    let refuse =
        |detail: String| Diagnostic::error(format!("Invalid `{path}`"), detail).at(path.clone());
    match (check, value) {
        (Check::Between(low, high), Value::Number(number))
            if !(*low..=*high).contains(&number.as_f64()) =>
        {
            sink.push(warn(format!(
                "{number} is outside what the service documents today, {low} to {high}, and may \
                 be refused."
            )));
        }
        (Check::Lasting(low, high), Value::String(text)) => {
            let (Ok(low_), Ok(it), Ok(high_)) =
                (meaning::duration(low), meaning::duration(text), meaning::duration(high))
            else {
                return;
            };
            if it < low_ || high_ < it {
                sink.push(warn(format!(
                    "`{text}` is outside what the service documents today, `{low}` to `{high}`, \
                     and may be refused."
                )));
            }
        }
        (Check::AtMost(characters), Value::String(text)) if *characters < text.chars().count() => {
            sink.push(warn(format!(
                "The text has {} characters. The service documents at most {characters} and may \
                 refuse it.",
                text.chars().count()
            )));
        }
        (Check::OneOf(values), Value::String(text)) if !values.contains(&text.as_str()) => {
            let values = values.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ");
            sink.push(refuse(format!("`{text}` is none of {values}.")));
        }
        (Check::Named(form), Value::String(text)) if !has_form(text, form) => {
            sink.push(refuse(format!(
                "`{text}` is not a full name: it must have the form `{form}`. The `name` of the \
                 resource or data source has it."
            )));
        }
        _ => {}
    }
}

/// Of the arms of a choice, at most one is set. A flag that is `false` sets nothing.
fn check_choices(
    fields: &'static [AnyField],
    config: &Object,
    path: &Path,
    sink: &mut Diagnostics,
) {
    for (at, field) in fields.iter().enumerate() {
        let is_null = |it: &AnyField| config.get(it.name).is_none_or(Value::is_null);
        let refuses = config.get(field.name) == Some(&Value::Bool(false));
        if field.unless_chosen && refuses && field.siblings(fields).all(is_null) {
            let others = field.siblings(fields).map(|it| format!("`{}`", it.name));
            let others = others.collect::<Vec<_>>().join(" or ");
            let detail = format!("`false` does not say what shall hold instead: set {others}.");
            let path = path.attribute(field.name);
            sink.push(Diagnostic::error(format!("Incomplete `{path}`"), detail).at(path));
        }
        for other in field.siblings(&fields[at..]) {
            if sets(config, field) && sets(config, other) {
                let detail = format!(
                    "`{}` and `{}` exclude each other: set one of them.",
                    field.name, other.name
                );
                let path = path.attribute(other.name);
                sink.push(Diagnostic::error(format!("Conflicting `{path}`"), detail).at(path));
            }
        }
    }
}

/// Whether an object sets an arm of a choice to a known value that means something.
pub fn sets(object: &Object, arm: &AnyField) -> bool {
    match object.get(arm.name) {
        Some(Value::Bool(flag)) => *flag,
        Some(value) => value.is_known() && arm.given != Given::Server,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use tfplugin::Severity;

    use super::*;
    use crate::model::field::{Bool, Duration, Field, Int, Nested, Text, TextMap, Timestamp};

    const FIELDS: &[AnyField] = &[
        Field::<Text>::id("thing_id").doc("The id.").any(),
        Field::<Text>::parent("project", "projects/{project_id}").doc("The project.").any(),
        Field::<Int>::spec("cu").doc("The size.").within(1, 112).any(),
        Field::<Int>::spec("count_of").doc("The count.").any(),
        Field::<Text>::spec("kind").doc("The kind.").one_of(&["A", "B"]).any(),
        Field::<Duration>::spec("ttl").doc("How long.").lasting("60s", "7d").choice("end").any(),
        Field::<Timestamp>::spec("until").doc("Until when.").choice("end").any(),
        Field::<Bool>::spec("forever").doc("Forever.").choice("end").any(),
        Field::<TextMap>::spec("labels").doc("Labels.").any(),
        Field::<Nested>::spec("inner")
            .doc("More.")
            .members(&[Field::<Duration>::member("pause").doc("How long.").any()])
            .any(),
    ];

    fn check(config: &[(&str, Value)], expected: &Expect) {
        let config = config.iter().map(|(name, it)| ((*name).to_owned(), it.clone())).collect();
        let mut sink = Diagnostics::new();
        validate(FIELDS, &config, &mut sink);
        let lines = sink.iter().map(|it| {
            let severity = if it.severity == Severity::Error { "error" } else { "warning" };
            format!("{severity} at {}: {}: {}\n", it.path, it.summary, it.detail)
        });
        expected.assert_eq(&lines.collect::<String>());
    }

    #[test]
    fn what_is_right_or_unknown_passes() {
        check(
            &[
                ("thing_id", "a-1".into()),
                ("project", "projects/p".into()),
                ("cu", Number("2")),
                ("ttl", "7d".into()),
                ("forever", false.into()),
                ("until", Value::unknown()),
            ],
            &expect![""],
        );
    }

    #[test]
    fn each_wrong_value_is_named_on_its_path() {
        check(
            &[
                ("thing_id", "Wrong_".into()),
                ("project", "p".into()),
                ("cu", Number("113")),
                ("count_of", Number("1.5")),
                ("kind", "C".into()),
                ("ttl", "59s".into()),
                ("labels", Value::Map([("a".to_owned(), Value::Null)].into())),
                ("inner", Value::Map([("pause".to_owned(), "soon".into())].into())),
            ],
            &expect![[r#"
                error at thing_id: Invalid `thing_id`: `Wrong_` is not an id: it must start with a lowercase letter, hold only lowercase letters, digits and hyphens, and not end with a hyphen. It is the last part of the full name, not the whole of it.
                error at project: Invalid `project`: `p` is not a full name: it must have the form `projects/{project_id}`. The `name` of the resource or data source has it.
                warning at cu: Unusual `cu`: 113 is outside what the service documents today, 1 to 112, and may be refused.
                error at count_of: Invalid `count_of`: 1.5 is not a whole number.
                error at kind: Invalid `kind`: `C` is none of `A`, `B`.
                warning at ttl: Unusual `ttl`: `59s` is outside what the service documents today, `60s` to `7d`, and may be refused.
                error at labels: Invalid `labels`: `a` is null, which the service cannot hold: leave the key out.
                error at inner.pause: Invalid `inner.pause`: `soon` is not a duration: write a number and a unit, such as `300s`, `5m`, `24h` or `7d`.
            "#]],
        );
    }

    #[test]
    fn at_most_one_arm_of_a_choice_is_set() {
        check(
            &[("ttl", "1h".into()), ("forever", true.into())],
            &expect![[r#"
                error at forever: Conflicting `forever`: `ttl` and `forever` exclude each other: set one of them.
            "#]],
        );
    }

    #[expect(non_snake_case, reason = "reads as the variant it makes")]
    fn Number(text: &str) -> Value {
        Value::Number(text.parse().unwrap())
    }
}
