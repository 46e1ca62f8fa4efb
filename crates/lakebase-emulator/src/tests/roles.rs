//! §3.4, §3.5, §14: roles, their passwords, and the databases that they own.

use serde_json::{Value as Json, json};

use super::Workspace;
use crate::options::Options;
use crate::options::behaviors::Behaviors;

const DEV: &str = "projects/p/branches/dev";
const ROLES: &str = "POST projects/p/branches/dev/roles?role_id=new";
const OWNER: &str = "projects/p/branches/dev/roles/jane-doe";

fn role(spec: &Json) -> Json {
    json!({"spec": spec})
}

#[test]
fn role_create_refuses_with_the_texts_that_were_seen() {
    let empty = "400 INVALID_PARAMETER_VALUE: Field 'role' is required and must contain at least \
                 one subfield with a non-default value!";
    let pattern = "400 INVALID_PARAMETER_VALUE: Field role_id must match pattern \
                   ^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$, got '17a31436-08aa-456e-8ec3-d22f5'.";
    let by_number = "POST projects/p/branches/dev/roles?role_id=17a31436-08aa-456e-8ec3-d22f5";
    let cases = [
        // Before the ID is checked.
        (by_number, json!({}), empty),
        (by_number, json!({"spec": {}}), empty),
        (ROLES, json!({"role": {"spec": {"postgres_role": "x"}}}), empty),
        (by_number, role(&json!({"postgres_role": "x"})), pattern),
        (
            ROLES,
            role(&json!({"postgres_role": "pg_monitor"})),
            "400 INVALID_PARAMETER_VALUE: Field 'spec.postgres_role' must not be a reserved name of \
             PostgreSQL, got 'pg_monitor'.",
        ),
        (
            ROLES,
            role(&json!({"postgres_role": "x", "auth_method": "NO_LOGIN"})),
            "400 INVALID_PARAMETER_VALUE: Creating roles with auth_method NO_LOGIN is not \
             currently supported",
        ),
    ];
    for (line, body, text) in cases {
        let mut workspace = Workspace::with_branch(Options::default());
        assert_eq!(workspace.refused(line, &body), text, "{line} {body}");
    }
}

#[test]
fn identity_that_does_not_exist_is_not_found() {
    let application = "17a31436-08aa-456e-8ec3-d22f5c1b7e00";
    let cases = [
        ("SERVICE_PRINCIPAL", "demo_api", false),
        ("SERVICE_PRINCIPAL", application, true),
        ("USER", "demo_api", false),
        ("USER", "joe@example.com", true),
        ("GROUP", "data engineers", true),
    ];
    for (identity_type, postgres_role, exists) in cases {
        let mut workspace = Workspace::with_branch(Options::default());
        let spec = json!({"postgres_role": postgres_role, "identity_type": identity_type});
        if exists {
            workspace.ok(ROLES, &role(&spec));
            let status = workspace.get(&format!("{DEV}/roles/new"))["status"].clone();
            assert_eq!(status["auth_method"], "LAKEBASE_OAUTH_V1");
        } else {
            let text = workspace.refused(ROLES, &role(&spec));
            assert!(text.contains("Identity 'demo_api' not found"), "{text}");
        }
    }
}

#[test]
fn memberships_are_replaced_by_every_update_or_by_whole_ones_as_chosen() {
    for replace_memberships_always in [true, false] {
        let behaviors = Behaviors { replace_memberships_always, ..Behaviors::default() };
        let mut workspace = Workspace::behaving(behaviors);
        let line = format!("PATCH {OWNER}?update_mask=spec.attributes.createdb");
        let members = json!(["DATABRICKS_SUPERUSER"]);
        let spec = json!({"attributes": {"createdb": false}, "membership_roles": members});
        workspace.ok(&line, &role(&spec));
        assert_eq!(workspace.get(OWNER)["status"]["membership_roles"], members);
        workspace.ok(&line, &role(&json!({"attributes": {"createdb": false}})));
        let status = workspace.get(OWNER)["status"].clone();
        assert_eq!(status.get("membership_roles").is_none(), replace_memberships_always);
        workspace.ok(
            &format!("PATCH {OWNER}?update_mask=spec.membership_roles"),
            &role(&json!({"membership_roles": []})),
        );
        assert_eq!(workspace.get(OWNER)["status"].get("membership_roles"), None);
    }
}

#[test]
fn adopted_role_keeps_or_resets_omitted_attributes_as_chosen() {
    for reset_adopted_roles in [false, true] {
        let behaviors = Behaviors { reset_adopted_roles, ..Behaviors::default() };
        let mut workspace = Workspace::behaving(behaviors);
        let line = format!("POST {DEV}/roles?role_id=jane-doe&replace_existing=true");
        let spec = json!({"postgres_role": "x", "attributes": {"createdb": true}});
        workspace.ok(&line, &role(&spec));
        let attributes = workspace.get(OWNER)["status"]["attributes"].clone();
        assert_eq!(attributes["createrole"], !reset_adopted_roles);
    }
}

#[test]
fn generated_role_ids_differ_and_follow_the_pattern() {
    let mut workspace = Workspace::with_branch(Options::default());
    for name in ["a", "b"] {
        workspace.ok(&format!("POST {DEV}/roles"), &role(&json!({"postgres_role": name})));
    }
    let generated: Vec<String> =
        workspace.names().into_iter().filter(|name| name.contains("/roles/role-")).collect();
    assert_eq!(generated.len(), 2, "{generated:?}");
}

#[test]
fn password_is_revealed_where_the_role_and_the_project_allow_it() {
    let mut workspace = Workspace::with_branch(Options::default());
    workspace.ok(ROLES, &role(&json!({"postgres_role": "app"})));
    let reveal = format!("POST {DEV}/roles/new/password");
    let text = workspace.refused(&reveal, &json!({}));
    assert!(text.contains("'spec.enable_pg_native_login' of the project is false"), "{text}");
    workspace.ok(
        "PATCH projects/p?update_mask=spec.enable_pg_native_login",
        &json!({"spec": {"enable_pg_native_login": true}}),
    );
    let first = workspace.ok(&reveal, &json!({}));
    assert!(first["password"].as_str().is_some_and(|text| text.len() > 20), "{first}");
    assert_eq!(workspace.ok(&reveal, &json!({})), first);
    assert!(workspace.refused(&reveal, &Json::Null).contains("must be {}"));
    let text = workspace.refused(&format!("POST {OWNER}/password"), &json!({}));
    assert!(text.contains("has no password"), "{text}");
    let text = workspace.refused(&format!("POST {DEV}/roles/none/password"), &json!({}));
    assert!(text.starts_with("404 NOT_FOUND: role id not found"), "{text}");
    let text = workspace.refused("POST projects/x/branches/y/roles/z/password", &json!({}));
    assert!(text.starts_with("404 NOT_FOUND: project id not found"), "{text}");
    let journal = workspace.service.journal.entries();
    assert!(!journal.last().expect("it was recorded").is_mutation());

    // Another role of the same name has another password.
    workspace.ok(&format!("DELETE {DEV}/roles/new"), &Json::Null);
    workspace.pass(1);
    workspace.ok(ROLES, &role(&json!({"postgres_role": "app"})));
    assert_ne!(workspace.ok(&reveal, &json!({})), first);
}

#[test]
fn password_can_be_revealed_without_native_login_where_chosen() {
    let behaviors = Behaviors { reveal_unusable_passwords: true, ..Behaviors::default() };
    let mut workspace = Workspace::behaving(behaviors);
    workspace.ok(ROLES, &role(&json!({"postgres_role": "app"})));
    workspace.ok(&format!("POST {DEV}/roles/new/password"), &json!({}));
}

#[test]
fn reassigning_owned_objects_needs_a_running_compute() {
    let mut workspace = Workspace::with_branch(Options::default());
    workspace.ok(ROLES, &role(&json!({"postgres_role": "app"})));
    let primary = format!("PATCH {DEV}/endpoints/primary?update_mask=spec.disabled");
    workspace.ok(&primary, &role(&json!({"disabled": true})));
    let line = format!("DELETE {OWNER}?reassign_owned_to={DEV}/roles/new");
    assert!(workspace.refused(&line, &Json::Null).contains("needs a running"));
    workspace.ok(&primary, &role(&json!({"disabled": false})));
    workspace.ok(&line, &Json::Null);
}

#[test]
fn database_is_renamed_and_changes_its_owner() {
    let mut workspace = Workspace::with_branch(Options::default());
    workspace.ok(ROLES, &role(&json!({"postgres_role": "app"})));
    let name = format!("{DEV}/databases/databricks-postgres");
    let owner = format!("{DEV}/roles/new");
    let spec = json!({"postgres_database": "shop", "role": owner});
    workspace
        .ok(&format!("PATCH {name}?update_mask=spec.postgres_database,spec.role"), &role(&spec));
    let status = workspace.get(&name)["status"].clone();
    assert_eq!((&status["postgres_database"], &status["role"]), (&json!("shop"), &json!(owner)));
    for wrong in [
        "projects/p/branches/dev/roles/none",
        "projects/p/branches/production/roles/jane-doe",
        "projects/p/branches/dev/endpoints/primary",
        "jane-doe",
    ] {
        let line = format!("PATCH {name}?update_mask=spec.role");
        let text = workspace.refused(&line, &role(&json!({"role": wrong})));
        assert!(text.starts_with("404 NOT_FOUND: role not found; role_id:"), "{text}");
    }
    assert!(workspace.refused(&format!("DELETE {owner}"), &Json::Null).contains("owns database"));
}

#[test]
fn default_branch_of_a_project_changes_to_a_branch_of_it_only() {
    let mut workspace = Workspace::with_branch(Options::default());
    workspace.ok("POST projects?project_id=q", &json!({}));
    let line = "PATCH projects/p?update_mask=spec.default_branch";
    let set = |branch: &str| json!({"spec": {"default_branch": branch}});
    for wrong in
        ["projects/p/branches/none", "projects/q/branches/production", "dev", OWNER, "projects/p"]
    {
        let text = workspace.refused(line, &set(wrong));
        assert!(text.starts_with("404 NOT_FOUND: branch id not found"), "{text}");
    }
    workspace.ok(line, &set(DEV));
    assert_eq!(workspace.get(DEV)["status"]["default"], true);
    assert_eq!(workspace.get("projects/p/branches/production")["status"]["default"], false);
    // What is equal already is no mistake.
    workspace.ok(line, &set(DEV));
}

#[test]
fn seeded_objects_have_children_and_accept_any_id() {
    let mut workspace = Workspace::new();
    let create = |workspace: &mut Workspace, name: &str, body: Json| {
        workspace.service.create(name, &body).map_err(|error| error.message)
    };
    assert_eq!(create(&mut workspace, "projects/p", json!({})), Ok(()));
    assert_eq!(create(&mut workspace, DEV, role(&json!({"no_expiry": true}))), Ok(()));
    let principal = "projects/p/branches/dev/roles/17a31436-08aa-456e-8ec3-d22f5c1b7e00";
    assert_eq!(create(&mut workspace, principal, role(&json!({"postgres_role": "x"}))), Ok(()));
    assert_eq!(workspace.get(principal)["status"]["postgres_role"], "x");
    workspace.ok(
        &format!("PATCH {principal}?update_mask=spec.attributes.createdb"),
        &role(&json!({"attributes": {"createdb": true}})),
    );
    workspace.get("projects/p/branches/dev/endpoints/primary");
    for (name, body) in [
        ("projects/p", json!({})),
        ("projects/q/branches/dev", role(&json!({"no_expiry": true}))),
        ("projects/p/nonsense", json!({})),
    ] {
        assert!(create(&mut workspace, name, body).is_err(), "{name}");
    }
    assert_eq!(workspace.service.journal.entries().len(), 3);
}
