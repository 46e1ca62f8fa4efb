//! Declares what a rule can compare: each quantity with its value for a compute, and for many.

use super::super::figures::{Price, money, number};
use super::super::row::{Fate, Row, Side, Subject};
use super::super::summary::Total;
use crate::compute::Compute;
use crate::compute::interval::Interval;

/// Something that a rule can compare.
#[derive(Debug)]
pub struct Quantity {
    /// Its name in a rule.
    pub name: &'static str,
    /// Its unit, which a rule may leave out.
    pub unit: &'static str,
    /// A clause about a value, in which `{}` stands for it.
    clause: &'static str,
    /// Whether its values are money.
    pub is_money: bool,
    /// Whether it makes sense for the settings of computes to come.
    pub has_defaults: bool,
    /// Its value for a row; `None` where there is nothing to compare.
    pub of_row: fn(&Row) -> Option<Interval>,
    /// Its value for many rows; `None` if it has no total.
    pub of_total: Option<OfTotal>,
}

/// A quantity of rows together; `None` where there is nothing to compare.
type OfTotal = fn(&[&Row]) -> Option<Interval>;

/// All quantities, in the order of the help text.
pub static QUANTITIES: [Quantity; 9] = [
    Quantity {
        name: "ceiling",
        unit: "CU",
        clause: "ceiling is {} CU",
        is_money: false,
        has_defaults: true,
        of_row: |row| Some(row.after.quantity(Compute::ceiling)),
        of_total: Some(|rows| Some(after(rows).ceiling.interval)),
    },
    Quantity {
        name: "floor",
        unit: "CU",
        clause: "floor is {} CU",
        is_money: false,
        has_defaults: false,
        of_row: |row| Some(row.after.quantity(Compute::floor)),
        of_total: Some(|rows| Some(after(rows).floor.interval)),
    },
    Quantity {
        name: "range",
        unit: "CU",
        clause: "range is {} CU",
        is_money: false,
        has_defaults: true,
        of_row: |row| Some(row.after.quantity(Compute::range)),
        of_total: None,
    },
    Quantity {
        name: "growth",
        unit: "x",
        clause: "ceiling is {} times what it was",
        is_money: false,
        has_defaults: true,
        of_row: |row| ratio(sides(row, Compute::ceiling)),
        of_total: Some(|rows| change_of(rows, |side| side.quantity(Compute::ceiling)).1),
    },
    Quantity {
        name: "increase",
        unit: "CU",
        clause: "ceiling increases by {} CU",
        is_money: false,
        has_defaults: true,
        of_row: |row| Some(difference(sides(row, Compute::ceiling))),
        of_total: Some(|rows| Some(change_of(rows, |side| side.quantity(Compute::ceiling)).0)),
    },
    Quantity {
        name: "computes",
        unit: "",
        clause: "number of computes is {}",
        is_money: false,
        has_defaults: false,
        of_row: |row| Some(row.after.quantity(Compute::number)),
        of_total: Some(|rows| Some(after(rows).computes.interval)),
    },
    Quantity {
        name: "connections",
        unit: "",
        clause: "maximum number of connections is {}",
        is_money: false,
        has_defaults: true,
        of_row: |row| Some(row.after.quantity(Compute::connections)),
        of_total: None,
    },
    Quantity {
        name: "cost",
        unit: "",
        clause: "cost is at most {} a month",
        is_money: true,
        has_defaults: false,
        of_row: |row| Some(row.after.ceiling_hours()),
        of_total: Some(|rows| Some(after(rows).ceiling_hours.interval)),
    },
    Quantity {
        name: "cost-increase",
        unit: "",
        clause: "highest cost increases by {} a month",
        is_money: true,
        has_defaults: false,
        of_row: |row| {
            Some(difference([before_row(row).ceiling_hours(), row.after.ceiling_hours()]))
        },
        of_total: Some(|rows| Some(change_of(rows, Side::ceiling_hours).0)),
    },
];

impl Quantity {
    /// Its value for a row; `None` where there is nothing to compare.
    pub fn of_row(&self, row: &Row, price: Option<&Price>) -> Option<Interval> {
        if row.subject == Subject::Defaults && !self.has_defaults {
            return None;
        }
        self.in_money((self.of_row)(row)?, price)
    }

    /// Its value for some rows together.
    pub fn of_total(&self, rows: &[&Row], price: Option<&Price>) -> Option<Interval> {
        self.in_money(self.of_total?(rows)?, price)
    }

    /// CU-hours as money, where it is money.
    fn in_money(&self, value: Interval, price: Option<&Price>) -> Option<Interval> {
        match (self.is_money, price) {
            (false, _) => Some(value),
            (true, Some(price)) => Some(value.times(Interval::known(price.amount))),
            (true, None) => None,
        }
    }

    /// A clause about a value, as far as it is known.
    pub fn clause(&self, value: Interval, price: Option<&Price>) -> String {
        let amount = |amount: f64| match price {
            Some(price) if self.is_money => price.with_currency(&money(amount)),
            _ => number(amount),
        };
        if value.low <= 0.0 && value.high.is_infinite() {
            return format!("{} is known after apply", self.name);
        }
        let text = match value.value() {
            Some(value) => amount(value),
            None if value.high.is_infinite() => format!("at least {}", amount(value.low)),
            None => format!("{} to {}", amount(value.low), amount(value.high)),
        };
        self.clause.replace("{}", &text).replace("at most at least", "at least")
    }
}

/// How a quantity of some rows changes together: the difference and the ratio, as far as they are
/// known.
pub fn change_of(rows: &[&Row], of: fn(&Side) -> Interval) -> (Interval, Option<Interval>) {
    let (kept, sides) = split(rows, of);
    (difference(sides), ratio_with(kept, sides))
}

/// What a row has before; a new replica that could be adopted counts as new.
fn before_row(row: &Row) -> Side {
    if row.fate == Fate::CreatedOrAdopted { Side::Absent } else { row.before }
}

fn sides(row: &Row, of: fn(&Compute) -> Interval) -> [Interval; 2] {
    [before_row(row).quantity(of), row.after.quantity(of)]
}

fn after(rows: &[&Row]) -> Total {
    Total::after(rows.iter().copied())
}

/// The sum over rows that stay as they are, and those over the others before and after. What stays
/// can be unknown, but is the same on both sides.
fn split(rows: &[&Row], of: fn(&Side) -> Interval) -> (Interval, [Interval; 2]) {
    let (mut kept, mut before, mut after) = (Interval::ZERO, Interval::ZERO, Interval::ZERO);
    for row in rows {
        if row.before == row.after {
            kept += of(&row.before);
        } else {
            before += of(&before_row(row));
            after += of(&row.after);
        }
    }
    (kept, [before, after])
}

fn difference([before, after]: [Interval; 2]) -> Interval {
    let minus =
        |a: f64, b: f64| if a.is_infinite() && b.is_infinite() { f64::NEG_INFINITY } else { a - b };
    let high = if after.high.is_infinite() { f64::INFINITY } else { after.high - before.low };
    Interval { low: minus(after.low, before.high), high }
}

/// How many times as much it is; nothing grows from nothing.
fn ratio([before, after]: [Interval; 2]) -> Option<Interval> {
    if before.high == 0.0 {
        return None;
    }
    let high = if before.low == 0.0 { f64::INFINITY } else { after.high / before.low };
    let low = if before.high.is_infinite() { 0.0 } else { after.low / before.high };
    Some(Interval { low, high })
}

/// The same with something that is in both: it draws the ratio towards 1.
fn ratio_with(kept: Interval, [before, after]: [Interval; 2]) -> Option<Interval> {
    let least = ratio([before + Interval::known(kept.low), after + Interval::known(kept.low)]);
    let most = if kept.high.is_infinite() {
        Some(Interval::known(1.0))
    } else {
        ratio([before + Interval::known(kept.high), after + Interval::known(kept.high)])
    };
    match (least, most) {
        (Some(a), Some(b)) => Some(Interval { low: a.low.min(b.low), high: a.high.max(b.high) }),
        // Where nothing is known to be there before, anything can have grown from nothing.
        (None, Some(b)) if kept.value().is_none() => {
            Some(Interval { low: b.low.min(1.0), high: f64::INFINITY })
        }
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_that_stays_draws_growth_towards_one() {
        let known = Interval::known;
        let sides = [known(4.0), known(12.0)];
        let between = |low, high| Some(Interval { low, high });
        assert_eq!(ratio_with(Interval::ZERO, sides), between(3.0, 3.0));
        assert_eq!(ratio_with(known(4.0), sides), between(2.0, 2.0));
        assert_eq!(ratio_with(Interval::ANY, sides), between(1.0, 3.0));
        assert_eq!(ratio_with(Interval::ZERO, [Interval::ZERO, known(4.0)]), None);
        assert_eq!(
            ratio_with(Interval::ANY, [Interval::ZERO, known(4.0)]),
            between(1.0, f64::INFINITY)
        );
        let fewer = Interval { low: f64::NEG_INFINITY, high: 4.0 };
        assert_eq!(difference([Interval::ANY, known(4.0)]), fewer);
    }
}
