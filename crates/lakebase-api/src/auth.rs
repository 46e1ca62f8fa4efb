//! Signing in, as the Databricks SDKs do: which host, which method, which token.
//!
//! `attributes.rs` gathers what is configured, `host.rs` and the methods make sense of it,
//! `token.rs` keeps the token fresh. Finding a method needs no network; a token may.
//!
//! To add a method: a file beside `pat.rs`, and its line in [`METHODS`].

mod attributes;
mod error;
mod host;
mod ini;
mod oauth_m2m;
mod pat;
mod profile;
mod token;

use reqwest::Url;

use attributes::Attributes;
pub use attributes::Credentials;
pub use error::AuthError;
use error::Skipped;
pub(crate) use host::is_loopback;
use token::TokenSource;
pub(crate) use token::{Authenticator, Bearer};

use crate::Environment;

/// What a client needs to know before its first request.
pub(crate) struct Resolved {
    pub(crate) host: Url,
    /// To be named with every request, for hosts that serve several workspaces.
    pub(crate) workspace_id: Option<String>,
    /// The most requests a second that the environment or a profile allows.
    pub(crate) rate_limit: Option<f64>,
    pub(crate) authenticator: Authenticator,
}

/// Makes a source of tokens out of what is configured, or says what is missing.
type Configure = fn(&Attributes, &Url) -> Result<Box<dyn TokenSource>, String>;

/// Every method of unified authentication, in the order in which the Go SDK tries them; those
/// without a function are known, but not supported yet.
const METHODS: &[(&str, Option<Configure>)] = &[
    (pat::NAME, Some(pat::configure)),
    ("basic", None),
    (oauth_m2m::NAME, Some(oauth_m2m::configure)),
    ("databricks-cli", None),
    ("metadata-service", None),
    ("github-oidc", None),
    ("azure-devops-oidc", None),
    ("env-oidc", None),
    ("file-oidc", None),
    ("github-oidc-azure", None),
    ("azure-msi", None),
    ("azure-client-secret", None),
    ("azure-cli", None),
    ("google-credentials", None),
    ("google-id", None),
];

/// Finds the host and the method.
pub(crate) fn resolve(
    credentials: Credentials,
    environment: &Environment,
) -> Result<Resolved, AuthError> {
    let mut attributes = attributes::gather(credentials, environment)?;
    let Some(given) = attributes.text("host") else {
        return Err(AuthError::no_host(&attributes));
    };
    let host::Host { url, workspace_id, account_id } =
        host::normalize(given, attributes.allow_http).map_err(AuthError::host)?;
    attributes.default("workspace_id", workspace_id, "host");
    attributes.default("account_id", account_id, "host");

    let rate_limit = attributes.rate_limit()?;
    let pinned = attributes.text("auth_type");
    if let Some(pinned) = pinned
        && !METHODS.iter().any(|(name, _)| *name == pinned)
    {
        return Err(AuthError::unknown_method(pinned, METHODS.iter().map(|(name, _)| *name)));
    }
    if pinned.is_none() {
        attributes.check_one_family()?;
    }
    let mut skipped = Vec::new();
    for (name, configure) in METHODS {
        if pinned.is_some_and(|it| it != *name) {
            continue;
        }
        let reason = match configure.map(|it| it(&attributes, &url)) {
            Some(Ok(source)) => {
                let workspace_id = attributes.text("workspace_id").map(str::to_owned);
                let authenticator = Authenticator::new(name, source);
                return Ok(Resolved { host: url, workspace_id, rate_limit, authenticator });
            }
            Some(Err(reason)) => Some(reason),
            None => None,
        };
        skipped.push(Skipped { method: name, reason });
    }
    Err(AuthError::no_method(skipped, &attributes))
}
