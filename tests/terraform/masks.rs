//! An update sends what changed, and nothing else.
//!
//! Each test takes one object through a list of configurations; every apply ends in an empty plan.

use expect_test::{Expect, expect};
use lakebase_emulator::Options;
use serde_json::json;

use crate::drift::differences;
use crate::fixtures::{branch, primary, project};
use crate::workbench::Workbench;

/// Takes an object from one configuration to the next.
struct Steps {
    bench: Workbench,
    configuration: fn(&str) -> String,
}

impl Steps {
    /// The first apply.
    #[track_caller]
    fn new(name: &str, configuration: fn(&str) -> String, settings: &str, sent: Expect) -> Steps {
        let options = Options { frozen_clock: true, ..Options::default() };
        let bench = Workbench::with_options(name, options);
        bench.configure(&configuration(settings));
        bench.apply();
        bench.expect_mutations(sent);
        Steps { bench, configuration }
    }

    /// The next apply; it sends one update with this mask.
    #[track_caller]
    fn sends(&self, settings: &str, mask: &str) {
        self.bench.configure(&(self.configuration)(settings));
        self.bench.forget_requests();
        self.bench.apply();
        assert_eq!(self.bench.masks(), [mask], "{settings}");
        assert_eq!(self.bench.emulator.mutations().len(), 1, "{settings}");
    }

    /// The next apply; it changes what only Terraform knows: this attribute.
    #[track_caller]
    fn sends_nothing(&self, settings: &str, local: &str) {
        self.bench.configure(&(self.configuration)(settings));
        self.bench.forget_requests();
        self.bench.terraform(&["plan", "-out=plan"]).succeeded();
        let plan = self.bench.terraform(&["show", "-json", "plan"]).succeeded().json();
        assert_eq!(differences(&plan, |_| true), [local], "{settings}");
        self.bench.apply();
        self.bench.expect_mutations(expect![""]);
    }

    /// The configuration says the same in other words, or says less.
    #[track_caller]
    fn says_the_same(&self, settings: &str) {
        self.bench.configure(&(self.configuration)(settings));
        self.bench.expect_empty_plan();
    }
}

const RANGE: &str = "autoscaling_limit_min_cu = 1\nautoscaling_limit_max_cu = 4\n";

#[test]
fn an_update_of_an_endpoint_masks_the_leaves_that_differ() {
    let steps = Steps::new(
        "an_update_of_an_endpoint_masks_the_leaves_that_differ",
        |settings| project("") + &primary(settings),
        "autoscaling_limit_max_cu = 2\nsuspend_timeout_duration = \"5m\"",
        expect![[r#"
            POST /api/2.0/postgres/projects?project_id=shop
              {"spec":{}}
            PATCH /api/2.0/postgres/projects/shop/branches/production/endpoints/primary?update_mask=spec.autoscaling_limit_max_cu,spec.suspension
              {"spec":{"autoscaling_limit_max_cu":2,"endpoint_type":"ENDPOINT_TYPE_READ_WRITE","suspend_timeout_duration":"300s"}}
        "#]],
    );
    steps.says_the_same("suspend_timeout_duration = \"300s\"");
    steps.says_the_same("");
    steps.sends(RANGE, "spec.autoscaling_limit_max_cu");
    steps.bench.expect_mutations(expect![[r#"
        PATCH /api/2.0/postgres/projects/shop/branches/production/endpoints/primary?update_mask=spec.autoscaling_limit_max_cu
          {"spec":{"autoscaling_limit_max_cu":4,"autoscaling_limit_min_cu":1,"disabled":false,"endpoint_type":"ENDPOINT_TYPE_READ_WRITE","group":{"enable_readable_secondaries":false,"max":1,"min":1},"settings":{"pg_settings":{}},"suspend_timeout_duration":"300s"}}
    "#]]);
    steps.sends("no_suspension = true", "spec.suspension");
    steps.bench.expect_mutations(expect![[r#"
        PATCH /api/2.0/postgres/projects/shop/branches/production/endpoints/primary?update_mask=spec.suspension
          {"spec":{"autoscaling_limit_max_cu":4,"autoscaling_limit_min_cu":1,"disabled":false,"endpoint_type":"ENDPOINT_TYPE_READ_WRITE","group":{"enable_readable_secondaries":false,"max":1,"min":1},"no_suspension":true,"settings":{"pg_settings":{}}}}
    "#]]);
    steps.says_the_same(RANGE);
    steps.sends("suspend_timeout_duration = \"1h\"", "spec.suspension");
    steps.sends_nothing(
        "suspend_timeout_duration = \"60m\"\nno_suspension = false",
        "no_suspension",
    );
    steps.sends("pg_settings = { work_mem = \"8MB\", jit = \"off\" }", "spec.settings.pg_settings");
    steps.sends("pg_settings = { work_mem = \"9MB\", jit = \"off\" }", "spec.settings.pg_settings");
    steps.bench.expect_mutations(expect![[r#"
        PATCH /api/2.0/postgres/projects/shop/branches/production/endpoints/primary?update_mask=spec.settings.pg_settings
          {"spec":{"autoscaling_limit_max_cu":4,"autoscaling_limit_min_cu":1,"disabled":false,"endpoint_type":"ENDPOINT_TYPE_READ_WRITE","group":{"enable_readable_secondaries":false,"max":1,"min":1},"settings":{"pg_settings":{"jit":"off","work_mem":"9MB"}},"suspend_timeout_duration":"3600s"}}
    "#]]);
    steps.says_the_same("");
    steps.sends("pg_settings = {}", "spec.settings.pg_settings");
    let limits = "spec.autoscaling_limit_min_cu,spec.autoscaling_limit_max_cu";
    steps.sends("autoscaling_limit_min_cu = 8\nautoscaling_limit_max_cu = 16", limits);
    steps.sends("disabled = true", "spec.disabled");
    steps.sends("disabled = false", "spec.disabled");
    let two = "no_suspension = true\ngroup = { min = 2, max = 2 }";
    steps.sends(two, "spec.suspension,spec.group");
    steps.sends("group = { min = 2, max = 2, enable_readable_secondaries = true }", "spec.group");
    steps.says_the_same(two);
    steps.sends_nothing("timeouts = { update = \"1h\" }", "timeouts");
}

#[test]
fn an_update_of_a_branch_masks_the_leaves_that_differ() {
    let steps = Steps::new(
        "an_update_of_a_branch_masks_the_leaves_that_differ",
        |settings| project("") + &branch(settings),
        "ttl = \"1d\"",
        expect![[r#"
            POST /api/2.0/postgres/projects?project_id=shop
              {"spec":{}}
            POST /api/2.0/postgres/projects/shop/branches?branch_id=dev
              {"spec":{"ttl":"86400s"}}
        "#]],
    );
    steps.says_the_same("ttl = \"24h\"");
    steps.sends("ttl = \"2d\"", "spec.expiration");
    steps.bench.expect_mutations(expect![[r#"
        PATCH /api/2.0/postgres/projects/shop/branches/dev?update_mask=spec.expiration
          {"spec":{"is_protected":false,"ttl":"172800s"}}
    "#]]);
    steps.sends_nothing("ttl = \"48h\"\nno_expiry = false", "no_expiry");
    steps.sends("no_expiry = true", "spec.expiration");
    steps.says_the_same("");
    steps.sends("is_protected = true", "spec.is_protected");
    steps.says_the_same("");
    steps.sends("is_protected = false", "spec.is_protected");
    steps.sends("expire_time = \"2026-01-10T00:00:00Z\"", "spec.expiration");
    steps.says_the_same("expire_time = \"2026-01-10T01:00:00+01:00\"");
    steps.sends_nothing("deletion_protection = true", "deletion_protection");
}

#[test]
fn an_update_of_a_project_masks_the_leaves_that_differ() {
    let steps = Steps::new(
        "an_update_of_a_project_masks_the_leaves_that_differ",
        project,
        "display_name = \"The shop\"",
        expect![[r#"
            POST /api/2.0/postgres/projects?project_id=shop
              {"spec":{"display_name":"The shop"}}
        "#]],
    );
    steps.says_the_same("");
    steps.sends("display_name = \"Another shop\"", "spec.display_name");
    steps.says_the_same("history_retention_duration = \"7d\"");
    steps.sends("history_retention_duration = \"8d\"", "spec.history_retention_duration");

    let defaults = |settings: &str| format!("default_endpoint_settings = {{ {settings} }}");
    let mask = |leaf: &str| format!("spec.default_endpoint_settings.{leaf}");
    steps.sends(&defaults("autoscaling_limit_max_cu = 2"), &mask("autoscaling_limit_max_cu"));
    steps.bench.expect_mutations(expect![[r#"
        PATCH /api/2.0/postgres/projects/shop?update_mask=spec.default_endpoint_settings.autoscaling_limit_max_cu
          {"spec":{"custom_tags":[],"default_endpoint_settings":{"autoscaling_limit_max_cu":2,"autoscaling_limit_min_cu":1,"pg_settings":{},"suspend_timeout_duration":"86400s"},"display_name":"Another shop","enable_pg_native_login":false,"history_retention_duration":"691200s"}}
    "#]]);
    steps.says_the_same(&defaults("autoscaling_limit_min_cu = 1"));
    steps.sends(&defaults("no_suspension = true"), &mask("suspension"));
    steps.sends(&defaults("suspend_timeout_duration = \"10m\""), &mask("suspension"));
    steps.says_the_same(&defaults("suspend_timeout_duration = \"600s\""));
    steps.sends(&defaults("pg_settings = { jit = \"off\" }"), &mask("pg_settings"));
    steps.sends(&defaults("pg_settings = {}"), &mask("pg_settings"));

    steps.sends("custom_tags = { stage = \"test\", team = \"shop\" }", "spec.custom_tags");
    steps.says_the_same("");
    steps.sends("custom_tags = { stage = \"test\" }", "spec.custom_tags");
    steps.bench.expect_mutations(expect![[r#"
        PATCH /api/2.0/postgres/projects/shop?update_mask=spec.custom_tags
          {"spec":{"custom_tags":[{"key":"stage","value":"test"}],"default_endpoint_settings":{"autoscaling_limit_max_cu":2,"autoscaling_limit_min_cu":1,"pg_settings":{},"suspend_timeout_duration":"600s"},"display_name":"Another shop","enable_pg_native_login":false,"history_retention_duration":"691200s"}}
    "#]]);
    steps.sends("custom_tags = {}", "spec.custom_tags");
    steps.sends("budget_policy_id = \"cheap\"", "spec.budget_policy_id");
    steps.sends("enable_pg_native_login = true", "spec.enable_pg_native_login");
    steps.sends_nothing("timeouts = { delete = \"1h\" }", "timeouts");
}

#[test]
fn tags_of_the_provider_block_reach_every_project_and_leave_it_again() {
    let bench = Workbench::new("tags_of_the_provider_block_reach_every_project");
    let configure = |shared: &str, own: &str| {
        let block = format!("provider \"lakebase\" {{\n  custom_tags = {{ {shared} }}\n}}\n");
        bench.configure(&(block + &project(own)));
        bench.forget_requests();
    };
    let own = "custom_tags = { stage = \"test\" }";
    configure("team = \"a\", stage = \"?\"", own);
    bench.apply();
    bench.expect_mutations(expect![[r#"
        POST /api/2.0/postgres/projects?project_id=shop
          {"spec":{"custom_tags":[{"key":"stage","value":"test"},{"key":"team","value":"a"}]}}
    "#]]);

    configure("team = \"b\"", own);
    let output = bench.plan().from("  # lakebase");
    expect![[r#"
          # lakebase_project.shop will be updated in-place
          ~ resource "lakebase_project" "shop" {
              ~ effective_custom_tags      = {
                  ~ "team"  = "a" -> "b"
                    # (1 unchanged element hidden)
                }
                name                       = "projects/shop"
                # (14 unchanged attributes hidden)
            }

        Plan: 0 to add, 1 to change, 0 to destroy."#]]
    .assert_eq(&output);
    bench.apply();
    bench.expect_mutations(expect![[r#"
        PATCH /api/2.0/postgres/projects/shop?update_mask=spec.custom_tags
          {"spec":{"custom_tags":[{"key":"stage","value":"test"},{"key":"team","value":"b"}],"default_endpoint_settings":{"autoscaling_limit_max_cu":1,"autoscaling_limit_min_cu":1,"pg_settings":{},"suspend_timeout_duration":"86400s"},"display_name":"shop","enable_pg_native_login":false,"history_retention_duration":"604800s"}}
    "#]]);

    let tags = || {
        bench.emulator.get("projects/shop").expect("it is there")["status"]["custom_tags"].clone()
    };
    configure("team = \"c\"", "");
    bench.apply();
    let stage = json!({"key": "stage", "value": "test"});
    assert_eq!(tags(), json!([stage, {"key": "team", "value": "c"}]));
    bench.emulator.change("projects/shop", json!({"custom_tags": [stage]}));
    bench.apply();
    assert_eq!(tags(), json!([stage, {"key": "team", "value": "c"}]));
    configure("", "");
    bench.apply();
    assert_eq!(tags(), json!([stage]));
}

#[test]
fn create_with_replace_existing_sends_the_parameter() {
    let bench = Workbench::new("create_with_replace_existing_sends_the_parameter");
    bench.configure(&(project("") + &branch("replace_existing = true\n  no_expiry = true")));
    bench.apply();
    bench.expect_mutations(expect![[r#"
        POST /api/2.0/postgres/projects?project_id=shop
          {"spec":{}}
        POST /api/2.0/postgres/projects/shop/branches?branch_id=dev&replace_existing=true
          {"spec":{"no_expiry":true}}
    "#]]);
}

#[test]
fn unknown_tags_of_the_provider_block_leave_the_effective_tags_unknown() {
    let bench = Workbench::new("unknown_tags_of_the_provider_block");
    let configure = |team: &str| {
        let block =
            "provider \"lakebase\" {\n  custom_tags = { team = terraform_data.team.output }\n}\n";
        let team = format!("resource \"terraform_data\" \"team\" {{\n  input = \"{team}\"\n}}\n");
        bench.configure(
            &(block.to_owned() + &team + &project("custom_tags = { stage = \"test\" }")),
        );
        bench.forget_requests();
    };
    let tags = || {
        bench.emulator.get("projects/shop").expect("it is there")["status"]["custom_tags"].clone()
    };
    let stage = json!({"key": "stage", "value": "test"});

    configure("a");
    bench.apply();
    assert_eq!(tags(), json!([stage, {"key": "team", "value": "a"}]));

    configure("b");
    let output = bench.plan().output();
    assert!(!output.contains("Refresh was skipped"), "{output}");
    let changes = output.lines().filter(|it| it.contains("\"team\""));
    let changes: Vec<_> =
        changes.map(|change| change.split_whitespace().collect::<Vec<_>>()).collect();
    assert!(changes.concat().join(" ").contains("(known after apply)"), "{output}");
    bench.apply();
    assert_eq!(tags(), json!([stage, {"key": "team", "value": "b"}]));
}
