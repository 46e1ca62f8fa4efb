//! Holds the change of one compute: what there is before and after, and what is noteworthy about it.

use jiff::SignedDuration;

use super::message::Message;
use super::plan::ResourceChange;
use crate::compute::finding::Finding;
use crate::compute::interval::Interval;
use crate::compute::{Compute, HOURS_PER_MONTH, duration};

/// The change of one compute, or of the settings of computes that are created later.
#[derive(Debug)]
pub struct Row {
    /// The address of the resource.
    pub address: String,
    /// The address that the resource moves away from.
    pub previous_address: Option<String>,
    /// The key of an object that a failed replacement left behind.
    pub deposed: Option<String>,
    pub resource_type: String,
    /// What of the resource it is.
    pub subject: Subject,
    /// The endpoint's resource name, as far as it is known.
    pub name: Option<String>,
    /// The endpoint's resource name before, where a replacement gives it another.
    pub former_name: Option<String>,
    pub fate: Fate,
    /// Whether the resource is imported on the way.
    pub imported: bool,
    /// The compute before the apply.
    pub before: Side,
    /// The compute after the apply.
    pub after: Side,
    pub findings: Vec<Finding>,
}

/// A compute before or after an apply.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Side {
    /// The compute does not exist then.
    Absent,
    /// Whether there is one is not known.
    Unknown,
    /// The state has one, but the plan has not looked whether it still exists.
    Perhaps {
        /// As the state has it.
        compute: Compute,
        /// How many hours of a month it exists, if it does.
        hours: Interval,
    },
    /// The compute exists then, with these settings.
    Present {
        /// As far as it is known.
        compute: Compute,
        /// How many hours of a month it exists.
        hours: Interval,
    },
}

/// What of a resource a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The compute of an endpoint.
    Compute,
    /// The compute that a branch or a project has, and that the plan does not manage.
    Unmanaged,
    /// A project's settings of computes that are created later.
    Defaults,
}

/// What happens to a compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The apply creates the compute.
    Created,
    /// It is adopted if it exists, or else created.
    CreatedOrAdopted,
    /// It exists, and Terraform manages it from now on.
    Adopted,
    /// It changes, or stays as it is.
    Changed,
    /// It is destroyed, and another one takes its place.
    Replaced,
    /// The apply destroys the compute.
    Destroyed,
    /// It is destroyed because its branch is.
    DestroyedWithBranch,
    /// It stays as it is, and Terraform does not manage it anymore.
    LeftAlone,
}

impl Row {
    /// The row of a change, before anything is noted about it.
    pub fn new(
        change: &ResourceChange,
        subject: Subject,
        fate: Fate,
        before: Side,
        after: Side,
    ) -> Row {
        Row {
            address: change.address.clone(),
            previous_address: change.previous_address.clone(),
            deposed: change.deposed.clone(),
            resource_type: change.resource_type.clone(),
            subject,
            name: None,
            former_name: None,
            fate,
            imported: change.imported,
            before,
            after,
            findings: Vec::new(),
        }
    }

    /// Whether the apply changes anything about the compute, or about who manages it.
    pub fn is_change(&self) -> bool {
        self.fate != Fate::Changed || self.before != self.after
    }

    /// A finding about it.
    pub fn message_of(&self, finding: &Finding) -> Message {
        Message::new(&finding.text(), &[&self.address, &self.address])
    }

    /// What is shown beside its figures.
    pub fn remarks(&self) -> Vec<Message> {
        let mut remarks = Vec::new();
        if self.subject == Subject::Unmanaged {
            remarks.push(Message::new("its endpoint `primary`, which is not managed", &[]));
        }
        if let Some(hours) = self.after.hours().value()
            && hours < HOURS_PER_MONTH
            && self.after != Side::Absent
        {
            #[expect(clippy::cast_possible_truncation, reason = "at most a month")]
            let lifetime = SignedDuration::from_secs((hours * 3600.0).round() as i64);
            remarks.push(Message::new(&format!("expires in {}", duration(lifetime)), &[]));
        }
        let names =
            [("moved from {}", &self.previous_address), ("deposed object {}", &self.deposed)];
        for (text, name) in names {
            remarks.extend(name.as_ref().map(|name| Message::new(text, &[name])));
        }
        if self.imported {
            remarks.push(Message::new("imported", &[]));
        }
        remarks
    }
}

impl Side {
    /// A compute that exists all the time.
    pub fn present(compute: Compute) -> Side {
        Side::Present { compute, hours: Interval::known(HOURS_PER_MONTH) }
    }

    /// The compute, where there is one.
    pub fn compute(&self) -> Option<&Compute> {
        match self {
            Side::Present { compute, .. } => Some(compute),
            Side::Absent | Side::Unknown | Side::Perhaps { .. } => None,
        }
    }

    /// A quantity of it: nothing where there is none.
    pub fn quantity(&self, of: impl Fn(&Compute) -> Interval) -> Interval {
        match self {
            Side::Absent => Interval::ZERO,
            Side::Unknown => Interval::ANY,
            Side::Perhaps { compute, .. } => of(compute).or_nothing(),
            Side::Present { compute, .. } => of(compute),
        }
    }

    /// How many hours of a month it exists.
    pub fn hours(&self) -> Interval {
        match self {
            Side::Absent => Interval::ZERO,
            Side::Unknown => Interval { low: 0.0, high: HOURS_PER_MONTH },
            Side::Perhaps { hours, .. } => hours.or_nothing(),
            Side::Present { hours, .. } => *hours,
        }
    }

    /// The fewest CU-hours of a month: only what never suspends runs, at its minimum.
    pub fn floor_hours(&self) -> Interval {
        self.quantity(Compute::floor).times(self.hours())
    }

    /// The most CU-hours of a month: all runs at its maximum.
    pub fn ceiling_hours(&self) -> Interval {
        self.quantity(Compute::ceiling).times(self.hours())
    }
}

impl Subject {
    /// The ID for programs.
    pub fn id(self) -> &'static str {
        match self {
            Subject::Compute => "compute",
            Subject::Unmanaged => "unmanaged_compute",
            Subject::Defaults => "defaults",
        }
    }
}

impl Fate {
    /// All, in the order in which they are counted.
    pub const ALL: [Fate; 8] = [
        Fate::Created,
        Fate::CreatedOrAdopted,
        Fate::Adopted,
        Fate::Changed,
        Fate::Replaced,
        Fate::Destroyed,
        Fate::DestroyedWithBranch,
        Fate::LeftAlone,
    ];

    /// What happens, in a few words, and the ID for programs.
    fn declared(self) -> (&'static str, &'static str) {
        match self {
            Fate::Created => ("created", "create"),
            Fate::CreatedOrAdopted => ("created or adopted", "create_or_adopt"),
            Fate::Adopted => ("adopted", "adopt"),
            Fate::Changed => ("changed", "update"),
            Fate::Replaced => ("replaced", "replace"),
            Fate::Destroyed => ("destroyed", "delete"),
            Fate::DestroyedWithBranch => ("destroyed with the branch", "delete_with_branch"),
            Fate::LeftAlone => ("left alone", "forget"),
        }
    }

    /// What happens, in a few words.
    pub fn word(self) -> &'static str {
        self.declared().0
    }

    /// The ID for programs.
    pub fn id(self) -> &'static str {
        self.declared().1
    }
}
