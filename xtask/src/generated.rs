//! Files that are made of others and committed: written, or compared with what is there.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Failure;

/// One generated file.
pub(crate) struct Generated {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// Whether the command shall only compare: `--check`, the one argument that it takes.
pub(crate) fn only_check(mut arguments: lexopt::Parser) -> Result<bool, Failure> {
    match arguments.next()? {
        None => Ok(false),
        Some(lexopt::Arg::Long("check")) => Ok(true),
        Some(other) => Err(other.unexpected().into()),
    }
}

/// Writes the files.
pub(crate) fn write(files: &[Generated]) -> Result<(), Failure> {
    for Generated { path, text } in files {
        fs::create_dir_all(path.parent().expect("a file is in a folder"))?;
        fs::write(path, text)?;
    }
    Ok(())
}

/// Fails, naming the stale file and the command that mends it, if a file is not as generated.
pub(crate) fn verify(files: &[Generated], command: &str) -> Result<(), Failure> {
    for Generated { path, text } in files {
        if fs::read_to_string(path).ok().as_ref() != Some(text) {
            return Err(stale(path, command));
        }
    }
    Ok(())
}

/// What to say of a file that is not as generated.
pub(crate) fn stale(path: &Path, command: &str) -> Failure {
    let path = path.strip_prefix(root()).unwrap_or(path).display();
    format!("{path} is not what would be generated: run `{command}`").into()
}

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is in the workspace")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_file_names_the_command_that_mends_it() {
        let path = root().join("crates/tfplugin/src/generated/plugin.rs");
        let files = [Generated { path, text: "stale".to_owned() }];
        let failure = verify(&files, "cargo xtask generate").expect_err("stale");
        expect_test::expect![
            "crates/tfplugin/src/generated/plugin.rs is not what would be generated: run `cargo xtask generate`"
        ]
        .assert_eq(&failure.to_string());
    }
}
