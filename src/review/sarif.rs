//! Writes a review as SARIF 2.1.0, the format of code scanning: a result for each change, finding
//! and rule that holds.
//!
//! The form is that of the standard, <https://docs.oasis-open.org/sarif/sarif/v2.1.0/>, and of what
//! GitHub's code scanning accepts besides: every result has a physical location, a run has at most
//! 25,000 results.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::{Serialize, Serializer};
use serde_json::{Value as Json, json};

use super::figures::{cells, headings};
use super::message::Message;
use super::objects::ObjectRow;
use super::report::Report;
use super::row::{Row, Subject};
use super::rule::{Match, Place, Severity, Verdict};
use super::sources::Sources;
use crate::compute::finding::FindingKind;
use crate::resources::endpoint::{DISABLED, GROUP, NO_SUSPENSION, RANGE, SUSPEND_AFTER};
use crate::resources::project::DEFAULT_ENDPOINT_SETTINGS;

/// As many results as code scanning accepts in a run.
const MOST: usize = 25_000;

/// Writes the review in SARIF. `roots` are the directories of the root modules: one for all plans, or one
/// for each.
///
/// *Errors.* That of the writer.
pub(super) fn sarif(report: &Report<'_>, roots: &[PathBuf], to: &mut dyn Write) -> io::Result<()> {
    let mut sources: Vec<_> = roots.iter().map(|root| Sources::new(root)).collect();
    if sources.is_empty() {
        sources.push(Sources::new(Path::new(".")));
    }
    let locator = RefCell::new(Locator { sources });
    let rules = rules().map(|(id, level, description)| {
        json!({
            "id": id,
            "shortDescription": { "text": description },
            "defaultConfiguration": { "level": level },
        })
    });
    let all = results(report, &locator).count();
    let left_out = all.saturating_sub(MOST);
    let invocation = (left_out > 0).then(|| {
        let text = format!("{left_out} results are omitted: code scanning accepts at most {MOST}.");
        json!({
            "executionSuccessful": true,
            "toolExecutionNotifications": [{ "level": "warning", "message": { "text": text } }],
        })
    });
    let document = Document {
        schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: json!({ "driver": {
                "name": "terraform-provider-lakebase",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.collect::<Vec<_>>(),
            }}),
            invocations: invocation.into_iter().collect(),
            results: Results(|| results(report, &locator).take(MOST).map(|result| result())),
        }],
    };
    serde_json::to_writer_pretty(&mut *to, &document)?;
    writeln!(to)
}

#[derive(Serialize)]
struct Document<R: Serialize> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<R>; 1],
}

#[derive(Serialize)]
struct Run<R: Serialize> {
    tool: Json,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    invocations: Vec<Json>,
    results: R,
}

/// Results that are made while they are written: there can be as many as a plan has resources, and
/// each is larger than all that is kept of one.
struct Results<F>(F);

impl<F: Fn() -> I, I: Iterator<Item = Json>> Serialize for Results<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

/// The results, the most severe first, each to be made when it is written.
fn results<'a>(
    report: &'a Report<'_>,
    locator: &'a RefCell<Locator>,
) -> impl Iterator<Item = Box<dyn FnOnce() -> Json + 'a>> {
    type Later<'a> = Box<dyn FnOnce() -> Json + 'a>;
    let of_rules = move |severity: Severity| {
        let verdicts =
            report.verdicts.iter().filter(move |verdict| verdict.rule.severity == severity);
        let places =
            verdicts.flat_map(|verdict| verdict.holds.iter().map(move |found| (verdict, found)));
        places.map(move |(verdict, found)| -> Later<'a> {
            Box::new(move || of_rule(report, verdict, found, locator))
        })
    };
    let uncertain = if report.strict { report.uncertain() } else { Vec::new() };
    let uncertain = uncertain.into_iter().enumerate().map(move |(at, message)| -> Later<'a> {
        Box::new(move || {
            let about = format!("strict {at}");
            result("strict", &message, &about, &locator.borrow_mut().anywhere(0), None)
        })
    });
    let plans = || report.plans.iter().enumerate();
    let objects = plans()
        .flat_map(move |(plan, summary)| summary.objects.iter().map(move |object| (plan, object)));
    let objects = objects.flat_map(move |(plan, object)| {
        let messages = object.messages().into_iter().enumerate();
        messages.map(move |(at, message)| -> Later<'a> {
            Box::new(move || of_object(object, at, &message, plan, report, locator))
        })
    });
    let rows = move || {
        plans().flat_map(move |(plan, summary)| summary.rows.iter().map(move |row| (plan, row)))
    };
    let findings = rows().flat_map(move |(plan, row)| {
        row.findings.iter().map(move |finding| -> Later<'a> {
            Box::new(move || {
                let message = row.message_of(finding);
                of_row(finding.kind.id(), &message, plan, row, Some(finding.kind), report, locator)
            })
        })
    });
    let changes = rows().filter(|(_, row)| row.is_change());
    let changes = changes.map(move |(plan, row)| -> Later<'a> {
        Box::new(move || {
            of_row("compute-change", &change(row, report), plan, row, None, report, locator)
        })
    });
    of_rules(Severity::Deny)
        .chain(uncertain)
        .chain(of_rules(Severity::Warn))
        .chain(objects)
        .chain(findings)
        .chain(changes)
}

/// The rules, as code scanning knows them: ID, level and description.
fn rules() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let first = [
        ("fail-on", "error", "A rule that fails the review matches"),
        ("strict", "error", "Something is uncertain, and `--strict` fails the review"),
        ("warn-on", "warning", "A rule that warns matches"),
        ("data-protection", "warning", "Data is destroyed, or a protection or a lifetime changes"),
        ("compute-change", "note", "The plan changes a compute"),
    ];
    let findings = FindingKind::ALL.into_iter().map(|kind| {
        let (id, description) = kind.declared();
        (id, "warning", description)
    });
    first.into_iter().chain(findings)
}

fn result(rule: &str, message: &Message, about: &str, location: &Json, more: Option<&str>) -> Json {
    let index = rules().position(|(id, ..)| id == rule);
    let mut result = json!({
        "ruleId": rule,
        "ruleIndex": index,
        "level": index.and_then(|at| rules().nth(at)).map(|(_, level, _)| level),
        "message": { "text": message.plain() },
        "locations": [location],
        "partialFingerprints": { "resource/v1": format!("{rule} {about}") },
    });
    if let Some(more) = more {
        result["partialFingerprints"]["rule/v1"] = more.into();
    }
    result
}

fn of_row(
    rule: &str,
    message: &Message,
    plan: usize,
    row: &Row,
    kind: Option<FindingKind>,
    report: &Report<'_>,
    locator: &RefCell<Locator>,
) -> Json {
    let about = about(report, plan, &row_id(row));
    result(rule, message, &about, &locator.borrow_mut().of_row(plan, row, kind), None)
}

fn of_object(
    object: &ObjectRow,
    at: usize,
    message: &Message,
    plan: usize,
    report: &Report<'_>,
    locator: &RefCell<Locator>,
) -> Json {
    let about = about(report, plan, &format!("object {} {at}", object.address));
    let location = locator.borrow_mut().of_address(plan, &object.address, None, &[]);
    result("data-protection", message, &about, &location, None)
}

fn of_rule(
    report: &Report<'_>,
    verdict: &Verdict<'_>,
    found: &Match,
    locator: &RefCell<Locator>,
) -> Json {
    let rule = match verdict.rule.severity {
        Severity::Deny => "fail-on",
        Severity::Warn => "warn-on",
    };
    let mut locator = locator.borrow_mut();
    let (about, location) = match found.place {
        Place::Row(plan, at) => {
            let row = &report.plans[plan].rows[at];
            (about(report, plan, &row_id(row)), locator.of_row(plan, row, None))
        }
        Place::Object(plan, at) => {
            let object = &report.plans[plan].objects[at];
            let about = about(report, plan, &format!("object {}", object.address));
            (about, locator.of_address(plan, &object.address, None, &[]))
        }
        Place::Totals => ("the totals".to_owned(), locator.anywhere(0)),
    };
    result(rule, &report.place(verdict, found), &about, &location, Some(&verdict.rule.text))
}

fn row_id(row: &Row) -> String {
    let deposed = row.deposed.as_deref().unwrap_or_default();
    let name = row.name.as_deref().unwrap_or_default();
    format!("{} {} {deposed} {name}", row.subject.id(), row.address).trim_end().to_owned()
}

fn about(report: &Report<'_>, plan: usize, what: &str) -> String {
    match report.plans.len() {
        1 => what.to_owned(),
        _ => format!("{} {what}", report.plans[plan].label),
    }
}

/// What changes, in a sentence.
fn change(row: &Row, report: &Report<'_>) -> Message {
    let mut message = Message::new(&format!("{{}} is {}", row.fate.word()), &[&row.address]);
    for remark in row.remarks() {
        message = message.and(Message::new(", ", &[])).and(remark);
    }
    let mut text = String::new();
    let headings = headings(row.subject, report.price);
    for (at, (heading, cell)) in headings.iter().zip(cells(row, report.price)).enumerate() {
        let before = cell.before.map(|it| format!("{it} → ")).unwrap_or_default();
        let start = if at == 0 { ": " } else { "; " };
        let _ = write!(text, "{start}{heading} {before}{}", cell.after);
    }
    message.and(Message::new(&format!("{text}."), &[]))
}

/// Finds the places of results. There is always one: code scanning refuses a file in which a result
/// has none.
struct Locator {
    sources: Vec<Sources>,
}

impl Locator {
    fn of_row(&mut self, plan: usize, row: &Row, kind: Option<FindingKind>) -> Json {
        let (within, attributes) = match row.subject {
            Subject::Compute => (None, attributes(row, kind)),
            Subject::Defaults => (Some(DEFAULT_ENDPOINT_SETTINGS.name()), attributes(row, kind)),
            Subject::Unmanaged => (None, Vec::new()),
        };
        self.of_address(plan, &row.address, within, &attributes)
    }

    fn of_address(
        &mut self,
        plan: usize,
        address: &str,
        within: Option<&str>,
        attributes: &[&str],
    ) -> Json {
        let found = self.sources(plan).find(address, within, attributes);
        let mut location = match found {
            Some(place) => physical(&place.file, place.line),
            None => self.anywhere(plan),
        };
        location["logicalLocations"] =
            json!([{ "fullyQualifiedName": address, "kind": "resource" }]);
        location
    }

    /// The first line of the root module.
    fn anywhere(&mut self, plan: usize) -> Json {
        physical(&self.sources(plan).main_file(), 1)
    }

    fn sources(&mut self, plan: usize) -> &mut Sources {
        let at = plan.min(self.sources.len() - 1);
        &mut self.sources[at]
    }
}

fn physical(file: &Path, line: usize) -> Json {
    json!({
        "physicalLocation": {
            "artifactLocation": artifact(file),
            "region": { "startLine": line },
            // The same without percent-encoding, for programs that name files otherwise.
            "properties": { "file": file.to_string_lossy() },
        },
    })
}

/// What a result is about: code scanning shows those on lines that a pull request changes.
fn attributes(row: &Row, kind: Option<FindingKind>) -> Vec<&'static str> {
    let suspension = [NO_SUSPENSION.name(), SUSPEND_AFTER.name()];
    match kind {
        Some(
            FindingKind::MaximumDoubles | FindingKind::FewerConnections | FindingKind::LargeCompute,
        ) => {
            return vec![RANGE.max.name(), GROUP.name()];
        }
        Some(FindingKind::UndocumentedSize) => return vec![RANGE.max.name(), RANGE.min.name()],
        Some(FindingKind::AlwaysOn | FindingKind::Suspends | FindingKind::SuspendsLater) => {
            return suspension.into();
        }
        Some(FindingKind::HighAvailability | FindingKind::LessAvailable) => {
            return vec![GROUP.name()];
        }
        Some(FindingKind::Enabled | FindingKind::Disabled) => return vec![DISABLED.name()],
        None => {}
    }
    let compute = |side: &super::row::Side| side.compute().copied().unwrap_or_default();
    let (before, after) = (compute(&row.before), compute(&row.after));
    let all = [
        (before.max_cu != after.max_cu, RANGE.max.name()),
        (before.min_cu != after.min_cu, RANGE.min.name()),
        (before.suspension != after.suspension, suspension[0]),
        (before.suspension != after.suspension, suspension[1]),
        (before.computes != after.computes, GROUP.name()),
        (before.disabled != after.disabled, DISABLED.name()),
    ];
    all.into_iter().filter(|(differs, _)| *differs).map(|(_, name)| name).collect()
}

/// A file: below the working directory by its path from there, as code scanning wants it.
fn artifact(file: &Path) -> Json {
    /// What a path in a URI must not contain as it is.
    const NOT_IN_PATHS: &AsciiSet = &CONTROLS
        .add(b' ')
        .add(b'"')
        .add(b'#')
        .add(b'%')
        .add(b'<')
        .add(b'>')
        .add(b'?')
        .add(b'`')
        .add(b'{')
        .add(b'}')
        .add(b'[')
        .add(b']')
        .add(b'\\')
        .add(b'^')
        .add(b'|');
    let here = std::env::current_dir().unwrap_or_default();
    let relative = if file.is_absolute() { file.strip_prefix(here).ok() } else { Some(file) };
    let parts = relative.unwrap_or(file).components();
    let parts =
        parts.filter_map(|component| component.as_os_str().to_str()).filter(|part| *part != "/");
    let parts: Vec<_> =
        parts.map(|part| utf8_percent_encode(part, NOT_IN_PATHS).to_string()).collect();
    match relative {
        Some(_) => json!({ "uri": parts.join("/"), "uriBaseId": "%SRCROOT%" }),
        None => json!({ "uri": format!("file:///{}", parts.join("/")) }),
    }
}
