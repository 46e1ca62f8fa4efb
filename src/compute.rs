//! What a compute may use, and what a change of it means: which range a plan refuses, what a range
//! grants, and what a reader should notice.
//!
//! This room knows no resource: it is told the limits.

use jiff::SignedDuration;

use capacity::max_connections;
use interval::Interval;

pub mod capacity;
pub mod finding;
pub mod interval;
pub mod range;

/// The smallest size that the service documents today, in CU (API reference, 7.2).
pub const SMALLEST_CU: f64 = 0.5;

/// The step between sizes, in CU: every recorded size is a multiple of it (API reference, 7.2).
pub const STEP_CU: f64 = 0.5;

/// The largest size that the service documents today, in CU.
pub const LARGEST_CU: f64 = 112.0;

/// The hours of a month: a year has 8,760.
pub const HOURS_PER_MONTH: f64 = 730.0;

/// A number as people read it: thousands set apart.
pub fn grouped(text: &str) -> String {
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::new();
    for (at, digit) in whole.char_indices() {
        if at != 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + fraction
}

/// A noun for that many things.
pub fn plural(count: i64, noun: &str) -> String {
    if count == 1 { noun.to_owned() } else { format!("{noun}s") }
}

/// A duration in its largest unit: `5m`, `90s`.
pub fn duration(duration: SignedDuration) -> String {
    let seconds = duration.as_secs();
    let units = [(86400, "d"), (3600, "h"), (60, "m")];
    match units.into_iter().find(|(length, _)| seconds != 0 && seconds % length == 0) {
        Some((length, unit)) => format!("{}{unit}", seconds / length),
        None => format!("{seconds}s"),
    }
}

/// A compute, or the settings of computes to come, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Compute {
    /// The least that it scales down to, in CU.
    pub min_cu: Option<f64>,
    /// The most that it scales up to, in CU.
    pub max_cu: Option<f64>,
    /// When it stops running by itself.
    pub suspension: Option<Suspension>,
    /// Whether it is switched off.
    pub disabled: Option<bool>,
    /// How many computes stand behind it: more than one is high availability.
    pub computes: Option<i64>,
}

/// When a compute that nobody uses stops running.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Suspension {
    /// After that time.
    After(SignedDuration),
    /// Never: it is billed around the clock.
    Never,
}

impl Compute {
    /// Whether it runs around the clock.
    pub fn always_on(&self) -> Option<bool> {
        match (self.disabled, self.suspension) {
            (Some(true), _) | (_, Some(Suspension::After(_))) => Some(false),
            (Some(false), Some(Suspension::Never)) => Some(true),
            _ => None,
        }
    }

    /// What runs at any time, in CU, all its computes together: nothing if it can suspend.
    pub fn floor(&self) -> Interval {
        match self.always_on() {
            Some(true) => self.least(),
            Some(false) => Interval::ZERO,
            None => self.least().or_nothing(),
        }
    }

    /// The most that can run, in CU, all its computes together: nothing while it is disabled.
    pub fn ceiling(&self) -> Interval {
        self.unless_disabled(self.number().times(Interval::of(self.max_cu)))
    }

    /// What runs while it is active, in CU, all its computes together.
    pub fn least(&self) -> Interval {
        let high = self.max_cu.unwrap_or(f64::INFINITY);
        let one = self.min_cu.map_or(Interval { low: 0.0, high }, Interval::known);
        self.unless_disabled(self.number().times(one))
    }

    /// How many computes stand behind it.
    #[expect(clippy::cast_precision_loss, reason = "a handful of computes")]
    pub fn number(&self) -> Interval {
        self.computes.map_or(Interval::at_least(1.0), |computes| Interval::known(computes as f64))
    }

    /// How far apart its limits are, in CU.
    pub fn range(&self) -> Interval {
        match (self.min_cu, self.max_cu) {
            (Some(min), Some(max)) => Interval::known(max - min),
            (None, Some(max)) => Interval { low: 0.0, high: max },
            (_, None) => Interval::ANY,
        }
    }

    /// The connections that its maximum grants.
    #[expect(clippy::cast_precision_loss, reason = "at most 4000")]
    pub fn connections(&self) -> Interval {
        let connections = |cu: f64| max_connections(cu) as f64;
        match self.max_cu {
            Some(max) => Interval::known(connections(max)),
            None => Interval { low: 0.0, high: connections(f64::MAX) },
        }
    }

    fn unless_disabled(&self, amount: Interval) -> Interval {
        match self.disabled {
            Some(true) => Interval::ZERO,
            Some(false) => amount,
            None => amount.or_nothing(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEVER: Option<Suspension> = Some(Suspension::Never);
    const SOON: Option<Suspension> = Some(Suspension::After(SignedDuration::from_secs(300)));

    fn compute(suspension: Option<Suspension>, disabled: bool, computes: i64) -> Compute {
        Compute {
            min_cu: Some(2.0),
            max_cu: Some(8.0),
            suspension,
            disabled: Some(disabled),
            computes: Some(computes),
        }
    }

    #[test]
    fn floor_counts_always_on_computes_and_ceiling_counts_all() {
        let known = Interval::known;
        for (suspension, disabled, computes, floor, ceiling) in [
            (SOON, false, 1, known(0.0), 8.0),
            (NEVER, false, 1, known(2.0), 8.0),
            (NEVER, false, 3, known(6.0), 24.0),
            (NEVER, true, 3, known(0.0), 0.0),
            (None, false, 1, Interval { low: 0.0, high: 2.0 }, 8.0),
            (None, true, 1, known(0.0), 0.0),
        ] {
            let compute = compute(suspension, disabled, computes);
            assert_eq!(
                (compute.floor(), compute.ceiling()),
                (floor, known(ceiling)),
                "{compute:?}"
            );
        }
        assert_eq!(compute(None, false, 1).range(), known(6.0));
    }

    #[test]
    fn unknown_setting_leaves_bounds() {
        let all = compute(NEVER, false, 2);
        let between = |low, high| Interval { low, high };
        let any = f64::INFINITY;
        for (compute, floor, ceiling) in [
            (Compute { min_cu: None, ..all }, between(0.0, 16.0), between(16.0, 16.0)),
            (Compute { max_cu: None, ..all }, between(4.0, 4.0), between(0.0, any)),
            (Compute { computes: None, ..all }, between(2.0, any), between(8.0, any)),
            (Compute { disabled: None, ..all }, between(0.0, 4.0), between(0.0, 16.0)),
            (Compute::default(), between(0.0, any), between(0.0, any)),
        ] {
            assert_eq!((compute.floor(), compute.ceiling()), (floor, ceiling), "{compute:?}");
        }
        assert_eq!(Compute::default().connections(), between(0.0, 4000.0));
    }
}
