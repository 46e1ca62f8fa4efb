//! Ephemeral resources: values that neither plan nor state ever hold.
//!
//! None is ever renewed: Terraform's renewal cannot deliver a new token.

use std::collections::BTreeMap;
use std::time::Duration;

use lakebase_api::{Credential, Deadline};
use tfplugin::{Call, Diagnostic, Diagnostics, Object, Opened, Schema, Value};

use crate::data_sources::{ARGUMENTS, ConnectionError, RESULTS, check, connection, endpoint, look};
use crate::lifecycle::{Attempt, Lifecycle, credential_request};
use crate::model::field::{AnyField, Duration as Length, Field, Text, Timestamp};
use crate::model::tf::Tf;
use crate::model::{schema, validate};
use crate::resources::credential::{CLAIMS, ENDPOINT_NAME, EXPIRE_TIME, TOKEN};
use crate::resources::{self, role};

/// How long opening may take.
const TIME_LIMIT: Duration = Duration::from_mins(5);

const TTL: Field<Length> = Field::local("ttl")
    .doc("Duration for which the credential is valid, for example `30m`. Default: about one hour. Lakebase checks the expiration only at login: open connections stay open.")
    .lasting("5m", "1h");

const CREDENTIAL: &[AnyField] =
    &[ENDPOINT_NAME.any(), TTL.any(), CLAIMS.any(), TOKEN.any(), EXPIRE_TIME.any()];

const PASSWORD: Field<Text> = Field::computed("password")
    .doc("Short-lived password for the role of the identity that the provider authenticates as.")
    .sensitive();
const URI: Field<Text> =
    Field::computed("uri").doc("Connection URI, with the password.").sensitive();
const EXPIRES: Field<Timestamp> =
    Field::computed("expire_time").doc("Time at which the password expires.");

const SECRETS: &[AnyField] = &[PASSWORD.any(), URI.any(), EXPIRES.any()];

const ROLE: Field<Text> = Field::local("role")
    .doc("Resource name of the role. Its `auth_method` must be `PG_PASSWORD_SCRAM_SHA_256`.")
    .required()
    .named(resources::ROLE);
const ROLE_PASSWORD: Field<Text> =
    Field::computed("password").doc("Password of the role.").sensitive();

const REVEALED: &[AnyField] = &[ROLE.any(), ROLE_PASSWORD.any()];

/// An ephemeral resource: what it is, and how it is opened.
struct Entry {
    name: &'static str,
    doc: &'static str,
    /// All attributes, the arguments first.
    fields: &'static [&'static [AnyField]],
}

const CREDENTIALS: Entry = Entry {
    name: "lakebase_credential",
    doc: "Issues a short-lived database credential for an endpoint. Terraform stores it neither in the plan nor in the state.",
    fields: &[CREDENTIAL],
};

const CONNECTIONS: Entry = Entry {
    name: "lakebase_connection",
    doc: "Provides connection details for an endpoint with a short-lived password. Terraform stores them neither in the plan nor in the state.",
    fields: &[ARGUMENTS, RESULTS, SECRETS],
};

const PASSWORDS: Entry = Entry {
    name: "lakebase_role_password",
    doc: "Reveals the password of a role with native PostgreSQL login. Terraform stores it neither in the plan nor in the state. The role can log in only if its project has `enable_pg_native_login = true`.",
    fields: &[REVEALED],
};

const ALL: &[Entry] = &[CREDENTIALS, CONNECTIONS, PASSWORDS];

/// The schemas, by type name.
pub fn schemas() -> BTreeMap<String, Schema> {
    let schema = |entry: &Entry| {
        let mut block = schema::block(entry.doc, &[]);
        let attributes =
            entry.fields.iter().flat_map(|fields| schema::block("", fields).attributes);
        block.attributes = attributes.collect();
        (entry.name.to_owned(), Schema { version: 0, block })
    };
    ALL.iter().map(schema).collect()
}

/// Checks a configuration.
pub fn validate(type_name: &str, config: &Object) -> Diagnostics {
    let mut sink = Diagnostics::new();
    let entry = ALL.iter().find(|it| it.name == type_name);
    let arguments = entry.and_then(|entry| entry.fields.first()).copied().unwrap_or_default();
    validate::validate(arguments, config, &mut sink);
    sink.extend(validate::unusual(arguments, None, config));
    if type_name == CONNECTIONS.name {
        check(config, &mut sink);
    }
    sink
}

/// Opens an ephemeral resource.
///
/// *Caveats.* Terraform opens it in plans too, and names are known before objects exist: where the
/// endpoint, the database or the role is still to be created, the results of a plan are unknown.
pub async fn open(lifecycle: &Lifecycle, type_name: &str, config: Object, call: &Call) -> Opened {
    let deadline = lifecycle.client.deadline(TIME_LIMIT, call.stop.clone());
    let opened = if type_name == CREDENTIALS.name {
        credential(lifecycle, config.clone(), &deadline).await
    } else if type_name == PASSWORDS.name {
        password(lifecycle, config.clone(), &deadline).await
    } else {
        connect(lifecycle, config.clone(), &deadline).await
    };
    match opened {
        Ok(object) => Opened { result: Some(object), ..Opened::default() },
        Err(ConnectionError { absent: Some((_, name)), .. })
            if lifecycle.walk.will_create(&name) =>
        {
            let entry = ALL.iter().find(|entry| entry.name == type_name);
            let fields = entry.into_iter().flat_map(|entry| entry.fields.iter().copied().flatten());
            let unknown = fields.filter(|field| field.is_output());
            let mut object = config;
            object.extend(unknown.map(|field| (field.name.to_owned(), Value::unknown())));
            Opened { result: Some(object), ..Opened::default() }
        }
        Err(error) => Opened { diagnostics: error.diagnostics, ..Opened::default() },
    }
}

async fn credential(
    lifecycle: &Lifecycle,
    mut object: Object,
    deadline: &Deadline,
) -> Result<Object, ConnectionError> {
    endpoint(lifecycle, &object, deadline).await?;
    let credential = issue(lifecycle, &object, deadline).await?;
    TOKEN.put(&mut object, Tf::Known(credential.token.expose().to_owned()));
    EXPIRE_TIME.put(&mut object, Tf::Known(credential.expire_time.to_string()));
    Ok(object)
}

async fn connect(
    lifecycle: &Lifecycle,
    config: Object,
    deadline: &Deadline,
) -> Result<Object, ConnectionError> {
    let reported = endpoint(lifecycle, &config, deadline).await?;
    let (mut object, connection) = connection(lifecycle, config, &reported, deadline).await?;
    let credential = issue(lifecycle, &object, deadline).await?;
    let token = credential.token.expose().to_owned();
    URI.put(&mut object, Tf::Known(connection.uri(Some(&token))));
    PASSWORD.put(&mut object, Tf::Known(token));
    EXPIRES.put(&mut object, Tf::Known(credential.expire_time.to_string()));
    Ok(object)
}

async fn issue(
    lifecycle: &Lifecycle,
    config: &Object,
    deadline: &Deadline,
) -> Result<Credential, ConnectionError> {
    let request = credential_request(config);
    lifecycle.client.generate_credential(&request, deadline).await.map_err(|error| {
        let attempt = Attempt { verb: "issue", noun: "credential for", name: &request.endpoint };
        attempt.failed(&lifecycle.client, None, &error).into()
    })
}

async fn password(
    lifecycle: &Lifecycle,
    mut object: Object,
    deadline: &Deadline,
) -> Result<Object, ConnectionError> {
    let name = ROLE.of(&object).known().unwrap_or_default();
    let reported = look(lifecycle, resources::ROLE, &name, deadline).await?;
    let method = reported["status"]["auth_method"].as_str().unwrap_or(role::PASSWORD);
    if method != role::PASSWORD {
        let detail = format!(
            "The role `{name}` has the authentication method `{method}`. Use the ephemeral resource \
             `{}` for a token, or a role with `auth_method = \"{}\"`.",
            CREDENTIALS.name,
            role::PASSWORD
        );
        let summary = format!("Role `{name}` has no password");
        return Err(Diagnostics::from(Diagnostic::error(summary, detail).at(ROLE.name())).into());
    }
    match lifecycle.client.reveal_password(&name, deadline).await {
        Ok(revealed) => {
            let password = revealed.password.expose().to_owned();
            ROLE_PASSWORD.put(&mut object, Tf::Known(password));
            Ok(object)
        }
        Err(error) => {
            let attempt = Attempt { verb: "reveal", noun: "password of the role", name: &name };
            let mut diagnostics = attempt.failed(&lifecycle.client, None, &error);
            let is_answered = error.is_answered() && !error.is_permission_denied();
            diagnostics.extend(is_answered.then(needs_native_login));
            Err(diagnostics.into())
        }
    }
}

/// What a password of PostgreSQL's own takes (API reference, 3.4).
fn needs_native_login() -> Diagnostic {
    Diagnostic::warning(
        "Password login must be enabled in the project",
        "Roles can log in with passwords only if their project has `enable_pg_native_login = true`.",
    )
}
