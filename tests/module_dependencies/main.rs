//! Checks which module may name which: inside `src/` by a list, in every crate by the absence of
//! circles. Between crates Cargo sees to it.

mod absences;
mod circles;
mod layers;

use std::fs;
use std::path::{Path, PathBuf};

/// The files of Rust in a directory and below.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).expect("the directory can be read") {
        let path = entry.expect("the directory can be read").path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
