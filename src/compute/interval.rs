//! Calculates with quantities of which only bounds are known. Knows nothing of computes.

use std::ops::{Add, AddAssign};

/// The values that a quantity can have: one value where it is known.
///
/// No quantity here is negative, so that 0 is a lower bound of each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lowest value.
    pub low: f64,
    /// The highest value; infinite where there is no bound.
    pub high: f64,
}

impl Interval {
    /// Nothing.
    pub const ZERO: Interval = Interval::known(0.0);

    /// Any amount.
    pub const ANY: Interval = Interval::at_least(0.0);

    /// That value.
    pub const fn known(value: f64) -> Interval {
        Interval { low: value, high: value }
    }

    /// That value or more.
    pub const fn at_least(value: f64) -> Interval {
        Interval { low: value, high: f64::INFINITY }
    }

    /// The value, or anything from 0 on where there is none.
    pub fn of(value: Option<f64>) -> Interval {
        value.map_or(Interval::ANY, Interval::known)
    }

    /// The value, if it is known.
    pub fn value(self) -> Option<f64> {
        (self.high <= self.low).then_some(self.low)
    }

    /// The same, or nothing.
    #[must_use]
    pub fn or_nothing(self) -> Interval {
        Interval { low: 0.0, ..self }
    }

    /// Both bounds multiplied with those of another.
    #[must_use]
    pub fn times(self, factor: Interval) -> Interval {
        // Nothing remains nothing, however large the other one can be.
        let product = |a: f64, b: f64| if a == 0.0 || b == 0.0 { 0.0 } else { a * b };
        Interval { low: product(self.low, factor.low), high: product(self.high, factor.high) }
    }
}

impl Add for Interval {
    type Output = Interval;

    fn add(self, other: Interval) -> Interval {
        Interval { low: self.low + other.low, high: self.high + other.high }
    }
}

impl AddAssign for Interval {
    fn add_assign(&mut self, other: Interval) {
        *self = *self + other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn product_with_nothing_is_nothing() {
        assert_eq!(Interval::ZERO.times(Interval::ANY), Interval::ZERO);
        assert_eq!(Interval::ANY.times(Interval::known(2.0)), Interval::ANY);
        let some = Interval { low: 1.0, high: 4.0 };
        assert_eq!(some.times(Interval::known(3.0)), Interval { low: 3.0, high: 12.0 });
    }
}
