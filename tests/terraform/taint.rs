//! What is tainted is kept, unless its configuration consents to its deletion.

use std::time::Duration;

use expect_test::expect;
use lakebase_emulator::{Deviations, Options};
use serde_json::{Value as Json, json};

use crate::consent::{
    ADOPT, CONSENT, CREATE_FIRST, DEV, MONDAY, PROJECT, applied, deletes, dev, uid,
};
use crate::replacement::PlanOutput;
use crate::workbench::Workbench;

#[test]
fn tainted_object_without_consent_is_kept() {
    for (test, more, address) in [
        ("tainted_branch", "", "lakebase_branch.dev"),
        ("tainted_branch_adopted", ADOPT, "lakebase_branch.dev"),
        ("tainted_project", "", "lakebase_project.shop"),
    ] {
        let bench = applied(test, &dev(&(MONDAY.to_owned() + more)));
        let uids = [uid(&bench, DEV), uid(&bench, "projects/shop")];
        bench.terraform(&["taint", address]).succeeded();
        let plan = PlanOutput::by(&bench, &["plan"], 0);
        let messages = plan.messages();
        assert!(messages.contains("terraform untaint ADDRESS"), "{messages}");
        assert!(messages.contains("The apply will refuse to delete it"), "{messages}");
        for wrong in ["import {", "adopted", "will change"] {
            assert!(!messages.contains(wrong), "{messages}");
        }
        assert_eq!(plan.planned("replace"), [address], "nothing goes along");
        let told = PlanOutput::by(&bench, &["apply", "-auto-approve"], 1).messages();
        assert!(told.contains("Refused to delete"), "{told}");
        bench.expect_mutations(expect![""]);
        assert_eq!(uids, [uid(&bench, DEV), uid(&bench, "projects/shop")]);
        bench.terraform(&["untaint", address]).succeeded();
        bench.expect_empty_plan();
    }
}

#[test]
fn tainted_object_with_consent_takes_its_children_along_in_the_plan() {
    let bench = applied("tainted_with_consent", &dev(&(MONDAY.to_owned() + CONSENT)));
    bench.terraform(&["taint", "lakebase_branch.dev"]).succeeded();
    let plan = PlanOutput::by(&bench, &["plan", "-out=saved"], 0);
    expect![[r#"
        warning: Branch `projects/shop/branches/dev` is tainted
        Terraform plans to delete it and create it again. The apply deletes it permanently, including its data, 1 database (`projects/shop/branches/dev/databases/databricks-postgres`); 2 endpoints (`projects/shop/branches/dev/endpoints/primary`, `projects/shop/branches/dev/endpoints/reader`): `purge_on_delete` is `true`, so it cannot be restored.

        To keep it, run the following command, where ADDRESS is the resource address (use `tofu` with OpenTofu):

          terraform untaint ADDRESS

        If the state contains this branch under another address, use a `moved` block instead.
    "#]].assert_eq(&plan.messages());
    assert_eq!(plan.planned("replace"), ["lakebase_branch.dev", "lakebase_endpoint.reader"]);
    let program = env!("CARGO_BIN_EXE_terraform-provider-lakebase");
    let review = format!("terraform show -json saved | '{program}' review --fail-on destroys");
    let review = bench.bash(&review);
    assert_eq!(review.status, Some(2), "{review}");
    assert!(review.stdout.contains("lakebase_endpoint.reader"), "{review}");
    bench.terraform(&["apply", "saved"]).succeeded();
    bench.expect_empty_plan();
    assert_eq!(deletes(&bench), ["projects/shop/branches/dev?purge=true"]);
}

#[test]
fn tainted_default_object_stays_in_the_state() {
    let configuration = PROJECT.to_owned()
        + r#"
resource "lakebase_branch" "production" {
  project          = lakebase_project.shop.name
  branch_id        = "production"
  replace_existing = true
  purge_on_delete  = true
}

resource "lakebase_endpoint" "primary" {
  branch           = lakebase_branch.production.name
  endpoint_id      = "primary"
  endpoint_type    = "ENDPOINT_TYPE_READ_WRITE"
  replace_existing = true
}
"#;
    let bench = applied("tainted_root", &configuration);
    for address in ["lakebase_branch.production", "lakebase_endpoint.primary"] {
        bench.terraform(&["taint", address]).succeeded();
        let told = PlanOutput::by(&bench, &["apply", "-auto-approve"], 1).messages();
        assert!(told.contains("Refused to delete"), "{told}");
        bench.expect_mutations(expect![""]);
        bench.terraform(&["untaint", address]).succeeded();
        bench.expect_empty_plan();
    }
}

#[test]
fn tainted_object_adopted_by_create_before_destroy_is_not_deleted() {
    for protection in ["", "deletion_protection = true\n"] {
        let settings = MONDAY.to_owned() + ADOPT + CREATE_FIRST + protection;
        let bench = applied("tainted_create_before_destroy", &dev(&settings));
        let before = uid(&bench, DEV);
        bench.terraform(&["taint", "lakebase_branch.dev"]).succeeded();
        bench.terraform(&["apply", "-auto-approve"]).succeeded();
        assert_eq!(deletes(&bench), [""; 0]);
        assert_eq!(uid(&bench, DEV), before);
        bench.expect_empty_plan();
    }
}

/// A crash between the adoption and the delete half leaves the object in the state twice.
#[test]
fn deposed_object_that_is_the_current_one_is_not_deleted() {
    let settings = MONDAY.to_owned() + "deletion_protection = true\n";
    let bench = applied("deposed_object_that_is_the_current_one", &dev(&settings));
    let before = uid(&bench, DEV);
    let mut state: Json = serde_json::from_str(&bench.read("terraform.tfstate")).expect("a state");
    let resources = state["resources"].as_array_mut().expect("resources");
    let branch = resources.iter_mut().find(|it| it["type"] == "lakebase_branch");
    let instances = branch.expect("it has a branch")["instances"].as_array_mut();
    let instances = instances.expect("instances");
    let mut deposed = instances[0].clone();
    deposed["deposed"] = json!("b5a4691a");
    instances.push(deposed);
    bench.write("terraform.tfstate", &state.to_string());
    // Terraform plans the deposed object first, for it depends on nothing.
    let told = PlanOutput::by(&bench, &["apply", "-auto-approve"], 1).messages();
    assert!(told.contains("Branch `projects/shop/branches/dev` is in the state twice"), "{told}");
    bench.terraform(&["state", "rm", "lakebase_branch.dev"]).succeeded();
    bench.terraform(&["import", "lakebase_branch.dev", DEV]).succeeded();
    bench.apply(); // what an import cannot know: `keepers`, and what only Terraform knows
    bench.expect_empty_plan();
    bench.expect_mutations(expect![""]);
    assert_eq!(uid(&bench, DEV), before);
}

#[test]
fn create_that_ran_out_of_time_is_never_deleted() {
    let delay = Duration::from_mins(1);
    let options = Options { frozen_clock: true, operation_delay: delay, ..Options::default() };
    let bench = Workbench::with_options("create_out_of_time", options);
    let timed = |lines: &str| PROJECT.replace("pg_version", &format!("{lines}\n  pg_version"));
    bench.configure(&timed("timeouts = { create = \"1s\" }"));
    bench.apply_fails();
    bench.emulator.advance(delay * 2);
    let told = PlanOutput::by(&bench, &["apply", "-auto-approve"], 1).messages();
    assert!(told.contains("terraform untaint ADDRESS"), "{told}");
    assert_eq!(deletes(&bench), [""; 0]);
    bench.terraform(&["untaint", "lakebase_project.shop"]).succeeded();
    bench.expect_empty_plan();
    assert_eq!(bench.emulator.mutations().len(), 1);
}

#[test]
fn object_that_was_just_deleted_is_not_adopted_from_a_stale_read() {
    let replica = dev(MONDAY).replace(
        "\"ENDPOINT_TYPE_READ_ONLY\"",
        "\"ENDPOINT_TYPE_READ_ONLY\"\n  replace_existing = true",
    );
    let bench = applied("stale_read", &replica);
    bench.emulator.set_deviations(Deviations { delayed_effects: 2, ..Deviations::default() });
    bench.terraform(&["taint", "lakebase_endpoint.reader"]).succeeded();
    bench.terraform(&["apply", "-auto-approve"]).succeeded();
    let name = format!("{DEV}/endpoints/reader");
    assert!(bench.emulator.names().contains(&name), "{:?}", bench.emulator.names());
    bench.expect_empty_plan();
}

/// One object under two addresses, of which one is removed: the other still manages it.
#[test]
fn object_that_another_address_manages_is_not_deleted() {
    let bench = applied("object_that_another_address_manages", &dev(MONDAY));
    let before = uid(&bench, DEV);
    let both = dev(MONDAY)
        + "resource \"lakebase_branch\" \"again\" {\n  project = \"projects/shop\"\n"
        + MONDAY
        + "}\n";
    bench.configure(&both);
    bench.terraform(&["import", "lakebase_branch.again", DEV]).succeeded();
    bench.apply();
    bench.forget_requests();
    bench.configure(&dev(MONDAY));
    // Terraform plans the removed address first or last: refused, or only forgotten.
    let run = bench.terraform(&["apply", "-auto-approve"]);
    let output = run.output();
    assert!(run.status == Some(0) || output.contains("is in the state twice"), "{output}");
    bench.expect_mutations(expect![""]);
    bench.terraform(&["state", "rm", "lakebase_branch.again"]);
    bench.expect_empty_plan();
    assert_eq!(uid(&bench, DEV), before);
}
