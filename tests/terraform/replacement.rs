//! Replacements, and the children that go with them.
//!
//! What is replaced takes its children along: the service deletes them with their parent, and a
//! plan that did not say so would end in objects that nobody made.

use expect_test::{Expect, expect};
use lakebase_emulator::Options;
use serde_json::Value as Json;

use crate::workbench::Workbench;

/// A project, its own branch and compute taken over, a branch with children, and a child of that.
pub(crate) const FAMILY: &str = r#"
resource "lakebase_project" "shop" {
  project_id          = "shop"
  pg_version          = 16
  deletion_protection = false
  purge_on_delete     = true
}

resource "lakebase_branch" "production" {
  project          = lakebase_project.shop.name
  branch_id        = "production"
  replace_existing = true
}

resource "lakebase_endpoint" "writer" {
  branch           = lakebase_branch.production.name
  endpoint_id      = "primary"
  endpoint_type    = "ENDPOINT_TYPE_READ_WRITE"
  replace_existing = true
}

resource "lakebase_branch" "parent" {
  project            = lakebase_project.shop.name
  branch_id          = "parent"
  source_branch      = lakebase_branch.production.name
  source_branch_time = "2025-12-31T00:00:00Z"
  keepers            = { day = "monday" }
  purge_on_delete    = true
}

resource "lakebase_endpoint" "parents_writer" {
  branch           = lakebase_branch.parent.name
  endpoint_id      = "primary"
  endpoint_type    = "ENDPOINT_TYPE_READ_WRITE"
  replace_existing = true
  no_suspension    = true
}

resource "lakebase_endpoint" "parents_reader" {
  branch        = lakebase_branch.parent.name
  endpoint_id   = "reader"
  endpoint_type = "ENDPOINT_TYPE_READ_ONLY"
}

resource "lakebase_branch" "child" {
  project         = lakebase_project.shop.name
  branch_id       = "child"
  source_branch   = lakebase_branch.parent.name
  purge_on_delete = true
}
"#;

const PARENT: &[&str] = &[
    "lakebase_branch.child",
    "lakebase_branch.parent",
    "lakebase_endpoint.parents_reader",
    "lakebase_endpoint.parents_writer",
];

/// What a command says as JSON: its messages, unwrapped, and its planned changes.
pub(crate) struct PlanOutput(Vec<Json>);

impl PlanOutput {
    pub(crate) fn by(bench: &Workbench, arguments: &[&str], status: i32) -> PlanOutput {
        let arguments = [&arguments[..1], &["-json"], &arguments[1..]].concat();
        let run = bench.terraform(&arguments);
        assert_eq!(run.status, Some(status), "{run}");
        let lines = run.stdout.lines().filter_map(|line| serde_json::from_str(line).ok());
        PlanOutput(lines.collect())
    }

    /// Each message, but for the one that opens every run of these tests.
    pub(crate) fn messages(&self) -> String {
        let said = self.0.iter().map(|line| &line["diagnostic"]);
        let said = said.filter(|diagnostic| diagnostic["summary"].is_string());
        let said = said.filter(|diagnostic| {
            diagnostic["summary"] != "Provider development overrides are in effect"
        });
        let text =
            |diagnostic: &Json, key: &str| diagnostic[key].as_str().unwrap_or_default().to_owned();
        let said = said.map(|diagnostic| {
            let [severity, summary, detail] =
                ["severity", "summary", "detail"].map(|key| text(diagnostic, key));
            format!("{severity}: {summary}\n{detail}\n")
        });
        let mut said: Vec<_> = said.collect();
        said.sort();
        said.join("\n")
    }

    /// The addresses of what is planned to be treated so.
    pub(crate) fn planned(&self, action: &str) -> Vec<String> {
        let planned = self.0.iter().filter(|it| it["type"] == "planned_change");
        let planned = planned.filter(|line| line["change"]["action"] == action);
        let address = |line: &Json| line["change"]["resource"]["addr"].as_str().map(str::to_owned);
        let mut addresses: Vec<_> = planned.filter_map(address).collect();
        addresses.sort();
        addresses
    }
}

/// The family, made.
pub(crate) fn family(test: &str) -> Workbench {
    let options = Options { frozen_clock: true, ..Options::default() };
    let bench = Workbench::with_options(test, options);
    bench.configure(FAMILY);
    bench.apply();
    bench.forget_requests();
    bench
}

/// The project alone.
pub(crate) fn project() -> &'static str {
    &FAMILY[..FAMILY.find("resource \"lakebase_branch\"").expect("the family has branches")]
}

/// Plans a replacement of exactly these, applies it, and finds all of the family, these made anew.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "reads well with `expect!` at the call")]
fn replaces(bench: &Workbench, replace: Option<&str>, replaced: &[&str], foretold: Expect) {
    let option = replace.map(|it| format!("-replace={it}"));
    let arguments: Vec<_> = ["plan", "-out=saved"].into_iter().chain(option.as_deref()).collect();
    let before = uids(bench);
    let plan = PlanOutput::by(bench, &arguments, 0);
    foretold.assert_eq(&plan.messages());
    assert_eq!(plan.planned("replace"), replaced);

    bench.terraform(&["apply", "saved"]).succeeded();
    bench.expect_empty_plan();
    let after = uids(bench);
    assert_eq!(before.len(), after.len());
    for ((address, before), (_, after)) in before.iter().zip(&after) {
        let is_new = before != after;
        assert_eq!(is_new, replaced.contains(&address.as_str()), "{address} {before} {after}");
        assert!(bench.emulator.names().iter().any(|name| {
            bench.emulator.get(name).is_some_and(|object| object["uid"] == **after)
        }));
    }
}

/// The address and the service's identifier of all that is in the state.
fn uids(bench: &Workbench) -> Vec<(String, String)> {
    let state = bench.state();
    let resources = state["values"]["root_module"]["resources"].as_array().expect("it has some");
    let text = |value: &Json| value.as_str().expect("it is text").to_owned();
    resources
        .iter()
        .map(|resource| (text(&resource["address"]), text(&resource["values"]["uid"])))
        .collect()
}

#[test]
fn changed_keepers_replace_branch_and_its_children() {
    let bench = family("changed_keepers_replace_branch_and_its_children");
    bench.configure(&FAMILY.replace("monday", "tuesday"));
    replaces(
        &bench,
        None,
        PARENT,
        expect![[r#"
            warning: Branch `projects/shop/branches/child` will be permanently deleted
            The change of `source_branch` forces the replacement. `purge_on_delete` is `true`, so it cannot be restored. This deletes its data, 1 database (`projects/shop/branches/child/databases/databricks-postgres`); 1 endpoint (`projects/shop/branches/child/endpoints/primary`).

            warning: Branch `projects/shop/branches/parent` will be permanently deleted
            The change of `keepers` forces the replacement. `purge_on_delete` is `true`, so it cannot be restored. This deletes its data, 1 database (`projects/shop/branches/parent/databases/databricks-postgres`); 2 endpoints (`projects/shop/branches/parent/endpoints/primary`, `projects/shop/branches/parent/endpoints/reader`).
        "#]],
    );
    // The ID of a soft-deleted branch stays reserved, so these are deleted permanently.
    let deleted = bench.emulator.mutations().into_iter().filter(|it| it.method == "DELETE");
    let branches = deleted.filter(|request| !request.path.contains("/endpoints/"));
    let purge = [("purge".to_owned(), "true".to_owned())];
    assert!(branches.clone().all(|it| it.query == purge), "{branches:#?}");
    assert_eq!(branches.count(), 2);
}

#[test]
fn changed_point_in_time_replaces_branch_and_its_children() {
    let bench = family("another_point_in_time_makes_a_branch_anew");
    bench.configure(&FAMILY.replace("2025-12-31", "2025-12-30"));
    replaces(
        &bench,
        None,
        PARENT,
        expect![[r#"
            warning: Branch `projects/shop/branches/child` will be permanently deleted
            The change of `source_branch` forces the replacement. `purge_on_delete` is `true`, so it cannot be restored. This deletes its data, 1 database (`projects/shop/branches/child/databases/databricks-postgres`); 1 endpoint (`projects/shop/branches/child/endpoints/primary`).

            warning: Branch `projects/shop/branches/parent` will be permanently deleted
            The change of `source_branch_time` forces the replacement. `purge_on_delete` is `true`, so it cannot be restored. This deletes its data, 1 database (`projects/shop/branches/parent/databases/databricks-postgres`); 2 endpoints (`projects/shop/branches/parent/endpoints/primary`, `projects/shop/branches/parent/endpoints/reader`).
        "#]],
    );
}

#[test]
fn replace_flag_also_replaces_children() {
    let bench = family("replace_flag_also_replaces_children");
    replaces(
        &bench,
        Some("lakebase_branch.parent"),
        PARENT,
        expect![[r#"
            warning: Branch `projects/shop/branches/child` will be permanently deleted
            The change of `source_branch` forces the replacement. `purge_on_delete` is `true`, so it cannot be restored. This deletes its data, 1 database (`projects/shop/branches/child/databases/databricks-postgres`); 1 endpoint (`projects/shop/branches/child/endpoints/primary`).
        "#]],
    );
    replaces(&bench, Some("lakebase_branch.child"), &["lakebase_branch.child"], expect![""]);
    let reader = "lakebase_endpoint.parents_reader";
    replaces(&bench, Some(reader), &[reader], expect![""]);
    let all: Vec<_> = uids(&bench).into_iter().map(|(address, _)| address).collect();
    let all: Vec<_> = all.iter().map(String::as_str).collect();
    replaces(
        &bench,
        Some("lakebase_project.shop"),
        &all,
        expect![[r#"
            warning: Branch `projects/shop/branches/child` will be permanently deleted
            The change of `project` and `source_branch` forces the replacement. `purge_on_delete` is `true`, so it cannot be restored. This deletes its data, 1 database (`projects/shop/branches/child/databases/databricks-postgres`); 1 endpoint (`projects/shop/branches/child/endpoints/primary`).

            warning: Branch `projects/shop/branches/parent` will be permanently deleted
            The change of `project` and `source_branch` forces the replacement. `purge_on_delete` is `true`, so it cannot be restored. This deletes its data, 1 database (`projects/shop/branches/parent/databases/databricks-postgres`); 2 endpoints (`projects/shop/branches/parent/endpoints/primary`, `projects/shop/branches/parent/endpoints/reader`).

            warning: Branch `projects/shop/branches/production` will be permanently deleted
            The change of `project` forces the replacement. The branch is deleted together with its project, which is deleted permanently. This deletes its data, 1 database (`projects/shop/branches/production/databases/databricks-postgres`); 1 endpoint (`projects/shop/branches/production/endpoints/primary`).
        "#]],
    );
}

#[test]
fn changed_pg_version_replaces_project_and_its_children() {
    let bench = family("changed_pg_version_replaces_project_and_its_children");
    bench.configure(&FAMILY.replace("= 16", "= 17"));
    let all: Vec<_> = uids(&bench).into_iter().map(|(address, _)| address).collect();
    let all: Vec<_> = all.iter().map(String::as_str).collect();
    replaces(
        &bench,
        None,
        &all,
        expect![[r#"
            warning: Branch `projects/shop/branches/child` will be permanently deleted
            The change of `project` and `source_branch` forces the replacement. `purge_on_delete` is `true`, so it cannot be restored. This deletes its data, 1 database (`projects/shop/branches/child/databases/databricks-postgres`); 1 endpoint (`projects/shop/branches/child/endpoints/primary`).

            warning: Branch `projects/shop/branches/parent` will be permanently deleted
            The change of `project` and `source_branch` forces the replacement. `purge_on_delete` is `true`, so it cannot be restored. This deletes its data, 1 database (`projects/shop/branches/parent/databases/databricks-postgres`); 2 endpoints (`projects/shop/branches/parent/endpoints/primary`, `projects/shop/branches/parent/endpoints/reader`).

            warning: Branch `projects/shop/branches/production` will be permanently deleted
            The change of `project` forces the replacement. The branch is deleted together with its project, which is deleted permanently. This deletes its data, 1 database (`projects/shop/branches/production/databases/databricks-postgres`); 1 endpoint (`projects/shop/branches/production/endpoints/primary`).

            warning: Project `projects/shop` will be permanently deleted
            The change of `pg_version` forces the replacement. `purge_on_delete` is `true`, so it cannot be restored. This deletes its data, 3 branches (`projects/shop/branches/child`, `projects/shop/branches/parent`, `projects/shop/branches/production`); 3 databases (`projects/shop/branches/child/databases/databricks-postgres`, `projects/shop/branches/parent/databases/databricks-postgres`, `projects/shop/branches/production/databases/databricks-postgres`); 4 endpoints (`projects/shop/branches/child/endpoints/primary`, `projects/shop/branches/parent/endpoints/primary`, `projects/shop/branches/parent/endpoints/reader`, `projects/shop/branches/production/endpoints/primary`).
        "#]],
    );
}

#[test]
fn tainted_branch_is_replaced_under_its_id() {
    let bench = family("tainted_branch_is_replaced_under_its_id");
    let before = uids(&bench);
    bench.terraform(&["taint", "lakebase_branch.child"]).succeeded();
    bench.apply();
    let is_new = |(before, after): &(_, _)| before != after;
    let after = uids(&bench).into_iter();
    let renewed = before.into_iter().zip(after).filter(is_new).map(|(_, (address, _))| address);
    assert_eq!(renewed.collect::<Vec<_>>(), ["lakebase_branch.child"]);
    bench.expect_mutations(expect![[r#"
        DELETE /api/2.0/postgres/projects/shop/branches/child?purge=true
        POST /api/2.0/postgres/projects/shop/branches?branch_id=child
          {"spec":{"no_expiry":true,"source_branch":"projects/shop/branches/parent"}}
    "#]]);
}

#[test]
fn default_objects_cannot_be_replaced_on_their_own() {
    let bench = family("default_objects_cannot_be_replaced_on_their_own");
    let refused = |arguments: &[&str], expected: Expect| {
        expected.assert_eq(&PlanOutput::by(&bench, arguments, 1).messages());
        bench.expect_mutations(expect![""]);
    };
    refused(
        &["plan", "-replace=lakebase_branch.production"],
        expect![[r#"
            error: Cannot replace branch `projects/shop/branches/production`
            Lakebase deletes this branch only together with its project. Undo the change, or replace the project.
        "#]],
    );
    refused(
        &["plan", "-replace=lakebase_endpoint.writer"],
        expect![[r#"
            error: Cannot replace endpoint `projects/shop/branches/production/endpoints/primary`
            Lakebase deletes this endpoint only together with its branch. Undo the change, or replace the branch.
        "#]],
    );
    let writer = "endpoint_type    = \"ENDPOINT_TYPE_READ_WRITE\"\n  replace_existing = true\n}";
    bench.configure(&FAMILY.replacen(writer, &writer.replace("READ_WRITE", "READ_ONLY"), 1));
    refused(
        &["plan"],
        expect![[r#"
            error: Cannot replace endpoint `projects/shop/branches/production/endpoints/primary`
            Lakebase deletes this endpoint only together with its branch. Undo the change, or replace the branch.
        "#]],
    );
    let adopted = "replace_existing = true\n}\n\nresource \"lakebase_endpoint\" \"writer\"";
    let kept = adopted.replacen("true", "true\n  keepers = { day = \"monday\" }", 1);
    let family = FAMILY.replacen(adopted, &kept, 1);
    bench.configure(&family);
    bench.apply(); // new keepers of an object that has none replace nothing
    bench.configure(&family.replacen("monday", "tuesday", 1));
    refused(
        &["plan"],
        expect![[r#"
            error: Cannot replace branch `projects/shop/branches/production`
            Lakebase deletes this branch only together with its project. Undo the change, or replace the project.
        "#]],
    );
}

#[test]
fn protected_branch_is_not_replaced() {
    let bench = family("protected_branch_is_not_replaced");
    let kept = "keepers            = { day = \"monday\" }";
    let protected = FAMILY.replacen(kept, &format!("{kept}\n  is_protected = true"), 1);
    bench.configure(&protected);
    bench.apply();
    bench.forget_requests();
    let refused = |arguments: &[&str], expected: Expect| {
        expected.assert_eq(&PlanOutput::by(&bench, arguments, 1).messages());
        bench.expect_mutations(expect![""]);
    };
    refused(
        &["plan", "-replace=lakebase_branch.parent"],
        expect![[r#"
            error: Cannot delete branch `projects/shop/branches/parent`: it is protected
            Lakebase does not delete protected branches or the objects that contain them. To proceed, set `is_protected = false` on `projects/shop/branches/parent`, apply that change separately, and then plan again.

            Help: https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#protected-objects
        "#]],
    );
    refused(
        &["plan", "-replace=lakebase_project.shop"],
        expect![[r#"
            error: Cannot delete project `projects/shop`: it is protected
            Lakebase does not delete protected branches or the objects that contain them. To proceed, set `is_protected = false` on `projects/shop/branches/parent`, apply that change separately, and then plan again.

            Help: https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#protected-objects
        "#]],
    );
    bench.configure(&protected.replace("monday", "tuesday"));
    refused(
        &["plan"],
        expect![[r#"
            error: Cannot delete branch `projects/shop/branches/parent`: it is protected
            Lakebase does not delete protected branches or the objects that contain them. To proceed, set `is_protected = false` on `projects/shop/branches/parent`, apply that change separately, and then plan again.

            Help: https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#protected-objects
        "#]],
    );
}
