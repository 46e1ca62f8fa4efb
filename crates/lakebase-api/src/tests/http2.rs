//! HTTP/2, which services negotiate: what they may do to a stream or a connection instead of
//! answering.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use h2::Reason;
use h2::server::{self, SendResponse};
use http::{Request, Response};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::tls::authority;
use super::{clock, given, millis};
use crate::http_client::Trust;
use crate::{CancellationToken, Client, Deadline, Environment, Error, ManualClock, Settings};

/// What is done with one stream.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Reply {
    /// It is answered, and `done` of its operation is true.
    Answer,
    /// It is reset for this reason.
    Reset(Reason),
    /// The connection is closed in order, and says that it did not process this stream.
    GoAway,
    /// The connection is closed in the middle of the request, without a word.
    WaitAborted,
}

struct World {
    client: Client,
    clock: Arc<ManualClock>,
    deadline: Deadline,
    /// The methods that were answered or reset, with the number of their connection.
    seen: Arc<Mutex<Vec<(usize, String)>>>,
}

/// A client of a service that speaks HTTP/2 over TLS, and what happens to each stream in order.
async fn world(replies: impl IntoIterator<Item = Reply>) -> World {
    let (root, acceptor) = authority(&[b"h2"]);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let script = Arc::new(Mutex::new(replies.into_iter().collect::<VecDeque<_>>()));
    let seen = Arc::new(Mutex::default());
    tokio::spawn({
        let seen = Arc::clone(&seen);
        async move {
            for connection in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                let script = script.clone();
                let seen = seen.clone();
                tokio::spawn(serve(acceptor.clone(), stream, connection, script, seen));
            }
        }
    });
    let credentials = given(&format!("https://127.0.0.1:{port}"), Some("t"));
    let (clock, settings) = (clock(), Settings::default());
    let timeout = Settings::RETRY_TIMEOUT;
    let environment = Environment::default();
    let trust = Trust { roots: vec![root], proxy: None };
    let client =
        Client::trusting(trust, &credentials, &environment, settings, clock.clone()).unwrap();
    let deadline = client.deadline(timeout, CancellationToken::new());
    World { client, clock, deadline, seen }
}

async fn serve(
    acceptor: TlsAcceptor,
    stream: TcpStream,
    number: usize,
    script: Arc<Mutex<VecDeque<Reply>>>,
    seen: Arc<Mutex<Vec<(usize, String)>>>,
) {
    let stream = acceptor.accept(stream).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let mut connection = server::handshake(stream).await.unwrap();
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        let reply = script.lock().unwrap().pop_front().expect("a reply in the script");
        note(&seen, number, &request);
        match reply {
            Reply::Answer => answer(&mut respond),
            Reply::Reset(reason) => respond.send_reset(reason),
            Reply::GoAway => {
                // The last stream that this connection processed is the one before.
                connection.abrupt_shutdown(Reason::NO_ERROR);
            }
            Reply::WaitAborted => return,
        }
    }
}

fn note<B>(seen: &Mutex<Vec<(usize, String)>>, number: usize, request: &Request<B>) {
    seen.lock().unwrap().push((number, request.method().to_string()));
}

fn answer(respond: &mut SendResponse<Bytes>) {
    let response = Response::builder().header("content-type", "application/json").body(());
    let body = json!({"name": "o", "done": true}).to_string();
    let mut stream = respond.send_response(response.unwrap(), false).unwrap();
    stream.send_data(body.into(), true).unwrap();
}

impl World {
    async fn send(&self, method: &str) -> Result<(), Error> {
        let (client, deadline) = (&self.client, &self.deadline);
        match method {
            "GET" => client.get("projects/p", deadline).await.map(drop),
            "POST" => client.create("projects", &[], &json!({}), deadline).await.map(drop),
            _ => client.update("projects/p", &[], &json!({}), deadline).await.map(drop),
        }
    }

    fn methods(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|(_, method)| method.clone()).collect()
    }
}

#[tokio::test]
async fn requests_share_one_connection() {
    let w = world([Reply::Answer, Reply::Answer]).await;
    w.send("GET").await.unwrap();
    w.send("POST").await.unwrap();
    assert_eq!(*w.seen.lock().unwrap(), [(0, "GET".to_owned()), (0, "POST".to_owned())]);
}

#[tokio::test]
async fn a_stream_that_was_refused_unprocessed_is_sent_again_by_this_client_alone() {
    let refused = Reply::Reset(Reason::REFUSED_STREAM);
    for method in ["GET", "POST", "PATCH"] {
        let w = world([refused, refused, refused, Reply::Answer]).await;
        w.send(method).await.unwrap();
        assert_eq!(w.methods(), [method; 4]);
        // Each attempt is one of ours, with a pause after it.
        assert_eq!(millis(&w.clock.sleeps()), [500, 1000, 2000], "{method}");
    }
}

#[tokio::test]
async fn a_stream_that_was_refused_to_the_end_did_not_happen() {
    let w = world([Reply::Reset(Reason::REFUSED_STREAM); 20]).await;
    let error = w.send("POST").await.unwrap_err();
    assert!(error.is_unreachable() && !error.outcome_is_unknown(), "{error}");
    assert_eq!(usize::try_from(error.attempts()).unwrap(), w.methods().len());
}

#[tokio::test]
async fn a_connection_that_goes_away_in_order_fails_nothing_that_can_be_repeated() {
    for method in ["GET", "PATCH"] {
        let w = world([Reply::Answer, Reply::GoAway, Reply::Answer]).await;
        w.send("GET").await.unwrap();
        w.send(method).await.unwrap();
        assert_eq!(w.methods(), ["GET", method, method]);
        assert_eq!(w.seen.lock().unwrap()[2].0, 1, "another connection");
    }
}

#[tokio::test]
async fn a_post_whose_stream_or_connection_ended_may_have_happened_and_is_not_repeated() {
    let endings =
        [Reply::Reset(Reason::INTERNAL_ERROR), Reply::Reset(Reason::CANCEL), Reply::WaitAborted];
    for ending in endings {
        let w = world([ending, Reply::Answer]).await;
        let error = w.send("POST").await.unwrap_err();
        assert!(error.outcome_is_unknown() && error.is_unreachable(), "{ending:?} {error}");
        assert_eq!(w.methods(), ["POST"]);

        for method in ["GET", "PATCH"] {
            let w = world([ending, Reply::Answer]).await;
            w.send(method).await.unwrap();
            assert_eq!(w.methods(), [method; 2], "{ending:?}");
        }
    }
}
