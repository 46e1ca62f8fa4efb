//! `lakebase_connection`: how to connect to an endpoint, for applications and other providers.

use lakebase_api::{Deadline, Json};
use tfplugin::{Block, Call, Diagnostic, Diagnostics, Object};

use super::{TIME_LIMIT, not_yet};
use crate::connection::{self, Connection, DEFAULT_DATABASE, PORT, SSL_MODE};
use crate::lifecycle::{Attempt, Lifecycle};
use crate::model::address::{Address, holds};
use crate::model::field::{AnyField, Bool, Field, Int, Text, TextMap};
use crate::model::meaning::quoted;
use crate::model::schema;
use crate::model::tf::Tf;
use crate::resources::{self, ENDPOINT, database, role};

const ENDPOINT_NAME: Field<Text> = Field::local("endpoint")
    .doc("Resource name of the endpoint to connect to.")
    .required()
    .named(ENDPOINT);
const DATABASE: Field<Text> = Field::local("database")
    .doc("PostgreSQL name of the database, or the resource name of a `lakebase_database` in the same branch. Default: `databricks_postgres`.")
    .or_provider();
const USER: Field<Text> = Field::local("user")
    .doc("PostgreSQL name of the role to log in as, or the resource name of a `lakebase_role` in the same branch. Default: the identity that the provider authenticates as.")
    .or_provider();
const POOLED: Field<Bool> =
    Field::local("pooled").doc("Whether to connect through the connection pooler.");
const READ_ONLY: Field<Bool> = Field::local("read_only").doc("Whether to use the read-only host.");

const POSTGRES_DATABASE: Field<Text> =
    Field::computed("postgres_database").doc("PostgreSQL name of the database.");
const POSTGRES_ROLE: Field<Text> =
    Field::computed("postgres_role").doc("PostgreSQL name of the role to log in as.");
const HOST: Field<Text> = Field::computed("host").doc("Host name.");
const PORT_NUMBER: Field<Int> = Field::computed("port").doc("Port, `5432`.");
const SSL_MODE_NAME: Field<Text> = Field::computed("sslmode").doc("TLS mode, `require`.");
const JDBC_URL: Field<Text> = Field::computed("jdbc_url").doc("JDBC URL, without a password.");
const DSN: Field<Text> = Field::computed("dsn")
    .doc("Connection string in libpq keyword/value format, without a password.");
const PSQL: Field<Text> =
    Field::computed("psql").doc("Command line for `psql`, which prompts for the password.");
const ENV: Field<TextMap> = Field::computed("env")
    .doc("Environment variables `PGHOST`, `PGPORT`, `PGDATABASE`, `PGUSER` and `PGSSLMODE`.");
const URI: Field<Text> = Field::computed("uri").doc("Connection URI, without a password.");

/// What says which connection is meant; the ephemeral resource takes the same.
pub const ARGUMENTS: &[AnyField] =
    &[ENDPOINT_NAME.any(), DATABASE.any(), USER.any(), POOLED.any(), READ_ONLY.any()];

/// What the ephemeral resource gives as well.
pub const RESULTS: &[AnyField] = &[
    POSTGRES_DATABASE.any(),
    POSTGRES_ROLE.any(),
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
    let doc = "Provides connection details for an endpoint in several formats, without a password. For a password, use the ephemeral resource `lakebase_connection`, or let the application request a token.";
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
    let deadline = lifecycle.client.deadline(TIME_LIMIT, call.stop.clone());
    let reported = match endpoint(lifecycle, &config, &deadline).await {
        Ok(reported) => reported,
        Err(error) => return (None, error.in_a_data_source()),
    };
    match connection(lifecycle, config, &reported, &deadline).await {
        Ok((mut object, connection)) => {
            URI.put(&mut object, Tf::Known(connection.uri(None)));
            (Some(object), Diagnostics::new())
        }
        Err(error) => (None, error.in_a_data_source()),
    }
}

/// Checks that a configuration names a database and a role of the endpoint's branch, where it
/// names them by their resource names.
pub fn check(config: &Object, sink: &mut Diagnostics) {
    let endpoint = ENDPOINT_NAME.of(config).known().unwrap_or_default();
    let branch = ENDPOINT.split(&endpoint).and_then(|it| it.parent);
    for (field, address) in [(DATABASE, resources::DATABASE), (USER, resources::ROLE)] {
        let Tf::Known(name) = field.of(config) else { continue };
        if !is_resource_name(&name) {
            continue;
        }
        let detail = if !address.matches(&name) {
            format!(
                "{} is not a valid resource name. Expected format: `{address}`, or a PostgreSQL name.",
                quoted(&name)
            )
        } else if let Some(branch) = branch.filter(|branch| !holds(branch, &name)) {
            format!("`{name}` is not in the branch of the endpoint, `{branch}`.")
        } else {
            continue;
        };
        let summary = format!("Invalid {field}");
        sink.push(Diagnostic::error(summary, detail).at(field.name()));
    }
}

/// No name in PostgreSQL begins so by chance.
fn is_resource_name(name: &str) -> bool {
    name.starts_with("projects/")
}

/// Why there is no connection.
pub struct ConnectionError {
    /// What to tell.
    pub diagnostics: Diagnostics,
    /// The resource type and the name of what Lakebase does not find.
    pub absent: Option<(&'static str, String)>,
}

impl ConnectionError {
    fn in_a_data_source(mut self) -> Diagnostics {
        if let Some((type_name, _)) = self.absent {
            self.diagnostics.push(not_yet(type_name));
        }
        self.diagnostics
    }
}

impl From<Diagnostics> for ConnectionError {
    fn from(diagnostics: Diagnostics) -> Self {
        Self { diagnostics, absent: None }
    }
}

/// Reads the endpoint that a configuration names.
pub async fn endpoint(
    lifecycle: &Lifecycle,
    config: &Object,
    deadline: &Deadline,
) -> Result<Json, ConnectionError> {
    let name = ENDPOINT_NAME.of(config).known().unwrap_or_default();
    look(lifecycle, ENDPOINT, &name, deadline).await
}

/// Reads an object that a configuration names.
pub async fn look(
    lifecycle: &Lifecycle,
    address: &Address,
    name: &str,
    deadline: &Deadline,
) -> Result<Json, ConnectionError> {
    lifecycle.client.get(name, deadline).await.map_err(|error| {
        let attempt = Attempt { verb: "read", noun: address.noun(), name };
        let diagnostics = attempt.failed(&lifecycle.client, None, &error);
        let type_name = resources::at(address).map_or("", |table| table.type_name);
        let absent = error.is_not_found().then(|| (type_name, name.to_owned()));
        ConnectionError { diagnostics, absent }
    })
}

/// The name in PostgreSQL of a database or a role: Lakebase knows that of a resource.
async fn postgres_name(
    lifecycle: &Lifecycle,
    (name, address, setting): (String, &Address, &str),
    deadline: &Deadline,
) -> Result<String, ConnectionError> {
    if !is_resource_name(&name) {
        return Ok(name);
    }
    let found = look(lifecycle, address, &name, deadline).await?;
    Ok(found["status"][setting].as_str().unwrap_or_default().to_owned())
}

/// The connection that a configuration means, and the object that says so.
pub async fn connection(
    lifecycle: &Lifecycle,
    mut object: Object,
    endpoint: &Json,
    deadline: &Deadline,
) -> Result<(Object, Connection), ConnectionError> {
    let mut wrong = Diagnostics::new();
    check(&object, &mut wrong);
    if wrong.has_errors() {
        return Err(wrong.into());
    }
    let chosen = |field: Field<Bool>| field.of(&object) == Tf::Known(true);
    let (read_only, pooled) = (chosen(READ_ONLY), chosen(POOLED));
    let host = connection::host(endpoint, read_only, pooled).map_err(|detail| {
        let path = if read_only { READ_ONLY.name() } else { POOLED.name() };
        Diagnostics::from(Diagnostic::error("Endpoint has no such host", detail).at(path))
    })?;
    let user = match USER.of(&object).known() {
        Some(user) => user,
        None => lifecycle.client.me(deadline).await.map(|it| it.user_name).map_err(|error| {
            let attempt = Attempt { verb: "determine", noun: "the current user", name: "" };
            attempt.failed(&lifecycle.client, None, &error)
        })?,
    };
    let database = DATABASE.of(&object).known().unwrap_or_else(|| DEFAULT_DATABASE.to_owned());
    DATABASE.put(&mut object, Tf::Known(database.clone()));
    USER.put(&mut object, Tf::Known(user.clone()));
    let named = [
        (database, resources::DATABASE, database::POSTGRES_DATABASE.name()),
        (user, resources::ROLE, role::POSTGRES_ROLE.name()),
    ];
    let [database, user] = named;
    let database = postgres_name(lifecycle, database, deadline).await?;
    let user = postgres_name(lifecycle, user, deadline).await?;
    let connection = Connection { host, database, user };
    let put =
        |field: Field<Text>, object: &mut Object, text: String| field.put(object, Tf::Known(text));
    put(POSTGRES_DATABASE, &mut object, connection.database.clone());
    put(POSTGRES_ROLE, &mut object, connection.user.clone());
    put(HOST, &mut object, connection.host.clone());
    put(SSL_MODE_NAME, &mut object, SSL_MODE.to_owned());
    put(JDBC_URL, &mut object, connection.jdbc_url());
    put(DSN, &mut object, connection.dsn());
    put(PSQL, &mut object, connection.psql());
    PORT_NUMBER.put(&mut object, Tf::Known(PORT));
    ENV.put(&mut object, Tf::Known(connection.env()));
    Ok((object, connection))
}
