//! Figures as people read them: the same words in every format.

use jiff::SignedDuration;

use super::summary::{Outcome, Row, Subject, Total};
use crate::compute::capacity::{GB_PER_CU, max_connections};
use crate::compute::{Compute, HOURS_PER_MONTH, Suspension};

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

    fn range(&self, least: f64, most: f64) -> String {
        let Price { before, after, .. } = self;
        format!("{before}{}{after}", span(&money(least), &money(most)))
    }
}

/// The columns of a table of computes; the last is there if there is a price.
pub const HEADINGS: [&str; 7] = [
    "CU",
    "GB of memory",
    "connections",
    "scale to zero",
    "high availability",
    "CU-hours a month",
    "cost a month",
];

/// How many of these columns speak of settings for computes to come.
pub const SETTINGS: usize = 4;

/// One cell of a row: what was and what will be. One of them only, where nothing changes.
#[derive(Debug, PartialEq)]
pub struct Cell {
    /// What was, if that is another.
    pub before: Option<String>,
    /// What will be, or what is.
    pub after: String,
}

impl Cell {
    fn new(before: Option<&str>, after: &str) -> Cell {
        Cell {
            before: before.filter(|it| *it != after).map(str::to_owned),
            after: after.to_owned(),
        }
    }
}

/// The cells of a row.
pub fn cells(row: &Row, price: Option<&Price>) -> Vec<Cell> {
    let figures = |it: &Compute| of_compute(it, price);
    // What is taken over is not known as it is: that is said once, not in every cell.
    let before = row.sides.before.as_ref().filter(|_| row.outcome != Outcome::Adopted);
    let mut cells = pair(before.map(figures), row.sides.after.as_ref().map(figures));
    if row.outcome == Outcome::Destroyed {
        let nothing = [Some("none"), None, None, None, None, Some("0"), Some("0")];
        for (cell, nothing) in cells.iter_mut().zip(nothing) {
            let Some(nothing) = nothing else { continue };
            cell.before = Some(std::mem::replace(&mut cell.after, nothing.to_owned()));
        }
    }
    if row.subject == Subject::Defaults {
        cells.truncate(SETTINGS);
    }
    cells
}

/// The cells of the totals.
pub fn total_cells(before: &Total, after: &Total, price: Option<&Price>) -> Vec<Cell> {
    pair(Some(of_total(before, price)), Some(of_total(after, price)))
}

fn pair(before: Option<Vec<String>>, after: Option<Vec<String>>) -> Vec<Cell> {
    match (before, after) {
        (Some(before), Some(after)) => {
            before.iter().zip(&after).map(|(it, after)| Cell::new(Some(it), after)).collect()
        }
        (one, other) => {
            one.or(other).unwrap_or_default().iter().map(|it| Cell::new(None, it)).collect()
        }
    }
}

const UNKNOWN: &str = "unknown";

fn of_compute(it: &Compute, price: Option<&Price>) -> Vec<String> {
    let limits = |times: f64| match (it.min_cu, it.max_cu) {
        (None, None) => UNKNOWN.to_owned(),
        (min, max) => {
            let text = |it: Option<f64>| it.map_or("?".to_owned(), |it| number(it * times));
            span(&text(min), &text(max))
        }
    };
    let hours = |show: &dyn Fn(f64, f64) -> String| match it.ceiling_cu() {
        Some(ceiling) => show(it.floor_cu().unwrap_or_default(), ceiling),
        None => UNKNOWN.to_owned(),
    };
    let mut figures = vec![
        limits(1.0),
        limits(GB_PER_CU),
        it.max_cu.map_or(UNKNOWN.to_owned(), |it| grouped(&max_connections(it).to_string())),
        match (it.disabled, it.suspension) {
            (Some(true), _) => "disabled".to_owned(),
            (_, Some(Suspension::After(it))) => format!("after {}", duration(it)),
            (_, Some(Suspension::Never)) => "always on".to_owned(),
            (_, None) => UNKNOWN.to_owned(),
        },
        match it.computes {
            None => UNKNOWN.to_owned(),
            Some(..=1) => "no".to_owned(),
            Some(computes) => format!("{computes} computes"),
        },
        hours(&cu_hours),
    ];
    figures.extend(price.map(|price| hours(&|least, most| in_money(price, least, most))));
    figures
}

fn of_total(it: &Total, price: Option<&Price>) -> Vec<String> {
    let mut figures = vec![
        span(&number(it.min_cu), &number(it.ceiling_cu)),
        span(&number(it.min_cu * GB_PER_CU), &number(it.ceiling_cu * GB_PER_CU)),
        grouped(&it.connections.to_string()),
        format!("{} of {} always on", it.always_on, it.endpoints),
        format!("{} of {}", it.high_availability, it.endpoints),
        cu_hours(it.floor_cu, it.ceiling_cu),
    ];
    figures.extend(price.map(|price| in_money(price, it.floor_cu, it.ceiling_cu)));
    figures
}

/// CU-hours of a month, of what runs at least and at most.
pub fn cu_hours(floor_cu: f64, ceiling_cu: f64) -> String {
    let hours = |cu: f64| grouped(&format!("{:.0}", cu * HOURS_PER_MONTH));
    span(&hours(floor_cu), &hours(ceiling_cu))
}

fn in_money(price: &Price, floor_cu: f64, ceiling_cu: f64) -> String {
    price.range(price.of(floor_cu), price.of(ceiling_cu))
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

/// Thousands set apart.
pub fn grouped(text: &str) -> String {
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::new();
    for (at, digit) in whole.char_indices() {
        if at != 0 && (whole.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + fraction
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

fn span(least: &str, most: &str) -> String {
    if least == most { least.to_owned() } else { format!("{least}–{most}") }
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
        for (number, text) in
            [(0.5, "0.5"), (8.0, "8"), (1234.0, "1,234"), (1_234_567.25, "1,234,567.25")]
        {
            assert_eq!(super::number(number), text);
        }
        for (seconds, text) in [(0, "0s"), (90, "90s"), (300, "5m"), (86400, "1d"), (90000, "25h")]
        {
            assert_eq!(duration(SignedDuration::from_secs(seconds)), text);
        }
        assert_eq!(cu_hours(0.0, 8.0), "0–5,840");
        assert_eq!(growth(6.0, 10.0).as_deref(), Some("+67%"));
        assert_eq!(growth(10.0, 6.0).as_deref(), Some("−40%"));
        assert_eq!(growth(1000.0, 1004.0).as_deref(), Some("+0.4%"));
        assert_eq!(growth(0.0, 6.0), None);
    }
}
