//! What the service knows and Terraform does not: what is there already, or no longer, or elsewhere.

use std::time::Duration;

use expect_test::{Expect, expect};
use lakebase_emulator::{Emulator, Options};

use crate::fixtures::{branch, primary, project};
use crate::workbench::Workbench;

/// A plan of the configuration ends in these errors.
#[track_caller]
fn says(bench: &Workbench, hcl: &str, expected: Expect) {
    bench.configure(hcl);
    expected.assert_eq(&bench.masked(&bench.plan_fails().from("Error:")));
}

/// An apply of the configuration ends in these errors.
#[track_caller]
fn apply_says(bench: &Workbench, hcl: &str, expected: Expect) {
    bench.configure(hcl);
    expected.assert_eq(&bench.masked(&bench.apply_fails().from("Error:")));
}

#[test]
fn create_of_existing_object_suggests_import_block() {
    let bench = Workbench::new("what_exists_already_comes_with_the_import_block");
    bench.configure(&project(""));
    bench.apply();
    let declared = primary("").replace("replace_existing = true", "");
    apply_says(
        &bench,
        &(project("") + &declared),
        expect![[r#"
            Error: Endpoint `projects/shop/branches/production/endpoints/primary` already exists

              with lakebase_endpoint.primary,
              on main.tf line 15, in resource "lakebase_endpoint" "primary":
              15: resource "lakebase_endpoint" "primary" {

            The object is not in the state, so the create would fail. To import it, add
            this block (replace `lakebase_endpoint.example` with the resource address):

              import {
                to = lakebase_endpoint.example
                id = "projects/shop/branches/production/endpoints/primary"
              }

            To adopt it and update its settings to match the configuration instead, add:

              replace_existing = true"#]],
    );
    bench.remove("terraform.tfstate");
    bench.forget_requests();
    apply_says(
        &bench,
        &project(""),
        expect![[r#"
            Error: Project `projects/shop` already exists

              with lakebase_project.shop,
              on main.tf line 8, in resource "lakebase_project" "shop":
               8: resource "lakebase_project" "shop" {

            The object is not in the state, so the create would fail. To import it, add
            this block (replace `lakebase_project.example` with the resource address):

              import {
                to = lakebase_project.example
                id = "projects/shop"
              }"#]],
    );
    bench.expect_mutations(expect![""]);
}

#[test]
fn create_of_soft_deleted_project_suggests_undelete_or_purge() {
    let bench = Workbench::new("create_of_soft_deleted_project_suggests_undelete_or_purge");
    let kept = project("").replace("purge_on_delete     = true", "");
    bench.configure(&kept);
    bench.apply();
    bench.destroy();
    bench.forget_requests();
    apply_says(
        &bench,
        &kept,
        expect![[r#"
            Error: Project `projects/shop` is soft-deleted

              with lakebase_project.shop,
              on main.tf line 8, in resource "lakebase_project" "shop":
               8: resource "lakebase_project" "shop" {

            Its ID cannot be reused until [TIME]. Choose another ID,
            or restore the project and import it:

              databricks api post /api/2.0/postgres/projects/shop/undelete --json '{}'

            Or delete it permanently and apply again:

              databricks api delete '/api/2.0/postgres/projects/shop?purge=true'

            Terraform makes this plan before a destroy as well. To destroy other objects
            of this configuration, use the option `-refresh=false`.

            Help:
            https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#soft-deleted-objects"#]],
    );
    bench.expect_mutations(expect![""]);
}

#[test]
fn data_source_reports_missing_object() {
    let bench = Workbench::new("data_source_reports_missing_object");
    let endpoint = "projects/shop/branches/production/endpoints/reports";
    let connection =
        format!("data \"lakebase_connection\" \"this\" {{\n  endpoint = \"{endpoint}\"\n}}\n");
    says(
        &bench,
        &connection,
        expect![[r#"
            Error: Could not read endpoint `projects/shop/branches/production/endpoints/reports`

              with data.lakebase_connection.this,
              on main.tf line 7, in data "lakebase_connection" "this":
               7: data "lakebase_connection" "this" {

            NOT_FOUND: project id not found [TraceId: [TRACE]].

            Check the name, and that [HOST] is the workspace that
            contains the object.

            Request: GET
            [HOST]/api/2.0/postgres/projects/shop/branches/production/endpoints/reports
            Status: HTTP 404 after 1 attempt ([SECONDS])
            Request ID: [UUID]

            Help:
            https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#requests-that-fail"#]],
    );
    let one = format!("data \"lakebase_endpoint\" \"this\" {{\n  name = \"{endpoint}\"\n}}\n");
    says(
        &bench,
        &one,
        expect![[r#"
            Error: Could not read endpoint `projects/shop/branches/production/endpoints/reports`

              with data.lakebase_endpoint.this,
              on main.tf line 7, in data "lakebase_endpoint" "this":
               7: data "lakebase_endpoint" "this" {

            NOT_FOUND: project id not found [TraceId: [TRACE]].

            Check the name, and that [HOST] is the workspace that
            contains the object.

            Request: GET
            [HOST]/api/2.0/postgres/projects/shop/branches/production/endpoints/reports
            Status: HTTP 404 after 1 attempt ([SECONDS])
            Request ID: [UUID]

            Help:
            https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#requests-that-fail"#]],
    );

    bench.configure(&project(""));
    bench.apply();
    let replica = connection.replace("reports\"", "primary\"\n  read_only = true");
    says(
        &bench,
        &(project("") + &replica),
        expect![[r#"
            Error: Endpoint has no such host

              with data.lakebase_connection.this,
              on main.tf line 16, in data "lakebase_connection" "this":
              16:   read_only = true

            Endpoint `projects/shop/branches/production/endpoints/primary` has no
            `read_only_host`. Use a read replica, or configure a `group` of two or more
            computes with `enable_readable_secondaries = true`."#]],
    );
}

#[test]
fn expired_branch_warns_and_is_planned_for_creation() {
    let options = Options { frozen_clock: true, ..Options::default() };
    let bench = Workbench::with_options("a_branch_that_has_expired_is_told", options);
    bench.configure(&(project("") + &branch("ttl = \"1d\"")));
    bench.apply();
    bench.emulator.advance(Duration::from_hours(48));
    let output = bench.plan();
    expect![[r#"
        Warning: Branch `projects/shop/branches/dev` has expired

          with lakebase_branch.dev,
          on main.tf line 15, in resource "lakebase_branch" "dev":
          15: resource "lakebase_branch" "dev" {

        Lakebase deleted the branch at 2026-01-02T00:00:00Z. Terraform plans to
        create it again because it is still in the configuration. To prevent this,
        remove the resource block."#]]
    .assert_eq(&output.from("Warning:"));
    assert!(output.output().contains("# lakebase_branch.dev will be created"), "{output}");
    bench.apply();
}

#[test]
fn wrong_workspace_is_an_error_and_keeps_state() {
    let mut bench = Workbench::new("wrong_workspace_is_an_error_and_keeps_state");
    bench.configure(&project(""));
    bench.apply();
    let guard = "provider \"lakebase\" {\n  expected_workspace_id = \"42\"\n}\n";
    says(
        &bench,
        &(guard.to_owned() + &project("")),
        expect![[r#"
            Error: Could not read project `projects/shop`

              with lakebase_project.shop,
              on main.tf line 11, in resource "lakebase_project" "shop":
              11: resource "lakebase_project" "shop" {

            Workspace 470576644108500 responded, but the expected workspace is 42.

            Check `host` or `profile` in the provider configuration. If the workspace has
            changed on purpose, update `expected_workspace_id`. Nothing was changed.

            Request: GET [HOST]/api/2.0/postgres/projects/shop
            Attempts: [COUNT] ([SECONDS])
            Request ID: [UUID]

            Help:
            https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#requests-that-fail"#]],
    );

    let options = Options { workspace_id: "42".to_owned(), ..Options::default() };
    let other = Emulator::start(options).expect("there is a free port");
    let home = bench.environment.insert("DATABRICKS_HOST".to_owned(), other.url());
    bench.configure(&project(""));
    let output = bench.plan_fails().from("Error:").replace(&other.url(), "[OTHER]");
    expect![[r#"
        Error: Project `projects/shop` belongs to another workspace

          with lakebase_project.shop,
          on main.tf line 8, in resource "lakebase_project" "shop":
           8: resource "lakebase_project" "shop" {

        The project is in workspace 470576644108500, but [OTHER] is
        workspace 42. The state remains unchanged. Check `host` or `profile` in the
        provider configuration, and `workspace_id` in an `import` block. To manage
        the project with that name in workspace 42 instead, remove this one from the
        state with `terraform state rm`, if it is there, and import the other one.

        Help:
        https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#the-wrong-workspace"#]]
    .assert_eq(&output);
    let destroyed = bench.terraform(&["destroy", "-auto-approve"]).failed();
    assert!(destroyed.output().contains("belongs to another workspace"), "{destroyed}");

    // Without a refresh, and in the apply of a saved plan, nothing was read before the change.
    let unread = ["destroy", "-auto-approve", "-refresh=false"];
    let destroyed = bench.terraform(&unread).failed();
    assert!(destroyed.output().contains("belongs to another workspace"), "{destroyed}");
    assert_eq!(other.mutations(), []);

    bench.environment.extend(home.map(|it| ("DATABRICKS_HOST".to_owned(), it)));
    bench.expect_empty_plan();
    bench.configure(&(guard.replace("42", "470576644108500") + &project("")));
    bench.expect_empty_plan();
}

/// An apply of nothing but a local setting asks nobody, and so learns of no workspace.
#[test]
fn local_only_update_preserves_private_state() {
    let mut bench = Workbench::new("a_local_change_forgets_neither_workspace_nor_trash");
    let protected = |on: bool| {
        let project = "resource \"lakebase_project\" \"shop\" {\n  project_id = \"shop\"\n";
        format!("{project}  deletion_protection = {on}\n}}\n")
    };
    bench.configure(&protected(true));
    bench.apply();
    bench.forget_requests();
    bench.configure(&protected(false));
    bench.terraform(&["apply", "-auto-approve"]).succeeded();
    assert_eq!(bench.emulator.mutations(), []);

    let options = Options { workspace_id: "42".to_owned(), ..Options::default() };
    let other = Emulator::start(options).expect("there is a free port");
    let home = bench.environment.insert("DATABRICKS_HOST".to_owned(), other.url());
    let output = bench.plan_fails().output();
    assert!(output.contains("belongs to another workspace"), "{output}");

    bench.environment.extend(home.map(|it| ("DATABRICKS_HOST".to_owned(), it)));
    bench.terraform(&["destroy", "-auto-approve", "-refresh=false"]).succeeded();
    bench.expect_mutations(expect![[r#"
        DELETE /api/2.0/postgres/projects/shop
    "#]]);
}
