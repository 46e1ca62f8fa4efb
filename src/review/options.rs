//! Reads the command line of `review`.

use std::path::PathBuf;

use lexopt::prelude::{Long, Short, Value, ValueExt};

use super::figures::Price;
use super::rule::{Rule, RulesFile, Severity};

/// The help of the command.
pub const HELP: &str = "\
Shows how a plan changes compute and data: sizes, memory, connections, scale to zero, high
availability and CU-hours per month, before and after, and which data is destroyed.

Usage: terraform show -json PLANFILE | terraform-provider-lakebase review [options] [FILE]...

FILE contains the output of `terraform show -json` and replaces standard input. With several files,
the review shows totals for each plan and for all plans together.

Options:
  --format FORMAT            text, markdown, json, sarif or html (default text)
  --output FORMAT=FILE       also write this format to a file; may be repeated
  --fail-on RULE             exit with 2 if the rule matches; may be repeated
  --warn-on RULE             warn if the rule matches; may be repeated
  --rules FILE               read rules and exceptions from a TOML file
  --strict                   also exit with 2 if a rule is undecided, if a plan ended with an error,
                             is partial or defers changes, or if a scope matches nothing
  --price-per-cu-hour PRICE  also show costs, for example 0.111, $0.111 or '0.111 EUR'
  --root DIR                 directory of the root module, for files and lines in sarif; with
                             several files, set it once for all or once for each
  --tag TAG                  start markdown with a hidden marker that identifies the comment
  -h, --help                 print this help

A rule is a condition, optionally followed by `in PATTERN` or `not in PATTERN`. A pattern is an
address or a resource name (projects/...), in which `*` matches any text:
  ceiling > 64               maximum CU of all computes of an endpoint together
  floor > 8                  CU that always run
  range > 8                  difference between minimum and maximum CU
  growth > 2x                ceiling relative to the current ceiling
  increase > 16              increase of the ceiling, in CU
  computes > 1               number of computes (high availability)
  connections < 200          connection limit at the maximum
  cost > 500                 maximum cost per month; requires --price-per-cu-hour
  cost-increase > 100        increase of the cost per month; requires --price-per-cu-hour
  total ceiling > 256        the same for all computes together: ceiling, floor, growth,
                             increase, computes, cost or cost-increase
  always-on                  the compute never suspends
  destroys                   the object is destroyed or replaced; also for projects, branches and
                             databases
  unknown                    one of these values is known only after apply

Exit codes: 0 if the review passes, 2 if it fails, 1 if the input is not a plan or an argument is
invalid.
";

/// What the command is told.
pub struct Options {
    /// The plans; none for the standard input.
    pub files: Vec<PathBuf>,
    /// The format for stdout.
    pub format: Format,
    /// What is written to files.
    pub outputs: Vec<(Format, PathBuf)>,
    /// The rules, and exceptions to them.
    pub rules: RulesFile,
    /// Whether everything that is not certain fails.
    pub strict: bool,
    /// What a CU costs for an hour.
    pub price: Option<Price>,
    /// The directories of the root modules.
    pub roots: Vec<PathBuf>,
    /// The marker of comments.
    pub tag: Option<String>,
}

/// A format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Tables and sentences for a terminal.
    Text,
    /// GitHub-flavored Markdown for a comment on a pull request.
    Markdown,
    /// JSON by the schema in docs, for programs.
    Json,
    /// SARIF 2.1.0 for code scanning.
    Sarif,
    /// One HTML page without scripts or links to other files.
    Html,
}

impl Format {
    const ALL: [(&'static str, Format); 5] = [
        ("text", Format::Text),
        ("markdown", Format::Markdown),
        ("json", Format::Json),
        ("sarif", Format::Sarif),
        ("html", Format::Html),
    ];

    fn parse(name: &str) -> Option<Format> {
        Format::ALL.iter().find(|(known, _)| *known == name).map(|(_, format)| *format)
    }
}

/// The options; none if help is asked for.
///
/// *Errors.* The option that is invalid, and what is possible, in one line.
pub fn read(mut parser: lexopt::Parser) -> Result<Option<Options>, String> {
    let mut options = Options {
        files: Vec::new(),
        format: Format::Text,
        outputs: Vec::new(),
        rules: RulesFile::default(),
        strict: false,
        price: None,
        roots: Vec::new(),
        tag: None,
    };
    let plain = |error: lexopt::Error| format!("Invalid arguments: {error}; see `review --help`.");
    let formats = "valid formats are text, markdown, json, sarif and html";
    while let Some(argument) = parser.next().map_err(plain)? {
        let name = match argument {
            Short('h') | Long("help") => return Ok(None),
            Value(file) => {
                options.files.push(file.into());
                continue;
            }
            Long(name) => name.to_owned(),
            other @ Short(_) => return Err(plain(other.unexpected())),
        };
        let mut text = || parser.value().and_then(ValueExt::string).map_err(plain);
        match &*name {
            "format" => {
                let name = text()?;
                options.format = Format::parse(&name)
                    .ok_or_else(|| format!("Invalid `--format {name}`: {formats}."))?;
            }
            "output" => {
                let text = text()?;
                let (format, file) = text.split_once('=').unwrap_or((&text, ""));
                let format = Format::parse(format).filter(|_| !file.is_empty());
                let format = format.ok_or_else(|| {
                    format!("Invalid `--output {text}`: expected FORMAT=FILE; {formats}.")
                })?;
                options.outputs.push((format, file.into()));
            }
            "fail-on" | "warn-on" => {
                let severity = if name == "fail-on" { Severity::Deny } else { Severity::Warn };
                let text = text()?;
                let rule = Rule::parse(&text, severity);
                let rule =
                    rule.map_err(|error| format!("Invalid `--{name} '{text}'`: {error}."))?;
                options.rules.rules.push(rule);
            }
            "rules" => {
                let file = text()?;
                let content = std::fs::read_to_string(&file)
                    .map_err(|error| format!("Could not read the rules `{file}`: {error}."))?;
                let rules = RulesFile::parse(&content)
                    .map_err(|error| format!("Invalid rules `{file}`: {error}."))?;
                options.rules.rules.extend(rules.rules);
                options.rules.exceptions.extend(rules.exceptions);
            }
            "strict" => options.strict = true,
            "price-per-cu-hour" => {
                let text = text()?;
                options.price = Some(Price::parse(&text).ok_or_else(|| {
                    format!(
                        "Invalid `--price-per-cu-hour '{text}'`: write `0.111`, `$0.111` or \
                         `0.111 EUR`."
                    )
                })?);
            }
            "root" => {
                let root = PathBuf::from(parser.value().map_err(plain)?);
                if !root.is_dir() {
                    return Err(format!("Invalid `--root {}`: not a directory.", root.display()));
                }
                options.roots.push(root);
            }
            "tag" => {
                let tag = text()?;
                let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
                if tag.is_empty() || !tag.chars().all(is_plain) || tag.contains("--") {
                    return Err(format!(
                        "Invalid `--tag {tag}`: use letters, digits, `.`, `/`, `_` and single `-`."
                    ));
                }
                options.tag = Some(tag);
            }
            _ => return Err(plain(Long(&name).unexpected())),
        }
    }
    if options.price.is_none() && options.rules.rules.iter().any(Rule::needs_a_price) {
        return Err("Rules on cost require `--price-per-cu-hour`.".to_owned());
    }
    let writes =
        |format| options.format == format || options.outputs.iter().any(|it| it.0 == format);
    if !options.roots.is_empty() && !writes(Format::Sarif) {
        return Err("`--root` requires the format sarif.".to_owned());
    }
    if options.tag.is_some() && !writes(Format::Markdown) {
        return Err("`--tag` requires the format markdown.".to_owned());
    }
    if options.roots.len() > 1 && options.roots.len() != options.files.len() {
        return Err("Set `--root` once, or once for each file.".to_owned());
    }
    Ok(Some(options))
}
