//! Single requests: their form, their repetition, and the errors that come of them.

use std::sync::Arc;
use std::time::Duration;

use expect_test::{Expect, expect};
use serde_json::json;

use super::service::{Reply, json, text};
use super::{World, chain, millis, problem, world, world_with};
use crate::{CredentialRequest, Error, Settings};

const PROJECT: &str = "projects/p";

fn operation() -> Reply {
    json(200, &json!({"name": "projects/p/operations/1", "done": true, "response": {"uid": "u"}}))
}

#[tokio::test]
async fn each_verb_is_one_request_of_the_documented_form() {
    let w = world((0..4).map(|_| operation())).await;
    let (client, deadline) = (&w.client, &w.deadline);
    client.get(PROJECT, deadline).await.unwrap();
    let id = [("project_id", "p".to_owned())];
    client.create("projects", &id, &json!({"spec": {}}), deadline).await.unwrap();
    let mask = ["spec.display_name".to_owned(), "spec.custom_tags".to_owned()];
    client.update(PROJECT, &mask, &json!({"spec": {"display_name": "d"}}), deadline).await.unwrap();
    client.delete(PROJECT, &[("purge", "true".to_owned())], deadline).await.unwrap();

    let seen = w.service.seen().into_iter().map(|request| {
        let content = request.headers.get("content-type").map_or("no body", String::as_str);
        format!("{} | {content} | {}", request.line, request.body)
    });
    let text = seen.collect::<Vec<_>>().join("\n");
    expect![[r#"
        GET /api/2.0/postgres/projects/p | no body | 
        POST /api/2.0/postgres/projects?project_id=p | application/json | {"spec":{}}
        PATCH /api/2.0/postgres/projects/p?update_mask=spec.display_name%2Cspec.custom_tags | application/json | {"spec":{"display_name":"d"}}
        DELETE /api/2.0/postgres/projects/p?purge=true | no body | "#]]
    .assert_eq(&text);
    let headers = &w.service.seen()[0].headers;
    assert_eq!(headers["authorization"], "Bearer dapi-secret");
    assert_eq!(headers["accept"], "application/json");
    assert!(headers["user-agent"].ends_with(" auth/pat"), "{headers:?}");
}

#[tokio::test]
async fn the_id_of_an_operation_goes_back_as_it_came() {
    let name = "projects/p/operations/a+b/c==";
    let w = world([json(200, &json!({"name": name}))]).await;
    let operation = w.client.operation(name, &w.deadline).await.unwrap();
    assert_eq!((operation.name.as_str(), operation.done), (name, false));
    assert_eq!(w.service.lines(), [format!("GET /api/2.0/postgres/{name}")]);
}

#[tokio::test]
async fn invalid_resource_name_is_never_sent() {
    let w = world([]).await;
    for name in
        ["", "projects/../../../secrets", "projects/p?purge=true", "projects/%2e%2e", "a\nb"]
    {
        let error = w.client.get(name, &w.deadline).await.unwrap_err();
        assert_eq!(error.attempts(), 0, "{error}");
        assert!(error.message().contains("is not a valid resource name"), "{error}");
    }
    assert!(w.service.seen().is_empty());
}

#[tokio::test]
async fn a_list_is_all_of_its_pages() {
    let w = world([
        json(200, &json!({"cdf_configs": [{"name": "a"}], "next_page_token": "t&1"})),
        json(200, &json!({"next_page_token": "t2"})),
        json(200, &json!({"cdf_configs": [{"name": "b"}], "next_page_token": ""})),
    ])
    .await;
    let query = [("page_size", "1".to_owned())];
    let objects = w.client.list("x/cdf-configs", &query, &w.deadline).await.unwrap();
    assert_eq!(objects, [json!({"name": "a"}), json!({"name": "b"})]);
    expect![[r"
        GET /api/2.0/postgres/x/cdf-configs?page_size=1
        GET /api/2.0/postgres/x/cdf-configs?page_size=1&page_token=t%261
        GET /api/2.0/postgres/x/cdf-configs?page_size=1&page_token=t2"]]
    .assert_eq(&w.service.lines().join("\n"));
}

#[tokio::test]
async fn repeated_page_token_is_an_error() {
    let page = || json(200, &json!({"projects": [], "next_page_token": "t"}));
    let w = world([page(), page()]).await;
    let error = w.client.list("projects", &[], &w.deadline).await.unwrap_err();
    assert!(error.message().contains("the same next page"), "{error}");
}

#[tokio::test]
async fn retry_after_counts_in_seconds_and_in_dates() {
    let w = world([
        problem(429, "REQUEST_LIMIT_EXCEEDED").with("retry-after", "7"),
        problem(503, "TEMPORARILY_UNAVAILABLE")
            .with("retry-after", "Sun, 30 Aug 2026 12:00:20 GMT"),
        problem(429, "REQUEST_LIMIT_EXCEEDED").with("retry-after", "Sun, 30 Aug 2026 11:00:00 GMT"),
        operation(),
    ])
    .await;
    w.client.create("projects", &[], &json!({}), &w.deadline).await.unwrap();
    assert_eq!(millis(&w.clock.sleeps()), [7_000, 13_000, 2_000]);
}

#[tokio::test]
async fn without_retry_after_the_pauses_double() {
    let mut replies: Vec<_> = (0..6).map(|_| problem(503, "TEMPORARILY_UNAVAILABLE")).collect();
    replies.push(operation());
    let w = world(replies).await;
    w.client.get(PROJECT, &w.deadline).await.unwrap();
    assert_eq!(millis(&w.clock.sleeps()), [500, 1000, 2000, 4000, 8000, 10_000]);
}

#[tokio::test]
async fn a_retry_after_beyond_the_budget_ends_it_at_once() {
    let w = world([problem(429, "REQUEST_LIMIT_EXCEEDED").with("retry-after", "301")]).await;
    let error = w.client.get(PROJECT, &w.deadline).await.unwrap_err();
    assert!(error.is_rate_limited() && !error.is_timeout(), "{error}");
    assert_eq!((error.attempts(), w.clock.sleeps().len()), (1, 0));
}

/// What becomes of a request whose first attempt fails in a given way: the lines that went out.
async fn after_a_first(failure: Reply, method: &str) -> (Result<(), Error>, usize) {
    let w = world([failure, operation()]).await;
    let (client, deadline) = (&w.client, &w.deadline);
    let body = json!({});
    let result = match method {
        "GET" => client.get(PROJECT, deadline).await.map(drop),
        "POST" => client.create("projects", &[], &body, deadline).await.map(drop),
        "PATCH" => client.update(PROJECT, &[], &body, deadline).await.map(drop),
        _ => client.delete(PROJECT, &[], deadline).await.map(drop),
    };
    (result, w.service.seen().len())
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_but_a_post_is_never_sent_twice() {
    let failures: [fn() -> Reply; 4] = [
        || Reply::WaitAborted,
        || text(502, "text/html", "<html>bad gateway</html>"),
        || text(503, "text/html", "<html>unavailable</html>"),
        || text(504, "", ""),
    ];
    for failure in failures {
        for method in ["GET", "PATCH", "DELETE"] {
            let (result, sent) = after_a_first(failure(), method).await;
            assert!(result.is_ok() && sent == 2, "{method} {result:?}");
        }
        let (result, sent) = after_a_first(failure(), "POST").await;
        let error = result.unwrap_err();
        assert!(error.outcome_is_unknown() && sent == 1, "{error}");
    }
}

#[tokio::test]
async fn an_error_of_the_server_is_final_and_leaves_a_doubt_about_changes_alone() {
    for (method, doubt) in [("GET", false), ("POST", true), ("PATCH", true), ("DELETE", true)] {
        let (result, sent) = after_a_first(problem(500, "INTERNAL_ERROR"), method).await;
        let error = result.unwrap_err();
        assert_eq!((error.outcome_is_unknown(), sent), (doubt, 1), "{method} {error}");
    }
}

#[tokio::test]
async fn a_refusal_leaves_no_doubt_but_one_after_a_503_does() {
    let refusal = || problem(409, "ALREADY_EXISTS");
    let (result, _) = after_a_first(refusal(), "POST").await;
    let error = result.unwrap_err();
    assert!(error.is_already_exists() && !error.outcome_is_unknown(), "{error}");

    let w = world([problem(503, "TEMPORARILY_UNAVAILABLE"), refusal()]).await;
    let error = w.client.create("projects", &[], &json!({}), &w.deadline).await.unwrap_err();
    assert!(error.is_already_exists() && error.outcome_is_unknown(), "{error}");
    assert_eq!((error.attempts(), error.elapsed()), (2, Duration::from_millis(500)));
}

#[tokio::test]
async fn a_success_that_cannot_be_read_may_have_happened() {
    for reply in [text(200, "application/json", "{\"na"), text(200, "", ""), json(200, &json!([]))]
    {
        let (result, sent) = after_a_first(reply, "POST").await;
        let error = result.unwrap_err();
        assert!(error.outcome_is_unknown() && sent == 1, "{error}");
    }
}

#[tokio::test]
async fn an_answer_without_end_is_not_kept() {
    let w = world([text(200, "application/json", &" ".repeat((16 << 20) + 1))]).await;
    let error = w.client.get(PROJECT, &w.deadline).await.unwrap_err();
    assert!(error.message().contains("larger than any"), "{error}");
}

#[tokio::test]
async fn a_hanging_attempt_ends_with_the_timeout_of_http() {
    let World { service, client, clock, deadline, .. } = world([]).await;
    let moved = clock.clone();
    service.then([Reply::Hang(Box::new(move || moved.advance(Duration::from_mins(1))))]);
    service.then([operation()]);
    client.get(PROJECT, &deadline).await.unwrap();
    assert_eq!(millis(&clock.sleeps()), [500]);
}

#[tokio::test]
async fn patience_ends_an_attempt_and_a_pause() {
    let w = world([]).await;
    let clock = w.clock.clone();
    w.service.then([Reply::Hang(Box::new(move || clock.advance(Duration::from_secs(3))))]);
    let short = || w.client.deadline(Duration::from_secs(3), w.stop.clone());
    let error = w.client.create("projects", &[], &json!({}), &short()).await.unwrap_err();
    assert!(error.is_timeout() && error.outcome_is_unknown(), "{error}");
    assert_eq!(error.elapsed(), Duration::from_secs(3));

    w.service.then([problem(429, "REQUEST_LIMIT_EXCEEDED").with("retry-after", "5")]);
    let error = w.client.create("projects", &[], &json!({}), &short()).await.unwrap_err();
    assert!(error.is_timeout() && !error.outcome_is_unknown(), "{error}");
    expect!["timed out waiting for a response (request: POST http://HOST/api/2.0/postgres/projects, attempts: 1 (3.0 s)): REQUEST_LIMIT_EXCEEDED: no (request: POST http://HOST/api/2.0/postgres/projects, status: HTTP 429 after 1 attempt (0.0 s))"]
        .assert_eq(&chain(&error).replace(&w.client.host()[7..], "HOST"));
}

#[tokio::test]
async fn an_interrupt_ends_a_read_at_once_and_stops_what_is_not_sent() {
    let w = world([]).await;
    let stop = w.stop.clone();
    w.service.then([Reply::Hang(Box::new(move || stop.cancel()))]);
    let error = w.client.get(PROJECT, &w.deadline).await.unwrap_err();
    assert!(error.is_interrupted(), "{error}");
    let error = w.client.create("projects", &[], &json!({}), &w.deadline).await.unwrap_err();
    assert!(error.is_interrupted() && !error.outcome_is_unknown(), "{error}");
    assert_eq!(w.service.seen().len(), 1);
}

#[tokio::test]
async fn an_interrupt_lets_a_change_in_flight_be_answered_for_a_few_seconds() {
    let w = world([]).await;
    let stop = w.stop.clone();
    w.service.then([operation().after(move || stop.cancel())]);
    assert!(w.client.create("projects", &[], &json!({}), &w.deadline).await.is_ok());

    let w = world([]).await;
    let (stop, clock) = (w.stop.clone(), w.clock.clone());
    w.service.then([Reply::Hang(Box::new(move || {
        stop.cancel();
        tokio::spawn(async move {
            // The grace begins when the client has seen the stop, which is after this begins.
            loop {
                clock.advance(Duration::from_secs(1));
                tokio::task::yield_now().await;
            }
        });
    }))]);
    let error = w.client.create("projects", &[], &json!({}), &w.deadline).await.unwrap_err();
    assert!(error.is_interrupted() && error.outcome_is_unknown(), "{error}");
}

#[tokio::test]
async fn the_pace_is_kept() {
    let settings = Settings { requests_per_second: Some(4.0), ..Settings::default() };
    let w = world_with(settings, (0..3).map(|_| operation())).await;
    for _ in 0..3 {
        w.client.get(PROJECT, &w.deadline).await.unwrap();
    }
    assert_eq!(millis(&w.clock.sleeps()), [250, 250]);
}

#[tokio::test]
async fn a_proxy_or_a_login_page_is_not_taken_for_the_service() {
    async fn check(reply: Reply, expected: Expect) {
        let w = world([reply]).await;
        let error = w.client.get(PROJECT, &w.deadline).await.unwrap_err();
        assert!(!error.is_not_found() && w.service.seen().len() == 1, "{error}");
        expected.assert_eq(&error.to_string().replace(&w.client.host()[7..], "HOST"));
    }
    check(
        text(200, "text/html; charset=utf-8", "<html><title>Sign in</title></html>"),
        expect!["unexpected response: a login page (`Sign in`) instead of JSON (request: GET http://HOST/api/2.0/postgres/projects/p, status: HTTP 200 after 1 attempt (0.0 s))"],
    )
    .await;
    check(
        text(404, "text/html", "<html><body>Not here</body></html>"),
        expect!["unexpected response: an HTML page (`<html><body>Not here</body></html>`) instead of JSON (request: GET http://HOST/api/2.0/postgres/projects/p, status: HTTP 404 after 1 attempt (0.0 s))"],
    )
    .await;
    check(
        text(302, "", "").with("location", "https://login.example.com/"),
        expect!["unexpected response: a redirect to `https://login.example.com/` (request: GET http://HOST/api/2.0/postgres/projects/p, status: HTTP 302 after 1 attempt (0.0 s))"],
    )
    .await;
}

#[tokio::test]
async fn user_agent_names_product_and_terraform() {
    let w = world([
        json(200, &json!({"id": "1", "userName": "jane@example.com"})),
        Reply::WaitAborted,
        json(200, &json!({"token": "pg-secret", "expire_time": "2026-08-30T13:00:00.123Z"})),
        json(200, &json!({"token": "pg-secret"})),
    ])
    .await;
    assert_eq!(w.client.me(&w.deadline).await.unwrap().user_name, "jane@example.com");
    let request = CredentialRequest {
        endpoint: "projects/p/branches/b/endpoints/e".to_owned(),
        ttl: Some(Duration::from_mins(10)),
        claims: vec![json!({"permission_set": "READ_ONLY"})],
    };
    let credential = w.client.generate_credential(&request, &w.deadline).await.unwrap();
    assert_eq!(credential.token.expose(), "pg-secret");
    assert_eq!(credential.expire_time.to_string(), "2026-08-30T13:00:00.123Z");
    let sent: serde_json::Value = serde_json::from_str(&w.service.seen()[2].body).unwrap();
    let expected = json!({
        "endpoint": "projects/p/branches/b/endpoints/e",
        "ttl": "600s",
        "claims": [{"permission_set": "READ_ONLY"}],
    });
    assert_eq!(sent, expected);

    let error = w.client.generate_credential(&request, &w.deadline).await.unwrap_err();
    assert!(!format!("{error}{error:?}{credential:?}").contains("pg-secret"));
}

#[tokio::test]
async fn password_of_a_role_is_revealed_and_never_printed() {
    let w = world([
        Reply::WaitAborted,
        json(200, &json!({"password": "pg-secret"})),
        json(200, &json!({"pass": "pg-secret"})),
    ])
    .await;
    let role = "projects/p/branches/b/roles/r";
    let revealed = w.client.reveal_password(role, &w.deadline).await.unwrap();
    assert_eq!(revealed.password.expose(), "pg-secret");
    let sent = &w.service.seen()[1];
    assert_eq!(sent.line, format!("POST /api/2.0/postgres/{role}/password"));
    assert_eq!(sent.body, "{}");
    let error = w.client.reveal_password(role, &w.deadline).await.unwrap_err();
    assert!(!format!("{error}{error:?}{revealed:?}").contains("pg-secret"));
}

#[tokio::test]
async fn callers_at_the_same_time_share_one_client() {
    let w = world((0..8).map(|_| operation())).await;
    let w = Arc::new(w);
    let calls = (0..8).map(|_| {
        let w = w.clone();
        tokio::spawn(async move { w.client.get(PROJECT, &w.deadline).await })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap().unwrap();
    }
    assert_eq!(w.service.seen().len(), 8);
}
