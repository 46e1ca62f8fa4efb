//! Who may ask: the personal access token, OAuth machine-to-machine, discovery, and SCIM `Me`
//! (reference §8.1, §8.3, §10).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use crate::clock::later;
use crate::error::{ApiError, Result};
use crate::options::Options;
use crate::service::{Answer, Request, Service};

/// Answers what needs no token: discovery and the token endpoint.
pub(crate) fn public(service: &mut Service, request: &Request, now: Timestamp) -> Option<Answer> {
    let url = &service.url;
    match (request.method.as_str(), request.path.as_str()) {
        // [CODE] §8.1.
        ("GET", "/.well-known/databricks-config") => Some(Answer::json(
            200,
            &json!({
                "oidc_endpoint": format!("{url}/oidc"),
                "workspace_id": service.options.workspace_id,
            }),
        )),
        // [CODE] §10.
        ("GET", "/oidc/.well-known/oauth-authorization-server") => Some(Answer::json(
            200,
            &json!({
                "issuer": format!("{url}/oidc"),
                "authorization_endpoint": format!("{url}/oidc/v1/authorize"),
                "token_endpoint": format!("{url}/oidc/v1/token"),
                "grant_types_supported": ["client_credentials"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            }),
        )),
        ("POST", "/oidc/v1/token") => Some(token(service, request, now)),
        _ => None,
    }
}

/// Refuses a request without a valid token, and one that is meant for another workspace.
pub(crate) fn admit(service: &Service, request: &Request, now: Timestamp) -> Result<()> {
    // [INF] The bodies of 401 and 403 were never recorded for this API (§12).
    let Some(token) =
        request.authorization.as_deref().and_then(|value| value.strip_prefix("Bearer "))
    else {
        return Err(ApiError::new(
            401,
            "UNAUTHENTICATED",
            "Credential was not sent or was of an unsupported type for this API.",
        ));
    };
    if token != service.options.token {
        match service.tokens.get(token) {
            None => return Err(ApiError::new(401, "UNAUTHENTICATED", "Invalid access token.")),
            Some(expires) if *expires <= now => {
                return Err(ApiError::new(401, "UNAUTHENTICATED", "Access token expired."));
            }
            Some(_) => {}
        }
    }
    // [INF] §1.4: check that the workspace headers match.
    match &request.workspace {
        Some(id) if *id != service.options.workspace_id => Err(ApiError::new(
            403,
            "PERMISSION_DENIED",
            format!("The principal has no access to workspace {id}."),
        )),
        _ => Ok(()),
    }
}

/// [CODE] §10: a SCIM user.
pub(crate) fn me(options: &Options) -> Json {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": "1000000000000001",
        "userName": options.user_name,
        "displayName": options.user_name,
        "active": true,
        "emails": [{"type": "work", "value": options.user_name, "primary": true}],
        "groups": [],
    })
}

/// `POST /oidc/v1/token`: HTTP Basic and a form. [CODE] §8.3; the errors are those of RFC 6749.
fn token(service: &mut Service, request: &Request, now: Timestamp) -> Answer {
    let refuse = |status, error: &str, description: &str| {
        Answer::json(status, &json!({"error": error, "error_description": description}))
    };
    let wanted = format!("{}:{}", service.options.client_id, service.options.client_secret);
    let given = request
        .authorization
        .as_deref()
        .and_then(|value| value.strip_prefix("Basic "))
        .and_then(|encoded| BASE64.decode(encoded).ok());
    if given.as_deref() != Some(wanted.as_bytes()) {
        return refuse(401, "invalid_client", "Client authentication failed");
    }
    let form = String::from_utf8_lossy(&request.body);
    let has = |pair: &str| form.split('&').any(|other| other == pair);
    if !has("grant_type=client_credentials") {
        return refuse(400, "unsupported_grant_type", "Only client_credentials is supported");
    }
    if !has("scope=all-apis") {
        return refuse(400, "invalid_scope", "Only the scope all-apis is supported");
    }
    let token = format!("oauth-{}", service.uuid());
    let lifetime =
        SignedDuration::try_from(service.options.token_lifetime).unwrap_or(SignedDuration::MAX);
    service.tokens.insert(token.clone(), later(now, lifetime));
    Answer::json(
        200,
        &json!({
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": lifetime.as_secs(),
            "scope": "all-apis",
        }),
    )
}
