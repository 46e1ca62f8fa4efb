//! The hosts of the tests of the SDK for Go (`config/auth_profiles_test.go`): workspaces, accounts
//! and unified hosts of three clouds, each with every method that the SDK tests there.
//!
//! What differs on purpose: a host without a workspace is refused, because Lakebase belongs to one.

use serde_json::{Value as Json, json};

use super::chain;
use super::internet::{Internet, page, status};
use super::machine::Machine;
use super::service::{self, Service};
use crate::{Credentials, Environment};

const ACCOUNT: &str = "00000000-0000-0000-0000-000000000001";
const WORKSPACE: &str = "1234567890";

/// A cloud, and its hosts: of a workspace, of accounts, and unified.
const CLOUDS: [(&str, [&str; 3]); 3] = [
    (
        "AWS",
        [
            "test-workspace.cloud.databricks.com",
            "accounts.cloud.databricks.com",
            "test-unified.cloud.databricks.com",
        ],
    ),
    (
        "Azure",
        [
            "adb-1234567890.12.azuredatabricks.net",
            "accounts.azuredatabricks.net",
            "db-test.azuredatabricks.net",
        ],
    ),
    (
        "GCP",
        [
            "1234567890.1.gcp.databricks.com",
            "accounts.gcp.databricks.com",
            "db-test.gcp.databricks.com",
        ],
    ),
];

/// A profile of the SDK's tests: its name, which of the hosts it has, whether the configuration
/// names account and workspace, and the sort that the host says it is.
const PROFILES: [(&str, usize, bool, bool, &str); 6] = [
    ("LW", 0, false, false, "workspace"),
    ("NW", 0, true, true, "workspace"),
    ("LA", 1, true, false, "account"),
    ("NA", 1, true, false, "account"),
    ("SPOGW", 2, true, true, "unified"),
    ("SPOGA", 2, true, false, "account"),
];

/// The methods that need no cloud, and those of Azure.
const METHODS: [&str; 6] =
    ["pat", "oauth-m2m", "github-oidc", "env-oidc", "file-oidc", "metadata-service"];
const AZURE_METHODS: [&str; 4] =
    ["azure-client-secret", "github-oidc-azure", "azure-cli", "azure-devops-oidc"];

/// An internet with that host, in which every token is `hush`.
async fn internet(host: &str, sort: &str, cloud: &str) -> Internet {
    let internet = Internet::start().await;
    let root = match sort {
        "workspace" => format!("https://{host}/oidc"),
        _ => format!("https://{host}/oidc/accounts/{{account_id}}"),
    };
    let mut metadata =
        json!({"oidc_endpoint": root, "account_id": ACCOUNT, "cloud": cloud, "host_type": sort});
    if sort != "account" {
        metadata["workspace_id"] = WORKSPACE.into();
    }
    internet.answer(&format!("GET {host}/.well-known/databricks-config"), &metadata);
    let token =
        json!({"access_token": "hush", "expires_in": 3600, "value": "hush", "oidcToken": "hush"});
    for server in [format!("{host}/oidc"), format!("{host}/oidc/accounts/{ACCOUNT}")] {
        let endpoint = json!({"token_endpoint": format!("https://{server}/v1/token")});
        let document = format!("GET {server}/.well-known/oauth-authorization-server");
        internet.answer(&document, &endpoint);
        internet.answer(&format!("POST {server}/v1/token"), &token);
    }
    internet.answer("GET actions.example.com/token", &token);
    internet.answer("POST login.microsoftonline.com/tenant/oauth2/token", &token);
    let devops = "POST dev.example.com/project/_apis/distributedtask/hubs/build/plans/plan/jobs/job/oidctoken";
    internet.answer(devops, &token);
    internet.route(&format!("GET {host}/aad/auth"), |_| {
        status(302, &Json::Null).with("location", "https://login.microsoftonline.com/tenant/x")
    });
    internet.route(&format!("GET {host}/api/2.0/postgres/projects/p"), |seen| {
        assert!(seen.headers["authorization"].starts_with("Bearer hush"));
        page(&json!({"uid": "u"}))
    });
    internet
}

/// What a method needs beside the host.
fn needed(method: &str, metadata: &str, machine: &Machine) -> (Credentials, Environment) {
    let file = machine.write("id-token", "hush");
    let id = ("client_id", "id");
    let azure = [("azure_client_id", "id"), ("azure_tenant_id", "tenant")];
    let block = match method {
        "pat" => vec![("token", "hush")],
        "oauth-m2m" => vec![id, ("client_secret", "hush")],
        "file-oidc" => vec![id, ("databricks_id_token_filepath", &*file)],
        "metadata-service" => vec![("metadata_service_url", metadata)],
        "azure-client-secret" => [&azure[..], &[("azure_client_secret", "hush")]].concat(),
        "github-oidc-azure" => azure.to_vec(),
        "azure-cli" => vec![],
        _ => vec![id],
    };
    let environment = machine.environment(&[
        ("DATABRICKS_OIDC_TOKEN", "hush"),
        ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://actions.example.com/token?v=1"),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "hush"),
        ("SYSTEM_ACCESSTOKEN", "hush"),
        ("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", "https://dev.example.com"),
        ("SYSTEM_PLANID", "plan"),
        ("SYSTEM_JOBID", "job"),
        ("SYSTEM_TEAMPROJECTID", "project"),
        ("SYSTEM_HOSTTYPE", "build"),
    ]);
    let start = Credentials::default().with("auth_type", method);
    let all = block.into_iter();
    (all.fold(start, |credentials, (name, value)| credentials.with(name, value)), environment)
}

#[tokio::test]
async fn every_method_reaches_every_host_that_has_a_workspace() {
    let machine = Machine::new();
    machine.install_az();
    let mut combinations = 0;
    for (cloud, hosts) in CLOUDS {
        let of_cloud: &[&str] = if cloud == "Azure" { &AZURE_METHODS } else { &[] };
        for (name, host, has_account, has_workspace, sort) in PROFILES {
            let host = hosts[host];
            let internet = internet(host, sort, cloud).await;
            for method in METHODS.iter().chain(of_cloud) {
                combinations += 1;
                let token = json!({"access_token": "hush", "expires_on": 1_788_094_800});
                let editor = Service::start([service::json(200, &token)]).await;
                let (mut credentials, environment) = needed(method, &editor.host(), &machine);
                credentials = credentials.with("host", host);
                if has_account {
                    credentials = credentials.with("account_id", ACCOUNT);
                }
                if has_workspace {
                    credentials = credentials.with("workspace_id", WORKSPACE);
                }
                let read = match internet.visit(&credentials, &environment) {
                    Err(error) => Err(error.to_string()),
                    Ok(visitor) => {
                        let read = visitor.client.get("projects/p", &visitor.deadline).await;
                        read.map(|_| visitor.client.auth_type().to_owned())
                            .map_err(|error| chain(&error))
                    }
                };
                let what = format!("{cloud} {name} {method}: {read:?}");
                match name {
                    "LA" | "NA" => {
                        assert!(read.unwrap_err().contains("is the host of an account"), "{what}");
                    }
                    // A personal access token, for one, is sent without asking the host what it serves.
                    "SPOGA" if read.is_err() => {
                        assert!(read.unwrap_err().contains("`workspace_id` is not set"), "{what}");
                    }
                    _ => assert_eq!(read.as_deref(), Ok(*method), "{what}"),
                }
            }
        }
    }
    assert_eq!(combinations, 6 * (3 * 6 + 4));
}
