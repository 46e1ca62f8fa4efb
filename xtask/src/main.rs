//! The project's own tools: `cargo xtask COMMAND`.
//!
//! Each command is a module; this file only finds it.

use std::process::ExitCode;

mod docs;
mod generate;
mod generated;
mod install;
mod tidy;

const USAGE: &str = "\
Usage: cargo xtask COMMAND

  docs [--check]       write docs/ anew, or only say whether that was done
  generate [--check]   make Rust of proto/, or only say whether that was done
  install [FOLDER]     build the provider and put it where Terraform looks
  tidy                 look for what neither rustfmt nor clippy sees";

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
        Some(lexopt::Arg::Value(command)) if command == "docs" => docs::run(arguments),
        Some(lexopt::Arg::Value(command)) if command == "generate" => generate::run(arguments),
        Some(lexopt::Arg::Value(command)) if command == "install" => install::run(arguments),
        Some(lexopt::Arg::Value(command)) if command == "tidy" => tidy::run(arguments),
        _ => Err(USAGE.into()),
    }
}
