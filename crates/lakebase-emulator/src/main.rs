//! The program `lakebase-emulator`: options in, four lines for a client's environment out, then
//! it serves until it is interrupted.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use lakebase_emulator::{Behavior, Emulator, Options, PostgresOptions, behaviors_help};
use lexopt::Parser;
use lexopt::prelude::{Long, Short, ValueExt as _};

const HELP: &str = "\
A stand-in for the REST API of Databricks Lakebase Autoscaling, for tests.

Usage: lakebase-emulator [options]

When it is ready it prints, one to a line, what a client needs in its environment:
DATABRICKS_HOST and DATABRICKS_TOKEN, and in a comment the OAuth client to use instead of the
token, for clients refuse to choose between the two. With PostgreSQL, PGSSLROOTCERT follows: the
certificate for clients with sslmode=verify-full.

Options:
  --host ADDRESS              address to listen on, such as 0.0.0.0 (default 127.0.0.1)
  --port PORT                 the port; 0 selects a free port (default 8080)
  --public-url URL            URL for clients, such as http://emulator:8080
  --operation-delay DURATION  duration of long-running operations (default 0s)
  --settle-delay DURATION     duration for which endpoints are pending, and pipelines and deletes of
                              synced tables take, after that (default 0s)
  --sync-delay DURATION       duration of the first copy of a synced table (default 0s)
  --missing-tables NAMES      comma-separated source tables that do not exist (default: none)
  --deviations NAMES          deviations from recorded behavior, see below (default: none)
  --page-size COUNT           objects on a page of a list (default 100)
  --workspace-id ID           the workspace ID
  --user NAME                 identity of the caller: an e-mail address or an application ID
  --token TOKEN               the personal access token that is accepted
  --client-id ID              the OAuth client that is accepted
  --client-secret SECRET      the secret of that client
  --frozen-clock              stop the clock; POST /_emulator/clock moves it
  --token-lifetime DURATION   lifetime of OAuth tokens (default 1h)
  --postgres                  run PostgreSQL behind the endpoints, as found in PATH and the usual places
  --postgres-bin DIRECTORY    the same with the programs in a directory; once for each version
  --postgres-any-version      run the nearest version if that of a project is not installed
  --postgres-port PORT        the port of all endpoints (default 5432)
  --postgres-domain DOMAIN    hosts below a domain that leads to --host, instead of loopback addresses
  --postgres-user NAME        the user that servers run as if the emulator runs as root
  --postgres-directory PATH   directory for data, which is removed at the end
  --version                   print the version
  -h, --help                  print this

Durations are numbers with a unit: 200ms, 5s, 10m or 1h.

NAMES is a comma-separated list: names of behaviors below, `all`, or `delayed-effects=READS`. A
client must tolerate these deviations from recorded behavior.

Behaviors that are inferred or disputed, with the certainty of their defaults (see BEHAVIORS.md):
";

const ADMIN: &str = "
Test controls are available under DATABRICKS_HOST/_emulator/, with the token and JSON bodies:
requests, faults, rules, deviations, objects, drift, clock, reset. GET /_emulator/health needs no token.
";

enum Command {
    Serve(Box<Options>),
    Print(String),
}

fn main() -> ExitCode {
    let outcome = match command(Parser::from_env()) {
        Ok(Command::Print(text)) => print(&text),
        Ok(Command::Serve(options)) => serve(*options),
        Err(error) => {
            complain(&format!("{error}. See lakebase-emulator --help."));
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("Could not run the emulator: {error}."));
            ExitCode::FAILURE
        }
    }
}

fn command(mut parser: Parser) -> Result<Command, lexopt::Error> {
    let mut options = Options { port: 8080, ..Options::default() };
    while let Some(argument) = parser.next()? {
        match argument {
            Long("host") => options.host = parser.value()?.parse()?,
            Long("public-url") => options.public_url = Some(parser.value()?.string()?),
            Long("port") => options.port = parser.value()?.parse()?,
            Long("operation-delay") => {
                options.operation_delay = parser.value()?.parse_with(duration)?;
            }
            Long("settle-delay") => options.settle_delay = parser.value()?.parse_with(duration)?,
            Long("sync-delay") => options.sync_delay = parser.value()?.parse_with(duration)?,
            Long("missing-tables") => {
                let names = parser.value()?.string()?;
                options.missing_tables = names.split(',').map(str::to_owned).collect();
            }
            Long("deviations") => options.deviations.add(&parser.value()?.string()?)?,
            Long("page-size") => options.page_size = parser.value()?.parse()?,
            Long("workspace-id") => options.workspace_id = parser.value()?.string()?,
            Long("user") => options.user_name = parser.value()?.string()?,
            Long("token") => options.token = parser.value()?.string()?,
            Long("client-id") => options.client_id = parser.value()?.string()?,
            Long("client-secret") => options.client_secret = parser.value()?.string()?,
            Long("frozen-clock") => options.frozen_clock = true,
            Long("token-lifetime") => {
                options.token_lifetime = parser.value()?.parse_with(duration)?;
            }
            Long("postgres") => {
                postgres(&mut options);
            }
            Long("postgres-bin") => {
                let directory = parser.value()?.into();
                postgres(&mut options).binaries.push(directory);
            }
            Long("postgres-any-version") => postgres(&mut options).any_version = true,
            Long("postgres-port") => postgres(&mut options).port = parser.value()?.parse()?,
            Long("postgres-domain") => {
                postgres(&mut options).domain = Some(parser.value()?.string()?);
            }
            Long("postgres-user") => postgres(&mut options).user = Some(parser.value()?.string()?),
            Long("postgres-directory") => {
                postgres(&mut options).directory = Some(parser.value()?.into());
            }
            Long("version") => {
                return Ok(Command::Print(format!(
                    "lakebase-emulator {}\n",
                    env!("CARGO_PKG_VERSION")
                )));
            }
            Short('h') | Long("help") => return Ok(Command::Print(help())),
            Long(name) if Behavior::named(name).is_some() => {
                let behavior = Behavior::named(name).expect("it was just found");
                // A flag alone is true.
                let takes_flag = behavior.values.starts_with("true");
                let value = match parser.optional_value() {
                    None if takes_flag => "true".to_owned(),
                    None => parser.value()?.string()?,
                    Some(value) => value.string()?,
                };
                behavior.set(&mut options, &value)?;
            }
            other => return Err(other.unexpected()),
        }
    }
    Ok(Command::Serve(Box::new(options)))
}

/// The options of PostgreSQL: any of them asks for it.
fn postgres(options: &mut Options) -> &mut PostgresOptions {
    options.postgres.get_or_insert_default()
}

fn help() -> String {
    format!("{HELP}{}{ADMIN}", behaviors_help())
}

/// Reads `200ms`, `5s`, `10m` or `1h`.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a duration such as 200ms, 5s, 10m or 1h");
    let unit = text.find(|letter: char| !letter.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(unit);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        "h" => number.checked_mul(3600).map(Duration::from_secs),
        _ => None,
    }
    .ok_or_else(wrong)
}

fn serve(options: Options) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        // Before the first line is out: its reader may interrupt at once.
        let mut interrupted = interruption()?;
        let emulator = Emulator::start(options)?;
        print(&format!(
            "DATABRICKS_HOST={}\nDATABRICKS_TOKEN={}\n\
             # instead of the token: DATABRICKS_CLIENT_ID={} DATABRICKS_CLIENT_SECRET={}\n",
            emulator.url(),
            emulator.token(),
            emulator.client_id(),
            emulator.client_secret(),
        ))?;
        if let Some(certificate) = emulator.certificate() {
            print(&format!("PGSSLROOTCERT={}\n", certificate.display()))?;
        }
        interrupted.wait().await;
        Ok(())
    })
}

#[cfg(unix)]
struct Interruption {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
}

#[cfg(unix)]
fn interruption() -> io::Result<Interruption> {
    use tokio::signal::unix::{SignalKind, signal};
    Ok(Interruption {
        interrupt: signal(SignalKind::interrupt())?,
        terminate: signal(SignalKind::terminate())?,
        hang_up: signal(SignalKind::hangup())?,
    })
}

#[cfg(unix)]
impl Interruption {
    async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}

#[cfg(windows)]
struct Interruption(tokio::signal::windows::CtrlC);

#[cfg(windows)]
fn interruption() -> io::Result<Interruption> {
    tokio::signal::windows::ctrl_c().map(Interruption)
}

#[cfg(windows)]
impl Interruption {
    async fn wait(&mut self) {
        self.0.recv().await;
    }
}

/// Standard output is this program's product: scripts read the four lines.
fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// A complaint that cannot be written has no one to read it.
fn complain(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        let cases = [
            ("200ms", Some(Duration::from_millis(200))),
            ("0s", Some(Duration::ZERO)),
            ("10m", Some(Duration::from_mins(10))),
            ("1h", Some(Duration::from_hours(1))),
            ("5", None),
            ("s", None),
            ("1d", None),
            ("99999999999999999h", None),
        ];
        for (text, read) in cases {
            assert_eq!(duration(text).ok(), read, "{text}");
        }
    }

    #[test]
    fn an_unknown_option_is_refused() {
        assert!(command(Parser::from_args(["--prot", "1"])).is_err());
    }
}
