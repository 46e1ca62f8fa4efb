//! The review for programs. Its form is documented in docs/guides/review.schema.json.

use serde::Serialize;

use super::figures::{self, Price};
use super::report::Report;
use super::row::{Outcome, Row};
use super::rule::{Match, Verdict};
use super::summary::Total;
use crate::compute::capacity::{GB_PER_CU, max_connections};
use crate::compute::{Compute, HOURS_PER_MONTH, Suspension};

/// The version of the form. The first number grows when a reader of the former form would be
/// misled, the second when something is added.
const FORMAT_VERSION: &str = "1.0";

/// The review in JSON.
pub(super) fn json(report: &Report<'_>) -> String {
    let summary = report.summary;
    let document = Document {
        format_version: FORMAT_VERSION,
        terraform_version: &summary.terraform_version,
        complete: summary.complete,
        errored: summary.errored,
        price_per_cu_hour: report.price.map(|it| PriceJson {
            amount: it.amount,
            currency: format!("{}{}", it.before.trim(), it.after.trim()),
        }),
        changes: summary.rows.iter().map(|it| change(it, report.price)).collect(),
        unchanged: summary.unchanged,
        totals: Totals {
            before: total(&summary.before, report.price),
            after: total(&summary.after, report.price),
        },
        rules: report.verdicts.iter().map(|it| verdict(it, &summary.rows)).collect(),
        notes: report.notes(),
    };
    let text = serde_json::to_string_pretty(&document).expect("it has no maps with odd keys");
    text + "\n"
}

#[derive(Serialize)]
struct Document<'a> {
    format_version: &'a str,
    terraform_version: &'a str,
    complete: bool,
    errored: bool,
    price_per_cu_hour: Option<PriceJson>,
    changes: Vec<ChangeJson<'a>>,
    unchanged: usize,
    totals: Totals,
    rules: Vec<RuleJson<'a>>,
    notes: Vec<&'static str>,
}

#[derive(Serialize)]
struct PriceJson {
    amount: f64,
    currency: String,
}

#[derive(Serialize)]
struct ChangeJson<'a> {
    address: &'a str,
    previous_address: Option<&'a str>,
    deposed: Option<&'a str>,
    resource_type: &'a str,
    subject: &'static str,
    name: Option<&'a str>,
    action: &'static str,
    imported: bool,
    before: Option<SizeJson>,
    after: Option<SizeJson>,
    findings: Vec<FindingJson>,
}

#[derive(Serialize)]
struct FindingJson {
    id: &'static str,
    message: String,
}

#[derive(Serialize)]
struct SizeJson {
    min_cu: Option<f64>,
    max_cu: Option<f64>,
    min_ram_gb: Option<f64>,
    max_ram_gb: Option<f64>,
    max_connections: Option<i64>,
    always_on: Option<bool>,
    suspends_after: Option<String>,
    disabled: Option<bool>,
    computes: Option<i64>,
    floor_cu_hours_per_month: Option<f64>,
    ceiling_cu_hours_per_month: Option<f64>,
    floor_cost_per_month: Option<f64>,
    ceiling_cost_per_month: Option<f64>,
}

#[derive(Serialize)]
struct Totals {
    before: TotalJson,
    after: TotalJson,
}

#[derive(Serialize)]
struct TotalJson {
    endpoints: usize,
    unknown_size: usize,
    computes: i64,
    always_on: usize,
    high_availability: usize,
    min_cu: f64,
    max_cu: f64,
    min_ram_gb: f64,
    max_ram_gb: f64,
    max_connections: i64,
    floor_cu_hours_per_month: f64,
    ceiling_cu_hours_per_month: f64,
    floor_cost_per_month: Option<f64>,
    ceiling_cost_per_month: Option<f64>,
}

#[derive(Serialize)]
struct RuleJson<'a> {
    rule: &'a str,
    verdict: &'static str,
    matches: Vec<MatchJson<'a>>,
}

#[derive(Serialize)]
struct MatchJson<'a> {
    address: Option<&'a str>,
    subject: Option<&'static str>,
    decided: bool,
    message: &'a str,
}

fn change<'a>(row: &'a Row, price: Option<&Price>) -> ChangeJson<'a> {
    let size = |it: &Compute| size(it, price);
    ChangeJson {
        address: &row.address,
        previous_address: row.previous_address.as_deref(),
        deposed: row.deposed.as_deref(),
        resource_type: &row.resource_type,
        subject: row.subject.id(),
        name: row.name.as_deref(),
        action: match row.outcome {
            Outcome::Added => "create",
            Outcome::Adopted => "adopt",
            Outcome::Changed => "update",
            Outcome::Replaced => "replace",
            Outcome::Destroyed => "delete",
            Outcome::LeftAlone => "forget",
        },
        imported: row.imported,
        before: row.sides.before.as_ref().map(size),
        after: row.sides.after.as_ref().map(size),
        findings: row
            .findings
            .iter()
            .map(|it| FindingJson { id: it.kind.id(), message: it.text() })
            .collect(),
    }
}

fn size(it: &Compute, price: Option<&Price>) -> SizeJson {
    let hours = |cu: Option<f64>| cu.map(|it| it * HOURS_PER_MONTH);
    let cost = |cu: Option<f64>| Some(price?.of(cu?));
    SizeJson {
        min_cu: it.min_cu,
        max_cu: it.max_cu,
        min_ram_gb: it.min_cu.map(|it| it * GB_PER_CU),
        max_ram_gb: it.max_cu.map(|it| it * GB_PER_CU),
        max_connections: it.max_cu.map(max_connections),
        always_on: it.always_on(),
        suspends_after: match it.suspension {
            Some(Suspension::After(it)) => Some(figures::duration(it)),
            Some(Suspension::Never) | None => None,
        },
        disabled: it.disabled,
        computes: it.computes,
        floor_cu_hours_per_month: hours(it.floor_cu()),
        ceiling_cu_hours_per_month: hours(it.ceiling_cu()),
        floor_cost_per_month: cost(it.floor_cu()),
        ceiling_cost_per_month: cost(it.ceiling_cu()),
    }
}

fn total(it: &Total, price: Option<&Price>) -> TotalJson {
    TotalJson {
        endpoints: it.endpoints,
        unknown_size: it.unknown_size,
        computes: it.computes,
        always_on: it.always_on,
        high_availability: it.high_availability,
        min_cu: it.min_cu,
        max_cu: it.ceiling_cu,
        min_ram_gb: it.min_cu * GB_PER_CU,
        max_ram_gb: it.ceiling_cu * GB_PER_CU,
        max_connections: it.connections,
        floor_cu_hours_per_month: it.floor_cu * HOURS_PER_MONTH,
        ceiling_cu_hours_per_month: it.ceiling_cu * HOURS_PER_MONTH,
        floor_cost_per_month: price.map(|price| price.of(it.floor_cu)),
        ceiling_cost_per_month: price.map(|price| price.of(it.ceiling_cu)),
    }
}

fn verdict<'a>(verdict: &'a Verdict, rows: &'a [Row]) -> RuleJson<'a> {
    let place = |it: &'a Match, decided| MatchJson {
        address: it.row.map(|at| rows[at].address.as_str()),
        subject: it.row.map(|at| rows[at].subject.id()),
        decided,
        message: &it.reason,
    };
    let holds = verdict.holds.iter().map(|it| place(it, true));
    RuleJson {
        rule: &verdict.rule,
        verdict: match (verdict.holds.is_empty(), verdict.open.is_empty()) {
            (false, _) => "holds",
            (true, false) => "undecided",
            (true, true) => "clear",
        },
        matches: holds.chain(verdict.open.iter().map(|it| place(it, false))).collect(),
    }
}
