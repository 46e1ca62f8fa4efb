//! How long a request is tried: the budget of retries, beside the rate limiter and the deadline of
//! its caller.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;

use super::authentication::given;
use super::machine::Machine;
use super::service::{Reply, Service, json};
use super::{World, clock, millis, problem, world, world_of, world_with};
use crate::{CancellationToken, Client, Credentials, Settings};

const PROJECT: &str = "projects/p";

fn project() -> Reply {
    json(200, &json!({"uid": "u"}))
}

/// A client whose service answered once and was then closed.
async fn world_that_was_reached(settings: Settings) -> World {
    let mut w = world_with(settings, [project()]).await;
    w.client.get(PROJECT, &w.deadline).await.unwrap();
    w.service.close().await;
    w
}

#[tokio::test]
async fn retry_after_zero_waits_as_long_as_the_backoff() {
    let busy = || problem(429, "REQUEST_LIMIT_EXCEEDED").with("retry-after", "0");
    let past = || {
        problem(503, "TEMPORARILY_UNAVAILABLE").with("retry-after", "Sun, 30 Aug 2026 11:00:00 GMT")
    };
    for failure in [busy as fn() -> Reply, past] {
        let w = world((0..3).map(|_| failure()).chain([project()])).await;
        w.client.get(PROJECT, &w.deadline).await.unwrap();
        assert_eq!(millis(&w.clock.sleeps()), [500, 1000, 2000]);
    }
}

#[tokio::test]
async fn retry_info_of_a_body_counts_like_retry_after() {
    let info = json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retry_delay": "7.5s"});
    let body = json!({"error_code": "REQUEST_LIMIT_EXCEEDED", "message": "no", "details": [info]});
    let w = world([json(429, &body), json(429, &body).with("retry-after", "9"), project()]).await;
    w.client.get(PROJECT, &w.deadline).await.unwrap();
    assert_eq!(millis(&w.clock.sleeps()), [7500, 9000]);
}

#[tokio::test]
async fn limits_of_a_profile_count_unless_others_are_given() {
    let machine = Machine::new();
    // The pauses are 0.5, 1, 2, 4, 8, and then 10 seconds each.
    let table = [
        ("", None, 33),
        ("retry_timeout_seconds = 2\n", None, 2),
        ("retry_timeout_seconds = 2\n", Some(Duration::ZERO), 0),
    ];
    for (limit, given, pauses) in table {
        let busy = || problem(503, "TEMPORARILY_UNAVAILABLE");
        let service = Service::start((0..40).map(|_| busy())).await;
        let file = format!("[DEFAULT]\nhost = {}\ntoken = t\n{limit}", service.host());
        machine.write(".databrickscfg", &file);
        let settings = Settings { retry_timeout: given, ..Settings::default() };
        let (credentials, environment) = (Credentials::default(), machine.environment(&[]));
        let clock = clock();
        let client = Client::new(&credentials, &environment, settings, clock.clone()).unwrap();
        let deadline = client.deadline(Duration::from_hours(1), CancellationToken::new());
        client.get(PROJECT, &deadline).await.unwrap_err();
        assert_eq!(clock.sleeps().len(), pauses, "{limit} {given:?}");
    }
}

#[tokio::test]
async fn waiting_for_a_turn_does_not_spend_the_retry_budget() {
    let settings = Settings { requests_per_second: Some(1.0), ..Settings::default() };
    // One of 40 callers meets a 503 in its first attempt, minutes after its call began.
    let mut replies: Vec<_> = (0..41).map(|_| project()).collect();
    replies[39] = problem(503, "TEMPORARILY_UNAVAILABLE");
    let w = Arc::new(world_with(settings, replies).await);
    let mut calls = JoinSet::new();
    for _ in 0..40 {
        let w = w.clone();
        calls.spawn(async move { w.client.get(PROJECT, &w.deadline).await });
    }
    while let Some(answer) = calls.join_next().await {
        answer.unwrap().unwrap();
    }
    assert_eq!(w.service.seen().len(), 41);
}

#[tokio::test]
async fn an_outage_after_an_answer_is_tried_for_half_a_minute() {
    let w = world_that_was_reached(Settings::default()).await;
    let error = w.client.create("projects", &[], &json!({}), &w.deadline).await.unwrap_err();
    assert!(error.is_unreachable() && !error.outcome_is_unknown(), "{error}");
    assert_eq!(millis(&w.clock.sleeps()), [500, 1000, 2000, 4000, 8000, 10_000]);
    assert_eq!(error.attempts(), 7);
}

/// The address of a service that is not there any more.
async fn closed_address() -> String {
    let mut service = Service::start([]).await;
    service.close().await;
    service.host()
}

#[tokio::test]
async fn a_host_that_never_answered_is_given_up_after_a_few_seconds() {
    for host in [closed_address().await, "https://lakebase.invalid".to_owned()] {
        let w = world_of(Service::start([]).await, &given(&host, Some("t")), Settings::default());
        let error = w.client.get(PROJECT, &w.deadline).await.unwrap_err();
        assert!(error.is_unreachable() && !error.outcome_is_unknown(), "{error}");
        assert_eq!(millis(&w.clock.sleeps()), [500, 1000], "{host}");
        assert_eq!(error.attempts(), 3);

        // The next requests do not find out again.
        for _ in 0..2 {
            let error = w.client.get("projects/q", &w.deadline).await.unwrap_err();
            assert!(error.is_unreachable() && error.attempts() == 0, "{error}");
        }
        assert_eq!(w.clock.sleeps().len(), 2);

        // After a while they do.
        w.clock.advance(Duration::from_secs(30));
        let error = w.client.get(PROJECT, &w.deadline).await.unwrap_err();
        assert_eq!(error.attempts(), 3, "{error}");
    }
}

#[tokio::test]
async fn a_connection_that_the_service_closed_between_requests_does_not_fail_a_read_or_an_update() {
    for change in [false, true] {
        let w = world([Reply::Last(Box::new(project())), json(200, &json!({"name": "o"}))]).await;
        w.client.get(PROJECT, &w.deadline).await.unwrap();
        if change {
            w.client.update(PROJECT, &[], &json!({}), &w.deadline).await.unwrap();
        } else {
            w.client.get(PROJECT, &w.deadline).await.unwrap();
        }
    }
}
