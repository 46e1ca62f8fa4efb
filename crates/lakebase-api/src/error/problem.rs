//! What the service says is wrong, out of each of the forms in which it may say so.

use std::fmt;
use std::time::Duration;

use crate::Json;

/// The longest message that is kept, in characters: a page of a proxy is no message.
const LONGEST: usize = 2000;

/// The code, message and details of an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Upper-case, as the service writes it; `None` where it gave none.
    pub(crate) code: Option<String>,
    pub(crate) message: String,
    pub(crate) details: Vec<Json>,
}

impl Problem {
    /// Reads an error out of the body of an answer; `reason` is the status in words.
    pub(crate) fn of_body(body: &[u8], reason: &str) -> Self {
        let text = String::from_utf8_lossy(body);
        let text = text.trim();
        let problem = match serde_json::from_str::<Json>(text) {
            Ok(json @ Json::Object(_)) => Self::of_json(&json),
            _ => Self::of_text(text),
        };
        if problem.message.is_empty() {
            return Self { message: reason.to_owned(), ..problem };
        }
        problem
    }

    /// Reads an error out of the `error` of an operation, or out of one of the known envelopes
    /// (API reference, 5.1): the standard one has `error_code`, SCIM has `detail`, API 1.2 and
    /// OAuth have `error`.
    pub(crate) fn of_json(json: &Json) -> Self {
        let text = |name: &str| json.get(name).and_then(text_of);
        let (code, message) = if let Some(detail) = text("detail") {
            let code = text("status").map(|status| format!("SCIM_{status}"));
            (code, text("scimType").map_or(detail.clone(), |kind| format!("{kind}: {detail}")))
        } else if let (Some(error), None) = (json.get("error"), json.get("error_code")) {
            let error = text_of(error).unwrap_or_else(|| error.to_string());
            match text("error_description") {
                Some(description) => (Some(error), description),
                None => (None, error),
            }
        } else {
            (text("error_code"), text("message").unwrap_or_default())
        };
        let code = code.filter(|it| !it.is_empty());
        let details = json.get("details").and_then(Json::as_array).cloned().unwrap_or_default();
        Self { code, message: shortened(&message), details }
    }

    /// Reads `CODE: message`, a page with `<pre>`, or plain text.
    fn of_text(text: &str) -> Self {
        for tag in ["pre", "title"] {
            if let Some(inside) = between(text, &format!("<{tag}>"), &format!("</{tag}>")) {
                return Self { message: shortened(inside.trim()), ..Self::default() };
            }
        }
        let is_code = |text: &str| {
            !text.is_empty() && text.chars().all(|c| c.is_ascii_uppercase() || c == '_')
        };
        match text.split_once(": ") {
            Some((code, message)) if is_code(code) => {
                Self { code: Some(code.to_owned()), message: shortened(message), details: vec![] }
            }
            _ => Self { message: shortened(text), ..Self::default() },
        }
    }

    /// The marker on which other declarative clients rely too; never the text.
    pub(crate) fn is_managed_by_parent(&self) -> bool {
        self.of_type("ErrorInfo")
            .any(|info| info["metadata"]["declarative_context"] == "MANAGED_BY_PARENT")
    }

    pub(crate) fn request_id(&self) -> Option<&str> {
        self.of_type("RequestInfo").find_map(|info| info["request_id"].as_str())
    }

    /// How long the API asks to wait, in `google.rpc.RetryInfo`: `1.5s`.
    pub(crate) fn retry_delay(&self) -> Option<Duration> {
        let delay = self.of_type("RetryInfo").find_map(|detail| detail["retry_delay"].as_str())?;
        Duration::try_from_secs_f64(delay.strip_suffix('s')?.parse().ok()?).ok()
    }

    pub(crate) fn field_violations(&self) -> Vec<(String, String)> {
        let details = self.of_type("BadRequest");
        let violations = details.flat_map(|detail| members(detail, "field_violations"));
        violations
            .map(|violation| (string(violation, "field"), string(violation, "description")))
            .collect()
    }

    /// One line for each detail that says something to a person.
    pub(crate) fn details_text(&self) -> String {
        let mut lines = Vec::new();
        for detail in &self.details {
            match type_of(detail) {
                "ErrorInfo" => lines.push(format!("reason: {}", string(detail, "reason"))),
                "BadRequest" => lines.extend(pairs(detail, "field_violations", "field")),
                "QuotaFailure" | "PreconditionFailure" => {
                    lines.extend(pairs(detail, "violations", "subject"));
                }
                "ResourceInfo" => lines.push(format!(
                    "resource `{}`: {}",
                    string(detail, "resource_name"),
                    string(detail, "description")
                )),
                "Help" => lines.extend(members(detail, "links").map(|link| {
                    format!("{}: {}", string(link, "description"), string(link, "url"))
                })),
                // The id of the request has its own place; the rest is for the service's makers.
                _ => {}
            }
        }
        lines.join("\n")
    }

    fn of_type<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Json> {
        self.details.iter().filter(move |it| type_of(it) == name)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(f, "{code}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

/// `ErrorInfo` out of `type.googleapis.com/google.rpc.ErrorInfo`.
fn type_of(detail: &Json) -> &str {
    detail["@type"].as_str().and_then(|url| url.rsplit('.').next()).unwrap_or_default()
}

fn members<'a>(json: &'a Json, name: &str) -> impl Iterator<Item = &'a Json> {
    json[name].as_array().into_iter().flatten()
}

fn string(json: &Json, name: &str) -> String {
    json[name].as_str().unwrap_or_default().to_owned()
}

fn pairs(detail: &Json, list: &str, subject: &str) -> Vec<String> {
    members(detail, list)
        .map(|pair| format!("`{}`: {}", string(pair, subject), string(pair, "description")))
        .collect()
}

/// Codes and statuses are strings in some APIs and numbers in others.
fn text_of(json: &Json) -> Option<String> {
    match json {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    Some(rest.split_once(end)?.0)
}

fn shortened(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_known_form_of_an_error_is_read() {
        let table = [
            (r#"{"error_code": "NOT_FOUND", "message": "gone"}"#, Some("NOT_FOUND"), "gone"),
            (r#"{"error_code": 1004, "message": "old"}"#, Some("1004"), "old"),
            (r#"{"error_code": "", "message": "blank"}"#, None, "blank"),
            (r#"{"error": "API 1.2"}"#, None, "API 1.2"),
            (r#"{"error": {"a": 1}}"#, None, r#"{"a":1}"#),
            (
                r#"{"error": "invalid_client", "error_description": "unknown"}"#,
                Some("invalid_client"),
                "unknown",
            ),
            (r#"{"detail": "no user", "status": "404"}"#, Some("SCIM_404"), "no user"),
            (
                r#"{"detail": "odd", "status": 400, "scimType": "invalidValue"}"#,
                Some("SCIM_400"),
                "invalidValue: odd",
            ),
            ("REQUEST_LIMIT_EXCEEDED: slow down", Some("REQUEST_LIMIT_EXCEEDED"), "slow down"),
            ("Sorry: no luck", None, "Sorry: no luck"),
            ("<html><pre> inside\n</pre></html>", None, "inside"),
            ("<html><title>Bad Gateway</title></html>", None, "Bad Gateway"),
            ("", None, "the reason"),
            ("{}", None, "the reason"),
            (r#"{"error_code": "NOT_FOUND"}"#, Some("NOT_FOUND"), "the reason"),
            (r#"{"error_code": "X", "message": "m", "details": "odd"}"#, Some("X"), "m"),
        ];
        for (body, code, message) in table {
            let problem = Problem::of_body(body.as_bytes(), "the reason");
            assert_eq!(
                (problem.code.as_deref(), problem.message.as_str()),
                (code, message),
                "{body}"
            );
        }
        let long = Problem::of_body("é".repeat(3000).as_bytes(), "");
        assert_eq!(long.message.chars().count(), LONGEST);
    }

    #[test]
    fn the_details_say_what_a_person_can_act_upon() {
        let detail = |name: &str, mut members: Json| {
            members["@type"] = format!("type.googleapis.com/google.rpc.{name}").into();
            members
        };
        let problem = Problem::of_json(
            &json!({"error_code": "BAD_REQUEST", "message": "no", "details": [
                detail("ErrorInfo", json!({"reason": "RESOURCE_CONFLICT", "domain": "databricks.com",
                    "metadata": {"declarative_context": "MANAGED_BY_PARENT"}})),
                detail("RequestInfo", json!({"request_id": "r-1", "serving_data": ""})),
                detail("BadRequest", json!({"field_violations": [{"field": "spec.ttl", "description": "too long"}]})),
                detail("QuotaFailure", json!({"violations": [{"subject": "projects", "description": "too many"}]})),
                detail("Help", json!({"links": [{"description": "limits", "url": "https://example.com"}]})),
                detail("DebugInfo", json!({"detail": "stack"})),
                json!("odd"),
            ]}),
        );
        assert!(problem.is_managed_by_parent());
        assert_eq!(problem.request_id(), Some("r-1"));
        assert_eq!(problem.field_violations(), [("spec.ttl".to_owned(), "too long".to_owned())]);
        assert_eq!(
            problem.details_text(),
            "reason: RESOURCE_CONFLICT\n`spec.ttl`: too long\n`projects`: too many\n\
             limits: https://example.com"
        );
    }
}
