//! The provider for Databricks Lakebase Autoscaling. ARCHITECTURE.md has the picture.

#![expect(unreachable_pub, reason = "in here, `pub` says what a room offers to the others")]

mod compute;
mod connection;
mod data_sources;
pub mod declarations;
pub mod documentation;
mod ephemeral;
mod functions;
mod lifecycle;
mod model;
mod provider;
mod resources;
pub mod review;

pub use model::field::{AnyField, Check, Default, IdRule, Kind, Place};
pub use model::table::Table;
pub use provider::Lakebase;

/// What is declared of each resource type: for tests that go through all attributes.
pub fn tables() -> impl Iterator<Item = &'static Table> {
    provider::managed().map(model::table::Resource::table)
}
