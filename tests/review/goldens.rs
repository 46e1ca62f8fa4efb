//! The review of each plan in `tests/plans/`, in every format, beside the plan.
//!
//! `UPDATE_EXPECT=1 cargo test --test review` writes the files again. Read the difference as the
//! person would who reads the review.

use std::fs;

use expect_test::{expect, expect_file};
use serde_json::Value as Json;

use crate::{Run, folder, review};

/// What the review of a plan is asked besides.
const OPTIONS: &[(&str, &[&str])] = &[
    ("adopt", &["--fail-on", "ceiling > 8", "--fail-on", "floor >= 4"]),
    ("always-on", &["--price-per-cu-hour", "0.111 EUR", "--fail-on", "always-on"]),
    ("defaults", &["--fail-on", "range > 4", "--fail-on", "computes > 1"]),
    ("destroy", &["--fail-on", "destroys not in *.dev_*", "--fail-on", "total growth > 1x"]),
    ("disabled", &["--fail-on", "total floor > 1 CU"]),
    ("import", &["--fail-on", "floor > 1"]),
    (
        "modules",
        &[
            "--fail-on",
            "growth > 1.5x in module.*",
            "--fail-on",
            "total ceiling > 100",
            "--fail-on",
            "connections < 300 not in *acme*",
        ],
    ),
    ("moved", &["--price-per-cu-hour", "$0.111", "--fail-on", "total cost > 800"]),
    ("new-project", &["--price-per-cu-hour", "$0.111", "--fail-on", "cost > 500 not in *.primary"]),
    ("nothing", &["--fail-on", "total ceiling > 0"]),
    ("official", OF_TWINS),
    ("removed", &["--fail-on", "destroys"]),
    ("replace", &["--fail-on", "destroys", "--fail-on", "total ceiling > 4"]),
    (
        "resize",
        &["--price-per-cu-hour", "$0.111", "--fail-on", "ceiling > 4", "--fail-on", "range > 4"],
    ),
    ("twin", OF_TWINS),
    ("unknown", &["--fail-on", "unknown", "--fail-on", "ceiling > 64", "--fail-on", "growth > 2x"]),
];

const OF_TWINS: &[&str] = &[
    "--price-per-cu-hour",
    "$0.111",
    "--fail-on",
    "growth >= 2x",
    "--fail-on",
    "destroys in *.e*",
];

#[test]
fn plans_are_reviewed_as_their_files_say() {
    for plan in plans() {
        for format in ["text", "markdown", "json", "sarif"] {
            let run = reviewed(&plan, format);
            let name = match format {
                "text" => "review.txt",
                "markdown" => "review.md",
                "json" => "review.json",
                _ => "review.sarif",
            };
            expect_file![folder(&plan).join(name)].assert_eq(&run.stdout);
        }
    }
}

#[test]
fn a_review_fails_where_a_rule_holds_and_says_so_on_stderr() {
    for plan in plans() {
        let run = reviewed(&plan, "json");
        let review: Json = serde_json::from_str(&run.stdout).expect("it is JSON");
        let rules = review["rules"].as_array().expect("it has rules");
        let matches = rules.iter().flat_map(|it| it["matches"].as_array().expect("a list"));
        let holds = matches.filter(|it| it["decided"] == true).count();
        assert_eq!(run.code, Some(if 0 < holds { 2 } else { 0 }), "{plan}");
        assert_eq!(run.stderr.lines().count(), holds, "{plan}: {}", run.stderr);

        let text = reviewed(&plan, "text");
        assert_eq!((text.code, text.stderr.as_str()), (run.code, ""), "{plan}");
    }
    expect![[r#"
        `lakebase_endpoint.primary`: its ceiling is 8 CU (`ceiling > 4`)
        `lakebase_endpoint.primary`: its range is 7 CU (`range > 4`)
    "#]]
    .assert_eq(&reviewed("resize", "markdown").stderr);
}

#[test]
fn a_plan_of_the_official_provider_is_reviewed_like_its_twin() {
    for format in ["text", "markdown", "json"] {
        let [official, twin] = ["official", "twin"].map(|it| reviewed(it, format));
        let ours = |it: &str| it.replace("databricks_postgres_", "lakebase_");
        assert_eq!(ours(&official.stdout), twin.stdout, "{format}");
        assert_eq!(ours(&official.stderr), twin.stderr, "{format}");
        assert_eq!(official.code, twin.code, "{format}");
    }
}

#[test]
fn a_plan_is_read_from_a_file_and_from_a_pipe() {
    let here = folder("modules");
    let from_file = review(&here, &["plan.json"], b"");
    let plan = fs::read(here.join("plan.json")).expect("the plan can be read");
    for arguments in [&[][..], &["-"]] {
        assert_eq!(review(&here, arguments, &plan).stdout, from_file.stdout);
    }
}

#[test]
fn nothing_is_colored_where_no_terminal_is() {
    for plan in plans() {
        let text = reviewed(&plan, "text").stdout;
        assert!(!text.contains('\x1b'), "{plan}: {text}");
    }
}

#[test]
fn the_readme_shows_what_is_printed() {
    let printed = review(&folder("resize"), &["plan.json", "--fail-on", "growth > 1.5x"], b"");
    let readme = include_str!("../../README.md");
    assert!(readme.contains(&printed.stdout), "README.md does not show this:\n{}", printed.stdout);
}

/// The review of a plan with its options, as somebody would have it made beside the plan.
#[track_caller]
pub(crate) fn reviewed(plan: &str, format: &str) -> Run {
    let mut arguments = vec!["plan.json", "--format", format];
    if format == "sarif" {
        arguments.extend(["--root", "."]);
    }
    let options = OPTIONS.iter().find(|(name, _)| *name == plan).map(|(_, options)| *options);
    arguments.extend(options.unwrap_or_default());
    review(&folder(plan), &arguments, b"")
}

/// The names of all plans.
pub(crate) fn plans() -> Vec<String> {
    let entries = fs::read_dir(folder("")).expect("there are plans");
    let names = entries.map(|it| it.expect("it can be read").file_name());
    let mut plans: Vec<_> = names.map(|it| it.into_string().expect("a plain name")).collect();
    plans.sort();
    plans
}
