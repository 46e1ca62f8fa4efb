//! What is protected is not destroyed, whichever way Terraform is asked to: nothing is sent.

use expect_test::{Expect, expect};

use crate::workbench::{Run, Workbench};

const PROTECTED: &str = r#"
resource "lakebase_project" "shop" {
  project_id = "shop"
  pg_version = 17
}

resource "lakebase_branch" "kept" {
  project             = lakebase_project.shop.name
  branch_id           = "kept"
  keepers             = { day = "monday" }
  deletion_protection = true
}
"#;

/// Ends in this error, and sends nothing.
#[track_caller]
fn refused(bench: &Workbench, run: Run, expected: Expect) {
    expected.assert_eq(&run.failed().from("Error:"));
    bench.expect_mutations(expect![""]);
}

#[test]
fn no_plan_destroys_what_is_protected() {
    let bench = Workbench::new("no_plan_destroys_what_is_protected");
    bench.configure(PROTECTED);
    bench.apply();
    bench.forget_requests();

    refused(
        &bench,
        bench.terraform(&["destroy", "-auto-approve"]),
        expect![[r#"
            Error: The branch `projects/shop/branches/kept` is protected from destruction

              with lakebase_branch.kept,
              on main.tf line 17, in resource "lakebase_branch" "kept":
              17:   deletion_protection = true

            Its `deletion_protection` is on. What would be lost: 1 database
            (`projects/shop/branches/kept/databases/databricks-postgres`); 1 endpoint
            (`projects/shop/branches/kept/endpoints/primary`).

            If that is what you want, apply `deletion_protection = false` first, on its
            own."#]],
    );
    let target = "-target=lakebase_branch.kept";
    refused(
        &bench,
        bench.terraform(&["destroy", "-auto-approve", target]),
        expect![[r#"
            Error: The branch `projects/shop/branches/kept` is protected from destruction

              with lakebase_branch.kept,
              on main.tf line 17, in resource "lakebase_branch" "kept":
              17:   deletion_protection = true

            Its `deletion_protection` is on. What would be lost: 1 database
            (`projects/shop/branches/kept/databases/databricks-postgres`); 1 endpoint
            (`projects/shop/branches/kept/endpoints/primary`).

            If that is what you want, apply `deletion_protection = false` first, on its
            own."#]],
    );
    let replace = "-replace=lakebase_project.shop";
    refused(
        &bench,
        bench.terraform(&["apply", "-auto-approve", replace]),
        expect![[r#"
            Error: The project `projects/shop` is protected from replacement

              with lakebase_project.shop,
              on main.tf line 8, in resource "lakebase_project" "shop":
               8: resource "lakebase_project" "shop" {

            Its `deletion_protection` is on. What would be lost: all its branches with
            their data, its endpoints, roles and databases.

            If that is what you want, apply `deletion_protection = false` first, on its
            own."#]],
    );
    let replace = "-replace=lakebase_branch.kept";
    refused(
        &bench,
        bench.terraform(&["apply", "-auto-approve", replace]),
        expect![[r#"
            Error: The branch `projects/shop/branches/kept` is protected from replacement

              with lakebase_branch.kept,
              on main.tf line 17, in resource "lakebase_branch" "kept":
              17:   deletion_protection = true

            Its `deletion_protection` is on. What would be lost: its data, its endpoints,
            roles and databases.

            If that is what you want, apply `deletion_protection = false` first, on its
            own."#]],
    );

    bench.configure(&PROTECTED.replace("pg_version = 17", "pg_version = 16"));
    refused(
        &bench,
        bench.terraform(&["apply", "-auto-approve"]),
        expect![[r#"
            Error: The project `projects/shop` is protected from replacement

              with lakebase_project.shop,
              on main.tf line 10, in resource "lakebase_project" "shop":
              10:   pg_version = 16

            Its `deletion_protection` is on. What would be lost: all its branches with
            their data, its endpoints, roles and databases.

            If that is what you want, apply `deletion_protection = false` first, on its
            own."#]],
    );
    bench.configure(&PROTECTED.replace("\"shop\"\n", "\"other\"\n"));
    refused(
        &bench,
        bench.terraform(&["apply", "-auto-approve"]),
        expect![[r#"
            Error: The project `projects/shop` is protected from replacement

              with lakebase_project.shop,
              on main.tf line 9, in resource "lakebase_project" "shop":
               9:   project_id = "other"

            Its `deletion_protection` is on. What would be lost: all its branches with
            their data, its endpoints, roles and databases.

            If that is what you want, apply `deletion_protection = false` first, on its
            own."#]],
    );
    bench.configure(&PROTECTED.replace("monday", "tuesday"));
    refused(
        &bench,
        bench.terraform(&["apply", "-auto-approve"]),
        expect![[r#"
            Error: The branch `projects/shop/branches/kept` is protected from replacement

              with lakebase_branch.kept,
              on main.tf line 16, in resource "lakebase_branch" "kept":
              16:   keepers             = { day = "tuesday" }

            Its `deletion_protection` is on. What would be lost: its data, its endpoints,
            roles and databases.

            If that is what you want, apply `deletion_protection = false` first, on its
            own."#]],
    );
    // What decides is the state: neither a block that is gone nor one that says otherwise helps.
    let (project, _) = PROTECTED.split_once("\n\n").expect("there are two blocks");
    bench.configure(project);
    refused(
        &bench,
        bench.terraform(&["apply", "-auto-approve"]),
        expect![[r#"
        Error: The branch `projects/shop/branches/kept` is protected from destruction

        Its `deletion_protection` is on. What would be lost: 1 database
        (`projects/shop/branches/kept/databases/databricks-postgres`); 1 endpoint
        (`projects/shop/branches/kept/endpoints/primary`).

        If that is what you want, apply `deletion_protection = false` first, on its
        own."#]],
    );
    let off = PROTECTED.replace("deletion_protection = true", "deletion_protection = false");
    bench.configure(&off.replace("monday", "tuesday"));
    refused(
        &bench,
        bench.terraform(&["apply", "-auto-approve"]),
        expect![[r#"
            Error: The branch `projects/shop/branches/kept` is protected from replacement

              with lakebase_branch.kept,
              on main.tf line 16, in resource "lakebase_branch" "kept":
              16:   keepers             = { day = "tuesday" }

            Its `deletion_protection` is on. What would be lost: its data, its endpoints,
            roles and databases.

            If that is what you want, apply `deletion_protection = false` first, on its
            own."#]],
    );
}

#[test]
fn what_is_protected_and_tainted_is_refused_by_the_apply() {
    let bench = Workbench::new("what_is_protected_and_tainted_is_refused_by_the_apply");
    bench.configure(PROTECTED);
    bench.apply();
    bench.forget_requests();

    bench.terraform(&["taint", "lakebase_branch.kept"]).succeeded();
    refused(
        &bench,
        bench.terraform(&["apply", "-auto-approve"]),
        expect![[r#"
        Error: The branch `projects/shop/branches/kept` is protected

        It is tainted, so that Terraform would destroy it and make it anew, but its
        `deletion_protection` is on. Nothing was sent. If the object is all right,
        keep it (put its address for ADDRESS):

          terraform untaint ADDRESS

        If it shall go, apply `deletion_protection = false` first."#]],
    );
    bench.terraform(&["untaint", "lakebase_branch.kept"]).succeeded();
    bench.expect_empty_plan();

    bench.terraform(&["taint", "lakebase_project.shop"]).succeeded();
    refused(
        &bench,
        bench.terraform(&["apply", "-auto-approve"]),
        expect![[r#"
        Error: The project `projects/shop` is protected

        It is tainted, so that Terraform would destroy it and make it anew, but its
        `deletion_protection` is on. Nothing was sent. If the object is all right,
        keep it (put its address for ADDRESS):

          terraform untaint ADDRESS

        If it shall go, apply `deletion_protection = false` first."#]],
    );
    bench.terraform(&["untaint", "lakebase_project.shop"]).succeeded();
    bench.expect_empty_plan();
}

#[test]
fn what_is_not_protected_anymore_is_replaced_and_destroyed() {
    let bench = Workbench::new("what_is_not_protected_anymore_is_replaced_and_destroyed");
    let branch = |day: &str| {
        format!(
            r#"
resource "lakebase_project" "shop" {{
  project_id          = "shop"
  deletion_protection = false
}}

resource "lakebase_branch" "dev" {{
  project   = lakebase_project.shop.name
  branch_id = "dev"
  keepers   = {{ day = "{day}" }}
}}

resource "lakebase_endpoint" "reports" {{
  branch        = lakebase_branch.dev.name
  endpoint_id   = "reports"
  endpoint_type = "ENDPOINT_TYPE_READ_ONLY"
}}
"#
        )
    };
    bench.configure(&branch("monday"));
    bench.apply();
    bench.forget_requests();
    // What hangs on the branch is replaced along with it, and its id is free at once.
    bench.configure(&branch("tuesday"));
    let output = bench.apply().output();
    assert!(output.contains("2 added, 0 changed, 2 destroyed."), "{output}");
    bench.expect_mutations(expect![[r#"
        DELETE /api/2.0/postgres/projects/shop/branches/dev/endpoints/reports
        DELETE /api/2.0/postgres/projects/shop/branches/dev?purge=true
        POST /api/2.0/postgres/projects/shop/branches?branch_id=dev
          {"spec":{"no_expiry":true}}
        POST /api/2.0/postgres/projects/shop/branches/dev/endpoints?endpoint_id=reports
          {"spec":{"endpoint_type":"ENDPOINT_TYPE_READ_ONLY"}}
    "#]]);
    bench.forget_requests();
    bench.destroy();
    bench.expect_mutations(expect![[r#"
        DELETE /api/2.0/postgres/projects/shop/branches/dev/endpoints/reports
        DELETE /api/2.0/postgres/projects/shop/branches/dev
        DELETE /api/2.0/postgres/projects/shop
    "#]]);
}
