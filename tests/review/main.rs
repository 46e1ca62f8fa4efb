//! The command `review`, run as people and checks run it: the program, with a plan.
//!
//! The plans are in `tests/plans/`, made by the real Terraform. What can fail without the program is
//! tested beside its code, in `src/review/`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

mod golden_files;
mod invalid_input;
mod large;
mod memory;
mod output_schemas;
mod recorded;

const PROGRAM: &str = env!("CARGO_BIN_EXE_terraform-provider-lakebase");

/// How a run of the command ended, and what it said.
#[derive(Debug)]
struct Run {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

/// Runs `review` in a folder, with that input.
#[track_caller]
fn review(folder: &Path, arguments: &[&str], input: &[u8]) -> Run {
    let mut command = Command::new(PROGRAM);
    command.arg("review").args(arguments).current_dir(folder);
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut program = pipes.spawn().expect("the program starts");
    let mut stdin = program.stdin.take().expect("stdin is piped");
    // Who refuses the beginning does not read the rest.
    let _ = stdin.write_all(input);
    drop(stdin);
    let output = program.wait_with_output().expect("the program ends");
    let text = |bytes| String::from_utf8(bytes).expect("it writes UTF-8");
    Run { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// The folder of a plan: its configuration, and `plan.json`.
fn folder(plan: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plans").join(plan)
}
