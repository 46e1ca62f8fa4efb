//! Snapshot schedules: there with their branch, replaced whole, cleared by an empty one.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::Workspace;
use crate::options::Options;
use crate::options::behaviors::Behaviors;

const SCHEDULE: &str = "projects/p/branches/production/snapshot-schedule";
const UPDATE: &str = "PATCH projects/p/branches/production/snapshot-schedule?update_mask=schedule";

fn daily(hour: u32) -> Json {
    json!({"retention": "604800s", "daily_schedule": {"hour": hour}})
}

fn of(cadences: &[Json]) -> Json {
    json!({ "schedule": cadences })
}

#[test]
fn schedule_is_empty_until_it_is_set_and_after_it_is_cleared() {
    let mut workspace = Workspace::with_branch(Options::default());
    let before = workspace.names();
    assert_eq!(workspace.get(SCHEDULE), json!({ "name": SCHEDULE }));
    let monthly = json!({"retention": "31536000s", "monthly_schedule": {"day": 31}});
    let operation = workspace.ok(UPDATE, &of(&[daily(3), monthly]));
    let name = operation["name"].as_str().expect("a name");
    assert!(name.starts_with("projects/p/branches/production/snapshot-schedule/operations/"));
    workspace.pass(60);
    let set = workspace.get(SCHEDULE);
    let monthly = json!({"retention": "31536000s", "monthly_schedule": {"day": 31, "hour": 0}});
    assert_eq!(set, json!({"name": SCHEDULE, "schedule": [daily(3), monthly]}));
    workspace.ok(UPDATE, &of(&[daily(4)]));
    workspace.pass(60);
    assert_eq!(workspace.get(SCHEDULE)["schedule"], json!([daily(4)]), "it is replaced whole");
    workspace.ok(UPDATE, &of(&[]));
    workspace.pass(60);
    assert_eq!(workspace.get(SCHEDULE), json!({ "name": SCHEDULE }));
    assert_eq!(workspace.names(), before);
    let missing = "GET projects/p/branches/none/snapshot-schedule";
    assert!(workspace.refused(missing, &Json::Null).contains("branch id not found"));
    for line in ["POST", "DELETE"] {
        assert_eq!(workspace.ask(&format!("{line} {SCHEDULE}"), &json!({})).0, 404, "{line}");
    }
}

#[test]
fn schedule_that_is_not_as_documented_is_refused() {
    let mut workspace = Workspace::with_branch(Options::default());
    let with = |member: &str, value: Json| {
        let mut cadence = daily(3);
        cadence[member] = value;
        of(&[daily(1), cadence])
    };
    for (body, words) in [
        (with("retention", Json::Null), "'schedule[1].retention' is required"),
        (with("retention", json!("3599s")), "'schedule[1].retention'"),
        (with("daily_schedule", Json::Null), "'schedule[1]' must have one of"),
        (with("daily_schedule", json!({"hour": 24})), "'schedule[1].daily_schedule.hour'"),
        (with("weekly_schedule", json!({"day_of_week": "MONDAY"})), "exclude each other"),
        (of(&[json!({"retention": "3600s", "weekly_schedule": {}})]), "day_of_week' is required"),
        (
            of(&[json!({"retention": "3600s", "weekly_schedule": {"day_of_week": "MON"}})]),
            "must be one of MONDAY",
        ),
        (of(&[json!({"retention": "3600s", "monthly_schedule": {"day": 32}})]), "from 1 to 31"),
        (json!({}), "'schedule' is in update_mask but not provided"),
        (json!({"spec": {"schedule": []}}), "Unknown field 'spec'"),
    ] {
        let refusal = workspace.refused(UPDATE, &body);
        assert!(refusal.contains(words), "{body}: {refusal}");
    }
    for mask in ["schedule.retention", "spec", "name", ""] {
        let line = UPDATE.replace("=schedule", &format!("={mask}"));
        assert!(workspace.refused(&line, &of(&[daily(3)])).contains("update_mask"), "{mask}");
    }
    let child = UPDATE.replace("production", "dev");
    assert!(workspace.refused(&child, &of(&[daily(3)])).contains("is not a root branch"));
    workspace.ok(&child, &of(&[]));
}

#[test]
fn schedule_is_seeded_and_a_world_with_snapshots_goes_on_elsewhere() {
    let mut workspace = Workspace::new();
    let snapshot = json!({"spec": {"source_branch": "projects/p/branches/production"}});
    let document = json!({"version": 1, "objects": [
        {"name": "projects/p", "body": {}},
        {"name": SCHEDULE, "status": of(&[daily(3)])},
        {"name": "projects/p/snapshots/s", "body": snapshot},
    ]});
    workspace.service.set_state(document.to_string().as_bytes()).expect("a seed");
    assert_eq!(workspace.get(SCHEDULE)["schedule"], json!([daily(3)]));
    let state = workspace.service.state();
    let mut copy = Workspace::new();
    copy.service.set_state(state.to_string().as_bytes()).expect("a state");
    for name in [SCHEDULE, "projects/p/snapshots/s"] {
        assert_eq!(copy.get(name), workspace.get(name));
    }
    let mut restored = super::permanent();
    restored["spec"]["source_snapshot"] = json!("projects/p/snapshots/s");
    copy.ok("POST projects/p/branches?branch_id=again", &restored);
    copy.get("projects/p/branches/again/databases/databricks-postgres");
}

#[test]
fn hour_of_midnight_is_left_out_where_the_behavior_says_so() {
    let mut workspace =
        Workspace::behaving(Behaviors { omit_midnight: true, ..Behaviors::default() });
    workspace.ok(UPDATE, &of(&[daily(0)]));
    workspace.pass(60);
    let cadence = json!({"retention": "604800s", "daily_schedule": {}});
    assert_eq!(workspace.get(SCHEDULE)["schedule"], json!([cadence]));
}

#[test]
fn schedule_excludes_other_changes_on_its_branch_and_goes_with_it() {
    let operation_delay = Duration::from_mins(1);
    let behaviors = Behaviors { snapshot_child_branches: true, ..Behaviors::default() };
    let options = Options { operation_delay, behaviors, ..Options::default() };
    let mut workspace = Workspace::with_branch(options);
    workspace.ok(&UPDATE.replace("production", "dev"), &of(&[daily(3)]));
    let role = "POST projects/p/branches/dev/roles?role_id=app";
    let body = json!({"spec": {"postgres_role": "app"}});
    assert!(workspace.refused(role, &body).contains("conflicting operations"));
    workspace.pass(60);
    workspace.ok("DELETE projects/p/branches/dev?purge=true", &Json::Null);
    workspace.pass(60);
    let left = workspace.names();
    assert!(!left.iter().any(|name| name.contains("snapshot-schedule")), "{left:?}");
}
