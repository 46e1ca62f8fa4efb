//! The guides do what they say: their configurations apply, their policies decide, and their shell
//! lines run.
//!
//! What a guide shows is read out of the guide, so that there is no second version of it to keep in
//! step. The guide to moving is tested beside the moves, in `moved.rs`.

use std::fs;
use std::path::{Path, PathBuf};

use expect_test::{Expect, expect, expect_file};
use serde_json::Value as Json;

use crate::examples;
use crate::workbench::{Workbench, quoted};

#[test]
fn the_guide_to_adoption() {
    let configuration = snippets("managing-default-branches-and-endpoints", "terraform").join("\n");
    let bench = Workbench::new("the_guide_to_adoption");
    bench.configure(&configuration);
    bench.terraform(&["fmt", "-check", "-diff"]).succeeded();
    bench.apply();
    examples::destroy(&bench, &configuration);
}

#[test]
fn the_guide_to_sizing_production() {
    let configuration = snippets("sizing-a-production-endpoint", "terraform").join("\n");
    let bench = Workbench::new("the_guide_to_sizing_production");
    bench.configure(&configuration);
    bench.terraform(&["fmt", "-check", "-diff"]).succeeded();
    bench.apply();

    // Its last chapter makes the primary larger, and shows what the plan says then.
    let larger = configuration
        .replace("autoscaling_limit_min_cu = 4\n", "autoscaling_limit_min_cu = 8\n")
        .replace("autoscaling_limit_max_cu = 12\n", "autoscaling_limit_max_cu = 16\n");
    bench.configure(&larger);
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let plan = bench.plan().output();
    let planned: Vec<_> = plan.lines().map(words).collect();
    let [shown] = &snippets("sizing-a-production-endpoint", "text")[..] else {
        panic!("it shows one plan")
    };
    for line in shown.lines().map(words) {
        assert!(planned.contains(&line), "The plan does not say {line:?}.\n{plan}");
    }
    assert!(!plan.contains("Warning"), "{plan}");
    bench.apply();
}

#[test]
fn policies_pass_compliant_plans() {
    check_policies(
        "policies_pass_compliant_plans",
        r#"
        resource "lakebase_project" "shop" {
          project_id = "shop"

          default_endpoint_settings = {
            autoscaling_limit_min_cu = 0.5
            autoscaling_limit_max_cu = 2
            suspend_timeout_duration = "5m"
          }
        }

        resource "lakebase_project" "bare" {
          project_id = "bare"
        }

        resource "lakebase_endpoint" "primary" {
          branch           = "${lakebase_project.shop.name}/branches/production"
          endpoint_id      = "primary"
          endpoint_type    = "ENDPOINT_TYPE_READ_WRITE"
          replace_existing = true

          autoscaling_limit_min_cu = 8
          autoscaling_limit_max_cu = 16
          no_suspension            = true
        }
        "#,
        expect![""],
    );
}

#[test]
fn policies_deny_violations() {
    check_policies(
        "policies_deny_violations",
        r#"
        provider "lakebase" {
          max_autoscaling_range_cu = 16
        }

        resource "lakebase_project" "shop" {
          project_id = "shop"

          default_endpoint_settings = {
            autoscaling_limit_min_cu = 1
            autoscaling_limit_max_cu = 12
            no_suspension            = true
          }
        }

        resource "lakebase_branch" "dev" {
          project   = lakebase_project.shop.name
          branch_id = "dev"
        }

        resource "lakebase_endpoint" "replica" {
          for_each = {
            awake   = [1, 2, true]
            half    = [null, 4, null]
            high    = [24, 32, null]
            unknown = [null, null, null]
            wide    = [1, 10, null]
          }

          branch        = lakebase_branch.dev.name
          endpoint_id   = each.key
          endpoint_type = "ENDPOINT_TYPE_READ_ONLY"

          autoscaling_limit_min_cu = each.value[0]
          autoscaling_limit_max_cu = each.value[1]
          no_suspension            = each.value[2]
        }
        "#,
        expect![[r#"
            lakebase_endpoint.replica["awake"]: always on, outside of production
            lakebase_endpoint.replica["half"]: min_ram_gb is not known at plan time: set both limits
            lakebase_endpoint.replica["high"]: 4000 connections, more than 3500
            lakebase_endpoint.replica["high"]: a maximum of 32 CU, more than 16
            lakebase_endpoint.replica["unknown"]: max_ram_gb is not known at plan time: set both limits
            lakebase_endpoint.replica["unknown"]: min_ram_gb is not known at plan time: set both limits
            lakebase_endpoint.replica["wide"]: a range of 9 CU, more than 8
            lakebase_project.shop: a range of 11 CU, more than 8
            lakebase_project.shop: every new branch would be always on"#]],
    );
}

#[test]
fn the_policies_look_at_the_old_branch_where_the_new_one_is_unknown() {
    let bench = Workbench::new("the_policies_look_at_the_old_branch");
    let configuration = |branch: &str, keeper: &str| {
        format!(
            r#"
            resource "lakebase_project" "shop" {{
              project_id = "shop"
            }}

            resource "lakebase_branch" "dev" {{
              project         = lakebase_project.shop.name
              branch_id       = "{branch}"
              purge_on_delete = true
              keepers         = {{ version = "{keeper}" }}
            }}

            resource "lakebase_endpoint" "awake" {{
              branch        = lakebase_branch.dev.name
              endpoint_id   = "awake"
              endpoint_type = "ENDPOINT_TYPE_READ_ONLY"

              autoscaling_limit_min_cu = 1
              autoscaling_limit_max_cu = 2
              no_suspension            = true
            }}
            "#
        )
    };
    bench.configure(&configuration("dev", "1"));
    bench.apply();
    bench.configure(&configuration("dev", "2"));
    let plan = planned(&bench);
    let after = |change: &Json| change["change"]["after"]["branch"].is_null();
    let plan_json: Json = serde_json::from_str(&plan).expect("a plan is JSON");
    let changes = plan_json["resource_changes"].as_array().expect("it has some");
    assert!(
        changes
            .iter()
            .any(|change| change["address"] == "lakebase_endpoint.awake" && after(change))
    );
    assert_eq!(denied(&plan), "lakebase_endpoint.awake: always on, outside of production");
    let production =
        plan.replace("projects/shop/branches/dev", "projects/shop/branches/production");
    assert_eq!(denied(&production), "");
}

#[test]
fn review_tutorial_shows_the_printed_output() {
    let [main, change] = &snippets("reviewing-compute", "terraform")[..] else { panic!("two") };
    let [apply, find, review, check, strict, report] = &snippets("reviewing-compute", "shell")[..]
    else {
        panic!("it has six steps")
    };
    let [printed, failed] = &snippets("reviewing-compute", "text")[..] else { panic!("two") };
    let bench = mirrored("the_tutorial_of_reviews", "terraform-provider-lakebase");
    let formatted = || bench.terraform(&["fmt", "-check", "-diff"]).succeeded();
    bench.write("main.tf", main);
    formatted();
    bench.bash(apply).succeeded();
    let (found, _) = find.split_once('\n').expect("its first line finds the program");
    let run = |script: &str| bench.bash(&format!("{found}\n{script}"));
    assert!(run(find).succeeded().stdout.starts_with("Shows how a plan changes"));

    let (unchanged, _) = main.split_once("resource \"lakebase_endpoint\"").expect("it has one");
    bench.write("main.tf", &format!("{unchanged}{change}"));
    formatted();
    let stdout = run(review).succeeded().stdout;
    let shown = &stdout[stdout.find("Compute:").expect("it begins with a headline")..];
    let guide = read("reviewing-compute").replace(printed, shown);
    expect_file!["../../docs/guides/reviewing-compute.md"].assert_eq(&guide);

    let failing = run(check);
    assert_eq!(failing.status, Some(2), "{failing}");
    assert!(failing.stdout.contains(failed), "{failing}");

    let [rules] = &snippets("reviewing-compute", "toml")[..] else { panic!("one file of rules") };
    bench.write("compute.toml", rules);
    let passing = run(strict).succeeded().stdout;
    let (_, warnings) = passing.split_once("\nWarnings:\n").expect("rules warn");
    assert_eq!(warnings.lines().take_while(|it| it.starts_with("  - ")).count(), 2, "{passing}");
    run(report).succeeded();
    assert!(bench.read("review.html").starts_with("<!DOCTYPE html>"));
    assert!(bench.read("comment.md").contains("| endpoint |"));
}

#[test]
fn the_reference_of_reviews_has_every_option_rule_and_file() {
    const GUIDE: &str = "review-command";
    let guide = read(GUIDE);
    let bench = mirrored("the_reference_of_reviews", "terraform-provider-lakebase");
    let program = format!("terraform-provider-lakebase() {{ {} \"$@\"; }}", quoted(provider()));
    let run = |script: &str| bench.bash(&format!("{program}\n{script}"));
    bench.write("main.tf", "");
    bench.terraform(&["plan", "-out=tfplan"]).succeeded();
    bench.bash("terraform show -json tfplan > plan.json").succeeded();

    let help = run("terraform-provider-lakebase review --help").succeeded().stdout;
    let option = |line: &str| {
        let option = line.trim_start().trim_start_matches("-h, ");
        option.starts_with("--").then(|| option.split("  ").next().unwrap_or_default().to_owned())
    };
    let options: Vec<_> = help.lines().filter_map(option).collect();
    assert_eq!(options.len(), 10, "{options:#?}");
    for option in &options {
        assert!(guide.contains(&format!("\n| `{option}` |")), "The guide lacks {option}.");
    }

    let (_, table) = guide.split_once("\n| condition |").expect("there is a table");
    let (table, _) = table.split_once("\n\n").expect("it ends");
    let mut rules = Vec::new();
    for row in table.lines().filter_map(|it| it.strip_prefix("| `")) {
        let (condition, rest) = row.split_once('`').expect("it opens with a condition");
        assert!(help.contains(&format!("\n  {condition} ")), "The help lacks {condition}.");
        rules.push(format!("--fail-on '{condition} in x'"));
        if rest.ends_with("| yes |") {
            rules.push(format!("--fail-on 'total {condition}'"));
        }
    }
    assert_eq!(rules.len(), 19, "{rules:#?}");
    let review = "terraform-provider-lakebase review --price-per-cu-hour 0.1 plan.json";
    run(&format!("{review} {}", rules.join(" "))).succeeded();

    let [file] = &snippets(GUIDE, "toml")[..] else { panic!("one file of rules") };
    bench.write("compute.toml", file);
    for script in snippets(GUIDE, "shell") {
        run(&script).succeeded();
    }
}

/// A runner of a CI service: Terraform finds the provider in a mirror, by one of the names that
/// Terraform accepts.
#[track_caller]
pub(crate) fn mirrored(name: &str, program: &str) -> Workbench {
    let bench = Workbench::new(name);
    bench.write(
        "terraform.rc",
        "provider_installation {\n  filesystem_mirror {\n    path = \"mirror\"\n  }\n}\n",
    );
    let version = bench.terraform(&["version", "-json"]).succeeded().json();
    let platform = version["platform"].as_str().expect("Terraform knows its platform");
    let version = env!("CARGO_PKG_VERSION");
    // Terraform's registry and OpenTofu's.
    for registry in ["registry.terraform.io", "registry.opentofu.org"] {
        let folder = format!("mirror/{registry}/lakebase/lakebase/{version}/{platform}");
        let provider = quoted(provider());
        bench.bash(&format!("mkdir -p {folder}\ncp {provider} {folder}/{program}")).succeeded();
    }
    bench
}

fn provider() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_terraform-provider-lakebase"))
}

/// The stand-in for `jq`.
#[track_caller]
pub(crate) fn jq() -> PathBuf {
    let jq = provider().with_file_name("examples/jq");
    assert!(
        jq.exists(),
        "{} is missing. `cargo test` builds it, unless it is told which targets to build: then \
         `cargo build --examples` does.",
        jq.display()
    );
    jq
}

/// The block scalars of a YAML file, which are its shell scripts.
pub(crate) fn scripts(yaml: &str) -> Vec<String> {
    let indentation = |line: &str| line.len() - line.trim_start().len();
    let mut lines = yaml.lines().peekable();
    let mut scripts = Vec::new();
    while let Some(line) = lines.next() {
        if !line.ends_with('|') {
            continue;
        }
        let (outer, mut script) = (indentation(line), String::new());
        while let Some(line) = lines.next_if(|line| line.is_empty() || outer < indentation(line)) {
            script += line;
            script.push('\n');
        }
        scripts.push(script);
    }
    scripts
}

/// What the Rego of the guide denies of a plan.
#[track_caller]
fn check_policies(name: &str, configuration: &str, expected: Expect) {
    let bench = Workbench::new(name);
    bench.configure(configuration);
    expected.assert_eq(&denied(&planned(&bench)));
}

/// A plan as JSON.
#[track_caller]
fn planned(bench: &Workbench) -> String {
    bench.terraform(&["plan", "-out=tfplan"]).succeeded();
    bench.terraform(&["show", "-json", "tfplan"]).succeeded().stdout
}

/// What the Rego of the guide denies of a plan, a line each.
fn denied(plan: &str) -> String {
    let [policy] = &snippets("enforcing-compute-policies", "rego")[..] else {
        panic!("it has one policy")
    };
    let mut engine = regorus::Engine::new();
    engine.add_policy("compute.rego".to_owned(), policy.clone()).expect("it is Rego");
    engine.set_input(regorus::Value::from_json_str(plan).expect("a plan is JSON"));
    let denied = engine.eval_rule("data.main.deny".to_owned()).expect("it can be evaluated");
    let denied: Json = serde_json::from_str(&denied.to_string()).expect("it is a set of texts");
    let denied: Vec<_> =
        denied.as_array().expect("a set").iter().filter_map(Json::as_str).collect();
    denied.join("\n")
}

/// The blocks of a guide in one language.
pub(crate) fn snippets(guide: &str, language: &str) -> Vec<String> {
    let guide = read(guide);
    let opening = format!("```{language}\n");
    let blocks = guide.split(&opening).skip(1);
    blocks.filter_map(|block| block.split("```").next()).map(str::to_owned).collect()
}

pub(crate) fn read(guide: &str) -> String {
    let file = format!("docs/guides/{guide}.md");
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&file));
    text.unwrap_or_else(|error| panic!("{file} cannot be read: {error}"))
}
