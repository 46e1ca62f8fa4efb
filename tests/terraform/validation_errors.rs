//! What is wrong is said where it is written, with what to do about it.

use expect_test::{Expect, expect};

use crate::fixtures::{branch, primary, project};
use crate::workbench::Workbench;

/// A plan of the configuration ends in these errors.
#[track_caller]
fn says(bench: &Workbench, hcl: &str, expected: Expect) {
    bench.configure(hcl);
    expected.assert_eq(&bench.masked(&bench.plan_fails().from("Error:")));
}

/// The same for what is wrong inside an object, whose line older Terraforms do not find.
#[track_caller]
fn says_somewhere(bench: &Workbench, hcl: &str, expected: Expect) {
    bench.configure(hcl);
    expected.assert_eq(&bench.plan_fails().without_places_from("Error:"));
}

/// The configuration with names for references: what depends on something wrong is not looked at.
fn apart(hcl: &str) -> String {
    hcl.replace("${lakebase_project.shop.name}", "projects/shop")
        .replace("lakebase_project.shop.name", "\"projects/shop\"")
}

#[test]
fn invalid_value_is_reported_at_its_source_line() {
    let bench = Workbench::new("invalid_value_is_reported_at_its_source_line");
    let names = r#"
resource "lakebase_project" "shop" {
  project_id = "My_Shop"
}

resource "lakebase_branch" "dev" {
  project       = "shop"
  branch_id     = "projects/shop/branches/dev"
  source_branch = "production"
}

resource "lakebase_endpoint" "reports" {
  branch        = "projects/shop/branch/production"
  endpoint_id   = "9lives"
  endpoint_type = "READ_ONLY"
}
"#;
    says(
        &bench,
        names,
        expect![[r#"
            Error: Invalid `project_id`

              with lakebase_project.shop,
              on main.tf line 9, in resource "lakebase_project" "shop":
               9:   project_id = "My_Shop"

            `My_Shop` is not a valid ID. An ID must start with a lowercase letter,
            contain only lowercase letters, digits and hyphens, and not end with a
            hyphen. Specify only the ID, not the full resource name.

            Error: Invalid `project`

              with lakebase_branch.dev,
              on main.tf line 13, in resource "lakebase_branch" "dev":
              13:   project       = "shop"

            `shop` is not a valid resource name. Expected format:
            `projects/{project_id}`. Use the `name` attribute of the resource or data
            source.

            Error: Invalid `branch_id`

              with lakebase_branch.dev,
              on main.tf line 14, in resource "lakebase_branch" "dev":
              14:   branch_id     = "projects/shop/branches/dev"

            `projects/shop/branches/dev` is not a valid ID. An ID must start with a
            lowercase letter, contain only lowercase letters, digits and hyphens, and not
            end with a hyphen. Specify only the ID, not the full resource name.

            Error: Invalid `source_branch`

              with lakebase_branch.dev,
              on main.tf line 15, in resource "lakebase_branch" "dev":
              15:   source_branch = "production"

            `production` is not a valid resource name. Expected format:
            `projects/{project_id}/branches/{branch_id}`. Use the `name` attribute of the
            resource or data source.

            Error: Invalid `branch`

              with lakebase_endpoint.reports,
              on main.tf line 19, in resource "lakebase_endpoint" "reports":
              19:   branch        = "projects/shop/branch/production"

            `projects/shop/branch/production` is not a valid resource name. Expected
            format: `projects/{project_id}/branches/{branch_id}`. Use the `name`
            attribute of the resource or data source.

            Error: Invalid `endpoint_id`

              with lakebase_endpoint.reports,
              on main.tf line 20, in resource "lakebase_endpoint" "reports":
              20:   endpoint_id   = "9lives"

            `9lives` is not a valid ID. An ID must start with a lowercase letter, contain
            only lowercase letters, digits and hyphens, and not end with a hyphen.
            Specify only the ID, not the full resource name.

            Error: Invalid `endpoint_type`

              with lakebase_endpoint.reports,
              on main.tf line 21, in resource "lakebase_endpoint" "reports":
              21:   endpoint_type = "READ_ONLY"

            `READ_ONLY` is not a valid value. Valid values: `ENDPOINT_TYPE_READ_WRITE`,
            `ENDPOINT_TYPE_READ_ONLY`."#]],
    );
    let times = project("history_retention_duration = \"7 days\"")
        + &branch("expire_time = \"tomorrow\"\nttl = \"soon\"")
        + &primary("suspend_timeout_duration = \"5\"");
    says(
        &bench,
        &apart(&times),
        expect![[r#"
            Error: Invalid `history_retention_duration`

              with lakebase_project.shop,
              on main.tf line 12, in resource "lakebase_project" "shop":
              12:   history_retention_duration = "7 days"

            `7 days` is not a duration: write a number and a unit, such as `300s`, `5m`,
            `24h` or `7d`.

            Error: Invalid `expire_time`

              with lakebase_branch.dev,
              on main.tf line 19, in resource "lakebase_branch" "dev":
              19:   expire_time = "tomorrow"

            `tomorrow` is not a time in RFC 3339: write for example
            `[TIME]`.

            Error: Conflicting `expire_time`

              with lakebase_branch.dev,
              on main.tf line 19, in resource "lakebase_branch" "dev":
              19:   expire_time = "tomorrow"

            `ttl` and `expire_time` cannot be set together: set only one of them.

            Error: Invalid `ttl`

              with lakebase_branch.dev,
              on main.tf line 20, in resource "lakebase_branch" "dev":
              20: ttl = "soon"

            `soon` is not a duration: write a number and a unit, such as `300s`, `5m`,
            `24h` or `7d`.

            Error: Invalid `suspend_timeout_duration`

              with lakebase_endpoint.primary,
              on main.tf line 28, in resource "lakebase_endpoint" "primary":
              28:   suspend_timeout_duration = "5"

            `5` is not a duration: write a number and a unit, such as `300s`, `5m`, `24h`
            or `7d`."#]],
    );
    let choices = branch("ttl = \"1d\"\nexpire_time = \"2030-01-01T00:00:00Z\"")
        + &primary("suspend_timeout_duration = \"5m\"\nno_suspension = true")
        + &branch("no_expiry = false").replace("\"dev\" {", "\"undecided\" {");
    says(
        &bench,
        &apart(&choices),
        expect![[r#"
            Error: Conflicting `expire_time`

              with lakebase_branch.dev,
              on main.tf line 13, in resource "lakebase_branch" "dev":
              13: expire_time = "[TIME]"

            `ttl` and `expire_time` cannot be set together: set only one of them.

            Error: Conflicting `no_suspension`

              with lakebase_endpoint.primary,
              on main.tf line 22, in resource "lakebase_endpoint" "primary":
              22: no_suspension = true

            `suspend_timeout_duration` and `no_suspension` cannot be set together: set
            only one of them.

            Error: Invalid `no_expiry`

              with lakebase_branch.undecided,
              on main.tf line 29, in resource "lakebase_branch" "undecided":
              29:   no_expiry = false

            `false` requires another setting: set `ttl` or `expire_time`, or remove
            `no_expiry`."#]],
    );
    let range = primary("autoscaling_limit_min_cu = 4\nautoscaling_limit_max_cu = 2");
    says(
        &bench,
        &apart(&range),
        expect![[r#"
            Error: Invalid autoscaling range

              with lakebase_endpoint.primary,
              on main.tf line 14, in resource "lakebase_endpoint" "primary":
              14: autoscaling_limit_max_cu = 2

            `autoscaling_limit_min_cu` (4 CU) must not be greater than
            `autoscaling_limit_max_cu` (2 CU)."#]],
    );
    let block = "max_autoscaling_range_cu = 0\nhttp_timeout = \"quick\"";
    says(
        &bench,
        &format!("provider \"lakebase\" {{\n{block}\n}}\n{}", project("")),
        expect![[r#"
            Error: Invalid `max_autoscaling_range_cu`

              with provider["registry.terraform.io/lakebase/lakebase"],
              on main.tf line 8, in provider "lakebase":
               8: max_autoscaling_range_cu = 0

            0 must be greater than 0.

            Error: Invalid `http_timeout`

              with provider["registry.terraform.io/lakebase/lakebase"],
              on main.tf line 9, in provider "lakebase":
               9: http_timeout = "quick"

            `quick` is not a duration: write a number and a unit, such as `300s`, `5m`,
            `24h` or `7d`."#]],
    );
    let block = "http_timeout = \"0s\"\nretry_timeout = \"0s\"";
    says(
        &bench,
        &format!("provider \"lakebase\" {{\n{block}\n}}\n{}", project("")),
        expect![[r#"
            Error: Invalid `http_timeout`

              with provider["registry.terraform.io/lakebase/lakebase"],
              on main.tf line 8, in provider "lakebase":
               8: http_timeout = "0s"

            `0s` is too short: the time must be longer than `0s`."#]],
    );
    let others = r#"
resource "lakebase_credential" "stored" {
  endpoint     = "primary"
  ttl          = "10m"
  renew_before = "10m"
}

data "lakebase_endpoints" "all" {
  branch = "production"
}

data "lakebase_connection" "this" {
  endpoint = "projects/shop/branches/production"
}

output "name" {
  value = provider::lakebase::parse_name("shop")
}
"#;
    says(
        &bench,
        others,
        expect![[r#"
            Error: Invalid `endpoint`

              with lakebase_credential.stored,
              on main.tf line 9, in resource "lakebase_credential" "stored":
               9:   endpoint     = "primary"

            `primary` is not a valid resource name. Expected format:
            `projects/{project_id}/branches/{branch_id}/endpoints/{endpoint_id}`. Use the
            `name` attribute of the resource or data source.

            Error: Invalid `renew_before`

              with lakebase_credential.stored,
              on main.tf line 11, in resource "lakebase_credential" "stored":
              11:   renew_before = "10m"

            `renew_before` (`10m`) must be shorter than `ttl` (`10m`). Otherwise, every
            plan would renew the credential.

            Error: Invalid `branch`

              with data.lakebase_endpoints.all,
              on main.tf line 15, in data "lakebase_endpoints" "all":
              15:   branch = "production"

            `production` is not a valid resource name. Expected format:
            `projects/{project_id}/branches/{branch_id}`.

            Error: Invalid `endpoint`

              with data.lakebase_connection.this,
              on main.tf line 19, in data "lakebase_connection" "this":
              19:   endpoint = "projects/shop/branches/production"

            `projects/shop/branches/production` is not a valid resource name. Expected
            format: `projects/{project_id}/branches/{branch_id}/endpoints/{endpoint_id}`.

            Error: Invalid function argument

              on main.tf line 23, in output "name":
              23:   value = provider::lakebase::parse_name("shop")
                ├────────────────
                │ while calling provider::lakebase::parse_name(name)

            Invalid value for "name" parameter: `shop` is not a valid resource name.
            Expected a format such as `projects/{project_id}`,
            `projects/{project_id}/branches/{branch_id}` or
            `projects/{project_id}/branches/{branch_id}/endpoints/{endpoint_id}`."#]],
    );
    assert!(bench.emulator.requests().is_empty());
}

#[test]
fn invalid_nested_value_is_reported_with_its_attribute_path() {
    let bench = Workbench::new("a_value_that_cannot_be_inside_an_object");
    let arms = "suspend_timeout_duration = \"5m\", no_suspension = true";
    let project = project(&format!("default_endpoint_settings = {{ {arms} }}"));
    says_somewhere(
        &bench,
        &project,
        expect![[r#"
            Error: Conflicting `default_endpoint_settings.no_suspension`

              with lakebase_project.shop,

            `suspend_timeout_duration` and `no_suspension` cannot be set together: set
            only one of them."#]],
    );
    let says_somewhere = |settings: &str, expected: Expect| {
        says_somewhere(&bench, &apart(&primary(settings)), expected);
    };
    says_somewhere(
        "timeouts = { create = \"-1m\" }",
        expect![[r#"
            Error: Invalid `timeouts.create`

              with lakebase_endpoint.primary,

            `-1m` is not a duration: write a number and a unit, such as `300s`, `5m`,
            `24h` or `7d`."#]],
    );
    says_somewhere(
        "group = { min = 1, max = 2 }",
        expect![[r#"
            Error: Invalid `group.max`

              with lakebase_endpoint.primary,

            `group.max` (2) must equal `group.min` (1)."#]],
    );
    let two = "group = { min = 2, max = 2 }";
    says_somewhere(
        &format!("suspend_timeout_duration = \"5m\"\n{two}"),
        expect![[r#"
            Error: High availability requires `no_suspension`

              with lakebase_endpoint.primary,

            `group.max` is 2, and high availability requires that the computes never
            suspend. Set `no_suspension = true`, and omit `suspend_timeout_duration`."#]],
    );
}

#[test]
fn value_outside_documented_range_warns_and_api_rejection_errors() {
    let bench = Workbench::new("a_limit_that_may_move_is_a_warning");
    bench.configure(&(project("pg_version = 42") + &branch("ttl = \"60d\"")));
    expect![[r#"
        Warning: `pg_version` is outside the documented range

          with lakebase_project.shop,
          on main.tf line 12, in resource "lakebase_project" "shop":
          12:   pg_version = 42

        42 is outside the range documented by Databricks (16 to 18). The API may
        reject it.

        Warning: `ttl` is outside the documented range

          with lakebase_branch.dev,
          on main.tf line 19, in resource "lakebase_branch" "dev":
          19:   ttl = "60d"

        `60d` is outside the range documented by Databricks (`1s` to `30d`). The API
        may reject it."#]]
    .assert_eq(&bench.plan().from("Warning:"));
    bench.configure(&(project("") + &branch("ttl = \"60d\"")));
    let refused = bench.masked(&bench.apply_fails().from("Error:"));
    expect![[r#"
        Error: Could not create branch `projects/shop/branches/dev`

          with lakebase_branch.dev,
          on main.tf line 19, in resource "lakebase_branch" "dev":
          19:   ttl = "60d"

        INVALID_PARAMETER_VALUE: Field 'spec.ttl' must be from 1s to 2592000s, got
        "5184000s".

        Request: POST
        [HOST]/api/2.0/postgres/projects/shop/branches?branch_id=dev
        Status: HTTP 400 after 1 attempt ([SECONDS])
        Request ID: [UUID]

        Help:
        https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#requests-that-fail"#]]
    .assert_eq(&refused);
}

#[test]
fn unsetting_no_suspension_without_timeout_is_an_error() {
    let bench = Workbench::new("unsetting_no_suspension_without_timeout_is_an_error");
    bench.configure(&(project("") + &primary("no_suspension = true")));
    bench.apply();
    says(
        &bench,
        &(project("") + &primary("no_suspension = false")),
        expect![[r#"
            Error: Missing replacement for `no_suspension`

              with lakebase_endpoint.primary,
              on main.tf line 20, in resource "lakebase_endpoint" "primary":
              20:   no_suspension = false

            The API cannot unset `no_suspension`. To turn it off, set
            `suspend_timeout_duration`."#]],
    );
}

#[test]
fn create_with_missing_reference_names_the_attributes() {
    let bench = Workbench::new("a_create_that_finds_something_absent");
    let source = "source_branch = \"projects/shop/branches/nowhere\"";
    bench.configure(&(project("") + &branch(source)));
    let output = bench.apply_fails().output().split_whitespace().collect::<Vec<_>>().join(" ");
    let advice =
        "Check that the objects named by `project`, `source_branch`, `source_snapshot` exist";
    assert!(output.contains(advice), "{output}");
}

#[test]
fn known_api_rejections_fail_at_plan() {
    let bench = Workbench::new("known_api_rejections_fail_at_plan");
    let second = primary("").replace("\"primary\"\n  endpoint_type", "\"second\"\n  endpoint_type");
    let second = second.replace("replace_existing = true", "");
    for (hcl, expected) in [
        (project("display_name = \"\""), "Invalid `display_name`"),
        (
            project("initial_endpoint = { group = { min = 2, max = 2 } }"),
            "requires `no_suspension`",
        ),
        (primary("group = { min = 0, max = 0 }"), "Invalid `group.min`"),
        (primary("autoscaling_limit_min_cu = -1"), "Invalid `autoscaling_limit_min_cu`"),
        (second, "Read-write endpoint must be `primary`, not `second`"),
        (branch("is_protected = true\nttl = \"7d\""), "Protected branch cannot expire"),
        (branch("source_branch_lsn = \"0x1A2B\""), "Invalid `source_branch_lsn`"),
        (branch("source_branch = \"projects/other/branches/x\""), "Invalid `source_branch`"),
        (
            branch("source_branch_lsn = \"0/1\"\nsource_branch_time = \"2026-01-01T00:00:00Z\""),
            "Conflicting `source_branch_lsn`",
        ),
    ] {
        bench.configure(&apart(&hcl));
        let output = bench.plan_fails().output();
        assert!(output.contains(expected), "{output}");
    }
    assert!(bench.emulator.mutations().is_empty());
}
