//! §6.6: what excludes what while operations run, and while endpoints settle.

use serde_json::{Value as Json, json};

use super::{Workspace, permanent, read_only, slow};
use crate::options::Options;
use crate::options::behaviors::{Behaviors, Conflicts};

const CONFLICT: &str = "409 ABORTED: Your project already has conflicting operations in progress. \
                        Please wait until they are complete, and then try again.";

/// A first change, a second one, and whether the first excludes it by documentation and in the mode
/// `project`.
type Case = (&'static str, Json, &'static str, Json, bool, bool);

#[test]
fn running_operation_excludes_changes_as_chosen() {
    let project = "PATCH projects/p?update_mask=spec.display_name";
    let renamed = || json!({"spec": {"display_name": "x"}});
    let role = "POST projects/p/branches/dev/roles?role_id=new";
    let new_role = || json!({"spec": {"postgres_role": "new"}});
    let primary = "PATCH projects/p/branches/dev/endpoints/primary?update_mask=spec.disabled";
    let enabled = || json!({"spec": {"disabled": false}});
    let other = "PATCH projects/p/branches/production/endpoints/primary?update_mask=spec.disabled";
    let branch = "POST projects/p/branches?branch_id=new";
    let sibling = "POST projects/p/branches?branch_id=newer";
    let database = "DELETE projects/p/branches/dev/databases/databricks-postgres";
    let inside = "PATCH projects/p/branches/new/endpoints/primary?update_mask=spec.disabled";
    let cases: Vec<Case> = vec![
        // Roles, databases and endpoints of one branch.
        (role, new_role(), primary, enabled(), true, true),
        (primary, enabled(), database, Json::Null, true, true),
        (primary, enabled(), other, enabled(), false, true),
        // Branches.
        (branch, permanent(), sibling, permanent(), false, true),
        (branch, permanent(), "DELETE projects/p/branches/dev", Json::Null, false, true),
        (project, renamed(), branch, permanent(), false, true),
        // An object and what contains it.
        (project, renamed(), primary, enabled(), false, true),
        (project, renamed(), project, renamed(), true, true),
        (branch, permanent(), inside, enabled(), true, true),
        (primary, enabled(), "DELETE projects/p/branches/dev", Json::Null, true, true),
        (primary, enabled(), "DELETE projects/p", Json::Null, true, true),
        // Another project.
        (project, renamed(), "POST projects?project_id=q", json!({}), false, false),
    ];
    for (first, body, second, other, documented, project) in cases {
        let modes = [
            (Conflicts::Documented, documented),
            (Conflicts::Project, project),
            (Conflicts::None, false),
        ];
        for (conflicts, excluded) in modes {
            let behaviors = Behaviors { conflicts, ..Behaviors::default() };
            let mut workspace = Workspace::with_branch(Options { behaviors, ..slow() });
            workspace.ok(first, &body);
            if excluded {
                assert_eq!(workspace.refused(second, &other), CONFLICT, "{second} {conflicts:?}");
                workspace.pass(15);
            }
            workspace.ok(second, &other);
        }
    }
}

#[test]
fn operation_is_done_after_its_delay() {
    let mut workspace = Workspace::with_branch(slow());
    let operation = workspace.ok("POST projects/p/branches?branch_id=new", &permanent());
    assert_eq!(operation["done"], false);
    let name = operation["name"].as_str().expect("a name").to_owned();
    let id = name.strip_prefix("projects/p/branches/new/operations/").expect("the branch's");
    assert!(id.contains('/') && id.contains('+') && id.ends_with('='), "{id}");
    assert_eq!(workspace.get(&name), operation);
    // The object is there from the start.
    assert_eq!(workspace.get("projects/p/branches/new")["status"]["current_state"], "INIT");
    workspace.pass(10);
    let done = workspace.get(&name);
    assert_eq!(done["done"], true);
    assert_eq!(done["response"]["status"]["current_state"], "READY");
    assert_eq!(done["response"]["@type"], "type.googleapis.com/databricks.postgres.v1.Branch");
    assert_eq!(
        done["metadata"]["@type"],
        "type.googleapis.com/databricks.postgres.v1.BranchOperationMetadata"
    );
}

#[test]
fn an_endpoint_settles_after_its_operation_and_refuses_mutations_until_then() {
    let mut workspace = Workspace::with_branch(slow());
    let name = "projects/p/branches/dev/endpoints/new";
    let states = |workspace: &mut Workspace| {
        let status = workspace.get(name)["status"].clone();
        (status["current_state"].clone(), status.get("pending_state").cloned())
    };
    workspace.ok("POST projects/p/branches/dev/endpoints?endpoint_id=new", &read_only());
    assert_eq!(states(&mut workspace), (json!("INIT"), Some(json!("ACTIVE"))));
    assert_eq!(workspace.refused(&format!("DELETE {name}"), &Json::Null), CONFLICT);
    workspace.pass(10);
    assert_eq!(states(&mut workspace), (json!("ACTIVE"), Some(json!("ACTIVE"))));
    let text = workspace.refused(&format!("DELETE {name}"), &Json::Null);
    assert_eq!(text, "409 ABORTED: Endpoint reconciliation still in progress");
    // Others on the branch are not concerned.
    let role = json!({"spec": {"postgres_role": "new"}});
    workspace.ok("POST projects/p/branches/dev/roles?role_id=new", &role);
    workspace.pass(10);
    assert_eq!(states(&mut workspace), (json!("ACTIVE"), None));
    workspace.ok(&format!("DELETE {name}"), &Json::Null);
}

#[test]
fn only_endpoints_settle() {
    let mut workspace = Workspace::with_branch(slow());
    let role = json!({"spec": {"postgres_role": "new"}});
    workspace.ok("POST projects/p/branches/dev/roles?role_id=new", &role);
    workspace.ok("POST projects/p/branches?branch_id=new", &permanent());
    workspace.pass(10);
    workspace.ok("DELETE projects/p/branches/dev/roles/new", &Json::Null);
    workspace.ok("DELETE projects/p/branches/new", &Json::Null);
}
