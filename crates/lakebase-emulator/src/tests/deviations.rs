//! Checks the deviations from recorded behavior, one by one and together.

use serde_json::{Value as Json, json};

use super::{Workspace, permanent, read_only};
use crate::options::Options;
use crate::options::behaviors::Deviations;
use crate::wire::parse_timestamp;

const DEV: &str = "projects/p/branches/dev";
const PRIMARY: &str = "projects/p/branches/dev/endpoints/primary";

/// With the project `p` and the branch `dev`, made before the deviations begins.
fn workspace(deviations: Deviations) -> Workspace {
    let mut workspace = Workspace::with_branch(Options::default());
    workspace.service.world.options.deviations = deviations;
    workspace
}

#[test]
fn the_default_is_kind() {
    assert_eq!(Options::default().deviations, Deviations::default());
    let deviations = Deviations::all();
    let mut workspace = Workspace::with(Options { deviations, ..Options::default() });
    assert_eq!(workspace.service.world.options.deviations, deviations);
    workspace.service.world.options.deviations = Deviations::default();
    workspace.service.reset();
    assert_eq!(workspace.service.world.options.deviations, deviations);
}

#[test]
fn a_ttl_counts_from_the_receipt_of_the_create_microseconds_off() {
    for inexact_expiry in [false, true] {
        let mut workspace = workspace(Deviations { inexact_expiry, ..Deviations::default() });
        let body = json!({"spec": {"ttl": "3600s"}});
        workspace.ok("POST projects/p/branches?branch_id=brief", &body);
        let off = |workspace: &mut Workspace, ttl: i64| {
            let branch = workspace.get("projects/p/branches/brief");
            let time = |json: &Json| json.as_str().and_then(parse_timestamp).expect("a time");
            let expires = time(&branch["status"]["expire_time"]);
            (expires.duration_since(time(&branch["create_time"]))).as_micros()
                - i128::from(ttl) * 1_000_000
        };
        let at_first = off(&mut workspace, 3600);
        assert_eq!(at_first != 0, inexact_expiry, "{at_first}");
        assert!(at_first.abs() < 10, "{at_first}");
        // An update still counts from the creation.
        workspace.pass(60);
        let line = "PATCH projects/p/branches/brief?update_mask=spec.expiration";
        workspace.ok(line, &json!({"spec": {"ttl": "7200s"}}));
        assert_eq!(off(&mut workspace, 7200), at_first);
        // What is given as a time is kept as it is.
        let body = json!({"spec": {"expire_time": "2026-01-02T00:00:00Z"}});
        workspace.ok(line, &body);
        let status = workspace.get("projects/p/branches/brief")["status"].clone();
        assert_eq!(status["expire_time"], "2026-01-02T00:00:00Z");
    }
}

#[test]
fn false_and_empty_members_are_left_out() {
    let mut workspace = workspace(Deviations { omit_defaults: true, ..Deviations::default() });
    let project = workspace.get("projects/p");
    assert_eq!(project["status"].get("enable_pg_native_login"), None);
    assert_eq!(project["status"]["synthetic_storage_size_bytes"], 0);
    let endpoint = workspace.get(PRIMARY)["status"].clone();
    for left_out in ["disabled", "settings"] {
        assert_eq!(endpoint.get(left_out), None, "{left_out}");
    }
    assert_eq!(endpoint["group"], json!({"min": 1, "max": 1}));
    let branch = workspace.get(DEV)["status"].clone();
    assert_eq!((branch.get("is_protected"), branch.get("default")), (None, None));

    // The entries of a map are data.
    let settings = json!({"pg_settings": {"search_path": "", "work_mem": "4MB"}});
    let line = format!("PATCH {PRIMARY}?update_mask=spec.settings.pg_settings");
    let operation = workspace.ok(&line, &json!({"spec": {"settings": settings}}));
    assert_eq!(operation.get("done"), None);
    let done = workspace.get(operation["name"].as_str().expect("a name"));
    assert_eq!(done["done"], true);
    assert_eq!(done["response"]["status"]["settings"], settings);
    let list = workspace.get(&format!("{DEV}/endpoints"));
    assert_eq!(list["endpoints"], json!([workspace.get(PRIMARY)]));
}

#[test]
fn a_limit_that_a_create_leaves_out_is_as_far_away_as_possible() {
    let limits = |settings: &Json| {
        let limit = |name: &str| settings[format!("autoscaling_limit_{name}_cu")].as_f64();
        (limit("min").expect("a minimum"), limit("max").expect("a maximum"))
    };
    let mut workspace = workspace(Deviations { wide_limits: true, ..Deviations::default() });
    let cases = [
        (json!({"autoscaling_limit_max_cu": 20}), (4.0, 20.0)),
        (json!({"autoscaling_limit_max_cu": 8}), (0.5, 8.0)),
        (json!({"autoscaling_limit_min_cu": 2}), (2.0, 18.0)),
        (json!({"autoscaling_limit_min_cu": 2, "autoscaling_limit_max_cu": 4}), (2.0, 4.0)),
        (json!({}), (1.0, 1.0)),
    ];
    for (index, (settings, expected)) in cases.into_iter().enumerate() {
        let mut body = read_only();
        let spec = body["spec"].as_object_mut().expect("an object");
        spec.extend(settings.as_object().cloned().expect("an object"));
        workspace.ok(&format!("POST {DEV}/endpoints?endpoint_id=e{index}"), &body);
        let endpoint = workspace.get(&format!("{DEV}/endpoints/e{index}"));
        assert_eq!(limits(&endpoint["status"]), expected, "{settings}");

        let body = json!({
            "spec": {"default_endpoint_settings": settings}, "initial_endpoint_spec": settings,
        });
        workspace.ok(&format!("POST projects?project_id=p{index}"), &body);
        let project = workspace.get(&format!("projects/p{index}"));
        assert_eq!(limits(&project["status"]["default_endpoint_settings"]), expected, "{settings}");
        let primary =
            workspace.get(&format!("projects/p{index}/branches/production/endpoints/primary"));
        assert_eq!(limits(&primary["status"]), expected, "{settings}");
    }
    // An update changes what it names.
    let line = format!("PATCH {PRIMARY}?update_mask=spec.autoscaling_limit_max_cu");
    workspace.ok(&line, &json!({"spec": {"autoscaling_limit_max_cu": 8}}));
    assert_eq!(limits(&workspace.get(PRIMARY)["status"]), (1.0, 8.0));
}

#[test]
fn reads_see_a_change_late_and_writes_at_once() {
    let mut workspace = workspace(Deviations { delayed_effects: 2, ..Deviations::default() });
    let listed = |workspace: &mut Workspace| {
        let list = workspace.get("projects/p/branches");
        let branches = list["branches"].as_array().expect("branches").iter();
        branches
            .map(|branch| branch["branch_id"].as_str().expect("an id").to_owned())
            .collect::<Vec<_>>()
    };
    let all = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();

    // A create, with what comes along.
    let create = "POST projects/p/branches?branch_id=new";
    let operation = workspace.ok(create, &permanent());
    assert_eq!(workspace.get(operation["name"].as_str().expect("a name"))["done"], true);
    let text = workspace.refused(create, &permanent());
    assert!(text.starts_with("409 ALREADY_EXISTS"), "{text}");
    assert!(workspace.refused("GET projects/p/branches/new", &Json::Null).starts_with("404"));
    assert_eq!(listed(&mut workspace), all(&["dev", "production"]));
    assert_eq!(listed(&mut workspace), all(&["dev", "new", "production"]));
    let primary = "projects/p/branches/new/endpoints/primary";
    for _ in 0..2 {
        assert!(workspace.refused(&format!("GET {primary}"), &Json::Null).starts_with("404"));
    }
    workspace.get(primary);

    // An update.
    let before = workspace.get(PRIMARY);
    let line = format!("PATCH {PRIMARY}?update_mask=spec.autoscaling_limit_max_cu");
    workspace.ok(&line, &json!({"spec": {"autoscaling_limit_max_cu": 4}}));
    let list = workspace.get(&format!("{DEV}/endpoints"));
    assert_eq!(list["endpoints"], json!([before]));
    assert_eq!(workspace.get(PRIMARY), before);
    assert_eq!(workspace.get(PRIMARY)["status"]["autoscaling_limit_max_cu"], 4);

    // A deletion.
    let before = workspace.get(DEV);
    workspace.ok(&format!("DELETE {DEV}?purge=true"), &Json::Null);
    let text = workspace.refused(&format!("POST {DEV}/endpoints?endpoint_id=e"), &read_only());
    assert!(text.starts_with("404 NOT_FOUND: branch id not found"), "{text}");
    assert_eq!(workspace.get(DEV), before);
    assert_eq!(listed(&mut workspace), all(&["dev", "new", "production"]));
    assert!(workspace.refused(&format!("GET {DEV}"), &Json::Null).starts_with("404"));
    assert_eq!(listed(&mut workspace), all(&["new", "production"]));

    // Until the emulator is told to behave.
    workspace.ok("DELETE projects/p/branches/new", &Json::Null);
    workspace.service.forget_faults();
    assert_eq!(listed(&mut workspace), all(&["production"]));
}

#[test]
fn values_come_back_in_another_spelling() {
    let mut workspace = workspace(Deviations { normalized_values: true, ..Deviations::default() });
    workspace.ok(
        "POST projects?project_id=q",
        &json!({"spec": {
            "display_name": " The  shop ",
            "history_retention_duration": "172800s",
            "default_endpoint_settings": {
                "autoscaling_limit_min_cu": 0.5, "autoscaling_limit_max_cu": 4,
            },
            "custom_tags": [{"key": "b", "value": "1"}, {"key": "a", "value": "2"}],
        }}),
    );
    let project = workspace.get("projects/q");
    assert_eq!(project["create_time"], "2026-01-01T00:02:00.000000000Z");
    let status = &project["status"];
    assert_eq!(status["display_name"], "The shop");
    assert_eq!(status["history_retention_duration"], "172800.000000000s");
    let settings = &status["default_endpoint_settings"];
    assert_eq!(settings["autoscaling_limit_min_cu"].to_string(), "0.5");
    assert_eq!(settings["autoscaling_limit_max_cu"].to_string(), "4.0");
    let tags = json!([{"key": "a", "value": "2"}, {"key": "b", "value": "1"}]);
    assert_eq!(status["custom_tags"], tags);

    let body = json!({"spec": {"no_expiry": true, "source_branch_lsn": "00/1a2b3c"}});
    workspace.ok("POST projects/q/branches?branch_id=dev", &body);
    let branch = workspace.get("projects/q/branches/dev");
    assert_eq!(branch["status"]["source_branch_lsn"], "0/1A2B3C");
}

#[test]
fn all_deviations_can_be_combined() {
    let mut workspace = workspace(Deviations::all());
    let body = json!({"spec": {"ttl": "3600s"}});
    workspace.ok("POST projects/p/branches?branch_id=brief", &body);
    for _ in 0..2 {
        let text = workspace.refused("GET projects/p/branches/brief", &Json::Null);
        assert!(text.starts_with("404 NOT_FOUND: branch id not found"), "{text}");
    }
    let status = workspace.get("projects/p/branches/brief")["status"].clone();
    assert_eq!(status.get("is_protected"), None);
    let expires = status["expire_time"].as_str().expect("a time");
    assert!(expires.starts_with("2026-01-01T01:0"), "{expires}");
    assert!(!expires.ends_with(".000000000Z"), "{expires}");
}
