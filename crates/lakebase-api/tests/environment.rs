//! What the HTTP and TLS libraries read from the environment of the process.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A certificate authority in PEM, and a server for `localhost` that it vouches for.
fn authority() -> (String, TlsAcceptor) {
    let key = || KeyPair::generate().expect("a key");
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, key()).expect("a certificate");
    let own = key();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let certificate = params.signed_by(&own, &issuer).expect("a certificate");
    let own = PrivatePkcs8KeyDer::from(own.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring knows them")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], own.into())
        .expect("a certificate and its key");
    (issuer.pem(), TlsAcceptor::from(Arc::new(config)))
}

/// Answers every request with who asks, and gives the port.
async fn serve(acceptor: TlsAcceptor) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that does not trust the certificate ends the handshake.
            let Ok(stream) = acceptor.accept(stream).await else { continue };
            let mut stream = BufReader::new(stream);
            let mut line = String::new();
            while stream.read_line(&mut line).await.is_ok_and(|read| read > 2) {
                line.clear();
            }
            let body = r#"{"userName": "u"}"#;
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
            // The test looks at what the client makes of it.
            let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
        }
    });
    port
}

/// Asks who the caller is, in a process with this file of trusted certificates.
async fn ask(port: u16, certificates: Option<&Path>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lakebase-api-test-client"));
    command.env_clear();
    command.env("DATABRICKS_HOST", format!("https://localhost:{port}"));
    command.env("DATABRICKS_TOKEN", "t");
    if let Some(path) = certificates {
        command.env("SSL_CERT_FILE", path);
    }
    let asked = tokio::task::spawn_blocking(move || command.output()).await;
    asked.expect("no panic there").expect("the program starts")
}

#[tokio::test]
async fn ssl_cert_file_names_the_trusted_certificates() {
    let (root, acceptor) = authority();
    let (other, _) = authority();
    let port = serve(acceptor).await;
    let folder = tempfile::tempdir().expect("a folder can be made");
    let write = |name: &str, pem: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, pem).expect("the folder can be written to");
        path
    };
    let (root, other) = (write("root.pem", &root), write("other.pem", &other));
    let trusted = ask(port, Some(&root)).await;
    assert!(trusted.status.success(), "{}", String::from_utf8_lossy(&trusted.stderr));
    for certificates in [None, Some(&*other)] {
        let asked = ask(port, certificates).await;
        let error = String::from_utf8_lossy(&asked.stderr);
        assert!(!asked.status.success() && error.contains("certificate"), "{error}");
        assert!(error.contains("after 1 attempt ("), "{error}");
    }
}
