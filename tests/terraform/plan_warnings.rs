//! What a plan foresees: adoption, what exists already, what stays, what does not follow.

use expect_test::expect;

use crate::replacement::{FAMILY, PlanOutput, family, project};
use crate::workbench::Workbench;

#[test]
fn plan_reports_existing_objects() {
    let bench = Workbench::new("plan_reports_existing_objects");
    let undeclared = FAMILY.replace("  replace_existing = true\n", "");
    bench.configure(&undeclared);
    let plan = PlanOutput::by(&bench, &["plan"], 1);
    expect![[r#"
        error: Branch `projects/shop/branches/production` is created automatically
        Lakebase creates this branch together with its project, so the create would fail. To adopt it and apply the configured settings, add:

          replace_existing = true
    "#]].assert_eq(&plan.messages());

    // Once the project is there, so is what came with it.
    bench.configure(project());
    bench.apply();
    bench.configure(&undeclared);
    let plan = PlanOutput::by(&bench, &["plan"], 1);
    expect![[r#"
        error: Branch `projects/shop/branches/production` already exists
        The object is not in the state, so the create would fail. To import it, add this block (replace `lakebase_branch.example` with the resource address):

          import {
            to = lakebase_branch.example
            id = "projects/shop/branches/production"
          }

        To adopt it and update its settings to match the configuration instead, add:

          replace_existing = true
    "#]].assert_eq(&plan.messages());
    bench.apply_fails();
}

#[test]
fn plan_lists_settings_changed_by_adoption() {
    let bench = Workbench::new("plan_lists_settings_changed_by_adoption");
    bench.configure(project());
    bench.apply();
    bench.forget_requests();
    let adoptions = r#"
resource "lakebase_branch" "production" {
  project          = lakebase_project.shop.name
  branch_id        = "production"
  is_protected     = false
  replace_existing = true
}

resource "lakebase_endpoint" "primary" {
  branch                   = lakebase_branch.production.name
  endpoint_id              = "primary"
  endpoint_type            = "ENDPOINT_TYPE_READ_WRITE"
  autoscaling_limit_min_cu = 2
  autoscaling_limit_max_cu = 8
  no_suspension            = true
  pg_settings              = { work_mem = "8MB" }
  replace_existing         = true
}
"#;
    bench.configure(&(project().to_owned() + adoptions));
    let plan = PlanOutput::by(&bench, &["plan"], 0);
    expect![[r#"
        warning: Existing branch `projects/shop/branches/production` will be adopted
        No settings will change.

        warning: Existing endpoint `projects/shop/branches/production/endpoints/primary` will be adopted
        The following settings will change:

          - `autoscaling_limit_min_cu`: 1 -> 2
          - `autoscaling_limit_max_cu`: 1 -> 8
          - `no_suspension`: null -> true
          - `pg_settings`
    "#]].assert_eq(&plan.messages());
    bench.apply();
    bench.expect_mutations(expect![[r#"
        PATCH /api/2.0/postgres/projects/shop/branches/production/endpoints/primary?update_mask=spec.autoscaling_limit_min_cu,spec.autoscaling_limit_max_cu,spec.suspension,spec.settings.pg_settings
          {"spec":{"autoscaling_limit_max_cu":8,"autoscaling_limit_min_cu":2,"endpoint_type":"ENDPOINT_TYPE_READ_WRITE","no_suspension":true,"settings":{"pg_settings":{"work_mem":"8MB"}}}}
    "#]]);
}

#[test]
fn destroy_plan_warns_about_objects_left_in_place() {
    let bench = family("destroy_plan_warns_about_objects_left_in_place");
    let adopted = "resource \"lakebase_branch\" \"production\"";
    let (start, end) =
        (FAMILY.find(adopted), FAMILY.find("resource \"lakebase_branch\" \"parent\""));
    let (before, after) =
        (&FAMILY[..start.expect("it is there")], &FAMILY[end.expect("it is too")..]);
    let name = "\"projects/shop/branches/production\"";
    bench.configure(&(before.to_owned() + &after.replace("lakebase_branch.production.name", name)));
    let told = PlanOutput::by(&bench, &["plan"], 0);
    expect![[r#"
        warning: Branch `projects/shop/branches/production` is deleted only with its project
        If this plan also destroys the project, nothing remains. Otherwise Terraform only removes the branch from the state: it keeps its settings and continues to be billed.

        warning: Endpoint `projects/shop/branches/production/endpoints/primary` is deleted only with its branch
        If this plan also destroys the branch or its project, nothing remains. Otherwise Terraform only removes the endpoint from the state: it keeps its settings and continues to be billed.
    "#]].assert_eq(&told.messages());
    let names = bench.emulator.names();
    bench.apply();
    assert_eq!(bench.emulator.names(), names);
}

#[test]
fn changed_defaults_warn_about_existing_endpoints() {
    let bench = family("changed_defaults_warn_about_existing_endpoints");
    let settings = "default_endpoint_settings = { autoscaling_limit_max_cu = 4 }\n  pg_version";
    bench.configure(&FAMILY.replacen("pg_version", settings, 1));
    let plan = PlanOutput::by(&bench, &["plan"], 0);
    expect![[r#"
        warning: New defaults of `projects/shop` do not apply to existing endpoints
        `default_endpoint_settings` applies only to endpoints created from now on. To change the following endpoints, manage each one with a `lakebase_endpoint` resource:

          - `projects/shop/branches/child/endpoints/primary`
          - `projects/shop/branches/parent/endpoints/primary`
          - `projects/shop/branches/parent/endpoints/reader`
          - `projects/shop/branches/production/endpoints/primary`
    "#]].assert_eq(&plan.messages());
    assert_eq!(plan.planned("update"), ["lakebase_project.shop"]);
    bench.apply();
}

#[test]
fn plan_without_access_warns_once() {
    let mut bench = Workbench::new("plan_without_access_warns_once");
    bench.environment.insert("DATABRICKS_TOKEN".into(), "wrong".into());
    bench.configure(FAMILY);
    let told = PlanOutput::by(&bench, &["plan"], 0).messages();
    assert_eq!(told.matches("Plan could not read existing objects").count(), 1, "{told}");
}

#[test]
fn object_recreated_outside_of_terraform_warns() {
    let bench = family("object_that_was_created_again_outside");
    let path = bench.path("terraform.tfstate");
    let state = std::fs::read_to_string(&path).expect("there is a state");
    let uid = bench.emulator.get("projects/shop").expect("it exists")["uid"].clone();
    let uid = uid.as_str().expect("it is text");
    std::fs::write(&path, state.replace(uid, "another")).expect("it can be written");
    let told = PlanOutput::by(&bench, &["plan"], 0).messages();
    assert!(told.contains("Project `projects/shop` was recreated outside of Terraform"), "{told}");
}

#[test]
fn adoption_of_different_object_is_refused_at_plan() {
    let bench = Workbench::new("an_adoption_of_another_object_is_refused");
    let branch = |id: &str, source: &str| {
        format!(
            r#"
resource "lakebase_branch" "it" {{
  project          = lakebase_project.shop.name
  branch_id        = "{id}"
  source_branch    = "projects/shop/branches/{source}"
  replace_existing = true
}}
"#
        )
    };
    let endpoint = r#"
resource "lakebase_endpoint" "it" {
  branch           = "${lakebase_project.shop.name}/branches/production"
  endpoint_id      = "primary"
  endpoint_type    = "ENDPOINT_TYPE_READ_ONLY"
  replace_existing = true
}
"#;
    bench.configure(&(project().to_owned() + &branch("dev", "production")));
    bench.apply();
    bench.terraform(&["state", "rm", "lakebase_branch.it"]).succeeded();
    bench.forget_requests();
    for (hcl, difference) in [
        (branch("dev", "other"), "`source_branch` is `projects/shop/branches/production`"),
        (branch("production", "dev"), "`source_branch` is not set in"),
        (endpoint.to_owned(), "`endpoint_type` is `ENDPOINT_TYPE_READ_WRITE` in"),
    ] {
        bench.configure(&(project().to_owned() + &hcl));
        let plan = PlanOutput::by(&bench, &["plan"], 1).messages();
        assert!(plan.contains("already exists with a different"), "{plan}");
        assert!(plan.contains(difference), "{plan}");
        assert!(!plan.contains("will be adopted"), "{plan}");
    }
    bench.expect_mutations(expect![""]);
    bench.configure(&(project().to_owned() + &branch("dev", "production")));
    bench.apply();
    bench.expect_mutations(expect![""]);
}

#[test]
fn late_initial_setting_warns() {
    let bench = Workbench::new("a_setting_of_the_creation_that_comes_too_late");
    let hcl = |settings: &str| {
        format!(
            "resource \"lakebase_project\" \"late\" {{\n  project_id = \"late\"\n  {settings}\n}}\n"
        )
    };
    bench.configure(&hcl(""));
    bench.apply();
    bench.forget_requests();
    bench.configure(&hcl("initial_branch = { is_protected = true }"));
    let plan = PlanOutput::by(&bench, &["plan"], 0).messages();
    expect![[r#"
        warning: Change to `initial_branch` has no effect
        `initial_branch` is applied only when the resource is created. Terraform stores the value, and no request is sent. To change the existing settings, manage them with a resource of their own.
    "#]]
    .assert_eq(&plan);
    bench.apply();
    bench.expect_mutations(expect![""]);
}

#[test]
fn data_source_rejects_soft_deleted_project() {
    let bench = Workbench::new("data_source_rejects_soft_deleted_project");
    let project = r#"
resource "lakebase_project" "gone" {
  project_id          = "gone"
  deletion_protection = false
}
"#;
    bench.configure(project);
    bench.apply();
    bench.terraform(&["destroy", "-auto-approve"]).succeeded();
    bench.configure("data \"lakebase_project\" \"gone\" {\n  name = \"projects/gone\"\n}\n");
    let output = bench.plan_fails().output();
    assert!(output.contains("Project `projects/gone` is soft-deleted"), "{output}");
}
