//! The command `review`: what a plan does to compute, for people and for checks.
//!
//! It reads what `terraform show -json` prints and needs neither Terraform nor the service. Start
//! reading at [`run`]; then [`summary`], which says what is counted.

mod figures;
mod json;
mod markdown;
mod plan;
mod rule;
mod sarif;
mod sources;
mod summary;
mod text;

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use lexopt::prelude::{Long, Short, Value, ValueExt};

use crate::compute::finding::Finding;
use figures::{Cell, Price};
use rule::{Match, Rule, Verdict};
use summary::{Outcome, Row, Subject, Summary};

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

Exit code: 0, or 2 if a rule holds, or 1 if there is nothing to review.
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
    let review = Review { summary: &summary, verdicts: &verdicts, price };
    let output = match options.format {
        Format::Text => text::text(&review, colors),
        Format::Markdown => markdown::markdown(&review),
        Format::Json => json::json(&review),
        Format::Sarif => sarif::sarif(&review, options.root.as_deref()),
    };
    print(&output)?;
    if options.format != Format::Text {
        for line in review.broken() {
            let _ = writeln!(io::stderr(), "{line}");
        }
    }
    Ok(if verdicts.iter().any(|it| !it.holds.is_empty()) { Ending::Failed } else { Ending::Passed })
}

/// What every format shows.
struct Review<'a> {
    summary: &'a Summary,
    verdicts: &'a [Verdict],
    price: Option<&'a Price>,
}

impl Review<'_> {
    /// What changes, in a line.
    fn headline(&self) -> String {
        let changes = self.changes();
        if self.summary.errored {
            format!("The plan ended with an error. {changes}")
        } else {
            changes
        }
    }

    fn changes(&self) -> String {
        let summary = self.summary;
        let computes = summary.rows.iter().filter(|it| it.subject != Subject::Defaults);
        let outcomes: Vec<_> = computes.map(|it| it.outcome).collect();
        if outcomes.is_empty() && summary.is_empty() {
            return "No compute changes".to_owned();
        } else if outcomes.is_empty() {
            return "No compute changes, but the settings of computes to come".to_owned();
        }
        let count = |it: &Outcome| outcomes.iter().filter(|other| *other == it).count();
        let counts = Outcome::ALL.iter().map(|it| (count(it), it.word())).filter(|it| 0 < it.0);
        let counts: Vec<_> = counts.map(|(count, word)| format!("{count} {word}")).collect();
        let (before, after) = (&summary.before, &summary.after);
        let is_whole = before.unknown_size == 0 && after.unknown_size == 0;
        let most = if is_whole {
            let growth = figures::growth(before.ceiling_cu, after.ceiling_cu);
            let growth = growth.map(|it| format!(" ({it})")).unwrap_or_default();
            format!("up to {} CU-hours a month{growth}", figures::hours(after.ceiling_cu))
        } else {
            "not all sizes are known".to_owned()
        };
        format!("Compute: {}; {most}", counts.join(", "))
    }

    /// What the totals are of.
    fn all_computes(&self) -> String {
        let unknown = self.summary.before.unknown_size.max(self.summary.after.unknown_size);
        let mut text = "in total".to_owned();
        if 0 < self.summary.unchanged {
            let _ = write!(text, ", with {} unchanged", self.summary.unchanged);
        }
        if 0 < unknown {
            let _ = write!(text, ", without {unknown} of unknown size");
        }
        text
    }

    fn total_cells(&self) -> Vec<Cell> {
        figures::total_cells(&self.summary.before, &self.summary.after, self.price)
    }

    /// A line for each thing to notice.
    fn findings(&self) -> impl Iterator<Item = String> {
        self.summary.rows.iter().flat_map(|it| &it.findings).map(Finding::text)
    }

    /// A line for each place where a rule holds.
    fn broken(&self) -> impl Iterator<Item = String> {
        self.verdicts.iter().flat_map(|it| it.holds.iter().map(|place| self.place(&it.rule, place)))
    }

    /// A line for each place where a rule may hold.
    fn undecided(&self) -> impl Iterator<Item = String> {
        self.verdicts.iter().flat_map(|it| it.open.iter().map(|place| self.place(&it.rule, place)))
    }

    fn place(&self, rule: &str, it: &Match) -> String {
        match it.row {
            Some(at) => format!("`{rule}`: `{}`, {}", self.summary.rows[at].address, it.reason),
            None => format!("`{rule}`: {}", it.reason),
        }
    }

    /// What a reader must know about the figures.
    fn notes(&self) -> Vec<&'static str> {
        let has = |outcome| self.summary.rows.iter().any(|it| it.outcome == outcome);
        let along = |it: &Row| it.subject == Subject::ComesAlong;
        let unknown_size = self.summary.before.unknown_size + self.summary.after.unknown_size;
        let notes = [
            (
                !self.summary.errored && !self.summary.complete,
                "The plan is partial, as with `-target`: there may be more to change.",
            ),
            (
                self.summary.rows.iter().any(along),
                "The service makes and removes the compute `primary` of a branch together with it; \
                 these are not configured here.",
            ),
            (
                has(Outcome::Adopted),
                "A compute that is taken over exists already; its size before is not in the plan.",
            ),
            (
                has(Outcome::LeftAlone),
                "A compute that is left alone goes on as it is and is billed: Terraform forgets it, or \
                 cannot destroy it, for the service keeps a read-write endpoint as long as its branch.",
            ),
            (
                0 < unknown_size,
                "A size that is unknown is set by the service, or known only in the apply; the totals \
                 are without it.",
            ),
        ];
        notes.into_iter().filter(|(applies, _)| *applies).map(|(_, note)| note).collect()
    }
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
    let plain = |error: lexopt::Error| format!("{error}; see `review --help`.");
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
            Long("root") => options.root = Some(parser.value().map_err(plain)?.into()),
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
