//! Says which addresses may be reached, and how.

use reqwest::Url;

/// Whether tokens may be sent there: over TLS, to this machine, or over a network that is trusted.
pub(crate) fn check_secure(url: &Url, allow_http: bool) -> Result<(), String> {
    match url.scheme() {
        "https" => Ok(()),
        "http" if allow_http || is_loopback(url) => Ok(()),
        "http" => Err("`http` would show the token to the network; use `https`, or set \
                       `allow_http` (`LAKEBASE_ALLOW_HTTP`) to `true` where the network is \
                       trusted, as between the containers of one machine"
            .to_owned()),
        other => Err(format!("`{other}` is not a supported scheme; use `https`")),
    }
}

/// Whether an address is on this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse().is_ok_and(|it: std::net::IpAddr| it.is_loopback())
}

/// Whether an address is a service of the machine or of its cloud, which no proxy leads to.
pub(crate) fn is_link_local(url: &Url) -> bool {
    let address = url.host_str().and_then(|host| host.parse::<std::net::Ipv4Addr>().ok());
    address.is_some_and(|address| address.is_link_local())
}
