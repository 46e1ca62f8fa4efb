//! `lakebase_data_api`: the Data API of a database, a REST interface to its tables.
//!
//! A database has at most one, which has no ID: its name is that of the database and `data-api`.
//! Its settings have the names of `PostgREST`, whose documentation explains them.

use tfplugin::{Diagnostics, Object};

use super::{CREATE_TIME, DATA_API, DATABASE, NAME, TIMEOUTS, UPDATE_TIME};
use crate::model::field::{Bool, Duration, Field, Int, Text, Texts};
use crate::model::life::{Delete, HasCompute, Life};
use crate::model::table::{Change, Resource, Table, Timeouts};
use crate::model::tf::Tf;

const DATABASE_NAME: Field<Text> = Field::parent("database", DATABASE)
    .doc("Resource name of the database that the Data API exposes.");

const DB_SCHEMAS: Field<Texts> = Field::spec("db_schemas")
    .doc("PostgreSQL schemas that the Data API exposes.")
    .note("1 to 100 schemas, which must exist in the database. Default of a new Data API: `[\"public\"]`.")
    .schema_names(Some(100));

const DB_EXTRA_SEARCH_PATH: Field<Texts> = Field::spec("db_extra_search_path")
    .doc("PostgreSQL schemas that are added to the `search_path` of requests.")
    .schema_names(None);

const DB_MAX_ROWS: Field<Int> = Field::spec("db_max_rows")
    .doc("Maximum number of rows in a response. Null without a limit.")
    .note("Lakebase cannot remove a limit: to have none, replace the resource.")
    .within(1, i32::MAX)
    .null_if_absent();

const DB_AGGREGATES_ENABLED: Field<Bool> = Field::spec("db_aggregates_enabled")
    .doc("Whether to allow aggregate functions, such as `count` and `sum`, in requests.")
    .note("Default of a new Data API: `true`.");

const JWT_ROLE_CLAIM_KEY: Field<Text> = Field::spec("jwt_role_claim_key")
    .doc("JSON path to the claim of a token that names the PostgreSQL role of a request.")
    .note("Default of a new Data API: `.sub`. Lakebase stores the value, but does not use it yet.");

const JWT_CACHE_MAX_LIFETIME: Field<Duration> = Field::spec("jwt_cache_max_lifetime")
    .doc("Duration of caching validated tokens. `0s` turns the cache off.")
    .note("Lakebase stores the value, but does not use it yet.");

const SERVER_CORS_ALLOWED_ORIGINS: Field<Texts> = Field::spec("server_cors_allowed_origins")
    .doc("Origins from which web pages can use the Data API, or `[\"*\"]` for any origin.");

const SERVER_TIMING_ENABLED: Field<Bool> = Field::spec("server_timing_enabled")
    .doc("Whether to add the `Server-Timing` header to responses.");

const OPENAPI_MODE: Field<Text> = Field::spec("openapi_mode")
    .doc("How the Data API publishes its OpenAPI document.")
    .one_of(&["OPEN_API_MODE_IGNORE_PRIVILEGES", "OPEN_API_MODE_DISABLED"])
    .null_if_absent();

const URL: Field<Text> = Field::status("url").doc("URL of the Data API.");

const AVAILABLE_SCHEMAS: Field<Texts> =
    Field::status("available_schemas").doc("Schemas in the database that can be exposed.");

/// The resource.
pub struct DataApi;

static TABLE: Table = Table {
    type_name: "lakebase_data_api",
    noun: "Data API",
    address: *DATA_API,
    life: Life { delete: Delete::Plain, listed: false, ..Life::OBJECT },
    compute: HasCompute::No,
    holds: &[],
    upgrades: &[],
    counterpart: "databricks_postgres_data_api",
    doc: "Manages the Data API of a database: a REST interface, compatible with PostgREST, to the tables of the schemas that it exposes. A database has at most one Data API.",
    timeouts: Timeouts { create: "20m", read: "5m", update: "20m", delete: "20m" },
    fields: &[
        DATABASE_NAME.any(),
        DB_SCHEMAS.any(),
        DB_EXTRA_SEARCH_PATH.any(),
        DB_MAX_ROWS.any(),
        DB_AGGREGATES_ENABLED.any(),
        JWT_ROLE_CLAIM_KEY.any(),
        JWT_CACHE_MAX_LIFETIME.any(),
        SERVER_CORS_ALLOWED_ORIGINS.any(),
        SERVER_TIMING_ENABLED.any(),
        OPENAPI_MODE.any(),
        TIMEOUTS.any(),
        NAME.any(),
        URL.any(),
        AVAILABLE_SCHEMAS.any(),
        CREATE_TIME.any(),
    ],
    readings: &[UPDATE_TIME.any()],
}
.checked();

impl Resource for DataApi {
    fn table(&self) -> &'static Table {
        &TABLE
    }

    /// Lakebase rejects a create without any setting (API reference, 5.3). What it then would
    /// choose is documented, and sent instead, so that the plan shows it.
    fn plan(&self, change: &mut Change<'_>, _sink: &mut Diagnostics) {
        if change.prior.is_none() && DB_SCHEMAS.of(change.config) == Tf::Null {
            DB_SCHEMAS.put(&mut change.planned, Tf::Known(vec!["public".to_owned()]));
        }
    }

    fn loss(&self, _state: &Object) -> &'static str {
        "Clients can no longer use its URL. The database and its data remain."
    }
}
