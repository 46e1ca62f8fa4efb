//! What a plan does to compute: a row for each compute that changes, and the totals.
//!
//! What happens to each is for [`super::world`] to say. Start reading at [`Summary::of`].

use super::plan::{Change, Plan, Sides};
use super::world::World;
use crate::compute::Compute;
use crate::compute::capacity::max_connections;
use crate::compute::finding::{Finding, findings};

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

/// The change of one compute, or of the settings of computes to come.
#[derive(Debug)]
pub struct Row {
    /// The address of the resource.
    pub address: String,
    /// The address that the resource moves away from.
    pub previous_address: Option<String>,
    /// The key of an object that a failed replacement left behind.
    pub deposed: Option<String>,
    /// The resource type.
    pub resource_type: String,
    /// What of the resource it is.
    pub subject: Subject,
    /// The endpoint's full name, as far as it is known.
    pub name: Option<String>,
    /// What happens.
    pub outcome: Outcome,
    /// Whether the resource is imported on the way.
    pub imported: bool,
    /// What there is before and after; without a value what is not known.
    pub sides: Sides,
    /// What to notice.
    pub findings: Vec<Finding>,
}

/// What of a resource a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The compute of an endpoint.
    Compute,
    /// The compute that a branch or a project comes with, and that the plan does not manage.
    ComesAlong,
    /// A project's settings of endpoints that are made later.
    Defaults,
}

/// What happens to a compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is made.
    Added,
    /// It exists, and Terraform takes it over as it is told to be.
    Adopted,
    /// It changes.
    Changed,
    /// It is destroyed and made anew.
    Replaced,
    /// It is destroyed.
    Destroyed,
    /// It stays as it is, and Terraform does not manage it any more.
    LeftAlone,
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
        if let (Some(before), Some(after)) = (before, after) {
            let of = if row.subject == Subject::Defaults { "the defaults of " } else { "" };
            row.findings = findings(&format!("{of}`{}`", row.address), &before, &after);
        }
        self.rows.push(row);
    }
}

impl Row {
    /// The row of a change, before anything is noticed about it.
    pub fn new(
        change: &Change,
        subject: Subject,
        name: Option<String>,
        outcome: Outcome,
        sides: Sides,
    ) -> Row {
        Row {
            address: change.address.clone(),
            previous_address: change.previous_address.clone(),
            deposed: change.deposed.clone(),
            resource_type: change.resource_type.clone(),
            subject,
            name,
            outcome,
            imported: change.imported,
            sides,
            findings: Vec::new(),
        }
    }

    /// What there is to say about it beside its figures.
    pub fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.subject == Subject::ComesAlong {
            remarks.push("the endpoint that comes with it".to_owned());
        }
        remarks.extend(self.previous_address.as_ref().map(|it| format!("moved from {it}")));
        remarks.extend(self.deposed.as_ref().map(|it| format!("deposed object {it}")));
        if self.imported {
            remarks.push("imported".to_owned());
        }
        remarks
    }
}

impl Outcome {
    /// All, in the order in which they are counted.
    pub const ALL: [Outcome; 6] = [
        Outcome::Added,
        Outcome::Adopted,
        Outcome::Changed,
        Outcome::Replaced,
        Outcome::Destroyed,
        Outcome::LeftAlone,
    ];

    /// What happens, in a word or two.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Added => "added",
            Outcome::Adopted => "taken over",
            Outcome::Changed => "changed",
            Outcome::Replaced => "replaced",
            Outcome::Destroyed => "destroyed",
            Outcome::LeftAlone => "left alone",
        }
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
