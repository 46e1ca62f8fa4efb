//! Composes what every format shows, in the same words.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::figures::{self, Cell, Price};
use super::message::Message;
use super::objects::ObjectRow;
use super::row::{Fate, Row, Side, Subject};
use super::rule::{Match, Place, Severity, Verdict, change_of};
use super::summary::{Summary, Total};
use crate::compute::plural;

/// What every format shows.
pub struct Report<'a> {
    /// What the plans do.
    pub plans: &'a [Summary],
    /// What the rules found.
    pub verdicts: &'a [Verdict<'a>],
    /// What is wrong with the rules themselves: scopes and exceptions that match nothing.
    pub complaints: Vec<Message>,
    /// Whether everything that is not certain fails.
    pub strict: bool,
    /// What a CU costs for an hour.
    pub price: Option<&'a Price>,
}

impl Report<'_> {
    /// All computes of all plans.
    pub fn computes(&self) -> impl Iterator<Item = &Row> {
        self.plans.iter().flat_map(Summary::computes)
    }

    /// What changes, in a line.
    pub fn headline(&self) -> String {
        let errored = self.plans.iter().filter(|plan| plan.errored).count();
        let error = match (errored, self.plans.len()) {
            (0, _) => "",
            (_, 1) => "The plan ended with an error. ",
            _ => "Not all plans ended without an error. ",
        };
        format!("{error}{}", self.changes())
    }

    fn changes(&self) -> String {
        let changes = || self.plans.iter().flat_map(Summary::changes);
        let count = |fate: Fate| {
            changes().filter(|row| row.fate == fate && row.subject != Subject::Defaults).count()
        };
        let counts = Fate::ALL.iter().map(|fate| (count(*fate), fate.word()));
        let mut counts: Vec<_> = counts
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        if counts.is_empty() && changes().next().is_none() {
            return "No compute changes".to_owned();
        } else if counts.is_empty() {
            return "No compute changes, except for the defaults of computes created later"
                .to_owned();
        }
        counts.extend(match changes().filter(|row| row.subject == Subject::Defaults).count() {
            0 => None,
            1 => Some("defaults of 1 project".to_owned()),
            more => Some(format!("defaults of {more} projects")),
        });
        format!("Compute: {}; {}", counts.join(", "), self.amount())
    }

    /// The ceiling of a month, and how it differs.
    fn amount(&self) -> String {
        let after = Total::after(self.computes()).ceiling_hours;
        let text = |hours: f64| match self.price {
            Some(price) => price.with_currency(&figures::money(price.of(hours))),
            None => figures::hours(hours),
        };
        let unit = if self.price.is_some() { "a month" } else { "CU-hours a month" };
        let rows: Vec<_> = self.computes().collect();
        let (difference, ratio) = change_of(&rows, Side::ceiling_hours);
        let difference = difference.value().filter(|it| *it != 0.0);
        let difference = difference.map(|it| figures::signed(it, text));
        let percent = ratio.and_then(|ratio| figures::percent(ratio.value()?));
        let differs: Vec<_> = difference.into_iter().chain(percent).collect();
        let differs = match differs.len() {
            0 => String::new(),
            _ => format!(" ({})", differs.join(", ")),
        };
        let unknown = match after.unknown {
            1 => "1 endpoint of unknown size".to_owned(),
            more => format!("{more} endpoints of unknown size"),
        };
        match (after.interval.high.is_finite(), after.known()) {
            (true, _) => format!("at most {} {unit}{differs}", text(after.interval.high)),
            (false, 0.0) => unknown,
            (false, known) => format!("at most {} {unit}{differs} plus {unknown}", text(known)),
        }
    }

    /// What the totals are of.
    pub fn all_computes(plans: &[Summary]) -> String {
        let unchanged: usize = plans.iter().map(Summary::unchanged).sum();
        let mut text = "in total".to_owned();
        match unchanged {
            0 => {}
            1 => text += ", with 1 unchanged endpoint",
            more => _ = write!(text, ", with {more} unchanged endpoints"),
        }
        let sides = [Total::before, Total::after];
        let unknown = sides.map(|of| of(plans.iter().flat_map(Summary::computes)).ceiling.unknown);
        match unknown[0].max(unknown[1]) {
            0 => text,
            unknown => format!("{text}, {unknown} of unknown size"),
        }
    }

    /// The figures of all computes in some plans.
    pub fn total_cells(&self, plans: &[Summary]) -> Vec<Cell> {
        let rows = || plans.iter().flat_map(Summary::computes);
        figures::total_cells(&Total::before(rows()), &Total::after(rows()), self.price)
    }

    /// Everything that must be said about data: what is destroyed, and what is less protected.
    pub fn losses(&self) -> Vec<Message> {
        self.plans.iter().flat_map(|plan| &plan.objects).flat_map(ObjectRow::messages).collect()
    }

    /// What is noteworthy about computes.
    pub fn findings(&self) -> Vec<Message> {
        let rows = self.plans.iter().flat_map(|plan| &plan.rows);
        rows.flat_map(|row| row.findings.iter().map(|it| row.message_of(it))).collect()
    }

    /// What has changed outside of Terraform.
    pub fn drift(&self) -> Vec<Message> {
        let rows = self.plans.iter().flat_map(|plan| &plan.drift);
        rows.map(|row| {
            if row.fate == Fate::Destroyed {
                return Message::new("{} was deleted.", &[&row.address]);
            }
            let headings = figures::headings(row.subject, self.price);
            let cells = headings.iter().zip(figures::cells(row, self.price));
            let differing = cells.filter_map(|(heading, cell)| {
                Some(format!("{heading} {} → {}", cell.before?, cell.after))
            });
            let text = format!("{{}}: {}.", differing.collect::<Vec<_>>().join("; "));
            Message::new(&text, &[&row.address])
        })
        .collect()
    }

    /// Why the review fails.
    pub fn failed_checks(&self) -> Vec<Message> {
        let mut failed_checks = self.places(Severity::Deny, |verdict| &verdict.holds);
        if self.strict {
            failed_checks.extend(self.uncertain());
        }
        failed_checks
    }

    /// Rules that only warn, and hold.
    pub fn warned(&self) -> Vec<Message> {
        self.places(Severity::Warn, |verdict| &verdict.holds)
    }

    /// Rules that may hold.
    pub fn undecided(&self) -> Vec<Message> {
        let all = self.places(Severity::Deny, |verdict| &verdict.open);
        let warned = self.places(Severity::Warn, |verdict| &verdict.open);
        let all = if self.strict { Vec::new() } else { all };
        all.into_iter().chain(warned).collect()
    }

    /// What exceptions allow.
    pub fn excused(&self) -> Vec<Message> {
        let all = self.verdicts.iter().flat_map(|verdict| {
            verdict.excused.iter().map(|(found, exception)| {
                let until = format!(" until {}: {{}}", exception.until);
                let why = Message::new(&until, &[&exception.reason]);
                self.place(verdict, found).and(why)
            })
        });
        all.collect()
    }

    /// What `--strict` refuses, besides rules that hold.
    pub fn uncertain(&self) -> Vec<Message> {
        let mut all = self.places(Severity::Deny, |verdict| &verdict.open);
        for plan in self.plans {
            let start = if self.plans.len() == 1 { "The plan" } else { "The plan {}" };
            let say = |text: &str| Message::new(&format!("{start} {text}"), &[&plan.label]);
            if plan.errored {
                all.push(say("ended with an error."));
            } else if plan.is_partial() {
                all.push(say("is partial, as with `-target`."));
            }
            if !plan.deferred.is_empty() {
                let number = plan.deferred.len();
                let noun = plural(i64::try_from(number).unwrap_or(i64::MAX), "change");
                all.push(say(&format!("defers {number} {noun}.")));
            }
        }
        all.extend(self.complaints.iter().cloned());
        all
    }

    fn places<'a>(
        &'a self,
        severity: Severity,
        of: impl Fn(&'a Verdict<'a>) -> &'a Vec<Match>,
    ) -> Vec<Message> {
        let verdicts = self.verdicts.iter().filter(|verdict| verdict.rule.severity == severity);
        let places = verdicts
            .flat_map(|verdict| of(verdict).iter().map(move |found| self.place(verdict, found)));
        places.collect()
    }

    /// A line for a place where a rule holds, or may.
    pub fn place(&self, verdict: &Verdict<'_>, found: &Match) -> Message {
        let text = &verdict.rule.text;
        match self.address(found.place) {
            Some(address) => {
                Message::new(&format!("{{}}: {} ({{}})", found.reason), &[address, text])
            }
            None => Message::new(&format!("{} ({{}})", found.reason), &[text]),
        }
    }

    /// The address of a place.
    pub fn address(&self, place: Place) -> Option<&str> {
        match place {
            Place::Row(plan, at) => Some(&self.plans[plan].rows[at].address),
            Place::Object(plan, at) => Some(&self.plans[plan].objects[at].address),
            Place::Totals => None,
        }
    }

    /// What a reader must know about the figures.
    pub fn notes(&self) -> Vec<Message> {
        let rows = || self.plans.iter().flat_map(Summary::changes);
        let has = |fate| rows().any(|row| row.fate == fate);
        let unknown =
            |side: &Side| side.quantity(crate::compute::Compute::ceiling).value().is_none();
        let any = |is: &dyn Fn(&Summary) -> bool| self.plans.iter().any(is);
        let notes = [
            (
                any(&|plan| !plan.errored && plan.is_partial()),
                "The plan is partial, as with `-target`: there can be more to change.",
            ),
            (
                self.computes().any(|row| row.subject == Subject::Unmanaged),
                "Lakebase creates and deletes the endpoint `primary` of a branch together with the \
                 branch. Where it is not managed, its size is known only if it is new.",
            ),
            (
                any(&|plan| plan.leaves_out),
                "The plan does not look at everything that the state has, as with `-target`: what \
                 it leaves out may have changed, or be gone.",
            ),
            (
                has(Fate::CreatedOrAdopted),
                "With `replace_existing`, an endpoint is adopted if it exists, or else created.",
            ),
            (
                has(Fate::Adopted),
                "An adopted endpoint exists already; its size is not in the plan.",
            ),
            (
                has(Fate::LeftAlone),
                "An endpoint that is left alone continues to run and is billed. Terraform does not \
                 destroy it, or cannot: a read-write endpoint exists as long as its branch.",
            ),
            (
                self.computes().any(|row| unknown(&row.before) || unknown(&row.after)),
                "Lakebase chooses an unknown size, or only the apply knows it. Totals are lower \
                 bounds where a size is unknown.",
            ),
        ];
        let notes = notes.into_iter().filter(|(applies, _)| *applies);
        let mut notes: Vec<_> = notes.map(|(_, note)| Message::new(note, &[])).collect();
        let deferred = self.plans.iter().flat_map(|plan| &plan.deferred);
        notes.extend(deferred.map(|(address, reason)| {
            Message::new(&format!("{{}} is deferred to a later plan ({reason})."), &[address])
        }));
        let mut skipped: BTreeMap<&str, usize> = BTreeMap::new();
        for (kind, count) in self.plans.iter().flat_map(|plan| &plan.skipped) {
            *skipped.entry(kind).or_default() += count;
        }
        notes.extend(skipped.into_iter().map(|(kind, count)| {
            let noun = plural(i64::try_from(count).unwrap_or(i64::MAX), "change");
            Message::new(&format!("Not reviewed: {count} {noun} of {{}}."), &[kind])
        }));
        notes
    }
}
