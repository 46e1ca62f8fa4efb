//! A small internet behind a proxy: hosts with real TLS, and what they answer to which request.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use reqwest::Url;
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::clock;
use super::service::{Seen, read};
use crate::http_client::Trust;
use crate::{CancellationToken, Client, Credentials, Deadline, Environment, ManualClock, Settings};

/// An answer: its status, its headers and its body.
pub(super) struct Page {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

type Handler = Box<dyn FnMut(&Seen) -> Page + Send>;

/// The hosts, and the proxy that leads to them.
pub(super) struct Internet {
    proxy: Url,
    root: CertificateDer<'static>,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

struct Shared {
    issuer: CertifiedIssuer<'static, KeyPair>,
    /// By `GET host/path`.
    routes: Mutex<BTreeMap<String, Handler>>,
    seen: Mutex<Vec<Seen>>,
}

/// A client in that internet.
pub(super) struct Visitor {
    pub(super) client: Client,
    pub(super) clock: Arc<ManualClock>,
    pub(super) deadline: Deadline,
}

/// A success in JSON.
pub(super) fn page(body: &Json) -> Page {
    status(200, body)
}

pub(super) fn status(status: u16, body: &Json) -> Page {
    let headers = vec![("content-type", "application/json".to_owned())];
    Page { status, headers, body: body.to_string() }
}

impl Page {
    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

impl Internet {
    pub(super) async fn start() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let root = issuer.der().clone();
        let (routes, seen) = (Mutex::default(), Mutex::default());
        let shared = Arc::new(Shared { issuer, routes, seen });
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let proxy = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let serving = Arc::clone(&shared);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&serving);
                tokio::spawn(async move { shared.accept(stream).await });
            }
        });
        Self { proxy, root, shared, accepting }
    }

    /// Answers `GET host/path`.
    pub(super) fn route(&self, request: &str, handler: impl FnMut(&Seen) -> Page + Send + 'static) {
        self.shared.routes.lock().unwrap().insert(request.to_owned(), Box::new(handler));
    }

    /// Answers always the same.
    pub(super) fn answer(&self, request: &str, body: &Json) {
        let body = body.clone();
        self.route(request, move |_| page(&body));
    }

    /// The requests so far, `GET host/path?query` each.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.line).collect()
    }

    pub(super) fn forget(&self) {
        self.shared.seen.lock().unwrap().clear();
    }

    /// What a client must be told to use this internet.
    pub(super) fn trust(&self) -> Trust {
        Trust { roots: vec![self.root.clone()], proxy: Some(self.proxy.clone()) }
    }

    pub(super) fn visit(
        &self,
        credentials: &Credentials,
        environment: &Environment,
    ) -> Result<Visitor, crate::AuthError> {
        let (clock, settings) = (clock(), Settings::default());
        let client =
            Client::trusting(self.trust(), credentials, environment, settings, clock.clone())?;
        let deadline =
            client.deadline(std::time::Duration::from_hours(9), CancellationToken::new());
        Ok(Visitor { client, clock, deadline })
    }
}

impl Drop for Internet {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Shared {
    /// A connection to the proxy: a tunnel to a host, or requests without TLS.
    async fn accept(&self, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        let Some(first) = read(&mut stream).await else { return };
        let Some(target) = first.line.strip_prefix("CONNECT ") else {
            return self.serve(stream, None, Some(first)).await;
        };
        let host = target.split(':').next().unwrap_or_default().to_owned();
        if stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.is_err() {
            return;
        }
        if let Ok(stream) = self.acceptor(&host).accept(stream).await {
            self.serve(BufReader::new(stream), Some(&host), None).await;
        }
    }

    fn acceptor(&self, host: &str) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            )
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }

    async fn serve(
        &self,
        mut stream: BufReader<impl AsyncRead + AsyncWrite + Unpin>,
        host: Option<&str>,
        mut first: Option<Seen>,
    ) {
        loop {
            let next = match first.take() {
                Some(first) => Some(first),
                None => read(&mut stream).await,
            };
            let Some(mut seen) = next else { return };
            let (method, target) = seen.line.split_once(' ').expect("a request line");
            let target = target.trim_start_matches("http://");
            seen.line = format!("{method} {}{target}", host.unwrap_or_default());
            let page = self.page(&seen);
            self.seen.lock().unwrap().push(seen);
            let mut head =
                format!("HTTP/1.1 {} \r\ncontent-length: {}\r\n", page.status, page.body.len());
            for (name, value) in page.headers {
                head.extend([name, ": ", &value, "\r\n"]);
            }
            let answer = format!("{head}\r\n{}", page.body);
            if stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    }

    fn page(&self, seen: &Seen) -> Page {
        let route = seen.line.split('?').next().unwrap_or_default();
        let mut routes = self.routes.lock().unwrap();
        match routes.get_mut(route) {
            Some(handler) => handler(seen),
            None => status(404, &json!({"error_code": "NOT_FOUND", "message": "no such route"})),
        }
    }
}
