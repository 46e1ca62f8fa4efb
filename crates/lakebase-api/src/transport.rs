//! Sends one request until it is answered: the loop around the decisions of `retry.rs`.
//!
//! It knows that requests are authorized, and not how: see [`Authorizer`].

use std::collections::HashMap;
use std::error::Error as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::Url;

use crate::Json;
use crate::answer::Answer;
use crate::clock::Clock;
use crate::deadline::{Deadline, WaitAborted};
use crate::error::{Error, Kind, Report, Responder, chain_text};
use crate::http_client::{Authorization, HttpClient, SendError};
use crate::request::Request;
use crate::retry::{self, Decision, Effect, Failure, Spent};
use crate::settings::Limits;
use crate::traffic_log as log;

/// Adds the credentials of the caller to a request.
#[async_trait]
pub(crate) trait Authorizer: Send + Sync {
    /// The headers of a request. They may have to be fetched.
    async fn authorize(
        &self,
        transport: &Transport,
        deadline: &Deadline,
    ) -> Result<Authorization, Kind>;

    /// Forgets an authorization that was refused; tells whether there may be a better one.
    fn reject(&self, refused: &Authorization) -> bool;
}

/// The connections to hosts, and the rules by which they are used.
pub(crate) struct Transport {
    pub(crate) clock: Arc<dyn Clock>,
    limits: Limits,
    http: HttpClient,
    /// Which workspace answered last.
    workspace: Mutex<Option<String>>,
    /// Held while somebody asks which workspace answers; true once that was answered.
    introduction: tokio::sync::Mutex<bool>,
    /// What is known of each host and port that was asked.
    contacts: Mutex<HashMap<String, Contact>>,
    /// When the next request may be sent, where their number is limited.
    next: Mutex<Duration>,
}

/// What is known of a host.
enum Contact {
    /// The host has answered a request, whatever the answer was.
    Reached,
    /// It has never answered, and the last request to it was given up at that time for that reason.
    Missed { at: Duration, why: String },
}

/// For how long a host that never answered is not asked again: a plan of many objects tells once
/// and at once that it cannot be reached.
const REMEMBERED: Duration = Duration::from_secs(30);

/// An attempt that failed: for the caller, and for the decision what to do next.
struct FailedAttempt {
    kind: Kind,
    failure: Failure,
    /// The token was refused, and there may be a better one.
    renewable: bool,
}

impl Transport {
    pub(crate) fn new(limits: Limits, clock: Arc<dyn Clock>, http: HttpClient) -> Self {
        Self {
            clock,
            limits,
            http,
            workspace: Mutex::default(),
            introduction: tokio::sync::Mutex::default(),
            contacts: Mutex::default(),
            next: Mutex::default(),
        }
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
        authorizer: Option<&dyn Authorizer>,
        deadline: &Deadline,
    ) -> Result<Json, Error> {
        let begun = self.clock.elapsed();
        let mut report = Report { request: request.label(), ..Report::default() };
        let mut progress = Progress::default();
        let mut last = None;
        let mut renewed = false;
        loop {
            let attempt = self.attempt(request, authorizer, deadline, &mut progress).await;
            let FailedAttempt { kind, failure, renewable } = match attempt {
                Ok(json) => return Ok(json),
                Err(failed) => failed,
            };
            report.attempts = progress.attempts;
            if let Some(label) = &progress.label {
                report.request.clone_from(label);
            }
            report.request_id = progress.request_id.take();
            report.names_others = request.names_others;
            report.clock_error = progress.clock_error.take();
            report.elapsed =
                self.clock.elapsed().saturating_sub(progress.first_attempt.unwrap_or(begun));
            report.doubt |= retry::leaves_doubt(request.effect, failure);
            let kind = match kind {
                Kind::TimedOut { last: None } => Kind::TimedOut { last },
                other => other,
            };
            let error = Error::new(kind, report.clone());
            if renewable && !renewed {
                renewed = true;
                last = Some(error);
                continue;
            }
            let Progress { attempts, spent, .. } = progress;
            let spent = Spent { attempts, elapsed: spent, budget: self.limits.retry_timeout };
            match retry::decide(request.effect, failure, spent, self.clock.unit()) {
                Decision::Continue(pause) => {
                    log::pause(request, &error, attempts, pause);
                    if let Err(cut) = deadline.sleep(pause).await {
                        let first = progress.first_attempt.unwrap_or(begun);
                        report.elapsed = self.clock.elapsed().saturating_sub(first);
                        return Err(Error::new(cut.after(Some(error)), report));
                    }
                    progress.spent = progress.spent.saturating_add(pause);
                    last = Some(error);
                }
                Decision::Exhausted | Decision::Permanent => {
                    self.note_failure(&request.url, failure, &error);
                    return Err(error);
                }
            }
        }
    }

    /// Makes sure that the expected workspace answers, if one is expected: by a read of `url`
    /// unless the last answer came from it. What the read says does not matter. Of callers at the
    /// same time one asks, and the others wait for its answer.
    pub(crate) async fn ask_workspace(
        &self,
        url: Url,
        authorizer: &dyn Authorizer,
        deadline: &Deadline,
    ) -> Result<(), Error> {
        let Some(expected) = self.limits.expected_workspace_id.clone() else { return Ok(()) };
        let is_expected = || self.workspace().as_ref() == Some(&expected);
        if is_expected() {
            return Ok(());
        }
        let request = Request::get(url);
        let report = || Report { request: request.label(), ..Report::default() };
        let asking = deadline.during(self.introduction.lock()).await;
        let mut asked_before = asking.map_err(|cut| Error::new(cut.into(), report()))?;
        if is_expected() {
            return Ok(());
        }
        let asked = self.deliver(&request, Some(authorizer), deadline).await;
        *asked_before |= asked.is_ok();
        if is_expected() {
            return Ok(());
        }
        asked?;
        Err(Error::new(Kind::WrongWorkspace { expected, actual: None }, report()))
    }

    /// Learns which workspace answers, by a read of `url` unless an answer has already told. Of
    /// callers at the same time one asks, and a workspace that does not say its id is asked once.
    /// An error of the read is for the request to tell that follows.
    pub(crate) async fn learn_workspace(
        &self,
        url: Url,
        authorizer: &dyn Authorizer,
        deadline: &Deadline,
    ) {
        let Ok(mut asked_before) = deadline.during(self.introduction.lock()).await else { return };
        if self.workspace().is_none() && !*asked_before {
            let asked = self.deliver(&Request::get(url), Some(authorizer), deadline).await;
            *asked_before = asked.is_ok();
        }
    }

    /// Whether the answers of now can be believed: from the expected workspace, if one is.
    pub(crate) fn is_expected_workspace(&self) -> bool {
        let expected = self.limits.expected_workspace_id.as_ref();
        expected.is_none_or(|expected| self.workspace().as_ref() == Some(expected))
    }

    async fn attempt(
        &self,
        request: &Request,
        authorizer: Option<&dyn Authorizer>,
        deadline: &Deadline,
        progress: &mut Progress,
    ) -> Result<Json, FailedAttempt> {
        if let Some(kind) = self.known_failure(&request.url) {
            return Err(FailedAttempt::before_sending(kind));
        }
        self.turn(deadline).await.map_err(|cut| FailedAttempt::before_sending(cut.into()))?;
        let authorization = match authorizer {
            Some(authorizer) => {
                let authorization = authorizer.authorize(self, deadline).await;
                Some(authorization.map_err(FailedAttempt::before_sending)?)
            }
            None => None,
        };
        let elsewhere =
            authorization.as_ref().and_then(|authorization| authorization.host.as_ref());
        let elsewhere = elsewhere.map(|host| request.at(host));
        let request = elsewhere.as_ref().unwrap_or(request);
        progress.label = Some(request.label());
        let start = self.clock.elapsed();
        progress.attempts += 1;
        progress.first_attempt.get_or_insert(start);
        let exchanged =
            self.exchange(request, authorization.as_ref(), deadline, progress.attempts).await;
        let took = self.clock.elapsed().saturating_sub(start);
        progress.spent = progress.spent.saturating_add(took);
        let answer = exchanged?;
        progress.request_id = answer.request_id().map(str::to_owned);
        if authorizer.is_some() {
            self.check_workspace(&answer).map_err(FailedAttempt::after_sending)?;
        }
        let kind = match answer.read(request.expected) {
            Ok(json) => return Ok(json),
            Err(kind) => kind,
        };
        if matches!(answer.status.as_u16(), 400 | 401 | 403) {
            progress.clock_error = answer.clock_error(self.clock.now());
        }
        let renewable = match (authorizer, authorization) {
            (Some(authorizer), Some(authorization)) if answer.status.as_u16() == 401 => {
                authorizer.reject(&authorization)
            }
            _ => false,
        };
        Err(FailedAttempt { kind, failure: answer.failure(self.clock.now()), renewable })
    }

    async fn exchange(
        &self,
        request: &Request,
        authorization: Option<&Authorization>,
        deadline: &Deadline,
        attempt: u32,
    ) -> Result<Answer, FailedAttempt> {
        let start = self.clock.elapsed();
        let timeout = self.limits.http_timeout;
        let work = async {
            tokio::select! {
                biased;
                answer = self.http.exchange(request, authorization) => answer,
                () = self.clock.limit(start.saturating_add(timeout)) => {
                    Err(SendError::Lost(format!("there was no answer within {timeout:?}").into()))
                }
            }
        };
        let answer = match request.effect {
            Effect::Read => deadline.during(work).await,
            Effect::Repeatable | Effect::Once => deadline.during_change(work).await,
        };
        let took = self.clock.elapsed().saturating_sub(start);

        log::attempt(request, answer.as_ref(), attempt, took);
        let answer = answer.map_err(|cut| FailedAttempt::after_sending(cut.into()))?;
        if matches!(
            answer,
            Ok(_) | Err(SendError::Refused(_) | SendError::Lost(_) | SendError::TooLarge { .. })
        ) {
            self.contacts().insert(authority(&request.url), Contact::Reached);
        }
        answer.map_err(|error| FailedAttempt::of(error, self.is_reached(&request.url)))
    }

    fn contacts(&self) -> MutexGuard<'_, HashMap<String, Contact>> {
        self.contacts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_reached(&self, url: &Url) -> bool {
        matches!(self.contacts().get(&authority(url)), Some(Contact::Reached))
    }

    /// Why a request is not even tried: its host has never answered, and was tried just now.
    fn known_failure(&self, url: &Url) -> Option<Kind> {
        match self.contacts().get(&authority(url))? {
            Contact::Missed { at, why }
                if self.clock.elapsed().saturating_sub(*at) < REMEMBERED =>
            {
                Some(Kind::Unreachable { passing: false, source: why.clone().into() })
            }
            _ => None,
        }
    }

    /// Remembers that a host that has never answered cannot be reached.
    fn note_failure(&self, url: &Url, failure: Failure, error: &Error) {
        if matches!(failure, Failure::NeverSent { reached: false, .. }) {
            let at = self.clock.elapsed();
            let why = error.source().map_or_else(|| error.to_string(), chain_text);
            let mut contacts = self.contacts();
            // Another request may have been answered meanwhile.
            if !matches!(contacts.get(&authority(url)), Some(Contact::Reached)) {
                contacts.insert(authority(url), Contact::Missed { at, why });
            }
        }
    }

    /// Waits until another request may be sent.
    async fn turn(&self, deadline: &Deadline) -> Result<(), WaitAborted> {
        deadline.check()?;
        let Some(rate) = self.limits.requests_per_second else { return Ok(()) };
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
            wait => deadline.sleep(wait).await,
        }
    }

    /// Notes which workspace answers. This comes before anything else in an answer is believed: a
    /// "not found" of another workspace says nothing about this one.
    fn check_workspace(&self, answer: &Answer) -> Result<(), Kind> {
        let Some(actual) = answer.workspace() else { return Ok(()) };
        *self.workspace.lock().unwrap_or_else(PoisonError::into_inner) = Some(actual.to_owned());
        match &self.limits.expected_workspace_id {
            Some(expected) if expected != actual => Err(Kind::WrongWorkspace {
                expected: expected.clone(),
                actual: Some(actual.to_owned()),
            }),
            _ => Ok(()),
        }
    }
}

/// How far a request has come, attempts that failed included.
#[derive(Default)]
struct Progress {
    attempts: u32,
    /// The request, once its host is known.
    label: Option<String>,
    first_attempt: Option<Duration>,
    /// The time of attempts, and of the pauses between them.
    spent: Duration,
    /// The name that the server gave the last attempt.
    request_id: Option<String>,
    /// How far the clock of this machine is ahead of the server's.
    clock_error: Option<jiff::SignedDuration>,
}

impl FailedAttempt {
    fn before_sending(kind: Kind) -> Self {
        Self { kind, failure: Failure::Final { sent: false }, renewable: false }
    }

    fn after_sending(kind: Kind) -> Self {
        Self { kind, failure: Failure::Final { sent: true }, renewable: false }
    }

    fn of(error: SendError, reached: bool) -> Self {
        let (kind, failure) = match error {
            SendError::Unusable(what) => {
                return Self::before_sending(Kind::Unusable { what });
            }
            SendError::TooLarge { status } => {
                let what =
                    "the response is larger than any response of the Lakebase API".to_owned();
                let responder = Responder::Unknown;
                return Self::after_sending(Kind::UnexpectedResponse { status, what, responder });
            }
            SendError::NotConnected { passing, source } => {
                (Kind::Unreachable { passing, source }, Failure::NeverSent { passing, reached })
            }
            SendError::Refused(source) => {
                (Kind::Refused { source }, Failure::NeverSent { passing: true, reached })
            }
            SendError::Lost(source) => (Kind::Lost { source }, Failure::Lost),
        };
        Self { kind, failure, renewable: false }
    }
}

/// The host and port that an address leads to.
fn authority(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(0))
}
