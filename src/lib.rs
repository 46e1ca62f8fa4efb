//! The provider for Databricks Lakebase Autoscaling. ARCHITECTURE.md has the picture.

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
