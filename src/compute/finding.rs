//! What a reader should notice about a change of compute.

use super::capacity::{GB_PER_CU, max_connections};
use super::{Compute, LARGEST_CU, SMALLEST_CU, STEP_CU, Suspension, grouped};

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
    /// One of its limits is none that the service documents today.
    UndocumentedSize,
}

impl Kind {
    /// What programs know it by.
    pub fn id(self) -> &'static str {
        match self {
            Kind::CeilingDoubles => "ceiling-doubles",
            Kind::AlwaysOn => "always-on",
            Kind::HighAvailability => "high-availability",
            Kind::UndocumentedSize => "undocumented-size",
        }
    }
}

/// What a change does. `what` is what the change is of, by name.
pub fn findings(what: &str, before: Option<&Compute>, after: &Compute) -> Vec<Finding> {
    let mut findings: Vec<_> = undocumented_size(what, before, after).into_iter().collect();
    if let Some(before) = before {
        findings.extend(differences(what, before, after));
    }
    findings
}

/// Whether a change makes a size what no documentation of the service has. The service's limits
/// move, so that it may accept it all the same.
pub fn undocumented_size(what: &str, before: Option<&Compute>, after: &Compute) -> Option<Finding> {
    let limits = |it: &Compute| (it.min_cu, it.max_cu);
    let named = [("minimum", after.min_cu), ("maximum", after.max_cu)];
    let those = |is_odd: &dyn Fn(f64) -> bool| {
        let odd =
            named.into_iter().filter_map(|(limit, cu)| Some((limit, cu.filter(|it| is_odd(*it))?)));
        odd.map(|(limit, cu)| format!("the {limit} is {cu} CU")).collect::<Vec<_>>().join(" and ")
    };
    let is_inside = |cu: f64| (SMALLEST_CU..=LARGEST_CU).contains(&cu);
    let outside = those(&|cu| !is_inside(cu));
    let between = those(&|cu| is_inside(cu) && cu % STEP_CU != 0.0);
    let is_new = before.is_none_or(|it| limits(it) != limits(after));
    let sizes = format!("{SMALLEST_CU} to {LARGEST_CU} CU");
    let steps = format!("in steps of {STEP_CU} CU");
    let detail = match (outside.as_str(), between.as_str()) {
        _ if !is_new => return None,
        ("", "") => return None,
        (outside, "") => format!("Today that is {sizes}; {outside}, and may be refused."),
        ("", between) => format!("Today that is {sizes} {steps}; {between}, and may be refused."),
        (outside, between) => {
            format!("Today that is {sizes} {steps}; {outside} and {between}, and may be refused.")
        }
    };
    Some(Finding {
        kind: Kind::UndocumentedSize,
        summary: format!("The size of {what} is outside what the service documents"),
        detail,
    })
}

fn differences(what: &str, before: &Compute, after: &Compute) -> Vec<Finding> {
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
        findings("`e`", Some(&before), &after).into_iter().map(|it| it.kind).collect()
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

    #[test]
    fn a_size_that_nobody_documents_is_told_when_it_comes_up() {
        let told = |before: Option<Compute>, after: Compute| {
            findings("`e`", before.as_ref(), &after).into_iter().map(|it| it.detail).next()
        };
        let large = Compute { min_cu: Some(108.0), max_cu: Some(116.0), ..Compute::default() };
        let detail = "Today that is 0.5 to 112 CU; the maximum is 116 CU, and may be refused.";
        assert_eq!(told(None, large).as_deref(), Some(detail));
        assert_eq!(told(Some(Compute::default()), large).as_deref(), Some(detail));
        assert_eq!(told(Some(large), large), None);
        assert_eq!(told(None, compute(112.0, false, 1)), None);
        let odd = Compute { min_cu: Some(0.25), max_cu: Some(0.25), ..Compute::default() };
        let both = "Today that is 0.5 to 112 CU; the minimum is 0.25 CU and the maximum is 0.25 \
                    CU, and may be refused.";
        assert_eq!(told(None, odd).as_deref(), Some(both));
        let steps = Compute { min_cu: Some(1.3), max_cu: Some(2.5), ..Compute::default() };
        let detail = "Today that is 0.5 to 112 CU in steps of 0.5 CU; the minimum is 1.3 CU, and \
                      may be refused.";
        assert_eq!(told(None, steps).as_deref(), Some(detail));
        let both = Compute { min_cu: Some(0.75), max_cu: Some(113.0), ..Compute::default() };
        let detail = "Today that is 0.5 to 112 CU in steps of 0.5 CU; the maximum is 113 CU and \
                      the minimum is 0.75 CU, and may be refused.";
        assert_eq!(told(None, both).as_deref(), Some(detail));
    }
}
