//! The plans that `review` is tested with: made by the real Terraform, and reviewed the same
//! whichever supported Terraform makes them.
//!
//! A folder of `tests/plans/` holds a configuration, what is applied before it in `before/`, and
//! the plan as `terraform show -json` prints it, written by Terraform 1.11.4. With
//! `UPDATE_PLANS=1` a test writes that file instead of comparing. `databricks-provider/` stands aside: its
//! plan is written by hand.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use lakebase_emulator::Options;
use serde_json::Value as Json;

use crate::workbench::Workbench;

/// A test for each folder of `tests/plans/`, with what its `plan` is told besides.
macro_rules! plans {
    ($($test:ident $folder:literal $arguments:expr;)*) => {
        $(#[test]
        fn $test() {
            run($folder, &$arguments);
        })*

        const FOLDERS: &[&str] = &[$($folder),*];
    };
}

plans! {
    a_new_project "new-project" [];
    a_resize "resize" [];
    a_compute_that_stays_on "always-on" [];
    a_whole_destroy "destroy" ["-destroy"];
    replacements "replace" [];
    nested_modules "modules" [];
    unknown_sizes "unknown" [];
    imports "import" [];
    moved_blocks "moved" [];
    other_defaults "defaults" [];
    no_change "no-changes" [];
    what_the_configuration_gives_up "removed" [];
    a_switch_off_and_on "disabled" [];
    resources_of_other_types "other-providers" [];
    a_target "target" ["-target=lakebase_endpoint.reports"];
    adoptions "adopt" [];
    a_plan_that_fails "errored" [];
    the_twin_of_the_official_plan "databricks-equivalent" [];
}

#[test]
fn every_plan_fixture_has_a_test() {
    let entries = fs::read_dir(plans()).expect("there are plans");
    let folders = entries.map(|entry| entry.expect("it can be read").path());
    let made: Vec<_> =
        FOLDERS.iter().chain(&["databricks-provider"]).map(|it| plans().join(it)).collect();
    let unmade: Vec<_> = folders.filter(|it| !made.contains(it)).collect();
    assert!(unmade.is_empty(), "give each of these its line above: {unmade:#?}");
}

#[test]
fn configurations_of_plans_are_formatted_as_terraform_does() {
    let bench = Workbench::new("plans_are_formatted");
    let folder = plans().display().to_string();
    bench.terraform(&["fmt", "-check", "-diff", "-recursive", &folder]).succeeded();
}

#[track_caller]
fn run(folder: &str, arguments: &[&str]) {
    // The clock stands, so that a plan that is made again differs in nothing but what has changed.
    let options = Options { frozen_clock: true, ..Options::default() };
    let bench = Workbench::with_options(&format!("plan_{folder}"), options);
    let folder = plans().join(folder);
    symlink(folder.join("modules"), bench.path("modules")).expect("links can be made");
    let main = fs::read_to_string(folder.join("main.tf")).expect("every plan has its file");
    if let Ok(before) = fs::read_to_string(folder.join("before/main.tf")) {
        bench.configure(&before);
        bench.terraform(&["get"]).succeeded();
        bench.apply();
    }
    if main.contains("import {") {
        bench.remove("terraform.tfstate"); // what is to be imported was made in some other way
    }
    bench.configure(&main);
    bench.terraform(&["get"]).succeeded();
    // However it ends: Terraform also saves what there is of a plan that fails.
    bench.terraform(&[&["plan", "-out=saved"], arguments].concat());
    let plan = bench.terraform(&["show", "-json", "saved"]).succeeded();
    bench.write("plan.json", &repeatable(&plan.json(), &plan.stdout));
    let (fresh, stored) = (bench.path("plan.json"), folder.join("plan.json"));

    #[expect(clippy::disallowed_methods, reason = "the tests' room for the environment")]
    if env::var_os("UPDATE_PLANS").is_none() {
        assert_eq!(review(&fresh), review(&stored));
    } else if !stored.exists() || in_order(&parse(&fresh)) != in_order(&parse(&stored)) {
        // Python keeps the order of the keys, in which Terraform has the changes come early.
        let mut python = Command::new("python3");
        python.args(["-m", "json.tool", "--indent=2", "--no-ensure-ascii"]).args([&fresh, &stored]);
        assert!(python.status().expect("there is a Python").success(), "{python:?} failed");
    }
}

/// The plan without what is another each time: when it was made, and what the service draws by lot.
fn repeatable(plan: &Json, text: &str) -> String {
    let mut drawn = Vec::new();
    collect_drawn(&plan["prior_state"]["values"]["root_module"], &mut drawn);
    drawn.sort_unstable(); // by address: modules come in any order
    let time = plan["timestamp"].as_str().expect("a plan has its time");
    let text = text.replace(time, "2026-01-01T00:00:00Z");
    drawn.iter().zip(1..).fold(text, |text, ((_, key, value), number)| {
        text.replace(value, &format!("{key}-{number}"))
    })
}

/// The values that are drawn by lot in a module's state: address, key, value.
fn collect_drawn<'a>(module: &'a Json, drawn: &mut Vec<(&'a str, &'a str, &'a str)>) {
    let list = |key: &str| module[key].as_array().into_iter().flatten();
    for resource in list("resources") {
        let address = resource["address"].as_str().expect("a resource has its address");
        for key in ["id", "uid", "source_branch_lsn"] {
            let value = resource["values"][key].as_str();
            drawn.extend(value.map(|it| (address, key, it)));
        }
    }
    list("child_modules").for_each(|it| collect_drawn(it, drawn));
}

/// The JSON with its lists sorted: modules and references come in any order.
fn in_order(json: &Json) -> Json {
    match json {
        Json::Array(items) => {
            let mut items: Vec<_> = items.iter().map(in_order).collect();
            items.sort_by_key(Json::to_string);
            items.into()
        }
        Json::Object(members) => {
            members.iter().map(|(key, it)| (key.clone(), in_order(it))).collect()
        }
        other => other.clone(),
    }
}

fn parse(file: &Path) -> Json {
    let text = fs::read_to_string(file).expect("the plan can be read");
    serde_json::from_str(&text).expect("a plan is JSON")
}

/// What the program says about a plan, but for who made it.
#[track_caller]
fn review(plan: &Path) -> Json {
    let mut program = Command::new(env!("CARGO_BIN_EXE_terraform-provider-lakebase"));
    let run = program.args(["review", "--format", "json"]).arg(plan).output();
    let run = run.expect("the program starts");
    let stderr = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{} is not reviewed: {stderr}", plan.display());
    let mut review: Json = serde_json::from_slice(&run.stdout).expect("it is JSON");
    for member in ["terraform_version", "label"] {
        review["plans"][0][member].take(); // of the Terraform and the file, not of the plan
    }
    review
}

fn plans() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plans")
}
