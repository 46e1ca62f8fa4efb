//! The real Terraform, the built provider and the emulated service.
//!
//! One test binary, one world to each test: a [`workbench::Workbench`]. What can fail without
//! Terraform is tested beside its code; what is here needs a plan, an apply or an interrupt of the
//! real program. `make test` runs all of it on every Terraform in `.tools/`.

mod crowd;
mod examples;
mod replacement;
mod the_workbench;
mod workbench;
