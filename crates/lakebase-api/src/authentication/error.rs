//! Says why no method of authentication can be used, so that it can be mended.

use std::collections::BTreeMap;
use std::fmt;

const DOCS: &str = "https://docs.databricks.com/en/dev-tools/auth.html";

/// The configuration names no host, or no method of authentication that can be used. What is
/// printed says what was tried, why each method was skipped and what to do; it holds no secret.
#[derive(Debug)]
pub struct AuthError {
    what: String,
    skipped: Vec<Skipped>,
    advice: String,
}

/// A method that was not taken.
#[derive(Debug)]
pub(super) struct Skipped {
    pub(super) method: &'static str,
    pub(super) reason: String,
}

impl AuthError {
    /// The methods that were tried, in order, and why each was skipped. Empty where it did not
    /// come to that.
    pub fn tried(&self) -> impl Iterator<Item = (&str, &str)> {
        self.skipped.iter().map(|skipped| (skipped.method, &*skipped.reason))
    }

    /// `missing` says where the host could have been, `file` which file was read.
    pub(super) fn no_host(missing: &str, file: &str) -> Self {
        Self::new(
            format!("No workspace is configured: {missing}"),
            format!(
                "Set `host` to the workspace's address, such as \
                 `https://name.cloud.databricks.com`, or name a `profile` that has it; {file}."
            ),
        )
    }

    /// `host` says where the host came from, `missing` where the workspace could have been.
    pub(super) fn account_host(host: &str, missing: &str) -> Self {
        Self::new(
            format!("{host} is the host of an account, and Lakebase belongs to a workspace"),
            format!(
                "Set `host` to the URL of the workspace. Where the host serves workspaces too, set \
                 `workspace_id`: {missing}."
            ),
        )
    }

    pub(super) fn host(what: String) -> Self {
        Self::new(what, "Set `host` to the workspace's address alone.".to_owned())
    }

    pub(super) fn profile(what: String) -> Self {
        Self::new(what, "Correct `profile` or `config_file`, or leave them out.".to_owned())
    }

    /// `value` is none if it is secret.
    pub(super) fn invalid(name: &str, value: Option<&str>, origin: &str, needed: &str) -> Self {
        let shown = value.map(|value| format!(" is `{value}`, which")).unwrap_or_default();
        let what = format!("`{name}` from {origin}{shown} is not {needed}");
        Self::new(what, format!("Correct `{name}`, or leave it out."))
    }

    pub(super) fn unknown_method(chosen: &str, known: impl Iterator<Item = &'static str>) -> Self {
        let known = known.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        Self::new(
            format!("`auth_type` is `{chosen}`, which is not a method of authentication"),
            format!("The methods are {known}."),
        )
    }

    pub(super) fn ended(what: String, advice: String) -> Self {
        Self::new(what, advice)
    }

    pub(super) fn ambiguous(families: &BTreeMap<&str, String>) -> Self {
        let names = families.keys().copied().collect::<Vec<_>>().join(" and ");
        let origins = families.values().cloned().collect::<Vec<_>>().join(", ");
        Self::new(
            format!("More than one authorization method is configured: {names} ({origins})"),
            "Unset what is not meant, or choose with `auth_type`, such as `pat` or `oauth-m2m`."
                .to_owned(),
        )
    }

    pub(super) fn no_method(skipped: Vec<Skipped>, file: &str) -> Self {
        let advice = format!(
            "Log in with `databricks auth login` and name its `profile`, or set `token`, or \
             `client_id` and `client_secret`; {file}. See {DOCS}."
        );
        let what = "No method of authentication has all that it needs".to_owned();
        Self { skipped, ..Self::new(what, advice) }
    }

    fn new(what: String, advice: String) -> Self {
        Self { what, skipped: Vec::new(), advice }
    }
}

impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}.", self.what)?;
        for Skipped { method, reason } in &self.skipped {
            writeln!(f, "  - `{method}`: {reason}")?;
        }
        f.write_str(&self.advice)
    }
}

impl std::error::Error for AuthError {}
