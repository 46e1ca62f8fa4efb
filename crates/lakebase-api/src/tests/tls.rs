//! Real TLS, with a certificate authority of the test's own.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use serde_json::json;
use tokio_rustls::TlsAcceptor;

use super::service::{Reply, Service, json};
use super::{chain, clock, given};
use crate::http_client::Trust;
use crate::{CancellationToken, Client, Environment, Error, Json, Settings};

/// A certificate authority, and a server for this machine that it vouches for and that offers
/// these protocols.
pub(super) fn authority(protocols: &[&[u8]]) -> (CertificateDer<'static>, TlsAcceptor) {
    acceptor(protocols, |_| {})
}

/// The same with another certificate of the server.
pub(super) fn acceptor(
    protocols: &[&[u8]],
    change: impl FnOnce(&mut CertificateParams),
) -> (CertificateDer<'static>, TlsAcceptor) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    change(&mut params);
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key.into())
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    (issuer.der().clone(), TlsAcceptor::from(Arc::new(config)))
}

/// One read over TLS by a client that trusts these roots besides the platform's.
async fn read(trusted: Vec<CertificateDer<'static>>, acceptor: TlsAcceptor) -> Result<Json, Error> {
    let service = Service::start_tls([json(200, &json!({"uid": "u"}))], acceptor).await;
    let credentials = given(&service.host(), Some("t"));
    let environment = Environment::default();
    let trust = Trust { roots: trusted, proxy: None };
    let settings = Settings::default();
    let timeout = Settings::HTTP_TIMEOUT;
    let client = Client::trusting(trust, &credentials, &environment, settings, clock()).unwrap();
    client.get("projects/p", &client.deadline(timeout, CancellationToken::new())).await
}

#[tokio::test]
async fn a_certificate_of_a_trusted_authority_is_accepted() {
    let (root, acceptor) = authority(&[]);
    assert_eq!(read(vec![root], acceptor).await.unwrap(), json!({"uid": "u"}));
}

#[tokio::test]
async fn an_unknown_certificate_is_refused_at_once() {
    let (_, acceptor) = authority(&[]);
    let (other, _) = authority(&[]);
    let error = read(vec![other], acceptor).await.unwrap_err();
    assert!(error.is_unreachable() && !error.outcome_is_unknown(), "{error}");
    assert_eq!(error.attempts(), 1, "waiting does not make a certificate known");
    assert!(chain(&error).contains("certificate"), "{}", chain(&error));
}

#[tokio::test]
async fn connection_over_tls_that_the_server_closed_between_requests_is_made_again() {
    let (root, acceptor) = authority(&[]);
    let answer = || json(200, &json!({"uid": "u"}));
    let replies = [Reply::Last(Box::new(answer())), answer()];
    let service = Service::start_tls(replies, acceptor).await;
    let credentials = given(&service.host(), Some("t"));
    let trust = Trust { roots: vec![root], proxy: None };
    let (environment, settings) = (Environment::default(), Settings::default());
    let client = Client::trusting(trust, &credentials, &environment, settings, clock()).unwrap();
    let deadline = client.deadline(Settings::HTTP_TIMEOUT, CancellationToken::new());
    for _ in 0..2 {
        client.get("projects/p", &deadline).await.unwrap();
    }
    assert_eq!(service.seen().len(), 2);
}
