//! The command `review`: what a plan does to compute, for people and for checks.
//!
//! It reads what `terraform show -json` prints and needs neither Terraform nor the service. Start
//! reading at [`run`]; then [`world`], which says what happens to a compute, and [`rule`].

mod figures;
mod json;
mod markdown;
mod plan;
mod report;
mod row;
mod rule;
mod sarif;
mod sources;
mod summary;
mod text;
mod world;

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use lexopt::prelude::{Long, Short, Value, ValueExt};

use figures::Price;
use report::Report;
use rule::Rule;
use summary::Summary;

/// The help of the command.
const HELP: &str = "\
Reviews what a plan does to compute: sizes, memory, connections, scale to zero, high availability,
and the CU-hours of a month, before and after.

Usage: terraform show -json PLANFILE | terraform-provider-lakebase review [options] [FILE]

FILE is what `terraform show -json` printed, instead of the standard input.

Options:
  --format FORMAT            text, markdown, json or sarif (default text)
  --fail-on RULE             end with the exit code 2 if the rule holds; may be repeated
  --price-per-cu-hour PRICE  show money too, e.g. 0.111, $0.111 or '0.111 EUR'
  --root DIR                 where the root module is, for the files and lines of sarif
  -h, --help                 print this

Rules, each with `in PATTERN` or `not in PATTERN` behind it if you like, where `*` in a pattern of
addresses stands for anything:
  ceiling > 64               CU at most, all computes of an endpoint together
  floor > 8                  CU that run at any time
  range > 8                  CU between minimum and maximum
  growth > 2x                the ceiling, compared with the one before
  computes > 1               high availability
  connections < 200          connections at the maximum
  cost > 500                 money a month at most; takes --price-per-cu-hour
  total ceiling > 256        ceiling, floor, growth, computes or cost of all computes in the plan
  always-on                  it never suspends
  destroys                   it is destroyed, or destroyed and made anew
  unknown                    its size is not known before the apply

Exit code: 0, or 2 if a rule holds, or 1 if the input is no plan or an argument makes no sense.
";

/// How a review ends, apart from what it prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// No rule holds.
    Passed,
    /// A rule holds.
    Failed,
}

/// Runs the command: prints a review to stdout, or the help. `colors`: whether the reader sees any.
///
/// *Errors.* One line for whoever called it: an argument or an input that makes no sense.
pub fn run(arguments: impl IntoIterator<Item = OsString>, colors: bool) -> Result<Ending, String> {
    let Some(options) = options(lexopt::Parser::from_args(arguments))? else {
        print(HELP)?;
        return Ok(Ending::Passed);
    };
    let plan = plan::read(input(options.file.as_deref())?).map_err(|error| error.to_string())?;
    let summary = Summary::of(plan);
    let price = options.price.as_ref();
    let verdicts: Vec<_> = options.rules.iter().map(|it| it.judge(&summary, price)).collect();
    let report = Report { summary: &summary, verdicts: &verdicts, price };
    let output = match options.format {
        Format::Text => text::text(&report, colors),
        Format::Markdown => markdown::markdown(&report),
        Format::Json => json::json(&report),
        Format::Sarif => sarif::sarif(&report, options.root.as_deref()),
    };
    print(&output)?;
    if options.format != Format::Text {
        for line in report.broken() {
            let _ = writeln!(io::stderr(), "{}", figures::printable(&line));
        }
    }
    Ok(if verdicts.iter().any(|it| !it.holds.is_empty()) { Ending::Failed } else { Ending::Passed })
}

#[derive(Clone, Copy, PartialEq)]
enum Format {
    Text,
    Markdown,
    Json,
    Sarif,
}

struct Options {
    file: Option<PathBuf>,
    format: Format,
    rules: Vec<Rule>,
    price: Option<Price>,
    root: Option<PathBuf>,
}

/// The options; none if help is asked for.
fn options(mut parser: lexopt::Parser) -> Result<Option<Options>, String> {
    let mut options =
        Options { file: None, format: Format::Text, rules: Vec::new(), price: None, root: None };
    let plain = |error: lexopt::Error| format!("Wrong arguments: {error}; see `review --help`.");
    while let Some(argument) = parser.next().map_err(plain)? {
        match argument {
            Short('h') | Long("help") => return Ok(None),
            Long("format") => {
                let name = parser.value().and_then(ValueExt::string).map_err(plain)?;
                options.format = match name.as_str() {
                    "text" => Format::Text,
                    "markdown" => Format::Markdown,
                    "json" => Format::Json,
                    "sarif" => Format::Sarif,
                    _ => {
                        return Err(format!(
                            "`--format {name}`: there are text, markdown, json and sarif."
                        ));
                    }
                };
            }
            Long("fail-on") => {
                let text = parser.value().and_then(ValueExt::string).map_err(plain)?;
                let rule =
                    Rule::parse(&text).map_err(|it| format!("`--fail-on '{text}'`: {it}."))?;
                options.rules.push(rule);
            }
            Long("price-per-cu-hour") => {
                let text = parser.value().and_then(ValueExt::string).map_err(plain)?;
                options.price = Some(Price::parse(&text).ok_or_else(|| {
                    format!(
                        "`--price-per-cu-hour '{text}'`: write `0.111`, `$0.111` or `0.111 EUR`."
                    )
                })?);
            }
            Long("root") => {
                let root = PathBuf::from(parser.value().map_err(plain)?);
                if !root.is_dir() {
                    return Err(format!("`--root {}`: there is no such folder.", root.display()));
                }
                options.root = Some(root);
            }
            Value(file) if options.file.is_none() => options.file = Some(file.into()),
            other => return Err(plain(other.unexpected())),
        }
    }
    if options.price.is_none() && options.rules.iter().any(Rule::needs_a_price) {
        return Err("A rule about `cost` takes `--price-per-cu-hour`.".to_owned());
    }
    if options.root.is_some() && options.format != Format::Sarif {
        return Err("`--root` goes with `--format sarif`: no other format shows files.".to_owned());
    }
    Ok(Some(options))
}

fn input(file: Option<&Path>) -> Result<Box<dyn BufRead>, String> {
    match file {
        Some(file) if file.is_dir() => Err(format!("`{}` is a folder.", file.display())),
        Some(file) if file != Path::new("-") => match File::open(file) {
            Ok(it) => Ok(Box::new(BufReader::new(it))),
            Err(error) => Err(format!("`{}` cannot be read: {error}.", file.display())),
        },
        _ if io::stdin().is_terminal() => {
            Err("There is no plan: pass on what `terraform show -json PLANFILE` prints, or name a \
                 file; see `review --help`."
                .to_owned())
        }
        _ => Ok(Box::new(io::stdin().lock())),
    }
}

/// Writes to stdout, which outside of a handshake is a person's.
fn print(text: &str) -> Result<(), String> {
    match io::stdout().write_all(text.as_bytes()) {
        // Who reads only the beginning has not failed.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(format!("The review cannot be written: {error}."))
        }
        _ => Ok(()),
    }
}
