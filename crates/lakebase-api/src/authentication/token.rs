//! Defines a token and what gives one.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use reqwest::Url;

use crate::deadline::Deadline;
use crate::error::{Error, Kind, Missing};
use crate::request::Request;
use crate::transport::Transport;
use crate::{Json, Secret};

/// How long a token lives whose answer does not say it.
const USUAL_LIFE: Duration = Duration::from_hours(1);

/// The configured part of a method.
#[async_trait]
pub(crate) trait TokenSource: Send + Sync {
    /// Requests a token from the issuer, without a cache.
    async fn fetch(&self, network: &Network<'_>) -> Result<Token, Kind>;

    /// Whether the method cannot fail to give a token, so that no other one need be looked for.
    fn is_certain(&self) -> bool {
        false
    }

    /// Whether another token may do better where this one was refused.
    fn renews(&self) -> bool {
        true
    }
}

/// What a source may use.
pub(crate) struct Network<'a> {
    pub(crate) transport: &'a Transport,
    pub(crate) deadline: &'a Deadline,
    /// Whether an earlier token was refused or is about to end: what others have kept is no use.
    pub(crate) is_renewal: bool,
}

/// The headers that authorize a request, and how long they do.
pub(crate) struct Token {
    pub(crate) headers: Vec<(&'static str, Secret)>,
    /// How long the token is valid; `None`: without limit.
    pub(crate) life: Option<Duration>,
    /// The host that it is for, where that had to be found.
    pub(crate) host: Option<Url>,
}

/// A token in an answer, before it is put in a header.
pub(crate) struct Issued {
    pub(crate) secret: Secret,
    pub(crate) life: Duration,
}

impl Network<'_> {
    /// Sends a request that needs no authorization.
    pub(crate) async fn send(&self, request: &Request) -> Result<Json, Error> {
        self.transport.deliver(request, None, self.deadline).await
    }

    /// Sends a request whose answer holds a token, and reads it. `what` says what was tried,
    /// `advice` what to do if it is refused.
    pub(crate) async fn issue(
        &self,
        request: &Request,
        member: &str,
        what: &str,
        advice: &str,
    ) -> Result<Issued, Kind> {
        let answer = self.send(request).await.map_err(|error| refused(what, advice, error))?;
        self.read(&answer, member).map_err(|why| unfit(request, &why))
    }

    /// The token in an answer, and how long it lives: `expires_in` seconds, until `expires_on`, or
    /// as the token itself says.
    pub(crate) fn read(&self, answer: &Json, member: &str) -> Result<Issued, String> {
        let secret = Secret::from(answer[member].as_str().unwrap_or_default());
        check(&secret).map_err(|why| format!("`{member}` {why}"))?;
        let number = |name: &str| match &answer[name] {
            Json::String(text) => text.parse().ok(),
            other => other.as_i64(),
        };
        let until = |second: i64| {
            let end = Timestamp::from_second(second).ok()?;
            Some(Duration::try_from(end.duration_since(self.now())).unwrap_or_default())
        };
        let life = number("expires_in")
            .map(|seconds| Duration::from_secs(seconds.try_into().unwrap_or_default()))
            .or_else(|| number("expires_on").and_then(until))
            .or_else(|| {
                let end: Timestamp = answer["expireTime"].as_str()?.parse().ok()?;
                until(end.as_second())
            })
            .or_else(|| super::jwt::expiration(&secret).and_then(until));
        Ok(Issued { secret, life: life.unwrap_or(USUAL_LIFE) })
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.transport.clock.now()
    }
}

impl Token {
    /// A token that is sent as `Bearer`.
    pub(crate) fn bearer(secret: &Secret, life: Option<Duration>) -> Self {
        let value = Secret::new(format!("Bearer {}", secret.expose()));
        Self { headers: vec![("authorization", value)], life, host: None }
    }

    /// The same with another header, valid as long as both are.
    pub(crate) fn with(mut self, name: &'static str, other: Issued) -> Self {
        self.headers.push((name, other.secret));
        self.life = Some(self.life.map_or(other.life, |life| life.min(other.life)));
        self
    }
}

impl From<Issued> for Token {
    fn from(Issued { secret, life }: Issued) -> Self {
        Self::bearer(&secret, Some(life))
    }
}

/// Whether a token can be sent in a header.
pub(super) fn check(token: &Secret) -> Result<(), &'static str> {
    match token.expose() {
        "" => Err("is missing"),
        text if !text.bytes().all(|byte| byte.is_ascii_graphic()) => {
            Err("holds spaces, line ends or other characters that no token has")
        }
        _ => Ok(()),
    }
}

/// A request for a token that failed. What ends a wait ends this one too; 400, 401 and 403 refuse
/// the credentials.
pub(super) fn refused(what: &str, advice: &str, error: Error) -> Kind {
    if error.is_timeout() || error.is_interrupted() {
        return error.into_kind();
    }
    let is_refusal = error.is_answered() && matches!(error.status(), Some(400 | 401));
    let (reason, advice) = if is_refusal {
        (Missing::Refused, Some(advice.to_owned()))
    } else {
        (Missing::Other, None)
    };
    Kind::NoToken { what: what.to_owned(), reason, advice, source: Some(error) }
}

/// A command, a file or a variable that gives no token.
pub(super) fn unavailable(what: String, advice: &str) -> Kind {
    let (reason, advice) = (Missing::Unavailable, Some(advice.to_owned()));
    Kind::NoToken { what, reason, advice, source: None }
}

/// An answer that is JSON, but not what a token endpoint answers.
pub(super) fn unfit(request: &Request, why: &str) -> Kind {
    Kind::UnexpectedResponse {
        status: 200,
        what: format!("in the answer of `{}`, {why}", request.label()),
        responder: crate::error::Responder::Unknown,
    }
}
