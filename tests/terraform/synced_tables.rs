//! Synced tables: what they wait for, whose turn it is, and what can be known of objects whose
//! settings Lakebase does not report.

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
fn create_waits_for_the_pipeline_or_for_the_data() {
    let options =
        Options { settle_delay: seconds(5), sync_delay: seconds(40), ..Options::default() };
    let mut bench = bench("create_waits_for_the_pipeline_or_for_the_data", options);
    bench.environment.insert("TF_LOG_PROVIDER".to_owned(), "INFO".to_owned());
    bench.configure(&orders(""));
    let running = bench.spawn(&["apply", "-auto-approve"]);
    wait_for_reads(&bench, "POST", 1);
    bench.emulator.advance(seconds(5));
    running.wait().succeeded();
    assert!(bench.state()["values"].to_string().contains("\"pipeline_id\":\""));
    let status = &bench.emulator.get(NAME).expect("it was created")["status"];
    assert_eq!(status["detailed_state"], "SYNCED_TABLE_PROVISIONING_INITIAL_SNAPSHOT");
    // It does not wait for what is online already, and nothing is sent.
    bench.forget_requests();
    bench.configure(&orders("wait_for_online = true"));
    bench.apply();
    assert_eq!(bench.emulator.mutations(), []);
    bench.destroy_while_time_passes();
    bench.forget_requests();
    let running = bench.spawn(&["apply", "-auto-approve"]);
    wait_for_reads(&bench, "POST", 1);
    for (pass, reads) in [(5, 2), (10, 3), (20, 4), (10, 5)] {
        wait_for_reads(&bench, "POST", reads);
        bench.emulator.advance(seconds(pass));
    }
    let output = running.wait().succeeded().output();
    // What has blanks stands in quotation marks.
    let state = |line: &str| {
        let rest = line.split(" state=").nth(1)?;
        let end = if rest.starts_with('"') { '"' } else { ' ' };
        rest.trim_start_matches('"').split(end).next().map(str::to_owned)
    };
    let states = output.lines().filter(|line| line.contains("[INFO]")).filter_map(state);
    expect![[r#"
        running
        SYNCED_TABLE_PROVISIONING_PIPELINE_RESOURCES
        SYNCED_TABLE_PROVISIONING_INITIAL_SNAPSHOT, PROVISIONING_PHASE_MAIN, 0 %, 0 of 1000 rows
        SYNCED_TABLE_PROVISIONING_INITIAL_SNAPSHOT, PROVISIONING_PHASE_MAIN, 25 %, 250 of 1000 rows
        SYNCED_TABLE_PROVISIONING_INITIAL_SNAPSHOT, PROVISIONING_PHASE_INDEX_SORT, 75 %, 750 of 1000 rows"#]].assert_eq(&states.collect::<Vec<_>>().join("\n"));
    bench.expect_empty_plan();
    bench.configure(&format!(
        "data \"lakebase_synced_table\" \"orders\" {{\n  name = \"{NAME}\"\n}}\n\noutput \"all\" {{\n  \
         value = data.lakebase_synced_table.orders\n}}\n"
    ));
    bench.terraform(&["state", "rm", "lakebase_synced_table.orders"]).succeeded();
    bench.apply();
    let text = serde_json::to_string_pretty(&bench.output("all")).expect("it is JSON");
    expect![[r#"
        {
          "create_time": "[TIME]",
          "detailed_state": "SYNCED_TABLE_ONLINE_NO_PENDING_UPDATE",
          "last_processed_commit_version": 0,
          "last_sync": {
            "delta_commit_time": "[TIME]",
            "delta_commit_version": 0,
            "sync_end_time": "[TIME]",
            "sync_start_time": "[TIME]"
          },
          "last_sync_time": "[TIME]",
          "message": "The synced table is online.",
          "name": "synced_tables/main.public.orders",
          "ongoing_sync_progress": null,
          "pipeline_id": "[UUID]",
          "project": "projects/shop",
          "provisioning_phase": null,
          "synced_table_id": "main.public.orders",
          "uid": "[UUID]",
          "unity_catalog_provisioning_state": "ACTIVE"
        }"#]]
    .assert_eq(&bench.masked(&text));
}

#[test]
fn copy_that_fails_is_an_error_and_taints() {
    let options = Options { sync_delay: seconds(40), ..Options::default() };
    let bench = bench("copy_that_fails_is_an_error_and_taints", options);
    bench.configure(&orders("wait_for_online = true"));
    let running = bench.spawn(&["apply", "-auto-approve"]);
    wait_for_reads(&bench, "POST", 1);
    let failed = json!({
        "detailed_state": "SYNCED_TABLE_OFFLINE_FAILED", "message": "Column `id` has null values.",
    });
    bench.emulator.change(NAME, failed);
    bench.emulator.advance(seconds(41));
    let run = running.wait().failed();
    expect![[r#"
        Warning: Synced table `synced_tables/main.public.orders` is tainted and will be replaced by the next apply

          with lakebase_synced_table.orders,
          on main.tf line 8, in resource "lakebase_synced_table" "orders":
           8: resource "lakebase_synced_table" "orders" {

        The create did not complete, but the object exists or may still be created.
        To keep it, run the following command before the next apply, where ADDRESS is
        the resource address (use `tofu` with OpenTofu):

          terraform untaint ADDRESS

        The next plan waits for the operation. Without `purge_on_delete = true`, the
        provider does not delete a project or branch in order to create it again.

        Error: Could not create synced table `synced_tables/main.public.orders`

          with lakebase_synced_table.orders,
          on main.tf line 8, in resource "lakebase_synced_table" "orders":
           8: resource "lakebase_synced_table" "orders" {

        SYNCED_TABLE_OFFLINE_FAILED: Column `id` has null values.

        Request: GET
        [HOST]/api/2.0/postgres/synced_tables/main.public.orders
        Attempts: [COUNT] ([SECONDS])

        Help:
        https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#requests-that-fail"#]].assert_eq(&bench.masked(&run.from("Warning:")));
    bench.configure(&orders(""));
    let replaced = bench.plan().output();
    assert!(replaced.contains("is tainted, so must be replaced"), "{replaced}");
    bench.apply();
    assert_eq!(bench.emulator.mutations().len(), 3, "create, delete, create");
}

#[test]
fn delete_ends_when_the_table_is_gone() {
    let options = Options { settle_delay: seconds(5), ..Options::default() };
    let bench = bench("delete_ends_when_the_table_is_gone", options);
    bench.configure(&orders(""));
    let running = bench.spawn(&["apply", "-auto-approve"]);
    wait_for_reads(&bench, "POST", 1);
    bench.emulator.advance(seconds(5));
    running.wait().succeeded();
    bench.forget_requests();
    // A replacement under the same ID, whose create would be refused before.
    bench.configure(&orders("timeseries_key = \"at\""));
    let running = bench.spawn(&["apply", "-auto-approve"]);
    wait_for_reads(&bench, "DELETE", 2);
    bench.emulator.advance(seconds(5));
    wait_for_reads(&bench, "POST", 1);
    bench.emulator.advance(seconds(5));
    running.wait().succeeded();
    bench.expect_empty_plan();
    let refused = bench.emulator.mutations().into_iter().filter(|it| it.status != 200);
    assert_eq!(refused.count(), 0);
    // A time-out says what it waits for, and keeps the object.
    bench.configure(&orders("timeseries_key = \"at\"\n  timeouts = { delete = \"1s\" }"));
    bench.apply();
    bench.configure("");
    let failed = words(&bench.apply_fails().output());
    assert!(failed.contains("last state: its delete is done, and reads still find it"), "{failed}");
    assert!(bench.state()["values"].to_string().contains(NAME));
    bench.emulator.advance(seconds(5));
    bench.apply();
}

#[test]
fn ten_tables_of_a_pipeline_take_turns_with_what_is_on_their_branch() {
    let bench = Workbench::with_options(
        "ten_tables_of_a_pipeline_take_turns",
        Options { operation_delay: Duration::from_millis(50), ..Options::default() },
    );
    let many = r#"
resource "lakebase_branch" "dev" {
  project   = lakebase_project.shop.name
  branch_id = "dev"
}

resource "lakebase_role" "app" {
  count         = 3
  branch        = "${lakebase_project.shop.name}/branches/production"
  role_id       = "app${count.index}"
  postgres_role = "app${count.index}"
}

resource "lakebase_synced_table" "first" {
  synced_table_id        = "main.public.first"
  branch                 = "${lakebase_project.shop.name}/branches/production"
  postgres_database      = "databricks_postgres"
  source_table_full_name = "main.sales.first"
  primary_key_columns    = ["id"]
  scheduling_policy      = "SNAPSHOT"
}

resource "lakebase_synced_table" "more" {
  count                  = 10
  synced_table_id        = "main.public.t${count.index}"
  branch                 = count.index < 5 ? lakebase_synced_table.first.branch : lakebase_branch.dev.name
  postgres_database      = "databricks_postgres"
  source_table_full_name = "main.sales.t${count.index}"
  primary_key_columns    = ["id"]
  scheduling_policy      = "SNAPSHOT"
  existing_pipeline_id   = lakebase_synced_table.first.pipeline_id
}
"#;
    bench.configure(&(project("") + many));
    bench.terraform(&["apply", "-auto-approve", "-parallelism=20"]).succeeded();
    let expect_no_conflict = |objects: usize| {
        let sent = bench.emulator.mutations();
        let refused: Vec<_> = sent.iter().filter(|it| it.status != 200).collect();
        assert!(refused.is_empty() && sent.len() == objects, "{sent:#?}");
    };
    expect_no_conflict(1 + 1 + 3 + 11);
    bench.expect_empty_plan();
    bench.forget_requests();
    bench.terraform(&["destroy", "-auto-approve", "-parallelism=20"]).succeeded();
    expect_no_conflict(1 + 1 + 3 + 11);
}

/// Two processes do not know of each other's turns.
#[test]
fn table_of_another_process_on_the_branch_is_waited_for() {
    let options = Options { operation_delay: seconds(10), ..Options::default() };
    let bench = bench("table_of_another_process_is_waited_for", options);
    let body = json!({"spec": {
        "branch": "projects/shop/branches/production", "postgres_database": "databricks_postgres",
        "source_table_full_name": "main.sales.other", "primary_key_columns": ["id"],
        "scheduling_policy": "SNAPSHOT",
    }});
    bench.request(
        "POST /api/2.0/postgres/synced_tables?synced_table_id=main.public.other",
        &body.to_string(),
    );
    bench.configure(&orders(""));
    let running = bench.spawn(&["apply", "-auto-approve"]);
    bench.emulator.wait_for(|requests| requests.iter().any(|it| it.status == 409));
    bench.emulator.advance(seconds(10));
    bench.emulator.wait_for(|requests| {
        let created = requests.iter().rposition(|it| it.method == "POST" && it.status == 200);
        created.is_some_and(|at| 1 < at && requests[at..].iter().any(|it| it.method == "GET"))
    });
    bench.emulator.advance(seconds(10));
    running.wait().succeeded();
    bench.expect_empty_plan();
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
