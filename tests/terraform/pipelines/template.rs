//! The template for GitLab, `ci/gitlab/review.yml`.

use std::collections::BTreeSet;
use std::fs;

use expect_test::expect;
use serde_json::Value as Json;

use super::{hostile, mapping, project, root, runner, written};
use crate::guides::{scripts, snippets};
use crate::workbench::{Run, Workbench};

const NOTES: &str = "https://gitlab.example/api/v4/projects/3/merge_requests/7/notes";

#[test]
fn gitlab_template_writes_one_note_and_updates_it() {
    let mut bench = runner("gitlab_template_writes_one_note", "resize");
    bench.write("notes-1.json", &notes(9));
    run(&mut bench, &[]).succeeded();
    assert_eq!(written(&bench), format!("POST {NOTES}\n"));
    let body = bench.read("body.md");
    assert!(body.starts_with("<!-- lakebase-review: compute -->\n\n### Compute"), "{body}");
    assert!(bench.read("lakebase-review/review.html").starts_with("<!DOCTYPE html>"));

    // The token's own note is on the second page.
    bench.write("notes-2.json", &notes(5));
    run(&mut bench, &[]).succeeded();
    assert!(written(&bench).ends_with(&format!("PUT {NOTES}/2\n")), "{}", written(&bench));
}

#[test]
fn gitlab_template_with_a_failing_rule_writes_all_reports_before_it_fails() {
    let mut bench = runner("gitlab_template_with_a_failing_rule", "always-on");
    let ended = run(&mut bench, &[("LAKEBASE_FAIL_ON", "ceiling > 1000\nalways-on\n")]);
    assert_eq!(ended.status, Some(2), "{ended}");
    assert!(ended.stdout.contains("Failed checks:"), "{ended}");
    assert_eq!(written(&bench), format!("POST {NOTES}\n"));
    let report = bench.read("lakebase-review/gl-code-quality-report.json");
    let report: Vec<Json> = serde_json::from_str(&report).expect("it is a list");
    let mut shown: Vec<_> = report
        .iter()
        .map(|finding| {
            let place = format!(
                "{}:{}",
                finding["location"]["path"], finding["location"]["lines"]["begin"]
            );
            format!("{} {} {place}", finding["severity"], finding["check_name"])
        })
        .collect();
    shown.dedup();
    expect![[r#"
        "major" "fail-on" "main.tf":14
        "minor" "maximum-doubles" "main.tf":13
        "minor" "always-on" "main.tf":14
        "minor" "high-availability" "main.tf":16
        "info" "compute-change" "main.tf":14"#]]
    .assert_eq(&shown.join("\n"));
    let fingerprints: BTreeSet<_> =
        report.iter().map(|finding| finding["fingerprint"].as_str()).collect();
    assert_eq!(fingerprints.len(), report.len(), "{report:#?}");
}

#[test]
fn gitlab_template_runs_nothing_that_an_address_or_a_variable_holds() {
    let mut bench = runner("gitlab_template_runs_nothing", "always-on");
    bench.write("plan.json", &hostile());
    let rules = "always-on in \"; touch hacked; $(touch hacked)*\nalways-on";
    let ended = run(&mut bench, &[("LAKEBASE_FAIL_ON", rules)]);
    assert_eq!(ended.status, Some(2), "{ended}");
    let ended = run(&mut bench, &[("LAKEBASE_TAG", "a --> $(touch hacked)")]);
    assert_eq!(ended.status, Some(1), "{ended}");
    assert!(!bench.path("hacked").exists());
    let report = bench.read("lakebase-review/gl-code-quality-report.json");
    assert!(serde_json::from_str::<Vec<Json>>(&report).is_ok(), "{report}");
}

#[test]
fn gitlab_template_without_the_program_explains_installation() {
    let mut bench = runner("gitlab_template_without_the_program", "resize");
    fs::remove_dir_all(bench.path(".terraform")).expect("it is there");
    let ended = run(&mut bench, &[]);
    assert_eq!((ended.status, written(&bench).as_str()), (Some(1), ""), "{ended}");
    assert!(ended.stderr.contains("Run terraform init"), "{ended}");
    run(&mut bench, &[("LAKEBASE_PROGRAM", super::PROVIDER)]).succeeded();
}

#[test]
fn gitlab_template_that_cannot_write_a_note_warns_and_keeps_the_result() {
    let mut bench = runner("gitlab_template_that_cannot_write", "always-on");
    bench.write("offline", "");
    for (rule, status) in [("always-on", 2), ("ceiling > 1000", 0)] {
        let ended = run(&mut bench, &[("LAKEBASE_FAIL_ON", rule)]);
        assert_eq!(ended.status, Some(status), "{ended}");
        assert!(ended.stderr.contains("The note could not be written."), "{ended}");
    }
    let ended = run(&mut bench, &[("REVIEW_TOKEN", "")]).succeeded();
    assert!(ended.stderr.contains("REVIEW_TOKEN is not set"), "{ended}");
    let ended = run(&mut bench, &[("CI_MERGE_REQUEST_IID", "")]).succeeded();
    assert!(ended.stderr.contains("does not run for a merge request"), "{ended}");
    assert_eq!(run(&mut bench, &[("LAKEBASE_NOTE", "false")]).succeeded().stderr, "");
}

#[test]
fn gitlab_template_explains_each_variable() {
    let guide = fs::read_to_string(root().join("docs/guides/review-gitlab-ci.md"));
    let guide = guide.expect("there is a guide");
    for (name, _) in variables(&template()) {
        assert!(guide.contains(&format!("| `{name}` |")), "The guide lacks the variable {name}.");
    }
}

#[test]
fn gitlab_guide_plans_and_reviews() {
    // As `make install` has it.
    let mut bench = project("gitlab_guide_plans_and_reviews", "terraform-provider-lakebase");
    let [pipeline, ..] = &snippets("review-gitlab-ci", "yaml")[..] else { panic!("it is there") };
    let [_, plan] = &scripts(pipeline)[..] else { panic!("the rules and a script") };
    let variables = mapping(pipeline, "  variables:");
    let variables: Vec<_> = variables.iter().map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(variables.len(), 2, "{variables:?}");
    bench.bash(plan).succeeded();
    run(&mut bench, &variables).succeeded();
    assert_eq!(written(&bench), format!("POST {NOTES}\n"));

    let main = bench.read("main.tf");
    bench.write(
        "main.tf",
        &main.replace("suspend_timeout_duration = \"5m\"", "no_suspension = true"),
    );
    bench.bash(plan).succeeded();
    let ended = run(&mut bench, &variables);
    assert_eq!(ended.status, Some(2), "{ended}");
    assert!(ended.stdout.contains("always-on not in projects/shop"), "{ended}");
}

fn template() -> String {
    fs::read_to_string(root().join("ci/gitlab/review.yml")).expect("there is a template")
}

/// The variables of the template with their defaults.
fn variables(template: &str) -> Vec<(String, String)> {
    let (_, rest) = template.split_once("  variables:\n").expect("it has variables");
    let (variables, _) = rest.split_once("  script:\n").expect("it has a script");
    let lines = variables.lines().filter(|line| !line.trim().starts_with('#'));
    let variable = |line: &str| {
        let (name, value) = line.trim().split_once(": ").expect("a variable has a value");
        (name.to_owned(), value.trim_matches('"').to_owned())
    };
    lines.map(variable).collect()
}

/// Runs the template's job for merge request 7.
#[track_caller]
fn run(bench: &mut Workbench, changed: &[(&str, &str)]) -> Run {
    let template = template();
    let (job, _) = template.split_once("  artifacts:\n").expect("it has artifacts");
    let script = scripts(job).concat();
    let given = [
        ("CI_API_V4_URL", "https://gitlab.example/api/v4"),
        ("CI_PROJECT_ID", "3"),
        ("CI_MERGE_REQUEST_IID", "7"),
        ("REVIEW_TOKEN", "token"),
    ];
    let given =
        given.iter().chain(changed).map(|(name, it)| ((*name).to_owned(), (*it).to_owned()));
    let original = bench.environment.clone();
    bench.environment.extend(variables(&template).into_iter().chain(given));
    let run = bench.bash(&script);
    bench.environment = original;
    run
}

/// A page of notes under a merge request.
fn notes(author: u8) -> String {
    format!(
        r#"[
          {{ "id": 1, "author": {{ "id": {author} }}, "body": "Fine." }},
          {{ "id": 2, "author": {{ "id": {author} }}, "body": "<!-- lakebase-review: compute -->\nOld." }}
        ]"#
    )
}
