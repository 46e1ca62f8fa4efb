//! What a reader should notice about a change of compute.

use super::capacity::{GB_PER_CU, max_connections};
use super::{Compute, Suspension, grouped};

/// Something to notice about the change of one compute.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What sort of thing.
    pub kind: Kind,
    /// What it is, in one line without a full stop, with the name of what changes.
    pub summary: String,
    /// What it means, in numbers.
    pub detail: String,
}

impl Finding {
    /// All of it, in sentences.
    pub fn text(&self) -> String {
        format!("{}. {}", self.summary, self.detail)
    }
}

/// The sorts of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The most that it scales up to at least doubles.
    CeilingDoubles,
    /// It does not suspend any more.
    AlwaysOn,
    /// More than one compute stands behind it from now on.
    HighAvailability,
}

impl Kind {
    /// What programs know it by.
    pub fn id(self) -> &'static str {
        match self {
            Kind::CeilingDoubles => "ceiling-doubles",
            Kind::AlwaysOn => "always-on",
            Kind::HighAvailability => "high-availability",
        }
    }
}

/// What a change does. `what` is what the change is of, by name.
pub fn findings(what: &str, before: &Compute, after: &Compute) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let (Some(before), Some(after)) = (before.max_cu, after.max_cu)
        && 2.0 * before <= after
    {
        findings.push(Finding {
            kind: Kind::CeilingDoubles,
            summary: format!("The ceiling of {what} at least doubles"),
            detail: format!(
                "From {before} to {after} CU: from {} to {} GB of memory, and from {} to {} \
                 connections. At its maximum it costs {} times as much.",
                before * GB_PER_CU,
                after * GB_PER_CU,
                grouped(&max_connections(before).to_string()),
                grouped(&max_connections(after).to_string()),
                (10.0 * after / before).round() / 10.0
            ),
        });
    }
    if let (Some(Suspension::After(_)), Some(Suspension::Never)) =
        (before.suspension, after.suspension)
    {
        findings.push(Finding {
            kind: Kind::AlwaysOn,
            summary: format!("Scale to zero is turned off for {what}"),
            detail: "It is billed around the clock, at its minimum at least.".to_owned(),
        });
    }
    if let (Some(before), Some(after)) = (before.computes, after.computes)
        && before <= 1
        && 1 < after
    {
        findings.push(Finding {
            kind: Kind::HighAvailability,
            summary: format!("High availability is turned on for {what}"),
            detail: format!("{after} computes run instead of {before}, and each is billed."),
        });
    }
    findings
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn found(before: Compute, after: Compute) -> Vec<Kind> {
        findings("`e`", &before, &after).into_iter().map(|it| it.kind).collect()
    }

    fn compute(max_cu: f64, always_on: bool, computes: i64) -> Compute {
        let soon = Suspension::After(SignedDuration::from_mins(5));
        let suspension = if always_on { Suspension::Never } else { soon };
        Compute {
            max_cu: Some(max_cu),
            suspension: Some(suspension),
            computes: Some(computes),
            ..Compute::default()
        }
    }

    #[test]
    fn each_finding_is_told_once_and_only_if_the_change_causes_it() {
        let small = compute(4.0, false, 1);
        assert_eq!(found(small, small), []);
        assert_eq!(found(small, compute(7.5, false, 1)), []);
        assert_eq!(found(compute(8.0, true, 2), small), []);
        assert_eq!(
            found(small, compute(8.0, true, 2)),
            [Kind::CeilingDoubles, Kind::AlwaysOn, Kind::HighAvailability]
        );
        assert_eq!(found(Compute::default(), compute(8.0, true, 2)), []);
    }
}
