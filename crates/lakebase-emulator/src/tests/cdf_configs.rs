//! CDF configs and the statuses of their tables (reference §3.10).

use serde_json::{Value as Json, json};

use super::Workspace;
use crate::options::Options;

const DATABASE: &str = "projects/p/branches/dev/databases/databricks-postgres";

fn path(method: &str, rest: &str) -> String {
    format!("{method} {DATABASE}/cdf-configs{rest}")
}

fn body(schema: &str) -> Json {
    json!({"catalog": "main", "schema": "history", "postgres_schema": schema})
}

fn workspace() -> Workspace {
    let mut workspace = Workspace::with_branch(Options::default());
    let schemas = json!({"schemas": {"sales": ["a", "b"], "Sales": []}});
    assert!(workspace.service.change(DATABASE, schemas.as_object().expect("an object")));
    workspace
}

#[test]
fn cdf_config_is_flat_and_its_tables_are_copied_and_then_followed() {
    let mut workspace = workspace();
    workspace.ok(&path("POST", ""), &body("sales"));
    let config = workspace.get(&format!("{DATABASE}/cdf-configs/sales"));
    assert_eq!((&config["postgres_schema"], config.get("status")), (&json!("sales"), None));
    assert_eq!(config["cdf_config_id"], "sales");
    let list = workspace.ok(&path("GET", "/sales/cdf-statuses"), &Json::Null);
    let names = list["cdf_statuses"].as_array().expect("a list").iter();
    let names: Vec<_> = names.map(|status| status["postgres_table"].clone()).collect();
    assert_eq!(names, ["a", "b"]);
    let first = format!("{DATABASE}/cdf-configs/sales/cdf-statuses/a");
    let copied = workspace.get(&first);
    assert_eq!(
        (&copied["state"], copied.get("committed_lsn")),
        (&json!("CDF_STATE_SNAPSHOTTING"), None)
    );
    assert_eq!(
        (&copied["uc_table"], copied.get("cdf_status_id")),
        (&json!("main.history.lb_a_history"), None)
    );
    workspace.pass(60);
    let followed = workspace.get(&first);
    assert_eq!(
        (&followed["state"], followed["committed_lsn"].is_string()),
        (&json!("CDF_STATE_STREAMING"), true)
    );
    for line in [path("PATCH", "/sales?update_mask=catalog"), format!("DELETE {first}")] {
        assert_eq!(workspace.ask(&line, &body("sales")).0, 404, "{line}");
    }
    workspace.ok(&path("DELETE", "/sales?force=true"), &Json::Null);
    workspace.pass(60);
    assert_eq!(workspace.ask(&format!("GET {first}"), &Json::Null).0, 404);
}

#[test]
fn wrong_cdf_config_is_refused() {
    let mut workspace = workspace();
    workspace.ok(&path("POST", "?cdf_config_id=feed"), &body("sales"));
    workspace.pass(60);
    let mut dotted = body("public");
    dotted["catalog"] = json!("a.b");
    let mut unnamed = body("public");
    unnamed["schema"].take();
    for (query, body, status, text) in [
        ("", body("sales"), 409, "is replicated by CDF config"),
        ("?cdf_config_id=feed", body("public"), 409, "CDF config with such id already exists"),
        ("", body("Sales"), 400, "must match pattern ^[a-z][a-z0-9_]{0,62}$, got 'Sales'"),
        ("?cdf_config_id=a-b", body("public"), 400, "must match pattern"),
        ("", body("none"), 400, "schema \"none\" does not exist"),
        ("", json!({}), 400, "'cdf_config_id' is required"),
        ("", dotted, 400, "'catalog': must be a name of Unity Catalog"),
        ("", unnamed, 400, "'cdf_config.schema' is required"),
        ("", json!({"spec": {}, "postgres_schema": "public"}), 400, "Unknown field 'spec'"),
    ] {
        let (found, answer) = workspace.ask(&path("POST", query), &body);
        let message = answer["message"].as_str().unwrap_or_default();
        assert!(found == status && message.contains(text), "{query} {body}: {found} {message}");
    }
    assert_eq!(workspace.ask(&path("DELETE", "/feed?force=1"), &Json::Null).0, 400);
    workspace.ok(&format!("DELETE {DATABASE}"), &Json::Null);
    workspace.pass(60);
    assert!(!workspace.names().iter().any(|name| name.contains("cdf")), "{:?}", workspace.names());
}
