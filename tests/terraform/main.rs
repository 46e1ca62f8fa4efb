//! The real Terraform, the built provider and the emulated service.
//!
//! One test binary, one world to each test: a [`workbench::Workbench`]. What can fail without
//! Terraform is tested beside its code; what is here needs a plan, an apply or an interrupt of the
//! real program. `make test` runs all of it on every Terraform in `.tools/`.

mod drift;
mod examples;
mod faults;
mod import;
mod interrupted;
mod masks;
mod messages;
mod program;
mod protection;
mod range;
mod reads;
mod secrets;
mod shop;
mod signing_in;
mod surprises;
mod the_workbench;
mod walk;
mod workbench;
