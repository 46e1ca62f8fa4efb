//! `lakebase_cdf_config`: replicates the tables of a schema of a database to Unity Catalog.
//!
//! The settings stand at the root of the body, and none of them changes.

use tfplugin::Object;

use super::{CDF_CONFIG, CREATE_TIME, DATABASE, NAME, TIMEOUTS};
use crate::model::field::{Bool, Field, IdRule, Text};
use crate::model::life::{Delete, HasCompute, Life, Update};
use crate::model::table::{Resource, Table, Timeouts};
use crate::model::tf::Tf;

const DATABASE_NAME: Field<Text> = Field::parent("database", DATABASE)
    .doc("Resource name of the database that contains the schema.");

const CDF_CONFIG_ID: Field<Text> = Field::id("cdf_config_id")
    .doc("ID of the CDF config: the last component of its resource name.")
    .note("1 to 63 lowercase letters, digits and underscores, starting with a letter. Default: the value of `postgres_schema`.")
    .accepts(IdRule::Words)
    .or_same_as("postgres_schema");

const CATALOG: Field<Text> = Field::body("catalog")
    .doc("Unity Catalog catalog that contains the Delta tables.")
    .required()
    .at_most(255)
    .replaces();

const SCHEMA: Field<Text> = Field::body("schema")
    .doc("Unity Catalog schema that contains the Delta tables.")
    .required()
    .at_most(255)
    .replaces();

const POSTGRES_SCHEMA: Field<Text> = Field::body("postgres_schema")
    .doc("PostgreSQL schema whose tables are replicated.")
    .note("A schema of a database can have one CDF config only.")
    .required()
    .postgres_name()
    .replaces()
    .key();

const FORCE_DESTROY: Field<Bool> = Field::on_delete("force_destroy", "force")
    .doc("Whether to drop the Delta tables when the CDF config is destroyed or replaced. If `false`, they remain. A destroy uses the value in the state, a replacement the configured value.")
    .default(false);

/// The resource.
pub struct CdfConfig;

static TABLE: Table = Table {
    type_name: "lakebase_cdf_config",
    noun: "CDF config",
    address: *CDF_CONFIG,
    life: Life { update: Update::Never, delete: Delete::Plain, ..Life::OBJECT },
    compute: HasCompute::No,
    holds: &[],
    upgrades: &[],
    counterpart: "databricks_postgres_cdf_config",
    doc: "Manages a Change Data Feed (CDF) configuration: it replicates the tables of a PostgreSQL schema to Delta tables in Unity Catalog. Every change replaces the CDF config, except a change of `force_destroy`.",
    timeouts: Timeouts { create: "20m", read: "5m", update: "20m", delete: "20m" },
    fields: &[
        DATABASE_NAME.any(),
        CDF_CONFIG_ID.any(),
        CATALOG.any(),
        SCHEMA.any(),
        POSTGRES_SCHEMA.any(),
        FORCE_DESTROY.any(),
        TIMEOUTS.any(),
        NAME.any(),
        CREATE_TIME.any(),
    ],
    readings: &[],
}
.checked();

impl Resource for CdfConfig {
    fn table(&self) -> &'static Table {
        &TABLE
    }

    fn loses_data(&self, state: &Object) -> bool {
        FORCE_DESTROY.of(state) == Tf::Known(true)
    }

    fn loss(&self, state: &Object) -> &'static str {
        if self.loses_data(state) {
            "`force_destroy` is `true`, so the Delta tables are dropped, with the changes that they \
             record. The database and its data remain."
        } else {
            "Changes are no longer replicated. The Delta tables remain, and so does the database."
        }
    }
}
