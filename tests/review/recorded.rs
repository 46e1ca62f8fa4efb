//! Plans that the official provider, `databricks/databricks`, made.
//!
//! They were recorded with Terraform 1.11.4 against the emulator. `UPDATE_EXPECT=1` writes the
//! reviews again.

use std::path::{Path, PathBuf};

use expect_test::expect_file;
use serde_json::Value as Json;

use crate::review;

fn folder(plan: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded").join(plan)
}

fn reviewed(plan: &str) -> Json {
    let run = review(&folder(plan), &["plan.json", "--format", "json"], b"");
    assert_eq!(run.code, Some(0), "{plan}: {}", run.stderr);
    serde_json::from_str(&run.stdout).expect("it is JSON")
}

/// The endpoints of a review: their names, and what happens to them.
fn rows<'a>(review: &'a Json) -> Vec<(&'a str, &'a str)> {
    let changes = review["plans"][0]["changes"].as_array().expect("a list").iter();
    let computes = changes.filter(|row| row["subject"] != "defaults");
    let row = |row: &'a Json| Some((row["name"].as_str()?, row["action"].as_str()?));
    let mut rows: Vec<_> = computes.map(|it| row(it).expect("it has a name")).collect();
    rows.sort_unstable();
    rows
}

#[test]
fn recorded_plan_reviews_match_golden_files() {
    for plan in [
        "all-new",
        "destroy",
        "fewer-replicas",
        "new-branch-with-its-primary",
        "no-high-availability",
        "renamed-branch",
        "replaced-project",
        "resize",
    ] {
        let run = review(&folder(plan), &["plan.json"], b"");
        assert_eq!(run.code, Some(0), "{plan}: {}", run.stderr);
        expect_file![folder(plan).join("review.txt")].assert_eq(&run.stdout);
    }
}

#[test]
fn new_project_has_its_primary_and_the_managed_ones() {
    let branch = "projects/production/branches/main/endpoints";
    let names = ["primary", "replica-0", "replica-1"].map(|id| format!("{branch}/{id}"));
    let root = "projects/production/branches/production/endpoints/primary";
    let mut expected: Vec<_> = names.iter().map(|name| (name.as_str(), "create")).collect();
    expected.push((root, "create"));
    assert_eq!(rows(&reviewed("all-new")), expected);
}

#[test]
fn managed_primary_of_a_new_branch_is_one_compute() {
    let name = "projects/production/branches/main/endpoints/primary";
    assert_eq!(rows(&reviewed("new-branch-with-its-primary")), [(name, "create")]);
}

#[test]
fn renamed_branch_is_no_growth() {
    let review = reviewed("renamed-branch");
    let branch = "projects/production/branches/trunk/endpoints";
    let names = ["primary", "replica-0", "replica-1"].map(|id| format!("{branch}/{id}"));
    let expected: Vec<_> = names.iter().map(|name| (name.as_str(), "replace")).collect();
    assert_eq!(rows(&review), expected);
    assert_eq!(review["totals"]["before"], review["totals"]["after"]);
    let rule = [
        "plan.json",
        "--fail-on",
        "total growth > 1x",
        "--fail-on",
        "total increase > 0",
        "--strict",
    ];
    let run = crate::review(&folder("renamed-branch"), &rule, b"");
    assert_eq!(run.code, Some(0), "{}", run.stdout);
}
