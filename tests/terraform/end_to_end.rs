//! All that the provider offers, in one configuration, from nothing to nothing.

use expect_test::expect;
use serde_json::json;

use crate::fixtures::project;
use crate::workbench::Workbench;

const EVERYTHING: &str = r#"
provider "lakebase" {
  custom_tags = { team = "platform" }
}

resource "lakebase_project" "shop" {
  project_id                 = "shop"
  display_name               = "The shop"
  pg_version                 = 17
  history_retention_duration = "7d"
  custom_tags                = { stage = "test" }
  deletion_protection        = false
  purge_on_delete            = true

  default_endpoint_settings = {
    autoscaling_limit_min_cu = 0.5
    autoscaling_limit_max_cu = 2
    suspend_timeout_duration = "5m"
  }
}

resource "lakebase_branch" "production" {
  project          = lakebase_project.shop.name
  branch_id        = "production"
  replace_existing = true
}

resource "lakebase_endpoint" "primary" {
  branch                   = lakebase_branch.production.name
  endpoint_id              = "primary"
  endpoint_type            = "ENDPOINT_TYPE_READ_WRITE"
  autoscaling_limit_min_cu = 4
  autoscaling_limit_max_cu = 8
  no_suspension            = true
  pg_settings              = { work_mem = "8MB" }
  replace_existing         = true
}

resource "lakebase_endpoint" "reports" {
  branch        = lakebase_branch.production.name
  endpoint_id   = "reports"
  endpoint_type = "ENDPOINT_TYPE_READ_ONLY"
}

resource "lakebase_branch" "dev" {
  project         = lakebase_project.shop.name
  branch_id       = "dev"
  source_branch   = lakebase_branch.production.name
  ttl             = "7d"
  purge_on_delete = true
}

data "lakebase_connection" "shop" {
  endpoint = lakebase_endpoint.primary.name
  pooled   = true
}

data "lakebase_endpoint" "reports" {
  name = lakebase_endpoint.reports.name
}

data "lakebase_branches" "shop" {
  project    = lakebase_project.shop.name
  depends_on = [lakebase_branch.production, lakebase_branch.dev]
}

resource "lakebase_credential" "stored" {
  endpoint = lakebase_endpoint.primary.name
}

ephemeral "lakebase_credential" "fleeting" {
  endpoint = lakebase_endpoint.primary.name
  ttl      = "10m"
}

ephemeral "lakebase_connection" "fleeting" {
  endpoint = lakebase_endpoint.primary.name
  database = "orders"

  lifecycle {
    postcondition {
      condition     = endswith(self.uri, "/orders?sslmode=require") && 0 < length(self.password)
      error_message = "That is not how to connect."
    }
  }
}

# What an ephemeral value is good for: a provider that is configured with it.
provider "lakebase" {
  alias = "other"
  token = ephemeral.lakebase_credential.fleeting.token
}

output "env" {
  value = data.lakebase_connection.shop.env
}

output "branches" {
  value = data.lakebase_branches.shop.branches[*].name
}

output "state_of_reports" {
  value = data.lakebase_endpoint.reports.current_state
}

output "ids" {
  value = [
    for name in [lakebase_project.shop.name, lakebase_endpoint.reports.name] :
    { for part, id in provider::lakebase::parse_name(name) : part => id if id != null }
  ]
}

output "uri" {
  value = provider::lakebase::connection_uri("db.example.com", "a/b", "jane@example.com")
}
"#;

#[test]
fn full_configuration_applies_replans_empty_and_destroys() {
    let bench = Workbench::new("full_configuration_applies_replans_empty_and_destroys");
    bench.configure(EVERYTHING);
    bench.apply();

    bench.expect_mutations_in_any_order(expect![[r#"
        POST /api/2.0/postgres/projects?project_id=shop
          {"spec":{"custom_tags":[{"key":"stage","value":"test"},{"key":"team","value":"platform"}],"default_endpoint_settings":{"autoscaling_limit_max_cu":2,"autoscaling_limit_min_cu":0.5,"suspend_timeout_duration":"300s"},"display_name":"The shop","history_retention_duration":"604800s","pg_version":17}}
        POST /api/2.0/postgres/projects/shop/branches?branch_id=dev
          {"spec":{"source_branch":"projects/shop/branches/production","ttl":"604800s"}}
        POST /api/2.0/postgres/projects/shop/branches/production/endpoints?endpoint_id=reports
          {"spec":{"endpoint_type":"ENDPOINT_TYPE_READ_ONLY"}}
        PATCH /api/2.0/postgres/projects/shop/branches/production/endpoints/primary?update_mask=spec.autoscaling_limit_min_cu,spec.autoscaling_limit_max_cu,spec.suspension,spec.settings.pg_settings
          {"spec":{"autoscaling_limit_max_cu":8,"autoscaling_limit_min_cu":4,"endpoint_type":"ENDPOINT_TYPE_READ_WRITE","no_suspension":true,"settings":{"pg_settings":{"work_mem":"8MB"}}}}
    "#]]);
    let primary = "projects/shop/branches/production/endpoints/primary";
    let primary = bench.emulator.get(primary).expect("it came with the project");
    let env = json!({
        "PGHOST": primary["status"]["hosts"]["read_write_pooled_host"],
        "PGPORT": "5432",
        "PGDATABASE": "databricks_postgres",
        "PGUSER": "jane.doe@example.com",
        "PGSSLMODE": "require",
    });
    assert_eq!(bench.output("env"), env);
    let branches = ["projects/shop/branches/dev", "projects/shop/branches/production"];
    assert_eq!(bench.output("branches"), json!(branches));
    assert_eq!(bench.output("state_of_reports"), "ACTIVE");
    assert_eq!(
        bench.output("uri"),
        "postgresql://jane%40example.com@db.example.com:5432/a%2Fb?sslmode=require"
    );
    expect![[r#"
        [
          {
            "project": "projects/shop",
            "project_id": "shop"
          },
          {
            "branch": "projects/shop/branches/production",
            "branch_id": "production",
            "endpoint": "projects/shop/branches/production/endpoints/reports",
            "endpoint_id": "reports",
            "project": "projects/shop",
            "project_id": "shop"
          }
        ]"#]]
    .assert_eq(&format!("{:#}", bench.output("ids")));

    bench.forget_requests();
    bench.destroy();
    bench.expect_mutations_in_any_order(expect![[r#"
        DELETE /api/2.0/postgres/projects/shop?purge=true
        DELETE /api/2.0/postgres/projects/shop/branches/dev?purge=true
        DELETE /api/2.0/postgres/projects/shop/branches/production
        DELETE /api/2.0/postgres/projects/shop/branches/production/endpoints/primary
        DELETE /api/2.0/postgres/projects/shop/branches/production/endpoints/reports
    "#]]);
    assert!(bench.emulator.names().is_empty(), "{:?}", bench.emulator.names());
}

#[test]
fn a_stored_credential_is_renewed_by_the_plan_that_finds_it_about_to_end() {
    let bench = Workbench::new("a_stored_credential_is_renewed_by_a_plan");
    bench.configure(
        &(project("")
            + r#"
resource "lakebase_credential" "stored" {
  endpoint = "${lakebase_project.shop.name}/branches/production/endpoints/primary"
}

output "stored" {
  value     = lakebase_credential.stored
  sensitive = true
}
"#),
    );
    bench.apply();
    let first = bench.output("stored");
    let end = first["expire_time"].as_str().expect("a credential ends");

    // A state as it is found nearly an hour later.
    let state = bench.read("terraform.tfstate");
    bench.write("terraform.tfstate", &state.replace(end, "2026-01-01T00:00:00Z"));
    let output = bench.plan().from("  # lakebase");
    expect![[r#"
          # lakebase_credential.stored will be updated in-place
          ~ resource "lakebase_credential" "stored" {
              ~ expire_time  = "[TIME]" -> (known after apply)
              ~ token        = (sensitive value)
                # (3 unchanged attributes hidden)
            }

        Plan: 0 to add, 1 to change, 0 to destroy.

        Changes to Outputs:
          ~ stored = (sensitive value)"#]]
    .assert_eq(&bench.masked(&output));
    bench.apply();
    assert_ne!(bench.output("stored")["token"], first["token"]);
}
