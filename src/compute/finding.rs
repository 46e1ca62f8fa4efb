//! What a reader should notice about a change of compute.

use jiff::SignedDuration;
use tfplugin::Diagnostic;

use super::capacity::{GB_PER_CU, max_connections};
use super::{Compute, LARGEST_CU, SMALLEST_CU, STEP_CU, Suspension, duration, grouped, plural};

/// Something to notice about the change of one compute.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What sort of thing.
    pub kind: FindingKind,
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

    /// The warning of a plan, which says how to hide it.
    pub fn warning(self) -> Diagnostic {
        let silence =
            "To hide these warnings, set `review_warnings = false` in the provider configuration.";
        Diagnostic::warning(self.summary, format!("{}\n\n{silence}", self.detail))
    }
}

/// The sorts of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FindingKind {
    /// The maximum at least doubles.
    MaximumDoubles,
    /// A new compute can scale up to a size that only few need.
    LargeCompute,
    /// It does not suspend anymore.
    AlwaysOn,
    /// It suspends at least twice as late.
    SuspendsLater,
    /// It was disabled, and is not anymore.
    Enabled,
    /// It has more computes, and more than one.
    HighAvailability,
    /// One of its limits is outside the documented sizes.
    UndocumentedSize,
    /// It is disabled.
    Disabled,
    /// It has fewer computes.
    LessAvailable,
    /// The connections at its maximum are at most half of what they were.
    FewerConnections,
    /// It suspends from now on.
    Suspends,
}

impl FindingKind {
    /// All, in the order of the documentation.
    pub const ALL: [FindingKind; 11] = [
        FindingKind::MaximumDoubles,
        FindingKind::LargeCompute,
        FindingKind::AlwaysOn,
        FindingKind::SuspendsLater,
        FindingKind::Enabled,
        FindingKind::HighAvailability,
        FindingKind::UndocumentedSize,
        FindingKind::Disabled,
        FindingKind::LessAvailable,
        FindingKind::FewerConnections,
        FindingKind::Suspends,
    ];

    /// The ID for programs, and what it stands for.
    pub fn declared(self) -> (&'static str, &'static str) {
        match self {
            FindingKind::MaximumDoubles => ("maximum-doubles", "Maximum compute at least doubles"),
            FindingKind::LargeCompute => ("large-compute", "New compute is large"),
            FindingKind::AlwaysOn => ("always-on", "Scale to zero is disabled"),
            FindingKind::SuspendsLater => ("suspends-later", "Suspend timeout at least doubles"),
            FindingKind::Enabled => ("enabled", "Disabled compute is enabled"),
            FindingKind::HighAvailability => ("high-availability", "Number of computes increases"),
            FindingKind::UndocumentedSize => {
                ("undocumented-size", "Size is outside the documented sizes")
            }
            FindingKind::Disabled => ("disabled", "Compute is disabled"),
            FindingKind::LessAvailable => ("less-available", "Number of computes decreases"),
            FindingKind::FewerConnections => {
                ("fewer-connections", "Connection limit at least halves")
            }
            FindingKind::Suspends => ("suspends", "Scale to zero is enabled"),
        }
    }

    /// The ID for programs.
    pub fn id(self) -> &'static str {
        self.declared().0
    }

    /// Whether the change can raise costs. The others make a compute smaller or less available.
    pub fn costs(self) -> bool {
        !matches!(
            self,
            FindingKind::Disabled
                | FindingKind::LessAvailable
                | FindingKind::FewerConnections
                | FindingKind::Suspends
        )
    }
}

/// A new compute that can use more than this is large: autoscaling ends here, and larger sizes are
/// fixed ones (API reference, 7.2).
pub const LARGE_CU: f64 = 32.0;

/// What a change does to a compute. `what` is the compute, by name.
pub fn findings(what: &str, before: Option<&Compute>, after: &Compute) -> Vec<Finding> {
    let mut findings: Vec<_> = undocumented_size(what, before, after).into_iter().collect();
    match before {
        Some(before) => findings.extend(differences(what, before, after)),
        None => findings.extend(large(what, after)),
    }
    findings
}

/// What a change does to the settings of computes that are created later.
pub fn findings_of_defaults(what: &str, before: Option<&Compute>, after: &Compute) -> Vec<Finding> {
    let mut findings: Vec<_> = undocumented_size(what, before, after).into_iter().collect();
    let Some(before) = before else { return findings };
    let new = "New computes with these settings run continuously and are billed for at least their \
               minimum size.";
    findings.extend(maximum_doubles(what, before, after));
    findings.extend(always_on(what, before, after, new));
    findings
}

/// Whether a change makes a size what no documentation of the service has. The service's limits
/// move, so that it may accept it all the same.
pub fn undocumented_size(what: &str, before: Option<&Compute>, after: &Compute) -> Option<Finding> {
    let limits = |compute: &Compute| (compute.min_cu, compute.max_cu);
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
        (outside, "") => format!("Databricks documents {sizes}; {outside}. The API may reject it."),
        ("", between) => {
            format!("Databricks documents {sizes} {steps}; {between}. The API may reject it.")
        }
        (outside, between) => {
            format!(
                "Databricks documents {sizes} {steps}; {outside} and {between}. The API may reject it."
            )
        }
    };
    Some(Finding {
        kind: FindingKind::UndocumentedSize,
        summary: format!("Size of {what} is outside the documented sizes"),
        detail,
    })
}

fn large(what: &str, after: &Compute) -> Option<Finding> {
    let ceiling = after.ceiling().low;
    (LARGE_CU < ceiling).then(|| Finding {
        kind: FindingKind::LargeCompute,
        summary: format!("{what} is large"),
        detail: match after.always_on() {
            Some(true) => format!(
                "It can use up to {ceiling} CU, and runs continuously with at least {} CU.",
                after.floor().low
            ),
            _ => format!("It can use up to {ceiling} CU."),
        },
    })
}

fn differences(what: &str, before: &Compute, after: &Compute) -> Vec<Finding> {
    let around_the_clock =
        "The compute will run continuously and be billed for at least its minimum size.";
    let computes = before.computes.zip(after.computes);
    let more = computes.filter(|(before, after)| before < after && 1 < *after);
    let fewer = computes.filter(|(before, after)| after < before);
    let each = |(before, after)| format!("From {before} to {after} {}", plural(after, "compute"));
    let found = [
        enabled(what, before, after),
        maximum_doubles(what, before, after),
        always_on(what, before, after, around_the_clock),
        suspends_later(what, before, after),
        more.map(|computes| Finding {
            kind: FindingKind::HighAvailability,
            summary: match computes.0 {
                ..=1 => format!("High availability will be enabled for {what}"),
                _ => format!("Number of computes of {what} increases"),
            },
            detail: format!("{}. Each compute is billed.", each(computes)),
        }),
        (before.disabled == Some(false) && after.disabled == Some(true)).then(|| Finding {
            kind: FindingKind::Disabled,
            summary: format!("{what} will be disabled"),
            detail: "The endpoint refuses connections until it is enabled again.".to_owned(),
        }),
        fewer.map(|computes| Finding {
            kind: FindingKind::LessAvailable,
            summary: match computes.1 {
                ..=1 => format!("High availability will be disabled for {what}"),
                _ => format!("Number of computes of {what} decreases"),
            },
            detail: match computes.1 {
                ..=1 => {
                    format!("{}: Lakebase cannot fail over to another compute.", each(computes))
                }
                _ => format!("{}.", each(computes)),
            },
        }),
        fewer_connections(what, before, after),
        (before.always_on() == Some(true) && suspension(after).is_some()).then(|| Finding {
            kind: FindingKind::Suspends,
            summary: format!("Scale to zero will be enabled for {what}"),
            detail: "After the compute is suspended, the next connection waits until it is active again."
                .to_owned(),
        }),
    ];
    found.into_iter().flatten().collect()
}

fn enabled(what: &str, before: &Compute, after: &Compute) -> Option<Finding> {
    let is_enabled = before.disabled == Some(true) && after.disabled == Some(false);
    let clock = match after.always_on() {
        Some(true) => " It runs continuously and is billed for at least its minimum size.",
        _ => "",
    };
    is_enabled.then(|| Finding {
        kind: FindingKind::Enabled,
        summary: format!("{what} will be enabled"),
        detail: match after.ceiling().value() {
            Some(ceiling) => {
                format!("A disabled endpoint uses no compute; an enabled one can use up to {ceiling} CU.{clock}")
            }
            None => format!("A disabled endpoint uses no compute.{clock}"),
        },
    })
}

fn maximum_doubles(what: &str, before: &Compute, after: &Compute) -> Option<Finding> {
    let (from, to) = (before.ceiling().value()?, after.ceiling().value()?);
    if from <= 0.0 || to < 2.0 * from {
        return None;
    }
    let (small, large) = (before.max_cu?, after.max_cu?);
    let each = match (before.computes, after.computes) {
        (Some(1), Some(1)) => format!("From {small} to {large} CU"),
        (Some(few), Some(many)) => format!("From {few} × {small} to {many} × {large} CU"),
        _ => format!("From {from} to {to} CU"),
    };
    let connections = |cu: f64| grouped(&max_connections(cu).to_string());
    let grants = if large <= small {
        String::new()
    } else {
        format!(
            " Memory at the maximum increases from {} to {} GB, and the connection limit from {} to \
             {}.",
            small * GB_PER_CU,
            large * GB_PER_CU,
            connections(small),
            connections(large)
        )
    };
    Some(Finding {
        kind: FindingKind::MaximumDoubles,
        summary: format!("Maximum compute of {what} at least doubles"),
        detail: format!(
            "{each}.{grants} The maximum cost increases by a factor of {}.",
            (10.0 * to / from).round() / 10.0
        ),
    })
}

fn always_on(what: &str, before: &Compute, after: &Compute, detail: &str) -> Option<Finding> {
    let is_new = suspension(before).is_some() && after.always_on() == Some(true);
    is_new.then(|| Finding {
        kind: FindingKind::AlwaysOn,
        summary: format!("Scale to zero will be disabled for {what}"),
        detail: detail.to_owned(),
    })
}

fn suspends_later(what: &str, before: &Compute, after: &Compute) -> Option<Finding> {
    let (early, late) = (suspension(before)?, suspension(after)?);
    (early * 2 <= late && !early.is_zero()).then(|| Finding {
        kind: FindingKind::SuspendsLater,
        summary: format!("Suspend timeout of {what} increases"),
        detail: format!(
            "The compute will be suspended after {} of inactivity instead of {}. Until then, it is \
             billed for at least its minimum size.",
            duration(late),
            duration(early)
        ),
    })
}

fn fewer_connections(what: &str, before: &Compute, after: &Compute) -> Option<Finding> {
    let (many, few) = (max_connections(before.max_cu?), max_connections(after.max_cu?));
    (2 * few <= many && 0 < many).then(|| Finding {
        kind: FindingKind::FewerConnections,
        summary: format!("Connection limit of {what} at least halves"),
        detail: format!(
            "The limit decreases from {} to {}. A larger connection pool runs into errors.",
            grouped(&many.to_string()),
            grouped(&few.to_string())
        ),
    })
}

/// When an enabled compute suspends.
fn suspension(compute: &Compute) -> Option<SignedDuration> {
    match compute.suspension {
        Some(Suspension::After(duration)) if compute.disabled != Some(true) => Some(duration),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn found(before: Compute, after: Compute) -> Vec<FindingKind> {
        findings("`e`", Some(&before), &after).into_iter().map(|it| it.kind).collect()
    }

    fn compute(max_cu: f64, always_on: bool, computes: i64) -> Compute {
        let soon = Suspension::After(SignedDuration::from_mins(5));
        let suspension = if always_on { Suspension::Never } else { soon };
        Compute {
            max_cu: Some(max_cu),
            suspension: Some(suspension),
            computes: Some(computes),
            disabled: Some(false),
            ..Compute::default()
        }
    }

    #[test]
    fn each_finding_is_reported_once_and_only_if_the_change_causes_it() {
        let small = compute(4.0, false, 1);
        assert_eq!(found(small, small), []);
        let (double, off) = (compute(8.0, true, 2), |it| Compute { disabled: Some(true), ..it });
        let later =
            Compute { suspension: Some(Suspension::After(SignedDuration::from_mins(10))), ..small };
        let none: &[FindingKind] = &[];
        for (before, after, expected) in [
            (small, compute(7.5, false, 1), none),
            (
                double,
                small,
                &[FindingKind::LessAvailable, FindingKind::FewerConnections, FindingKind::Suspends],
            ),
            (
                small,
                double,
                &[
                    FindingKind::MaximumDoubles,
                    FindingKind::AlwaysOn,
                    FindingKind::HighAvailability,
                ],
            ),
            (Compute::default(), double, none),
            (compute(4.0, false, 2), compute(8.0, false, 1), &[FindingKind::LessAvailable]),
            (
                compute(4.0, true, 2),
                compute(4.0, true, 6),
                &[FindingKind::MaximumDoubles, FindingKind::HighAvailability],
            ),
            (compute(4.0, true, 6), compute(4.0, true, 2), &[FindingKind::LessAvailable]),
            (off(small), off(compute(4.0, true, 1)), none),
            (off(compute(64.0, true, 1)), compute(64.0, true, 1), &[FindingKind::Enabled]),
            (compute(64.0, true, 1), off(compute(64.0, true, 1)), &[FindingKind::Disabled]),
            (compute(0.0, false, 1), compute(0.0, false, 1), none),
            (small, later, &[FindingKind::SuspendsLater]),
            (later, small, none),
        ] {
            assert_eq!(found(before, after), expected, "{before:?} {after:?}");
        }
    }

    #[test]
    fn new_compute_is_a_finding_only_if_it_is_large() {
        let kinds = |compute: Compute| {
            let found = findings("`e`", None, &compute);
            found.into_iter().map(|it| it.text()).collect::<Vec<_>>()
        };
        assert_eq!(kinds(compute(32.0, true, 1)), Vec::<String>::new());
        let text =
            "`e` is large. It can use up to 336 CU, and runs continuously with at least 12 CU.";
        let three = Compute { min_cu: Some(4.0), ..compute(112.0, true, 3) };
        assert_eq!(kinds(three), [text]);
    }

    #[test]
    fn undocumented_size_is_found_when_it_appears() {
        let told = |before: Option<Compute>, after: Compute| {
            undocumented_size("`e`", before.as_ref(), &after).map(|it| it.detail)
        };
        let large = Compute { min_cu: Some(108.0), max_cu: Some(116.0), ..Compute::default() };
        let detail =
            "Databricks documents 0.5 to 112 CU; the maximum is 116 CU. The API may reject it.";
        assert_eq!(told(None, large).as_deref(), Some(detail));
        assert_eq!(told(Some(Compute::default()), large).as_deref(), Some(detail));
        assert_eq!(told(Some(large), large), None);
        assert_eq!(told(None, compute(112.0, false, 1)), None);
        let odd = Compute { min_cu: Some(0.25), max_cu: Some(0.25), ..Compute::default() };
        let both = "Databricks documents 0.5 to 112 CU; the minimum is 0.25 CU and the maximum is \
                    0.25 CU. The API may reject it.";
        assert_eq!(told(None, odd).as_deref(), Some(both));
        let steps = Compute { min_cu: Some(1.3), max_cu: Some(2.5), ..Compute::default() };
        let detail = "Databricks documents 0.5 to 112 CU in steps of 0.5 CU; the minimum is 1.3 CU. \
                      The API may reject it.";
        assert_eq!(told(None, steps).as_deref(), Some(detail));
        let both = Compute { min_cu: Some(0.75), max_cu: Some(113.0), ..Compute::default() };
        let detail = "Databricks documents 0.5 to 112 CU in steps of 0.5 CU; the maximum is 113 CU \
                      and the minimum is 0.75 CU. The API may reject it.";
        assert_eq!(told(None, both).as_deref(), Some(detail));
    }
}
