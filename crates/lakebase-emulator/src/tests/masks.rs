//! §1.6 and §1.6b of the reference, row by row.

use serde_json::{Value as Json, json};

use super::Workspace;
use crate::options::Options;

const PROJECT: &str = "projects/p";
const BRANCH: &str = "projects/p/branches/dev";
const ENDPOINT: &str = "projects/p/branches/dev/endpoints/primary";
const ROLE: &str = "projects/p/branches/dev/roles/jane-doe";

fn workspace() -> Workspace {
    Workspace::with_branch(Options::default())
}

/// Each mask must be refused with the text, and change nothing.
fn check(cases: Vec<(&str, &str, Json, String)>) {
    for (name, mask, spec, text) in cases {
        let mut workspace = workspace();
        let before = workspace.get(name);
        let line = format!("PATCH {name}?update_mask={mask}");
        let refusal = workspace.refused(&line, &json!({"spec": spec}));
        assert_eq!(refusal, format!("400 INVALID_PARAMETER_VALUE: {text}"), "{mask} of {name}");
        assert_eq!(workspace.get(name), before, "{mask} of {name}");
    }
}

fn unknown(path: &str) -> String {
    format!("Unknown field path in update_mask: '{path}'")
}

fn missing(path: &str) -> String {
    format!("Field '{path}' is in update_mask but not provided in request")
}

#[test]
fn oneof_mask_names_the_group_and_body_has_one_arm() {
    let suspension = "spec.default_endpoint_settings.suspension";
    check(vec![
        // A oneof member under its own name.
        (BRANCH, "spec.ttl", json!({"ttl": "600s"}), unknown("spec.ttl")),
        (
            BRANCH,
            "spec.expire_time",
            json!({"expire_time": "2030-01-01T00:00:00Z"}),
            unknown("spec.expire_time"),
        ),
        (BRANCH, "spec.no_expiry", json!({"no_expiry": true}), unknown("spec.no_expiry")),
        (
            ENDPOINT,
            "spec.suspend_timeout_duration",
            json!({"suspend_timeout_duration": "60s"}),
            unknown("spec.suspend_timeout_duration"),
        ),
        (
            PROJECT,
            "spec.default_endpoint_settings.suspend_timeout_duration",
            json!({"default_endpoint_settings": {"suspend_timeout_duration": "60s"}}),
            unknown("spec.default_endpoint_settings.suspend_timeout_duration"),
        ),
        // The path of the older documentation.
        (
            PROJECT,
            "spec.project_default_settings.suspension",
            json!({"default_endpoint_settings": {"no_suspension": true}}),
            unknown("spec.project_default_settings.suspension"),
        ),
        // A group without a member in the body, or with null.
        (ENDPOINT, "spec.suspension", json!({}), missing("spec.suspension")),
        (
            ENDPOINT,
            "spec.suspension",
            json!({"suspend_timeout_duration": null}),
            missing("spec.suspension"),
        ),
        (BRANCH, "spec.expiration", json!({"is_protected": true}), missing("spec.expiration")),
        // An inner message without its oneof.
        (
            PROJECT,
            "spec.default_endpoint_settings",
            json!({"default_endpoint_settings": {
                "autoscaling_limit_min_cu": 1, "autoscaling_limit_max_cu": 2,
            }}),
            missing(suspension),
        ),
    ]);
}

#[test]
fn a_path_that_is_unknown_fixed_overlapping_or_not_in_the_body_is_refused() {
    check(vec![
        // One entry of a map.
        (
            ENDPOINT,
            "spec.settings.pg_settings.work_mem",
            json!({"settings": {"pg_settings": {"work_mem": "4MB"}}}),
            unknown("spec.settings.pg_settings.work_mem"),
        ),
        // A masked field must be in the body.
        (PROJECT, "spec.display_name", json!({}), missing("spec.display_name")),
        (
            PROJECT,
            "spec.default_endpoint_settings.autoscaling_limit_max_cu",
            json!({"display_name": "x"}),
            missing("spec.default_endpoint_settings.autoscaling_limit_max_cu"),
        ),
        // `*` expands to everything, which the body must all hold.
        (ENDPOINT, "*", json!({"disabled": true}), missing("spec.autoscaling_limit_min_cu")),
        // Immutable and unknown paths.
        (PROJECT, "spec.pg_version", json!({"pg_version": 17}), unknown("spec.pg_version")),
        (
            BRANCH,
            "spec.source_branch",
            json!({"source_branch": "projects/p/branches/production"}),
            unknown("spec.source_branch"),
        ),
        (
            ENDPOINT,
            "spec.endpoint_type",
            json!({"endpoint_type": "ENDPOINT_TYPE_READ_WRITE"}),
            unknown("spec.endpoint_type"),
        ),
        (ROLE, "spec.postgres_role", json!({"postgres_role": "x"}), unknown("spec.postgres_role")),
        (BRANCH, "is_protected", json!({"is_protected": true}), unknown("is_protected")),
        (BRANCH, "spec.isProtected", json!({"is_protected": true}), unknown("spec.isProtected")),
        (BRANCH, "status", json!({}), unknown("status")),
        (BRANCH, "spec.is_protected,", json!({"is_protected": true}), unknown("")),
        // Only a project has these.
        (BRANCH, "initial_branch_spec", json!({}), unknown("initial_branch_spec")),
        // A parent and its child.
        (
            ROLE,
            "spec.attributes,spec.attributes.createdb",
            json!({"attributes": {"createdb": true}}),
            "Field path 'spec.attributes' in update_mask overlaps with 'spec.attributes.createdb'."
                .to_owned(),
        ),
        (
            BRANCH,
            "spec.is_protected,spec",
            json!({"is_protected": true}),
            "Field path 'spec' in update_mask overlaps with 'spec.is_protected'.".to_owned(),
        ),
        // No mask.
        (
            BRANCH,
            "",
            json!({"is_protected": true}),
            "Field 'update_mask' is required, expected non-default value (not \"\")!".to_owned(),
        ),
    ]);
}

#[test]
fn masks_apply_what_they_name_and_nothing_else() {
    let cases = [
        // A oneof by its group's name.
        (
            ENDPOINT,
            "spec.suspension",
            json!({"suspend_timeout_duration": "60s", "autoscaling_limit_max_cu": 2}),
            json!({"suspend_timeout_duration": "60s"}),
        ),
        (
            ENDPOINT,
            "spec.suspension",
            json!({"no_suspension": true}),
            json!({"suspend_timeout_duration": null}),
        ),
        (
            PROJECT,
            "spec.default_endpoint_settings.suspension",
            json!({"default_endpoint_settings": {
                "suspend_timeout_duration": "60s", "autoscaling_limit_max_cu": 2,
            }}),
            json!({"default_endpoint_settings": {"suspend_timeout_duration": "60s"}}),
        ),
        // An inner message with its oneof, and a leaf inside it.
        (
            PROJECT,
            "spec.default_endpoint_settings",
            json!({"default_endpoint_settings": {
                "suspend_timeout_duration": "60s", "autoscaling_limit_max_cu": 2,
            }}),
            json!({"default_endpoint_settings": {
                "suspend_timeout_duration": "60s", "autoscaling_limit_max_cu": 2,
            }}),
        ),
        (
            PROJECT,
            "spec.default_endpoint_settings.autoscaling_limit_max_cu",
            json!({"default_endpoint_settings": {
                "suspend_timeout_duration": "60s", "autoscaling_limit_max_cu": 2,
            }}),
            json!({"default_endpoint_settings": {"autoscaling_limit_max_cu": 2}}),
        ),
        // `spec` whole, without the oneof and in part.
        (
            ENDPOINT,
            "spec",
            json!({"autoscaling_limit_max_cu": 2}),
            json!({"autoscaling_limit_max_cu": 2}),
        ),
        (PROJECT, "spec", json!({"display_name": "x"}), json!({"display_name": "x"})),
        (
            ROLE,
            "spec",
            json!({"attributes": {"createdb": false}, "membership_roles": ["DATABRICKS_SUPERUSER"]}),
            json!({"attributes": {"createdb": false}}),
        ),
        // Under `spec`, a changed immutable value is ignored.
        (
            ROLE,
            "spec",
            json!({"postgres_role": "x", "membership_roles": ["DATABRICKS_SUPERUSER"]}),
            json!({}),
        ),
        // Under `spec`, memberships that are not given are cleared.
        (ROLE, "spec", json!({}), json!({"membership_roles": null})),
        // A map whole; what was in it and is not in the body goes.
        (
            ENDPOINT,
            "spec.settings.pg_settings",
            json!({"settings": {"pg_settings": {"work_mem": "4MB"}}}),
            json!({"settings": {"pg_settings": {"work_mem": "4MB"}}}),
        ),
        // Explicit zero values are values.
        (
            ROLE,
            "spec.attributes.createdb,spec.attributes.bypassrls",
            json!({
                "attributes": {"createdb": false, "bypassrls": false, "createrole": false},
                "membership_roles": ["DATABRICKS_SUPERUSER"],
            }),
            json!({"attributes": {"createdb": false, "bypassrls": false}}),
        ),
        (PROJECT, "spec.custom_tags", json!({"custom_tags": []}), json!({"custom_tags": []})),
        // What is equal already is no mistake.
        (BRANCH, "spec.is_protected", json!({"is_protected": false}), json!({})),
        // Nothing of the project's two initial specs is needed, and nothing is applied.
        (PROJECT, "initial_branch_spec,initial_endpoint_spec", json!({}), json!({})),
    ];
    for (name, mask, spec, change) in cases {
        let mut workspace = workspace();
        let mut expected = workspace.get(name)["status"].clone();
        patch(&mut expected, &change);
        workspace.ok(&format!("PATCH {name}?update_mask={mask}"), &json!({"spec": spec}));
        assert_eq!(workspace.get(name)["status"], expected, "{mask} of {name}");
    }
}

#[test]
fn a_masked_map_replaces_the_whole_map() {
    let mut workspace = workspace();
    let line = format!("PATCH {ENDPOINT}?update_mask=spec.settings.pg_settings");
    for settings in [json!({"work_mem": "4MB"}), json!({"max_locks": "9"}), json!({})] {
        workspace.ok(&line, &json!({"spec": {"settings": {"pg_settings": settings}}}));
        assert_eq!(workspace.get(ENDPOINT)["status"]["settings"]["pg_settings"], settings);
    }
}

#[test]
fn an_expiration_takes_the_place_of_the_other_arm() {
    let mut workspace = workspace();
    let line = format!("PATCH {BRANCH}?update_mask=spec.expiration");
    workspace.ok(&line, &json!({"spec": {"ttl": "86400s"}}));
    let branch = workspace.get(BRANCH);
    let time = |value: &Json| {
        value.as_str().and_then(crate::wire::parse_timestamp).expect("a timestamp").as_second()
    };
    assert_eq!(time(&branch["status"]["expire_time"]), time(&branch["create_time"]) + 86400);
    workspace.ok(&line, &json!({"spec": {"no_expiry": true}}));
    assert_eq!(workspace.get(BRANCH)["status"].get("expire_time"), None);
}

fn patch(target: &mut Json, change: &Json) {
    for (name, value) in change.as_object().expect("an object") {
        if value.is_null() {
            target.as_object_mut().expect("an object").remove(name);
        } else if value.is_object() && target.get(name).is_some() {
            patch(&mut target[name], value);
        } else {
            target[name] = value.clone();
        }
    }
}
