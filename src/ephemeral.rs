//! Ephemeral resources: values that neither plan nor state ever hold.
//!
//! Neither is ever renewed: Terraform's renewal cannot deliver a new token.

use std::collections::BTreeMap;
use std::time::Duration;

use tfplugin::{Call, Diagnostics, Object, Opened, Schema, Value};

use crate::data_sources::{ARGUMENTS, RESULTS, connection, endpoint};
use crate::lifecycle::{Attempt, Lifecycle, credential_request};
use crate::model::field::{AnyField, Duration as Length, Field, Text, Timestamp};
use crate::model::tf::Tf;
use crate::model::{schema, validate};
use crate::resources::credential::{CLAIMS, ENDPOINT_NAME, EXPIRE_TIME, TOKEN};

/// How long opening may take.
const PATIENCE: Duration = Duration::from_mins(5);

const TTL: Field<Length> = Field::local("ttl")
    .doc("How long the credential lives, by default about an hour. The service checks it at login only.")
    .lasting("5m", "1h");

const CREDENTIAL: &[AnyField] =
    &[ENDPOINT_NAME.any(), TTL.any(), CLAIMS.any(), TOKEN.any(), EXPIRE_TIME.any()];

const PASSWORD: Field<Text> = Field::computed("password")
    .doc("A short-lived password for the caller's own role.")
    .sensitive();
const URI: Field<Text> =
    Field::computed("uri").doc("The connection URI, with the password.").sensitive();
const EXPIRES: Field<Timestamp> = Field::computed("expire_time").doc("When the password ends.");

const SECRETS: &[AnyField] = &[PASSWORD.any(), URI.any(), EXPIRES.any()];

/// The schemas, by type name.
pub fn schemas() -> BTreeMap<String, Schema> {
    let credential = schema::block(
        "A short-lived password for an endpoint, kept neither in the plan nor in the state.",
        CREDENTIAL,
    );
    let doc = "How to connect to an endpoint, with a short-lived password, kept neither in the plan nor in the state.";
    let mut connection = schema::block(doc, ARGUMENTS);
    for fields in [RESULTS, SECRETS] {
        connection.attributes.extend(schema::block(doc, fields).attributes);
    }
    let schema = |block| Schema { version: 0, block };
    [("lakebase_credential", credential), ("lakebase_connection", connection)]
        .map(|(name, block)| (name.to_owned(), schema(block)))
        .into()
}

/// Checks a configuration.
pub fn validate(type_name: &str, config: &Object) -> Diagnostics {
    let mut sink = Diagnostics::new();
    let fields = if type_name == "lakebase_credential" { CREDENTIAL } else { ARGUMENTS };
    validate::validate(fields, config, &mut sink);
    sink.extend(validate::unusual(fields, None, config));
    sink
}

/// Opens an ephemeral resource.
///
/// *Caveats.* Terraform opens it in plans too, and names are known before objects exist: where the
/// endpoint is still to be created, the results of a plan are unknown.
pub async fn open(lifecycle: &Lifecycle, type_name: &str, config: Object, call: &Call) -> Opened {
    let patience = lifecycle.client.patience(PATIENCE, call.stop.clone());
    let failed = |diagnostics| Opened { diagnostics, ..Opened::default() };
    let results = if type_name == "lakebase_credential" {
        &[TOKEN.any(), EXPIRE_TIME.any()][..]
    } else {
        SECRETS
    };
    let reported = match endpoint(lifecycle, &config, &patience).await {
        Ok(reported) => reported,
        Err(error) if error.absent && is_planned(lifecycle, &config) => {
            let others = if type_name == "lakebase_credential" { &[][..] } else { RESULTS };
            let mut object = config;
            for field in results.iter().chain(others) {
                object.insert(field.name.to_owned(), Value::unknown());
            }
            return Opened { result: Some(object), ..Opened::default() };
        }
        Err(error) => return failed(error.diagnostics),
    };
    let credential =
        match lifecycle.client.generate_credential(&credential_request(&config), &patience).await {
            Ok(credential) => credential,
            Err(error) => {
                let name = ENDPOINT_NAME.of(&config).known().unwrap_or_default();
                let attempt = Attempt { verb: "issue", noun: "credential for", name: &name };
                return failed(attempt.failed(&lifecycle.client, None, &error));
            }
        };
    let (token, end) = (credential.token.expose().to_owned(), credential.expire_time.to_string());
    if type_name == "lakebase_credential" {
        let mut object = config;
        TOKEN.put(&mut object, Tf::Known(token));
        EXPIRE_TIME.put(&mut object, Tf::Known(end));
        return Opened { result: Some(object), ..Opened::default() };
    }
    match connection(lifecycle, config, &reported, &patience).await {
        Ok((mut object, connection)) => {
            URI.put(&mut object, Tf::Known(connection.uri(Some(&token))));
            PASSWORD.put(&mut object, Tf::Known(token));
            EXPIRES.put(&mut object, Tf::Known(end));
            Opened { result: Some(object), ..Opened::default() }
        }
        Err(diagnostics) => failed(diagnostics),
    }
}

/// Whether the plan creates the endpoint, or what it is in.
fn is_planned(lifecycle: &Lifecycle, config: &Object) -> bool {
    ENDPOINT_NAME.of(config).known().is_some_and(|name| lifecycle.walk.will_create(&name))
}
