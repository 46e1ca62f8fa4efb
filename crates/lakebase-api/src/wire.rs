//! The HTTP library: one request goes out, and one answer comes back or does not.
//!
//! The rest of the crate sees nothing of connections, TLS or proxies. The proxy is the system's:
//! `HTTPS_PROXY`, `NO_PROXY` and their like are read by the library itself.

use std::error::Error as StdError;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use rustls::pki_types::CertificateDer;
use rustls_platform_verifier::Verifier;

use crate::Secret;
use crate::answer::Answer;
use crate::request::{Payload, Request};

/// The most that an answer may have, in bytes. A page of a hundred projects has some 100,000.
const LARGEST_ANSWER: usize = 16 << 20;
/// Name, connection, proxy and TLS together. A person waits for it where the host is wrong.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Shorter than what load balancers allow, so that a change is rarely sent into a closing one.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// For hosts that serve several workspaces.
const WORKSPACE: HeaderName = HeaderName::from_static("x-databricks-workspace-id");

type Source = Box<dyn StdError + Send + Sync>;

/// The connections of one client.
pub(crate) struct Wire {
    options: Options,
    /// Built on first use: loading the roots takes longer than all else that starting takes.
    http: OnceLock<Result<reqwest::Client, String>>,
}

/// How the connections are made and what is sent over each.
pub(crate) struct Options {
    pub(crate) user_agent: String,
    /// Sent with every request that has a token.
    pub(crate) workspace_id: Option<String>,
    /// The longest time until a connection has come about.
    pub(crate) connect_timeout: Duration,
    /// Past any proxy, as is right for a host on this machine.
    pub(crate) direct: bool,
    /// Trusted besides the roots of the platform.
    pub(crate) roots: Vec<CertificateDer<'static>>,
}

/// Why there is no answer.
pub(crate) enum SendError {
    /// This client could not even begin.
    Unusable(String),
    /// No connection came about, so nothing was sent. `passing`: it may come about later.
    NotConnected { passing: bool, source: Source },
    /// The server closed the stream or the connection, and said that it did not process the
    /// request.
    Refused(Source),
    /// Something was or may have been sent.
    Lost(Source),
    /// The answer is larger than any of the service's.
    TooLarge { status: u16 },
}

impl Wire {
    pub(crate) fn new(options: Options) -> Self {
        Self { options, http: OnceLock::new() }
    }

    /// Sends a request once. Only where a kept connection turns out to be closed before a byte of
    /// the request was written does the HTTP library take another connection by itself.
    pub(crate) async fn exchange(
        &self,
        request: &Request,
        bearer: Option<&Secret>,
    ) -> Result<Answer, SendError> {
        let http = self.http.get_or_init(|| self.connect());
        let http = http.as_ref().map_err(|error| SendError::Unusable(error.clone()))?;
        let sent = self.prepare(http, request, bearer).send().await;
        let mut response = sent.map_err(send_error)?;
        let mut body = Vec::new();
        let lost = |error: reqwest::Error| SendError::Lost(error.without_url().into());
        while let Some(chunk) = response.chunk().await.map_err(lost)? {
            if body.len() + chunk.len() > LARGEST_ANSWER {
                return Err(SendError::TooLarge { status: response.status().as_u16() });
            }
            body.extend_from_slice(&chunk);
        }
        let headers = std::mem::take(response.headers_mut());
        Ok(Answer { status: response.status(), headers, body })
    }

    fn prepare(
        &self,
        http: &reqwest::Client,
        request: &Request,
        bearer: Option<&Secret>,
    ) -> reqwest::RequestBuilder {
        let mut builder = http
            .request(request.method.clone(), request.url.clone())
            .header(ACCEPT, "application/json");
        if let Some(token) = bearer {
            builder = builder.header(AUTHORIZATION, authorization("Bearer", token));
            if let Some(id) = &self.options.workspace_id {
                builder = builder.header(WORKSPACE, id);
            }
        }
        match &request.payload {
            Payload::Nothing => builder,
            Payload::Json(body) => {
                builder.header(CONTENT_TYPE, "application/json").body(body.clone())
            }
            Payload::Form { form, basic } => builder
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header(AUTHORIZATION, authorization("Basic", basic))
                .body(*form),
        }
    }

    fn connect(&self) -> Result<reqwest::Client, String> {
        // Given explicitly, so that no other crate's choice for the process matters here.
        let crypto = Arc::new(rustls::crypto::ring::default_provider());
        let verifier =
            Verifier::new_with_extra_roots(self.options.roots.clone(), crypto.clone())
                .map_err(|error| format!("the roots of this platform cannot be used: {error}"))?;
        let mut tls = rustls::ClientConfig::builder_with_provider(crypto)
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("TLS cannot be used: {error}"))?
            .dangerous() // the name of the builder's step; the platform's verifier is not lenient
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"h2".into(), b"http/1.1".into()];
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .user_agent(&self.options.user_agent)
            .redirect(Policy::none())
            .retry(reqwest::retry::never()) // `retry.rs` decides, and counts
            .connect_timeout(self.options.connect_timeout)
            .pool_idle_timeout(IDLE_TIMEOUT);
        if self.options.direct {
            builder = builder.no_proxy();
        }
        builder.build().map_err(|error| format!("HTTP cannot be used: {error}"))
    }
}

/// Marked as sensitive, so that no layer below prints it.
fn authorization(scheme: &str, secret: &Secret) -> HeaderValue {
    let mut value = HeaderValue::from_str(&format!("{scheme} {}", secret.expose()))
        .expect("the characters of a secret are checked when it comes in");
    value.set_sensitive(true);
    value
}

fn send_error(error: reqwest::Error) -> SendError {
    if error.is_builder() {
        return SendError::Unusable(error.without_url().to_string());
    }
    let error = error.without_url();
    if error.is_connect() {
        let passing = !has_cause(&error, &is_lasting);
        return SendError::NotConnected { passing, source: error.into() };
    }
    if has_cause(&error, &is_refusal) {
        return SendError::Refused(error.into());
    }
    SendError::Lost(error.into())
}

/// Whether the cause lasts: TLS does not accept a certificate, or the proxy asks for authentication.
/// The latter has no public type, but a text.
fn is_lasting(cause: &(dyn StdError + 'static)) -> bool {
    cause.is::<rustls::Error>() || cause.to_string().ends_with("proxy authorization required")
}

/// Whether the server said that it did not process the request (RFC 9113, 8.7): it refused the
/// stream, or it went away in order and names an earlier stream as its last.
fn is_refusal(cause: &(dyn StdError + 'static)) -> bool {
    cause.downcast_ref::<h2::Error>().is_some_and(|error| {
        let went_away = error.is_go_away() && error.is_remote();
        error.reason() == Some(h2::Reason::REFUSED_STREAM)
            || went_away && error.reason() == Some(h2::Reason::NO_ERROR)
    })
}

/// Whether an error or one of its causes is such.
fn has_cause(
    error: &(dyn StdError + 'static),
    is_such: &dyn Fn(&(dyn StdError + 'static)) -> bool,
) -> bool {
    // An `io::Error` hides what it was made of from `source`.
    let hidden = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    let next = hidden.map(|error| error as &(dyn StdError + 'static)).or_else(|| error.source());
    is_such(error) || next.is_some_and(|next| has_cause(next, is_such))
}
