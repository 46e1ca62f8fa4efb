//! `lakebase_connection`: how to connect to an endpoint, for applications and other providers.

use lakebase_api::{Json, Patience};
use tfplugin::{Block, Call, Diagnostic, Diagnostics, Object};

use super::{PATIENCE, not_yet};
use crate::connection::{self, Connection, DEFAULT_DATABASE, PORT, SSL_MODE};
use crate::lifecycle::{Attempt, Lifecycle};
use crate::model::field::{AnyField, Bool, Field, Int, Text, TextMap};
use crate::model::schema;
use crate::model::tf::Tf;
use crate::resources::ENDPOINT;

const ENDPOINT_NAME: Field<Text> =
    Field::local("endpoint").doc("The endpoint to connect to.").required().named(ENDPOINT);
const DATABASE: Field<Text> = Field::local("database")
    .doc("The database, by its PostgreSQL name. By default `databricks_postgres`, which every branch comes with.")
    .or_provider();
const USER: Field<Text> = Field::local("user")
    .doc("The role to log in as. By default the identity that the provider authenticates as.")
    .or_provider();
const POOLED: Field<Bool> =
    Field::local("pooled").doc("Whether to connect through the connection pool.");
const READ_ONLY: Field<Bool> =
    Field::local("read_only").doc("Whether to connect for reads only.");

const HOST: Field<Text> = Field::computed("host").doc("The host name.");
const PORT_NUMBER: Field<Int> = Field::computed("port").doc("The port, 5432.");
const SSL_MODE_NAME: Field<Text> = Field::computed("sslmode").doc("The TLS mode, `require`.");
const JDBC_URL: Field<Text> =
    Field::computed("jdbc_url").doc("The URL for JDBC, without a password.");
const DSN: Field<Text> = Field::computed("dsn")
    .doc("The keyword form that libpq and its descendants read, without a password.");
const PSQL: Field<Text> =
    Field::computed("psql").doc("A command line for `psql`, which asks for the password.");
const ENV: Field<TextMap> = Field::computed("env")
    .doc("The environment variables `PGHOST`, `PGPORT`, `PGDATABASE`, `PGUSER` and `PGSSLMODE`.");
const URI: Field<Text> = Field::computed("uri").doc("The connection URI, without a password.");

/// What says which connection is meant; the ephemeral resource takes the same.
pub const ARGUMENTS: &[AnyField] =
    &[ENDPOINT_NAME.any(), DATABASE.any(), USER.any(), POOLED.any(), READ_ONLY.any()];

/// What the ephemeral resource gives as well.
pub const RESULTS: &[AnyField] = &[
    HOST.any(),
    PORT_NUMBER.any(),
    SSL_MODE_NAME.any(),
    JDBC_URL.any(),
    DSN.any(),
    PSQL.any(),
    ENV.any(),
];

const URIS: &[AnyField] = &[URI.any()];

/// The schema.
pub(super) fn block() -> Block {
    let doc = "How to connect to an endpoint, written in the ways that programs want it. It holds no password: applications use the ephemeral resource `lakebase_connection`, or get a token of their own.";
    let mut block = schema::block(doc, ARGUMENTS);
    block.attributes.extend(schema::block(doc, RESULTS).attributes);
    block.attributes.extend(schema::block(doc, URIS).attributes);
    block
}

/// Reads the data source.
pub(super) async fn read(
    lifecycle: &Lifecycle,
    config: Object,
    call: &Call,
) -> (Option<Object>, Diagnostics) {
    let patience = lifecycle.client.patience(PATIENCE, call.stop.clone());
    let reported = match endpoint(lifecycle, &config, &patience).await {
        Ok(reported) => reported,
        Err(EndpointError { mut diagnostics, absent }) => {
            if absent {
                diagnostics.push(not_yet("lakebase_endpoint"));
            }
            return (None, diagnostics);
        }
    };
    match connection(lifecycle, config, &reported, &patience).await {
        Ok((mut object, connection)) => {
            URI.put(&mut object, Tf::Known(connection.uri(None)));
            (Some(object), Diagnostics::new())
        }
        Err(diagnostics) => (None, diagnostics),
    }
}

/// Why there is no endpoint to connect to.
pub struct EndpointError {
    /// What to tell.
    pub diagnostics: Diagnostics,
    /// Whether the service says that it does not exist.
    pub absent: bool,
}

/// Reads the endpoint that a configuration names.
pub async fn endpoint(
    lifecycle: &Lifecycle,
    config: &Object,
    patience: &Patience,
) -> Result<Json, EndpointError> {
    let name = ENDPOINT_NAME.of(config).known().unwrap_or_default();
    lifecycle.client.get(&name, patience).await.map_err(|error| {
        let attempt = Attempt { verb: "read", noun: "endpoint", name: &name };
        let diagnostics = attempt.failed(&lifecycle.client, None, &error);
        EndpointError { diagnostics, absent: error.is_not_found() }
    })
}

/// The connection that a configuration means, and the object that says so.
pub async fn connection(
    lifecycle: &Lifecycle,
    mut object: Object,
    endpoint: &Json,
    patience: &Patience,
) -> Result<(Object, Connection), Diagnostics> {
    let chosen = |field: Field<Bool>| field.of(&object) == Tf::Known(true);
    let (read_only, pooled) = (chosen(READ_ONLY), chosen(POOLED));
    let host = connection::host(endpoint, read_only, pooled).map_err(|detail| {
        let path = if read_only { READ_ONLY.name() } else { POOLED.name() };
        Diagnostics::from(Diagnostic::error("No such host", detail).at(path))
    })?;
    let user = match USER.of(&object).known() {
        Some(user) => user,
        None => lifecycle.client.me(patience).await.map(|it| it.user_name).map_err(|error| {
            let attempt = Attempt { verb: "find", noun: "user", name: "Me" };
            attempt.failed(&lifecycle.client, None, &error)
        })?,
    };
    let database = DATABASE.of(&object).known().unwrap_or_else(|| DEFAULT_DATABASE.to_owned());
    let connection = Connection { host, database, user };
    let put = |field: Field<Text>, object: &mut Object, it: String| field.put(object, Tf::Known(it));
    put(DATABASE, &mut object, connection.database.clone());
    put(USER, &mut object, connection.user.clone());
    put(HOST, &mut object, connection.host.clone());
    put(SSL_MODE_NAME, &mut object, SSL_MODE.to_owned());
    put(JDBC_URL, &mut object, connection.jdbc_url());
    put(DSN, &mut object, connection.dsn());
    put(PSQL, &mut object, connection.psql());
    PORT_NUMBER.put(&mut object, Tf::Known(PORT));
    ENV.put(&mut object, Tf::Known(connection.env()));
    Ok((object, connection))
}
