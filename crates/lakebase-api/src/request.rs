//! One request, before it is sent: its address, its body, and what sending it twice would do.

use reqwest::{Method, Url};

use crate::retry::Effect;
use crate::{Json, Secret};

/// Where the service's resources are.
const ROOT: &str = "/api/2.0/postgres/";

/// A request that can be sent any number of times.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) payload: Payload,
    pub(crate) effect: Effect,
    /// Whether the body or the query may name other objects than the one of the address: a 404 may
    /// then be about one of those.
    pub(crate) names_others: bool,
}

/// What a request carries.
pub(crate) enum Payload {
    Nothing,
    Json(Vec<u8>),
    /// A form for a token endpoint, and what follows `Basic` in its `Authorization`.
    Form {
        form: &'static str,
        basic: Secret,
    },
}

impl Request {
    /// A read.
    pub(crate) fn get(url: Url) -> Self {
        let payload = Payload::Nothing;
        let effect = Effect::Read;
        Self { method: Method::GET, url, payload, effect, names_others: false }
    }

    /// A request with a JSON body.
    pub(crate) fn with_json(method: Method, url: Url, body: &Json, effect: Effect) -> Self {
        let payload = Payload::Json(body.to_string().into_bytes());
        Self { method, url, payload, effect, names_others: true }
    }

    /// A deletion. A parameter that is no flag names an object: `reassign_owned_to` names a role.
    pub(crate) fn delete(url: Url) -> Self {
        let is_flag = |value: &str| matches!(value, "true" | "false");
        let names_others = url.query_pairs().any(|(_, value)| !is_flag(&value));
        let (method, payload) = (Method::DELETE, Payload::Nothing);
        Self { method, url, payload, effect: Effect::Repeatable, names_others }
    }

    /// `PATCH https://host/path?query`: nothing in an address is secret.
    pub(crate) fn label(&self) -> String {
        format!("{} {}", self.method, self.url)
    }
}

/// The address of a resource, an operation or a collection, whose name is appended as it is:
/// the ids of operations may contain `/`, `+` and `=` (API reference, 4.1).
///
/// A name that would lead elsewhere than below the service's root is refused, and so is a name
/// whose characters an address cannot hold as they are.
pub(crate) fn address(host: &Url, name: &str, query: &[(&str, String)]) -> Result<Url, String> {
    let strange = |c: char| c.is_ascii_control() || matches!(c, '?' | '#' | '%' | '\\');
    let elsewhere = |it: &str| it == "." || it == "..";
    if name.is_empty() || name.contains(strange) || name.split('/').any(elsewhere) {
        return Err(format!("`{name}` is not a valid resource name"));
    }
    let mut path = String::from(ROOT);
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
