//! `azure-client-secret`, `azure-msi`, `github-oidc-azure`: get tokens of Microsoft Entra for the
//! workspace, and for Azure's management, which the workspace asks about the caller.

use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::Url;

use super::workload_identity::{IdTokens, github_tokens};
use super::{Context, Refusal};
use crate::Secret;
use crate::authentication::cloud::{AzureEnvironment, Cloud, azure_endpoints};
use crate::authentication::token::{Issued, Network, Token, TokenSource, refused, unavailable};
use crate::authentication::values::Values;
use crate::error::Kind;
use crate::request::{Expected, Request, absolute};

/// The token for Azure's management.
pub(super) const MANAGEMENT: &str = "x-databricks-azure-sp-management-token";
/// The workspace, where it need not know the caller yet.
pub(super) const RESOURCE_ID: &str = "x-databricks-azure-workspace-resource-id";
/// Azure Databricks refuses tokens that end within half a minute.
const SAFETY: Duration = Duration::from_secs(40);
/// The audience at which Entra exchanges ID tokens.
const EXCHANGE: &str = "api://AzureADTokenExchange";
/// The service of an Azure machine that issues tokens of its managed identity.
const INSTANCE_METADATA: &str = "http://169.254.169.254/metadata/identity/oauth2/token";
const INSTANCE_LIMIT: Duration = Duration::from_secs(10);

/// What all methods of Azure know of the workspace.
pub(super) struct Azure {
    /// None until it is found.
    host: OnceLock<Url>,
    pub(super) application: &'static str,
    pub(super) environment: &'static AzureEnvironment,
    pub(super) resource_id: Option<String>,
    tenant: OnceLock<String>,
}

struct ClientSecret {
    azure: Azure,
    client_id: String,
    secret: Secret,
}

struct ManagedIdentity {
    azure: Azure,
    client_id: Option<String>,
}

struct GitHub {
    azure: Azure,
    client_id: String,
    source: IdTokens,
}

pub(super) fn client_secret(context: &Context<'_>) -> Result<Box<dyn TokenSource>, Refusal> {
    let client_id = context.demand_text("azure_client_id")?;
    let secret = context.demand("azure_client_secret")?.clone();
    Ok(Box::new(ClientSecret { azure: Azure::new(context)?, client_id, secret }))
}

pub(super) fn managed_identity(context: &Context<'_>) -> Result<Box<dyn TokenSource>, Refusal> {
    if !context.values.is_true("azure_use_msi") {
        let why = "neither `azure_use_msi` nor `ARM_USE_MSI` is `true`";
        return Err(Refusal::Skipped(why.to_owned()));
    }
    let client_id = context.text("azure_client_id");
    Ok(Box::new(ManagedIdentity { azure: Azure::new(context)?, client_id }))
}

pub(super) fn github(context: &Context<'_>) -> Result<Box<dyn TokenSource>, Refusal> {
    let source = github_tokens(context)?;
    let client_id = context.demand_text("azure_client_id")?;
    context.demand("azure_tenant_id")?;
    Ok(Box::new(GitHub { azure: Azure::new(context)?, client_id, source }))
}

impl Azure {
    pub(super) fn new(context: &Context<'_>) -> Result<Self, Refusal> {
        context.demand_cloud(Cloud::Azure)?;
        let endpoints = azure_endpoints(context.values, context.known_host());
        let (application, environment) = endpoints.map_err(Refusal::Skipped)?;
        let tenant = OnceLock::new();
        if let Some(configured) = context.text("azure_tenant_id") {
            let _ = tenant.set(configured);
        }
        let host = OnceLock::new();
        if let Some(known) = context.known_host() {
            let _ = host.set(known.clone());
        }
        let resource_id = context.text("azure_workspace_resource_id");
        Ok(Self { host, application, environment, resource_id, tenant })
    }

    /// The tenant: as configured, else as the host says, whose login page is the tenant's.
    pub(super) async fn tenant(&self, network: &Network<'_>) -> Result<&str, Kind> {
        if let Some(tenant) = self.tenant.get() {
            return Ok(tenant);
        }
        let advice = "Set `azure_tenant_id` (`ARM_TENANT_ID`).";
        let Some(host) = self.host.get() else {
            let what = format!("`host` is not set, and {}", Values::missing("azure_tenant_id"));
            return Err(unavailable(what, advice));
        };
        let mut request = Request::get(absolute(host, "/aad/auth"));
        request.expected = Expected::Redirection;
        let what = "the host does not say its Microsoft Entra tenant";
        let target = network.send(&request).await.map_err(|error| refused(what, advice, error))?;
        let target = target.as_str().and_then(|target| Url::parse(target).ok());
        let tenant = target.as_ref().and_then(|target| target.path_segments()?.next());
        match tenant.filter(|tenant| !tenant.is_empty()) {
            Some(tenant) => Ok(self.tenant.get_or_init(|| tenant.to_owned())),
            None => Err(unavailable(what.to_owned(), advice)),
        }
    }

    /// Whether the host must be found.
    pub(super) fn lacks_host(&self) -> bool {
        self.host.get().is_none()
    }

    /// Asks Azure Resource Manager for the host of the resource, with a token for it.
    pub(super) async fn find_host(
        &self,
        network: &Network<'_>,
        token: &Issued,
    ) -> Result<(), Kind> {
        let id = self.resource_id.as_deref().unwrap_or_default();
        let manager = self.environment.resource_manager;
        let advice = "Check `azure_workspace_resource_id`, and that the caller may read the \
                      resource; or set `host`.";
        let url = Url::parse(&format!("{manager}{id}?api-version=2018-04-01"));
        let url = url.map_err(|error| {
            unavailable(format!("`azure_workspace_resource_id` is `{id}`: {error}"), advice)
        })?;
        let request =
            Request::get(url).header("authorization", format!("Bearer {}", token.secret.expose()));
        let what = format!("Azure does not tell the workspace's URL of `{id}`");
        let answer = network.send(&request).await.map_err(|error| refused(&what, advice, error))?;
        let name = answer["properties"]["workspaceUrl"].as_str().unwrap_or_default();
        match Url::parse(&format!("https://{name}")) {
            Ok(host) if !name.is_empty() => {
                let _ = self.host.set(host);
                Ok(())
            }
            _ => Err(unavailable(what, advice)),
        }
    }

    /// The subscription in `/subscriptions/ID/resourceGroups/…`.
    pub(super) fn subscription(&self) -> Option<&str> {
        self.resource_id.as_deref()?.split('/').nth(2).filter(|id| !id.is_empty())
    }

    /// The resource of Azure Resource Manager.
    pub(super) fn manager(&self) -> String {
        format!("{}/", self.environment.resource_manager)
    }

    /// The headers of a token for the workspace and one for Azure's management.
    pub(super) fn token(&self, workspace: Issued, management: Option<Issued>) -> Token {
        let mut token = Token { host: self.host.get().cloned(), ..Token::from(workspace) };
        if let Some(management) = management {
            token = token.with(MANAGEMENT, management);
        }
        token.life = token.life.map(|life| life.saturating_sub(SAFETY));
        if let Some(id) = &self.resource_id {
            token.headers.push((RESOURCE_ID, id.as_str().into()));
        }
        token
    }

    /// Asks Entra for a token for a resource.
    async fn issue(
        &self,
        network: &Network<'_>,
        resource: &str,
        credentials: &[(&str, &str)],
        advice: &str,
    ) -> Result<Issued, Kind> {
        let tenant = self.tenant(network).await?;
        let url = format!("{}{tenant}/oauth2/token", self.environment.active_directory);
        let url = Url::parse(&url).map_err(|error| {
            unavailable(format!("`azure_tenant_id` is `{tenant}`: {error}"), "Correct it.")
        })?;
        let mut pairs = vec![("grant_type", "client_credentials"), ("resource", resource)];
        pairs.extend(credentials);
        let request = Request::form(url, &pairs);
        let what = format!("Microsoft Entra issues no token for `{resource}`");
        network.issue(&request, "access_token", &what, advice).await
    }
}

#[async_trait]
impl TokenSource for ClientSecret {
    async fn fetch(&self, network: &Network<'_>) -> Result<Token, Kind> {
        let Self { azure, client_id, secret } = self;
        let credentials = [("client_id", client_id.as_str()), ("client_secret", secret.expose())];
        let advice = "The secret is wrong, has expired or was revoked, or the tenant does not know \
                      the service principal. Check `azure_client_id` and `azure_tenant_id`, and \
                      create another secret in Microsoft Entra.";
        if azure.lacks_host() {
            let manager = azure.issue(network, &azure.manager(), &credentials, advice).await?;
            azure.find_host(network, &manager).await?;
        }
        let workspace = azure.issue(network, azure.application, &credentials, advice).await?;
        let management = azure.environment.service_management;
        let management = azure.issue(network, management, &credentials, advice).await?;
        Ok(azure.token(workspace, Some(management)))
    }
}

#[async_trait]
impl TokenSource for GitHub {
    async fn fetch(&self, network: &Network<'_>) -> Result<Token, Kind> {
        let Self { azure, client_id, source } = self;
        let assertion = source.fetch(network, EXCHANGE).await?;
        let credentials = [
            ("client_id", client_id.as_str()),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", assertion.expose()),
        ];
        let advice = "No federated credential of the service principal accepts this job. Compare \
                      its subject with the one of the job, and check `azure_client_id` and \
                      `azure_tenant_id`.";
        let workspace = azure.issue(network, azure.application, &credentials, advice).await?;
        Ok(azure.token(workspace, None))
    }
}

#[async_trait]
impl TokenSource for ManagedIdentity {
    async fn fetch(&self, network: &Network<'_>) -> Result<Token, Kind> {
        let Self { azure, .. } = self;
        if azure.lacks_host() {
            let manager = self.issue(network, &azure.manager()).await?;
            azure.find_host(network, &manager).await?;
        }
        let workspace = self.issue(network, azure.application).await?;
        let management = self.issue(network, azure.environment.service_management).await?;
        Ok(azure.token(workspace, Some(management)))
    }
}

impl ManagedIdentity {
    async fn issue(&self, network: &Network<'_>, resource: &str) -> Result<Issued, Kind> {
        let mut url = Url::parse(INSTANCE_METADATA).expect("the address is a constant");
        url.query_pairs_mut()
            .append_pair("api-version", "2018-02-01")
            .append_pair("resource", resource)
            .extend_pairs(self.client_id.iter().map(|client_id| ("client_id", client_id)));
        let request = Request::get(url).header("metadata", "true");
        let advice = "Check that this machine is in Azure and has the managed identity, and \
                      `azure_client_id` where it has several.";
        let what = format!("the managed identity gives no token for `{resource}`");
        let deadline = network.deadline.at_most(INSTANCE_LIMIT);
        let limited = Network { deadline: &deadline, ..*network };
        match limited.issue(&request, "access_token", &what, advice).await {
            Err(Kind::TimedOut { .. }) if network.deadline.check().is_ok() => {
                let what = format!("{what}: no answer within {INSTANCE_LIMIT:?}");
                Err(unavailable(what, advice))
            }
            issued => issued,
        }
    }
}
