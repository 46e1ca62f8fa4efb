//! What clients asked for, in order.

use serde::Serialize;
use serde_json::Value as Json;

/// One request and the status it was answered with.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recorded {
    /// `GET`, `POST`, `PATCH`, `DELETE`, …
    pub method: String,
    /// The whole path as it came, without the query: `/api/2.0/postgres/projects/p`.
    pub path: String,
    /// The query, decoded, in the order in which it came.
    pub query: Vec<(String, String)>,
    /// The body; `null` where there was none or it was no JSON.
    pub body: Json,
    /// The status of the answer; 0 where a fault left the request without one.
    pub status: u16,
}

impl Recorded {
    /// Whether the request meant to change an object of the service. A credential is no object.
    pub fn is_mutation(&self) -> bool {
        let below = self.path.strip_prefix("/api/2.0/postgres/");
        below.is_some_and(|name| name != "credentials")
            && matches!(self.method.as_str(), "POST" | "PATCH" | "PUT" | "DELETE")
    }
}
