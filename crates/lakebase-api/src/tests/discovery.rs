//! Which token endpoint, audience and workspace are found for hosts of every sort.

use serde_json::{Value as Json, json};

use super::chain;
use super::internet::{Internet, page};
use crate::{Credentials, Environment};

const ACCOUNT: &str = "00000000-0000-0000-0000-000000000001";

/// A host, what is configured, what it says of itself, and what follows.
struct Row {
    host: &'static str,
    block: &'static [(&'static str, &'static str)],
    metadata: Option<Json>,
    /// The token endpoint and the audience of an ID token.
    endpoint: (&'static str, &'static str),
    /// The header that names the workspace.
    workspace: Option<&'static str>,
}

/// The client of an exchange, in which endpoint and audience show.
fn credentials(host: &str, block: &[(&str, &str)]) -> Credentials {
    let start = Credentials::default().with("host", host).with("auth_type", "github-oidc");
    block.iter().fold(start, |credentials, (name, value)| credentials.with(name, *value))
}

fn environment() -> Environment {
    Environment::from_pairs([
        ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://actions.example.com/token?v=1"),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "hush"),
    ])
}

/// The hosts of the SDK's tests (`config/auth_profiles_test.go`), but for the accounts that have no
/// workspace.
fn rows() -> Vec<Row> {
    let unified = |workspace: bool| {
        let mut metadata = json!({
            "oidc_endpoint": "https://acme.databricks.com/oidc/accounts/{account_id}",
            "account_id": ACCOUNT,
            "host_type": "unified",
        });
        if workspace {
            metadata["workspace_id"] = "7".into();
        }
        Some(metadata)
    };
    let of_account =
        "acme.databricks.com/oidc/accounts/00000000-0000-0000-0000-000000000001/v1/token";
    vec![
        Row {
            host: "dbc-1.cloud.databricks.com",
            block: &[],
            metadata: None,
            endpoint: (
                "dbc-1.cloud.databricks.com/oidc/v1/token",
                "https://dbc-1.cloud.databricks.com/oidc/v1/token",
            ),
            workspace: None,
        },
        Row {
            host: "dbc-1.cloud.databricks.com",
            block: &[("account_id", ACCOUNT), ("workspace_id", "7"), ("audience", "mine")],
            metadata: None,
            endpoint: ("dbc-1.cloud.databricks.com/oidc/v1/token", "mine"),
            workspace: Some("7"),
        },
        Row {
            host: "accounts.cloud.databricks.com",
            block: &[("account_id", ACCOUNT), ("workspace_id", "7")],
            metadata: None,
            endpoint: (
                "accounts.cloud.databricks.com/oidc/accounts/00000000-0000-0000-0000-000000000001/v1/token",
                ACCOUNT,
            ),
            workspace: Some("7"),
        },
        Row {
            host: "acme.databricks.com",
            block: &[],
            metadata: unified(true),
            endpoint: (
                of_account,
                "https://acme.databricks.com/oidc/accounts/00000000-0000-0000-0000-000000000001/v1/token",
            ),
            workspace: Some("7"),
        },
        Row {
            host: "acme.databricks.com",
            block: &[("workspace_id", "8")],
            metadata: unified(false),
            endpoint: (of_account, ACCOUNT),
            workspace: Some("8"),
        },
        Row {
            host: "acme.databricks.com",
            block: &[],
            metadata: Some(json!({
                "oidc_endpoint": "https://acme.databricks.com/oidc",
                "workspace_id": "7",
                "host_type": "workspace",
                "token_federation_default_oidc_audiences": ["told"],
            })),
            endpoint: ("acme.databricks.com/oidc/v1/token", "told"),
            workspace: Some("7"),
        },
        Row {
            host: "acme.databricks.com",
            block: &[],
            metadata: None,
            endpoint: (
                "acme.databricks.com/oidc/v1/token",
                "https://acme.databricks.com/oidc/v1/token",
            ),
            workspace: None,
        },
        Row {
            host: "acme.databricks.com",
            block: &[("discovery_url", "https://login.example.com/.well-known/x")],
            metadata: None,
            endpoint: ("login.example.com/v1/token", "https://login.example.com/v1/token"),
            workspace: None,
        },
    ]
}

#[tokio::test]
async fn endpoint_audience_and_workspace_follow_from_the_sort_of_host() {
    for Row { host, block, metadata, endpoint: (endpoint, audience), workspace } in rows() {
        let internet = Internet::start().await;
        if let Some(metadata) = &metadata {
            internet.answer(&format!("GET {host}/.well-known/databricks-config"), metadata);
        }
        for server in [
            "dbc-1.cloud.databricks.com/oidc",
            "acme.databricks.com/oidc",
            "acme.databricks.com/oidc/accounts/00000000-0000-0000-0000-000000000001",
        ] {
            let token_endpoint = json!({"token_endpoint": format!("https://{server}/v1/token")});
            let document = format!("GET {server}/.well-known/oauth-authorization-server");
            internet.answer(&document, &token_endpoint);
        }
        let other = json!({"token_endpoint": "https://login.example.com/v1/token"});
        internet.answer("GET login.example.com/.well-known/x", &other);
        internet.route("GET actions.example.com/token", |_| page(&json!({"value": "hush-id"})));
        let token = json!({"access_token": "hush-token", "expires_in": 3600});
        internet.answer(&format!("POST {endpoint}"), &token);
        internet.answer(&format!("GET {host}/api/2.0/postgres/projects/p"), &json!({"uid": "u"}));
        let credentials = credentials(host, block);
        let visitor = internet.visit(&credentials, &environment()).unwrap();
        let read = visitor.client.get("projects/p", &visitor.deadline).await;
        read.unwrap_or_else(|error| panic!("{host} {block:?}: {}", chain(&error)));
        let asked = internet.lines().into_iter().find(|line| line.contains("actions.example.com"));
        let url = reqwest::Url::parse(&asked.unwrap().replace("GET ", "https://")).unwrap();
        let found = url.query_pairs().find(|(name, _)| name == "audience").unwrap().1.into_owned();
        assert_eq!(found, audience, "{host} {block:?}");
        let seen = internet.seen();
        let header = seen.last().unwrap().headers.get("x-databricks-workspace-id");
        assert_eq!(header.map(String::as_str), workspace, "{host} {block:?}");
        let exchange = seen.iter().find(|seen| seen.line.starts_with("POST ")).unwrap();
        assert!(
            !exchange.headers.contains_key("authorization") && !exchange.body.contains("client_id")
        );
    }
}

#[tokio::test]
async fn host_of_an_account_needs_a_workspace() {
    // By its name, before any request.
    let internet = Internet::start().await;
    let block = [("account_id", ACCOUNT)];
    let credentials = credentials("accounts.cloud.databricks.com", &block);
    let error = internet.visit(&credentials, &environment()).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("is the host of an account"), "{error}");
    // By what it says of itself.
    for sort in ["unified", "account"] {
        let metadata = json!({"host_type": sort, "account_id": ACCOUNT});
        internet.answer("GET acme.databricks.com/.well-known/databricks-config", &metadata);
        let credentials = self::credentials("acme.databricks.com", &[]);
        let visitor = internet.visit(&credentials, &environment()).unwrap();
        let error = visitor.client.get("projects/p", &visitor.deadline).await.unwrap_err();
        assert!(chain(&error).contains("serves an account, and `workspace_id` is not set"));
        assert!(error.advice().unwrap().contains("DATABRICKS_WORKSPACE_ID"));
    }
}
