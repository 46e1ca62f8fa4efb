//! Prior state and configuration to plan: what the object will be, and whether it must be a new one.
//!
//! Core's own merge (`proposed_new_state`) is not used: it forgets an object whose required
//! members the configuration no longer gives, where here every removed attribute keeps the
//! service's value. The steps are in the order of the functions below.

use jiff::Timestamp;
use tfplugin::{Diagnostic, Diagnostics, Object, Path, Severity, Value};

use super::decode::default;
use super::field::{AnyField, Given, Kind, Place};
use super::meaning::{respelled, same};
use super::table::{Change, Resource, Settings};
use super::tf::Tf;
use super::validate::{changes, findings, sets, unusual};

/// A planned create or update.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The object as it will be.
    pub object: Object,
    /// The attributes whose change needs a new object.
    pub requires_replace: Vec<Path>,
    /// What is wrong with it, and what a reader should know.
    pub diagnostics: Diagnostics,
}

/// What a plan depends on besides prior state and configuration.
pub struct Occasion<'a> {
    /// What the provider block says.
    pub settings: &'a Settings,
    /// The time: a result that is about to expire is planned anew.
    pub now: Timestamp,
    /// The name of the object that a create replaces. If the new object has the same name, the name
    /// is planned as unknown, so that what refers to it is replaced with it instead of being lost
    /// silently with the old object.
    pub replacing: Option<&'a str>,
}

/// Plans a create (no prior state) or an update.
pub fn plan(
    resource: &dyn Resource,
    prior: Option<&Object>,
    config: &Object,
    occasion: &Occasion<'_>,
) -> Planned {
    let table = resource.table();
    let mut diagnostics = Diagnostics::new();
    // 1. What the configuration says; what it does not say, the prior state or the service keeps.
    let planned = merge(table.fields, Some(config), prior, Unfilled::ByService);
    let Occasion { settings, now, replacing } = *occasion;
    let mut change = Change { prior, config, planned, settings, now };
    if let Some(prior) = prior {
        // 2. What has a meaning only at creation keeps its value.
        keep_initial(table.fields, prior, &mut change.planned, &mut diagnostics);
        refuse_unset_flags(table.fields, prior, config, &Path::default(), &mut diagnostics);
        // 3. Results change only with what they are results of.
        forget_results(table.fields, prior, &mut change.planned);
    }
    // 4. The name is known as soon as its parts are.
    plan_name(resource, &mut change, replacing);
    // 5. What a table cannot say.
    resource.plan(&mut change, &mut diagnostics);
    // 6. What the service does not document, and may refuse.
    if settings.review_warnings {
        diagnostics.extend(unusual(table.fields, prior, config));
    }
    // 7. What cannot change in place.
    let requires_replace =
        prior.map_or_else(Vec::new, |it| replacements(table.fields, it, &change.planned));
    Planned { object: change.planned, requires_replace, diagnostics }
}

/// Why the create half of a replacement is certain, or likely, to be refused: reasons not to begin
/// with the delete half.
///
/// What is outside the documented limits is a warning of a create, because limits move. Here it is
/// an error: the old object would be gone before the service says whether it accepts the new one.
/// What the old object has too, the service has accepted. Without the old object, as in Terraform's
/// second call of a replacement, only what depends on the time is left to check.
pub fn refused_replacement(
    resource: &dyn Resource,
    prior: Option<&Object>,
    planned: &Object,
    now: Timestamp,
) -> Diagnostics {
    let table = resource.table();
    let mut found = Diagnostics::new();
    if prior.is_some() {
        let replacing = table.fields.iter().filter(|it| it.replaces);
        let value = |it: &AnyField| Some((it.name.to_owned(), planned.get(it.name)?.clone()));
        let replacing: Object = replacing.filter_map(value).collect();
        found.extend(findings(table.fields, &changes(table.fields, prior, &replacing)));
    }
    resource.refuse_create(planned, now, &mut found);
    let noun = table.noun();
    let refused = found.into_iter().map(|it| Diagnostic {
        severity: Severity::Error,
        detail: format!(
            "{} A replacement deletes the {noun} before it creates the new one, so that a refusal \
             would lose it.",
            it.detail
        ),
        ..it
    });
    refused.collect()
}

/// Who gives a value that neither the configuration nor the prior state has.
#[derive(Clone, Copy, PartialEq)]
enum Unfilled {
    /// The service: unknown until the apply.
    ByService,
    /// Nobody: null.
    ByNobody,
}

fn merge(
    fields: &'static [AnyField],
    config: Option<&Object>,
    prior: Option<&Object>,
    unfilled: Unfilled,
) -> Object {
    let null = &Value::Null;
    let merged = fields.iter().map(|field| {
        let given = config.and_then(|it| it.get(field.name)).unwrap_or(null);
        let before = prior.and_then(|it| it.get(field.name)).unwrap_or(null);
        let unfilled = match field.place {
            Place::Initial(_) => Unfilled::ByNobody,
            _ if field.given == Given::Optional => Unfilled::ByNobody,
            _ => unfilled,
        };
        let value = if !given.is_null() && field.given != Given::Server {
            configured(field, given, before, unfilled)
        } else if matches!(field.given, Given::Required | Given::Optional) {
            Value::Null
        } else if field.default.is_some() {
            default(field)
        } else if let Some(value) = arm_not_chosen(*field, fields, config, prior) {
            value
        } else if prior.is_some() {
            before.clone()
        } else if unfilled == Unfilled::ByService {
            Value::unknown()
        } else {
            Value::Null
        };
        (field.name.to_owned(), value)
    });
    merged.collect()
}

/// A configured value, completed inside, in the prior state's spelling where it means the same.
fn configured(field: &AnyField, given: &Value, before: &Value, unfilled: Unfilled) -> Value {
    match (field.kind, given) {
        (Kind::Object(members), Value::Map(object)) => {
            // What only the configuration gives, it gives whole: nothing inside is kept.
            let kept = if field.given == Given::OrServer { before.as_map() } else { None };
            respelled(field, Value::Map(merge(members, Some(object), kept, unfilled)), before)
        }
        (Kind::Objects(members), Value::List(elements)) => {
            let elements = elements.iter().map(|it| match it {
                Value::Map(object) => Value::Map(merge(members, Some(object), None, unfilled)),
                other => other.clone(),
            });
            respelled(field, Value::List(elements.collect()), before)
        }
        _ => respelled(field, given.clone(), before),
    }
}

/// The value of an arm that the configuration leaves out, if its choice decides it.
fn arm_not_chosen(
    field: AnyField,
    fields: &'static [AnyField],
    config: Option<&Object>,
    prior: Option<&Object>,
) -> Option<Value> {
    field.choice?;
    let config = config?;
    let mut siblings = field.siblings(fields);
    if siblings.clone().any(|it| sets(config, it)) {
        return Some(Value::Null);
    }
    if siblings.clone().any(|it| config.get(it.name).is_some_and(Value::is_unknown)) {
        return Some(Value::unknown());
    }
    if prior.is_some() {
        return None;
    }
    // Nothing is chosen on create: the arm to send by default is sent, and the others are not.
    if field.unless_chosen {
        return Some(Value::Bool(true));
    }
    siblings.any(|it| it.unless_chosen).then_some(Value::Null)
}

/// A changed `initial_*` keeps its value, with a warning. Where the state has none, as after an
/// import, the configured one is stored, with a warning, and nothing is sent: Terraform accepts no
/// plan that leaves a configured value null. How the object was to be created keeps its value
/// without a warning, so that an imported object plans empty.
fn keep_initial(fields: &[AnyField], prior: &Object, planned: &mut Object, sink: &mut Diagnostics) {
    for field in fields.iter().filter(|it| matches!(it.place, Place::Initial(_) | Place::OnCreate))
    {
        let (Some(before), Some(after)) = (prior.get(field.name), planned.get_mut(field.name))
        else {
            continue;
        };
        if same(field, before, after) {
            continue;
        }
        let effect = if before.is_null() {
            "Terraform stores the value and sends nothing."
        } else {
            *after = before.clone();
            "Terraform ignores the changed value and sends nothing."
        };
        if field.place != Place::OnCreate && after.is_known() {
            let summary = format!("`{}` has a meaning only at creation", field.name);
            let detail = format!(
                "The object exists already. {effect} Change the settings of what was created along \
                 with it in a resource of its own."
            );
            sink.push(Diagnostic::warning(summary, detail).at(field.name));
        }
    }
}

/// `no_suspension = false` says what shall not be, but not what shall be instead.
fn refuse_unset_flags(
    fields: &'static [AnyField],
    prior: &Object,
    config: &Object,
    path: &Path,
    sink: &mut Diagnostics,
) {
    // A setting of the creation is over: what it says now is ignored.
    for field in fields.iter().filter(|it| !matches!(it.place, Place::Initial(_))) {
        let (Some(before), Some(given)) = (prior.get(field.name), config.get(field.name)) else {
            continue;
        };
        if let (Some(members), Value::Map(before), Value::Map(given)) =
            (field.members(), before, given)
        {
            refuse_unset_flags(members, before, given, &path.attribute(field.name), sink);
        }
        let turned_off = field.choice.is_some()
            && matches!((before, given), (Value::Bool(true), Value::Bool(false)));
        let mut others = field.siblings(fields);
        if turned_off && others.clone().all(|it| config.get(it.name).is_none_or(Value::is_null)) {
            let names = others.by_ref().map(|it| format!("`{}`", it.name)).collect::<Vec<_>>();
            let summary = format!("`{}` cannot just be turned off", field.name);
            let detail = format!(
                "It is `true` now, and the service has no way to unset it. Say what shall hold \
                 instead: set {}.",
                names.join(" or ")
            );
            sink.push(Diagnostic::error(summary, detail).at(path.attribute(field.name)));
        }
    }
}

fn forget_results(fields: &[AnyField], prior: &Object, planned: &mut Object) {
    let is_arm = |name: &str| fields.iter().any(|it| it.name == name && it.choice.is_some());
    let said = |object: &Object, name: &str| match object.get(name) {
        // A flag arm that is `false` says nothing, as if it were left out.
        Some(Value::Bool(false)) if is_arm(name) => Value::Null,
        Some(value) => value.clone(),
        None => Value::Null,
    };
    let changed = |planned: &Object, name: &str| said(planned, name) != said(prior, name);
    for field in fields.iter().filter(|it| it.is_output()) {
        if field.changes_with.iter().any(|it| changed(planned, it)) {
            planned.insert(field.name.to_owned(), Value::unknown());
        }
    }
}

fn plan_name(resource: &dyn Resource, change: &mut Change<'_>, replacing: Option<&str>) {
    let table = resource.table();
    let (Some(id), Some(name)) = (table.id(), table.field("name")) else { return };
    let text = |field: &AnyField| match change.planned.get(field.name) {
        Some(Value::String(it)) => Tf::Known(it.clone()),
        _ => Tf::Unknown,
    };
    let parent = table.parent().map(text);
    let known = match (parent, text(id)) {
        (None, Tf::Known(id)) => Some(table.name(None, &id)),
        (Some(Tf::Known(parent)), Tf::Known(id)) => Some(table.name(Some(&parent), &id)),
        _ => None,
    };
    let value = match known {
        Some(it) if replacing != Some(it.as_str()) => Value::String(it),
        _ => Value::unknown(),
    };
    change.planned.insert(name.name.to_owned(), value);
}

/// Attributes that replace, where a known value changes. A value the state does not have, as after
/// an import, is stored; one that the configuration no longer gives is kept.
fn replacements(fields: &[AnyField], prior: &Object, planned: &Object) -> Vec<Path> {
    let null = &Value::Null;
    let changed = fields.iter().filter(|it| it.replaces).filter(|field| {
        let before = prior.get(field.name).unwrap_or(null);
        let after = planned.get(field.name).unwrap_or(null);
        before.is_known() && !after.is_null() && !same(field, before, after)
    });
    changed.map(|it| Path::root(it.name)).collect()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::model::decode;
    use crate::resources::{branch::Branch, endpoint::Endpoint, project::Project};

    const NOW: &str = "2026-01-01T00:00:00Z";

    /// An object of a resource from JSON: what is left out is null.
    fn object(resource: &dyn Resource, json: &Json) -> Object {
        filled(resource.table().fields, json)
    }

    fn filled(fields: &[AnyField], json: &Json) -> Object {
        let value = |it: &AnyField| match (it.kind, &json[it.name]) {
            (Kind::Object(members), json @ Json::Object(_)) => Value::Map(filled(members, json)),
            (_, json) => decode::value(it, json, &Value::Null),
        };
        fields.iter().map(|it| (it.name.to_owned(), value(it))).collect()
    }

    fn planned(resource: &dyn Resource, prior: Option<&Json>, config: &Json) -> Planned {
        let prior = prior.map(|it| object(resource, it));
        let (settings, now) = (&Settings::default(), NOW.parse().unwrap());
        let occasion = Occasion { settings, now, replacing: None };
        plan(resource, prior.as_ref(), &object(resource, config), &occasion)
    }

    fn lines(diagnostics: &Diagnostics) -> String {
        let lines = diagnostics
            .iter()
            .map(|it| format!("{:?} at {}: {}: {}\n", it.severity, it.path, it.summary, it.detail));
        lines.collect()
    }

    fn check(resource: &dyn Resource, prior: Option<&Json>, config: &Json, expected: &Expect) {
        expected.assert_eq(&lines(&planned(resource, prior, config).diagnostics));
    }

    #[test]
    fn a_setting_of_the_creation_is_stored_with_a_warning_where_the_state_has_none() {
        let config = json!({"project_id": "p", "initial_branch": {"is_protected": true}});
        let prior = json!({"project_id": "p", "name": "projects/p"});
        let stored = planned(&Project, Some(&prior), &config);
        assert!(stored.object["initial_branch"].is_known());
        expect![[r#"
            Warning at initial_branch: `initial_branch` has a meaning only at creation: The object exists already. Terraform stores the value and sends nothing. Change the settings of what was created along with it in a resource of its own.
        "#]]
        .assert_eq(&lines(&stored.diagnostics));
        let prior = json!({"initial_branch": {"is_protected": false}});
        let kept = planned(&Project, Some(&prior), &config);
        assert_eq!(kept.object["initial_branch"], object(&Project, &prior)["initial_branch"]);
        assert!(lines(&kept.diagnostics).contains("ignores the changed value"));
        let again = planned(&Project, Some(&config), &config);
        assert_eq!(lines(&again.diagnostics), "");
    }

    #[test]
    fn a_flag_of_the_creation_that_is_turned_off_is_a_warning() {
        let with = |flag: bool| json!({"initial_endpoint": {"no_suspension": flag}});
        let diagnostics = planned(&Project, Some(&with(true)), &with(false)).diagnostics;
        assert!(!diagnostics.has_errors() && !diagnostics.is_empty(), "{diagnostics:#?}");
    }

    #[test]
    fn what_is_not_documented_is_a_warning_of_the_plan_that_brings_it() {
        let config = json!({"project_id": "p", "pg_version": 42});
        expect![[r#"
            Warning at pg_version: Unusual `pg_version`: 42 is outside what the service documents today, 16 to 18, and may be refused.
        "#]]
        .assert_eq(&lines(&planned(&Project, None, &config).diagnostics));
        check(&Project, Some(&config), &config, &expect![""]);
    }

    #[test]
    fn a_replacement_by_what_is_likely_to_be_refused_is_an_error() {
        let refused = |resource: &dyn Resource, prior: Option<&Json>, planned: &Json| {
            let prior = prior.map(|it| object(resource, it));
            let planned = object(resource, planned);
            lines(&refused_replacement(resource, prior.as_ref(), &planned, NOW.parse().unwrap()))
        };
        let version = |it: i64| json!({"project_id": "p", "pg_version": it});
        expect![[r#"
            Error at pg_version: Unusual `pg_version`: 15 is outside what the service documents today, 16 to 18, and may be refused. A replacement deletes the project before it creates the new one, so that a refusal would lose it.
        "#]]
        .assert_eq(&refused(&Project, Some(&version(17)), &version(15)));
        assert_eq!(refused(&Project, Some(&version(17)), &version(18)), "");
        // The service has accepted it once.
        let renamed = json!({"project_id": "q", "pg_version": 15});
        assert_eq!(refused(&Project, Some(&version(15)), &renamed), "");
        let long = json!({"project_id": "p".repeat(64), "pg_version": 17});
        assert!(refused(&Project, Some(&version(17)), &long).starts_with("Error at project_id"));

        let branch = json!({"branch_id": "b", "expire_time": "2025-12-31T00:00:00Z"});
        for prior in [None, Some(&branch)] {
            assert!(refused(&Branch, prior, &branch).starts_with("Error at expire_time"));
        }
    }

    #[test]
    fn a_second_read_write_endpoint_is_refused_and_an_existing_one_is_not() {
        let endpoint = |id: &str, kind: &str, adopts: bool| {
            json!({
                "branch": "projects/p/branches/b", "endpoint_id": id,
                "endpoint_type": format!("ENDPOINT_TYPE_{kind}"), "replace_existing": adopts,
            })
        };
        let second = endpoint("second", "READ_WRITE", false);
        expect![[r#"
            Error at endpoint_id: The read-write endpoint is called `primary`, not `second`: A branch has one read-write endpoint, `primary`, which Lakebase creates with the branch: set `endpoint_id = "primary"` and `replace_existing = true` to manage it. For a read replica, set `endpoint_type = "ENDPOINT_TYPE_READ_ONLY"`. If `second` exists already and is the branch's read-write endpoint, import it.
        "#]]
        .assert_eq(&lines(&planned(&Endpoint, None, &second).diagnostics));
        check(&Endpoint, Some(&second), &second, &expect![""]);
        check(&Endpoint, None, &endpoint("second", "READ_WRITE", true), &expect![""]);
        check(&Endpoint, None, &endpoint("second", "READ_ONLY", false), &expect![""]);
        check(&Endpoint, None, &endpoint("primary", "READ_WRITE", false), &expect![""]);
        let born = |it: &Json| Endpoint.is_born_with_its_parent(&object(&Endpoint, it));
        assert!(born(&endpoint("primary", "READ_WRITE", false)));
        assert!(!born(&second));
    }

    #[test]
    fn a_branch_that_is_protected_cannot_expire_whoever_says_so() {
        let prior = json!({"branch_id": "b", "ttl": "604800s", "is_protected": false});
        let config = json!({"branch_id": "b", "is_protected": true});
        expect![[r#"
            Error at ttl: A protected branch cannot expire: `is_protected` is true, but `ttl` lets the branch expire. Set `no_expiry = true` instead of `ttl`, or set `is_protected = false`.
        "#]]
        .assert_eq(&lines(&planned(&Branch, Some(&prior), &config).diagnostics));
        check(&Branch, None, &config, &expect![""]);
    }

    #[test]
    fn a_time_to_expire_at_is_ahead_and_not_too_far() {
        let at = |time: &str| json!({"branch_id": "b", "expire_time": time});
        check(&Branch, None, &at("2026-01-31T00:00:00Z"), &expect![""]);
        check(
            &Branch,
            None,
            &at("2025-12-31T23:59:59Z"),
            &expect![[r#"
                Warning at expire_time: `expire_time` is in the past: `2025-12-31T23:59:59Z` is past. Lakebase is likely to refuse it.
            "#]],
        );
        let far = at("2026-01-31T00:00:01Z");
        check(
            &Branch,
            None,
            &far,
            &expect![[r#"
                Warning at expire_time: Unusual `expire_time`: `2026-01-31T00:00:01Z` is more than 30 days ahead, the longest life that Databricks documents. Lakebase may refuse it.
            "#]],
        );
        check(&Branch, Some(&far), &far, &expect![""]);
    }

    #[test]
    fn the_initial_endpoint_is_checked_like_an_endpoint() {
        let initial = |settings: Json| json!({"project_id": "p", "initial_endpoint": settings});
        let two = json!({"group": {"min": 2, "max": 2}});
        check(
            &Project,
            None,
            &initial(two.clone()),
            &expect![[r#"
                Error at initial_endpoint.group.max: High availability needs `no_suspension`: `initial_endpoint.group.max` is 2, and a group of several computes cannot suspend. Set `initial_endpoint.no_suspension = true`, and omit `initial_endpoint.suspend_timeout_duration`.
            "#]],
        );
        let mut inherits = initial(two);
        inherits["default_endpoint_settings"] = json!({"no_suspension": true});
        check(&Project, None, &inherits, &expect![""]);
        let always_on = json!({"group": {"min": 2, "max": 2}, "no_suspension": true});
        check(&Project, None, &initial(always_on), &expect![""]);
        let none = json!({"group": {"min": 0, "max": 0}});
        check(
            &Project,
            None,
            &initial(none),
            &expect![[r#"
                Error at initial_endpoint.group.min: Invalid `initial_endpoint.group.min`: `initial_endpoint.group.min` is 0. A group has at least one compute.
            "#]],
        );
    }
}
