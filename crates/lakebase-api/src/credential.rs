//! Passwords for Postgres: short-lived, made by one synchronous call.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use crate::{Json, Secret};

/// What a credential is asked for.
#[derive(Clone, Debug, Default)]
pub struct CredentialRequest {
    /// The full name of the endpoint to connect to.
    pub endpoint: String,
    /// How long the credential is to live, in whole seconds; the service allows 300 to 3600 and
    /// takes about an hour where nothing is asked.
    pub ttl: Option<Duration>,
    /// What the credential is narrowed to, in the service's own form:
    /// `{permission_set, resources: [{table_name}]}`. Empty: not narrowed.
    pub claims: Vec<Json>,
}

/// A credential for Postgres. Its validity is checked at login only.
#[derive(Clone, Debug, Deserialize)]
pub struct Credential {
    /// The token, which PostgreSQL takes as the password.
    pub token: Secret,
    /// When a login with it is no longer accepted.
    pub expire_time: Timestamp,
}

/// The password of a role that logs in with one of PostgreSQL's own (API reference, 2.2).
#[derive(Clone, Debug, Deserialize)]
pub struct RolePassword {
    /// The password that Lakebase generated for the role.
    pub password: Secret,
}

impl CredentialRequest {
    pub(crate) fn body(&self) -> Json {
        let mut body = json!({ "endpoint": self.endpoint });
        if let Some(ttl) = self.ttl {
            body["ttl"] = format!("{}s", ttl.as_secs()).into();
        }
        if !self.claims.is_empty() {
            body["claims"] = self.claims.clone().into();
        }
        body
    }
}
