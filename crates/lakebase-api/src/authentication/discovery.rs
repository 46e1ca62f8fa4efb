//! Asks a host where its tokens are issued, and which workspace it serves.

use std::sync::{Mutex, OnceLock, PoisonError};

use reqwest::Url;

use super::cloud::is_workspace_by_name;
use super::host::is_account;
use super::token::{Network, refused};
use super::values::Values;
use crate::Json;
use crate::address::check_secure;
use crate::error::{Error, Kind, Missing, Responder};
use crate::request::{Request, absolute};

/// What a host says of itself.
const METADATA: &str = "/.well-known/databricks-config";
/// Where a server of OAuth says where its tokens are issued, below its own address.
const OAUTH_METADATA: &str = "/.well-known/oauth-authorization-server";
/// The server of OAuth of a workspace.
const WORKSPACE_OAUTH: &str = "/oidc";

/// What is known of a host, and what was learned.
pub(crate) struct Discovery {
    host: Url,
    configured: Option<Url>,
    account_id: Option<String>,
    workspace_id: Option<String>,
    audience: Option<String>,
    allow_http: bool,
    found: Mutex<Option<Endpoint>>,
    learned_workspace_id: OnceLock<String>,
}

/// Where tokens are issued, and for whom an ID token must be to be exchanged there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) url: Url,
    pub(crate) audience: String,
}

impl Discovery {
    pub(super) fn new(host: &Url, values: &Values) -> Result<Self, String> {
        let text = |name| values.text(name).map(str::to_owned);
        let allow_http = values.is_true("allow_http");
        let configured = match values.text("discovery_url") {
            Some(url) => Some(address("discovery_url", url, allow_http)?),
            None => None,
        };
        Ok(Self {
            host: host.clone(),
            configured,
            account_id: text("account_id"),
            workspace_id: text("workspace_id"),
            audience: text("audience"),
            allow_http,
            found: Mutex::default(),
            learned_workspace_id: OnceLock::new(),
        })
    }

    /// The workspace that the host has named.
    pub(super) fn workspace_id(&self) -> Option<&str> {
        self.learned_workspace_id.get().map(String::as_str)
    }

    /// The endpoint, asked for once.
    ///
    /// *Flow.* `discovery_url`, else the known endpoint of an account, else what a host whose name
    /// does not tell its sort says of itself, else that of a workspace.
    pub(super) async fn endpoint(&self, network: &Network<'_>) -> Result<Endpoint, Kind> {
        if let Some(found) = self.found.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            return Ok(found);
        }
        let endpoint = self.find(network).await?;
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(endpoint.clone());
        Ok(endpoint)
    }

    async fn find(&self, network: &Network<'_>) -> Result<Endpoint, Kind> {
        let mut audience = self.audience.clone();
        let workspace = || absolute(&self.host, &format!("{WORKSPACE_OAUTH}{OAUTH_METADATA}"));
        let source = if let Some(url) = &self.configured {
            url.clone()
        } else if is_account(&self.host) {
            let account = self.account(None)?;
            let url = absolute(&self.host, &format!("/oidc/accounts/{account}/v1/token"));
            return Ok(Endpoint { url, audience: audience.unwrap_or(account) });
        } else if is_workspace_by_name(&self.host) {
            workspace()
        } else {
            match self.metadata(network).await? {
                None => workspace(),
                Some(metadata) => {
                    let root = self.oauth_root(&metadata)?;
                    let of_host = metadata["token_federation_default_oidc_audiences"][0].as_str();
                    audience = audience.or_else(|| of_host.map(str::to_owned));
                    if audience.is_none()
                        && metadata["workspace_id"].as_str().unwrap_or_default().is_empty()
                    {
                        audience = self.account(Some(&metadata)).ok();
                    }
                    root.unwrap_or_else(workspace)
                }
            }
        };
        let request = Request::get(source.clone());
        let answer = network.send(&request).await.map_err(|error| unknown(&source, error))?;
        let text =
            answer["token_endpoint"].as_str().ok_or("`token_endpoint` is missing".to_owned());
        let url = text.and_then(|text| address("token_endpoint", text, self.allow_http));
        let url = url.map_err(|why| super::token::unfit(&request, &why))?;
        Ok(Endpoint { audience: audience.unwrap_or_else(|| url.to_string()), url })
    }

    /// What the host says of itself. A host that does not is a workspace, as in the SDKs.
    async fn metadata(&self, network: &Network<'_>) -> Result<Option<Json>, Kind> {
        let answer = network.send(&Request::get(absolute(&self.host, METADATA))).await;
        let metadata = match answer {
            Ok(metadata) if metadata.is_object() => metadata,
            Ok(_) => return Ok(None),
            Err(error) if error.status().is_some() && !error.is_proxy() => {
                tracing::debug!(%error, "the host does not describe itself");
                return Ok(None);
            }
            Err(error) => return Err(refused("the host did not answer", "", error)),
        };
        let text = |name: &str| metadata[name].as_str().filter(|text| !text.is_empty());
        if let Some(workspace) = text("workspace_id") {
            let _ = self.learned_workspace_id.set(workspace.to_owned());
        } else if self.workspace_id.is_none() {
            let sort = text("host_type").unwrap_or_default().to_ascii_lowercase();
            if sort == "account" || sort == "unified" {
                let what =
                    format!("`{}` serves an account, and `workspace_id` is not set", self.host);
                let advice = "Set `workspace_id` (`DATABRICKS_WORKSPACE_ID`), or set `host` to the \
                              URL of the workspace.";
                return Err(super::token::unavailable(what, advice));
            }
        }
        Ok(Some(metadata))
    }

    /// The metadata of the server of OAuth that the host names.
    fn oauth_root(&self, metadata: &Json) -> Result<Option<Url>, Kind> {
        let Some(root) = metadata["oidc_endpoint"].as_str().filter(|root| !root.is_empty()) else {
            return Ok(None);
        };
        let root = if root.contains("{account_id}") {
            root.replace("{account_id}", &self.account(Some(metadata))?)
        } else {
            root.to_owned()
        };
        let url = format!("{}{OAUTH_METADATA}", root.trim_end_matches('/'));
        let request = || Request::get(absolute(&self.host, METADATA));
        let url = address("oidc_endpoint", &url, self.allow_http);
        url.map(Some).map_err(|why| super::token::unfit(&request(), &why))
    }

    fn account(&self, metadata: Option<&Json>) -> Result<String, Kind> {
        let told = metadata.and_then(|metadata| metadata["account_id"].as_str());
        let account = self.account_id.clone().or_else(|| told.map(str::to_owned));
        account.filter(|account| !account.is_empty()).ok_or_else(|| {
            let what = format!("`host` is an account's, and {}", Values::missing("account_id"));
            super::token::unavailable(what, "Set `account_id`.")
        })
    }
}

/// Secrets go to such an address, so it must be as safe as the host's.
fn address(name: &str, text: &str, allow_http: bool) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("`{name}` is `{text}`: {error}"))?;
    check_secure(&url, allow_http).map_err(|why| format!("`{name}` is `{text}`, but {why}"))?;
    Ok(url)
}

/// A host that does not say where its tokens are issued. The document is public: a host that
/// refuses it is no workspace.
fn unknown(url: &Url, error: Error) -> Kind {
    if error.is_timeout() || error.is_interrupted() {
        return error.into_kind();
    }
    let is_refusal = error.is_answered() && !error.is_transient();
    Kind::NoToken {
        what: format!("`{url}` does not say where tokens are issued"),
        reason: if is_refusal { Missing::UnexpectedResponse } else { Missing::Other },
        advice: is_refusal.then(|| {
            "The host knows no OAuth. Check that `host` is the URL of a workspace.".to_owned()
        }),
        source: Some(error),
    }
}

impl Error {
    /// Whether a proxy answered, which then also answers every other request.
    fn is_proxy(&self) -> bool {
        self.responder() == Some(Responder::Proxy)
    }
}
