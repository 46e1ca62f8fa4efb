//! Checks the pages in `docs/` without Terraform: the conventions of the Terraform Registry, links,
//! and that the troubleshooting guide has every diagnostic.
//!
//! `tests/terraform/` runs the configurations that the pages show.

mod limits;
mod links;
mod migration;
mod registry;
mod troubleshooting;
mod words;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The texts of the files in `docs/`, by their paths in the repository.
fn pages() -> BTreeMap<String, String> {
    let text = |path: &PathBuf| fs::read_to_string(path).expect("a page can be read");
    files(&root().join("docs")).iter().map(|path| (relative(path), text(path))).collect()
}

/// All files below a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).expect("the directory can be read") {
        let path = entry.expect("the directory can be read").path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push(path);
        }
    }
    files
}

/// A path in the repository, with `/` between its parts.
fn relative(path: &Path) -> String {
    let path = path.strip_prefix(root()).expect("it is in the repository");
    path.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
