//! Tests what the HTTP and TLS libraries read from the environment of the process: trusted
//! certificates and proxies.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// A host that only a proxy knows.
const FAR: &str = "workspace.lakebase.invalid";

/// A certificate authority in PEM, and a server for `localhost` and [`FAR`] that it vouches for.
fn authority() -> (String, TlsAcceptor) {
    let key = || KeyPair::generate().expect("a key");
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, key()).expect("a certificate");
    let own = key();
    let names = vec!["localhost".to_owned(), FAR.to_owned()];
    let params = CertificateParams::new(names).expect("two names");
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

/// A listener that handles each connection, and its port.
async fn listen<F>(handle: impl Fn(TcpStream) -> F + Send + 'static) -> u16
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(handle(stream));
        }
    });
    port
}

/// Reads a request and returns its lines.
async fn head(stream: &mut BufReader<impl AsyncRead + Unpin>) -> Vec<String> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        match stream.read_line(&mut line).await {
            Ok(read) if read > 2 => lines.push(line.trim_end().to_owned()),
            _ => return lines,
        }
    }
}

/// Answers a request with who asks.
async fn answer(stream: impl AsyncRead + AsyncWrite + Unpin) {
    let mut stream = BufReader::new(stream);
    head(&mut stream).await;
    let body = r#"{"userName": "u"}"#;
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
    // The test looks at what the client makes of it.
    let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
}

/// Serves the workspace on this machine.
async fn serve(acceptor: TlsAcceptor) -> u16 {
    listen(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            // A client that does not trust the certificate ends the handshake.
            if let Ok(stream) = acceptor.accept(stream).await {
                answer(stream).await;
            }
        }
    })
    .await
}

/// Serves a proxy behind which the workspace is, and writes down what it is asked.
async fn serve_proxy(acceptor: TlsAcceptor, asked: Arc<Mutex<Vec<String>>>) -> u16 {
    listen(move |stream| {
        let (acceptor, asked) = (acceptor.clone(), asked.clone());
        async move {
            let mut stream = BufReader::new(stream);
            let lines = head(&mut stream).await;
            let kept = lines.into_iter().filter(|line| {
                line.starts_with("CONNECT ") || line.to_lowercase().starts_with("proxy-auth")
            });
            asked.lock().expect("no test panics with it").extend(kept);
            let established = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
            if let (Ok(()), Ok(stream)) = (established, acceptor.accept(stream).await) {
                answer(stream).await;
            }
        }
    })
    .await
}

/// Asks who the caller is, in a process with this environment.
async fn ask(host: String, variables: Vec<(&'static str, String)>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lakebase-api-test-client"));
    command.env_clear().envs(variables);
    command.env("DATABRICKS_HOST", host).env("DATABRICKS_TOKEN", "t");
    let asked = tokio::task::spawn_blocking(move || command.output()).await;
    asked.expect("no panic there").expect("the program starts")
}

fn trusting(certificates: &Path) -> (&'static str, String) {
    ("SSL_CERT_FILE", certificates.to_str().expect("a path of the test").to_owned())
}

#[tokio::test]
async fn ssl_cert_file_names_the_trusted_certificates() {
    let (root, acceptor) = authority();
    let (other, _) = authority();
    let host = format!("https://localhost:{}", serve(acceptor).await);
    let folder = tempfile::tempdir().expect("a folder can be made");
    let write = |name: &str, pem: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, pem).expect("the folder can be written to");
        path
    };
    let (root, other) = (write("root.pem", &root), write("other.pem", &other));
    let trusted = ask(host.clone(), vec![trusting(&root)]).await;
    assert!(trusted.status.success(), "{}", String::from_utf8_lossy(&trusted.stderr));
    for variables in [vec![], vec![trusting(&other)]] {
        let asked = ask(host.clone(), variables).await;
        let error = String::from_utf8_lossy(&asked.stderr);
        assert!(!asked.status.success() && error.contains("certificate"), "{error}");
        assert!(error.contains("1 attempt"), "{error}");
    }
}

#[tokio::test]
async fn https_proxy_leads_to_hosts_that_no_proxy_does_not_name() {
    let (root, acceptor) = authority();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let near = format!("https://localhost:{}", serve(acceptor.clone()).await);
    let port = serve_proxy(acceptor, asked.clone()).await;
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("root.pem");
    std::fs::write(&path, root).expect("the folder can be written to");
    let far = format!("https://{FAR}");
    let variables = |more: &[(&'static str, &str)]| {
        let proxy = ("HTTPS_PROXY", format!("http://user:hush@127.0.0.1:{port}"));
        let more = more.iter().map(|(name, value)| (*name, (*value).to_owned()));
        [proxy, trusting(&path)].into_iter().chain(more).collect::<Vec<_>>()
    };
    let taken = || std::mem::take(&mut *asked.lock().expect("no test panics with it"));

    let through = ask(far.clone(), variables(&[])).await;
    assert!(through.status.success(), "{}", String::from_utf8_lossy(&through.stderr));
    let lines = taken();
    assert_eq!(lines[0], format!("CONNECT {FAR}:443 HTTP/1.1"));
    assert!(lines[1].ends_with("Basic dXNlcjpodXNo"), "{lines:?}");

    // Hosts of this machine are never asked for at the proxy.
    let direct = ask(near, variables(&[])).await;
    assert!(direct.status.success(), "{}", String::from_utf8_lossy(&direct.stderr));
    for domain in [FAR, "lakebase.invalid", ".lakebase.invalid"] {
        let past = ask(far.clone(), variables(&[("NO_PROXY", domain)])).await;
        let error = String::from_utf8_lossy(&past.stderr);
        assert!(!past.status.success() && !error.contains("hush"), "{domain}: {error}");
    }
    assert_eq!(taken(), <[&str; 0]>::default());
}
