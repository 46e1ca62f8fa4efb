//! HTTP around [`Service`]: sockets, headers, and the two misdeeds that only a server can commit,
//! cutting a connection and never answering. Knows no rules of the API.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::connect_info::{ConnectInfo, Connected};
use axum::extract::{Query, Request as HttpRequest, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use crate::admin;
use crate::service::{Answer, Reply, Request, Service};

/// More than any body of this API.
const LARGEST_BODY: usize = 4 << 20;

pub(crate) type Shared = Arc<(Mutex<Service>, Condvar)>;

/// Serves until the runtime is shut down.
pub(crate) async fn serve(listener: TcpListener, service: Shared) -> io::Result<()> {
    let router = Router::new().fallback(handle).with_state(service);
    let router = router.into_make_service_with_connect_info::<Scissors>();
    axum::serve(CuttableListener(listener), router).await
}

async fn handle(
    State(service): State<Shared>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    request: HttpRequest,
) -> Response {
    let (parts, body) = request.into_parts();
    let text = |name: &str| header(&parts.headers, name);
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        let mut response = Response::default();
        *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        return response;
    };
    let query = Query::try_from_uri(&parts.uri).map(|Query(pairs)| pairs).unwrap_or_default();
    let request = Request {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query,
        authorization: text("authorization"),
        workspace: text("x-databricks-workspace-id").or_else(|| text("x-databricks-org-id")),
        body: body.to_vec(),
    };
    let reply = {
        let (service, recorded) = &*service;
        let mut service = service.lock().expect("no request panics");
        recorded.notify_all(); // who waits gets the lock after the answer is written down
        if request.path.starts_with("/_emulator/") {
            Reply::Answer(admin::answer(&mut service, &request))
        } else {
            service.answer(&request)
        }
    };
    match reply {
        Reply::Answer(answer) => response(answer),
        Reply::Cut => {
            scissors.0.store(true, Ordering::Release);
            Response::default()
        }
        Reply::Hang => std::future::pending().await,
    }
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn response(answer: Answer) -> Response {
    let mut response =
        Response::builder().status(answer.status).header(header::CONTENT_TYPE, answer.content_type);
    for (name, value) in answer.headers {
        response = response.header(HeaderName::from_static(name), value);
    }
    response.body(Body::from(answer.body)).unwrap_or_default()
}

/// Cuts the connection that it belongs to: nothing is written to it anymore.
#[derive(Clone, Debug)]
struct Scissors(Arc<AtomicBool>);

struct CuttableListener(TcpListener);

struct CuttableStream {
    stream: TcpStream,
    scissors: Scissors,
}

impl Listener for CuttableListener {
    type Io = CuttableStream;
    type Addr = Scissors;

    async fn accept(&mut self) -> (CuttableStream, Scissors) {
        let (stream, _) = Listener::accept(&mut self.0).await;
        let scissors = Scissors(Arc::default());
        (CuttableStream { stream, scissors: scissors.clone() }, scissors)
    }

    fn local_addr(&self) -> io::Result<Scissors> {
        Ok(Scissors(Arc::default()))
    }
}

impl Connected<IncomingStream<'_, CuttableListener>> for Scissors {
    fn connect_info(stream: IncomingStream<'_, CuttableListener>) -> Scissors {
        stream.remote_addr().clone()
    }
}

impl AsyncRead for CuttableStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for CuttableStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.scissors.0.load(Ordering::Acquire) {
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
