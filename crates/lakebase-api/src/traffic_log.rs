//! Writes requests and answers to the log: at DEBUG that there was one and what became of it, at
//! TRACE its body with the secrets removed.

use std::time::Duration;

use tracing::Level;

use crate::answer::Answer;
use crate::deadline::WaitAborted;
use crate::error::Error;
use crate::http_client::SendError;
use crate::request::{Payload, Request};
use crate::{Json, error};

/// The longest body that is shown, in characters.
const LONGEST: usize = 8 << 10;
const REDACTED: &str = "[redacted]";

/// Parts of the names of members whose values are secret.
const SECRETS: &[&str] = &[
    "token",
    "secret",
    "password",
    "credential",
    "assertion",
    "private",
    "authorization",
    "value",
    "jwt",
];
/// Names that contain such a part, and whose values everybody may see.
const NO_SECRETS: &[&str] = &[
    "token_type",
    "token_endpoint",
    "token_endpoint_auth_methods_supported",
    "subject_token_type",
    "requested_token_type",
    "client_assertion_type",
    "next_page_token",
    "token_federation_default_oidc_audiences",
];

/// One attempt at a request.
pub(crate) fn attempt(
    request: &Request,
    answer: Result<&Result<Answer, SendError>, &WaitAborted>,
    attempt: u32,
    took: Duration,
) {
    let received = answer.ok().and_then(|answer| answer.as_ref().ok());
    let failure = match answer {
        Ok(Ok(_)) => None,
        Ok(Err(error)) => Some(error.text()),
        Err(WaitAborted::Interrupted) => Some("interrupted".to_owned()),
        Err(WaitAborted::TimedOut) => Some("out of time".to_owned()),
    };
    let path = if request.has_secret_path { "/[redacted]" } else { request.url.path() };
    tracing::debug!(
        method = %request.method,
        host = request.url.host_str(),
        path,
        query = request.url.query().filter(|_| !request.has_secret_path),
        status = received.map(|answer| answer.status.as_u16()),
        attempt,
        elapsed_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        failure,
        request_id = received.and_then(Answer::request_id),
        "request"
    );
    if !tracing::enabled!(Level::TRACE) {
        return;
    }
    let sent = match &request.payload {
        Payload::Nothing => None,
        Payload::Json(body) => Some(json(body)),
        Payload::Form(form) => Some(redacted_form(form.expose())),
    };
    let received = received.map(|answer| json(&answer.body));
    tracing::trace!(method = %request.method, path, sent, received, "bodies");
}

/// The pause before the next attempt, and the reason for it.
pub(crate) fn pause(request: &Request, error: &Error, attempts: u32, pause: Duration) {
    let path = if request.has_secret_path { "/[redacted]" } else { request.url.path() };
    tracing::debug!(
        method = %request.method,
        path,
        attempts,
        pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
        reason = error::chain_text(error),
        "pause before the next attempt"
    );
}

/// A body in JSON. Another body is not shown: nothing tells what of it is secret.
fn json(body: &[u8]) -> String {
    match serde_json::from_slice::<Json>(body) {
        Ok(mut json) => {
            redact(&mut json);
            shortened(json.to_string())
        }
        Err(_) if body.is_empty() => String::new(),
        Err(_) => format!("{} bytes that are not JSON", body.len()),
    }
}

fn redact(json: &mut Json) {
    match json {
        Json::Object(members) => {
            for (name, value) in members {
                if is_secret(name) {
                    *value = REDACTED.into();
                } else {
                    redact(value);
                }
            }
        }
        Json::Array(items) => items.iter_mut().for_each(redact),
        _ => {}
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRETS.iter().any(|part| name.contains(part)) && !NO_SECRETS.contains(&&*name)
}

fn redacted_form(form: &str) -> String {
    let pairs = form.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if is_secret(name) => format!("{name}={REDACTED}"),
        _ => pair.to_owned(),
    });
    shortened(pairs.collect::<Vec<_>>().join("&"))
}

fn shortened(text: String) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_shown_without_their_secrets() {
        let table = [
            (
                r#"{"name":"projects/p","spec":{"ttl":"1s"}}"#,
                r#"{"name":"projects/p","spec":{"ttl":"1s"}}"#,
            ),
            (
                r#"{"token":"hush","expire_time":"t"}"#,
                r#"{"expire_time":"t","token":"[redacted]"}"#,
            ),
            (
                r#"[{"accessToken":"hush","oidcToken":{"a":"hush"}}]"#,
                r#"[{"accessToken":"[redacted]","oidcToken":"[redacted]"}]"#,
            ),
            (
                r#"{"next_page_token":"t","value":"hush"}"#,
                r#"{"next_page_token":"t","value":"[redacted]"}"#,
            ),
            ("hush", "4 bytes that are not JSON"),
            ("", ""),
        ];
        for (body, expected) in table {
            let shown: Json = serde_json::from_str(&json(body.as_bytes())).unwrap_or_default();
            match serde_json::from_str::<Json>(expected) {
                Ok(expected) => assert_eq!(shown, expected, "{body}"),
                Err(_) => assert_eq!(json(body.as_bytes()), expected),
            }
        }
        let form = "grant_type=x&client_secret=hush&subject_token=hush&subject_token_type=jwt";
        let shown = redacted_form(form);
        assert!(!shown.contains("hush") && shown.ends_with("subject_token_type=jwt"), "{shown}");
        assert!(json(&[b"\"", &[b'x'; 2 * LONGEST][..], b"\""].concat()).len() < LONGEST + 100);
    }
}
