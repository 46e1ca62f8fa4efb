//! Catalogs: one for a database, whose mark its copies inherit (reference §3.7).

use serde_json::{Value as Json, json};

use super::Workspace;
use crate::options::Options;

fn spec(branch: &str, database: &str) -> Json {
    json!({"spec": {
        "branch": format!("projects/p/branches/{branch}"), "postgres_database": database,
    }})
}

fn creating(branch: &str, database: &str) -> Json {
    let mut body = spec(branch, database);
    body["spec"]["create_database_if_missing"] = json!(true);
    body
}

#[test]
fn catalog_answers_as_recorded() {
    let mut workspace = Workspace::with_branch(Options::default());
    workspace.ok("POST catalogs?catalog_id=shop_live", &creating("production", "appdb"));
    let catalog = workspace.ok("GET catalogs/shop_live", &Json::Null);
    let status = json!({
        "branch": "projects/p/branches/production", "postgres_database": "appdb",
        "project": "projects/p",
    });
    assert_eq!((&catalog["status"], &catalog["catalog_id"]), (&status, &json!("shop_live")));
    let database = workspace.ok("GET projects/p/branches/production/databases/appdb", &Json::Null);
    let status = json!({
        "database_id": "appdb", "postgres_database": "appdb",
        "role": "projects/p/branches/production/roles/jane-doe",
    });
    assert_eq!(database["status"], status, "the mark is not shown");
    for line in ["GET catalogs", "PATCH catalogs/shop_live?update_mask=spec"] {
        assert_eq!(workspace.ask(line, &json!({})).0, 404, "{line}");
    }
}

#[test]
fn missing_database_is_created_only_if_asked() {
    let mut workspace = Workspace::with_branch(Options::default());
    let refused = |workspace: &mut Workspace, id: &str, body: &Json| {
        let (status, answer) = workspace.ask(&format!("POST catalogs?catalog_id={id}"), body);
        (status, answer["message"].as_str().unwrap_or_default().to_owned())
    };
    for (id, body, status, text) in [
        ("c", spec("dev", "appdb"), 404, "database not found"),
        ("c", spec("none", "databricks_postgres"), 404, "branch id not found"),
        ("a.b", spec("dev", "databricks_postgres"), 400, "must match pattern"),
        ("c", json!({"spec": {"branch": "b"}}), 400, "'catalog.spec.postgres_database'"),
        ("c", json!({"spec": {"postgres_database": "b"}}), 400, "'catalog.spec.branch'"),
    ] {
        let (found, message) = refused(&mut workspace, id, &body);
        assert!(found == status && message.contains(text), "{body}: {found} {message}");
    }
    workspace.ok("POST catalogs?catalog_id=c", &spec("dev", "databricks_postgres"));
    workspace.pass(60);
    let (status, message) = refused(&mut workspace, "c", &spec("dev", "databricks_postgres"));
    assert!(status == 409 && message.contains("catalog with such id already exists"), "{message}");
    let (status, message) = refused(&mut workspace, "d", &spec("dev", "databricks_postgres"));
    assert!(status == 400 && message.contains("registered with a catalog"), "{message}");
    workspace.ok("DELETE catalogs/c", &Json::Null);
    workspace.pass(60);
    workspace.ok("POST catalogs?catalog_id=d", &spec("dev", "databricks_postgres"));
}

#[test]
fn child_branch_inherits_the_mark_unless_it_is_of_before() {
    let mut workspace = Workspace::with_branch(Options::default());
    let before = workspace.ok("GET projects/p/branches/dev", &Json::Null)["create_time"].clone();
    workspace.ok("POST catalogs?catalog_id=c", &spec("production", "databricks_postgres"));
    workspace.pass(60);
    for (id, time) in [("now", None), ("earlier", Some(before))] {
        let mut body = json!({"spec": {"no_expiry": true}});
        if let Some(time) = time {
            body["spec"]["source_branch_time"] = time;
        }
        workspace.ok(&format!("POST projects/p/branches?branch_id={id}"), &body);
        workspace.pass(60);
    }
    let register = |workspace: &mut Workspace, branch: &str| {
        let line = format!("POST catalogs?catalog_id=of_{branch}");
        let status = workspace.ask(&line, &spec(branch, "databricks_postgres")).0;
        workspace.pass(60);
        status
    };
    assert_eq!(register(&mut workspace, "now"), 400, "the copy has the mark");
    assert_eq!(register(&mut workspace, "earlier"), 200, "the copy is of before");
    assert_eq!(register(&mut workspace, "dev"), 200, "the copy was made before");
    // Dropped and created again, it has none.
    workspace.ok("DELETE projects/p/branches/now/databases/databricks-postgres", &Json::Null);
    workspace.pass(60);
    let owner = "projects/p/branches/now/roles/jane-doe";
    workspace.ok(
        "POST projects/p/branches/now/databases?database_id=again",
        &json!({"spec": {"postgres_database": "databricks_postgres", "role": owner}}),
    );
    workspace.pass(60);
    assert_eq!(register(&mut workspace, "now"), 200);
}

#[test]
fn catalog_excludes_other_changes_on_its_branch() {
    let delay = std::time::Duration::from_mins(1);
    let mut workspace =
        Workspace::with_branch(Options { operation_delay: delay, ..Options::default() });
    workspace.ok("POST catalogs?catalog_id=c", &creating("dev", "appdb"));
    let role = "POST projects/p/branches/dev/roles?role_id=app";
    let body = json!({"spec": {"postgres_role": "app"}});
    let status = workspace.ask(role, &body);
    assert!(status.0 == 409 && status.1["message"].to_string().contains("conflicting operations"));
    workspace.ok("POST catalogs?catalog_id=e", &creating("production", "appdb"));
    workspace.pass(60);
    workspace.ok(role, &body);
}
