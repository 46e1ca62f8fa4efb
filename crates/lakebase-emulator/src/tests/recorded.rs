//! The traffic of §9 of the reference, recorded from the service, replayed. What was recorded was
//! filtered, so the emulator's answers must hold it and may hold more.

use serde_json::{Value as Json, json};

use super::Workspace;

/// Checks that `actual` holds `recorded`, in which `[…]` stands for any value.
#[track_caller]
fn holds(actual: &Json, recorded: &Json) {
    fn differs(actual: &Json, recorded: &Json) -> bool {
        match (actual, recorded) {
            (Json::Object(actual), Json::Object(recorded)) => recorded
                .iter()
                .any(|(name, value)| actual.get(name).is_none_or(|actual| differs(actual, value))),
            (actual, Json::String(text)) if text.starts_with('[') => actual.is_null(),
            (Json::Number(actual), Json::Number(recorded)) => actual.as_f64() != recorded.as_f64(),
            _ => actual != recorded,
        }
    }
    assert!(!differs(actual, recorded), "{actual:#}\ndoes not hold\n{recorded:#}");
}

fn with_recorded_project() -> Workspace {
    let mut workspace = Workspace::new();
    workspace.ok(
        "POST projects?project_id=test",
        &json!({"spec": {
            "default_endpoint_settings": {
                "autoscaling_limit_max_cu": 4, "autoscaling_limit_min_cu": 0.5,
                "suspend_timeout_duration": "300s",
            },
            "display_name": "Test Postgres Project", "enable_pg_native_login": false,
            "history_retention_duration": "604800s", "pg_version": 16,
        }}),
    );
    workspace
}

/// §9.1.
#[test]
fn a_project_reads_as_recorded() {
    let mut workspace = with_recorded_project();
    let project = workspace.get("projects/test");
    holds(
        &project,
        &json!({
            "name": "projects/test", "project_id": "test", "uid": "[UUID]",
            "status": {
                "branch_logical_size_limit_bytes": "[NUMID]",
                "default_branch": "projects/test/branches/production",
                "default_endpoint_settings": {
                    "autoscaling_limit_max_cu": 4, "autoscaling_limit_min_cu": 0.5,
                    "suspend_timeout_duration": "300s",
                },
                "display_name": "Test Postgres Project", "enable_pg_native_login": false,
                "history_retention_duration": "604800s", "owner": "[USERNAME]", "pg_version": 16,
                "project_id": "test", "synthetic_storage_size_bytes": 0,
            },
        }),
    );
    assert_eq!(project.get("spec"), None);
}

/// §9.1, the second part.
#[test]
fn a_project_without_settings_has_the_recorded_defaults() {
    let mut workspace = Workspace::new();
    workspace.ok("POST projects?project_id=test", &json!({}));
    let status = workspace.get("projects/test")["status"].clone();
    assert_eq!(
        status["default_endpoint_settings"],
        json!({
            "autoscaling_limit_max_cu": 1, "autoscaling_limit_min_cu": 1,
            "suspend_timeout_duration": "86400s",
        })
    );
    assert_eq!(status["history_retention_duration"], "604800s");
}

/// §9.2.
#[test]
fn a_project_is_renamed_as_the_cli_and_as_terraform_do_it() {
    let body = json!({"spec": {
        "default_endpoint_settings": {
            "autoscaling_limit_max_cu": 4, "autoscaling_limit_min_cu": 0.5,
            "suspend_timeout_duration": "300s",
        },
        "display_name": "Updated Name", "history_retention_duration": "604800s", "pg_version": 16,
    }});
    let mut named = body.clone();
    named["name"] = json!("projects/test");
    let terraform = "initial_branch_spec,initial_endpoint_spec,spec";
    for (mask, body) in [("spec.display_name", body), (terraform, named)] {
        let mut workspace = with_recorded_project();
        let line = format!("PATCH projects/test?update_mask={mask}");
        workspace.ok(&line, &body);
        assert_eq!(workspace.get("projects/test")["status"]["display_name"], "Updated Name");
    }
}

/// §9.3.
#[test]
fn deletes_are_soft_and_hard_as_recorded() {
    let mut workspace = with_recorded_project();
    workspace.ok("DELETE projects/test", &Json::Null);
    workspace.ok("DELETE projects/test?purge=true", &Json::Null);
    workspace.refused("GET projects/test", &Json::Null);
}

/// §9.4.
#[test]
fn a_branch_reads_as_recorded() {
    let mut workspace = with_recorded_project();
    let body = json!({"parent": "projects/test", "spec": {"no_expiry": true}});
    workspace.ok("POST projects/test/branches?branch_id=main", &body);
    let branch = workspace.get("projects/test/branches/main");
    holds(
        &branch,
        &json!({
            "branch_id": "main", "name": "projects/test/branches/main", "parent": "projects/test",
            "status": {
                "branch_id": "main", "current_state": "READY", "default": false,
                "is_protected": false, "source_branch": "projects/test/branches/production",
                "source_branch_lsn": "[LSN]", "source_branch_time": "[TIMESTAMP]",
                "state_change_time": "[TIMESTAMP]",
            },
            "uid": "[BRANCH_UID]",
        }),
    );
    assert!(branch["uid"].as_str().is_some_and(|uid| uid.starts_with("br-")));
    assert_eq!(branch["status"].get("expire_time"), None);

    let body = json!({"spec": {"is_protected": true, "no_expiry": true}});
    workspace.ok("PATCH projects/test/branches/main?update_mask=spec.is_protected", &body);
    assert_eq!(workspace.get("projects/test/branches/main")["status"]["is_protected"], true);
    let body = json!({
        "name": "projects/test/branches/main", "parent": "projects/test",
        "spec": {"is_protected": false, "no_expiry": true},
    });
    workspace.ok("PATCH projects/test/branches/main?update_mask=spec", &body);
    assert_eq!(workspace.get("projects/test/branches/main")["status"]["is_protected"], false);
}

/// §9.4, the adoption; §3.2 for the fields that a root branch does not have.
#[test]
fn the_root_branch_is_adopted_and_has_no_source() {
    let mut workspace = with_recorded_project();
    let before = workspace.get("projects/test/branches/production");
    let line = "POST projects/test/branches?branch_id=production&replace_existing=true";
    workspace.ok(line, &super::permanent());
    let after = workspace.get("projects/test/branches/production");
    assert_eq!(after["uid"], before["uid"]);
    assert_eq!(after["create_time"], before["create_time"]);
    assert_eq!(after["status"]["default"], true);
    let status = after["status"].as_object().expect("an object");
    assert!(!status.keys().any(|name| name.starts_with("source_")), "{status:?}");
}

/// §9.5.
#[test]
fn a_read_only_endpoint_reads_as_recorded() {
    let mut workspace = with_recorded_project();
    workspace.ok("POST projects/test/branches?branch_id=main", &super::permanent());
    workspace.ok(
        "POST projects/test/branches/main/endpoints?endpoint_id=custom",
        &json!({"spec": {
            "autoscaling_limit_max_cu": 2, "autoscaling_limit_min_cu": 0.5,
            "endpoint_type": "ENDPOINT_TYPE_READ_ONLY",
        }}),
    );
    let endpoint = workspace.get("projects/test/branches/main/endpoints/custom");
    let uid = endpoint["uid"].as_str().expect("a uid");
    assert!(uid.starts_with("ep-"), "{uid}");
    let host = format!("{uid}.database.us-east-1.cloud.databricks.com");
    holds(
        &endpoint,
        &json!({
            "endpoint_id": "custom", "name": "projects/test/branches/main/endpoints/custom",
            "parent": "projects/test/branches/main",
            "status": {
                "autoscaling_limit_max_cu": 2, "autoscaling_limit_min_cu": 0.5,
                "current_state": "ACTIVE", "disabled": false, "endpoint_id": "custom",
                "endpoint_type": "ENDPOINT_TYPE_READ_ONLY",
                "group": {"enable_readable_secondaries": true, "max": 1, "min": 1},
                "hosts": {"host": host, "read_only_host": host},
                "settings": {}, "suspend_timeout_duration": "300s",
            },
        }),
    );
}

/// §9.5, the adoption and the resize.
#[test]
fn the_implicit_endpoint_of_a_child_branch_is_adopted_and_resized() {
    let mut workspace = with_recorded_project();
    workspace.ok("POST projects/test/branches?branch_id=main", &super::permanent());
    let name = "projects/test/branches/main/endpoints/primary";
    assert_eq!(workspace.get(name)["status"]["suspend_timeout_duration"], "300s");
    let spec = |max: i64| {
        json!({"spec": {
            "autoscaling_limit_max_cu": max, "autoscaling_limit_min_cu": 0.5,
            "endpoint_type": "ENDPOINT_TYPE_READ_WRITE", "suspend_timeout_duration": "600s",
        }})
    };
    let line =
        "POST projects/test/branches/main/endpoints?endpoint_id=primary&replace_existing=true";
    workspace.ok(line, &spec(4));
    assert_eq!(workspace.get(name)["status"]["suspend_timeout_duration"], "600s");
    let line = format!("PATCH {name}?update_mask=spec.autoscaling_limit_max_cu");
    workspace.ok(&line, &spec(8));
    assert_eq!(workspace.get(name)["status"]["autoscaling_limit_max_cu"], 8);
}

/// §9.6.
#[test]
fn a_role_and_a_database_read_as_recorded() {
    let mut workspace = with_recorded_project();
    workspace.ok("POST projects/test/branches?branch_id=main", &super::permanent());
    let branch = "projects/test/branches/main";
    let body = json!({"spec": {"attributes": {"createdb": true}, "postgres_role": "app_role"}});
    workspace.ok(&format!("POST {branch}/roles?role_id=test-role"), &body);
    let role = format!("{branch}/roles/test-role");
    assert_eq!(
        workspace.get(&role)["status"],
        json!({
            "attributes": {"bypassrls": false, "createdb": true, "createrole": false},
            "auth_method": "PG_PASSWORD_SCRAM_SHA_256",
            "identity_type": "IDENTITY_TYPE_UNSPECIFIED", "postgres_role": "app_role",
            "role_id": "test-role",
        })
    );
    workspace.ok(&format!("PATCH {role}?update_mask=spec.attributes.createdb"), &body);

    let body = json!({"spec": {"postgres_database": "app_db", "role": role}});
    workspace.ok(&format!("POST {branch}/databases?database_id=my-database"), &body);
    let database = format!("{branch}/databases/my-database");
    let body = json!({"spec": {"postgres_database": "renamed_db_name", "role": role}});
    workspace.ok(&format!("PATCH {database}?update_mask=spec.postgres_database"), &body);
    assert_eq!(
        workspace.get(&database)["status"],
        json!({"database_id": "my-database", "postgres_database": "renamed_db_name", "role": role})
    );
}

/// §5.3: the texts that were recorded.
#[test]
fn refusals_have_the_recorded_texts() {
    let mut workspace = with_recorded_project();
    workspace.ok("POST projects/test/branches?branch_id=main", &super::permanent());
    let branch = "projects/test/branches/main";
    let needed = |field: &str| {
        format!(
            "400 INVALID_PARAMETER_VALUE: Field '{field}' is required, expected non-default value \
             (not \"\")!"
        )
    };
    let role = json!({"spec": {"postgres_role": "app"}});
    workspace.ok(&format!("POST {branch}/roles?role_id=app"), &role);
    let cases = [
        ("POST projects".to_owned(), json!({}), needed("project_id")),
        ("POST projects/test/branches?branch_id=".to_owned(), json!({}), needed("branch_id")),
        (format!("POST {branch}/endpoints"), json!({}), needed("endpoint_id")),
        (
            format!("POST {branch}/databases?database_id=db"),
            json!({"spec": {"postgres_database": "db"}}),
            needed("database.spec.role"),
        ),
        (
            format!("POST {branch}/databases?database_id=Invalid_DB_ID"),
            json!({}),
            "400 INVALID_PARAMETER_VALUE: Field database_id must match pattern \
             ^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$, got 'Invalid_DB_ID'."
                .to_owned(),
        ),
        (
            "POST projects?project_id=test".to_owned(),
            json!({}),
            "409 ALREADY_EXISTS: project with such id already exists in the workspace".to_owned(),
        ),
        (
            "POST projects/test/branches?branch_id=main".to_owned(),
            super::permanent(),
            "409 ALREADY_EXISTS: branch with such id already exists".to_owned(),
        ),
        (
            format!("POST {branch}/roles?role_id=app"),
            role,
            "400 BAD_REQUEST: role with that name already exists".to_owned(),
        ),
    ];
    for (line, body, text) in cases {
        assert_eq!(workspace.refused(&line, &body), text, "{line}");
    }
    let body = json!({"spec": {
        "postgres_database": "db", "role": format!("{branch}/roles/does-not-exist"),
    }});
    let text = workspace.refused(&format!("POST {branch}/databases?database_id=db"), &body);
    let start = "404 NOT_FOUND: role not found; role_id:\"does-not-exist\" [TraceId: ";
    assert!(text.starts_with(start), "{text}");
}
