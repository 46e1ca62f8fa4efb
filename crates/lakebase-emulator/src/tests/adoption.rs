//! §6.3: `replace_existing`.

use serde_json::json;

use super::{Workspace, permanent, read_only};
use crate::options::Options;

const BRANCH: &str = "projects/p/branches/dev";

#[test]
fn an_adoption_of_nothing_is_a_create() {
    let mut workspace = Workspace::with_branch(Options::default());
    let line = format!("POST {BRANCH}/endpoints?endpoint_id=new&replace_existing=true");
    workspace.ok(&line, &read_only());
    workspace.get(&format!("{BRANCH}/endpoints/new"));
}

#[test]
fn an_adoption_changes_what_it_names_and_keeps_the_object() {
    let mut workspace = Workspace::with_branch(Options::default());
    let name = format!("{BRANCH}/endpoints/primary");
    let before = workspace.get(&name);
    workspace.pass(60);
    let line = format!("POST {BRANCH}/endpoints?endpoint_id=primary&replace_existing=true");
    let body = json!({"spec": {
        "endpoint_type": "ENDPOINT_TYPE_READ_WRITE", "autoscaling_limit_max_cu": 2,
    }});
    workspace.ok(&line, &body);
    let after = workspace.get(&name);
    let mut expected = before.clone();
    expected["status"]["autoscaling_limit_max_cu"] = json!(2);
    expected["update_time"] = after["update_time"].clone();
    assert_eq!(after, expected);
    assert_ne!(after["update_time"], before["update_time"]);
}

#[test]
fn an_adoption_does_not_turn_a_writer_into_a_reader() {
    let mut workspace = Workspace::with_branch(Options::default());
    let line = format!("POST {BRANCH}/endpoints?endpoint_id=primary&replace_existing=true");
    assert!(workspace.refused(&line, &read_only()).contains("'spec.endpoint_type'"));
}

#[test]
fn an_adopted_role_keeps_its_identity_and_gets_the_memberships_of_the_request() {
    let mut workspace = Workspace::with_branch(Options::default());
    let line = format!("POST {BRANCH}/roles?role_id=jane-doe&replace_existing=true");
    let body = json!({"spec": {"postgres_role": "other", "attributes": {"createdb": false}}});
    workspace.ok(&line, &body);
    let status = workspace.get(&format!("{BRANCH}/roles/jane-doe"))["status"].clone();
    assert_eq!(status["postgres_role"], "jane.doe@example.com");
    assert_eq!(
        status["attributes"],
        json!({"createdb": false, "createrole": true, "bypassrls": true})
    );
    assert_eq!(status.get("membership_roles"), None);
}

#[test]
fn a_role_needs_an_id_only_to_be_adopted() {
    let mut workspace = Workspace::with_branch(Options::default());
    let body = json!({"spec": {"postgres_role": "app"}});
    let line = format!("POST {BRANCH}/roles?replace_existing=true");
    assert!(workspace.refused(&line, &body).contains("'role_id' is required"));
    workspace.ok(&format!("POST {BRANCH}/roles"), &body);
}

#[test]
fn an_adopted_database_still_needs_an_owner() {
    let mut workspace = Workspace::with_branch(Options::default());
    let line =
        format!("POST {BRANCH}/databases?database_id=databricks-postgres&replace_existing=true");
    let body = json!({"spec": {"postgres_database": "renamed"}});
    assert!(workspace.refused(&line, &body).contains("'database.spec.role' is required"));
}

#[test]
fn create_of_existing_object_without_replace_existing_conflicts() {
    let mut workspace = Workspace::with_branch(Options::default());
    let text = workspace.refused("POST projects/p/branches?branch_id=production", &permanent());
    assert_eq!(text, "409 ALREADY_EXISTS: branch with such id already exists");
}
