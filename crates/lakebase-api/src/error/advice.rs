//! Says what to do about a failed authentication or connection: each cause that can be told has its
//! own words.

use std::error::Error as StdError;

use rustls::{CertificateError, InvalidMessage};

use super::{Error, Kind, Responder};

/// The advice of an error, else that of its causes.
pub(super) fn of(error: &Error) -> Option<String> {
    own(error).or_else(|| match &error.0.kind {
        Kind::NoToken { source, .. } => source.as_ref().and_then(of),
        Kind::TimedOut { last } => last.as_ref().and_then(of),
        _ => None,
    })
}

fn own(error: &Error) -> Option<String> {
    if error.is_unauthenticated()
        && let Some(wrong) = clock(error)
    {
        return Some(wrong);
    }
    match &error.0.kind {
        Kind::NoToken { advice, source, .. } => {
            // A wrong clock is the cause of a refusal, which it then explains.
            source.as_ref().and_then(clock).or_else(|| advice.clone())
        }
        Kind::UnexpectedResponse { responder: Responder::LoginPage, .. } => Some(
            "A login page answered, as for a host that serves several workspaces or a URL that is \
             not a workspace's. Set `workspace_id`, or set `host` to the URL of the workspace."
                .to_owned(),
        ),
        Kind::UnexpectedResponse { responder: Responder::Proxy, .. } => Some(
            "A proxy answered. Check `HTTPS_PROXY` and the user and password in it, or add the \
             host to `NO_PROXY`."
                .to_owned(),
        ),
        Kind::Unreachable { source, .. } | Kind::Lost { source } => connection(&**source),
        _ => None,
    }
}

/// A clock that is minutes off makes tokens invalid.
fn clock(error: &Error) -> Option<String> {
    let wrong = error.0.report.clock_error?;
    let minutes = wrong.abs().as_mins();
    let direction = if wrong.is_negative() { "behind" } else { "ahead of" };
    Some(format!(
        "The clock of this machine is {minutes} minutes {direction} the server's. Tokens are valid \
         for a limited time only: set the clock."
    ))
}

/// What a failed connection says of certificates and proxies.
fn connection(cause: &(dyn StdError + 'static)) -> Option<String> {
    if let Some(rustls::Error::InvalidCertificate(certificate)) = cause.downcast_ref() {
        return Some(self::certificate(certificate));
    }
    if let Some(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)) =
        cause.downcast_ref()
    {
        return Some(
            "The server does not answer with TLS. If it serves plain http, as the emulator does, \
             write `host` with `http://`, such as `http://127.0.0.1:8080`."
                .to_owned(),
        );
    }
    // The library has no public type for it.
    let text = cause.to_string();
    if text.ends_with("proxy authorization required") {
        return Some(
            "The proxy asks for authentication. Write its user and password into the URL: \
             `HTTPS_PROXY=http://user:password@proxy:8080`."
                .to_owned(),
        );
    }
    let hidden = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    let next = hidden.map(|error| error as &(dyn StdError + 'static)).or_else(|| cause.source());
    next.and_then(connection)
}

fn certificate(error: &CertificateError) -> String {
    match error {
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "The server's certificate is not valid yet. Check the clock of this machine."
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "The server's certificate has expired. Check the clock of this machine; if it is \
             right, the certificate must be renewed."
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "The server's certificate is meant for another host. Check `host`, and whether a proxy \
             answers in its place."
        }
        _ => {
            "This machine does not trust the authority that signed the server's certificate, as \
             with a private authority or a proxy that inspects TLS. Install the authority's \
             certificate in the system's store, or set `SSL_CERT_FILE` to a PEM file that holds \
             it."
        }
    }
    .to_owned()
}
