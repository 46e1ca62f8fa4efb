//! Reads one complete answer: its JSON, or the reason that it is none of the Lakebase API.

use std::time::Duration;

use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, LOCATION, RETRY_AFTER};

use crate::Json;
use crate::error::{Kind, Problem, Responder};
use crate::request::Expected;
use crate::retry::Failure;

/// Where the service says which workspace answers.
const WORKSPACE: &str = "x-databricks-org-id";
const REQUEST_ID: &str = "x-request-id";
/// A clock that is less wrong does not matter to tokens.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// What came back, whatever it says.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The workspace that answered.
    pub(crate) fn workspace(&self) -> Option<&str> {
        self.header(WORKSPACE)
    }

    pub(crate) fn request_id(&self) -> Option<&str> {
        self.header(REQUEST_ID)
    }

    /// The JSON of a success, or what is wrong. An empty body of a success is `null`.
    pub(crate) fn read(&self, expected: Expected) -> Result<Json, Kind> {
        let status = self.status.as_u16();
        let strange =
            |responder, what: String| Err(Kind::UnexpectedResponse { status, what, responder });
        if self.status.is_redirection() {
            // Followed, it would carry the credentials to wherever it leads.
            let target = self.header(LOCATION.as_str()).unwrap_or("nowhere");
            if expected == Expected::Redirection {
                return Ok(target.into());
            }
            let target = target.split(['?', '#']).next().unwrap_or_default();
            let responder = Responder::of_text(target);
            return strange(responder, format!("a redirect to `{target}`"));
        }
        let reason = self.status.canonical_reason().unwrap_or("no reason given");
        let problem = || Problem::of_body(&self.body, reason);
        if self.status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            return strange(Responder::Proxy, "the proxy requires authentication".to_owned());
        }
        if self.is_page() && !self.status.is_server_error() {
            let page = problem().message;
            let responder = Responder::of_text(&String::from_utf8_lossy(&self.body));
            let name = match responder {
                Responder::LoginPage => "a login page",
                Responder::Proxy | Responder::Unknown => "an HTML page",
            };
            return strange(responder, format!("{name} (`{page}`) instead of JSON"));
        }
        if !self.status.is_success() {
            return Err(Kind::Answered { status, problem: problem() });
        }
        if expected == Expected::Redirection {
            return strange(Responder::Unknown, "a redirection was expected".to_owned());
        }
        if self.body.trim_ascii().is_empty() {
            return Ok(Json::Null);
        }
        serde_json::from_slice(&self.body)
            .or_else(|error| strange(Responder::Unknown, format!("invalid JSON: {error}")))
    }

    /// How far the clock of this machine is ahead of the server's, from whole minutes on.
    pub(crate) fn clock_error(&self, now: Timestamp) -> Option<SignedDuration> {
        let date = self.header(DATE.as_str())?;
        let date = rfc2822::DateTimeParser::new().parse_timestamp(date).ok()?;
        let error = now.duration_since(date);
        (error.abs() >= TOLERANCE).then_some(error)
    }

    /// How an answer that is no good counts for the decision whether to repeat.
    pub(crate) fn failure(&self, now: Timestamp) -> Failure {
        if self.status.is_success() {
            return Failure::Final { sent: true };
        }
        let problem = match self.read(Expected::Json) {
            Err(Kind::Answered { problem, .. }) => problem,
            _ => Problem::default(),
        };
        let of_service = problem.code.is_some();
        let asked = self.header(RETRY_AFTER.as_str()).and_then(|text| pause(text, now));
        let retry_after = asked.or_else(|| problem.retry_delay());
        Failure::Status { status: self.status.as_u16(), of_service, retry_after }
    }

    fn is_page(&self) -> bool {
        self.header(CONTENT_TYPE.as_str()).is_some_and(|it| it.starts_with("text/html"))
            || self.body.trim_ascii_start().starts_with(b"<")
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// `Retry-After`: seconds, or an HTTP date. A date that has passed means now.
fn pause(text: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = rfc2822::DateTimeParser::new().parse_timestamp(text.trim()).ok()?;
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
}
