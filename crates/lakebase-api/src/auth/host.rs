//! The workspace's address, as people write it, made into one to send requests to.

use reqwest::Url;

/// An address, and what its query says besides.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Host {
    pub(super) url: Url,
    pub(super) workspace_id: Option<String>,
    pub(super) account_id: Option<String>,
}

/// Adds `https://`, and drops path and query, which people copy out of the browser; `?o=` there
/// names the workspace, `?a=` the account (API reference, 8.1).
pub(super) fn normalize(given: &str) -> Result<Host, String> {
    let given = given.trim();
    let text = if given.contains("://") { given.to_owned() } else { format!("https://{given}") };
    let mut url = Url::parse(&text)
        .map_err(|error| format!("`host` is `{given}`, which is not an address: {error}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("`host` holds a user name or a password, which does not belong there".into());
    }
    if !url.has_host() {
        return Err(format!("`host` is `{given}`, which names no host"));
    }
    check_secure(&url).map_err(|why| format!("`host` is `{given}`, but {why}"))?;
    let query = |names: &[&str]| {
        let found = url.query_pairs().find(|(name, _)| names.contains(&name.as_ref()));
        found.map(|(_, value)| value.into_owned()).filter(|it| !it.is_empty())
    };
    let workspace_id = query(&["o", "w", "workspace_id"]);
    let account_id = query(&["a", "account_id"]);
    url.set_path("");
    url.set_query(None);
    url.set_fragment(None);
    Ok(Host { url, workspace_id, account_id })
}

/// Whether tokens may be sent there: over TLS, or to this machine.
pub(super) fn check_secure(url: &Url) -> Result<(), String> {
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(url) => Ok(()),
        "http" => Err("`http` would show the token to the network; use `https`".to_owned()),
        other => Err(format!("`{other}` is not how the service is reached; use `https`")),
    }
}

/// Whether an address is on this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse().is_ok_and(|it: std::net::IpAddr| it.is_loopback())
}
