//! `lakebase_database`: a database in a branch.
//!
//! Every branch comes with the database `databricks-postgres`; `replace_existing` adopts it.

use tfplugin::Object;

use super::{
    BRANCH, CREATE_TIME, DATABASE, NAME, REPLACE_EXISTING, ROLE, TIMEOUTS, UPDATE_TIME,
    deletion_protection,
};
use crate::model::field::{Field, IdRule, Text};
use crate::model::life::{Delete, HasCompute, Life};
use crate::model::table::{Resource, Table, Timeouts};
use crate::model::tf::Tf;

const DATABASE_ID: Field<Text> = Field::id("database_id")
    .doc("ID of the database: the last component of its resource name, for example `app`.")
    .note("The ID of a new database contains only lowercase letters, digits and hyphens.")
    .accepts(IdRule::LabelIfCreated);

const BRANCH_NAME: Field<Text> =
    Field::parent("branch", BRANCH).doc("Resource name of the branch that contains the database.");

/// Name of the database in PostgreSQL.
pub const POSTGRES_DATABASE: Field<Text> = Field::spec("postgres_database")
    .doc("Name of the database in PostgreSQL.")
    .note("Changing it renames the database.")
    .required()
    .postgres_name()
    .key();

const OWNER: Field<Text> = Field::spec("role")
    .doc("Resource name of the role that owns the database.")
    .note("Must be in the same branch.")
    .required()
    .named(ROLE)
    .inside_of("branch");

/// The resource.
pub struct Database;

static TABLE: Table = Table {
    type_name: "lakebase_database",
    noun: "database",
    address: *DATABASE,
    life: Life { delete: Delete::Permanent, ..Life::OBJECT },
    compute: HasCompute::No,
    holds: &[],
    upgrades: &[],
    counterpart: "databricks_postgres_database",
    doc: "Manages a PostgreSQL database in a branch. Lakebase creates one database with each project, with the ID `databricks-postgres` and the PostgreSQL name `databricks_postgres`; new branches inherit the databases of their source branch.",
    timeouts: Timeouts { create: "20m", read: "5m", update: "20m", delete: "20m" },
    fields: &[
        DATABASE_ID.any(),
        BRANCH_NAME.any(),
        POSTGRES_DATABASE.any(),
        OWNER.any(),
        REPLACE_EXISTING.any(),
        deletion_protection(true).any(),
        TIMEOUTS.any(),
        NAME.any(),
        CREATE_TIME.any(),
    ],
    readings: &[UPDATE_TIME.any()],
}
.checked();

impl Resource for Database {
    fn table(&self) -> &'static Table {
        &TABLE
    }

    fn is_created_with_parent(&self, planned: &Object) -> bool {
        DATABASE_ID.of(planned) == Tf::Known("databricks-postgres".to_owned())
    }
}
