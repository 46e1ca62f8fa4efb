//! Snapshot schedules: there with their branch, never overwritten unasked, cleared by a destroy.

use expect_test::expect;
use lakebase_emulator::{Behaviors, Fault, FaultKind, Options};
use serde_json::json;

use crate::fixtures::project;
use crate::workbench::Workbench;

const NAME: &str = "projects/shop/branches/production/snapshot-schedule";

/// A schedule of `production`, with settings.
fn schedule(settings: &str) -> String {
    project("")
        + &format!(
            r#"
resource "lakebase_snapshot_schedule" "production" {{
  branch = "${{lakebase_project.shop.name}}/branches/production"
  {settings}
}}
"#
        )
}

const DAILY: &str = "{ retention = \"7d\", daily = { hour = 0 } }";
const WEEKLY: &str = "{ retention = \"30d\", weekly = { day_of_week = \"SUNDAY\", hour = 3 } }";

fn of(cadences: &[&str]) -> String {
    schedule(&format!("schedule = [{}]", cadences.join(", ")))
}

fn bench(name: &str) -> Workbench {
    let bench = Workbench::with_options(name, Options { frozen_clock: true, ..Options::default() });
    bench.configure(&project(""));
    bench.apply();
    bench.forget_requests();
    bench
}

fn words(text: &str) -> String {
    text.split_whitespace().filter(|it| *it != "│").collect::<Vec<_>>().join(" ")
}

#[test]
fn schedule_is_set_changed_and_cleared_by_one_patch_each() {
    let bench = bench("schedule_is_set_changed_and_cleared_by_one_patch_each");
    bench.configure(&of(&[DAILY]));
    bench.apply();
    bench.configure(&of(&[DAILY, WEEKLY]));
    bench.apply();
    // The same in another order and in other words.
    bench.configure(&of(&[WEEKLY, &DAILY.replace("7d", "168h")]));
    bench.expect_empty_plan();
    bench.configure(&project(""));
    let told = words(&bench.plan().output());
    for text in [
        &*format!("Snapshot schedule `{NAME}` will be cleared"),
        "The plan destroys it. Lakebase takes no more automatic snapshots of the branch. Snapshots \
         that it has taken remain until they expire.",
    ] {
        assert!(told.contains(text), "{told}");
    }
    bench.apply();
    bench.expect_mutations(expect![[r#"
        PATCH /api/2.0/postgres/projects/shop/branches/production/snapshot-schedule?update_mask=schedule
          {"schedule":[{"daily_schedule":{"hour":0},"retention":"604800s"}]}
        PATCH /api/2.0/postgres/projects/shop/branches/production/snapshot-schedule?update_mask=schedule
          {"schedule":[{"daily_schedule":{"hour":0},"retention":"604800s"},{"retention":"2592000s","weekly_schedule":{"day_of_week":"SUNDAY","hour":3}}]}
        PATCH /api/2.0/postgres/projects/shop/branches/production/snapshot-schedule?update_mask=schedule
          {"schedule":[]}
    "#]]);
}

#[test]
fn schedule_that_somebody_has_set_is_overwritten_only_on_request() {
    let bench = bench("schedule_that_somebody_has_set");
    let set = r#"{"schedule": [{"retention": "7200s", "daily_schedule": {"hour": 5}}]}"#;
    bench.request(&format!("PATCH /api/2.0/postgres/{NAME}?update_mask=schedule"), set);
    bench.configure(&of(&[DAILY]));
    let refused = bench.plan_fails().output();
    for text in
        [format!("Snapshot schedule `{NAME}` already"), "replace_existing = true".to_owned()]
    {
        assert!(words(&refused).contains(&text), "{refused}");
    }
    // Where the plan does not know the schedule, the apply refuses.
    let late = "resource \"terraform_data\" \"hour\" {\n  input = 0\n}\n";
    let unknown = DAILY.replace("hour = 0", "hour = terraform_data.hour.output");
    bench.configure(&(of(&[&unknown]) + late));
    bench.forget_requests();
    let refused = bench.apply_fails().output();
    assert!(words(&refused).contains(&format!("Snapshot schedule `{NAME}` already")), "{refused}");
    assert!(bench.emulator.mutations().is_empty(), "nothing is overwritten");
    bench.configure(&schedule(&format!("replace_existing = true\n  schedule = [{DAILY}]")));
    let told = words(&bench.plan().output());
    assert!(
        told.contains(&format!("Existing snapshot schedule `{NAME}` will be adopted")),
        "{told}"
    );
    assert!(told.contains("The following settings will change: - `schedule`"), "{told}");
    bench.apply();
    assert_eq!(bench.emulator.mutations().len(), 1);
}

#[test]
fn schedule_that_is_as_configured_is_taken_as_it_is() {
    let bench = bench("schedule_that_is_as_configured");
    let set = r#"{"schedule": [{"retention": "604800s", "daily_schedule": {}}]}"#;
    bench.request(&format!("PATCH /api/2.0/postgres/{NAME}?update_mask=schedule"), set);
    bench.configure(&of(&[DAILY]));
    bench.forget_requests();
    bench.apply();
    assert!(bench.emulator.mutations().is_empty());
}

#[test]
fn change_elsewhere_shows_and_is_put_back() {
    let behaviors = Behaviors { omit_midnight: true, ..Behaviors::default() };
    let options = Options { frozen_clock: true, behaviors, ..Options::default() };
    let bench = Workbench::with_options("change_elsewhere_shows_and_is_put_back", options);
    bench.configure(&of(&[DAILY, WEEKLY]));
    bench.apply();
    for drift in [
        json!({"schedule": []}),
        json!({"schedule": [{"retention": "604800s", "daily_schedule": {"hour": 0}}]}),
    ] {
        bench.emulator.change(NAME, drift);
        let output = bench.plan().output();
        assert!(output.contains("0 to add, 1 to change, 0 to destroy"), "{output}");
        bench.forget_requests();
        bench.apply();
        assert_eq!(bench.masks(), ["schedule"]);
    }
}

#[test]
fn replacement_on_request_sets_the_schedule_again_although_reads_lag() {
    let bench = bench("replacement_on_request_sets_the_schedule_again");
    bench.configure(&of(&[DAILY]));
    bench.apply();
    bench.forget_requests();
    let stale = FaultKind::StaleRead { reads: 9 };
    bench.emulator.fault(Fault::on("PATCH", "/snapshot-schedule", stale));
    let address = "-replace=lakebase_snapshot_schedule.production";
    bench.terraform(&["apply", "-auto-approve", address]).succeeded();
    bench.emulator.forget_faults();
    bench.expect_empty_plan();
    bench.expect_mutations(expect![[r#"
        PATCH /api/2.0/postgres/projects/shop/branches/production/snapshot-schedule?update_mask=schedule
          {"schedule":[]}
        PATCH /api/2.0/postgres/projects/shop/branches/production/snapshot-schedule?update_mask=schedule
          {"schedule":[{"daily_schedule":{"hour":0},"retention":"604800s"}]}
    "#]]);
}

#[test]
fn schedule_that_makes_no_sense_is_an_error_of_its_element() {
    let bench = bench("schedule_that_makes_no_sense");
    for (cadence, path, summary) in [
        ("{ retention = \"7d\" }", "", "One of `daily`, `weekly`, `monthly` must be set"),
        (
            "{ retention = \"7d\", daily = { hour = 1 }, monthly = { day = 1, hour = 1 } }",
            "monthly",
            "`daily` and `monthly` cannot be set together",
        ),
        ("{ retention = \"1w\", daily = { hour = 1 } }", "retention", "is not a duration"),
        (
            "{ retention = \"7d\", weekly = { day_of_week = \"Sunday\", hour = 1 } }",
            "weekly.day_of_week",
            "is not a valid value",
        ),
    ] {
        bench.configure(&of(&[DAILY, cadence]));
        let refused = words(&bench.plan_fails().output());
        let dot = if path.is_empty() { "" } else { "." };
        assert!(refused.contains(&format!("`schedule[1]{dot}{path}`")), "{refused}");
        assert!(refused.contains(summary), "{refused}");
    }
    bench.configure(&of(&["{ retention = \"30m\", daily = { hour = 24 } }"]));
    let told = words(&bench.plan().output());
    for text in ["below the minimum documented by Databricks (`1h`)", "(0 to 23)"] {
        assert!(told.contains(text), "{told}");
    }
    let nowhere = of(&[DAILY]).replace(
        "${lakebase_project.shop.name}/branches/production",
        "projects/shop/branches/none",
    );
    bench.configure(&nowhere);
    let refused = words(&bench.apply_fails().output());
    let summary = "Could not set snapshot schedule of `projects/shop/branches/none`";
    assert!(refused.contains(summary), "{refused}");
}
