//! `lakebase_snapshot_schedule`: when Lakebase takes snapshots of a branch, and how long it keeps them.
//!
//! Every branch has one, which is empty until it is configured.

use serde_json::Value as Json;
use tfplugin::Object;

use super::{BRANCH, NAME, REPLACE_EXISTING, SNAPSHOT_SCHEDULE, TIMEOUTS};
use crate::model::field::{AnyField, Duration, Field, Int, Nested, NestedList, Text};
use crate::model::life::{Create, Delete, HasCompute, Life};
use crate::model::table::{Resource, Table, Timeouts};

const BRANCH_NAME: Field<Text> = Field::parent("branch", BRANCH)
    .doc("Resource name of the branch of which snapshots are taken. Must be a root branch.");

const SCHEDULE: Field<NestedList> = Field::body("schedule")
    .doc("When snapshots are taken, and how long each is kept.")
    .note("The order has no meaning. Where several elements apply at the same time, Lakebase takes one snapshot and keeps it for the longest retention. An empty list disables automatic snapshots.")
    .required()
    .each(&[RETENTION.any(), DAILY.any(), WEEKLY.any(), MONTHLY.any()])
    .unordered();

const RETENTION: Field<Duration> = Field::member("retention")
    .doc("Duration for which a snapshot is kept, for example `7d`. Applies to snapshots that are taken later.")
    .at_least("1h")
    .required();

const DAILY: Field<Nested> = Field::member("daily")
    .at("daily_schedule")
    .doc("Takes a snapshot every day.")
    .members(&[HOUR])
    .choice("cadence")
    .one_is_required();

const WEEKLY: Field<Nested> = Field::member("weekly")
    .at("weekly_schedule")
    .doc("Takes a snapshot every week.")
    .members(&[
        Field::<Text>::member("day_of_week")
            .doc("Day of the week on which the snapshot is taken.")
            .one_of(&["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"])
            .required()
            .any(),
        HOUR,
    ])
    .choice("cadence")
    .one_is_required();

const MONTHLY: Field<Nested> = Field::member("monthly")
    .at("monthly_schedule")
    .doc("Takes a snapshot every month.")
    .members(&[
        Field::<Int>::member("day")
            .doc("Day of the month on which the snapshot is taken. In shorter months, it is taken on the last day.")
            .within(1, 31)
            .required()
            .any(),
        HOUR,
    ])
    .choice("cadence")
    .one_is_required();

const HOUR: AnyField = Field::<Int>::member("hour")
    .doc("Hour of the day, in UTC, at which the snapshot is taken.")
    .within(0, 23)
    .required()
    .any();

/// The resource.
pub struct SnapshotSchedule;

static TABLE: Table = Table {
    type_name: "lakebase_snapshot_schedule",
    noun: "snapshot schedule",
    address: *SNAPSHOT_SCHEDULE,
    life: Life { create: Create::Patch, delete: Delete::Clear, listed: false, ..Life::OBJECT },
    compute: HasCompute::No,
    holds: &[],
    upgrades: &[],
    counterpart: "databricks_postgres_snapshot_schedule",
    doc: "Manages when Lakebase takes snapshots of a branch automatically. A branch has one schedule, which is empty until it is configured.",
    timeouts: Timeouts { create: "20m", read: "5m", update: "20m", delete: "20m" },
    fields: &[
        BRANCH_NAME.any(),
        SCHEDULE.any(),
        REPLACE_EXISTING.any(),
        TIMEOUTS.any(),
        NAME.any(),
    ],
    readings: &[],
}
.checked();

impl Resource for SnapshotSchedule {
    fn table(&self) -> &'static Table {
        &TABLE
    }

    /// Answers may omit midnight, as protobuf omits 0.
    fn reported(&self, reported: &mut Json, _prior: &Object) {
        let cadences = reported["schedule"].as_array_mut().into_iter().flatten();
        let members = cadences.filter_map(Json::as_object_mut).flat_map(|it| it.values_mut());
        members.filter_map(Json::as_object_mut).for_each(|arm| {
            arm.entry("hour").or_insert(0.into());
        });
    }

    fn loss(&self, _state: &Object) -> &'static str {
        "Lakebase takes no more automatic snapshots of the branch. Snapshots that it has taken remain until they expire."
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tfplugin::{Diagnostics, Value};

    use super::*;
    use crate::model::table::Settings;
    use crate::model::{decode, encode, plan, validate};

    const NAMED: &str = "projects/p/branches/b/snapshot-schedule";

    fn read(schedule: &Json) -> Object {
        let reported = json!({"name": NAMED, "schedule": schedule});
        decode::state(&SnapshotSchedule, &reported, &Object::new(), &Settings::default())
    }

    /// A configuration with the schedule of a state.
    fn config(schedule: Value) -> Object {
        let all = TABLE.fields.iter().map(|field| (field.name.to_owned(), Value::Null));
        let given = [("branch", "projects/p/branches/b".into()), ("schedule", schedule)];
        all.chain(given.map(|(name, it)| (name.to_owned(), it))).collect()
    }

    fn planned(config: &Object, prior: Option<&Object>) -> Object {
        let settings = &Settings::default();
        let now = jiff::Timestamp::UNIX_EPOCH;
        let context = plan::PlanContext { settings, now, replacing: None };
        plan::plan(&SnapshotSchedule, prior, config, &context).object
    }

    #[test]
    fn arms_that_are_objects_are_written_and_read_under_their_names_in_the_api() {
        let schedule = json!([
            {"retention": "3600s", "daily_schedule": {"hour": 3}},
            {"retention": "604800s", "weekly_schedule": {"day_of_week": "FRIDAY", "hour": 0}},
            {"retention": "86400s", "monthly_schedule": {"day": 31, "hour": 23}},
        ]);
        let state = read(&schedule);
        let (daily, weekly) = (&state["schedule"], "weekly");
        let first = daily.as_elements().expect("a list")[0].as_map().expect("an object");
        assert_eq!(first[weekly], Value::Null);
        assert_eq!(first["daily"].as_map().expect("an object")["hour"], 3_i64.into());
        let planned = planned(&config(state["schedule"].clone()), None);
        assert_eq!(encode::create_body(&TABLE, &planned), json!({ "schedule": schedule }));
        let mut without = schedule.clone();
        without[1]["weekly_schedule"].as_object_mut().expect("an object").remove("hour");
        assert_eq!(read(&without), state, "answers may omit midnight");
        assert_eq!(read(&Json::Null)["schedule"], Value::List(Vec::new()));
    }

    #[test]
    fn element_has_exactly_one_arm_as_far_as_that_is_known() {
        let object = |entries: &[(&str, Value)]| {
            let all = ["retention", "daily", "weekly", "monthly"].map(|it| (it, Value::Null));
            let all = all.into_iter().chain(entries.iter().cloned());
            Value::Map(all.map(|(name, it)| (name.to_owned(), it)).collect())
        };
        let retention = ("retention", Value::from("7d"));
        let hour = || Value::Map([("hour".to_owned(), 3_i64.into())].into());
        let daily = || ("daily", hour());
        for (entries, refused) in [
            (vec![retention.clone(), daily()], None),
            (vec![retention.clone(), ("daily", Value::unknown())], None),
            (vec![retention.clone()], Some("schedule[0]")),
            (vec![retention.clone(), daily(), ("weekly", hour())], Some("schedule[0].weekly")),
        ] {
            let config = config(Value::List(vec![object(&entries)]));
            let mut sink = Diagnostics::new();
            validate::validate(TABLE.fields, &config, &mut sink);
            let paths: Vec<_> = sink.iter().map(|diagnostic| diagnostic.path.to_string()).collect();
            assert_eq!(paths, refused.into_iter().collect::<Vec<_>>(), "{entries:?}");
            if refused.is_none() {
                // What the configuration alone gives is planned as it gives it, unknown or not.
                assert_eq!(planned(&config, None)["schedule"], config["schedule"]);
            }
        }
    }
}
