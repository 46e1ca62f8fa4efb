//! Authenticates requests: the personal access token, OAuth machine-to-machine, discovery, and SCIM
//! `Me` (reference §8.1, §8.3, §10).

#![expect(clippy::unnecessary_wraps, reason = "all calls have the same signature")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use crate::clock::after;
use crate::error::{ApiError, Result};
use crate::message::{Answer, Input, Request};
use crate::model::Call;
use crate::model::world::World;
use crate::options::Identity;

/// [CODE] §8.1.
pub(crate) static CONFIG: Call =
    Call { path: "/.well-known/databricks-config", answer: config, ..PUBLIC };

/// [CODE] §10.
pub(crate) static DISCOVERY: Call =
    Call { path: "/oidc/.well-known/oauth-authorization-server", answer: discovery, ..PUBLIC };

/// HTTP Basic and a form. [CODE] §8.3; the errors are those of RFC 6749.
pub(crate) static TOKEN: Call =
    Call { method: "POST", path: "/oidc/v1/token", answer: token, ..PUBLIC };

/// [CODE] §10: a SCIM user.
pub(crate) static ME: Call =
    Call { path: "/api/2.0/preview/scim/v2/Me", is_public: false, answer: me, ..PUBLIC };

const PUBLIC: Call = Call {
    method: "GET",
    path: "",
    is_public: true,
    mutates: false,
    answer: |_, input| Err(ApiError::no_such_api(input.method, input.path)),
};

/// The identity that a request comes from. Refuses one without a valid token, and one that is meant
/// for another workspace.
pub(crate) fn admit(world: &World, request: &Request, now: Timestamp) -> Result<String> {
    // [INF] The bodies of 401 and 403 were never recorded for this API (§12).
    let refuse = |text| Err(ApiError::new(401, "UNAUTHENTICATED", text));
    let Some(token) = credentials(request, "bearer") else {
        return refuse("Credential was not sent or was of an unsupported type for this API.");
    };
    let personal = world.options.everybody().find(|identity| identity.token == token);
    let name = match (personal, world.tokens.get(token)) {
        (Some(identity), _) => identity.user_name,
        (None, None) => return refuse("Invalid access token."),
        (None, Some((_, expires))) if *expires <= now => return refuse("Access token expired."),
        (None, Some((name, _))) => name.clone(),
    };
    // [INF] §1.4: check that the workspace headers match.
    match &request.workspace {
        Some(id) if *id != world.options.workspace_id => Err(ApiError::new(
            403,
            "PERMISSION_DENIED",
            format!("The principal has no access to workspace {id}."),
        )),
        _ => Ok(name),
    }
}

/// What follows the scheme in the `Authorization` header. RFC 9110: its case does not matter.
fn credentials<'a>(request: &'a Request, scheme: &str) -> Option<&'a str> {
    let (given, rest) = request.authorization.as_deref()?.split_once(' ')?;
    given.eq_ignore_ascii_case(scheme).then(|| rest.trim_start())
}

fn config(world: &mut World, _: &Input<'_>) -> Result<Answer> {
    let answer = json!({
        "oidc_endpoint": format!("{}/oidc", world.url),
        "workspace_id": world.options.workspace_id,
    });
    Ok(Answer::json(200, &answer))
}

fn discovery(world: &mut World, _: &Input<'_>) -> Result<Answer> {
    let url = &world.url;
    let answer = json!({
        "issuer": format!("{url}/oidc"),
        "authorization_endpoint": format!("{url}/oidc/v1/authorize"),
        "token_endpoint": format!("{url}/oidc/v1/token"),
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
    });
    Ok(Answer::json(200, &answer))
}

fn me(world: &mut World, _: &Input<'_>) -> Result<Answer> {
    let user: &Json = &json!(world.caller);
    let place = world.options.everybody().position(|it| it.user_name == world.caller);
    let place = place.unwrap_or_default();
    // [DOC] The first identity is an admin of the workspace.
    let admins = if place == 0 { json!([{"display": "admins"}]) } else { json!([]) };
    let answer = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": (1_000_000_000_000_001_u64 + place as u64).to_string(),
        "userName": user,
        "displayName": user,
        "active": true,
        "emails": [{"type": "work", "value": user, "primary": true}],
        "groups": admins,
    });
    Ok(Answer::json(200, &answer))
}

fn token(world: &mut World, input: &Input<'_>) -> Result<Answer> {
    let refuse = |status, error: &str, description: &str| {
        Ok(Answer::json(status, &json!({"error": error, "error_description": description})))
    };
    let given = credentials(input.request, "basic").and_then(|encoded| BASE64.decode(encoded).ok());
    let is_given = |identity: &Identity| {
        let wanted = format!("{}:{}", identity.client_id, identity.client_secret);
        given.as_deref() == Some(wanted.as_bytes())
    };
    let Some(identity) = world.options.everybody().find(is_given) else {
        return refuse(401, "invalid_client", "Client authentication failed");
    };
    let form = String::from_utf8_lossy(&input.request.body);
    let has = |pair: &str| form.split('&').any(|other| other == pair);
    if !has("grant_type=client_credentials") {
        return refuse(400, "unsupported_grant_type", "Only client_credentials is supported");
    }
    if !has("scope=all-apis") {
        return refuse(400, "invalid_scope", "Only the scope all-apis is supported");
    }
    let token = format!("oauth-{}", world.uuid());
    let lifetime = world.options.token_lifetime;
    world.tokens.insert(token.clone(), (identity.user_name, after(input.now, lifetime)));
    let seconds = SignedDuration::try_from(lifetime).unwrap_or(SignedDuration::MAX).as_secs();
    Ok(Answer::json(
        200,
        &json!({
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": seconds,
            "scope": "all-apis",
        }),
    ))
}
