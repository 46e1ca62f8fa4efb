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

use reqwest::Url;

use super::cloud::{self, Cloud};
use super::token::TokenSource;
use super::values::Values;
use crate::{Environment, Secret};

/// A method of authentication.
pub struct Method {
    /// The name, as `auth_type` has it.
    pub name: &'static str,
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
}

/// Every method, in the order of the Databricks SDK for Go (`config/auth_default.go`).
pub static METHODS: &[Method] = &[
    Method { name: "pat", attributes: &["token"], configure: pat::configure },
    Method { name: "basic", attributes: &["username"], configure: basic },
    Method {
        name: "oauth-m2m",
        attributes: &["client_id", "client_secret"],
        configure: oauth_m2m::configure,
    },
    Method {
        name: "databricks-cli",
        attributes: &["host", "profile", "databricks_cli_path"],
        configure: databricks_cli::configure,
    },
    Method {
        name: "metadata-service",
        attributes: &["metadata_service_url"],
        configure: metadata_service::configure,
    },
    Method {
        name: "github-oidc",
        attributes: &["client_id", "actions_id_token_request_url", "audience"],
        configure: workload_identity::github,
    },
    Method {
        name: "azure-devops-oidc",
        attributes: &["client_id"],
        configure: workload_identity::azure_devops,
    },
    Method {
        name: "env-oidc",
        attributes: &["client_id", "oidc_token_env", "audience"],
        configure: workload_identity::variable,
    },
    Method {
        name: "file-oidc",
        attributes: &["client_id", "databricks_id_token_filepath", "audience"],
        configure: workload_identity::file,
    },
    Method {
        name: "github-oidc-azure",
        attributes: &["azure_client_id", "azure_tenant_id", "actions_id_token_request_url"],
        configure: azure::github,
    },
    Method {
        name: "azure-msi",
        attributes: &["azure_use_msi", "azure_client_id", "azure_workspace_resource_id"],
        configure: azure::managed_identity,
    },
    Method {
        name: "azure-client-secret",
        attributes: &["azure_client_id", "azure_client_secret", "azure_tenant_id"],
        configure: azure::client_secret,
    },
    Method {
        name: "azure-cli",
        attributes: &["azure_tenant_id", "azure_workspace_resource_id"],
        configure: azure_cli::configure,
    },
    Method {
        name: "google-credentials",
        attributes: &["google_credentials"],
        configure: google::configure,
    },
    Method {
        name: "google-id",
        attributes: &["google_service_account"],
        configure: google_default::configure,
    },
];

impl Context<'_> {
    pub(super) fn new<'a>(
        values: &'a Values,
        host: &'a Url,
        environment: &'a Environment,
    ) -> Context<'a> {
        Context { values, host, environment }
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
        if cloud::cloud(self.values, Some(self.host)) == cloud {
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
