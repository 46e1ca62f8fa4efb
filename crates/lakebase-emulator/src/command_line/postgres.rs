//! The options of the PostgreSQL behind the endpoints. Each of them asks for it.

use std::env::split_paths;
use std::path::PathBuf;

use lakebase_emulator::PostgresOptions;

use super::{Launch, Row, put};

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "postgres",
        value: "",
        meaning: "run PostgreSQL behind the endpoints: the versions in PATH and in the usual places",
        set: |launch, text| {
            let mut wanted = false;
            put(&mut wanted, text)?;
            launch.options.postgres =
                wanted.then(|| launch.options.postgres.take().unwrap_or_default());
            Ok(())
        },
    },
    Row {
        name: "postgres-bin",
        value: "DIRECTORIES",
        meaning: "run PostgreSQL with the programs in these directories, one for each version, \
                  separated as in PATH",
        set: |launch, text| {
            postgres(launch).binaries.extend(split_paths(text));
            Ok(())
        },
    },
    Row {
        name: "postgres-any-version",
        value: "",
        meaning: "run the nearest version of PostgreSQL if that of a project is not installed",
        set: |launch, text| put(&mut postgres(launch).any_version, text),
    },
    Row {
        name: "postgres-port",
        value: "PORT",
        meaning: "the port of all endpoints (default 5432)",
        set: |launch, text| put(&mut postgres(launch).port, text),
    },
    Row {
        name: "postgres-domain",
        value: "DOMAIN",
        meaning: "name the hosts of endpoints below this domain, all of which must lead to the address \
                  of --host, instead of giving each a loopback address",
        set: |launch, text| {
            postgres(launch).domain = Some(text.to_owned());
            Ok(())
        },
    },
    Row {
        name: "postgres-user",
        value: "NAME",
        meaning: "the user that servers run as if the emulator runs as root (default: postgres, or \
                  nobody)",
        set: |launch, text| {
            postgres(launch).user = Some(text.to_owned());
            Ok(())
        },
    },
    Row {
        name: "postgres-directory",
        value: "PATH",
        meaning: "directory for the data of servers, which is removed at the end",
        set: |launch, text| {
            postgres(launch).directory = Some(PathBuf::from(text));
            Ok(())
        },
    },
];

fn postgres(launch: &mut Launch) -> &mut PostgresOptions {
    launch.options.postgres.get_or_insert_default()
}
