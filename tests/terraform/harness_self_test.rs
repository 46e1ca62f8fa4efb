//! The workbench holds: Terraform starts, fails, is interrupted and remembers, as when typed by hand.
//!
//! Most of it needs no provider of ours: `terraform_data` is built into Terraform.

use std::path::Path;

use expect_test::expect;
use lakebase_emulator::{Fault, FaultKind};
use serde_json::json;

use crate::workbench::{Workbench, quoted};

const DATA: &str = r#"
resource "terraform_data" "this" {
  input = "a value"
}

output "value" {
  value = terraform_data.this.output
}
"#;

/// Blocks until it is stopped, and says so.
const BLOCKING: &str = r#"
resource "terraform_data" "this" {
  provisioner "local-exec" {
    command = "mkfifo blocker && echo blocked && cat blocker"
  }
}
"#;

#[test]
fn an_apply_is_followed_by_an_empty_plan_and_readable_state() {
    let bench = Workbench::new("an_apply_is_followed_by_an_empty_plan");
    bench.write("main.tf", DATA);

    assert!(bench.validate().output().starts_with("Success!"));
    assert!(bench.plan().output().contains("Plan: 1 to add"));
    bench.apply();

    assert_eq!(bench.output("value"), "a value");
    let state = bench.state();
    assert_eq!(state["values"]["root_module"]["resources"][0]["values"]["input"], "a value");
    bench.expect_mutations(expect![""]);

    bench.destroy();
    assert_eq!(bench.terraform(&["state", "list"]).succeeded().output(), "");
}

#[test]
fn a_saved_plan_is_applied_by_another_process() {
    let bench = Workbench::new("a_saved_plan_is_applied_by_another_process");
    bench.write("main.tf", DATA);

    let planned = bench.terraform(&["plan", "-detailed-exitcode", "-out=saved"]);
    assert_eq!(planned.status, Some(2), "{planned}");
    bench.terraform(&["apply", "saved"]).succeeded();
    bench.expect_empty_plan();
}

#[test]
fn a_broken_configuration_fails_with_its_place() {
    let bench = Workbench::new("a_broken_configuration_fails_with_its_place");
    bench.write("main.tf", "output \"value\" {\n  value = nothing.here\n}\n");

    let place = "on main.tf line 2, in output \"value\"";
    assert!(bench.plan_fails().output().contains(place));
    assert!(bench.apply_fails().output().contains(place));
}

#[test]
fn an_interrupt_stops_an_apply_that_keeps_its_state() {
    let bench = Workbench::new("an_interrupt_stops_an_apply_that_keeps_its_state");
    bench.write("main.tf", BLOCKING);

    let applying = bench.spawn(&["apply", "-auto-approve"]);
    applying.wait_for_output("(local-exec): blocked");
    applying.interrupt();
    let output = applying.wait().failed().output();
    // Terraform says so itself, unless its provisioner is stopped first.
    let told = ["Interrupt received.", "signal: interrupt"];
    assert!(told.iter().any(|text| output.contains(text)), "{output}");

    let listed = bench.terraform(&["state", "list"]).succeeded();
    assert_eq!(listed.output(), "terraform_data.this");
}

#[test]
fn killed_apply_is_distinguished_from_failed_apply() {
    let bench = Workbench::new("killed_apply_is_distinguished_from_failed_apply");
    bench.write("main.tf", BLOCKING);

    let mut applying = bench.spawn(&["apply", "-auto-approve"]);
    applying.wait_for_output("(local-exec): blocked");
    applying.kill();
    assert_eq!(applying.wait().status, None);

    let left: Vec<_> = bench.everything_left_behind().into_keys().collect();
    assert!(left.contains(&"transcripts/01-apply--auto-approve.txt".into()), "{left:?}");
    bench.write("blocker", ""); // lets go of what still reads the pipe
}

const PROJECT: &str = r#"
resource "lakebase_project" "this" {
  project_id          = "shop"
  display_name        = "A shop"
  deletion_protection = false
}
"#;

#[test]
fn the_built_provider_talks_to_the_emulator_of_its_test() {
    let bench = Workbench::new("the_built_provider_talks_to_the_emulator_of_its_test");
    bench.configure(PROJECT);
    bench.apply();

    bench.emulator.change("projects/shop", json!({ "display_name": "Someone else's" }));
    let planned = bench.plan().output();
    assert!(planned.contains("\"Someone else's\" -> \"A shop\""), "{planned}");

    bench.forget_requests();
    bench.destroy();
    bench.expect_mutations(expect![[r#"
        DELETE /api/2.0/postgres/projects/shop
    "#]]);
}

#[test]
fn a_test_can_wait_for_a_request_in_the_midst_of_a_run() {
    let bench = Workbench::new("a_test_can_wait_for_a_request_in_the_midst_of_a_run");
    bench.configure(PROJECT);
    bench.emulator.fault(Fault::on("POST", "/projects", FaultKind::NeverFinish));

    let applying = bench.spawn(&["apply", "-auto-approve"]);
    bench.emulator.wait_for(|requests| requests.iter().any(|request| request.method == "POST"));
    applying.interrupt();
    applying.wait().failed();

    let listed = bench.terraform(&["state", "list"]).succeeded();
    assert_eq!(listed.output(), "lakebase_project.this");
    for (file, content) in bench.everything_left_behind() {
        let content = String::from_utf8_lossy(&content);
        assert!(!content.contains(bench.emulator.token()), "{} holds the token", file.display());
    }
}

#[test]
fn killing_the_providers_fails_the_apply_and_spares_terraform() {
    let bench = Workbench::new("killing_the_providers_fails_the_apply_and_spares_terraform");
    bench.track_providers();
    bench.configure(PROJECT);
    bench.emulator.fault(Fault::on("POST", "/projects", FaultKind::NeverFinish));

    let applying = bench.spawn(&["apply", "-auto-approve"]);
    bench.emulator.wait_for(|requests| requests.iter().any(|request| request.method == "POST"));
    applying.kill_providers();
    let output = applying.wait().failed().output();
    assert!(output.contains("GRPCProvider).ApplyResourceChange"), "{output}");
}

#[test]
fn a_path_with_quotes_is_one_word_of_a_script() {
    let bench = Workbench::new("a_path_with_quotes_is_one_word_of_a_script");
    let path = "it's a \"path\" with $signs and `more`";
    let run = bench.bash(&format!("printf %s {}", quoted(Path::new(path)))).succeeded();
    assert_eq!(run.stdout, path);
}
