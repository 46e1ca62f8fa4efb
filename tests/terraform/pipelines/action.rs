//! The action for GitHub, `.github/actions/review`.

use std::collections::BTreeMap;
use std::fs;

use expect_test::expect;

use super::{hostile, install, mapping, project, root, runner, written};
use crate::guides::{scripts, snippets};
use crate::workbench::Workbench;

#[test]
fn github_action_comments_once_and_updates_its_comment() {
    let mut bench = runner("github_action_comments_once", "resize");
    bench.write("comments.json", &comments("eve", "compute"));
    let ended = run(&mut bench, &[]);
    assert_eq!(ended.status, Some(0), "{ended:?}");
    assert_eq!(written(&bench), "POST repos/acme/shop/issues/7/comments\n");
    let body = bench.read("body.md");
    assert!(body.starts_with("<!-- lakebase-review: compute -->\n"), "{body}");
    assert_eq!(bench.read("summary.md"), body);

    bench.write("comments.json", &comments("github-actions[bot]", "compute"));
    assert_eq!(run(&mut bench, &[]).status, Some(0));
    let patched = "PATCH repos/acme/shop/issues/comments/2\n";
    assert!(written(&bench).ends_with(patched), "{}", written(&bench));

    // The comment of another review of the same pull request.
    assert_eq!(run(&mut bench, &[("tag", "infra")]).status, Some(0));
    assert!(written(&bench).ends_with("POST repos/acme/shop/issues/7/comments\n"));
}

#[test]
fn github_action_with_a_failing_rule_comments_and_annotates_before_it_fails() {
    let mut bench = runner("github_action_with_a_failing_rule", "always-on");
    bench.write("comments.json", "[]");
    let ended = run(&mut bench, &[("fail-on", "ceiling > 1000\n  always-on\n\n")]);
    assert_eq!(ended.status, Some(2), "{ended:?}");
    assert_eq!(written(&bench), "POST repos/acme/shop/issues/7/comments\n");
    assert!(bench.read("body.md").contains("Failed checks"), "{}", bench.read("body.md"));
    let steps: Vec<_> = ended.steps.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(steps, ["Review", "Comment", "Annotate", "Result"]);
    assert!(ended.steps[0].1.contains("Failed checks:"), "{ended:?}");
    for (output, start) in [("html", "<!DOCTYPE html>"), ("sarif", "{")] {
        let file =
            fs::read_to_string(&ended.outputs[output]).expect("an artifact step can take it");
        assert!(file.starts_with(start), "{file}");
    }
    assert_eq!(ended.outputs["exit-code"], "2");
}

#[test]
fn github_action_without_code_scanning_writes_workflow_commands() {
    let mut bench = runner("github_action_without_code_scanning", "always-on");
    bench.write("comments.json", "[]");
    bench.write("no-code-scanning", "");
    let ended = run(&mut bench, &[("fail-on", "always-on"), ("comment", "false")]);
    assert_eq!((ended.status, written(&bench).as_str()), (Some(2), ""), "{ended:?}");
    let (name, annotations) = &ended.steps[1];
    assert_eq!(name, "Annotate without code scanning");
    let place =
        |line: &str| line.rsplit_once("::").map_or(String::new(), |place| place.0.to_owned());
    let mut places: Vec<_> = annotations.lines().map(place).collect();
    places.dedup();
    expect![[r#"
        ::error file=main.tf,line=14,title=fail-on
        ::warning file=main.tf,line=13,title=maximum-doubles
        ::warning file=main.tf,line=14,title=always-on
        ::warning file=main.tf,line=16,title=high-availability
        ::notice file=main.tf,line=14,title=compute-change"#]]
    .assert_eq(&places.join("\n"));

    let ended = run(&mut bench, &[("annotate", "false"), ("comment", "false"), ("html", "false")]);
    let steps: Vec<_> = ended.steps.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!((ended.status, &steps[..]), (Some(0), &["Review", "Result"][..]));
    assert!(!ended.outputs.contains_key("html"), "{ended:?}");
}

#[test]
fn github_action_runs_nothing_that_an_address_or_an_input_holds() {
    let mut bench = runner("github_action_runs_nothing", "always-on");
    bench.write("comments.json", "[]");
    bench.write("plan.json", &hostile());
    bench.write("no-code-scanning", "");
    let inputs = [
        ("fail-on", "always-on in \"; touch hacked; $(touch hacked)*\nalways-on"),
        ("warn-on", "destroys in *[\"$(touch hacked)`touch hacked`\"]"),
    ];
    let ended = run(&mut bench, &inputs);
    assert_eq!(ended.status, Some(2), "{ended:?}");
    assert!(!bench.path("hacked").exists(), "{ended:?}");
    let log = &ended.steps[0].1;
    let token = log.strip_prefix("::stop-commands::").and_then(|rest| rest.lines().next());
    let token = token.expect("it begins by stopping commands");
    assert!(log.trim_end().ends_with(&format!("\n::{token}::")), "{log}");
    // A line for each result: no address begins another one.
    let annotations = &ended.steps[2].1;
    let commands = ["::error file=", "::warning file=", "::notice file="];
    for line in annotations.lines() {
        assert!(commands.iter().any(|it| line.starts_with(it)), "{line}");
    }
    // The address is in code, not in a second marker at the beginning.
    assert!(bench.read("body.md").starts_with("<!-- lakebase-review: compute -->\n\n### Compute"));

    for (input, value) in [("tag", "a --> $(touch hacked)"), ("price", "$(touch hacked)")] {
        let ended = run(&mut bench, &[(input, value)]);
        assert_eq!((ended.status, ended.steps.len()), (Some(1), 1), "{ended:?}");
    }
    assert!(!bench.path("hacked").exists());
}

#[test]
fn github_action_without_the_program_explains_installation() {
    let mut bench = runner("github_action_without_the_program", "resize");
    bench.write("comments.json", "[]");
    fs::remove_dir_all(bench.path(".terraform")).expect("it is there");
    let ended = run(&mut bench, &[]);
    assert_eq!((ended.status, ended.steps.len()), (Some(1), 1), "{ended:?}");
    let log = &ended.steps[0].1;
    assert!(log.starts_with("::error title=Lakebase plan review::The provider's program"), "{log}");
    assert!(log.contains("Run terraform init"), "{log}");
    let ended = run(&mut bench, &[("program", "missing")]);
    assert!(ended.steps[0].1.contains("input program does not name a program"), "{ended:?}");
    assert_eq!(run(&mut bench, &[("program", super::PROVIDER)]).status, Some(0));
}

#[test]
fn github_action_takes_the_newest_program_and_several_plans() {
    let mut bench = runner("github_action_takes_the_newest_program", "resize");
    bench.write("comments.json", "[]");
    for version in ["0.9.0", "0.10.0"] {
        let folder = format!("infra/.terraform/providers/r/lakebase/lakebase/{version}/x_y");
        let script = if version == "0.9.0" { "exit 1" } else { "echo \"$@\" > ran" };
        let program = format!("{folder}/terraform-provider-lakebase_v{version}");
        bench.write(&program, &format!("#!/bin/sh\n{script}\n"));
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(bench.path(&program), executable).expect("it is ours");
    }
    fs::remove_dir_all(bench.path(".terraform")).expect("it is there");
    let inputs = [("plan", "one.json\ntwo plan.json"), ("root", "infra"), ("comment", "false")];
    // This program writes no report, so that the step ends where it would be read.
    run(&mut bench, &inputs);
    let ran = bench.read("ran");
    assert!(ran.starts_with("review --root infra --tag compute --output markdown="), "{ran}");
    assert!(ran.trim_end().ends_with(" -- one.json two plan.json"), "{ran}");

    install(&bench, "1.0.0");
    bench.write("rules.toml", "[[scope]]\ndeny = [\"ceiling > 4\"]\n");
    bench.write("other.json", &bench.read("plan.json"));
    let inputs = [
        ("plan", "plan.json\nother.json"),
        ("rules", "rules.toml"),
        ("strict", "true"),
        ("price", "$0.111"),
    ];
    let ended = run(&mut bench, &inputs);
    assert_eq!(ended.status, Some(2), "{ended:?}");
    let log = &ended.steps[0].1;
    assert!(
        log.contains("ceiling > 4") && log.contains("other.json") && log.contains('$'),
        "{log}"
    );
    let ended = run(&mut bench, &[("strict", "yes")]);
    assert!(ended.steps[0].1.contains("neither true nor false"), "{ended:?}");
}

#[test]
fn github_action_that_cannot_comment_warns_and_keeps_the_result() {
    let mut bench = runner("github_action_that_cannot_comment", "always-on");
    bench.write("comments.json", "[]");
    bench.write("offline", "");
    for (rule, status) in [("always-on", 2), ("ceiling > 1000", 0)] {
        let ended = run(&mut bench, &[("fail-on", rule)]);
        assert_eq!(ended.status, Some(status), "{ended:?}");
        let log = &ended.steps[1].1;
        assert!(log.starts_with("::warning title=Lakebase plan review::The comments"), "{log}");
    }
    bench.environment.insert("NO_PULL_REQUEST".to_owned(), "1".to_owned());
    let ended = run(&mut bench, &[]);
    assert!(ended.steps[1].1.contains("does not run for a pull request"), "{ended:?}");
}

#[test]
fn github_action_has_no_expression_in_its_shell_and_explains_each_input() {
    let action = Action::read();
    for step in &action.steps {
        assert!(!step.get("run").contains("${{"), "{step:?}");
    }
    let guide = fs::read_to_string(root().join("docs/guides/review-github-actions.md"));
    let guide = guide.expect("there is a guide");
    for input in action.inputs.keys() {
        assert!(guide.contains(&format!("| `{input}` |")), "The guide lacks the input {input}.");
    }
}

#[test]
fn github_guide_plans_and_reviews() {
    // As releases have it.
    let program = concat!("terraform-provider-lakebase_v", env!("CARGO_PKG_VERSION"));
    let mut bench = project("github_guide_plans_and_reviews", program);
    bench.write("comments.json", "[]");
    let [workflow] = &snippets("review-github-actions", "yaml")[..] else { panic!("it has one") };
    let [plan, _] = &scripts(workflow)[..] else { panic!("a script and the rules") };
    let inputs = mapping(workflow, "        uses: ./.github/actions/review\n        with:");
    let inputs: Vec<_> = inputs.iter().map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(inputs.len(), 2, "{inputs:?}");
    bench.bash(plan).succeeded();
    assert_eq!(run(&mut bench, &inputs).status, Some(0));
    assert_eq!(written(&bench), "POST repos/acme/shop/issues/7/comments\n");

    let main = bench.read("main.tf");
    let always_on = main.replace("suspend_timeout_duration = \"5m\"", "no_suspension = true");
    bench.write("main.tf", &always_on);
    bench.bash(plan).succeeded();
    let ended = run(&mut bench, &inputs);
    assert_eq!(ended.status, Some(2), "{ended:?}");
    assert!(ended.steps[0].1.contains("always-on not in projects/shop"), "{ended:?}");
}

/// What a run of the action leaves.
#[derive(Debug)]
struct Ended {
    /// The exit code of the last step that ran.
    status: Option<i32>,
    /// The steps that ran, with what they printed.
    steps: Vec<(String, String)>,
    /// The outputs of the review.
    outputs: BTreeMap<String, String>,
}

/// The action, read from its file.
struct Action {
    /// The inputs with their defaults.
    inputs: BTreeMap<String, String>,
    steps: Vec<Step>,
}

/// The members of a step, and its environment.
#[derive(Debug, Default)]
struct Step {
    members: BTreeMap<String, String>,
    environment: BTreeMap<String, String>,
}

impl Step {
    fn get(&self, member: &str) -> &str {
        self.members.get(member).map_or("", String::as_str)
    }
}

impl Action {
    fn read() -> Action {
        let text = fs::read_to_string(root().join(".github/actions/review/action.yml"));
        let text = text.expect("there is an action");
        let (head, steps) = text.split_once("\n  steps:\n").expect("it has steps");
        let (_, inputs) = head.split_once("\ninputs:\n").expect("it has inputs");
        let (inputs, _) = inputs.split_once("\noutputs:\n").expect("it has outputs");
        let member = |line: &str| {
            let (name, value) = line.trim().split_once(':').expect("a member");
            let value = value.trim();
            let quoted = value.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
            (name.trim_start_matches("- ").to_owned(), quoted.unwrap_or(value).to_owned())
        };
        let mut action = Action { inputs: BTreeMap::new(), steps: Vec::new() };
        let mut input = String::new();
        for line in inputs.lines() {
            match line.strip_prefix("    ") {
                None => input = member(line).0,
                Some(rest) if rest.starts_with("default:") => {
                    action.inputs.insert(input.clone(), member(rest).1);
                }
                Some(_) => {}
            }
        }
        let is_member = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with('#');
        for line in steps.lines().filter(is_member) {
            if line.starts_with("    - ") {
                action.steps.push(Step::default());
            }
            let step = action.steps.last_mut().expect("the first line begins a step");
            let (name, value) = member(line);
            let is_inner = line.starts_with("        ");
            let members = if is_inner { &mut step.environment } else { &mut step.members };
            members.insert(name, value);
        }
        action
    }
}

/// Runs the action for pull request 7 as a runner does.
#[track_caller]
fn run(bench: &mut Workbench, inputs: &[(&str, &str)]) -> Ended {
    let action = Action::read();
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    for (name, default) in &action.inputs {
        values.insert(format!("inputs.{name}"), default.clone());
    }
    for (name, value) in inputs {
        let input = values.insert(format!("inputs.{name}"), (*value).to_owned());
        assert!(input.is_some(), "there is no input {name}");
    }
    values.insert("inputs.token".to_owned(), "token".to_owned());
    let number = if bench.environment.contains_key("NO_PULL_REQUEST") { "" } else { "7" };
    values.insert("github.event.pull_request.number".to_owned(), number.to_owned());
    let original = bench.environment.clone();
    for (name, value) in [
        ("GITHUB_ACTION_PATH", root().join(".github/actions/review").display().to_string()),
        ("GITHUB_REPOSITORY", "acme/shop".to_owned()),
        ("GITHUB_OUTPUT", bench.path("output").display().to_string()),
        ("GITHUB_STEP_SUMMARY", bench.path("summary.md").display().to_string()),
        ("RUNNER_TEMP", bench.path("temp").display().to_string()),
    ] {
        bench.environment.insert(name.to_owned(), value);
    }
    fs::create_dir_all(bench.path("temp")).expect("the test's folder can be written to");
    bench.write("output", "");
    bench.write("summary.md", "");

    let mut ended = Ended { status: None, steps: Vec::new(), outputs: BTreeMap::new() };
    for step in &action.steps {
        if !holds(step.get("if"), &values) {
            continue;
        }
        if step.get("uses").starts_with("github/codeql-action/upload-sarif@") {
            let works = !bench.path("no-code-scanning").exists();
            let outcome = if works { "success" } else { "failure" };
            values.insert("steps.annotate.outcome".to_owned(), outcome.to_owned());
            if works {
                let file = evaluated(&step.environment["sarif_file"], &values);
                assert!(fs::exists(&file).expect("it can be looked for"), "{file}");
                ended.steps.push((step.get("name").to_owned(), String::new()));
            }
            continue;
        }
        let outer = bench.environment.clone();
        for (name, value) in &step.environment {
            bench.environment.insert(name.clone(), evaluated(value, &values));
        }
        let run = bench.bash(step.get("run"));
        bench.environment = outer;
        ended.steps.push((step.get("name").to_owned(), run.stdout.clone()));
        ended.status = run.status;
        if run.status != Some(0) {
            break;
        }
        for line in bench.read("output").lines() {
            let (name, value) = line.split_once('=').expect("an output has a value");
            values.insert(format!("steps.review.outputs.{name}"), value.to_owned());
            ended.outputs.insert(name.to_owned(), value.to_owned());
        }
    }
    bench.environment = original;
    ended
}

/// The text with its expressions replaced; a value that is not there is empty.
fn evaluated(text: &str, values: &BTreeMap<String, String>) -> String {
    let mut parts = text.split("${{ ");
    let mut evaluated = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once(" }}").expect("an expression ends");
        evaluated += values.get(name).map_or("", String::as_str);
        evaluated += rest;
    }
    evaluated
}

/// Whether a condition of comparisons holds.
fn holds(condition: &str, values: &BTreeMap<String, String>) -> bool {
    let condition = condition.trim_start_matches("${{ ").trim_end_matches(" }}");
    condition.split(" && ").filter(|it| !it.is_empty()).all(|comparison| {
        let (name, value) = comparison.split_once(" == ").expect("it is a comparison");
        values.get(name).map_or("", String::as_str) == value.trim_matches('\'')
    })
}

/// What stands already under a pull request.
fn comments(author: &str, tag: &str) -> String {
    let body = format!("<!-- lakebase-review: {tag} -->\\r\\nOld.");
    let quoted = format!("See <!-- lakebase-review: {tag} -->");
    format!(
        r#"[
          {{ "id": 1, "user": {{ "login": "eve" }}, "body": "Fine." }},
          {{ "id": 2, "user": {{ "login": "{author}" }}, "body": "{body}" }},
          {{ "id": 3, "user": {{ "login": "{author}" }}, "body": "{quoted}" }}
        ]"#
    )
}
