//! Snapshots: taken in time, expiring, outliving their branch, and restored (reference §3.11).

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::{Workspace, permanent, slow};
use crate::options::behaviors::Behaviors;
use crate::options::{Options, Quotas};

const PRODUCTION: &str = "projects/p/branches/production";

fn of(branch: &str) -> Json {
    json!({"spec": {"source_branch": format!("projects/p/branches/{branch}")}})
}

fn with(member: &str, value: &Json) -> Json {
    let mut body = of("production");
    body["spec"][member] = value.clone();
    body
}

#[test]
fn snapshot_answers_as_documented_and_shows_its_size_once_it_is_taken() {
    let mut workspace = Workspace::with_branch(slow());
    workspace.ok("POST projects/p/snapshots?snapshot_id=s", &of("production"));
    let taking = workspace.get("projects/p/snapshots/s");
    assert_eq!(taking["status"], json!({"source_branch": PRODUCTION, "no_expiry": true}));
    workspace.pass(10);
    let taken = workspace.get("projects/p/snapshots/s");
    let members: Vec<_> = taken.as_object().expect("an object").keys().cloned().collect();
    let documented = ["create_time", "name", "parent", "snapshot_id", "status", "uid"];
    assert_eq!(members, documented);
    assert!(taken["status"]["full_size_bytes"].is_u64(), "{taken}");
    let listed = workspace.ok("GET projects/p/snapshots", &Json::Null);
    assert_eq!(listed["snapshots"], json!([taken]));
    let line = "PATCH projects/p/snapshots/s?update_mask=spec.ttl";
    assert_eq!(workspace.ask(line, &with("ttl", &json!("60s"))).0, 404);
}

#[test]
fn create_that_is_not_as_documented_is_refused() {
    let mut workspace = Workspace::with_branch(Options::default());
    workspace.ok("POST projects?project_id=q", &json!({}));
    let time = |text: &str| with("source_branch_time", &json!(text));
    let mut two_points = time("2026-01-01T00:00:30Z");
    two_points["spec"]["source_branch_lsn"] = json!("0/1A");
    let mut two_arms = with("ttl", &json!("60s"));
    two_arms["spec"]["no_expiry"] = json!(true);
    for (body, words) in [
        (json!({"spec": {}}), "400 INVALID_PARAMETER_VALUE: Field 'snapshot.spec.source_branch'"),
        (json!({"spec": {"source_branch": "production"}}), "must be the name of a branch"),
        (json!({"spec": {"source_branch": "projects/q/branches/production"}}), "same Project"),
        (of("none"), "404 NOT_FOUND: branch id not found"),
        (of("dev"), "is not a root branch"),
        (two_points, "exclude each other"),
        (with("source_branch_lsn", &json!("1A2B")), "must look like"),
        (time("2027-01-01T00:00:00Z"), "outside the project's history"),
        (time("2025-01-01T00:00:00Z"), "outside the project's history"),
        (two_arms, "exclude each other"),
        (with("no_expiry", &json!(false)), "must be true"),
        (with("expire_time", &json!("2025-01-01T00:00:00Z")), "in the future"),
    ] {
        let refusal = workspace.refused("POST projects/p/snapshots?snapshot_id=s", &body);
        assert!(refusal.contains(words), "{body}: {refusal}");
    }
    for (line, words) in [
        ("POST projects/p/snapshots", "'snapshot_id' is required"),
        ("POST projects/p/snapshots?snapshot_id=S", "must match pattern"),
        ("POST projects/none/snapshots?snapshot_id=s", "id not found"),
    ] {
        let refusal = workspace.refused(line, &of("production"));
        assert!(refusal.contains(words), "{line}: {refusal}");
    }
}

#[test]
fn quota_and_expiration_bound_the_snapshots_of_a_project() {
    let quotas = Quotas { snapshots: 2, ..Quotas::default() };
    let mut workspace = Workspace::with_branch(Options { quotas, ..Options::default() });
    workspace.ok("POST projects/p/snapshots?snapshot_id=a", &with("ttl", &json!("3600s")));
    workspace.ok("POST projects/p/snapshots?snapshot_id=b", &of("production"));
    let created = workspace.get("projects/p/snapshots/a");
    assert_eq!(created["create_time"], "2026-01-01T00:02:00Z");
    assert_eq!(created["status"]["expire_time"], "2026-01-01T01:02:00Z");
    assert_eq!(created["status"].get("no_expiry"), None);
    let third = "POST projects/p/snapshots?snapshot_id=c";
    let refusal = workspace.refused(third, &of("production"));
    assert!(refusal.contains("Cannot create more than 2 snapshots per project"), "{refusal}");
    workspace.pass(3600);
    assert_eq!(workspace.ask("GET projects/p/snapshots/a", &Json::Null).0, 404);
    workspace.ok(third, &of("production"));
    workspace.ok("DELETE projects/p/snapshots/b", &Json::Null);
    let names = workspace.names();
    let left: Vec<_> = names.iter().filter(|name| name.contains("snapshots")).collect();
    assert_eq!(left, ["projects/p/snapshots/c"]);
}

#[test]
fn snapshot_outlives_its_branch_and_restores_what_the_branch_had() {
    let behaviors = Behaviors { snapshot_child_branches: true, ..Behaviors::default() };
    let mut workspace = Workspace::behaving(behaviors);
    let role = json!({"spec": {"postgres_role": "app"}});
    workspace.ok("POST projects/p/branches/dev/roles?role_id=app", &role);
    workspace.pass(60);
    let owner = "projects/p/branches/dev/roles/app";
    let database = json!({"spec": {"postgres_database": "orders", "role": owner}});
    workspace.ok("POST projects/p/branches/dev/databases?database_id=orders", &database);
    workspace.pass(60);
    workspace.ok("POST projects/p/snapshots?snapshot_id=s", &of("dev"));
    workspace.pass(60);
    workspace.ok("DELETE projects/p/branches/dev?purge=true", &Json::Null);
    workspace.pass(60);
    workspace.get("projects/p/snapshots/s");
    let mut restored = permanent();
    restored["spec"]["source_snapshot"] = json!("projects/p/snapshots/s");
    workspace.ok("POST projects/p/branches?branch_id=again", &restored);
    workspace.pass(60);
    let branch = workspace.get("projects/p/branches/again");
    assert_eq!(branch["status"]["source_snapshot"], "projects/p/snapshots/s");
    for absent in ["source_branch", "source_branch_lsn", "source_branch_time"] {
        assert_eq!(branch["status"].get(absent), None, "{absent}");
    }
    let database = workspace.get("projects/p/branches/again/databases/orders");
    assert_eq!(database["status"]["role"], "projects/p/branches/again/roles/app");
    workspace.get("projects/p/branches/again/roles/app");
    workspace.get("projects/p/branches/again/endpoints/primary");
    // It has data of its own: without the snapshot it remains, and it can be deleted.
    workspace.ok("DELETE projects/p/snapshots/s", &Json::Null);
    workspace.pass(60);
    workspace.ok("DELETE projects/p/branches/again", &Json::Null);
}

#[test]
fn branch_is_restored_only_from_an_available_snapshot_of_its_project() {
    let delay = Duration::from_secs(10);
    let mut workspace =
        Workspace::with_branch(Options { operation_delay: delay, ..Options::default() });
    workspace.ok("POST projects?project_id=q", &json!({}));
    workspace.pass(60);
    workspace.ok("POST projects/p/snapshots?snapshot_id=s", &of("production"));
    let mut refused = |project: &str, snapshot: &str| {
        let mut body = permanent();
        body["spec"]["source_snapshot"] = json!(snapshot);
        workspace.refused(&format!("POST projects/{project}/branches?branch_id=x"), &body)
    };
    for (project, snapshot, words) in [
        ("p", "projects/p/snapshots/s", "is not AVAILABLE"),
        ("p", "projects/p/snapshots/none", "404 NOT_FOUND: snapshot id not found"),
        ("q", "projects/p/snapshots/s", "from the same Project"),
        ("p", "s", "from the same Project"),
    ] {
        let refusal = refused(project, snapshot);
        assert!(refusal.contains(words), "{project} {snapshot}: {refusal}");
    }
}
