//! What exists already is taken over as it is: after every import, the plan is empty.

use expect_test::expect;
use lakebase_emulator::Options;
use serde_json::Value as Json;

use crate::workbench::Workbench;

/// Objects with many combinations of settings. All that only Terraform knows is left as it is by
/// default, which is what an import gives it.
const OBJECTS: &str = r#"
resource "lakebase_project" "plain" {
  project_id = "plain"
}

resource "lakebase_project" "full" {
  project_id                 = "full"
  display_name               = "Everything"
  pg_version                 = 16
  history_retention_duration = "14d"
  budget_policy_id           = "cheap"
  enable_pg_native_login     = true
  custom_tags                = { team = "shop", empty = "" }

  default_endpoint_settings = {
    autoscaling_limit_min_cu = 0.5
    autoscaling_limit_max_cu = 8
    no_suspension            = true
    pg_settings              = { work_mem = "8MB" }
  }
}

resource "lakebase_branch" "plain" {
  project   = lakebase_project.plain.name
  branch_id = "plain"
}

resource "lakebase_branch" "short_lived" {
  project       = lakebase_project.plain.name
  branch_id     = "short-lived"
  source_branch = lakebase_branch.plain.name
  ttl           = "7d"
}

resource "lakebase_branch" "until" {
  project     = lakebase_project.plain.name
  branch_id   = "until"
  expire_time = "2026-01-10T00:00:01Z"
}

resource "lakebase_branch" "protected" {
  project            = lakebase_project.plain.name
  branch_id          = "protected"
  source_branch_time = "2025-12-31T00:00:00Z"
  is_protected       = true
}

resource "lakebase_endpoint" "plain" {
  branch        = lakebase_branch.plain.name
  endpoint_id   = "plain"
  endpoint_type = "ENDPOINT_TYPE_READ_ONLY"
}

resource "lakebase_endpoint" "always_on" {
  branch                   = lakebase_branch.plain.name
  endpoint_id              = "always-on"
  endpoint_type            = "ENDPOINT_TYPE_READ_ONLY"
  autoscaling_limit_min_cu = 4
  autoscaling_limit_max_cu = 12
  no_suspension            = true
  group                    = { min = 2, max = 2 }
}

resource "lakebase_endpoint" "disabled" {
  branch                   = lakebase_branch.plain.name
  endpoint_id              = "disabled"
  endpoint_type            = "ENDPOINT_TYPE_READ_ONLY"
  suspend_timeout_duration = "10m"
  disabled                 = true
  pg_settings              = { work_mem = "8MB", jit = "off" }
}
"#;

/// What the service made unasked beside them.
const UNASKED: [(&str, &str); 3] = [
    ("lakebase_branch.production", "projects/plain/branches/production"),
    ("lakebase_endpoint.primary", "projects/plain/branches/production/endpoints/primary"),
    ("lakebase_endpoint.preset", "projects/full/branches/production/endpoints/primary"),
];

/// The objects are there, and Terraform has forgotten them: their addresses, names and identities.
fn forgotten(test: &str) -> (Workbench, Vec<(String, String, Json)>) {
    let options = Options { frozen_clock: true, ..Options::default() };
    let bench = Workbench::with_options(test, options);
    bench.configure(OBJECTS);
    bench.apply();
    let state = bench.state();
    let resources = state["values"]["root_module"]["resources"].as_array().expect("it has some");
    let owned = |value: &Json| value.as_str().expect("it is text").to_owned();
    let known = |resource: &Json| {
        (
            owned(&resource["address"]),
            owned(&resource["values"]["name"]),
            resource["identity"].clone(),
        )
    };
    let objects = resources.iter().map(known).collect();
    bench.remove("terraform.tfstate");
    bench.forget_requests();
    (bench, objects)
}

/// Applies the imports, which change nothing.
#[track_caller]
fn imported(bench: &Workbench, count: usize) {
    let output = bench.apply().output();
    let expected = format!("{count} imported, 0 added, 0 changed, 0 destroyed.");
    assert!(output.contains(&expected), "{output}");
    bench.expect_mutations(expect![""]);
}

#[test]
fn import_command_plans_empty() {
    let (bench, objects) = forgotten("import_command_plans_empty");
    for (address, name, _) in &objects {
        bench.terraform(&["import", address, name]).succeeded();
    }
    bench.expect_empty_plan();
    bench.expect_mutations(expect![""]);
}

#[test]
fn import_block_by_name_plans_empty() {
    let (bench, objects) = forgotten("import_block_by_name_plans_empty");
    let blocks = objects
        .iter()
        .map(|(address, name, _)| format!("import {{\n  to = {address}\n  id = \"{name}\"\n}}\n"));
    bench.configure(&(OBJECTS.to_owned() + &blocks.collect::<String>()));
    imported(&bench, objects.len());
}

#[test]
fn import_block_by_identity_plans_empty() {
    let (bench, objects) = forgotten("import_block_by_identity_plans_empty");
    if bench.terraform_version() < (1, 12) {
        return; // identities came with Terraform 1.12
    }
    let blocks = objects.iter().enumerate().map(|(index, (address, name, identity))| {
        assert_eq!(identity["name"], **name);
        // The workspace is a check, not a part of the name: every second block leaves it out.
        let workspace = match index % 2 {
            0 => format!("workspace_id = {}\n", identity["workspace_id"]),
            _ => String::new(),
        };
        format!(
            "import {{\n  to = {address}\n  identity = {{\n    name = \"{name}\"\n{workspace}  }}\n}}\n"
        )
    });
    bench.configure(&(OBJECTS.to_owned() + &blocks.collect::<String>()));
    imported(&bench, objects.len());
}

#[test]
fn generated_configuration_matches_existing_objects() {
    let (bench, objects) = forgotten("generated_configuration_matches_existing_objects");
    let all = objects.iter().map(|(address, name, _)| (address.as_str(), name.as_str()));
    let blocks = all
        .chain(UNASKED)
        .map(|(address, name)| format!("import {{\n  to = {address}\n  id = \"{name}\"\n}}\n"));
    bench.configure(&blocks.collect::<String>());
    bench.terraform(&["plan", "-generate-config-out=generated.tf"]).succeeded();
    imported(&bench, objects.len() + UNASKED.len());

    let generated = bench.read("generated.tf");
    // Older Terraforms write out what is null, and align by it.
    let block = |address: &str| {
        let start = generated.find(&format!("resource {address}")).expect("it was generated");
        let length = generated[start..].find("\n}\n").expect("it ends");
        let lines = generated[start..start + length + 3].lines();
        let lines = lines.filter(|it| !it.ends_with("= null"));
        let squeezed = lines.map(|line| match line.split_once(" = ") {
            Some((name, value)) => format!("{} = {value}\n", name.trim_end()),
            None => format!("{line}\n"),
        });
        bench.masked(&squeezed.collect::<String>())
    };
    expect![[r#"
        resource "lakebase_endpoint" "always_on" {
          autoscaling_limit_max_cu = 12
          autoscaling_limit_min_cu = 4
          branch = "projects/plain/branches/plain"
          disabled = false
          endpoint_id = "always-on"
          endpoint_type = "ENDPOINT_TYPE_READ_ONLY"
          group = {
            enable_readable_secondaries = true
            max = 2
            min = 2
          }
          no_suspension = true
          pg_settings = {}
          replace_existing = false
        }
    "#]]
    .assert_eq(&block("\"lakebase_endpoint\" \"always_on\""));
    expect![[r#"
        resource "lakebase_branch" "short_lived" {
          branch_id = "short-lived"
          deletion_protection = false
          is_protected = false
          project = "projects/plain"
          purge_on_delete = false
          replace_existing = false
          source_branch = "projects/plain/branches/plain"
          source_branch_time = "[TIME]"
          ttl = "604800s"
        }
    "#]]
    .assert_eq(&block("\"lakebase_branch\" \"short_lived\""));
    expect![[r#"
        resource "lakebase_project" "full" {
          budget_policy_id = "cheap"
          custom_tags = {
            empty = ""
            team = "shop"
          }
          default_endpoint_settings = {
            autoscaling_limit_max_cu = 8
            autoscaling_limit_min_cu = 0.5
            no_suspension = true
            pg_settings = {
              work_mem = "8MB"
            }
          }
          deletion_protection = true
          display_name = "Everything"
          enable_pg_native_login = true
          history_retention_duration = "1209600s"
          pg_version = 16
          project_id = "full"
          purge_on_delete = false
        }
    "#]]
    .assert_eq(&block("\"lakebase_project\" \"full\""));
}

#[test]
fn invalid_import_is_reported() {
    let bench = Workbench::new("invalid_import_is_reported");
    bench.configure(OBJECTS);
    let import =
        |address: &str, id: &str| bench.terraform(&["import", address, id]).failed().from("Error:");
    expect![[r#"
        Error: Invalid import ID

        `plain` is not a valid project resource name. Expected format:
        `projects/{project_id}`."#]]
    .assert_eq(&import("lakebase_project.plain", "plain"));
    expect![[r#"
        Error: Invalid import ID

        `projects/plain/branches/plain` is not a valid endpoint resource name.
        Expected format:
        `projects/{project_id}/branches/{branch_id}/endpoints/{endpoint_id}`."#]]
    .assert_eq(&import("lakebase_endpoint.plain", "projects/plain/branches/plain"));
    expect![[r#"
        Error: Cannot import non-existent remote object

        While attempting to import an existing object to "lakebase_project.plain",
        the provider detected that no object exists with the given id. Only
        pre-existing objects can be imported; check that the id is correct and that
        it is associated with the provider's configured region or endpoint, or use
        "terraform apply" to create a new remote object for this resource."#]]
    .assert_eq(&import("lakebase_project.plain", "projects/nowhere"));
}
