//! Lists the ways in which a call can fail.

use super::{Error, Problem, Source};

#[derive(Debug)]
pub(crate) enum Kind {
    /// The service answered with an error.
    Answered { status: u16, problem: Problem },
    /// The operation ended with an error.
    OperationFailed(Problem),
    /// Something answered, but not as the service does: a proxy, a login page, an answer without
    /// a required member.
    UnexpectedResponse { status: u16, what: String, responder: Responder },
    /// No connection came about.
    Unreachable { passing: bool, source: Source },
    /// The server closed the stream or the connection without processing the request.
    Refused { source: Source },
    /// The connection ended, or the time for one attempt did, before the answer was complete.
    Lost { source: Source },
    /// There is no access token.
    NoToken { what: String, reason: Missing, advice: Option<String>, source: Option<Error> },
    /// The answer came from another workspace than the expected one.
    WrongWorkspace { expected: String, actual: Option<String> },
    /// The request could not be made.
    Unusable { what: String },
    /// The caller's deadline passed.
    TimedOut { last: Option<Error> },
    /// The caller was told to stop.
    Interrupted,
}

/// Why there is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// Whoever issues tokens refused the credentials.
    Refused,
    /// The host does not name its token endpoint: it is no workspace.
    UnexpectedResponse,
    /// A command or a file that the method needs gives no token.
    Unavailable,
    /// The source says it.
    Other,
}

/// What answered in place of the Lakebase API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Responder {
    /// The page at which people log in.
    LoginPage,
    /// A proxy.
    Proxy,
    /// Something that cannot be told.
    Unknown,
}

impl Responder {
    /// What a page or the target of a redirection tells.
    pub(crate) fn of_text(text: &str) -> Self {
        let text = text.to_ascii_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
        if says(&["proxy", "zscaler", "firewall", "captive portal", "web filter"]) {
            Self::Proxy
        } else if says(&[
            "/login",
            "login.html",
            "/oauth2/authorize",
            "oidc/v1/authorize",
            "sign in",
            "log in",
        ]) {
            Self::LoginPage
        } else {
            Self::Unknown
        }
    }
}
