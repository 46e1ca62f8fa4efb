//! Nothing is deleted permanently without consent, whichever way Terraform is asked to.

use expect_test::{Expect, expect};
use lakebase_emulator::{Options, Recorded};

use crate::examples;
use crate::guides::snippets;
use crate::replacement::PlanOutput;
use crate::workbench::Workbench;

pub(crate) const PROJECT: &str = r#"
resource "lakebase_project" "shop" {
  project_id          = "shop"
  pg_version          = 17
  deletion_protection = false
}
"#;

/// A branch `dev` with these lines, and a read replica on it.
pub(crate) fn dev(lines: &str) -> String {
    format!(
        r#"{PROJECT}
resource "lakebase_branch" "dev" {{
  project = lakebase_project.shop.name
{lines}
}}

resource "lakebase_endpoint" "reader" {{
  branch        = lakebase_branch.dev.name
  endpoint_id   = "reader"
  endpoint_type = "ENDPOINT_TYPE_READ_ONLY"
}}
"#
    )
}

pub(crate) const MONDAY: &str = "branch_id = \"dev\"\nkeepers = { day = \"monday\" }\n";
const TUESDAY: &str = "branch_id = \"dev\"\nkeepers = { day = \"tuesday\" }\n";
pub(crate) const CONSENT: &str = "purge_on_delete = true\n";
pub(crate) const ADOPT: &str = "replace_existing = true\n";
pub(crate) const CREATE_FIRST: &str = "lifecycle {\n  create_before_destroy = true\n}\n";
const DEPENDANT: &str = r#"
resource "terraform_data" "dependant" {
  triggers_replace = lakebase_branch.dev.uid
  lifecycle {
    create_before_destroy = true
  }
}
"#;

/// A workbench where this is applied.
pub(crate) fn applied(test: &str, configuration: &str) -> Workbench {
    let options = Options { frozen_clock: true, ..Options::default() };
    let bench = Workbench::with_options(test, options);
    bench.configure(configuration);
    bench.apply();
    bench.forget_requests();
    bench
}

/// Ends in these messages and an error, and sends nothing that changes anything.
fn refuses(bench: &Workbench, arguments: &[&str], expected: Expect) {
    expected.assert_eq(&refuses_silently(bench, arguments));
}

/// Fails, and sends nothing that changes anything; the messages.
fn refuses_silently(bench: &Workbench, arguments: &[&str]) -> String {
    let names = bench.emulator.names();
    let told = PlanOutput::by(bench, arguments, 1).messages();
    bench.expect_mutations(expect![""]);
    assert_eq!(bench.emulator.names(), names);
    bench.masked(&told)
}

/// The deletes that were sent, without those of endpoints.
pub(crate) fn deletes(bench: &Workbench) -> Vec<String> {
    let is_delete =
        |request: &Recorded| request.method == "DELETE" && !request.path.contains("/endpoints/");
    let line = |request: Recorded| {
        let query = request.query.iter().map(|(name, value)| format!("?{name}={value}"));
        request.path.replace("/api/2.0/postgres/", "") + &query.collect::<String>()
    };
    bench.emulator.mutations().into_iter().filter(is_delete).map(line).collect()
}

pub(crate) fn uid(bench: &Workbench, name: &str) -> String {
    bench.emulator.get(name).expect("it exists")["uid"].to_string()
}

pub(crate) const DEV: &str = "projects/shop/branches/dev";

#[test]
fn replacement_under_the_same_id_without_consent_is_refused_at_plan() {
    let bench = applied("replacement_without_consent", &dev(MONDAY));
    bench.configure(&dev(TUESDAY));
    refuses(
        &bench,
        &["plan"],
        expect![[r#"
            error: Replacing branch `projects/shop/branches/dev` would delete it permanently
            The change of `keepers` forces the replacement. The new object has the same ID, which cannot be reused for 7 days after a soft delete, so the old branch would have to be deleted permanently. This would delete its data, 1 database (`projects/shop/branches/dev/databases/databricks-postgres`); 2 endpoints (`projects/shop/branches/dev/endpoints/primary`, `projects/shop/branches/dev/endpoints/reader`).

            Do one of the following:
              - Undo the change.
              - Choose another `branch_id`: the old branch can be restored for 7 days.
              - Set `purge_on_delete = true` to delete the old branch permanently. One apply is enough.

            A destroy includes this plan, too, unless it runs with `-refresh=false`.

            Help: https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#replacements
        "#]],
    );
    bench.configure(&dev(MONDAY));
    refuses(
        &bench,
        &["plan", "-replace=lakebase_branch.dev"],
        expect![[r#"
            error: Replacing branch `projects/shop/branches/dev` would delete it permanently
            `-replace` or `replace_triggered_by` requests the replacement. The new object has the same ID, which cannot be reused for 7 days after a soft delete, so the old branch would have to be deleted permanently. This would delete its data, 1 database (`projects/shop/branches/dev/databases/databricks-postgres`); 2 endpoints (`projects/shop/branches/dev/endpoints/primary`, `projects/shop/branches/dev/endpoints/reader`).

            Do one of the following:
              - Do not request the replacement.
              - Choose another `branch_id`: the old branch can be restored for 7 days.
              - Set `purge_on_delete = true` to delete the old branch permanently. One apply is enough.

            A destroy includes this plan, too, unless it runs with `-refresh=false`.

            Help: https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#replacements
        "#]],
    );
    refuses(
        &bench,
        &["plan", "-replace=lakebase_project.shop"],
        expect![[r#"
            error: Replacing project `projects/shop` would delete it permanently
            `-replace` or `replace_triggered_by` requests the replacement. The new object has the same ID, which cannot be reused for 7 days after a soft delete, so the old project would have to be deleted permanently. This would delete its data, 2 branches (`projects/shop/branches/dev`, `projects/shop/branches/production`); 2 databases (`projects/shop/branches/dev/databases/databricks-postgres`, `projects/shop/branches/production/databases/databricks-postgres`); 3 endpoints (`projects/shop/branches/dev/endpoints/primary`, `projects/shop/branches/dev/endpoints/reader`, `projects/shop/branches/production/endpoints/primary`).

            Do one of the following:
              - Do not request the replacement.
              - Choose another `project_id`: the old project can be restored for 7 days.
              - Set `purge_on_delete = true` to delete the old project permanently. One apply is enough.

            A destroy includes this plan, too, unless it runs with `-refresh=false`.

            Help: https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#replacements
        "#]],
    );
    bench.configure(&dev(MONDAY).replace("= 17", "= 16"));
    refuses(
        &bench,
        &["plan"],
        expect![[r#"
            error: Replacing project `projects/shop` would delete it permanently
            The change of `pg_version` forces the replacement. The new object has the same ID, which cannot be reused for 7 days after a soft delete, so the old project would have to be deleted permanently. This would delete its data, 2 branches (`projects/shop/branches/dev`, `projects/shop/branches/production`); 2 databases (`projects/shop/branches/dev/databases/databricks-postgres`, `projects/shop/branches/production/databases/databricks-postgres`); 3 endpoints (`projects/shop/branches/dev/endpoints/primary`, `projects/shop/branches/dev/endpoints/reader`, `projects/shop/branches/production/endpoints/primary`).

            Do one of the following:
              - Undo the change.
              - Choose another `project_id`: the old project can be restored for 7 days.
              - Set `purge_on_delete = true` to delete the old project permanently. One apply is enough.

            A destroy includes this plan, too, unless it runs with `-refresh=false`.

            Help: https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#replacements
        "#]],
    );
    // What is to be destroyed anyway need not be replaced first.
    bench.terraform(&["destroy", "-auto-approve", "-refresh=false"]).succeeded();
    assert_eq!(deletes(&bench), ["projects/shop/branches/dev", "projects/shop"]);
}

#[test]
fn replacement_with_consent_takes_one_apply_and_lists_lost_data() {
    let bench = applied("replacement_with_consent", &dev(MONDAY));
    bench.configure(&dev(&(TUESDAY.to_owned() + CONSENT)));
    let plan = PlanOutput::by(&bench, &["plan"], 0);
    expect![[r#"
        warning: Branch `projects/shop/branches/dev` will be permanently deleted
        The change of `keepers` forces the replacement. `purge_on_delete` is `true`, so it cannot be restored. This deletes its data, 1 database (`projects/shop/branches/dev/databases/databricks-postgres`); 2 endpoints (`projects/shop/branches/dev/endpoints/primary`, `projects/shop/branches/dev/endpoints/reader`).
    "#]].assert_eq(&plan.messages());
    assert_eq!(plan.planned("replace"), ["lakebase_branch.dev", "lakebase_endpoint.reader"]);
    bench.apply();
    assert_eq!(deletes(&bench), ["projects/shop/branches/dev?purge=true"]);

    // The consent of a project covers its branches, which are replaced with it.
    let consent = |version: &str| {
        dev(TUESDAY).replace("= 17", &format!("= {version}\n  purge_on_delete = true"))
    };
    bench.configure(&consent("17"));
    bench.apply();
    bench.forget_requests();
    bench.configure(&consent("16"));
    let plan = PlanOutput::by(&bench, &["plan"], 0);
    expect![[r#"
        warning: Branch `projects/shop/branches/dev` will be permanently deleted
        The change of `project` forces the replacement. The branch is deleted together with its project, which is deleted permanently. This deletes its data, 1 database (`projects/shop/branches/dev/databases/databricks-postgres`); 2 endpoints (`projects/shop/branches/dev/endpoints/primary`, `projects/shop/branches/dev/endpoints/reader`).

        warning: Project `projects/shop` will be permanently deleted
        The change of `pg_version` forces the replacement. `purge_on_delete` is `true`, so it cannot be restored. This deletes its data, 2 branches (`projects/shop/branches/dev`, `projects/shop/branches/production`); 2 databases (`projects/shop/branches/dev/databases/databricks-postgres`, `projects/shop/branches/production/databases/databricks-postgres`); 3 endpoints (`projects/shop/branches/dev/endpoints/primary`, `projects/shop/branches/dev/endpoints/reader`, `projects/shop/branches/production/endpoints/primary`).
    "#]].assert_eq(&plan.messages());
    bench.apply();
    assert_eq!(deletes(&bench), ["projects/shop/branches/dev", "projects/shop?purge=true"]);
}

#[test]
fn consent_that_was_withdrawn_does_not_count() {
    let consented = MONDAY.to_owned() + CONSENT;
    let bench = applied("consent_that_was_withdrawn", &dev(&consented));
    bench.configure(&dev(TUESDAY));
    refuses(
        &bench,
        &["plan"],
        expect![[r#"
            error: Replacing branch `projects/shop/branches/dev` would delete it permanently
            The change of `keepers` forces the replacement. The new object has the same ID, which cannot be reused for 7 days after a soft delete, so the old branch would have to be deleted permanently. This would delete its data, 1 database (`projects/shop/branches/dev/databases/databricks-postgres`); 2 endpoints (`projects/shop/branches/dev/endpoints/primary`, `projects/shop/branches/dev/endpoints/reader`).

            Do one of the following:
              - Undo the change.
              - Choose another `branch_id`: the old branch can be restored for 7 days.
              - Set `purge_on_delete = true` to delete the old branch permanently. One apply is enough.

            A destroy includes this plan, too, unless it runs with `-refresh=false`.

            Help: https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#replacements
        "#]],
    );
}

#[test]
fn replacement_under_another_id_can_be_undone() {
    let bench = applied("replacement_under_another_id", &dev(MONDAY));
    bench.configure(&dev(&MONDAY.replace("\"dev\"", "\"qa\"")));
    let plan = PlanOutput::by(&bench, &["plan"], 0);
    expect![[r#"
        warning: Branch `projects/shop/branches/dev` will be deleted and created under another ID
        The change of `branch_id` forces the replacement. This deletes its data, 1 database (`projects/shop/branches/dev/databases/databricks-postgres`); 2 endpoints (`projects/shop/branches/dev/endpoints/primary`, `projects/shop/branches/dev/endpoints/reader`). For 7 days after the apply (until [TIME] if applied now), the old branch can be restored:

          databricks api post /api/2.0/postgres/projects/shop/branches/dev/undelete --json '{}'
    "#]].assert_eq(&bench.masked(&plan.messages()));
    bench.apply();
    assert_eq!(deletes(&bench), ["projects/shop/branches/dev"]);

    bench.forget_requests();
    bench
        .configure(&dev(&MONDAY.replace("\"dev\"", "\"qa\"")).replace("\"shop\"\n", "\"store\"\n"));
    let plan = PlanOutput::by(&bench, &["plan"], 0);
    expect![[r#"
        warning: Branch `projects/shop/branches/qa` will be deleted and created under another ID
        The change of `project` forces the replacement. This deletes its data, 1 database (`projects/shop/branches/qa/databases/databricks-postgres`); 2 endpoints (`projects/shop/branches/qa/endpoints/primary`, `projects/shop/branches/qa/endpoints/reader`). For 7 days after the apply (until [TIME] if applied now), the old branch can be restored:

          databricks api post /api/2.0/postgres/projects/shop/branches/qa/undelete --json '{}'

        warning: Project `projects/shop` will be deleted and created under another ID
        The change of `project_id` forces the replacement. This deletes its data, 2 branches (`projects/shop/branches/production`, `projects/shop/branches/qa`); 2 databases (`projects/shop/branches/production/databases/databricks-postgres`, `projects/shop/branches/qa/databases/databricks-postgres`); 3 endpoints (`projects/shop/branches/production/endpoints/primary`, `projects/shop/branches/qa/endpoints/primary`, `projects/shop/branches/qa/endpoints/reader`). For 7 days after the apply (until [TIME] if applied now), the old project can be restored:

          databricks api post /api/2.0/postgres/projects/shop/undelete --json '{}'
    "#]].assert_eq(&bench.masked(&plan.messages()));
    bench.apply();
    assert_eq!(deletes(&bench), ["projects/shop/branches/qa", "projects/shop"]);
    let project = bench.emulator.get("projects/shop").expect("it can be restored");
    assert!(project["delete_time"].is_string(), "{project}");
}

#[test]
fn create_before_destroy_never_adopts_the_replaced_object() {
    for (test, more) in [
        ("create_before_destroy_own", (CREATE_FIRST, "")),
        ("create_before_destroy_imposed", ("", DEPENDANT)),
    ] {
        let configuration =
            |lines: &str| dev(&(lines.to_owned() + CONSENT + ADOPT + more.0)) + more.1;
        let bench = applied(test, &configuration(MONDAY));
        bench.configure(&configuration(TUESDAY));
        let told = refuses_silently(&bench, &["apply", "-auto-approve"]);
        assert!(told.contains("Cannot replace and adopt"), "{told}");
    }
    // A read replica has no keepers, and no consent to give.
    let replica = |more: &str| {
        dev(MONDAY)
            .replace("\"ENDPOINT_TYPE_READ_ONLY\"", &format!("\"ENDPOINT_TYPE_READ_ONLY\"\n{more}"))
    };
    let bench =
        applied("create_before_destroy_replica", &replica(&(ADOPT.to_owned() + CREATE_FIRST)));
    refuses(
        &bench,
        &["apply", "-auto-approve", "-replace=lakebase_endpoint.reader"],
        expect![[r#"
            error: Cannot replace and adopt endpoint `projects/shop/branches/dev/endpoints/reader`
            `replace_existing` is `true`. With `create_before_destroy`, the create step would adopt the replaced object, and the delete step would delete it. Remove `replace_existing`: it has no effect on an object in the state.
        "#]],
    );
}

#[test]
fn create_before_destroy_under_the_same_id_is_refused_before_any_request() {
    for (test, more) in
        [("create_first_own", (CREATE_FIRST, "")), ("create_first_imposed", ("", DEPENDANT))]
    {
        // Without the replica: what depends on the branch and is replaced goes first.
        let configuration = |lines: &str| {
            let all = dev(&(lines.to_owned() + CONSENT + more.0));
            let (branch, _) = all.split_once("resource \"lakebase_endpoint\"").expect("it has one");
            branch.to_owned() + more.1
        };
        let bench = applied(test, &configuration(MONDAY));
        bench.configure(&configuration(TUESDAY));
        let told = refuses_silently(&bench, &["apply", "-auto-approve"]);
        assert!(told.contains("`projects/shop/branches/dev` already exists"), "{told}");
        assert!(told.contains("remove `create_before_destroy`"), "{told}");
        bench.configure(&configuration(&TUESDAY.replace("\"dev\"", "\"qa\"")));
        bench.apply();
    }
}

#[test]
fn missing_source_is_found_before_the_delete_half() {
    let source = "source_branch = \"projects/shop/branches/nowhere\"\n";
    let bench = applied("missing_source", &dev(&(MONDAY.to_owned() + CONSENT)));
    bench.configure(&dev(&(MONDAY.to_owned() + CONSENT + source)));
    refuses(
        &bench,
        &["plan"],
        expect![[r#"
            error: Cannot replace branch `projects/shop/branches/dev`
            `source_branch` refers to an object that does not exist. The create step would fail after the delete step.
        "#]],
    );
}

#[test]
fn create_that_is_known_to_fail_is_an_error_of_the_plan() {
    let bench = applied("create_known_to_fail", &dev(MONDAY));
    bench.terraform(&["state", "rm", "lakebase_branch.dev"]).succeeded();
    refuses(
        &bench,
        &["plan"],
        expect![[r#"
            error: Branch `projects/shop/branches/dev` already exists
            The object is not in the state, so the create would fail. To import it, add this block (replace `lakebase_branch.example` with the resource address):

              import {
                to = lakebase_branch.example
                id = "projects/shop/branches/dev"
              }

            To adopt it and update its settings to match the configuration instead, add:

              replace_existing = true
        "#]],
    );
    bench.terraform(&["import", "lakebase_branch.dev", DEV]).succeeded();
    bench.configure(PROJECT);
    bench.apply();
    bench.forget_requests();
    bench.configure(&dev(MONDAY));
    refuses(
        &bench,
        &["plan"],
        expect![[r#"
            error: Branch `projects/shop/branches/dev` is soft-deleted
            Its ID cannot be reused until [TIME]. Choose another ID, or restore the branch and import it:

              databricks api post /api/2.0/postgres/projects/shop/branches/dev/undelete --json '{}'

            Or delete it permanently and apply again:

              databricks api delete '/api/2.0/postgres/projects/shop/branches/dev?purge=true'

            Terraform makes this plan before a destroy as well. To destroy other objects of this configuration, use the option `-refresh=false`.

            Help: https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#soft-deleted-objects
        "#]],
    );
}

#[test]
fn object_under_two_addresses_is_neither_adopted_nor_deleted() {
    let adopted = MONDAY.to_owned() + ADOPT;
    let bench = applied("two_addresses", &dev(&adopted));
    let renamed = dev(&adopted)
        .replace("\"lakebase_branch\" \"dev\"", "\"lakebase_branch\" \"renamed\"")
        .replace("lakebase_branch.dev", "lakebase_branch.renamed");
    bench.configure(&renamed);
    let told = PlanOutput::by(&bench, &["plan"], 1).messages();
    assert!(told.contains("moved {") || told.contains("`moved` block"), "{told}");
    bench.expect_mutations(expect![""]);
    bench.configure(
        &(renamed + "moved {\n  from = lakebase_branch.dev\n  to   = lakebase_branch.renamed\n}\n"),
    );
    bench.apply();
    bench.expect_mutations(expect![""]);
}

#[test]
fn replica_of_a_protected_branch_is_refused_at_plan() {
    let protected = MONDAY.to_owned() + "is_protected = true\n";
    let bench = applied("replica_of_a_protected_branch", &dev(&protected));
    let all = dev(&protected);
    let (without, _) = all.split_once("resource \"lakebase_endpoint\"").expect("it has one");
    bench.configure(without);
    refuses(
        &bench,
        &["plan"],
        expect![[r#"
            error: Cannot delete endpoint `projects/shop/branches/dev/endpoints/reader`: it is protected
            Lakebase does not delete protected branches or the objects that contain them. To proceed, set `is_protected = false` on `projects/shop/branches/dev`, apply that change separately, and then plan again.

            Help: https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#protected-objects
        "#]],
    );
    bench.configure(&all);
    let replaced = refuses_silently(&bench, &["plan", "-replace=lakebase_endpoint.reader"]);
    assert!(replaced.contains("set `is_protected = false`"), "{replaced}");
    bench.terraform(&["taint", "lakebase_endpoint.reader"]).succeeded();
    let tainted = refuses_silently(&bench, &["apply", "-auto-approve"]);
    assert!(tainted.contains("terraform untaint ADDRESS"), "{tainted}");
    bench.terraform(&["untaint", "lakebase_endpoint.reader"]).succeeded();
    bench.configure(&all.replace("is_protected = true", "is_protected = false"));
    bench.apply();
    bench.configure(&without.replace("is_protected = true", "is_protected = false"));
    bench.apply();
}

#[test]
fn replaced_branch_with_an_endpoint_that_is_not_adopted_is_refused_at_plan() {
    let primary = |lines: &str| {
        dev(&(lines.to_owned() + CONSENT))
            .replace("\"reader\"\n", "\"primary\"\n")
            .replace("READ_ONLY\"", "READ_WRITE\"")
    };
    let all = primary(MONDAY);
    let (without, _) = all.split_once("resource \"lakebase_endpoint\"").expect("it has one");
    let bench = applied("endpoint_not_adopted", without);
    bench.configure(&all);
    bench
        .terraform(&["import", "lakebase_endpoint.reader", &format!("{DEV}/endpoints/primary")])
        .succeeded();
    bench.configure(&primary(TUESDAY));
    refuses(
        &bench,
        &["plan"],
        expect![[r#"
            error: Endpoint `projects/shop/branches/dev/endpoints/primary` is created automatically
            Lakebase creates this endpoint together with its branch, so the create would fail. To adopt it and apply the configured settings, add:

              replace_existing = true

            warning: Branch `projects/shop/branches/dev` will be permanently deleted
            The change of `keepers` forces the replacement. `purge_on_delete` is `true`, so it cannot be restored. This deletes its data, 1 database (`projects/shop/branches/dev/databases/databricks-postgres`); 1 endpoint (`projects/shop/branches/dev/endpoints/primary`).
        "#]],
    );
}

#[test]
fn permanent_destroy_warns_in_plan() {
    let bench = applied("destroy_permanently", &dev(&(MONDAY.to_owned() + CONSENT)));
    let told = PlanOutput::by(&bench, &["plan", "-destroy"], 0);
    expect![[r#"
        warning: Branch `projects/shop/branches/dev` will be permanently deleted
        The plan destroys it. `purge_on_delete` is `true`, so it cannot be restored. This deletes its data, 1 database (`projects/shop/branches/dev/databases/databricks-postgres`); 2 endpoints (`projects/shop/branches/dev/endpoints/primary`, `projects/shop/branches/dev/endpoints/reader`).
    "#]].assert_eq(&told.messages());
}
#[test]
fn the_guide_to_replacing() {
    let configuration = snippets("replacing-and-destroying", "terraform").join("\n");
    let bench = Workbench::new("the_guide_to_replacing");
    bench.configure(&configuration);
    bench.terraform(&["fmt", "-check", "-diff"]).succeeded();
    bench.apply();
    // `keepers` copies the branch again; the other is renamed, and can be restored.
    let changed = configuration.replace("\"42\"", "\"43\"").replace("preview-42", "preview-43");
    bench.configure(&changed);
    let planned = bench.plan().output();
    assert!(planned.contains("will be permanently deleted"), "{planned}");
    assert!(planned.contains("preview-42/undelete"), "{planned}");
    bench.apply();
    let old = bench.emulator.get("projects/shop/branches/preview-42").expect("it can be restored");
    assert!(old["status"]["delete_time"].is_string(), "{old}");
    examples::destroy(&bench, &changed);
}
