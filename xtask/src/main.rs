//! The project's own tools: `cargo xtask COMMAND`.
//!
//! Each command is a module; this file only finds it.

use std::process::ExitCode;

mod generate;

const USAGE: &str = "\
Usage: cargo xtask COMMAND

  generate [--check]   make Rust of proto/, or only say whether that was done";

/// What a command has to say when it fails.
type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Failure> {
    let mut arguments = lexopt::Parser::from_env();
    match arguments.next()? {
        Some(lexopt::Arg::Value(command)) if command == "generate" => generate::run(arguments),
        _ => Err(USAGE.into()),
    }
}
