//! The kinds of objects and the calls of the service, one file each: a static table, and pure hooks
//! for what is its own. Only [`crate::kinds`] lists them.

#![expect(clippy::unnecessary_wraps, reason = "the hooks of all kinds have the same signatures")]

mod branch;
mod catalog;
mod cdf_config;
mod cdf_status;
mod compute;
mod contents;
mod credential;
mod data_api;
mod database;
pub(crate) mod endpoint;
pub(crate) mod password;
mod project;
mod role;
mod snapshot;
mod snapshot_schedule;
mod synced_table;

pub(crate) use branch::BRANCH;
pub(crate) use catalog::CATALOG;
pub(crate) use cdf_config::CDF_CONFIG;
pub(crate) use cdf_status::CDF_STATUS;
pub(crate) use credential::CREDENTIAL;
pub(crate) use data_api::DATA_API;
pub(crate) use database::DATABASE;
pub(crate) use endpoint::ENDPOINT;
pub(crate) use password::PASSWORD;
pub(crate) use project::PROJECT;
pub(crate) use role::ROLE;
pub(crate) use snapshot::SNAPSHOT;
pub(crate) use snapshot_schedule::SNAPSHOT_SCHEDULE;
pub(crate) use synced_table::SYNCED_TABLE;
