//! `lakebase_snapshot`: an immutable copy of a branch's data at a point in time.

use serde_json::Value as Json;
use tfplugin::Object;

use super::branch::report_one_point_in_time;
use super::{BRANCH, CREATE_TIME, NAME, PROJECT, SNAPSHOT, TIMEOUTS, UID, deletion_protection};
use crate::model::expiry::{self, EXPIRES_AT};
use crate::model::field::{Bool, Duration, Field, Int, Text, Timestamp as Time};
use crate::model::life::{Delete, HasCompute, Life, Update};
use crate::model::table::{Resource, Table, Timeouts};
use crate::model::tf::Tf;

const SNAPSHOT_ID: Field<Text> = Field::id("snapshot_id")
    .doc("ID of the snapshot: the last component of its resource name, for example `release-1`.");

const PROJECT_NAME: Field<Text> = Field::parent("project", PROJECT)
    .doc("Resource name of the project that contains the snapshot.");

const SOURCE_BRANCH: Field<Text> = Field::spec("source_branch")
    .doc("Resource name of the branch whose data the snapshot captures.")
    .note("Must be a root branch of the project, such as `production`. The snapshot remains if the branch is deleted.")
    .required()
    .named(BRANCH)
    .inside_of("project")
    .replaces()
    .create_only();

const SOURCE_BRANCH_TIME: Field<Time> = Field::spec("source_branch_time")
    .doc("Point in time of the source branch to capture, in RFC 3339 format.")
    .note("Must be within the project's `history_retention_duration`. Default: the current time. Lakebase does not report it.")
    .replaces()
    .create_only();

const SOURCE_BRANCH_LSN: Field<Text> = Field::spec("source_branch_lsn")
    .doc("Log sequence number (LSN) of the source branch to capture, for example `16/B374D848`.")
    .note("Lakebase does not report it.")
    .lsn()
    .conflicts_with(&["source_branch_time"])
    .replaces()
    .create_only();

const TTL: Field<Duration> = expiry::TTL
    .note("Lakebase deletes an expired snapshot. If the snapshot is still configured then, the next apply takes a new one.")
    .replaces();

const EXPIRE_TIME: Field<Time> = expiry::EXPIRE_TIME.note("Must be in the future.").replaces();

const NO_EXPIRY: Field<Bool> = expiry::NO_EXPIRY
    .note("New snapshots do not expire by default. `false` does not make a snapshot expire: set `ttl` or `expire_time` instead.")
    .replaces();

const FULL_SIZE: Field<Int> = Field::status("full_size_bytes").doc(
    "Logical size of the data in the snapshot, in bytes. Null while Lakebase does not report it.",
);

const DIFF_SIZE: Field<Int> = Field::status("diff_size_bytes")
    .doc("Storage that the snapshot uses in addition to the previous one, in bytes. Null if the snapshot is not billed by this size.");

/// The resource.
pub struct Snapshot;

static TABLE: Table = Table {
    type_name: "lakebase_snapshot",
    noun: "snapshot",
    address: *SNAPSHOT,
    life: Life { update: Update::Never, delete: Delete::Permanent, ..Life::OBJECT },
    compute: HasCompute::No,
    holds: &[],
    upgrades: &[],
    counterpart: "",
    doc: "Manages a snapshot: an immutable copy of the data of a branch at a point in time, from which branches can be restored. Lakebase cannot change a snapshot, so every change takes a new one.",
    timeouts: Timeouts { create: "20m", read: "5m", update: "20m", delete: "20m" },
    fields: &[
        SNAPSHOT_ID.any(),
        PROJECT_NAME.any(),
        SOURCE_BRANCH.any(),
        SOURCE_BRANCH_TIME.any(),
        SOURCE_BRANCH_LSN.any(),
        TTL.any(),
        EXPIRE_TIME.any(),
        NO_EXPIRY.any(),
        deletion_protection(true).any(),
        TIMEOUTS.any(),
        NAME.any(),
        UID.any(),
        EXPIRES_AT.any(),
        FULL_SIZE.any(),
        CREATE_TIME.any(),
    ],
    readings: &[DIFF_SIZE.any()],
}
.checked();

impl Resource for Snapshot {
    fn table(&self) -> &'static Table {
        &TABLE
    }

    fn reported(&self, reported: &mut Json, prior: &Object) {
        report_one_point_in_time(reported, prior);
    }

    fn loss(&self, state: &Object) -> &'static str {
        let is_of_the_past =
            SOURCE_BRANCH_TIME.of(state) != Tf::Null || SOURCE_BRANCH_LSN.of(state) != Tf::Null;
        if is_of_the_past {
            "Branches that were restored from the snapshot remain."
        } else {
            "A new snapshot contains the data of the time when it is taken. Branches that were restored from the snapshot remain."
        }
    }
}
