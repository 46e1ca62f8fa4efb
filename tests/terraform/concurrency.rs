//! Many objects at once, as Terraform asks for them: the service makes one change at a time, and
//! nobody had to say `depends_on`.

use std::time::Duration;

use lakebase_emulator::{Options, Quotas};

use crate::workbench::Workbench;

/// Ten branches with four read replicas each.
const CROWD: &str = r#"
locals {
  branches = toset([for number in range(10) : "b${number}"])
  replicas = toset(flatten([for branch in local.branches : [for number in range(4) : "${branch}/r${number}"]]))
}

resource "lakebase_project" "crowd" {
  project_id          = "crowd"
  deletion_protection = false
}

resource "lakebase_branch" "all" {
  for_each  = local.branches
  project   = lakebase_project.crowd.name
  branch_id = each.key
}

resource "lakebase_endpoint" "all" {
  for_each      = local.replicas
  branch        = lakebase_branch.all[split("/", each.key)[0]].name
  endpoint_id   = split("/", each.key)[1]
  endpoint_type = "ENDPOINT_TYPE_READ_ONLY"
}
"#;

const OBJECTS: usize = 1 + 10 + 40;

#[test]
fn many_resources_are_created_and_destroyed_without_conflicts() {
    let options = Options {
        operation_delay: Duration::from_millis(100),
        settle_delay: Duration::from_millis(50),
        quotas: Quotas { unarchived_branches: 11, active_computes: 51, ..Quotas::default() },
        ..Options::default()
    };
    let bench = Workbench::with_options(
        "many_resources_are_created_and_destroyed_without_conflicts",
        options,
    );
    bench.configure(CROWD);

    let applied = bench.terraform(&["apply", "-auto-approve", "-parallelism=10"]).succeeded();
    let all = format!("{OBJECTS} added, 0 changed, 0 destroyed");
    assert!(applied.output().contains(&all), "{applied}");
    expect_no_collision(&bench, OBJECTS);
    bench.expect_empty_plan();

    bench.forget_requests();
    let destroyed = bench.terraform(&["destroy", "-auto-approve", "-parallelism=10"]).succeeded();
    assert!(destroyed.output().contains(&format!("{OBJECTS} destroyed")), "{destroyed}");
    expect_no_collision(&bench, OBJECTS);
    assert!(bench.emulator.names().is_empty(), "{:?}", bench.emulator.names());
}

/// Ten roles, ten databases and ten endpoints on each of two branches.
const TENANTS: &str = r#"
locals {
  tenants = toset(flatten([for branch in ["production", "dev"] : [for number in range(10) : "${branch}/t${number}"]]))
  branch  = { production = "${lakebase_project.crowd.name}/branches/production", dev = lakebase_branch.dev.name }
}

resource "lakebase_project" "crowd" {
  project_id          = "crowd"
  deletion_protection = false
}

resource "lakebase_branch" "dev" {
  project   = lakebase_project.crowd.name
  branch_id = "dev"
}

resource "lakebase_role" "all" {
  for_each      = local.tenants
  branch        = local.branch[split("/", each.key)[0]]
  role_id       = split("/", each.key)[1]
  postgres_role = split("/", each.key)[1]
}

resource "lakebase_database" "all" {
  for_each            = local.tenants
  branch              = local.branch[split("/", each.key)[0]]
  database_id         = split("/", each.key)[1]
  postgres_database   = split("/", each.key)[1]
  role                = lakebase_role.all[each.key].name
  deletion_protection = false
}

resource "lakebase_endpoint" "all" {
  for_each      = local.tenants
  branch        = local.branch[split("/", each.key)[0]]
  endpoint_id   = split("/", each.key)[1]
  endpoint_type = "ENDPOINT_TYPE_READ_ONLY"
}
"#;

#[test]
fn roles_databases_and_endpoints_of_two_branches_take_turns() {
    let options = Options {
        operation_delay: Duration::from_millis(50),
        settle_delay: Duration::from_millis(20),
        quotas: Quotas { active_computes: 30, ..Quotas::default() },
        ..Options::default()
    };
    let bench = Workbench::with_options("roles_databases_and_endpoints_take_turns", options);
    bench.configure(TENANTS);
    let objects = 2 + 2 * 30;
    let applied = bench.terraform(&["apply", "-auto-approve", "-parallelism=30"]).succeeded();
    let all = format!("{objects} added, 0 changed, 0 destroyed");
    assert!(applied.output().contains(&all), "{applied}");
    expect_no_collision(&bench, objects);
    bench.expect_empty_plan();
    bench.forget_requests();
    bench.terraform(&["destroy", "-auto-approve", "-parallelism=30"]).succeeded();
    expect_no_collision(&bench, objects);
}

/// The service had to turn nothing away, and was asked once for each object.
#[track_caller]
fn expect_no_collision(bench: &Workbench, objects: usize) {
    let sent = bench.emulator.mutations();
    let refused: Vec<_> = sent.iter().filter(|it| it.status != 200).collect();
    assert!(refused.is_empty(), "{refused:#?}");
    assert_eq!(sent.len(), objects);
}
