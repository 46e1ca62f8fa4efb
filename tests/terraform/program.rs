//! The program, started by hand.

use std::process::{Command, Output};

use expect_test::expect;

fn run(arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_terraform-provider-lakebase");
    Command::new(program).args(arguments).env_clear().output().expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn program_prints_help_without_terraform() {
    let help = run(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    expect![[r#"
        The Terraform provider for Databricks Lakebase Autoscaling.

        Terraform starts this plugin for configurations that contain

          terraform {
            required_providers {
              lakebase = { source = "lakebase/lakebase" }
            }
          }

        Usage: terraform-provider-lakebase [COMMAND | OPTION]

        Commands:
          review      Show how a plan changes compute; see `review --help`

        Options:
          --debug     Run as a server for a debugger; attach with TF_REATTACH_PROVIDERS
          --version   Print the version
          --help      Print this help
    "#]]
    .assert_eq(&text(&help.stdout));
    for arguments in [&[][..], &["apply"], &["--version", "--help"]] {
        let run = run(arguments);
        assert_eq!(run.status.code(), Some(1), "{arguments:?}");
        assert_eq!((text(&run.stdout), run.stderr), (String::new(), help.stdout.clone()));
    }
}

#[test]
fn program_prints_its_version() {
    let version = run(&["--version"]);
    assert_eq!(version.status.code(), Some(0));
    let expected = concat!("terraform-provider-lakebase ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(text(&version.stdout), expected);
}
