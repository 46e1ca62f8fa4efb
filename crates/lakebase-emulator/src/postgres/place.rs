//! Keeps everything that PostgreSQL leaves on disk in one directory, and removes it: at the end, after
//! a crash by a watchdog, and at the next start what both have left.
//!
//! The directory of all emulators of a user holds one directory for each, which its emulator locks. A
//! directory that is not locked belongs to an emulator that no longer runs.

use std::env::temp_dir;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::fs::{FlockOperation, flock};

use super::account::Account;

/// The directory of one emulator. It is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    root: PathBuf,
    /// The certificate that clients may trust, outside the directory, which others cannot read.
    certificate: PathBuf,
    /// Held while the emulator runs.
    _lock: File,
    watchdog: Child,
}

/// Waits until the emulator has ended, however it did, and then removes what it may have left: the
/// servers whose process IDs are in the directory, and the directory. `$1` is the directory, and `$2`
/// and `$3` are files beside it.
const WATCHDOG: &str = r#"
read -r _
for file in "$1"/*/data/postmaster.pid; do
    [ -f "$file" ] && read -r server < "$file" && kill -s QUIT "$server"
done
rm -rf "$1" "$2" "$3"
"#;

impl Place {
    /// Makes a directory for this emulator, after it has removed those of emulators that crashed.
    pub(crate) fn create(base: Option<&Path>, account: Option<&Account>) -> io::Result<Place> {
        let user = rustix::process::geteuid().as_raw();
        let base = base
            .map_or_else(|| temp_dir().join(format!("lakebase-emulator-{user}")), Path::to_owned);
        if !base.exists() {
            DirBuilder::new().mode(0o700).recursive(true).create(&base)?;
            // Others may pass through, to what is theirs, whatever the umask is.
            fs::set_permissions(&base, fs::Permissions::from_mode(0o711))?;
        }
        let found = fs::symlink_metadata(&base)?;
        if !found.is_dir() || found.uid() != user {
            let text = format!("`{}` belongs to another user", base.display());
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
        }
        // One start at a time: a lock is a file first, and locked only then.
        let starting = File::open(&base)?;
        flock(&starting, FlockOperation::LockExclusive)?;
        remove_abandoned(&base)?;
        let name = format!("{:08x}", fastrand::u32(..));
        let (root, lock) = (base.join(&name), base.join(format!("{name}.lock")));
        let file = OpenOptions::new().write(true).create_new(true).open(&lock)?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)?;
        DirBuilder::new().mode(0o700).create(&root)?;
        if let Some(account) = account {
            account.own(&root)?;
        }
        let certificate = base.join(format!("{name}.pem"));
        let watchdog = Command::new("/bin/sh")
            .args(["-c", WATCHDOG, "lakebase-emulator-watchdog"])
            .args([&root, &certificate, &lock])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0) // Ctrl-C is for the emulator
            .current_dir("/")
            .spawn()?;
        Ok(Place { root, certificate, _lock: file, watchdog })
    }

    /// A directory in it, which the servers' user owns.
    pub(crate) fn directory(&self, name: &str, account: Option<&Account>) -> io::Result<PathBuf> {
        let path = self.root.join(name);
        DirBuilder::new().mode(0o700).create(&path)?;
        if let Some(account) = account {
            account.own(&path)?;
        }
        Ok(path)
    }

    /// Writes the certificate that clients may trust.
    pub(crate) fn write_certificate(&self, pem: &str) -> io::Result<&Path> {
        let mut file = OpenOptions::new().write(true).create_new(true).open(&self.certificate)?;
        file.write_all(pem.as_bytes())?;
        file.set_permissions(fs::Permissions::from_mode(0o644))?;
        Ok(&self.certificate)
    }

    pub(crate) fn certificate(&self) -> &Path {
        &self.certificate
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // The watchdog removes everything once its input ends.
        drop(self.watchdog.stdin.take());
        let _ = self.watchdog.wait();
    }
}

/// Removes what emulators have left that no longer run.
fn remove_abandoned(base: &Path) -> io::Result<()> {
    for entry in fs::read_dir(base)?.flatten() {
        let lock = entry.path();
        if lock.extension().is_none_or(|extension| extension != "lock") {
            continue;
        }
        // It may have gone in the meantime.
        let Ok(file) = File::open(&lock) else { continue };
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            continue;
        }
        let root = lock.with_extension("");
        for server in fs::read_dir(&root).into_iter().flatten().flatten() {
            end_server(&server.path().join("data"));
        }
        let _ = fs::remove_dir_all(&root);
        let _ = fs::remove_file(lock.with_extension("pem"));
        let _ = fs::remove_file(&lock);
    }
    Ok(())
}

/// Ends a server by the process ID in its data directory, if that still is the process of a server
/// in this directory: process IDs are used again.
fn end_server(data: &Path) {
    let pid = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
    let pid = pid.lines().next().and_then(|pid| pid.trim().parse().ok());
    let Some(pid) = pid.and_then(rustix::process::Pid::from_raw) else { return };
    let directory = fs::read_link(format!("/proc/{}/cwd", pid.as_raw_nonzero()));
    if directory.is_ok_and(|directory| directory == data) {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::QUIT);
    }
}
