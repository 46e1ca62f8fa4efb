//! Draws the charts of the HTML review: bars before and after on one scale, as plain HTML, so that a
//! narrow window changes their width and not the size of their text.
//!
//! Start reading at [`charts`].

use std::fmt::Write as _;

use super::super::figures::{self, number};
use super::super::report::Report;
use super::super::row::{Row, Side};
use super::super::summary::{Summary, Total};
use super::{code, escaped, title, unbroken};
use crate::compute::Compute;
use crate::compute::interval::Interval;

/// As many computes as the chart shows; the table shows all.
const CHARTED: usize = 60;

/// A chart with more bars repeats its axis below them.
const TALL: usize = 12;

/// From the lowest value of one quantity to the highest of another; none where there is nothing.
type Range = Option<(Interval, Interval)>;

/// A name in HTML, and the ranges before and after.
type Bars = (String, [Range; 2]);

/// The charts: for each compute that changes its range, and the CU-hours of a month together.
pub(super) fn charts(page: &mut String, report: &Report<'_>) {
    let changed: Vec<_> = report.computes().filter(|row| row.is_change()).collect();
    if changed.is_empty() {
        return;
    }
    let shown = most_important(&changed);
    let ranges: Vec<_> = shown.iter().map(|row| ranges(row)).collect();
    chart(page, "CU from minimum to maximum", &ranges, number);
    if shown.len() < changed.len() {
        let _ = writeln!(
            page,
            "<p class=\"hint\">The {} largest of {} computes; the table shows all.</p>",
            shown.len(),
            changed.len()
        );
    }
    page.push_str("</section>\n");

    let mut hours = Vec::new();
    if report.plans.len() > 1 {
        hours.extend(report.plans.iter().map(|plan| {
            (code(&plan.label), hours_of(plan.computes().collect::<Vec<_>>().as_slice()))
        }));
    }
    let all: Vec<_> = report.plans.iter().flat_map(Summary::computes).collect();
    hours.push(("All computes".to_owned(), hours_of(&all)));
    chart(page, "CU-hours a month from floor to ceiling", &hours, figures::hours);
    page.push_str("</section>\n");
}

/// As many rows as there is room for: those that can use most, in the plan's order.
fn most_important<'a>(rows: &[&'a Row]) -> Vec<&'a Row> {
    let size = |row: &Row| {
        let [before, after] = [&row.before, &row.after].map(|side| side.quantity(Compute::ceiling));
        let end = |interval: Interval| {
            if interval.high.is_finite() { interval.high } else { interval.low }
        };
        end(before).max(end(after))
    };
    let mut sizes: Vec<_> = rows.iter().map(|row| size(row)).enumerate().collect();
    sizes.sort_by(|one, other| other.1.total_cmp(&one.1));
    sizes.truncate(CHARTED);
    sizes.sort_by_key(|(at, _)| *at);
    sizes.into_iter().map(|(at, _)| rows[at]).collect()
}

fn ranges(row: &Row) -> Bars {
    let range = |side: &Side| match side {
        Side::Absent => None,
        side => Some((side.quantity(Compute::least), side.quantity(Compute::ceiling))),
    };
    (title(row), [range(&row.before), range(&row.after)])
}

fn hours_of(rows: &[&Row]) -> [Range; 2] {
    let rows = || rows.iter().copied();
    let hours = |total: Total| Some((total.floor_hours.interval, total.ceiling_hours.interval));
    [hours(Total::before(rows())), hours(Total::after(rows()))]
}

/// Opens a section with a chart.
fn chart(page: &mut String, title: &str, bars: &[Bars], text: fn(f64) -> String) {
    let ends = bars.iter().flat_map(|(_, sides)| sides.iter().flatten());
    let largest = ends.clone().map(|range| end(range).0).fold(0.0, f64::max);
    let is_open = ends.clone().any(|range| !end(range).1);
    let scale = Scale::of(largest);
    let open = if is_open {
        "<span><i class=\"bar open after\"></i>unknown, can be higher</span>"
    } else {
        ""
    };
    let _ = write!(
        page,
        "<section>\n<h2>{}</h2>\n<p class=\"legend\"><span><i class=\"bar before\"></i>before</span>\
         <span><i class=\"bar after\"></i>after</span>{open}</p>\n\
         <ul class=\"chart\" style=\"--step:{:.4}%\">\n{}",
        escaped(title),
        scale.percent(scale.step),
        scale.axis(text)
    );
    for (name, [before, after]) in bars {
        let (was, is) = (values(before.as_ref(), text), values(after.as_ref(), text));
        let value = if was == is { is } else { format!("<s>{was}</s> <b>{is}</b>") };
        let _ = writeln!(
            page,
            "<li><div class=\"name\">{name}</div><div class=\"track\">{}{}</div>\
             <div class=\"value\">{value}</div></li>",
            scale.bar("before", before.as_ref()),
            scale.bar("after", after.as_ref())
        );
    }
    if TALL < bars.len() {
        page.push_str(&scale.axis(text));
    }
    page.push_str("</ul>\n");
}

/// What a range is, in a few characters.
fn values(range: Option<&(Interval, Interval)>, text: fn(f64) -> String) -> String {
    let Some(range) = range else { return "none".to_owned() };
    let (most, is_known) = end(range);
    let (from, to) = (text(range.0.low), text(most));
    let values = match (from == to, is_known) {
        (true, true) => to,
        (false, true) => format!("{from}–{to}"),
        (_, false) if most == 0.0 => "unknown".to_owned(),
        (true, false) => format!("{to} or more"),
        (false, false) => format!("{from}–{to} or more"),
    };
    unbroken(&values)
}

/// Where a bar ends, and whether that is certain.
fn end((low, high): &(Interval, Interval)) -> (f64, bool) {
    if high.high.is_finite() { (high.high, true) } else { (high.low.max(low.low), false) }
}

/// A scale from 0 on, with marks at round numbers.
#[derive(Debug, PartialEq)]
struct Scale {
    step: f64,
    steps: u8,
}

impl Scale {
    /// The scale on which a value has its place: at most four steps.
    fn of(largest: f64) -> Scale {
        if largest <= 0.0 {
            return Scale { step: 1.0, steps: 1 };
        }
        let rough = largest / 4.0;
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 2.5, 5.0, 10.0].map(|it| it * power);
        // A hair below, so that 8 / 4 is 2 whatever the logarithm says.
        let step = step.into_iter().find(|step| rough <= step * 1.000_001).unwrap_or(rough);
        let fits = |steps: &u8| largest <= f64::from(*steps) * step * 1.000_001;
        Scale { step, steps: (1..4).find(fits).unwrap_or(4) }
    }

    fn percent(&self, value: f64) -> f64 {
        value / (self.step * f64::from(self.steps)) * 100.0
    }

    fn axis(&self, text: fn(f64) -> String) -> String {
        let marks = (0..=self.steps).map(|at| {
            let value = f64::from(at) * self.step;
            format!("<span style=\"left:{:.4}%\">{}</span>", self.percent(value), text(value))
        });
        format!(
            "<li class=\"axis\" aria-hidden=\"true\"><div class=\"name\"></div>\
             <div class=\"track\">{}</div><div class=\"value\"></div></li>\n",
            marks.collect::<String>()
        )
    }

    /// A bar; where its end is unknown it fades up to the end of the scale.
    fn bar(&self, class: &str, range: Option<&(Interval, Interval)>) -> String {
        let Some(range) = range else { return String::new() };
        let (most, is_known) = end(range);
        let (start, end) = (self.percent(range.0.low), self.percent(most));
        let mut bars = String::new();
        if 0.0 < most {
            let width = (end - start).max(0.0);
            let _ = write!(
                bars,
                "<i class=\"bar {class}\" style=\"left:min({start:.4}%,100% - 4px);width:{width:.4}%\"></i>"
            );
        }
        if !is_known {
            let width = 100.0 - end;
            let _ = write!(
                bars,
                "<i class=\"bar open {class}\" style=\"left:{end:.4}%;width:{width:.4}%\"></i>"
            );
        }
        bars
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scale_ends_at_a_round_number_close_to_the_largest_value() {
        for (largest, step, steps) in [
            (0.0, 1.0, 1),
            (0.5, 0.2, 3),
            (4.0, 1.0, 4),
            (8.0, 2.0, 4),
            (16.0, 5.0, 4),
            (112.0, 50.0, 3),
            (19_710.0, 5_000.0, 4),
            (81_760.0, 25_000.0, 4),
        ] {
            assert_eq!(Scale::of(largest), Scale { step, steps }, "{largest}");
        }
    }

    #[test]
    fn bar_with_an_unknown_end_reaches_the_end_of_the_scale() {
        let scale = Scale::of(8.0);
        let known = Interval::known;
        let bar = |low, high| scale.bar("after", Some(&(low, high)));
        assert_eq!(scale.bar("after", None), "");
        assert!(!bar(known(2.0), known(8.0)).contains("open"));
        assert!(bar(known(2.0), Interval::at_least(4.0)).contains("left:50.0000%;width:50.0000%"));
        assert_eq!(bar(Interval::ANY, Interval::ANY).matches("<i ").count(), 1);
        assert_eq!(
            values(Some(&(known(2.0), Interval::at_least(4.0))), number).matches("or more").count(),
            1
        );
        assert_eq!(values(None, number), "none");
    }
}
