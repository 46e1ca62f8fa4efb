//! A service that answers what its script says, one reply for each request, in order.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use serde_json::Value as Json;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

/// What is done with one request.
pub(super) enum Reply {
    /// It is answered.
    Answer { status: u16, headers: Vec<(String, String)>, body: String },
    /// It is read, and the connection is closed.
    WaitAborted,
    /// It is answered, and the connection is closed although the answer did not say so.
    Last(Box<Reply>),
    /// It is read, something happens, and it is never answered.
    Hang(Box<dyn FnOnce() + Send>),
    /// It is read, and answered when that is notified.
    Held(Arc<Notify>, Box<Reply>),
    /// Something happens, and then it is answered.
    After(Box<dyn FnOnce() + Send>, Box<Reply>),
}

/// A request as it came in.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// `GET /path?query`
    pub(super) line: String,
    /// With names in lower case.
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: String,
}

pub(super) struct Service {
    port: u16,
    scheme: &'static str,
    shared: Arc<Shared>,
    /// Accepts connections and serves them until it is aborted.
    accepting: JoinHandle<()>,
}

struct Shared {
    script: Mutex<VecDeque<Reply>>,
    seen: Mutex<Vec<Seen>>,
}

/// An answer with a JSON body.
pub(super) fn json(status: u16, body: &Json) -> Reply {
    text(status, "application/json", &body.to_string())
}

/// An answer with any body.
pub(super) fn text(status: u16, content_type: &str, body: &str) -> Reply {
    let headers = vec![("content-type".to_owned(), content_type.to_owned())];
    Reply::Answer { status, headers, body: body.to_owned() }
}

impl Reply {
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    pub(super) fn after(self, happens: impl FnOnce() + Send + 'static) -> Self {
        Self::After(Box::new(happens), Box::new(self))
    }
}

impl Service {
    pub(super) async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::listen(replies, None).await
    }

    pub(super) async fn start_tls(
        replies: impl IntoIterator<Item = Reply>,
        acceptor: TlsAcceptor,
    ) -> Self {
        Self::listen(replies, Some(acceptor)).await
    }

    async fn listen(replies: impl IntoIterator<Item = Reply>, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let script = Mutex::new(replies.into_iter().collect());
        let shared = Arc::new(Shared { script, seen: Mutex::default() });
        let scheme = if tls.is_some() { "https" } else { "http" };
        let serving = shared.clone();
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (shared, tls) = (serving.clone(), tls.clone());
                connections.spawn(async move {
                    match tls {
                        None => shared.serve(stream).await,
                        // A client that does not trust the certificate ends the handshake.
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                shared.serve(stream).await;
                            }
                        }
                    }
                });
            }
        });
        Self { port, scheme, shared, accepting }
    }

    /// Stops listening and closes all connections: new ones are refused.
    pub(super) async fn close(&mut self) {
        self.accepting.abort();
        let stopped = (&mut self.accepting).await;
        assert!(stopped.is_err_and(|error| error.is_cancelled()));
    }

    pub(super) fn host(&self) -> String {
        // Not a name: a minimal system has no file that knows `localhost`.
        format!("{}://127.0.0.1:{}", self.scheme, self.port)
    }

    /// Adds to the script what could only be written once the port or the client was known.
    pub(super) fn then(&self, replies: impl IntoIterator<Item = Reply>) {
        self.shared.script.lock().unwrap().extend(replies);
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    /// The request lines so far.
    pub(super) fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|it| it.line).collect()
    }
}

impl Shared {
    async fn serve(&self, stream: impl AsyncRead + AsyncWrite + Unpin) {
        let mut stream = BufReader::new(stream);
        while let Some(seen) = read(&mut stream).await {
            self.seen.lock().unwrap().push(seen);
            let reply = self.script.lock().unwrap().pop_front();
            let mut reply = reply.unwrap_or_else(|| text(599, "text/plain", "not in the script"));
            if let Reply::After(happens, then) = reply {
                happens();
                reply = *then;
            }
            if let Reply::Held(released, then) = reply {
                released.notified().await;
                reply = *then;
            }
            let last = matches!(reply, Reply::Last(_));
            if let Reply::Last(answer) = reply {
                reply = *answer;
            }
            match reply {
                Reply::Answer { status, headers, body } => {
                    let mut head =
                        format!("HTTP/1.1 {status} \r\ncontent-length: {}\r\n", body.len());
                    for (name, value) in headers {
                        head.extend([&name, ": ", &value, "\r\n"]);
                    }
                    let answer = format!("{head}\r\n{body}");
                    if stream.write_all(answer.as_bytes()).await.is_err() || last {
                        return;
                    }
                }
                Reply::Hang(happens) => {
                    happens();
                    std::future::pending::<()>().await;
                }
                Reply::WaitAborted | Reply::Last(_) | Reply::Held(..) | Reply::After(..) => return,
            }
        }
    }
}

pub(super) async fn read(stream: &mut (impl AsyncBufReadExt + Unpin)) -> Option<Seen> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let headers = lines[1..].iter().filter_map(|line| line.split_once(": "));
    let headers: BTreeMap<_, _> =
        headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    let length =
        headers.get("content-length").map_or(0, |length| length.parse().expect("a number"));
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let line = lines[0].trim_end_matches(" HTTP/1.1").to_owned();
    Some(Seen { line, headers, body: String::from_utf8(body).expect("a body of text") })
}
