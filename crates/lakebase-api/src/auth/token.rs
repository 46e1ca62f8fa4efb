//! The token in use: fetched once for all who need it, and renewed before it expires.

use std::error::Error as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use crate::error::{Error, Kind, Report};
use crate::transport::Transport;
use crate::{Patience, Secret};

/// The longest time before its end that a token is renewed; a short-lived one is renewed in its
/// last quarter.
const LEAD: Duration = Duration::from_mins(5);
/// The longest time that an early renewal takes from a caller whose token is still good.
const EARLY: Duration = Duration::from_secs(10);
/// How long an old token is used on after an early renewal failed.
const RELIEF: Duration = Duration::from_mins(1);

/// A method of authentication.
#[async_trait]
pub(crate) trait TokenSource: Send + Sync {
    /// Gets a token.
    async fn fetch(&self, transport: &Transport, patience: &Patience) -> Result<Token, Kind>;

    /// Whether another token may do better where this one was refused.
    fn renews(&self) -> bool {
        false
    }
}

/// A token, and how long it lives; none is for good.
pub(crate) struct Token {
    pub(crate) secret: Secret,
    pub(crate) life: Option<Duration>,
}

/// A token in use.
#[derive(Clone)]
pub(crate) struct Bearer {
    pub(crate) token: Secret,
    generation: u64,
}

/// A method, and the token that it gave last.
pub(crate) struct Authenticator {
    name: &'static str,
    source: Box<dyn TokenSource>,
    cache: Mutex<Cache>,
    /// Held by the caller that fetches a token.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Cache {
    current: Option<Cached>,
    generation: u64,
}

/// A token with its dates, by the client's clock; none is never.
struct Cached {
    bearer: Bearer,
    renew: Option<Duration>,
    end: Option<Duration>,
}

impl Authenticator {
    pub(crate) fn new(name: &'static str, source: Box<dyn TokenSource>) -> Self {
        Self { name, source, cache: Mutex::default(), fetching: tokio::sync::Mutex::default() }
    }

    /// `pat`, `oauth-m2m`.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// The token, renewed if its end is near.
    ///
    /// *Guarantees.* One caller fetches at a time. Others wait for the same token only if there is
    /// none that is still good. If the fetching caller gives up, the next one goes on.
    pub(crate) async fn bearer(
        &self,
        transport: &Transport,
        patience: &Patience,
    ) -> Result<Bearer, Kind> {
        let known = self.cache().at(transport.clock.elapsed());
        let fetching = match known {
            (Some(bearer), Renewal::NotYet) => return Ok(bearer),
            (Some(bearer), Renewal::Due) => match self.fetching.try_lock() {
                Ok(fetching) => fetching,
                Err(_) => return Ok(bearer),
            },
            (None, _) => patience.during(self.fetching.lock()).await?,
        };
        // Another caller may have fetched one meanwhile.
        let now = transport.clock.elapsed();
        let known = self.cache().at(now);
        let old = match known {
            (Some(bearer), Renewal::NotYet) => return Ok(bearer),
            (old, _) => old,
        };
        let limit = if old.is_some() { EARLY } else { Duration::MAX };
        let fetched = self.source.fetch(transport, &patience.at_most(limit)).await;
        drop(fetching);
        match (fetched, old) {
            (Ok(token), _) => Ok(self.cache().keep(token, now)),
            // A renewal that is early need not stop anybody when it fails.
            (Err(kind), Some(still_good)) => {
                let error = Error::new(kind, Report::default());
                let cause = error.source().map(ToString::to_string);
                tracing::warn!(%error, cause, "could not renew the access token early");
                self.cache().put_off(&still_good, now);
                Ok(still_good)
            }
            (Err(kind), None) => Err(kind),
        }
    }

    /// Forgets a token that the service refused, unless another caller has already replaced it;
    /// tells whether there may be a better one.
    pub(crate) fn reject(&self, bearer: &Bearer) -> bool {
        if self.source.renews() {
            let mut cache = self.cache();
            if cache.generation == bearer.generation {
                cache.current = None;
            }
        }
        self.source.renews()
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether it is time to renew a token.
enum Renewal {
    NotYet,
    Due,
}

impl Cache {
    /// The token that is good at that time, and whether to renew it.
    fn at(&self, now: Duration) -> (Option<Bearer>, Renewal) {
        let passed = |moment: Option<Duration>| moment.is_some_and(|moment| moment <= now);
        match &self.current {
            Some(current) if !passed(current.renew) => {
                (Some(current.bearer.clone()), Renewal::NotYet)
            }
            Some(current) if !passed(current.end) => (Some(current.bearer.clone()), Renewal::Due),
            _ => (None, Renewal::Due),
        }
    }

    /// Renews a token later, because the renewal of now failed.
    fn put_off(&mut self, bearer: &Bearer, now: Duration) {
        if let Some(current) = &mut self.current
            && current.bearer.generation == bearer.generation
        {
            current.renew = Some(now.saturating_add(RELIEF));
        }
    }

    fn keep(&mut self, token: Token, now: Duration) -> Bearer {
        self.generation += 1;
        let bearer = Bearer { token: token.secret, generation: self.generation };
        let end = token.life.map(|life| now.saturating_add(life));
        let renew =
            token.life.map(|life| now.saturating_add(life.saturating_sub(LEAD.min(life / 4))));
        self.current = Some(Cached { bearer: bearer.clone(), renew, end });
        bearer
    }
}

/// Whether a token can be sent in a header.
pub(super) fn check(token: &Secret) -> Result<(), &'static str> {
    match token.expose() {
        "" => Err("is missing"),
        it if !it.bytes().all(|it| it.is_ascii_graphic()) => {
            Err("holds spaces, line ends or other characters that no token has")
        }
        _ => Ok(()),
    }
}
