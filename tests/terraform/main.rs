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

mod authentication;
mod catalogs;
mod chaos;
mod connections;
mod consent;
mod crowd;
mod databases;
mod drift;
mod examples;
mod faults;
mod findings;
mod foresight;
mod guides;
mod import;
mod interrupted;
mod lives;
mod masks;
mod matrix;
mod messages;
mod methods;
mod moved;
mod pipelines;
mod plans;
mod program;
mod protection;
mod range;
mod reads;
mod replacement;
mod roles;
mod secrets;
mod settings;
mod shop;
mod surprises;
mod taint;
mod the_workbench;
mod truth;
mod tutorials;
mod walk;
mod workbench;
