//! CDF configs: named after their schema, replaced by every change, and what becomes of the Delta
//! tables when one is deleted.

use std::time::Duration;

use expect_test::expect;
use lakebase_emulator::Options;
use serde_json::json;

use crate::fixtures::project;
use crate::workbench::Workbench;

const DATABASE: &str = "projects/shop/branches/production/databases/databricks-postgres";

fn config(settings: &str) -> String {
    project("")
        + &format!(
            r#"
resource "lakebase_cdf_config" "app" {{
  database = "${{lakebase_project.shop.name}}/branches/production/databases/databricks-postgres"
  {settings}
}}
"#
        )
}

const SETTINGS: &str = "postgres_schema = \"public\"\n  catalog = \"main\"\n  schema = \"history\"";

/// The settings with another Unity Catalog schema, and others.
fn moved_to(schema: &str, others: &str) -> String {
    config(&format!("{}\n  {others}", SETTINGS.replace("history", schema)))
}

/// A workspace with a project, whose default database has another schema.
fn bench(name: &str) -> Workbench {
    let bench = Workbench::with_options(name, Options { frozen_clock: true, ..Options::default() });
    bench.configure(&project(""));
    bench.apply();
    bench.emulator.change(DATABASE, json!({"schemas": {"Sales": ["a", "b"], "sales": []}}));
    bench.forget_requests();
    bench
}

fn words(output: &str) -> String {
    output.split_whitespace().filter(|it| *it != "│").collect::<Vec<_>>().join(" ")
}

#[test]
fn cdf_config_without_id_is_named_after_its_schema_at_plan() {
    let bench = bench("cdf_config_without_id");
    bench.configure(&config(SETTINGS));
    let planned = bench.plan().output();
    let name = format!("\"{DATABASE}/cdf-configs/public\"");
    assert!(planned.contains(&name), "{planned}");
    bench.apply();
    // Another schema is another config; an ID that is given stays.
    bench.configure(&config(&SETTINGS.replace("public", "sales")));
    bench.apply();
    bench.configure(&config(&format!("{SETTINGS}\n  cdf_config_id = \"feed\"")));
    bench.apply();
    bench.configure(&config(SETTINGS));
    bench.expect_empty_plan();
    bench.configure(&project(""));
    bench.apply();
    bench.expect_mutations(expect![[r#"
        POST /api/2.0/postgres/projects/shop/branches/production/databases/databricks-postgres/cdf-configs?cdf_config_id=public
          {"catalog":"main","postgres_schema":"public","schema":"history"}
        DELETE /api/2.0/postgres/projects/shop/branches/production/databases/databricks-postgres/cdf-configs/public
        POST /api/2.0/postgres/projects/shop/branches/production/databases/databricks-postgres/cdf-configs?cdf_config_id=sales
          {"catalog":"main","postgres_schema":"sales","schema":"history"}
        DELETE /api/2.0/postgres/projects/shop/branches/production/databases/databricks-postgres/cdf-configs/sales
        POST /api/2.0/postgres/projects/shop/branches/production/databases/databricks-postgres/cdf-configs?cdf_config_id=feed
          {"catalog":"main","postgres_schema":"public","schema":"history"}
        DELETE /api/2.0/postgres/projects/shop/branches/production/databases/databricks-postgres/cdf-configs/feed
    "#]]);
}

#[test]
fn destroy_says_what_becomes_of_the_delta_tables() {
    let bench = bench("cdf_config_destroy");
    for (force, told) in [
        ("false", "Changes are no longer replicated. The Delta tables remain"),
        ("true", "`force_destroy` is `true`, so the Delta tables are dropped"),
    ] {
        bench.configure(&moved_to("history", &format!("force_destroy = {force}")));
        bench.apply();
        bench.configure(&project(""));
        let planned = words(&bench.plan().output());
        assert!(planned.contains(&format!("The plan destroys it. {told}")), "{planned}");
        bench.apply();
    }
    bench.expect_mutations(expect![[r#"
        POST /api/2.0/postgres/projects/shop/branches/production/databases/databricks-postgres/cdf-configs?cdf_config_id=public
          {"catalog":"main","postgres_schema":"public","schema":"history"}
        DELETE /api/2.0/postgres/projects/shop/branches/production/databases/databricks-postgres/cdf-configs/public
        POST /api/2.0/postgres/projects/shop/branches/production/databases/databricks-postgres/cdf-configs?cdf_config_id=public
          {"catalog":"main","postgres_schema":"public","schema":"history"}
        DELETE /api/2.0/postgres/projects/shop/branches/production/databases/databricks-postgres/cdf-configs/public?force=true
    "#]]);
}

#[test]
fn replacement_drops_delta_tables_only_if_the_configuration_consents() {
    let bench = bench("cdf_config_replacement");
    bench.configure(&moved_to("a", "force_destroy = true"));
    bench.apply();
    for (schema, force, told) in [
        ("b", "force_destroy = false", "The Delta tables remain"),
        ("c", "", "The Delta tables remain"),
        ("d", "force_destroy = true", "the Delta tables are dropped"),
    ] {
        bench.configure(&moved_to(schema, force));
        let planned = words(&bench.plan().output());
        let why = "The change of `schema` forces the replacement.";
        assert!(planned.contains(why) && planned.contains(told), "{planned}");
        bench.forget_requests();
        bench.apply();
        let deleted = bench.emulator.mutations().into_iter().find(|it| it.method == "DELETE");
        let query = deleted.expect("the old one is deleted").query;
        assert_eq!(!query.is_empty(), told.contains("dropped"), "{query:?}");
    }
    // A change of the consent alone sends nothing, and a tainted one is not taken for a new one.
    bench.forget_requests();
    bench.configure(&moved_to("d", ""));
    bench.apply();
    assert_eq!(bench.emulator.mutations(), []);
    bench.terraform(&["taint", "lakebase_cdf_config.app"]).succeeded();
    let planned = words(&bench.plan().output());
    assert!(planned.contains("is tainted"), "{planned}");
    assert!(
        planned.contains("The apply deletes it. Changes are no longer replicated"),
        "{planned}"
    );
    bench.apply();
}

#[test]
fn cdf_config_that_lakebase_rejects_is_an_error_with_its_words() {
    let bench = bench("cdf_config_errors");
    bench.configure(&config(&SETTINGS.replace("public", "Sales")));
    expect![[r#"
        Error: Invalid `cdf_config_id`

          with lakebase_cdf_config.app,

        `Sales` is not a valid ID. It must start with a lowercase letter and contain
        only lowercase letters, digits and underscores. Set `cdf_config_id` if the
        value of `postgres_schema` is not an ID."#]]
    .assert_eq(&bench.plan_fails().without_places_from("Error:"));
    let named =
        format!("{}\n  cdf_config_id = \"sales_feed\"", SETTINGS.replace("public", "Sales"));
    bench.configure(&config(&named));
    bench.apply();
    let second = config(&named).replace("sales_feed", "second");
    let (_, second) = second.split_once("resource \"lakebase_cdf_config\"").expect("it has one");
    let second = format!("resource \"lakebase_cdf_config\"{}", second.replace("\"app\"", "\"b\""));
    bench.configure(&(config(&named) + &second));
    expect![[r#"
        Error: Could not create CDF config `projects/shop/branches/production/databases/databricks-postgres/cdf-configs/second`

          with lakebase_cdf_config.b,
          on main.tf line 22, in resource "lakebase_cdf_config" "b":
          22: resource "lakebase_cdf_config" "b" {

        ALREADY_EXISTS: schema "Sales" is replicated by CDF config
        'projects/shop/branches/production/databases/databricks-postgres/cdf-configs/sales_feed'
        already.

        Request: POST
        [HOST]/api/2.0/postgres/projects/shop/branches/production/databases/databricks-postgres/cdf-configs?cdf_config_id=second
        Status: HTTP 409 after 1 attempt ([SECONDS])
        Request ID: [UUID]

        Help:
        https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#requests-that-fail

        Error: The name of CDF config `projects/shop/branches/production/databases/databricks-postgres/cdf-configs/sales_feed` is already in use

          with lakebase_cdf_config.b,
          on main.tf line 22, in resource "lakebase_cdf_config" "b":
          22: resource "lakebase_cdf_config" "b" {

        To import it, add this block (replace `lakebase_cdf_config.example` with the
        resource address):

          import {
            to = lakebase_cdf_config.example
            id = "projects/shop/branches/production/databases/databricks-postgres/cdf-configs/sales_feed"
          }

        Help:
        https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#the-object-already-exists"#]].assert_eq(&bench.masked(&bench.apply_fails().from("Error:")));
    bench.configure(&config(&SETTINGS.replace("public", "none")));
    let failed = words(&bench.apply_fails().output());
    assert!(failed.contains("schema \"none\" does not exist in the database"), "{failed}");
}

#[test]
fn statuses_of_tables_follow_the_clock() {
    let bench = bench("cdf_statuses");
    let statuses = r#"
data "lakebase_cdf_statuses" "all" {
  cdf_config = lakebase_cdf_config.app.name
  depends_on = [lakebase_cdf_config.app]
}

data "lakebase_cdf_status" "a" {
  name       = "${lakebase_cdf_config.app.name}/cdf-statuses/a"
  depends_on = [lakebase_cdf_config.app]
}

output "all" {
  value = { for table in data.lakebase_cdf_statuses.all.cdf_statuses : table.postgres_table => table }
}

output "a" {
  value = data.lakebase_cdf_status.a
}
"#;
    let sales = format!("{}\n  cdf_config_id = \"sales\"", SETTINGS.replace("public", "Sales"));
    bench.configure(&(config(&sales) + statuses));
    bench.apply();
    let outputs = |bench: &Workbench| bench.state()["values"]["outputs"].clone();
    let copying = outputs(&bench);
    assert_eq!(copying["all"]["value"]["b"]["state"], "CDF_STATE_SNAPSHOTTING");
    assert_eq!(copying["a"]["value"], copying["all"]["value"]["a"]);
    bench.emulator.advance(Duration::from_mins(2));
    bench.apply();
    let mut streaming = outputs(&bench)["a"]["value"].clone();
    let create_time = streaming["create_time"].take();
    assert_eq!(create_time, copying["a"]["value"]["create_time"]);
    assert_eq!(
        streaming,
        json!({
            "name": format!("{DATABASE}/cdf-configs/sales/cdf-statuses/a"),
            "cdf_config": format!("{DATABASE}/cdf-configs/sales"), "cdf_status_id": "a",
            "postgres_table": "a", "uc_table": "main.history.lb_a_history",
            "state": "CDF_STATE_STREAMING", "status_detail": null, "committed_lsn": "0/1A2B3C4D",
            "last_sync_time": "2026-01-01T00:01:00Z", "create_time": null,
        })
    );
}
