//! The token in use: fetched once for all who need it, and renewed before it expires.

use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Mutex;

use crate::error::Kind;
use crate::transport::Transport;
use crate::{Patience, Secret};

/// The longest time before its end that a token is renewed; a short-lived one is renewed in its
/// last quarter.
const LEAD: Duration = Duration::from_mins(5);
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
        Self { name, source, cache: Mutex::default() }
    }

    /// `pat`, `oauth-m2m`.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// The token, renewed if its end is near. Whoever comes while it is fetched waits for the same
    /// one; if the fetching caller gives up, the next one goes on.
    pub(crate) async fn bearer(
        &self,
        transport: &Transport,
        patience: &Patience,
    ) -> Result<Bearer, Kind> {
        let mut cache = patience.during(self.cache.lock()).await?;
        let now = transport.clock.elapsed();
        let passed = |moment: Option<Duration>| moment.is_some_and(|it| it <= now);
        if let Some(current) = &cache.current
            && !passed(current.renew)
        {
            return Ok(current.bearer.clone());
        }
        match (self.source.fetch(transport, patience).await, &mut cache.current) {
            (Ok(token), _) => Ok(cache.keep(token, now)),
            // Renewed early, so that a failure need not stop anybody.
            (Err(_), Some(old)) if !passed(old.end) => {
                old.renew = Some(now.saturating_add(RELIEF));
                Ok(old.bearer.clone())
            }
            (Err(kind), _) => Err(kind),
        }
    }

    /// Forgets a token that the service refused, unless another caller has already replaced it;
    /// tells whether there may be a better one.
    pub(crate) async fn reject(&self, bearer: &Bearer) -> bool {
        if self.source.renews() {
            let mut cache = self.cache.lock().await;
            if cache.generation == bearer.generation {
                cache.current = None;
            }
        }
        self.source.renews()
    }
}

impl Cache {
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
