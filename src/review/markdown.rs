//! The review for a comment on a pull request: it explains itself, and folds when it is long.

use super::Review;
use super::figures::{Cell, HEADINGS, SETTINGS, cells};
use super::summary::{Row, Subject};

/// More rows than this are folded.
const SHOWN: usize = 10;

/// How long the tables may become together. A comment takes 65,536 characters on GitHub.
const LONGEST: usize = 40_000;

/// How many findings, or places where a rule holds, are told one by one.
const LISTED: usize = 25;

/// The review in Markdown.
pub(super) fn markdown(review: &Review<'_>) -> String {
    let (defaults, computes): (Vec<_>, Vec<_>) =
        review.summary.rows.iter().partition(|it| it.subject == Subject::Defaults);
    let mut text = format!("### {}\n", escaped(&review.headline()));
    list(&mut text, "❌ Rules that hold", review.broken());
    list(&mut text, "⚠️ Notice", review.findings());
    if !computes.is_empty() {
        let headings = &HEADINGS[..HEADINGS.len() - usize::from(review.price.is_none())];
        let title = format!("<b>{}</b>", review.all_computes());
        let total = line("", &title, &review.total_cells());
        if computes.len() <= SHOWN {
            text += &format!("\n{}{}{total}", head(headings), lines(&computes, review));
        } else {
            text += &format!("\n{}{total}", head(headings));
            let title = format!("The {} computes that change", computes.len());
            fold(&mut text, &title, &(head(headings) + &lines(&computes, review)));
        }
    }
    if !defaults.is_empty() {
        let table = head(&HEADINGS[..SETTINGS]) + &lines(&defaults, review);
        text += "\n**Settings of computes that are made later; those that exist keep theirs**\n";
        match defaults.len() {
            ..=SHOWN => text += &format!("\n{table}"),
            projects => fold(&mut text, &format!("The settings of {projects} projects"), &table),
        }
    }
    list(&mut text, "❔ Rules that cannot be decided before the apply", review.undecided());
    let mut notes = review.notes();
    if !computes.is_empty() {
        notes.insert(0, UNITS);
    }
    if !notes.is_empty() {
        text += &format!("\n<sub>{}</sub>\n", notes.join(" "));
    }
    text
}

const UNITS: &str = "A CU, compute unit, has about 2 GB of memory. CU-hours a month go from what runs \
    although nobody connects to everything at its maximum for all of 730 hours.";

fn head(headings: &[&str]) -> String {
    let alignment = "|---".repeat(headings.len() + 2);
    format!("| | compute | {} |\n{alignment}|\n", headings.join(" | "))
}

/// The lines of a table, as many as fit.
fn lines(rows: &[&Row], review: &Review<'_>) -> String {
    let mut text = String::new();
    for (at, row) in rows.iter().enumerate() {
        if LONGEST < text.len() {
            text += &format!("| | and {} more, which the other formats show |\n", rows.len() - at);
            break;
        }
        let mut title = format!("<code>{}</code>", escaped(&row.address));
        let remarks = row.name.iter().cloned().chain(row.remarks()).map(|it| escaped(&it));
        for remark in remarks {
            title += &format!("<br><sub>{remark}</sub>");
        }
        text += &line(row.outcome.word(), &title, &cells(row, review.price));
    }
    text
}

fn line(outcome: &str, title: &str, cells: &[Cell]) -> String {
    let shown = |it: &Cell| match &it.before {
        Some(before) => format!("{} → **{}**", escaped(before), escaped(&it.after)),
        None => escaped(&it.after),
    };
    let cells = cells.iter().map(shown).collect::<Vec<_>>().join(" | ");
    format!("| {outcome} | {title} | {cells} |\n")
}

fn fold(text: &mut String, title: &str, table: &str) {
    *text += &format!("\n<details><summary>{title}</summary>\n\n{table}\n</details>\n");
}

fn list(text: &mut String, title: &str, items: impl IntoIterator<Item = String>) {
    let items: Vec<_> = items.into_iter().collect();
    if items.is_empty() {
        return;
    }
    *text += &format!("\n**{title}**\n\n");
    for item in items.iter().take(LISTED) {
        *text += &format!("- {}\n", with_code(item));
    }
    if LISTED < items.len() {
        *text += &format!("- and {} more, which the other formats show\n", items.len() - LISTED);
    }
}

/// A message, in which backquotes set names apart.
fn with_code(text: &str) -> String {
    let mut parts = text.split('`').map(escaped).enumerate();
    parts
        .by_ref()
        .map(|(at, it)| if at % 2 == 1 { format!("<code>{it}</code>") } else { it })
        .collect()
}

/// Text that is nothing but text in Markdown, in a cell of a table too: instance keys may contain
/// any character.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for it in text.chars() {
        match it {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '@' | '#' | '~' | ':' => {
                escaped += &format!("&#{};", u32::from(it));
            }
            it if it.is_control() => escaped += &it.escape_default().to_string(),
            it => escaped.push(it),
        }
    }
    escaped
}
