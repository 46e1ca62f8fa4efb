//! Where Terraform connects: a Unix socket in a folder of its own, or a local port on Windows.
//!
//! A Unix socket is one only this user can reach; a port is one every user of the machine can.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
use unix as platform;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
use windows as platform;

pub(crate) use platform::{Listener, Stream, peer, sweep};

use super::Failure;
use super::environment::Place;

/// A bound socket.
pub(crate) struct Socket {
    /// What to accept connections from.
    pub(crate) listener: Listener,
    pub(crate) address: Address,
    /// This process's user, where the platform tells whose a peer is.
    pub(crate) user: Option<u32>,
    /// What is to be removed when the process ends.
    _hold: platform::Hold,
}

/// Where a socket is, in the words of the handshake.
pub(crate) struct Address {
    /// `unix` or `tcp`.
    pub(crate) network: &'static str,
    /// The path, or host and port.
    pub(crate) path: String,
}

impl Socket {
    /// Binds a fresh socket.
    pub(crate) fn bind(place: &Place) -> Result<Self, Failure> {
        platform::bind(place)
            .map_err(|error| format!("The provider could not listen for Terraform: {error}."))
    }
}
