//! The Data API of a database (reference §3.9).

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::Workspace;
use crate::options::Options;

const DATABASE: &str = "projects/p/branches/dev/databases/databricks-postgres";

fn path(method: &str, query: &str) -> String {
    format!("{method} {DATABASE}/data-api{query}")
}

#[test]
fn data_api_shows_its_defaults_and_what_is_set() {
    let mut workspace = Workspace::with_branch(Options::default());
    workspace.ok(&path("POST", ""), &json!({"spec": {"db_schemas": ["public"]}}));
    workspace.pass(60);
    let shown = workspace.ok(&path("GET", ""), &Json::Null);
    assert_eq!(shown["name"], format!("{DATABASE}/data-api"));
    let url = "https://dev.database.us-east-1.cloud.databricks.com/api/2.0/workspace/\
               470576644108500/rest/databricks_postgres";
    let mut status = json!({
        "db_schemas": ["public"], "db_aggregates_enabled": true, "jwt_role_claim_key": ".sub",
        "server_timing_enabled": false, "available_schemas": ["public"], "url": url,
    });
    assert_eq!(shown["status"], status);
    // A refresh without settings changes nothing.
    workspace.ok(&path("PATCH", "?update_mask=spec"), &json!({"spec": {}}));
    workspace.pass(60);
    assert_eq!(workspace.ok(&path("GET", ""), &Json::Null)["status"], status);
    let origins = |origins: Json| json!({"spec": {"server_cors_allowed_origins": origins}});
    let mask = "?update_mask=spec.server_cors_allowed_origins";
    workspace.ok(&path("PATCH", mask), &origins(json!(["*"])));
    workspace.pass(60);
    status["server_cors_allowed_origins"] = json!(["*"]);
    assert_eq!(workspace.ok(&path("GET", ""), &Json::Null)["status"], status);
    // What is left out is not cleared.
    workspace.ok(&path("PATCH", "?update_mask=spec"), &json!({"spec": {"db_max_rows": 5}}));
    workspace.pass(60);
    status["db_max_rows"] = json!(5);
    assert_eq!(workspace.ok(&path("GET", ""), &Json::Null)["status"], status);
    workspace.ok(&path("PATCH", mask), &origins(json!([])));
    workspace.pass(60);
    let shown = workspace.ok(&path("GET", ""), &Json::Null);
    assert_eq!(shown["status"].get("server_cors_allowed_origins"), None);
}

#[test]
fn wrong_data_api_is_refused() {
    let mut workspace = Workspace::with_branch(Options::default());
    let needs = "Field 'data_api' is required and must contain at least one subfield with a \
                 non-default value!";
    for (body, text) in [
        (json!({}), needs),
        (json!({"spec": {}}), needs),
        (json!({"spec": {"db_schemas": []}}), needs),
        (json!({"spec": {"db_schemas": [], "db_max_rows": 1}}), "1 to 100 elements"),
        (json!({"spec": {"db_schemas": vec!["public"; 101]}}), "1 to 100 elements"),
        (json!({"spec": {"db_schemas": ["sales"]}}), "schema \"sales\" does not exist"),
        (json!({"spec": {"db_schemas": ["a-b"]}}), "'spec.db_schemas[0]'"),
        (json!({"spec": {"db_extra_search_path": [""]}}), "'spec.db_extra_search_path[0]'"),
        (json!({"spec": {"db_max_rows": 0}}), "'spec.db_max_rows'"),
        (json!({"spec": {"openapi_mode": "FOLLOW"}}), "'spec.openapi_mode'"),
        (json!({"spec": {"db_anon_role": "a"}}), "Unknown field"),
    ] {
        let (status, answer) = workspace.ask(&path("POST", ""), &body);
        let message = answer["message"].as_str().unwrap_or_default();
        assert!(status == 400 && message.contains(text), "{body}: {status} {message}");
    }
    let (_, answer) = workspace.ask(&path("POST", ""), &json!({"spec": {"db_schemas": ["sales"]}}));
    assert_eq!(answer["details"][0]["field_violations"][0]["field"], "spec.db_schemas");
    workspace.service.change(DATABASE, json!({"schemas": {"sales": []}}).as_object().expect("one"));
    workspace.ok(&path("POST", ""), &json!({"spec": {"db_schemas": ["sales"]}}));
    workspace.pass(60);
    let (status, answer) = workspace.ask(&path("POST", ""), &json!({"spec": {"db_max_rows": 1}}));
    assert_eq!((status, &answer["error_code"]), (409, &json!("ALREADY_EXISTS")));
    let database = workspace.ok(&format!("GET {DATABASE}"), &Json::Null);
    assert_eq!(database["status"].get("schemas"), None, "the schemas are not shown");
    workspace.ok(&format!("DELETE {DATABASE}"), &Json::Null);
    workspace.pass(60);
    assert_eq!(workspace.ask(&path("GET", ""), &Json::Null).0, 404);
}

/// [INF] §6.6.
#[test]
fn data_api_excludes_other_changes_on_its_branch() {
    let role = json!({"spec": {"postgres_role": "app"}});
    for (excludes, expected) in [(true, 409), (false, 200)] {
        let mut options = Options { operation_delay: Duration::from_secs(9), ..Options::default() };
        options.behaviors.exclude_all_in_branch = excludes;
        let mut workspace = Workspace::with_branch(options);
        workspace.ok(&path("POST", ""), &json!({"spec": {"db_max_rows": 1}}));
        let line = "POST projects/p/branches/dev/roles?role_id=app";
        assert_eq!(workspace.ask(line, &role).0, expected);
    }
}
