//! `oauth-m2m`: exchanges the OAuth secret of a service principal for tokens that live an hour.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Context, Refusal};
use crate::Secret;
use crate::authentication::discovery::Discovery;
use crate::authentication::token::{Network, Token, TokenSource};
use crate::error::Kind;
use crate::request::Request;

struct OAuthM2m {
    client_id: String,
    basic: Secret,
    scopes: String,
    discovery: Arc<Discovery>,
}

pub(super) fn configure(context: &Context<'_>) -> Result<Box<dyn TokenSource>, Refusal> {
    let client_id = context.demand_text("client_id")?;
    let secret = context.demand("client_secret")?;
    let basic = STANDARD.encode(format!("{client_id}:{}", secret.expose()));
    let basic = Secret::new(format!("Basic {basic}"));
    let (scopes, discovery) = (context.scopes(), context.discovery.clone());
    Ok(Box::new(OAuthM2m { client_id, basic, scopes, discovery }))
}

#[async_trait]
impl TokenSource for OAuthM2m {
    async fn fetch(&self, network: &Network<'_>) -> Result<Token, Kind> {
        let endpoint = self.discovery.endpoint(network).await?;
        let pairs = [("grant_type", "client_credentials"), ("scope", &self.scopes)];
        let request =
            Request::form(endpoint.url, &pairs).header("authorization", self.basic.clone());
        let what = format!("`{}` issues no token to the client `{}`", request.url, self.client_id);
        let advice = "The OAuth secret is wrong, has expired or was revoked, or the service \
                      principal does not belong to this workspace. Create another secret in the \
                      settings of the service principal, and set `client_id` and `client_secret`.";
        Ok(network.issue(&request, "access_token", &what, advice).await?.into())
    }
}
