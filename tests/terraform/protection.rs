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
fn protected_resource_is_not_destroyed() {
    let bench = Workbench::new("protected_resource_is_not_destroyed");
    bench.configure(PROTECTED);
    bench.apply();
    bench.forget_requests();

    refused(
        &bench,
        bench.terraform(&["destroy", "-auto-approve"]),
        expect![[r#"
            Error: Cannot destroy branch `projects/shop/branches/kept`: deletion protection is enabled

              with lakebase_branch.kept,
              on main.tf line 17, in resource "lakebase_branch" "kept":
              17:   deletion_protection = true

            This would delete its data, 1 database
            (`projects/shop/branches/kept/databases/databricks-postgres`); 1 endpoint
            (`projects/shop/branches/kept/endpoints/primary`).

            The value in the state decides. To proceed, set `deletion_protection =
            false`, apply that change separately, and then plan again. If the block was
            removed, restore it for that apply.

            Help:
            https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#protected-objects"#]],
    );
    let target = "-target=lakebase_branch.kept";
    refused(
        &bench,
        bench.terraform(&["destroy", "-auto-approve", target]),
        expect![[r#"
            Error: Cannot destroy branch `projects/shop/branches/kept`: deletion protection is enabled

              with lakebase_branch.kept,
              on main.tf line 17, in resource "lakebase_branch" "kept":
              17:   deletion_protection = true

            This would delete its data, 1 database
            (`projects/shop/branches/kept/databases/databricks-postgres`); 1 endpoint
            (`projects/shop/branches/kept/endpoints/primary`).

            The value in the state decides. To proceed, set `deletion_protection =
            false`, apply that change separately, and then plan again. If the block was
            removed, restore it for that apply.

            Help:
            https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#protected-objects"#]],
    );
    let replace = "-replace=lakebase_project.shop";
    refused(
        &bench,
        bench.terraform(&["apply", "-auto-approve", replace]),
        expect![[r#"
            Error: Cannot replace project `projects/shop`: deletion protection is enabled

              with lakebase_project.shop,
              on main.tf line 8, in resource "lakebase_project" "shop":
               8: resource "lakebase_project" "shop" {

            This would delete its data, 2 branches (`projects/shop/branches/kept`,
            `projects/shop/branches/production`); 2 databases
            (`projects/shop/branches/kept/databases/databricks-postgres`,
            `projects/shop/branches/production/databases/databricks-postgres`); 2
            endpoints (`projects/shop/branches/kept/endpoints/primary`,
            `projects/shop/branches/production/endpoints/primary`).

            The value in the state decides. To proceed, set `deletion_protection =
            false`, apply that change separately, and then plan again. If the block was
            removed, restore it for that apply.

            Help:
            https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#protected-objects"#]],
    );
    let replace = "-replace=lakebase_branch.kept";
    refused(
        &bench,
        bench.terraform(&["apply", "-auto-approve", replace]),
        expect![[r#"
            Error: Cannot replace branch `projects/shop/branches/kept`: deletion protection is enabled

              with lakebase_branch.kept,
              on main.tf line 17, in resource "lakebase_branch" "kept":
              17:   deletion_protection = true

            This would delete its data, 1 database
            (`projects/shop/branches/kept/databases/databricks-postgres`); 1 endpoint
            (`projects/shop/branches/kept/endpoints/primary`).

            The value in the state decides. To proceed, set `deletion_protection =
            false`, apply that change separately, and then plan again. If the block was
            removed, restore it for that apply.

            Help:
            https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#protected-objects"#]],
    );

    bench.configure(&PROTECTED.replace("pg_version = 17", "pg_version = 16"));
    refused(
        &bench,
        bench.terraform(&["apply", "-auto-approve"]),
        expect![[r#"
            Error: Cannot replace project `projects/shop`: deletion protection is enabled

              with lakebase_project.shop,
              on main.tf line 10, in resource "lakebase_project" "shop":
              10:   pg_version = 16

            This would delete its data, 2 branches (`projects/shop/branches/kept`,
            `projects/shop/branches/production`); 2 databases
            (`projects/shop/branches/kept/databases/databricks-postgres`,
            `projects/shop/branches/production/databases/databricks-postgres`); 2
            endpoints (`projects/shop/branches/kept/endpoints/primary`,
            `projects/shop/branches/production/endpoints/primary`).

            The value in the state decides. To proceed, set `deletion_protection =
            false`, apply that change separately, and then plan again. If the block was
            removed, restore it for that apply.

            Help:
            https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#protected-objects"#]],
    );
    bench.configure(&PROTECTED.replace("\"shop\"\n", "\"other\"\n"));
    refused(
        &bench,
        bench.terraform(&["apply", "-auto-approve"]),
        expect![[r#"
            Error: Cannot replace project `projects/shop`: deletion protection is enabled

              with lakebase_project.shop,
              on main.tf line 9, in resource "lakebase_project" "shop":
               9:   project_id = "other"

            This would delete its data, 2 branches (`projects/shop/branches/kept`,
            `projects/shop/branches/production`); 2 databases
            (`projects/shop/branches/kept/databases/databricks-postgres`,
            `projects/shop/branches/production/databases/databricks-postgres`); 2
            endpoints (`projects/shop/branches/kept/endpoints/primary`,
            `projects/shop/branches/production/endpoints/primary`).

            The value in the state decides. To proceed, set `deletion_protection =
            false`, apply that change separately, and then plan again. If the block was
            removed, restore it for that apply.

            Help:
            https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#protected-objects"#]],
    );
    bench.configure(&PROTECTED.replace("monday", "tuesday"));
    refused(
        &bench,
        bench.terraform(&["apply", "-auto-approve"]),
        expect![[r#"
            Error: Cannot replace branch `projects/shop/branches/kept`: deletion protection is enabled

              with lakebase_branch.kept,
              on main.tf line 16, in resource "lakebase_branch" "kept":
              16:   keepers             = { day = "tuesday" }

            This would delete its data, 1 database
            (`projects/shop/branches/kept/databases/databricks-postgres`); 1 endpoint
            (`projects/shop/branches/kept/endpoints/primary`).

            The value in the state decides. To proceed, set `deletion_protection =
            false`, apply that change separately, and then plan again. If the block was
            removed, restore it for that apply.

            Help:
            https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#protected-objects"#]],
    );
    // What decides is the state: neither a block that is gone nor one that says otherwise helps.
    let (project, _) = PROTECTED.split_once("\n\n").expect("there are two blocks");
    bench.configure(project);
    refused(
        &bench,
        bench.terraform(&["apply", "-auto-approve"]),
        expect![[r#"
            Error: Cannot destroy branch `projects/shop/branches/kept`: deletion protection is enabled

            This would delete its data, 1 database
            (`projects/shop/branches/kept/databases/databricks-postgres`); 1 endpoint
            (`projects/shop/branches/kept/endpoints/primary`).

            The value in the state decides. To proceed, set `deletion_protection =
            false`, apply that change separately, and then plan again. If the block was
            removed, restore it for that apply.

            Help:
            https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#protected-objects"#]],
    );
    let off = PROTECTED.replace("deletion_protection = true", "deletion_protection = false");
    bench.configure(&off.replace("monday", "tuesday"));
    refused(
        &bench,
        bench.terraform(&["apply", "-auto-approve"]),
        expect![[r#"
            Error: Cannot replace branch `projects/shop/branches/kept`: deletion protection is enabled

              with lakebase_branch.kept,
              on main.tf line 16, in resource "lakebase_branch" "kept":
              16:   keepers             = { day = "tuesday" }

            This would delete its data, 1 database
            (`projects/shop/branches/kept/databases/databricks-postgres`); 1 endpoint
            (`projects/shop/branches/kept/endpoints/primary`).

            The value in the state decides. To proceed, set `deletion_protection =
            false`, apply that change separately, and then plan again. If the block was
            removed, restore it for that apply.

            Help:
            https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#protected-objects"#]],
    );
}

#[test]
fn tainted_protected_resource_is_refused_by_apply() {
    let bench = Workbench::new("tainted_protected_resource_is_refused_by_apply");
    bench.configure(PROTECTED);
    bench.apply();
    bench.forget_requests();

    bench.terraform(&["taint", "lakebase_branch.kept"]).succeeded();
    refused(
        &bench,
        bench.terraform(&["apply", "-auto-approve"]),
        expect![[r#"
            Error: Refused to delete branch `projects/shop/branches/kept`

            It is tainted, so Terraform would delete it and create it again, but
            `deletion_protection` is `true`. No request was sent. To keep it, run the
            following command, where ADDRESS is the address of the `lakebase_branch` (use
            `tofu` with OpenTofu):

              terraform untaint ADDRESS

            To delete it, set `deletion_protection = false` and apply that change
            separately first.

            Help:
            https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#tainted-objects"#]],
    );
    bench.terraform(&["untaint", "lakebase_branch.kept"]).succeeded();
    bench.expect_empty_plan();

    bench.terraform(&["taint", "lakebase_project.shop"]).succeeded();
    refused(
        &bench,
        bench.terraform(&["apply", "-auto-approve"]),
        expect![[r#"
            Error: Refused to delete project `projects/shop`

            It is tainted, so Terraform would delete it and create it again, but
            `deletion_protection` is `true`. No request was sent. To keep it, run the
            following command, where ADDRESS is the address of the `lakebase_project`
            (use `tofu` with OpenTofu):

              terraform untaint ADDRESS

            To delete it, set `deletion_protection = false` and apply that change
            separately first.

            Help:
            https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#tainted-objects"#]],
    );
    bench.terraform(&["untaint", "lakebase_project.shop"]).succeeded();
    bench.expect_empty_plan();
}

#[test]
fn unprotected_resource_can_be_replaced_and_destroyed() {
    let bench = Workbench::new("unprotected_resource_can_be_replaced_and_destroyed");
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

  purge_on_delete = true
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
        DELETE /api/2.0/postgres/projects/shop/branches/dev?purge=true
        DELETE /api/2.0/postgres/projects/shop
    "#]]);
}
