//! Writes a review for programs. Its form is documented in schemas/review-v1.schema.json.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::{Serialize, Serializer};

use super::figures::Price;
use super::message::Message;
use super::objects::ObjectRow;
use super::report::Report;
use super::row::{Row, Side};
use super::rule::{Match, Place, Severity, Verdict};
use super::summary::{Sum, Summary, Total};
use super::text::warnings;
use crate::compute::capacity::{GB_PER_CU, max_connections};
use crate::compute::interval::Interval;
use crate::compute::{Suspension, duration};

/// The version of the form. The first number grows when a reader of the former form would be
/// misled, the second when something is added.
const FORMAT_VERSION: &str = "1.0";

/// Writes the review in JSON.
///
/// *Errors.* That of the writer.
pub(super) fn json(report: &Report<'_>, to: &mut dyn Write) -> io::Result<()> {
    let plain = |messages: Vec<Message>| messages.iter().map(Message::plain).collect();
    let document = Document {
        format_version: FORMAT_VERSION,
        failed: !report.failed_checks().is_empty(),
        price_per_cu_hour: report.price.map(|price| PriceJson {
            amount: price.amount,
            currency: format!("{}{}", price.before.trim(), price.after.trim()),
        }),
        plans: report.plans.iter().map(|plan| plan_json(plan, report.price)).collect(),
        totals: totals(report.computes(), report.computes(), report.price),
        rules: report.verdicts.iter().map(|it| verdict(it, report)).collect(),
        failures: plain(report.failed_checks()),
        warnings: plain([report.warned(), warnings(report)].concat()),
        notes: plain(report.notes()),
    };
    serde_json::to_writer_pretty(&mut *to, &document)?;
    writeln!(to)
}

#[derive(Serialize)]
struct Document<'a> {
    format_version: &'a str,
    failed: bool,
    price_per_cu_hour: Option<PriceJson>,
    plans: Vec<PlanJson<'a>>,
    totals: Totals,
    rules: Vec<RuleJson<'a>>,
    failures: Vec<String>,
    warnings: Vec<String>,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct PriceJson {
    amount: f64,
    currency: String,
}

#[derive(Serialize)]
struct PlanJson<'a> {
    label: &'a str,
    terraform_version: &'a str,
    complete: Option<bool>,
    errored: bool,
    changes: Changes<'a>,
    unchanged: usize,
    objects: Vec<ObjectJson<'a>>,
    drift: Vec<ChangeJson<'a>>,
    deferred: Vec<DeferredJson<'a>>,
    skipped: &'a BTreeMap<String, usize>,
    totals: Totals,
}

/// The changes of a plan, which are made while they are written: there can be many.
struct Changes<'a> {
    plan: &'a Summary,
    price: Option<&'a Price>,
}

impl Serialize for Changes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.plan.changes().map(|row| change(row, self.price)))
    }
}

#[derive(Serialize)]
struct DeferredJson<'a> {
    address: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
struct ObjectJson<'a> {
    address: &'a str,
    resource_type: &'a str,
    name: Option<&'a str>,
    destroyed: bool,
    replaced: bool,
    restorable: Option<&'static str>,
    settings: Vec<SettingJson<'a>>,
    messages: Vec<String>,
}

#[derive(Serialize)]
struct SettingJson<'a> {
    attribute: &'a str,
    before: &'a str,
    after: &'a str,
    reduces_protection: bool,
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
    before: SideJson,
    after: SideJson,
    findings: Vec<FindingJson>,
}

#[derive(Serialize)]
struct FindingJson {
    id: &'static str,
    message: String,
}

/// What there is on one side of a change.
#[derive(Serialize)]
struct SideJson {
    /// `yes`, `no` or `unknown`.
    exists: &'static str,
    compute: Option<ComputeJson>,
}

#[derive(Serialize)]
struct ComputeJson {
    min_cu: Option<f64>,
    max_cu: Option<f64>,
    min_ram_gb: Option<f64>,
    max_ram_gb: Option<f64>,
    max_connections: Option<i64>,
    always_on: Option<bool>,
    suspends_after: Option<String>,
    disabled: Option<bool>,
    computes: Option<i64>,
    hours_per_month: Option<f64>,
    floor_cu: Option<f64>,
    ceiling_cu: Option<f64>,
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
    endpoints: SumJson,
    computes: SumJson,
    always_on: SumJson,
    high_availability: SumJson,
    min_cu: SumJson,
    floor_cu: SumJson,
    ceiling_cu: SumJson,
    max_connections: SumJson,
    floor_cu_hours_per_month: SumJson,
    ceiling_cu_hours_per_month: SumJson,
    floor_cost_per_month: Option<SumJson>,
    ceiling_cost_per_month: Option<SumJson>,
}

/// A sum: what is known of it, which is its lower bound, and of how many endpoints it is unknown.
#[derive(Serialize)]
struct SumJson {
    known: f64,
    unknown: usize,
}

#[derive(Serialize)]
struct RuleJson<'a> {
    rule: &'a str,
    severity: &'static str,
    verdict: &'static str,
    matches: Vec<MatchJson<'a>>,
}

#[derive(Serialize)]
struct MatchJson<'a> {
    plan: Option<&'a str>,
    address: Option<&'a str>,
    subject: Option<&'static str>,
    decided: bool,
    exception: Option<&'a str>,
    message: &'a str,
}

fn plan_json<'a>(plan: &'a Summary, price: Option<&'a Price>) -> PlanJson<'a> {
    PlanJson {
        label: &plan.label,
        terraform_version: &plan.terraform_version,
        complete: plan.complete,
        errored: plan.errored,
        changes: Changes { plan, price },
        unchanged: plan.unchanged(),
        objects: plan.objects.iter().map(object).collect(),
        drift: plan.drift.iter().map(|row| change(row, price)).collect(),
        deferred: plan
            .deferred
            .iter()
            .map(|(address, reason)| DeferredJson { address, reason })
            .collect(),
        skipped: &plan.skipped,
        totals: totals(plan.computes(), plan.computes(), price),
    }
}

fn object(row: &ObjectRow) -> ObjectJson<'_> {
    ObjectJson {
        address: &row.address,
        resource_type: &row.resource_type,
        name: row.name.as_deref(),
        destroyed: row.loss.is_some(),
        replaced: row.loss.is_some_and(|loss| loss.replaced),
        restorable: row.loss.map(|loss| loss.restore.declared().1),
        settings: row
            .shifts
            .iter()
            .map(|shift| SettingJson {
                attribute: shift.attribute,
                before: &shift.before,
                after: &shift.after,
                reduces_protection: shift.reduces_protection,
            })
            .collect(),
        messages: row.messages().iter().map(Message::plain).collect(),
    }
}

fn change<'a>(row: &'a Row, price: Option<&Price>) -> ChangeJson<'a> {
    ChangeJson {
        address: &row.address,
        previous_address: row.previous_address.as_deref(),
        deposed: row.deposed.as_deref(),
        resource_type: &row.resource_type,
        subject: row.subject.id(),
        name: row.name.as_deref(),
        action: row.fate.id(),
        imported: row.imported,
        before: side(&row.before, price),
        after: side(&row.after, price),
        findings: row
            .findings
            .iter()
            .map(|finding| FindingJson {
                id: finding.kind.id(),
                message: row.message_of(finding).plain(),
            })
            .collect(),
    }
}

fn side(side: &Side, price: Option<&Price>) -> SideJson {
    let exists = match side {
        Side::Absent => "no",
        Side::Unknown | Side::Perhaps { .. } => "unknown",
        Side::Present { .. } => "yes",
    };
    let cost = |hours: Interval| Some(price?.of(hours.value()?));
    let compute = side.compute().map(|compute| ComputeJson {
        min_cu: compute.min_cu,
        max_cu: compute.max_cu,
        min_ram_gb: compute.min_cu.map(|cu| cu * GB_PER_CU),
        max_ram_gb: compute.max_cu.map(|cu| cu * GB_PER_CU),
        max_connections: compute.max_cu.map(max_connections),
        always_on: compute.always_on(),
        suspends_after: match compute.suspension {
            Some(Suspension::After(time)) => Some(duration(time)),
            Some(Suspension::Never) | None => None,
        },
        disabled: compute.disabled,
        computes: compute.computes,
        hours_per_month: side.hours().value(),
        floor_cu: compute.floor().value(),
        ceiling_cu: compute.ceiling().value(),
        floor_cu_hours_per_month: side.floor_hours().value(),
        ceiling_cu_hours_per_month: side.ceiling_hours().value(),
        floor_cost_per_month: cost(side.floor_hours()),
        ceiling_cost_per_month: cost(side.ceiling_hours()),
    });
    SideJson { exists, compute }
}

fn totals<'a>(
    before: impl Iterator<Item = &'a Row>,
    after: impl Iterator<Item = &'a Row>,
    price: Option<&Price>,
) -> Totals {
    Totals {
        before: total(&Total::before(before), price),
        after: total(&Total::after(after), price),
    }
}

fn total(total: &Total, price: Option<&Price>) -> TotalJson {
    let sum = |sum: &Sum| SumJson { known: sum.known(), unknown: sum.unknown };
    let cost = |sum: &Sum| {
        price.map(|price| SumJson { known: price.of(sum.known()), unknown: sum.unknown })
    };
    TotalJson {
        endpoints: sum(&total.endpoints),
        computes: sum(&total.computes),
        always_on: sum(&total.always_on),
        high_availability: sum(&total.high_availability),
        min_cu: sum(&total.least),
        floor_cu: sum(&total.floor),
        ceiling_cu: sum(&total.ceiling),
        max_connections: sum(&total.connections),
        floor_cu_hours_per_month: sum(&total.floor_hours),
        ceiling_cu_hours_per_month: sum(&total.ceiling_hours),
        floor_cost_per_month: cost(&total.floor_hours),
        ceiling_cost_per_month: cost(&total.ceiling_hours),
    }
}

fn verdict<'a>(verdict: &'a Verdict<'a>, report: &'a Report<'_>) -> RuleJson<'a> {
    let place = |found: &'a Match, decided, exception| MatchJson {
        plan: match found.place {
            Place::Row(plan, _) | Place::Object(plan, _) => Some(&report.plans[plan].label),
            Place::Totals => None,
        },
        address: report.address(found.place),
        subject: match found.place {
            Place::Row(plan, at) => Some(report.plans[plan].rows[at].subject.id()),
            Place::Object(..) => Some("object"),
            Place::Totals => None,
        },
        decided,
        exception,
        message: &found.reason,
    };
    let holds = verdict.holds.iter().map(|it| place(it, true, None));
    let open = verdict.open.iter().map(|it| place(it, false, None));
    let excused = verdict.excused.iter();
    let excused = excused.map(|(found, exception)| place(found, true, Some(&*exception.reason)));
    RuleJson {
        rule: &verdict.rule.text,
        severity: match verdict.rule.severity {
            Severity::Deny => "deny",
            Severity::Warn => "warn",
        },
        verdict: verdict.id(),
        matches: holds.chain(open).chain(excused).collect(),
    }
}
