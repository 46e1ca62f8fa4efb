//! One request, sent until it is answered: the loop around the decisions of `retry.rs`.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::Url;

use crate::Json;
use crate::answer::Answer;
use crate::auth::{Authenticator, Bearer};
use crate::client::Settings;
use crate::clock::Clock;
use crate::error::{Error, Kind, Report};
use crate::patience::{Cut, Patience};
use crate::request::Request;
use crate::retry::{self, Decision, Effect, Failure, Spent};
use crate::wire::{Silence, Wire};

/// The way to the service, and the rules by which it is used.
pub(crate) struct Transport {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: Settings,
    pub(crate) wire: Wire,
    /// Which workspace answered last.
    workspace: Mutex<Option<String>>,
    /// When the next request may be sent, where their number is limited.
    next: Mutex<Duration>,
}

/// An attempt that failed: for the caller, and for the decision what to do next.
struct Miss {
    kind: Kind,
    failure: Failure,
    /// The token was refused, and there may be a better one.
    renewable: bool,
}

impl Transport {
    pub(crate) fn new(settings: Settings, clock: Arc<dyn Clock>, wire: Wire) -> Self {
        Self { clock, settings, wire, workspace: Mutex::default(), next: Mutex::default() }
    }

    /// The workspace that answered last, if any has.
    pub(crate) fn workspace(&self) -> Option<String> {
        self.workspace.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends a request until it is answered, refused for good, or out of time.
    ///
    /// *Flow.* Wait for a turn, get a token, send, check the workspace, read; then whatever
    /// [`retry::decide`] says. A 401 makes one new token and one more attempt.
    ///
    /// *Guarantees.* A request that may work only once is not sent again once it may have had an
    /// effect. An error knows whether any of its attempts leaves a doubt.
    pub(crate) async fn deliver(
        &self,
        request: &Request,
        authenticator: Option<&Authenticator>,
        patience: &Patience,
    ) -> Result<Json, Error> {
        let start = self.clock.elapsed();
        let mut report = Report { request: request.label(), ..Report::default() };
        let mut last = None;
        let mut renewed = false;
        loop {
            let missed = self.attempt(request, authenticator, patience, &mut report).await;
            let Miss { kind, failure, renewable } = match missed {
                Ok(json) => return Ok(json),
                Err(miss) => miss,
            };
            report.elapsed = self.clock.elapsed().saturating_sub(start);
            report.doubt |= retry::leaves_doubt(request.effect, failure);
            let kind = match kind {
                Kind::OutOfTime { last: None } => Kind::OutOfTime { last },
                other => other,
            };
            let error = Error::new(kind, report.clone());
            if renewable && !renewed {
                renewed = true;
                last = Some(error);
                continue;
            }
            let (attempts, elapsed) = (report.attempts, report.elapsed);
            let spent = Spent { attempts, elapsed, budget: self.settings.retry_timeout };
            match retry::decide(request.effect, failure, spent, self.clock.unit()) {
                Decision::Continue(pause) => {
                    if let Err(cut) = patience.sleep(pause).await {
                        report.elapsed = self.clock.elapsed().saturating_sub(start);
                        return Err(Error::new(cut.after(Some(error)), report));
                    }
                    last = Some(error);
                }
                Decision::Exhausted | Decision::Permanent => return Err(error),
            }
        }
    }

    /// Asks for nothing but which workspace answers, whatever it answers.
    pub(crate) async fn ask_workspace(
        &self,
        url: Url,
        authenticator: &Authenticator,
        patience: &Patience,
    ) -> Result<(), Error> {
        let Some(expected) = self.settings.expected_workspace_id.clone() else { return Ok(()) };
        if self.workspace().is_some() {
            return Ok(());
        }
        let request = Request::get(url);
        let asked = self.deliver(&request, Some(authenticator), patience).await;
        if self.workspace().is_some_and(|it| it == expected) {
            return Ok(());
        }
        asked?;
        let kind = Kind::WrongWorkspace { expected, actual: None };
        Err(Error::new(kind, Report { request: request.label(), ..Report::default() }))
    }

    async fn attempt(
        &self,
        request: &Request,
        authenticator: Option<&Authenticator>,
        patience: &Patience,
        report: &mut Report,
    ) -> Result<Json, Miss> {
        self.turn(patience).await.map_err(|cut| Miss::before_sending(cut.into()))?;
        let bearer = match authenticator {
            Some(it) => Some(it.bearer(self, patience).await.map_err(Miss::before_sending)?),
            None => None,
        };
        report.attempts += 1;
        let answer = self.exchange(request, bearer.as_ref(), patience, report.attempts).await?;
        report.request_id = answer.request_id().map(str::to_owned);
        self.check_workspace(&answer).map_err(Miss::after_sending)?;
        let kind = match answer.read() {
            Ok(json) => return Ok(json),
            Err(kind) => kind,
        };
        let renewable = match (authenticator, bearer) {
            (Some(authenticator), Some(bearer)) if answer.status.as_u16() == 401 => {
                authenticator.reject(&bearer).await
            }
            _ => false,
        };
        Err(Miss { kind, failure: answer.failure(self.clock.now()), renewable })
    }

    async fn exchange(
        &self,
        request: &Request,
        bearer: Option<&Bearer>,
        patience: &Patience,
        attempt: u32,
    ) -> Result<Answer, Miss> {
        let start = self.clock.elapsed();
        let timeout = self.settings.http_timeout;
        let work = async {
            tokio::select! {
                biased;
                answer = self.wire.exchange(request, bearer.map(|it| &it.token)) => answer,
                () = self.clock.limit(start.saturating_add(timeout)) => {
                    Err(Silence::Lost(format!("there was no answer within {timeout:?}").into()))
                }
            }
        };
        let answer = match request.effect {
            Effect::Read => patience.during(work).await,
            Effect::Repeatable | Effect::Once => patience.during_change(work).await,
        };
        tracing::debug!(
            method = %request.method,
            path = request.url.path(),
            status = answer.as_ref().ok().and_then(|it| Some(it.as_ref().ok()?.status.as_u16())),
            attempt,
            elapsed_ms = self.clock.elapsed().saturating_sub(start).as_millis(),
            "request"
        );
        answer.map_err(|cut| Miss::after_sending(cut.into()))?.map_err(Miss::from)
    }

    /// Waits until another request may be sent.
    async fn turn(&self, patience: &Patience) -> Result<(), Cut> {
        patience.check()?;
        let Some(rate) = self.settings.requests_per_second else { return Ok(()) };
        let now = self.clock.elapsed();
        let mine = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let mine = (*next).max(now);
            *next =
                mine.saturating_add(Duration::try_from_secs_f64(1.0 / rate).unwrap_or_default());
            mine
        };
        match mine.saturating_sub(now) {
            Duration::ZERO => Ok(()),
            wait => patience.sleep(wait).await,
        }
    }

    /// Notes which workspace answers. It comes before anything else in an answer is believed: a
    /// "not found" of another workspace says nothing about this one.
    fn check_workspace(&self, answer: &Answer) -> Result<(), Kind> {
        let Some(actual) = answer.workspace() else { return Ok(()) };
        *self.workspace.lock().unwrap_or_else(PoisonError::into_inner) = Some(actual.to_owned());
        match &self.settings.expected_workspace_id {
            Some(expected) if expected != actual => Err(Kind::WrongWorkspace {
                expected: expected.clone(),
                actual: Some(actual.to_owned()),
            }),
            _ => Ok(()),
        }
    }
}

impl Miss {
    fn before_sending(kind: Kind) -> Self {
        Self { kind, failure: Failure::Final { sent: false }, renewable: false }
    }

    fn after_sending(kind: Kind) -> Self {
        Self { kind, failure: Failure::Final { sent: true }, renewable: false }
    }
}

impl From<Silence> for Miss {
    fn from(silence: Silence) -> Self {
        match silence {
            Silence::Unusable(what) => Self::before_sending(Kind::Unusable { what }),
            Silence::TooLarge { status } => Self::after_sending(Kind::NotTheService {
                status,
                what: "the answer is larger than any of the service's".to_owned(),
            }),
            Silence::NeverSent { passing, source } => Self {
                kind: Kind::Unreachable { passing, source },
                failure: Failure::NeverSent { passing },
                renewable: false,
            },
            Silence::Lost(source) => {
                Self { kind: Kind::Lost { source }, failure: Failure::Lost, renewable: false }
            }
        }
    }
}
