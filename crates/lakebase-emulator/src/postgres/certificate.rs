//! Makes the certificates of one run: an authority that clients may trust, and one for each listener.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

/// An authority whose key exists in this process only.
#[derive(Debug)]
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    pub(crate) fn create() -> Result<Authority, String> {
        let failed = |error: rcgen::Error| format!("could not create a certificate: {error}");
        let mut parameters = parameters(Vec::new()).map_err(failed)?;
        parameters.distinguished_name.push(DnType::CommonName, "lakebase-emulator");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().map_err(failed)?;
        let issuer = CertifiedIssuer::self_signed(parameters, key).map_err(failed)?;
        let pem = issuer.pem();
        Ok(Authority { issuer, pem })
    }

    /// The certificate that clients may trust.
    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    /// What accepts TLS for these hosts: names and addresses.
    pub(crate) fn acceptor(&self, hosts: Vec<String>) -> Result<TlsAcceptor, String> {
        let failed = |error: rcgen::Error| format!("could not create a certificate: {error}");
        let key = KeyPair::generate().map_err(failed)?;
        let mut parameters = parameters(hosts).map_err(failed)?;
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = parameters.signed_by(&key, &self.issuer).map_err(failed)?;
        let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|config| {
                config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key)
            })
            .map_err(|error| format!("TLS could not be set up: {error}"))?;
        // Clients that begin with TLS at once must name it.
        config.alpn_protocols = vec![b"postgresql".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

/// Valid always: it lives as long as the process, and no clock need agree.
fn parameters(hosts: Vec<String>) -> Result<CertificateParams, rcgen::Error> {
    let mut parameters = CertificateParams::new(hosts)?;
    parameters.not_before = date_time_ymd(2000, 1, 1);
    parameters.not_after = date_time_ymd(4000, 1, 1);
    Ok(parameters)
}
