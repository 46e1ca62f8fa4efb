//! Operations and settling, from the first answer to the last.

use std::time::Duration;

use expect_test::expect;
use serde_json::json;

use super::service::{Reply, json};
use super::{chain, millis, world};
use crate::{Error, Json, Operation};

const NAME: &str = "projects/p/operations/a/b+c=";

fn operation(json: Json) -> Operation {
    Operation::of_answer(json).expect("an operation")
}

fn running() -> Reply {
    json(200, &json!({"name": NAME}))
}

#[tokio::test]
async fn an_operation_that_is_done_costs_no_request() {
    let w = world([]).await;
    let created = operation(json!({"name": NAME, "done": true, "response": {"uid": "u"}}));
    assert_eq!(w.client.wait(created, &w.deadline).await.unwrap(), json!({"uid": "u"}));
    let deleted = operation(json!({"name": NAME, "done": true}));
    assert_eq!(w.client.wait(deleted, &w.deadline).await.unwrap(), Json::Null);
    assert!(w.service.seen().is_empty());
}

#[tokio::test]
async fn looks_are_a_quarter_of_the_wait_apart() {
    let mut replies: Vec<_> = (0..12).map(|_| running()).collect();
    replies.push(json(200, &json!({"name": NAME, "done": true, "response": {"uid": "u"}})));
    let w = world(replies).await;
    let started = operation(json!({"name": NAME}));
    assert_eq!(w.client.wait(started, &w.deadline).await.unwrap(), json!({"uid": "u"}));
    expect!["[200, 200, 200, 200, 200, 250, 312, 390, 488, 610, 762, 953, 1192]"]
        .assert_eq(&format!("{:?}", millis(&w.clock.sleeps())));
    assert_eq!(w.service.lines()[0], format!("GET /api/2.0/postgres/{NAME}"));
}

#[tokio::test]
async fn an_operation_that_fails_says_why() {
    let error = json!({"error_code": "RESOURCE_EXHAUSTED", "message": "no capacity", "details": [
        {"@type": "type.googleapis.com/google.rpc.RequestInfo", "request_id": "r-1"}]});
    let w = world([json(200, &json!({"name": NAME, "done": true, "error": error}))]).await;
    let started = operation(json!({"name": NAME, "done": false}));
    let error = w.client.wait(started, &w.deadline).await.unwrap_err();
    assert_eq!((error.code(), error.operation()), (Some("RESOURCE_EXHAUSTED"), Some(NAME)));
    expect!["operation `projects/p/operations/a/b+c=` failed: RESOURCE_EXHAUSTED: no capacity (request: GET http://HOST/api/2.0/postgres/projects/p/operations/a/b+c=, attempts: 1 (0.2 s), request id: r-1)"]
        .assert_eq(&chain(&error).replace(&w.client.host()[7..], "HOST"));
}

#[tokio::test]
async fn transient_error_does_not_end_a_wait_and_others_do() {
    let failing = json(500, &json!({"error_code": "INTERNAL_ERROR", "message": "oops"}));
    let refused = json(403, &json!({"error_code": "PERMISSION_DENIED", "message": "no"}));
    let w = world([running(), failing, running(), refused]).await;
    let error = w.client.wait(operation(json!({"name": NAME})), &w.deadline).await.unwrap_err();
    assert!(error.is_permission_denied(), "{error}");
    assert_eq!((error.operation(), error.attempts()), (Some(NAME), 4));
}

#[tokio::test]
async fn a_wait_that_runs_out_names_the_operation_and_the_last_trouble() {
    let failing = || json(500, &json!({"error_code": "INTERNAL_ERROR", "message": "oops"}));
    let w = world([failing(), failing()]).await;
    let deadline = w.client.deadline(Duration::from_millis(500), w.stop.clone());
    let error = w.client.wait(operation(json!({"name": NAME})), &deadline).await.unwrap_err();
    assert!(error.is_timeout() && !error.is_interrupted(), "{error}");
    assert_eq!(error.elapsed(), Duration::from_millis(500));
    expect!["timed out waiting for operation `projects/p/operations/a/b+c=` (last state: running) (request: GET http://HOST/api/2.0/postgres/projects/p/operations/a/b+c=, attempts: 2 (0.5 s)): INTERNAL_ERROR: oops (request: GET http://HOST/api/2.0/postgres/projects/p/operations/a/b+c=, status: HTTP 500 after 1 attempt (0.0 s))"]
        .assert_eq(&chain(&error).replace(&w.client.host()[7..], "HOST"));
}

#[tokio::test]
async fn an_interrupt_ends_a_wait_at_once() {
    let w = world([]).await;
    let stop = w.stop.clone();
    w.service.then([running()]);
    w.service.then([Reply::Hang(Box::new(move || stop.cancel()))]);
    let error = w.client.wait(operation(json!({"name": NAME})), &w.deadline).await.unwrap_err();
    assert!(error.is_interrupted() && !error.is_timeout(), "{error}");
    assert_eq!((error.operation(), error.last_state()), (Some(NAME), Some("running")));
}

fn pending(object: &Json) -> Option<String> {
    let status = &object["status"];
    let pending = status["pending_state"].as_str()?;
    Some(format!("{}, on its way to {pending}", status["current_state"].as_str()?))
}

#[tokio::test]
async fn an_endpoint_has_settled_when_nothing_is_pending() {
    let endpoint = |status: Json| json(200, &json!({"name": "e", "status": status}));
    let w = world([
        endpoint(json!({"current_state": "INIT", "pending_state": "ACTIVE"})),
        endpoint(json!({"current_state": "ACTIVE", "pending_state": "IDLE"})),
        endpoint(json!({"current_state": "IDLE"})),
    ])
    .await;
    let settled = w.client.settle("e", |it| Ok(pending(it)), &w.deadline).await.unwrap();
    assert_eq!(settled["status"], json!({"current_state": "IDLE"}));
    assert_eq!(millis(&w.clock.sleeps()), [200, 200]);

    w.service.then([endpoint(json!({"current_state": "INIT", "pending_state": "ACTIVE"}))]);
    let deadline = w.client.deadline(Duration::from_millis(100), w.stop.clone());
    let error = w.client.settle("e", |it| Ok(pending(it)), &deadline).await.unwrap_err();
    assert_eq!(error.last_state(), Some("INIT, on its way to ACTIVE"));
    assert!(error.is_timeout() && error.operation().is_none(), "{error}");
}

#[tokio::test]
async fn an_object_that_will_not_settle_fails_with_its_own_words() {
    let table = |state: &str| json(200, &json!({"name": "t", "state": state}));
    let w = world([table("PROVISIONING"), table("FAILED")]).await;
    let look = |reported: &Json| match reported["state"].as_str() {
        Some("FAILED") => Err(["FAILED".to_owned(), "No such column.".to_owned()]),
        state => Ok(state.map(str::to_owned)),
    };
    let error = w.client.settle("t", look, &w.deadline).await.unwrap_err();
    assert_eq!((error.code(), error.reason()), (Some("FAILED"), "FAILED: No such column.".into()));
    assert!(!error.is_timeout() && !error.is_not_found() && error.operation().is_none());
}

#[test]
fn errors_and_clients_can_be_sent_between_threads() {
    fn check<T: Send + Sync + 'static>() {}
    check::<Error>();
    check::<crate::Client>();
    check::<crate::Deadline>();
}
