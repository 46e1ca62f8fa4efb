//! Reviews plans: what they do to compute and data, for people and for checks.
//!
//! The command `review` reads what `terraform show -json` prints and needs neither Terraform nor the
//! Lakebase API. Start reading at [`run`]; then [`world`], which decides what happens to a compute,
//! and [`rule`].

mod address;
mod figures;
mod html;
mod json;
mod markdown;
mod message;
mod objects;
mod options;
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
use std::io::{self, BufRead, BufReader, BufWriter, IsTerminal as _, Write};
use std::path::Path;

use jiff::Zoned;

use message::Message;
use options::{Format, HELP, Options};
use report::Report;
use rule::Exceptions;
use summary::Summary;

/// How a review ends, apart from what it prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewStatus {
    /// Every rule holds, or its exception does.
    Passed,
    /// A rule holds.
    Failed,
}

/// How many lines about a failure stderr gets.
const LINES: usize = 20;

/// Runs the command: prints a review to stdout, or the help. `colors`: whether the reader sees any.
///
/// *Errors.* One line: an argument or an input that is invalid.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    colors: bool,
) -> Result<ReviewStatus, String> {
    let Some(options) = options::read(lexopt::Parser::from_args(arguments))? else {
        print(|to| to.write_all(HELP.as_bytes()))?;
        return Ok(ReviewStatus::Passed);
    };
    let plans = plans(&options)?;
    let price = options.price.as_ref();
    let exceptions = Exceptions::new(&options.rules.exceptions, Zoned::now().date());
    let rules = options.rules.rules.iter();
    let verdicts: Vec<_> = rules.map(|rule| rule.evaluate(&plans, price, &exceptions)).collect();
    let idle = verdicts.iter().filter(|verdict| verdict.is_idle);
    let idle = idle.map(|verdict| {
        Message::new("The scope of {} matches nothing in the plan.", &[&verdict.rule.text])
    });
    let report = Report {
        complaints: idle.chain(exceptions.complaints()).collect(),
        plans: &plans,
        verdicts: &verdicts,
        strict: options.strict,
        price,
    };
    let write = |format, colors, to: &mut dyn Write| match format {
        Format::Text => to.write_all(text::text(&report, colors).as_bytes()),
        Format::Markdown => {
            to.write_all(markdown::markdown(&report, options.tag.as_deref()).as_bytes())
        }
        Format::Json => json::json(&report, to),
        Format::Sarif => sarif::sarif(&report, &options.roots, to),
        Format::Html => to.write_all(html::html(&report).as_bytes()),
    };
    for (format, file) in &options.outputs {
        let written = File::create(file).and_then(|created| {
            let mut to = BufWriter::new(created);
            write(*format, false, &mut to)?;
            to.flush()
        });
        written.map_err(|error| format!("Could not write `{}`: {error}.", file.display()))?;
    }
    print(|to| write(options.format, colors, to))?;
    let failed_checks = report.failed_checks();
    if options.format != Format::Text {
        let warned = [report.warned(), text::warnings(&report)].concat();
        for message in failed_checks.iter().chain(&warned).take(LINES) {
            let _ = writeln!(io::stderr(), "{}", message.plain());
        }
        let more = (failed_checks.len() + warned.len()).saturating_sub(LINES);
        if more > 0 {
            let _ = writeln!(io::stderr(), "and {more} more, which the review shows");
        }
    }
    Ok(if failed_checks.is_empty() { ReviewStatus::Passed } else { ReviewStatus::Failed })
}

fn plans(options: &Options) -> Result<Vec<Summary>, String> {
    if options.files.is_empty() {
        let plan = plan::read(stdin()?).map_err(|error| error.to_string())?;
        return Ok(vec![Summary::of(plan, "-".to_owned())]);
    }
    let mut plans = Vec::new();
    for file in &options.files {
        let label = file.display().to_string();
        let plan = plan::read(input(file)?).map_err(|error| match options.files.len() {
            1 => error.to_string(),
            _ => format!("`{label}`: {error}"),
        })?;
        plans.push(Summary::of(plan, label));
    }
    Ok(plans)
}

fn input(file: &Path) -> Result<Box<dyn BufRead>, String> {
    if file == Path::new("-") {
        return stdin();
    }
    if file.is_dir() {
        return Err(format!("`{}` is a directory.", file.display()));
    }
    match File::open(file) {
        Ok(file) => Ok(Box::new(BufReader::new(file))),
        Err(error) => Err(format!("Could not read `{}`: {error}.", file.display())),
    }
}

fn stdin() -> Result<Box<dyn BufRead>, String> {
    if io::stdin().is_terminal() {
        return Err(
            "There is no plan: pipe what `terraform show -json PLANFILE` prints, or name a \
                    file; see `review --help`."
                .to_owned(),
        );
    }
    Ok(Box::new(io::stdin().lock()))
}

/// Writes to stdout, which outside of a handshake is a person's.
fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), String> {
    let mut to = BufWriter::new(io::stdout().lock());
    match write(&mut to).and_then(|()| to.flush()) {
        // A reader that wants only the beginning has not failed.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(format!("Could not write the review: {error}."))
        }
        _ => Ok(()),
    }
}
