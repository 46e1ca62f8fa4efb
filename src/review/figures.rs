//! Figures as people read them: the same words in every format.

use jiff::SignedDuration;

use super::row::{Outcome, Row, Subject};
use super::summary::Total;
use crate::compute::capacity::{GB_PER_CU, max_connections};
use crate::compute::{Compute, HOURS_PER_MONTH, Suspension, grouped};

/// What a compute costs for an hour and a CU.
#[derive(Clone, Debug, PartialEq)]
pub struct Price {
    /// How much.
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
        let is_currency = |it: &str| it.chars().all(|it| !it.is_control() && !"+-.,".contains(it));
        ([&before, &after].iter().all(|it| is_currency(it))).then_some(Price {
            amount,
            before,
            after,
        })
    }

    /// What that many CU cost in a month.
    pub fn of(&self, cu: f64) -> f64 {
        cu * HOURS_PER_MONTH * self.amount
    }

    /// What so many CU cost in a month, with the currency.
    pub fn amount_of(&self, cu: f64) -> String {
        self.with_currency(&money(self.of(cu)))
    }

    /// An amount with the currency.
    pub fn with_currency(&self, amount: &str) -> String {
        format!("{}{amount}{}", self.before, self.after)
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
    // What is taken over is not known as it is: that is said once, not in every cell.
    let before = row.sides.before.as_ref().filter(|_| row.outcome != Outcome::Adopted);
    let after = row.sides.after.as_ref();
    let cell = |figure: Figure| {
        let text = |it: &Compute| figure.of_compute(it, price);
        let before = match row.outcome {
            Outcome::Added if figure == Figure::Limits => figure.of_nothing(price),
            _ => before.map(text),
        };
        let after = match row.outcome {
            Outcome::Destroyed => figure.of_nothing(price),
            _ => after.map(text),
        };
        Cell::new(before, after)
    };
    figures(row.subject, price).map(|(_, figure)| cell(figure)).collect()
}

/// The cells of the totals.
pub fn total_cells(before: &Total, after: &Total, price: Option<&Price>) -> Vec<Cell> {
    let text = |figure: Figure, it: &Total| Some(figure.of_total(it, price));
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

impl Figure {
    fn of_compute(self, it: &Compute, price: Option<&Price>) -> String {
        let unknown = || UNKNOWN.to_owned();
        match self {
            Figure::Limits => several(it, &limits(it.min_cu, it.max_cu, number)),
            Figure::Memory => {
                several(it, &limits(it.min_cu, it.max_cu, |cu| number(cu * GB_PER_CU)))
            }
            Figure::Connections => it.max_cu.map_or_else(unknown, connections),
            Figure::Suspension => match (it.disabled, it.suspension) {
                (Some(true), _) => "disabled".to_owned(),
                (_, Some(Suspension::After(it))) => format!("after {} idle", duration(it)),
                (_, Some(Suspension::Never)) => "always on".to_owned(),
                (_, None) => unknown(),
            },
            Figure::Computes => match it.computes {
                None => unknown(),
                Some(..=1) => "no".to_owned(),
                Some(computes) => format!("{computes} computes"),
            },
            Figure::Hours => limits(it.floor_cu(), it.ceiling_cu(), hours),
            Figure::Cost => price.map_or_else(unknown, |price| {
                let least = it.floor_cu().map(|cu| money(price.of(cu)));
                let most = it.ceiling_cu().map(|cu| money(price.of(cu)));
                price.with_currency(&limits(least, most, |it| it))
            }),
        }
    }

    fn of_total(self, it: &Total, price: Option<&Price>) -> String {
        let (floor, ceiling) = (Some(it.floor_cu), Some(it.ceiling_cu));
        match self {
            Figure::Limits => limits(Some(it.min_cu), ceiling, number),
            Figure::Memory => limits(Some(it.min_cu), ceiling, |cu| number(cu * GB_PER_CU)),
            Figure::Connections => grouped(&it.connections.to_string()),
            Figure::Suspension => format!("{} of {} always on", it.always_on, it.endpoints),
            Figure::Computes => format!("{} of {}", it.high_availability, it.endpoints),
            Figure::Hours => limits(floor, ceiling, hours),
            Figure::Cost => price.map_or_else(String::new, |price| {
                price.with_currency(&limits(floor, ceiling, |cu| money(price.of(cu))))
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
fn several(it: &Compute, figure: &str) -> String {
    match it.computes {
        Some(computes @ 2..) => format!("{computes} × {figure}"),
        _ => figure.to_owned(),
    }
}

/// A range, e.g. `0.5–4`, as far as it is known.
fn limits<T>(least: Option<T>, most: Option<T>, text: impl Fn(T) -> String) -> String {
    if most.is_none() && least.is_none() {
        return UNKNOWN.to_owned();
    }
    let [least, most] = [least, most].map(|it| it.map_or("?".to_owned(), &text));
    if least == most { least } else { format!("{least}–{most}") }
}

/// CU-hours of a month.
pub fn hours(cu: f64) -> String {
    grouped(&format!("{:.0}", cu * HOURS_PER_MONTH))
}

fn connections(max_cu: f64) -> String {
    grouped(&max_connections(max_cu).to_string())
}

/// What grows or shrinks, e.g. `+67%`; nothing where there was nothing.
pub fn growth(before: f64, after: f64) -> Option<String> {
    let percent = (after / before - 1.0) * 100.0;
    let digits = usize::from(percent.abs() < 1.0);
    let changes = 0.0 < before && 0.05 < percent.abs();
    changes.then(|| format!("{percent:+.digits$}%").replace('-', "−"))
}

/// A duration in its largest unit: `5m`, `90s`.
pub fn duration(it: SignedDuration) -> String {
    let seconds = it.as_secs();
    let units = [(86400, "d"), (3600, "h"), (60, "m")];
    match units.into_iter().find(|(length, _)| seconds != 0 && seconds % length == 0) {
        Some((length, unit)) => format!("{}{unit}", seconds / length),
        None => format!("{seconds}s"),
    }
}

/// A number without digits that say nothing.
pub fn number(it: f64) -> String {
    let text = format!("{it:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    grouped(text)
}

/// Text whose control characters are seen and not obeyed: instance keys may contain any.
pub fn printable(text: &str) -> String {
    let shown = |it: char| match it {
        it if it.is_control() => it.escape_default().to_string(),
        it => it.to_string(),
    };
    text.chars().map(shown).collect()
}

fn money(it: f64) -> String {
    let digits = if 0.0 < it && it < 10.0 { 2 } else { 0 };
    grouped(&format!("{it:.digits$}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_carries_its_currency() {
        let price = |text| Price::parse(text).map(|it| (it.before, it.amount, it.after));
        let owned = |(before, amount, after): (&str, f64, &str)| {
            Some((before.to_owned(), amount, after.to_owned()))
        };
        assert_eq!(price("0.111"), owned(("", 0.111, "")));
        assert_eq!(price("$0.111"), owned(("$", 0.111, "")));
        assert_eq!(price("1 EUR"), owned(("", 1.0, " EUR")));
        for text in ["", "$", "-1", "1,5", "1.2.3", ".5", "1e999", "5."] {
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
        for (seconds, text) in [(0, "0s"), (90, "90s"), (300, "5m"), (86400, "1d"), (90000, "25h")]
        {
            assert_eq!(duration(SignedDuration::from_secs(seconds)), text);
        }
        assert_eq!(limits(Some(0.0), Some(8.0), hours), "0–5,840");
        assert_eq!(limits(None, Some(8.0), hours), "?–5,840");
        assert_eq!(limits(None, None, hours), "unknown");
        assert_eq!(growth(6.0, 10.0).as_deref(), Some("+67%"));
        assert_eq!(growth(10.0, 6.0).as_deref(), Some("−40%"));
        assert_eq!(growth(1000.0, 1004.0).as_deref(), Some("+0.4%"));
        assert_eq!(growth(0.0, 6.0), None);
    }
}
