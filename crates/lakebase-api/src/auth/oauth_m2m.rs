//! `oauth-m2m`: a service principal's id and secret, exchanged for tokens that live an hour.

use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, Url};

use super::attributes::Attributes;
use super::host::check_secure;
use super::token::{Token, TokenSource, check};
use crate::error::{Error, Kind, Missing};
use crate::request::{Payload, Request, absolute};
use crate::retry::Effect;
use crate::transport::Transport;
use crate::{Json, Patience, Secret};

pub(super) const NAME: &str = "oauth-m2m";

/// Where a workspace says where its tokens are made.
const DISCOVERY: &str = "/oidc/.well-known/oauth-authorization-server";
const FORM: &str = "grant_type=client_credentials&scope=all-apis";
/// Where the answer does not say how long the token lives.
const USUAL_LIFE: Duration = Duration::from_hours(1);

struct OAuthM2m {
    client_id: String,
    basic: Secret,
    endpoint: Endpoint,
    allow_http: bool,
}

/// Where tokens are made.
#[derive(Debug, PartialEq, Eq)]
enum Endpoint {
    /// To be asked for.
    Discover(Url),
    /// An account's, which is known.
    Known(Url),
}

pub(super) fn configure(
    attributes: &Attributes,
    host: &Url,
) -> Result<Box<dyn TokenSource>, String> {
    let missing = Attributes::missing;
    let client_id = attributes.text("client_id").ok_or_else(|| missing("client_id"))?;
    let secret = attributes.get("client_secret").ok_or_else(|| missing("client_secret"))?;
    let endpoint = endpoint(attributes, host)?;
    let basic = Secret::new(STANDARD.encode(format!("{client_id}:{}", secret.expose())));
    let (client_id, allow_http) = (client_id.to_owned(), attributes.allow_http);
    Ok(Box::new(OAuthM2m { client_id, basic, endpoint, allow_http }))
}

/// An account's endpoint is known, and a workspace says its own.
fn endpoint(attributes: &Attributes, host: &Url) -> Result<Endpoint, String> {
    let is_account =
        |name: &str| name.starts_with("accounts.") || name.starts_with("accounts-dod.");
    if !host.host_str().is_some_and(is_account) {
        return Ok(Endpoint::Discover(absolute(host, DISCOVERY)));
    }
    let account = attributes.text("account_id").ok_or_else(|| {
        format!("`host` is an account's, and {}", Attributes::missing("account_id"))
    })?;
    Ok(Endpoint::Known(absolute(host, &format!("/oidc/accounts/{account}/v1/token"))))
}

#[async_trait]
impl TokenSource for OAuthM2m {
    async fn fetch(&self, transport: &Transport, patience: &Patience) -> Result<Token, Kind> {
        let endpoint = match &self.endpoint {
            Endpoint::Known(url) => url.clone(),
            Endpoint::Discover(url) => {
                let request = Request::get(url.clone());
                let answer = transport.deliver(&request, None, patience).await;
                let answer = answer.map_err(|error| {
                    let what = format!("`{url}` does not say where tokens are made");
                    // The document is public: a host that refuses it is no workspace.
                    let is_refusal = error.is_answered() && !error.is_passing();
                    let reason = if is_refusal { Missing::NotTheService } else { Missing::Other };
                    no_token(what, reason, error)
                })?;
                token_endpoint(&answer, self.allow_http).map_err(|why| unfit(url, &why))?
            }
        };
        let request = Request {
            method: Method::POST,
            url: endpoint.clone(),
            payload: Payload::Form { form: FORM, basic: self.basic.clone() },
            effect: Effect::Read, // two tokens are as good as one
            names_others: false,
        };
        let answer = transport.deliver(&request, None, patience).await.map_err(|error| {
            let what = format!("`{endpoint}` gives none to the client `{}`", self.client_id);
            let is_refusal = error.is_answered() && matches!(error.status(), Some(400 | 401));
            no_token(what, if is_refusal { Missing::Refused } else { Missing::Other }, error)
        })?;
        token(&answer).map_err(|why| unfit(&endpoint, &why))
    }

    fn renews(&self) -> bool {
        true
    }
}

/// The client's secret goes there, so the address must be as safe as the host's.
fn token_endpoint(answer: &Json, allow_http: bool) -> Result<Url, String> {
    let text = answer["token_endpoint"].as_str().ok_or("`token_endpoint` is missing")?;
    let url = Url::parse(text).map_err(|error| format!("`token_endpoint` is `{text}`: {error}"))?;
    check_secure(&url, allow_http)
        .map_err(|why| format!("`token_endpoint` is `{text}`, but {why}"))?;
    Ok(url)
}

/// `expires_in` is a number, or a string that holds one.
fn token(answer: &Json) -> Result<Token, String> {
    let secret = Secret::from(answer["access_token"].as_str().unwrap_or_default());
    check(&secret).map_err(|why| format!("`access_token` {why}"))?;
    let seconds = match &answer["expires_in"] {
        Json::String(text) => text.parse().ok(),
        other => other.as_u64(),
    };
    Ok(Token { secret, life: Some(seconds.map_or(USUAL_LIFE, Duration::from_secs)) })
}

/// What ends a wait ends this one too; all else is about the token.
fn no_token(what: String, reason: Missing, error: Error) -> Kind {
    if error.is_timeout() || error.is_interrupted() {
        return error.into_kind();
    }
    Kind::NoToken { what, reason, source: error }
}

/// Another service answered, or this one in a form that is not known.
fn unfit(url: &Url, why: &str) -> Kind {
    Kind::NotTheService { status: 200, what: format!("in the answer of `{url}`, {why}") }
}

#[cfg(test)]
mod tests {
    use super::super::attributes::{Credentials, gather};
    use super::*;
    use crate::Environment;

    #[test]
    fn an_account_has_a_known_token_endpoint_and_a_workspace_says_its_own() {
        let known = |url: &str| Ok(Endpoint::Known(Url::parse(url).unwrap()));
        let discover = |url: &str| Ok(Endpoint::Discover(Url::parse(url).unwrap()));
        let missing = "`host` is an account's, and neither `account_id` nor \
                       `DATABRICKS_ACCOUNT_ID` is set";
        let table = [
            (
                "https://accounts.cloud.databricks.com",
                Some("a-1"),
                known("https://accounts.cloud.databricks.com/oidc/accounts/a-1/v1/token"),
            ),
            (
                "https://accounts-dod.cloud.databricks.us",
                Some("a-1"),
                known("https://accounts-dod.cloud.databricks.us/oidc/accounts/a-1/v1/token"),
            ),
            ("https://accounts.cloud.databricks.com", None, Err(missing.to_owned())),
            (
                "https://dbc-1.cloud.databricks.com",
                Some("a-1"),
                discover(
                    "https://dbc-1.cloud.databricks.com/oidc/.well-known/\
                     oauth-authorization-server",
                ),
            ),
        ];
        for (host, account, expected) in table {
            let account_id = account.map(str::to_owned);
            let credentials =
                Credentials { host: Some(host.to_owned()), account_id, ..Credentials::default() };
            let attributes = gather(credentials, &Environment::default()).unwrap();
            assert_eq!(endpoint(&attributes, &Url::parse(host).unwrap()), expected, "{host}");
        }
    }
}
