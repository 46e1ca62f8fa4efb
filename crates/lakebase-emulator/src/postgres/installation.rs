//! Finds the installed versions of PostgreSQL, and chooses one for a project.

use std::collections::BTreeMap;
use std::env::split_paths;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::options::PostgresOptions;

/// A directory with the programs of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Installation {
    pub(crate) major: u32,
    pub(crate) binaries: PathBuf,
}

/// The installed versions, by their major number.
#[derive(Clone, Debug)]
pub(crate) struct Installations {
    all: BTreeMap<u32, Installation>,
    any_version: bool,
}

/// Where packages and installers put PostgreSQL: `*` stands for a version.
const USUAL: [&str; 8] = [
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/lib/postgresql*/bin",
    "/usr/libexec/postgresql*",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
];

impl Installations {
    /// Those that the options name, or else those in PATH and in the usual places.
    ///
    /// # Errors
    ///
    /// The text says that there is none, and where it was looked for.
    pub(crate) fn find(
        options: &PostgresOptions,
        search_path: Option<OsString>,
    ) -> Result<Installations, String> {
        let mut all = BTreeMap::new();
        for directory in &options.binaries {
            let found = Installation::at(directory).ok_or_else(|| {
                format!("`{}` has no `postgres` and `initdb` that run", directory.display())
            })?;
            all.entry(found.major).or_insert(found);
        }
        if options.binaries.is_empty() {
            let path = search_path.unwrap_or_default();
            let usual = USUAL.iter().flat_map(|pattern| expand(pattern));
            for found in split_paths(&path).chain(usual).filter_map(|at| Installation::at(&at)) {
                all.entry(found.major).or_insert(found);
            }
        }
        if all.is_empty() {
            return Err(format!(
                "found no PostgreSQL in PATH or in {}: install it, or name the directory of its \
                 programs with --postgres-bin",
                USUAL.join(", ")
            ));
        }
        Ok(Installations { all, any_version: options.any_version })
    }

    /// The installation for a project's version.
    ///
    /// # Errors
    ///
    /// The text names the installed versions, and what to do.
    pub(crate) fn choose(&self, major: u32) -> Result<&Installation, String> {
        let exact = self.all.get(&major);
        // The nearest one, the newer one of two.
        let nearest = || {
            self.all.values().min_by_key(|installed| {
                (installed.major.abs_diff(major), u32::MAX - installed.major)
            })
        };
        exact.or_else(|| nearest().filter(|_| self.any_version)).ok_or_else(|| {
            format!(
                "PostgreSQL {major} is not installed where the emulator runs, only {}. Install it, \
                 set the project's pg_version, or start the emulator with --postgres-any-version.",
                self.versions()
            )
        })
    }

    /// `16 and 18`.
    pub(crate) fn versions(&self) -> String {
        let all: Vec<String> = self.all.keys().map(u32::to_string).collect();
        all.join(" and ")
    }
}

impl Installation {
    /// The installation in a directory; `None` where its programs do not run.
    fn at(directory: &Path) -> Option<Installation> {
        let program = directory.join("postgres");
        if !program.is_file() || !directory.join("initdb").is_file() {
            return None;
        }
        let said = Command::new(program).arg("--version").output().ok()?;
        let major = major(&String::from_utf8_lossy(&said.stdout))?;
        // A link such as /usr/local/bin/postgres leads to the libraries beside the program.
        let binaries = fs::canonicalize(directory.join("postgres")).ok()?.parent()?.to_owned();
        Some(Installation { major, binaries })
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.binaries.join(name)
    }
}

/// 16 for `postgres (PostgreSQL) 16.14 (Debian 16.14-1)`.
fn major(said: &str) -> Option<u32> {
    let version = said.split_once("(PostgreSQL) ")?.1;
    let digits = version.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(version.len());
    version[..digits].parse().ok()
}

/// The directories that a pattern with at most one `*` stands for.
fn expand(pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else { return vec![pattern.into()] };
    let (folder, prefix) = before.rsplit_once('/').unwrap_or(("", before));
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let named = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
    named.map(|entry| entry.path().join(after.trim_start_matches('/'))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_is_read_from_what_postgres_prints() {
        let cases = [
            ("postgres (PostgreSQL) 16.14\n", Some(16)),
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", Some(15)),
            ("postgres (PostgreSQL) 18beta1\n", Some(18)),
            ("postgres (PostgreSQL) \n", None),
            ("something else", None),
        ];
        for (said, expected) in cases {
            assert_eq!(major(said), expected, "{said}");
        }
    }

    #[test]
    fn project_gets_its_version_or_the_nearest_if_allowed() {
        let installed = |any_version| Installations {
            all: [16, 18]
                .map(|major| (major, Installation { major, binaries: PathBuf::new() }))
                .into(),
            any_version,
        };
        let chosen = |major, any| installed(any).choose(major).map(|found| found.major);
        assert_eq!(chosen(16, false), Ok(16));
        assert_eq!(chosen(18, true), Ok(18));
        assert_eq!(chosen(17, true), Ok(18));
        let refusal = chosen(17, false).unwrap_err();
        assert!(refusal.starts_with("PostgreSQL 17 is not installed"), "{refusal}");
        assert!(refusal.contains("only 16 and 18"), "{refusal}");
    }

    #[test]
    fn missing_programs_are_named() {
        let nowhere = PathBuf::from("/nowhere");
        let options = PostgresOptions { binaries: vec![nowhere], ..PostgresOptions::default() };
        let refusal = Installations::find(&options, None).unwrap_err();
        assert_eq!(refusal, "`/nowhere` has no `postgres` and `initdb` that run");
    }
}
