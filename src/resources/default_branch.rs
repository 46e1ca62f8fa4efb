//! `lakebase_default_branch`: which branch of a project is its default branch.
//!
//! It is a setting of its project, and a resource of its own: as an attribute of the project it
//! would refer to a branch that refers to the project.

use super::{BRANCH, NAME, PROJECT, TIMEOUTS};
use crate::model::address::Address;
use crate::model::field::{Field, Text};
use crate::model::life::{HasCompute, Life};
use crate::model::table::{Resource, Table, Timeouts};

const PROJECT_NAME: Field<Text> = Field::parent("project", PROJECT)
    .doc("Resource name of the project whose default branch is set.");

const BRANCH_NAME: Field<Text> = Field::spec("branch")
    .at("default_branch")
    .doc("Resource name of the default branch.")
    .note("Must be in the project. The default branch cannot expire or be deleted.")
    .required()
    .named(BRANCH)
    .inside_of("project");

/// The resource.
pub struct DefaultBranch;

static TABLE: Table = Table {
    type_name: "lakebase_default_branch",
    noun: "default branch",
    address: Address::setting(PROJECT),
    life: Life::SETTING,
    compute: HasCompute::No,
    holds: &[],
    upgrades: &[],
    counterpart: "",
    doc: "Manages which branch is the default branch of a project. Destroying this resource does not change the project's default branch.",
    timeouts: Timeouts { create: "20m", read: "5m", update: "20m", delete: "20m" },
    fields: &[PROJECT_NAME.any(), BRANCH_NAME.any(), TIMEOUTS.any(), NAME.any()],
    readings: &[],
}
.checked();

impl Resource for DefaultBranch {
    fn table(&self) -> &'static Table {
        &TABLE
    }
}
