//! Writes a review for a comment on a pull request: it explains itself, and folds when it is long.
//!
//! Whatever an address holds, the comment mentions nobody, links nowhere and stays one table: names
//! stand in code spans, and the comment is never longer than what a forge accepts.

use super::figures::{Cell, cells, headings};
use super::message::{Message, printable};
use super::report::Report;
use super::row::{Row, Subject};
use super::summary::Summary;
use super::text::warnings;

/// More rows than this are folded.
const SHOWN: usize = 10;

/// How many characters tables may have together. A comment takes 65,536 characters on GitHub.
const TABLES: usize = 40_000;

/// How many messages of a list are shown, and in how many characters.
const LISTED: usize = 10;
const LIST: usize = 2_200;

/// The review in Markdown. `tag` begins it with a comment that the next run finds it by.
pub(super) fn markdown(report: &Report<'_>, tag: Option<&str>) -> String {
    let mut room = TABLES;
    let mut sections = Vec::new();
    if let Some(tag) = tag {
        sections.push(format!("<!-- lakebase-review: {tag} -->\n"));
    }
    sections.push(format!("### {}\n", escaped(&report.headline())));
    sections.extend(list("❌ Failed checks", &report.failed_checks()));
    sections.extend(list("🗑️ Data", &report.losses()));
    sections.extend(list("⚠️ Warnings", &[report.warned(), warnings(report)].concat()));
    sections.extend(list("⚠️ Findings", &report.findings()));
    for plan in report.plans {
        sections.extend(tables(plan, report, &mut room));
    }
    if report.plans.len() > 1 {
        let head = head("all plans", &headings(Subject::Compute, report.price));
        sections.push(format!("{head}{}", total(report.plans, report)));
    }
    sections.extend(list("❔ Undecided checks (values known after apply)", &report.undecided()));
    sections.extend(list("Allowed by exceptions", &report.excused()));
    sections.extend(list("Changed outside of Terraform", &report.drift()));
    let mut notes = Vec::new();
    if report.computes().any(Row::is_change) {
        notes.push(UNITS.to_owned());
        notes.extend(report.price.map(|price| {
            let amount = price.with_currency(&price.amount.to_string());
            format!("A CU-hour costs {}.", escaped(&amount))
        }));
    }
    notes.extend(cut(&report.notes(), LIST));
    if !notes.is_empty() {
        sections.push(format!("<sub>{}</sub>\n", notes.join(" ")));
    }
    sections.join("\n")
}

const UNITS: &str = "A CU (compute unit) has about 2 GB of memory. CU-hours a month range from the \
    floor (only what never suspends runs, at its minimum) to the ceiling (everything runs at its \
    maximum, for 730 hours).";

/// The tables of a plan.
fn tables(plan: &Summary, report: &Report<'_>, room: &mut usize) -> Vec<String> {
    let (defaults, computes): (Vec<_>, Vec<_>) =
        plan.changes().partition(|row| row.subject == Subject::Defaults);
    let mut sections = Vec::new();
    if report.plans.len() > 1 {
        let nothing = if plan.changes().next().is_none() { ": no compute changes" } else { "" };
        sections.push(format!("#### {}{nothing}\n", code(&plan.label, false)));
    }
    if !computes.is_empty() {
        let head = head("endpoint", &headings(Subject::Compute, report.price));
        let total = total(std::slice::from_ref(plan), report);
        let lines = lines(&computes, report, room);
        if computes.len() <= SHOWN {
            sections.push(format!("{head}{lines}{total}"));
        } else {
            sections.push(format!("{head}{total}"));
            let title = format!("The {} endpoints that change", computes.len());
            sections.push(folded(&title, &format!("{head}{lines}")));
        }
    }
    if !defaults.is_empty() {
        let head = head("project", &headings(Subject::Defaults, report.price));
        let table = head + &lines(&defaults, report, room);
        sections
            .push("**Defaults of computes created later; existing ones keep theirs**\n".to_owned());
        sections.push(match defaults.len() {
            ..=SHOWN => table,
            projects => folded(&format!("The defaults of {projects} projects"), &table),
        });
    }
    sections
}

fn head(noun: &str, headings: &[&str]) -> String {
    let alignment = "|---".repeat(headings.len() + 1);
    format!("| {noun} | {} |\n{alignment}|\n", headings.join(" | "))
}

fn total(plans: &[Summary], report: &Report<'_>) -> String {
    line(&format!("**{}**", Report::all_computes(plans)), &report.total_cells(plans))
}

/// The lines of a table, as many as there is room for.
fn lines(rows: &[&Row], report: &Report<'_>, room: &mut usize) -> String {
    let mut text = String::new();
    for (at, row) in rows.iter().enumerate() {
        let remarks = row.remarks().into_iter().map(|it| format!(", {}", words(&it, true)));
        let remarks = remarks.collect::<String>();
        let title = format!("{}<br>{}{remarks}", code(&row.address, true), row.fate.word());
        let line = line(&title, &cells(row, report.price));
        let length = line.chars().count();
        if *room < length {
            *room = 0;
            let more = rows.len() - at;
            return text + &format!("| and {more} more, which the other formats show |\n");
        }
        *room -= length;
        text += &line;
    }
    text
}

/// A line of a table. What was and what will be are below each other in its cells, so that it fits
/// into a comment.
fn line(title: &str, cells: &[Cell]) -> String {
    let shown = |cell: &Cell| match &cell.before {
        Some(before) => format!("{}<br>→\u{a0}**{}**", unbroken(before), unbroken(&cell.after)),
        None => unbroken(&cell.after),
    };
    let cells = cells.iter().map(shown).collect::<Vec<_>>().join(" | ");
    format!("| {title} | {cells} |\n")
}

/// A figure that breaks where it reads well: ranges and products do not by themselves.
fn unbroken(figure: &str) -> String {
    let figure = escaped(figure).replace('–', "\u{2060}–\u{2060}");
    figure.replace(" × ", "\u{a0}×\u{a0}").replace(" idle", "\u{a0}idle")
}

fn folded(title: &str, table: &str) -> String {
    format!("<details><summary>{title}</summary>\n\n{table}\n</details>\n")
}

fn list(title: &str, messages: &[Message]) -> Option<String> {
    let lines = cut(messages, LIST);
    (!messages.is_empty()).then(|| format!("**{title}**\n\n- {}\n", lines.join("\n- ")))
}

/// As many messages as there is room for.
fn cut(messages: &[Message], mut room: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for message in messages {
        let line = words(message, false);
        let length = line.chars().count();
        if room < length || lines.len() == LISTED {
            let more = messages.len() - lines.len();
            lines.push(format!("and {more} more, which the other formats show"));
            break;
        }
        room -= length;
        lines.push(line);
    }
    lines
}

fn words(message: &Message, in_table: bool) -> String {
    message.render(escaped, |name| code(name, in_table))
}

/// A name as it is: instance keys can contain any character.
fn code(name: &str, in_table: bool) -> String {
    let mut name = printable(name);
    if in_table {
        name = name.replace('|', "\\|");
    }
    // The mark is longer than any in the name.
    let marks = name.split(|it| it != '`').map(str::len).max().unwrap_or_default();
    let mark = "`".repeat(marks + 1);
    let space = if marks == 0 { "" } else { " " };
    format!("{mark}{space}{name}{space}{mark}")
}

/// Text that is nothing but text in Markdown, in a cell of a table too.
fn escaped(text: &str) -> String {
    let character = |c: char| match c {
        '&' | '<' | '>' | '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '@' | '#' | '~' => {
            format!("&#{};", u32::from(c))
        }
        _ => c.to_string(),
    };
    printable(text).chars().map(character).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::super::plan;
    use super::super::rule::{Exceptions, Rule, Severity};
    use super::*;

    /// The review of a plan in which that many endpoints grow, and the defaults of as many projects,
    /// with a check that all of them fail.
    fn reviewed(number: usize, key: &str) -> String {
        let endpoint = |at: usize, max_cu: i32| {
            json!({
                "name": format!("projects/p/branches/b/endpoints/e-{at}"),
                "endpoint_type": "ENDPOINT_TYPE_READ_ONLY",
                "autoscaling_limit_min_cu": 1, "autoscaling_limit_max_cu": max_cu,
            })
        };
        let project = |at: usize, max_cu: i32| {
            let settings =
                json!({"autoscaling_limit_min_cu": 1, "autoscaling_limit_max_cu": max_cu});
            json!({
                "name": format!("projects/p-{at}"), "default_endpoint_settings": settings,
                "deletion_protection": max_cu == 2,
            })
        };
        let change = |kind: &str, at: usize, before: Json, after: Json| {
            json!({
                "address": format!("{kind}.e[\"{key}{at}\"]"),
                "previous_address": format!("{kind}.former[\"{key}{at}\"]"),
                "type": kind,
                "change": {
                    "actions": ["update"], "before": before, "after": after, "after_unknown": {},
                },
            })
        };
        let endpoints =
            (0..number).map(|at| change("lakebase_endpoint", at, endpoint(at, 2), endpoint(at, 4)));
        let projects =
            (0..number).map(|at| change("lakebase_project", at, project(at, 2), project(at, 4)));
        let changes: Vec<_> = endpoints.chain(projects).collect();
        let plan = json!({
            "format_version": "1.2", "resource_changes": changes, "resource_drift": changes,
        });
        let plan = plan::read(plan.to_string().as_bytes()).unwrap();
        let plans = [Summary::of(plan, String::new())];
        let rules = [Severity::Deny, Severity::Warn]
            .map(|severity| Rule::parse("ceiling > 2", severity).unwrap());
        let exceptions = Exceptions::new(&[], jiff::civil::date(2026, 1, 1));
        let verdicts = rules.each_ref().map(|rule| rule.evaluate(&plans, None, &exceptions));
        let report = Report {
            plans: &plans,
            verdicts: &verdicts,
            complaints: Vec::new(),
            strict: true,
            price: None,
        };
        markdown(&report, Some("tag"))
    }

    #[test]
    fn long_review_is_folded_and_its_total_is_not() {
        assert!(!reviewed(SHOWN, "").contains("<details>"));
        let long = reviewed(SHOWN + 1, "");
        let (seen, folded) = long.split_once("<details>").unwrap();
        assert!(seen.contains("**in total") && !seen.contains("`lakebase_endpoint.e[\"10\"]`<br>"));
        assert!(folded.contains("`lakebase_endpoint.e[\"10\"]`<br>changed"));
    }

    #[test]
    fn long_review_is_truncated_to_a_comment_and_lists_omissions() {
        for key in ["", "long ".repeat(200).as_str(), "&".repeat(5000).as_str()] {
            let text = reviewed(3000, key);
            assert!(text.chars().count() < 65_536, "{}", text.chars().count());
            assert!(text.contains(" more, which the other formats show"), "{text}");
        }
    }

    #[test]
    fn key_is_nothing_but_text() {
        let key = "<b>|`*@x*` @octocat GH-3 :tada: https://example.com <!-- --> \u{202e}\u{1b}";
        let text = reviewed(1, key);
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
        let mut columns = Vec::new();
        for line in text.lines() {
            if line.starts_with('|') {
                columns.push(line.replace("\\|", "").matches('|').count() - 1);
            }
            // What is left without code spans and without what this program writes.
            let mut rest = line.to_owned();
            while let Some(start) = rest.find("`` ") {
                let end = rest[start + 3..].find(" ``").unwrap() + start + 6;
                rest.replace_range(start..end, "");
            }
            for bad in ["@", "GH-3", ":tada:", "https:", "<b>"] {
                assert!(!rest.contains(bad), "{bad} in {line}");
            }
        }
        // Head, rule, row and total of the endpoints; head, rule and row of the projects.
        assert_eq!(columns, [7, 7, 7, 7, 5, 5, 5], "{text}");
    }
}
