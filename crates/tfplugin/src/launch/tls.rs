//! Mutual TLS: this process proves who it is to Terraform, and only that Terraform may call.
//!
//! Terraform makes a certificate for each process and tells it in the environment. It is a CA
//! certificate with a P-521 key: the usual verifiers refuse a CA as a peer, and ring knows no P-521.
//! So the certificate is pinned, byte for byte, and the one P-521 signature of a connection is
//! checked by the crate `p521`. (aws-lc-rs knows P-521, but takes 30 ms to seed itself: 100 times
//! what everything here takes together.)
//!
//! The crypto provider is always named: with two of them in a program there is no default.

use std::sync::Arc;

use p521::ecdsa::signature::Verifier;
use p521::ecdsa::{DerSignature, VerifyingKey};
use p521::elliptic_curve::subtle::ConstantTimeEq;
use p521::pkcs8::DecodePublicKey;
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair, date_time_ymd};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{
    WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{NoServerSessionStorage, ParsedCertificate, ServerConfig};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, PeerIncompatible,
    SignatureScheme,
};
use tokio_rustls::TlsAcceptor;

use super::Failure;

/// A key of this process, and the one peer that may connect.
pub(crate) struct Tls {
    /// What turns a connection into one with that peer.
    pub(crate) acceptor: TlsAcceptor,
    /// This process's certificate, for the handshake line.
    pub(crate) certificate: Vec<u8>,
}

impl Tls {
    /// Makes a key, and trusts the peer with that certificate, given as PEM.
    pub(crate) fn pinned_to(pem: &str) -> Result<Self, Failure> {
        let peer = CertificateDer::from_pem_slice(pem.as_bytes())
            .map_err(|error| format!("Terraform's certificate cannot be read: {error}."))?;
        let (certificate, key) = own_certificate()
            .map_err(|error| format!("The provider's certificate could not be made: {error}."))?;
        let config = config(peer, certificate.clone(), key)
            .map_err(|error| format!("TLS could not be set up: {error}."))?;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Ok(Self { acceptor, certificate: certificate.to_vec() })
    }
}

/// What Terraform accepts: a P-256 key, cheapest to make, for a server named `localhost`. Valid
/// always: it lives as long as the process, and no clock need agree.
fn own_certificate() -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut parameters = CertificateParams::new(["localhost".to_owned()])?;
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    parameters.not_before = date_time_ymd(2000, 1, 1);
    parameters.not_after = date_time_ymd(4000, 1, 1);
    let certificate = parameters.self_signed(&key)?.der().clone();
    Ok((certificate, PrivatePkcs8KeyDer::from(key.serialize_der()).into()))
}

fn config(
    peer: CertificateDer<'static>,
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, Error> {
    let crypto = ring::default_provider();
    let verifier = Pinned { peer, others: crypto.signature_verification_algorithms };
    let mut config = ServerConfig::builder_with_provider(Arc::new(crypto))
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(Arc::new(verifier))
        .with_single_cert(vec![certificate], key)?;
    config.alpn_protocols = vec![b"h2".to_vec()]; // Terraform 1.12 and later refuse without
    // Terraform connects once; there is no session to resume.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// Trusts one certificate and no other.
#[derive(Debug)]
struct Pinned {
    peer: CertificateDer<'static>,
    others: WebPkiSupportedAlgorithms,
}

impl ClientCertVerifier for Pinned {
    fn client_auth_mandatory(&self) -> bool {
        true
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if bool::from(self.peer.as_ref().ct_eq(certificate.as_ref())) {
            Ok(ClientCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match signed.scheme {
            SignatureScheme::ECDSA_NISTP521_SHA512 => verify_p521(message, certificate, signed),
            _ => verify_tls12_signature(message, certificate, signed, &self.others),
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match signed.scheme {
            SignatureScheme::ECDSA_NISTP521_SHA512 => verify_p521(message, certificate, signed),
            _ => verify_tls13_signature(message, certificate, signed, &self.others),
        }
    }

    /// P-521 first: in TLS 1.2 a peer takes the first scheme of its kind of key.
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let others = self.others.supported_schemes();
        [SignatureScheme::ECDSA_NISTP521_SHA512].into_iter().chain(others).collect()
    }
}

fn verify_p521(
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
) -> Result<HandshakeSignatureValid, Error> {
    let key = ParsedCertificate::try_from(certificate)?.subject_public_key_info();
    let key = VerifyingKey::from_public_key_der(&key)
        .map_err(|_| PeerIncompatible::NoSignatureSchemesInCommon)?;
    let signature =
        DerSignature::try_from(signed.signature()).map_err(|_| CertificateError::BadSignature)?;
    key.verify(message, &signature).map_err(|_| CertificateError::BadSignature)?;
    Ok(HandshakeSignatureValid::assertion())
}
