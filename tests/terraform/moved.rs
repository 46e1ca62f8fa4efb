//! What the official provider managed is taken over by `moved` blocks: nothing happens but the move.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use lakebase_emulator::{Options, Recorded};
use serde_json::{Value as Json, json};

use crate::workbench::Workbench;

const SHOP: &str = r#"
resource "lakebase_project" "shop" {
  project_id                 = "shop"
  display_name               = "The shop"
  pg_version                 = 17
  history_retention_duration = "7d"
  custom_tags                = { team = "shop" }

  default_endpoint_settings = {
    autoscaling_limit_min_cu = 0.5
    autoscaling_limit_max_cu = 4
    suspend_timeout_duration = "5m"
  }
}

resource "lakebase_branch" "dev" {
  project   = lakebase_project.shop.name
  branch_id = "dev"
  ttl       = "7d"
}

resource "lakebase_endpoint" "reports" {
  branch                   = lakebase_branch.dev.name
  endpoint_id              = "reports"
  endpoint_type            = "ENDPOINT_TYPE_READ_ONLY"
  autoscaling_limit_min_cu = 1
  autoscaling_limit_max_cu = 2
  no_suspension            = true
}
"#;

const MOVED: &str = r#"
terraform {
  required_providers {
    lakebase   = { source = "lakebase/lakebase" }
    databricks = { source = "databricks/databricks" }
  }
}

moved {
  from = databricks_postgres_project.shop
  to   = lakebase_project.shop
}

moved {
  from = databricks_postgres_branch.dev
  to   = lakebase_branch.dev
}

moved {
  from = databricks_postgres_endpoint.reports
  to   = lakebase_endpoint.reports
}
"#;

const ADOPTED: &str = r#"
resource "lakebase_project" "shop" {
  project_id          = "shop"
  deletion_protection = false
}

resource "lakebase_branch" "production" {
  project          = lakebase_project.shop.name
  branch_id        = "production"
  replace_existing = true
}
"#;

const PROJECT: &str = "projects/shop";
const BRANCH: &str = "projects/shop/branches/dev";
const ENDPOINT: &str = "projects/shop/branches/dev/endpoints/reports";

#[test]
fn moved_blocks_move_resources_of_the_databricks_provider() {
    let options = Options { frozen_clock: true, ..Options::default() };
    let bench = Workbench::with_options("moved_blocks_take_over", options);
    bench.configure(SHOP);
    bench.apply();
    bench.write("terraform.tfstate", &official_state(&bench).to_string());
    bench.forget_requests();

    install_databricks(&bench);
    bench.write("main.tf", &(MOVED.to_owned() + SHOP));
    bench.terraform(&["plan", "-out=saved"]).succeeded();
    let plan = bench.terraform(&["show", "-json", "saved"]).succeeded().json();
    let changes = plan["resource_changes"].as_array().expect("it has some");
    let text = |change: &Json, key: &str| change[key].as_str().unwrap_or_default().to_owned();
    let changes = changes.iter().map(|change| {
        assert_eq!(change["change"]["actions"], json!(["no-op"]), "{change:#}");
        [text(change, "previous_address"), text(change, "address")]
    });
    assert_eq!(
        changes.collect::<Vec<_>>(),
        [
            ["databricks_postgres_branch.dev", "lakebase_branch.dev"],
            ["databricks_postgres_endpoint.reports", "lakebase_endpoint.reports"],
            ["databricks_postgres_project.shop", "lakebase_project.shop"],
        ]
    );

    let applied = bench.terraform(&["apply", "saved"]).succeeded().output();
    assert!(applied.contains("0 added, 0 changed, 0 destroyed"), "{applied}");
    bench.expect_empty_plan();
    // The move is over: neither the blocks nor the official provider are needed any more.
    bench.configure(SHOP);
    bench.expect_empty_plan();
    let sent = bench.emulator.mutations();
    assert!(sent.is_empty(), "{sent:#?}");
}

const ROLE: &str = "projects/shop/branches/production/roles/app";
const DATABASE: &str = "projects/shop/branches/production/databases/orders";

#[test]
fn role_and_database_move() {
    let bench = Workbench::new("role_and_database_move");
    let hcl = r#"
resource "lakebase_project" "shop" {
  project_id = "shop"
}

resource "lakebase_role" "app" {
  branch           = "${lakebase_project.shop.name}/branches/production"
  role_id          = "app"
  postgres_role    = "app"
  attributes       = { createdb = true }
  membership_roles = ["DATABRICKS_SUPERUSER"]
}

resource "lakebase_database" "orders" {
  branch            = "${lakebase_project.shop.name}/branches/production"
  database_id       = "orders"
  postgres_database = "orders"
  role              = lakebase_role.app.name
}
"#;
    bench.configure(hcl);
    bench.apply();
    let stored = |name: &str, spec: Json| {
        let mut stored = bench.emulator.get(name).expect("it was just created");
        (stored["spec"], stored["replace_existing"]) = (spec, Json::Null);
        stored
    };
    let role = stored(
        ROLE,
        json!({
            "postgres_role": "app", "identity_type": null, "auth_method": null,
            "attributes": {"createdb": true, "createrole": null, "bypassrls": null},
            "membership_roles": ["DATABRICKS_SUPERUSER"],
        }),
    );
    let database = stored(DATABASE, json!({"postgres_database": "orders", "role": ROLE}));
    let mut state: Json = serde_json::from_str(&bench.read("terraform.tfstate")).expect("a state");
    let resources = state["resources"].as_array_mut().expect("resources");
    resources.retain(|resource| resource["type"] == "lakebase_project");
    resources.extend([official("role", "app", role), official("database", "orders", database)]);
    bench.write("terraform.tfstate", &state.to_string());
    bench.forget_requests();

    install_databricks(&bench);
    let blocks = [("role", "app"), ("database", "orders")].map(|(kind, name)| {
        format!(
            "\nmoved {{\n  from = databricks_postgres_{kind}.{name}\n  to   = \
             lakebase_{kind}.{name}\n}}\n"
        )
    });
    let (providers, _) = MOVED.split_once("moved {").expect("it has blocks");
    bench.write("main.tf", &([providers, hcl].concat() + &blocks.concat()));
    let applied = bench.terraform(&["apply", "-auto-approve"]).succeeded().output();
    assert!(applied.contains("0 added, 0 changed, 0 destroyed"), "{applied}");
    bench.expect_empty_plan();
    assert_eq!(bench.emulator.mutations(), []);
}

/// `databricks_permissions` is about objects of many sorts: the one of a project moves.
#[test]
fn permissions_of_a_project_move_and_those_of_other_objects_do_not() {
    let bench = Workbench::new("permissions_of_a_project_move");
    let hcl = r#"
resource "lakebase_project" "shop" {
  project_id = "shop"
}

resource "lakebase_project_permissions" "shop" {
  project = lakebase_project.shop.name
  grants  = [{ user_name = "ana@example.com", permission_level = "CAN_USE" }]
}
"#;
    bench.configure(hcl);
    bench.apply();
    let applied: Json = serde_json::from_str(&bench.read("terraform.tfstate")).expect("a state");
    let stored = |project: &str, cluster: &str| {
        let mut moving = official(
            "",
            "shop",
            json!({
                "id": "/database-projects/shop", "object_type": "database-projects",
                "database_project_name": project, "cluster_id": cluster,
                "access_control": [{
                    "user_name": "ana@example.com", "group_name": "", "service_principal_name": "",
                    "permission_level": "CAN_USE",
                }],
            }),
        );
        moving["type"] = json!("databricks_permissions");
        let mut state = applied.clone();
        let resources = state["resources"].as_array_mut().expect("resources");
        resources.retain(|resource| resource["type"] == "lakebase_project");
        resources.push(moving);
        state.to_string()
    };
    install_databricks(&bench);
    let (providers, _) = MOVED.split_once("moved {").expect("it has blocks");
    let block = "\nmoved {\n  from = databricks_permissions.shop\n  to   = \
                 lakebase_project_permissions.shop\n}\n";
    bench.write("main.tf", &[providers, hcl, block].concat());
    bench.forget_requests();
    bench.write("terraform.tfstate", &stored("", "0123-456789-abc"));
    let refused = bench.plan_fails().output();
    assert!(refused.contains("Cannot move"), "{refused}");
    bench.write("terraform.tfstate", &stored("shop", ""));
    let applied = bench.terraform(&["apply", "-auto-approve"]).succeeded().output();
    assert!(applied.contains("0 added, 0 changed, 0 destroyed"), "{applied}");
    bench.expect_empty_plan();
    assert_eq!(bench.emulator.mutations(), []);
}

const REPLICAS: &str = r#"
resource "lakebase_endpoint" "reader" {
  for_each      = toset(["ro0", "ro1"])
  branch        = lakebase_branch.dev.name
  endpoint_id   = each.key
  endpoint_type = "ENDPOINT_TYPE_READ_ONLY"
}
"#;

#[test]
fn keyed_instances_of_one_resource_move() {
    let bench = Workbench::new("keyed_instances_of_one_resource_move");
    bench.configure(&(SHOP.to_owned() + REPLICAS));
    bench.apply();
    let mut state: Json = serde_json::from_str(&bench.read("terraform.tfstate")).expect("a state");
    let resources = state["resources"].as_array_mut().expect("resources");
    resources.retain(|resource| resource["name"] != "reader");
    let instances = ["ro0", "ro1"].into_iter().enumerate().map(|(index, id)| {
        let name = format!("{BRANCH}/endpoints/{id}");
        let mut stored = bench.emulator.get(&name).expect("it was just created");
        stored["endpoint_id"] = json!(id);
        json!({"schema_version": 0, "index_key": index, "attributes": stored})
    });
    let mut moving = official("endpoint", "reader", json!({}));
    moving["instances"] = instances.collect();
    resources.push(moving);
    bench.write("terraform.tfstate", &state.to_string());
    bench.forget_requests();

    install_databricks(&bench);
    let blocks = [0, 1].map(|index| {
        format!(
            "\nmoved {{\n  from = databricks_postgres_endpoint.reader[{index}]\n  to   = \
             lakebase_endpoint.reader[\"ro{index}\"]\n}}\n"
        )
    });
    let (providers, _) = MOVED.split_once("moved {").expect("it has blocks");
    bench.write("main.tf", &([providers, SHOP, REPLICAS].concat() + &blocks.concat()));
    let applied = bench.terraform(&["apply", "-auto-approve"]).succeeded().output();
    assert!(applied.contains("0 added, 0 changed, 0 destroyed"), "{applied}");
    assert_eq!(bench.emulator.mutations(), []);
}

#[test]
fn move_from_another_workspace_is_refused() {
    let bench = Workbench::new("move_from_another_workspace_is_refused");
    bench.configure(SHOP);
    bench.apply();
    let mut state = official_state(&bench);
    for resource in state["resources"].as_array_mut().expect("resources") {
        resource["instances"][0]["attributes"]["provider_config"] =
            json!({"workspace_id": "1234567890"});
    }
    bench.write("terraform.tfstate", &state.to_string());
    bench.forget_requests();
    install_databricks(&bench);
    bench.write("main.tf", &(MOVED.to_owned() + SHOP));
    let refused = bench.plan_fails().output();
    assert!(refused.contains("belongs to another workspace"), "{refused}");
    assert!(refused.contains("workspace 1234567890"), "{refused}");
}

#[test]
fn move_warns_about_dropped_settings() {
    let options = Options { frozen_clock: true, ..Options::default() };
    let bench = Workbench::with_options("a_move_warns_about_a_setting", options);
    bench.configure(SHOP);
    bench.apply();
    let mut state = official_state(&bench);
    let project = &mut state["resources"][0]["instances"][0]["attributes"];
    project["spec"]["default_branch"] = json!("projects/shop/branches/production");
    bench.write("terraform.tfstate", &state.to_string());
    install_databricks(&bench);
    bench.write("main.tf", &(MOVED.to_owned() + SHOP));
    let plan = bench.terraform(&["plan"]).succeeded().output();
    let warning = "Move to `lakebase_project` drops `spec.default_branch`";
    assert!(plan.contains(warning), "{plan}");
    for line in [
        "resource \"lakebase_default_branch\" \"example\" {",
        "project = \"projects/shop\"",
        "branch = \"projects/shop/branches/production\"",
    ] {
        assert!(plan.contains(line), "{line}: {plan}");
    }
}

#[test]
fn the_guide_rewrites_a_resource_so_that_it_only_moves() {
    let bench = Workbench::new("the_guide_rewrites_a_resource_so_that_it_only_moves");
    bench.configure(ADOPTED);
    bench.apply();
    let name = "projects/shop/branches/production/endpoints/primary";
    let settings = json!({
        "autoscaling_limit_min_cu": 1, "autoscaling_limit_max_cu": 4,
        "suspend_timeout_duration": "300s",
    });
    bench.emulator.change(name, settings.clone());
    bench.forget_requests();

    let mut stored = bench.emulator.get(name).expect("it comes with the branch");
    stored["endpoint_id"] = json!("primary");
    stored["spec"] = settings;
    let mut state: Json = serde_json::from_str(&bench.read("terraform.tfstate")).expect("a state");
    state["resources"]
        .as_array_mut()
        .expect("resources")
        .push(official("endpoint", "primary", stored));
    bench.write("terraform.tfstate", &state.to_string());

    install_databricks(&bench);
    let guide = include_str!("../../docs/guides/migrating-from-databricks.md");
    let blocks = guide.split("```").filter_map(|it| it.strip_prefix("hcl\n"));
    let after = blocks.into_iter().find(|it| it.starts_with("# after")).expect("the guide has one");
    let (providers, _) = MOVED.split_once("moved {").expect("it has blocks");
    bench.write("main.tf", &[providers, ADOPTED, after].concat());
    let applied = bench.terraform(&["apply", "-auto-approve"]).succeeded().output();
    let moved = "databricks_postgres_endpoint.primary has moved to lakebase_endpoint.primary";
    for said in [moved, "0 added, 0 changed, 0 destroyed"] {
        assert!(applied.contains(said), "{applied}");
    }
    bench.expect_empty_plan();
    let state = bench.read("terraform.tfstate");
    assert!(!state.contains("databricks_postgres_endpoint"), "{state}");
    assert_eq!(bench.emulator.mutations(), []);
}

/// A state in the form of the official provider's schema, for no stored one was at hand: what was
/// configured in `spec`, what the service reports in `status`.
fn official_state(bench: &Workbench) -> Json {
    let stored = |name: &str, own: Json| {
        let mut stored = bench.emulator.get(name).expect("it was just made");
        let own = own.as_object().expect("the attributes are an object").clone();
        stored.as_object_mut().expect("so is the answer").extend(own);
        stored
    };
    let project = stored(
        PROJECT,
        json!({
            "project_id": "shop", "purge_on_delete": null,
            "initial_branch_spec": null, "initial_endpoint_spec": null, "provider_config": null,
            "spec": {
                "display_name": "The shop", "pg_version": 17,
                "history_retention_duration": "604800s", "budget_policy_id": null,
                "custom_tags": [{"key": "team", "value": "shop"}], "default_branch": null,
                "enable_pg_native_login": null,
                "default_endpoint_settings": {
                    "autoscaling_limit_min_cu": 0.5, "autoscaling_limit_max_cu": 4,
                    "suspend_timeout_duration": "300s", "no_suspension": null, "pg_settings": null,
                },
            },
        }),
    );
    let branch = stored(
        BRANCH,
        json!({
            "branch_id": "dev", "parent": PROJECT, "purge_on_delete": null,
            "replace_existing": null, "provider_config": null,
            "spec": {
                "ttl": "604800s", "expire_time": null, "no_expiry": null, "is_protected": null,
                "source_branch": null, "source_branch_lsn": null, "source_branch_time": null,
            },
        }),
    );
    let endpoint = stored(
        ENDPOINT,
        json!({
            "endpoint_id": "reports", "parent": BRANCH, "replace_existing": null,
            "provider_config": null,
            "spec": {
                "endpoint_type": "ENDPOINT_TYPE_READ_ONLY", "autoscaling_limit_min_cu": 1,
                "autoscaling_limit_max_cu": 2, "no_suspension": true, "disabled": null,
                "suspend_timeout_duration": null, "group": null, "settings": null,
            },
        }),
    );
    json!({
        "version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "official",
        "outputs": {},
        "resources": [
            official("project", "shop", project),
            official("branch", "dev", branch),
            official("endpoint", "reports", endpoint),
        ],
    })
}

/// A resource of the official provider, as a state holds it.
fn official(kind: &str, name: &str, attributes: Json) -> Json {
    json!({
        "mode": "managed", "type": format!("databricks_postgres_{kind}"), "name": name,
        "provider": "provider[\"registry.terraform.io/databricks/databricks\"]",
        "instances": [{"schema_version": 0, "attributes": attributes}],
    })
}

/// Lets the official provider have managed all resources of a type that a configuration has, and
/// takes them over: nothing happens but the move. `created` are the requests that created them.
#[track_caller]
pub(crate) fn take_over(bench: &Workbench, hcl: &str, type_name: &str, created: &[Recorded]) {
    let kind = type_name.trim_start_matches("lakebase_");
    let mut state: Json = serde_json::from_str(&bench.read("terraform.tfstate")).expect("a state");
    let mut blocks = String::new();
    for resource in state["resources"].as_array_mut().expect("resources") {
        if resource["type"] != type_name || resource["mode"] != "managed" {
            continue;
        }
        let label = resource["name"].as_str().expect("a resource has a name").to_owned();
        let name = resource["instances"][0]["attributes"]["name"].as_str().expect("a name");
        let id = name.rsplit('/').next();
        let create = created.iter().find(|request| {
            request.method != "DELETE"
                && (request.path.ends_with(name)
                    || request.query.iter().any(|(_, value)| Some(&**value) == id))
        });
        let mut stored = bench.emulator.get(name).expect("it was created");
        let sent = create.expect("a request created it").body.clone();
        stored
            .as_object_mut()
            .expect("an object")
            .extend(sent.as_object().cloned().unwrap_or_default());
        *resource = official(kind, &label, stored);
        let _ = write!(
            blocks,
            "\nmoved {{\n  from = databricks_postgres_{kind}.{label}\n  to   = {type_name}.{label}\n}}\n"
        );
    }
    bench.write("terraform.tfstate", &state.to_string());
    bench.forget_requests();
    install_databricks(bench);
    let (providers, _) = MOVED.split_once("moved {").expect("it has blocks");
    bench.write("main.tf", &[providers, hcl, &blocks].concat());
    let applied = bench.terraform(&["apply", "-auto-approve"]).succeeded().output();
    assert!(applied.contains("0 added, 0 changed, 0 destroyed"), "{applied}");
    bench.expect_empty_plan();
    assert_eq!(bench.emulator.mutations(), []);
}

/// Tells Terraform where to find the stand-in besides our provider.
fn install_databricks(bench: &Workbench) {
    let built = Path::new(env!("CARGO_BIN_EXE_terraform-provider-lakebase"));
    let built: PathBuf = built.parent().expect("a program is in a folder").into();
    let stand_in = built.join("examples/terraform-provider-databricks");
    assert!(
        stand_in.exists(),
        "{} is missing. `cargo test` builds it, unless it is told which targets to build: then \
         `cargo build --examples` does.",
        stand_in.display()
    );
    let rules = bench.read("terraform.rc").replacen(
        "dev_overrides {\n",
        &format!(
            "dev_overrides {{\n    \"databricks/databricks\" = \"{}\"\n",
            built.join("examples").display()
        ),
        1,
    );
    bench.write("terraform.rc", &rules);
}
