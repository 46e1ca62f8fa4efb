//! The real Terraform, the built provider and the emulated service.
//!
//! One test binary, one world to each test: a [`workbench::Workbench`]. What can fail without
//! Terraform is tested beside its code; what is here needs a plan, an apply or an interrupt of the
//! real program. `make test` runs all of it on every Terraform in `.tools/`.

#![expect(
    clippy::needless_pass_by_value,
    reason = "`expect!` as the last argument reads as what comes of the call"
)]
#![expect(clippy::too_many_lines, reason = "the lines of a long test are its snapshots")]

mod attribute_lifecycle;
mod authentication;
mod autoscaling_range;
mod catalogs;
mod cdf_configs;
mod chaos;
mod complete;
mod compute_warnings;
mod concurrency;
mod connections;
mod consent;
mod data_apis;
mod databases;
mod drift;
mod end_to_end;
mod examples;
mod existing_objects;
mod faults;
mod fixtures;
mod guides;
mod harness_self_test;
mod import;
mod interrupted;
mod masks;
mod methods;
mod moved;
mod pipelines;
mod plan_fixtures;
mod plan_warnings;
mod postgres;
mod program;
mod protection;
mod refresh;
mod replacement;
mod resource_faults;
mod review_property;
mod roles;
mod secrets;
mod settings;
mod snapshot_schedules;
mod snapshots;
mod synced_tables;
mod taint;
mod tutorials;
mod validation_errors;
mod workbench;
