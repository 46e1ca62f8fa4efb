//! The provider block. Everything is optional: the environment and profiles fill it in as the
//! Databricks SDKs do.

use std::sync::Arc;

use jiff::SignedDuration;
use lakebase_api::{Client, Clock, Credentials, Environment, Secret};
use tfplugin::{Diagnostic, Diagnostics, Object, Value};

use crate::model::field::{AnyField, Bool, Duration, Field, Float, Text, TextMap};
use crate::model::table::{DEFAULT_MAX_AUTOSCALING_RANGE_CU, Settings};
use crate::model::tf::Tf;
use crate::model::{meaning, validate};

/// What the block is.
pub const DOC: &str = "Manages Databricks Lakebase Autoscaling: projects, their branches and computes, and the ways to connect to them.";

const HOST: Field<Text> = Field::local("host")
    .doc("The URL of the workspace, e.g. `https://dbc-a1b2c3d4-e5f6.cloud.databricks.com`. Environment: `DATABRICKS_HOST`.");
const TOKEN: Field<Text> = Field::local("token")
    .doc("A personal access token. Environment: `DATABRICKS_TOKEN`.")
    .sensitive();
const CLIENT_ID: Field<Text> = Field::local("client_id")
    .doc("The application id of a service principal. Environment: `DATABRICKS_CLIENT_ID`.");
const CLIENT_SECRET: Field<Text> = Field::local("client_secret")
    .doc("An OAuth secret of the service principal. Environment: `DATABRICKS_CLIENT_SECRET`.")
    .sensitive();
const PROFILE: Field<Text> = Field::local("profile")
    .doc("The profile in the configuration file. Environment: `DATABRICKS_CONFIG_PROFILE`.");
const CONFIG_FILE: Field<Text> = Field::local("config_file").doc(
    "The configuration file, by default `~/.databrickscfg`. Environment: `DATABRICKS_CONFIG_FILE`.",
);
const AUTH_TYPE: Field<Text> = Field::local("auth_type")
    .doc("The one authentication method to use: `pat` or `oauth-m2m`. Environment: `DATABRICKS_AUTH_TYPE`.");
const ACCOUNT_ID: Field<Text> = Field::local("account_id")
    .doc("The account, where the host serves an account. Environment: `DATABRICKS_ACCOUNT_ID`.");
const WORKSPACE_ID: Field<Text> = Field::local("workspace_id")
    .doc("The workspace, where the host serves several. Environment: `DATABRICKS_WORKSPACE_ID`.");
const ALLOW_HTTP: Field<Bool> = Field::local("allow_http")
    .doc("Whether the host may be reached by `http` although it is not this machine, such as an emulator in another container. The token is then readable on the network. By default it may not. Environment: `LAKEBASE_ALLOW_HTTP`.");
const EXPECTED_WORKSPACE_ID: Field<Text> = Field::local("expected_workspace_id")
    .doc("The only workspace whose answers are believed. A guard against the wrong `host` or `profile`: nothing is changed in any other.");
const MAX_AUTOSCALING_RANGE_CU: Field<Float> = Field::local("max_autoscaling_range_cu")
    .doc("How many CU the two limits of an autoscaling range may be apart, by default 8. Newer documentation of the service allows 16.");
const REVIEW_WARNINGS: Field<Bool> = Field::local("review_warnings")
    .doc("Whether a plan warns when the ceiling of a compute at least doubles, scale to zero is turned off, high availability is turned on, a value is outside what the service documents, or a change of defaults does not reach existing computes. By default it does.");
const CUSTOM_TAGS: Field<TextMap> =
    Field::local("custom_tags").doc("Tags of every project. A project's own tags override them. They reach projects with `ignore_changes` too, which covers only what the resource configures.");
const REQUESTS_PER_SECOND: Field<Float> = Field::local("requests_per_second")
    .doc("Maximum number of requests a second. If omitted, `DATABRICKS_RATE_LIMIT` or `rate_limit` of the profile, else there is no limit but that of the Lakebase API.");
const HTTP_TIMEOUT: Field<Duration> = Field::local("http_timeout")
    .doc("The longest time for one attempt at a request, by default `60s`.");
const RETRY_TIMEOUT: Field<Duration> = Field::local("retry_timeout")
    .doc("The longest time for all attempts at one request, by default `5m`.");

/// The block's attributes, in the order of the documentation.
pub const FIELDS: &[AnyField] = &[
    HOST.any(),
    TOKEN.any(),
    CLIENT_ID.any(),
    CLIENT_SECRET.any(),
    PROFILE.any(),
    CONFIG_FILE.any(),
    AUTH_TYPE.any(),
    ACCOUNT_ID.any(),
    WORKSPACE_ID.any(),
    ALLOW_HTTP.any(),
    EXPECTED_WORKSPACE_ID.any(),
    MAX_AUTOSCALING_RANGE_CU.any(),
    REVIEW_WARNINGS.any(),
    CUSTOM_TAGS.any(),
    REQUESTS_PER_SECOND.any(),
    HTTP_TIMEOUT.any(),
    RETRY_TIMEOUT.any(),
];

/// Checks the block. Values may be unknown.
pub fn validate(config: &Object, sink: &mut Diagnostics) {
    validate::validate(FIELDS, config, sink);
    for field in [MAX_AUTOSCALING_RANGE_CU, REQUESTS_PER_SECOND] {
        if let Tf::Known(number) = field.of(config)
            && number <= 0.0
        {
            let detail = format!("{number} is not above 0.");
            let summary = format!("Invalid {field}");
            sink.push(Diagnostic::error(summary, detail).at(field.name()));
        }
    }
    for (field, least, form) in [
        (HTTP_TIMEOUT, SignedDuration::from_nanos(1), "longer than `0s`"),
        (RETRY_TIMEOUT, SignedDuration::ZERO, "`0s`, for no retries, or longer"),
    ] {
        if let Tf::Known(text) = field.of(config)
            && meaning::duration(&text).is_ok_and(|length| length < least)
        {
            let detail = format!("`{text}` is too short: the time must be {form}.");
            let summary = format!("Invalid {field}");
            sink.push(Diagnostic::error(summary, detail).at(field.name()));
        }
    }
}

/// What the block says about plans.
pub fn settings(config: &Object) -> Settings {
    Settings {
        max_autoscaling_range_cu: match MAX_AUTOSCALING_RANGE_CU.of(config) {
            Tf::Null => Some(DEFAULT_MAX_AUTOSCALING_RANGE_CU),
            Tf::Unknown => None,
            Tf::Known(it) => Some(it),
        },
        custom_tags: match config.get(CUSTOM_TAGS.name()) {
            None | Some(Value::Null) => Value::Map(Object::new()),
            Some(tags) => tags.clone(),
        },
        review_warnings: REVIEW_WARNINGS.of(config) != Tf::Known(false),
    }
}

/// The way to the service; none while the block holds unknown values that it depends on.
///
/// *Errors.* The diagnostic lists each way to sign in that was tried and why it was not taken.
pub fn client(
    config: &Object,
    terraform_version: &str,
    clock: &Arc<dyn Clock>,
) -> Result<Option<Client>, Diagnostic> {
    let decides_nothing =
        [MAX_AUTOSCALING_RANGE_CU.name(), REVIEW_WARNINGS.name(), CUSTOM_TAGS.name()];
    let decides = |name: &str| !decides_nothing.contains(&name);
    if config.iter().any(|(name, it)| decides(name) && !it.is_wholly_known()) {
        return Ok(None);
    }
    let text = |field: Field<Text>| field.of(config).known();
    let secret = |field| text(field).map(Secret::from);
    let credentials = Credentials {
        host: text(HOST),
        token: secret(TOKEN),
        client_id: text(CLIENT_ID),
        client_secret: secret(CLIENT_SECRET),
        profile: text(PROFILE),
        config_file: text(CONFIG_FILE),
        auth_type: text(AUTH_TYPE),
        account_id: text(ACCOUNT_ID),
        workspace_id: text(WORKSPACE_ID),
        allow_http: ALLOW_HTTP.of(config).known(),
    };
    let length = |field: Field<Duration>| {
        let length = field.of(config).known().and_then(|it| meaning::duration(&it).ok());
        length.map(SignedDuration::unsigned_abs)
    };
    let otherwise = lakebase_api::Settings::default();
    let settings = lakebase_api::Settings {
        http_timeout: length(HTTP_TIMEOUT).unwrap_or(otherwise.http_timeout),
        retry_timeout: length(RETRY_TIMEOUT).unwrap_or(otherwise.retry_timeout),
        requests_per_second: REQUESTS_PER_SECOND.of(config).known(),
        user_agent: user_agent(terraform_version),
        expected_workspace_id: text(EXPECTED_WORKSPACE_ID),
    };
    let environment = Environment::of_process();
    let client = Client::new(credentials, &environment, settings, clock.clone());
    client.map(Some).map_err(|error| {
        Diagnostic::error("The provider cannot sign in to Databricks", error.to_string())
    })
}

/// `terraform-provider-lakebase/0.1.0 terraform/1.11.4`: only characters that the platform keeps.
fn user_agent(terraform_version: &str) -> String {
    let kept = |it: &char| it.is_ascii_alphanumeric() || "_.+-".contains(*it);
    let version: String = terraform_version.chars().filter(kept).collect();
    let product = concat!("terraform-provider-lakebase/", env!("CARGO_PKG_VERSION"));
    format!("{product} terraform/{version}")
}
