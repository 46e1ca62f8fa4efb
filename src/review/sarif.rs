//! SARIF 2.1.0, the format of code scanning: a result for each change, finding and rule that holds.
//!
//! The form is that of the standard, <https://docs.oasis-open.org/sarif/sarif/v2.1.0/>.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::iter;
use std::path::Path;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::{Serialize, Serializer};
use serde_json::{Value as Json, json};

use super::figures::{cells, headings};
use super::report::Report;
use super::row::{Row, Subject};
use super::sources::Sources;
use crate::compute::finding::Kind;
use crate::resources::endpoint::{DISABLED, GROUP, NO_SUSPENSION, RANGE, SUSPEND_AFTER};
use crate::resources::project::DEFAULT_ENDPOINT_SETTINGS;

/// The review in SARIF. `root` is the folder of the root module, if it is here.
pub(super) fn sarif(report: &Report<'_>, root: Option<&Path>) -> String {
    let locator = RefCell::new(Locator { sources: root.map(Sources::new) });
    let rules = RULES.map(|(id, level, description)| {
        json!({
            "id": id,
            "shortDescription": { "text": description },
            "defaultConfiguration": { "level": level },
        })
    });
    let document = Document {
        schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: json!({ "driver": {
                "name": "terraform-provider-lakebase",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }}),
            results: Results(|| results(report, &locator)),
        }],
    };
    let text = serde_json::to_string_pretty(&document).expect("it has no maps with odd keys");
    text + "\n"
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

fn results(report: &Report<'_>, locator: &RefCell<Locator>) -> impl Iterator<Item = Json> {
    let rows = report.summary.rows.iter().flat_map(move |row| {
        let result =
            move |rule, message: &str, kind| result(rule, message, Some(row), kind, locator);
        let findings = row.findings.iter();
        let findings = findings.map(move |it| result(it.kind.id(), &it.text(), Some(it.kind)));
        iter::once(result("compute-change", &change(row, report), None)).chain(findings)
    });
    let verdicts = report.verdicts.iter();
    let places = verdicts.flat_map(|verdict| verdict.holds.iter().map(move |it| (verdict, it)));
    rows.chain(places.map(move |(verdict, it)| {
        let row = it.row.map(|at| &report.summary.rows[at]);
        let message = report.place(&verdict.rule, it);
        let mut found = result("fail-on", &message, row, None, locator);
        found["partialFingerprints"]["rule/v1"] = verdict.rule.as_str().into();
        found
    }))
}

/// The rules, as code scanning knows them, with their levels.
const RULES: [(&str, &str, &str); 6] = [
    ("compute-change", "note", "The plan changes a compute"),
    ("ceiling-doubles", "warning", "The ceiling of a compute at least doubles"),
    ("always-on", "warning", "Scale to zero is turned off"),
    ("high-availability", "warning", "High availability is turned on"),
    ("undocumented-size", "warning", "A size is outside what the service documents"),
    ("fail-on", "error", "A rule of `--fail-on` holds"),
];

fn result(
    rule: &str,
    message: &str,
    row: Option<&Row>,
    kind: Option<Kind>,
    locator: &RefCell<Locator>,
) -> Json {
    let index = RULES.iter().position(|(id, ..)| *id == rule);
    let place =
        row.map_or("the plan".to_owned(), |it| format!("{} {}", it.subject.id(), it.address));
    json!({
        "ruleId": rule,
        "ruleIndex": index,
        "level": index.map(|at| RULES[at].1),
        "message": { "text": message },
        "locations": row.map(|row| locator.borrow_mut().location(row, kind)).into_iter().collect::<Vec<_>>(),
        "partialFingerprints": { "resource/v1": format!("{rule} {place}") },
    })
}

/// What changes, in a sentence.
fn change(row: &Row, report: &Report<'_>) -> String {
    let mut text = format!("`{}` is {}", row.address, row.outcome.word());
    for remark in row.remarks() {
        let _ = write!(text, ", {remark}");
    }
    let headings = headings(row.subject, report.price);
    for (at, (heading, cell)) in headings.iter().zip(cells(row, report.price)).enumerate() {
        let before = cell.before.map(|it| format!("{it} → ")).unwrap_or_default();
        let start = if at == 0 { ": " } else { "; " };
        let _ = write!(text, "{start}{heading} {before}{}", cell.after);
    }
    text + "."
}

struct Locator {
    sources: Option<Sources>,
}

impl Locator {
    fn location(&mut self, row: &Row, kind: Option<Kind>) -> Json {
        let (within, attributes) = match row.subject {
            Subject::Compute => (None, attributes(row, kind)),
            Subject::Defaults => (Some(DEFAULT_ENDPOINT_SETTINGS.name()), attributes(row, kind)),
            Subject::ComesAlong => (None, Vec::new()),
        };
        let mut location = json!({
            "logicalLocations": [{ "fullyQualifiedName": row.address, "kind": "resource" }],
        });
        let place = self.sources.as_mut().and_then(|it| it.find(&row.address, within, &attributes));
        if let Some(place) = place {
            location["physicalLocation"] = json!({
                "artifactLocation": artifact(&place.file),
                "region": { "startLine": place.line },
            });
        }
        location
    }
}

/// What a result is about: code scanning shows those on lines that a pull request changes.
fn attributes(row: &Row, kind: Option<Kind>) -> Vec<&'static str> {
    let suspension = [NO_SUSPENSION.name(), SUSPEND_AFTER.name()];
    match kind {
        Some(Kind::CeilingDoubles) => return vec![RANGE.max.name()],
        Some(Kind::UndocumentedSize) => return vec![RANGE.max.name(), RANGE.min.name()],
        Some(Kind::AlwaysOn) => return suspension.into(),
        Some(Kind::HighAvailability) => return vec![GROUP.name()],
        None => {}
    }
    let (before, after) =
        (row.sides.before.unwrap_or_default(), row.sides.after.unwrap_or_default());
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
    let parts = parts.filter_map(|it| it.as_os_str().to_str()).filter(|it| *it != "/");
    let parts: Vec<_> = parts.map(|it| utf8_percent_encode(it, NOT_IN_PATHS).to_string()).collect();
    match relative {
        Some(_) => json!({ "uri": parts.join("/"), "uriBaseId": "%SRCROOT%" }),
        None => json!({ "uri": format!("file:///{}", parts.join("/")) }),
    }
}
