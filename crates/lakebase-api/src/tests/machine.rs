//! A machine with a home directory, files, and commands that give tokens.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::Environment;

/// A home directory, which is also all of `PATH`.
pub(super) struct Machine(TempDir);

/// Counts the calls of one kind, and writes down the arguments.
const COUNT: &str = r#"#!/bin/sh
dir=${0%/*}
count() { n=0; [ -e "$dir/count-$1" ] && read -r n < "$dir/count-$1"; n=$((n + 1)); echo $n > "$dir/count-$1"; }
echo "$*" >> "$dir/${0##*/}.log"
"#;

/// The tokens of the Databricks CLI: each ends an hour after the one before.
const DATABRICKS: &str = r#"
if [ "$1" = version ]; then echo "Databricks CLI v${CLI_VERSION:-0.296.0}"; exit; fi
if [ -e "$dir/refuse" ]; then echo 'A new access token could not be retrieved because the refresh token is invalid.' >&2; exit 1; fi
count cli
echo "{\"access_token\": \"hush-cli-$n\", \"token_type\": \"Bearer\", \"expiry\": \"2026-08-30T$((12 + n)):00:00Z\"}"
"#;

const AZ: &str = r#"
case "$*" in
"account show "*) echo "{\"user\": {\"name\": \"${AZ_USER:-someone@example.com}\", \"type\": \"${AZ_TYPE:-user}\"}}"; exit;;
*management.core*) kind=management;;
*) kind=workspace;;
esac
if [ -e "$dir/refuse" ]; then echo "Please run 'az login' to setup account." >&2; exit 1; fi
if [ "$kind" = "$AZ_REFUSES" ]; then echo 'no access to this resource' >&2; exit 1; fi
case "$*" in *--tenant*) [ -n "$AZ_REFUSES_TENANT" ] && { echo 'no tenant' >&2; exit 1; };; esac
count $kind
echo "{\"accessToken\": \"hush-$kind-$n\", \"expiresOn\": \"2026-08-30 10:00:00.000000\", \"expires_on\": $((1788091200 + 3600 * n)), \"tokenType\": \"Bearer\"}"
"#;

const GCLOUD: &str = r#"
if [ -e "$dir/refuse" ]; then echo 'You do not currently have an active account selected.' >&2; exit 1; fi
count gcloud
echo "hush-gcloud-$n"
"#;

impl Machine {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    /// The environment of this machine, with more variables.
    pub(super) fn environment(&self, more: &[(&str, &str)]) -> Environment {
        let path = self.path().to_str().unwrap();
        let own = [("HOME", path), ("PATH", path)];
        Environment::from_pairs(own.into_iter().chain(more.iter().copied()))
    }

    pub(super) fn write(&self, name: &str, text: &str) -> String {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub(super) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap_or_default()
    }

    /// The calls of a command, one line each.
    pub(super) fn calls(&self, command: &str) -> Vec<String> {
        self.read(&format!("{command}.log")).lines().map(str::to_owned).collect()
    }

    /// Lets all commands fail from now on.
    pub(super) fn refuse(&self) {
        self.write("refuse", "");
    }

    pub(super) fn install_databricks(&self) -> String {
        // The older CLI, which is to be told apart, has less than a mebibyte.
        let mut script = format!("{COUNT}{DATABRICKS}");
        while script.len() < (1 << 20) {
            writeln!(script, "#{:100}", "").unwrap();
        }
        self.install("databricks", &script)
    }

    pub(super) fn install_old_databricks(&self) {
        self.install("databricks", COUNT);
    }

    pub(super) fn install_az(&self) {
        self.install("az", &format!("{COUNT}{AZ}"));
    }

    pub(super) fn install_gcloud(&self) {
        self.install("gcloud", &format!("{COUNT}{GCLOUD}"));
    }

    /// Another process writes the file: a file that this one has open cannot be executed, and any
    /// process that starts meanwhile would have it open, too.
    fn install(&self, name: &str, script: &str) -> String {
        let path = self.path().join(name);
        let mut writer = Command::new("/bin/sh")
            .args(["-c", "cat > \"$1\" && chmod +x \"$1\"", "sh"])
            .arg(&path)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        writer.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        assert!(writer.wait().unwrap().success());
        path.to_str().unwrap().to_owned()
    }
}
