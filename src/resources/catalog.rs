//! `lakebase_catalog`: a catalog of Unity Catalog that is registered for a database.

use tfplugin::Object;

use super::{BRANCH, CATALOG, CREATE_TIME, NAME, TIMEOUTS, UID, UPDATE_TIME};
use crate::model::field::{Bool, Field, IdRule, Text};
use crate::model::life::{Delete, HasCompute, Life, Turns, Update};
use crate::model::table::{Resource, Table, Timeouts};

const CATALOG_ID: Field<Text> = Field::id("catalog_id")
    .doc("ID of the catalog: its name in Unity Catalog, for example `shop`.")
    .accepts(IdRule::UnityCatalog(1));

const BRANCH_NAME: Field<Text> = Field::spec("branch")
    .doc("Resource name of the branch that contains the database.")
    .required()
    .named(BRANCH)
    .replaces();

const POSTGRES_DATABASE: Field<Text> = Field::spec("postgres_database")
    .doc("PostgreSQL name of the database for which the catalog is registered.")
    .note("A database can be registered with one catalog only. A new branch inherits the registrations of its source, so its copy of the database can be registered only after it is deleted and created again.")
    .required()
    .postgres_name()
    .replaces();

const CREATE_DATABASE_IF_MISSING: Field<Bool> = Field::spec("create_database_if_missing")
    .doc("Whether to create the database if it does not exist, and a role for the caller if none exists.")
    .note("Lakebase does not report this setting. Terraform does not manage a database created this way. Default: `false`.")
    .create_only()
    .never_reported();

const PROJECT_NAME: Field<Text> =
    Field::status("project").doc("Resource name of the project that contains the database.");

/// The resource.
pub struct Catalog;

static TABLE: Table = Table {
    type_name: "lakebase_catalog",
    noun: "catalog",
    address: *CATALOG,
    life: Life {
        update: Update::Never,
        delete: Delete::Plain,
        listed: false,
        turns: Turns::InsideOf(BRANCH_NAME.name(), BRANCH),
        ..Life::OBJECT
    },
    compute: HasCompute::No,
    holds: &[],
    upgrades: &[],
    counterpart: "databricks_postgres_catalog",
    doc: "Manages a Unity Catalog catalog that is registered for a database. Databricks can then query the database, and synced tables can be created in it. Every change replaces the catalog.",
    timeouts: Timeouts { create: "20m", read: "5m", update: "20m", delete: "20m" },
    fields: &[
        CATALOG_ID.any(),
        BRANCH_NAME.any(),
        POSTGRES_DATABASE.any(),
        CREATE_DATABASE_IF_MISSING.any(),
        TIMEOUTS.any(),
        NAME.any(),
        UID.any(),
        PROJECT_NAME.any(),
        CREATE_TIME.any(),
    ],
    readings: &[UPDATE_TIME.any()],
}
.checked();

impl Resource for Catalog {
    fn table(&self) -> &'static Table {
        &TABLE
    }

    fn loss(&self, _state: &Object) -> &'static str {
        "The catalog is removed from Unity Catalog, with the permissions granted on it and on its contents. The database and its data remain."
    }
}
