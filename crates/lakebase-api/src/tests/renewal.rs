//! Tokens that are renewed early, refused, or expire while something else is waited for.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::Notify;

use super::authentication::{bearers, principal, project, token};
use super::logging::logged;
use super::service::{Reply, json, text};
use crate::{Deadline, Operation};

fn refused() -> Reply {
    json(401, &json!({"error_code": "UNAUTHENTICATED", "message": "no"}))
}

#[tokio::test]
async fn a_post_whose_token_is_refused_is_sent_once_more_with_a_new_token() {
    let done = json(200, &json!({"name": "o", "done": true}));
    let w = principal([token("t1", &json!(3600)), refused()]).await;
    w.service.then([token("t2", &json!(3600)), done]);
    w.client.create("projects", &[], &json!({}), &w.deadline).await.unwrap();
    assert_eq!(bearers(&w), ["Bearer t1", "Bearer t2"]);

    w.service.then([refused(), token("t3", &json!(3600)), refused()]);
    let error = w.client.create("projects", &[], &json!({}), &w.deadline).await.unwrap_err();
    assert!(error.is_unauthenticated() && !error.outcome_is_unknown(), "{error}");
    assert_eq!(bearers(&w), ["Bearer t1", "Bearer t2", "Bearer t2", "Bearer t3"]);
}

#[tokio::test]
async fn a_token_that_expires_or_is_refused_during_a_wait_is_renewed() {
    let running = || json(200, &json!({"name": "projects/p/operations/o"}));
    let done = json(200, &json!({"name": "projects/p/operations/o", "done": true}));
    let w = principal([token("t1", &json!(2))]).await;
    // Seven looks before the last quarter of the token's life.
    w.service.then((0..7).map(|_| running()));
    w.service.then([token("t2", &json!(3600)), running()]);
    w.service.then([refused(), token("t3", &json!(3600)), done]);
    let operation = Operation::of_answer(json!({"name": "projects/p/operations/o"})).unwrap();
    w.client.wait(operation, &w.deadline).await.unwrap();
    let mut expected = vec!["Bearer t1"; 7];
    expected.extend(["Bearer t2", "Bearer t2", "Bearer t3"]);
    assert_eq!(bearers(&w), expected);
}

#[tokio::test]
async fn an_early_renewal_that_fails_is_logged() {
    let w = principal([token("t1", &json!(3600)), project()]).await;
    let deadline = w.client.deadline(Duration::from_hours(9), w.stop.clone());
    w.client.get("projects/p", &deadline).await.unwrap();
    w.clock.advance(Duration::from_mins(55));
    w.service.then([text(403, "text/plain", "not now"), project()]);
    let log = logged(async { w.client.get("projects/p", &deadline).await.map(drop) }).await;
    let line = log.lines().find(|line| line.contains("renew")).expect("a line about the renewal");
    assert!(line.contains("not now") && !log.contains("hush"), "{log}");
}

#[tokio::test]
async fn early_renewal_blocks_only_its_caller() {
    let w = Arc::new(principal([token("t1", &json!(3600)), project()]).await);
    let deadline = w.client.deadline(Duration::from_hours(9), w.stop.clone());
    w.client.get("projects/p", &deadline).await.unwrap();
    w.clock.advance(Duration::from_mins(55));
    let (begun, clock) = (Arc::new(Notify::new()), w.clock.clone());
    let renewing = begun.clone();
    w.service.then([Reply::Hang(Box::new(move || renewing.notify_one())), project(), project()]);
    let first = tokio::spawn({
        let (w, deadline) = (w.clone(), deadline.clone());
        async move { w.client.get("projects/p", &deadline).await }
    });
    begun.notified().await;
    w.client.get("projects/p", &deadline).await.unwrap();
    assert!(!first.is_finished());
    clock.advance(Duration::from_secs(10));
    first.await.unwrap().unwrap();
    assert_eq!(bearers(&w), ["Bearer t1"; 3]);
}

#[tokio::test]
async fn a_refused_token_is_not_waited_for_beyond_the_patience_of_its_caller() {
    let w = Arc::new(principal([token("t1", &json!(40)), project()]).await);
    w.client.get("projects/p", &w.deadline).await.unwrap();
    let read = |deadline: Deadline| {
        let w = w.clone();
        tokio::spawn(async move { w.client.get("projects/p", &deadline).await })
    };
    // The first caller sends the old token. Before it is refused, the second caller finds the
    // token expired, and begins to fetch another, which is never answered.
    let [sent, fetching, released] = [(); 3].map(|()| Arc::new(Notify::new()));
    let (was_sent, is_fetching) = (sent.clone(), fetching.clone());
    let held = Reply::Held(released.clone(), Box::new(refused()));
    w.service.then([
        held.after(move || was_sent.notify_one()),
        Reply::Hang(Box::new(move || is_fetching.notify_one())),
    ]);
    let first = read(w.client.deadline(Duration::from_secs(50), w.stop.clone()));
    sent.notified().await;
    w.clock.advance(Duration::from_secs(40));
    let second = read(w.deadline.clone());
    fetching.notified().await;
    released.notify_one();
    w.clock.advance(Duration::from_secs(10));
    let error = first.await.unwrap().unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert!(!second.is_finished());
    second.abort();
}
