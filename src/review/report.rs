//! What every format shows, in the same words.

use std::fmt::Write as _;

use super::figures::{self, Cell, Price};
use super::row::{Outcome, Row, Subject};
use super::rule::{Match, Verdict};
use super::summary::Summary;
use crate::compute::finding::Finding;

/// What every format shows.
pub struct Report<'a> {
    /// What the plan does.
    pub summary: &'a Summary,
    /// What the rules found.
    pub verdicts: &'a [Verdict],
    /// What a compute costs.
    pub price: Option<&'a Price>,
}

impl Report<'_> {
    /// What changes, in a line.
    pub fn headline(&self) -> String {
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
            return "No compute changes, but the settings of endpoints to come".to_owned();
        }
        let count = |it: &Outcome| outcomes.iter().filter(|other| *other == it).count();
        let counts = Outcome::ALL.iter().map(|it| (count(it), it.word())).filter(|it| 0 < it.0);
        let mut counts: Vec<_> = counts.map(|(count, word)| format!("{count} {word}")).collect();
        counts.extend(match summary.rows.len() - outcomes.len() {
            0 => None,
            1 => Some("defaults of 1 project".to_owned()),
            more => Some(format!("defaults of {more} projects")),
        });
        let (before, after) = (&summary.before, &summary.after);
        let growth = figures::growth(before.ceiling_cu, after.ceiling_cu);
        let growth = growth.filter(|_| before.unknown_size == 0).map(|it| format!(" ({it})"));
        let most = match self.price {
            Some(price) => format!("{} a month", price.amount_of(after.ceiling_cu)),
            None => format!("{} CU-hours a month", figures::hours(after.ceiling_cu)),
        };
        let most = match after.unknown_size {
            0 => format!("at most {most}{}", growth.unwrap_or_default()),
            _ => "not all sizes are known".to_owned(),
        };
        format!("Compute: {}; {most}", counts.join(", "))
    }

    /// What the totals are of.
    pub fn all_computes(&self) -> String {
        let unknown = self.summary.before.unknown_size.max(self.summary.after.unknown_size);
        let mut text = "in total".to_owned();
        match self.summary.unchanged {
            0 => {}
            1 => text += ", with 1 unchanged endpoint",
            more => _ = write!(text, ", with {more} unchanged endpoints"),
        }
        if 0 < unknown {
            let _ = write!(text, ", without {unknown} of unknown size");
        }
        text
    }

    /// The figures of all computes in the plan.
    pub fn total_cells(&self) -> Vec<Cell> {
        figures::total_cells(&self.summary.before, &self.summary.after, self.price)
    }

    /// A line for each thing to notice.
    pub fn findings(&self) -> impl Iterator<Item = String> {
        self.summary.rows.iter().flat_map(|it| &it.findings).map(Finding::text)
    }

    /// A line for each place where a rule holds.
    pub fn broken(&self) -> impl Iterator<Item = String> {
        self.verdicts.iter().flat_map(|it| it.holds.iter().map(|place| self.place(&it.rule, place)))
    }

    /// A line for each place where a rule may hold.
    pub fn undecided(&self) -> impl Iterator<Item = String> {
        self.verdicts.iter().flat_map(|it| it.open.iter().map(|place| self.place(&it.rule, place)))
    }

    /// A line for a place where a rule holds, or may.
    pub fn place(&self, rule: &str, it: &Match) -> String {
        match it.row {
            Some(at) => {
                format!("`{}`: {} (`{rule}`)", self.summary.rows[at].address, it.reason)
            }
            None => format!("{} (`{rule}`)", it.reason),
        }
    }

    /// What a reader must know about the figures.
    pub fn notes(&self) -> Vec<&'static str> {
        let has = |outcome| self.summary.rows.iter().any(|it| it.outcome == outcome);
        let along = |it: &Row| it.subject == Subject::ComesAlong;
        let [before, after] = [&self.summary.before, &self.summary.after];
        let unknown = [before, after].map(|it| it.unknown_size + it.unknown_floor);
        let notes = [
            (
                !self.summary.errored && !self.summary.complete,
                "The plan is partial, as with `-target`: there may be more to change.",
            ),
            (
                self.summary.rows.iter().any(along),
                "The service makes and removes the endpoint `primary` of a branch together with it; \
                 it is not configured here.",
            ),
            (
                has(Outcome::Adopted),
                "An endpoint that is taken over exists already; its size before is not in the plan.",
            ),
            (
                has(Outcome::LeftAlone),
                "An endpoint that is left alone goes on as it is and is billed: Terraform forgets it, or \
                 cannot destroy it, for the service keeps a read-write one as long as its branch.",
            ),
            (
                unknown != [0, 0],
                "What is unknown is set by the service, or known only in the apply; the totals are \
                 without it.",
            ),
        ];
        notes.into_iter().filter(|(applies, _)| *applies).map(|(_, note)| note).collect()
    }
}
