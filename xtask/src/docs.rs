//! `docs/` from the provider's declarations and from `examples/`.
//!
//! What a page says is decided in the provider (`src/documentation.rs`); here are only the files.
//! The guides are written by hand.

use std::fs;
use std::path::{Path, PathBuf};

use lakebase::documentation::{Files, pages};

use crate::Failure;
use crate::generated::{self, Generated, root};

const COMMAND: &str = "cargo xtask docs";

/// `docs`: writes the pages and removes what no longer is one. `docs --check`: fails if either
/// would change something.
pub(crate) fn run(arguments: lexopt::Parser) -> Result<(), Failure> {
    let checking = generated::only_check(arguments)?;
    let pages = generate()?;
    if checking {
        return verify(&pages);
    }
    for path in superfluous(&pages)? {
        fs::remove_file(path)?;
    }
    generated::write(&pages)
}

fn verify(pages: &[Generated]) -> Result<(), Failure> {
    generated::verify(pages, COMMAND)?;
    superfluous(pages)?.first().map_or(Ok(()), |path| Err(generated::stale(path, COMMAND)))
}

fn generate() -> Result<Vec<Generated>, Failure> {
    let folder = root().join("examples");
    let mut examples = Files::new();
    for path in files(&folder)? {
        let parts = path.strip_prefix(&folder)?.iter().map(|it| it.to_string_lossy());
        let name = parts.collect::<Vec<_>>().join("/");
        examples.insert(name, fs::read_to_string(path)?);
    }
    let page = |(name, text)| Generated { path: root().join("docs").join(name), text };
    Ok(pages(&examples)?.into_iter().map(page).collect())
}

/// The files of `docs/` that are no pages any more.
fn superfluous(pages: &[Generated]) -> Result<Vec<PathBuf>, Failure> {
    let docs = root().join("docs");
    let mut files = if docs.exists() { files(&docs)? } else { Vec::new() };
    files.retain(|file| {
        !file.starts_with(docs.join("guides")) && pages.iter().all(|page| page.path != *file)
    });
    Ok(files)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(self::files(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn committed_pages_match_declarations_and_examples() {
        verify(&generate().expect("every page has its example")).expect("the pages are up to date");
    }

    #[test]
    fn a_page_of_nothing_is_stale() {
        let mut pages = generate().expect("every page has its example");
        pages.retain(|page| !page.path.ends_with("docs/index.md"));
        let failure = verify(&pages).expect_err("docs/index.md is not among them");
        expect_test::expect![
            "docs/index.md is not what would be generated: run `cargo xtask docs`"
        ]
        .assert_eq(&failure.to_string());
    }
}
