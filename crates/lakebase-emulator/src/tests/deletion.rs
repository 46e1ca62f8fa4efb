//! §6.4, §6.5: what may go, what goes with it, and what comes back.

use serde_json::{Value as Json, json};

use super::{Workspace, permanent, read_only};
use crate::options::Options;

const DAY: i64 = 24 * 3600;

fn workspace() -> Workspace {
    Workspace::with_branch(Options::default())
}

fn protect(workspace: &mut Workspace) {
    let line = "PATCH projects/p/branches/dev?update_mask=spec.is_protected";
    workspace.ok(line, &json!({"spec": {"is_protected": true}}));
}

#[test]
fn delete_of_implied_object_is_refused_as_managed_by_parent() {
    let names = ["projects/p/branches/production", "projects/p/branches/dev/endpoints/primary"];
    for name in names {
        let mut workspace = workspace();
        let (status, answer) = workspace.ask(&format!("DELETE {name}"), &Json::Null);
        assert_eq!((status, &answer["error_code"]), (400, &json!("BAD_REQUEST")), "{name}");
        let details = answer["details"].as_array().expect("details");
        let context = details.iter().find_map(|detail| detail.get("metadata"));
        assert_eq!(context, Some(&json!({"declarative_context": "MANAGED_BY_PARENT"})), "{name}");
    }
}

#[test]
fn protected_branch_blocks_deletion_of_endpoints_and_project() {
    let mut workspace = workspace();
    workspace.ok("POST projects/p/branches/dev/endpoints?endpoint_id=reader", &read_only());
    protect(&mut workspace);
    let cases = [
        ("projects/p/branches/dev", "400 BAD_REQUEST: cannot delete protected branch"),
        (
            "projects/p/branches/dev/endpoints/reader",
            "400 BAD_REQUEST: cannot delete endpoint of protected branch",
        ),
        (
            "projects/p",
            "400 BAD_REQUEST: Cannot delete project 'projects/p': branch \
             'projects/p/branches/dev' is protected.",
        ),
    ];
    for (name, text) in cases {
        assert_eq!(workspace.refused(&format!("DELETE {name}"), &Json::Null), text);
    }
}

#[test]
fn a_root_branch_is_refused_as_such_whether_it_is_protected_or_not() {
    let mut workspace = workspace();
    let production = "projects/p/branches/production";
    for protected in [false, true] {
        let line = format!("PATCH {production}?update_mask=spec.is_protected");
        workspace.ok(&line, &json!({"spec": {"is_protected": protected}}));
        for purge in ["", "?purge=true"] {
            let text = workspace.refused(&format!("DELETE {production}{purge}"), &Json::Null);
            assert!(text.starts_with("400 BAD_REQUEST: Cannot delete root branch"), "{text}");
        }
    }
}

#[test]
fn a_branch_that_is_default_or_has_children_stays() {
    let mut workspace = workspace();
    let body = json!({"spec": {"no_expiry": true, "source_branch": "projects/p/branches/dev"}});
    workspace.ok("POST projects/p/branches?branch_id=child", &body);
    let text = workspace.refused("DELETE projects/p/branches/dev", &Json::Null);
    assert!(text.contains("'projects/p/branches/child'"), "{text}");
    let body = json!({"spec": {"default_branch": "projects/p/branches/child"}});
    workspace.ok("PATCH projects/p?update_mask=spec.default_branch", &body);
    let text = workspace.refused("DELETE projects/p/branches/child", &Json::Null);
    assert!(text.contains("default branch"), "{text}");
}

#[test]
fn a_deletion_answers_with_an_empty_response_and_outlives_its_object() {
    let mut workspace = workspace();
    for name in ["projects/p/branches/dev", "projects/p"] {
        let operation = workspace.ok(&format!("DELETE {name}?purge=true"), &Json::Null);
        let operation = operation["name"].as_str().expect("a name").to_owned();
        assert!(operation.starts_with(&format!("{name}/operations/")), "{operation}");
        let done = workspace.get(&operation);
        assert_eq!(done["done"], true);
        assert_eq!(done["response"], json!({"@type": "type.googleapis.com/google.protobuf.Empty"}));
    }
    assert!(workspace.names().is_empty());
}

#[test]
fn a_soft_deleted_project_reads_as_if_it_lived_but_nothing_in_it_does() {
    let mut workspace = workspace();
    workspace.ok("DELETE projects/p", &Json::Null);
    let project = workspace.get("projects/p");
    assert!(project["delete_time"].is_string() && project["purge_time"].is_string());
    assert!(workspace.names().is_empty());
    let gone = [
        "projects/p/branches/production",
        "projects/p/branches/production/endpoints/primary",
        "projects/p/branches/production/roles/jane-doe",
        "projects/p/branches",
    ];
    for name in gone {
        let text = workspace.refused(&format!("GET {name}"), &Json::Null);
        assert!(text.starts_with("404 NOT_FOUND: project id not found [TraceId: "), "{text}");
    }
    // The id is reserved.
    let text = workspace.refused("POST projects?project_id=p", &json!({}));
    assert!(text.starts_with("409 ALREADY_EXISTS"), "{text}");
    let text = workspace.refused("DELETE projects/p", &Json::Null);
    assert!(text.starts_with("404"), "{text}");
    let list = |workspace: &mut Workspace, query: &str| {
        workspace.get(&format!("projects{query}"))["projects"].as_array().map(Vec::len)
    };
    assert_eq!(list(&mut workspace, ""), None);
    assert_eq!(list(&mut workspace, "?show_deleted=true"), Some(1));
}

#[test]
fn undeleted_project_has_only_default_objects() {
    let mut workspace = workspace();
    let production = "projects/p/branches/production";
    workspace.ok(&format!("POST {production}/endpoints?endpoint_id=reader"), &read_only());
    let body = json!({"spec": {"default_branch": "projects/p/branches/dev"}});
    workspace.ok("PATCH projects/p?update_mask=spec.default_branch", &body);
    let uid = workspace.get(production)["uid"].clone();
    workspace.ok("DELETE projects/p", &Json::Null);
    workspace.ok("POST projects/p/undelete", &json!({}));
    assert_eq!(
        workspace.names(),
        [
            "projects/p",
            "projects/p/branches/production",
            "projects/p/branches/production/databases/databricks-postgres",
            "projects/p/branches/production/endpoints/primary",
            "projects/p/branches/production/roles/jane-doe",
        ]
    );
    assert_eq!(workspace.get(production)["uid"], uid);
    assert_eq!(workspace.get("projects/p")["status"]["default_branch"], production);
    let text = workspace.refused("POST projects/p/undelete", &json!({}));
    assert!(text.starts_with("400"), "{text}");
}

#[test]
fn soft_deleted_branch_reports_its_status_and_can_be_undeleted() {
    let mut workspace = workspace();
    let before = workspace.names();
    workspace.ok("DELETE projects/p/branches/dev", &Json::Null);
    let branch = workspace.get("projects/p/branches/dev");
    assert_eq!(branch["status"]["current_state"], "DELETED");
    assert!(branch["status"]["delete_time"].is_string(), "{branch}");
    assert!(branch["status"]["purge_time"].is_string(), "{branch}");
    assert_eq!(branch.get("delete_time"), None);
    workspace.refused("GET projects/p/branches/dev/endpoints/primary", &Json::Null);
    let text = workspace.refused("POST projects/p/branches?branch_id=dev", &permanent());
    assert!(text.starts_with("409 ALREADY_EXISTS"), "{text}");
    let line = "POST projects/p/branches?branch_id=dev&replace_existing=true";
    let text = workspace.refused(line, &permanent());
    assert!(text.starts_with("409 ALREADY_EXISTS"), "{text}");
    workspace.ok("POST projects/p/branches/dev/undelete", &json!({}));
    assert_eq!(workspace.get("projects/p/branches/dev")["status"]["current_state"], "READY");
    assert_eq!(workspace.names(), before);
}

#[test]
fn soft_deleted_objects_are_purged_on_request_or_after_seven_days() {
    for purge in [true, false] {
        for name in ["projects/p", "projects/p/branches/dev"] {
            let mut workspace = workspace();
            workspace.ok(&format!("DELETE {name}"), &Json::Null);
            workspace.pass(7 * DAY - 1);
            workspace.get(name);
            if purge {
                workspace.ok(&format!("DELETE {name}?purge=true"), &Json::Null);
            } else {
                workspace.pass(1);
            }
            let text = workspace.refused(&format!("GET {name}"), &Json::Null);
            assert!(text.starts_with("404 NOT_FOUND"), "{text}");
        }
    }
}

#[test]
fn role_deletion_requires_reassign_owned_to() {
    let mut workspace = workspace();
    let branch = "projects/p/branches/dev";
    let owner = format!("{branch}/roles/jane-doe");
    let text = workspace.refused(&format!("DELETE {owner}"), &Json::Null);
    assert!(text.contains("owns database"), "{text}");
    let body = json!({"spec": {"postgres_role": "heir"}});
    workspace.ok(&format!("POST {branch}/roles?role_id=heir"), &body);
    for (heir, status) in [(owner.as_str(), "400"), ("projects/p/branches/dev/roles/none", "404")] {
        let line = format!("DELETE {owner}?reassign_owned_to={heir}");
        assert!(workspace.refused(&line, &Json::Null).starts_with(status));
    }
    workspace.ok(&format!("DELETE {owner}?reassign_owned_to={branch}/roles/heir"), &Json::Null);
    let database = workspace.get(&format!("{branch}/databases/databricks-postgres"));
    assert_eq!(database["status"]["role"], format!("{branch}/roles/heir"));
}

#[test]
fn purged_object_is_not_restored_with_its_name() {
    let mut workspace = workspace();
    let before = workspace.names();
    let reader = "POST projects/p/branches/dev/endpoints?endpoint_id=reader";
    workspace.ok(reader, &read_only());
    workspace.ok("DELETE projects/p/branches/dev?purge=true", &Json::Null);
    workspace.ok("POST projects/p/branches?branch_id=dev", &permanent());
    assert_eq!(workspace.names(), before);
}
