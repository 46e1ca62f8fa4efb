//! The replication status of a table, which only data sources read: Lakebase creates one for each
//! table that a CDF config replicates.

use super::{CDF_CONFIG, CDF_STATUS, CREATE_TIME, NAME};
use crate::model::field::{Field, IdRule, Text, Timestamp};
use crate::model::life::{HasCompute, Life};
use crate::model::table::{Resource, Table, Timeouts};

const CDF_CONFIG_NAME: Field<Text> = Field::parent("cdf_config", CDF_CONFIG)
    .doc("Resource name of the CDF config that replicates the table.");

const CDF_STATUS_ID: Field<Text> = Field::id("cdf_status_id")
    .doc("ID of the CDF status: the name of the table.")
    .accepts(IdRule::LabelIfCreated);

const POSTGRES_TABLE: Field<Text> =
    Field::root("postgres_table").doc("PostgreSQL table that is replicated.");

const UC_TABLE: Field<Text> =
    Field::root("uc_table").doc("Delta table in Unity Catalog that receives the changes.");

const STATE: Field<Text> = Field::root("state")
    .doc("Replication state: `CDF_STATE_SNAPSHOTTING` while the existing rows are copied, `CDF_STATE_STREAMING` while changes are replicated, `CDF_STATE_SKIPPED` if the table is not replicated, or `CDF_STATE_TERMINATED`.");

const STATUS_DETAIL: Field<Text> =
    Field::root("status_detail").doc("Reason for the state, for example of a skipped table.");

const COMMITTED_LSN: Field<Text> = Field::root("committed_lsn")
    .doc("Log sequence number (LSN) up to which the changes are in the Delta table.");

const LAST_SYNC_TIME: Field<Timestamp> = Field::root("last_sync_time")
    .doc("Time at which changes were last written to the Delta table.");

/// The replication status.
pub struct CdfStatus;

static TABLE: Table = Table {
    type_name: "lakebase_cdf_status",
    noun: "CDF status",
    address: *CDF_STATUS,
    life: Life::READ_ONLY,
    compute: HasCompute::No,
    holds: &[],
    upgrades: &[],
    counterpart: "",
    doc: "The replication status of a table.",
    timeouts: Timeouts { create: "5m", read: "5m", update: "5m", delete: "5m" },
    fields: &[
        CDF_CONFIG_NAME.any(),
        CDF_STATUS_ID.any(),
        NAME.any(),
        POSTGRES_TABLE.any(),
        UC_TABLE.any(),
        STATE.any(),
        STATUS_DETAIL.any(),
        COMMITTED_LSN.any(),
        LAST_SYNC_TIME.any(),
        CREATE_TIME.any(),
    ],
    readings: &[],
}
.checked();

impl Resource for CdfStatus {
    fn table(&self) -> &'static Table {
        &TABLE
    }
}
