//! The resources, in the order of the documentation: declarations and pure hooks, no I/O.

use crate::model::address::Address;
use crate::model::field::{AnyField, Bool, Duration, Field, Nested, Text, Timestamp};
use crate::model::table::{Resource, Table};

pub mod branch;
pub mod catalog;
pub mod credential;
pub mod database;
pub mod default_branch;
pub mod endpoint;
pub mod project;
pub mod role;
#[cfg(test)]
mod samples;

/// Every resource that is an object of the API.
pub static ALL: &[&dyn Resource] = &[
    &project::Project,
    &default_branch::DefaultBranch,
    &branch::Branch,
    &endpoint::Endpoint,
    &role::Role,
    &database::Database,
    &catalog::Catalog,
];

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
/// Where a catalog stands.
pub const CATALOG: &Address = &Address::top_level("catalogs", "catalog_id");
/// Where a snapshot stands.
pub const SNAPSHOT: &Address = &Address::member(PROJECT, "snapshots", "snapshot_id");

/// What a resource name may name, for functions that take names apart.
pub const NAMED: &[&Address] = &[PROJECT, BRANCH, ENDPOINT, ROLE, DATABASE];

/// The table of the resource at an address.
pub fn at(address: &Address) -> Option<&'static Table> {
    ALL.iter().map(|resource| resource.table()).find(|table| table.address == *address)
}

/// How long to wait for each kind of call.
pub const TIMEOUTS: Field<Nested> = Field::local("timeouts")
    .doc("How long to wait for the service, its operations included, e.g. `10m`. The clock starts when the call does: time spent in the queue behind other calls of the same apply does not count.")
    .members(&[
        timeout("create", "For a create."),
        timeout("read", "For a read, which waits for the operation of an earlier run that was interrupted."),
        timeout("update", "For an update."),
        timeout("delete", "For a delete."),
    ]);

/// Whether to take over an object that exists.
pub const REPLACE_EXISTING: Field<Bool> = Field::on_create("replace_existing")
    .doc("Whether a create takes over an object of that name that exists already, such as one that the service made along with its parent, and changes its settings to the configured ones. Otherwise an existing object is an error.")
    .default(false);

/// Whether a delete skips the trash.
pub const PURGE_ON_DELETE: Field<Bool> = Field::on_delete("purge_on_delete", "purge")
    .doc("Whether a delete is permanent. Otherwise the object can be restored for 7 days, in which its ID stays reserved. A replacement under the same ID needs `true`; see [replacing and destroying](../guides/replacing-and-destroying.md).")
    .default(false);

/// The full name.
pub const NAME: Field<Text> = Field::root("name")
    .doc("The resource name, by which other resources and data sources refer to it.")
    .note("Known at plan time, except when the object is replaced under the same name.");
/// The identifier the service gave.
pub const UID: Field<Text> = Field::root("uid").doc("The identifier that the service gave it.");
/// When it was created.
pub const CREATE_TIME: Field<Timestamp> = Field::root("create_time").doc("When it was created.");
/// When it was last changed.
pub const UPDATE_TIME: Field<Timestamp> =
    Field::root("update_time").doc("When it was last changed.");

/// The name of the setting by which the service refuses to delete a branch.
pub const IS_PROTECTED: &str = "is_protected";

/// The name of a project's settings for endpoints to come.
pub const DEFAULTS: &str = "default_endpoint_settings";

/// The name of the setting that refuses a destroy.
pub const DELETION_PROTECTION: &str = "deletion_protection";

const fn timeout(name: &'static str, doc: &'static str) -> AnyField {
    Field::<Duration>::member(name).doc(doc).any()
}
