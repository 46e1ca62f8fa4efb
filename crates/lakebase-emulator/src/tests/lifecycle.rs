//! What comes with what, what is inherited, and what expires.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::{Workspace, permanent};
use crate::options::behaviors::Behaviors;
use crate::options::{NeverSuspended, Options};

#[test]
fn project_and_branch_are_created_with_their_children() {
    let mut workspace = Workspace::with_branch(Options::default());
    assert_eq!(
        workspace.names(),
        [
            "projects/p",
            "projects/p/branches/dev",
            "projects/p/branches/dev/databases/databricks-postgres",
            "projects/p/branches/dev/endpoints/primary",
            "projects/p/branches/dev/roles/jane-doe",
            "projects/p/branches/production",
            "projects/p/branches/production/databases/databricks-postgres",
            "projects/p/branches/production/endpoints/primary",
            "projects/p/branches/production/roles/jane-doe",
        ]
    );
    let database = workspace.get("projects/p/branches/dev/databases/databricks-postgres");
    assert_eq!(
        database["status"],
        json!({
            "database_id": "databricks-postgres", "postgres_database": "databricks_postgres",
            "role": "projects/p/branches/dev/roles/jane-doe",
        })
    );
}

#[test]
fn the_initial_specs_shape_the_implicit_children_and_not_the_defaults() {
    let mut workspace = Workspace::new();
    workspace.ok(
        "POST projects?project_id=p",
        &json!({
            "initial_branch_spec": {"is_protected": true},
            "initial_endpoint_spec": {
                "autoscaling_limit_min_cu": 2, "autoscaling_limit_max_cu": 8, "no_suspension": true,
                "group": {"min": 2, "max": 2, "enable_readable_secondaries": true},
            },
        }),
    );
    let branch = workspace.get("projects/p/branches/production");
    assert_eq!(branch["status"]["is_protected"], true);
    let status =
        workspace.get("projects/p/branches/production/endpoints/primary")["status"].clone();
    assert_eq!(status["autoscaling_limit_max_cu"], 8);
    assert_eq!(status.get("suspend_timeout_duration"), None);
    assert!(status["hosts"]["read_only_host"].is_string(), "{status}");
    let defaults = workspace.get("projects/p")["status"]["default_endpoint_settings"].clone();
    assert_eq!(defaults["autoscaling_limit_max_cu"], 1);
}

#[test]
fn never_suspending_shows_in_the_form_that_was_chosen() {
    for form in [NeverSuspended::TimeoutAbsent, NeverSuspended::Flag] {
        let options = Options { report_never_suspended_as: form, ..Options::default() };
        let mut workspace = Workspace::with_branch(options);
        let name = "projects/p/branches/dev/endpoints/primary";
        assert_eq!(workspace.get(name)["status"].get("no_suspension"), None);
        let line = format!("PATCH {name}?update_mask=spec.suspension");
        workspace.ok(&line, &json!({"spec": {"no_suspension": true}}));
        let status = workspace.get(name)["status"].clone();
        assert_eq!(status.get("suspend_timeout_duration"), None);
        let flag = (form == NeverSuspended::Flag).then_some(json!(true));
        assert_eq!(status.get("no_suspension"), flag.as_ref());
    }
}

#[test]
fn the_submitted_spec_is_echoed_only_on_request() {
    for echo_spec in [false, true] {
        let behaviors = Behaviors { echo_spec, ..Behaviors::default() };
        let options = Options { behaviors, ..Options::default() };
        let mut workspace = Workspace::with_branch(options);
        let spec = workspace.get("projects/p/branches/dev").get("spec").cloned();
        assert_eq!(spec, echo_spec.then(|| json!({"no_expiry": true})));
    }
}

#[test]
fn a_branch_is_gone_with_all_that_is_on_it_when_it_expires() {
    let mut workspace = Workspace::with_branch(Options::default());
    let body = json!({"spec": {"ttl": "3600s"}});
    workspace.ok("POST projects/p/branches?branch_id=brief", &body);
    workspace.pass(3599);
    workspace.get("projects/p/branches/brief/endpoints/primary");
    workspace.pass(1);
    for name in ["projects/p/branches/brief", "projects/p/branches/brief/endpoints/primary"] {
        let text = workspace.refused(&format!("GET {name}"), &Json::Null);
        assert!(text.starts_with("404 NOT_FOUND: branch id not found"), "{text}");
    }
    workspace.ok("POST projects/p/branches?branch_id=brief", &permanent());
}

#[test]
fn protected_and_default_branches_cannot_expire() {
    let mut workspace = Workspace::with_branch(Options::default());
    let child = json!({"spec": {"no_expiry": true, "source_branch": "projects/p/branches/dev"}});
    workspace.ok("POST projects/p/branches?branch_id=child", &child);
    let cases = [
        ("production", "A default branch cannot expire."),
        ("dev", "A branch with child branches cannot expire."),
    ];
    for (id, text) in cases {
        let line = format!("PATCH projects/p/branches/{id}?update_mask=spec.expiration");
        let refusal = workspace.refused(&line, &json!({"spec": {"ttl": "86400s"}}));
        assert_eq!(refusal, format!("400 BAD_REQUEST: {text}"));
    }
    workspace.ok(
        "PATCH projects/p/branches/child?update_mask=spec.expiration",
        &json!({"spec": {"ttl": "86400s"}}),
    );
    let expiring = "projects/p/branches/child";
    let grandchild = json!({"spec": {"no_expiry": true, "source_branch": expiring}});
    let text = workspace.refused("POST projects/p/branches?branch_id=grand", &grandchild);
    assert!(text.contains("cannot have child branches"), "{text}");
    let body = json!({"spec": {"default_branch": expiring}});
    let text = workspace.refused("PATCH projects/p?update_mask=spec.default_branch", &body);
    assert!(text.contains("cannot be the default branch"), "{text}");
}

#[test]
fn drift_changes_the_status_behind_everyones_back() {
    let mut workspace =
        Workspace::with_branch(Options { operation_delay: Duration::ZERO, ..Options::default() });
    let name = "projects/p/branches/dev/endpoints/primary";
    let patch = json!({
        "autoscaling_limit_max_cu": 4, "suspend_timeout_duration": null,
        "settings": {"pg_settings": {"work_mem": "4MB"}},
    });
    let mut expected = workspace.get(name);
    assert!(workspace.service.change(name, patch.as_object().expect("an object")));
    expected["status"]["autoscaling_limit_max_cu"] = json!(4);
    expected["status"]["settings"] = json!({"pg_settings": {"work_mem": "4MB"}});
    let status = expected["status"].as_object_mut().expect("an object");
    status.remove("suspend_timeout_duration");
    assert_eq!(workspace.get(name), expected);
    assert!(workspace.service.remove("projects/p/branches/dev"));
    workspace.refused(&format!("GET {name}"), &Json::Null);
    assert!(!workspace.service.remove("projects/p/branches/dev"));
}
