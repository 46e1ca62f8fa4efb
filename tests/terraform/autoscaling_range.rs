//! The range rule in the hands of a user: how far apart the limits of a compute may be.

use expect_test::{Expect, expect};
use serde_json::json;

use crate::fixtures::{primary, project};
use crate::workbench::Workbench;

fn limits(min: f64, max: f64) -> String {
    format!("autoscaling_limit_min_cu = {min}\nautoscaling_limit_max_cu = {max}\n")
}

fn provider(range: &str) -> String {
    format!("provider \"lakebase\" {{\n  max_autoscaling_range_cu = {range}\n}}\n")
}

#[test]
fn too_wide_a_range_fails_in_all_three_places() {
    let bench = Workbench::new("too_wide_a_range_fails_in_all_three_places");
    let refused = |hcl: &str, expected: Expect| {
        bench.configure(hcl);
        let validated = bench.validate().failed();
        assert_eq!(bench.plan_fails().output(), validated.output());
        expected.assert_eq(&validated.without_places_from("Error:"));
    };
    refused(
        &(project("") + &primary(&limits(0.5, 32.0))),
        expect![[r#"
            Error: Autoscaling range too wide

              with lakebase_endpoint.primary,

            An autoscaling range may span at most 8 CU, but from
            `autoscaling_limit_min_cu` = 0.5 to `autoscaling_limit_max_cu` = 32 it spans
            31.5 CU.

            The nearest valid ranges are 0.5–8 CU, which keeps the minimum, and 24–32 CU,
            which keeps the maximum. If your workspace accepts wider ranges (newer
            documentation says 16 CU), increase `max_autoscaling_range_cu` in the
            provider configuration.

            https://docs.databricks.com/aws/en/oltp/projects/manage-computes"#]],
    );
    let settings = |name: &str| project(&format!("{name} = {{ {} }}", limits(0.5, 32.0)));
    refused(
        &settings("default_endpoint_settings"),
        expect![[r#"
            Error: Autoscaling range too wide

              with lakebase_project.shop,

            An autoscaling range may span at most 8 CU, but from
            `default_endpoint_settings.autoscaling_limit_min_cu` = 0.5 to
            `default_endpoint_settings.autoscaling_limit_max_cu` = 32 it spans 31.5 CU.

            The nearest valid ranges are 0.5–8 CU, which keeps the minimum, and 24–32 CU,
            which keeps the maximum. If your workspace accepts wider ranges (newer
            documentation says 16 CU), increase `max_autoscaling_range_cu` in the
            provider configuration.

            https://docs.databricks.com/aws/en/oltp/projects/manage-computes"#]],
    );
    refused(
        &settings("initial_endpoint"),
        expect![[r#"
            Error: Autoscaling range too wide

              with lakebase_project.shop,

            An autoscaling range may span at most 8 CU, but from
            `initial_endpoint.autoscaling_limit_min_cu` = 0.5 to
            `initial_endpoint.autoscaling_limit_max_cu` = 32 it spans 31.5 CU.

            The nearest valid ranges are 0.5–8 CU, which keeps the minimum, and 24–32 CU,
            which keeps the maximum. If your workspace accepts wider ranges (newer
            documentation says 16 CU), increase `max_autoscaling_range_cu` in the
            provider configuration.

            https://docs.databricks.com/aws/en/oltp/projects/manage-computes"#]],
    );
    bench.expect_mutations(expect![""]);

    bench.configure(&(project("") + &primary(&limits(8.0, 16.0))));
    assert!(bench.plan().output().contains("Plan: 2 to add"));
    bench.configure(&project(&format!("default_endpoint_settings = {{ {} }}", limits(8.0, 16.0))));
    assert!(bench.plan().output().contains("Plan: 1 to add"));
}

#[test]
fn too_wide_a_range_fails_on_the_attribute() {
    let bench = Workbench::new("too_wide_a_range_fails_on_the_attribute");
    bench.configure(&(project("") + &primary(&limits(0.5, 32.0))));
    expect![[r#"
        Error: Autoscaling range too wide

          with lakebase_endpoint.primary,
          on main.tf line 21, in resource "lakebase_endpoint" "primary":
          21: autoscaling_limit_max_cu = 32

        An autoscaling range may span at most 8 CU, but from
        `autoscaling_limit_min_cu` = 0.5 to `autoscaling_limit_max_cu` = 32 it spans
        31.5 CU.

        The nearest valid ranges are 0.5–8 CU, which keeps the minimum, and 24–32 CU,
        which keeps the maximum. If your workspace accepts wider ranges (newer
        documentation says 16 CU), increase `max_autoscaling_range_cu` in the
        provider configuration.

        https://docs.databricks.com/aws/en/oltp/projects/manage-computes"#]]
    .assert_eq(&bench.plan_fails().from("Error:"));
}

#[test]
fn a_minimum_that_only_the_state_has_counts() {
    let bench = Workbench::new("a_minimum_that_only_the_state_has_counts");
    let defaults = |settings: &str| project(&format!("default_endpoint_settings = {{{settings}}}"));
    bench.configure(&(defaults(&limits(0.5, 2.0)) + &primary(&limits(0.5, 4.0))));
    bench.apply();

    bench.configure(&(project("") + &primary("autoscaling_limit_max_cu = 16")));
    assert!(bench.validate().output().starts_with("Success!"));
    let output = bench.plan_fails().from("Error:");
    expect![[r#"
        Error: Autoscaling range too wide

          with lakebase_endpoint.primary,
          on main.tf line 20, in resource "lakebase_endpoint" "primary":
          20:   autoscaling_limit_max_cu = 16

        An autoscaling range may span at most 8 CU, but from
        `autoscaling_limit_min_cu` = 0.5 to `autoscaling_limit_max_cu` = 16 it spans
        15.5 CU.

        The nearest valid ranges are 0.5–8 CU, which keeps the minimum, and 8–16 CU,
        which keeps the maximum. If your workspace accepts wider ranges (newer
        documentation says 16 CU), increase `max_autoscaling_range_cu` in the
        provider configuration.

        https://docs.databricks.com/aws/en/oltp/projects/manage-computes"#]]
    .assert_eq(&output);

    bench.configure(&(defaults("autoscaling_limit_max_cu = 16") + &primary("")));
    let output = bench.plan_fails().without_places_from("Error:");
    expect![[r#"
        Error: Autoscaling range too wide

          with lakebase_project.shop,

        An autoscaling range may span at most 8 CU, but from
        `default_endpoint_settings.autoscaling_limit_min_cu` = 0.5 to
        `default_endpoint_settings.autoscaling_limit_max_cu` = 16 it spans 15.5 CU.

        The nearest valid ranges are 0.5–8 CU, which keeps the minimum, and 8–16 CU,
        which keeps the maximum. If your workspace accepts wider ranges (newer
        documentation says 16 CU), increase `max_autoscaling_range_cu` in the
        provider configuration.

        https://docs.databricks.com/aws/en/oltp/projects/manage-computes"#]]
    .assert_eq(&output);
}

#[test]
fn a_limit_known_only_in_the_apply_is_checked_there_before_anything_is_sent() {
    let bench = Workbench::new("a_limit_known_only_in_the_apply_is_checked_there");
    let late = "resource \"terraform_data\" \"limit\" {\n  input = 32\n}\n";
    let settings = "autoscaling_limit_min_cu = 0.5\n\
                    autoscaling_limit_max_cu = terraform_data.limit.output";
    bench.configure(&(late.to_owned() + &project("") + &primary(settings)));
    bench.plan();
    let output = bench.apply_fails().output();
    assert!(output.contains("Error: Autoscaling range too wide"), "{output}");
    assert!(bench.emulator.mutations().iter().all(|it| it.method != "PATCH"));
}

#[test]
fn the_bound_is_the_provider_blocks_in_validate_and_in_plan() {
    let bench = Workbench::new("the_bound_is_the_provider_blocks");
    let compute = project("") + &primary(&limits(4.0, 20.0));
    for bound in ["16", "var.bound"] {
        let variable = "variable \"bound\" {\n  type    = number\n  default = 16\n}\n";
        bench.configure(&(variable.to_owned() + &provider(bound) + &compute));
        assert!(bench.validate().output().starts_with("Success!"));
        assert!(bench.plan().output().contains("Plan: 2 to add"));
    }
    let narrow = provider("4") + &project("") + &primary(&limits(1.0, 8.0));
    bench.configure(&narrow);
    let output = bench.plan_fails().output();
    assert!(output.contains("An autoscaling range may span at most 4 CU"), "{output}");

    bench.configure(&(provider("16") + &compute));
    bench.apply();
    // The bound is back at 8, and the compute as it was: a plan that does not touch it goes on.
    bench.configure(&(project("") + &primary("")));
    let output = bench.plan().from("Warning:");
    expect![[r#"
        Warning: Autoscaling range too wide

          with lakebase_endpoint.primary,
          on main.tf line 15, in resource "lakebase_endpoint" "primary":
          15: resource "lakebase_endpoint" "primary" {

        An autoscaling range may span at most 8 CU, but from
        `autoscaling_limit_min_cu` = 4 to `autoscaling_limit_max_cu` = 20 it spans 16
        CU.

        The nearest valid ranges are 4–12 CU, which keeps the minimum, and 12–20 CU,
        which keeps the maximum. If your workspace accepts wider ranges (newer
        documentation says 16 CU), increase `max_autoscaling_range_cu` in the
        provider configuration.

        https://docs.databricks.com/aws/en/oltp/projects/manage-computes"#]]
    .assert_eq(&output);
}

#[test]
fn a_create_with_a_large_maximum_needs_a_minimum() {
    let bench = Workbench::new("a_create_with_a_large_maximum_needs_a_minimum");
    let large = "autoscaling_limit_max_cu = 16";
    let replica = primary(large).replace("READ_WRITE", "READ_ONLY").replace("primary", "replica");
    let replica = replica.replace("replace_existing = true", "");
    bench.configure(&(project("") + &replica));
    expect![[r#"
        Error: Missing `autoscaling_limit_min_cu`

          with lakebase_endpoint.replica,

        If `autoscaling_limit_min_cu` is omitted, Lakebase chooses the minimum. With
        `autoscaling_limit_max_cu` = 16, the range could then span more than 8 CU.
        Set `autoscaling_limit_min_cu` to 8 or more. If your workspace accepts wider
        ranges, increase `max_autoscaling_range_cu` in the provider configuration.

        https://docs.databricks.com/aws/en/oltp/projects/manage-computes"#]]
    .assert_eq(&bench.plan_fails().without_places_from("Error:"));
    for place in ["default_endpoint_settings", "initial_endpoint"] {
        bench.configure(&project(&format!("{place} = {{ {large} }}")));
        let output = bench.plan_fails().output();
        let expected = format!("Missing `{place}.autoscaling_limit_min_cu`");
        assert!(output.contains(&expected), "{output}");
    }
}

#[test]
fn an_adoption_that_would_make_the_range_too_wide_is_refused_in_the_plan() {
    let bench = Workbench::new("an_adoption_that_would_make_the_range_too_wide");
    bench.configure(&project(""));
    bench.apply();
    let sizes = json!({"autoscaling_limit_min_cu": 16, "autoscaling_limit_max_cu": 16});
    bench.emulator.change("projects/shop/branches/production/endpoints/primary", sizes);
    bench.configure(&(project("") + &primary("autoscaling_limit_min_cu = 4")));
    let output = bench.plan_fails().output();
    assert!(output.contains("`autoscaling_limit_min_cu` = 4 to"), "{output}");
    assert!(!output.contains("will be adopted"), "{output}");
    bench.configure(&(project("") + &primary("autoscaling_limit_min_cu = 8")));
    bench.apply();
}

#[test]
fn existing_wide_range_does_not_block_unchanged_plan() {
    let bench = Workbench::new("a_range_that_is_too_wide_already_does_not_block");
    bench.configure(&(project("") + &primary("autoscaling_limit_max_cu = 8")));
    bench.apply();
    let sizes = json!({"autoscaling_limit_min_cu": 1, "autoscaling_limit_max_cu": 16});
    bench.emulator.change("projects/shop/branches/production/endpoints/primary", sizes);
    bench.configure(&(project("") + &primary("")));
    bench.apply();
    bench.configure(&(project("") + &primary("autoscaling_limit_max_cu = 16")));
    let output = bench.plan().output();
    assert!(output.contains("Warning: Autoscaling range too wide"), "{output}");
    bench.expect_empty_plan();
    bench.configure(&(project("") + &primary("autoscaling_limit_max_cu = 15")));
    bench.plan_fails();
}
