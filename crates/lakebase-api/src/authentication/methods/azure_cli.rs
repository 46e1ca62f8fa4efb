//! `azure-cli`: asks the Azure CLI, in which a person or a pipeline has logged in, for tokens.

use std::path::PathBuf;

use async_trait::async_trait;

use super::azure::Azure;
use super::{Context, Refusal};
use crate::authentication::process::{self, CommandError};
use crate::authentication::token::{Issued, Network, Token, TokenSource, unavailable};
use crate::error::Kind;
use crate::{Environment, Json};

const ADVICE: &str = "Log in with `az login`, and check the account with `az account show`.";

struct AzureCli {
    azure: Azure,
    program: PathBuf,
    environment: Environment,
    tenant: Option<String>,
}

/// Who is logged in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Account {
    User,
    ServicePrincipal,
    ManagedIdentity,
}

pub(super) fn configure(context: &Context<'_>) -> Result<Box<dyn TokenSource>, Refusal> {
    let azure = Azure::new(context)?;
    let environment = context.environment.clone();
    let program = process::find("az", &environment).ok_or_else(|| {
        Refusal::Skipped("the Azure CLI `az` is not installed: it is not in `PATH`".to_owned())
    })?;
    let tenant = context.text("azure_tenant_id");
    Ok(Box::new(AzureCli { azure, program, environment, tenant }))
}

#[async_trait]
impl TokenSource for AzureCli {
    async fn fetch(&self, network: &Network<'_>) -> Result<Token, Kind> {
        let account = self.account(network).await?;
        let tenant = match account {
            // The command refuses a tenant for a managed identity.
            Account::ManagedIdentity => None,
            // Only the host knows the tenant; the subscription of the resource says it too.
            _ if self.azure.lacks_host() && self.tenant.is_none() => None,
            _ => Some(self.azure.tenant(network).await?),
        };
        if self.azure.lacks_host() {
            let manager = self.issue(network, &self.azure.manager(), tenant, account).await?;
            self.azure.find_host(network, &manager).await?;
        }
        let workspace = self.issue(network, self.azure.application, tenant, account).await?;
        // A person may lack access to Azure's management, which the workspace then does not need.
        let resource = self.azure.environment.service_management;
        let management = match self.issue(network, resource, tenant, account).await {
            Ok(management) => Some(management),
            Err(kind @ (Kind::TimedOut { .. } | Kind::Interrupted)) => return Err(kind),
            Err(_) => {
                tracing::debug!("there is no token for Azure's management");
                None
            }
        };
        Ok(self.azure.token(workspace, management))
    }
}

impl AzureCli {
    async fn account(&self, network: &Network<'_>) -> Result<Account, Kind> {
        let answer = self.run(network, &["account", "show", "--output", "json"]).await?;
        let user = &answer["user"];
        Ok(match (user["type"].as_str(), user["name"].as_str()) {
            (Some("servicePrincipal"), Some("systemAssignedIdentity" | "userAssignedIdentity")) => {
                Account::ManagedIdentity
            }
            (Some("servicePrincipal"), _) => Account::ServicePrincipal,
            _ => Account::User,
        })
    }

    /// A token for a resource. A service principal that logged in with a federated token gets none
    /// for a tenant that is named (SDK for Go, `auth_azure_cli.go`).
    async fn issue(
        &self,
        network: &Network<'_>,
        resource: &str,
        tenant: Option<&str>,
        account: Account,
    ) -> Result<Issued, Kind> {
        let mut arguments = vec!["account", "get-access-token", "--resource", resource];
        arguments.extend(["--output", "json"]);
        let plain = arguments.clone();
        if let Some(tenant) = tenant {
            arguments.extend(["--tenant", tenant]);
        } else if let Some(subscription) = self.azure.subscription() {
            arguments.extend(["--subscription", subscription]);
        }
        // A caller may have access to the workspace and not to its subscription.
        let is_narrowed = arguments.len() > plain.len();
        let may_widen = tenant.is_none() || account == Account::ServicePrincipal;
        let answer = match self.run(network, &arguments).await {
            Err(kind) if is_narrowed && may_widen => {
                if matches!(kind, Kind::TimedOut { .. } | Kind::Interrupted) {
                    return Err(kind);
                }
                self.run(network, &plain).await?
            }
            answer => answer?,
        };
        network.read(&lower_case(&answer), "access_token").map_err(|why| {
            unavailable(format!("in what `az account get-access-token` prints, {why}"), ADVICE)
        })
    }

    async fn run(&self, network: &Network<'_>, arguments: &[&str]) -> Result<Json, Kind> {
        let output =
            process::run(&self.program, arguments, &self.environment, network.deadline).await;
        let output = output.map_err(|error| match error {
            CommandError::Stopped(kind) => kind,
            CommandError::Failed(what) => unavailable(what, ADVICE),
        })?;
        serde_json::from_slice(&output).map_err(|_| {
            unavailable(format!("`az {}` does not print JSON", arguments.join(" ")), ADVICE)
        })
    }
}

/// The answer with the names of OAuth. Its `expiresOn` is a local time without a zone, so that
/// only `expires_on` counts, else the claim of the token itself.
fn lower_case(answer: &Json) -> Json {
    serde_json::json!({
        "access_token": answer["accessToken"],
        "expires_on": answer["expires_on"],
    })
}
