//! The provider, built and put where Terraform looks for it without asking anyone.

use std::env::consts::{ARCH, EXE_SUFFIX, OS};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::{env, fs};

use serde_json::Value;

use crate::Failure;

const PROGRAM: &str = "terraform-provider-lakebase";

/// The provider's address: the beginning of its place in a mirror.
const ADDRESS: &str = "registry.terraform.io/lakebase/lakebase";

/// `install`: into the folder in which Terraform looks by itself. `install FOLDER`: into a folder
/// that a `filesystem_mirror` of Terraform's configuration names.
pub(crate) fn run(mut arguments: lexopt::Parser) -> Result<(), Failure> {
    let mirror = match arguments.next()? {
        None => plugins()?,
        Some(lexopt::Arg::Value(folder)) => PathBuf::from(folder),
        Some(other) => return Err(other.unexpected().into()),
    };
    let provider = build()?;
    let folder = mirror.join(ADDRESS).join(env!("CARGO_PKG_VERSION")).join(platform());
    fs::create_dir_all(&folder)?;
    let program = folder.join(format!("{PROGRAM}{EXE_SUFFIX}"));
    // A running program cannot be overwritten, but its name can be given to another.
    let arriving = folder.join(".arriving");
    fs::copy(provider, &arriving)?;
    fs::rename(arriving, &program)?;
    eprintln!("{} is installed.", program.display());
    Ok(())
}

/// Builds the release and asks cargo where it put it.
fn build() -> Result<PathBuf, Failure> {
    let cargo = Command::new(env!("CARGO"))
        .args(["build", "--release", "--package", PROGRAM, "--bin", PROGRAM])
        .args(["--message-format=json-render-diagnostics"])
        .stderr(Stdio::inherit())
        .output()?;
    if !cargo.status.success() {
        return Err("the provider could not be built".into());
    }
    let messages = String::from_utf8(cargo.stdout)?;
    let executable = |line: &str| {
        let message: Value = serde_json::from_str(line).ok()?;
        message["executable"].as_str().map(PathBuf::from)
    };
    messages.lines().find_map(executable).ok_or_else(|| "cargo built no program".into())
}

fn plugins() -> Result<PathBuf, Failure> {
    let home = env::home_dir().ok_or("there is no home folder: name a folder to install into")?;
    Ok(home.join(".terraform.d/plugins"))
}

/// `linux_amd64`: the platform as Go names it.
fn platform() -> String {
    let os = if OS == "macos" { "darwin" } else { OS };
    let arch = match ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("{os}_{arch}")
}
