//! The login of the Databricks CLI: which command is run, and what is done without the CLI.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::chain;
use super::internet::{Internet, Visitor, page, status};
use super::machine::Machine;
use super::methods::WORKSPACE;
use crate::Credentials;

const HOST: &str = "https://dbc-1.cloud.databricks.com";
const PROFILE: &str = "[shop]\nhost = dbc-1.cloud.databricks.com\n";

/// An internet with a workspace.
async fn internet() -> Internet {
    let internet = Internet::start().await;
    internet.answer(&format!("GET {WORKSPACE}/api/2.0/postgres/projects/p"), &json!({"uid": "u"}));
    internet.answer(
        &format!("GET {WORKSPACE}/oidc/.well-known/oauth-authorization-server"),
        &json!({"token_endpoint": format!("{HOST}/oidc/v1/token")}),
    );
    internet
}

#[tokio::test]
async fn command_follows_from_profile_and_version() {
    let by_host = "auth token --host https://dbc-1.cloud.databricks.com";
    let table: &[(&str, &str, &[&str])] = &[
        ("", "0.296.0", &[by_host]),
        ("shop", "0.207.1", &["version", "auth token --profile shop"]),
        ("shop", "0.207.0", &["version", by_host]),
        ("shop", "0.0.0-dev+abc", &["version", by_host]),
        ("shop", "unknown", &["version", by_host]),
    ];
    for (profile, version, expected) in table {
        let (internet, machine) = (internet().await, Machine::new());
        machine.install_databricks();
        machine.write(".databrickscfg", PROFILE);
        let credentials = match *profile {
            "" => Credentials::default().with("host", HOST),
            profile => Credentials::default().with("profile", profile),
        };
        let environment = machine.environment(&[("CLI_VERSION", version)]);
        let Visitor { client, deadline, .. } = internet.visit(&credentials, &environment).unwrap();
        client.get("projects/p", &deadline).await.unwrap();
        assert_eq!(machine.calls("databricks"), *expected, "{profile} {version}");
    }
}

#[tokio::test]
async fn refresh_is_forced_only_where_the_kept_token_is_no_use() {
    for (version, flag) in [("0.296.0", " --force-refresh"), ("0.295.0", "")] {
        let (internet, machine) = (internet().await, Machine::new());
        machine.install_databricks();
        let credentials = Credentials::default().with("host", HOST);
        let environment = machine.environment(&[("CLI_VERSION", version)]);
        let visitor = internet.visit(&credentials, &environment).unwrap();
        let Visitor { client, clock, deadline } = visitor;
        client.get("projects/p", &deadline).await.unwrap();
        clock.advance(Duration::from_mins(58));
        client.get("projects/p", &deadline).await.unwrap();
        let token = format!("auth token --host {HOST}");
        let renewal = format!("{token}{flag}");
        assert_eq!(machine.calls("databricks"), [&*token, "version", &*renewal], "{version}");
    }
}

#[tokio::test]
async fn cli_is_found_by_path_and_the_old_one_is_not_taken() {
    let (internet, machine) = (internet().await, Machine::new());
    machine.install_old_databricks();
    let credentials =
        || Credentials::default().with("host", HOST).with("auth_type", "databricks-cli");
    let environment = machine.environment(&[]);
    let error = internet.visit(&credentials(), &environment).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("is the old CLI"), "{error}");
    let other = Machine::new();
    let path = other.install_databricks();
    let credentials = credentials().with("databricks_cli_path", path);
    let Visitor { client, deadline, .. } = internet.visit(&credentials, &environment).unwrap();
    client.get("projects/p", &deadline).await.unwrap();
    assert_eq!(other.calls("databricks").len(), 1);
}

#[tokio::test]
async fn missing_login_says_how_to_log_in() {
    let (internet, machine) = (internet().await, Machine::new());
    machine.install_databricks();
    machine.write(".databrickscfg", PROFILE);
    machine.refuse();
    let credentials = Credentials::default().with("profile", "shop");
    let visitor = internet.visit(&credentials, &machine.environment(&[])).unwrap();
    let error = visitor.client.get("projects/p", &visitor.deadline).await.unwrap_err();
    assert!(error.is_unauthenticated(), "{error}");
    assert!(chain(&error).contains("the refresh token is invalid"), "{error}");
    let advice = error.advice().unwrap();
    assert_eq!(advice, "Log in with `databricks auth login --profile shop`.");
}

#[tokio::test]
async fn scopes_of_the_block_leave_the_login_of_the_cli_out() {
    let (internet, machine) = (internet().await, Machine::new());
    machine.install_databricks();
    let file = format!("{PROFILE}scopes = all-apis\n");
    machine.write(".databrickscfg", &file);
    let environment = machine.environment(&[]);
    let credentials = Credentials::default().with("host", HOST).with("scopes", "all-apis, b");
    let error = internet.visit(&credentials, &environment).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("`databricks-cli`: `scopes` is set"), "{error}");
    let credentials = Credentials::default().with("profile", "shop");
    internet.visit(&credentials, &environment).map(|_| ()).unwrap();
}

/// A cache of tokens with one entry.
fn cache(key: &str, token: &str, expiry: &str) -> Json {
    let token = json!({
        "access_token": token,
        "token_type": "Bearer",
        "refresh_token": "hush-refresh-0",
        "expiry": expiry,
    });
    json!({"version": 1, "tokens": {key: token, "other": {"access_token": "hush-other"}}})
}

const CACHE: &str = ".databricks/token-cache.json";

#[tokio::test]
async fn kept_token_is_used_without_the_cli() {
    for key in ["shop", HOST] {
        let (internet, machine) = (internet().await, Machine::new());
        machine.write(".databrickscfg", PROFILE);
        machine.write(CACHE, &cache(key, "hush-kept", "2026-08-30T12:30:00Z").to_string());
        let credentials = Credentials::default().with("profile", "shop");
        let visitor = internet.visit(&credentials, &machine.environment(&[])).unwrap();
        visitor.client.get("projects/p", &visitor.deadline).await.unwrap();
        let seen = internet.seen();
        assert_eq!(seen.len(), 1, "{key}");
        assert_eq!(seen[0].headers["authorization"], "Bearer hush-kept");
        assert_eq!(visitor.client.auth_type(), "databricks-cli");
    }
}

#[tokio::test]
async fn kept_login_is_renewed_and_kept_for_the_cli() {
    let (internet, machine) = (internet().await, Machine::new());
    machine.write(CACHE, &cache(HOST, "hush-old", "2026-08-30T11:00:00Z").to_string());
    let mut count = 0;
    internet.route(&format!("POST {WORKSPACE}/oidc/v1/token"), move |seen| {
        let expected = format!(
            "grant_type=refresh_token&client_id=databricks-cli&refresh_token=hush-refresh-{count}"
        );
        assert_eq!(seen.body, expected);
        count += 1;
        page(&json!({
            "access_token": format!("hush-new-{count}"),
            "refresh_token": format!("hush-refresh-{count}"),
            "expires_in": 3600,
        }))
    });
    let credentials = Credentials::default().with("host", HOST);
    let visitor = internet.visit(&credentials, &machine.environment(&[])).unwrap();
    let Visitor { client, clock, deadline } = visitor;
    client.get("projects/p", &deadline).await.unwrap();
    clock.advance(Duration::from_mins(58));
    client.get("projects/p", &deadline).await.unwrap();
    let seen = internet.seen();
    assert_eq!(seen.last().unwrap().headers["authorization"], "Bearer hush-new-2");
    let kept: Json = serde_json::from_str(&machine.read(CACHE)).unwrap();
    let entry = &kept["tokens"][HOST];
    assert_eq!(entry["access_token"], "hush-new-2");
    assert_eq!(entry["refresh_token"], "hush-refresh-2");
    assert_eq!(entry["expiry"], "2026-08-30T13:58:00Z");
    assert_eq!(kept["tokens"]["other"]["access_token"], "hush-other", "others are left alone");
}

#[tokio::test]
async fn kept_login_that_has_ended_says_how_to_log_in() {
    let table: &[(&str, String, &str)] = &[
        ("refused", cache(HOST, "t", "2026-08-30T11:00:00Z").to_string(), "is not renewed"),
        ("another host", cache("x", "t", "2026-08-30T11:00:00Z").to_string(), "has no token for"),
        ("another version", json!({"version": 2}).to_string(), "its version is not 1"),
        ("no JSON", "hush".to_owned(), "it is no JSON"),
    ];
    for (name, file, part) in table {
        let (internet, machine) = (internet().await, Machine::new());
        machine.write(CACHE, file);
        internet.route(&format!("POST {WORKSPACE}/oidc/v1/token"), |_| {
            let what = "Refresh token is invalid";
            status(400, &json!({"error": "invalid_request", "error_description": what}))
        });
        let credentials = Credentials::default().with("host", HOST);
        let visitor = internet.visit(&credentials, &machine.environment(&[])).unwrap();
        let error = visitor.client.get("projects/p", &visitor.deadline).await.unwrap_err();
        let text = chain(&error);
        assert!(error.is_unauthenticated() && text.contains(part), "{name}: {text}");
        assert!(!text.contains("hush"), "{text}");
        assert!(error.advice().unwrap().starts_with("Log in with `databricks auth login --host"));
    }
}
