//! What is logged: that there was a request and what became of it, and nothing that it carried.

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};

use expect_test::expect;
use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::service::json;
use super::{problem, world};

/// Keeps every event of every library, down to the finest level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_u64(&mut self, field: &Field, value: u64) {
        write!(self.0, " {field}={value}").expect("writing to a string does not fail");
    }

    /// A type of number that the provider's log would write as text.
    fn record_u128(&mut self, field: &Field, value: u128) {
        write!(self.0, " {field}=\"{value}\"").expect("writing to a string does not fail");
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").expect("writing to a string does not fail");
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut Line(&mut self.0.lock().unwrap()));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Line(&mut self.0.lock().unwrap()));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut log = self.0.lock().unwrap();
        log.push_str(event.metadata().target());
        event.record(&mut Line(&mut log));
        log.push('\n');
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// What is logged while that is done, which succeeds.
pub(super) async fn logged(work: impl Future<Output = Result<(), crate::Error>>) -> String {
    let (log, result) = captured(work).await;
    result.unwrap();
    log
}

/// What every library logs while that is done.
pub(super) async fn captured<T>(work: impl Future<Output = T>) -> (String, T) {
    let log = Log::default();
    // Where there is one subscriber only, tracing asks the thread that comes to an event first
    // whether anybody listens, for good; and that may be the thread of another test.
    let _second = tracing::Dispatch::new(Log::default());
    let guard = tracing::subscriber::set_default(log.clone());
    let result = work.await;
    drop(guard);
    let log = log.0.lock().unwrap().clone();
    (log, result)
}

/// The lines of this crate.
fn ours(log: &str) -> String {
    let ours: Vec<_> = log.lines().filter(|line| line.starts_with("lakebase_api")).collect();
    ours.join("\n")
}

#[tokio::test]
async fn attempts_are_logged_with_reasons_and_pauses_and_without_secrets() {
    let response = json!({"token": "hush-1", "name": "projects/p"});
    let done = json(200, &json!({"name": "o", "done": true, "response": response}));
    let busy = problem(429, "REQUEST_LIMIT_EXCEEDED").with("x-request-id", "r-1");
    let w = world([busy, done.with("x-request-id", "r-2")]).await;
    let id = [("project_id", "p".to_owned())];
    let body = json!({"password": "hush-2", "spec": {"display_name": "P"}});
    let created = async { w.client.create("projects", &id, &body, &w.deadline).await.map(drop) };
    let log = logged(created).await;
    for secret in ["dapi-secret", "hush"] {
        assert!(!log.contains(secret), "{log}");
    }
    expect![[r#"
        lakebase_api::authentication::authenticator message=authenticated method="pat"
        lakebase_api::traffic_log message=request method=POST host="127.0.0.1" path="/api/2.0/postgres/projects" query="project_id=p" status=429 attempt=1 elapsed_ms=0 request_id="r-1"
        lakebase_api::traffic_log message=bodies method=POST path="/api/2.0/postgres/projects" sent="{\"password\":\"[redacted]\",\"spec\":{\"display_name\":\"P\"}}" received="{\"error_code\":\"REQUEST_LIMIT_EXCEEDED\",\"message\":\"no\"}"
        lakebase_api::traffic_log message=pause before the next attempt method=POST path="/api/2.0/postgres/projects" attempts=1 pause_ms=500 reason="REQUEST_LIMIT_EXCEEDED: no (request: POST http://HOST/api/2.0/postgres/projects?project_id=p, status: HTTP 429 after 1 attempt (0.0 s), request id: r-1)"
        lakebase_api::traffic_log message=request method=POST host="127.0.0.1" path="/api/2.0/postgres/projects" query="project_id=p" status=200 attempt=2 elapsed_ms=0 request_id="r-2"
        lakebase_api::traffic_log message=bodies method=POST path="/api/2.0/postgres/projects" sent="{\"password\":\"[redacted]\",\"spec\":{\"display_name\":\"P\"}}" received="{\"done\":true,\"name\":\"o\",\"response\":{\"name\":\"projects/p\",\"token\":\"[redacted]\"}}""#]].assert_eq(&ours(&log).replace(&w.client.host()[7..], "HOST"));
}
