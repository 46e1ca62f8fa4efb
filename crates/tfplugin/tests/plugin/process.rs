//! The provider's process, and what go-plugin puts into its environment.

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

/// Terraform's certificate: CA:TRUE, with a P-521 key, as go-plugin makes it.
pub(crate) const TERRAFORM: &str = include_str!("certificates/terraform.pem");

const COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";

/// When to give up on what should have happened long ago.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running provider, with a folder for temporary files of its own.
pub(crate) struct Process {
    pub(crate) child: Child,
    pub(crate) stdout: Lines<BufReader<ChildStdout>>,
    pub(crate) stderr: Lines<BufReader<ChildStderr>>,
    pub(crate) temporary: TempDir,
}

/// The line by which Terraform finds a provider, taken apart.
pub(crate) struct Handshake {
    pub(crate) fields: Vec<String>,
}

/// What Terraform adds to the environment.
pub(crate) fn as_terraform(command: &mut Command) -> &mut Command {
    command
        .env("TF_PLUGIN_MAGIC_COOKIE", COOKIE)
        .env("PLUGIN_PROTOCOL_VERSIONS", "6,5")
        .env("PLUGIN_MIN_PORT", "10000")
        .env("PLUGIN_MAX_PORT", "25000")
        .env("PLUGIN_CLIENT_CERT", TERRAFORM)
}

/// Makes a shell run the script instead of the program, which the script knows as `$0`.
pub(crate) fn in_shell(command: &mut Command, script: &str) {
    let program = command.as_std().get_program().to_owned();
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", script]).arg(program).env_clear();
    for (name, value) in command.as_std().get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    *command = shell;
}

impl Process {
    /// Starts the provider as Terraform does.
    pub(crate) async fn start() -> (Self, Handshake) {
        Self::start_with(|_| {}).await
    }

    /// Starts the provider as Terraform does, but for what is changed.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Command)) -> (Self, Handshake) {
        let mut process = Self::spawn(|command| {
            as_terraform(command);
            change(command);
        });
        let handshake = process.handshake().await;
        (process, handshake)
    }

    /// Starts the provider as a person does, but for what is changed.
    pub(crate) fn spawn(change: impl FnOnce(&mut Command)) -> Self {
        let temporary = short_folder();
        let mut command = Command::new(env!("CARGO_BIN_EXE_tfplugin-test-provider"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.kill_on_drop(true).env_clear().env("TMPDIR", temporary.path());
        change(&mut command);
        let mut child = command.spawn().expect("the provider starts");
        let stdout = child.stdout.take().expect("stdout is a pipe");
        let stderr = child.stderr.take().expect("stderr is a pipe");
        let (stdout, stderr) = (BufReader::new(stdout).lines(), BufReader::new(stderr).lines());
        Self { child, stdout, stderr, temporary }
    }

    /// Reads the handshake.
    pub(crate) async fn handshake(&mut self) -> Handshake {
        let line = soon(self.stdout.next_line()).await.expect("stdout can be read");
        let line = line.expect("the provider shakes hands");
        Handshake { fields: line.split('|').map(str::to_owned).collect() }
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let id = self.child.id().expect("the provider runs");
        let process = Pid::from_raw(id.try_into().expect("the number of a process is an i32"));
        let process = process.expect("no process has the number 0");
        kill_process(process, signal).expect("the signal can be sent");
    }

    /// Waits for the end; gives what was printed on stdout and stderr since.
    pub(crate) async fn end(&mut self) -> (ExitStatus, String, String) {
        let (mut stdout, mut stderr) = (String::new(), String::new());
        let printed = async {
            let out = self.stdout.get_mut().read_to_string(&mut stdout);
            let err = self.stderr.get_mut().read_to_string(&mut stderr);
            tokio::try_join!(out, err).expect("pipes can be read");
        };
        soon(printed).await;
        let status = soon(self.child.wait()).await.expect("the provider was started here");
        (status, stdout, stderr)
    }

    /// Reads stderr up to a line with the text, and gives that line.
    pub(crate) async fn stderr_line(&mut self, text: &str) -> String {
        loop {
            let line = soon(self.stderr.next_line()).await.expect("stderr can be read");
            let line = line.unwrap_or_else(|| panic!("no line on stderr has `{text}`"));
            if line.contains(text) {
                return line;
            }
        }
    }

    /// What is in its folder for temporary files.
    pub(crate) fn left_behind(&self) -> Vec<PathBuf> {
        let folder = self.temporary.path().read_dir().expect("the folder can be read");
        folder.map(|entry| entry.expect("the folder can be read").path()).collect()
    }
}

impl Handshake {
    /// Where the provider listens.
    pub(crate) fn socket(&self) -> PathBuf {
        PathBuf::from(&self.fields[3])
    }

    /// The provider's certificate.
    pub(crate) fn certificate(&self) -> Vec<u8> {
        STANDARD_NO_PAD.decode(&self.fields[5]).expect("the sixth field is base64 without padding")
    }
}

/// A folder in which the path of a socket is short enough, wherever the caller keeps temporary files.
pub(crate) fn short_folder() -> TempDir {
    tempfile::tempdir_in("/tmp").expect("a folder can be made")
}

/// What the future gives; a failure if it takes as long as it never should.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("this happens soon")
}
