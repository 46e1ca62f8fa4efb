//! The platform's error envelope (reference §5.1): `{error_code, message, details}` and a status.

use serde_json::{Value as Json, json};

/// A refusal, before it becomes an HTTP answer.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
    /// `google.rpc.*` messages; the `RequestInfo` is added when the error is written.
    pub(crate) details: Vec<Json>,
    /// Seconds for the `Retry-After` header.
    pub(crate) retry_after: Option<u64>,
    /// Whether the message ends in `[TraceId: …]`, as "not found" does.
    pub(crate) traced: bool,
}

pub(crate) type Result<T> = std::result::Result<T, ApiError>;

impl ApiError {
    pub(crate) fn new(status: u16, code: &str, message: impl Into<String>) -> ApiError {
        ApiError {
            status,
            code: code.to_owned(),
            message: message.into(),
            details: Vec::new(),
            retry_after: None,
            traced: false,
        }
    }

    /// 400: the request itself is wrong.
    pub(crate) fn invalid(message: impl Into<String>) -> ApiError {
        ApiError::new(400, "INVALID_PARAMETER_VALUE", message)
    }

    /// 400: the request is wrong in a field, which the details name. [CODE] §5.1 the form.
    pub(crate) fn violation(field: &str, description: &str) -> ApiError {
        let mut error = ApiError::invalid(format!("Field '{field}': {description}"));
        error.details.push(json!({
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "field_violations": [{"field": field, "description": description}],
        }));
        error
    }

    /// [REC] §5.3 for some fields; [INF] the others alike.
    pub(crate) fn required(field: &str) -> ApiError {
        ApiError::invalid(format!(
            "Field '{field}' is required, expected non-default value (not \"\")!"
        ))
    }

    /// The platform's answer to a path that no API has. [CODE] §14.18 the text.
    pub(crate) fn no_such_api(method: &str, path: &str) -> ApiError {
        ApiError::new(404, "ENDPOINT_NOT_FOUND", format!("No API found for '{method} {path}'"))
    }

    /// 400: the request is well-formed, and a rule of the service forbids it.
    pub(crate) fn bad_request(message: impl Into<String>) -> ApiError {
        ApiError::new(400, "BAD_REQUEST", message)
    }

    /// [REC] §5.3, §6.4: the parent owns the object; declarative clients take this for success.
    pub(crate) fn managed_by_parent(message: impl Into<String>) -> ApiError {
        let mut error = ApiError::bad_request(message);
        error.details.push(json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "RESOURCE_CONFLICT",
            "domain": "databricks.com",
            "metadata": {"declarative_context": "MANAGED_BY_PARENT"},
        }));
        error
    }

    /// [FAKE] §5.3 `project id not found [TraceId: …]`.
    pub(crate) fn not_found(message: impl Into<String>) -> ApiError {
        ApiError { traced: true, ..ApiError::new(404, "NOT_FOUND", message) }
    }

    pub(crate) fn already_exists(message: impl Into<String>) -> ApiError {
        ApiError::new(409, "ALREADY_EXISTS", message)
    }

    /// [DOC] the text, [INF] status and code: §5.3.
    pub(crate) fn conflict() -> ApiError {
        ApiError::new(
            409,
            "ABORTED",
            "Your project already has conflicting operations in progress. Please wait until they \
             are complete, and then try again.",
        )
    }

    /// [REC] status, code and the word "reconciliation": §5.3.
    pub(crate) fn reconciling() -> ApiError {
        ApiError::new(409, "ABORTED", "Endpoint reconciliation still in progress")
    }

    /// [INF] A quota is no rate limit: waiting does not help, so it is a 400 and no 429.
    pub(crate) fn quota(limit: usize, what: &str) -> ApiError {
        ApiError::new(400, "QUOTA_EXCEEDED", format!("Cannot create more than {limit} {what}."))
    }

    /// The answer's body. `request` is the answer's `x-request-id`.
    pub(crate) fn body(&self, request: &str) -> Json {
        let trace = if self.traced {
            format!(" [TraceId: {}]", request.replace('-', ""))
        } else {
            String::new()
        };
        let mut details = self.details.clone();
        details.push(json!({
            "@type": "type.googleapis.com/google.rpc.RequestInfo",
            "request_id": request,
            "serving_data": "",
        }));
        json!({
            "error_code": self.code,
            "message": format!("{}{trace}", self.message),
            "details": details,
        })
    }
}
