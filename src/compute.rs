//! What a compute may use, and what a change of it means: which range a plan refuses, what a range
//! grants, and what a reader should notice.
//!
//! This room knows no resource: it is told the limits.

use jiff::SignedDuration;

pub mod capacity;
pub mod finding;
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
            (_, Some(Suspension::Never)) => Some(true),
            (_, None) => None,
        }
    }

    /// What runs at any time, in CU, all its computes together: nothing if it may suspend.
    pub fn floor_cu(&self) -> Option<f64> {
        if self.always_on()? { self.least_cu() } else { Some(0.0) }
    }

    /// The most that can run, in CU, all its computes together.
    pub fn ceiling_cu(&self) -> Option<f64> {
        self.times(self.max_cu)
    }

    /// What runs while it does not suspend, in CU, all its computes together.
    pub fn least_cu(&self) -> Option<f64> {
        self.times(self.min_cu)
    }

    /// How far apart its limits are, in CU.
    pub fn range_cu(&self) -> Option<f64> {
        Some(self.max_cu? - self.min_cu?)
    }

    #[expect(clippy::cast_precision_loss, reason = "a handful of computes")]
    fn times(&self, cu: Option<f64>) -> Option<f64> {
        Some(cu? * self.computes? as f64)
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
    fn a_floor_is_what_cannot_suspend_and_a_ceiling_is_everything() {
        for (suspension, disabled, computes, floor, ceiling) in [
            (SOON, false, 1, Some(0.0), 8.0),
            (NEVER, false, 1, Some(2.0), 8.0),
            (NEVER, false, 3, Some(6.0), 24.0),
            (NEVER, true, 3, Some(0.0), 24.0),
            (None, false, 1, None, 8.0),
            (None, true, 1, Some(0.0), 8.0),
        ] {
            let it = compute(suspension, disabled, computes);
            assert_eq!((it.floor_cu(), it.ceiling_cu()), (floor, Some(ceiling)), "{it:?}");
        }
        assert_eq!(compute(None, false, 1).range_cu(), Some(6.0));
    }
}
