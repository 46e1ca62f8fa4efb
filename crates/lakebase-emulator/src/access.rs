//! Decides by `Host` and `Origin` whether a request may come from where it comes from. Knows no API.
//!
//! Web pages must not use the emulator, whose token on this machine is well known. The
//! `Origin` identifies a page of another site. The `Host` identifies a page whose name was bound to
//! this machine's address (DNS rebinding): it is not a name of the emulator.

use std::net::{IpAddr, Ipv6Addr};

use crate::error::{ApiError, Result};
use crate::message::Request;

/// Refuses a request for a foreign host, or from a page of another site. `url` is that of the
/// emulator.
pub(crate) fn check(request: &Request, url: &str) -> Result<()> {
    let refuse = |text: String| Err(ApiError::new(403, "PERMISSION_DENIED", text));
    let host = request.host.as_deref().unwrap_or_default();
    let public = url.split_once("://").map(|(_, host)| host);
    let is_public = public.is_some_and(|public| public.eq_ignore_ascii_case(host));
    if !is_public && !is_address_or_local(host) {
        return refuse(format!(
            "The host '{host}' is not that of the emulator. If clients reach it by that name, start \
             it with --public-url http://{host}."
        ));
    }
    let origin_host = |origin: &str| origin.split_once("://").map(|(_, host)| host.to_owned());
    match &request.origin {
        Some(origin) if origin_host(origin).is_none_or(|of| !of.eq_ignore_ascii_case(host)) => {
            refuse(format!("Pages of '{origin}' may not use the emulator."))
        }
        _ => Ok(()),
    }
}

/// Whether a host with or without a port is an address, or `localhost`.
fn is_address_or_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let inside = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    name.eq_ignore_ascii_case("localhost")
        || inside.is_some_and(|address| address.parse::<Ipv6Addr>().is_ok())
        || matches!(name.parse(), Ok(IpAddr::V4(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_pages_that_are_not_the_emulators_are_refused() {
        let cases = [
            ("127.0.0.1:8080", None, true),
            ("localhost:8080", None, true),
            ("LocalHost", None, true),
            ("[::1]:8080", None, true),
            ("192.168.0.7:8080", None, true),
            ("emulator:8080", None, true),
            ("Emulator:8080", Some("http://emulator:8080"), true),
            ("emulator:8080", Some("http://evil.example"), false),
            ("emulator:8080", Some("null"), false),
            ("emulator", None, false),
            ("evil.example", None, false),
            ("evil.example:8080", Some("http://evil.example:8080"), false),
            ("127.0.0.1.evil.example", None, false),
            ("localhost.evil.example:80", None, false),
            ("127.0.0.1:8080", Some("http://localhost:8080"), false),
            ("", None, false),
        ];
        for (host, origin, accepted) in cases {
            let request = Request {
                host: Some(host.to_owned()),
                origin: origin.map(str::to_owned),
                ..Request::default()
            };
            let outcome = check(&request, "http://emulator:8080");
            assert_eq!(outcome.is_ok(), accepted, "{host} {origin:?} {outcome:?}");
        }
    }
}
