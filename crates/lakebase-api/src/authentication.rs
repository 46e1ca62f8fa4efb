//! Authenticates as the Databricks SDKs do: finds the host and the method, and gets tokens.
//!
//! `attribute.rs` lists what can be configured, `values.rs` gathers it, `methods.rs` lists the
//! methods in their order, and `authenticator.rs` tries them and keeps the token fresh. Finding the
//! methods needs no network and starts no process; getting the first token may.

mod attribute;
mod authenticator;
mod cloud;
mod discovery;
mod error;
mod expiry;
mod host;
mod ini;
mod jwt;
mod methods;
mod process;
mod profile;
mod token;
mod values;

use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;

pub use attribute::{ATTRIBUTES, Attribute, ValueKind};
pub(crate) use authenticator::Authenticator;
use authenticator::Candidate;
use discovery::Discovery;
pub use error::AuthError;
use error::Skipped;
pub use methods::METHODS;
use methods::{Context, Refusal};
pub use values::Credentials;
use values::Values;

use crate::Environment;

/// Stands for the host of an Azure resource, until Azure has told it.
const UNKNOWN_HOST: &str = "https://workspace-of-azure-resource.invalid";

/// What a client needs to know before its first request.
pub(crate) struct Resolved {
    pub(crate) host: Url,
    pub(crate) defaults: Defaults,
    pub(crate) skip_verify: bool,
    pub(crate) authenticator: Authenticator,
}

/// Limits that the environment or a profile sets.
pub(crate) struct Defaults {
    pub(crate) http_timeout: Option<Duration>,
    pub(crate) retry_timeout: Option<Duration>,
    pub(crate) requests_per_second: Option<f64>,
}

/// Finds the host and the methods that have all that they need.
pub(crate) fn resolve(
    credentials: &Credentials,
    environment: &Environment,
) -> Result<Resolved, AuthError> {
    let mut values = Values::gather(credentials, environment)?;
    let host = host(&mut values)?;
    let chosen = values.text("auth_type").map(str::to_owned);
    if let Some(chosen) = &chosen
        && !METHODS.iter().any(|method| method.name == chosen)
    {
        return Err(AuthError::unknown_method(chosen, METHODS.iter().map(|method| method.name)));
    }
    if chosen.is_none() {
        values.check_one_family()?;
    }
    let host = match host {
        Some(host) => host,
        // Azure knows the host of a resource.
        None if values.get("azure_workspace_resource_id").is_some() => {
            Url::parse(UNKNOWN_HOST).expect("the address is a constant")
        }
        None => return Err(AuthError::no_host(&Values::missing("host"), &values.file)),
    };
    if host::is_account(&host) && values.text("workspace_id").is_none() {
        return Err(AuthError::account_host(
            &values.origins(&["host"]),
            &Values::missing("workspace_id"),
        ));
    }
    let discovery = Arc::new(Discovery::new(&host, &values).map_err(AuthError::host)?);
    let context = Context { values: &values, host: &host, environment, discovery: &discovery };
    let mut candidates = Vec::new();
    let mut skipped = Vec::new();
    for method in METHODS {
        if chosen.as_ref().is_some_and(|chosen| method.name != chosen) {
            continue;
        }
        let has_host = values.get("host").is_some();
        let configured = if has_host || method.finds_host {
            (method.configure)(&context)
        } else {
            Err(Refusal::Skipped(Values::missing("host")))
        };
        match configured {
            Ok(source) => {
                let origins = values.origins(method.attributes);
                let is_certain = source.is_certain();
                candidates.push(Candidate { name: method.name, source, origins });
                if is_certain {
                    break;
                }
            }
            Err(Refusal::Skipped(reason)) => skipped.push(Skipped { method: method.name, reason }),
            Err(Refusal::Ended(what, advice)) if candidates.is_empty() => {
                return Err(AuthError::ended(what, advice));
            }
            Err(Refusal::Ended(..)) => {}
        }
    }
    if candidates.is_empty() {
        return Err(AuthError::no_method(skipped, &values.file));
    }
    let authenticator =
        Authenticator::new(candidates, skipped, discovery, values.text("workspace_id"));
    let (defaults, skip_verify) = (defaults(&values), values.is_true("skip_verify"));
    Ok(Resolved { host, defaults, skip_verify, authenticator })
}

/// The host, and the IDs that its address carries.
fn host(values: &mut Values) -> Result<Option<Url>, AuthError> {
    let Some(given) = values.text("host") else { return Ok(None) };
    let host::Host { url, workspace_id, account_id } =
        host::normalize(given, values.is_true("allow_http")).map_err(AuthError::host)?;
    values.default("workspace_id", workspace_id, "host");
    values.default("account_id", account_id, "host");
    Ok(Some(url))
}

fn defaults(values: &Values) -> Defaults {
    let seconds = |name: &str| {
        let seconds = values.number(name).filter(|seconds| *seconds != 0)?;
        Some(u64::try_from(seconds).map_or(Duration::MAX, Duration::from_secs))
    };
    let rate = values.number("rate_limit").filter(|rate| *rate > 0);
    Defaults {
        http_timeout: seconds("http_timeout_seconds"),
        retry_timeout: seconds("retry_timeout_seconds"),
        requests_per_second: rate.and_then(|rate| i32::try_from(rate).ok()).map(f64::from),
    }
}
