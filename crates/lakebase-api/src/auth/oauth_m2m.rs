//! `oauth-m2m`: a service principal's id and secret, exchanged for tokens that live an hour.

use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, Url};

use super::attributes::Attributes;
use super::host::check_secure;
use super::token::{Token, TokenSource, check};
use crate::error::{Error, Kind};
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
}

/// Where tokens are made.
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
    let endpoint = if host.host_str().is_some_and(|it| it.starts_with("accounts")) {
        let account = attributes
            .text("account_id")
            .ok_or_else(|| format!("`host` is an account's, and {}", missing("account_id")))?;
        Endpoint::Known(absolute(host, &format!("/oidc/accounts/{account}/v1/token")))
    } else {
        Endpoint::Discover(absolute(host, DISCOVERY))
    };
    let basic = Secret::new(STANDARD.encode(format!("{client_id}:{}", secret.expose())));
    Ok(Box::new(OAuthM2m { client_id: client_id.to_owned(), basic, endpoint }))
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
                    no_token(format!("`{url}` does not say where tokens are made"), error)
                })?;
                token_endpoint(&answer).map_err(|why| unfit(url, &why))?
            }
        };
        let request = Request {
            method: Method::POST,
            url: endpoint.clone(),
            payload: Payload::Form { form: FORM, basic: self.basic.clone() },
            effect: Effect::Read, // two tokens are as good as one
        };
        let answer = transport.deliver(&request, None, patience).await.map_err(|error| {
            no_token(format!("`{endpoint}` gives none to the client `{}`", self.client_id), error)
        })?;
        token(&answer).map_err(|why| unfit(&endpoint, &why))
    }

    fn renews(&self) -> bool {
        true
    }
}

/// The client's secret goes there, so the address must be as safe as the host's.
fn token_endpoint(answer: &Json) -> Result<Url, String> {
    let text = answer["token_endpoint"].as_str().ok_or("`token_endpoint` is missing")?;
    let url = Url::parse(text).map_err(|error| format!("`token_endpoint` is `{text}`: {error}"))?;
    check_secure(&url).map_err(|why| format!("`token_endpoint` is `{text}`, but {why}"))?;
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
fn no_token(what: String, error: Error) -> Kind {
    if error.is_timeout() || error.is_interrupted() {
        return error.into_kind();
    }
    Kind::NoToken { what, source: error }
}

fn unfit(url: &Url, why: &str) -> Kind {
    Kind::Unusable { what: format!("in the answer of `{url}`, {why}") }
}
