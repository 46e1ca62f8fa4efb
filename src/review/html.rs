//! Writes a review as one HTML file for the artifacts of a pipeline: the totals, a chart of the
//! ranges and of the CU-hours before and after, and all that the other formats show.
//!
//! The file needs no network and runs no script: styles and charts are in it. `make browser` looks at
//! it in a real browser. Start reading at [`html`].

mod chart;

use std::fmt::Write as _;

use super::figures::{Cell, cells, headings};
use super::message::{Message, printable};
use super::report::Report;
use super::row::{Fate, Row, Subject};
use super::summary::Summary;
use super::text::warnings;

/// A longer list is folded behind so many messages.
const LISTED: usize = 10;

/// The review in HTML.
pub(super) fn html(report: &Report<'_>) -> String {
    let mut page = String::new();
    let headline = escaped(&report.headline());
    let style = include_str!("html/style.css");
    let _ = write!(
        page,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{headline}</title>\n\
         <style>\n{style}</style>\n</head>\n<body>\n<main>\n\
         <header>\n<p>Lakebase plan review{}</p>\n<h1>{headline}</h1>\n</header>\n",
        verdict(report)
    );
    if report.computes().next().is_some() {
        totals(&mut page, report);
    }
    let lists = [
        ("bad", "Failed checks", report.failed_checks()),
        ("bad", "Data", report.losses()),
        ("warning", "Warnings", [report.warned(), warnings(report)].concat()),
        ("warning", "Findings", report.findings()),
        ("warning", "Undecided checks (values known after apply)", report.undecided()),
    ];
    for (class, title, messages) in lists {
        list(&mut page, class, title, &messages);
    }
    chart::charts(&mut page, report);
    for plan in report.plans {
        tables(&mut page, plan, report);
    }
    let mut notes = report.notes();
    notes.extend(units(report));
    let lists = [
        ("Allowed by exceptions", report.excused()),
        ("Changed outside of Terraform", report.drift()),
        ("About these figures", notes),
    ];
    for (title, messages) in lists {
        list(&mut page, "note", title, &messages);
    }
    let _ = writeln!(
        page,
        "<footer>terraform-provider-lakebase {}{}</footer>\n</main>\n</body>\n</html>",
        env!("CARGO_PKG_VERSION"),
        escaped(&versions(report))
    );
    page
}

/// Whether the review fails; nothing where nothing is checked.
fn verdict(report: &Report<'_>) -> String {
    let (class, text) = if !report.failed_checks().is_empty() {
        ("bad", "✕ failed")
    } else if report.verdicts.is_empty() && !report.strict {
        return String::new();
    } else if !report.undecided().is_empty() {
        ("warning", "passed, with undecided checks")
    } else if !report.warned().is_empty() || !warnings(report).is_empty() {
        ("warning", "passed, with warnings")
    } else {
        ("good", "✓ passed")
    };
    format!(" <span class=\"chip {class}\">{text}</span>")
}

/// The figures of all computes, large.
fn totals(page: &mut String, report: &Report<'_>) {
    if report.plans.len() > 1 {
        page.push_str("<p class=\"hint\">All plans together</p>\n");
    }
    page.push_str("<dl class=\"totals\">\n");
    let headings = headings(Subject::Compute, report.price);
    for (heading, cell) in headings.into_iter().zip(report.total_cells(report.plans)) {
        let was = cell.before.map(|it| format!("<dd class=\"was\">was {}</dd>", unbroken(&it)));
        let _ = writeln!(
            page,
            "<div><dt>{}</dt><dd>{}</dd>{}</div>",
            escaped(heading),
            unbroken(&cell.after),
            was.unwrap_or_default()
        );
    }
    page.push_str("</dl>\n");
}

/// What the units mean, where there are any.
fn units(report: &Report<'_>) -> Vec<Message> {
    if report.computes().next().is_none() {
        return Vec::new();
    }
    let units = "A CU (compute unit) has about 2 GB of memory. CU-hours a month range from the floor \
        to the ceiling. At the floor, only computes that never suspend run, at their minimum. At the \
        ceiling, everything runs at its maximum for 730 hours.";
    let price = report.price.map(|price| {
        let amount = price.with_currency(&price.amount.to_string());
        Message::new(&format!("A CU-hour costs {amount}."), &[])
    });
    [Message::new(units, &[])].into_iter().chain(price).collect()
}

/// Which Terraform made the plans.
fn versions(report: &Report<'_>) -> String {
    let mut versions: Vec<_> = report.plans.iter().map(|plan| &*plan.terraform_version).collect();
    versions.sort_unstable();
    versions.dedup();
    versions.retain(|version| !version.is_empty());
    match &versions[..] {
        [] => String::new(),
        versions => format!(" · plan made by Terraform or OpenTofu {}", versions.join(", ")),
    }
}

fn tables(page: &mut String, plan: &Summary, report: &Report<'_>) {
    let (defaults, computes): (Vec<_>, Vec<_>) =
        plan.changes().partition(|row| row.subject == Subject::Defaults);
    if report.plans.len() > 1 {
        let _ = writeln!(page, "<h3>{}</h3>", code(&plan.label));
        if computes.is_empty() && defaults.is_empty() {
            page.push_str("<p class=\"hint\">No compute changes</p>\n");
        }
    }
    if !computes.is_empty() {
        page.push_str("<section>\n<h2>Computes that change</h2>\n");
        table(page, Subject::Compute, &computes, Some(plan), report);
        page.push_str("</section>\n");
    }
    if !defaults.is_empty() {
        page.push_str(
            "<section>\n<h2>Defaults of computes created later</h2>\n\
             <p class=\"hint\">Existing computes keep their settings.</p>\n",
        );
        table(page, Subject::Defaults, &defaults, None, report);
        page.push_str("</section>\n");
    }
}

/// A table: for each row its address, which can be long, above its figures; and the totals of a plan.
fn table(
    page: &mut String,
    subject: Subject,
    rows: &[&Row],
    plan: Option<&Summary>,
    report: &Report<'_>,
) {
    let headings = headings(subject, report.price);
    let heads = headings.iter().map(|it| format!("<th scope=\"col\">{}</th>", escaped(it)));
    let heads = heads.collect::<String>();
    let _ = writeln!(page, "<table>\n<thead><tr>{heads}</tr></thead>");
    for row in rows {
        let _ = writeln!(
            page,
            "<tbody>\n<tr class=\"{}\"><th colspan=\"{}\" scope=\"rowgroup\">{}</th></tr>\n{}</tbody>",
            if tone(row.fate) == "bad" { "gone" } else { "" },
            headings.len(),
            title(row),
            figures(&headings, &cells(row, report.price))
        );
    }
    if let Some(plan) = plan {
        let plan = std::slice::from_ref(plan);
        let all = Report::all_computes(plan);
        let all = all.strip_prefix("in total").map_or(all.clone(), |it| format!("In total{it}"));
        let _ = writeln!(
            page,
            "<tfoot>\n<tr><th colspan=\"{}\" scope=\"rowgroup\">{}</th></tr>\n{}</tfoot>",
            headings.len(),
            escaped(&all),
            figures(&headings, &report.total_cells(plan))
        );
    }
    page.push_str("</table>\n");
}

fn title(row: &Row) -> String {
    let mut title = format!("{} {}", code(&row.address), chip(row.fate));
    let remarks: Vec<_> = row.remarks().iter().map(words).collect();
    if !remarks.is_empty() {
        let _ = write!(title, " <small>{}</small>", remarks.join(", "));
    }
    title
}

fn figures(headings: &[&str], cells: &[Cell]) -> String {
    let cells = headings.iter().zip(cells).map(|(heading, cell)| {
        format!("<td data-label=\"{}\">{}</td>", escaped(heading), change(cell))
    });
    format!("<tr>{}</tr>\n", cells.collect::<String>())
}

/// What was and what will be.
fn change(cell: &Cell) -> String {
    match &cell.before {
        Some(before) => {
            format!("<s>{}</s> <b>{}</b>", unbroken(before), unbroken(&cell.after))
        }
        None => unbroken(&cell.after),
    }
}

fn chip(fate: Fate) -> String {
    format!("<span class=\"chip {}\">{}</span>", tone(fate), fate.word())
}

fn tone(fate: Fate) -> &'static str {
    match fate {
        Fate::Created | Fate::CreatedOrAdopted => "good",
        Fate::Adopted | Fate::Changed => "changed",
        Fate::Replaced | Fate::Destroyed | Fate::DestroyedWithBranch => "bad",
        Fate::LeftAlone => "",
    }
}

fn list(page: &mut String, class: &str, title: &str, messages: &[Message]) {
    if messages.is_empty() {
        return;
    }
    let _ = writeln!(page, "<section class=\"{class}\">\n<h2>{}</h2>", escaped(title));
    let (shown, folded) = messages.split_at(LISTED.min(messages.len()));
    items(page, shown);
    if !folded.is_empty() {
        let _ = writeln!(page, "<details><summary>{} more</summary>", folded.len());
        items(page, folded);
        page.push_str("</details>\n");
    }
    page.push_str("</section>\n");
}

fn items(page: &mut String, messages: &[Message]) {
    page.push_str("<ul class=\"list\">\n");
    for message in messages {
        let _ = writeln!(page, "<li>{}</li>", words(message));
    }
    page.push_str("</ul>\n");
}

fn words(message: &Message) -> String {
    message.render(escaped, code)
}

/// A name: if it is too long for a line, it breaks behind a dot or a slash.
fn code(name: &str) -> String {
    let name = escaped(name).replace('.', ".<wbr>").replace('/', "/<wbr>");
    format!("<code>{name}</code>")
}

/// A figure that breaks only where words do: ranges and products stay together.
fn unbroken(figure: &str) -> String {
    let figure = escaped(figure).replace('–', "\u{2060}–\u{2060}");
    figure.replace(" × ", "\u{a0}×\u{a0}").replace(" idle", "\u{a0}idle")
}

/// Text that is nothing but text in HTML, in attributes too.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in printable(text).chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::plan;
    use super::*;

    #[test]
    fn key_is_nothing_but_text_and_the_page_loads_nothing() {
        let key = "</script><img src=x onerror=alert(1)>\" onload='x' &lt; \u{202e}\u{1b}";
        let change = |at: usize| {
            let side = |cu: i32| {
                json!({
                    "name": format!("projects/p/branches/b/endpoints/e-{at}"),
                    "endpoint_type": "ENDPOINT_TYPE_READ_ONLY",
                    "autoscaling_limit_min_cu": 1, "autoscaling_limit_max_cu": cu,
                })
            };
            json!({
                "address": format!("lakebase_endpoint.e[\"{key}{at}\"]"),
                "previous_address": format!("lakebase_endpoint.f[\"{key}{at}\"]"),
                "type": "lakebase_endpoint",
                "change": {
                    "actions": ["update"], "before": side(2), "after": side(4),
                    "after_unknown": {},
                },
            })
        };
        let changes: Vec<_> = (0..3 * LISTED).map(change).collect();
        let plan = json!({ "format_version": "1.2", "resource_changes": changes });
        let summary = || {
            let plan = plan::read(plan.to_string().as_bytes()).unwrap();
            Summary::of(plan, key.to_owned())
        };
        let plans = [summary(), summary()];
        let report = Report {
            plans: &plans,
            verdicts: &[],
            complaints: Vec::new(),
            strict: false,
            price: None,
        };
        let page = html(&report);
        for bad in ["<script", "</script", "<img", "<link", "src=x onerror=alert(1)>\"", "http://"]
        {
            assert!(!page.contains(bad), "{bad} in {page}");
        }
        assert!(
            !page.contains('\u{202e}') && !page.contains('\u{1b}') && !page.contains("https://")
        );
        assert!(page.contains("<details><summary>"), "{page}");
        let tags = ["section", "table", "tbody", "tfoot", "ul", "li", "code", "div", "p", "span"];
        for tag in tags {
            let opened = page.matches(&format!("<{tag}>")).count()
                + page.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
        }
    }
}
