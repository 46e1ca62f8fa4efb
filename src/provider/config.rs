//! Declares the provider block, and makes a client of it. Everything is optional: the environment
//! and profiles fill it in as the Databricks SDKs do.
//!
//! The attributes of authentication are those of the table in the crate `lakebase-api`.

use std::sync::Arc;

use jiff::SignedDuration;
use lakebase_api::{ATTRIBUTES, Attribute, Client, Clock, Credentials, Environment, ValueKind};
use tfplugin::{Diagnostic, Diagnostics, Object, Value};

use crate::model::field::{AnyField, Bool, Duration, Field, Float, Int, Text, TextMap};
use crate::model::table::{DEFAULT_MAX_AUTOSCALING_RANGE_CU, Settings};
use crate::model::tf::Tf;
use crate::model::{meaning, validate};

/// What the block is.
pub const DOC: &str = "Use the lakebase provider to manage Databricks Lakebase Autoscaling: projects, branches, endpoints, roles, databases and database credentials.";

const EXPECTED_WORKSPACE_ID: Field<Text> = Field::local("expected_workspace_id")
    .doc("ID of the workspace that the provider must be connected to. If `host` or `profile` points to another workspace, every operation fails before anything is changed.");
const MAX_AUTOSCALING_RANGE_CU: Field<Float> = Field::local("max_autoscaling_range_cu")
    .doc("Maximum width of an autoscaling range (maximum minus minimum), in CU. Default: `8`. Set to `16` if the workspace supports wider ranges.");
const REVIEW_WARNINGS: Field<Bool> = Field::local("review_warnings")
    .doc("Whether to show compute warnings in plans: an autoscaling maximum at least doubles, scale to zero is disabled, high availability is enabled, a size is outside the documented sizes, or changed defaults do not apply to existing endpoints. Default: `true`.");
const CUSTOM_TAGS: Field<TextMap> =
    Field::local("custom_tags").doc("Tags to assign to all projects. Tags of a project override tags with the same key. `ignore_changes` on a project does not exclude these tags.");
const REQUESTS_PER_SECOND: Field<Float> = Field::local("requests_per_second")
    .doc("Maximum number of API requests per second. If omitted, the value of `DATABRICKS_RATE_LIMIT`, or of `rate_limit` in the profile, applies; otherwise the provider does not limit requests.");
const HTTP_TIMEOUT: Field<Duration> = Field::local("http_timeout")
    .doc("Timeout for a single attempt of an API request. If omitted, the value of `http_timeout_seconds` in the profile applies, else `60s`.");
const RETRY_TIMEOUT: Field<Duration> = Field::local("retry_timeout")
    .doc("Total time allowed for an API request, including retries. If omitted, the value of `retry_timeout_seconds` in the profile applies, else `5m`.");

/// The attributes beside those of authentication, in the order of the documentation.
const OWN: [AnyField; 7] = [
    EXPECTED_WORKSPACE_ID.any(),
    MAX_AUTOSCALING_RANGE_CU.any(),
    REVIEW_WARNINGS.any(),
    CUSTOM_TAGS.any(),
    REQUESTS_PER_SECOND.any(),
    HTTP_TIMEOUT.any(),
    RETRY_TIMEOUT.any(),
];

/// The block's attributes, in the order of the documentation.
pub const FIELDS: &[AnyField] = &fields();

const COUNT: usize = {
    let (mut count, mut row) = (OWN.len(), 0);
    while row < ATTRIBUTES.len() {
        count += ATTRIBUTES[row].is_in_block as usize;
        row += 1;
    }
    count
};

const fn fields() -> [AnyField; COUNT] {
    let mut fields = [OWN[0]; COUNT];
    let (mut field, mut row) = (0, 0);
    while row < ATTRIBUTES.len() {
        if ATTRIBUTES[row].is_in_block {
            fields[field] = declared(&ATTRIBUTES[row]);
            field += 1;
        }
        row += 1;
    }
    row = 0;
    while row < OWN.len() {
        fields[field + row] = OWN[row];
        row += 1;
    }
    fields
}

/// The declaration of an attribute of authentication.
const fn declared(attribute: &Attribute) -> AnyField {
    let Attribute { name, doc, .. } = *attribute;
    let mut field = match attribute.kind {
        ValueKind::Text | ValueKind::List => Field::<Text>::local(name).doc(doc).any(),
        ValueKind::Boolean => Field::<Bool>::local(name).doc(doc).any(),
        ValueKind::Number => Field::<Int>::local(name).doc(doc).any(),
    };
    field.sensitive = attribute.is_secret;
    field
}

/// Checks the block. Values may be unknown.
pub fn validate(config: &Object, sink: &mut Diagnostics) {
    validate::validate(FIELDS, config, sink);
    for field in [MAX_AUTOSCALING_RANGE_CU, REQUESTS_PER_SECOND] {
        if let Tf::Known(number) = field.of(config)
            && number <= 0.0
        {
            let detail = format!("{number} must be greater than 0.");
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
        caller: None,
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
/// *Errors.* The diagnostic lists each method of authentication and the reason that it cannot be
/// used.
pub fn client(
    config: &Object,
    terraform_version: &str,
    clock: &Arc<dyn Clock>,
) -> Result<Option<Client>, Diagnostic> {
    let decides_nothing =
        [MAX_AUTOSCALING_RANGE_CU.name(), REVIEW_WARNINGS.name(), CUSTOM_TAGS.name()];
    let decides = |name: &str| !decides_nothing.contains(&name);
    if config.iter().any(|(name, value)| decides(name) && !value.is_wholly_known()) {
        return Ok(None);
    }
    let length = |field: Field<Duration>| {
        let length = field.of(config).known().and_then(|text| meaning::duration(&text).ok());
        length.map(SignedDuration::unsigned_abs)
    };
    let settings = lakebase_api::Settings {
        http_timeout: length(HTTP_TIMEOUT),
        retry_timeout: length(RETRY_TIMEOUT),
        requests_per_second: REQUESTS_PER_SECOND.of(config).known(),
        user_agent: user_agent(terraform_version),
        expected_workspace_id: EXPECTED_WORKSPACE_ID.of(config).known(),
    };
    let environment = Environment::of_process();
    let client = Client::new(&credentials(config), &environment, settings, clock.clone());
    client.map(Some).map_err(|error| {
        Diagnostic::error("Could not configure authentication to Databricks", error.to_string())
    })
}

/// What the block says about authentication.
fn credentials(config: &Object) -> Credentials {
    let in_block = ATTRIBUTES.iter().filter(|attribute| attribute.is_in_block);
    in_block.fold(Credentials::of("the provider block"), |credentials, attribute| {
        let value = match config.get(attribute.name) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Bool(flag)) => flag.to_string(),
            Some(Value::Number(number)) => number.to_string(),
            _ => return credentials,
        };
        credentials.with(attribute.name, value)
    })
}

/// That certificates are not checked.
pub fn unverified(host: &str) -> Diagnostic {
    Diagnostic::warning(
        "TLS certificates are not verified",
        format!(
            "`skip_verify` is set: whoever controls the network between this machine and {host} \
             can read the token, and change what the provider reads and writes. Remove \
             `skip_verify`. For a private certificate authority, set `SSL_CERT_FILE` to its \
             certificate."
        ),
    )
}

/// `terraform-provider-lakebase/0.1.0 terraform/1.11.4`: only characters that the platform keeps.
fn user_agent(terraform_version: &str) -> String {
    let kept = |character: &char| character.is_ascii_alphanumeric() || "_.+-".contains(*character);
    let version: String = terraform_version.chars().filter(kept).collect();
    let product = concat!("terraform-provider-lakebase/", env!("CARGO_PKG_VERSION"));
    format!("{product} terraform/{version}")
}
