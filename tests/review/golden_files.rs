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
    ("no-changes", &["--fail-on", "total ceiling > 0"]),
    ("databricks-provider", OF_TWINS),
    ("removed", &["--fail-on", "destroys"]),
    ("replace", &["--fail-on", "destroys", "--fail-on", "total ceiling > 4"]),
    (
        "resize",
        &["--price-per-cu-hour", "$0.111", "--fail-on", "ceiling > 4", "--fail-on", "range > 4"],
    ),
    ("databricks-equivalent", OF_TWINS),
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
fn plan_reviews_match_golden_files() {
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
fn matched_rule_fails_the_review_and_is_printed_on_stderr() {
    for plan in plans() {
        let run = reviewed(&plan, "json");
        let review: Json = serde_json::from_str(&run.stdout).expect("it is JSON");
        let rules = review["rules"].as_array().expect("it has rules");
        let matches = rules.iter().flat_map(|rule| rule["matches"].as_array().expect("a list"));
        let holds = matches.filter(|found| found["decided"] == true).count();
        assert_eq!(run.code, Some(if 0 < holds { 2 } else { 0 }), "{plan}");
        let told = run.stderr.lines().filter(|line| !line.contains("matches nothing")).count();
        assert_eq!(told, holds, "{plan}: {}", run.stderr);

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
        let [official, twin] =
            ["databricks-provider", "databricks-equivalent"].map(|it| reviewed(it, format));
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
fn several_formats_are_written_in_one_run() {
    let directory = tempfile::tempdir().expect("a directory can be created");
    let file = |name: &str| directory.path().join(name).display().to_string();
    let outputs = ["markdown", "json", "sarif", "html", "text"]
        .map(|format| format!("--output={format}={}", file(format)));
    let mut arguments = vec!["plan.json", "--tag", "prod"];
    arguments.extend(outputs.iter().map(String::as_str));
    let run = review(&folder("resize"), &arguments, b"");
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    for format in ["markdown", "json", "sarif", "html", "text"] {
        let written = fs::read_to_string(file(format)).expect("it was written");
        let mut alone = vec!["plan.json", "--format", format];
        if format == "markdown" {
            alone.extend(["--tag", "prod"]);
            assert!(written.starts_with("<!-- lakebase-review: prod -->\n"), "{written}");
        }
        assert_eq!(written, review(&folder("resize"), &alone, b"").stdout, "{format}");
    }
    let text = fs::read_to_string(file("text")).expect("it was written");
    assert_eq!(run.stdout, text);
}

#[test]
fn several_plans_are_one_review() {
    let run = review(
        &folder(""),
        &["resize/plan.json", "replace/plan.json", "--fail-on", "total ceiling > 12"],
        b"",
    );
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    expect_file![folder("").join("../review/several.txt")].assert_eq(&run.stdout);
    let json =
        review(&folder(""), &["resize/plan.json", "replace/plan.json", "--format", "json"], b"");
    let json: Json = serde_json::from_str(&json.stdout).expect("it is JSON");
    let ceiling =
        |json: &Json| json["totals"]["after"]["ceiling_cu"]["known"].as_f64().expect("a sum");
    let sum = ceiling(&json["plans"][0]) + ceiling(&json["plans"][1]);
    assert!((ceiling(&json) - sum).abs() < 1e-9, "{json:#}");
}

/// What a plan has beside its changes: drift, deferred changes, and resources that are not reviewed.
#[test]
fn drift_deferred_and_skipped_changes_are_reported() {
    let endpoint = |cu: u8| {
        serde_json::json!({
            "name": "projects/p/branches/b/endpoints/e", "endpoint_type": "ENDPOINT_TYPE_READ_ONLY",
            "autoscaling_limit_min_cu": 1, "autoscaling_limit_max_cu": cu, "disabled": false,
        })
    };
    let change = |kind: &str, actions: &[&str], before: Json, after: Json| {
        serde_json::json!({
            "address": format!("{kind}.e"), "mode": "managed", "type": kind,
            "change": {"actions": actions, "before": before, "after": after, "after_unknown": {}},
        })
    };
    let create = change("lakebase_endpoint", &["create"], Json::Null, endpoint(112));
    let plan = serde_json::json!({
        "format_version": "1.2",
        "complete": false,
        "resource_drift": [
            change("lakebase_endpoint", &["update"], endpoint(4), endpoint(8)),
            change("lakebase_endpoint", &["delete"], endpoint(4), Json::Null),
        ],
        "deferred_changes": [{"reason": "provider_config_unknown", "resource_change": create}],
        "resource_changes": [
            change("lakebase_endpoint", &["no-op"], endpoint(8), endpoint(8)),
            change("databricks_database_instance", &["update"], Json::Null, Json::Null),
            change("aws_instance", &["update"], Json::Null, Json::Null),
        ],
    });
    let run = review(&folder(""), &["--strict"], plan.to_string().as_bytes());
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    expect![[r#"
        No compute changes

        Failed checks:
          - The plan is partial, as with `-target`.
          - The plan defers 1 change.

        Changed outside of Terraform:
          - `lakebase_endpoint.e`: CU 1–4 → 1–8; CU-hours a month 0–2,920 → 0–5,840; GB of memory 2–8 → 2–16; connections 839 → 1,678.
          - `lakebase_endpoint.e` was deleted.

        About these figures:
          - The plan is partial, as with `-target`: there can be more to change.
          - `lakebase_endpoint.e` is deferred to a later plan (provider_config_unknown).
          - Not reviewed: 1 change of `databricks_database_instance`.
    "#]].assert_eq(&run.stdout);
}

#[test]
fn strict_review_fails_where_something_is_not_certain() {
    let failures = |plan: &str, more: &[&str]| {
        let plain = review(&folder(plan), &[&["plan.json"], more].concat(), b"");
        let strict = review(
            &folder(plan),
            &[&["plan.json", "--strict", "--format=json"], more].concat(),
            b"",
        );
        let json: Json = serde_json::from_str(&strict.stdout).expect("it is JSON");
        let failures = json["failures"].as_array().expect("a list").iter();
        let failures = failures.filter_map(Json::as_str).map(|it| format!("    {it}\n"));
        let failures = failures.collect::<String>();
        format!("{plan} {more:?}: {:?}, strictly {:?}\n{failures}", plain.code, strict.code)
    };
    let mut text = failures("resize", &[]);
    text += &failures("errored", &[]);
    text += &failures("target", &[]);
    text += &failures("unknown", &["--fail-on", "ceiling > 64"]);
    text += &failures("resize", &["--fail-on", "destroys in module.prodution.*"]);
    text += &failures("resize", &["--warn-on", "destroys in module.prodution.*"]);
    expect![[r#"
        resize []: Some(0), strictly Some(0)
        errored []: Some(0), strictly Some(2)
            The plan ended with an error.
        target []: Some(0), strictly Some(2)
            The plan is partial, as with `-target`.
        unknown ["--fail-on", "ceiling > 64"]: Some(0), strictly Some(2)
            `lakebase_endpoint.primary`: its ceiling is known after apply (`ceiling > 64`)
        resize ["--fail-on", "destroys in module.prodution.*"]: Some(0), strictly Some(2)
            The scope of `destroys in module.prodution.*` matches nothing in the plan.
        resize ["--warn-on", "destroys in module.prodution.*"]: Some(0), strictly Some(2)
            The scope of `destroys in module.prodution.*` matches nothing in the plan.
    "#]]
    .assert_eq(&text);
}

#[test]
fn rules_of_a_file_have_severities_scopes_and_exceptions() {
    let directory = tempfile::tempdir().expect("a directory can be created");
    let rules = directory.path().join("rules.toml").display().to_string();
    let judged = |text: &str| {
        fs::write(&rules, text).expect("it can be written");
        let run =
            review(&folder("resize"), &["plan.json", "--rules", &rules, "--format", "json"], b"");
        format!("{:?}\n{}", run.code, run.stderr.replace(&rules, "rules.toml"))
    };
    let scope =
        "[[scope]]\nin = \"projects/*\"\ndeny = [\"ceiling > 4\"]\nwarn = [\"growth > 1x\"]\n";
    let exception = |until: &str| {
        format!(
            "{scope}\n[[exception]]\nrule = \"ceiling > 4\"\nin = \"*.primary\"\n\
             reason = \"Load test\"\nuntil = {until}\n"
        )
    };
    let all = [
        scope.to_owned(),
        exception("2999-12-31"),
        exception("2000-01-01"),
        "[[scopes]]".to_owned(),
    ];
    let text: String = all.iter().map(|text| judged(text)).collect();
    expect![[r#"
        Some(2)
        `lakebase_endpoint.primary`: its ceiling is 8 CU (`ceiling > 4`)
        `lakebase_endpoint.primary`: its ceiling is 2 times what it was (`growth > 1x`)
        Some(0)
        `lakebase_endpoint.primary`: its ceiling is 2 times what it was (`growth > 1x`)
        Some(2)
        `lakebase_endpoint.primary`: its ceiling is 8 CU (`ceiling > 4`)
        `lakebase_endpoint.primary`: its ceiling is 2 times what it was (`growth > 1x`)
        The exception to `ceiling > 4` expired on 2000-01-01: `Load test`
        Some(1)
        Invalid rules `rules.toml`: line 1: unknown field `scopes`, expected `scope` or `exception`.
    "#]]
    .assert_eq(&text);
}

#[test]
fn readme_shows_the_printed_review() {
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
    let names = entries.map(|entry| entry.expect("it can be read").file_name());
    let mut plans: Vec<_> = names.map(|name| name.into_string().expect("a plain name")).collect();
    plans.sort();
    plans
}
