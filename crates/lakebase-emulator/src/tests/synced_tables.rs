//! Synced tables: what a create needs, the states that follow the clock, and turns (reference §3.8,
//! §14.5 to §14.8).

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::Workspace;
use crate::options::Options;

const CREATE: &str = "POST synced_tables?synced_table_id=";
const TABLE: &str = "main.public.trips";

fn body(changes: &Json) -> Json {
    let mut body = json!({"spec": {
        "source_table_full_name": "main.sales.trips", "primary_key_columns": ["id"],
        "scheduling_policy": "SNAPSHOT", "branch": "projects/p/branches/dev",
        "postgres_database": "databricks_postgres",
    }});
    for (name, value) in changes.as_object().expect("changes") {
        body["spec"][name] = value.clone();
    }
    body
}

fn refusal(workspace: &mut Workspace, id: &str, changes: &Json) -> String {
    let refused = workspace.refused(&format!("{CREATE}{id}"), &body(changes));
    refused.split(" [TraceId").next().unwrap_or_default().to_owned()
}

fn slow() -> Options {
    Options {
        operation_delay: Duration::from_secs(10),
        settle_delay: Duration::from_secs(5),
        sync_delay: Duration::from_secs(40),
        ..Options::default()
    }
}

#[test]
fn state_follows_the_clock_from_provisioning_to_online() {
    for (policy, online) in [
        ("SNAPSHOT", "SYNCED_TABLE_ONLINE_NO_PENDING_UPDATE"),
        ("TRIGGERED", "SYNCED_TABLE_ONLINE_NO_PENDING_UPDATE"),
        ("CONTINUOUS", "SYNCED_TABLE_ONLINE_CONTINUOUS_UPDATE"),
    ] {
        let mut workspace = Workspace::with_branch(slow());
        let changes = json!({ "scheduling_policy": policy });
        workspace.ok(&format!("{CREATE}{TABLE}"), &body(&changes));
        for (seconds, catalog, state, phase, share) in [
            (0, "PROVISIONING", "PIPELINE_RESOURCES", None, None),
            (10, "ACTIVE", "PIPELINE_RESOURCES", None, None),
            (5, "ACTIVE", "INITIAL_SNAPSHOT", Some("MAIN"), Some(0.0)),
            (10, "ACTIVE", "INITIAL_SNAPSHOT", Some("MAIN"), Some(0.25)),
            (10, "ACTIVE", "INITIAL_SNAPSHOT", Some("INDEX_SCAN"), Some(0.5)),
            (10, "ACTIVE", "INITIAL_SNAPSHOT", Some("INDEX_SORT"), Some(0.75)),
        ] {
            workspace.pass(seconds);
            let status = workspace.get(&format!("synced_tables/{TABLE}"))["status"].take();
            let text = |member: &str| status[member].as_str();
            assert_eq!(text("unity_catalog_provisioning_state"), Some(catalog), "{status}");
            let state = format!("SYNCED_TABLE_PROVISIONING_{state}");
            assert_eq!(text("detailed_state"), Some(&*state), "{status}");
            let phase = phase.map(|phase| format!("PROVISIONING_PHASE_{phase}"));
            assert_eq!(text("provisioning_phase"), phase.as_deref(), "{status}");
            let progress = &status["ongoing_sync_progress"]["sync_progress_completion"];
            assert_eq!(progress.as_f64(), share, "{status}");
            assert_eq!(text("pipeline_id").is_some(), share.is_some(), "{status}");
        }
        workspace.pass(10);
        let status = &workspace.get(&format!("synced_tables/{TABLE}"))["status"];
        assert_eq!(
            (&status["detailed_state"], &status["project"]),
            (&json!(online), &json!("projects/p"))
        );
        assert!(status["last_sync"]["sync_end_time"] == status["last_sync_time"], "{status}");
        for hidden in ["branch", "source_table_full_name", "ongoing_sync_progress", "spec"] {
            assert_eq!(status.get(hidden), None, "{status}");
        }
    }
}

#[test]
fn create_with_a_wrong_body_is_refused() {
    let options =
        Options { missing_tables: vec!["main.sales.gone".to_owned()], ..Options::default() };
    let mut workspace = Workspace::with_branch(options);
    for (id, changes, expected) in [
        (
            "public.trips",
            json!({}),
            "400 INVALID_PARAMETER_VALUE: Field synced_table_id must match",
        ),
        (
            TABLE,
            json!({"branch": null}),
            "400 INVALID_PARAMETER_VALUE: Field 'synced_table.spec.branch'",
        ),
        (
            TABLE,
            json!({"branch": "projects/p/branches/none"}),
            "404 NOT_FOUND: branch id not found",
        ),
        (
            TABLE,
            json!({"primary_key_columns": []}),
            "400 INVALID_PARAMETER_VALUE: Field 'synced_table.spec.primary_key_columns'",
        ),
        (
            TABLE,
            json!({"scheduling_policy": "HOURLY"}),
            "400 INVALID_PARAMETER_VALUE: Field 'spec.scheduling_policy' must be one of",
        ),
        (
            TABLE,
            json!({"source_table_full_name": "main.sales.gone"}),
            "404 TABLE_DOES_NOT_EXIST: Table 'main.sales.gone' does not exist.",
        ),
        (
            TABLE,
            json!({"source_table_full_name": "gone"}),
            "404 TABLE_DOES_NOT_EXIST: Table 'gone' does not exist.",
        ),
        (
            TABLE,
            json!({"postgres_database": null}),
            "400 INVALID_PARAMETER_VALUE: Field 'synced_table.spec.postgres_database'",
        ),
        (
            TABLE,
            json!({"postgres_database": "none", "create_database_objects_if_missing": false}),
            "404 NOT_FOUND: database not found",
        ),
        (
            TABLE,
            json!({"new_pipeline_spec": {}, "existing_pipeline_id": "p"}),
            "400 INVALID_PARAMETER_VALUE: Fields 'existing_pipeline_id' and 'new_pipeline_spec'",
        ),
        (
            TABLE,
            json!({"type_overrides": [{"column_name": "c", "pg_type": "PG_SPECIFIC_TYPE_UNSPECIFIED"}]}),
            "400 INVALID_PARAMETER_VALUE: Field 'spec.type_overrides[0].pg_type'",
        ),
        (
            TABLE,
            json!({"type_overrides": [{"column_name": "c", "pg_type": "PG_SPECIFIC_TYPE_VECTOR"}]}),
            "400 INVALID_PARAMETER_VALUE: Field 'synced_table.spec.type_overrides.size'",
        ),
    ] {
        let refused = refusal(&mut workspace, id, &changes);
        assert!(refused.starts_with(expected), "{changes}: {refused}");
    }
    let names = workspace.names();
    assert!(names.iter().all(|name| !name.starts_with("synced_tables")), "{names:?}");
    for line in ["GET synced_tables", "PATCH synced_tables/main.public.trips?update_mask=spec"] {
        assert_eq!(workspace.ask(line, &json!({})).0, 404, "{line}");
    }
}

#[test]
fn missing_database_is_created_and_stays() {
    let mut workspace = Workspace::with_branch(Options::default());
    workspace.ok(&format!("{CREATE}{TABLE}"), &body(&json!({"postgres_database": "appdb"})));
    let database = "projects/p/branches/dev/databases/appdb";
    assert_eq!(workspace.get(database)["status"]["postgres_database"], "appdb");
    workspace.ok(&format!("DELETE synced_tables/{TABLE}"), &Json::Null);
    workspace.get(database);
}

#[test]
fn catalog_of_a_database_decides_about_branch_and_database() {
    let mut workspace = Workspace::with_branch(Options::default());
    let catalog = json!({"spec": {
        "branch": "projects/p/branches/dev", "postgres_database": "databricks_postgres",
    }});
    workspace.ok("POST catalogs?catalog_id=shop", &catalog);
    let id = "shop.public.trips";
    let storage = json!({"storage_catalog": "main", "storage_schema": "files"});
    for (changes, expected) in [
        (
            json!({}),
            "400 INVALID_PARAMETER_VALUE: Field 'synced_table.spec.new_pipeline_spec.storage_catalog'",
        ),
        (
            json!({"postgres_database": "other", "new_pipeline_spec": storage}),
            "400 INVALID_PARAMETER_VALUE: Field 'spec.postgres_database'",
        ),
        (
            json!({"branch": "projects/p/branches/production", "new_pipeline_spec": storage}),
            "400 INVALID_PARAMETER_VALUE: Field 'spec.branch'",
        ),
    ] {
        let refused = refusal(&mut workspace, id, &changes);
        assert!(refused.starts_with(expected), "{changes}: {refused}");
    }
    let inferred = json!({"postgres_database": null, "new_pipeline_spec": storage});
    workspace.ok(&format!("{CREATE}{id}"), &body(&inferred));
}

#[test]
fn source_has_a_limited_number_of_synced_tables() {
    let mut workspace = Workspace::with_branch(Options::default());
    for number in 0..20 {
        workspace.ok(&format!("{CREATE}main.public.t{number}"), &body(&json!({})));
    }
    assert_eq!(
        refusal(&mut workspace, TABLE, &json!({})),
        "400 BAD_REQUEST: Cannot create more than 20 synced database table(s) per source table."
    );
    let other = json!({"source_table_full_name": "main.sales.other"});
    workspace.ok(&format!("{CREATE}{TABLE}"), &body(&other));
    workspace.ok("DELETE synced_tables/main.public.t0", &Json::Null);
    workspace.ok(&format!("{CREATE}main.public.t0"), &body(&json!({})));
}

#[test]
fn deleted_table_is_read_and_keeps_its_id_for_a_while() {
    let mut workspace = Workspace::with_branch(slow());
    let name = format!("synced_tables/{TABLE}");
    workspace.ok(&format!("{CREATE}{TABLE}"), &body(&json!({})));
    workspace.pass(60);
    let first = workspace.get(&name);
    let operation = workspace.ok(&format!("DELETE {name}"), &Json::Null);
    workspace.pass(10);
    let operation = workspace.get(operation["name"].as_str().expect("a name"));
    assert_eq!((&operation["done"], operation.get("error")), (&json!(true), None));
    let state = &workspace.get(&name)["status"]["unity_catalog_provisioning_state"];
    assert_eq!(state, "DELETING");
    assert_eq!(
        refusal(&mut workspace, TABLE, &json!({})),
        "409 ALREADY_EXISTS: synced table with such id already exists"
    );
    assert!(workspace.refused(&format!("DELETE {name}"), &Json::Null).starts_with("409 ABORTED"));
    workspace.pass(5);
    assert_eq!(workspace.ask(&format!("GET {name}"), &Json::Null).0, 404);
    workspace.ok(&format!("{CREATE}{TABLE}"), &body(&json!({})));
    let second = workspace.get(&name);
    assert_ne!(first["uid"], second["uid"]);
    assert_eq!(second["status"]["unity_catalog_provisioning_state"], "PROVISIONING");
}

/// §14.5, and the documented rule for what is on one branch.
#[test]
fn tables_of_a_pipeline_or_of_a_branch_exclude_each_other() {
    let mut workspace = Workspace::with_branch(slow());
    workspace.ok(&format!("{CREATE}main.public.first"), &body(&json!({})));
    let busy = "409 ABORTED: Your project already has conflicting operations in progress.";
    let of_branch = refusal(&mut workspace, "main.public.second", &json!({}));
    assert!(of_branch.starts_with(busy), "{of_branch}");
    workspace.pass(60);
    let first = workspace.get("synced_tables/main.public.first");
    let pipeline = first["status"]["pipeline_id"].as_str().expect("a pipeline").to_owned();
    let elsewhere = |policy: &str| {
        json!({"branch": "projects/p/branches/production", "existing_pipeline_id": pipeline,
               "scheduling_policy": policy})
    };
    let policy = refusal(&mut workspace, "main.public.second", &elsewhere("CONTINUOUS"));
    assert!(
        policy.starts_with("400 INVALID_PARAMETER_VALUE: Field 'spec.scheduling_policy'"),
        "{policy}"
    );
    let here = json!({ "existing_pipeline_id": pipeline });
    workspace.ok(&format!("{CREATE}main.public.second"), &body(&here));
    let of_pipeline = refusal(&mut workspace, "main.public.third", &elsewhere("SNAPSHOT"));
    assert!(of_pipeline.starts_with(busy), "{of_pipeline}");
    workspace.pass(60);
    workspace.ok(&format!("{CREATE}main.public.third"), &body(&elsewhere("SNAPSHOT")));
    let third = workspace.get("synced_tables/main.public.third");
    assert_eq!(third["status"].get("pipeline_id"), None, "it is still being provisioned");
    workspace.pass(60);
    let third = workspace.get("synced_tables/main.public.third");
    assert_eq!(third["status"]["pipeline_id"], pipeline.as_str());
}
