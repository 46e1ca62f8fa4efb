//! The program: a plugin when Terraform starts it, a command line when a person does.

use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use lakebase::Lakebase;
use lakebase::review::ReviewStatus;
use tfplugin::Program;

const PROGRAM: Program =
    Program { address: "registry.terraform.io/lakebase/lakebase", name: "lakebase" };

const HELP: &str = "\
The Terraform provider for Databricks Lakebase Autoscaling.

Terraform starts this plugin for configurations that contain

  terraform {
    required_providers {
      lakebase = { source = \"lakebase/lakebase\" }
    }
  }

Usage: terraform-provider-lakebase [COMMAND | OPTION]

Commands:
  review      Show how a plan changes compute; see `review --help`

Options:
  --debug     Run as a server for a debugger; attach with TF_REATTACH_PROVIDERS
  --version   Print the version
  --help      Print this help
";

fn main() -> ExitCode {
    if tfplugin::started_by_terraform() {
        return tfplugin::serve(&PROGRAM, Lakebase::new());
    }
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    match arguments.iter().map(|it| it.to_str()).collect::<Vec<_>>()[..] {
        [Some("review"), ..] => review(arguments.into_iter().skip(1)),
        [Some("--debug")] => tfplugin::debug(&PROGRAM, Lakebase::new()),
        [Some("--version")] => {
            say(concat!("terraform-provider-lakebase ", env!("CARGO_PKG_VERSION"), "\n"))
        }
        [Some("--help")] => say(HELP),
        _ => {
            eprint!("{HELP}");
            ExitCode::FAILURE
        }
    }
}

fn review(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    #[expect(clippy::disallowed_methods, reason = "what a terminal's user wants is known here")]
    let is_plain = std::env::var_os("NO_COLOR").is_some_and(|it| !it.is_empty());
    match lakebase::review::run(arguments, !is_plain && std::io::stdout().is_terminal()) {
        Ok(ReviewStatus::Passed) => ExitCode::SUCCESS,
        Ok(ReviewStatus::Failed) => ExitCode::from(2),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Writes to stdout, which outside a handshake is a person's.
fn say(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
