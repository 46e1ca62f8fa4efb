//! Sends one request over HTTP, and returns one answer or the reason that there is none.
//!
//! The rest of the crate sees nothing of connections, TLS or proxies. The proxy is the system's:
//! `HTTPS_PROXY`, `NO_PROXY` and their like are read by the library itself.

use std::error::Error as StdError;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use reqwest::redirect::Policy;
use rustls::pki_types::CertificateDer;
use rustls_platform_verifier::Verifier;

use crate::Secret;
use crate::address::{is_link_local, is_loopback};
use crate::answer::Answer;
use crate::error::chain_text;
use crate::request::{Payload, Request};
use crate::unverified::Unverified;

/// The most that an answer may have, in bytes. A page of a hundred projects has some 100,000.
const LARGEST_ANSWER: usize = 16 << 20;
/// Name, connection, proxy and TLS together. A person waits for it where the host is wrong.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Shorter than what load balancers allow, so that a change is rarely sent into a closing one.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

type Source = Box<dyn StdError + Send + Sync>;

/// The connections of one client.
pub(crate) struct HttpClient {
    options: HttpOptions,
    /// Built on first use: loading the roots takes longer than all else that starting takes.
    tls: OnceLock<Result<rustls::ClientConfig, String>>,
    /// Through the proxy, if there is one.
    proxied: OnceLock<Result<reqwest::Client, String>>,
    /// The client that ignores proxies.
    direct: OnceLock<Result<reqwest::Client, String>>,
}

/// How the connections are made.
#[derive(Default)]
pub(crate) struct HttpOptions {
    pub(crate) user_agent: String,
    /// The longest time until a connection has come about.
    pub(crate) connect_timeout: Duration,
    /// Whether any certificate is accepted.
    pub(crate) skip_verify: bool,
    pub(crate) trust: Trust,
}

/// What is trusted and used besides the platform's own: for tests.
#[derive(Clone, Default)]
pub(crate) struct Trust {
    pub(crate) roots: Vec<CertificateDer<'static>>,
    /// A proxy for every address that is not on this machine.
    pub(crate) proxy: Option<Url>,
}

/// The headers of a request that say who asks.
#[derive(Clone, Default)]
pub(crate) struct Authorization {
    /// The name of the method, for the user agent.
    pub(crate) method: &'static str,
    pub(crate) headers: Vec<(&'static str, Secret)>,
    /// The host, where authentication has found it.
    pub(crate) host: Option<Url>,
    /// Which of the tokens of one authorizer it is.
    pub(crate) generation: u64,
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

impl SendError {
    /// One line for the log.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Unusable(what) => what.clone(),
            Self::NotConnected { source, .. } | Self::Refused(source) | Self::Lost(source) => {
                chain_text(&**source)
            }
            Self::TooLarge { .. } => "the answer is too large".to_owned(),
        }
    }
}

impl HttpClient {
    pub(crate) fn new(options: HttpOptions) -> Self {
        let (tls, proxied, direct) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        Self { options, tls, proxied, direct }
    }

    /// Sends a request once. Only where a kept connection turns out to be closed before a byte of
    /// the request was written does the HTTP library take another connection by itself.
    pub(crate) async fn exchange(
        &self,
        request: &Request,
        authorization: Option<&Authorization>,
    ) -> Result<Answer, SendError> {
        let http = self.client(&request.url);
        let http = http.as_ref().map_err(|error| SendError::Unusable(error.clone()))?;
        let prepared = self.prepare(http, request, authorization).map_err(SendError::Unusable)?;
        let mut response = prepared.send().await.map_err(send_error)?;
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
        authorization: Option<&Authorization>,
    ) -> Result<reqwest::RequestBuilder, String> {
        let mut agent = self.options.user_agent.clone();
        if let Some(authorization) = authorization {
            agent = format!("{agent} auth/{}", authorization.method);
        }
        let mut builder = http
            .request(request.method.clone(), request.url.clone())
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, agent);
        let authorized = authorization.map_or(&[][..], |authorization| &authorization.headers);
        for (name, value) in request.headers.iter().chain(authorized) {
            let value = sensitive(value).ok_or_else(|| {
                format!("the value of the header `{name}` has characters that no header can have")
            })?;
            builder = builder.header(HeaderName::from_static(name), value);
        }
        Ok(match &request.payload {
            Payload::Nothing => builder,
            Payload::Json(body) => {
                builder.header(CONTENT_TYPE, "application/json").body(body.clone())
            }
            Payload::Form(form) => builder
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form.expose().to_owned()),
        })
    }

    fn client(&self, url: &Url) -> &Result<reqwest::Client, String> {
        let is_near =
            is_loopback(url) || (is_link_local(url) && self.options.trust.proxy.is_none());
        let (client, is_direct) =
            if is_near { (&self.direct, true) } else { (&self.proxied, false) };
        client.get_or_init(|| self.connect(is_direct))
    }

    fn connect(&self, is_direct: bool) -> Result<reqwest::Client, String> {
        let tls = self.tls.get_or_init(|| self.tls()).clone()?;
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(Policy::none())
            .retry(reqwest::retry::never()) // `retry.rs` decides, and counts
            .connect_timeout(self.options.connect_timeout)
            .pool_idle_timeout(IDLE_TIMEOUT);
        let cannot = |error| format!("HTTP cannot be used: {error}");
        match &self.options.trust.proxy {
            _ if is_direct => builder = builder.no_proxy(),
            Some(proxy) => {
                builder = builder.proxy(reqwest::Proxy::all(proxy.clone()).map_err(cannot)?);
            }
            None => {}
        }
        builder.build().map_err(cannot)
    }

    fn tls(&self) -> Result<rustls::ClientConfig, String> {
        // Given explicitly, so that no other crate's choice for the process matters here.
        let crypto = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(crypto.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("TLS cannot be used: {error}"))?
            .dangerous(); // the name of the builder's step; the platform's verifier is not lenient
        let builder = if self.options.skip_verify {
            builder.with_custom_certificate_verifier(Arc::new(Unverified::new(crypto)))
        } else {
            let roots = self.options.trust.roots.clone();
            let verifier = Verifier::new_with_extra_roots(roots, crypto)
                .map_err(|error| format!("the roots of this platform cannot be used: {error}"))?;
            builder.with_custom_certificate_verifier(Arc::new(verifier))
        };
        let mut tls = builder.with_no_client_auth();
        tls.alpn_protocols = vec![b"h2".into(), b"http/1.1".into()];
        Ok(tls)
    }
}

/// Marked as sensitive, so that no layer below prints it.
fn sensitive(secret: &Secret) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(secret.expose()).ok()?;
    value.set_sensitive(true);
    Some(value)
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
