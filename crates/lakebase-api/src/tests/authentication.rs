//! Authentication: which host and method are found, and how tokens are issued, kept and renewed.

use std::sync::Arc;
use std::time::Duration;

use expect_test::{Expect, expect};
use serde_json::json;

use super::service::{Reply, Service, json, text};
use super::{World, chain, clock, millis, world, world_of};
use crate::{AuthError, Client, Credentials, Environment, Settings};

pub(super) fn client(
    credentials: &Credentials,
    environment: &[(&str, &str)],
) -> Result<Client, AuthError> {
    let environment = Environment::from_pairs(environment.iter().copied());
    Client::new(credentials, &environment, Settings::default(), clock())
}

pub(super) fn given(host: &str, token: Option<&str>) -> Credentials {
    let credentials = Credentials::default().with("host", host);
    match token {
        Some(token) => credentials.with("token", token),
        None => credentials,
    }
}

/// A home folder with a configuration file.
fn home(file: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".databrickscfg"), file).unwrap();
    folder
}

/// The host and method that are found with this file and this environment.
pub(super) fn found(file: &str, environment: &[(&str, &str)]) -> String {
    let folder = home(file);
    let path = folder.path().to_str().unwrap();
    let mut environment = environment.to_vec();
    environment.push(("HOME", path));
    match client(&Credentials::default(), &environment) {
        Ok(client) => format!("{} {}", client.host(), client.auth_type()),
        Err(error) => error.to_string().replace(path, "HOME"),
    }
}

const FILE: &str = "\
[DEFAULT]
host = default.example.com
token = t#1

[m2m]
host = https://m2m.example.com/?o=42
client_id = id
client_secret = secret
";

#[test]
fn block_precedes_environment_which_precedes_profile() {
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[], "https://default.example.com pat"),
        (&[("DATABRICKS_CONFIG_PROFILE", "m2m")], "https://m2m.example.com oauth-m2m"),
        (
            &[("DATABRICKS_CONFIG_PROFILE", "m2m"), ("DATABRICKS_HOST", "env.example.com")],
            "https://env.example.com oauth-m2m",
        ),
        (
            &[("DATABRICKS_HOST", "env.example.com"), ("DATABRICKS_TOKEN", "t")],
            "https://env.example.com pat",
        ),
        (
            &[
                ("DATABRICKS_HOST", "env.example.com"),
                ("DATABRICKS_CLIENT_ID", "i"),
                ("DATABRICKS_CLIENT_SECRET", "s"),
            ],
            "https://env.example.com oauth-m2m",
        ),
    ];
    for (environment, expected) in cases {
        assert_eq!(found(FILE, environment), *expected, "{environment:?}");
    }
    let chosen = format!("[__settings__]\ndefault_profile = m2m\n{FILE}");
    assert_eq!(found(&chosen, &[]), "https://m2m.example.com oauth-m2m");
    let environment = [("DATABRICKS_HOST", "env.example.com"), ("DATABRICKS_TOKEN", "t")];
    let client = client(&given("https://given.example.com", Some("t")), &environment).unwrap();
    assert_eq!(client.host(), "https://given.example.com");
}

#[test]
fn profile_is_not_read_if_host_or_credentials_are_set() {
    // With a host and nothing else, the token of `DEFAULT` must not be sent there.
    expect![[r#"
        No method of authentication has all that it needs.
          - `pat`: neither `token` nor `DATABRICKS_TOKEN` is set
          - `basic`: neither `username` nor `DATABRICKS_USERNAME` is set
          - `oauth-m2m`: neither `client_id` nor `DATABRICKS_CLIENT_ID` is set
          - `databricks-cli`: the Databricks CLI is not installed: `databricks` is not in `PATH`, and there is no `~/.databricks/token-cache.json` that it has left
          - `metadata-service`: neither `metadata_service_url` nor `DATABRICKS_METADATA_SERVICE_URL` is set
          - `github-oidc`: neither `actions_id_token_request_url` nor `ACTIONS_ID_TOKEN_REQUEST_URL` is set, as in a job of GitHub Actions with the permission `id-token: write`
          - `azure-devops-oidc`: `SYSTEM_ACCESSTOKEN` is not set, as in a job of Azure Pipelines whose `env` has `SYSTEM_ACCESSTOKEN: $(System.AccessToken)`
          - `env-oidc`: `DATABRICKS_OIDC_TOKEN` is not set, which would hold an ID token
          - `file-oidc`: neither `databricks_id_token_filepath` nor `DATABRICKS_OIDC_TOKEN_FILEPATH` is set
          - `github-oidc-azure`: neither `actions_id_token_request_url` nor `ACTIONS_ID_TOKEN_REQUEST_URL` is set, as in a job of GitHub Actions with the permission `id-token: write`
          - `azure-msi`: neither `azure_use_msi` nor `ARM_USE_MSI` is `true`
          - `azure-client-secret`: neither `azure_client_id` nor `ARM_CLIENT_ID` is set
          - `azure-cli`: `host` and `cloud` do not name a workspace on Azure
          - `google-credentials`: neither `google_credentials` nor `GOOGLE_CREDENTIALS` is set
          - `google-id`: neither `google_service_account` nor `DATABRICKS_GOOGLE_SERVICE_ACCOUNT` is set
        Log in with `databricks auth login` and name its `profile`, or set `token`, or `client_id` and `client_secret`; no profile was read, because `host` is set. See https://docs.databricks.com/en/dev-tools/auth.html."#]]
    .assert_eq(&found(FILE, &[("DATABRICKS_HOST", "env.example.com")]));
}

#[test]
fn invalid_configuration_is_reported() {
    fn check(file: &str, environment: &[(&str, &str)], expected: &Expect) {
        expected.assert_eq(&found(file, environment));
    }
    check(
        "",
        &[],
        &expect![[r"
            No workspace is configured: neither `host` nor `DATABRICKS_HOST` is set.
            Set `host` to the workspace's address, such as `https://name.cloud.databricks.com`, or name a `profile` that has it; `HOME/.databrickscfg` has no profile `DEFAULT`."]],
    );
    check(
        FILE,
        &[("DATABRICKS_CONFIG_PROFILE", "gone")],
        &expect![[r"
            `HOME/.databrickscfg` has no profile `gone`.
            Correct `profile` or `config_file`, or leave them out."]],
    );
    check(
        FILE,
        &[("DATABRICKS_CONFIG_PROFILE", "m2m"), ("DATABRICKS_CONFIG_FILE", "~/gone")],
        &expect![[r#"
            No workspace is configured: neither `host` nor `DATABRICKS_HOST` is set.
            Set `host` to the workspace's address, such as `https://name.cloud.databricks.com`, or name a `profile` that has it; the profile `m2m` was not read: there is no file `HOME/gone`."#]],
    );
    check(
        "[DEFAULT]\nhost",
        &[],
        &expect![[r"
            `HOME/.databrickscfg` cannot be read: line 2 is neither `[section]` nor `key = value`.
            Correct `profile` or `config_file`, or leave them out."]],
    );
    check(
        FILE,
        &[("DATABRICKS_CONFIG_PROFILE", "m2m"), ("DATABRICKS_TOKEN", "t")],
        &expect![[r#"
            More than one authorization method is configured: oauth and pat (`client_id` and `client_secret` from the profile `m2m` of `HOME/.databrickscfg`, `token` from `DATABRICKS_TOKEN`).
            Unset what is not meant, or choose with `auth_type`, such as `pat` or `oauth-m2m`."#]],
    );
    check(
        FILE,
        &[("DATABRICKS_AUTH_TYPE", "oauth")],
        &expect![[r"
            `auth_type` is `oauth`, which is not a method of authentication.
            The methods are `pat`, `basic`, `oauth-m2m`, `databricks-cli`, `metadata-service`, `github-oidc`, `azure-devops-oidc`, `env-oidc`, `file-oidc`, `github-oidc-azure`, `azure-msi`, `azure-client-secret`, `azure-cli`, `google-credentials`, `google-id`."]],
    );
    check(
        "[DEFAULT]\nhost = http://plain.example.com",
        &[],
        &expect![[r"
            `host` is `http://plain.example.com`, but `http` would show the token to the network; use `https`, or set `allow_http` (`LAKEBASE_ALLOW_HTTP`) to `true` where the network is trusted, as between the containers of one machine.
            Set `host` to the workspace's address alone."]],
    );
}

#[test]
fn a_pinned_method_settles_what_would_be_ambiguous() {
    let both = [
        ("DATABRICKS_HOST", "h.example.com"),
        ("DATABRICKS_TOKEN", "t"),
        ("DATABRICKS_CLIENT_ID", "i"),
        ("DATABRICKS_CLIENT_SECRET", "s"),
    ];
    for method in ["pat", "oauth-m2m"] {
        let environment: Vec<_> =
            both.into_iter().chain([("DATABRICKS_AUTH_TYPE", method)]).collect();
        assert_eq!(found("", &environment), format!("https://h.example.com {method}"));
    }
    let environment: Vec<_> =
        both.into_iter().chain([("DATABRICKS_AUTH_TYPE", "env-oidc")]).collect();
    let error = client(&Credentials::default(), &environment).unwrap_err();
    let reason = "`DATABRICKS_OIDC_TOKEN` is not set, which would hold an ID token";
    assert!(error.tried().eq([("env-oidc", reason)]), "{error}");
}

#[test]
fn a_token_that_no_header_can_hold_is_refused_without_being_shown() {
    let error = client(&given("h.example.com", Some("two\nlines")), &[]).unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(text.contains("`token` holds spaces") && !text.contains("two"), "{text}");
}

#[test]
fn nothing_that_holds_a_secret_prints_it() {
    let credentials = given("h.example.com", Some("hush"));
    let environment = Environment::from_pairs([("DATABRICKS_TOKEN", "hush")]);
    let text = format!("{credentials:?} {environment:?}");
    assert!(!text.contains("hush") && text.contains("token"), "{text}");
}

/// A service principal, whose token endpoint the service names.
pub(super) fn client_of(host: &str) -> Credentials {
    let discovery = format!("{host}/oidc/.well-known/oauth-authorization-server");
    given(host, None)
        .with("client_id", "id")
        .with("client_secret", "hush")
        .with("discovery_url", discovery)
}

/// A world that authenticates as a service principal.
pub(super) async fn principal(replies: impl IntoIterator<Item = Reply>) -> World {
    let service = Service::start([]).await;
    let endpoint = format!("{}/oidc/v1/token", service.host());
    service.then([json(200, &json!({"token_endpoint": endpoint}))]);
    service.then(replies);
    let credentials = client_of(&service.host());
    world_of(service, &credentials, Settings::default())
}

pub(super) fn token(name: &str, life: &serde_json::Value) -> Reply {
    json(200, &json!({"access_token": name, "token_type": "Bearer", "expires_in": life}))
}

pub(super) fn project() -> Reply {
    json(200, &json!({"uid": "u"}))
}

/// The tokens that reads of the service were made with, in order.
pub(super) fn bearers(w: &World) -> Vec<String> {
    let reads = w.service.seen().into_iter().filter(|request| request.line.contains("/api/"));
    reads.map(|request| request.headers["authorization"].clone()).collect()
}

#[tokio::test]
async fn a_service_principal_exchanges_its_secret_for_a_token_once() {
    let w = principal([token("t1", &json!("3600")), project(), project()]).await;
    w.client.get("projects/p", &w.deadline).await.unwrap();
    w.client.get("projects/p", &w.deadline).await.unwrap();
    let seen = w.service.seen();
    assert_eq!(seen[0].line, "GET /oidc/.well-known/oauth-authorization-server");
    assert!(!seen[0].headers.contains_key("authorization"));
    assert_eq!(seen[1].line, "POST /oidc/v1/token");
    assert_eq!(seen[1].body, "grant_type=client_credentials&scope=all-apis");
    assert_eq!(seen[1].headers["authorization"], "Basic aWQ6aHVzaA==");
    assert_eq!(bearers(&w), ["Bearer t1", "Bearer t1"]);
}

#[tokio::test]
async fn a_token_is_renewed_before_its_end() {
    let w = principal([token("t1", &json!(3600)), project(), project()]).await;
    let read = || w.client.get("projects/p", &w.deadline);
    let deadline = w.client.deadline(Duration::from_hours(9), w.stop.clone());
    read().await.unwrap();
    w.clock.advance(Duration::from_secs(3299));
    w.client.get("projects/p", &deadline).await.unwrap();
    w.clock.advance(Duration::from_secs(1));
    w.service.then([token("t2", &json!(3600)), project()]);
    w.client.get("projects/p", &deadline).await.unwrap();
    assert_eq!(bearers(&w), ["Bearer t1", "Bearer t1", "Bearer t2"]);
}

#[tokio::test]
async fn a_renewal_that_fails_early_is_put_off() {
    let refused = || text(403, "text/plain", "not now");
    let w = principal([token("t1", &json!(3600)), project()]).await;
    let deadline = w.client.deadline(Duration::from_hours(9), w.stop.clone());
    let read = || w.client.get("projects/p", &deadline);
    read().await.unwrap();
    w.clock.advance(Duration::from_mins(55));
    w.service.then([refused(), project(), project()]);
    read().await.unwrap();
    read().await.unwrap();
    assert_eq!(bearers(&w), ["Bearer t1"; 3]);
    w.clock.advance(Duration::from_mins(5));
    w.service.then([refused()]);
    // A 403 does not say that the credentials are wrong.
    let error = read().await.unwrap_err();
    assert!(!error.is_unauthenticated(), "{error}");
}

#[tokio::test]
async fn a_renewal_that_hangs_early_costs_a_few_seconds() {
    let w = principal([token("t1", &json!(3600)), project()]).await;
    let deadline = w.client.deadline(Duration::from_hours(9), w.stop.clone());
    w.client.get("projects/p", &deadline).await.unwrap();
    w.clock.advance(Duration::from_mins(55));
    let clock = w.clock.clone();
    w.service
        .then([Reply::Hang(Box::new(move || clock.advance(Duration::from_secs(10)))), project()]);
    w.client.get("projects/p", &deadline).await.unwrap();
    assert_eq!(bearers(&w), ["Bearer t1"; 2]);
}

#[tokio::test]
async fn a_refused_token_is_renewed_once() {
    let refused = || json(401, &json!({"error_code": "UNAUTHENTICATED", "message": "no"}));
    let w = principal([token("t1", &json!(3600)), refused()]).await;
    w.service.then([token("t2", &json!(3600)), project()]);
    w.client.get("projects/p", &w.deadline).await.unwrap();
    assert_eq!(bearers(&w), ["Bearer t1", "Bearer t2"]);

    w.service.then([refused(), token("t3", &json!(3600)), refused()]);
    let error = w.client.get("projects/p", &w.deadline).await.unwrap_err();
    assert!(error.is_unauthenticated(), "{error}");
    assert_eq!(error.attempts(), 2);
}

#[tokio::test]
async fn a_refused_personal_token_is_not_tried_again() {
    let w = world([json(401, &json!({"error_code": "UNAUTHENTICATED", "message": "no"}))]).await;
    let error = w.client.get("projects/p", &w.deadline).await.unwrap_err();
    assert!(error.is_unauthenticated() && error.attempts() == 1, "{error}");
}

#[tokio::test]
async fn concurrent_callers_share_one_token() {
    let w = Arc::new(principal([token("t1", &json!(3600)), project(), project(), project()]).await);
    let calls = (0..3).map(|_| {
        let w = w.clone();
        tokio::spawn(async move { w.client.get("projects/p", &w.deadline).await })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap().unwrap();
    }
    assert_eq!(w.service.seen().len(), 5);
}

#[tokio::test]
async fn a_token_endpoint_that_is_busy_is_asked_again_and_one_that_refuses_is_named() {
    let busy = json(429, &json!({"error": "slow_down"})).with("retry-after", "2");
    let denied = json(401, &json!({"error": "invalid_client", "error_description": "unknown id"}));
    let w = principal([busy, denied]).await;
    let error = w.client.create("projects", &[], &json!({}), &w.deadline).await.unwrap_err();
    assert!(error.is_unauthenticated() && !error.outcome_is_unknown(), "{error}");
    assert_eq!(millis(&w.clock.sleeps()), [2000]);
    expect!["no access token: `oauth-m2m` with `client_id` and `client_secret` from the configuration: `http://HOST/oidc/v1/token` issues no token to the client `id` (request: POST http://HOST/api/2.0/postgres/projects): invalid_client: unknown id (request: POST http://HOST/oidc/v1/token, status: HTTP 401 after 2 attempts (2.0 s))"]
        .assert_eq(&chain(&error).replace(&w.client.host()[7..], "HOST"));
}

#[tokio::test]
async fn a_secret_is_not_sent_to_an_address_that_is_not_safe() {
    let service =
        Service::start([json(200, &json!({"token_endpoint": "http://evil.example.com/token"}))])
            .await;
    let credentials = client_of(&service.host());
    let w = world_of(service, &credentials, Settings::default());
    let error = w.client.get("projects/p", &w.deadline).await.unwrap_err();
    assert!(error.to_string().contains("`http` would show the token"), "{error}");
}

#[tokio::test]
async fn the_workspace_of_a_shared_host_is_named_with_every_request() {
    let service = Service::start([project()]).await;
    let host = format!("{}/path?o=42", service.host());
    let w = world_of(service, &given(&host, Some("t")), Settings::default());
    w.client.get("projects/p", &w.deadline).await.unwrap();
    let seen = &w.service.seen()[0];
    assert_eq!(seen.headers["x-databricks-workspace-id"], "42");
    assert_eq!(seen.line, "GET /api/2.0/postgres/projects/p");
}

#[test]
fn http_to_another_machine_takes_a_permission_of_the_configuration_or_the_environment() {
    let cases: &[(Option<bool>, &str, bool)] = &[
        (None, "", false),
        (None, "false", false),
        (None, "true", true),
        (None, "1", true),
        (Some(true), "", true),
        (Some(true), "false", true),
        (Some(false), "true", false),
    ];
    for (allow_http, variable, is_allowed) in cases {
        let mut credentials = given("http://emulator:8080", Some("t"));
        if let Some(allow_http) = allow_http {
            credentials = credentials.with("allow_http", allow_http.to_string());
        }
        let found = client(&credentials, &[("LAKEBASE_ALLOW_HTTP", variable)]);
        assert_eq!(found.is_ok(), *is_allowed, "{allow_http:?} {variable} {found:?}");
        if let Err(error) = found {
            assert!(error.to_string().contains("`allow_http`"), "{error}");
        }
    }
    let error = found("", &[("LAKEBASE_ALLOW_HTTP", "yes")]);
    assert!(error.contains("`allow_http` from `LAKEBASE_ALLOW_HTTP` is `yes`"), "{error}");
}

#[tokio::test]
async fn the_rate_limit_of_the_environment_counts_unless_another_is_given() {
    for (given_rate, variable, pauses) in
        [(None, "4", vec![250, 250]), (None, "0", vec![]), (Some(2.0), "4", vec![500, 500])]
    {
        let service = Service::start((0..3).map(|_| project())).await;
        let settings = Settings { requests_per_second: given_rate, ..Settings::default() };
        let environment = Environment::from_pairs([("DATABRICKS_RATE_LIMIT", variable)]);
        let clock = clock();
        let credentials = given(&service.host(), Some("t"));
        let client = Client::new(&credentials, &environment, settings, clock.clone()).unwrap();
        let deadline = client.deadline(Duration::from_mins(1), crate::CancellationToken::new());
        for _ in 0..3 {
            client.get("projects/p", &deadline).await.unwrap();
        }
        assert_eq!(millis(&clock.sleeps()), pauses, "{given_rate:?} {variable}");
    }
    for wrong in ["-1", "many", "inf", "1.5"] {
        let environment = [("DATABRICKS_RATE_LIMIT", wrong)];
        let error = client(&given("h.example.com", Some("t")), &environment).unwrap_err();
        let part = format!("`rate_limit` from `DATABRICKS_RATE_LIMIT` is `{wrong}`");
        assert!(error.to_string().contains(&part), "{error}");
    }
}
