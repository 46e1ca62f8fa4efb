//! Every environment variable that this crate reads, once, at the start.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use tracing::level_filters::LevelFilter;

/// Terraform's proof that it, and not a person, starts a provider. Not a secret.
const COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";

/// What Terraform and the user say about this process.
///
/// `PLUGIN_PROTOCOL_VERSIONS` is not read: version 6 is all there is to offer, and Terraform itself
/// says best what is wrong if it does not know that.
#[derive(Debug)]
pub(crate) struct Environment {
    /// Terraform's certificate as PEM; absent where it wants no TLS.
    pub(crate) client_certificate: Option<String>,
    pub(crate) place: Place,
    /// Whether the client expects to be told that connections are not multiplexed.
    pub(crate) multiplex: bool,
    /// How much to log.
    pub(crate) log: LevelFilter,
}

/// Where to listen: the folder of a Unix socket, or the ports where there is none.
#[derive(Debug)]
#[cfg_attr(windows, expect(dead_code, reason = "there are no Unix sockets"))]
#[cfg_attr(unix, expect(dead_code, reason = "the ports are for where there are no Unix sockets"))]
pub(crate) struct Place {
    /// The folder that is to hold the socket; by default the one for temporary files.
    pub(crate) folder: Option<PathBuf>,
    /// The ports to choose from.
    pub(crate) ports: RangeInclusive<u16>,
}

impl Environment {
    pub(crate) fn started_by_terraform() -> bool {
        variable("TF_PLUGIN_MAGIC_COOKIE").is_some_and(|it| it == COOKIE)
    }

    /// Reads the environment of the provider of that name.
    pub(crate) fn read(name: &str) -> Self {
        let port = |name| variable(name).and_then(|value| value.parse().ok());
        let own_log = format!("TF_LOG_PROVIDER_{}", name.to_uppercase().replace('-', "_"));
        let log = [&own_log, "TF_LOG_PROVIDER", "TF_LOG"].into_iter().find_map(variable);
        Self {
            client_certificate: variable("PLUGIN_CLIENT_CERT"),
            place: Place {
                folder: variable("PLUGIN_UNIX_SOCKET_DIR").map(PathBuf::from),
                ports: port("PLUGIN_MIN_PORT").unwrap_or(10_000)
                    ..=port("PLUGIN_MAX_PORT").unwrap_or(25_000),
            },
            multiplex: variable("PLUGIN_MULTIPLEX_GRPC").is_some(),
            log: log.map_or(LevelFilter::OFF, |it| level(&it)),
        }
    }
}

/// A level as Terraform spells it: in any case, `JSON` for everything. What Terraform does not know
/// it takes for everything, too.
fn level(text: &str) -> LevelFilter {
    match text.to_uppercase().as_str() {
        "OFF" => LevelFilter::OFF,
        "ERROR" => LevelFilter::ERROR,
        "WARN" => LevelFilter::WARN,
        "INFO" => LevelFilter::INFO,
        "DEBUG" => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    }
}

/// The variable's value; empty is as good as absent.
#[expect(clippy::disallowed_methods, reason = "this is the room where the environment is read")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|it| !it.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_read_as_terraform_reads_it() {
        for (text, expected) in [
            ("off", LevelFilter::OFF),
            ("Error", LevelFilter::ERROR),
            ("WARN", LevelFilter::WARN),
            ("info", LevelFilter::INFO),
            ("DEBUG", LevelFilter::DEBUG),
            ("TRACE", LevelFilter::TRACE),
            ("JSON", LevelFilter::TRACE),
            ("1", LevelFilter::TRACE),
        ] {
            assert_eq!(level(text), expected, "{text}");
        }
    }
}
