//! Checks what ARCHITECTURE.md says that crates do not contain.

use std::fs;
use std::path::Path;

use super::files;

#[test]
fn tfplugin_does_not_name_lakebase() {
    assert_eq!(naming("crates/tfplugin/src", "lakebase"), Vec::<String>::new());
}

#[test]
fn lakebase_api_does_not_name_terraform() {
    let mut found = naming("crates/lakebase-api/src", "terraform");
    // Where the rule itself stands, and a client that a test pretends to be.
    found.retain(|file| !file.ends_with("lib.rs") && !file.contains("/tests/"));
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn emulator_depends_on_no_crate_of_this_repository() {
    let manifest = fs::read_to_string(root().join("crates/lakebase-emulator/Cargo.toml"));
    let manifest = manifest.expect("a manifest");
    let (_, dependencies) = manifest.split_once("[dependencies]").expect("it has dependencies");
    for ours in ["lakebase", "tfplugin"] {
        assert!(!dependencies.contains(ours), "the emulator depends on {ours}");
    }
}

/// The files of a directory whose code contains a word in any case.
fn naming(directory: &str, word: &str) -> Vec<String> {
    let named = files(&root().join(directory)).into_iter();
    let named = named.filter(|file| !file.iter().any(|part| part == "generated"));
    let named = named.filter(|file| code(file).to_lowercase().contains(word));
    named.map(|file| file.display().to_string()).collect()
}

fn code(file: &Path) -> String {
    fs::read_to_string(file).expect("it can be read")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
