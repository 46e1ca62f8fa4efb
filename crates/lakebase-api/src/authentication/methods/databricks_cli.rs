//! `databricks-cli`: asks the Databricks CLI, in which a person has logged in, for tokens. Without
//! the CLI, the tokens that it has kept are used.

use std::path::{MAIN_SEPARATOR, Path, PathBuf};

use async_trait::async_trait;

use super::token_cache::TokenCache;
use super::{Context, Refusal};
use crate::authentication::expiry::expiry;
use crate::authentication::host::is_account;
use crate::authentication::process::{self, CommandError};
use crate::authentication::token::{Network, Token, TokenSource, check, unavailable};
use crate::error::Kind;
use crate::{Environment, Json, Secret};

/// The CLI is larger than this; the one that preceded it, written in Python, is smaller.
const SMALLEST: u64 = 1 << 20;
/// The first version whose command `auth token` heeds `--profile`.
const WITH_PROFILE: [u64; 3] = [0, 207, 1];
/// The first version that has `--force-refresh`.
const WITH_REFRESH: [u64; 3] = [0, 296, 0];

struct DatabricksCli {
    program: PathBuf,
    profile: Option<String>,
    host: Vec<String>,
    environment: Environment,
    version: tokio::sync::OnceCell<Option<[u64; 3]>>,
    advice: String,
}

pub(super) fn configure(context: &Context<'_>) -> Result<Box<dyn TokenSource>, Refusal> {
    let values = context.values;
    if !values.list("scopes").is_empty() && !values.is_of_file("scopes") {
        return Err(Refusal::Skipped(
            "`scopes` is set, but the CLI decides the scopes when a person logs in".to_owned(),
        ));
    }
    let profile = context.text("profile").or_else(|| values.profile.clone());
    let host = context.host.as_str().trim_end_matches('/').to_owned();
    let advice = match &profile {
        Some(profile) => format!("Log in with `databricks auth login --profile {profile}`."),
        None => format!("Log in with `databricks auth login --host {host}`."),
    };
    let account = context.text("account_id").filter(|_| is_account(context.host));
    let program = match find(context.values.text("databricks_cli_path"), context.environment) {
        Ok(program) => program,
        Err(why) => {
            let cache =
                TokenCache::find(context, profile.as_deref(), &host, account.as_deref(), advice);
            return match cache {
                Some(cache) => Ok(Box::new(cache)),
                None => Err(Refusal::Skipped(format!(
                    "{why}, and there is no `~/.databricks/token-cache.json` that it has left"
                ))),
            };
        }
    };
    let mut arguments = vec!["--host".to_owned(), host];
    if let Some(account) = account {
        arguments.extend(["--account-id".to_owned(), account]);
    }
    let (environment, version) = (context.environment.clone(), tokio::sync::OnceCell::new());
    Ok(Box::new(DatabricksCli { program, profile, host: arguments, environment, version, advice }))
}

/// The CLI at its path, else the first one in `PATH` that is not the older one.
fn find(configured: Option<&str>, environment: &Environment) -> Result<PathBuf, String> {
    let name = configured.unwrap_or("databricks");
    if name.contains(['/', MAIN_SEPARATOR]) {
        let path = PathBuf::from(name);
        return if is_current(&path) {
            Ok(path)
        } else {
            Err(format!("`databricks_cli_path` is `{name}`, which is not the Databricks CLI"))
        };
    }
    let names = if cfg!(windows) {
        vec![format!("{name}.exe"), name.to_owned()]
    } else {
        vec![name.to_owned()]
    };
    let path = environment.get("PATH").unwrap_or_default();
    let mut found = std::env::split_paths(path)
        .flat_map(|directory| {
            names.iter().map(move |name| directory.join(name)).collect::<Vec<_>>()
        })
        .filter(|path| path.is_file())
        .peekable();
    let is_any = found.peek().is_some();
    found.find(|path| is_current(path)).ok_or_else(|| {
        if is_any {
            "the `databricks` in `PATH` is the old CLI (update it to 0.205 or later)".to_owned()
        } else {
            "the Databricks CLI is not installed: `databricks` is not in `PATH`".to_owned()
        }
    })
}

fn is_current(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| file.is_file() && file.len() >= SMALLEST)
}

#[async_trait]
impl TokenSource for DatabricksCli {
    async fn fetch(&self, network: &Network<'_>) -> Result<Token, Kind> {
        let token = self.token(network, network.is_renewal).await?;
        match token.life {
            // The CLI has given what it had kept.
            Some(life) if life.is_zero() && !network.is_renewal => self.token(network, true).await,
            _ => Ok(token),
        }
    }
}

impl DatabricksCli {
    async fn token(&self, network: &Network<'_>, is_forced: bool) -> Result<Token, Kind> {
        let mut arguments = vec!["auth", "token"];
        match &self.profile {
            Some(profile) if self.supports(network, WITH_PROFILE).await? => {
                arguments.extend(["--profile", profile]);
            }
            _ => arguments.extend(self.host.iter().map(String::as_str)),
        }
        if is_forced && self.supports(network, WITH_REFRESH).await? {
            arguments.push("--force-refresh");
        }
        let output = self.run(network, &arguments).await?;
        let answer: Json = serde_json::from_slice(&output).unwrap_or_default();
        let secret = Secret::from(answer["access_token"].as_str().unwrap_or_default());
        let strange = |why: &str| {
            unavailable(format!("in what `databricks auth token` prints, {why}"), &self.advice)
        };
        check(&secret).map_err(|why| strange(&format!("`access_token` {why}")))?;
        let end = answer["expiry"].as_str().and_then(expiry);
        let end = end.ok_or_else(|| strange("`expiry` is not a time"))?;
        let life = end.duration_since(network.now()).try_into().unwrap_or_default();
        Ok(Token::bearer(&secret, Some(life)))
    }

    /// Whether the installed version is at least that one. A version that cannot be told counts as
    /// an old one.
    async fn supports(&self, network: &Network<'_>, wanted: [u64; 3]) -> Result<bool, Kind> {
        let version = self.version.get_or_try_init(|| async {
            match self.run(network, &["version"]).await {
                Ok(output) => Ok(version(&String::from_utf8_lossy(&output))),
                Err(kind @ (Kind::TimedOut { .. } | Kind::Interrupted)) => Err(kind),
                Err(_) => Ok(None),
            }
        });
        Ok(version.await?.is_some_and(|version| version >= wanted))
    }

    async fn run(&self, network: &Network<'_>, arguments: &[&str]) -> Result<Vec<u8>, Kind> {
        let output =
            process::run(&self.program, arguments, &self.environment, network.deadline).await;
        output.map_err(|error| match error {
            CommandError::Stopped(kind) => kind,
            CommandError::Failed(what) => unavailable(what, &self.advice),
        })
    }
}

/// The version in `Databricks CLI v0.207.1`.
fn version(text: &str) -> Option<[u64; 3]> {
    let text = text.trim().trim_start_matches("Databricks CLI ").strip_prefix('v')?;
    let numbers = text.split(['-', '+']).next()?.split('.');
    let numbers: Vec<u64> = numbers.map(str::parse).collect::<Result<_, _>>().ok()?;
    numbers.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_is_read_from_output_of_cli() {
        let table = [
            ("Databricks CLI v0.207.1\n", Some([0, 207, 1])),
            ("Databricks CLI v0.296.0-dev+abc", Some([0, 296, 0])),
            ("v1.2.3", Some([1, 2, 3])),
            ("Databricks CLI v0.0.0-dev+06b169284737", Some([0, 0, 0])),
            ("Version 0.18.0", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(version(text), expected, "{text}");
        }
    }
}
