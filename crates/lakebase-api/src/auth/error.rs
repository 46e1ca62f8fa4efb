//! Why there is no way to sign in, said so that it can be mended.

use std::collections::BTreeMap;
use std::fmt;

use super::attributes::Attributes;

const DOCS: &str = "https://docs.databricks.com/en/dev-tools/auth.html";

/// No way to sign in was found. What is printed says what was tried, why each method was skipped
/// and what to do; it holds no secret.
#[derive(Debug)]
pub struct AuthError {
    what: String,
    skipped: Vec<Skipped>,
    advice: String,
}

/// A method that was not taken; without a reason, because it is not supported yet.
#[derive(Debug)]
pub(super) struct Skipped {
    pub(super) method: &'static str,
    pub(super) reason: Option<String>,
}

impl AuthError {
    /// The methods that were tried, in order, and why each was skipped. Empty where it did not
    /// come to that.
    pub fn tried(&self) -> impl Iterator<Item = (&str, &str)> {
        let unsupported = "not supported yet";
        self.skipped.iter().map(move |it| (it.method, it.reason.as_deref().unwrap_or(unsupported)))
    }

    pub(super) fn no_host(attributes: &Attributes) -> Self {
        Self::new(
            format!("There is no workspace to talk to: {}", Attributes::missing("host")),
            format!(
                "Set `host` to the workspace's address, such as \
                 `https://name.cloud.databricks.com`, or name a `profile` that has it; {}.",
                attributes.file
            ),
        )
    }

    pub(super) fn host(what: String) -> Self {
        Self::new(what, "Set `host` to the workspace's address alone.".to_owned())
    }

    pub(super) fn profile(what: String) -> Self {
        Self::new(what, "Correct `profile` or `config_file`, or leave them out.".to_owned())
    }

    pub(super) fn no_boolean(variable: &str, value: &str) -> Self {
        Self::new(
            format!("`{variable}` is `{value}`, which is neither `true` nor `false`"),
            format!("Correct `{variable}`, or unset it."),
        )
    }

    pub(super) fn rate_limit(value: &str, origin: &str) -> Self {
        Self::new(
            format!("`rate_limit` from {origin} is `{value}`, which is no number of requests"),
            "Set the most requests a second, such as `15`, or leave it out.".to_owned(),
        )
    }

    pub(super) fn unknown_method(pinned: &str, known: impl Iterator<Item = &'static str>) -> Self {
        let known = known.map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ");
        Self::new(
            format!("`auth_type` is `{pinned}`, which is not a method of authentication"),
            format!("The methods are {known}."),
        )
    }

    pub(super) fn ambiguous(families: &BTreeMap<&str, Vec<String>>) -> Self {
        let names = families.keys().copied().collect::<Vec<_>>().join(" and ");
        let origins = families.values().flatten().cloned().collect::<Vec<_>>().join(", ");
        Self::new(
            format!("More than one authorization method is configured: {names} ({origins})"),
            "Unset what is not meant, or choose with `auth_type`, such as `pat` or `oauth-m2m`."
                .to_owned(),
        )
    }

    pub(super) fn no_method(skipped: Vec<Skipped>, attributes: &Attributes) -> Self {
        let advice = format!(
            "Set `token`, or `client_id` and `client_secret`, or name a `profile` that has them; \
             {}. See {DOCS}.",
            attributes.file
        );
        let what = "No way to authenticate is configured that this client supports".to_owned();
        Self { skipped, ..Self::new(what, advice) }
    }

    fn new(what: String, advice: String) -> Self {
        Self { what, skipped: Vec::new(), advice }
    }
}

impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}.", self.what)?;
        let mut unsupported = Vec::new();
        for Skipped { method, reason } in &self.skipped {
            match reason {
                Some(reason) => writeln!(f, "  - `{method}`: {reason}")?,
                None => unsupported.push(format!("`{method}`")),
            }
        }
        if !unsupported.is_empty() {
            writeln!(f, "  - not supported yet: {}", unsupported.join(", "))?;
        }
        f.write_str(&self.advice)
    }
}

impl std::error::Error for AuthError {}
