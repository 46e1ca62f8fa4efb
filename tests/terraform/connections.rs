//! Connections by reference: databases and roles by their resource names.

use expect_test::expect;
use lakebase_emulator::Options;

use crate::fixtures::project;
use crate::workbench::Workbench;

const ORDERS: &str = r#"
resource "lakebase_role" "app" {
  branch        = "${lakebase_project.shop.name}/branches/production"
  role_id       = "app"
  postgres_role = "App Role"
}

resource "lakebase_database" "orders" {
  branch              = "${lakebase_project.shop.name}/branches/production"
  database_id         = "orders"
  postgres_database   = "orders_db"
  role                = lakebase_role.app.name
  deletion_protection = false
}
"#;

fn connection(kind: &str, settings: &str) -> String {
    project("")
        + ORDERS
        + &format!(
            r#"
{kind} "lakebase_connection" "app" {{
  endpoint = "${{lakebase_project.shop.name}}/branches/production/endpoints/primary"
  {settings}
}}
"#
        )
}

const BY_REFERENCE: &str =
    "database = lakebase_database.orders.name\n  user = lakebase_role.app.name";

#[test]
fn resource_names_are_translated_into_postgres_names() {
    let options = Options { frozen_clock: true, ..Options::default() };
    let bench = Workbench::with_options("resource_names_are_translated", options);
    let output = r#"
output "connection" {
  value = data.lakebase_connection.app
}
"#;
    let after = format!("{BY_REFERENCE}\n  depends_on = [lakebase_database.orders]");
    bench.configure(&(connection("data", &after) + output));
    bench.apply();
    let connection = bench.output("connection");
    assert_eq!(connection["postgres_database"], "orders_db");
    assert_eq!(connection["postgres_role"], "App Role");
    assert_eq!(connection["env"]["PGDATABASE"], "orders_db");
    assert_eq!(connection["env"]["PGUSER"], "App Role");
    let uri = connection["uri"].as_str().expect("a URI");
    assert!(uri.starts_with("postgresql://App%20Role@"), "{uri}");
    assert!(uri.ends_with(":5432/orders_db?sslmode=require"), "{uri}");
    assert_eq!(connection["database"], "projects/shop/branches/production/databases/orders");
}

/// The plan that creates the role and the database opens the connection, too.
#[test]
fn ephemeral_connection_of_a_new_role_is_unknown_in_the_plan() {
    let bench = Workbench::new("ephemeral_connection_of_a_new_role");
    bench.configure(&connection("ephemeral", BY_REFERENCE));
    bench.apply();
}

#[test]
fn database_of_another_branch_is_refused() {
    let bench = Workbench::new("database_of_another_branch_is_refused");
    bench.configure(&project(""));
    bench.apply();
    for (settings, expected) in [
        (
            "database = \"projects/shop/branches/dev/databases/orders\"",
            expect![[r#"
                Error: Invalid `database`

                  with data.lakebase_connection.app,

                `projects/shop/branches/dev/databases/orders` is not in the branch of the
                endpoint, `projects/shop/branches/production`."#]],
        ),
        (
            "user = \"projects/shop/roles/app\"",
            expect![[r#"
                Error: Invalid `user`

                  with data.lakebase_connection.app,

                `projects/shop/roles/app` is not a valid resource name. Expected format:
                `projects/{project_id}/branches/{branch_id}/roles/{role_id}`, or a PostgreSQL
                name."#]],
        ),
    ] {
        let hcl =
            connection("data", settings).replace("${lakebase_project.shop.name}", "projects/shop");
        bench.configure(&hcl);
        expected.assert_eq(&bench.plan_fails().without_places_from("Error:"));
    }
}

#[test]
fn role_without_password_is_reported() {
    let bench = Workbench::new("role_without_password_is_reported");
    bench.configure(&project(""));
    bench.apply();
    let owner = r#"
ephemeral "lakebase_role_password" "owner" {
  role = "projects/shop/branches/production/roles/jane-doe"
}
"#;
    bench.configure(&(project("") + owner));
    expect![[r#"
        Error: Role `projects/shop/branches/production/roles/jane-doe` has no password

          with ephemeral.lakebase_role_password.owner,

        The role `projects/shop/branches/production/roles/jane-doe` has the
        authentication method `LAKEBASE_OAUTH_V1`. Use the ephemeral resource
        `lakebase_credential` for a token, or a role with `auth_method =
        "PG_PASSWORD_SCRAM_SHA_256"`."#]]
    .assert_eq(&bench.plan_fails().without_places_from("Error:"));
}

/// A role that logs in with a password, and a program that is handed it.
fn role_with_a_password(native_login: bool) -> String {
    project(&format!("enable_pg_native_login = {native_login}"))
        + r#"
resource "lakebase_role" "app" {
  branch        = "${lakebase_project.shop.name}/branches/production"
  role_id       = "app"
  postgres_role = "app"
}

ephemeral "lakebase_role_password" "app" {
  role = lakebase_role.app.name
}

resource "terraform_data" "login" {
  triggers_replace = lakebase_role.app.create_time

  provisioner "local-exec" {
    command = "echo \"$${#PGPASSWORD} characters\" > login.txt"

    environment = {
      PGPASSWORD = ephemeral.lakebase_role_password.app.password
    }
  }
}
"#
}

#[test]
fn password_of_a_role_reaches_a_program_and_no_state() {
    let bench = Workbench::new("password_of_a_role_reaches_a_program");
    bench.configure(&role_with_a_password(true));
    bench.apply();
    assert_eq!(bench.read("login.txt").trim(), "41 characters");
    let left = bench.everything_left_behind();
    let told: Vec<_> = left
        .iter()
        .filter(|(_, bytes)| String::from_utf8_lossy(bytes).contains("password-"))
        .map(|(path, _)| path)
        .collect();
    assert!(told.is_empty(), "{told:?}");
    let revealed = |path: &str| path.ends_with("/roles/app/password");
    assert!(bench.emulator.requests().iter().any(|it| revealed(&it.path)));
}

#[test]
fn password_without_native_login_names_the_setting() {
    let bench = Workbench::new("password_without_native_login_names_the_setting");
    bench.configure(&role_with_a_password(false));
    let failed = bench.apply_fails().output();
    assert!(failed.contains("Could not reveal password of the role"), "{failed}");
    let words = failed.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("their project has `enable_pg_native_login = true`"), "{failed}");
}
