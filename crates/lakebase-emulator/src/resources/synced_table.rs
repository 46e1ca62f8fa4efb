//! Synced tables: tables of Unity Catalog that a pipeline copies into a branch (reference §3.8).
//!
//! A source table exists unless [`Options::missing_tables`] names it. The copy is a state that the
//! clock ends: no row is copied.

use jiff::SignedDuration;
use serde_json::{Value as Json, json};

use super::catalog::is_in_unity_catalog;
use super::database;
use crate::clock::after;
use crate::error::{ApiError, Result};
use crate::model::store::Phase;
use crate::model::world::{World, random_by, uuid};
use crate::model::{
    Change, Deletion, Form, Hooks, Id, Kind, Layout, Method, Moments, StoreEffect, Uid,
};
use crate::name;
use crate::options::Options;
use crate::schema::{Field, Map, Value};
use crate::wire::format_timestamp;

pub(crate) static SYNCED_TABLE: Kind = Kind {
    noun: "synced table",
    message: "SyncedTable",
    pattern: "synced_tables/*",
    id: Id::Parameter { name: "synced_table_id", form: &THREE_PARTS, in_status: false },
    body: &[Field::new("spec", Value::Message(SPEC))],
    layout: Layout::SpecAndStatus,
    // [DOC] §2.1: there is no update and no list.
    methods: &[Method::Create, Method::Get, Method::Delete],
    uid: Uid::Random,
    adoptable: false,
    demands_body: false,
    optional_masks: &[],
    wildcard_by_parts: false,
    // [REC] databricks/cli, `postgres_synced_table.go`: GET shows it for a while after its delete is
    // done, and until then its ID is taken.
    deletion: Deletion::Lingering { member: CATALOG_STATE, state: "DELETING" },
    delete_parameters: &[],
    takes_turns: false,
    reconciles: false,
    quotas: &[],
    hooks: Hooks {
        create,
        beside,
        // Nothing of the settings is shown, and nothing changes.
        update: |_, _, _| Ok(()),
        turns: |options, _, table| {
            let text = |member: &str| table.get(member).and_then(Json::as_str);
            let branch = text("branch").filter(|_| options.behaviors.exclude_all_in_branch);
            // [REC] §14.5: two at a time on one pipeline fail; [INF] with which error.
            branch.into_iter().chain(text("pipeline_id")).map(str::to_owned).collect()
        },
        timeline,
        show: |_, _, table, status| {
            let project = table.text("branch").and_then(name::parent);
            status.insert("project".to_owned(), json!(project));
            status.retain(|member, value| !HIDDEN.contains(&&**member) && !value.is_null());
        },
        ..Hooks::NONE
    },
};

const CATALOG_STATE: &str = "unity_catalog_provisioning_state";
const SOURCE: &str = "source_table_full_name";
const POLICY: &str = "scheduling_policy";
/// What is remembered of the settings.
const HIDDEN: [&str; 3] = ["branch", SOURCE, POLICY];

static THREE_PARTS: Form = Form { pattern: "catalog.schema.table", accepts: has_three_parts };

/// [REC] §7.1 three names of Unity Catalog.
fn has_three_parts(id: &str) -> bool {
    id.split('.').count() == 3 && id.split('.').all(is_in_unity_catalog)
}

const NAME: Value = Value::Text { min: 1, max: 256 };

const SPEC: &[Field] = &[
    Field::new(SOURCE, Value::Text { min: 1, max: 767 }).immutable().required_on_create(),
    Field::new("primary_key_columns", Value::List(&NAME)).immutable().required_on_create(),
    Field::new(POLICY, Value::Enum(&["SNAPSHOT", "TRIGGERED", "CONTINUOUS"]))
        .immutable()
        .required_on_create(),
    // [KIT] That it is required.
    Field::new("branch", NAME).immutable().required_on_create(),
    Field::new("postgres_database", Value::Text { min: 1, max: 63 }).immutable(),
    Field::new("create_database_objects_if_missing", Value::Flag).immutable(),
    // [DOC] They exclude each other.
    Field::new("new_pipeline_spec", Value::Message(PIPELINE)).arm("pipeline"),
    Field::new("existing_pipeline_id", NAME).arm("pipeline"),
    Field::new("timeseries_key", NAME).immutable(),
    Field::new("accelerated_sync", Value::Flag).immutable(),
    Field::new("type_overrides", Value::List(&Value::Message(TYPE_OVERRIDE))).immutable(),
    Field::new("extra_columns", Value::List(&Value::Message(EXTRA_COLUMN))).immutable(),
];

const PIPELINE: &[Field] = &[
    Field::new("storage_catalog", NAME),
    Field::new("storage_schema", NAME),
    Field::new("budget_policy_id", NAME),
    Field::new("pipeline_channel", Value::Enum(&["CURRENT", "PREVIEW"])),
];

const TYPE_OVERRIDE: &[Field] = &[
    Field::new("column_name", NAME).required(),
    Field::new(
        "pg_type",
        Value::Enum(&[
            "PG_SPECIFIC_TYPE_VECTOR",
            "PG_SPECIFIC_TYPE_HALFVEC",
            "PG_SPECIFIC_TYPE_VARCHAR",
        ]),
    )
    .required(),
    Field::new("size", Value::Whole { min: 1, max: i32::MAX as i64 }),
];

const EXTRA_COLUMN: &[Field] = &[
    Field::new("column_name", NAME).required(),
    Field::new("column_type", NAME).required(),
    Field::new("compute", Value::Text { min: 1, max: 10_000 }),
    Field::new("maintenance", Value::Enum(&["STORED_GENERATED"])),
];

fn create(world: &World, change: &Change<'_>) -> Result<Map> {
    let [branch, source, policy] = HIDDEN.map(|member| change.text(member).unwrap_or_default());
    if !name::matches("projects/*/branches/*", branch) || world.store.live(branch).is_none() {
        return Err(ApiError::not_found("branch id not found"));
    }
    check_columns(change.settings)?;
    // [REC] §14.6 the code, [INF] status and text.
    if !has_three_parts(source) || world.options.missing_tables.iter().any(|it| it == source) {
        let text = format!("Table '{source}' does not exist.");
        return Err(ApiError::new(404, "TABLE_DOES_NOT_EXIST", text));
    }
    let tables = || world.store.live_in("synced_tables").map(|(_, table)| table);
    let limit = world.options.quotas.synced_tables;
    if tables().filter(|table| table.text(SOURCE) == Some(source)).count() >= limit {
        // [REC] §5.3.
        return Err(ApiError::bad_request(format!(
            "Cannot create more than {limit} synced database table(s) per source table."
        )));
    }
    let database = database_of(world, change, branch)?;
    let creates = change.settings.get("create_database_objects_if_missing") != Some(&json!(false));
    if !creates && database::named(world, branch, database).is_none() {
        // [DOC] The rule, [INF] the text.
        return Err(ApiError::not_found(format!(
            "database not found; postgres_database:\"{database}\""
        )));
    }
    let pipeline = change.text("existing_pipeline_id").map(str::to_owned);
    let mut of_pipeline = tables().filter(|table| table.text("pipeline_id") == pipeline.as_deref());
    if pipeline.is_some() && of_pipeline.any(|table| table.text(POLICY) != Some(policy)) {
        // [DOC] The rule, [INF] the text.
        return Err(ApiError::invalid(format!(
            "Field 'spec.{POLICY}' must be the scheduling policy of the existing pipeline."
        )));
    }
    let pipeline =
        pipeline.unwrap_or_else(|| uuid(&mut random_by(&format!("{branch}#{}", change.name))));
    // [INF] §3.8: the state by policy.
    let state = if policy == "CONTINUOUS" { "CONTINUOUS_UPDATE" } else { "NO_PENDING_UPDATE" };
    let members = [
        ("branch", json!(branch)),
        (SOURCE, json!(source)),
        (POLICY, json!(policy)),
        ("pipeline_id", json!(pipeline)),
        (CATALOG_STATE, json!("ACTIVE")),
        ("detailed_state", json!(format!("SYNCED_TABLE_ONLINE_{state}"))),
        ("message", json!("The synced table is online.")),
    ];
    Ok(members.map(|(member, value)| (member.to_owned(), value)).into_iter().collect())
}

/// [INF] A primary key has columns. [DOC] A vector has a size.
fn check_columns(settings: &Map) -> Result<()> {
    let list =
        |name: &str| settings.get(name).and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
    if list("primary_key_columns").is_empty() {
        return Err(ApiError::required("synced_table.spec.primary_key_columns"));
    }
    let lacks_size =
        |it: &&Json| it["pg_type"] == "PG_SPECIFIC_TYPE_VECTOR" && it["size"].is_null();
    match list("type_overrides").iter().find(lacks_size) {
        Some(_) => Err(ApiError::required("synced_table.spec.type_overrides.size")),
        None => Ok(()),
    }
}

/// [DOC] §3.8: in a catalog that is registered for a database, it is that database, whether it is
/// named or not; elsewhere it must be named. [INF] The branch alike, and the texts.
fn database_of<'a>(world: &'a World, change: &'a Change<'_>, branch: &str) -> Result<&'a str> {
    let catalog = name::id(change.name).split('.').next().unwrap_or_default();
    let catalog = world.store.live(&format!("catalogs/{catalog}"));
    let Some(catalog) = catalog else {
        let given = change.text("postgres_database");
        return given.ok_or_else(|| ApiError::required("synced_table.spec.postgres_database"));
    };
    for (member, given) in
        [("branch", Some(branch)), ("postgres_database", change.text("postgres_database"))]
    {
        if given.is_some_and(|given| catalog.text(member) != Some(given)) {
            return Err(ApiError::invalid(format!(
                "Field 'spec.{member}' must be that of the catalog."
            )));
        }
    }
    // [DOC, older API] The pipeline cannot store its files in the catalog itself.
    let storage = &change.settings.get("new_pipeline_spec").cloned().unwrap_or_default();
    let has_storage =
        ["storage_catalog", "storage_schema"].iter().all(|it| storage[*it].is_string());
    if !has_storage && change.text("existing_pipeline_id").is_none() {
        return Err(ApiError::required("synced_table.spec.new_pipeline_spec.storage_catalog"));
    }
    Ok(catalog.text("postgres_database").unwrap_or_default())
}

/// [DOC] §3.8: the database is created if it is missing. Schemas are not kept.
fn beside(world: &World, change: &Change<'_>) -> Result<Vec<StoreEffect>> {
    let branch = change.text("branch").unwrap_or_default();
    let database = database_of(world, change, branch)?;
    if database::named(world, branch, database).is_some() {
        return Ok(Vec::new());
    }
    let all = database::made_for_caller(world, branch, database, change.now);
    Ok(all.into_iter().map(|(name, object)| StoreEffect::Put(name, Box::new(object))).collect())
}

/// The phases of the first copy. [DOC] The names, [INF] their order.
const COPIES: [&str; 4] = ["MAIN", "MAIN", "INDEX_SCAN", "INDEX_SORT"];
const ROWS: u32 = 1000;

/// [REC] §3.8: the create is done when the table is `ACTIVE` in Unity Catalog. [INF] Its pipeline is
/// there when it has settled; then the first copy begins.
fn timeline(options: &Options, moments: &Moments, _: &Map, _: bool) -> Vec<Phase> {
    let state = |state: &str| json!(format!("SYNCED_TABLE_PROVISIONING{state}"));
    let mut phases = vec![
        Phase::until(moments.ends, CATALOG_STATE, "PROVISIONING"),
        Phase {
            from: moments.now,
            until: moments.settled,
            shows: shown(json!({
                "detailed_state": state("_PIPELINE_RESOURCES"), "pipeline_id": null, "message": null,
            })),
        },
    ];
    let share = options.sync_delay / 4;
    let mut from = moments.settled;
    for (done, phase) in (0u32..).zip(&COPIES) {
        let until = after(from, share);
        let left =
            SignedDuration::try_from(share).unwrap_or_default().as_secs_f64() * f64::from(4 - done);
        let progress = json!({
            "sync_progress_completion": f64::from(done) / 4.0, "synced_row_count": done * ROWS / 4,
            "total_row_count": ROWS, "estimated_completion_time_seconds": left,
            "latest_version_currently_processing": 0,
        });
        phases.push(Phase {
            from,
            until,
            shows: shown(json!({
                "detailed_state": state("_INITIAL_SNAPSHOT"),
                "provisioning_phase": format!("PROVISIONING_PHASE_{phase}"),
                "ongoing_sync_progress": progress, "message": "The first copy is in progress.",
            })),
        });
        from = until;
    }
    let [start, end] = [moments.settled, from].map(format_timestamp);
    let version =
        json!({"delta_commit_version": 0, "delta_commit_time": format_timestamp(moments.now)});
    let synced = json!({
        "last_processed_commit_version": 0, "last_sync_time": end,
        "last_sync": {
            "delta_table_sync_info": version, "sync_start_time": start, "sync_end_time": end,
        },
    });
    phases.push(Phase { from, until: jiff::Timestamp::MAX, shows: shown(synced) });
    phases
}

fn shown(members: Json) -> Map {
    match members {
        Json::Object(members) => members,
        _ => Map::new(),
    }
}
