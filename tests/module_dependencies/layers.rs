//! Lists which modules of `src/` may name which.
//!
//! What a module may not name keeps it easy to read and to test: a resource that cannot name the
//! client cannot send requests.

use std::fs;
use std::path::Path;

use super::files;

/// A module, `src/NAME.rs` with `src/NAME/`, and all that it may name.
const MODULES: [(&str, &[&str]); 12] = [
    ("declarations", &["model"]),
    ("documentation", &["model", "provider", "tfplugin"]),
    ("model", &["tfplugin"]),
    ("compute", &["model", "tfplugin"]),
    ("resources", &["model", "compute", "tfplugin"]),
    ("review", &["compute", "model", "resources", "tfplugin"]),
    ("connection", &["lakebase_api"]),
    ("functions", &["connection", "resources", "tfplugin"]),
    ("lifecycle", &["model", "resources", "lakebase_api", "tfplugin", ASYNC]),
    (
        "data_sources",
        &["connection", "model", "resources", "lifecycle", "lakebase_api", "tfplugin", ASYNC],
    ),
    (
        "ephemeral",
        &["data_sources", "model", "resources", "lifecycle", "lakebase_api", "tfplugin", ASYNC],
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
            ASYNC,
        ],
    ),
];

/// Beside other modules and crates, the mark of asynchronous code.
const ASYNC: &str = ".await";

#[test]
fn modules_import_only_allowed_modules() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut trespasses = Vec::new();
    for file in files(&source) {
        let path = file.strip_prefix(&source).expect("it is in src").with_extension("");
        let module =
            path.iter().next().and_then(|module| module.to_str()).expect("a name in ASCII");
        if matches!(module, "lib" | "main") {
            continue;
        }
        let Some((_, allowed)) = MODULES.iter().find(|(name, _)| *name == module) else {
            panic!("{module} is a new module in src/: list in this test what it may name");
        };
        for (number, line) in code(&file).lines().enumerate() {
            let strange = |name: &&str| *name != module && !allowed.contains(name);
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
    let mut names: Vec<_> = MODULES.iter().map(|(module, _)| *module).filter(known).collect();
    let others = ["lakebase_api", "tfplugin", ASYNC];
    names.extend(others.iter().filter(|other| code.contains(*other)));
    names
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
