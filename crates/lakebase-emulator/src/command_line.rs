//! Reads the options of the program, from the command line and from the environment, by one table.
//!
//! Each row is an option `--NAME` and a variable `LAKEBASE_EMULATOR_NAME`; the behaviors of the library
//! are rows, too. The help is made from the rows. A profile sets some options; the environment comes
//! over it, and the command line over both. Start reading at [`ROWS`].

mod postgres;
mod profiles;

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use lakebase_emulator::{Behavior, Options, behaviors_help};
use lexopt::Parser;
use lexopt::prelude::{Long, Short, ValueExt as _};
use profiles::{PROFILES, ProfileRow};

/// What the program is to do.
#[derive(Debug)]
pub(crate) enum Command {
    Serve(Box<Launch>),
    Print(String),
}

/// An emulator to start.
#[derive(Debug)]
pub(crate) struct Launch {
    pub(crate) options: Options,
    /// Where to write the environment of clients.
    pub(crate) env_file: Option<PathBuf>,
    /// The state to begin with.
    pub(crate) seed: Option<PathBuf>,
    /// Whether to print each request on stderr.
    pub(crate) verbose: bool,
    /// Variables that look like options and are none.
    pub(crate) unknown: Vec<String>,
}

/// One option of the program.
struct Row {
    name: &'static str,
    /// As in the help: `PORT`. Empty for a flag, whose value is `true` where it has none.
    value: &'static str,
    meaning: &'static str,
    set: fn(&mut Launch, &str) -> Result<(), String>,
}

const ROWS: &[Row] = &[
    Row {
        name: "host",
        value: "ADDRESS",
        meaning: "address to listen on (default 127.0.0.1). With an address that other machines can \
                  reach, such as 0.0.0.0, the default token and client secret become random",
        set: |launch, text| put(&mut launch.options.host, text),
    },
    Row {
        name: "port",
        value: "PORT",
        meaning: "the port; 0 selects a free port (default 8080)",
        set: |launch, text| put(&mut launch.options.port, text),
    },
    Row {
        name: "public-url",
        value: "URL",
        meaning: "URL for clients, such as http://emulator:8080. Other host names are refused",
        set: |launch, text| {
            launch.options.public_url = Some(text.to_owned());
            Ok(())
        },
    },
    Row {
        name: "env-file",
        value: "FILE",
        meaning: "write DATABRICKS_HOST and DATABRICKS_TOKEN to this file when the emulator is ready; \
                  the file is removed at the end",
        set: |launch, text| {
            launch.env_file = Some(PathBuf::from(text));
            Ok(())
        },
    },
    Row {
        name: "seed",
        value: "FILE",
        meaning: "begin with the objects of this file, in the form of GET /_emulator/state",
        set: |launch, text| {
            launch.seed = Some(PathBuf::from(text));
            Ok(())
        },
    },
    Row {
        name: "verbose",
        value: "",
        meaning: "-v: print each request on standard error",
        set: |launch, text| put(&mut launch.verbose, text),
    },
    Row {
        name: "profile",
        value: "NAME",
        meaning: "`realistic`: behave as Lakebase does over a network, see below",
        set: |launch, text| {
            let rows = PROFILES.iter().filter(|row| row.profile == text);
            let mut rows = rows.peekable();
            if rows.peek().is_none() {
                return Err(format!("`{text}` is no profile; there is `realistic`"));
            }
            rows.try_for_each(|row| set(launch, row.option, row.value))
        },
    },
    Row {
        name: "operation-delay",
        value: "DURATION",
        meaning: "duration of long-running operations (default 0s)",
        set: |launch, text| put_duration(&mut launch.options.operation_delay, text),
    },
    Row {
        name: "settle-delay",
        value: "DURATION",
        meaning: "duration for which endpoints are pending, and pipelines and deletes of synced \
                  tables take, after that (default 0s)",
        set: |launch, text| put_duration(&mut launch.options.settle_delay, text),
    },
    Row {
        name: "sync-delay",
        value: "DURATION",
        meaning: "duration of the first copy of a synced table (default 0s)",
        set: |launch, text| put_duration(&mut launch.options.sync_delay, text),
    },
    Row {
        name: "missing-tables",
        value: "NAMES",
        meaning: "comma-separated source tables that do not exist (default: none)",
        set: |launch, text| {
            launch.options.missing_tables = text.split(',').map(str::to_owned).collect();
            Ok(())
        },
    },
    Row {
        name: "deviations",
        value: "NAMES",
        meaning: "deviations from recorded behavior, see below (default: none)",
        set: |launch, text| launch.options.deviations.add(text),
    },
    Row {
        name: "page-size",
        value: "COUNT",
        meaning: "objects on a page of a list (default 100)",
        set: |launch, text| put(&mut launch.options.page_size, text),
    },
    Row {
        name: "workspace-id",
        value: "ID",
        meaning: "the workspace ID",
        set: |launch, text| put(&mut launch.options.workspace_id, text),
    },
    Row {
        name: "user",
        value: "NAME",
        meaning: "identity of the caller: an e-mail address or an application ID",
        set: |launch, text| put(&mut launch.options.user_name, text),
    },
    Row {
        name: "token",
        value: "TOKEN",
        meaning: "the personal access token that is accepted (default emulator-token)",
        set: |launch, text| put(&mut launch.options.token, text),
    },
    Row {
        name: "client-id",
        value: "ID",
        meaning: "the OAuth client that is accepted",
        set: |launch, text| put(&mut launch.options.client_id, text),
    },
    Row {
        name: "client-secret",
        value: "SECRET",
        meaning: "the secret of that client",
        set: |launch, text| put(&mut launch.options.client_secret, text),
    },
    Row {
        name: "identity",
        value: "NAMES",
        meaning: "comma-separated other identities, which may do what project permissions allow",
        set: |launch, text| {
            text.split(',').for_each(|name| launch.options.add_identity(name));
            Ok(())
        },
    },
    Row {
        name: "token-lifetime",
        value: "DURATION",
        meaning: "lifetime of OAuth tokens (default 1h)",
        set: |launch, text| put_duration(&mut launch.options.token_lifetime, text),
    },
    Row {
        name: "frozen-clock",
        value: "",
        meaning: "stop the clock; POST /_emulator/clock moves it",
        set: |launch, text| put(&mut launch.options.frozen_clock, text),
    },
];

const VARIABLES: &str = "LAKEBASE_EMULATOR_";

const USAGE: &str = "\
A stand-in for the REST API of Databricks Lakebase Autoscaling, for tests.

Usage: lakebase-emulator [options]

When it is ready it prints, one to a line, what a client needs in its environment:
DATABRICKS_HOST and DATABRICKS_TOKEN, and in a comment the OAuth client to use instead of the
token, because clients refuse to choose between the two. With PostgreSQL, PGSSLROOTCERT is the file
of the certificate that clients trust. The last line is the URL of a page that shows the objects and
the requests, moves the clock and plans faults.

Examples:
  lakebase-emulator --port 0 --env-file emulator.env
  lakebase-emulator --operation-delay 5s --frozen-clock
  lakebase-emulator --host 0.0.0.0 --public-url http://emulator:8080 --token \"$TOKEN\"
  lakebase-emulator --seed shop.json -v
  lakebase-emulator --postgres
  LAKEBASE_EMULATOR_PORT=9000 lakebase-emulator --profile realistic

Options:
";

const NOTES: &str = "
Each option is also a variable: --operation-delay is LAKEBASE_EMULATOR_OPERATION_DELAY. The command
line comes before the variables, and those before a profile.

Durations are numbers with a unit: 200ms, 5s, 10m or 1h.

NAMES is a comma-separated list: names of behaviors below, `all`, or `delayed-effects=READS`. A
client must tolerate these deviations from recorded behavior.
";

const BEHAVIORS: &str = "
Behaviors that are inferred or disputed, with the certainty of their defaults (see BEHAVIORS.md):
";

const CONTROLS: &str = "
Test controls are available under DATABRICKS_HOST/_emulator/, with the token and JSON bodies:
requests, state, faults, rules, deviations, objects, drift, clock, reset.
GET /_emulator/health needs no token.
";

/// Reads a command line over the variables of an environment.
pub(crate) fn command(
    mut parser: Parser,
    environment: impl Iterator<Item = (OsString, OsString)>,
) -> Result<Command, lexopt::Error> {
    let mut given = Vec::new();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("version") => {
                let version = env!("CARGO_PKG_VERSION");
                return Ok(Command::Print(format!("lakebase-emulator {version}\n")));
            }
            Short('v') => given.push(("-v".to_owned(), "verbose".to_owned(), "true".to_owned())),
            Short('h') | Long("help") => return Ok(Command::Print(help())),
            Long(name) if is_option(name) => {
                let name = name.to_owned();
                let value = match parser.optional_value() {
                    Some(value) => value.string()?,
                    // A flag alone is true.
                    None if is_flag(&name) => "true".to_owned(),
                    None => parser.value()?.string()?,
                };
                given.push((format!("--{name}"), name, value));
            }
            other => return Err(other.unexpected()),
        }
    }
    let mut launch = Launch {
        options: Options { port: 8080, ..Options::default() },
        env_file: None,
        seed: None,
        verbose: false,
        unknown: Vec::new(),
    };
    let mut settings = Vec::new();
    for (variable, value) in environment {
        let Some(variable) = variable.to_str().filter(|name| name.starts_with(VARIABLES)) else {
            continue;
        };
        let name = variable[VARIABLES.len()..].to_lowercase().replace('_', "-");
        if is_option(&name) {
            let value = value.to_str().ok_or_else(|| format!("{variable} is no text"))?;
            settings.push((variable.to_owned(), name, value.to_owned()));
        } else {
            launch.unknown.push(variable.to_owned());
        }
    }
    settings.extend(given);
    // The last profile alone counts, and comes before everything else.
    let is_profile = |(_, name, _): &&(String, String, String)| name == "profile";
    let profile = settings.iter().rfind(is_profile);
    for (origin, name, value) in
        profile.into_iter().chain(settings.iter().filter(|setting| !is_profile(setting)))
    {
        set(&mut launch, name, value).map_err(|error| format!("{origin}: {error}"))?;
    }
    Ok(Command::Serve(Box::new(launch)))
}

/// All options, in the order of the help.
fn rows() -> impl Iterator<Item = &'static Row> {
    ROWS.iter().chain(postgres::ROWS)
}

fn is_option(name: &str) -> bool {
    rows().any(|row| row.name == name) || Behavior::named(name).is_some()
}

fn is_flag(name: &str) -> bool {
    let is_boolean = |behavior: &Behavior| behavior.values.starts_with("true");
    rows().any(|row| row.name == name && row.value.is_empty())
        || Behavior::named(name).is_some_and(is_boolean)
}

fn set(launch: &mut Launch, name: &str, value: &str) -> Result<(), String> {
    match (rows().find(|row| row.name == name), Behavior::named(name)) {
        (Some(row), _) => (row.set)(launch, value),
        (None, Some(behavior)) => behavior.set(&mut launch.options, value),
        (None, None) => Err(format!("there is no option `{name}`")),
    }
}

fn help() -> String {
    const COLUMN: usize = 30;
    let rows = rows().map(|row| (format!("--{} {}", row.name, row.value), row.meaning));
    let fixed = [("--version", "print the version"), ("-h, --help", "print this")];
    let fixed = fixed.map(|(option, meaning)| (option.to_owned(), meaning));
    let mut text = String::from(USAGE);
    for (option, meaning) in rows.chain(fixed) {
        let mut line = format!("  {option:<width$}", width = COLUMN - 2);
        for word in meaning.split(' ') {
            if line.len() + word.len() > 96 {
                let _ = writeln!(text, "{}", line.trim_end());
                line = " ".repeat(COLUMN);
            }
            let _ = write!(line, "{word} ");
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    let _ = write!(text, "{NOTES}\nProfiles:\n");
    for ProfileRow { profile, option, value, because } in PROFILES {
        let _ = writeln!(text, "  {profile}  --{:<29} {because}", format!("{option} {value}"));
    }
    format!("{text}{BEHAVIORS}{}{CONTROLS}", behaviors_help())
}

fn put<T: FromStr>(place: &mut T, text: &str) -> Result<(), String>
where
    T::Err: std::fmt::Display,
{
    *place = text.parse().map_err(|error: T::Err| format!("cannot read `{text}`: {error}"))?;
    Ok(())
}

fn put_duration(place: &mut Duration, text: &str) -> Result<(), String> {
    *place = duration(text)?;
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Launch, String> {
        let pair = |(name, value): &(&str, &str)| (OsString::from(name), OsString::from(value));
        match command(Parser::from_args(arguments), environment.iter().map(pair)) {
            Ok(Command::Serve(launch)) => Ok(*launch),
            Ok(Command::Print(text)) => Err(text),
            Err(error) => Err(error.to_string()),
        }
    }

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
        assert!(read(&["--prot", "1"], &[]).is_err());
    }

    #[test]
    fn command_line_comes_before_variables_and_those_before_a_profile() {
        let variables = [
            ("LAKEBASE_EMULATOR_PORT", "1"),
            ("LAKEBASE_EMULATOR_SETTLE_DELAY", "9s"),
            ("LAKEBASE_EMULATOR_FROZEN_CLOCK", "true"),
            ("LAKEBASE_EMULATOR_ECHO_SPEC", "true"),
            ("LAKEBASE_EMULATOR_PROT", "1"),
            ("PORT", "3"),
        ];
        let launch = read(&["--port=2", "--profile", "realistic"], &variables).expect("a launch");
        let options = &launch.options;
        assert_eq!(options.port, 2);
        assert_eq!(options.settle_delay, Duration::from_secs(9));
        assert_eq!(options.operation_delay, Duration::from_secs(5));
        assert!(options.frozen_clock && options.behaviors.echo_spec);
        assert_eq!(options.deviations.delayed_effects, 1);
        assert_eq!(launch.unknown, ["LAKEBASE_EMULATOR_PROT"]);
    }

    #[test]
    fn identities_come_from_the_command_line_and_from_a_variable() {
        let variables = [("LAKEBASE_EMULATOR_IDENTITY", "ana@example.com,bob@example.com")];
        let launch = read(&["--identity", "eve@example.com"], &variables).expect("a launch");
        let names: Vec<_> = launch.options.identities.iter().map(|it| &it.user_name).collect();
        assert_eq!(names, ["ana@example.com", "bob@example.com", "eve@example.com"]);
        launch.options.check().expect("they differ");
        let twice = read(&["--identity", "bob@example.com"], &variables).expect("a launch");
        let refused = twice.options.check().expect_err("two of one name");
        assert!(refused.contains("two identities bob@example.com"), "{refused}");
    }

    #[test]
    fn wrong_values_name_the_option_or_the_variable() {
        let cases = [
            ("--port", "x", "", "--port: cannot read `x`"),
            ("--profile", "cruel", "", "--profile: `cruel` is no profile"),
            ("--port", "1", "tcp://10.0.0.1:80", "LAKEBASE_EMULATOR_PORT: cannot read `tcp:"),
        ];
        for (option, value, variable, expected) in cases {
            let variables = [("LAKEBASE_EMULATOR_PORT", variable)];
            let variables = if variable.is_empty() { &[][..] } else { &variables };
            let error = read(&[option, value], variables).expect_err(expected);
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn each_option_is_in_the_help_and_profiles_set_options() {
        let help = help();
        for row in rows() {
            assert!(help.contains(&format!("  --{} ", row.name)), "{}", row.name);
        }
        assert!(help.lines().all(|line| line.len() <= 104), "{help}");
        for row in PROFILES {
            assert!(read(&["--profile", row.profile], &[]).is_ok());
            assert!(read(&[&format!("--{}={}", row.option, row.value)], &[]).is_ok());
        }
    }
}
