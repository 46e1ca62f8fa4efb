//! Runs the commands that give tokens: the Databricks CLI, the Azure CLI and gcloud.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::Environment;
use crate::deadline::Deadline;
use crate::error::Kind;

/// The longest time for one command. The Azure CLI takes seconds where it must renew its own token.
const LIMIT: Duration = Duration::from_mins(1);
/// The longest message of a command that is shown, in characters.
const LONGEST: usize = 1000;

/// A command that gave no output.
pub(super) enum CommandError {
    /// The wait was cut off.
    Stopped(Kind),
    /// It could not be started, failed, or took too long: a sentence without a full stop.
    Failed(String),
}

/// Runs a command with the environment of the client, and returns what it prints.
///
/// *Guarantees.* The process does not outlive the call. Its output is not logged: it holds tokens.
pub(super) async fn run(
    program: &Path,
    arguments: &[&str],
    environment: &Environment,
    deadline: &Deadline,
) -> Result<Vec<u8>, CommandError> {
    let name = program.file_stem().and_then(OsStr::to_str).unwrap_or("the command");
    let shown = format!("`{name} {}`", arguments.join(" "));
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(environment.pairs());
    command.stdin(Stdio::null()).kill_on_drop(true);
    tracing::debug!(command = shown, "running a command for a token");
    let limited = deadline.at_most(LIMIT);
    let output = match limited.during(command.output()).await {
        Ok(Ok(output)) => output,
        Ok(Err(error)) => {
            let path = program.display();
            return Err(CommandError::Failed(format!("`{path}` could not be started: {error}")));
        }
        Err(_) => {
            deadline.check().map_err(|cut| CommandError::Stopped(cut.into()))?;
            let limit = LIMIT.as_secs();
            return Err(CommandError::Failed(format!("{shown} did not end within {limit} s")));
        }
    };
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said: String = said.trim().chars().take(LONGEST).collect();
    let status = output.status;
    let said = if said.is_empty() { said } else { format!(": {said}") };
    Err(CommandError::Failed(format!("{shown} failed ({status}){said}")))
}

/// The program of that name in `PATH`.
pub(super) fn find(name: &str, environment: &Environment) -> Option<PathBuf> {
    let extensions: &[&str] = if cfg!(windows) { &[".exe", ".cmd", ".bat"] } else { &[""] };
    std::env::split_paths(environment.get("PATH")?)
        .flat_map(|directory| {
            extensions.iter().map(move |extension| directory.join(format!("{name}{extension}")))
        })
        .find(|path| path.is_file())
}
