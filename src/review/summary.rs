//! Sums up what a plan does to compute. What happens to each is for [`super::world`] to decide.

use std::collections::BTreeMap;

use super::objects::ObjectRow;
use super::plan::Plan;
use super::row::{Row, Side, Subject};
use super::world::World;
use crate::compute::Compute;
use crate::compute::finding::{findings, findings_of_defaults};
use crate::compute::interval::Interval;

/// What a plan does to compute.
#[derive(Debug, Default)]
pub struct Summary {
    /// Which plan it is, if there are several.
    pub label: String,
    /// The version of Terraform that made the plan.
    pub terraform_version: String,
    /// Whether an apply leads all the way to the configuration; `None` if the plan does not say it.
    pub complete: Option<bool>,
    /// Whether planning ended with an error.
    pub errored: bool,
    /// All computes, in the plan's order, and the settings of those to come. Those that stay as
    /// they are are among them.
    pub rows: Vec<Row>,
    /// Projects, branches and databases that are destroyed, or less or more protected.
    pub objects: Vec<ObjectRow>,
    /// What has changed outside of Terraform.
    pub drift: Vec<Row>,
    /// What Terraform leaves for a later plan: the address, and why.
    pub deferred: Vec<(String, String)>,
    /// Whether something exists that the plan leaves out.
    pub leaves_out: bool,
    /// How many resources of Lakebase change that a review does not look at, by type.
    pub skipped: BTreeMap<String, usize>,
}

/// A sum of a quantity: of some computes it can be unknown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sum {
    /// The bounds of the sum.
    pub interval: Interval,
    /// Of how many computes the quantity is unknown.
    pub unknown: usize,
}

/// The sums over several computes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Total {
    /// The number of endpoints.
    pub endpoints: Sum,
    /// How many computes stand behind them.
    pub computes: Sum,
    /// How many endpoints never suspend.
    pub always_on: Sum,
    /// How many endpoints have more than one compute.
    pub high_availability: Sum,
    /// The minimums, in CU.
    pub least: Sum,
    /// What runs at any time, in CU.
    pub floor: Sum,
    /// The maximums, in CU.
    pub ceiling: Sum,
    /// The connections at the maximums.
    pub connections: Sum,
    /// The fewest CU-hours of a month.
    pub floor_hours: Sum,
    /// The most CU-hours of a month.
    pub ceiling_hours: Sum,
}

impl Summary {
    /// Goes through a plan.
    pub fn of(plan: Plan, label: String) -> Summary {
        let world = World::of(&plan);
        let (mut rows, objects, drift) = (world.rows(), world.objects(), world.drift());
        for row in &mut rows {
            let what = "{}"; // a message puts the address there
            row.findings = match (&row.before, &row.after) {
                (Side::Present { compute: before, .. }, Side::Present { compute: after, .. })
                    if row.subject != Subject::Defaults =>
                {
                    findings(what, Some(before), after)
                }
                (
                    Side::Absent | Side::Unknown | Side::Perhaps { .. },
                    Side::Present { compute, .. },
                ) if row.subject != Subject::Defaults => findings(what, None, compute),
                (before, Side::Present { compute, .. }) => {
                    findings_of_defaults("the defaults of {}", before.compute(), compute)
                }
                _ => Vec::new(),
            };
        }
        Summary {
            label,
            leaves_out: world.leaves_out(),
            objects,
            drift,
            rows,
            complete: plan.complete,
            errored: plan.errored,
            terraform_version: plan.terraform_version,
            deferred: plan.deferred,
            skipped: plan.skipped,
        }
    }

    /// Whether an apply does not lead all the way to the configuration.
    pub fn is_partial(&self) -> bool {
        // A plan that does not say it still shows it by what it leaves out.
        !self.complete.unwrap_or(!self.leaves_out)
    }

    /// The rows of computes.
    pub fn computes(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.subject != Subject::Defaults)
    }

    /// The rows that the apply changes.
    pub fn changes(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.is_change())
    }

    /// How many endpoints stay as they are.
    pub fn unchanged(&self) -> usize {
        self.computes().filter(|row| !row.is_change()).count()
    }
}

impl Total {
    /// The totals of some rows before the apply.
    pub fn before<'a>(rows: impl Iterator<Item = &'a Row>) -> Total {
        Total::of(rows.map(|row| &row.before))
    }

    /// The totals of some rows after the apply.
    pub fn after<'a>(rows: impl Iterator<Item = &'a Row>) -> Total {
        Total::of(rows.map(|row| &row.after))
    }

    fn of<'a>(sides: impl Iterator<Item = &'a Side>) -> Total {
        let mut total = Total::default();
        for side in sides {
            total.add(side);
        }
        total
    }

    fn add(&mut self, side: &Side) {
        let flag = |is_on: Option<bool>| match is_on {
            Some(is_on) => Interval::known(if is_on { 1.0 } else { 0.0 }),
            None => Interval { low: 0.0, high: 1.0 },
        };
        let one = |is_on: &dyn Fn(&Compute) -> Option<bool>| match side {
            Side::Unknown => flag(None),
            side => side.quantity(|compute| flag(is_on(compute))),
        };
        self.endpoints.add(one(&|_| Some(true)));
        self.always_on.add(one(&Compute::always_on));
        self.high_availability.add(one(&|compute| compute.computes.map(|computes| 1 < computes)));
        self.computes.add(side.quantity(Compute::number));
        self.least.add(side.quantity(Compute::least));
        self.floor.add(side.quantity(Compute::floor));
        self.ceiling.add(side.quantity(Compute::ceiling));
        self.connections.add(side.quantity(Compute::connections));
        self.floor_hours.add(side.floor_hours());
        self.ceiling_hours.add(side.ceiling_hours());
    }
}

impl Default for Sum {
    fn default() -> Self {
        Sum { interval: Interval::ZERO, unknown: 0 }
    }
}

impl Sum {
    fn add(&mut self, quantity: Interval) {
        self.interval += quantity;
        self.unknown += usize::from(quantity.value().is_none());
    }

    /// What is known of it: the sum without what is unknown.
    pub fn known(&self) -> f64 {
        self.interval.low
    }
}
