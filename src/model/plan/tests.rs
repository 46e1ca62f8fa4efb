//! Plans of the resources, case by case.

use expect_test::{Expect, expect};
use serde_json::{Value as Json, json};

use super::*;
use crate::model::decode;
use crate::model::field::{Bool, Field, Text};
use crate::resources::{branch::Branch, endpoint::Endpoint, project::Project};

const NOW: &str = "2026-01-01T00:00:00Z";

/// An object of a resource from JSON: what is left out is null.
fn object(resource: &dyn Resource, json: &Json) -> Object {
    filled(resource.table().fields, json)
}

fn filled(fields: &[AnyField], json: &Json) -> Object {
    let value = |field: &AnyField| match (field.kind, &json[field.name]) {
        (Kind::Object(members), json @ Json::Object(_)) => Value::Map(filled(members, json)),
        (_, json) => decode::value(field, json, &Value::Null),
    };
    fields.iter().map(|field| (field.name.to_owned(), value(field))).collect()
}

fn planned(resource: &dyn Resource, prior: Option<&Json>, config: &Json) -> Planned {
    let prior = prior.map(|it| object(resource, it));
    let (settings, now) = (&Settings::default(), NOW.parse().unwrap());
    let occasion = PlanContext { settings, now, replacing: None };
    plan(resource, prior.as_ref(), &object(resource, config), &occasion)
}

fn lines(diagnostics: &Diagnostics) -> String {
    let lines = diagnostics.iter().map(|diagnostic| {
        format!(
            "{:?} at {}: {}: {}\n",
            diagnostic.severity, diagnostic.path, diagnostic.summary, diagnostic.detail
        )
    });
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
        Warning at initial_branch: Change to `initial_branch` has no effect: `initial_branch` is applied only when the resource is created. Terraform stores the value, and no request is sent. To change the existing settings, manage them with a resource of their own.
    "#]]
    .assert_eq(&lines(&stored.diagnostics));
    let prior = json!({"initial_branch": {"is_protected": false}});
    let kept = planned(&Project, Some(&prior), &config);
    assert_eq!(kept.object["initial_branch"], object(&Project, &prior)["initial_branch"]);
    assert!(lines(&kept.diagnostics).contains("The changed value is ignored"));
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
fn undocumented_value_warns_in_the_plan_that_introduces_it() {
    let config = json!({"project_id": "p", "pg_version": 42});
    expect![[r#"
        Warning at pg_version: `pg_version` is outside the documented range: 42 is outside the range documented by Databricks (16 to 18). The API may reject it.
    "#]]
    .assert_eq(&lines(&planned(&Project, None, &config).diagnostics));
    check(&Project, Some(&config), &config, &expect![""]);
}

#[test]
fn replacement_with_likely_refused_value_is_an_error() {
    let refused = |resource: &dyn Resource, prior: Option<&Json>, planned: &Json| {
        let prior = prior.map(|it| object(resource, it));
        let planned = object(resource, planned);
        lines(&refused_replacement(resource, prior.as_ref(), &planned, NOW.parse().unwrap()))
    };
    let version = |it: i64| json!({"project_id": "p", "pg_version": it});
    expect![[r#"
        Error at pg_version: `pg_version` is outside the documented range: 15 is outside the range documented by Databricks (16 to 18). The API may reject it. A replacement deletes the project before it creates the new one. If the API rejects the create, the project is lost.
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
        Error at endpoint_id: Read-write endpoint must be `primary`, not `second`: Each branch has exactly one read-write endpoint, `primary`, which Lakebase creates with the branch. To manage it, set `endpoint_id = "primary"` and `replace_existing = true`. For a read replica, set `endpoint_type = "ENDPOINT_TYPE_READ_ONLY"`. If `second` exists already and is the branch's read-write endpoint, import it.
    "#]]
    .assert_eq(&lines(&planned(&Endpoint, None, &second).diagnostics));
    check(&Endpoint, Some(&second), &second, &expect![""]);
    check(&Endpoint, None, &endpoint("second", "READ_WRITE", true), &expect![""]);
    check(&Endpoint, None, &endpoint("second", "READ_ONLY", false), &expect![""]);
    check(&Endpoint, None, &endpoint("primary", "READ_WRITE", false), &expect![""]);
    let born = |it: &Json| Endpoint.is_created_with_parent(&object(&Endpoint, it));
    assert!(born(&endpoint("primary", "READ_WRITE", false)));
    assert!(!born(&second));
}

#[test]
fn protected_branch_cannot_expire() {
    let prior = json!({"branch_id": "b", "ttl": "604800s", "is_protected": false});
    let config = json!({"branch_id": "b", "is_protected": true});
    expect![[r#"
        Error at ttl: Protected branch cannot expire: `is_protected` is `true`, but `ttl` makes the branch expire. Set `no_expiry = true` instead of `ttl`, or set `is_protected = false`.
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
            Warning at expire_time: `expire_time` is in the past: `2025-12-31T23:59:59Z` is in the past. The API will probably reject it.
        "#]],
    );
    let far = at("2026-01-31T00:00:01Z");
    check(
        &Branch,
        None,
        &far,
        &expect![[r#"
            Warning at expire_time: `expire_time` is outside the documented range: `2026-01-31T00:00:01Z` is more than 30 days ahead, the maximum documented by Databricks. The API may reject it.
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
            Error at initial_endpoint.group.max: High availability requires `no_suspension`: `initial_endpoint.group.max` is 2, and high availability requires that the computes never suspend. Set `initial_endpoint.no_suspension = true`, and omit `initial_endpoint.suspend_timeout_duration`.
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
            Error at initial_endpoint.group.min: Invalid `initial_endpoint.group.min`: `initial_endpoint.group.min` is 0. It must be 1 or more.
        "#]],
    );
}

#[test]
fn origin_of_a_value_is_the_first_that_applies() {
    use super::Unfilled::{ByLakebase, ByNothing};
    const TEXT: Field<Text> = Field::spec("name").doc("A name.");
    let required = TEXT.required().any();
    let server = Field::<Text>::status("host").doc("A host.").any();
    let defaulted = Field::<Bool>::local("flag").doc("A flag.").default(false).any();
    let (given, none) = (Value::from("a"), Value::Null);
    let arm = Some(Value::Bool(false));
    for (field, given, has_prior, unfilled, arm, expected) in [
        (TEXT.any(), &given, true, ByLakebase, &arm, Origin::Configuration),
        (required, &none, true, ByLakebase, &arm, Origin::Nothing),
        (defaulted, &none, true, ByLakebase, &arm, Origin::Default),
        (TEXT.any(), &none, true, ByLakebase, &arm, Origin::Choice(Value::Bool(false))),
        (TEXT.any(), &none, true, ByLakebase, &None, Origin::PriorState),
        (TEXT.any(), &none, false, ByLakebase, &None, Origin::Lakebase),
        (TEXT.any(), &none, false, ByNothing, &None, Origin::Nothing),
        // What only Lakebase gives is not taken from a configuration.
        (server, &given, true, ByLakebase, &None, Origin::PriorState),
    ] {
        let found = origin(&field, given, has_prior, unfilled, || arm.clone());
        assert_eq!(found, expected, "{} {given:?}", field.name);
    }
}
