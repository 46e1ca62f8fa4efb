//! What a reader of a plan should notice about a change of compute.

use tfplugin::{Diagnostic, Diagnostics};

use super::capacity::{GB_PER_CU, max_connections};

/// A compute, or the settings of computes to come, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Compute {
    /// The most that it scales up to, in CU.
    pub max_cu: Option<f64>,
    /// Whether it never suspends.
    pub always_on: Option<bool>,
    /// How many computes stand behind it.
    pub computes: Option<i64>,
}

/// Tells what a change does, a warning a finding. `what` is what the change is of, by name.
pub fn findings(what: &str, before: Compute, after: Compute, sink: &mut Diagnostics) {
    if let (Some(before), Some(after)) = (before.max_cu, after.max_cu)
        && 2.0 * before <= after
    {
        sink.push(Diagnostic::warning(
            format!("The ceiling of {what} at least doubles"),
            format!(
                "From {before} to {after} CU: from {} to {} GB of memory, and from {} to {} \
                 connections. It may cost up to {:.1} times as much.",
                before * GB_PER_CU,
                after * GB_PER_CU,
                max_connections(before),
                max_connections(after),
                after / before
            ),
        ));
    }
    if before.always_on == Some(false) && after.always_on == Some(true) {
        sink.push(Diagnostic::warning(
            format!("Scale to zero is turned off for {what}"),
            "It runs and is billed around the clock, at its minimum at least.",
        ));
    }
    if let (Some(before), Some(after)) = (before.computes, after.computes)
        && before <= 1
        && 1 < after
    {
        sink.push(Diagnostic::warning(
            format!("High availability is turned on for {what}"),
            format!("{after} computes run instead of {before}, and each is billed."),
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(before: Compute, after: Compute) -> Vec<String> {
        let mut sink = Diagnostics::new();
        findings("`e`", before, after, &mut sink);
        sink.iter().map(|it| it.summary.clone()).collect()
    }

    fn compute(max_cu: f64, always_on: bool, computes: i64) -> Compute {
        Compute { max_cu: Some(max_cu), always_on: Some(always_on), computes: Some(computes) }
    }

    #[test]
    fn each_finding_is_told_once_and_only_if_the_change_causes_it() {
        let small = compute(4.0, false, 1);
        assert_eq!(found(small, small), [""; 0]);
        assert_eq!(found(small, compute(7.5, false, 1)), [""; 0]);
        assert_eq!(found(compute(8.0, true, 2), small), [""; 0]);
        assert_eq!(
            found(small, compute(8.0, true, 2)),
            [
                "The ceiling of `e` at least doubles",
                "Scale to zero is turned off for `e`",
                "High availability is turned on for `e`",
            ]
        );
        assert_eq!(found(Compute::default(), compute(8.0, true, 2)), [""; 0]);
    }
}
