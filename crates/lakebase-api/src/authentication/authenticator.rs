//! Tries the methods in their order, and keeps the token of the one that succeeded: fetched once
//! for all who need it, and renewed before it ends.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::Url;

use super::discovery::Discovery;
use super::error::Skipped;
use super::token::{Network, Token, TokenSource};
use crate::Secret;
use crate::deadline::Deadline;
use crate::error::{Error, Kind, Missing, Report, chain_text};
use crate::http_client::Authorization;
use crate::transport::{Authorizer, Transport};

/// The longest time before its end that a token is renewed; a short-lived one is renewed in its
/// last quarter. Azure refuses tokens that end within 30 seconds.
const LEAD: Duration = Duration::from_mins(5);
/// The longest time that an early renewal takes from a caller whose token is still good.
const EARLY: Duration = Duration::from_secs(10);
/// How long an old token is used on after an early renewal failed.
const RELIEF: Duration = Duration::from_mins(1);
/// How long a refusal is remembered: a plan of many objects starts no process and asks no token
/// endpoint for each of them.
const REMEMBERED: Duration = Duration::from_secs(30);
/// Names the workspace to hosts that serve several.
const WORKSPACE: &str = "x-databricks-workspace-id";

/// The methods that have all that they need, and the token that one of them gave last.
pub(crate) struct Authenticator {
    candidates: Vec<Candidate>,
    skipped: Vec<Skipped>,
    discovery: Arc<Discovery>,
    workspace_id: Option<String>,
    /// The host, where a method had to find it.
    found_host: OnceLock<Url>,
    /// The first candidate that gave a token. It stays chosen.
    chosen: OnceLock<usize>,
    cache: Mutex<Cache>,
    /// Held by the caller that fetches a token.
    fetching: tokio::sync::Mutex<()>,
}

/// A method that has all that it needs.
pub(super) struct Candidate {
    pub(super) name: &'static str,
    pub(super) source: Box<dyn TokenSource>,
    /// The origins of its values.
    pub(super) origins: String,
}

#[derive(Default)]
struct Cache {
    current: Option<Cached>,
    generation: u64,
    refused: Option<Refused>,
}

/// The last refusal, if no token came after it.
#[derive(Clone)]
struct Refused {
    at: Duration,
    what: String,
    reason: Missing,
    advice: Option<String>,
}

/// A token with its dates, by the client's clock; none is never.
struct Cached {
    authorization: Authorization,
    renew: Option<Duration>,
    end: Option<Duration>,
}

impl Authenticator {
    pub(super) fn new(
        candidates: Vec<Candidate>,
        skipped: Vec<Skipped>,
        discovery: Arc<Discovery>,
        workspace_id: Option<&str>,
    ) -> Self {
        Self {
            candidates,
            skipped,
            discovery,
            workspace_id: workspace_id.map(str::to_owned),
            found_host: OnceLock::new(),
            chosen: OnceLock::new(),
            cache: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
        }
    }

    /// The method that gave a token; before that, the first candidate.
    pub(crate) fn name(&self) -> &'static str {
        self.candidates[self.chosen.get().copied().unwrap_or(0)].name
    }

    /// The host, where a method had to find it.
    pub(crate) fn host(&self) -> Option<&Url> {
        self.found_host.get()
    }

    /// Fetches a token from the chosen method, else from the first candidate that gives one.
    ///
    /// *Guarantees.* A method is passed over only if it is refused or has nothing to give, as in
    /// the SDKs. A host that cannot be reached ends the search: it must not decide who asks.
    async fn fetch(
        &self,
        transport: &Transport,
        deadline: &Deadline,
        is_renewal: bool,
    ) -> Result<Token, Kind> {
        let network = Network { transport, deadline, is_renewal };
        if let Some(chosen) = self.chosen.get() {
            let candidate = &self.candidates[*chosen];
            return candidate.source.fetch(&network).await.map_err(|kind| candidate.failed(kind));
        }
        let mut failed: Vec<(&Candidate, Kind)> = Vec::new();
        for (index, candidate) in self.candidates.iter().enumerate() {
            match candidate.source.fetch(&network).await {
                Ok(token) => {
                    tracing::debug!(method = candidate.name, "authenticated");
                    let _ = self.chosen.set(index);
                    return Ok(token);
                }
                Err(kind) if !is_refusal(&kind) => return Err(candidate.failed(kind)),
                Err(kind) => failed.push((candidate, kind)),
            }
            let passed_over = index + 1 < self.candidates.len();
            if let (true, Some((candidate, kind))) = (passed_over, failed.last()) {
                let reason = describe(kind);
                tracing::warn!(
                    method = candidate.name,
                    reason,
                    "authentication failed, trying the next method"
                );
            }
        }
        Err(self.all_failed(failed))
    }

    /// One failure keeps its causes; several are a list.
    fn all_failed(&self, mut failed: Vec<(&Candidate, Kind)>) -> Kind {
        if failed.len() == 1
            && let Some((candidate, kind)) = failed.pop()
        {
            return candidate.failed(kind);
        }
        let mut what = "every method of authentication failed".to_owned();
        for (candidate, kind) in &failed {
            let _ = write!(what, "\n  - {}: {}", candidate.described(), describe(kind));
        }
        for Skipped { method, reason } in &self.skipped {
            let _ = write!(what, "\n  - `{method}` was skipped: {reason}");
        }
        let mut advice =
            "Correct the method that is meant, and choose it with `auth_type`.".to_owned();
        for (Candidate { name, .. }, kind) in &failed {
            if let Kind::NoToken { advice: Some(own), .. } = kind {
                let _ = write!(advice, "\n  - `{name}`: {own}");
            }
        }
        let reason = Missing::Refused;
        Kind::NoToken { what, reason, advice: Some(advice), source: None }
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The headers of a token, and the one that names the workspace.
    fn headers(&self, token: Token) -> Vec<(&'static str, Secret)> {
        let mut headers = token.headers;
        let workspace = self.workspace_id.as_deref().or_else(|| self.discovery.workspace_id());
        headers.extend(workspace.map(|id| (WORKSPACE, id.into())));
        headers
    }
}

#[async_trait]
impl Authorizer for Authenticator {
    /// The token, renewed if its end is near.
    ///
    /// *Guarantees.* One caller fetches at a time. Others wait for the same token only if there is
    /// none that is still good. If the fetching caller gives up, the next one goes on.
    async fn authorize(
        &self,
        transport: &Transport,
        deadline: &Deadline,
    ) -> Result<Authorization, Kind> {
        let known = self.cache().at(transport.clock.elapsed());
        let fetching = match known {
            (Some(known), Renewal::NotYet) => return Ok(known),
            (Some(known), Renewal::Due) => match self.fetching.try_lock() {
                Ok(fetching) => fetching,
                Err(_) => return Ok(known),
            },
            (None, _) => deadline.during(self.fetching.lock()).await?,
        };
        // Another caller may have fetched one meanwhile.
        let now = transport.clock.elapsed();
        let (known, is_renewal) = {
            let cache = self.cache();
            (cache.at(now), cache.generation > 0)
        };
        let old = match known {
            (Some(known), Renewal::NotYet) => return Ok(known),
            (old, _) => old,
        };
        if old.is_none()
            && let Some(refusal) = self.cache().refusal(now)
        {
            return Err(refusal);
        }
        let limit = if old.is_some() { EARLY } else { Duration::MAX };
        let fetched = self.fetch(transport, &deadline.at_most(limit), is_renewal).await;
        drop(fetching);
        match (fetched, old) {
            (Ok(token), _) => {
                let life = token.life;
                let host = token.host.clone();
                if let Some(host) = &host {
                    let _ = self.found_host.set(host.clone());
                }
                let (method, headers) = (self.name(), self.headers(token));
                Ok(self.cache().keep(
                    Authorization { method, headers, host, generation: 0 },
                    life,
                    now,
                ))
            }
            // A renewal that is early need not stop anybody when it fails.
            (Err(kind), Some(still_good)) => {
                let error = Error::new(kind, Report::default());
                tracing::warn!(
                    error = chain_text(&error),
                    "could not renew the access token early"
                );
                self.cache().put_off(&still_good, now);
                Ok(still_good)
            }
            (Err(kind), None) => {
                self.cache().remember(&kind, now);
                Err(kind)
            }
        }
    }

    /// Forgets a token that the service refused, unless another caller has already replaced it;
    /// tells whether there may be a better one.
    fn reject(&self, refused: &Authorization) -> bool {
        let renews = self.candidates[self.chosen.get().copied().unwrap_or(0)].source.renews();
        if renews {
            let mut cache = self.cache();
            if cache.generation == refused.generation {
                cache.current = None;
            }
        }
        renews
    }
}

impl Candidate {
    /// The method, with the origins of its values.
    fn described(&self) -> String {
        let Self { name, origins, .. } = self;
        if origins.is_empty() { format!("`{name}`") } else { format!("`{name}` with {origins}") }
    }

    /// Says which method failed, with which values.
    fn failed(&self, kind: Kind) -> Kind {
        let Kind::NoToken { what, reason, advice, source } = kind else { return kind };
        let what = format!("{}: {what}", self.described());
        Kind::NoToken { what, reason, advice, source }
    }
}

/// Whether the next method may be tried.
fn is_refusal(kind: &Kind) -> bool {
    let reasons = [Missing::Refused, Missing::UnexpectedResponse, Missing::Unavailable];
    matches!(kind, Kind::NoToken { reason, .. } if reasons.contains(reason))
}

/// A failure in one line.
fn describe(kind: &Kind) -> String {
    match kind {
        Kind::NoToken { what, source: Some(source), .. } => {
            format!("{what}: {}", chain_text(source))
        }
        Kind::NoToken { what, .. } => what.clone(),
        _ => "it failed".to_owned(),
    }
}

/// Whether it is time to renew a token.
enum Renewal {
    NotYet,
    Due,
}

impl Cache {
    /// The token that is good at that time, and whether to renew it.
    fn at(&self, now: Duration) -> (Option<Authorization>, Renewal) {
        let passed = |moment: Option<Duration>| moment.is_some_and(|moment| moment <= now);
        match &self.current {
            Some(current) if !passed(current.renew) => {
                (Some(current.authorization.clone()), Renewal::NotYet)
            }
            Some(current) if !passed(current.end) => {
                (Some(current.authorization.clone()), Renewal::Due)
            }
            _ => (None, Renewal::Due),
        }
    }

    /// Remembers a refusal. Other failures may pass.
    fn remember(&mut self, kind: &Kind, now: Duration) {
        if let Kind::NoToken { reason, advice, .. } = kind
            && is_refusal(kind)
        {
            let (what, reason, advice) = (describe(kind), *reason, advice.clone());
            self.refused = Some(Refused { at: now, what, reason, advice });
        }
    }

    /// The refusal of just now.
    fn refusal(&self, now: Duration) -> Option<Kind> {
        let Refused { at, what, reason, advice } = self.refused.clone()?;
        let is_recent = now.saturating_sub(at) < REMEMBERED;
        is_recent.then_some(Kind::NoToken { what, reason, advice, source: None })
    }

    /// Renews a token later, because the renewal of now failed.
    fn put_off(&mut self, authorization: &Authorization, now: Duration) {
        if let Some(current) = &mut self.current
            && current.authorization.generation == authorization.generation
        {
            current.renew = Some(now.saturating_add(RELIEF));
        }
    }

    fn keep(
        &mut self,
        authorization: Authorization,
        life: Option<Duration>,
        now: Duration,
    ) -> Authorization {
        self.generation += 1;
        self.refused = None;
        let authorization = Authorization { generation: self.generation, ..authorization };
        let end = life.map(|life| now.saturating_add(life));
        let renew = life.map(|life| now.saturating_add(life.saturating_sub(LEAD.min(life / 4))));
        self.current = Some(Cached { authorization: authorization.clone(), renew, end });
        authorization
    }
}
