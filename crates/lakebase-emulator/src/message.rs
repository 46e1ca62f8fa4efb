//! Requests and what becomes of them, as HTTP carries them. Knows no sockets and no rules.

use jiff::Timestamp;
use serde_json::Value as Json;

use crate::error::{ApiError, Result};

/// A request as it came off the wire.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// As it came: nothing in it is decoded, since the names of operations hold `/`, `+` and `=`.
    pub(crate) path: String,
    /// Decoded, in order.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) authorization: Option<String>,
    /// `X-Databricks-Workspace-Id`, or `X-Databricks-Org-Id` of older clients.
    pub(crate) workspace: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) origin: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// What becomes of a request.
#[derive(Debug)]
pub(crate) enum Reply {
    Answer(Answer),
    /// The connection is cut.
    Cut,
    /// Nothing, ever.
    Hang,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) content_type: &'static str,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(status: u16, body: &Json) -> Answer {
        Answer {
            status,
            headers: Vec::new(),
            content_type: "application/json",
            body: body.to_string(),
        }
    }

    /// That of a refusal, of the API or of OAuth.
    pub(crate) fn error_code(&self) -> Option<String> {
        if self.status < 400 {
            return None;
        }
        let body: Json = serde_json::from_str(&self.body).ok()?;
        Some(body.get("error_code").or(body.get("error"))?.as_str()?.to_owned())
    }

    pub(crate) fn refusal(error: &ApiError, request_id: &str) -> Answer {
        let mut answer = Answer::json(error.status, &error.body(request_id));
        if let Some(seconds) = error.retry_after {
            answer.headers.push(("retry-after", seconds.to_string()));
        }
        answer
    }
}

/// A request that was let in, with its body read.
#[derive(Debug)]
pub(crate) struct Input<'a> {
    /// `GET` for HEAD, too.
    pub(crate) method: &'a str,
    /// The whole path.
    pub(crate) path: &'a str,
    pub(crate) query: &'a [(String, String)],
    /// `null` where there is none.
    pub(crate) body: Json,
    /// The body as it came, and the header, for what is no JSON.
    pub(crate) request: &'a Request,
    pub(crate) now: Timestamp,
}

impl Input<'_> {
    /// [INF] Query parameters that the method does not have are refused, as unknown fields are.
    pub(crate) fn only(&self, known: &[&str]) -> Result<()> {
        match self.query.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            Some((name, _)) => Err(ApiError::invalid(format!("Unknown query parameter '{name}'."))),
            None => Ok(()),
        }
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// [REC] §1.3: `true` or `false`.
    pub(crate) fn flag(&self, name: &str) -> Result<bool> {
        match self.parameter(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => Err(ApiError::invalid(format!(
                "Query parameter '{name}' must be true or false, got '{other}'."
            ))),
        }
    }

    /// [CODE] §1.2: custom verbs send `{}`.
    pub(crate) fn verb_body(&self, required: bool) -> Result<()> {
        let verb = self.path.rsplit('/').next().unwrap_or_default();
        if self.body == serde_json::json!({}) || (self.body.is_null() && !required) {
            return Ok(());
        }
        Err(ApiError::invalid(format!("The body of `{verb}` must be {{}}.")))
    }
}
