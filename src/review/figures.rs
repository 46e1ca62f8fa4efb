//! Writes figures for people: the same words in every format.

use super::row::{Fate, Row, Side, Subject};
use super::summary::{Sum, Total};
use crate::compute::capacity::GB_PER_CU;
use crate::compute::interval::Interval;
use crate::compute::{Compute, Suspension, duration, grouped};

/// What a CU costs for an hour.
#[derive(Clone, Debug, PartialEq)]
pub struct Price {
    pub amount: f64,
    /// The currency, as it was written before the amount, e.g. `$`.
    pub before: String,
    /// The currency, as it was written after the amount, e.g. ` EUR`.
    pub after: String,
}

impl Price {
    /// Reads `0.111`, `$0.111` or `0.111 EUR`.
    pub fn parse(text: &str) -> Option<Price> {
        let is_digit = |it: char| it.is_ascii_digit();
        let (start, end) = (text.find(is_digit)?, text.rfind(is_digit)? + 1);
        let amount = text[start..end].parse().ok().filter(|it| f64::is_finite(*it))?;
        let [before, after] = [&text[..start], &text[end..]].map(str::to_owned);
        let is_currency = |text: &str| {
            let sign = text.trim();
            sign.chars().count() <= 3
                && sign.chars().all(|c| c.is_alphabetic() || !c.is_ascii() || c == '$')
        };
        ([&before, &after].iter().all(|it| is_currency(it))).then_some(Price {
            amount,
            before,
            after,
        })
    }

    /// What so many CU-hours cost.
    pub fn of(&self, hours: f64) -> f64 {
        hours * self.amount
    }

    /// An amount with the currency.
    pub fn with_currency(&self, amount: &str) -> String {
        if amount == UNKNOWN {
            return amount.to_owned();
        }
        match amount.strip_prefix(['+', '−']) {
            Some(rest) => {
                let sign = &amount[..amount.len() - rest.len()];
                format!("{sign}{}{rest}{}", self.before, self.after)
            }
            None => format!("{}{amount}{}", self.before, self.after),
        }
    }
}

/// The figures of a compute, in the order in which they are shown: what is configured, what it costs,
/// what it grants.
const FIGURES: [(&str, Figure); 7] = [
    ("CU", Figure::Limits),
    ("scale to zero", Figure::Suspension),
    ("high availability", Figure::Computes),
    ("CU-hours a month", Figure::Hours),
    ("cost a month", Figure::Cost),
    ("GB of memory", Figure::Memory),
    ("connections", Figure::Connections),
];

#[derive(Clone, Copy, PartialEq)]
enum Figure {
    Limits,
    Suspension,
    Computes,
    Hours,
    Cost,
    Memory,
    Connections,
}

/// Which figures a table has: without a price no cost, and of what is to come nothing that is billed.
fn figures(
    subject: Subject,
    price: Option<&Price>,
) -> impl Iterator<Item = (&'static str, Figure)> {
    let is_shown = move |figure: Figure| match figure {
        Figure::Cost if price.is_none() => false,
        Figure::Computes | Figure::Hours | Figure::Cost => subject != Subject::Defaults,
        _ => true,
    };
    FIGURES.into_iter().filter(move |(_, figure)| is_shown(*figure))
}

/// The headings of a table.
pub fn headings(subject: Subject, price: Option<&Price>) -> Vec<&'static str> {
    figures(subject, price).map(|(heading, _)| heading).collect()
}

/// One cell of a row: what was and what will be. One of them only, where nothing changes.
#[derive(Debug, PartialEq)]
pub struct Cell {
    /// What was, if that is another.
    pub before: Option<String>,
    /// What will be, or what is.
    pub after: String,
}

/// The cells of a row.
pub fn cells(row: &Row, price: Option<&Price>) -> Vec<Cell> {
    let cell = |figure: Figure| {
        let is_new = matches!(row.before, Side::Absent);
        let before = match row.before {
            Side::Absent if figure != Figure::Limits => None,
            side => figure.of_side(&side, price),
        };
        // What is adopted is not known before: that is said once, not in every cell.
        let adopts = matches!(row.fate, Fate::Adopted | Fate::CreatedOrAdopted);
        let before = before
            .filter(|text| !(adopts && is_unknown(text)) && (!is_new || figure == Figure::Limits));
        Cell::new(before, figure.of_side(&row.after, price))
    };
    figures(row.subject, price).map(|(_, figure)| cell(figure)).collect()
}

/// The cells of the totals.
pub fn total_cells(before: &Total, after: &Total, price: Option<&Price>) -> Vec<Cell> {
    let text = |figure: Figure, total: &Total| Some(figure.of_total(total, price));
    let cell = |figure| Cell::new(text(figure, before), text(figure, after));
    figures(Subject::Compute, price).map(|(_, figure)| cell(figure)).collect()
}

impl Cell {
    fn new(before: Option<String>, after: Option<String>) -> Cell {
        match (before, after) {
            (Some(before), Some(after)) if before != after => Cell { before: Some(before), after },
            (before, after) => Cell { before: None, after: after.or(before).unwrap_or_default() },
        }
    }
}

const UNKNOWN: &str = "unknown";

fn is_unknown(text: &str) -> bool {
    text == UNKNOWN || text.starts_with('?')
}

impl Figure {
    /// The text for one side; `None` where there is nothing to write.
    fn of_side(self, side: &Side, price: Option<&Price>) -> Option<String> {
        match side {
            Side::Absent => self.of_nothing(price),
            Side::Unknown | Side::Perhaps { .. } => Some(UNKNOWN.to_owned()),
            Side::Present { compute, .. } => Some(match self {
                Figure::Hours => between(side.floor_hours(), side.ceiling_hours(), hours),
                Figure::Cost => price.map_or_else(String::new, |price| {
                    let amount = |hours: f64| money(price.of(hours));
                    price.with_currency(&between(side.floor_hours(), side.ceiling_hours(), amount))
                }),
                figure => figure.of_compute(compute),
            }),
        }
    }

    fn of_compute(self, compute: &Compute) -> String {
        let unknown = || UNKNOWN.to_owned();
        let gigabytes = |cu: f64| number(cu * GB_PER_CU);
        match self {
            Figure::Limits => several(compute, &limits(compute.min_cu, compute.max_cu, number)),
            Figure::Memory => several(compute, &limits(compute.min_cu, compute.max_cu, gigabytes)),
            Figure::Connections => match compute.max_cu {
                Some(_) => number(compute.connections().low),
                None => unknown(),
            },
            Figure::Suspension => match (compute.disabled, compute.suspension) {
                (Some(true), _) => "disabled".to_owned(),
                (_, Some(Suspension::After(time))) => format!("after {} idle", duration(time)),
                (_, Some(Suspension::Never)) => "always on".to_owned(),
                (_, None) => unknown(),
            },
            Figure::Computes => match compute.computes {
                None => unknown(),
                Some(..=1) => "no".to_owned(),
                Some(computes) => format!("{computes} computes"),
            },
            Figure::Hours | Figure::Cost => String::new(),
        }
    }

    fn of_total(self, total: &Total, price: Option<&Price>) -> String {
        let [least, ceiling] = [total.least, total.ceiling].map(|sum| sum.interval);
        let [low, high] = [total.floor_hours, total.ceiling_hours].map(|sum| sum.interval);
        match self {
            Figure::Limits => between(least, ceiling, number),
            Figure::Memory => between(least, ceiling, |cu| number(cu * GB_PER_CU)),
            Figure::Connections => sum(&total.connections),
            Figure::Suspension => {
                format!("{} of {} always on", sum(&total.always_on), sum(&total.endpoints))
            }
            Figure::Computes => {
                format!("{} of {}", sum(&total.high_availability), sum(&total.endpoints))
            }
            Figure::Hours => between(low, high, hours),
            Figure::Cost => price.map_or_else(String::new, |price| {
                price.with_currency(&between(low, high, |hours| money(price.of(hours))))
            }),
        }
    }

    /// What there is of it without a compute.
    fn of_nothing(self, price: Option<&Price>) -> Option<String> {
        match self {
            Figure::Limits => Some("none".to_owned()),
            Figure::Suspension | Figure::Computes => None,
            Figure::Cost => price.map(|it| it.with_currency("0")),
            Figure::Hours | Figure::Memory | Figure::Connections => Some("0".to_owned()),
        }
    }
}

/// What each of several computes has.
fn several(compute: &Compute, figure: &str) -> String {
    match compute.computes {
        Some(computes @ 2..) => format!("{computes} × {figure}"),
        _ => figure.to_owned(),
    }
}

/// A range, e.g. `0.5–4`, as far as it is known.
fn limits<T>(least: Option<T>, most: Option<T>, text: impl Fn(T) -> String) -> String {
    if most.is_none() && least.is_none() {
        return UNKNOWN.to_owned();
    }
    let [least, most] = [least, most].map(|limit| limit.map_or("?".to_owned(), &text));
    if least == most { least } else { format!("{least}–{most}") }
}

/// From the lowest value of one quantity to the highest of another, as far as they are known.
fn between(low: Interval, high: Interval, text: impl Fn(f64) -> String) -> String {
    match (low.low, high.low, high.high.is_finite()) {
        (_, _, true) => limits(Some(low.low), Some(high.high), text),
        (0.0, 0.0, false) => UNKNOWN.to_owned(),
        (low, least, false) => {
            format!("{} or more", limits(Some(low), Some(least.max(low)), text))
        }
    }
}

/// A sum of numbers, as far as it is known.
fn sum(sum: &Sum) -> String {
    between(sum.interval, sum.interval, number)
}

/// CU-hours.
pub fn hours(hours: f64) -> String {
    grouped(&format!("{hours:.0}"))
}

/// A difference with its sign, given how its amount is written.
pub fn signed(difference: f64, text: impl Fn(f64) -> String) -> String {
    let sign = if difference < 0.0 { '−' } else { '+' };
    format!("{sign}{}", text(difference.abs()))
}

/// A ratio as a difference in percent, e.g. `+67%`; nothing where it hardly differs.
pub fn percent(ratio: f64) -> Option<String> {
    let percent = (ratio - 1.0) * 100.0;
    let digits = usize::from(percent.abs() < 1.0);
    let differs = 0.05 < percent.abs() && percent.is_finite();
    differs.then(|| signed(percent, |it| format!("{it:.digits$}%")))
}

/// A number with two digits at most behind the point.
pub fn number(number: f64) -> String {
    let text = format!("{number:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    grouped(text)
}

/// An amount of money: cents only where they matter.
pub fn money(amount: f64) -> String {
    let digits = if 0.0 < amount && amount < 10.0 { 2 } else { 0 };
    grouped(&format!("{amount:.digits$}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_carries_its_currency() {
        let price =
            |text| Price::parse(text).map(|price| (price.before, price.amount, price.after));
        let owned = |(before, amount, after): (&str, f64, &str)| {
            Some((before.to_owned(), amount, after.to_owned()))
        };
        assert_eq!(price("0.111"), owned(("", 0.111, "")));
        assert_eq!(price("$0.111"), owned(("$", 0.111, "")));
        assert_eq!(price("1 EUR"), owned(("", 1.0, " EUR")));
        for text in ["", "$", "-1", "1,5", "1.2.3", ".5", "1e999", "5.", "$0.111/CU", "1 dollar"] {
            assert_eq!(price(text), None, "{text}");
        }
    }

    #[test]
    fn figures_are_short() {
        for (number, text) in [
            (0.5, "0.5"),
            (8.0, "8"),
            (1234.5, "1,234.5"),
            (12345.0, "12,345"),
            (1_234_567.25, "1,234,567.25"),
        ] {
            assert_eq!(super::number(number), text);
        }
        let known = Interval::known;
        assert_eq!(between(known(0.0), known(5840.0), hours), "0–5,840");
        assert_eq!(between(known(1.0), Interval::at_least(4.0), number), "1–4 or more");
        assert_eq!(between(Interval::ANY, Interval::ANY, number), "unknown");
        assert_eq!(limits(None, Some(8.0), number), "?–8");
        assert_eq!(limits(None, None, number), "unknown");
        assert_eq!(percent(10.0 / 6.0).as_deref(), Some("+67%"));
        assert_eq!(percent(0.6).as_deref(), Some("−40%"));
        assert_eq!(percent(1.004).as_deref(), Some("+0.4%"));
        assert_eq!(percent(f64::INFINITY), None);
    }
}
