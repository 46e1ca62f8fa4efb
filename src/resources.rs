//! The resources, in the order of the documentation: declarations and pure hooks, no I/O.

use crate::model::address::Address;
use crate::model::field::{AnyField, Bool, Duration, Field, Nested, Text, Timestamp};
use crate::model::table::{Resource, Table};

pub mod branch;
pub mod catalog;
pub mod cdf_config;
pub mod cdf_status;
pub mod credential;
pub mod data_api;
pub mod database;
pub mod default_branch;
pub mod endpoint;
pub mod project;
pub mod role;
#[cfg(test)]
mod samples;
pub mod snapshot;
pub mod snapshot_schedule;
pub mod synced_table;

/// Every resource that is an object of the API.
pub static ALL: &[&dyn Resource] = &[
    &project::Project,
    &default_branch::DefaultBranch,
    &branch::Branch,
    &snapshot::Snapshot,
    &snapshot_schedule::SnapshotSchedule,
    &endpoint::Endpoint,
    &role::Role,
    &database::Database,
    &data_api::DataApi,
    &cdf_config::CdfConfig,
    &catalog::Catalog,
    &synced_table::SyncedTable,
];

/// What Lakebase alone creates and deletes, so that only data sources have it.
pub static READ_ONLY: &[&dyn Resource] = &[&cdf_status::CdfStatus];

/// Where a project stands.
pub const PROJECT: &Address = &Address::top_level("projects", "project_id");
/// Where a branch stands.
pub const BRANCH: &Address = &Address::member(PROJECT, "branches", "branch_id");
/// Where an endpoint stands.
pub const ENDPOINT: &Address = &Address::member(BRANCH, "endpoints", "endpoint_id");
/// Where a role stands.
pub const ROLE: &Address = &Address::member(BRANCH, "roles", "role_id");
/// Where a database stands.
pub const DATABASE: &Address = &Address::member(BRANCH, "databases", "database_id");
/// Where the Data API of a database stands.
pub const DATA_API: &Address = &Address::singleton(DATABASE, "data-api");
/// Where a CDF config stands.
pub const CDF_CONFIG: &Address = &Address::member(DATABASE, "cdf-configs", "cdf_config_id");
/// Where the replication status of a table stands.
pub const CDF_STATUS: &Address = &Address::member(CDF_CONFIG, "cdf-statuses", "cdf_status_id");
/// Where a catalog stands.
pub const CATALOG: &Address = &Address::top_level("catalogs", "catalog_id");
/// Where a synced table stands.
pub const SYNCED_TABLE: &Address = &Address::top_level("synced_tables", "synced_table_id");
/// Where a snapshot stands.
pub const SNAPSHOT: &Address = &Address::member(PROJECT, "snapshots", "snapshot_id");
/// Where the snapshot schedule of a branch stands.
pub const SNAPSHOT_SCHEDULE: &Address = &Address::singleton(BRANCH, "snapshot-schedule");

/// What a resource name may name, for functions that take names apart.
pub const NAMED: &[&Address] = &[PROJECT, BRANCH, ENDPOINT, ROLE, DATABASE];

/// The table of the resource at an address.
pub fn at(address: &Address) -> Option<&'static Table> {
    ALL.iter().map(|resource| resource.table()).find(|table| table.address == *address)
}

/// How long to wait for each kind of call.
pub const TIMEOUTS: Field<Nested> = Field::local("timeouts")
    .doc("Timeouts for each kind of operation, for example `10m`. A timeout covers the API request and the long-running operation that it starts, but not the time spent queued behind other operations of the same apply.")
    .members(&[
        timeout("create", "Timeout for create."),
        timeout("read", "Timeout for read, including an operation left running by an interrupted apply."),
        timeout("update", "Timeout for update."),
        timeout("delete", "Timeout for delete."),
    ]);

/// Whether to take over an object that exists.
pub const REPLACE_EXISTING: Field<Bool> = Field::on_create("replace_existing")
    .doc("Whether to adopt an existing object with the same name instead of failing, and to update the settings that differ from the configuration. Required to manage objects that Lakebase creates automatically, such as the `production` branch and `primary` endpoints. Has no effect after the resource is created.")
    .default(false);

/// Whether a delete skips the trash.
pub const PURGE_ON_DELETE: Field<Bool> = Field::on_delete("purge_on_delete", "purge")
    .doc("Whether to delete permanently. If `false`, the object is soft-deleted: it can be restored for 7 days, and its ID cannot be reused during that time. A replacement under the same ID requires `true`.")
    .default(false);

/// The full name.
pub const NAME: Field<Text> = Field::root("name")
    .doc("Resource name, by which other resources and data sources reference the object.")
    .note("Known at plan time, except when the object is replaced under the same name.");
/// The identifier the service gave.
pub const UID: Field<Text> = Field::root("uid").doc("System-generated unique identifier.");
/// When it was created.
pub const CREATE_TIME: Field<Timestamp> =
    Field::root("create_time").doc("Time at which the object was created.");
/// When it was last changed.
pub const UPDATE_TIME: Field<Timestamp> =
    Field::root("update_time").doc("Time at which the object was last changed.");

/// The name of the setting by which the service refuses to delete a branch.
pub const IS_PROTECTED: &str = "is_protected";

/// The name of a project's settings for endpoints to come.
pub const DEFAULTS: &str = "default_endpoint_settings";

/// The name of the setting that refuses a destroy.
pub const DELETION_PROTECTION: &str = "deletion_protection";

/// The setting that refuses a destroy, with its default.
pub const fn deletion_protection(default: bool) -> Field<Bool> {
    Field::<Bool>::local(DELETION_PROTECTION)
        .doc("Whether to prevent Terraform from destroying or replacing the object. While the state has `true`, a plan that would do so fails. To destroy the object, set `false`, apply, and then destroy it.")
        .default(default)
}

const fn timeout(name: &'static str, doc: &'static str) -> AnyField {
    Field::<Duration>::member(name).doc(doc).any()
}
