//! `pat`: sends a personal access token as it is.

use async_trait::async_trait;

use super::{Context, Refusal};
use crate::Secret;
use crate::authentication::token::{Network, Token, TokenSource, check};
use crate::error::Kind;

struct Pat(Secret);

pub(super) fn configure(context: &Context<'_>) -> Result<Box<dyn TokenSource>, Refusal> {
    let token = context.demand("token")?;
    check(token).map_err(|why| Refusal::Skipped(format!("`token` {why}")))?;
    Ok(Box::new(Pat(token.clone())))
}

#[async_trait]
impl TokenSource for Pat {
    async fn fetch(&self, _: &Network<'_>) -> Result<Token, Kind> {
        Ok(Token::bearer(&self.0, None))
    }

    fn is_certain(&self) -> bool {
        true
    }

    fn renews(&self) -> bool {
        false
    }
}
