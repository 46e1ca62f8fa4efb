//! `google-id`: impersonates a Google service account with the Application Default Credentials of
//! this machine: a file, the machine's own account in Google Cloud, or a login of gcloud.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use reqwest::{Method, Url};
use serde_json::json;

use super::google::{SCOPES, ServiceAccount, with_access};
use super::{Context, Refusal};
use crate::address::check_secure;
use crate::authentication::cloud::Cloud;
use crate::authentication::process::{self, CommandError};
use crate::authentication::token::{Issued, Network, Token, TokenSource, check, unavailable};
use crate::error::Kind;
use crate::request::Request;
use crate::retry::Effect;
use crate::{Environment, Json, Secret};

const CLOUD_PLATFORM: &str = "https://www.googleapis.com/auth/cloud-platform";
const IMPERSONATION: &str = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/";
const LOGIN: &str = "Log in with `gcloud auth application-default login`, or set \
                     `GOOGLE_APPLICATION_CREDENTIALS` to the path of a credentials file.";
/// What Google Cloud writes into the firmware of its machines.
const PRODUCT: &str = "/sys/class/dmi/id/product_name";

struct GoogleId {
    account: String,
    host: String,
    environment: Environment,
}

pub(super) fn configure(context: &Context<'_>) -> Result<Box<dyn TokenSource>, Refusal> {
    let account = context.demand_text("google_service_account")?;
    context.demand_cloud(Cloud::Gcp)?;
    let host = context.host.as_str().trim_end_matches('/').to_owned();
    Ok(Box::new(GoogleId { account, host, environment: context.environment.clone() }))
}

#[async_trait]
impl TokenSource for GoogleId {
    async fn fetch(&self, network: &Network<'_>) -> Result<Token, Kind> {
        let own = self.own_token(network).await?;
        let body = json!({"audience": self.host, "includeEmail": true});
        let id = self.impersonate(network, &own.secret, ":generateIdToken", &body, "token").await?;
        let scopes: Vec<_> = SCOPES.split(' ').collect();
        let body = json!({"scope": scopes, "lifetime": "3600s"});
        let access =
            self.impersonate(network, &own.secret, ":generateAccessToken", &body, "accessToken");
        with_access(id.into(), access.await)
    }
}

impl GoogleId {
    async fn impersonate(
        &self,
        network: &Network<'_>,
        own: &Secret,
        verb: &str,
        body: &Json,
        member: &str,
    ) -> Result<Issued, Kind> {
        let Self { account, .. } = self;
        let url = format!("{IMPERSONATION}{account}{verb}");
        let url = url.parse().map_err(|error| {
            unavailable(format!("`google_service_account` is `{account}`: {error}"), "Correct it.")
        })?;
        let request = Request::with_json(Method::POST, url, body, Effect::Read)
            .header("authorization", format!("Bearer {}", own.expose()));
        let what = format!("the service account `{account}` is not impersonated");
        let advice = "The Application Default Credentials need the role Service Account Token \
                      Creator on the service account. Renew them with `gcloud auth \
                      application-default login`.";
        network.issue(&request, member, &what, advice).await
    }

    /// A token of the machine or of the person.
    async fn own_token(&self, network: &Network<'_>) -> Result<Issued, Kind> {
        if let Some(path) = self.environment.get("GOOGLE_APPLICATION_CREDENTIALS") {
            return of_file(network, Path::new(path)).await;
        }
        if let Some(path) = self.login_file().filter(|path| path.is_file()) {
            return of_file(network, &path).await;
        }
        let machine = self.environment.get("GCE_METADATA_HOST");
        let is_google =
            || std::fs::read_to_string(PRODUCT).is_ok_and(|name| name.contains("Google"));
        if machine.is_some() || is_google() {
            return of_machine(network, machine.unwrap_or("169.254.169.254")).await;
        }
        match process::find("gcloud", &self.environment) {
            Some(program) => self.of_gcloud(network, &program).await,
            None => Err(unavailable(
                "there are no Application Default Credentials: no \
                 `GOOGLE_APPLICATION_CREDENTIALS`, no login of gcloud, no machine in Google Cloud"
                    .to_owned(),
                LOGIN,
            )),
        }
    }

    /// Where gcloud keeps a login.
    fn login_file(&self) -> Option<PathBuf> {
        let directory = match self.environment.get("CLOUDSDK_CONFIG") {
            Some(directory) => directory.into(),
            None if cfg!(windows) => Path::new(self.environment.get("APPDATA")?).join("gcloud"),
            None => Path::new(self.environment.home()?).join(".config").join("gcloud"),
        };
        Some(directory.join("application_default_credentials.json"))
    }

    async fn of_gcloud(&self, network: &Network<'_>, program: &Path) -> Result<Issued, Kind> {
        let arguments = ["auth", "print-access-token"];
        let output = process::run(program, &arguments, &self.environment, network.deadline).await;
        let output = output.map_err(|error| match error {
            CommandError::Stopped(kind) => kind,
            CommandError::Failed(what) => unavailable(what, "Log in with `gcloud auth login`."),
        })?;
        let secret = Secret::from(String::from_utf8_lossy(&output).trim());
        check(&secret).map_err(|why| {
            let what = format!("the token that `gcloud auth print-access-token` prints {why}");
            unavailable(what, "Log in with `gcloud auth login`.")
        })?;
        Ok(Issued { secret, life: std::time::Duration::from_mins(5) })
    }
}

/// The token of the account that the machine runs as.
async fn of_machine(network: &Network<'_>, host: &str) -> Result<Issued, Kind> {
    let url = format!("http://{host}/computeMetadata/v1/instance/service-accounts/default/token");
    let url = url
        .parse()
        .map_err(|error| unavailable(format!("`GCE_METADATA_HOST` is `{host}`: {error}"), LOGIN))?;
    let request = Request::get(url).header("metadata-flavor", "Google");
    let what = "the machine gives no token of its service account";
    network.issue(&request, "access_token", what, LOGIN).await
}

async fn of_file(network: &Network<'_>, path: &Path) -> Result<Issued, Kind> {
    let shown = path.display();
    let failed = |why: String| unavailable(format!("`{shown}` cannot be used: {why}"), LOGIN);
    let text = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
    let file: Json =
        serde_json::from_slice(&text).map_err(|_| failed("it is no JSON".to_owned()))?;
    match file["type"].as_str() {
        Some("service_account") => {
            let account = ServiceAccount::new(&file).map_err(failed)?;
            account.access_token(network, CLOUD_PLATFORM).await
        }
        Some("authorized_user") => of_person(network, &file).await,
        Some("external_account") => of_pipeline(network, &file, &failed).await,
        other => {
            let sort = other.unwrap_or("missing");
            Err(failed(format!(
                "its `type` is `{sort}`, and not `service_account`, `authorized_user` or \
                 `external_account`"
            )))
        }
    }
}

/// The login of a person.
async fn of_person(network: &Network<'_>, file: &Json) -> Result<Issued, Kind> {
    let text = |name: &str| file[name].as_str().unwrap_or_default();
    let pairs = [
        ("grant_type", "refresh_token"),
        ("client_id", text("client_id")),
        ("client_secret", text("client_secret")),
        ("refresh_token", text("refresh_token")),
    ];
    let url = Url::parse("https://oauth2.googleapis.com/token").expect("the address is a constant");
    let what = "Google does not renew the login";
    network.issue(&Request::form(url, &pairs), "access_token", what, LOGIN).await
}

/// A pipeline whose ID token Google exchanges, as the action `google-github-actions/auth` prepares
/// it.
async fn of_pipeline(
    network: &Network<'_>,
    file: &Json,
    failed: &(dyn Fn(String) -> Kind + Sync),
) -> Result<Issued, Kind> {
    let text = |name: &str| file[name].as_str().unwrap_or_default();
    let subject = subject(network, &file["credential_source"], failed).await?;
    let pairs = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("audience", text("audience")),
        ("scope", CLOUD_PLATFORM),
        ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ("subject_token", subject.expose()),
        ("subject_token_type", text("subject_token_type")),
    ];
    let request = Request::form(address(text("token_url")).map_err(failed)?, &pairs);
    let advice = "Compare the ID token of the pipeline with the provider of the workload identity \
                  pool.";
    let what = "Google does not exchange the ID token of the pipeline";
    let federated = network.issue(&request, "access_token", what, advice).await?;
    let impersonated = text("service_account_impersonation_url");
    if impersonated.is_empty() {
        return Ok(federated);
    }
    let body = json!({"scope": [CLOUD_PLATFORM], "lifetime": "3600s"});
    let url = address(impersonated).map_err(failed)?;
    let request = Request::with_json(Method::POST, url, &body, Effect::Read)
        .header("authorization", format!("Bearer {}", federated.secret.expose()));
    let what = "the service account of the credentials file is not impersonated";
    network.issue(&request, "accessToken", what, advice).await
}

/// The ID token of a pipeline, out of a file or from a URL.
async fn subject(
    network: &Network<'_>,
    source: &Json,
    failed: &(dyn Fn(String) -> Kind + Sync),
) -> Result<Secret, Kind> {
    let format = &source["format"];
    let member = format["subject_token_field_name"].as_str().filter(|_| format["type"] == "json");
    let answer = if let Some(path) = source["file"].as_str() {
        let text = std::fs::read_to_string(path)
            .map_err(|error| failed(format!("`{path}` cannot be read: {error}")))?;
        match member {
            Some(_) => serde_json::from_str(&text).unwrap_or_default(),
            None => Json::from(text.trim()),
        }
    } else if let Some(url) = source["url"].as_str() {
        let mut request = Request::get(address(url).map_err(failed)?);
        for (name, value) in source["headers"].as_object().into_iter().flatten() {
            // The only header that such files have.
            if name.eq_ignore_ascii_case("authorization") {
                request = request.header("authorization", value.as_str().unwrap_or_default());
            }
        }
        let what = "the pipeline issues no ID token";
        let advice = "Check that the job has the permission `id-token: write`.";
        let answer = network.send(&request).await;
        answer.map_err(|error| crate::authentication::token::refused(what, advice, error))?
    } else {
        return Err(failed("its `credential_source` has neither `file` nor `url`".to_owned()));
    };
    let token = match member {
        Some(member) => answer[member].as_str(),
        None => answer.as_str(),
    };
    let token = Secret::from(token.unwrap_or_default());
    check(&token).map_err(|why| failed(format!("the ID token of the pipeline {why}")))?;
    Ok(token)
}

fn address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("`{text}` is no URL: {error}"))?;
    check_secure(&url, false)?;
    Ok(url)
}
