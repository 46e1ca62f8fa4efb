//! Makes data directories, a new one by `initdb` and copies of it, and runs the servers on them.
//!
//! Knows processes and files, but nothing of Lakebase: which server runs when is decided in
//! [`super::fleet`].

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::unix::pipe::Receiver;
use tokio::task::{JoinHandle, spawn_blocking};

use super::account::Account;
use super::installation::Installation;

/// The superuser, which only the emulator logs in as.
pub(crate) const ADMIN: &str = "lakebase_emulator";

/// The members of this role log in without a password of PostgreSQL: the proxy has checked their
/// token.
pub(crate) const TOKEN_ROLES: &str = "lakebase_token_roles";

/// Who may log in at the socket, which only the emulator reaches.
const RULES: &str = "\
local all         lakebase_emulator      trust
local replication lakebase_emulator      trust
local all         +lakebase_token_roles  trust
local all         all                    scram-sha-256
";

/// Data that is thrown away needs no care for power cuts. Few processes and little memory, because
/// there is a server for each branch.
const SETTINGS: [(&str, &str); 18] = [
    ("autovacuum", "off"),
    ("cluster_name", ""),
    ("fsync", "off"),
    ("full_page_writes", "off"),
    ("hot_standby", "on"),
    ("jit", "off"),
    ("lc_messages", "C"),
    ("listen_addresses", ""),
    ("log_checkpoints", "off"),
    ("max_logical_replication_workers", "0"),
    ("max_replication_slots", "0"),
    ("max_wal_senders", "8"),
    ("password_encryption", "scram-sha-256"),
    ("port", "5432"),
    ("restart_after_crash", "on"),
    ("shared_buffers", "16MB"),
    ("wal_level", "replica"),
    ("wal_retrieve_retry_interval", "50ms"),
];

/// A data directory, with its socket beside it.
#[derive(Clone, Debug)]
pub(crate) struct Cluster {
    /// The directory of the socket; the data is in `data`.
    pub(crate) directory: PathBuf,
    pub(crate) installation: Installation,
    pub(crate) account: Option<Account>,
}

impl Cluster {
    pub(crate) fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    /// Fills an empty directory by `initdb`.
    pub(crate) fn initialize(&self) -> Result<(), String> {
        let mut command = self.command("initdb");
        // Small WAL segments: each copy has at least two of them.
        command.args(["--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C"]);
        command.args(["--wal-segsize=1", "--username", ADMIN, "--pgdata"]).arg(self.data());
        let program = self.installation.program("initdb");
        let refusal =
            |error: &dyn std::fmt::Display| format!("`{}` failed: {error}", program.display());
        let done = command.output().map_err(|error| match &self.account {
            Some(account) => refusal(&format!(
                "{error}; it runs as the user `{}`, which must be able to read it (--postgres-user)",
                account.name
            )),
            None => refusal(&error),
        })?;
        if !done.status.success() {
            return Err(refusal(&String::from_utf8_lossy(&done.stderr).trim()));
        }
        let write = |name: &str, text: &str| fs::write(self.data().join(name), text);
        write("pg_hba.conf", RULES).map_err(|error| refusal(&error))
    }

    /// Copies the data directory of a server, which must not run or must be in backup mode, but for
    /// the WAL. Where the file system can, the copies share their blocks.
    pub(crate) fn copy_from(&self, source: &Cluster) -> io::Result<()> {
        copy(&source.data(), &self.data(), self.account.as_ref(), &|relative| {
            let text = relative.to_string_lossy();
            let is_left_out = |name: &str| text == name;
            ["postmaster.pid", "postmaster.opts", "pg_wal"].into_iter().any(is_left_out)
                || text.rsplit('/').next().is_some_and(|name| name.starts_with("pgsql_tmp"))
        })
    }

    /// Copies the WAL, from a segment on.
    pub(crate) fn copy_wal_from(&self, source: &Cluster, first: &str) -> io::Result<()> {
        let (from, to) = (source.data().join("pg_wal"), self.data().join("pg_wal"));
        copy(&from, &to, self.account.as_ref(), &|relative| {
            let name = relative.to_string_lossy();
            name.len() == first.len() && *name < *first
        })
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> io::Result<()> {
        let path = self.data().join(name);
        let mut file = fs::File::create(&path)?;
        file.write_all(text.as_bytes())?;
        self.account.as_ref().map_or(Ok(()), |account| account.own(&path))
    }

    /// Starts a server, and waits until it accepts connections.
    pub(crate) async fn start(
        &self,
        connections: usize,
        extra: &[String],
    ) -> Result<Server, String> {
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data());
        for (name, value) in SETTINGS {
            command.args(["-c", &format!("{name}={value}")]);
        }
        if self.installation.major >= 18 {
            // Without processes for reads.
            command.args(["-c", "io_method=sync"]);
        }
        command.args(["-c", &format!("max_connections={connections}")]);
        let socket = self.directory.display();
        command.args(["-c", &format!("unix_socket_directories={socket}")]);
        for setting in extra {
            command.args(["-c", setting]);
        }
        let failed = |error: io::Error| format!("PostgreSQL could not be started: {error}");
        let mut process = command.spawn().map_err(failed)?;
        let errors = process.stderr.take().expect("it is a pipe");
        let server = Server { process: Some(process), log: None };
        let log = Receiver::from_owned_fd(errors.into()).map_err(failed)?;
        server.reading(log, &self.directory.join("log")).await
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.installation.program(program));
        command
            .env_clear()
            .envs([("LC_ALL", "C"), ("PATH", "/usr/bin:/bin"), ("TZ", "UTC")])
            .current_dir("/")
            .process_group(0) // Ctrl-C is for the emulator
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        if let Some(account) = &self.account {
            account.run(&mut command);
        }
        command
    }
}

/// A running server. It ends at once when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    process: Option<Child>,
    log: Option<JoinHandle<()>>,
}

impl Server {
    /// Reads the log, into a file, for as long as there is one; returns once the server is ready.
    async fn reading(mut self, log: Receiver, path: &Path) -> Result<Server, String> {
        let mut lines = BufReader::new(log).lines();
        let mut file = fs::File::create(path).map_err(|error| error.to_string())?;
        let mut said = Vec::new();
        loop {
            let Ok(Some(line)) = lines.next_line().await else {
                return Err(format!("PostgreSQL did not start: {}", said.join(" / ")));
            };
            let _ = writeln!(file, "{line}");
            if line.contains("database system is ready to accept") {
                break;
            }
            said.push(line);
        }
        self.log = Some(tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                let _ = writeln!(file, "{line}");
            }
        }));
        Ok(self)
    }

    /// Whether the server has not ended by itself.
    pub(crate) fn runs(&mut self) -> bool {
        self.process.as_mut().is_some_and(|process| matches!(process.try_wait(), Ok(None)))
    }

    /// Ends the server: sessions end, and the data is complete on disk.
    pub(crate) async fn stop(mut self) {
        let Some(mut process) = self.process.take() else { return };
        signal(&process, Signal::INT);
        let _ = spawn_blocking(move || process.wait()).await;
    }

    fn kill(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        signal(&process, Signal::QUIT);
        let _ = process.wait();
        if let Some(log) = self.log.take() {
            log.abort();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn signal(process: &Child, signal: Signal) {
    // It fails where the server has ended already.
    let _ = kill_process(Pid::from_child(process), signal);
}

/// Copies a directory with what is in it, but for what is skipped, by its path in it.
fn copy(
    from: &Path,
    to: &Path,
    account: Option<&Account>,
    skips: &dyn Fn(&Path) -> bool,
) -> io::Result<()> {
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let target = to.join(&folder);
        fs::create_dir(&target)?;
        fs::set_permissions(&target, fs::metadata(from.join(&folder))?.permissions())?;
        own(account, &target)?;
        for entry in fs::read_dir(from.join(&folder))? {
            let entry = entry?;
            let relative = folder.join(entry.file_name());
            if skips(&relative) {
                continue;
            }
            match entry.file_type() {
                Ok(sort) if sort.is_dir() => folders.push(relative),
                _ => {
                    let target = to.join(&relative);
                    match fs::copy(entry.path(), &target) {
                        Ok(_) => own(account, &target)?,
                        // A running server removes files in the meantime.
                        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                        Err(error) => return Err(error),
                    }
                }
            }
        }
    }
    Ok(())
}

fn own(account: Option<&Account>, path: &Path) -> io::Result<()> {
    account.map_or(Ok(()), |account| account.own(path))
}
