//! Checks that what users read uses the terms of Terraform and Databricks.

use std::fs;
use std::path::PathBuf;

use crate::{files, relative, root};

/// A phrase, and what to write instead.
const REPLACED: [(&str, &str); 21] = [
    ("the service ", "Lakebase, or the Lakebase API"),
    ("the service.", "Lakebase, or the Lakebase API"),
    ("the service,", "Lakebase, or the Lakebase API"),
    ("sign in", "authenticate"),
    ("signing in", "authentication"),
    (" shall ", "must, or will"),
    ("asleep", "suspended"),
    ("carries on", "continues"),
    ("goes on", "continues"),
    ("tells nothing", "what it means"),
    ("the present ", "the current"),
    ("trash", "soft-deleted"),
    ("left out", "omitted"),
    ("says otherwise", "sets another value"),
    ("full name", "resource name"),
    ("for good", "permanently"),
    ("anew", "again"),
    ("nobody", "the subject of the sentence in the active voice"),
    ("taken over", "adopted"),
    ("take over", "adopt, move, or fail over"),
    ("by itself", "automatically, or on its own"),
];

/// What contains a phrase of the list and is right.
const RIGHT: [&str; 5] = [
    "the service principal",
    "the service account",
    "full name of a unity catalog table",
    "renewed",
    "renewal",
];

#[test]
fn pages_and_examples_use_the_terms_of_terraform_and_databricks() {
    let mut found = Vec::new();
    for file in read_by_users() {
        let text = fs::read_to_string(&file).expect("it is text");
        for (number, line) in text.lines().enumerate() {
            for (phrase, better) in phrases(line) {
                let path = relative(&file);
                found.push(format!("{path}:{}: “{phrase}”: write {better}", number + 1));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn phrase_is_found_in_any_case_and_not_inside_other_words() {
    let found = |line: &str| phrases(line).map(|(phrase, _)| phrase).collect::<Vec<_>>();
    assert_eq!(found("Left out, it is made Anew."), ["left out", "anew"]);
    assert_eq!(found("A plan renewed it."), Vec::<&str>::new());
}

fn phrases(line: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let mut line = line.to_lowercase();
    for right in RIGHT {
        line = line.replace(right, "");
    }
    REPLACED.into_iter().filter(move |(phrase, _)| line.contains(phrase))
}

fn read_by_users() -> Vec<PathBuf> {
    let directories = ["docs", "examples"].map(|directory| root().join(directory));
    let mut read: Vec<_> = directories.iter().flat_map(|it| files(it)).collect();
    read.extend(["README.md", "CHANGELOG.md", "SECURITY.md"].map(|file| root().join(file)));
    read
}
