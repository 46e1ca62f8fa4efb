//! `POST /credentials`: a password for an endpoint, at once and without an operation (§3.6).

use jiff::SignedDuration;
use serde_json::{Value as Json, json};

use crate::api::missing;
use crate::clock::later;
use crate::error::{ApiError, Result};
use crate::message::{Answer, Input};
use crate::model::Call;
use crate::model::world::{Credential, World};
use crate::name;
use crate::schema::{Field, Leniency, Value, check};
use crate::wire::{format_timestamp, parse_duration, parse_timestamp};

pub(crate) static CREDENTIAL: Call = Call {
    method: "POST",
    path: "/api/2.0/postgres/credentials",
    is_public: false,
    mutates: false,
    answer: generate,
};

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

fn generate(world: &mut World, input: &Input<'_>) -> Result<Answer> {
    input.only(&[])?;
    let Json::Object(body) = &input.body else {
        return Err(ApiError::invalid("The body must be a JSON object."));
    };
    let body = check(BODY, body, "", Leniency::default())?;
    let text = |field: &str| body.get(field).and_then(Json::as_str);
    let endpoint = text("endpoint").ok_or_else(|| ApiError::required("endpoint"))?;
    let is_endpoint = name::matches("projects/*/branches/*/endpoints/*", endpoint);
    if !is_endpoint || world.store.live(endpoint).is_none() {
        return Err(missing(world, endpoint));
    }
    let after = |seconds| later(input.now, SignedDuration::from_secs(seconds));
    let expires = match (text("ttl").and_then(parse_duration), text("expire_time")) {
        (Some(ttl), _) => later(input.now, ttl),
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
    let token = format!("credential-{}", world.uuid());
    let credential = Credential {
        identity: world.caller.clone(),
        endpoint: endpoint.to_owned(),
        uid: world.store.live(endpoint).and_then(|endpoint| endpoint.uid.clone()),
        has_claims: body.contains_key("claims"),
        expires,
    };
    world.credentials.insert(token.clone(), credential);
    let answer = json!({"token": token, "expire_time": format_timestamp(expires)});
    Ok(Answer::json(200, &answer))
}
