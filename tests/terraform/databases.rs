//! Databases: their owner is of the same branch, and nothing restores one that is deleted.

use expect_test::{Expect, expect};
use lakebase_emulator::{Fault, FaultKind, Options};

use crate::fixtures::project;
use crate::workbench::Workbench;

const BRANCH: &str = "projects/shop/branches/production";

/// A role and a database, with settings.
fn database(settings: &str) -> String {
    project("")
        + &format!(
            r#"
resource "lakebase_role" "owner" {{
  branch        = "${{lakebase_project.shop.name}}/branches/production"
  role_id       = "app-owner"
  postgres_role = "app_owner"
}}

resource "lakebase_database" "app" {{
  branch = "${{lakebase_project.shop.name}}/branches/production"
  {settings}
}}
"#
        )
}

/// Its ID, name and owner.
fn named(postgres_database: &str) -> String {
    format!(
        "database_id = \"my-database\"\n  postgres_database = \"{postgres_database}\"\n  \
         role = lakebase_role.owner.name"
    )
}

fn bench(name: &str) -> Workbench {
    let bench = Workbench::with_options(name, Options { frozen_clock: true, ..Options::default() });
    bench.configure(&project(""));
    bench.apply();
    bench.forget_requests();
    bench
}

/// A plan of these settings ends in this error.
#[track_caller]
fn says(bench: &Workbench, settings: &str, expected: Expect) {
    bench.configure(&database(settings));
    expected.assert_eq(&bench.plan_fails().without_places_from("Error:"));
}

/// The recorded requests of the API reference, 9.6.
#[test]
fn database_sends_the_recorded_requests() {
    let bench = bench("database_sends_the_recorded_requests");
    bench.configure(&database(&named("app_db")));
    bench.apply();
    bench.configure(&database(&named("renamed_db_name")));
    bench.apply();
    bench.expect_mutations(expect![[r#"
        POST /api/2.0/postgres/projects/shop/branches/production/roles?role_id=app-owner
          {"spec":{"postgres_role":"app_owner"}}
        POST /api/2.0/postgres/projects/shop/branches/production/databases?database_id=my-database
          {"spec":{"postgres_database":"app_db","role":"projects/shop/branches/production/roles/app-owner"}}
        PATCH /api/2.0/postgres/projects/shop/branches/production/databases/my-database?update_mask=spec.postgres_database
          {"spec":{"postgres_database":"renamed_db_name","role":"projects/shop/branches/production/roles/app-owner"}}
    "#]]);
}

#[test]
fn owner_changes_in_place() {
    let bench = bench("owner_changes_in_place");
    bench.configure(&database(&named("app_db")));
    bench.apply();
    bench.forget_requests();
    let heir = named("app_db").replace("lakebase_role.owner.name", "lakebase_role.heir.name");
    let role = r#"
resource "lakebase_role" "heir" {
  branch        = "projects/shop/branches/production"
  role_id       = "heir"
  postgres_role = "heir"
}
"#;
    bench.configure(&(database(&heir) + role));
    bench.apply();
    assert_eq!(bench.masks(), ["spec.role"]);
}

#[test]
fn database_that_lakebase_would_refuse_is_refused_at_plan() {
    let bench = bench("database_that_lakebase_would_refuse");
    says(
        &bench,
        "database_id = \"app_db\"\n  postgres_database = \"app\"\n  role = lakebase_role.owner.name",
        expect![[r#"
            Error: Invalid `database_id`

              with lakebase_database.app,

            `app_db` is not a valid ID. The ID of a new object must match the pattern
            `^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`. Put a name in another format, such as an
            application ID or an e-mail address, into `postgres_database`."#]],
    );
    says(
        &bench,
        "database_id = \"app\"\n  postgres_database = \"app\"\n  role = \"projects/shop/branches/dev/roles/app-owner\"",
        expect![[r#"
            Error: Invalid `role`

              with lakebase_database.app,

            `projects/shop/branches/dev/roles/app-owner` is not in
            `projects/shop/branches/production` (`branch`). Both must be in the same
            branch."#]],
    );
    says(
        &bench,
        "database_id = \"app\"\n  postgres_database = \"app\"\n  role = \"app-owner\"",
        expect![[r#"
            Error: Invalid `role`

              with lakebase_database.app,

            `app-owner` is not a valid resource name. Expected format:
            `projects/{project_id}/branches/{branch_id}/roles/{role_id}`. Use the `name`
            attribute of the resource or data source."#]],
    );
    says(
        &bench,
        "database_id = \"databricks-postgres\"\n  postgres_database = \"databricks_postgres\"\n  role = lakebase_role.owner.name",
        expect![[r#"
            Error: Database `projects/shop/branches/production/databases/databricks-postgres` already exists

              with lakebase_database.app,

            The object is not in the state, so the create would fail. To import it, add
            this block (replace `lakebase_database.example` with the resource address):

              import {
                to = lakebase_database.example
                id = "projects/shop/branches/production/databases/databricks-postgres"
              }

            To adopt it and update its settings to match the configuration instead, add:

              replace_existing = true"#]],
    );
}

#[test]
fn role_that_does_not_exist_is_an_error_on_its_attribute() {
    let bench = bench("role_that_does_not_exist");
    let settings = "database_id = \"app\"\n  postgres_database = \"app\"\n  role = \"projects/shop/branches/production/roles/nobody\"";
    bench.configure(&database(settings));
    let failed = bench.apply_fails().from("Error:");
    expect![[r#"
        Error: Could not create database `projects/shop/branches/production/databases/app`

          with lakebase_database.app,
          on main.tf line 25, in resource "lakebase_database" "app":
          25:   role = "projects/shop/branches/production/roles/nobody"

        NOT_FOUND: role not found; role_id:"nobody" [TraceId:
        [TRACE]].

        Check that the objects named by `branch`, `role` exist, and that
        [HOST] is their workspace.

        Request: POST
        [HOST]/api/2.0/postgres/projects/shop/branches/production/databases?database_id=app
        Status: HTTP 404 after 1 attempt ([SECONDS])
        Request ID: [UUID]

        Help:
        https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#requests-that-fail"#]]
    .assert_eq(&bench.masked(&failed));
}

#[test]
fn default_database_is_adopted() {
    let bench = bench("default_database_is_adopted");
    let settings = "database_id = \"databricks-postgres\"\n  postgres_database = \"databricks_postgres\"\n  role = lakebase_role.owner.name\n  replace_existing = true";
    bench.configure(&database(settings));
    bench.apply();
    let sent = bench.emulator.mutations();
    let patched = sent.iter().find(|it| it.method == "PATCH").expect("the adoption");
    assert!(patched.path.ends_with("/databases/databricks-postgres"), "{patched:?}");
    assert_eq!(bench.masks(), ["spec.role"]);
}

#[test]
fn database_is_deleted_only_without_its_protection() {
    let bench = bench("database_is_deleted_only_without_its_protection");
    bench.configure(&database(&named("app_db")));
    bench.apply();
    bench.forget_requests();
    // Removed, renamed by its ID, or replaced on demand.
    let only_role = database("").split("resource \"lakebase_database\"").next().map(str::to_owned);
    bench.configure(&only_role.expect("a role"));
    expect![[r#"
        Error: Cannot destroy database `projects/shop/branches/production/databases/my-database`: deletion protection is enabled

        This would delete its data and everything that it contains.

        The value in the state decides. To proceed, set `deletion_protection =
        false`, apply that change separately, and then plan again. If the block was
        removed, restore it for that apply.

        Help:
        https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#protected-objects"#]].assert_eq(&bench.plan_fails().without_places_from("Error:"));
    bench.configure(&database(&named("app_db").replace("my-database", "other")));
    let refused = bench.plan_fails().output();
    assert!(refused.contains("Cannot replace database"), "{refused}");
    bench.configure(&database(&named("app_db")));
    let replace = ["plan", "-replace=lakebase_database.app"];
    let refused = bench.terraform(&replace).failed().output();
    assert!(refused.contains("Cannot replace database"), "{refused}");
    assert_eq!(bench.emulator.mutations(), []);

    let unprotected = format!("{}\n  deletion_protection = false", named("app_db"));
    bench.configure(&database(&unprotected));
    bench.apply();
    bench.expect_mutations(expect![""]);
    // Of a replacement on demand, Terraform shows errors only.
    bench.configure(&database(&unprotected.replace("my-database", "other")));
    let plan = bench.plan().output();
    let warning = format!("Database `{BRANCH}/databases/my-database` will be permanently deleted");
    assert!(plan.contains(&warning), "{plan}");
    let words = plan.split_whitespace().filter(|it| *it != "│").collect::<Vec<_>>().join(" ");
    assert!(words.contains("Lakebase cannot restore a deleted database"), "{plan}");
    bench.apply();
    bench.configure(&database(&unprotected));
    bench.apply();
    bench.terraform(&["apply", "-auto-approve", "-replace=lakebase_database.app"]).succeeded();
    bench.expect_empty_plan();
    bench.destroy();
}

#[test]
fn role_that_owns_a_database_is_deleted_with_reassign_owned_to() {
    let bench = bench("role_that_owns_a_database_is_deleted_with_reassign_owned_to");
    let role = |settings: &str| {
        format!(
            r#"
resource "lakebase_role" "leaver" {{
  branch        = "projects/shop/branches/production"
  role_id       = "leaver"
  postgres_role = "leaver"
  {settings}
}}
"#
        )
    };
    let owned = |owner: &str| database(&named("app_db").replace("lakebase_role.owner.name", owner));
    bench.configure(&(owned("lakebase_role.leaver.name") + &role("")));
    bench.apply();
    bench.configure(
        &(owned("lakebase_role.leaver.name")
            + &role("reassign_owned_to = lakebase_role.owner.name")),
    );
    bench.forget_requests();
    bench.apply();
    bench.expect_mutations(expect![""]);
    bench.configure(&owned("\"projects/shop/branches/production/roles/app-owner\""));
    bench.terraform(&["apply", "-auto-approve"]).succeeded();
    bench.expect_mutations_in_any_order(expect![[r#"
        PATCH /api/2.0/postgres/projects/shop/branches/production/databases/my-database?update_mask=spec.role
          {"spec":{"postgres_database":"app_db","role":"projects/shop/branches/production/roles/app-owner"}}
        DELETE /api/2.0/postgres/projects/shop/branches/production/roles/leaver?reassign_owned_to=projects/shop/branches/production/roles/app-owner
    "#]]);
    bench.expect_empty_plan();
}

#[test]
fn tainted_database_is_kept_while_it_is_protected() {
    let bench = bench("tainted_database_is_kept_while_it_is_protected");
    let kind = FaultKind::FailOperation {
        error_code: "INTERNAL_ERROR".to_owned(),
        message: "Something went wrong.".to_owned(),
    };
    bench.emulator.fault(Fault::on("POST", "*/databases", kind).after());
    bench.configure(&database(&named("app_db")));
    let failed = bench.apply_fails().output();
    assert!(failed.contains("my-database` is tainted"), "{failed}");
    bench.forget_requests();
    let refused = bench.apply_fails().output();
    let words = refused.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains("but `deletion_protection` is `true`. No request was sent."),
        "{refused}"
    );
    assert_eq!(bench.emulator.mutations(), []);
    bench.terraform(&["untaint", "lakebase_database.app"]).succeeded();
    bench.expect_empty_plan();
}
