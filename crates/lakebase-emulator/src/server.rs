//! Serves [`Service`] over HTTP/1: sockets, headers, limits, and the two faults that only a server
//! can commit, cutting a connection and never answering. Knows no rules of the API.

use std::convert::Infallible;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderName};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::access;
use crate::admin;
use crate::error::ApiError;
use crate::kinds;
use crate::message::{Answer, Reply, Request};
use crate::page;
use crate::postgres::Postgres;
use crate::shared::Shared;

type Response = hyper::Response<Full<Bytes>>;

/// More than any body of this API.
const LARGEST_BODY: usize = 4 << 20;

/// The largest state of a workspace: some ten thousand objects.
const LARGEST_STATE: usize = 32 << 20;

/// How long a client may take for the head of a request, and then for its body.
const PATIENCE: Duration = Duration::from_secs(30);

/// What answers requests.
#[derive(Clone)]
pub(crate) struct Backend {
    pub(crate) shared: Arc<Shared>,
    /// PostgreSQL, which has followed a request before it is answered.
    pub(crate) postgres: Option<Arc<Postgres>>,
}

impl Backend {
    /// Answers a request, after it has waited for what it wants to wait for.
    async fn answer_in_time(&self, request: &Request) -> Reply {
        let mut patience = self.patience(request);
        if let Some(longest) = patience {
            let arrival = async {
                while patience.is_some() {
                    let answered = self.shared.answered.notified();
                    patience = self.patience(request);
                    if patience.is_some() {
                        answered.await;
                    }
                }
            };
            // Whatever is there then is the answer.
            let _ = timeout(longest, arrival).await;
        }
        let reply = self.answer(request);
        let is_mutation =
            request.method != "GET" && kinds::call(request).is_none_or(|call| call.mutates);
        if let Some(postgres) = self.postgres.clone().filter(|_| is_mutation) {
            // In a task, which goes on if the client no longer waits. It ends with the runtime.
            let _ = tokio::spawn(async move { postgres.follow().await }).await;
        }
        self.shared.answered.notify_waiters();
        reply
    }

    fn patience(&self, request: &Request) -> Option<Duration> {
        let service = self.shared.lock();
        access::check(request, &service.world.url).ok()?;
        admin::patience(&service, request)
    }

    fn answer(&self, request: &Request) -> Reply {
        let mut service = self.shared.lock();
        self.shared.recorded.notify_all(); // a waiting test gets the lock after the answer is recorded
        let access = access::check(request, &service.world.url);
        if request.path.starts_with("/_emulator/") {
            let answer = access.map(|()| admin::answer(&mut service, request));
            return Reply::Answer(answer.unwrap_or_else(|error| Answer::refusal(&error, "")));
        }
        if let Err(error) = access {
            return Reply::Answer(service.refuse(request, &error));
        }
        if page::is_for(request) {
            return Reply::Answer(page::answer());
        }
        let reply = catch_unwind(AssertUnwindSafe(|| service.answer(request)));
        reply.unwrap_or_else(|_| {
            let error = ApiError::new(500, "INTERNAL_ERROR", "The emulator has failed.");
            Reply::Answer(service.refuse(request, &error))
        })
    }
}

/// Serves until the runtime is shut down.
pub(crate) async fn serve(listener: TcpListener, backend: Backend) -> io::Result<()> {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Such as too many open files, which takes a while to pass.
            #[expect(clippy::disallowed_methods, reason = "the crate's room for sockets and time")]
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        // Small answers must not wait for the acknowledgement of earlier ones.
        let _ = stream.set_nodelay(true);
        let is_cut = Arc::new(AtomicBool::new(false));
        let stream = TokioIo::new(Connection { stream, is_cut: Arc::clone(&is_cut) });
        let backend = backend.clone();
        tokio::spawn(async move {
            let handle = service_fn(|request| handle(backend.clone(), &is_cut, request));
            let mut server = http1::Builder::new();
            server.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
            // What fails here is the connection's end: a client that has gone, or a planned cut.
            let _ = server.serve_connection(stream, handle).await;
        });
    }
}

async fn handle(
    backend: Backend,
    is_cut: &AtomicBool,
    request: hyper::Request<Incoming>,
) -> Result<Response, Infallible> {
    let (parts, body) = request.into_parts();
    let mut request = without_body(&parts);
    let largest = if request.path == "/_emulator/state" { LARGEST_STATE } else { LARGEST_BODY };
    let body = match timeout(PATIENCE, Limited::new(body, largest).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(_)) => Err(ApiError::new(
            413,
            "INVALID_PARAMETER_VALUE",
            format!("The body must have at most {largest} bytes."),
        )),
        Err(_) => Err(ApiError::new(408, "DEADLINE_EXCEEDED", "The body took too long.")),
    };
    let reply = match body {
        Ok(body) => {
            request.body = body.to_vec();
            backend.answer_in_time(&request).await
        }
        Err(error) => {
            backend.shared.recorded.notify_all();
            Reply::Answer(backend.shared.lock().refuse(&request, &error))
        }
    };
    Ok(match reply {
        Reply::Answer(answer) => response(answer),
        Reply::Cut => {
            is_cut.store(true, Ordering::Release);
            Response::default()
        }
        Reply::Hang => std::future::pending().await,
    })
}

fn without_body(parts: &Parts) -> Request {
    let header = |name: &str| Some(parts.headers.get(name)?.to_str().ok()?.to_owned());
    Request {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: pairs(parts.uri.query().unwrap_or_default()),
        authorization: header("authorization"),
        workspace: header("x-databricks-workspace-id").or_else(|| header("x-databricks-org-id")),
        host: header("host"),
        origin: header("origin"),
        content_type: header("content-type"),
        body: Vec::new(),
    }
}

/// Decodes `a=b&c=d`.
fn pairs(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = text.bytes();
    let mut decoded = Vec::new();
    while let Some(byte) = bytes.next() {
        let hex = |digit: u8| char::from(digit).to_digit(16);
        let (high, low) = (bytes.clone().next(), bytes.clone().nth(1));
        match (byte, high.and_then(hex), low.and_then(hex)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push(u8::try_from(high * 16 + low).unwrap_or_default());
                bytes.nth(1);
            }
            (b'+', ..) => decoded.push(b' '),
            (other, ..) => decoded.push(other),
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn response(answer: Answer) -> Response {
    let mut response =
        hyper::Response::builder().status(answer.status).header(CONTENT_TYPE, answer.content_type);
    for (name, value) in answer.headers {
        response = response.header(HeaderName::from_static(name), value);
    }
    response.body(Full::from(answer.body)).unwrap_or_default()
}

/// A connection that writes nothing any more once it is cut.
struct Connection {
    stream: TcpStream,
    is_cut: Arc<AtomicBool>,
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_cut.load(Ordering::Acquire) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::pairs;

    #[test]
    fn query_is_decoded_pair_by_pair() {
        let cases = [
            ("", vec![]),
            ("update_mask=spec.a%2Cspec.b", vec![("update_mask", "spec.a,spec.b")]),
            ("a=1&b=x+y&c", vec![("a", "1"), ("b", "x y"), ("c", "")]),
            ("a=%zz%4", vec![("a", "%zz%4")]),
        ];
        for (query, expected) in cases {
            let read = pairs(query);
            let read: Vec<_> = read.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
            assert_eq!(read, expected, "{query}");
        }
    }
}
