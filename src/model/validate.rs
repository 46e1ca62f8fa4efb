//! Configuration to diagnostics: the checks that need nothing but the configuration.
//!
//! Core runs [`validate`] by itself, and again before each plan, so that it finds errors only: a
//! warning would be shown twice. What is outside the documented limits, which may move, is
//! [`unusual`], and a plan warns about it once. Unknown values pass.

mod choices;

use std::collections::BTreeMap;

use tfplugin::{Diagnostic, Diagnostics, Object, Path, Value};

use super::address;
use super::field::{AnyField, Check, IdRule, Kind, Place};
use super::id;
use super::meaning::{self, quoted, same};

pub use choices::sets;

/// Refuses what cannot be in a configuration: fields one by one, choices and conflicts.
pub fn validate(fields: &'static [AnyField], config: &Object, sink: &mut Diagnostics) {
    sink.extend(findings(fields, config).into_iter().filter(Diagnostic::is_error));
}

/// Warns about what the service does not document today, where it is not in the state already.
pub fn unusual(
    fields: &'static [AnyField],
    prior: Option<&Object>,
    config: &Object,
) -> Diagnostics {
    let changed = changes(fields, prior, config);
    findings(fields, &changed).into_iter().filter(|it| !it.is_error()).collect()
}

/// All findings about an object: errors, and warnings about what is not documented.
pub fn findings(fields: &'static [AnyField], object: &Object) -> Diagnostics {
    let mut sink = Diagnostics::new();
    check_object(fields, object, &Path::default(), &mut sink);
    sink
}

/// A configuration without what the state has already.
pub fn changes(fields: &'static [AnyField], prior: Option<&Object>, config: &Object) -> Object {
    let null = &Value::Null;
    let changed = fields.iter().map(|field| {
        let before = prior.and_then(|it| it.get(field.name)).unwrap_or(null);
        let after = config.get(field.name).unwrap_or(null);
        let value = match (field.kind, before, after) {
            (Kind::Object(members), Value::Map(before), Value::Map(after)) => {
                Value::Map(changes(members, Some(before), after))
            }
            _ if same(field, before, after) => Value::Null,
            _ => after.clone(),
        };
        (field.name.to_owned(), value)
    });
    changed.collect()
}

fn check_object(fields: &'static [AnyField], config: &Object, path: &Path, sink: &mut Diagnostics) {
    for field in fields {
        let value = config.get(field.name).unwrap_or(&Value::Null);
        let path = path.attribute(field.name);
        if !value.is_known() {
            continue;
        }
        check_kind(field, value, &path, sink);
        let has_rule = field.place == Place::Id || matches!(field.id_rule, IdRule::UnityCatalog(_));
        if let (true, Some(id)) = (has_rule, value.as_str()) {
            sink.extend(id::check(field.id_rule, id, false, &path));
        }
        match (&field.check, value) {
            (Some(check), Value::List(elements)) if matches!(field.kind, Kind::Texts) => {
                if let Check::SchemaNames(Some(most)) = check {
                    sink.extend(check_number(elements.len(), *most, &path));
                }
                for (index, element) in (0..).zip(elements) {
                    check_value(check, element, &path.index(index), sink);
                }
            }
            (Some(check), value) => check_value(check, value, &path, sink),
            (None, _) => {}
        }
    }
    choices::check(fields, config, path, sink);
    check_conflicts(fields, config, path, sink);
    check_places(fields, config, path, sink);
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
        // An element of a set has no path.
        (Kind::ObjectSet(members), Value::Set(elements)) => {
            let mut inside = Diagnostics::new();
            for element in elements.iter().filter_map(Value::as_map) {
                check_object(members, element, path, &mut inside);
            }
            sink.extend(inside.into_iter().map(|it| it.at(path.clone())));
            None
        }
        (Kind::Texts, Value::List(elements)) if elements.iter().any(Value::is_null) => {
            Some("an element is null. Lakebase does not store null elements: remove it".to_owned())
        }
        (Kind::TextMap | Kind::Tags, Value::Map(entries)) => null_entry(entries).map(|key| {
            format!(
                "the value of `{key}` is null. Lakebase does not store null values: remove the key"
            )
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

fn check_value(check: &Check, value: &Value, path: &Path, sink: &mut Diagnostics) {
    let warn = |detail: String| {
        Diagnostic::warning(format!("`{path}` is outside the documented range"), detail)
            .at(path.clone())
    };
    let refuse =
        |detail: String| Diagnostic::error(format!("Invalid `{path}`"), detail).at(path.clone());
    match (check, value) {
        (Check::Size(..), Value::Number(number)) if number.as_f64() <= 0.0 => {
            sink.push(refuse(format!("The value is {number} CU. It must be greater than 0.")));
        }
        (Check::AtMost(_), Value::String(text)) if text.is_empty() => {
            sink.push(refuse("The value must not be empty.".to_owned()));
        }
        (Check::Lsn, Value::String(text)) if !is_lsn(text) => {
            sink.push(refuse(format!(
                "{} is not a valid log sequence number (LSN). Expected format: two hexadecimal \
                 numbers separated by a slash, for example `16/B374D848`.",
                quoted(text)
            )));
        }
        (Check::Between(low, high), Value::Number(number))
            if !(*low..=*high).contains(&number.as_f64()) =>
        {
            sink.push(warn(format!(
                "{number} is outside the range documented by Databricks ({low} to {high}). The API \
                 may reject it."
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
                    "`{text}` is outside the range documented by Databricks (`{low}` to `{high}`). \
                     The API may reject it."
                )));
            }
        }
        (Check::AtLeast(low), Value::String(text)) => {
            if let (Ok(least), Ok(length)) = (meaning::duration(low), meaning::duration(text))
                && length < least
            {
                sink.push(warn(format!(
                    "`{text}` is below the minimum documented by Databricks (`{low}`). The API may \
                     reject it."
                )));
            }
        }
        (Check::AtMost(characters), Value::String(text)) if *characters < text.chars().count() => {
            sink.push(warn(format!(
                "The value has {} characters. Databricks documents a maximum of {characters}. The \
                 API may reject it.",
                text.chars().count()
            )));
        }
        (Check::OneOf(values), Value::String(text)) if !values.contains(&text.as_str()) => {
            let values = values.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ");
            sink.push(refuse(format!(
                "{} is not a valid value. Valid values: {values}.",
                quoted(text)
            )));
        }
        (Check::Named(address), Value::String(text)) if !address.matches(text) => {
            sink.push(refuse(format!(
                "{} is not a valid resource name. Expected format: `{address}`. Use the `name` \
                 attribute of the resource or data source.",
                quoted(text)
            )));
        }
        // The limit of PostgreSQL's own type `name`, which no version has moved.
        (Check::PostgresName, Value::String(text))
            if text.is_empty() || 63 < text.len() || text.contains('\0') =>
        {
            sink.push(refuse(format!(
                "{} is not a valid PostgreSQL name. It has {} bytes; valid are 1 to 63 bytes.",
                quoted(text),
                text.len()
            )));
        }
        (Check::SchemaNames(_), Value::String(text)) if !is_schema_name(text) => {
            sink.push(refuse(format!(
                "{} is not a valid schema name. It must have 1 to 63 letters, digits, `_` and `$`, \
                 and start with a letter or `_`.",
                quoted(text)
            )));
        }
        _ => {}
    }
}

/// A list that must not be empty, with a limit that may move.
fn check_number(number: usize, most: usize, path: &Path) -> Option<Diagnostic> {
    let found = match number {
        0 => Diagnostic::error(
            format!("Invalid `{path}`"),
            "The list must not be empty. To keep the current value, remove the attribute.",
        ),
        _ if number <= most => return None,
        _ => Diagnostic::warning(
            format!("`{path}` is longer than documented"),
            format!(
                "The list has {number} elements. Databricks documents a maximum of {most}. The API \
                 may reject it."
            ),
        ),
    };
    Some(found.at(path.clone()))
}

/// The pattern that is documented for the schemas of a Data API (API reference, 3.9).
fn is_schema_name(text: &str) -> bool {
    let is_letter = |letter: u8| letter.is_ascii_alphabetic() || letter == b'_';
    let is_inner = |letter: u8| is_letter(letter) || letter.is_ascii_digit() || letter == b'$';
    let bytes = text.as_bytes();
    bytes.first().copied().is_some_and(is_letter)
        && bytes.len() <= 63
        && bytes.iter().copied().all(is_inner)
}

/// Two hexadecimal halves of 32 bits, as PostgreSQL writes them (its type `pg_lsn`).
fn is_lsn(text: &str) -> bool {
    let is_half = |half: &str| {
        (1..=8).contains(&half.len()) && half.bytes().all(|digit| digit.is_ascii_hexdigit())
    };
    text.split_once('/').is_some_and(|(high, low)| is_half(high) && is_half(low))
}

/// Fields that cannot be configured beside each other. The later one is named.
fn check_conflicts(
    fields: &'static [AnyField],
    config: &Object,
    path: &Path,
    sink: &mut Diagnostics,
) {
    let is_set = |name: &str| config.get(name).is_some_and(Value::is_known);
    for field in fields.iter().filter(|it| is_set(it.name)) {
        for other in field.conflicts_with.iter().filter(|it| is_set(it)) {
            let path = path.attribute(field.name);
            let detail = format!(
                "`{other}` and `{}` cannot be set together: set only one of them.",
                field.name
            );
            sink.push(Diagnostic::error(format!("Conflicting `{path}`"), detail).at(path));
        }
    }
}

/// A resource that must be inside of the one that another attribute names: a role of the branch.
pub fn check_places(
    fields: &'static [AnyField],
    object: &Object,
    path: &Path,
    sink: &mut Diagnostics,
) {
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    for field in fields {
        let Some(other) = field.inside_of else { continue };
        let (Some(name), Some(holder)) = (text(field.name), text(other)) else { continue };
        let is_named = |field: &AnyField, name: &str| match field.check {
            Some(Check::Named(address)) => address.matches(name),
            _ => true,
        };
        let Some(beside) = fields.iter().find(|it| it.name == other) else { continue };
        // What has another form is told by the check of its own.
        if is_named(field, name) && is_named(beside, holder) && !address::holds(holder, name) {
            let path = path.attribute(field.name);
            let detail = format!(
                "`{name}` is not in `{holder}` (`{other}`). Both must be in the same {other}."
            );
            sink.push(Diagnostic::error(format!("Invalid `{path}`"), detail).at(path));
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use tfplugin::Severity;

    use super::*;
    use crate::model::address::Address;
    use crate::model::field::{
        Bool, Duration, Field, Float, Int, Nested, Text, TextMap, Timestamp,
    };

    const FIELDS: &[AnyField] = &[
        Field::<Text>::id("thing_id").doc("The id.").any(),
        Field::<Text>::parent("project", &Address::top_level("projects", "project_id"))
            .doc("The project.")
            .any(),
        Field::<Int>::spec("cu").doc("The size.").within(1, 112).any(),
        Field::<Int>::spec("count_of").doc("The count.").any(),
        Field::<Text>::spec("label").doc("A label.").at_most(9).any(),
        Field::<Float>::spec("size").doc("A size.").size_between(0.5, 112.0).any(),
        Field::<Text>::spec("lsn").doc("A place.").lsn().conflicts_with(&["label"]).any(),
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
        assert!(sink.iter().all(Diagnostic::is_error), "validation never warns");
        sink.extend(unusual(FIELDS, None, &config));
        let lines = sink.iter().map(|diagnostic| {
            let severity = if diagnostic.severity == Severity::Error { "error" } else { "warning" };
            format!(
                "{severity} at {}: {}: {}\n",
                diagnostic.path, diagnostic.summary, diagnostic.detail
            )
        });
        expected.assert_eq(&lines.collect::<String>());
    }

    #[test]
    fn valid_and_unknown_values_pass() {
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
                error at thing_id: Invalid `thing_id`: `Wrong_` is not a valid ID. An ID must start with a lowercase letter, contain only lowercase letters, digits and hyphens, and not end with a hyphen. Specify only the ID, not the full resource name.
                error at project: Invalid `project`: `p` is not a valid resource name. Expected format: `projects/{project_id}`. Use the `name` attribute of the resource or data source.
                error at count_of: Invalid `count_of`: 1.5 is not a whole number.
                error at kind: Invalid `kind`: `C` is not a valid value. Valid values: `A`, `B`.
                error at labels: Invalid `labels`: the value of `a` is null. Lakebase does not store null values: remove the key.
                error at inner.pause: Invalid `inner.pause`: `soon` is not a duration: write a number and a unit, such as `300s`, `5m`, `24h` or `7d`.
                warning at cu: `cu` is outside the documented range: 113 is outside the range documented by Databricks (1 to 112). The API may reject it.
                warning at ttl: `ttl` is outside the documented range: `59s` is outside the range documented by Databricks (`60s` to `7d`). The API may reject it.
            "#]],
        );
    }

    #[test]
    fn texts_have_their_forms() {
        let lsn = [("lsn", "16/B374D848"), ("lsn", "0/1")];
        for (name, text) in lsn {
            check(&[(name, text.into())], &expect![""]);
        }
        check(
            &[("lsn", "0x1A2B".into()), ("label", "".into())],
            &expect![[r#"
                error at label: Invalid `label`: The value must not be empty.
                error at lsn: Invalid `lsn`: `0x1A2B` is not a valid log sequence number (LSN). Expected format: two hexadecimal numbers separated by a slash, for example `16/B374D848`.
                error at lsn: Conflicting `lsn`: `label` and `lsn` cannot be set together: set only one of them.
            "#]],
        );
        for lsn in ["", "/", "1/", "/1", "1/2/3", "1/123456789", "g/1", "+1/1"] {
            let mut sink = Diagnostics::new();
            validate(FIELDS, &[("lsn".to_owned(), lsn.into())].into(), &mut sink);
            assert!(sink.has_errors(), "{lsn}");
        }
    }

    #[test]
    fn size_must_be_positive() {
        for (size, is_refused) in [("-1", true), ("0", true), ("0.25", false), ("1000", false)] {
            let mut sink = Diagnostics::new();
            validate(FIELDS, &[("size".to_owned(), Number(size))].into(), &mut sink);
            assert_eq!(sink.has_errors(), is_refused, "{size}");
        }
    }

    #[test]
    fn an_empty_text_is_visible() {
        check(
            &[("kind", "".into()), ("project", "".into())],
            &expect![[r#"
                error at project: Invalid `project`: `""` is not a valid resource name. Expected format: `projects/{project_id}`. Use the `name` attribute of the resource or data source.
                error at kind: Invalid `kind`: `""` is not a valid value. Valid values: `A`, `B`.
            "#]],
        );
    }

    #[test]
    fn fields_that_conflict_are_not_configured_together() {
        check(
            &[("lsn", "0/1".into()), ("label", "a".into())],
            &expect![[r#"
                error at lsn: Conflicting `lsn`: `label` and `lsn` cannot be set together: set only one of them.
            "#]],
        );
        check(&[("lsn", "0/1".into()), ("label", Value::unknown())], &expect![""]);
    }

    #[test]
    fn stored_undocumented_value_does_not_warn() {
        let config: Object = [("cu".to_owned(), Number("113"))].into();
        assert!(!unusual(FIELDS, None, &config).is_empty());
        assert!(unusual(FIELDS, Some(&config), &config).is_empty());
    }

    #[test]
    fn at_most_one_arm_of_a_choice_is_set() {
        check(
            &[("ttl", "1h".into()), ("forever", true.into())],
            &expect![[r#"
                error at forever: Conflicting `forever`: `ttl` and `forever` cannot be set together: set only one of them.
            "#]],
        );
    }

    #[expect(non_snake_case, reason = "reads as the variant it makes")]
    fn Number(text: &str) -> Value {
        Value::Number(text.parse().unwrap())
    }
}
