//! What a plan does to compute: a row for each compute that changes, and the totals.
//!
//! What happens to each is for [`super::world`] to say. Start reading at [`Summary::of`].

use super::plan::{Plan, Sides};
use super::row::{Outcome, Row, Subject};
use super::world::World;
use crate::compute::Compute;
use crate::compute::capacity::max_connections;
use crate::compute::finding::findings;

/// What a plan does to compute.
#[derive(Debug, Default)]
pub struct Summary {
    /// The version of Terraform that made the plan.
    pub terraform_version: String,
    /// Whether the plan leads all the way to the configuration.
    pub complete: bool,
    /// Whether planning ended with an error.
    pub errored: bool,
    /// What changes, in the plan's order.
    pub rows: Vec<Row>,
    /// How many endpoints stay as they are.
    pub unchanged: usize,
    /// All computes in the plan, before: those that stay as they are too.
    pub before: Total,
    /// All computes in the plan, after.
    pub after: Total,
}

/// Computes together. What is not known of one does not count.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Total {
    /// How many endpoints.
    pub endpoints: usize,
    /// How many of them have a size that is not known.
    pub unknown_size: usize,
    /// How many of the others have a floor that is not known.
    pub unknown_floor: usize,
    /// How many computes stand behind them.
    pub computes: i64,
    /// How many endpoints never suspend.
    pub always_on: usize,
    /// How many endpoints have more than one compute.
    pub high_availability: usize,
    /// The minimums, in CU.
    pub min_cu: f64,
    /// What runs at any time, in CU.
    pub floor_cu: f64,
    /// The maximums, in CU.
    pub ceiling_cu: f64,
    /// The connections at the maximums.
    pub connections: i64,
}

impl Summary {
    /// Goes through a plan.
    pub fn of(plan: Plan) -> Summary {
        let world = World::of(&plan.changes);
        let mut summary = Summary {
            terraform_version: plan.terraform_version,
            complete: plan.complete,
            errored: plan.errored,
            ..Summary::default()
        };
        for change in &plan.changes {
            for row in [world.row(change), world.comes_along(change)].into_iter().flatten() {
                summary.push(row);
            }
        }
        summary
    }

    /// Whether nothing about compute changes.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn push(&mut self, mut row: Row) {
        let Sides { before, after } = row.sides;
        if row.subject != Subject::Defaults {
            self.before.add(before);
            self.after.add(after);
        }
        if row.outcome == Outcome::Changed && before == after {
            self.unchanged += usize::from(row.subject != Subject::Defaults);
            return;
        }
        if let Some(after) = after.filter(|_| row.outcome != Outcome::LeftAlone) {
            let of = if row.subject == Subject::Defaults { "the defaults of " } else { "" };
            row.findings = findings(&format!("{of}`{}`", row.address), before.as_ref(), &after);
        }
        self.rows.push(row);
    }
}

impl Total {
    fn add(&mut self, compute: Option<Compute>) {
        let Some(it) = compute else { return };
        let computes = it.computes.unwrap_or(1);
        self.endpoints += 1;
        self.computes += computes;
        self.always_on += usize::from(it.always_on() == Some(true));
        self.high_availability += usize::from(1 < computes);
        let (Some(least), Some(ceiling)) = (it.least_cu(), it.ceiling_cu()) else {
            self.unknown_size += 1;
            return;
        };
        self.min_cu += least;
        self.unknown_floor += usize::from(it.floor_cu().is_none());
        self.floor_cu += it.floor_cu().unwrap_or_default();
        self.ceiling_cu += ceiling;
        self.connections += it.max_cu.map(max_connections).unwrap_or_default();
    }
}
