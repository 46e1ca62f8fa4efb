//! Says why a call failed, for code to decide on and for people to read.

mod advice;
mod kind;
mod problem;

use std::error::Error as StdError;
use std::fmt::{self, Write as _};
use std::time::Duration;

pub(crate) use kind::{Kind, Missing, Responder};
pub(crate) use problem::Problem;

use crate::deadline::WaitAborted;

type Source = Box<dyn StdError + Send + Sync>;

/// A call that failed. What kind of failure it was is asked with the predicates; what is printed
/// never repeats the [source](StdError::source), so that a caller prints the chain once.
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    category: Category,
    kind: Kind,
    report: Report,
}

/// What is known about a call whatever became of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    /// `PATCH https://host/api/…`.
    pub(crate) request: String,
    pub(crate) attempts: u32,
    pub(crate) elapsed: Duration,
    pub(crate) request_id: Option<String>,
    pub(crate) operation: Option<String>,
    pub(crate) last_state: Option<String>,
    /// Whether the request may name other objects than its own, which a 404 may be about.
    pub(crate) names_others: bool,
    /// Whether a change was requested and nothing rules out that it happened.
    pub(crate) doubt: bool,
    /// How far the clock of this machine is ahead of the server's, if it is wrong.
    pub(crate) clock_error: Option<jiff::SignedDuration>,
}

/// What a failure means to a caller: one of these, decided when the error is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Category {
    NotFound,
    ReferenceNotFound,
    AlreadyExists,
    Conflict,
    ManagedByParent,
    Unauthenticated,
    PermissionDenied,
    RateLimited,
    Timeout,
    Interrupted,
    WrongWorkspace,
    NotOfTheService,
    Unreachable,
    Other,
}

impl Category {
    fn of(kind: &Kind, report: &Report) -> Self {
        match kind {
            Kind::Answered { status, problem } => {
                Self::of_answer(*status, problem, report.names_others)
            }
            Kind::OperationFailed(problem) => Self::of_problem(problem),
            Kind::UnexpectedResponse { .. } => Self::NotOfTheService,
            Kind::Unreachable { .. } | Kind::Refused { .. } | Kind::Lost { .. } => {
                Self::Unreachable
            }
            Kind::NoToken { reason, source, .. } => {
                let category = source.as_ref().map(|source| source.0.category);
                match (reason, category) {
                    (Missing::Refused | Missing::Unavailable, _) => Self::Unauthenticated,
                    (Missing::UnexpectedResponse, _) | (_, Some(Self::NotOfTheService)) => {
                        Self::NotOfTheService
                    }
                    (_, Some(category @ (Self::Unreachable | Self::RateLimited))) => category,
                    _ => Self::Other,
                }
            }
            Kind::WrongWorkspace { .. } => Self::WrongWorkspace,
            Kind::Unusable { .. } => Self::Other,
            Kind::TimedOut { .. } => Self::Timeout,
            Kind::Interrupted => Self::Interrupted,
        }
    }

    /// What an answer of the service means. A status alone says little: `ENDPOINT_NOT_FOUND` is how
    /// the platform says that the *API* does not exist, and a 404 may be about a role or a table
    /// that the request names.
    fn of_answer(status: u16, problem: &Problem, names_others: bool) -> Self {
        let category = Self::of_problem(problem);
        let code = problem.code.as_deref();
        match (category, status) {
            (Self::Other, 401) => Self::Unauthenticated,
            (Self::Other, 403) => Self::PermissionDenied,
            (Self::Other, 404) if matches!(code, Some("NOT_FOUND" | "RESOURCE_DOES_NOT_EXIST")) => {
                if names_others {
                    Self::ReferenceNotFound
                } else {
                    Self::NotFound
                }
            }
            (Self::Other, 429) => Self::RateLimited,
            _ => category,
        }
    }

    /// What the service says is wrong, in an answer or in a failed operation.
    ///
    /// *Assumptions.* The status of "conflicting operations" is not recorded, so the text counts
    /// too: a wrong guess costs a wait and nothing else.
    fn of_problem(problem: &Problem) -> Self {
        let says = |text: &str| problem.message.contains(text);
        match problem.code.as_deref() {
            _ if problem.is_managed_by_parent() => Self::ManagedByParent,
            Some("ABORTED") => Self::Conflict,
            _ if says("conflicting operations") || says("reconciliation") => Self::Conflict,
            Some("ALREADY_EXISTS" | "RESOURCE_ALREADY_EXISTS") => Self::AlreadyExists,
            // Roles and databases say so with 400 and a text, which is recorded (API reference, 5.3).
            Some("BAD_REQUEST") if says("with that name already exists") => Self::AlreadyExists,
            Some("PERMISSION_DENIED") => Self::PermissionDenied,
            _ => Self::Other,
        }
    }
}

impl WaitAborted {
    /// The failure of what was cut off; `last` is what had gone wrong before, if anything had.
    pub(crate) fn after(self, last: Option<Error>) -> Kind {
        match self {
            Self::Interrupted => Kind::Interrupted,
            Self::TimedOut => Kind::TimedOut { last },
        }
    }
}

impl From<WaitAborted> for Kind {
    fn from(cut: WaitAborted) -> Self {
        cut.after(None)
    }
}

impl Error {
    pub(crate) fn new(kind: Kind, report: Report) -> Self {
        Self(Box::new(Inner { category: Category::of(&kind, &report), kind, report }))
    }

    pub(crate) fn into_kind(self) -> Kind {
        self.0.kind
    }

    /// The same failure, as that of a wait.
    pub(crate) fn of_wait(mut self, wait: Report) -> Self {
        let request_id = self.0.report.request_id.take();
        self.0.report = Report { request_id, ..wait };
        self
    }

    /// The object of the request does not exist: the service's own 404, with its code, to a request
    /// that names no other object. Never that of a proxy, and never the error of an operation.
    ///
    /// *Caveats.* A create or an update is never "not found": its 404 may be about any object that
    /// its body names, as [`Error::is_reference_not_found`] says.
    pub fn is_not_found(&self) -> bool {
        self.0.category == Category::NotFound
    }

    /// An object does not exist that the request names: its own, its parent, or another, such as
    /// the role of a database or the source of a branch.
    pub fn is_reference_not_found(&self) -> bool {
        self.0.category == Category::ReferenceNotFound
    }

    /// An object of this name exists already.
    pub fn is_already_exists(&self) -> bool {
        self.0.category == Category::AlreadyExists
    }

    /// Another change is going on, and this one may be tried again when that one is done.
    ///
    /// *Assumptions.* A text counts, too. Do not base anything on it but another try.
    pub fn is_conflict(&self) -> bool {
        self.0.category == Category::Conflict
    }

    /// The object goes with its parent and cannot be deleted by itself: for a delete, a success.
    pub fn is_managed_by_parent(&self) -> bool {
        self.0.category == Category::ManagedByParent
    }

    /// The service, or its token endpoint, does not know who asks: a wrong, expired or revoked
    /// credential.
    pub fn is_unauthenticated(&self) -> bool {
        self.0.category == Category::Unauthenticated
    }

    /// The service knows who asks, and refuses.
    pub fn is_permission_denied(&self) -> bool {
        self.0.category == Category::PermissionDenied
    }

    /// Too many requests, for longer than the client was to put up with it.
    pub fn is_rate_limited(&self) -> bool {
        self.0.category == Category::RateLimited
    }

    /// The caller's deadline passed.
    pub fn is_timeout(&self) -> bool {
        self.0.category == Category::Timeout
    }

    /// The caller's stop token was cancelled.
    pub fn is_interrupted(&self) -> bool {
        self.0.category == Category::Interrupted
    }

    /// A change was requested whose answer is not known, in this attempt or in an earlier one: the
    /// answer was lost, cut off by a deadline or an interrupt, a 5xx, or not the service's. Look
    /// whether it happened before trying again.
    ///
    /// False where the request was refused before it had an effect: never sent, 4xx, 429.
    pub fn outcome_is_unknown(&self) -> bool {
        self.0.report.doubt
    }

    /// The answer came from another workspace than [`crate::Settings::expected_workspace_id`], or
    /// from one that did not say which it is.
    pub fn is_wrong_workspace(&self) -> bool {
        self.0.category == Category::WrongWorkspace
    }

    /// The answer was not in the service's form: that of a proxy, a login page, or another host.
    pub fn is_unexpected_response(&self) -> bool {
        self.0.category == Category::NotOfTheService
    }

    /// There was no service to talk to: no connection, or a connection that was lost.
    pub fn is_unreachable(&self) -> bool {
        self.0.category == Category::Unreachable
    }

    /// Whether the service answered, in its own form.
    pub fn is_answered(&self) -> bool {
        matches!(self.0.kind, Kind::Answered { .. })
    }

    /// Whether the same question may well be answered later: what a poll puts up with.
    pub(crate) fn is_transient(&self) -> bool {
        match &self.0.kind {
            Kind::Answered { status, .. } => *status == 429 || *status >= 500,
            Kind::UnexpectedResponse { status, .. } => *status >= 500,
            Kind::Unreachable { passing, .. } => *passing,
            Kind::Refused { .. } | Kind::Lost { .. } => true,
            Kind::NoToken { source, .. } => source.as_ref().is_some_and(Self::is_transient),
            _ => false,
        }
    }

    /// The operation that was started or waited for. It may still go on.
    pub fn operation(&self) -> Option<&str> {
        self.0.report.operation.as_deref()
    }

    /// What was requested: `PATCH https://host/api/2.0/postgres/projects/p?update_mask=…`.
    pub fn request(&self) -> &str {
        &self.0.report.request
    }

    /// The HTTP status; `None` where there was no answer, and for an operation that failed.
    pub fn status(&self) -> Option<u16> {
        match self.0.kind {
            Kind::Answered { status, .. } | Kind::UnexpectedResponse { status, .. } => Some(status),
            _ => None,
        }
    }

    /// The service's `error_code`, such as `INVALID_PARAMETER_VALUE`.
    pub fn code(&self) -> Option<&str> {
        self.problem()?.code.as_deref()
    }

    /// The service's own message, or what this client has to say where there is none.
    pub fn message(&self) -> String {
        self.problem().map_or_else(|| self.reason(), |problem| problem.message.clone())
    }

    /// What the service's `details` say beyond the message, one line each; empty if nothing.
    pub fn details(&self) -> String {
        self.problem().map(Problem::details_text).unwrap_or_default()
    }

    /// The service's name for this request, for its support.
    pub fn request_id(&self) -> Option<&str> {
        let of_body = self.problem().and_then(Problem::request_id);
        of_body.or(self.0.report.request_id.as_deref())
    }

    /// The fields that the service complained about: their paths, such as `spec.ttl`, and why.
    pub fn field_violations(&self) -> Vec<(String, String)> {
        self.problem().map(Problem::field_violations).unwrap_or_default()
    }

    /// How often it was tried; for a wait, how often it was looked.
    pub fn attempts(&self) -> u32 {
        self.0.report.attempts
    }

    /// The time from the first attempt to the failure; for a wait, since its deadline was set.
    pub fn elapsed(&self) -> Duration {
        self.0.report.elapsed
    }

    /// What a wait saw last: `INIT, on its way to ACTIVE`.
    pub fn last_state(&self) -> Option<&str> {
        self.0.report.last_state.as_deref()
    }

    /// What to do about a failed authentication or connection, where the error tells: sentences for
    /// people. None where only the caller can know.
    pub fn advice(&self) -> Option<String> {
        advice::of(self)
    }

    /// What answered in place of the Lakebase API.
    pub(crate) fn responder(&self) -> Option<Responder> {
        match self.0.kind {
            Kind::UnexpectedResponse { responder, .. } => Some(responder),
            _ => None,
        }
    }

    fn problem(&self) -> Option<&Problem> {
        match &self.0.kind {
            Kind::Answered { problem, .. } | Kind::OperationFailed(problem) => Some(problem),
            _ => None,
        }
    }

    /// Why it failed, without the request: the API's own message where there is one.
    pub fn reason(&self) -> String {
        let Report { operation, last_state, .. } = &self.0.report;
        match &self.0.kind {
            Kind::Answered { problem, .. } => problem.to_string(),
            Kind::OperationFailed(problem) => match operation {
                Some(operation) => format!("operation `{operation}` failed: {problem}"),
                None => problem.to_string(),
            },
            Kind::UnexpectedResponse { what, .. } => format!("unexpected response: {what}"),
            Kind::Unreachable { .. } => "could not send the request".to_owned(),
            Kind::Refused { .. } => {
                "the server refused the request before processing it".to_owned()
            }
            Kind::Lost { .. } => "the connection ended before the response was complete".to_owned(),
            Kind::NoToken { what, .. } => format!("no access token: {what}"),
            Kind::WrongWorkspace { expected, actual: Some(actual) } => {
                format!("workspace {actual} responded, but the expected workspace is {expected}")
            }
            Kind::WrongWorkspace { expected, actual: None } => format!(
                "a workspace responded without its ID, but the expected workspace is {expected}"
            ),
            Kind::Unusable { what } => format!("could not build the request: {what}"),
            Kind::TimedOut { .. } | Kind::Interrupted => {
                let verb = if self.is_timeout() { "timed out" } else { "interrupted" };
                let mut text = match operation {
                    Some(operation) => format!("{verb} waiting for operation `{operation}`"),
                    None => format!("{verb} waiting for a response"),
                };
                if let Some(state) = last_state {
                    let _ = write!(text, " (last state: {state})");
                }
                text
            }
        }
    }

    /// What a support ticket needs, each with its label: the request, its status with the number of
    /// attempts and their duration, and the request ID.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = vec![("Request", self.request().to_owned())];
        let (attempts, seconds) = (self.attempts(), self.elapsed().as_secs_f64());
        let plural = if attempts == 1 { "" } else { "s" };
        let after = format!("after {attempts} attempt{plural} ({seconds:.1} s)");
        let is_unanswered = matches!(
            self.0.kind,
            Kind::Unreachable { .. } | Kind::Refused { .. } | Kind::Lost { .. }
        );
        match self.status() {
            _ if attempts == 0 => {}
            Some(status) => facts.push(("Status", format!("HTTP {status} {after}"))),
            None if is_unanswered => facts.push(("Status", format!("no response {after}"))),
            None => facts.push(("Attempts", format!("{attempts} ({seconds:.1} s)"))),
        }
        facts.extend(self.request_id().map(|id| ("Request ID", id.to_owned())));
        facts
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let facts = self.facts();
        let facts = facts.iter().map(|(label, fact)| format!("{}: {fact}", label.to_lowercase()));
        write!(f, "{} ({})", self.reason(), facts.collect::<Vec<_>>().join(", "))
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.kind {
            Kind::Unreachable { source, .. } | Kind::Refused { source } | Kind::Lost { source } => {
                Some(&**source)
            }
            Kind::NoToken { source: Some(last), .. } | Kind::TimedOut { last: Some(last) } => {
                Some(last)
            }
            _ => None,
        }
    }
}

/// An error and its causes, in one line.
pub(crate) fn chain_text(error: &(dyn StdError + 'static)) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", chain_text(source)),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, code: &str, message: &str) -> Error {
        let (code, message) = (Some(code.to_owned()), message.to_owned());
        let problem = Problem { code, message, details: vec![] };
        Error::new(Kind::Answered { status, problem }, Report::default())
    }

    /// The names of the predicates that hold.
    fn holding(error: &Error) -> String {
        let all = [
            ("not found", error.is_not_found()),
            ("already exists", error.is_already_exists()),
            ("conflict", error.is_conflict()),
            ("unauthenticated", error.is_unauthenticated()),
            ("permission denied", error.is_permission_denied()),
            ("rate limited", error.is_rate_limited()),
            ("managed by parent", error.is_managed_by_parent()),
        ];
        all.into_iter().filter_map(|(name, holds)| holds.then_some(name)).collect()
    }

    #[test]
    fn the_answers_of_the_service_are_told_apart() {
        let conflicting = "Your project already has conflicting operations in progress. Please \
                           wait until they are complete, and then try again.";
        let table = [
            (404, "NOT_FOUND", "project id not found [TraceId: 1]", "not found"),
            (404, "RESOURCE_DOES_NOT_EXIST", "", "not found"),
            (404, "ENDPOINT_NOT_FOUND", "No API found for 'GET /api'", ""),
            (404, "FEATURE_DISABLED", "", ""),
            (409, "ALREADY_EXISTS", "branch with such id already exists", "already exists"),
            (400, "BAD_REQUEST", "role with that name already exists", "already exists"),
            (400, "BAD_REQUEST", "cannot delete protected branch", ""),
            (409, "ABORTED", "Endpoint reconciliation still in progress", "conflict"),
            (400, "BAD_REQUEST", conflicting, "conflict"),
            (401, "UNAUTHENTICATED", "", "unauthenticated"),
            (403, "PERMISSION_DENIED", "", "permission denied"),
            (429, "REQUEST_LIMIT_EXCEEDED", "", "rate limited"),
        ];
        for (status, code, message, expected) in table {
            assert_eq!(holding(&answered(status, code, message)), expected, "{code} {message}");
        }
    }
}
