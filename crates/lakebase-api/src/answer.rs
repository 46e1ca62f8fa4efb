//! One answer, complete, and what it means.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER};

use crate::Json;
use crate::error::{Kind, Problem};
use crate::retry::Failure;

/// Where the service says which workspace answers.
const WORKSPACE: &str = "x-databricks-org-id";
const REQUEST_ID: &str = "x-request-id";

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
    pub(crate) fn read(&self) -> Result<Json, Kind> {
        let status = self.status.as_u16();
        let strange = |what: String| Err(Kind::NotTheService { status, what });
        if self.status.is_redirection() {
            // Followed, it would carry the credentials to wherever it leads.
            let place = self.header(LOCATION.as_str()).unwrap_or("nowhere");
            return strange(format!("a redirect to `{place}`, as from a proxy or a login page"));
        }
        let reason = self.status.canonical_reason().unwrap_or("no reason given");
        let problem = || Problem::of_body(&self.body, reason);
        if self.status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            return strange("the proxy requires authentication".to_owned());
        }
        if self.is_page() && !self.status.is_server_error() {
            let page = problem().message;
            return strange(format!("an HTML page (`{page}`) instead of JSON"));
        }
        if !self.status.is_success() {
            return Err(Kind::Answered { status, problem: problem() });
        }
        if self.body.trim_ascii().is_empty() {
            return Ok(Json::Null);
        }
        serde_json::from_slice(&self.body)
            .or_else(|error| strange(format!("invalid JSON: {error}")))
    }

    /// How an answer that is no good counts for the decision whether to repeat.
    pub(crate) fn failure(&self, now: Timestamp) -> Failure {
        if self.status.is_success() {
            return Failure::Final { sent: true };
        }
        let of_service = matches!(
            self.read(),
            Err(Kind::Answered { problem: Problem { code: Some(_), .. }, .. })
        );
        let retry_after = self.header(RETRY_AFTER.as_str()).and_then(|it| pause(it, now));
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
