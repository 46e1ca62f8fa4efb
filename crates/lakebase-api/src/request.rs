//! Describes one request before it is sent: its address, its body, and what sending it twice does.

use reqwest::{Method, Url};

use crate::retry::Effect;
use crate::{Json, Secret};

/// Where the service's resources are.
pub(crate) const ROOT: &str = "/api/2.0/postgres/";
/// Where the permissions on objects of a workspace are (API reference, 10).
pub(crate) const PERMISSIONS: &str = "/api/2.0/permissions/";

/// A request that can be sent any number of times.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) payload: Payload,
    pub(crate) effect: Effect,
    /// Whether the body or the query may name other objects than the one of the address: a 404 may
    /// then be about one of those.
    pub(crate) names_others: bool,
    /// Sent besides the headers of every request.
    pub(crate) headers: Vec<(&'static str, Secret)>,
    /// What a success looks like.
    pub(crate) expected: Expected,
    /// Whether the address itself is a secret, so that messages and the log show its origin only.
    pub(crate) has_secret_path: bool,
}

/// What a success looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// An answer in JSON.
    Json,
    /// A redirection, whose target is the answer.
    Redirection,
}

/// What a request carries.
#[derive(Clone)]
pub(crate) enum Payload {
    Nothing,
    Json(Vec<u8>),
    /// A form for a token endpoint.
    Form(Secret),
}

impl Request {
    /// A read.
    pub(crate) fn get(url: Url) -> Self {
        Self {
            method: Method::GET,
            url,
            payload: Payload::Nothing,
            effect: Effect::Read,
            names_others: false,
            headers: Vec::new(),
            expected: Expected::Json,
            has_secret_path: false,
        }
    }

    /// A form for a token endpoint, which can be sent twice: two tokens are as good as one.
    pub(crate) fn form(url: Url, pairs: &[(&str, &str)]) -> Self {
        let mut form = Url::parse("form:").expect("a scheme is an address");
        form.query_pairs_mut().extend_pairs(pairs);
        let form = form.query().unwrap_or_default().into();
        Self { method: Method::POST, payload: Payload::Form(form), ..Self::get(url) }
    }

    /// The same with another header.
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<Secret>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// A request with a JSON body.
    pub(crate) fn with_json(method: Method, url: Url, body: &Json, effect: Effect) -> Self {
        let payload = Payload::Json(body.to_string().into_bytes());
        Self { method, payload, effect, names_others: true, ..Self::get(url) }
    }

    /// A deletion. A parameter that is no flag names an object: `reassign_owned_to` names a role.
    pub(crate) fn delete(url: Url) -> Self {
        let is_flag = |value: &str| matches!(value, "true" | "false");
        let names_others = url.query_pairs().any(|(_, value)| !is_flag(&value));
        let (method, effect) = (Method::DELETE, Effect::Repeatable);
        Self { method, effect, names_others, ..Self::get(url) }
    }

    /// The same request to another host.
    pub(crate) fn at(&self, host: &Url) -> Self {
        let mut url = host.clone();
        url.set_path(self.url.path());
        url.set_query(self.url.query());
        Self { url, ..self.clone() }
    }

    /// `PATCH https://host/path?query`.
    pub(crate) fn label(&self) -> String {
        let Self { method, url, .. } = self;
        if self.has_secret_path {
            return format!("{method} {}/[redacted]", url.origin().ascii_serialization());
        }
        format!("{method} {url}")
    }
}

/// The address of a resource, an operation or a collection, whose name is appended as it is:
/// the ids of operations may contain `/`, `+` and `=` (API reference, 4.1).
///
/// A name that would lead elsewhere than below the root is refused, and so is a name whose
/// characters an address cannot hold as they are.
pub(crate) fn address(
    host: &Url,
    root: &str,
    name: &str,
    query: &[(&str, String)],
) -> Result<Url, String> {
    let strange = |c: char| c.is_ascii_control() || matches!(c, '?' | '#' | '%' | '\\');
    let elsewhere = |step: &str| step == "." || step == "..";
    if name.is_empty() || name.contains(strange) || name.split('/').any(elsewhere) {
        return Err(format!("`{name}` is not a valid resource name"));
    }
    let mut path = String::from(root);
    path.push_str(name);
    Ok(with_query(absolute(host, &path), query))
}

/// The address of something outside the service's root.
pub(crate) fn absolute(host: &Url, path: &str) -> Url {
    let mut url = host.clone();
    url.set_path(path);
    url
}

/// Adds a query; a comma in a value becomes `%2C`, as in the official SDKs.
fn with_query(mut url: Url, query: &[(&str, String)]) -> Url {
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    url
}
