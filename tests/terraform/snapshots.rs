//! Snapshots: never changed, so that every change takes a new one; lost if they are deleted; kept if
//! their branch is not; the source of branches.

use std::time::Duration;

use expect_test::expect;
use jiff::{SignedDuration, Timestamp};
use lakebase_emulator::{Behaviors, Options};

use crate::fixtures::{branch, project};
use crate::workbench::Workbench;

/// A snapshot of `production`, with settings.
fn snapshot(settings: &str) -> String {
    project("")
        + &format!(
            r#"
resource "lakebase_snapshot" "taken" {{
  project             = lakebase_project.shop.name
  snapshot_id         = "taken"
  source_branch       = "${{lakebase_project.shop.name}}/branches/production"
  deletion_protection = false
  {settings}
}}
"#
        )
}

fn bench(name: &str) -> Workbench {
    let bench = Workbench::with_options(name, Options { frozen_clock: true, ..Options::default() });
    // What expires in time of the emulator does not expire in the past of this machine.
    bench.emulator.advance(Duration::from_hours(100 * 365 * 24));
    bench.configure(&project(""));
    bench.apply();
    bench.forget_requests();
    bench
}

fn words(text: &str) -> String {
    text.split_whitespace().filter(|it| *it != "│").collect::<Vec<_>>().join(" ")
}

#[test]
fn change_of_the_expiration_takes_a_new_snapshot_unless_it_means_the_same() {
    let bench = bench("change_of_the_expiration_takes_a_new_snapshot");
    bench.configure(&snapshot("ttl = \"7d\""));
    bench.apply();
    let state = bench.state();
    let resources = state["values"]["root_module"]["resources"].as_array().expect("resources");
    let taken = resources.iter().find(|it| it["type"] == "lakebase_snapshot").expect("it is there");
    let created: Timestamp =
        taken["values"]["create_time"].as_str().expect("text").parse().unwrap();
    let end = created + SignedDuration::from_hours(7 * 24);
    // The same moment in other words, and back.
    for same in [format!("expire_time = \"{end}\""), "ttl = \"168h\"".to_owned()] {
        bench.configure(&snapshot(&same));
        let output = bench.plan().output();
        assert!(output.contains("0 to add, 1 to change, 0 to destroy"), "{output}");
        assert!(!output.contains("expires_at"), "{output}");
        bench.apply();
    }
    bench.configure(&snapshot("no_expiry = true"));
    let told = words(&bench.plan().output());
    let loss = "The change of `no_expiry` forces the replacement. `deletion_protection` is `false`, \
                and Lakebase cannot restore a deleted snapshot. This deletes its data and everything \
                that it contains. A new snapshot contains the data of the time when it is taken.";
    assert!(told.contains(loss), "{told}");
    bench.apply();
    bench.configure(&project(""));
    bench.apply();
    bench.expect_mutations(expect![[r#"
        POST /api/2.0/postgres/projects/shop/snapshots?snapshot_id=taken
          {"spec":{"source_branch":"projects/shop/branches/production","ttl":"604800s"}}
        DELETE /api/2.0/postgres/projects/shop/snapshots/taken
        POST /api/2.0/postgres/projects/shop/snapshots?snapshot_id=taken
          {"spec":{"no_expiry":true,"source_branch":"projects/shop/branches/production"}}
        DELETE /api/2.0/postgres/projects/shop/snapshots/taken
    "#]]);
}

#[test]
fn protected_snapshot_is_neither_replaced_nor_destroyed() {
    let bench = bench("protected_snapshot_is_neither_replaced_nor_destroyed");
    let protected =
        |settings: &str| snapshot(settings).replace("tion = false\n  ttl", "tion = true\n  ttl");
    bench.configure(&protected("ttl = \"7d\""));
    bench.apply();
    bench.configure(&protected("ttl = \"8d\""));
    let refused = bench.plan_fails().output();
    let summary = "Cannot replace snapshot `projects/shop/snapshots/taken`: deletion";
    assert!(words(&refused).contains(summary), "{refused}");
    bench.configure(&project(""));
    let refused = bench.plan_fails().output();
    assert!(words(&refused).contains("Cannot destroy snapshot"), "{refused}");
}

#[test]
fn expired_snapshot_warns_and_is_planned_for_creation() {
    let options = Options { frozen_clock: true, ..Options::default() };
    let bench = Workbench::with_options("expired_snapshot_warns", options);
    bench.configure(&snapshot("ttl = \"1d\""));
    bench.apply();
    bench.emulator.advance(Duration::from_hours(48));
    let output = bench.plan().output();
    assert!(output.contains("Snapshot `projects/shop/snapshots/taken` has expired"), "{output}");
    assert!(output.contains("# lakebase_snapshot.taken will be created"), "{output}");
    bench.apply();
}

#[test]
fn snapshot_remains_without_its_branch_and_restores_it() {
    let behaviors = Behaviors { snapshot_child_branches: true, ..Behaviors::default() };
    let options = Options { frozen_clock: true, behaviors, ..Options::default() };
    let bench = Workbench::with_options("snapshot_remains_without_its_branch", options);
    let of_dev = snapshot("").replace("branches/production", "branches/dev");
    let ordered = of_dev
        .replace("\"${lakebase_project.shop.name}/branches/dev\"", "lakebase_branch.dev.name");
    bench.configure(&(ordered + &branch("")));
    bench.apply();
    bench.configure(&of_dev);
    bench.apply();
    assert!(!bench.emulator.names().contains(&"projects/shop/branches/dev".to_owned()));
    let restored = branch("source_snapshot = lakebase_snapshot.taken.name");
    bench.configure(&(of_dev + &restored));
    bench.forget_requests();
    bench.apply();
    bench.expect_mutations(expect![[r#"
        POST /api/2.0/postgres/projects/shop/branches?branch_id=dev
          {"spec":{"no_expiry":true,"source_snapshot":"projects/shop/snapshots/taken"}}
    "#]]);
    // The branch has data of its own.
    bench.configure(
        &(project("")
            + &restored
                .replace("lakebase_snapshot.taken.name", "\"projects/shop/snapshots/taken\"")),
    );
    bench.apply();
}

#[test]
fn snapshot_that_lakebase_refuses_is_an_error_on_its_attribute() {
    let bench = bench("snapshot_that_lakebase_refuses");
    bench.configure(&snapshot("source_branch_time = \"2020-01-01T00:00:00Z\""));
    let refused = bench.apply_fails().output();
    assert!(words(&refused).contains("outside the project's history"), "{refused}");
    let line = "source_branch_time = \"2020-01-01T00:00:00Z\"";
    assert!(refused.contains(&format!(":   {line}")), "on its line: {refused}");
    bench.configure(&snapshot(
        "source_branch_lsn = \"0/1A\"\n  source_branch_time = \"2020-01-01T00:00:00Z\"",
    ));
    let refused = bench.plan_fails().output();
    assert!(refused.contains("Conflicting `source_branch_lsn`"), "{refused}");
    bench.configure(&snapshot("").replace("${lakebase_project.shop.name}/", "projects/other/"));
    let refused = bench.plan_fails().output();
    assert!(refused.contains("Invalid `source_branch`"), "{refused}");
    bench.configure(
        &(project("") + &branch("source_snapshot = \"projects/other/snapshots/taken\"")),
    );
    let refused = bench.plan_fails().output();
    assert!(refused.contains("Invalid `source_snapshot`"), "{refused}");
}

#[test]
fn destroy_of_a_project_names_its_snapshots() {
    let bench = bench("destroy_of_a_project_names_its_snapshots");
    bench.configure(&snapshot(""));
    bench.apply();
    let output = bench.terraform(&["plan", "-destroy"]).succeeded().output();
    let inside = "1 branch (`projects/shop/branches/production`); 1 snapshot \
                  (`projects/shop/snapshots/taken`)";
    assert!(words(&output).contains(inside), "{output}");
}
