//! The provider for Databricks Lakebase Autoscaling. ARCHITECTURE.md has the picture.

#![expect(unreachable_pub, reason = "in here, `pub` says what a room offers to the others")]

mod connection;
mod data_sources;
pub mod documentation;
mod ephemeral;
mod functions;
mod lifecycle;
mod model;
mod provider;
mod resources;
mod review;

pub use provider::Lakebase;
