//! Snapshot schedules: the one of each branch, empty until it is configured (reference §3.11, §14.9).
//!
//! A schedule is stored and shown. It takes no snapshots.

use serde_json::{Value as Json, json};

use crate::error::{ApiError, Result};
use crate::model::world::World;
use crate::model::{Change, Deletion, Hooks, Id, Kind, Layout, Method, Uid};
use crate::name;
use crate::schema::{Field, Map, Value, merge};

pub(crate) static SNAPSHOT_SCHEDULE: Kind = Kind {
    noun: "snapshot schedule",
    message: "SnapshotSchedule",
    pattern: "projects/*/branches/*/snapshot-schedule",
    id: Id::Singleton,
    body: BODY,
    layout: Layout::Flat,
    // [DOC] §2.2: it is neither created nor deleted.
    methods: &[Method::Get, Method::Update],
    uid: Uid::None,
    adoptable: false,
    demands_body: false,
    optional_masks: &[],
    wildcard_by_parts: false,
    deletion: Deletion::Permanent,
    delete_parameters: &[],
    takes_turns: false,
    reconciles: false,
    quotas: &[],
    hooks: Hooks {
        is_always_there: true,
        hidden: &["create_time", "update_time", "parent"],
        update,
        turns: |options, name, _| {
            let branch = name::parent(name).filter(|_| options.behaviors.exclude_all_in_branch);
            branch.map(str::to_owned).into_iter().collect()
        },
        show: |world, _, _, status| {
            if world.options.behaviors.omit_midnight {
                hours(status).for_each(|arm| arm.retain(|name, hour| name != "hour" || *hour != 0));
            }
        },
        ..Hooks::NONE
    },
};

const BODY: &[Field] = &[Field::new("schedule", Value::List(&Value::Message(CADENCE)))];

/// [DOC] §3.11.
const CADENCE: &[Field] = &[
    Field::new("retention", Value::Duration { min: 3600, max: 315_576_000_000 }).required(),
    Field::new("daily_schedule", Value::Message(&[HOUR])).arm("cadence"),
    Field::new("weekly_schedule", Value::Message(&[DAY_OF_WEEK.required(), HOUR])).arm("cadence"),
    Field::new("monthly_schedule", Value::Message(&[DAY.required(), HOUR])).arm("cadence"),
];

const HOUR: Field = Field::new("hour", Value::Whole { min: 0, max: 23 });
const DAY: Field = Field::new("day", Value::Whole { min: 1, max: 31 });
const DAY_OF_WEEK: Field = Field::new(
    "day_of_week",
    Value::Enum(&["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]),
);

const ARMS: [&str; 3] = ["daily_schedule", "weekly_schedule", "monthly_schedule"];

fn update(world: &World, change: &Change<'_>, settings: &mut Map) -> Result<()> {
    merge(BODY, settings, change.patch);
    let cadences = settings.get("schedule").and_then(Json::as_array).cloned().unwrap_or_default();
    if cadences.is_empty() {
        // [INF] §1.2: what is empty is not shown.
        settings.remove("schedule");
        return Ok(());
    }
    for (index, cadence) in cadences.iter().enumerate() {
        if ARMS.iter().all(|arm| cadence.get(arm).is_none()) {
            // [INF]
            let arms = ARMS.join(", ");
            return Err(ApiError::invalid(format!(
                "Field 'schedule[{index}]' must have one of {arms}."
            )));
        }
    }
    let branch = world.store.live(change.parent());
    let is_child = branch.is_some_and(|branch| branch.settings.contains_key("source_branch"));
    // [DOC] docs.databricks.com/aws/en/oltp/projects/snapshots: a schedule applies to root branches
    // only. [INF] That it is refused elsewhere, and the text.
    if is_child && !world.options.behaviors.snapshot_child_branches {
        return Err(ApiError::bad_request(format!(
            "Cannot schedule snapshots of branch '{}': it is not a root branch.",
            change.parent()
        )));
    }
    // [INF] An hour that is left out is midnight.
    hours(settings).for_each(|arm| {
        arm.entry("hour").or_insert(json!(0));
    });
    Ok(())
}

/// The messages of a schedule that have an hour.
fn hours(settings: &mut Map) -> impl Iterator<Item = &mut Map> {
    let cadences = settings.get_mut("schedule").and_then(Json::as_array_mut).into_iter().flatten();
    let members = cadences.filter_map(Json::as_object_mut).flat_map(|cadence| cadence.values_mut());
    members.filter_map(Json::as_object_mut)
}
