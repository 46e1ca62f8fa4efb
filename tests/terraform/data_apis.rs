//! Data APIs: one for a database, created with a setting that Lakebase would choose itself.

use expect_test::expect;
use lakebase_emulator::Options;
use serde_json::json;

use crate::fixtures::project;
use crate::workbench::Workbench;

const DATABASE: &str = "projects/shop/branches/production/databases/orders";
const DATA_API: &str = "projects/shop/branches/production/databases/orders/data-api";

fn database(settings: &str) -> String {
    project("")
        + &format!(
            r#"
resource "lakebase_role" "app" {{
  branch        = "${{lakebase_project.shop.name}}/branches/production"
  role_id       = "app"
  postgres_role = "app"
}}

resource "lakebase_database" "orders" {{
  branch              = lakebase_role.app.branch
  role                = lakebase_role.app.name
  deletion_protection = false
  {settings}
}}
"#
        )
}

const ORDERS: &str = "database_id = \"orders\"\n  postgres_database = \"orders\"";

fn data_api(settings: &str) -> String {
    format!(
        r#"
resource "lakebase_data_api" "orders" {{
  database = lakebase_database.orders.name
  {settings}
}}
"#
    )
}

/// A workspace with the database.
fn bench(name: &str) -> Workbench {
    let bench = Workbench::with_options(name, Options { frozen_clock: true, ..Options::default() });
    bench.configure(&database(ORDERS));
    bench.apply();
    bench.emulator.change(DATABASE, json!({"schemas": {"sales": []}}));
    bench.forget_requests();
    bench
}

#[test]
fn data_api_without_settings_is_created_with_the_documented_schema() {
    let bench = bench("data_api_without_settings");
    bench.configure(&(database(ORDERS) + &data_api("")));
    let planned = bench.plan().output();
    assert!(planned.contains("+ \"public\""), "{planned}");
    bench.apply();
    bench.expect_mutations(expect![[r#"
        POST /api/2.0/postgres/projects/shop/branches/production/databases/orders/data-api
          {"spec":{"db_schemas":["public"]}}
    "#]]);
}

#[test]
fn update_sends_what_changed_and_an_empty_list_clears() {
    let bench = bench("data_api_update");
    let settings = "db_schemas = [\"public\", \"sales\"]\n  db_max_rows = 100\n  \
                    server_cors_allowed_origins = [\"https://a.example\"]\n  \
                    jwt_cache_max_lifetime = \"5m\"";
    bench.configure(&(database(ORDERS) + &data_api(settings)));
    bench.apply();
    let changed = settings.replace("[\"https://a.example\"]", "[]").replace("100", "200");
    bench.configure(&(database(ORDERS) + &data_api(&changed)));
    bench.apply();
    // What is removed stays.
    bench.configure(&(database(ORDERS) + &data_api("")));
    bench.apply();
    bench.expect_mutations(expect![[r#"
        POST /api/2.0/postgres/projects/shop/branches/production/databases/orders/data-api
          {"spec":{"db_max_rows":100,"db_schemas":["public","sales"],"jwt_cache_max_lifetime":"300s","server_cors_allowed_origins":["https://a.example"]}}
        PATCH /api/2.0/postgres/projects/shop/branches/production/databases/orders/data-api?update_mask=spec.db_max_rows,spec.server_cors_allowed_origins
          {"spec":{"db_aggregates_enabled":true,"db_extra_search_path":[],"db_max_rows":200,"db_schemas":["public","sales"],"jwt_cache_max_lifetime":"300s","jwt_role_claim_key":".sub","server_cors_allowed_origins":[],"server_timing_enabled":false}}
    "#]]);
    let status = bench.emulator.get(DATA_API).expect("it is there")["status"].clone();
    assert_eq!(status["db_max_rows"], 200);
    assert_eq!(status.get("server_cors_allowed_origins"), None);
}

#[test]
fn limit_that_is_gone_outside_of_terraform_is_drift() {
    let bench = bench("data_api_drift");
    bench.configure(&(database(ORDERS) + &data_api("db_max_rows = 100")));
    bench.apply();
    bench.emulator.change(DATA_API, json!({"db_max_rows": null}));
    let planned = bench.plan().output();
    assert!(planned.contains("+ db_max_rows"), "{planned}");
    bench.apply();
    // It goes with its database, and comes again with it.
    bench.emulator.remove(DATABASE);
    let planned = bench.plan().output();
    assert!(planned.contains("2 to add, 0 to change, 0 to destroy"), "{planned}");
    bench.apply();
}

#[test]
fn schema_that_lakebase_rejects_is_an_error_on_its_attribute() {
    let bench = bench("data_api_schema");
    bench.configure(&(database(ORDERS) + &data_api("db_schemas = [\"public\", \"billing\"]")));
    expect![[r#"
        Error: Could not create Data API `projects/shop/branches/production/databases/orders/data-api`

          with lakebase_data_api.orders,
          on main.tf line 31, in resource "lakebase_data_api" "orders":
          31:   db_schemas = ["public", "billing"]

        schema "billing" does not exist in the database.

        INVALID_PARAMETER_VALUE: Field 'spec.db_schemas': schema "billing" does not
        exist in the database.

        `spec.db_schemas`: schema "billing" does not exist in the database.

        Request: POST
        [HOST]/api/2.0/postgres/projects/shop/branches/production/databases/orders/data-api
        Status: HTTP 400 after 1 attempt ([SECONDS])
        Request ID: [UUID]

        Help:
        https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#requests-that-fail"#]].assert_eq(&bench.masked(&bench.apply_fails().from("Error:")));
    for (settings, error) in [
        ("db_schemas = [\"9lives\"]", "`9lives` is not a valid schema name"),
        ("db_extra_search_path = [\"a b\"]", "`a b` is not a valid schema name"),
        ("db_schemas = []", "The list must not be empty"),
    ] {
        bench.configure(&(database(ORDERS) + &data_api(settings)));
        let failed = bench.plan_fails().output();
        assert!(failed.contains(error), "{settings}: {failed}");
    }
}

#[test]
fn existing_data_api_is_an_error_that_suggests_the_import() {
    let bench = bench("existing_data_api");
    bench.emulator.create(DATA_API, json!({"spec": {"db_max_rows": 5}}));
    bench.configure(&(database(ORDERS) + &data_api("")));
    expect![[r#"
        Error: Data API `projects/shop/branches/production/databases/orders/data-api` already exists

          with lakebase_data_api.orders,
          on main.tf line 29, in resource "lakebase_data_api" "orders":
          29: resource "lakebase_data_api" "orders" {

        The object is not in the state, so the create would fail. To import it, add
        this block (replace `lakebase_data_api.example` with the resource address):

          import {
            to = lakebase_data_api.example
            id = "projects/shop/branches/production/databases/orders/data-api"
          }"#]]
    .assert_eq(&bench.masked(&bench.plan_fails().from("Error:")));
    let import = format!("import {{\n  to = lakebase_data_api.orders\n  id = \"{DATA_API}\"\n}}\n");
    bench.configure(&(database(ORDERS) + &data_api("") + &import));
    bench.apply();
    assert_eq!(bench.emulator.mutations(), []);
}

#[test]
fn data_api_is_replaced_with_its_database_and_survives_its_rename() {
    let bench = bench("data_api_and_its_database");
    bench.configure(&(database(ORDERS) + &data_api("")));
    bench.apply();
    bench.configure(
        &(database(&ORDERS.replace(
            "= \"orders\"\n  postgres_database = \"orders\"",
            "= \"orders\"\n  postgres_database = \"sales\"",
        )) + &data_api("")),
    );
    bench.forget_requests();
    bench.apply();
    assert_eq!(bench.emulator.mutations().len(), 1, "only the database is changed");
    bench.configure(&(database(&ORDERS.replace("orders", "sales")) + &data_api("")));
    let replaced = bench.plan().output();
    assert!(replaced.contains("2 to add, 0 to change, 2 to destroy"), "{replaced}");
    let words = replaced.split_whitespace().filter(|it| *it != "│").collect::<Vec<_>>().join(" ");
    let why = "The change of `database` forces the replacement. Clients can no longer use its URL. \
               The database and its data remain.";
    assert!(words.contains(why), "{words}");
    bench.apply();
    bench.configure(&database(&ORDERS.replace("orders", "sales")));
    let destroyed = bench.plan().output();
    assert!(destroyed.contains("/databases/sales/data-api` will be deleted"), "{destroyed}");
    bench.apply();
}

#[test]
fn data_apis_of_one_branch_take_turns_with_what_is_on_it() {
    let bench = bench("data_apis_take_turns");
    let many = r#"
resource "lakebase_role" "other" {
  count         = 4
  branch        = "${lakebase_project.shop.name}/branches/production"
  role_id       = "other${count.index}"
  postgres_role = "other${count.index}"
}

resource "lakebase_database" "other" {
  count               = 4
  branch              = lakebase_role.app.branch
  database_id         = "other${count.index}"
  postgres_database   = "other${count.index}"
  role                = lakebase_role.app.name
  deletion_protection = false
}

resource "lakebase_data_api" "other" {
  count    = 4
  database = lakebase_database.other[count.index].name
}
"#;
    bench.configure(&(database(ORDERS) + many));
    bench.apply();
    let sent = bench.emulator.mutations();
    assert_eq!(sent.len(), 12, "none was refused and repeated: {sent:#?}");
}
