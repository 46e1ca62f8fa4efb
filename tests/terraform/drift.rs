//! Changes made behind Terraform's back: the plan shows exactly what changed, and puts exactly that
//! back.

use lakebase_emulator::{NeverSuspended, Options, Quotas};
use serde_json::{Value as Json, json};

use crate::fixtures::project;
use crate::workbench::Workbench;

/// What somebody changes, what the plan shows as changed, and the mask that puts it back.
struct Drift {
    status: Json,
    shown: &'static [&'static str],
    mask: &'static str,
}

fn drift(status: Json, shown: &'static [&'static str], mask: &'static str) -> Drift {
    Drift { status, shown, mask }
}

/// Applies objects that differ only in their names, makes each drift in a way of its own, and
/// looks at what a plan shows and an apply sends.
fn check(test: &str, hcl: &str, collection: &str, drifts: &[Drift]) {
    let quotas = Quotas { unarchived_branches: 100, active_computes: 100, ..Quotas::default() };
    let bench = Workbench::with_options(test, Options { quotas, ..Options::default() });
    let keys: Vec<String> = (0..drifts.len()).map(|it| format!("d{it}")).collect();
    let count = format!("locals {{\n  keys = toset({})\n}}\n", json!(keys));
    bench.configure(&(count + hcl));
    bench.apply();
    for (key, Drift { status, .. }) in keys.iter().zip(drifts) {
        bench.emulator.change(&format!("{collection}/{key}"), status.clone());
    }
    bench.forget_requests();

    bench.terraform(&["plan", "-out=plan"]).succeeded();
    let plan = bench.terraform(&["show", "-json", "plan"]).succeeded().json();
    bench.terraform(&["apply", "plan"]).succeeded();
    let sent = bench.emulator.mutations();
    for (key, Drift { status, shown, mask }) in keys.iter().zip(drifts) {
        assert_eq!(differences(&plan, |it| it["index"] == **key), *shown, "{status}");
        let name = format!("{collection}/{key}");
        let sent: Vec<_> = sent.iter().filter(|request| request.path.ends_with(&name)).collect();
        let masks: Vec<_> = sent.iter().flat_map(|it| &it.query).map(|(_, it)| it).collect();
        assert_eq!(masks, [mask], "{status}");
    }
    assert_eq!(sent.len(), drifts.len());
    bench.expect_empty_plan();
}

/// The attributes that a plan, as JSON, changes in the resources that are looked for; those that
/// follow from others, because they are known after the apply or are a capacity, left out.
pub(crate) fn differences(plan: &Json, which: impl Fn(&Json) -> bool) -> Vec<String> {
    let all = plan["resource_changes"].as_array().expect("a plan lists its changes");
    let of_one = |resource: &Json| {
        let change = &resource["change"];
        let (before, after) = (change["before"].as_object(), &change["after"]);
        let differs = |(name, before): (&String, &Json)| {
            let follows = change["after_unknown"][name] == true || name.ends_with("capacity");
            (*before != after[name] && !follows).then(|| name.clone())
        };
        before.into_iter().flatten().filter_map(differs).collect::<Vec<_>>()
    };
    all.iter().filter(|it| which(it)).flat_map(of_one).collect()
}

#[test]
fn each_attribute_of_an_endpoint_that_drifts_is_shown_and_put_back() {
    let endpoints = r#"
resource "lakebase_endpoint" "this" {
  for_each                 = local.keys
  branch                   = "${lakebase_project.shop.name}/branches/production"
  endpoint_id              = each.key
  endpoint_type            = "ENDPOINT_TYPE_READ_ONLY"
  autoscaling_limit_min_cu = 4
  autoscaling_limit_max_cu = 8
  suspend_timeout_duration = "5m"
  disabled                 = false
  pg_settings              = { work_mem = "8MB" }
  group                    = { min = 1, max = 1, enable_readable_secondaries = true }
}
"#;
    check(
        "each_attribute_of_an_endpoint_that_drifts",
        &(project("") + endpoints),
        "projects/shop/branches/production/endpoints",
        &[
            drift(
                json!({"autoscaling_limit_min_cu": 2}),
                &["autoscaling_limit_min_cu"],
                "spec.autoscaling_limit_min_cu",
            ),
            drift(
                json!({"autoscaling_limit_max_cu": 12}),
                &["autoscaling_limit_max_cu"],
                "spec.autoscaling_limit_max_cu",
            ),
            drift(
                json!({"suspend_timeout_duration": "600s"}),
                &["suspend_timeout_duration"],
                "spec.suspension",
            ),
            drift(
                json!({"suspend_timeout_duration": null}),
                &["no_suspension", "suspend_timeout_duration"],
                "spec.suspension",
            ),
            drift(json!({"disabled": true}), &["disabled"], "spec.disabled"),
            drift(
                json!({"settings": {"pg_settings": {"jit": "off"}}}),
                &["pg_settings"],
                "spec.settings.pg_settings",
            ),
            drift(json!({"settings": null}), &["pg_settings"], "spec.settings.pg_settings"),
            drift(json!({"group": {"min": 2, "max": 2}}), &["group"], "spec.group"),
        ],
    );
}

#[test]
fn each_attribute_of_a_branch_that_drifts_is_shown_and_put_back() {
    let branches = r#"
resource "lakebase_branch" "this" {
  for_each     = local.keys
  project      = lakebase_project.shop.name
  branch_id    = each.key
  ttl          = "1d"
  is_protected = false
}
"#;
    check(
        "each_attribute_of_a_branch_that_drifts",
        &(project("") + branches),
        "projects/shop/branches",
        &[
            drift(json!({"is_protected": true}), &["is_protected"], "spec.is_protected"),
            drift(json!({"expire_time": "2099-01-01T00:00:00Z"}), &["ttl"], "spec.expiration"),
            drift(json!({"expire_time": null}), &["no_expiry", "ttl"], "spec.expiration"),
        ],
    );
}

#[test]
fn each_attribute_of_a_project_that_drifts_is_shown_and_put_back() {
    let projects = r#"
resource "lakebase_project" "this" {
  for_each                   = local.keys
  project_id                 = each.key
  display_name               = "The shop"
  history_retention_duration = "7d"
  budget_policy_id           = "cheap"
  enable_pg_native_login     = false
  custom_tags                = { team = "shop" }

  default_endpoint_settings = {
    autoscaling_limit_min_cu = 4
    autoscaling_limit_max_cu = 8
    suspend_timeout_duration = "5m"
    pg_settings              = { work_mem = "8MB" }
  }
}
"#;
    let defaults = |status: Json| json!({"default_endpoint_settings": status});
    let shown = &["default_endpoint_settings"];
    check(
        "each_attribute_of_a_project_that_drifts",
        projects,
        "projects",
        &[
            drift(json!({"display_name": "?"}), &["display_name"], "spec.display_name"),
            drift(
                json!({"history_retention_duration": "172800s"}),
                &["history_retention_duration"],
                "spec.history_retention_duration",
            ),
            drift(
                json!({"budget_policy_id": "dear"}),
                &["budget_policy_id"],
                "spec.budget_policy_id",
            ),
            drift(
                json!({"budget_policy_id": null}),
                &["budget_policy_id"],
                "spec.budget_policy_id",
            ),
            drift(
                json!({"enable_pg_native_login": true}),
                &["enable_pg_native_login"],
                "spec.enable_pg_native_login",
            ),
            drift(
                json!({"custom_tags": [{"key": "team", "value": "other"}]}),
                &["custom_tags", "effective_custom_tags"],
                "spec.custom_tags",
            ),
            drift(
                json!({"custom_tags": []}),
                &["custom_tags", "effective_custom_tags"],
                "spec.custom_tags",
            ),
            drift(
                defaults(json!({"autoscaling_limit_min_cu": 2})),
                shown,
                "spec.default_endpoint_settings.autoscaling_limit_min_cu",
            ),
            drift(
                defaults(json!({"autoscaling_limit_max_cu": 12})),
                shown,
                "spec.default_endpoint_settings.autoscaling_limit_max_cu",
            ),
            drift(
                defaults(json!({"suspend_timeout_duration": null})),
                shown,
                "spec.default_endpoint_settings.suspension",
            ),
            drift(
                defaults(json!({"pg_settings": {"work_mem": "1MB"}})),
                shown,
                "spec.default_endpoint_settings.pg_settings",
            ),
        ],
    );
}

#[test]
fn object_removed_outside_of_terraform_is_planned_for_creation() {
    let bench = Workbench::new("object_removed_outside_of_terraform_is_planned_for_creation");
    bench.configure(&(project("") + &crate::fixtures::branch("no_expiry = true")));
    bench.apply();
    bench.emulator.remove("projects/shop/branches/dev");
    let output = bench.plan().output();
    assert!(output.contains("# lakebase_branch.dev will be created"), "{output}");
    bench.apply();
}

/// How the service reports that a compute never suspends was never recorded.
#[test]
fn never_suspending_reads_the_same_in_either_form() {
    for (test, report_never_suspended_as) in [
        ("never_suspending_as_no_timeout", NeverSuspended::TimeoutAbsent),
        ("never_suspending_as_a_flag", NeverSuspended::Flag),
    ] {
        let options = Options { report_never_suspended_as, ..Options::default() };
        let bench = Workbench::with_options(test, options);
        let endpoint = r#"
resource "lakebase_endpoint" "replica" {
  branch        = "${lakebase_project.shop.name}/branches/production"
  endpoint_id   = "replica"
  endpoint_type = "ENDPOINT_TYPE_READ_ONLY"
  no_suspension = true
}
"#;
        bench.configure(&(project("") + endpoint));
        bench.apply();
        let name = "projects/shop/branches/production/endpoints/replica";
        bench.emulator.change(name, json!({ "suspend_timeout_duration": "300s" }));
        bench.forget_requests();
        bench.apply();
        assert_eq!(bench.masks(), ["spec.suspension"]);
    }
}
