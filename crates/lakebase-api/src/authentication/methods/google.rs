//! `google-credentials`: signs in with the key of a Google service account, which gives an ID token
//! for the workspace and an access token for Google Cloud.

use async_trait::async_trait;
use reqwest::Url;

use super::{Context, Refusal};
use crate::authentication::cloud::Cloud;
use crate::authentication::jwt;
use crate::authentication::token::{Issued, Network, Token, TokenSource, unavailable};
use crate::error::Kind;
use crate::request::Request;
use crate::{Json, Secret};

/// The token for Google Cloud, with which the workspace manages what belongs to it there.
pub(super) const ACCESS: &str = "x-databricks-gcp-sa-access-token";
/// What that token allows.
pub(super) const SCOPES: &str =
    "https://www.googleapis.com/auth/cloud-platform https://www.googleapis.com/auth/compute";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// The longest life that Google allows to what a key signs, in seconds.
const LIFE: i64 = 3600;
const ADVICE: &str = "The key is wrong or was deleted, or the service account is disabled. Create \
                      another key, or check the clock of this machine.";

struct GoogleCredentials {
    /// The JSON, or the path of its file.
    given: Secret,
    host: String,
}

/// The key of a service account.
pub(super) struct ServiceAccount {
    email: String,
    key: Secret,
    key_id: Option<String>,
    endpoint: Url,
}

pub(super) fn configure(context: &Context<'_>) -> Result<Box<dyn TokenSource>, Refusal> {
    let given = context.demand("google_credentials")?.clone();
    context.demand_cloud(Cloud::Gcp)?;
    let host = context.host.as_str().trim_end_matches('/').to_owned();
    Ok(Box::new(GoogleCredentials { given, host }))
}

#[async_trait]
impl TokenSource for GoogleCredentials {
    async fn fetch(&self, network: &Network<'_>) -> Result<Token, Kind> {
        let account = self.read().map_err(|why| {
            let what = format!("`google_credentials` cannot be used: {why}");
            unavailable(
                what,
                "Set `google_credentials` to the JSON key of a service account, or \
                               to the path of its file.",
            )
        })?;
        let token = Token::from(account.id_token(network, &self.host).await?);
        Ok(with_access(token, account.access_token(network, SCOPES).await)?)
    }
}

impl GoogleCredentials {
    fn read(&self) -> Result<ServiceAccount, String> {
        let given = self.given.expose().trim();
        let text = if given.starts_with('{') {
            given.to_owned()
        } else {
            std::fs::read_to_string(given)
                .map_err(|error| format!("its file cannot be read: {error}"))?
        };
        let json: Json = serde_json::from_str(&text).map_err(|_| "it is no JSON".to_owned())?;
        ServiceAccount::new(&json)
    }
}

/// Adds the token for Google Cloud. The workspace can do without it, as in the SDKs.
pub(super) fn with_access(token: Token, access: Result<Issued, Kind>) -> Result<Token, Kind> {
    match access {
        Ok(access) => Ok(token.with(ACCESS, access)),
        Err(kind @ (Kind::TimedOut { .. } | Kind::Interrupted)) => Err(kind),
        Err(_) => {
            tracing::warn!("there is no access token for Google Cloud, the header is omitted");
            Ok(token)
        }
    }
}

impl ServiceAccount {
    pub(super) fn new(json: &Json) -> Result<Self, String> {
        let text = |name: &str| {
            json[name].as_str().filter(|text| !text.is_empty()).ok_or(format!("it has no `{name}`"))
        };
        if text("type")? != "service_account" {
            return Err("its `type` is not `service_account`".to_owned());
        }
        let endpoint = text("token_uri").unwrap_or("https://oauth2.googleapis.com/token");
        let endpoint = Url::parse(endpoint)
            .map_err(|error| format!("its `token_uri` is `{endpoint}`: {error}"))?;
        crate::address::check_secure(&endpoint, false)?;
        Ok(Self {
            email: text("client_email")?.to_owned(),
            key: text("private_key")?.into(),
            key_id: text("private_key_id").ok().map(str::to_owned),
            endpoint,
        })
    }

    /// A token that says to `audience` who the account is.
    async fn id_token(&self, network: &Network<'_>, audience: &str) -> Result<Issued, Kind> {
        let what = format!("Google issues no ID token to `{}`", self.email);
        let request = self.request(network, ("target_audience", audience))?;
        network.issue(&request, "id_token", &what, ADVICE).await
    }

    /// A token for the services of Google.
    pub(super) async fn access_token(
        &self,
        network: &Network<'_>,
        scopes: &str,
    ) -> Result<Issued, Kind> {
        let what = format!("Google issues no access token to `{}`", self.email);
        let request = self.request(network, ("scope", scopes))?;
        network.issue(&request, "access_token", &what, ADVICE).await
    }

    fn request(&self, network: &Network<'_>, claim: (&str, &str)) -> Result<Request, Kind> {
        let now = network.now().as_second();
        let mut claims = serde_json::json!({
            "iss": self.email,
            "sub": self.email,
            "aud": self.endpoint.as_str(),
            "iat": now,
            "exp": now + LIFE,
        });
        claims[claim.0] = claim.1.into();
        let assertion = jwt::sign(&claims, self.key_id.as_deref(), &self.key)
            .map_err(|why| unavailable(format!("the service account's {why}"), ADVICE))?;
        let pairs = [("grant_type", GRANT), ("assertion", assertion.expose())];
        Ok(Request::form(self.endpoint.clone(), &pairs))
    }
}
