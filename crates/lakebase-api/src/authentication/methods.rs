//! Lists the methods of authentication in the order in which they are tried.
//!
//! To add a method: a file here, and its row in [`METHODS`].

mod azure;
mod azure_cli;
mod databricks_cli;
mod google;
mod google_default;
mod metadata_service;
mod oauth_m2m;
mod pat;
mod token_cache;
mod workload_identity;

use std::sync::Arc;

use reqwest::Url;

use super::cloud::{self, Cloud};
use super::discovery::Discovery;
use super::token::TokenSource;
use super::values::Values;
use crate::{Environment, Secret};

/// A method of authentication.
pub struct Method {
    /// The name, as `auth_type` has it.
    pub name: &'static str,
    /// Whether it can find the host of an Azure resource.
    pub(super) finds_host: bool,
    /// The attributes that it uses, for messages.
    pub(super) attributes: &'static [&'static str],
    pub(super) configure: Configure,
}

/// Makes a source of tokens of what is configured, or says why not. It sends nothing and starts
/// nothing.
type Configure = fn(&Context<'_>) -> Result<Box<dyn TokenSource>, Refusal>;

/// Why a method is not used.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It lacks something, so that the next one may be tried.
    Skipped(String),
    /// It is configured, but Databricks has ended it: what it is, and what to do.
    Ended(String, String),
}

/// What a method is configured from.
pub(super) struct Context<'a> {
    pub(super) values: &'a Values,
    pub(super) host: &'a Url,
    pub(super) environment: &'a Environment,
    pub(super) discovery: &'a Arc<Discovery>,
}

/// Every method, in the order of the Databricks SDK for Go (`config/auth_default.go`).
pub static METHODS: &[Method] = &[
    method("pat", &["token"], pat::configure),
    method("basic", &["username"], basic),
    method("oauth-m2m", &["client_id", "client_secret"], oauth_m2m::configure),
    method(
        "databricks-cli",
        &["host", "profile", "databricks_cli_path"],
        databricks_cli::configure,
    ),
    method("metadata-service", &["metadata_service_url"], metadata_service::configure),
    method(
        "github-oidc",
        &["client_id", "actions_id_token_request_url", "audience"],
        workload_identity::github,
    ),
    method("azure-devops-oidc", &["client_id"], workload_identity::azure_devops),
    method("env-oidc", &["client_id", "oidc_token_env", "audience"], workload_identity::variable),
    method(
        "file-oidc",
        &["client_id", "databricks_id_token_filepath", "audience"],
        workload_identity::file,
    ),
    method(
        "github-oidc-azure",
        &["azure_client_id", "azure_tenant_id", "actions_id_token_request_url"],
        azure::github,
    ),
    azure_method(
        "azure-msi",
        &["azure_use_msi", "azure_client_id", "azure_workspace_resource_id"],
        azure::managed_identity,
    ),
    azure_method(
        "azure-client-secret",
        &["azure_client_id", "azure_client_secret", "azure_tenant_id"],
        azure::client_secret,
    ),
    azure_method(
        "azure-cli",
        &["azure_tenant_id", "azure_workspace_resource_id"],
        azure_cli::configure,
    ),
    method("google-credentials", &["google_credentials"], google::configure),
    method("google-id", &["google_service_account"], google_default::configure),
];

const fn method(
    name: &'static str,
    attributes: &'static [&'static str],
    configure: Configure,
) -> Method {
    Method { name, finds_host: false, attributes, configure }
}

const fn azure_method(
    name: &'static str,
    attributes: &'static [&'static str],
    configure: Configure,
) -> Method {
    Method { name, finds_host: true, attributes, configure }
}

impl Context<'_> {
    /// The host, if it is configured.
    fn known_host(&self) -> Option<&Url> {
        self.values.get("host").map(|_| self.host)
    }

    /// The value of an attribute, or the reason to skip the method.
    fn demand(&self, name: &str) -> Result<&Secret, Refusal> {
        self.values.demand(name).map_err(Refusal::Skipped)
    }

    /// The same for a value that is not secret.
    fn demand_text(&self, name: &str) -> Result<String, Refusal> {
        Ok(self.demand(name)?.expose().to_owned())
    }

    /// The value of a variable, or the reason to skip the method.
    fn demand_variable(&self, name: &str, why: &str) -> Result<&str, Refusal> {
        self.environment
            .get(name)
            .ok_or_else(|| Refusal::Skipped(format!("`{name}` is not set, {why}")))
    }

    /// Skips the method in other clouds.
    fn demand_cloud(&self, cloud: Cloud) -> Result<(), Refusal> {
        if cloud::cloud(self.values, self.known_host()) == cloud {
            return Ok(());
        }
        let name = match cloud {
            Cloud::Aws => "AWS",
            Cloud::Azure => "Azure",
            Cloud::Gcp => "Google Cloud",
        };
        Err(Refusal::Skipped(format!("`host` and `cloud` do not name a workspace on {name}")))
    }

    fn text(&self, name: &str) -> Option<String> {
        self.values.text(name).map(str::to_owned)
    }

    /// The scopes to request, as a form has them.
    fn scopes(&self) -> String {
        match &*self.values.list("scopes") {
            [] => "all-apis".to_owned(),
            scopes => scopes.join(" "),
        }
    }
}

/// `basic`: a user's password, which Databricks no longer accepts.
fn basic(context: &Context<'_>) -> Result<Box<dyn TokenSource>, Refusal> {
    let user = context.demand_text("username")?;
    context.demand("password")?;
    Err(Refusal::Ended(
        format!(
            "`basic` authentication is configured for the user `{user}` ({}), but Databricks has \
             accepted no passwords since July 10, 2024",
            context.values.origins(&["username", "password"])
        ),
        "Unset `username` and `password`. Log in with `databricks auth login` and name its \
         `profile`, or use a service principal with `client_id` and `client_secret`."
            .to_owned(),
    ))
}
