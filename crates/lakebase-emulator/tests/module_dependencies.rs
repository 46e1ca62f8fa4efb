//! Checks which module of the emulator may name which, and that only one list names the kinds.

use std::fs;
use std::path::Path;

/// The modules, each of which may name those before it.
const ORDER: [&str; 20] = [
    "wire",
    "error",
    "name",
    "schema",
    "mask",
    "clock",
    "options",
    "message",
    "access",
    "journal",
    "faults",
    "model",
    "api",
    "state",
    "auth",
    "resources",
    "kinds",
    "service",
    "shared",
    "postgres",
];

#[test]
fn modules_name_only_what_is_below_them() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (place, module) in ORDER.iter().enumerate() {
        let text = read(&source, module);
        for above in ORDER.iter().skip(place + 1).chain(&["overview", "page", "admin", "server"]) {
            let path = format!("crate::{above}");
            let names = text.match_indices(&path).any(|(at, _)| {
                !text[at + path.len()..]
                    .starts_with(|next: char| next == '_' || next.is_alphanumeric())
            });
            assert!(!names, "{module} names {above}, which is above it");
        }
    }
}

#[test]
fn only_the_list_of_kinds_names_them() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for module in ["model", "api", "schema", "mask", "name", "state", "service"] {
        let text = read(&source, module);
        for kind in ["PROJECT", "BRANCH", "ENDPOINT", "ROLE", "DATABASE"] {
            let names = text.split(|next: char| !next.is_alphanumeric() && next != '_');
            assert!(names.clone().all(|name| name != kind), "{module} names {kind}");
        }
    }
}

/// The code of a module and of those in it, but for comments and tests.
fn read(folder: &Path, module: &str) -> String {
    let text = fs::read_to_string(folder.join(format!("{module}.rs"))).unwrap_or_default();
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    let mut code = code.lines().filter(is_code).collect::<Vec<_>>().join("\n");
    for entry in fs::read_dir(folder.join(module)).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
            code += &read(&folder.join(module), name);
        }
    }
    code
}
