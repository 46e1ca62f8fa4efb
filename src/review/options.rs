//! Reads the command line of `review`.

use std::path::PathBuf;

use lexopt::prelude::{Long, Short, Value, ValueExt};

use super::figures::Price;
use super::rule::{Rule, RulesFile, Severity};

/// The help of the command.
pub const HELP: &str = "\
Reviews what a plan does to compute and data: sizes, memory, connections, scale to zero, high
availability and the CU-hours of a month, before and after; and what is destroyed.

Usage: terraform show -json PLANFILE | terraform-provider-lakebase review [options] [FILE]...

FILE is what `terraform show -json` printed, instead of the standard input. Several files are one
review, with totals for each and together.

Options:
  --format FORMAT            text, markdown, json, sarif or html (default text)
  --output FORMAT=FILE       write that format to a file too; may be repeated
  --fail-on RULE             exit with 2 if the rule holds; may be repeated
  --warn-on RULE             warn if the rule holds; may be repeated
  --rules FILE               read rules and exceptions from a TOML file
  --strict                   exit with 2 as well if a rule is undecided, a plan ended with an error,
                             is partial or defers changes, or a scope matches nothing
  --price-per-cu-hour PRICE  show money too, e.g. 0.111, $0.111 or '0.111 EUR'
  --root DIR                 the directory of the root module, for files and lines in sarif; with
                             several files once for all, or once for each
  --tag TAG                  begin markdown with a hidden marker, by which a comment can be updated
  -h, --help                 print this

Rules are a condition, and `in PATTERN` or `not in PATTERN` behind it if you like. A pattern is an
address or a resource name (projects/...), in which `*` stands for anything:
  ceiling > 64               CU at most, all computes of an endpoint together
  floor > 8                  CU that run at any time
  range > 8                  CU between minimum and maximum
  growth > 2x                the ceiling, compared with the one before
  increase > 16              CU that the ceiling increases by
  computes > 1               high availability
  connections < 200          connections at the maximum
  cost > 500                 money a month at most; needs --price-per-cu-hour
  cost-increase > 100        money a month more than before; needs --price-per-cu-hour
  total ceiling > 256        the same of all computes together: ceiling, floor, growth, increase,
                             computes, cost or cost-increase
  always-on                  it never suspends
  destroys                   it is destroyed, or destroyed and created again; projects, branches and
                             databases too
  unknown                    one of these quantities is not known before the apply

Exit code: 0, or 2 if the review fails, or 1 if the input is not a plan or an argument is invalid.
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
    /// For terminals.
    Text,
    /// For comments.
    Markdown,
    /// For programs.
    Json,
    /// For code scanning.
    Sarif,
    /// For browsers.
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
        Format::ALL.iter().find(|(it, _)| *it == name).map(|(_, format)| *format)
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
    let formats = "use text, markdown, json, sarif or html";
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
                    format!("Invalid `--output {text}`: write FORMAT=FILE, and {formats}.")
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
                let is_plain = |it: char| it.is_ascii_alphanumeric() || "-_./".contains(it);
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
        return Err("A rule about cost needs `--price-per-cu-hour`.".to_owned());
    }
    let writes =
        |format| options.format == format || options.outputs.iter().any(|it| it.0 == format);
    if !options.roots.is_empty() && !writes(Format::Sarif) {
        return Err("`--root` is for the format sarif: no other format shows files.".to_owned());
    }
    if options.tag.is_some() && !writes(Format::Markdown) {
        return Err("`--tag` is for the format markdown.".to_owned());
    }
    if options.roots.len() > 1 && options.roots.len() != options.files.len() {
        return Err("Give `--root` once, or once for each file.".to_owned());
    }
    Ok(Some(options))
}
