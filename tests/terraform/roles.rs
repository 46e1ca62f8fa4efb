//! Roles of PostgreSQL: what a plan refuses, what an apply sends, and what a branch brings along.

use expect_test::{Expect, expect};
use lakebase_emulator::{Fault, FaultKind, Options};
use serde_json::json;

use crate::fixtures::project;
use crate::workbench::Workbench;

const ON_PRODUCTION: &str = "projects/shop/branches/production/roles";

/// A role of the branch that the project comes with.
fn role(settings: &str) -> String {
    format!(
        r#"
resource "lakebase_role" "app" {{
  branch = "${{lakebase_project.shop.name}}/branches/production"
  {settings}
}}
"#
    )
}

fn bench(name: &str) -> Workbench {
    Workbench::with_options(name, Options { frozen_clock: true, ..Options::default() })
}

/// A plan of these settings ends in this error.
#[track_caller]
fn says(bench: &Workbench, settings: &str, expected: Expect) {
    bench.configure(&(project("") + &role(settings)));
    expected.assert_eq(&bench.plan_fails().without_places_from("Error:"));
}

/// The recorded requests of the API reference, 9.6.
#[test]
fn role_sends_the_recorded_requests() {
    let bench = bench("role_sends_the_recorded_requests");
    let settings = |createdb: bool| {
        format!(
            "role_id = \"test-role\"\npostgres_role = \"app_role\"\nattributes = {{ createdb = {createdb} }}"
        )
    };
    bench.configure(&project(""));
    bench.apply();
    bench.forget_requests();
    bench.configure(&(project("") + &role(&settings(true))));
    bench.apply();
    bench.configure(&(project("") + &role(&settings(false))));
    bench.apply();
    bench.configure(&(project("") + &role(&settings(true))));
    bench.apply();
    bench.expect_mutations(expect![[r#"
        POST /api/2.0/postgres/projects/shop/branches/production/roles?role_id=test-role
          {"spec":{"attributes":{"createdb":true},"postgres_role":"app_role"}}
        PATCH /api/2.0/postgres/projects/shop/branches/production/roles/test-role?update_mask=spec.attributes.createdb
          {"spec":{"attributes":{"createdb":false},"postgres_role":"app_role"}}
        PATCH /api/2.0/postgres/projects/shop/branches/production/roles/test-role?update_mask=spec.attributes.createdb
          {"spec":{"attributes":{"createdb":true},"postgres_role":"app_role"}}
    "#]]);
}

#[test]
fn role_id_that_lakebase_refuses_is_refused_at_plan() {
    let bench = bench("role_id_that_lakebase_refuses_is_refused_at_plan");
    says(
        &bench,
        "role_id = \"17a31436-08aa-456e-8ec3-d22f5c0de123\"\npostgres_role = \"app\"",
        expect![[r#"
            Error: Invalid `role_id`

              with lakebase_role.app,

            `17a31436-08aa-456e-8ec3-d22f5c0de123` is not a valid ID. The ID of a new
            object must match the pattern `^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`. Put a name
            in another format, such as an application ID or an e-mail address, into
            `postgres_role`."#]],
    );
    says(
        &bench,
        "role_id = \"app\"\npostgres_role = \"app\"\nauth_method = \"NO_LOGIN\"",
        expect![[r#"
            Error: Invalid `auth_method`

              with lakebase_role.app,

            The API rejects it: `Creating roles with auth_method NO_LOGIN is not
            currently supported`. Omit `auth_method`, or create the role in SQL and
            import it."#]],
    );
    says(
        &bench,
        "role_id = \"app\"\npostgres_role = \"app\"\nreassign_owned_to = \"projects/shop/branches/dev/roles/heir\"",
        expect![[r#"
            Error: Invalid `reassign_owned_to`

              with lakebase_role.app,

            `projects/shop/branches/dev/roles/heir` is not in
            `projects/shop/branches/production` (`branch`). Both must be in the same
            branch."#]],
    );
    says(
        &bench,
        "role_id = \"app\"\npostgres_role = \"app\"\nmembership_roles = [\"SUPERUSER\"]",
        expect![[r#"
            Error: Invalid `membership_roles[0]`

              with lakebase_role.app,

            `SUPERUSER` is not a valid value. Valid values: `DATABRICKS_SUPERUSER`."#]],
    );
    says(
        &bench,
        "role_id = \"app\"\npostgres_role = \"\"",
        expect![[r#"
            Error: Invalid `postgres_role`

              with lakebase_role.app,

            The value must not be empty."#]],
    );
}

/// The create of a role whose name in PostgreSQL is taken finds out under which ID.
#[test]
fn name_that_is_taken_under_another_id_names_that_id() {
    let bench = bench("name_that_is_taken_under_another_id");
    bench.configure(&project(""));
    bench.apply();
    bench
        .emulator
        .create(&format!("{ON_PRODUCTION}/first"), json!({"spec": {"postgres_role": "app"}}));
    bench.configure(&(project("") + &role("role_id = \"second\"\npostgres_role = \"app\"")));
    let refused = bench.apply_fails().output();
    let taken = format!("The name of role `{ON_PRODUCTION}/first` is already in use");
    assert!(refused.contains(&taken), "{refused}");
    assert!(refused.contains(&format!("id = \"{ON_PRODUCTION}/first\"")), "{refused}");
}

#[test]
fn name_that_postgres_reserves_is_refused() {
    let bench = bench("name_that_postgres_reserves_is_refused");
    says(
        &bench,
        "postgres_role = \"pg_app\"",
        expect![[r#"
        Error: Invalid `postgres_role`

          with lakebase_role.app,

        PostgreSQL reserves the name `pg_app`."#]],
    );
}

#[test]
fn role_without_an_id_gets_a_generated_one() {
    let bench = bench("role_without_an_id_gets_a_generated_one");
    bench.configure(&(project("") + &role("postgres_role = \"app\"")));
    let plan = bench.plan().output();
    assert!(plan.contains("+ name             = (known after apply)"), "{plan}");
    bench.apply();
    let name = only_role(&bench);
    assert!(name.starts_with(&format!("{ON_PRODUCTION}/role-")), "{name}");
    let id = &name[ON_PRODUCTION.len() + 1..];
    // The ID is the prior one, configured or not.
    bench
        .configure(&(project("") + &role(&format!("role_id = \"{id}\"\npostgres_role = \"app\""))));
    bench.expect_empty_plan();
    bench.configure(
        &(project("") + &role("postgres_role = \"app\"\nattributes = { createdb = true }")),
    );
    bench.forget_requests();
    bench.apply();
    assert_eq!(bench.masks(), ["spec.attributes.createdb"]);
}

/// The name of the only role in the state.
fn only_role(bench: &Workbench) -> String {
    let state = bench.state();
    let resources = state["values"]["root_module"]["resources"].as_array().expect("resources");
    let role = resources.iter().find(|it| it["type"] == "lakebase_role").expect("a role");
    role["values"]["name"].as_str().expect("a name").to_owned()
}

#[test]
fn lost_answer_of_a_create_with_a_generated_id_creates_one_role() {
    let bench = bench("lost_answer_of_a_create_with_a_generated_id");
    bench.configure(&project(""));
    bench.apply();
    bench.emulator.fault(Fault::on("POST", "*/roles", FaultKind::CutConnection).after());
    bench.configure(&(project("") + &role("postgres_role = \"app\"")));
    bench.forget_requests();
    bench.apply();
    let posts = bench.emulator.mutations().into_iter().filter(|it| it.method == "POST");
    assert_eq!(posts.count(), 1);
    // One that exists is told by its name.
    bench.terraform(&["state", "rm", "lakebase_role.app"]).succeeded();
    let refused = bench.plan_fails().output();
    assert!(refused.contains(&format!("Role `{ON_PRODUCTION}/role-")), "{refused}");
    bench.configure(&(project("") + &role("postgres_role = \"app\"\nreplace_existing = true")));
    bench.forget_requests();
    bench.apply();
    bench.expect_mutations(expect![""]);
}

/// A role that was created in the workspace's pages: its ID is one that a create refuses.
#[test]
fn role_with_an_id_of_any_form_is_imported() {
    let bench = bench("role_with_an_id_of_any_form_is_imported");
    bench.configure(&project(""));
    bench.apply();
    let id = "17a31436-08aa-456e-8ec3-d22f5c0de123";
    let name = format!("{ON_PRODUCTION}/{id}");
    let spec = json!({"postgres_role": id, "identity_type": "SERVICE_PRINCIPAL"});
    bench.emulator.create(&name, json!({ "spec": spec }));
    let settings = |more: &str| {
        let all = format!(
            "role_id = \"{id}\"\npostgres_role = \"{id}\"\nidentity_type = \"SERVICE_PRINCIPAL\"\n{more}"
        );
        project("") + &role(&all)
    };
    // As a create it would be refused, but not as an adoption or an import.
    bench.configure(&settings(""));
    assert!(bench.plan_fails().output().contains("Invalid `role_id`"));
    let import = format!("\nimport {{\n  to = lakebase_role.app\n  id = \"{name}\"\n}}\n");
    bench.configure(&(settings("") + &import));
    bench.forget_requests();
    let applied = bench.apply().output();
    assert!(applied.contains("1 imported, 0 added, 0 changed"), "{applied}");
    bench.expect_mutations(expect![""]);
    bench.terraform(&["state", "rm", "lakebase_role.app"]).succeeded();
    bench.configure(&settings("replace_existing = true\nattributes = { createdb = true }"));
    bench.apply();
    assert_eq!(bench.masks(), ["spec.attributes.createdb"]);
}

#[test]
fn memberships_are_cleared_by_an_empty_list_and_by_nothing_else() {
    let bench = bench("memberships_are_cleared_by_an_empty_list");
    let app = |settings: &str| {
        project("") + &role(&format!("role_id = \"app\"\npostgres_role = \"app\"\n{settings}"))
    };
    bench.configure(&app("membership_roles = [\"DATABRICKS_SUPERUSER\"]"));
    bench.apply();
    bench.forget_requests();
    bench.configure(&app(""));
    bench.expect_empty_plan();
    bench.configure(&app("attributes = { createrole = true }"));
    bench.apply();
    bench.configure(&app("attributes = { createrole = true }\nmembership_roles = []"));
    bench.apply();
    bench.expect_mutations(expect![[r#"
        PATCH /api/2.0/postgres/projects/shop/branches/production/roles/app?update_mask=spec.attributes.createrole
          {"spec":{"attributes":{"createrole":true},"membership_roles":["DATABRICKS_SUPERUSER"],"postgres_role":"app"}}
        PATCH /api/2.0/postgres/projects/shop/branches/production/roles/app?update_mask=spec.membership_roles
          {"spec":{"membership_roles":[],"postgres_role":"app"}}
    "#]]);
}

#[test]
fn adopted_role_keeps_the_memberships_that_the_configuration_leaves_open() {
    let bench = bench("adopted_role_keeps_the_memberships");
    let owner = "role_id = \"jane-doe\"\npostgres_role = \"jane.doe@example.com\"\nreplace_existing = true\nattributes = { createdb = false }";
    bench.configure(&project(""));
    bench.apply();
    bench.forget_requests();
    bench.configure(&(project("") + &role(owner)));
    bench.apply();
    bench.expect_mutations(expect![[r#"
        PATCH /api/2.0/postgres/projects/shop/branches/production/roles/jane-doe?update_mask=spec.attributes.createdb
          {"spec":{"attributes":{"createdb":false},"membership_roles":["DATABRICKS_SUPERUSER"],"postgres_role":"jane.doe@example.com"}}
    "#]]);
    let owner = bench.emulator.get(&format!("{ON_PRODUCTION}/jane-doe")).expect("the owner's role");
    assert_eq!(owner["status"]["membership_roles"], json!(["DATABRICKS_SUPERUSER"]));
}

#[test]
fn inherited_role_of_a_new_branch_is_adopted() {
    let bench = bench("inherited_role_of_a_new_branch_is_adopted");
    let hcl = |settings: &str| {
        project("")
            + &role("role_id = \"app\"\npostgres_role = \"app\"")
            + &format!(
                r#"
resource "lakebase_branch" "dev" {{
  project    = lakebase_project.shop.name
  branch_id  = "dev"
  depends_on = [lakebase_role.app]
}}

resource "lakebase_role" "dev" {{
  branch        = lakebase_branch.dev.name
  role_id       = "app"
  postgres_role = "app"
  attributes    = {{ createdb = true }}
  {settings}
}}
"#
            )
    };
    bench.configure(&hcl(""));
    let refused = bench.apply_fails().output();
    assert!(refused.contains("replace_existing = true"), "{refused}");
    bench.configure(&hcl("replace_existing = true"));
    bench.forget_requests();
    bench.apply();
    bench.expect_mutations(expect![[r#"
        PATCH /api/2.0/postgres/projects/shop/branches/dev/roles/app?update_mask=spec.attributes.createdb
          {"spec":{"attributes":{"createdb":true},"postgres_role":"app"}}
    "#]]);
}
