//! `POST /credentials`: a password for an endpoint, at once and without an operation (§3.6).

use jiff::SignedDuration;
use serde_json::{Value as Json, json};

use super::{absent, only, required};
use crate::clock::later;
use crate::error::{ApiError, Result};
use crate::schema::{Field, Kind as Value, check};
use crate::service::{Call, Service};
use crate::store::Kind;
use crate::wire::{format_timestamp, parse_duration, parse_timestamp};

/// [DOC] §3.6, seconds.
const SHORTEST: i64 = 300;
const LONGEST: i64 = 3600;

const CLAIM: &[Field] = &[
    Field::new("permission_set", Value::Enum(&["READ_ONLY"])),
    Field::new(
        "resources",
        Value::List(&Value::Message(&[Field::new(
            "table_name",
            Value::Text { min: 1, max: 1024 },
        )])),
    ),
];

const BODY: &[Field] = &[
    Field::new("endpoint", Value::Text { min: 1, max: 256 }),
    Field::new("claims", Value::List(&Value::Message(CLAIM))),
    // [INF] Two ways to say one thing exclude each other.
    Field::new("ttl", Value::Duration { min: SHORTEST, max: LONGEST }).arm("expiration"),
    Field::new("expire_time", Value::Timestamp).arm("expiration"),
];

pub(super) fn generate(service: &mut Service, call: &Call<'_>) -> Result<Json> {
    only(call, &[])?;
    let Json::Object(body) = &call.body else {
        return Err(ApiError::invalid("The body must be a JSON object."));
    };
    let body = check(BODY, body, "")?;
    let text = |field: &str| body.get(field).and_then(Json::as_str);
    let endpoint = text("endpoint").ok_or_else(|| required("endpoint"))?;
    if service.store.live(endpoint).is_none_or(|object| object.kind != Kind::Endpoint) {
        return Err(absent(&service.store, endpoint));
    }
    let after = |seconds| later(call.now, SignedDuration::from_secs(seconds));
    let expires = match (text("ttl").and_then(parse_duration), text("expire_time")) {
        (Some(ttl), _) => later(call.now, ttl),
        (None, Some(time)) => match parse_timestamp(time) {
            // [DOC] §3.6.
            Some(time) if (after(SHORTEST)..=after(LONGEST)).contains(&time) => time,
            _ => {
                return Err(ApiError::invalid(format!(
                    "Field 'expire_time' must be {SHORTEST}s to {LONGEST}s from now, got {time}."
                )));
            }
        },
        // [KIT] §3.6: about an hour.
        (None, None) => after(LONGEST),
    };
    Ok(json!({
        "token": format!("credential-{}", service.uuid()),
        "expire_time": format_timestamp(expires),
    }))
}
