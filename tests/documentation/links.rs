//! Checks the links of the pages. Links to other pages are relative and end in `.md`, which works in
//! the Registry and in the repository; pictures and schemas are linked by URL.

use std::collections::BTreeMap;

use crate::{pages, root};

/// Where the files of a release are, without what the Registry makes of Markdown.
const RAW: &str = "https://raw.githubusercontent.com/";

#[test]
fn every_link_leads_to_a_page_a_section_or_a_url() {
    let pages = pages();
    let mut problems = Vec::new();
    for (path, text) in &pages {
        for link in links(text) {
            if let Some(problem) = problem(&pages, path, link) {
                problems.push(format!("{path}: {link} {problem}"));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn broken_link_is_a_problem() {
    let page = "# A page\n\n## A section, of it\n\n<a id=\"nestedatt--x\"></a>\n";
    let pages = [("docs/guides/a.md", page), ("docs/resources/b.md", "## Schema\n")];
    let pages = pages.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
    let cases = [
        ("b.md", Some("leads to docs/guides/b.md, which is no page")),
        ("../resources/b.md", None),
        ("../resources/b.md#schema", None),
        ("../resources/b.md#import", Some("leads to no section")),
        ("../resources/b", Some("does not end in .md")),
        ("#a-section-of-it", None),
        ("#nestedatt--x", None),
        ("#another", Some("leads to no section")),
        ("https://docs.databricks.com", None),
        ("http://docs.databricks.com", Some("is no https URL")),
        ("../../assets/a.png", Some("does not end in .md")),
        ("/docs/a", Some("does not end in .md")),
    ];
    for (link, expected) in cases {
        assert_eq!(problem(&pages, "docs/guides/a.md", link).as_deref(), expected, "{link}");
    }
}

/// A picture or a schema of this repository, by the URL of the release that the page belongs to.
#[test]
fn files_of_the_repository_are_linked_with_the_tag_of_the_release() {
    let repository = env!("CARGO_PKG_REPOSITORY").trim_start_matches("https://github.com/");
    let prefix = format!("{RAW}{repository}/v{}/", env!("CARGO_PKG_VERSION"));
    let mut found = 0;
    for (path, text) in pages() {
        for link in links(&text).filter(|link| link.starts_with(RAW)) {
            let file = link.strip_prefix(&prefix);
            let file =
                file.unwrap_or_else(|| panic!("{path}: {link} does not begin with {prefix}"));
            assert!(root().join(file).is_file(), "{path}: {file} is not in the repository");
            found += 1;
        }
    }
    assert!(0 < found, "no page links a file");
}

fn problem(pages: &BTreeMap<String, String>, from: &str, link: &str) -> Option<String> {
    if link.contains("://") {
        return (!link.starts_with("https://")).then(|| "is no https URL".to_owned());
    }
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = match file {
        "" => from.to_owned(),
        _ if file.strip_suffix(".md").is_none() => return Some("does not end in .md".to_owned()),
        _ => joined(from, file),
    };
    let Some(text) = pages.get(&target) else {
        return Some(format!("leads to {target}, which is no page"));
    };
    let leads = anchor.is_empty() || anchors(text).any(|it| it == anchor);
    (!leads).then(|| "leads to no section".to_owned())
}

/// The target of a relative link.
fn joined(from: &str, link: &str) -> String {
    let mut parts: Vec<_> = from.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// The anchors of a page: of its headings, and those that it sets.
pub(crate) fn anchors(text: &str) -> impl Iterator<Item = String> {
    let headings = prose(text).filter(|line| line.starts_with('#')).map(anchor);
    let set = text.lines().filter_map(|line| line.strip_prefix("<a id=\"")?.split('"').next());
    headings.chain(set.map(str::to_owned)).collect::<Vec<_>>().into_iter()
}

/// The anchor of a heading, as GitHub and the Registry make it.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The targets of the links outside of code.
fn links(text: &str) -> impl Iterator<Item = &str> {
    prose(text).flat_map(|line| line.split("](").skip(1)).filter_map(|rest| rest.split(')').next())
}

/// The lines outside of code blocks.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}
