//! Brings the roles and databases in PostgreSQL to what the API says, by SQL. Leaves alone what users
//! have created by SQL themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

use super::cluster::{ADMIN, TOKEN_ROLES};
use super::wanted::{Contents, Database, Login, Role};

/// What members of `DATABRICKS_SUPERUSER` may do. [DOC] §3.4 the name; [INF] the privileges.
const SUPERUSER: &str = "databricks_superuser";

const PREPARATION: &str = "\
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'databricks_superuser') THEN
    CREATE ROLE databricks_superuser CREATEDB CREATEROLE BYPASSRLS;
    GRANT pg_read_all_data, pg_write_all_data, pg_monitor TO databricks_superuser WITH ADMIN OPTION;
    CREATE ROLE lakebase_token_roles;
  END IF;
END $$";

/// A connection as the superuser.
pub(crate) async fn connect(socket: &Path, database: &str) -> Result<Client, String> {
    let (client, connection) = Config::new()
        .host_path(socket)
        .port(5432)
        .user(ADMIN)
        .dbname(database)
        .connect(NoTls)
        .await
        .map_err(|error| describe(&error))?;
    // It ends with the client.
    tokio::spawn(connection);
    Ok(client)
}

pub(crate) async fn run(client: &Client, sql: &str) -> Result<(), String> {
    client.batch_execute(sql).await.map_err(|error| describe(&error))
}

/// The message of PostgreSQL itself, which does not repeat the statement: it may hold a password.
fn describe(error: &tokio_postgres::Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), |error| error.message().to_owned())
}

/// Ends the backup mode. Returns the file that lets a copy recover.
pub(crate) async fn end_backup(client: &Client) -> Result<String, String> {
    let label = column(client, "SELECT labelfile FROM pg_backup_stop(false)").await?;
    label.into_iter().next().ok_or_else(|| "the backup has no label".to_owned())
}

/// The values of the first column.
async fn column(client: &Client, sql: &str) -> Result<Vec<String>, String> {
    let rows = client.simple_query(sql).await.map_err(|error| describe(&error))?;
    let first = |row: &SimpleQueryMessage| match row {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    };
    Ok(rows.iter().filter_map(first).collect())
}

/// Brings PostgreSQL from what was applied before to what is wanted. Returns what could not be done.
pub(crate) async fn reconcile(
    socket: &Path,
    applied: &Contents,
    wanted: &Contents,
) -> Result<Vec<String>, String> {
    let client = connect(socket, "postgres").await?;
    run(&client, PREPARATION).await?;
    let mut failures = Vec::new();
    let mut note = |what: String, done: Result<(), String>| {
        failures.extend(done.err().map(|error| format!("{what}: {error}")));
    };
    let (obsolete_roles, obsolete_databases) = obsolete(applied, wanted);
    for database in obsolete_databases {
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", identifier(&database.name));
        note(format!("database {}", database.name), run(&client, &sql).await);
    }
    let mut names = column(&client, "SELECT rolname FROM pg_roles").await?;
    // A role that takes the name of an obsolete one is a new role.
    let is_renewed = |role: &&Role| wanted.roles.values().any(|other| other.name == role.name);
    for role in obsolete_roles.iter().copied().filter(is_renewed) {
        note(format!("role {}", role.name), drop_role(socket, &client, role).await);
        names.retain(|name| *name != role.name);
    }
    for (id, role) in &wanted.roles {
        let before = applied.roles.get(id).filter(|before| before.created == role.created);
        if before != Some(role) {
            let exists = names.contains(&role.name);
            let keeps_password = before.is_some_and(|before| before.login == role.login);
            let sql = role_statements(role, exists, keeps_password);
            note(format!("role {}", role.name), run(&client, &sql).await);
        }
    }
    let databases = column(&client, "SELECT datname FROM pg_database").await?;
    for (id, database) in &wanted.databases {
        let before = applied.databases.get(id).filter(|before| before.created == database.created);
        if before != Some(database) {
            for sql in database_statements(database, before, &databases) {
                note(format!("database {}", database.name), run(&client, &sql).await);
            }
        }
    }
    for role in obsolete_roles.into_iter().filter(|role| !is_renewed(role)) {
        note(format!("role {}", role.name), drop_role(socket, &client, role).await);
    }
    Ok(failures)
}

/// What was applied, and has no place any more.
fn obsolete<'a>(applied: &'a Contents, wanted: &Contents) -> (Vec<&'a Role>, Vec<&'a Database>) {
    let roles = applied
        .roles
        .iter()
        .filter(|(id, role)| wanted.roles.get(*id).is_none_or(|now| now.created != role.created));
    let databases = applied.databases.iter().filter(|(id, database)| {
        wanted.databases.get(*id).is_none_or(|now| now.created != database.created)
    });
    (roles.map(|(_, role)| role).collect(), databases.map(|(_, database)| database).collect())
}

/// What a copy holds of what was applied to its source: by the same IDs, as the copy's own objects.
pub(crate) fn inherited(source: &Contents, copy: &Contents) -> Contents {
    let mut inherited = source.clone();
    for (id, role) in &mut inherited.roles {
        role.created = copy.roles.get(id).map_or(role.created, |own| own.created);
    }
    for (id, database) in &mut inherited.databases {
        database.created = copy.databases.get(id).map_or(database.created, |own| own.created);
    }
    inherited
}

fn role_statements(role: &Role, exists: bool, keeps_password: bool) -> String {
    let name = identifier(&role.name);
    let flag = |has: bool, word: &str| if has { word.to_owned() } else { format!("NO{word}") };
    let mut sql = format!(
        "{} ROLE {name} {} {} {} {}",
        if exists { "ALTER" } else { "CREATE" },
        flag(role.login != Login::Never, "LOGIN"),
        flag(role.createdb, "CREATEDB"),
        flag(role.createrole, "CREATEROLE"),
        flag(role.bypassrls, "BYPASSRLS"),
    );
    if let Login::Password(password) = &role.login
        && !keeps_password
    {
        let _ = write!(sql, " PASSWORD {}", literal(password));
    }
    let mut member = |of: &str, is_member: bool| {
        let _ = match is_member {
            true => write!(sql, "; GRANT {of} TO {name}"),
            false if exists => write!(sql, "; REVOKE {of} FROM {name}"),
            false => Ok(()),
        };
    };
    member(SUPERUSER, role.is_superuser);
    member(TOKEN_ROLES, role.login == Login::Token);
    sql
}

fn database_statements(
    database: &Database,
    before: Option<&Database>,
    existing: &[String],
) -> Vec<String> {
    let name = identifier(&database.name);
    let owner = database.owner.as_deref().map_or_else(|| identifier(ADMIN), identifier);
    let mut statements = Vec::new();
    match before.filter(|before| existing.contains(&before.name)) {
        Some(before) if before.name != database.name => {
            statements.push(format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}",
                literal(&before.name)
            ));
            statements
                .push(format!("ALTER DATABASE {} RENAME TO {name}", identifier(&before.name)));
        }
        None if !existing.contains(&database.name) => {
            // No data of the template is worth the WAL.
            statements.push(format!("CREATE DATABASE {name} OWNER {owner} STRATEGY file_copy"));
            return statements;
        }
        _ => {}
    }
    statements.push(format!("ALTER DATABASE {name} OWNER TO {owner}"));
    statements
}

/// Drops a role; what it owns goes to the owners of the databases.
async fn drop_role(socket: &Path, client: &Client, role: &Role) -> Result<(), String> {
    let name = identifier(&role.name);
    let query = format!("SELECT 1 FROM pg_roles WHERE rolname = {}", literal(&role.name));
    if column(client, &query).await?.is_empty() {
        return Ok(());
    }
    let query = "SELECT datname || E'\\n' || pg_get_userbyid(datdba) FROM pg_database \
                 WHERE datallowconn AND NOT datistemplate";
    for database in column(client, query).await? {
        let (database, owner) = database.split_once('\n').unwrap_or((&database, ADMIN));
        let owner = if owner == role.name { ADMIN } else { owner };
        let inside = connect(socket, database).await?;
        let owner = identifier(owner);
        run(&inside, &format!("REASSIGN OWNED BY {name} TO {owner}; DROP OWNED BY {name}")).await?;
    }
    run(client, &format!("DROP ROLE {name}")).await
}

/// Applies an endpoint's settings to the server's own file of settings. Returns those that PostgreSQL
/// refuses, and whether a change takes a restart.
pub(crate) async fn apply_settings(
    socket: &Path,
    applied: &BTreeMap<String, String>,
    wanted: &BTreeMap<String, String>,
) -> Result<(Vec<String>, bool), String> {
    let client = connect(socket, "postgres").await?;
    let mut failures = Vec::new();
    let mut restarts = false;
    let changed = |name: &&String| applied.get(*name) != wanted.get(*name);
    let names: BTreeSet<&String> = applied.keys().chain(wanted.keys()).filter(changed).collect();
    for name in names {
        let sql = match wanted.get(name) {
            Some(value) => {
                format!("ALTER SYSTEM SET {} = {}", identifier(name), literal(value))
            }
            None => format!("ALTER SYSTEM RESET {}", identifier(name)),
        };
        let done = run(&client, &sql).await;
        failures.extend(done.err().map(|error| format!("setting {name}: {error}")));
        let query = format!(
            "SELECT 1 FROM pg_settings WHERE context = 'postmaster' AND name = lower({})",
            literal(name)
        );
        restarts |= !column(&client, &query).await?.is_empty();
    }
    run(&client, "SELECT pg_reload_conf()").await?;
    Ok((failures, restarts))
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_passwords_are_quoted() {
        assert_eq!(identifier("a\"b; DROP"), "\"a\"\"b; DROP\"");
        assert_eq!(literal("it's"), "'it''s'");
    }
}
