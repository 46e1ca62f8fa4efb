//! Azure: who is logged in with its CLI, the tenant, and workspaces that are named by their
//! resource.

use serde_json::{Value as Json, json};

use super::chain;
use super::internet::{Internet, Visitor, page, status};
use super::machine::Machine;
use super::methods::AZURE;
use crate::{Credentials, Environment};

const RESOURCE: &str =
    "/subscriptions/sub/resourceGroups/rg/providers/Microsoft.Databricks/workspaces/ws";

/// Environment variables.
type Variables<'a> = &'a [(&'a str, &'a str)];

/// An internet with a workspace that says its tenant.
async fn internet() -> Internet {
    let internet = Internet::start().await;
    internet.answer(&format!("GET {AZURE}/api/2.0/postgres/projects/p"), &json!({"uid": "u"}));
    internet.route(&format!("GET {AZURE}/aad/auth"), |_| {
        let login = "https://login.microsoftonline.com/found/oauth2/authorize?x=y";
        status(302, &Json::Null).with("location", login)
    });
    let found = json!({"properties": {"workspaceUrl": AZURE}});
    internet.answer(&format!("GET management.azure.com{RESOURCE}"), &found);
    internet
}

async fn read(internet: &Internet, credentials: Credentials, environment: &Environment) -> Visitor {
    let visitor = internet.visit(&credentials, environment).unwrap();
    visitor.client.get("projects/p", &visitor.deadline).await.unwrap();
    visitor
}

fn workspace() -> Credentials {
    Credentials::default().with("host", AZURE)
}

#[tokio::test]
async fn tenant_of_the_host_is_named_to_the_cli_unless_it_is_a_managed_identity() {
    let of_tenant = "account get-access-token --resource 2ff814a6-3304-4ab8-85cb-cd0e6f879c1d \
                     --output json --tenant found";
    let without = "account get-access-token --resource 2ff814a6-3304-4ab8-85cb-cd0e6f879c1d \
                   --output json";
    let system = [("AZ_TYPE", "servicePrincipal"), ("AZ_USER", "systemAssignedIdentity")];
    let federated = [("AZ_TYPE", "servicePrincipal"), ("AZ_REFUSES_TENANT", "yes")];
    let table: &[(Variables<'_>, &[&str])] =
        &[(&[], &[of_tenant]), (&system, &[without]), (&federated, &[of_tenant, without])];
    for (variables, expected) in table {
        let (internet, machine) = (internet().await, Machine::new());
        machine.install_az();
        read(&internet, workspace(), &machine.environment(variables)).await;
        let calls = machine.calls("az");
        let workspace: Vec<_> = calls.iter().filter(|call| call.contains("2ff814a6")).collect();
        assert_eq!(workspace, *expected, "{variables:?}");
    }
}

#[tokio::test]
async fn person_without_access_to_management_sends_no_token_for_it() {
    let (internet, machine) = (internet().await, Machine::new());
    machine.install_az();
    read(&internet, workspace(), &machine.environment(&[("AZ_REFUSES", "management")])).await;
    let seen = internet.seen();
    let last = seen.last().unwrap();
    assert_eq!(last.headers["authorization"], "Bearer hush-workspace-1");
    assert!(!last.headers.contains_key("x-databricks-azure-sp-management-token"));
}

#[tokio::test]
async fn missing_login_of_az_says_how_to_log_in() {
    let (internet, machine) = (internet().await, Machine::new());
    machine.install_az();
    let environment = machine.environment(&[("AZ_REFUSES", "workspace")]);
    let visitor = internet.visit(&workspace(), &environment).unwrap();
    let error = visitor.client.get("projects/p", &visitor.deadline).await.unwrap_err();
    assert!(error.is_unauthenticated() && chain(&error).contains("no access to this resource"));
    assert!(error.advice().unwrap().contains("`az login`"), "{error}");
}

/// What answers for Entra and for the managed identity.
fn issue(internet: &Internet, request: &str) {
    internet.route(request, |seen| {
        let asked = format!("{} {}", seen.line, seen.body);
        let kinds = [("management.azure.com", "manager"), ("management.core", "management")];
        let kind = kinds.into_iter().find(|(resource, _)| asked.contains(resource));
        let kind = kind.map_or("workspace", |(_, kind)| kind);
        page(&json!({"access_token": format!("hush-{kind}"), "expires_in": "3600"}))
    });
}

#[tokio::test]
async fn workspace_that_is_named_by_its_resource_is_found() {
    for method in ["azure-client-secret", "azure-msi", "azure-cli"] {
        let (internet, machine) = (internet().await, Machine::new());
        machine.install_az();
        issue(&internet, "POST login.microsoftonline.com/tenant/oauth2/token");
        issue(&internet, "GET 169.254.169.254/metadata/identity/oauth2/token");
        let credentials = Credentials::default()
            .with("azure_workspace_resource_id", RESOURCE)
            .with("azure_client_id", "id")
            .with("azure_client_secret", "hush-secret")
            .with("azure_tenant_id", "tenant")
            .with("azure_use_msi", "true")
            .with("auth_type", method);
        let visitor = read(&internet, credentials, &machine.environment(&[])).await;
        assert_eq!(visitor.client.host(), format!("https://{AZURE}"), "{method}");
        let seen = internet.seen();
        let asked = seen.iter().find(|seen| seen.line.contains("management.azure.com/")).unwrap();
        assert!(asked.headers["authorization"].starts_with("Bearer hush-"), "{method}");
        let last = seen.last().unwrap();
        assert_eq!(last.line, format!("GET {AZURE}/api/2.0/postgres/projects/p"));
        let name = "x-databricks-azure-workspace-resource-id";
        assert_eq!(last.headers[name], RESOURCE, "{method}");
    }
}

#[tokio::test]
async fn resource_that_azure_does_not_know_is_named() {
    let internet = Internet::start().await;
    issue(&internet, "GET 169.254.169.254/metadata/identity/oauth2/token");
    let credentials = Credentials::default()
        .with("azure_workspace_resource_id", "/subscriptions/s/other")
        .with("azure_use_msi", "true");
    let visitor = internet.visit(&credentials, &Environment::default()).unwrap();
    let error = visitor.client.get("projects/p", &visitor.deadline).await.unwrap_err();
    let text = chain(&error);
    assert!(
        text.contains("Azure does not tell the workspace's URL of `/subscriptions/s/other`"),
        "{text}"
    );
}

#[tokio::test]
async fn client_secret_without_a_tenant_asks_the_host_for_it() {
    let internet = internet().await;
    issue(&internet, "POST login.microsoftonline.com/found/oauth2/token");
    let credentials =
        workspace().with("azure_client_id", "id").with("azure_client_secret", "hush-secret");
    read(&internet, credentials, &Environment::default()).await;
    let token = "POST login.microsoftonline.com/found/oauth2/token";
    assert_eq!(internet.lines().iter().filter(|line| *line == token).count(), 2);
}
