//! `protocol_requirements.md` names a test for each trap of the protocol: here they are looked for.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const INDEX: &str = include_str!("protocol_requirements.md");

/// The rows of the index: a trap's number, and what shows it.
fn rows() -> impl Iterator<Item = (usize, &'static str)> {
    INDEX.lines().filter_map(|line| {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        let number = cells.next()?.parse().ok()?;
        Some((number, cells.nth(1)?))
    })
}

/// The names in backquotes that can be tests' names: sentences.
fn named(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2).filter(|name| name.matches('_').count() > 2)
}

/// The names of all tests below a folder.
fn tests_below(folder: &Path) -> Vec<String> {
    let mut tests = Vec::new();
    for entry in fs::read_dir(folder).expect("the sources are here") {
        let path = entry.expect("the sources are here").path();
        if path.is_dir() {
            tests.extend(tests_below(&path));
        } else if path.extension().is_some_and(|it| it == "rs") {
            let text = fs::read_to_string(path).expect("sources are text");
            let after = text.split("test]\n").skip(1); // #[test], #[tokio::test]
            tests.extend(after.filter_map(|test| {
                let (_, name) = test.split_once("fn ")?;
                Some(name.split('(').next()?.to_owned())
            }));
        }
    }
    tests
}

#[test]
fn every_requirement_is_in_the_index_with_its_tests() {
    let numbers: Vec<_> = rows().map(|(number, _)| number).collect();
    assert_eq!(numbers, (1..=48).collect::<Vec<_>>());
    for (number, shown) in rows() {
        let explained = shown.starts_with("not ") && shown.contains(": ");
        assert!(explained || named(shown).next().is_some(), "trap {number}: {shown}");
    }
}

#[test]
fn index_and_requirement_tests_match() {
    let tests = tests_below(Path::new(env!("CARGO_MANIFEST_DIR")));
    for (number, shown) in rows() {
        for name in named(shown) {
            assert!(tests.iter().any(|it| it == name), "trap {number}: there is no test `{name}`");
        }
    }
    let index: BTreeMap<_, _> = rows().collect();
    for test in tests.iter().filter(|it| it.starts_with("trap_")) {
        let number = test.split('_').nth(1).and_then(|number| number.parse().ok());
        let shown = number.and_then(|it: usize| index.get(&it)).expect("a trap's number");
        assert!(named(shown).any(|it| it == test), "the index does not name `{test}`");
    }
}
