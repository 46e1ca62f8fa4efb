//! What the service says is wrong, out of each of the forms in which it may say so.

use std::fmt;

use serde::Deserialize;

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

/// Every member that the known envelopes have (API reference, 5.1): the standard one, API 1.2 and
/// OAuth with `error`, SCIM with `detail`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Envelope {
    error_code: Option<Json>,
    message: Option<String>,
    details: Vec<Json>,
    error: Option<Json>,
    error_description: Option<String>,
    detail: Option<String>,
    status: Option<Json>,
    #[serde(rename = "scimType")]
    scim_type: Option<String>,
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

    /// Reads an error out of an envelope, or out of the `error` of an operation.
    pub(crate) fn of_json(json: &Json) -> Self {
        let envelope = Envelope::deserialize(json).unwrap_or_default();
        let (code, message) = match envelope {
            Envelope { detail: Some(detail), status, scim_type, .. } => {
                let code = status.as_ref().and_then(text_of).map(|it| format!("SCIM_{it}"));
                (code, scim_type.map(|it| format!("{it}: {detail}")).unwrap_or(detail))
            }
            Envelope { error: Some(error), error_code: None, error_description, .. } => {
                let error = text_of(&error).unwrap_or_else(|| error.to_string());
                match error_description {
                    Some(description) => (Some(error), description),
                    None => (None, error),
                }
            }
            Envelope { error_code, message, .. } => {
                (error_code.as_ref().and_then(text_of), message.unwrap_or_default())
            }
        };
        let code = code.filter(|it| !it.is_empty());
        Self { code, message: shortened(&message), details: envelope.details }
    }

    /// Reads `CODE: message`, a page with `<pre>`, or plain text.
    fn of_text(text: &str) -> Self {
        for tag in ["pre", "title"] {
            if let Some(inside) = between(text, &format!("<{tag}>"), &format!("</{tag}>")) {
                return Self { message: shortened(inside.trim()), ..Self::default() };
            }
        }
        let is_code =
            |it: &str| !it.is_empty() && it.chars().all(|c| c.is_ascii_uppercase() || c == '_');
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
            .any(|it| it["metadata"]["declarative_context"] == "MANAGED_BY_PARENT")
    }

    pub(crate) fn request_id(&self) -> Option<&str> {
        self.of_type("RequestInfo").find_map(|it| it["request_id"].as_str())
    }

    pub(crate) fn field_violations(&self) -> Vec<(String, String)> {
        let violations = self.of_type("BadRequest").flat_map(|it| members(it, "field_violations"));
        violations.map(|it| (string(it, "field"), string(it, "description"))).collect()
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
                "Help" => lines.extend(
                    members(detail, "links")
                        .map(|it| format!("{}: {}", string(it, "description"), string(it, "url"))),
                ),
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
    detail["@type"].as_str().and_then(|it| it.rsplit('.').next()).unwrap_or_default()
}

fn members<'a>(json: &'a Json, name: &str) -> impl Iterator<Item = &'a Json> {
    json[name].as_array().into_iter().flatten()
}

fn string(json: &Json, name: &str) -> String {
    json[name].as_str().unwrap_or_default().to_owned()
}

fn pairs(detail: &Json, list: &str, subject: &str) -> Vec<String> {
    members(detail, list)
        .map(|it| format!("`{}`: {}", string(it, subject), string(it, "description")))
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
