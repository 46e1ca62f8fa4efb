//! `lakebase_default_branch`: which branch of a project is its default branch.
//!
//! It is a setting of its project, and a resource of its own: as an attribute of the project it
//! would refer to a branch that refers to the project.

use super::{BRANCH, NAME, PROJECT, TIMEOUTS};
use crate::model::address::Address;
use crate::model::field::{Field, Text};
use crate::model::life::{HasCompute, Life};
use crate::model::table::{Resource, Table, Timeouts};

const PROJECT_NAME: Field<Text> =
    Field::parent("project", PROJECT).doc("The project whose default branch is set.");

const BRANCH_NAME: Field<Text> = Field::spec("branch")
    .at("default_branch")
    .doc("The default branch.")
    .note("It is a branch of the project, and cannot expire or be deleted while it is the default.")
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
    doc: "The default branch of a project: a setting that every project has. Destroying this resource leaves the setting as it is.",
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
