//! Holds the rules by which the Terraform Registry accepts documentation: those of
//! `tfplugindocs validate`, and the storage limits of the Registry.
//!
//! <https://developer.hashicorp.com/terraform/registry/providers/docs>

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use lakebase::Lakebase;
use tfplugin::Provider;

use crate::{pages, root};

/// The directories of pages. They have no directories inside.
const DIRECTORIES: [&str; 8] = [
    "actions",
    "data-sources",
    "ephemeral-resources",
    "functions",
    "guides",
    "list-resources",
    "resources",
    "state-stores",
];

/// The Registry stores no larger file, in bytes.
const LARGEST_FILE: usize = 499_999;

/// The Registry stores no more files.
const MOST_FILES: usize = 2000;

#[test]
fn pages_follow_the_conventions_of_the_registry() {
    let pages = pages();
    let problems: Vec<_> = pages.iter().flat_map(|(path, text)| problems(path, text)).collect();
    assert_eq!(problems, Vec::<String>::new());
    assert!(pages.len() <= MOST_FILES, "{} pages", pages.len());
    assert!(!root().join("website").exists(), "the legacy layout excludes that of `docs/`");
}

#[test]
fn page_against_a_convention_is_a_problem() {
    const PAGE: &str = "---\npage_title: \"A: title\"\nsubcategory: \"\"\ndescription: |-\n  A page.\n---\n\n# A\n";
    const INDEX: &str = "---\npage_title: \"A\"\ndescription: |-\n  A page.\n---\n\n# A\n";
    let large = format!("{PAGE}{}", "x".repeat(LARGEST_FILE));
    let cases = [
        ("docs/guides/a.md", PAGE, ""),
        ("docs/index.md", INDEX, ""),
        ("docs/index.md", PAGE, "has a subcategory"),
        ("docs/index.markdown", INDEX, "is no .md file"),
        ("docs/a.md", PAGE, "is not in a directory of the Registry"),
        ("docs/guides/b/a.md", PAGE, "is not in a directory of the Registry"),
        ("docs/r/a.md", PAGE, "is not in a directory of the Registry"),
        ("docs/guides/a.json", "{}", "is no .md file"),
        ("docs/guides/a.html.md", PAGE, "is no .md file"),
        ("docs/guides/a.md", &large, "is larger than"),
        ("docs/guides/a.md", "# A\n", "has no front matter"),
        ("docs/guides/a.md", "---\npage_title: \"A\"\n# A\n", "has no front matter"),
        ("docs/guides/a.md", &PAGE.replace("page_title", "title"), "has no page_title"),
        ("docs/guides/a.md", &PAGE.replace("description", "about"), "has no description"),
        ("docs/guides/a.md", &PAGE.replace("subcategory", "layout"), "has a layout"),
        (
            "docs/guides/a.md",
            &PAGE.replace("subcategory", "sidebar_current"),
            "has a sidebar_current",
        ),
        ("docs/guides/a.md", &PAGE.replace("\"A: title\"", "A: title"), "is no quoted text"),
        ("docs/guides/a.md", &PAGE.replace("# A\n", "A\n"), "has no heading"),
    ];
    for (path, text, expected) in cases {
        let problems = problems(path, text).join("; ");
        assert_eq!(problems.is_empty(), expected.is_empty(), "{path}: {problems}");
        assert!(problems.contains(expected), "{path}: {problems}");
    }
}

#[test]
fn every_object_of_the_provider_has_its_page_and_every_page_its_object() {
    let schemas = Lakebase::new().schemas();
    let page = |directory: &str, name: &str| {
        format!("docs/{directory}/{}.md", name.trim_start_matches("lakebase_"))
    };
    let mut expected: BTreeSet<_> =
        schemas.resources.keys().map(|name| page("resources", name)).collect();
    expected.extend(schemas.data_sources.keys().map(|name| page("data-sources", name)));
    let ephemeral = schemas.ephemeral_resources.keys();
    expected.extend(ephemeral.map(|name| page("ephemeral-resources", name)));
    expected.extend(schemas.functions.keys().map(|name| page("functions", name)));
    expected.insert("docs/index.md".to_owned());
    let pages: BTreeSet<_> = pages().into_keys().collect();
    let found: BTreeSet<_> =
        pages.into_iter().filter(|path| !path.starts_with("docs/guides/")).collect();
    assert_eq!(found, expected);
}

#[test]
fn titles_are_unique() {
    let mut titles = BTreeMap::new();
    for (path, text) in pages() {
        let title = front_matter(&text).expect("it has front matter")["page_title"].clone();
        if let Some(other) = titles.insert(title.clone(), path.clone()) {
            panic!("{path} and {other} have the title {title}");
        }
    }
}

#[test]
fn changelog_lists_every_guide() {
    let changelog = fs::read_to_string(root().join("CHANGELOG.md")).expect("it can be read");
    for (path, text) in pages().iter().filter(|(path, _)| path.starts_with("docs/guides/")) {
        let title = &front_matter(text).expect("it has front matter")["page_title"];
        let line = format!("* **New Guide:** {title}");
        assert!(changelog.lines().any(|it| it == line), "CHANGELOG.md lacks {line:?} for {path}");
    }
}

/// The Registry's own names, by which other documentation links to sections.
#[test]
fn generated_pages_have_the_sections_that_readers_of_the_registry_know() {
    for (path, text) in pages() {
        let sections: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        let has = |section: &str| sections.contains(&section);
        let expected: &[&str] = match path.split('/').nth(1) {
            Some("resources") => &["Example Usage", "Schema", "Timeouts"],
            Some("data-sources" | "ephemeral-resources" | "index.md") => {
                &["Example Usage", "Schema"]
            }
            Some("functions") => &["Example Usage", "Signature", "Arguments", "Return Type"],
            _ => &[],
        };
        let missing: Vec<_> = expected.iter().filter(|section| !has(section)).collect();
        assert!(missing.is_empty(), "{path} lacks the sections {missing:?}");
        assert!(expected.is_empty() || sections.first() == Some(&"Example Usage"), "{path}");
        // Function pages use `Import` for nothing else, resource pages have it where they can.
        let is_guide = path.starts_with("docs/guides/");
        assert!(!has("Import") || is_guide || path.starts_with("docs/resources/"), "{path}");
    }
}

/// The versions of Terraform and OpenTofu that a page concerns are on the page.
#[test]
fn pages_state_the_versions_that_they_require() {
    for (path, text) in pages() {
        let requires = |version: &str| {
            let mut callouts = text.lines().filter(|line| line.starts_with("-> "));
            callouts.any(|line| line.contains("require") && line.contains(version))
        };
        let states = |feature: bool, versions: &[&str]| {
            let missing = versions.iter().find(|version| feature && !requires(version));
            assert!(missing.is_none(), "{path} does not state that it requires {missing:?}");
        };
        states(path.contains("ephemeral-resources"), &["Terraform 1.10", "OpenTofu 1.11"]);
        states(path.contains("/functions/"), &["Terraform 1.8", "OpenTofu 1.7"]);
        let is_resource = path.contains("/resources/");
        states(is_resource && text.contains("\nmoved {"), &["Terraform 1.8", "OpenTofu 1.10"]);
        states(is_resource && text.contains("  identity = {"), &["Terraform 1.12"]);
    }
}

/// What the function finds in a name has to be in a format that its page lists.
#[test]
fn page_of_parse_name_lists_the_formats_of_all_that_it_finds() {
    let page = &pages()["docs/functions/parse_name.md"];
    let (_, formats) = page.split_once("### Accepted Formats\n").expect("it has the section");
    let (formats, rest) = formats.split_once("\n## ").expect("other sections follow");
    let ids: Vec<_> = rest
        .lines()
        .filter_map(|line| line.strip_prefix("- `")?.strip_suffix("_id` (String)"))
        .collect();
    assert!(4 < ids.len(), "{ids:?}");
    for id in ids {
        assert!(formats.contains(&format!("{{{id}_id}}`")), "no format ends in the ID of a {id}");
    }
}

/// The rules that a page breaks.
fn problems(path: &str, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let mut problem = |what: &str| problems.push(format!("{path} {what}"));
    let (directory, file) = path.rsplit_once('/').unwrap_or(("", path));
    let is_index = directory == "docs" && file.starts_with("index.");
    let is_known = DIRECTORIES.iter().any(|known| directory == format!("docs/{known}"));
    if !is_index && !is_known {
        problem("is not in a directory of the Registry");
    }
    if !file.strip_suffix(".md").is_some_and(|stem| !stem.is_empty() && !stem.contains('.')) {
        problem("is no .md file");
        return problems;
    }
    if LARGEST_FILE < text.len() {
        problem(&format!("is larger than {LARGEST_FILE} bytes"));
    }
    let matter = match front_matter(text) {
        Ok(matter) => matter,
        Err(why) => {
            problem(&why);
            return problems;
        }
    };
    for key in ["layout", "sidebar_current"] {
        if matter.contains_key(key) {
            problem(&format!("has a {key}"));
        }
    }
    if is_index && matter.contains_key("subcategory") {
        problem("has a subcategory");
    }
    // The validator demands a title of guides only. A description is what search results show.
    for key in ["page_title", "description"] {
        if matter.get(key).is_none_or(String::is_empty) {
            problem(&format!("has no {key}"));
        }
    }
    if !text.lines().any(|line| line.starts_with("# ") && !line.starts_with("# Generated")) {
        problem("has no heading");
    }
    problems
}

/// The front matter, in the part of YAML that these pages use: comments, quoted texts, and blocks.
fn front_matter(text: &str) -> Result<BTreeMap<String, String>, String> {
    let missing = || "has no front matter".to_owned();
    let text = text.strip_prefix("---\n").ok_or_else(missing)?;
    let (matter, _) = text.split_once("\n---\n").ok_or_else(missing)?;
    let mut values = BTreeMap::new();
    let mut lines = matter.lines().peekable();
    while let Some(line) = lines.next() {
        if line.starts_with('#') {
            continue;
        }
        let Some((key, value)) = line.split_once(": ") else {
            return Err(format!("has the front matter {line:?}"));
        };
        let mut text = String::new();
        if value == "|-" {
            while let Some(line) = lines.next_if(|line| line.starts_with("  ")) {
                text += line.trim_start();
            }
        } else {
            let quoted = value.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
            let quoted = quoted.filter(|it| !it.contains(['"', '\\']));
            text +=
                quoted.ok_or_else(|| format!("has the value {value}, which is no quoted text"))?;
        }
        values.insert(key.to_owned(), text);
    }
    Ok(values)
}
