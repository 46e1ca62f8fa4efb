//! Which of several methods is taken, and what ends the search.

use std::time::Duration;

use expect_test::expect;
use serde_json::json;

use super::chain;
use super::internet::{Internet, page, status};
use super::logging::captured;
use super::machine::Machine;
use super::methods::WORKSPACE;
use crate::{Credentials, Environment, METHODS};

/// An internet with a workspace whose token endpoint answers that.
async fn internet(code: u16) -> Internet {
    let internet = Internet::start().await;
    internet.answer(&format!("GET {WORKSPACE}/api/2.0/postgres/projects/p"), &json!({"uid": "u"}));
    internet.answer(
        &format!("GET {WORKSPACE}/oidc/.well-known/oauth-authorization-server"),
        &json!({"token_endpoint": format!("https://{WORKSPACE}/oidc/v1/token")}),
    );
    let error = json!({"error": "invalid_client", "error_description": "unknown"});
    internet.route(&format!("POST {WORKSPACE}/oidc/v1/token"), move |_| status(code, &error));
    internet
}

fn principal() -> Credentials {
    Credentials::default()
        .with("host", WORKSPACE)
        .with("client_id", "id")
        .with("client_secret", "hush-secret")
}

#[tokio::test]
async fn method_that_is_refused_leaves_it_to_the_next_and_says_so_in_the_log() {
    let (internet, machine) = (internet(401).await, Machine::new());
    machine.install_databricks();
    let visitor = internet.visit(&principal(), &machine.environment(&[])).unwrap();
    let read = visitor.client.get("projects/p", &visitor.deadline);
    let (log, read) = captured(read).await;
    read.unwrap();
    assert_eq!(visitor.client.auth_type(), "databricks-cli");
    let line = log.lines().find(|line| line.contains("trying the next method")).unwrap();
    assert!(line.contains("method=\"oauth-m2m\"") && line.contains("invalid_client"), "{line}");
    // The method stays.
    internet.forget();
    visitor.client.get("projects/p", &visitor.deadline).await.unwrap();
    assert_eq!(internet.lines().len(), 1);
}

#[tokio::test]
async fn token_endpoint_that_is_down_does_not_change_who_asks() {
    let (internet, machine) = (internet(500).await, Machine::new());
    machine.install_databricks();
    let visitor = internet.visit(&principal(), &machine.environment(&[])).unwrap();
    let error = visitor.client.get("projects/p", &visitor.deadline).await.unwrap_err();
    assert!(!error.is_unauthenticated() && machine.calls("databricks").is_empty(), "{error}");
}

#[tokio::test]
async fn method_that_is_chosen_is_the_only_one() {
    let (internet, machine) = (internet(401).await, Machine::new());
    machine.install_databricks();
    let credentials = principal().with("auth_type", "oauth-m2m");
    let visitor = internet.visit(&credentials, &machine.environment(&[])).unwrap();
    let error = visitor.client.get("projects/p", &visitor.deadline).await.unwrap_err();
    assert!(error.is_unauthenticated() && machine.calls("databricks").is_empty(), "{error}");
}

#[tokio::test]
async fn failure_of_all_methods_lists_each_with_its_origins() {
    let (internet, machine) = (internet(401).await, Machine::new());
    machine.install_databricks();
    machine.refuse();
    let variables = [("DATABRICKS_CLIENT_ID", "id"), ("DATABRICKS_CLIENT_SECRET", "hush-secret")];
    let credentials = Credentials::of("the provider block").with("host", WORKSPACE);
    let visitor = internet.visit(&credentials, &machine.environment(&variables)).unwrap();
    let error = visitor.client.get("projects/p", &visitor.deadline).await.unwrap_err();
    let text = chain(&error);
    let shown: Vec<_> = text.lines().take(4).collect();
    expect![[r#"
        no access token: every method of authentication failed
          - `oauth-m2m` with `client_id` from `DATABRICKS_CLIENT_ID`, `client_secret` from `DATABRICKS_CLIENT_SECRET`: `https://dbc-1.cloud.databricks.com/oidc/v1/token` issues no token to the client `id`: invalid_client: unknown (request: POST https://dbc-1.cloud.databricks.com/oidc/v1/token, status: HTTP 401 after 1 attempt (0.0 s))
          - `databricks-cli` with `host` from the provider block: `databricks auth token --host https://dbc-1.cloud.databricks.com` failed (exit status: 1): A new access token could not be retrieved because the refresh token is invalid.
          - `pat` was skipped: neither `token` nor `DATABRICKS_TOKEN` is set"#]].assert_eq(&shown.join("\n"));
    assert_eq!(text.matches(" was skipped: ").count(), METHODS.len() - 2, "{text}");
    expect![[r#"
        Correct the method that is meant, and choose it with `auth_type`.
          - `oauth-m2m`: The OAuth secret is wrong, has expired or was revoked, or the service principal does not belong to this workspace. Create another secret in the settings of the service principal, and set `client_id` and `client_secret`.
          - `databricks-cli`: Log in with `databricks auth login --host https://dbc-1.cloud.databricks.com`."#]].assert_eq(&error.advice().unwrap());
}

#[tokio::test]
async fn basic_is_refused_even_where_it_is_chosen() {
    let internet = internet(200).await;
    let credentials = Credentials::default()
        .with("host", WORKSPACE)
        .with("username", "u")
        .with("password", "hush")
        .with("auth_type", "basic");
    let error = internet.visit(&credentials, &Environment::default()).map(|_| ()).unwrap_err();
    expect![[r#"
        `basic` authentication is configured for the user `u` (`username` and `password` from the configuration), but Databricks has accepted no passwords since July 10, 2024.
        Unset `username` and `password`. Log in with `databricks auth login` and name its `profile`, or use a service principal with `client_id` and `client_secret`."#]].assert_eq(&error.to_string());
}

#[tokio::test]
async fn scopes_are_sorted_and_sent_once_each() {
    let internet = internet(200).await;
    let token = json!({"access_token": "hush-token", "expires_in": 3600});
    internet.route(&format!("POST {WORKSPACE}/oidc/v1/token"), move |seen| {
        assert_eq!(seen.body, "grant_type=client_credentials&scope=a+b%3Ac+d");
        page(&token)
    });
    let credentials = principal().with("scopes", "d, a,b:c ,,a");
    let visitor = internet.visit(&credentials, &Environment::default()).unwrap();
    visitor.client.get("projects/p", &visitor.deadline).await.unwrap();
}

#[tokio::test]
async fn id_token_in_another_variable_is_exchanged() {
    let internet = internet(200).await;
    let token = json!({"access_token": "hush-token", "expires_in": 3600});
    internet.route(&format!("POST {WORKSPACE}/oidc/v1/token"), move |seen| {
        assert!(seen.body.contains("&subject_token=hush-workload&"), "{}", seen.body);
        page(&token)
    });
    let credentials = Credentials::default()
        .with("host", WORKSPACE)
        .with("client_id", "id")
        .with("auth_type", "env-oidc")
        .with("oidc_token_env", "TFC_WORKLOAD_IDENTITY_TOKEN");
    let environment = Environment::from_pairs([("TFC_WORKLOAD_IDENTITY_TOKEN", "hush-workload")]);
    let visitor = internet.visit(&credentials, &environment).unwrap();
    visitor.client.get("projects/p", &visitor.deadline).await.unwrap();
    let agent = &internet.seen().pop().unwrap().headers["user-agent"];
    assert!(agent.contains(" os/") && agent.ends_with(" auth/env-oidc"), "{agent}");
}

#[tokio::test]
async fn refusal_is_remembered_for_half_a_minute() {
    let internet = internet(401).await;
    let credentials = principal();
    let visitor = internet.visit(&credentials, &Environment::default()).unwrap();
    let read = || visitor.client.get("projects/p", &visitor.deadline);
    let first = read().await.unwrap_err();
    internet.forget();
    let (second, third) = tokio::join!(read(), read());
    for error in [second.unwrap_err(), third.unwrap_err()] {
        assert!(error.is_unauthenticated() && error.advice() == first.advice(), "{error}");
        assert!(chain(&error).contains("invalid_client"), "{}", chain(&error));
    }
    assert!(internet.lines().is_empty());
    visitor.clock.advance(Duration::from_secs(30));
    read().await.unwrap_err();
    assert_eq!(internet.lines().len(), 1);
}
