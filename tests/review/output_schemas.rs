//! The forms of reviews for programs: JSON has the schema that the documentation publishes, and
//! SARIF that of the standard.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use expect_test::expect;
use jsonschema::Validator;
use serde_json::{Value as Json, json};

use crate::folder;
use crate::golden_files::{plans, reviewed};

#[test]
fn json_has_the_form_that_is_documented() {
    let validator = validator(&documented());
    let reviews: Vec<_> = plans().iter().map(|plan| (plan.clone(), parsed(plan, "json"))).collect();
    for (plan, review) in &reviews {
        check(&validator, review, plan);
    }

    // A schema that takes anything would prove nothing.
    let (_, review) = &reviews[0];
    for (pointer, wrong) in [
        ("/format_version", json!("2.0")),
        ("/plans/0/changes/0/action", json!("add")),
        ("/plans/0/changes/0/after/compute/max_cu", json!("4")),
        ("/plans/0/changes/0/after", json!({})),
        ("/totals/after/more", json!(1)),
    ] {
        let mut review = review.clone();
        set(&mut review, pointer, wrong);
        assert!(!validator.is_valid(&review), "{pointer} may be anything");
    }
}

#[test]
fn every_member_of_the_json_is_explained() {
    let mut silent = Vec::new();
    collect_silent("", &documented(), &mut silent);
    assert_eq!(silent, Vec::<String>::new(), "these have no description in {DOCUMENTED}");
}

#[test]
fn sarif_has_the_form_of_the_standard() {
    let validator = validator(&published_by_oasis());
    for plan in plans() {
        check(&validator, &parsed(&plan, "sarif"), &plan);
    }
    let mut wrong = parsed("resize", "sarif");
    set(&mut wrong, "/runs/0/results/0/level", json!("high"));
    assert!(!validator.is_valid(&wrong), "any level will do");
}

#[test]
fn each_result_of_sarif_has_its_own_fingerprint() {
    for plan in plans() {
        let sarif = parsed(&plan, "sarif");
        let results = sarif["runs"][0]["results"].as_array().expect("it has results");
        let prints = results.iter().map(|result| result["partialFingerprints"].to_string());
        let mut prints: Vec<_> = prints.collect();
        prints.sort();
        assert!(prints.windows(2).all(|pair| pair[0] != pair[1]), "{plan}: {prints:#?}");
    }
}

/// GitHub's code scanning refuses a file in which a result has no physical location, and one with
/// more than 25,000 results.
#[test]
fn sarif_satisfies_code_scanning_requirements() {
    for plan in plans() {
        let sarif = parsed(&plan, "sarif");
        let run = &sarif["runs"][0];
        let results = run["results"].as_array().expect("it has results");
        let rules = run["tool"]["driver"]["rules"].as_array().expect("it has rules");
        for result in results {
            let place = &result["locations"][0]["physicalLocation"];
            let uri = place["artifactLocation"]["uri"].as_str().unwrap_or_default();
            let line = place["region"]["startLine"].as_u64();
            assert!(!uri.is_empty() && line >= Some(1), "{plan}: {result:#}");
            assert!(folder(&plan).join(uri).is_file(), "{plan}: there is no {uri}");
            let rule =
                usize::try_from(result["ruleIndex"].as_u64().expect("a rule")).expect("small");
            assert_eq!(rules[rule]["id"], result["ruleId"], "{plan}");
        }
    }
}

#[test]
fn sarif_has_at_most_25_000_results_and_counts_omissions() {
    let change = |at: usize| {
        let side = |cu: u8| {
            json!({
                "name": format!("projects/p/branches/b/endpoints/e-{at}"), "disabled": false,
                "autoscaling_limit_min_cu": cu, "autoscaling_limit_max_cu": cu,
            })
        };
        json!({
            "address": format!("lakebase_endpoint.e[{at}]"), "mode": "managed",
            "type": "lakebase_endpoint",
            "change": {"actions": ["update"], "before": side(1), "after": side(2), "after_unknown": {}},
        })
    };
    let changes: Vec<_> = (0..10_000).map(change).collect();
    let plan = json!({"format_version": "1.2", "resource_changes": changes}).to_string();
    let rules = ["--format", "sarif", "--fail-on", "ceiling > 1", "--warn-on", "floor >= 0"];
    let run = crate::review(Path::new("."), &rules, plan.as_bytes());
    let sarif: Json = serde_json::from_str(&run.stdout).expect("it is JSON");
    check(&validator(&published_by_oasis()), &sarif, "10,000 changes");
    let results = sarif["runs"][0]["results"].as_array().expect("it has results");
    assert_eq!(results.len(), 25_000);
    // The severe ones are there.
    let errors = results.iter().filter(|result| result["level"] == "error").count();
    assert_eq!(errors, 10_000);
    let told = &sarif["runs"][0]["invocations"][0]["toolExecutionNotifications"][0];
    let text = "15000 results are omitted: code scanning accepts at most 25000.";
    assert_eq!(told["message"]["text"], text);
    assert_eq!(run.stderr.lines().count(), 21, "{}", run.stderr);
}

#[test]
fn sarif_names_the_line_of_a_resource_in_a_module_and_under_for_each() {
    let sarif = parsed("modules", "sarif");
    let results = sarif["runs"][0]["results"].as_array().expect("it has results");
    let mut places = String::new();
    for location in results.iter().filter(|it| it["ruleId"] == "compute-change") {
        let location = &location["locations"][0];
        let name = &location["logicalLocations"][0]["fullyQualifiedName"];
        let place = &location["physicalLocation"];
        let file = place["artifactLocation"]["uri"].as_str().expect("a file");
        let line = place["region"]["startLine"].as_u64().expect("a line");
        let text = fs::read_to_string(folder("modules").join(file)).expect("the file is there");
        let written = text.lines().nth(usize::try_from(line).expect("a line") - 1);
        let _ = writeln!(
            places,
            "{}\n    {file}:{line}: {}",
            name.as_str().expect("a name"),
            written.expect("the line is there").trim()
        );
    }
    expect![[r#"
        module.customers["Zürich 🏔"].lakebase_endpoint.primary
            modules/shop/main.tf:31: autoscaling_limit_max_cu = var.max_cu
        module.customers["acme.example"].lakebase_endpoint.primary
            modules/shop/main.tf:31: autoscaling_limit_max_cu = var.max_cu
        module.customers["Zürich 🏔"].module.replica[0].lakebase_endpoint.readers["web | us"]
            modules/replica/main.tf:24: autoscaling_limit_max_cu = each.value
        module.customers["Zürich 🏔"].module.replica[0].lakebase_endpoint.readers["web.eu"]
            modules/replica/main.tf:24: autoscaling_limit_max_cu = each.value
        module.customers["acme.example"].module.replica[1].lakebase_endpoint.readers["web | us"]
            modules/replica/main.tf:24: autoscaling_limit_max_cu = each.value
        module.customers["acme.example"].module.replica[1].lakebase_endpoint.readers["web.eu"]
            modules/replica/main.tf:24: autoscaling_limit_max_cu = each.value
    "#]]
    .assert_eq(&places);
}

const DOCUMENTED: &str = "schemas/review-v1.schema.json";

/// The standard's schema, from where cargo put it: the crate `serde-sarif` is made of it.
fn published_by_oasis() -> Json {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--locked", "--format-version=1", "--filter-platform=host-tuple"]);
    let output = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Json = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let packages = metadata["packages"].as_array().expect("there are packages");
    let package = packages.iter().find(|it| it["name"] == "serde-sarif");
    let manifest = package.and_then(|package| package["manifest_path"].as_str());
    let file = Path::new(manifest.expect("it is a dependency")).with_file_name("src/schema.json");
    let schema = fs::read_to_string(file).expect("the crate carries the schema");
    // As published, the pattern of languages closes a bracket that nothing opens.
    let mended = schema.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}$");
    serde_json::from_str(&mended).expect("a schema is JSON")
}

fn documented() -> Json {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(DOCUMENTED);
    let schema = fs::read_to_string(file).expect("the schema is documented");
    serde_json::from_str(&schema).expect("a schema is JSON")
}

#[track_caller]
fn validator(schema: &Json) -> Validator {
    jsonschema::options().should_validate_formats(true).build(schema).expect("it is a schema")
}

#[track_caller]
fn parsed(plan: &str, format: &str) -> Json {
    serde_json::from_str(&reviewed(plan, format).stdout).expect("it is JSON")
}

#[track_caller]
fn check(validator: &Validator, review: &Json, plan: &str) {
    let errors = validator.iter_errors(review);
    let errors: Vec<_> =
        errors.map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert_eq!(errors, Vec::<String>::new(), "the review of {plan}");
}

#[track_caller]
fn set(json: &mut Json, pointer: &str, value: Json) {
    let (above, name) = pointer.rsplit_once('/').expect("a pointer");
    json.pointer_mut(above).expect("what is above is there")[name] = value;
}

fn collect_silent(path: &str, schema: &Json, silent: &mut Vec<String>) {
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        if !member["description"].is_string() {
            silent.push(format!("{path}/{name}"));
        }
    }
    for (name, below) in schema.as_object().into_iter().flatten() {
        collect_silent(&format!("{path}/{name}"), below, silent);
    }
}
