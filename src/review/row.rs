//! The change of one compute: what there was, what there will be, and what to say about it.

use super::plan::{Change, Sides};
use crate::compute::finding::Finding;

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

impl Subject {
    /// What programs know it by.
    pub fn id(self) -> &'static str {
        match self {
            Subject::Compute => "compute",
            Subject::ComesAlong => "comes_along",
            Subject::Defaults => "defaults",
        }
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
