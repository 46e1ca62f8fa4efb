//! The connection, made as Go's TLS and gRPC make it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use hyper_util::rt::TokioIo;
use p521::ecdsa::signature::Signer as _;
use p521::ecdsa::{Signature, SigningKey};
use rustls::client::ResolvesClientCert;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::sign::{CertifiedKey, Signer, SigningKey as TlsKey};
use rustls::{
    ClientConfig, Error, RootCertStore, SignatureAlgorithm, SignatureScheme,
    SupportedProtocolVersion,
};
use tokio::net::UnixStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::transport::{Channel, Endpoint};
use tower::service_fn;

use crate::process::{Handshake, TERRAFORM};

const UNTRUSTED_CLIENT: &str = include_str!("certificates/untrusted_client.pem");

/// Who connects: a certificate and the P-521 key it is shown with, if any.
#[derive(Clone, Debug)]
pub(crate) struct Identity(Option<Arc<CertifiedKey>>);

impl Identity {
    /// Who started the provider.
    pub(crate) fn terraform() -> Self {
        Self::of(TERRAFORM, 7)
    }

    /// Somebody with a certificate of the same kind.
    pub(crate) fn stranger() -> Self {
        Self::of(UNTRUSTED_CLIENT, 9)
    }

    /// Somebody who has seen Terraform's certificate, but has not its key.
    pub(crate) fn impostor() -> Self {
        Self::of(TERRAFORM, 9)
    }

    /// Somebody without a certificate.
    pub(crate) fn nobody() -> Self {
        Self(None)
    }

    /// The certificates in `certificates/` were made for keys of one repeated byte.
    fn of(pem: &str, byte: u8) -> Self {
        let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate");
        let mut scalar = [byte; 66];
        scalar[0] = 0; // below the curve's order
        let key = SigningKey::from_slice(&scalar).expect("a key");
        Self(Some(Arc::new(CertifiedKey::new(vec![certificate], Arc::new(P521(key))))))
    }
}

impl ResolvesClientCert for Identity {
    fn resolve(
        &self,
        _root_hints: &[&[u8]],
        _schemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        self.0.clone()
    }

    fn has_certs(&self) -> bool {
        self.0.is_some()
    }
}

/// A P-521 key, which ring cannot sign with.
#[derive(Clone, Debug)]
struct P521(SigningKey);

impl TlsKey for P521 {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        offered.contains(&self.scheme()).then(|| Box::new(self.clone()) as Box<dyn Signer>)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

impl Signer for P521 {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let signature: Signature = self.0.sign(message);
        Ok(signature.to_der().as_bytes().to_vec())
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ECDSA_NISTP521_SHA512
    }
}

/// A TLS connection that trusts the handshake's certificate alone, for the name `localhost`.
pub(crate) async fn tls(
    handshake: &Handshake,
    identity: Identity,
    versions: &[&'static SupportedProtocolVersion],
) -> io::Result<TlsStream<UnixStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(handshake.certificate().into()).expect("the sixth field is a certificate");
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .expect("ring knows these versions")
        .with_root_certificates(roots)
        .with_client_cert_resolver(Arc::new(identity));
    config.alpn_protocols = vec![b"h2".to_vec()];
    let socket = UnixStream::connect(handshake.socket()).await?;
    let name = ServerName::try_from("localhost").expect("a name");
    TlsConnector::from(Arc::new(config)).connect(name, socket).await
}

/// A gRPC connection over TLS.
pub(crate) async fn connect(
    handshake: &Handshake,
    identity: Identity,
    version: &'static SupportedProtocolVersion,
) -> Result<Channel, tonic::transport::Error> {
    let stream = tls(handshake, identity, &[version]).await.map(TokioIo::new);
    let mut once = Some(stream);
    let connector = service_fn(move |_| std::future::ready(once.take().unwrap_or_else(again)));
    Endpoint::from_static("http://unused").connect_with_connector(connector).await
}

/// A gRPC connection in plain text.
pub(crate) async fn connect_plain(socket: PathBuf) -> Result<Channel, tonic::transport::Error> {
    let mut once = Some(UnixStream::connect(socket).await.map(TokioIo::new));
    let connector = service_fn(move |_| std::future::ready(once.take().unwrap_or_else(again)));
    Endpoint::from_static("http://unused").connect_with_connector(connector).await
}

/// Terraform connects once.
fn again<T>() -> io::Result<T> {
    Err(io::Error::other("the connection was lost"))
}

/// Terraform's own connection.
pub(crate) async fn terraform(handshake: &Handshake) -> Channel {
    let version = &rustls::version::TLS13;
    connect(handshake, Identity::terraform(), version).await.expect("Terraform is let in")
}
