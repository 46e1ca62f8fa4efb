//! `lakebase_synced_table`: a table of Unity Catalog that a pipeline copies into a branch.
//!
//! Lakebase reports the state of a synced table and none of its settings.

use serde_json::Value as Json;
use tfplugin::Object;

use super::{BRANCH, CREATE_TIME, NAME, SYNCED_TABLE, TIMEOUTS, UID};
use crate::model::field::{
    AnyField, Bool, Field, Float, IdRule, Int, Nested, NestedList, Text, Texts, Timestamp,
};
use crate::model::life::{Delete, HasCompute, Life, Turns, Update};
use crate::model::table::{Resource, Table, Timeouts};
use crate::model::tf::Tf;

const SYNCED_TABLE_ID: Field<Text> = Field::id("synced_table_id")
    .doc("ID of the synced table: its name in Unity Catalog, in the format `{catalog}.{schema}.{table}`. In PostgreSQL, the table has the same schema and name.")
    .accepts(IdRule::UnityCatalog(3));

/// A setting of the create, which Lakebase does not report. A change replaces.
macro_rules! setting {
    ($name:literal) => {
        Field::spec($name).replaces().never_reported()
    };
}

const SOURCE_TABLE: Field<Text> = setting!("source_table_full_name")
    .doc("Name of the source table in Unity Catalog, in the format `{catalog}.{schema}.{table}`.")
    .accepts(IdRule::UnityCatalog(3))
    .absent_with("TABLE_DOES_NOT_EXIST")
    .required_to_create();

const PRIMARY_KEY_COLUMNS: Field<Texts> = setting!("primary_key_columns")
    .doc("Columns of the source table that form the primary key in PostgreSQL.")
    .required_to_create();

const SCHEDULING_POLICY: Field<Text> = setting!("scheduling_policy")
    .doc("When the pipeline copies: once (`SNAPSHOT`), whenever it is run (`TRIGGERED`), or continuously (`CONTINUOUS`).")
    .note("`TRIGGERED` and `CONTINUOUS` require the change data feed of the source table.")
    .one_of(&["SNAPSHOT", "TRIGGERED", "CONTINUOUS"])
    .required_to_create();

const TIMESERIES_KEY: Field<Text> = setting!("timeseries_key")
    .doc("Column that decides which of several rows with the same primary key is copied: the one with the largest value.");

const BRANCH_NAME: Field<Text> = setting!("branch")
    .doc("Resource name of the branch that contains the table.")
    .named(BRANCH)
    .required_to_create();

const POSTGRES_DATABASE: Field<Text> = setting!("postgres_database")
    .doc("PostgreSQL name of the database that contains the table.")
    .note("Required in a standard catalog. In a catalog that is registered for a database, it can be omitted; otherwise it must be that database.")
    .postgres_name();

const CREATE_DATABASE_OBJECTS: Field<Bool> = Field::spec("create_database_objects_if_missing")
    .doc("Whether to create the database and the schema in PostgreSQL if they do not exist.")
    .note("Terraform does not manage what is created this way. Default: `true`.")
    .create_only()
    .never_reported();

const NEW_PIPELINE: Field<Nested> = setting!("new_pipeline_spec")
    .doc("Settings of the pipeline that is created for the synced table.")
    .members(&[
        Field::<Text>::member("storage_catalog").doc("Standard catalog for the intermediate files of the pipeline. Required if the synced table is in a catalog that is registered for a database.").any(),
        Field::<Text>::member("storage_schema").doc("Schema for the intermediate files of the pipeline.").any(),
        Field::<Text>::member("budget_policy_id").doc("ID of the budget policy of the pipeline.").any(),
        Field::<Text>::member("pipeline_channel").doc("Release channel of the pipeline.").one_of(&["CURRENT", "PREVIEW"]).any(),
    ])
    .choice("pipeline");

const EXISTING_PIPELINE_ID: Field<Text> = setting!("existing_pipeline_id")
    .doc("ID of an existing pipeline that copies the synced table as well, for example the `pipeline_id` of another synced table with the same scheduling policy.")
    .choice("pipeline");

const ACCELERATED_SYNC: Field<Bool> = setting!("accelerated_sync")
    .doc("Whether to accelerate the initial copy of a large table.")
    .note("Requires the Lakebase Accelerated Sync preview in the workspace.");

const TYPE_OVERRIDES: Field<NestedList> = setting!("type_overrides")
    .doc("Columns that get another type in PostgreSQL than the usual one.")
    .each(&[
        Field::<Text>::member("column_name").doc("Name of the column.").required().any(),
        Field::<Text>::member("pg_type")
            .doc("Type of the column in PostgreSQL.")
            .one_of(&["PG_SPECIFIC_TYPE_VECTOR", "PG_SPECIFIC_TYPE_HALFVEC", "PG_SPECIFIC_TYPE_VARCHAR"])
            .required()
            .any(),
        Field::<Int>::member("size").doc("Dimensions of a vector, or length of a text. Required for `PG_SPECIFIC_TYPE_VECTOR`.").any(),
    ]);

const EXTRA_COLUMNS: Field<NestedList> = setting!("extra_columns")
    .doc("Columns that the table has in PostgreSQL besides those of its source.")
    .each(&[
        Field::<Text>::member("column_name").doc("Name of the column.").required().any(),
        Field::<Text>::member("column_type").doc("Type of the column in PostgreSQL, for example `tsvector`.").required().any(),
        Field::<Text>::member("compute").doc("SQL expression that computes the value, for example `to_tsvector('english', content)`.").any(),
        Field::<Text>::member("maintenance").doc("How the value is kept up to date. `STORED_GENERATED`: PostgreSQL computes and stores it.").one_of(&["STORED_GENERATED"]).any(),
    ]);

const WAIT_FOR_ONLINE: Field<Bool> = Field::<Bool>::local("wait_for_online")
    .doc("Whether a create waits until the table is online in PostgreSQL, after the first copy of its data. If `false`, it waits until the table is provisioned in Unity Catalog. Increase `timeouts.create` for large tables.")
    .default(false);

const PIPELINE_ID: Field<Text> =
    Field::status("pipeline_id").doc("ID of the pipeline that copies the table.");

const PROJECT_NAME: Field<Text> =
    Field::status("project").doc("Resource name of the project that contains the table.");

const STATE: Field<Text> = Field::status("detailed_state")
    .doc("State of the synced table, for example `SYNCED_TABLE_ONLINE_CONTINUOUS_UPDATE`.");
const CATALOG_STATE: Field<Text> = Field::status("unity_catalog_provisioning_state")
    .doc("State of the synced table in Unity Catalog, for example `ACTIVE`.");
const PHASE: Field<Text> = Field::status("provisioning_phase")
    .doc("Phase of the first copy, for example `PROVISIONING_PHASE_MAIN`.");
const MESSAGE: Field<Text> =
    Field::status("message").doc("Description of the state of the synced table.");
const LAST_SYNC_TIME: Field<Timestamp> =
    Field::status("last_sync_time").doc("Time at which data was last copied.");
const LAST_VERSION: Field<Int> = Field::status("last_processed_commit_version")
    .doc("Version of the source table that was last copied.");

const LAST_SYNC: Field<Nested> =
    Field::status("last_sync").doc("The last copy that succeeded.").members(&[
        time("sync_start_time", "Time at which the copy began."),
        time("sync_end_time", "Time at which the copy ended."),
        Field::<Int>::member("delta_commit_version")
            .doc("Version of the source table that was copied.")
            .at("delta_table_sync_info.delta_commit_version")
            .any(),
        Field::<Timestamp>::member("delta_commit_time")
            .doc("Time at which that version was committed.")
            .at("delta_table_sync_info.delta_commit_time")
            .any(),
    ]);

const PROGRESS: Field<Nested> = Field::status("ongoing_sync_progress")
    .doc("Progress of the copy that is going on.")
    .members(&[
        COMPLETION.any(),
        SYNCED_ROWS.any(),
        TOTAL_ROWS.any(),
        Field::<Float>::member("estimated_completion_time_seconds")
            .doc("Estimated time that is left, in seconds.")
            .any(),
        Field::<Int>::member("latest_version_currently_processing")
            .doc("Version of the source table that is being copied.")
            .any(),
    ]);
const COMPLETION: Field<Float> =
    Field::member("sync_progress_completion").doc("Completed share, from 0 to 1.");
const SYNCED_ROWS: Field<Int> =
    Field::member("synced_row_count").doc("Number of rows that are copied.");
const TOTAL_ROWS: Field<Int> =
    Field::member("total_row_count").doc("Number of rows to copy, which may be an estimate.");

const fn time(name: &'static str, doc: &'static str) -> AnyField {
    Field::<Timestamp>::member(name).doc(doc).any()
}

/// The resource.
pub struct SyncedTable;

static TABLE: Table = Table {
    type_name: "lakebase_synced_table",
    noun: "synced table",
    address: *SYNCED_TABLE,
    life: Life {
        update: Update::Never,
        delete: Delete::Plain,
        listed: false,
        turns: Turns::InsideOfSharing(
            BRANCH_NAME.name(),
            BRANCH,
            &[PIPELINE_ID.name(), EXISTING_PIPELINE_ID.name()],
        ),
        lingers: true,
        ..Life::OBJECT
    },
    compute: HasCompute::No,
    holds: &[],
    upgrades: &[],
    counterpart: "databricks_postgres_synced_table",
    doc: "Manages a synced table: a Unity Catalog table that a pipeline copies into a PostgreSQL table. Lakebase does not report its settings, and changes of them replace the synced table.",
    timeouts: Timeouts { create: "30m", read: "5m", update: "20m", delete: "20m" },
    fields: &[
        SYNCED_TABLE_ID.any(),
        SOURCE_TABLE.any(),
        PRIMARY_KEY_COLUMNS.any(),
        SCHEDULING_POLICY.any(),
        BRANCH_NAME.any(),
        POSTGRES_DATABASE.any(),
        CREATE_DATABASE_OBJECTS.any(),
        NEW_PIPELINE.any(),
        EXISTING_PIPELINE_ID.any(),
        TIMESERIES_KEY.any(),
        ACCELERATED_SYNC.any(),
        TYPE_OVERRIDES.any(),
        EXTRA_COLUMNS.any(),
        WAIT_FOR_ONLINE.any(),
        TIMEOUTS.any(),
        NAME.any(),
        UID.any(),
        PIPELINE_ID.any(),
        PROJECT_NAME.any(),
        CREATE_TIME.any(),
    ],
    readings: &[
        STATE.any(),
        CATALOG_STATE.any(),
        PHASE.any(),
        MESSAGE.any(),
        LAST_SYNC_TIME.any(),
        LAST_VERSION.any(),
        LAST_SYNC.any(),
        PROGRESS.any(),
    ],
}
.checked();

impl Resource for SyncedTable {
    fn table(&self) -> &'static Table {
        &TABLE
    }

    fn loss(&self, _state: &Object) -> &'static str {
        "The synced table is removed from Unity Catalog, with the permissions granted on it, and is no longer updated. The PostgreSQL table and its rows remain: drop it in SQL before a synced table with the same name is created."
    }

    /// The create's operation ends when the table is provisioned in Unity Catalog (API reference,
    /// 3.8). Its pipeline may be created after that; other synced tables refer to it.
    fn unsettled(&self, reported: &Json, wanted: &Object) -> Option<String> {
        let status = &reported["status"];
        let text = |field: Field<Text>| status[field.name()].as_str();
        let state = text(STATE).unwrap_or_default();
        let is_provisioning = text(CATALOG_STATE) == Some("PROVISIONING");
        let awaits_pipeline = text(PIPELINE_ID).is_none()
            && ["SYNCED_TABLE_PROVISIONING", "SYNCED_TABLE_PROVISIONING_PIPELINE_RESOURCES"]
                .contains(&state);
        let awaits_data = WAIT_FOR_ONLINE.of(wanted) == Tf::Known(true)
            && !state.starts_with("SYNCED_TABLE_ONLINE");
        (is_provisioning || awaits_pipeline || awaits_data).then(|| told(status))
    }

    fn failure(&self, reported: &Json) -> Option<[String; 2]> {
        let failed = [(CATALOG_STATE, "FAILED"), (STATE, "SYNCED_TABLE_OFFLINE_FAILED")];
        let status = &reported["status"];
        let (_, state) = failed.into_iter().find(|(it, state)| status[it.name()] == *state)?;
        let message = status[MESSAGE.name()].as_str().unwrap_or("no message");
        Some([state.to_owned(), message.to_owned()])
    }
}

/// State, phase and progress in a line.
fn told(status: &Json) -> String {
    let state = [STATE, CATALOG_STATE].iter().find_map(|field| status[field.name()].as_str());
    let mut parts = vec![state.unwrap_or("no state").to_owned()];
    parts.extend(status[PHASE.name()].as_str().map(str::to_owned));
    let progress = &status[PROGRESS.name()];
    let share = progress[COMPLETION.name()].as_f64();
    parts.extend(share.map(|share| format!("{:.0} %", share * 100.0)));
    let rows = [SYNCED_ROWS, TOTAL_ROWS].map(|field| progress[field.name()].to_string());
    // Protobuf's JSON may write them as text.
    let [synced, total] = rows.map(|count| count.trim_matches('"').to_owned());
    if share.is_some() {
        parts.push(format!("{synced} of {total} rows"));
    }
    parts.join(", ")
}
