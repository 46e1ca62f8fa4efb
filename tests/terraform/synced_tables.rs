//! Synced tables: their requests and errors, and what can be known of objects whose settings Lakebase
//! does not report.

mod waiting;

use std::time::Duration;

use expect_test::expect;
use lakebase_emulator::{Behaviors, Options, Quotas, Recorded};
use serde_json::json;

use crate::fixtures::project;
use crate::workbench::Workbench;

const NAME: &str = "synced_tables/main.public.orders";

fn table(label: &str, settings: &str) -> String {
    format!(
        r#"
resource "lakebase_synced_table" "{label}" {{
  synced_table_id        = "main.public.{label}"
  branch                 = "projects/shop/branches/production"
  postgres_database      = "databricks_postgres"
  source_table_full_name = "main.sales.{label}"
  primary_key_columns    = ["id"]
  scheduling_policy      = "SNAPSHOT"
  {settings}
}}
"#
    )
}

fn orders(settings: &str) -> String {
    table("orders", settings)
}

/// A workspace with the project, which somebody else manages.
fn bench(name: &str, options: Options) -> Workbench {
    let bench = Workbench::with_options(name, Options { frozen_clock: true, ..options });
    bench.emulator.create("projects/shop", json!({}));
    bench
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn is_read(request: &Recorded) -> bool {
    request.method == "GET" && request.path.ends_with(NAME) && request.status == 200
}

/// Blocks until the object was read so many times after its change.
fn wait_for_reads(bench: &Workbench, method: &str, reads: usize) {
    bench.emulator.wait_for(|requests| {
        let change = requests.iter().position(|it| it.method == method);
        change.is_some_and(|at| requests[at..].iter().filter(|it| is_read(it)).count() >= reads)
    });
}

fn words(output: &str) -> String {
    output.split_whitespace().filter(|it| *it != "│").collect::<Vec<_>>().join(" ")
}

/// The recorded request of the API reference, 9.7.
#[test]
fn synced_table_sends_the_recorded_request() {
    let bench = Workbench::new("synced_table_sends_the_recorded_request");
    let catalog = project("")
        + r#"
resource "lakebase_catalog" "app" {
  catalog_id                 = "lakebase_test"
  branch                     = "${lakebase_project.shop.name}/branches/production"
  postgres_database          = "appdb"
  create_database_if_missing = true
}
"#;
    bench.configure(&catalog);
    bench.apply();
    bench.forget_requests();
    let synced = r#"
resource "lakebase_synced_table" "trips" {
  synced_table_id                    = "lakebase_test.public.trips_synced"
  branch                             = lakebase_catalog.app.branch
  create_database_objects_if_missing = true
  postgres_database                  = "appdb"
  primary_key_columns                = ["tpep_pickup_datetime"]
  scheduling_policy                  = "SNAPSHOT"
  source_table_full_name             = "main.source.trips_source"
  new_pipeline_spec = {
    storage_catalog = "main"
    storage_schema  = "pipeline_storage"
  }
}
"#;
    bench.configure(&(catalog.clone() + synced));
    bench.apply();
    bench.configure(&catalog);
    bench.apply();
    bench.expect_mutations(expect![[r#"
        POST /api/2.0/postgres/synced_tables?synced_table_id=lakebase_test.public.trips_synced
          {"spec":{"branch":"projects/shop/branches/production","create_database_objects_if_missing":true,"new_pipeline_spec":{"storage_catalog":"main","storage_schema":"pipeline_storage"},"postgres_database":"appdb","primary_key_columns":["tpep_pickup_datetime"],"scheduling_policy":"SNAPSHOT","source_table_full_name":"main.source.trips_source"}}
        DELETE /api/2.0/postgres/synced_tables/lakebase_test.public.trips_synced
    "#]]);
}

#[test]
fn destroy_and_replacement_say_what_stays_in_postgresql() {
    let bench = bench("destroy_and_replacement_say_what_stays", Options::default());
    bench.configure(&orders(""));
    bench.apply();
    let stays = "The PostgreSQL table and its rows remain: drop it in SQL before a synced table with \
                 the same name is created.";
    bench.configure(&orders("").replace("\"SNAPSHOT\"", "\"CONTINUOUS\""));
    let replaced = words(&bench.plan().output());
    let why = "The change of `scheduling_policy` forces the replacement. The synced table is removed \
               from Unity Catalog, with the permissions granted on it, and is no longer updated.";
    assert!(replaced.contains(why) && replaced.contains(stays), "{replaced}");
    bench.configure("");
    let destroyed = words(&bench.plan().output());
    assert!(destroyed.contains(stays), "{destroyed}");
}

#[test]
fn what_a_create_needs_and_cannot_have_is_told_by_the_plan() {
    let bench = bench("what_a_create_needs_is_told_by_the_plan", Options::default());
    bench.configure(
        "resource \"lakebase_synced_table\" \"orders\" {\n  synced_table_id = \"a.b\"\n}\n",
    );
    expect![[r#"
        Error: Invalid `synced_table_id`

          with lakebase_synced_table.orders,

        `a.b` is not a valid table name. It must be a Unity Catalog name with 3 parts
        separated by dots, without slashes and spaces, for example
        `main.sales.orders`."#]]
    .assert_eq(&bench.plan_fails().without_places_from("Error:"));
    bench.configure(
        "resource \"lakebase_synced_table\" \"orders\" {\n  synced_table_id = \"a.b.c\"\n}\n",
    );
    expect![[r#"
        Error: Missing `source_table_full_name`

          with lakebase_synced_table.orders,

        `source_table_full_name` is required to create a synced table. It can be
        omitted only for one that is imported.

        Error: Missing `primary_key_columns`

          with lakebase_synced_table.orders,

        `primary_key_columns` is required to create a synced table. It can be omitted
        only for one that is imported.

        Error: Missing `scheduling_policy`

          with lakebase_synced_table.orders,

        `scheduling_policy` is required to create a synced table. It can be omitted
        only for one that is imported.

        Error: Missing `branch`

          with lakebase_synced_table.orders,

        `branch` is required to create a synced table. It can be omitted only for one
        that is imported."#]]
    .assert_eq(&bench.plan_fails().without_places_from("Error:"));
    let both = "new_pipeline_spec = { storage_schema = \"s\" }\n  existing_pipeline_id = \"p\"";
    bench.configure(
        &orders(both).replace("main.sales.orders", "orders").replace("SNAPSHOT", "HOURLY"),
    );
    expect![[r#"
        Error: Invalid `source_table_full_name`

          with lakebase_synced_table.orders,

        `orders` is not a valid table name. It must be a Unity Catalog name with 3
        parts separated by dots, without slashes and spaces, for example
        `main.sales.orders`.

        Error: Invalid `scheduling_policy`

          with lakebase_synced_table.orders,

        `HOURLY` is not a valid value. Valid values: `SNAPSHOT`, `TRIGGERED`,
        `CONTINUOUS`.

        Error: Conflicting `existing_pipeline_id`

          with lakebase_synced_table.orders,

        `new_pipeline_spec` and `existing_pipeline_id` cannot be set together: set
        only one of them."#]]
    .assert_eq(&bench.plan_fails().without_places_from("Error:"));
}

#[test]
fn source_that_does_not_exist_is_an_error_on_its_attribute() {
    let missing_tables = vec!["main.sales.orders".to_owned()];
    let options = Options { missing_tables, ..Options::default() };
    let bench = bench("source_that_does_not_exist", options);
    bench.configure(&orders(""));
    expect![[r#"
        Error: Could not create synced table `synced_tables/main.public.orders`

          with lakebase_synced_table.orders,
          on main.tf line 12, in resource "lakebase_synced_table" "orders":
          12:   source_table_full_name = "main.sales.orders"

        TABLE_DOES_NOT_EXIST: Table 'main.sales.orders' does not exist.

        Request: POST
        [HOST]/api/2.0/postgres/synced_tables?synced_table_id=main.public.orders
        Status: HTTP 404 after 1 attempt ([SECONDS])
        Request ID: [UUID]

        Help:
        https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#requests-that-fail"#]].assert_eq(&bench.masked(&bench.apply_fails().from("Error:")));
}

#[test]
fn one_table_too_many_of_a_source_is_refused_with_the_words_of_lakebase() {
    let options =
        Options { quotas: Quotas { synced_tables: 1, ..Quotas::default() }, ..Options::default() };
    let bench = bench("one_table_too_many_of_a_source", options);
    bench.configure(&orders(""));
    bench.apply();
    let other = table("copy", "").replace("main.sales.copy", "main.sales.orders");
    bench.configure(&(orders("") + &other));
    let failed = words(&bench.apply_fails().output());
    let text = "Cannot create more than 1 synced database table(s) per source table.";
    assert!(failed.contains(text), "{failed}");
}

#[test]
fn import_stores_settings_without_a_request_and_later_changes_replace() {
    let bench = bench("import_stores_settings_without_a_request", Options::default());
    bench.configure(&orders(""));
    bench.apply();
    bench.remove("terraform.tfstate");
    let import =
        format!("\nimport {{\n  to = lakebase_synced_table.orders\n  id = \"{NAME}\"\n}}\n");
    // The configuration that Terraform generates cannot contain the settings, and plans empty.
    bench.configure(&import);
    bench.terraform(&["plan", "-generate-config-out=generated.tf"]).succeeded();
    bench.apply();
    bench.remove("generated.tf");
    bench.configure("resource \"lakebase_synced_table\" \"orders\" {\n  synced_table_id = \"main.public.orders\"\n}\n");
    bench.expect_empty_plan();
    bench.forget_requests();
    let settings =
        "type_overrides = [{ column_name = \"c\", pg_type = \"PG_SPECIFIC_TYPE_VARCHAR\" }]";
    bench.configure(&orders(settings));
    let stored = bench.plan().output();
    assert!(stored.contains("0 to add, 1 to change, 0 to destroy"), "{stored}");
    bench.apply();
    assert_eq!(bench.emulator.mutations(), []);
    // From here on, the settings are known, also those that are not set.
    for changed in [
        orders(settings).replace("[\"id\"]", "[\"id\", \"at\"]"),
        orders(&settings.replace("VARCHAR\"", "VARCHAR\", size = 9")),
        orders(&format!("{settings}\n  existing_pipeline_id = \"p\"")),
        orders(&format!("{settings}\n  accelerated_sync = true")),
    ] {
        bench.configure(&changed);
        let replaced = bench.plan().output();
        assert!(replaced.contains("1 to add, 0 to change, 1 to destroy"), "{replaced}");
    }
    // What was set stays where the configuration no longer says it; `false` and `[]` are no change.
    bench.configure(&orders("accelerated_sync = false\n  extra_columns = []"));
    let kept = bench.plan().output();
    assert!(kept.contains("0 to add, 1 to change, 0 to destroy"), "{kept}");
    // An imported object that does not say its branch is destroyed all the same.
    bench.remove("terraform.tfstate");
    bench.terraform(&["import", "lakebase_synced_table.orders", NAME]).succeeded();
    bench.configure("");
    bench.apply();
    assert_eq!(bench.emulator.get(NAME), None);
}

/// Lakebase did so for some weeks, and documents it.
#[test]
fn import_learns_from_an_echoed_spec() {
    let behaviors = Behaviors { echo_spec: true, ..Behaviors::default() };
    let bench =
        bench("import_learns_from_an_echoed_spec", Options { behaviors, ..Options::default() });
    let settings = "new_pipeline_spec = { storage_schema = \"files\" }\n  extra_columns = [{ column_name = \
                    \"c\", column_type = \"text\" }]";
    bench.configure(&orders(settings));
    bench.apply();
    bench.remove("terraform.tfstate");
    bench.terraform(&["import", "lakebase_synced_table.orders", NAME]).succeeded();
    bench.expect_empty_plan();
}

impl Workbench {
    /// Destroys what lingers.
    fn destroy_while_time_passes(&self) {
        self.forget_requests();
        let running = self.spawn(&["destroy", "-auto-approve"]);
        wait_for_reads(self, "DELETE", 1);
        self.emulator.advance(seconds(60));
        running.wait().succeeded();
    }
}
