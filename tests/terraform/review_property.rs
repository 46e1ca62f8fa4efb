//! What a review states as known is true: it is compared with what exists before and after.
//!
//! A run generates a configuration and changes of it ([`scene`]), plans and applies each with the
//! real Terraform against the emulator, and compares the rows and the totals of the review with the
//! computes of the emulator ([`judge`]). All chance comes from the seed, which is printed if a run
//! fails.
//!
//! `make test` makes a few runs, `make reviews` many.

mod judge;
mod scene;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;

use fastrand::Rng;
use lakebase_emulator::Options;
use serde_json::Value as Json;

use crate::workbench::Workbench;
use judge::World;
use scene::Scene;

/// How many changes a run makes: the first creates everything.
const CHANGES: usize = 4;

/// What was compared.
#[derive(Debug, Default)]
struct Tally {
    changes: u64,
    refused: u64,
    failed: u64,
    rows: u64,
    known: u64,
    unknown: u64,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { changes, refused, failed, rows, known, unknown } = self;
        write!(
            f,
            "{changes} changes were reviewed and applied, {failed} of them with an error; {refused} \
             were refused at plan time. {rows} rows made {known} statements that are true, and \
             {unknown} that something is unknown"
        )
    }
}

#[test]
fn review_is_true_before_and_after() {
    let (first, count) = (setting("LAKEBASE_REVIEWS_SEED", 1), setting("LAKEBASE_REVIEWS_RUNS", 3));
    let mut tally = Tally::default();
    let mut failed = Vec::new();
    for seed in first..first + count {
        if catch_unwind(AssertUnwindSafe(|| run(seed, &mut tally))).is_err() {
            eprintln!("To see it again: make reviews SEED={seed} RUNS=1");
            failed.push(seed);
        }
    }
    eprintln!("{tally}; failed seeds: {failed:?}");
    assert!(failed.is_empty(), "the review is not true with the seeds {failed:?}");
}

fn setting(name: &str, otherwise: u64) -> u64 {
    #[expect(clippy::disallowed_methods, reason = "the runs' room for the environment")]
    let text = std::env::var(name);
    text.map_or(otherwise, |text| text.parse().expect("a number"))
}

fn run(seed: u64, tally: &mut Tally) {
    let mut random = Rng::with_seed(seed);
    let bench = Workbench::with_options(&format!("truth_{seed}"), Options::default());
    scene::write_modules(&bench);
    let mut scene = Scene::any(&mut random);
    for _ in 0..CHANGES {
        change(&bench, &scene, tally);
        scene = scene.changed(&mut random, &managed(&bench));
    }
}

/// Plans, reviews and applies a change, and compares.
fn change(bench: &Workbench, scene: &Scene, tally: &mut Tally) {
    bench.configure(&scene.hcl());
    bench.terraform(&["get"]).succeeded();
    for address in &scene.taints {
        bench.terraform(&["taint", address]).succeeded();
    }
    let before = World::of(bench);
    let options: Vec<_> = scene.options.iter().map(String::as_str).collect();
    let run = bench.terraform(&[&["plan", "-out=saved"], &options[..]].concat());
    for address in scene.taints.iter().filter(|_| run.status != Some(0)) {
        bench.terraform(&["untaint", address]);
    }
    if run.status != Some(0) {
        assert!(!run.output().contains("panicked"), "{run}");
        tally.refused += 1;
        return;
    }
    let plan = bench.terraform(&["show", "-json", "saved"]).succeeded();
    bench.write("plan.json", &plan.stdout);
    let review = review(bench);
    let run = bench.terraform(&["apply", "saved"]);
    assert!(!run.output().contains("panicked"), "{run}");
    let is_whole = run.status == Some(0);
    let after = World::of(bench);
    tally.changes += 1;
    tally.failed += u64::from(!is_whole);
    let told = judge::judge(&review, &plan.json(), &before, is_whole.then_some(&after));
    tally.rows += told.rows;
    tally.known += told.known;
    tally.unknown += told.unknown;
    assert!(
        told.falsehoods.is_empty(),
        "FALSE:\n{}\n\nThe configuration:\n{}\nThe review:\n{}",
        told.falsehoods.join("\n"),
        scene.hcl(),
        review_text(bench),
    );
}

fn review(bench: &Workbench) -> Json {
    serde_json::from_str(&program(bench, "json")).expect("it is JSON")
}

fn review_text(bench: &Workbench) -> String {
    program(bench, "text")
}

fn program(bench: &Workbench, format: &str) -> String {
    let mut program = Command::new(env!("CARGO_BIN_EXE_terraform-provider-lakebase"));
    program.args(["review", "--format", format]).arg(bench.path("plan.json"));
    let run = program.output().expect("the program starts");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).expect("it writes UTF-8")
}

/// The addresses of the state, with the names of their objects.
fn managed(bench: &Workbench) -> Vec<(String, String)> {
    let state = bench.terraform(&["show", "-json"]).succeeded().json();
    let mut found = Vec::new();
    judge::each_resource(&state["values"]["root_module"], &mut |resource| {
        let (address, name) = (resource["address"].as_str(), resource["values"]["name"].as_str());
        if let (Some(address), Some(name)) = (address, name) {
            found.push((address.to_owned(), name.to_owned()));
        }
    });
    found
}
