//! What neither rustfmt nor clippy looks at, in every file that git knows.
//!
//! Each rule is a function from a file to a complaint, and says what mends it.

use std::path::Path;
use std::process::Command;
use std::{fs, str};

use crate::Failure;

/// About 400 lines are a reader's sitting; here is the end of "about".
const LINES: usize = 500;

/// What is wrong with a file, given its path and its text.
type Rule = fn(&str, &str) -> Option<String>;

const RULES: [Rule; 5] = [
    opens_with_its_purpose,
    is_read_in_one_sitting,
    ends_in_one_newline,
    has_no_stray_blanks,
    pins_its_actions,
];

/// `tidy`: fails with a list of what is untidy.
pub(crate) fn run(mut arguments: lexopt::Parser) -> Result<(), Failure> {
    if let Some(other) = arguments.next()? {
        return Err(other.unexpected().into());
    }
    let complaints = complaints()?;
    if complaints.is_empty() { Ok(()) } else { Err(complaints.join("\n").into()) }
}

fn complaints() -> Result<Vec<String>, Failure> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is in the workspace");
    let listed = Command::new("git").current_dir(root).args(["ls-files", "-z"]).output()?;
    if !listed.status.success() {
        return Err(format!("git cannot list the files of {}", root.display()).into());
    }
    let mut complaints = Vec::new();
    for path in str::from_utf8(&listed.stdout)?.split_terminator('\0') {
        // A file that is no text, or that was deleted but not yet from the index, has no form.
        if let Ok(text) = fs::read_to_string(root.join(path))
            && !text.starts_with("// @generated")
        {
            complaints.extend(check(path, &text));
        }
    }
    Ok(complaints)
}

fn check(path: &str, text: &str) -> Vec<String> {
    let complain = |rule: &Rule| Some(format!("{path}: {}", rule(path, text)?));
    RULES.iter().filter_map(complain).collect()
}

/// Tests beside the code have the purpose that their name says.
fn opens_with_its_purpose(path: &str, text: &str) -> Option<String> {
    let silent = is_rust(path) && !path.ends_with("/tests.rs") && !text.starts_with("//! ");
    silent.then(|| "begins without a `//!` that says what the file is for".to_owned())
}

fn is_read_in_one_sitting(path: &str, text: &str) -> Option<String> {
    let lines = text.lines().count();
    let long = is_rust(path) && lines > LINES;
    long.then(|| format!("has {lines} lines, more than {LINES}: which two nouns does it hold?"))
}

fn ends_in_one_newline(_: &str, text: &str) -> Option<String> {
    let wrong = !text.is_empty() && (!text.ends_with('\n') || text.ends_with("\n\n"));
    wrong.then(|| "does not end in exactly one newline".to_owned())
}

/// In Rust rustfmt removes them, but for those in what a test expects.
fn has_no_stray_blanks(path: &str, text: &str) -> Option<String> {
    if is_rust(path) {
        return None;
    }
    let stray = text.lines().position(|line| line.ends_with([' ', '\t']))?;
    Some(format!("has blanks at the end of line {}", stray + 1))
}

/// A tag can be moved to other code; a commit cannot.
fn pins_its_actions(path: &str, text: &str) -> Option<String> {
    let is_yaml = [".yml", ".yaml"].iter().any(|end| path.ends_with(end));
    if !path.starts_with(".github/") || !is_yaml {
        return None;
    }
    let loose = |line: &&str| {
        let Some((_, action)) = line.split_once("uses: ") else { return false };
        let Some((_, version)) = action.split_once('@') else { return !action.starts_with("./") };
        let (commit, tag) = version.split_once(" # ").unwrap_or((version, ""));
        let is_commit = commit.len() == 40 && commit.bytes().all(|it| it.is_ascii_hexdigit());
        !is_commit || !tag.starts_with('v')
    };
    let action = text.lines().find(loose)?.trim();
    Some(format!("has `{action}`: pin it by commit, with its version as a comment"))
}

fn is_rust(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "rs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_can_be_broken() {
        const WORKFLOW: &str = ".github/workflows/ci.yml";
        const ACTION: &str = ".github/actions/a/action.yml";
        let long = format!("//! A file.\n{}", "// more\n".repeat(LINES));
        let pinned = format!("- uses: a/b@{} # v1.2.3\n", "0a1b2".repeat(8));
        let cases = [
            ("a.rs", "//! A file.\n", None),
            ("a.md", "# A page\n", None),
            ("a/tests.rs", "use super::*;\n", None),
            ("a.rs", "fn main() {}\n", Some("a.rs: begins without")),
            ("a.rs", &long, Some("a.rs: has 501 lines")),
            ("a.md", &long, None),
            ("a.md", "no newline", Some("a.md: does not end")),
            ("a.md", "a blank \n", Some("a.md: has blanks at the end of line 1")),
            (WORKFLOW, &pinned, None),
            (WORKFLOW, "- uses: ./.github/own\n", None),
            (WORKFLOW, &pinned.replace(" # v1", ""), Some(".github/workflows/ci.yml: has `- uses")),
            (WORKFLOW, "- uses: a/b@v1 # v1\n", Some(".github/workflows/ci.yml: has `- uses")),
            (ACTION, "uses: a/b@v1\n", Some(".github/actions/a/action.yml: has `uses")),
            ("a.md", "- uses: a/b@v1\n", None),
        ];
        for (path, text, expected) in cases {
            let complaints = check(path, text);
            assert_eq!(complaints.len(), usize::from(expected.is_some()), "{complaints:?}");
            let begins = |complaint: &String| complaint.starts_with(expected.unwrap_or_default());
            assert!(complaints.iter().all(begins), "{complaints:?}");
        }
    }
}
