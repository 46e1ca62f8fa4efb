//! The review for a terminal: aligned columns, and colors where the reader sees them.

use std::fmt::Write as _;

use super::figures::{Cell, cells, headings, printable};
use super::report::Report;
use super::row::{Outcome, Row, Subject};

/// The review as text.
pub(super) fn text(report: &Report<'_>, colors: bool) -> String {
    let summary = report.summary;
    let mut page = Page { text: String::new(), colors };
    page.line(BOLD, &report.headline());
    let (defaults, computes): (Vec<_>, Vec<_>) =
        summary.rows.iter().partition(|it| it.subject == Subject::Defaults);
    if !computes.is_empty() {
        let mut lines: Vec<_> = computes.into_iter().map(|it| Line::of(it, report)).collect();
        let title = format!("= {}", report.all_computes());
        lines.push(Line { title, style: BOLD, cells: report.total_cells() });
        page.line(PLAIN, "");
        page.table(&headings(Subject::Compute, report.price), &lines);
    }
    if !defaults.is_empty() {
        let lines: Vec<_> = defaults.into_iter().map(|it| Line::of(it, report)).collect();
        page.line(
            PLAIN,
            "\nSettings of endpoints that are made later; those that exist keep theirs:",
        );
        page.table(&headings(Subject::Defaults, report.price), &lines);
    }
    page.list(YELLOW, "Notice:", report.findings());
    page.list(RED, "Failed checks:", report.broken());
    page.list(YELLOW, "Checks that only the apply decides:", report.undecided());
    page.list(PLAIN, "About these figures:", report.notes().into_iter().map(str::to_owned));
    page.text
}

/// A row: what it is about, and its cells on the line below, for addresses can be long.
struct Line {
    title: String,
    style: &'static str,
    cells: Vec<Cell>,
}

impl Line {
    fn of(row: &Row, report: &Report<'_>) -> Line {
        let (marker, style) = match row.outcome {
            Outcome::Added => ("+", GREEN),
            Outcome::Adopted | Outcome::Changed => ("~", YELLOW),
            Outcome::Replaced => ("±", RED),
            Outcome::Destroyed => ("-", RED),
            Outcome::LeftAlone => (".", PLAIN),
        };
        let mut remarks = row.remarks();
        if matches!(row.outcome, Outcome::Adopted | Outcome::LeftAlone) {
            remarks.insert(0, row.outcome.word().to_owned());
        }
        let mut title = format!("{marker} {}", row.address);
        if !remarks.is_empty() {
            title = format!("{title} ({})", remarks.join(", "));
        }
        Line { title: printable(&title), style, cells: cells(row, report.price) }
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

    fn table(&mut self, headings: &[&str], lines: &[Line]) {
        let shown = |it: &Cell| match &it.before {
            Some(before) => format!("{before} → {}", it.after),
            None => it.after.clone(),
        };
        let mut rows = vec![headings.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>()];
        rows.extend(lines.iter().map(|it| it.cells.iter().map(shown).collect()));
        let width = |column: usize| rows.iter().map(|it| it[column].chars().count()).max();
        let widths: Vec<_> = (0..headings.len()).filter_map(width).collect();
        let aligned = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
            format!("    {}", cells.collect::<Vec<_>>().join("   ")).trim_end().to_owned()
        };
        self.line(PLAIN, &aligned(&rows[0]));
        for (line, row) in lines.iter().zip(&rows[1..]) {
            self.line(line.style, &line.title);
            self.line(PLAIN, &aligned(row));
        }
    }

    fn list(&mut self, style: &str, title: &str, items: impl IntoIterator<Item = String>) {
        let mut items = items.into_iter().peekable();
        if items.peek().is_some() {
            self.line(PLAIN, "");
            self.line(style, title);
        }
        for item in items {
            self.line(PLAIN, &format!("  - {}", printable(&item)));
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::plan;
    use super::super::summary::Summary;
    use super::*;

    #[test]
    fn colors_say_what_happens_and_nothing_that_the_words_do_not() {
        let json = include_bytes!("../../tests/plans/official/plan.json");
        let summary = Summary::of(plan::read(&json[..]).unwrap());
        let report = Report { summary: &summary, verdicts: &[], price: None };
        let (colored, plain) = (text(&report, true), text(&report, false));
        let lines: Vec<_> = colored.lines().filter(|it| it.contains('\x1b')).collect();
        expect![[r#"
            ␛[1mCompute: 1 added, 2 changed, 1 destroyed, defaults of 1 project; at most 19,710 CU-hours a month (+59%)␛[0m
            ␛[31m- databricks_postgres_endpoint.exports␛[0m
            ␛[33m~ databricks_postgres_endpoint.primary␛[0m
            ␛[32m+ databricks_postgres_endpoint.reports␛[0m
            ␛[33m~ databricks_postgres_endpoint.staging␛[0m
            ␛[1m= in total, with 1 unchanged endpoint␛[0m
            ␛[33m~ databricks_postgres_project.shop␛[0m
            ␛[33mNotice:␛[0m"#]]
        .assert_eq(&lines.join("\n").replace('\x1b', "␛"));

        let start = [BOLD, RED, GREEN, YELLOW].map(|it| format!("\x1b[{it}m"));
        let words = start.iter().fold(colored, |text, it| text.replace(it, ""));
        assert_eq!(words.replace("\x1b[0m", ""), plain);
    }
}
