//! `metadata-service`: asks a service on this machine, such as an editor's, for tokens.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::Url;

use super::{Context, Refusal};
use crate::address::is_loopback;
use crate::authentication::token::{Network, Token, TokenSource};
use crate::error::Kind;
use crate::request::Request;

/// The longest wait for the service, which is on this machine.
const LIMIT: Duration = Duration::from_secs(10);

struct MetadataService {
    url: Url,
    host: String,
}

pub(super) fn configure(context: &Context<'_>) -> Result<Box<dyn TokenSource>, Refusal> {
    let given = context.demand("metadata_service_url")?;
    // Its path is a secret of the session.
    let url = Url::parse(given.expose())
        .map_err(|error| Refusal::Skipped(format!("`metadata_service_url` is no URL: {error}")))?;
    if !is_loopback(&url) {
        let why = "`metadata_service_url` is not on this machine (`localhost` or `127.0.0.1`)";
        return Err(Refusal::Skipped(why.to_owned()));
    }
    let host = context.host.as_str().trim_end_matches('/').to_owned();
    Ok(Box::new(MetadataService { url, host }))
}

#[async_trait]
impl TokenSource for MetadataService {
    async fn fetch(&self, network: &Network<'_>) -> Result<Token, Kind> {
        let mut request = Request::get(self.url.clone())
            .header("x-databricks-metadata-version", "1")
            .header("x-databricks-host", self.host.as_str());
        request.has_secret_path = true;
        let deadline = network.deadline.at_most(LIMIT);
        let limited = Network { deadline: &deadline, ..*network };
        let advice =
            "Start the program again that provides the metadata service, and log in there.";
        let what = "the metadata service issues no token";
        match limited.issue(&request, "access_token", what, advice).await {
            Err(Kind::TimedOut { .. }) if network.deadline.check().is_ok() => {
                let what = format!("the metadata service did not answer within {LIMIT:?}");
                Err(crate::authentication::token::unavailable(what, advice))
            }
            issued => Ok(issued?.into()),
        }
    }
}
