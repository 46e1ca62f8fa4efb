//! Uses the tokens that the Databricks CLI has kept in `~/.databricks/token-cache.json`, for
//! machines that have the file but not the CLI. A token is renewed as the CLI does it, and kept for
//! the CLI.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::Context;
use crate::authentication::discovery::Discovery;
use crate::authentication::expiry::expiry;
use crate::authentication::token::{Network, Token, TokenSource, check, unavailable};
use crate::error::Kind;
use crate::request::Request;
use crate::{Json, Secret};

/// The client that a refresh token belongs to.
const CLIENT: &str = "databricks-cli";
/// The version of the file's form.
const VERSION: u64 = 1;
/// A token that ends so soon is renewed.
const SHORTEST: Duration = Duration::from_secs(40);
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// The file, and the names under which it may hold the token.
pub(super) struct TokenCache {
    path: PathBuf,
    /// The profile's, then the host's.
    keys: Vec<String>,
    advice: String,
    discovery: Arc<Discovery>,
    /// The token that was given last. After a refusal, another one counts as new.
    given: Mutex<Option<Secret>>,
}

/// What the file holds.
struct Entry {
    key: String,
    token: Secret,
    refresh: Option<Secret>,
    end: Option<Timestamp>,
}

/// A lock on the file. It is given up explicitly: a process that starts meanwhile has a copy of the
/// handle for a moment, which would hold the lock after this one is closed.
struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // The system gives it up at the latest when the process ends.
        let _ = self.0.unlock();
    }
}

impl TokenCache {
    /// The file, if there is one.
    pub(super) fn find(
        context: &Context<'_>,
        profile: Option<&str>,
        host: &str,
        account: Option<&str>,
        advice: String,
    ) -> Option<Self> {
        let path =
            Path::new(context.environment.home()?).join(".databricks").join("token-cache.json");
        if !path.is_file() {
            return None;
        }
        let of_host = match account {
            Some(account) => format!("{host}/oidc/accounts/{account}"),
            None => host.to_owned(),
        };
        let keys = profile.into_iter().map(str::to_owned).chain([of_host]).collect();
        let discovery = context.discovery.clone();
        Some(Self { path, keys, advice, discovery, given: Mutex::default() })
    }

    fn read(&self) -> Result<Json, Kind> {
        let shown = self.path.display();
        let failed =
            |why: String| unavailable(format!("`{shown}` cannot be used: {why}"), &self.advice);
        let text = std::fs::read(&self.path).map_err(|error| failed(error.to_string()))?;
        let file: Json =
            serde_json::from_slice(&text).map_err(|_| failed("it is no JSON".to_owned()))?;
        match file["version"].as_u64() {
            Some(VERSION) => Ok(file),
            _ => Err(failed(format!("its version is not {VERSION}"))),
        }
    }

    fn entry(&self, file: &Json) -> Result<Entry, Kind> {
        let found = self.keys.iter().find_map(|key| Some((key, file["tokens"].get(key)?)));
        let (key, entry) = found.ok_or_else(|| {
            let keys = self.keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>();
            let shown = self.path.display();
            unavailable(format!("`{shown}` has no token for {}", keys.join(" or ")), &self.advice)
        })?;
        let text = |name: &str| entry[name].as_str().filter(|text| !text.is_empty());
        Ok(Entry {
            key: key.clone(),
            token: text("access_token").unwrap_or_default().into(),
            refresh: text("refresh_token").map(Secret::from),
            end: text("expiry").and_then(expiry),
        })
    }

    /// The token that was kept, if it is good for a while and not the one that was refused.
    fn kept(&self, entry: &Entry, network: &Network<'_>) -> Option<Token> {
        check(&entry.token).ok()?;
        let life = match entry.end {
            Some(end) => Some(Duration::try_from(end.duration_since(network.now())).ok()?),
            None => None,
        };
        let given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let is_given = given.as_ref().is_some_and(|given| given.expose() == entry.token.expose());
        let is_good = life.is_none_or(|life| life > SHORTEST) && !(network.is_renewal && is_given);
        is_good.then(|| Token::bearer(&entry.token, life))
    }

    /// Waits for other processes that renew a token, the CLI's included. Without a lock, as in a
    /// directory that cannot be written to, other processes cannot write either.
    async fn lock(&self, network: &Network<'_>) -> Result<Option<Lock>, Kind> {
        let path = self.path.with_file_name("token-cache.lock");
        let Ok(file) = File::options().create(true).truncate(false).write(true).open(path) else {
            return Ok(None);
        };
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(Lock(file))),
                Err(std::fs::TryLockError::WouldBlock) => {
                    network.deadline.sleep(LOCK_PAUSE).await?;
                }
                Err(std::fs::TryLockError::Error(_)) => return Ok(None),
            }
        }
    }

    async fn renew(&self, entry: &Entry, network: &Network<'_>) -> Result<Token, Kind> {
        let Some(refresh) = &entry.refresh else {
            let what = format!("the token for `{}` has expired and cannot be renewed", entry.key);
            return Err(unavailable(what, &self.advice));
        };
        let endpoint = self.discovery.endpoint(network).await?;
        let pairs = [
            ("grant_type", "refresh_token"),
            ("client_id", CLIENT),
            ("refresh_token", refresh.expose()),
        ];
        let request = Request::form(endpoint.url, &pairs);
        let what = "the login that the Databricks CLI has kept is not renewed";
        let answer = network.send(&request).await;
        let answer = answer
            .map_err(|error| crate::authentication::token::refused(what, &self.advice, error))?;
        let issued = network
            .read(&answer, "access_token")
            .map_err(|why| crate::authentication::token::unfit(&request, &why))?;
        let end = network.now().saturating_add(issued.life).unwrap_or(Timestamp::MAX);
        let refresh =
            answer["refresh_token"].as_str().map_or_else(|| refresh.clone(), Secret::from);
        if let Err(error) = self.keep(&entry.key, &issued.secret, &refresh, end) {
            // An old refresh token may be good for once only.
            let path = self.path.display();
            tracing::warn!(%path, error, "the renewed login could not be kept for the Databricks CLI");
        }
        Ok(issued.into())
    }

    /// Writes the file again, as a whole and for its owner alone.
    fn keep(
        &self,
        key: &str,
        token: &Secret,
        refresh: &Secret,
        end: Timestamp,
    ) -> Result<(), String> {
        let mut file = self.read().map_err(|_| "the file cannot be read".to_owned())?;
        file["tokens"][key] = serde_json::json!({
            "access_token": token.expose(),
            "token_type": "Bearer",
            "refresh_token": refresh.expose(),
            "expiry": end.to_string(),
        });
        let directory = self.path.parent().unwrap_or(Path::new("."));
        let write = || {
            let mut temporary = tempfile::NamedTempFile::new_in(directory)?;
            temporary.write_all(file.to_string().as_bytes())?;
            temporary.persist(&self.path).map_err(|error| error.error)
        };
        write().map(drop).map_err(|error| error.to_string())
    }
}

#[async_trait]
impl TokenSource for TokenCache {
    async fn fetch(&self, network: &Network<'_>) -> Result<Token, Kind> {
        let entry = self.entry(&self.read()?)?;
        let token = if let Some(token) = self.kept(&entry, network) {
            token
        } else {
            let _lock = self.lock(network).await?;
            // Another process may have renewed it meanwhile.
            let entry = self.entry(&self.read()?)?;
            match self.kept(&entry, network) {
                Some(token) => token,
                None => self.renew(&entry, network).await?,
            }
        };
        let given = token
            .headers
            .first()
            .map(|(_, value)| Secret::from(value.expose().trim_start_matches("Bearer ")));
        *self.given.lock().unwrap_or_else(PoisonError::into_inner) = given;
        Ok(token)
    }
}
