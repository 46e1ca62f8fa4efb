//! Who may know whom inside `src/`. Between crates Cargo sees to it.
//!
//! What a room may not know is what keeps it easy to read and to test: a resource that cannot name
//! the client cannot talk to the service.

use std::fs;
use std::path::{Path, PathBuf};

/// A room, `src/NAME.rs` with `src/NAME/`, and all that it may name.
const ROOMS: [(&str, &[&str]); 12] = [
    ("declarations", &["model"]),
    ("documentation", &["model", "provider", "tfplugin"]),
    ("model", &["tfplugin"]),
    ("compute", &["model", "tfplugin"]),
    ("resources", &["model", "compute", "tfplugin"]),
    ("review", &["compute", "model", "resources", "tfplugin"]),
    ("connection", &["lakebase_api"]),
    ("functions", &["connection", "resources", "tfplugin"]),
    ("lifecycle", &["model", "resources", "lakebase_api", "tfplugin", WAITS]),
    (
        "data_sources",
        &["connection", "model", "resources", "lifecycle", "lakebase_api", "tfplugin", WAITS],
    ),
    (
        "ephemeral",
        &["data_sources", "model", "resources", "lifecycle", "lakebase_api", "tfplugin", WAITS],
    ),
    (
        "provider",
        &[
            "model",
            "resources",
            "functions",
            "lifecycle",
            "data_sources",
            "ephemeral",
            "lakebase_api",
            "tfplugin",
            WAITS,
        ],
    ),
];

/// Beside other rooms and crates, the mark of what takes time.
const WAITS: &str = ".await";

#[test]
fn every_room_names_only_what_it_may() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut trespasses = Vec::new();
    for file in files(&source) {
        let path = file.strip_prefix(&source).expect("it is in src").with_extension("");
        let room = path.iter().next().and_then(|room| room.to_str()).expect("a name in ASCII");
        if matches!(room, "lib" | "main") {
            continue;
        }
        let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else {
            panic!("{room} is a new room in src/: say in this test what it may name");
        };
        for (number, line) in code(&file).lines().enumerate() {
            let strange = |name: &&str| *name != room && !allowed.contains(name);
            for name in named(line).into_iter().filter(strange) {
                trespasses.push(format!("src/{}.rs:{}: {name}", path.display(), number + 1));
            }
        }
    }
    assert!(trespasses.is_empty(), "named where it may not be:\n{}", trespasses.join("\n"));
}

/// The code in a file but for its tests, which may name anything.
fn code(file: &Path) -> String {
    let read = |file: &Path| fs::read_to_string(file).unwrap_or_default();
    let name = file.file_stem().and_then(|name| name.to_str()).expect("a name in ASCII");
    let parent = file.parent().expect("a file is in a folder").with_extension("rs");
    if read(&parent).contains(&format!("#[cfg(test)]\nmod {name};")) {
        return String::new();
    }
    let text = read(file);
    text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned()
}

/// What a line of code names, of what there are rules for.
fn named(line: &str) -> Vec<&str> {
    let code = line.split("//").next().unwrap_or_default();
    let known = |name: &&str| code.contains(&format!("crate::{name}"));
    let mut names: Vec<_> = ROOMS.iter().map(|(room, _)| *room).filter(known).collect();
    let others = ["lakebase_api", "tfplugin", WAITS];
    names.extend(others.iter().filter(|other| code.contains(*other)));
    names
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("src can be read") {
        let path = entry.expect("src can be read").path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

#[test]
fn names_are_seen_in_code_and_not_in_comments() {
    let cases: [(&str, &[&str]); 5] = [
        ("use crate::model::{Field, Table};", &["model"]),
        ("    let answer = client.get(name).await?;", &[".await"]),
        ("fn shown(reported: &lakebase_api::Json)", &["lakebase_api"]),
        ("//! As [`crate::lifecycle`] does.", &[]),
        ("let model = 1;", &[]),
    ];
    for (line, expected) in cases {
        assert_eq!(named(line), expected, "{line}");
    }
}
