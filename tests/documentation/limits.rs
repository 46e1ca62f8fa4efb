//! Checks the numbers in the guides against those that the provider and the emulator act on.

use lakebase::{AnyField, Check, Kind};
use lakebase_emulator::Quotas;

use crate::pages;

#[test]
fn guide_to_limits_has_the_quotas_of_the_emulator() {
    let quotas = Quotas::default();
    for (objects, quota) in [
        ("projects in a workspace", quotas.projects),
        ("branches in a project", quotas.branches),
        ("branches in a project that are not archived", quotas.unarchived_branches),
        ("protected branches in a project", quotas.protected_branches),
        ("active computes in a project", quotas.active_computes),
        ("roles in a branch", quotas.roles),
        ("databases in a branch", quotas.databases),
        ("synced tables of a source table", quotas.synced_tables),
    ] {
        assert_row(&format!("| {objects} | {quota} |"));
    }
}

#[test]
fn guide_to_limits_has_the_ranges_that_the_provider_checks() {
    let project = |name: &str| field("lakebase_project", name);
    let endpoint = |name: &str| field("lakebase_endpoint", name);
    for (limit, field, row_has) in [
        ("size of a compute", endpoint("autoscaling_limit_max_cu"), "{low} to {high} CU"),
        ("suspend timeout", endpoint("suspend_timeout_duration"), "`{low}` to `{high}`"),
        (
            "history retention of a project",
            project("history_retention_duration"),
            "`{low}` to `{high}`",
        ),
        ("life of a branch (`ttl`)", field("lakebase_branch", "ttl"), "`{low}` to `{high}`"),
        (
            "life of a credential (`ttl`)",
            field("lakebase_credential", "ttl"),
            "`{low}` to `{high}`",
        ),
    ] {
        let (low, high) = match field.check {
            Some(Check::Between(low, high) | Check::Size(low, high)) => {
                (low.to_string(), high.to_string())
            }
            Some(Check::Lasting(low, high)) => (low.to_owned(), high.to_owned()),
            other => panic!("{limit} has no range: {other:?}"),
        };
        let range = row_has.replace("{low}", &low).replace("{high}", &high);
        assert_row(&format!("| {limit} | {range} |"));
    }
    let Some(Check::AtMost(characters)) = project("display_name").check else {
        panic!("a display name has a limit")
    };
    assert_row(&format!("| display name of a project | 1 to {characters} characters |"));
}

/// The arguments that replace what holds data.
#[test]
fn guide_to_protection_names_the_arguments_that_replace() {
    let guide = &pages()["docs/guides/protecting-data.md"];
    for (noun, type_name) in [
        ("project", "lakebase_project"),
        ("branch", "lakebase_branch"),
        ("database", "lakebase_database"),
    ] {
        let table = table(type_name);
        let replacing = table.fields.iter().filter(|field| field.replaces);
        let names: Vec<_> = replacing.map(|field| format!("`{}`", field.name)).collect();
        let row = guide.lines().find(|line| line.starts_with(&format!("| {noun} | `")));
        let row = row.unwrap_or_else(|| panic!("the guide has no row for a {noun}"));
        let listed = row.split('|').nth(2).unwrap_or_default().split(", ");
        let mut listed: Vec<_> = listed.map(str::trim).collect();
        listed.sort_unstable();
        let mut names: Vec<_> = names.iter().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(listed, names, "{noun}");
    }
}

#[track_caller]
fn assert_row(row: &str) {
    let guide = &pages()["docs/guides/limits-and-quotas.md"];
    assert!(guide.lines().any(|line| line.starts_with(row)), "the guide has no row {row}");
}

#[track_caller]
fn field(type_name: &str, name: &str) -> &'static AnyField {
    let table = table(type_name);
    let field = table.field(name);
    let field = field.unwrap_or_else(|| panic!("{type_name} has no {name}"));
    assert!(!matches!(field.kind, Kind::Object(_)), "{name} has no limits of its own");
    field
}

#[track_caller]
fn table(type_name: &str) -> &'static lakebase::Table {
    lakebase::tables().find(|it| it.type_name == type_name).expect("a resource of the provider")
}
