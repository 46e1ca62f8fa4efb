//! What `--fail-on` takes: a condition, and where it is looked for.
//!
//! A rule looks at what each compute that the plan changes will be. What an unknown value leaves
//! open does not hold, but is told.

mod grammar;

use super::figures::{Price, number};
use super::row::{Outcome, Row, Subject};
use super::summary::Summary;
use crate::compute::capacity::max_connections;

/// A rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    text: String,
    condition: Condition,
    /// The addresses that it looks at, and whether those or all others.
    scope: Option<(String, bool)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Condition {
    AlwaysOn,
    Destroys,
    Unknown,
    Each(Quantity, Comparison, f64),
    Total(Quantity, Comparison, f64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quantity {
    Ceiling,
    Floor,
    Range,
    Growth,
    Computes,
    Connections,
    Cost,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Above,
    AtLeast,
    Below,
    AtMost,
}

/// Each quantity with its name, its unit, and whether it has a total.
const QUANTITIES: [(&str, Quantity, &str, bool); 7] = [
    ("ceiling", Quantity::Ceiling, "CU", true),
    ("floor", Quantity::Floor, "CU", true),
    ("range", Quantity::Range, "CU", false),
    ("growth", Quantity::Growth, "x", true),
    ("computes", Quantity::Computes, "", true),
    ("connections", Quantity::Connections, "", false),
    ("cost", Quantity::Cost, "", true),
];

/// What a rule found.
#[derive(Debug)]
pub struct Verdict {
    /// The rule, as it was written.
    pub rule: String,
    /// Where it holds.
    pub holds: Vec<Match>,
    /// Where nobody can say before the apply.
    pub open: Vec<Match>,
}

/// One place where a rule holds, or may.
#[derive(Debug)]
pub struct Match {
    /// The row, by its place in the summary; `None`: the totals.
    pub row: Option<usize>,
    /// What is the case, e.g. `its ceiling is 128 CU`.
    pub reason: String,
}

impl Rule {
    /// Whether it asks for money.
    pub fn needs_a_price(&self) -> bool {
        matches!(
            self.condition,
            Condition::Each(Quantity::Cost, ..) | Condition::Total(Quantity::Cost, ..)
        )
    }

    /// Looks at what changes.
    pub fn judge(&self, summary: &Summary, price: Option<&Price>) -> Verdict {
        let mut verdict = Verdict { rule: self.text.clone(), holds: Vec::new(), open: Vec::new() };
        let mut add = |row, answer| match answer {
            Answer::Holds(reason) => verdict.holds.push(Match { row, reason }),
            Answer::Open(reason) => verdict.open.push(Match { row, reason }),
            Answer::Clear => {}
        };
        if let Condition::Total(quantity, comparison, bound) = self.condition {
            if !summary.is_empty() {
                add(None, of_totals(quantity, comparison, bound, summary, price));
            }
            return verdict;
        }
        for (at, row) in summary.rows.iter().enumerate() {
            let is_meant =
                self.scope.as_ref().is_none_or(|(it, among)| matches(it, &row.address) == *among);
            if is_meant {
                add(Some(at), self.of_row(row, price));
            }
        }
        verdict
    }

    fn of_row(&self, row: &Row, price: Option<&Price>) -> Answer {
        let is_compute = row.subject != Subject::Defaults;
        let stays = !matches!(row.outcome, Outcome::Destroyed | Outcome::LeftAlone);
        let after = row.sides.after.as_ref().filter(|_| stays);
        match (self.condition, after) {
            (Condition::Destroys, _) => match row.outcome {
                Outcome::Destroyed => Answer::Holds("it is destroyed".to_owned()),
                Outcome::Replaced => Answer::Holds("it is destroyed and made anew".to_owned()),
                _ => Answer::Clear,
            },
            (Condition::AlwaysOn, Some(after)) => match after.always_on() {
                Some(true) => Answer::Holds("it is always on".to_owned()),
                Some(false) => Answer::Clear,
                None => Answer::Open("whether it suspends is not known yet".to_owned()),
            },
            (Condition::Unknown, Some(after)) if is_compute && after.ceiling_cu().is_none() => {
                Answer::Holds("its size is not known yet".to_owned())
            }
            (Condition::Each(quantity, comparison, bound), Some(after)) => {
                let before = row.sides.before.as_ref();
                let value = match quantity {
                    Quantity::Ceiling => after.ceiling_cu(),
                    Quantity::Range => after.range_cu(),
                    Quantity::Connections => after.max_cu.map(max_connections).map(count),
                    Quantity::Growth => match before {
                        None => return Answer::Clear,
                        Some(before) => ratio(before.ceiling_cu(), after.ceiling_cu()),
                    },
                    // What is to come neither runs nor costs.
                    _ if !is_compute => return Answer::Clear,
                    Quantity::Floor => after.floor_cu(),
                    Quantity::Computes => after.computes.map(count),
                    Quantity::Cost => price.and_then(|it| Some(it.of(after.ceiling_cu()?))),
                };
                match value {
                    Some(value) if comparison.holds(value, bound) => {
                        Answer::Holds(format!("its {}", quantity.is(value)))
                    }
                    Some(_) => Answer::Clear,
                    None => Answer::Open(format!("its {} is not known yet", quantity.name())),
                }
            }
            _ => Answer::Clear,
        }
    }
}

/// What a rule finds in one place.
enum Answer {
    Holds(String),
    Open(String),
    Clear,
}

fn of_totals(
    quantity: Quantity,
    comparison: Comparison,
    bound: f64,
    summary: &Summary,
    price: Option<&Price>,
) -> Answer {
    let (before, after) = (&summary.before, &summary.after);
    let value = match quantity {
        Quantity::Floor => Some(after.floor_cu),
        Quantity::Computes => Some(count(after.computes)),
        Quantity::Growth if before.endpoints == 0 => return Answer::Clear,
        Quantity::Growth => ratio(Some(before.ceiling_cu), Some(after.ceiling_cu)),
        Quantity::Cost => price.map(|it| it.of(after.ceiling_cu)),
        _ => Some(after.ceiling_cu),
    };
    let unknown = match quantity {
        Quantity::Growth => before.unknown_size + after.unknown_size,
        Quantity::Floor => after.unknown_size + after.unknown_floor,
        _ => after.unknown_size,
    };
    let is_whole = unknown == 0;
    // What is not known can only add to a sum.
    let is_certain = is_whole
        || quantity != Quantity::Growth
            && matches!(comparison, Comparison::Above | Comparison::AtLeast);
    match value {
        Some(value) if is_certain && comparison.holds(value, bound) => {
            Answer::Holds(format!("the total {}", quantity.is(value)))
        }
        Some(_) if is_whole => Answer::Clear,
        _ => Answer::Open(format!("the total {} is not known yet", quantity.name())),
    }
}

impl Comparison {
    fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Comparison::Above => bound < value,
            Comparison::AtLeast => bound <= value,
            Comparison::Below => value < bound,
            Comparison::AtMost => value <= bound,
        }
    }
}

impl Quantity {
    fn declared(self) -> (&'static str, &'static str) {
        let found = QUANTITIES.iter().find(|(_, it, ..)| *it == self);
        found.map(|(name, _, unit, _)| (*name, *unit)).unwrap_or_default()
    }

    fn name(self) -> &'static str {
        self.declared().0
    }

    /// A clause without its subject's owner, e.g. `ceiling is 128 CU`.
    fn is(self, value: f64) -> String {
        let (name, unit) = self.declared();
        if self == Quantity::Growth {
            return format!("ceiling is {}x what it was", number(value));
        }
        let verb = if name.ends_with('s') { "are" } else { "is" };
        let space = if unit == "CU" { " " } else { "" };
        format!("{name} {verb} {}{space}{unit}", number(value))
    }
}

/// How many times as much it is; nothing grows from nothing.
fn ratio(before: Option<f64>, after: Option<f64>) -> Option<f64> {
    Some(after? / before.filter(|it| 0.0 < *it)?)
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn count(it: i64) -> f64 {
    it as f64
}

/// Whether an address is like a pattern, in which `*` stands for anything.
fn matches(pattern: &str, address: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == address };
    let Some(mut address) = address.strip_prefix(start) else { return false };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return address.ends_with(part);
        }
        let Some(at) = address.find(part) else { return false };
        address = &address[at + part.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::super::summary::Total;
    use super::*;

    #[test]
    fn a_pattern_is_of_whole_addresses() {
        for (pattern, address, expected) in [
            ("*", "lakebase_endpoint.a", true),
            ("lakebase_endpoint.a", "lakebase_endpoint.a", true),
            ("lakebase_endpoint.a", "lakebase_endpoint.ab", false),
            ("module.prod.*", "module.prod.lakebase_endpoint.a[0]", true),
            ("module.prod.*", "module.production.lakebase_endpoint.a", false),
            ("*.a[*]", "module.m.lakebase_endpoint.a[\"x.y\"]", true),
            ("*.a", "module.a.lakebase_endpoint.b", false),
            ("a*a", "a", false),
            ("*a*b*", "xaxbx", true),
            ("*a*b*", "xbxax", false),
        ] {
            assert_eq!(matches(pattern, address), expected, "{pattern} {address}");
        }
    }

    #[test]
    fn what_is_not_known_leaves_a_total_open() {
        let total = |unknown_size, unknown_floor| Total {
            endpoints: 2,
            unknown_size,
            unknown_floor,
            floor_cu: 2.0,
            ceiling_cu: 8.0,
            ..Total::default()
        };
        let judged = |rule: &str, after| {
            let rule = Rule::parse(rule).unwrap();
            let Condition::Total(quantity, comparison, bound) = rule.condition else {
                panic!("{} is of no total", rule.text)
            };
            let before = Total { endpoints: 1, ceiling_cu: 4.0, ..Total::default() };
            let summary = Summary { before, after, ..Summary::default() };
            match of_totals(quantity, comparison, bound, &summary, None) {
                Answer::Holds(_) => "holds",
                Answer::Open(_) => "open",
                Answer::Clear => "clear",
            }
        };
        for (rule, known, without_a_size, without_a_floor) in [
            ("total ceiling > 4", "holds", "holds", "holds"),
            ("total ceiling > 16", "clear", "open", "clear"),
            ("total ceiling < 16", "holds", "open", "holds"),
            ("total growth > 1x", "holds", "open", "holds"),
            ("total floor > 1", "holds", "holds", "holds"),
            ("total floor > 4", "clear", "open", "open"),
            ("total floor < 4", "holds", "open", "open"),
        ] {
            let found = [total(0, 0), total(1, 0), total(0, 1)].map(|it| judged(rule, it));
            assert_eq!(found, [known, without_a_size, without_a_floor], "{rule}");
        }
    }
}
