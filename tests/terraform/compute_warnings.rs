//! What a plan says about a change of compute, and where it says nothing.

use expect_test::expect;

use crate::fixtures::{primary, project};
use crate::workbench::Workbench;

const SMALL: &str = "autoscaling_limit_min_cu = 1\nautoscaling_limit_max_cu = 4\n\
                     suspend_timeout_duration = \"5m\"\n";
const LARGE: &str = "autoscaling_limit_min_cu = 4\nautoscaling_limit_max_cu = 8\n\
                     no_suspension = true\ngroup = {\n  min = 2\n  max = 2\n}\n";
const OFF: &str = "provider \"lakebase\" {\n  review_warnings = false\n}\n";

#[test]
fn compute_change_warns_once_in_plan_and_not_in_apply() {
    let bench = Workbench::new("a_change_of_compute_is_told_once");
    bench.configure(&(project("") + &primary(SMALL)));
    bench.apply();
    assert!(!bench.plan().output().contains("Warning:"));

    bench.configure(&(project("") + &primary(LARGE)));
    let planned = bench.terraform(&["plan", "-out=saved"]).succeeded();
    expect![[r#"
        Warning: Maximum compute of `projects/shop/branches/production/endpoints/primary` at least doubles

          with lakebase_endpoint.primary,

        From 1 × 4 to 2 × 8 CU. Memory at the maximum increases from 8 to 16 GB, and
        the connection limit from 839 to 1,678. The maximum cost increases by a
        factor of 4.

        To hide these warnings, set `review_warnings = false` in the provider
        configuration.

        Warning: Scale to zero will be disabled for `projects/shop/branches/production/endpoints/primary`

          with lakebase_endpoint.primary,

        The compute will run continuously and be billed for at least its minimum
        size.

        To hide these warnings, set `review_warnings = false` in the provider
        configuration.

        Warning: High availability will be enabled for `projects/shop/branches/production/endpoints/primary`

          with lakebase_endpoint.primary,

        From 1 to 2 computes. Each compute is billed.

        To hide these warnings, set `review_warnings = false` in the provider
        configuration."#]].assert_eq(&planned.without_places_from("Warning:"));
    let applied = bench.terraform(&["apply", "saved"]).succeeded().output();
    assert!(!applied.contains("Warning:"), "{applied}");
    bench.expect_empty_plan();

    // What shrinks, sleeps again or stands alone again surprises nobody.
    let smaller = SMALL.replace("= 4", "= 6") + "group = {\n  min = 1\n  max = 1\n}\n";
    bench.configure(&(project("") + &primary(&smaller)));
    let planned = bench.plan().output();
    assert!(!planned.contains("Warning:"), "{planned}");
}

#[test]
fn undocumented_size_warns_in_plan() {
    let bench = Workbench::new("a_size_that_nobody_documents");
    let huge = "autoscaling_limit_min_cu = 110\nautoscaling_limit_max_cu = 116\n";
    let defaults = project(&format!("default_endpoint_settings = {{\n{huge}}}"));
    bench.configure(&(defaults.clone() + &primary(huge)));
    assert!(bench.validate().output().starts_with("Success!"));
    expect![[r#"
        Warning: Size of `default_endpoint_settings` of `projects/shop` is outside the documented sizes

          with lakebase_project.shop,

        Databricks documents 0.5 to 112 CU; the maximum is 116 CU. The API may reject
        it.

        To hide these warnings, set `review_warnings = false` in the provider
        configuration.

        Warning: Size of `projects/shop/branches/production/endpoints/primary` is outside the documented sizes

          with lakebase_endpoint.primary,

        Databricks documents 0.5 to 112 CU; the maximum is 116 CU. The API may reject
        it.

        To hide these warnings, set `review_warnings = false` in the provider
        configuration."#]].assert_eq(&bench.plan().without_places_from("Warning:"));
    bench.configure(&(OFF.to_owned() + &defaults + &primary(huge)));
    let planned = bench.plan().output();
    assert!(!planned.contains("Warning:"), "{planned}");
}

#[test]
fn findings_can_be_turned_off() {
    let bench = Workbench::new("findings_can_be_turned_off");
    bench.configure(&(project("") + &primary(SMALL)));
    bench.apply();
    bench.configure(&(OFF.to_owned() + &project("") + &primary(LARGE)));
    let planned = bench.plan().output();
    assert!(!planned.contains("Warning:"), "{planned}");
}
