//! `github-oidc`, `azure-devops-oidc`, `env-oidc`, `file-oidc`: exchange an ID token that a pipeline
//! has for a token of Databricks. The methods differ in where the ID token comes from.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::{Method, Url};

use super::{Context, Refusal};
use crate::Secret;
use crate::address::check_secure;
use crate::authentication::discovery::Discovery;
use crate::authentication::token::{Network, Token, TokenSource, check, unavailable};
use crate::error::Kind;
use crate::request::Request;

/// The variable that holds an ID token where `oidc_token_env` names no other one.
const TOKEN: &str = "DATABRICKS_OIDC_TOKEN";

struct WorkloadIdentity {
    source: IdTokens,
    /// None for a federation policy of the whole account.
    client_id: Option<String>,
    scopes: String,
    discovery: Arc<Discovery>,
}

/// Where ID tokens come from.
pub(super) enum IdTokens {
    GitHub { url: Url, token: Secret },
    AzureDevOps { url: Url, token: Secret },
    Variable { name: String, token: Secret },
    File(PathBuf),
}

pub(super) fn github(context: &Context<'_>) -> Result<Box<dyn TokenSource>, Refusal> {
    configure(context, github_tokens(context)?)
}

/// The ID tokens of GitHub Actions.
pub(super) fn github_tokens(context: &Context<'_>) -> Result<IdTokens, Refusal> {
    let outside = |refusal| match refusal {
        Refusal::Skipped(what) => Refusal::Skipped(format!(
            "{what}, as in a job of GitHub Actions with the permission `id-token: write`"
        )),
        other @ Refusal::Ended(..) => other,
    };
    let url = context.demand_text("actions_id_token_request_url").map_err(outside)?;
    let token = context.demand("actions_id_token_request_token").map_err(outside)?.clone();
    let url = address(context, "actions_id_token_request_url", &url)?;
    Ok(IdTokens::GitHub { url, token })
}

pub(super) fn azure_devops(context: &Context<'_>) -> Result<Box<dyn TokenSource>, Refusal> {
    let outside = "as in a job of Azure Pipelines";
    let token = context.demand_variable(
        "SYSTEM_ACCESSTOKEN",
        "as in a job of Azure Pipelines whose `env` has `SYSTEM_ACCESSTOKEN: $(System.AccessToken)`",
    )?;
    let variable = |name| context.demand_variable(name, outside);
    let collection = variable("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI")?;
    let (plan, job) = (variable("SYSTEM_PLANID")?, variable("SYSTEM_JOBID")?);
    let (project, hub) = (variable("SYSTEM_TEAMPROJECTID")?, variable("SYSTEM_HOSTTYPE")?);
    let url = format!(
        "{}/{project}/_apis/distributedtask/hubs/{hub}/plans/{plan}/jobs/{job}/oidctoken\
         ?api-version=7.2-preview.1",
        collection.trim_end_matches('/')
    );
    let url = address(context, "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", &url)?;
    configure(context, IdTokens::AzureDevOps { url, token: token.into() })
}

pub(super) fn variable(context: &Context<'_>) -> Result<Box<dyn TokenSource>, Refusal> {
    let name = context.text("oidc_token_env").unwrap_or_else(|| TOKEN.to_owned());
    let token = context.demand_variable(&name, "which would hold an ID token")?.trim().into();
    configure(context, IdTokens::Variable { name, token })
}

pub(super) fn file(context: &Context<'_>) -> Result<Box<dyn TokenSource>, Refusal> {
    let path = context.demand_text("databricks_id_token_filepath")?;
    configure(context, IdTokens::File(path.into()))
}

#[expect(clippy::unnecessary_wraps, reason = "the answer of all methods")]
fn configure(context: &Context<'_>, source: IdTokens) -> Result<Box<dyn TokenSource>, Refusal> {
    let (client_id, scopes) = (context.text("client_id"), context.scopes());
    let discovery = context.discovery.clone();
    Ok(Box::new(WorkloadIdentity { source, client_id, scopes, discovery }))
}

#[async_trait]
impl TokenSource for WorkloadIdentity {
    async fn fetch(&self, network: &Network<'_>) -> Result<Token, Kind> {
        let endpoint = self.discovery.endpoint(network).await?;
        let id_token = self.source.fetch(network, &endpoint.audience).await?;
        let mut pairs = vec![
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("scope", &self.scopes),
            ("subject_token", id_token.expose()),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
        ];
        pairs.extend(self.client_id.as_deref().map(|client_id| ("client_id", client_id)));
        let request = Request::form(endpoint.url, &pairs);
        let who = match &self.client_id {
            Some(client_id) => format!("the service principal `{client_id}`"),
            None => "the account".to_owned(),
        };
        let what = format!("`{}` does not exchange the ID token", request.url);
        let advice = format!(
            "No federation policy of {who} accepts the ID token. Compare its issuer, its subject \
             and the audience `{}` with the policy, and check `client_id`.",
            endpoint.audience
        );
        Ok(network.issue(&request, "access_token", &what, &advice).await?.into())
    }
}

impl IdTokens {
    /// An ID token for an audience.
    pub(super) async fn fetch(
        &self,
        network: &Network<'_>,
        audience: &str,
    ) -> Result<Secret, Kind> {
        match self {
            Self::GitHub { url, token } => {
                let mut url = url.clone();
                url.query_pairs_mut().append_pair("audience", audience);
                let request = Request::get(url).header("authorization", bearer(token));
                let what = "GitHub Actions issues no ID token";
                let advice = "Check that the job has the permission `id-token: write`.";
                Ok(network.issue(&request, "value", what, advice).await?.secret)
            }
            Self::AzureDevOps { url, token } => {
                let request = Request::get(url.clone()).header("authorization", bearer(token));
                let request = Request { method: Method::POST, ..request };
                let what = "Azure Pipelines issues no ID token";
                let advice =
                    "Check that `SYSTEM_ACCESSTOKEN` is `$(System.AccessToken)` of this job.";
                Ok(network.issue(&request, "oidcToken", what, advice).await?.secret)
            }
            Self::Variable { name, token } => {
                let advice = "Let the pipeline write an ID token there.";
                valid(token.clone(), &format!("`{name}`"), advice)
            }
            Self::File(path) => {
                let shown = format!("the file `{}`", path.display());
                let advice = "Let the platform write an ID token there.";
                match std::fs::read_to_string(path) {
                    Ok(text) => valid(text.trim().into(), &shown, advice),
                    Err(error) => {
                        Err(unavailable(format!("{shown} cannot be read: {error}"), advice))
                    }
                }
            }
        }
    }
}

/// The token of the job goes there, so the address must be as safe as the host's.
fn address(context: &Context<'_>, name: &str, text: &str) -> Result<Url, Refusal> {
    let unfit = |why: String| Refusal::Skipped(format!("`{name}` cannot be used: {why}"));
    let url = Url::parse(text).map_err(|error| unfit(error.to_string()))?;
    check_secure(&url, context.values.is_true("allow_http")).map_err(unfit)?;
    Ok(url)
}

fn bearer(token: &Secret) -> Secret {
    format!("Bearer {}", token.expose()).into()
}

fn valid(token: Secret, origin: &str, advice: &str) -> Result<Secret, Kind> {
    match check(&token) {
        Ok(()) => Ok(token),
        Err(why) => Err(unavailable(format!("the ID token in {origin} {why}"), advice)),
    }
}
