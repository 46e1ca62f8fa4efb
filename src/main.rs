//! The program: a plugin when Terraform starts it, a command line when a person does.

use std::io::Write;
use std::process::ExitCode;

use lakebase::Lakebase;
use tfplugin::Program;

const PROGRAM: Program =
    Program { address: "registry.terraform.io/lakebase/lakebase", name: "lakebase" };

const HELP: &str = "\
The Terraform provider for Databricks Lakebase Autoscaling.

Terraform starts this program by itself, for configurations that contain

  terraform {
    required_providers {
      lakebase = { source = \"lakebase/lakebase\" }
    }
  }

It is of no use by hand, but for these options:

  --debug     serve a Terraform that is told so through TF_REATTACH_PROVIDERS
  --version   print the version
  --help      print this
";

fn main() -> ExitCode {
    if tfplugin::started_by_terraform() {
        return tfplugin::serve(&PROGRAM, Lakebase::new());
    }
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--debug"] => tfplugin::debug(&PROGRAM, Lakebase::new()),
        ["--version"] => {
            say(concat!("terraform-provider-lakebase ", env!("CARGO_PKG_VERSION"), "\n"))
        }
        ["--help"] => say(HELP),
        _ => {
            eprint!("{HELP}");
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
