//! Judges a review by rules: a condition, where it is looked for, and how severe it is.
//!
//! A rule looks at what each compute that the plan changes will be. A condition that the known
//! bounds of a value leave open is undecided. Start reading at [`Rule::evaluate`].

mod file;
mod grammar;
mod quantity;

use std::cell::Cell;

use jiff::civil::Date;

use super::figures::Price;
use super::message::Message;
use super::objects::ObjectRow;
use super::row::{Fate, Row, Side, Subject};
use super::summary::Summary;
use crate::compute::Compute;
use crate::compute::interval::Interval;
pub use file::RulesFile;
pub use quantity::change_of;
use quantity::{QUANTITIES, Quantity};

/// A rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// As it was written.
    pub text: String,
    /// What follows if it holds.
    pub severity: Severity,
    condition: Condition,
    scope: Scope,
}

/// What follows if a rule holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The review exits with code 2.
    Deny,
    /// The review says so.
    Warn,
}

/// A reason why a rule does not count somewhere.
#[derive(Clone, Debug)]
pub struct Exception {
    /// The rule, as it is written, or `*` for any.
    pub rule: String,
    /// The changes that the exception covers.
    pub scope: Scope,
    /// The reason, which the report repeats.
    pub reason: String,
    /// The last day on which it counts.
    pub until: Date,
}

/// Where a rule looks: at addresses or resource names that match a pattern.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope {
    /// Any of these; everything if there are none.
    pub within: Vec<String>,
    /// And none of these.
    pub without: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
enum Condition {
    AlwaysOn,
    Destroys,
    Unknown,
    Each(&'static Quantity, Comparison, f64),
    Total(&'static Quantity, Comparison, f64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Above,
    AtLeast,
    Below,
    AtMost,
}

/// What a rule found.
#[derive(Debug)]
pub struct Verdict<'a> {
    pub rule: &'a Rule,
    pub holds: Vec<Match>,
    /// Where the known values leave it open.
    pub open: Vec<Match>,
    /// Where it holds or may hold, and an exception allows it.
    pub excused: Vec<(Match, &'a Exception)>,
    /// Whether its scope matches nothing in any plan.
    pub is_idle: bool,
}

/// One place where a rule holds, or may.
#[derive(Clone, Debug)]
pub struct Match {
    pub place: Place,
    /// What is the case, e.g. `its ceiling is 128 CU`.
    pub reason: String,
}

/// A place in a review: the number of a plan, and of a row in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A row of computes or of settings.
    Row(usize, usize),
    /// A project, a branch or a database.
    Object(usize, usize),
    /// The sums over all plans.
    Totals,
}

/// The exceptions, and which of them were of use.
pub struct Exceptions<'a> {
    all: &'a [Exception],
    used: Vec<Cell<bool>>,
    today: Date,
}

impl<'a> Exceptions<'a> {
    /// The exceptions, on a day.
    pub fn new(all: &'a [Exception], today: Date) -> Self {
        Exceptions { all, used: all.iter().map(|_| Cell::new(false)).collect(), today }
    }

    /// The exception that allows a rule to hold there.
    fn find(&self, rule: &Rule, names: &Names<'_>) -> Option<&'a Exception> {
        let all =
            self.all.iter().zip(&self.used).filter(|(exception, _)| self.today <= exception.until);
        let mut meant = all.filter(|(exception, _)| {
            (exception.rule == "*" || exception.rule == rule.text)
                && exception.scope.covers(names) == Answer::Holds
        });
        let (exception, used) = meant.next()?;
        used.set(true);
        Some(exception)
    }

    /// What is wrong with some: they have expired, or allow nothing.
    pub fn complaints(&self) -> Vec<Message> {
        let complaint = |(exception, used): (&Exception, &Cell<bool>)| {
            let Exception { rule, until, reason, .. } = exception;
            if self.today <= *until && used.get() {
                None
            } else if self.today <= *until {
                Some(Message::new("The exception to {} allows nothing: {}", &[rule, reason]))
            } else {
                let text = format!("The exception to {{}} expired on {until}: {{}}");
                Some(Message::new(&text, &[rule, reason]))
            }
        };
        self.all.iter().zip(&self.used).filter_map(complaint).collect()
    }
}

impl Rule {
    /// Whether it compares money.
    pub fn needs_a_price(&self) -> bool {
        matches!(
            self.condition,
            Condition::Each(quantity, ..) | Condition::Total(quantity, ..) if quantity.is_money
        )
    }

    /// Looks at what changes.
    pub fn evaluate<'a>(
        &'a self,
        plans: &[Summary],
        price: Option<&Price>,
        exceptions: &Exceptions<'a>,
    ) -> Verdict<'a> {
        let mut verdict = Verdict {
            rule: self,
            holds: Vec::new(),
            open: Vec::new(),
            excused: Vec::new(),
            is_idle: false,
        };
        if let Condition::Total(quantity, comparison, bound) = self.condition {
            let rows_that = |is_in: &dyn Fn(Answer) -> bool| {
                let computes = plans.iter().flat_map(Summary::computes);
                computes.filter(|row| is_in(self.scope.covers(&row.names()))).collect::<Vec<_>>()
            };
            let surely = rows_that(&|answer| answer == Answer::Holds);
            let perhaps = rows_that(&|answer| answer != Answer::Clear);
            verdict.is_idle = perhaps.is_empty() && !self.scope.is_everything();
            let judged = [&surely, &perhaps].map(|rows| {
                let changes = rows.iter().any(|row| row.is_change());
                let value = quantity.of_total(rows, price).filter(|_| changes);
                (value.map_or(Answer::Clear, |value| comparison.of(value, bound)), value)
            });
            let [(without, _), (with, value)] = judged;
            let answer = if without == with { with } else { Answer::Open };
            if let Some(value) = value {
                let clause = quantity.clause(value, price);
                let reason = || format!("the total {clause}");
                verdict.add(Place::Totals, &Names::default(), answer, &reason, exceptions);
            }
            return verdict;
        }
        let mut is_idle = !self.scope.is_everything();
        for (plan, summary) in plans.iter().enumerate() {
            for (at, row) in summary.rows.iter().enumerate() {
                let covers = self.scope.covers(&row.names());
                if covers == Answer::Clear {
                    continue;
                }
                is_idle = false;
                if row.is_change() {
                    let (answer, reason) = self.of_row(row, price);
                    let answer = answer.and(covers);
                    verdict.add(Place::Row(plan, at), &row.names(), answer, &*reason, exceptions);
                }
            }
            for (at, object) in summary.objects.iter().enumerate() {
                let names = object.names();
                let covers = self.scope.covers(&names);
                if covers == Answer::Clear {
                    continue;
                }
                is_idle = false;
                if let (Condition::Destroys, Some(loss)) = (self.condition, object.loss) {
                    let what = if loss.replaced { DESTROYED_AND_CREATED } else { DESTROYED };
                    let reason = || format!("{what}{}", loss.restore.clause());
                    verdict.add(Place::Object(plan, at), &names, covers, &reason, exceptions);
                }
            }
        }
        verdict.is_idle = is_idle;
        verdict
    }

    fn of_row(&self, row: &Row, price: Option<&Price>) -> (Answer, Box<dyn Fn() -> String>) {
        let clear = || (Answer::Clear, Box::new(String::new) as Box<dyn Fn() -> String>);
        let says = |answer, text: &'static str| {
            (answer, Box::new(move || text.to_owned()) as Box<dyn Fn() -> String>)
        };
        match self.condition {
            // The branch itself is destroyed, and is a place of its own.
            Condition::Destroys if row.subject == Subject::Unmanaged => clear(),
            Condition::Destroys => match row.fate {
                Fate::Destroyed => says(Answer::Holds, DESTROYED),
                Fate::DestroyedWithBranch => says(Answer::Holds, "it is destroyed with its branch"),
                Fate::Replaced => says(Answer::Holds, DESTROYED_AND_CREATED),
                _ => clear(),
            },
            _ if !row.stays() => clear(),
            Condition::AlwaysOn => match row.after.compute().map(Compute::always_on) {
                Some(Some(true)) => says(Answer::Holds, "it is always on"),
                Some(Some(false)) => clear(),
                _ => says(Answer::Open, "whether it suspends is known after apply"),
            },
            Condition::Unknown => match row.unknown() {
                Some(unknown) => (Answer::Holds, Box::new(move || unknown.clone())),
                None => clear(),
            },
            Condition::Each(quantity, comparison, bound) => {
                let Some(value) = quantity.of_row(row, price) else { return clear() };
                let clause = quantity.clause(value, price);
                (comparison.of(value, bound), Box::new(move || format!("its {clause}")))
            }
            Condition::Total(..) => clear(),
        }
    }
}

const DESTROYED: &str = "it is destroyed";
const DESTROYED_AND_CREATED: &str = "it is replaced";

impl<'a> Verdict<'a> {
    fn add(
        &mut self,
        place: Place,
        names: &Names<'_>,
        answer: Answer,
        reason: &dyn Fn() -> String,
        exceptions: &Exceptions<'a>,
    ) {
        let list = match answer {
            Answer::Clear => return,
            Answer::Holds => &mut self.holds,
            Answer::Open => &mut self.open,
        };
        let found = Match { place, reason: reason() };
        match exceptions.find(self.rule, names) {
            Some(exception) => self.excused.push((found, exception)),
            None => list.push(found),
        }
    }

    /// The ID of the verdict for programs.
    pub fn id(&self) -> &'static str {
        match (self.holds.is_empty(), self.open.is_empty()) {
            (false, _) => "matched",
            (true, false) => "undecided",
            (true, true) => "not_matched",
        }
    }
}

/// What a rule finds in one place.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Answer {
    Holds,
    Open,
    Clear,
}

impl Answer {
    /// Whether both are so.
    fn and(self, other: Answer) -> Answer {
        match (self, other) {
            (Answer::Clear, _) | (_, Answer::Clear) => Answer::Clear,
            (Answer::Holds, Answer::Holds) => Answer::Holds,
            _ => Answer::Open,
        }
    }

    /// Whether it is not so.
    fn not(self) -> Answer {
        match self {
            Answer::Holds => Answer::Clear,
            Answer::Open => Answer::Open,
            Answer::Clear => Answer::Holds,
        }
    }
}

impl Comparison {
    /// Whether all values that are possible are on that side of the bound, or none.
    fn of(self, value: Interval, bound: f64) -> Answer {
        let Interval { low, high } = value;
        let (all, none) = match self {
            Comparison::Above => (bound < low, high <= bound),
            Comparison::AtLeast => (bound <= low, high < bound),
            Comparison::Below => (high < bound, bound <= low),
            Comparison::AtMost => (high <= bound, bound < low),
        };
        match (all, none) {
            (true, _) => Answer::Holds,
            (_, true) => Answer::Clear,
            _ => Answer::Open,
        }
    }
}

impl Scope {
    /// Whether it leaves nothing out.
    pub fn is_everything(&self) -> bool {
        self.within.is_empty() && self.without.is_empty()
    }

    /// Whether something with these names is in it: its address and its resource names.
    fn covers(&self, names: &Names<'_>) -> Answer {
        let any = |patterns: &[String]| {
            let matches = |pattern: &String| names.known.iter().any(|name| matches(pattern, name));
            if patterns.iter().any(matches) {
                Answer::Holds
            } else if names.has_unknown && patterns.iter().any(|pattern| is_of_names(pattern)) {
                Answer::Open
            } else {
                Answer::Clear
            }
        };
        let within = if self.within.is_empty() { Answer::Holds } else { any(&self.within) };
        within.and(any(&self.without).not())
    }
}

/// What a pattern can match.
#[derive(Default)]
struct Names<'a> {
    /// An address, and resource names.
    known: Vec<&'a str>,
    /// Whether there is a resource name that only the apply knows.
    has_unknown: bool,
}

/// Whether a pattern can match resource names: they have none of these characters.
fn is_of_names(pattern: &str) -> bool {
    !pattern.contains(['.', '[', ']', '"'])
}

impl Row {
    /// What a pattern can match: a replacement under another name has two names.
    fn names(&self) -> Names<'_> {
        let names = [Some(&self.address), self.name.as_ref(), self.former_name.as_ref()];
        Names {
            known: names.into_iter().flatten().map(String::as_str).collect(),
            has_unknown: self.name.is_none() && self.subject != Subject::Defaults,
        }
    }

    /// Whether there is a compute after the apply that the plan is about.
    fn stays(&self) -> bool {
        self.after != Side::Absent && self.fate != Fate::LeftAlone
    }

    /// Which of its quantities are unknown, in a clause.
    fn unknown(&self) -> Option<String> {
        let is_compute = self.subject != Subject::Defaults;
        let quantities = QUANTITIES.iter().filter(|quantity| is_compute || quantity.has_defaults);
        let of_after = quantities
            .filter(|quantity| !matches!(quantity.name, "growth" | "increase" | "cost-increase"));
        let unknown = of_after.filter(|quantity| {
            (quantity.of_row)(self).is_some_and(|value| value.value().is_none())
        });
        let mut names: Vec<_> = unknown.map(|quantity| quantity.name).collect();
        let compute = self.after.compute();
        if compute.is_none_or(|compute| compute.always_on().is_none()) {
            names.push("scale to zero");
        }
        (!names.is_empty()).then(|| format!("known after apply: {}", names.join(", ")))
    }
}

impl ObjectRow {
    /// What a pattern can match.
    fn names(&self) -> Names<'_> {
        let known = [Some(self.address.as_str()), self.name.as_deref()];
        Names { known: known.into_iter().flatten().collect(), has_unknown: self.name.is_none() }
    }
}

/// Whether a text is like a pattern, in which `*` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(start) else { return false };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return text.ends_with(part);
        }
        let Some(at) = text.find(part) else { return false };
        text = &text[at + part.len()..];
    }
    true
}

#[cfg(test)]
mod tests;
