//! The provider for Databricks Lakebase Autoscaling. ARCHITECTURE.md has the picture.

mod model;
mod resources;
mod review;
