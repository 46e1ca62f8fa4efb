//! The guides do what they say: their configurations apply, their policies decide, and their shell
//! lines run.
//!
//! What a guide shows is read out of the guide, so that there is no second version of it to keep in
//! step. The guide to moving is tested beside the moves, in `moved.rs`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use expect_test::{Expect, expect, expect_file};
use serde_json::Value as Json;

use crate::examples;
use crate::workbench::{Run, Workbench, quoted};

#[test]
fn the_guide_to_adoption() {
    let configuration = snippets("adopting", "terraform").join("\n");
    let bench = Workbench::new("the_guide_to_adoption");
    bench.configure(&configuration);
    bench.terraform(&["fmt", "-check", "-diff"]).succeeded();
    bench.apply();
    examples::destroy(&bench, &configuration);
}

#[test]
fn the_guide_to_sizing_production() {
    let configuration = snippets("sizing-production", "terraform").join("\n");
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
    let [shown] = &snippets("sizing-production", "text")[..] else { panic!("it shows one plan") };
    for line in shown.lines().map(words) {
        assert!(planned.contains(&line), "The plan does not say {line:?}.\n{plan}");
    }
    assert!(!plan.contains("Warning"), "{plan}");
    bench.apply();
}

#[test]
fn the_policies_pass_what_is_within_them() {
    check_policies(
        "the_policies_pass_what_is_within_them",
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
fn the_policies_deny_what_breaks_them() {
    check_policies(
        "the_policies_deny_what_breaks_them",
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
            lakebase_endpoint.replica["half"]: min_ram_gb is not known in the plan, so set its limit
            lakebase_endpoint.replica["high"]: 4000 connections, more than 3500
            lakebase_endpoint.replica["high"]: a maximum of 32 CU, more than 16
            lakebase_endpoint.replica["unknown"]: max_ram_gb is not known in the plan, so set its limit
            lakebase_endpoint.replica["unknown"]: min_ram_gb is not known in the plan, so set its limit
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
    let after = |it: &Json| it["change"]["after"]["branch"].is_null();
    let plan_json: Json = serde_json::from_str(&plan).expect("a plan is JSON");
    let changes = plan_json["resource_changes"].as_array().expect("it has some");
    assert!(changes.iter().any(|it| it["address"] == "lakebase_endpoint.awake" && after(it)));
    assert_eq!(denied(&plan), "lakebase_endpoint.awake: always on, outside of production");
    let production =
        plan.replace("projects/shop/branches/dev", "projects/shop/branches/production");
    assert_eq!(denied(&production), "");
}

#[test]
fn the_guide_to_testing_modules() {
    let bench = Workbench::new("the_guide_to_testing_modules");
    let [mocks, test] = &snippets("testing-modules", "hcl")[..] else { panic!("two files") };
    let shipped = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/mocks/lakebase.tfmock.hcl"),
    );
    let blocks = |text: &str| text[text.find("mock_resource").expect("a block")..].to_owned();
    assert_eq!(blocks(&shipped.expect("it is shipped")), blocks(mocks));
    bench.configure(&snippets("testing-modules", "terraform").join("\n"));
    bench.write("tests/mocks/lakebase.tfmock.hcl", mocks);
    bench.write("tests/sizes.tftest.hcl", test);
    bench.terraform(&["fmt", "-check", "-diff", "-recursive"]).succeeded();
    let output = bench.terraform(&["test"]).succeeded().output();
    assert!(output.contains("1 passed, 0 failed"), "{output}");
    assert!(bench.emulator.requests().is_empty());
}

#[test]
fn the_guide_to_reviews_shows_what_is_printed() {
    let bench = Workbench::new("the_guide_to_reviews_shows_what_is_printed");
    bench.configure(SHOP);
    bench.apply();
    let dev = r#"
        resource "lakebase_branch" "dev" {
          project   = lakebase_project.shop.name
          branch_id = "dev"
        }
    "#;
    let larger = SHOP.replace("min_cu = 1", "min_cu = 2").replace("max_cu = 4", "max_cu = 8");
    bench.configure(
        &(larger.replace("suspend_timeout_duration = \"1h\"", "no_suspension = true") + dev),
    );
    let [lines, rules, ..] = &snippets("reviewing-compute", "shell")[..] else { panic!("two") };
    let printed = shell(&bench, lines).succeeded().stdout;
    let review = &printed[printed.find("Compute:").expect("it begins with a headline")..];
    let guide =
        read("reviewing-compute").replace(&snippets("reviewing-compute", "text")[0], review);
    expect_file!["../../docs/guides/reviewing-compute.md"].assert_eq(&guide);

    let broken = shell(&bench, &format!("terraform show -json tfplan > plan.json\n{rules}"));
    assert_eq!(broken.status, Some(2), "{broken}");
    for rule in ["always-on not in module.production.*", "total growth > 1.5x"] {
        assert!(broken.stdout.contains(&format!("(`{rule}`)")), "{broken}");
    }
}

#[test]
fn the_rules_of_the_guide_to_reviews_are_rules() {
    let guide = read("reviewing-compute");
    let (_, table) = guide.split_once("\n| condition |").expect("there is a table");
    let (table, _) = table.split_once("\n\n").expect("it ends");
    let mut rules = Vec::new();
    for row in table.lines().filter_map(|it| it.strip_prefix("| `")) {
        let (condition, rest) = row.split_once('`').expect("it opens with a condition");
        rules.push(format!("--fail-on '{condition} in x'"));
        if rest.ends_with("| yes |") {
            rules.push(format!("--fail-on 'total {condition}'"));
        }
    }
    assert_eq!(rules.len(), 15, "{rules:#?}");
    let review = "terraform-provider-lakebase review --price-per-cu-hour 0.1 plan.json";
    let bench = Workbench::new("the_rules_of_the_guide_to_reviews_are_rules");
    bench.configure("");
    let plan = "terraform plan -out=tfplan\nterraform show -json tfplan > plan.json";
    shell(&bench, &format!("{plan}\n{review} {}", rules.join(" "))).succeeded();
}

#[test]
fn the_workflow_for_github_comments_and_fails_where_a_rule_holds() {
    let [workflow, commands, ..] = &snippets("reviewing-compute", "yaml")[..] else {
        panic!("it has two parts")
    };
    let [plan, review, comment] = &scripts(workflow)[..] else { panic!("it has three scripts") };
    let [annotate] = &scripts(commands)[..] else { panic!("it has one script") };
    // As releases have it.
    let program = concat!("terraform-provider-lakebase_v", env!("CARGO_PKG_VERSION"));
    let mut bench = runner("the_workflow_for_github", program);
    bench.environment.insert("GITHUB_REPOSITORY".to_owned(), "acme/shop".to_owned());
    bench.environment.insert("PULL_REQUEST".to_owned(), "7".to_owned());
    let run = |script: &str| shell(&bench, script);

    let found = &snippets("reviewing-compute", "shell")[2];
    run(found).succeeded();
    bench.configure(&SHOP.replace("max_cu = 4", "max_cu = 6"));
    bench.write("comments.json", OTHERS);
    for script in [plan, review, comment, annotate] {
        run(script).succeeded();
    }
    let posted =
        "api --silent --method POST repos/acme/shop/issues/7/comments --field body=@body.md\n";
    assert_eq!(bench.read("written"), posted);
    assert!(bench.read("body.md").starts_with("<!-- lakebase review -->\n### Compute"));

    bench.configure(&SHOP.replace("suspend_timeout_duration = \"10m\"", "no_suspension = true"));
    bench.write("comments.json", &OTHERS.replace("ann", "github-actions[bot]"));
    run(plan).succeeded();
    let reviewed = run(review);
    assert_eq!(reviewed.status, Some(2), "{reviewed}");
    assert!(reviewed.stdout.contains("`lakebase_endpoint.reports`: it is always on"), "{reviewed}");
    run(comment).succeeded();
    let patched =
        "api --silent --method PATCH repos/acme/shop/issues/comments/2 --field body=@body.md\n";
    assert_eq!(bench.read("written"), [posted, patched].concat());
    let annotations = run(annotate).succeeded().stdout;
    let places = annotations.lines().map(|it| it.rsplit_once("::").map_or(it, |(place, _)| place));
    expect![[r#"
        ::notice file=main.tf,line=36,title=compute-change
        ::warning file=main.tf,line=36,title=always-on
        ::error file=main.tf,line=36,title=fail-on"#]]
    .assert_eq(&places.collect::<Vec<_>>().join("\n"));
}

#[test]
fn the_job_for_gitlab_writes_a_note_and_fails_where_a_rule_holds() {
    let [_, _, job, ..] = &snippets("reviewing-compute", "yaml")[..] else { panic!("it is there") };
    let job = scripts(job).concat();
    // As `make install` has it.
    let mut bench = runner("the_job_for_gitlab", "terraform-provider-lakebase");
    for (name, value) in [
        ("CI_API_V4_URL", "https://gitlab.example/api/v4"),
        ("CI_PROJECT_ID", "3"),
        ("CI_MERGE_REQUEST_IID", "7"),
        ("REVIEW_TOKEN", "token"),
    ] {
        bench.environment.insert(name.to_owned(), value.to_owned());
    }
    let run = || shell(&bench, &job);

    bench.configure(&SHOP.replace("max_cu = 4", "max_cu = 6"));
    bench.write("comments.json", "[]");
    run().succeeded();
    assert!(bench.read("body.md").starts_with("<!-- lakebase review -->\n### Compute"));

    bench.configure(&SHOP.replace("suspend_timeout_duration = \"10m\"", "no_suspension = true"));
    bench.write("comments.json", OTHERS);
    let reviewed = run();
    assert_eq!(reviewed.status, Some(2), "{reviewed}");
    assert!(reviewed.stdout.contains("`lakebase_endpoint.reports`: it is always on"), "{reviewed}");
    expect![[r#"
        --silent --show-error --fail --header PRIVATE-TOKEN: token --request POST --data-urlencode body@body.md --output /dev/null https://gitlab.example/api/v4/projects/3/merge_requests/7/notes
        --silent --show-error --fail --header PRIVATE-TOKEN: token --request PUT --data-urlencode body@body.md --output /dev/null https://gitlab.example/api/v4/projects/3/merge_requests/7/notes/2
    "#]].assert_eq(&bench.read("written"));
    let report = bench.read("gl-code-quality-report.json");
    let report: Vec<Json> = serde_json::from_str(&report).expect("it is a list");
    let shown = report.iter().map(|it| {
        let location = &it["location"];
        let place = format!("{}:{}", location["path"], location["lines"]["begin"]);
        format!("{} {} {place}", it["severity"], it["check_name"])
    });
    expect![[r#"
        "info" "compute-change" "main.tf":36
        "minor" "always-on" "main.tf":36
        "major" "fail-on" "main.tf":36"#]]
    .assert_eq(&shown.collect::<Vec<_>>().join("\n"));
    let fingerprints: BTreeSet<_> = report.iter().map(|it| it["fingerprint"].as_str()).collect();
    assert_eq!(fingerprints.len(), report.len(), "{report:#?}");
}

/// What the reviewed changes start from.
const SHOP: &str = r#"
resource "lakebase_project" "shop" {
  project_id = "shop"

  default_endpoint_settings = {
    autoscaling_limit_min_cu = 0.5
    autoscaling_limit_max_cu = 2
    suspend_timeout_duration = "5m"
  }
}

resource "lakebase_endpoint" "primary" {
  branch           = "${lakebase_project.shop.name}/branches/production"
  endpoint_id      = "primary"
  endpoint_type    = "ENDPOINT_TYPE_READ_WRITE"
  replace_existing = true

  autoscaling_limit_min_cu = 1
  autoscaling_limit_max_cu = 4
  suspend_timeout_duration = "1h"
}

resource "lakebase_endpoint" "reports" {
  branch        = "${lakebase_project.shop.name}/branches/production"
  endpoint_id   = "reports"
  endpoint_type = "ENDPOINT_TYPE_READ_ONLY"

  autoscaling_limit_min_cu = 0.5
  autoscaling_limit_max_cu = 2
  suspend_timeout_duration = "10m"
}
"#;

/// What stands already under a request, in the form of either service.
const OTHERS: &str = r#"[
  { "id": 1, "user": { "login": "eve" }, "body": "Fine." },
  { "id": 2, "user": { "login": "ann" }, "body": "<!-- lakebase review -->\nOld." }
]"#;

/// What the shell lines call besides Terraform. Nothing goes to the network: what would be written
/// there is kept, and what would be read comes from a file.
const STAND_INS: &str = r#"
terraform-provider-lakebase() { "$provider" "$@"; }
jq() { "$jq" "$@"; }
gh() {
  case "$*" in
    *--paginate*) jq --raw-output "${@: -1}" comments.json ;;
    *) echo "$*" >> written ;;
  esac
}
curl() {
  case "$*" in
    *--request*) echo "$*" >> written ;;
    *) cat comments.json ;;
  esac
}
"#;

/// A runner of a CI service: the shop is there, and Terraform finds the provider in a mirror, by
/// one of the names that Terraform accepts.
#[track_caller]
fn runner(name: &str, program: &str) -> Workbench {
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
        let install = format!("mkdir -p {folder}\ncp \"$provider\" {folder}/{program}");
        shell(&bench, &install).succeeded();
    }
    bench.configure(SHOP);
    bench.terraform(&["init"]).succeeded();
    bench.apply();
    bench
}

/// Runs shell lines with the stand-ins.
#[track_caller]
fn shell(bench: &Workbench, script: &str) -> Run {
    let provider = Path::new(env!("CARGO_BIN_EXE_terraform-provider-lakebase"));
    let jq = provider.with_file_name("examples/jq");
    assert!(
        jq.exists(),
        "{} is missing. `cargo test` builds it, unless it is told which targets to build: then \
         `cargo build --examples` does.",
        jq.display()
    );
    let programs = format!("provider={}\njq={}", quoted(provider), quoted(&jq));
    bench.bash(&format!("{programs}{STAND_INS}{script}"))
}

/// The block scalars of a YAML file, which are its shell scripts.
fn scripts(yaml: &str) -> Vec<String> {
    let indentation = |line: &str| line.len() - line.trim_start().len();
    let mut lines = yaml.lines().peekable();
    let mut scripts = Vec::new();
    while let Some(line) = lines.next() {
        if !line.ends_with('|') {
            continue;
        }
        let (outer, mut script) = (indentation(line), String::new());
        while let Some(line) = lines.next_if(|it| it.is_empty() || outer < indentation(it)) {
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
    let [policy] = &snippets("policies", "rego")[..] else { panic!("it has one policy") };
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
    blocks.filter_map(|it| it.split("```").next()).map(str::to_owned).collect()
}

fn read(guide: &str) -> String {
    let file = format!("docs/guides/{guide}.md");
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&file));
    text.unwrap_or_else(|error| panic!("{file} cannot be read: {error}"))
}
