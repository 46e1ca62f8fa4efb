//! The review for a comment on a pull request: it explains itself, and folds when it is long.

use super::figures::{Cell, cells, headings, printable};
use super::report::Report;
use super::row::{Row, Subject};

/// More rows than this are folded.
const SHOWN: usize = 10;

/// How long the tables may become together. A comment takes 65,536 characters on GitHub.
const LONGEST: usize = 40_000;

/// How many findings, or places where a check fails, are told one by one, and in how many characters.
const LISTED: usize = 10;
const LONGEST_LIST: usize = 6_000;

/// The review in Markdown.
pub(super) fn markdown(report: &Report<'_>) -> String {
    let (defaults, computes): (Vec<_>, Vec<_>) =
        report.summary.rows.iter().partition(|it| it.subject == Subject::Defaults);
    let mut room = LONGEST;
    let mut sections = vec![format!("### {}\n", report.headline())];
    sections.extend(list("❌ Failed checks", report.broken()));
    sections.extend(list("⚠️ Notice", report.findings()));
    if !computes.is_empty() {
        let head = head("endpoint", &headings(Subject::Compute, report.price));
        let total = line(&format!("**{}**", report.all_computes()), &report.total_cells());
        let lines = lines(&computes, report, &mut room);
        if computes.len() <= SHOWN {
            sections.push(format!("{head}{lines}{total}"));
        } else {
            sections.push(format!("{head}{total}"));
            sections.push(folded(
                &format!("The {} endpoints that change", computes.len()),
                &format!("{head}{lines}"),
            ));
        }
    }
    if !defaults.is_empty() {
        let head = head("project", &headings(Subject::Defaults, report.price));
        let table = head + &lines(&defaults, report, &mut room);
        sections.push(
            "**Settings of endpoints that are made later; those that exist keep theirs**\n"
                .to_owned(),
        );
        sections.push(match defaults.len() {
            ..=SHOWN => table,
            projects => folded(&format!("The settings of {projects} projects"), &table),
        });
    }
    sections.extend(list("❔ Checks that only the apply decides", report.undecided()));
    let units = (!computes.is_empty()).then_some(UNITS);
    let price = report.price.filter(|_| !computes.is_empty());
    let price =
        price.map(|it| format!("A CU-hour costs {}.", it.with_currency(&it.amount.to_string())));
    let notes: Vec<_> = units.into_iter().chain(price.as_deref()).chain(report.notes()).collect();
    if !notes.is_empty() {
        sections.push(format!("<sub>{}</sub>\n", notes.join(" ")));
    }
    sections.join("\n")
}

const UNITS: &str = "A CU (compute unit) has about 2 GB of memory. CU-hours a month go from the \
    lowest (only what never suspends runs, at its minimum) to the highest (everything runs at its \
    maximum, for 730 hours).";

fn head(noun: &str, headings: &[&str]) -> String {
    let alignment = "|---".repeat(headings.len() + 1);
    format!("| {noun} | {} |\n{alignment}|\n", headings.join(" | "))
}

/// The lines of a table, as many as there is room for.
fn lines(rows: &[&Row], report: &Report<'_>, room: &mut usize) -> String {
    let mut text = String::new();
    for (at, row) in rows.iter().enumerate() {
        if *room == 0 {
            let more = rows.len() - at;
            return text + &format!("| and {more} more, which the other formats show |\n");
        }
        let remarks = row.remarks().into_iter().map(|it| format!(", {}", escaped(&it)));
        let remarks = remarks.collect::<String>();
        let title = format!("{}<br>{}{remarks}", code(&row.address, true), row.outcome.word());
        let line = line(&title, &cells(row, report.price));
        *room = room.saturating_sub(line.len());
        text += &line;
    }
    text
}

/// A line of a table. What was and what will be are below each other in its cells, so that it fits
/// into a comment.
fn line(title: &str, cells: &[Cell]) -> String {
    let shown = |it: &Cell| match &it.before {
        Some(before) => format!("{}<br>→\u{a0}**{}**", unbroken(before), unbroken(&it.after)),
        None => unbroken(&it.after),
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

fn list(title: &str, items: impl IntoIterator<Item = String>) -> Option<String> {
    let items: Vec<_> = items.into_iter().map(|it| with_code(&it)).collect();
    let mut length = 0;
    let fits = |it: &&String| {
        length += it.len();
        length <= LONGEST_LIST
    };
    let mut lines: Vec<_> = items.iter().take(LISTED).take_while(fits).cloned().collect();
    if lines.len() < items.len() {
        lines.push(format!("and {} more, which the other formats show", items.len() - lines.len()));
    }
    (!items.is_empty()).then(|| format!("**{title}**\n\n- {}\n", lines.join("\n- ")))
}

/// A message, in which backquotes set names apart.
fn with_code(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts.map(|(at, it)| if at % 2 == 1 { code(it, false) } else { escaped(it) }).collect()
}

/// A name as it is: instance keys may contain any character.
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
    let character = |it: char| match it {
        '&' | '<' | '>' | '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '@' | '#' | '~' => {
            format!("&#{};", u32::from(it))
        }
        it => it.to_string(),
    };
    printable(text).chars().map(character).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::super::plan;
    use super::super::rule::Rule;
    use super::super::summary::Summary;
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
            json!({"name": format!("projects/p-{at}"), "default_endpoint_settings": settings})
        };
        let change = |kind: &str, at: usize, before: Json, after: Json| {
            json!({
                "address": format!("{kind}.e[\"{key}{at}\"]"),
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
        let plan = json!({"format_version": "1.2", "resource_changes": changes}).to_string();
        let summary = Summary::of(plan::read(plan.as_bytes()).unwrap());
        let verdicts = [Rule::parse("ceiling > 2").unwrap().judge(&summary, None)];
        markdown(&Report { summary: &summary, verdicts: &verdicts, price: None })
    }

    #[test]
    fn a_long_review_is_folded_and_its_total_is_not() {
        assert!(!reviewed(SHOWN, "").contains("<details>"));
        let long = reviewed(SHOWN + 1, "");
        let (seen, folded) = long.split_once("<details>").unwrap();
        assert!(
            seen.contains("**in total**") && !seen.contains("`lakebase_endpoint.e[\"10\"]`<br>")
        );
        assert!(folded.contains("`lakebase_endpoint.e[\"10\"]`<br>changed"));
    }

    #[test]
    fn a_review_of_any_length_fits_into_a_comment_and_says_what_is_missing() {
        for key in ["", "long ".repeat(200).as_str()] {
            let text = reviewed(3000, key);
            assert!(text.chars().count() < 65_536, "{}", text.len());
            assert_eq!(text.matches(" more, which the other formats show").count(), 4, "{text}");
        }
    }

    #[test]
    fn a_key_is_nothing_but_text() {
        let text = reviewed(1, "<b>|`*@x*`\u{1b}");
        assert!(!text.contains('\u{1b}'), "{text}");
        let mut columns = Vec::new();
        for line in text.lines().filter(|it| it.starts_with('|')) {
            let bars = line.replace("\\|", "").matches('|').count();
            columns.push(bars - 1);
        }
        // Head, rule, row and total of the endpoints; head, rule and row of the projects.
        assert_eq!(columns, [7, 7, 7, 7, 5, 5, 5], "{text}");
        assert!(text.contains("`` lakebase_endpoint.e[\"<b>\\|`*@x*`"), "{text}");
    }
}
