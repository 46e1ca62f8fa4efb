//! `pat`: a personal access token, sent as it is.

use async_trait::async_trait;
use reqwest::Url;

use super::attributes::Attributes;
use super::token::{Token, TokenSource, check};
use crate::error::Kind;
use crate::transport::Transport;
use crate::{Patience, Secret};

pub(super) const NAME: &str = "pat";

struct Pat(Secret);

pub(super) fn configure(
    attributes: &Attributes,
    _host: &Url,
) -> Result<Box<dyn TokenSource>, String> {
    let token = attributes.get("token").ok_or_else(|| Attributes::missing("token"))?;
    check(token).map_err(|why| format!("`token` {why}"))?;
    Ok(Box::new(Pat(token.clone())))
}

#[async_trait]
impl TokenSource for Pat {
    async fn fetch(&self, _: &Transport, _: &Patience) -> Result<Token, Kind> {
        Ok(Token { secret: self.0.clone(), life: None })
    }
}
