//! The workspace as a document: seeds by hand, a world that goes on elsewhere, and refusals.

use serde_json::{Value as Json, json};

use super::{Workspace, slow};
use crate::options::Options;

fn set(workspace: &mut Workspace, document: &Json) -> Result<(), String> {
    workspace.service.set_state(document.to_string().as_bytes()).map_err(|error| error.message)
}

#[test]
fn seed_by_hand_creates_objects_with_what_comes_with_them() {
    let mut workspace = Workspace::new();
    let document = json!({"version": 1, "objects": [
        {"name": "projects/shop", "body": {"spec": {"display_name": "Shop"}}},
        {"name": "projects/shop/branches/production/endpoints/primary",
         "status": {"autoscaling_limit_min_cu": 2, "autoscaling_limit_max_cu": 8}},
        {"name": "projects/shop/branches/dev", "body": {"spec": {"ttl": "3600s"}}},
    ]});
    assert_eq!(set(&mut workspace, &document), Ok(()));
    assert_eq!(workspace.get("projects/shop")["status"]["display_name"], "Shop");
    let primary = workspace.get("projects/shop/branches/production/endpoints/primary");
    assert_eq!(primary["status"]["autoscaling_limit_max_cu"], 8);
    let dev = workspace.get("projects/shop/branches/dev");
    assert_eq!(dev["status"]["expire_time"], "2026-01-01T01:00:00Z");
    // A second document replaces the first.
    assert_eq!(set(&mut workspace, &json!({"version": 1})), Ok(()));
    assert!(workspace.names().is_empty());
}

#[test]
fn seed_in_the_readme_is_accepted() {
    let (_, rest) = include_str!("../../README.md").split_once("```json\n").expect("a seed");
    let (seed, _) = rest.split_once("```").expect("an end");
    let mut workspace = Workspace::new();
    let outcome = workspace.service.set_state(seed.as_bytes());
    assert!(outcome.is_ok(), "{outcome:?}");
    assert!(workspace.names().contains(&"catalogs/shop".to_owned()));
}

#[test]
fn world_goes_on_where_it_was_written_out() {
    let mut workspace = Workspace::with_branch(slow());
    workspace.ok("DELETE projects/p/branches/dev?purge=true", &Json::Null);
    workspace.pass(60);
    workspace.ok("POST projects/p/branches?branch_id=dev", &json!({"spec": {"ttl": "600s"}}));
    let operation = workspace.ok(
        "PATCH projects/p?update_mask=spec.display_name",
        &json!({"spec": {"display_name": "New"}}),
    );
    let state = workspace.service.state();
    let mut copy = Workspace::with(slow());
    assert_eq!(set(&mut copy, &state), Ok(()));
    let name = operation["name"].as_str().expect("a name");
    for workspace in [&mut workspace, &mut copy] {
        assert_eq!(workspace.get(name)["done"], false);
        let body = json!({"spec": {"endpoint_type": "ENDPOINT_TYPE_READ_ONLY"}});
        let line = "POST projects/p/branches/dev/endpoints?endpoint_id=x";
        assert!(workspace.refused(line, &body).starts_with("409"));
        workspace.pass(60);
        assert_eq!(workspace.get(name)["response"]["status"]["display_name"], "New");
    }
    // Later objects and operations have the same names in both worlds.
    let update = json!({"spec": {"display_name": "Newer"}});
    let line = "PATCH projects/p?update_mask=spec.display_name";
    assert_eq!(workspace.ok(line, &update), copy.ok(line, &update));
    for workspace in [&mut workspace, &mut copy] {
        workspace.pass(700);
        assert!(!workspace.names().contains(&"projects/p/branches/dev".to_owned()));
        workspace.ok("POST projects/p/branches?branch_id=dev", &json!({"spec": {"ttl": "600s"}}));
    }
    let uid = |workspace: &mut Workspace| workspace.get("projects/p/branches/dev")["uid"].clone();
    assert_eq!(uid(&mut workspace), uid(&mut copy));
}

#[test]
fn object_whose_delete_lingers_is_gone_in_time_elsewhere() {
    let mut workspace = Workspace::with_branch(slow());
    let body = json!({"spec": {
        "branch": "projects/p/branches/production", "postgres_database": "databricks_postgres",
        "source_table_full_name": "main.sales.orders", "primary_key_columns": ["id"],
        "scheduling_policy": "SNAPSHOT", "create_database_objects_if_missing": true,
        "new_pipeline_spec": {"storage_catalog": "main", "storage_schema": "sales"},
    }});
    workspace.ok("POST synced_tables?synced_table_id=shop.public.orders", &body);
    workspace.pass(60);
    workspace.ok("DELETE synced_tables/shop.public.orders", &Json::Null);
    let state = workspace.service.state();
    let mut copy = Workspace::with(slow());
    assert_eq!(set(&mut copy, &state), Ok(()));
    assert!(copy.names().contains(&"synced_tables/shop.public.orders".to_owned()));
    copy.pass(60);
    assert!(!copy.names().contains(&"synced_tables/shop.public.orders".to_owned()));
}

#[test]
fn uids_do_not_depend_on_requests_in_between() {
    let uid = |reads: usize| {
        let mut workspace = Workspace::new();
        for _ in 0..reads {
            workspace.ok("GET projects", &Json::Null);
        }
        let operation = workspace.ok("POST projects?project_id=p", &json!({}));
        (workspace.get("projects/p")["uid"].clone(), operation["name"].clone())
    };
    assert_eq!(uid(0), uid(7));
}

#[test]
fn wrong_state_is_refused_with_its_place_and_changes_nothing() {
    let mut workspace = Workspace::with_branch(Options::default());
    let before = workspace.service.state();
    let project = json!({"name": "projects/p", "settings": {}});
    let one = |entry: Json| json!({"version": 1, "objects": [project, entry]});
    let cases = [
        (json!([1]), "The state: must be a JSON object"),
        (json!({}), "The state: missing field `version`"),
        (json!({"version": 2}), "version: 2 is no known version"),
        (json!({"version": "1"}), "version: invalid type"),
        (json!({"version": 1, "object": []}), "object: unknown field"),
        (json!({"version": 1, "time": "today"}), "time: `today` is no time"),
        (one(json!({"name": "projects/q"})), "objects[1]: takes one of"),
        (one(json!({"name": "projects/q", "bodies": {}})), "objects[1].bodies: unknown field"),
        (one(json!({"name": "project", "body": {}})), "objects[1].name: `project` is not"),
        (one(json!({"name": "projects/p", "settings": {}})), "objects[1].name: `projects/p` is"),
        (
            one(json!({"name": "projects/q/branches/b", "settings": {}})),
            "objects[1].name: `projects/q` does not come before it",
        ),
        (
            one(json!({"name": "projects/q", "body": {"spec": {"nope": 1}}})),
            "objects[1].body: Unknown field 'spec.nope'",
        ),
        (
            one(json!({"name": "projects/p", "status": {"display_name": 1}})),
            "objects[1].status.display_name: must be a string, not 1.",
        ),
        (one(json!({"name": "projects/q", "status": {}})), "objects[1].name: there is no"),
        (
            one(json!({"name": "projects/q", "body": {}, "uid": "1"})),
            "objects[1].uid: is not for `body`",
        ),
        (
            one(json!({"name": "projects/q", "settings": {"pg_version": "x"}})),
            "objects[1].settings.pg_version: must be a number, not \"x\".",
        ),
        (
            one(json!({"name": "projects/q", "settings": {}, "create_time": "x"})),
            "objects[1].create_time: `x` is no time",
        ),
        (
            one(json!({"name": "projects/q", "settings": {}, "gone_time": "2026-01-01T00:00:00Z"})),
            "objects[1].gone_time: the delete of a project does not linger",
        ),
        (
            json!({"version": 1, "reconciling": {"x": null}}),
            "reconciling.x: `x` is not the name of an object",
        ),
        (
            json!({"version": 1, "operations": [
                {"name": "o", "about": "projects/p", "method": "create", "response": {}}
            ]}),
            "operations[0].name: does not begin with `projects/p/operations/`",
        ),
        (
            json!({"version": 1, "operations": [
                {"name": "projects/p/operations/o", "about": "projects/p", "method": "create"}
            ]}),
            "operations[0]: takes one of",
        ),
    ];
    for (document, expected) in cases {
        let error = set(&mut workspace, &document).expect_err(expected);
        assert!(error.starts_with(expected), "{document}: {error}");
        assert_eq!(workspace.service.state(), before);
    }
    assert!(workspace.service.set_state(b"{\"version\": 1").is_err());
    assert!(workspace.service.set_state(b"{\"version\": 1} x").is_err());
}
