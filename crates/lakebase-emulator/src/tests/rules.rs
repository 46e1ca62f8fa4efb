//! Rules that were wrong or too lax once, and the behaviors that can be chosen.

use serde_json::{Value as Json, json};

use super::{Workspace, permanent, read_only, slow};
use crate::options::Options;
use crate::options::behaviors::Behaviors;

const DEV: &str = "projects/p/branches/dev";
const DATABASES: &str = "POST projects/p/branches/dev/databases";

#[test]
fn whole_object_that_was_read_can_be_sent_back() {
    let behaviors = Behaviors { echo_spec: true, ..Behaviors::default() };
    let mut workspace = Workspace::behaving(behaviors);
    for name in ["projects/p", DEV, "projects/p/branches/dev/endpoints/primary"] {
        let mut object = workspace.get(name);
        object["spec"] = json!({});
        workspace.ok(&format!("PATCH {name}?update_mask=spec"), &object);
    }
}

#[test]
fn unknown_body_fields_are_refused_or_ignored_as_chosen() {
    let body = json!({"nope": 1, "spec": {"no_expiry": true, "nope": {"a": 1}}});
    let line = "POST projects/p/branches?branch_id=new";
    let text = Workspace::behaving(Behaviors::default()).refused(line, &body);
    assert!(text.contains("Unknown field 'nope'"), "{text}");
    let behaviors = Behaviors { ignore_unknown_fields: true, ..Behaviors::default() };
    Workspace::behaving(behaviors).ok(line, &body);
}

#[test]
fn numbers_as_text_are_refused_or_read_as_chosen() {
    let body = json!({"spec": {"pg_version": "16"}});
    let line = "POST projects?project_id=q";
    Workspace::new().refused(line, &body);
    let behaviors = Behaviors { accept_numbers_as_text: true, ..Behaviors::default() };
    let mut workspace = Workspace::behaving(behaviors);
    workspace.ok(line, &body);
    assert_eq!(workspace.get("projects/q")["status"]["pg_version"], 16);
}

#[test]
fn project_or_branch_named_operations_is_reachable() {
    let mut workspace = Workspace::new();
    workspace.ok("POST projects?project_id=operations", &json!({}));
    workspace.ok("POST projects/operations/branches?branch_id=operations", &permanent());
    let branch = "projects/operations/branches/operations";
    workspace.get(&format!("{branch}/endpoints/primary"));
    let operation = workspace.ok(
        &format!("PATCH {branch}?update_mask=spec.is_protected"),
        &json!({"spec": {"is_protected": false}}),
    );
    workspace.get(operation["name"].as_str().expect("a name"));
    let text = workspace.refused(&format!("GET {branch}/operations/x"), &Json::Null);
    assert!(text.starts_with("404 NOT_FOUND: operation id not found"), "{text}");
}

#[test]
fn wildcard_mask_excludes_documented_exceptions() {
    let mut workspace = Workspace::with_branch(Options::default());
    let role = "projects/p/branches/dev/roles/jane-doe";
    let attributes = json!({"createdb": true, "createrole": false, "bypassrls": true});
    let line = format!("PATCH {role}?update_mask=*");
    workspace.ok(&line, &json!({"spec": {"attributes": attributes}}));
    let status = workspace.get(role)["status"].clone();
    assert_eq!((&status["attributes"], status.get("membership_roles")), (&attributes, None));
    let text = workspace.refused(&line, &json!({"spec": {"attributes": {"createdb": true}}}));
    assert!(text.contains("'spec.attributes.createrole' is in update_mask"), "{text}");

    // For roles, `spec` beside other paths counts as `*`.
    let line = format!("PATCH {role}?update_mask=spec,spec.attributes.createdb");
    workspace.ok(&line, &json!({"spec": {"attributes": attributes}}));
    let text = workspace.refused(&line, &json!({"spec": {"attributes": {"createdb": true}}}));
    assert!(text.contains("'spec.attributes.createrole' is in update_mask"), "{text}");
    let line = format!("PATCH {role}?update_mask=spec,spec.nope");
    assert!(
        workspace.refused(&line, &json!({"spec": {"attributes": attributes}})).contains("nope")
    );

    let whole = json!({"spec": {
        "display_name": "x", "history_retention_duration": "604800s",
        "default_branch": "projects/p/branches/production", "enable_pg_native_login": true,
        "budget_policy_id": "", "default_endpoint_settings": {
            "autoscaling_limit_min_cu": 1, "autoscaling_limit_max_cu": 2,
            "no_suspension": true, "pg_settings": {},
        },
    }});
    workspace.ok("PATCH projects/p?update_mask=*", &whole);
}

#[test]
fn verb_without_body_is_refused_or_accepted_as_chosen() {
    for require_verb_bodies in [true, false] {
        let behaviors = Behaviors { require_verb_bodies, ..Behaviors::default() };
        let mut workspace = Workspace::behaving(behaviors);
        workspace.ok(&format!("DELETE {DEV}"), &Json::Null);
        let (status, _) = workspace.ask(&format!("POST {DEV}/undelete"), &Json::Null);
        assert_eq!(status, if require_verb_bodies { 400 } else { 200 });
    }
}

#[test]
fn page_size_above_the_limit_is_refused_or_capped_as_chosen() {
    for accept_large_pages in [false, true] {
        let behaviors = Behaviors { accept_large_pages, ..Behaviors::default() };
        let mut workspace = Workspace::behaving(behaviors);
        let (status, _) = workspace.ask("GET projects?page_size=1000", &Json::Null);
        assert_eq!(status, if accept_large_pages { 200 } else { 400 });
    }
}

#[test]
fn database_without_id_gets_one_or_is_refused_as_chosen() {
    let body = json!({"spec": {
        "postgres_database": "app", "role": "projects/p/branches/dev/roles/jane-doe",
    }});
    let mut workspace = Workspace::with_branch(Options::default());
    let operation = workspace.ok(DATABASES, &body);
    let name = operation["name"].as_str().expect("a name");
    assert!(name.starts_with("projects/p/branches/dev/databases/db-"), "{name}");
    let behaviors = Behaviors { generate_database_ids: false, ..Behaviors::default() };
    let text = Workspace::behaving(behaviors).refused(DATABASES, &body);
    let needed = "400 INVALID_PARAMETER_VALUE: Field 'database_id' is required, expected \
                  non-default value (not \"\")!";
    assert_eq!(text, needed);
}

#[test]
fn project_has_the_chosen_default_version() {
    let behaviors = Behaviors { default_pg_version: 18, ..Behaviors::default() };
    let mut workspace = Workspace::behaving(behaviors);
    assert_eq!(workspace.get("projects/p")["status"]["pg_version"], 18);
}

#[test]
fn adopted_database_needs_an_owner_or_keeps_it_as_chosen() {
    let line = format!("{DATABASES}?database_id=databricks-postgres&replace_existing=true");
    let body = json!({"spec": {"postgres_database": "renamed"}});
    Workspace::with_branch(Options::default()).refused(&line, &body);
    let behaviors = Behaviors { adopt_databases_without_owner: true, ..Behaviors::default() };
    let mut workspace = Workspace::behaving(behaviors);
    workspace.ok(&line, &body);
    let status = workspace.get(&format!("{DEV}/databases/databricks-postgres"))["status"].clone();
    assert_eq!(status["role"], "projects/p/branches/dev/roles/jane-doe");
    assert_eq!(status["postgres_database"], "renamed");
}

#[test]
fn duplicate_branch_is_answered_as_chosen() {
    let line = "POST projects/p/branches?branch_id=production";
    let text = Workspace::with_branch(Options::default()).refused(line, &permanent());
    assert_eq!(text, "409 ALREADY_EXISTS: branch with such id already exists");
    let behaviors = Behaviors { duplicate_branch_is_bad_request: true, ..Behaviors::default() };
    let text = Workspace::behaving(behaviors).refused(line, &permanent());
    let start = "400 BAD_REQUEST: branch already exists; branch_name:\"production\" [TraceId: ";
    assert!(text.starts_with(start), "{text}");
}

#[test]
fn endpoint_recreated_while_reconciling_is_refused_or_unreadable_as_chosen() {
    for accept_unreadable_endpoints in [false, true] {
        let behaviors = Behaviors { accept_unreadable_endpoints, ..Behaviors::default() };
        let mut workspace = Workspace::with_branch(Options { behaviors, ..slow() });
        let line = "POST projects/p/branches/dev/endpoints?endpoint_id=reader";
        let name = "projects/p/branches/dev/endpoints/reader";
        workspace.ok(line, &read_only());
        workspace.pass(20);
        workspace.ok(&format!("DELETE {name}"), &Json::Null);
        workspace.pass(12);
        if !accept_unreadable_endpoints {
            let text = workspace.refused(line, &read_only());
            assert_eq!(text, "409 ABORTED: Endpoint reconciliation still in progress");
            workspace.pass(5);
            workspace.ok(line, &read_only());
            workspace.get(name);
            continue;
        }
        workspace.ok(line, &read_only());
        workspace.pass(20);
        for method in ["GET", "DELETE"] {
            let text = workspace.refused(&format!("{method} {name}"), &Json::Null);
            assert!(text.starts_with("404 NOT_FOUND: endpoint id not found"), "{text}");
        }
        let list = workspace.get("projects/p/branches/dev/endpoints");
        assert_eq!(list["endpoints"][1]["name"], name);
    }
}

#[test]
fn update_while_reconciling_is_refused_or_accepted_as_chosen() {
    for refuse_updates_while_reconciling in [true, false] {
        let behaviors = Behaviors { refuse_updates_while_reconciling, ..Behaviors::default() };
        let mut workspace = Workspace::with_branch(Options { behaviors, ..slow() });
        let line = "PATCH projects/p/branches/dev/endpoints/primary?update_mask=spec.disabled";
        let body = json!({"spec": {"disabled": false}});
        workspace.ok(line, &body);
        workspace.pass(12);
        let (status, answer) = workspace.ask(line, &body);
        assert_eq!(status, if refuse_updates_while_reconciling { 409 } else { 200 }, "{answer}");
    }
}

#[test]
fn undeleted_branch_needs_its_source_and_fits_the_quotas() {
    let mut options = Options::default();
    options.quotas.unarchived_branches = 3;
    let mut workspace = Workspace::with_branch(options);
    let child = json!({"spec": {"no_expiry": true, "source_branch": DEV}});
    workspace.ok("POST projects/p/branches?branch_id=child", &child);
    workspace.ok("DELETE projects/p/branches/child", &Json::Null);
    workspace.ok("POST projects/p/branches?branch_id=other", &permanent());
    let undelete = "POST projects/p/branches/child/undelete";
    let text = workspace.refused(undelete, &json!({}));
    assert_eq!(
        text,
        "400 QUOTA_EXCEEDED: Cannot create more than 3 unarchived branches per project."
    );
    workspace.ok(&format!("DELETE {DEV}?purge=true"), &Json::Null);
    let text = workspace.refused(undelete, &json!({}));
    assert!(
        text.contains("its source branch 'projects/p/branches/dev' no longer exists"),
        "{text}"
    );
}

#[test]
fn soft_deleted_branch_is_kept_longer_than_its_ttl() {
    let mut workspace = Workspace::with_branch(Options::default());
    let body = json!({"spec": {"ttl": "3600s"}});
    workspace.ok("POST projects/p/branches?branch_id=brief", &body);
    workspace.ok("DELETE projects/p/branches/brief", &Json::Null);
    workspace.pass(7200);
    let status = workspace.get("projects/p/branches/brief")["status"].clone();
    assert_eq!(status["current_state"], "DELETED");
    let text = workspace.refused("POST projects/p/branches/brief/undelete", &json!({}));
    assert!(text.contains("it has expired"), "{text}");
}

#[test]
fn expired_branch_is_removed_or_soft_deleted_as_chosen() {
    for soft_delete_expired_branches in [false, true] {
        let behaviors = Behaviors { soft_delete_expired_branches, ..Behaviors::default() };
        let mut workspace = Workspace::behaving(behaviors);
        let line = "POST projects/p/branches?branch_id=brief";
        workspace.ok(line, &json!({"spec": {"ttl": "3600s"}}));
        workspace.pass(3600);
        let (status, _) = workspace.ask(line, &permanent());
        assert_eq!(status, if soft_delete_expired_branches { 409 } else { 200 });
        assert_eq!(
            workspace.names().contains(&"projects/p/branches/brief".to_owned()),
            !soft_delete_expired_branches
        );
    }
}

#[test]
fn id_of_a_soft_deleted_branch_is_reserved_or_free_as_chosen() {
    for free_deleted_branch_ids in [false, true] {
        let behaviors = Behaviors { free_deleted_branch_ids, ..Behaviors::default() };
        let mut workspace = Workspace::behaving(behaviors);
        let uid = workspace.get(DEV)["uid"].clone();
        workspace.ok(&format!("DELETE {DEV}"), &Json::Null);
        let (status, _) = workspace.ask("POST projects/p/branches?branch_id=dev", &permanent());
        assert_eq!(status, if free_deleted_branch_ids { 200 } else { 409 });
        assert_eq!(workspace.get(DEV)["uid"] != uid, free_deleted_branch_ids);
    }
}

#[test]
fn branch_of_an_expiring_branch_is_refused_or_accepted_as_chosen() {
    for branch_from_expiring in [false, true] {
        let behaviors = Behaviors { branch_from_expiring, ..Behaviors::default() };
        let mut workspace = Workspace::behaving(behaviors);
        let body = json!({"spec": {"ttl": "3600s"}});
        workspace.ok("POST projects/p/branches?branch_id=brief", &body);
        let source = "projects/p/branches/brief";
        let body = json!({"spec": {"no_expiry": true, "source_branch": source}});
        let (status, _) = workspace.ask("POST projects/p/branches?branch_id=child", &body);
        assert_eq!(status, if branch_from_expiring { 200 } else { 400 });
    }
}

#[test]
fn operation_that_takes_no_time_is_done_at_once_where_chosen() {
    for done_at_once in [false, true] {
        let behaviors = Behaviors { done_at_once, ..Behaviors::default() };
        let mut workspace = Workspace::behaving(behaviors);
        let operation = workspace.ok("POST projects/p/branches?branch_id=new", &permanent());
        assert_eq!(operation["done"], done_at_once);
        assert_eq!(operation.get("response").is_some(), done_at_once);
    }
    let behaviors = Behaviors { done_at_once: true, ..Behaviors::default() };
    let mut workspace = Workspace::with_branch(Options { behaviors, ..slow() });
    let operation = workspace.ok("POST projects/p/branches?branch_id=new", &permanent());
    assert_eq!(operation["done"], false);
}

#[test]
fn uids_depend_on_names_and_not_on_reads() {
    let uids = |reads: usize| {
        let mut workspace = Workspace::with_branch(Options::default());
        for _ in 0..reads {
            workspace.get(DEV);
        }
        workspace.ok("POST projects/p/branches?branch_id=new", &permanent());
        let first = workspace.get("projects/p/branches/new")["uid"].clone();
        workspace.ok("DELETE projects/p/branches/new?purge=true", &Json::Null);
        workspace.ok("POST projects/p/branches?branch_id=new", &permanent());
        (first, workspace.get("projects/p/branches/new")["uid"].clone())
    };
    let (first, second) = uids(0);
    assert_ne!(first, second);
    assert_eq!(uids(3), (first, second));
}

#[test]
fn finished_operations_are_forgotten_in_the_end() {
    let mut workspace = Workspace::with_branch(Options::default());
    let line = format!("PATCH {DEV}?update_mask=spec.is_protected");
    let body = json!({"spec": {"is_protected": false}});
    let first = workspace.ok(&line, &body)["name"].as_str().expect("a name").to_owned();
    for _ in 0..10_010 {
        workspace.ok(&line, &body);
    }
    let text = workspace.refused(&format!("GET {first}"), &Json::Null);
    assert!(text.starts_with("404 NOT_FOUND: operation id not found"), "{text}");
}

#[test]
fn clock_moved_far_back_stays_in_the_calendar() {
    let mut workspace = Workspace::new();
    workspace.pass(-i64::MAX);
    workspace.ok("POST projects?project_id=q", &json!({}));
    let created = workspace.get("projects/q")["create_time"].clone();
    assert!(created.as_str().is_some_and(|time| time.starts_with("-009999")), "{created}");
}
