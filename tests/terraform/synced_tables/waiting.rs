//! Synced tables: what a create and a delete wait for, and whose turn it is.

use std::time::Duration;

use expect_test::expect;
use lakebase_emulator::Options;
use serde_json::json;

use super::{NAME, bench, orders, seconds, wait_for_reads, words};
use crate::fixtures::project;
use crate::workbench::Workbench;

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
    let shown = output.lines().filter(|line| line.contains("[INFO]")).filter_map(state);
    expect![[r#"
        running
        SYNCED_TABLE_PROVISIONING_PIPELINE_RESOURCES
        SYNCED_TABLE_PROVISIONING_INITIAL_SNAPSHOT, PROVISIONING_PHASE_MAIN, 0 %, 0 of 1000 rows
        SYNCED_TABLE_PROVISIONING_INITIAL_SNAPSHOT, PROVISIONING_PHASE_MAIN, 25 %, 250 of 1000 rows
        SYNCED_TABLE_PROVISIONING_INITIAL_SNAPSHOT, PROVISIONING_PHASE_INDEX_SORT, 75 %, 750 of 1000 rows"#]].assert_eq(&shown.collect::<Vec<_>>().join("\n"));
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
        let created =
            requests.iter().rposition(|request| request.method == "POST" && request.status == 200);
        created.is_some_and(|at| 1 < at && requests[at..].iter().any(|it| it.method == "GET"))
    });
    bench.emulator.advance(seconds(10));
    running.wait().succeeded();
    bench.expect_empty_plan();
}
