//! A Unix socket in a fresh folder that only this user can enter.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::net::{UnixListener, UnixStream};

use super::super::environment::Place;
use super::{Address, Socket};

pub(crate) type Stream = UnixStream;

/// The folder; removed with the socket when this goes.
pub(crate) type Hold = TempDir;

/// The folder's name is this, the process's id, and something random.
const FOLDER: &str = "tfplugin-";

/// The socket's name in it.
const SOCKET: &str = "socket";

/// The longest path of a socket that every system allows; macOS has the least room.
const LONGEST_PATH: usize = 103;

/// A bound Unix socket.
pub(crate) struct Listener(UnixListener);

impl Listener {
    pub(crate) async fn accept(&self) -> io::Result<Stream> {
        self.0.accept().await.map(|(stream, _)| stream)
    }
}

/// Whose the process at the other end is.
pub(crate) fn peer(stream: &Stream) -> Option<u32> {
    stream.peer_cred().ok().map(|it| it.uid())
}

pub(super) fn bind(place: &Place) -> io::Result<Socket> {
    let folder = match &place.folder {
        Some(folder) => fresh(folder)?,
        None => fresh(&temporary())?,
    };
    let path = folder.path().join(SOCKET);
    let listener = Listener(UnixListener::bind(&path)?);
    let user = Some(fs::metadata(folder.path())?.uid()); // this process has just made it
    let path = path.into_os_string().into_string();
    let path = path.map_err(|it| io::Error::other(format!("{} is not text", it.display())))?;
    Ok(Socket { listener, address: Address { network: "unix", path }, user, _hold: folder })
}

/// Removes the folders of processes that were killed. Runs beside the provider and never fails.
pub(crate) fn sweep() {
    tokio::task::spawn_blocking(|| sweep_in(&temporary()));
}

fn sweep_in(parent: &Path) {
    let folders = fs::read_dir(parent).into_iter().flatten().flatten();
    for folder in folders.map(|entry| entry.path()).filter(|folder| is_abandoned(folder)) {
        // Whoever else removes it, or forbids it, is welcome.
        let _ = fs::remove_dir_all(folder);
    }
}

/// Whether the folder is one of ours and nobody listens in it.
///
/// A living process of that id is answer enough where `/proc` tells. It cannot say that the owner
/// is dead: the folder may be shared with another container, so the socket itself is asked.
fn is_abandoned(folder: &Path) -> bool {
    let name = folder.file_name().and_then(|it| it.to_str());
    let Some(process) = name.and_then(|name| name.strip_prefix(FOLDER)?.split('-').next()) else {
        return false;
    };
    if Path::new("/proc").join(process).exists() {
        return false;
    }
    let answer = std::os::unix::net::UnixStream::connect(folder.join(SOCKET));
    answer.is_err_and(|it| it.kind() == ErrorKind::ConnectionRefused)
}

/// A folder that nobody else can enter: the mode is there from its first moment.
fn fresh(parent: &Path) -> io::Result<TempDir> {
    tempfile::Builder::new()
        .prefix(&format!("{FOLDER}{}-", std::process::id()))
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(parent)
}

/// The folder for temporary files, unless its path leaves no room for the socket's, or would be
/// two fields of the handshake.
fn temporary() -> PathBuf {
    let folder = std::env::temp_dir();
    let longest = format!("/{FOLDER}{}-random/{SOCKET}", u32::MAX).len();
    let path = folder.as_os_str().as_encoded_bytes();
    let is_fit = path.len() + longest <= LONGEST_PATH && !path.contains(&b'|');
    if is_fit { folder } else { PathBuf::from("/tmp") }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener as Bound;

    use super::*;

    // In /tmp, for the path of a socket must be short, wherever the caller keeps temporary files.

    /// A process that cannot be: ids are not that large.
    const DEAD: &str = "tfplugin-4294967295-abcdef";

    #[test]
    fn only_socket_directories_without_listener_are_removed() {
        let own = format!("{FOLDER}{}-abcdef", std::process::id());
        for (name, listens, stays) in [
            (DEAD, false, false),
            (DEAD, true, true), // the process of another container
            (&own, false, true),
            ("another-4294967295-abcdef", false, true),
        ] {
            let parent = tempfile::tempdir_in("/tmp").expect("a folder can be made");
            let folder = parent.path().join(name);
            fs::create_dir(&folder).expect("a folder can be made");
            let socket = Bound::bind(folder.join(SOCKET)).expect("a socket can be bound");
            let _socket = listens.then_some(socket);
            sweep_in(parent.path());
            assert_eq!(folder.exists(), stays, "{name}, listening: {listens}");
        }
    }
}
