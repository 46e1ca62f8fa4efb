//! Reads the address of a workspace as people write it.

use reqwest::Url;

use crate::address::check_secure;

/// An address, and what its query says besides.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Host {
    pub(super) url: Url,
    pub(super) workspace_id: Option<String>,
    pub(super) account_id: Option<String>,
}

/// In place of an address that may hold a password.
const HIDDEN: &str = "`host` holds an `@`";

/// Adds `https://`, and drops path and query, which people copy out of the browser; `?o=` there
/// names the workspace, `?a=` the account (API reference, 8.1).
///
/// *Errors.* They quote what was given, unless it may hold a password.
pub(super) fn normalize(given: &str, allow_http: bool) -> Result<Host, String> {
    let given = given.trim();
    let text = if given.contains("://") { given.to_owned() } else { format!("https://{given}") };
    let before_query = given.split(['?', '#']).next().unwrap_or_default();
    if before_query.contains('@') {
        return Err("`host` holds a user name or a password, which does not belong there".into());
    }
    let is_quotable = !given.contains('@');
    let quoted = if is_quotable { format!("`host` is `{given}`") } else { HIDDEN.to_owned() };
    let mut url =
        Url::parse(&text).map_err(|error| format!("{quoted}, which is not an address: {error}"))?;
    if !url.has_host() {
        return Err(format!("{quoted}, which names no host"));
    }
    check_secure(&url, allow_http).map_err(|why| format!("{quoted}, but {why}"))?;
    let query = |name: &str| {
        let found = url.query_pairs().find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned()).filter(|value| !value.is_empty())
    };
    // The older parameters hold numbers only (SDK for Go, `config.go`).
    let numeric = |name: &str| query(name).filter(|value| value.parse::<i64>().is_ok());
    let workspace_id = query("w").or_else(|| numeric("o")).or_else(|| numeric("workspace_id"));
    let account_id = query("a").or_else(|| query("account_id"));
    url.set_path("");
    url.set_query(None);
    url.set_fragment(None);
    Ok(Host { url, workspace_id, account_id })
}

/// Whether the host serves an account by its name. Such a host has no workspace of its own.
pub(crate) fn is_account(host: &Url) -> bool {
    let name = host.host_str().unwrap_or_default();
    name.starts_with("accounts.") || name.starts_with("accounts-dod.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_people_write_it() {
        let table = [
            ("name.example.com", "https://name.example.com/", None, None),
            ("https://name.example.com/", "https://name.example.com/", None, None),
            (" https://NAME.example.com:443/x/y#z ", "https://name.example.com/", None, None),
            ("name.example.com:8443", "https://name.example.com:8443/", None, None),
            ("https://name.example.com/?o=42&x=y", "https://name.example.com/", Some("42"), None),
            ("name.example.com?w=42&a=1-2", "https://name.example.com/", Some("42"), Some("1-2")),
            (
                "h.example.com?workspace_id=4&account_id=2",
                "https://h.example.com/",
                Some("4"),
                Some("2"),
            ),
            ("https://h.example.com/?o=", "https://h.example.com/", None, None),
            ("https://h.example.com/?o=new", "https://h.example.com/", None, None),
            ("https://h.example.com/?o=1&w=new", "https://h.example.com/", Some("new"), None),
            ("http://localhost:8080", "http://localhost:8080/", None, None),
            ("http://127.0.0.9:80/", "http://127.0.0.9/", None, None),
            ("http://[::1]:8080", "http://[::1]:8080/", None, None),
        ];
        for (given, url, workspace, account) in table {
            let host = normalize(given, false).unwrap();
            let found =
                (host.url.as_str(), host.workspace_id.as_deref(), host.account_id.as_deref());
            assert_eq!(found, (url, workspace, account), "{given}");
        }
    }

    #[test]
    fn an_address_that_is_not_safe_is_refused() {
        let table = [
            ("http://name.example.com", "`allow_http`"),
            ("http://localhost.example.com", "use `https`, or set `allow_http`"),
            ("ftp://name.example.com", "use `https`"),
            ("https://user:hush@name.example.com", "a user name or a password"),
            ("https://user:hush@exa mple.com", "a user name or a password"),
            ("user:hush@name.example.com", "a user name or a password"),
            ("user:hu?sh@name.example.com", "not an address"),
            ("https:/user:hush@exa mple.com", "a user name or a password"),
            ("ftp://user:hush@name.example.com", "a user name or a password"),
            ("https://", "not an address"),
        ];
        for (given, part) in table {
            let error = normalize(given, false).unwrap_err();
            let is_quoted = error.contains("hush") || error.contains("sh@");
            assert!(error.contains(part) && !is_quoted, "{error}");
        }
    }
    #[test]
    fn http_off_this_machine_takes_an_explicit_permission() {
        let emulator = "http://emulator:8080";
        assert!(normalize(emulator, false).is_err());
        assert_eq!(normalize(emulator, true).unwrap().url.as_str(), "http://emulator:8080/");
        assert!(normalize("ftp://emulator", true).is_err());
    }
}
