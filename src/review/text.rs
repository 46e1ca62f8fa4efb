//! Writes a review for a terminal: aligned columns, and colors if the reader sees them.

use std::fmt::Write as _;

use super::figures::{Cell, cells, headings};
use super::message::{Message, printable};
use super::report::Report;
use super::row::{Fate, Row, Subject};
use super::summary::Summary;

/// The review as text.
pub(super) fn text(report: &Report<'_>, colors: bool) -> String {
    let mut page = Page { text: String::new(), colors };
    page.line(BOLD, &report.headline());
    for plan in report.plans {
        page.plan(plan, report);
    }
    if report.plans.len() > 1 {
        page.line(BOLD, "\nAll plans together:");
        page.table(&headings(Subject::Compute, report.price), &[Line::total(report.plans, report)]);
    }
    page.list(RED, "Data:", report.losses());
    page.list(YELLOW, "Findings:", report.findings());
    page.list(RED, "Failed checks:", report.failed_checks());
    page.list(YELLOW, "Warnings:", [report.warned(), warnings(report)].concat());
    page.list(YELLOW, "Undecided checks (values known after apply):", report.undecided());
    page.list(PLAIN, "Allowed by exceptions:", report.excused());
    page.list(YELLOW, "Changed outside of Terraform:", report.drift());
    page.list(PLAIN, "About these figures:", report.notes());
    page.text
}

/// What is wrong with the rules, where it does not fail the review.
pub(super) fn warnings(report: &Report<'_>) -> Vec<Message> {
    if report.strict { Vec::new() } else { report.complaints.clone() }
}

/// A row: its title, and its cells on the line below, for addresses can be long.
struct Line {
    title: String,
    style: &'static str,
    cells: Vec<Cell>,
}

impl Line {
    fn of(row: &Row, report: &Report<'_>) -> Line {
        let (marker, style) = match row.fate {
            Fate::Created | Fate::CreatedOrAdopted => ("+", GREEN),
            Fate::Adopted | Fate::Changed => ("~", YELLOW),
            Fate::Replaced => ("±", RED),
            Fate::Destroyed | Fate::DestroyedWithBranch => ("-", RED),
            Fate::LeftAlone => (".", PLAIN),
        };
        let plain = |message: Message| message.render(printable, printable);
        let mut remarks: Vec<_> = row.remarks().into_iter().map(plain).collect();
        if !matches!(row.fate, Fate::Created | Fate::Changed | Fate::Replaced | Fate::Destroyed) {
            remarks.insert(0, row.fate.word().to_owned());
        }
        let mut title = format!("{marker} {}", printable(&row.address));
        if !remarks.is_empty() {
            title = format!("{title} ({})", remarks.join(", "));
        }
        Line { title, style, cells: cells(row, report.price) }
    }

    fn total(plans: &[Summary], report: &Report<'_>) -> Line {
        let title = format!("= {}", Report::all_computes(plans));
        Line { title, style: BOLD, cells: report.total_cells(plans) }
    }
}

const PLAIN: &str = "";
const BOLD: &str = "1";
const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";

struct Page {
    text: String,
    colors: bool,
}

impl Page {
    fn line(&mut self, style: &str, text: &str) {
        let _ = match style {
            PLAIN => writeln!(self.text, "{text}"),
            _ if self.colors => writeln!(self.text, "\x1b[{style}m{text}\x1b[0m"),
            _ => writeln!(self.text, "{text}"),
        };
    }

    fn plan(&mut self, plan: &Summary, report: &Report<'_>) {
        let (defaults, computes): (Vec<_>, Vec<_>) =
            plan.changes().partition(|row| row.subject == Subject::Defaults);
        if report.plans.len() > 1 {
            self.line(BOLD, &format!("\n{}:", printable(&plan.label)));
            if computes.is_empty() && defaults.is_empty() {
                self.line(PLAIN, "    No compute changes");
            }
        }
        if !computes.is_empty() {
            let mut lines: Vec<_> = computes.into_iter().map(|row| Line::of(row, report)).collect();
            lines.push(Line::total(std::slice::from_ref(plan), report));
            self.line(PLAIN, "");
            self.table(&headings(Subject::Compute, report.price), &lines);
        }
        if !defaults.is_empty() {
            let lines: Vec<_> = defaults.into_iter().map(|row| Line::of(row, report)).collect();
            self.line(PLAIN, "\nDefaults of computes created later; existing ones keep theirs:");
            self.table(&headings(Subject::Defaults, report.price), &lines);
        }
    }

    fn table(&mut self, headings: &[&str], lines: &[Line]) {
        let shown = |cell: &Cell| match &cell.before {
            Some(before) => format!("{before} → {}", cell.after),
            None => cell.after.clone(),
        };
        let mut rows = vec![headings.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>()];
        rows.extend(lines.iter().map(|line| line.cells.iter().map(shown).collect()));
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
        let widths: Vec<_> = (0..headings.len()).filter_map(width).collect();
        let aligned = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
            format!("    {}", cells.collect::<Vec<_>>().join("   ").trim_end())
        };
        self.line(PLAIN, &aligned(&rows[0]));
        for (line, row) in lines.iter().zip(&rows[1..]) {
            self.line(line.style, &line.title);
            self.line(PLAIN, &aligned(row));
        }
    }

    fn list(&mut self, style: &str, title: &str, messages: Vec<Message>) {
        if messages.is_empty() {
            return;
        }
        self.line(style, &format!("\n{title}"));
        for message in messages {
            self.line(PLAIN, &format!("  - {}", message.plain()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan;
    use super::*;

    #[test]
    fn colors_add_no_information_to_the_text() {
        let json = include_bytes!("../../tests/plans/databricks-provider/plan.json");
        let plans = [Summary::of(plan::read(&json[..]).unwrap(), String::new())];
        let report = Report {
            plans: &plans,
            verdicts: &[],
            complaints: Vec::new(),
            strict: false,
            price: None,
        };
        let (colored, plain) = (text(&report, true), text(&report, false));
        let lines = colored.lines().filter(|line| line.contains("\x1b[31m-")).count();
        assert_eq!(lines, 1, "{colored}");
        let start = [BOLD, RED, GREEN, YELLOW].map(|it| format!("\x1b[{it}m"));
        let words = start.iter().fold(colored, |text, it| text.replace(it, ""));
        assert_eq!(words.replace("\x1b[0m", ""), plain);
    }
}
