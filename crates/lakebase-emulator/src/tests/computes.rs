//! §7.2, §3.3: sizes, groups, quotas of computes, and scaling to zero.

use serde_json::{Value as Json, json};

use super::{Workspace, read_only};
use crate::options::Options;
use crate::options::behaviors::Behaviors;

const PRIMARY: &str = "projects/p/branches/dev/endpoints/primary";

fn patch(workspace: &mut Workspace, spec: &Json) -> (u16, Json) {
    workspace.ask(&format!("PATCH {PRIMARY}?update_mask=spec"), &json!({"spec": spec}))
}

fn sized(min: f64, max: f64) -> Json {
    json!({"autoscaling_limit_min_cu": min, "autoscaling_limit_max_cu": max})
}

#[test]
fn only_documented_sizes_are_accepted() {
    let cases = [
        (0.5, 8.0, true),
        (16.0, 32.0, true),
        (31.5, 31.5, true),
        (36.0, 36.0, true),
        (112.0, 112.0, true),
        (96.0, 112.0, false),
        (33.5, 34.0, false),
        (17.0, 33.0, false),
        (33.0, 33.0, false),
        (40.5, 40.5, false),
        (8.0, 4.0, false),
        (0.5, 17.0, false),
    ];
    for (min, max, accepted) in cases {
        let mut workspace = Workspace::with_branch(Options::default());
        let (status, answer) = patch(&mut workspace, &sized(min, max));
        assert_eq!(status == 200, accepted, "{min} to {max}: {answer}");
        let body = json!({"spec": {"default_endpoint_settings": sized(min, max)}});
        let (status, _) = workspace.ask("POST projects?project_id=q", &body);
        assert_eq!(status == 200, accepted, "{min} to {max}");
    }
}

#[test]
fn bounds_of_sizes_can_be_chosen() {
    let behaviors = Behaviors {
        largest_scaling_cu: 64,
        smallest_large_cu: 40,
        max_range_cu: 8,
        ..Behaviors::default()
    };
    let cases = [(56.0, 64.0, true), (48.0, 64.0, false), (65.0, 66.0, false), (66.0, 66.0, true)];
    for (min, max, accepted) in cases {
        let (status, answer) = patch(&mut Workspace::behaving(behaviors), &sized(min, max));
        assert_eq!(status == 200, accepted, "{min} to {max}: {answer}");
    }
}

#[test]
fn group_needs_both_limits() {
    let groups = [json!({}), json!({"enable_readable_secondaries": true}), json!({"min": 1})];
    for group in groups {
        let mut workspace = Workspace::with_branch(Options::default());
        let (status, answer) = patch(&mut workspace, &json!({"group": group}));
        assert_eq!(status, 400, "{group}");
        let text = answer["message"].as_str().expect("a message");
        assert!(text.starts_with("Field 'spec.group.m"), "{text}");
    }
}

#[test]
fn group_that_shrinks_to_one_compute_has_no_read_only_hosts() {
    let mut workspace = Workspace::with_branch(Options::default());
    let group = |size: i64| json!({"min": size, "max": size});
    let mut large = group(2);
    large["enable_readable_secondaries"] = json!(true);
    let (status, answer) = patch(&mut workspace, &json!({"no_suspension": true, "group": large}));
    assert_eq!(status, 200, "{answer}");
    assert!(workspace.get(PRIMARY)["status"]["hosts"]["read_only_host"].is_string());
    patch(&mut workspace, &json!({"group": group(1)}));
    let status = workspace.get(PRIMARY)["status"].clone();
    assert_eq!(status["hosts"].get("read_only_host"), None);
    assert_eq!(status["group"]["enable_readable_secondaries"], false);
}

#[test]
fn initial_group_counts_against_the_quota_of_computes() {
    let mut workspace = Workspace::new();
    let body = json!({"initial_endpoint_spec": {
        "no_suspension": true, "group": {"min": 30, "max": 30},
    }});
    let text = workspace.refused("POST projects?project_id=q", &body);
    assert_eq!(text, "400 QUOTA_EXCEEDED: Cannot create more than 20 active computes per project.");
    assert!(workspace.names().is_empty());
}

#[test]
fn undeleted_branch_counts_against_the_quota_of_computes() {
    let mut options = Options::default();
    options.quotas.active_computes = 3;
    let mut workspace = Workspace::with_branch(options);
    workspace.ok("DELETE projects/p/branches/dev", &Json::Null);
    for id in ["one", "two"] {
        let line = format!("POST projects/p/branches/production/endpoints?endpoint_id={id}");
        workspace.ok(&line, &read_only());
    }
    let text = workspace.refused("POST projects/p/branches/dev/undelete", &json!({}));
    assert!(text.contains("3 active computes per project"), "{text}");
}

#[test]
fn compute_becomes_idle_after_its_timeout_where_chosen() {
    for scale_to_zero in [true, false] {
        let behaviors = Behaviors { scale_to_zero, ..Behaviors::default() };
        let mut workspace = Workspace::behaving(behaviors);
        patch(&mut workspace, &json!({"suspend_timeout_duration": "300s"}));
        let state =
            |workspace: &mut Workspace| workspace.get(PRIMARY)["status"]["current_state"].clone();
        workspace.pass(299);
        assert_eq!(state(&mut workspace), "ACTIVE");
        workspace.pass(1);
        assert_eq!(state(&mut workspace), if scale_to_zero { "IDLE" } else { "ACTIVE" });
        patch(&mut workspace, &json!({"no_suspension": true}));
        workspace.pass(1_000_000);
        assert_eq!(state(&mut workspace), "ACTIVE");
    }
}

#[test]
fn new_compute_inherits_sizes_where_chosen() {
    for inherit_sizes in [true, false] {
        let behaviors = Behaviors { inherit_sizes, ..Behaviors::default() };
        let mut workspace = Workspace::behaving(behaviors);
        let mut defaults = sized(2.0, 4.0);
        defaults["suspend_timeout_duration"] = json!("300s");
        let body = json!({"spec": {"default_endpoint_settings": defaults}});
        workspace.ok("POST projects?project_id=q", &body);
        let primary = workspace.get("projects/q/branches/production/endpoints/primary");
        assert_eq!(primary["status"]["suspend_timeout_duration"], "300s");
        let max = primary["status"]["autoscaling_limit_max_cu"].as_f64();
        assert_eq!(max, Some(if inherit_sizes { 4.0 } else { 1.0 }));
    }
}
