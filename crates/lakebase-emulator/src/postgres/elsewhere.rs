//! Says that `--postgres` needs a Unix system: the proxy reaches servers at Unix sockets.

use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use crate::options::PostgresOptions;
use crate::shared::Shared;

/// PostgreSQL behind the endpoints, of which there is none here.
#[derive(Debug)]
pub(crate) enum Postgres {}

impl Postgres {
    #[expect(clippy::unused_async, reason = "as on Unix")]
    pub(crate) async fn start(
        _: &PostgresOptions,
        _: IpAddr,
        _: Arc<Shared>,
    ) -> io::Result<Arc<Postgres>> {
        let text = "PostgreSQL behind the endpoints needs Linux or macOS, or a container";
        Err(io::Error::new(io::ErrorKind::Unsupported, text))
    }

    #[expect(clippy::unused_async, reason = "as on Unix")]
    pub(crate) async fn follow(&self) {
        match *self {}
    }

    pub(crate) fn certificate(&self) -> &Path {
        match *self {}
    }
}
