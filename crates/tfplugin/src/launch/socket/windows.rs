//! A port of this machine that other machines cannot reach.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, TcpListener as Bound};

use tokio::net::{TcpListener, TcpStream};

use super::super::environment::Place;
use super::{Address, Socket};

pub(crate) type Stream = TcpStream;

/// A port needs no removal.
pub(crate) struct Hold;

/// A bound port.
pub(crate) struct Listener(TcpListener);

impl Listener {
    pub(crate) async fn accept(&self) -> io::Result<Stream> {
        let (stream, _) = self.0.accept().await?;
        stream.set_nodelay(true)?; // or each small answer waits 40 ms for an acknowledgment
        Ok(stream)
    }
}

/// Nobody's: a port does not tell who connects.
pub(crate) fn peer(_stream: &Stream) -> Option<u32> {
    None
}

pub(super) fn bind(place: &Place) -> io::Result<Socket> {
    let mut last = io::Error::from(ErrorKind::AddrInUse);
    for port in place.ports.clone() {
        match Bound::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(bound) => {
                bound.set_nonblocking(true)?;
                let address = Address { network: "tcp", path: bound.local_addr()?.to_string() };
                let listener = Listener(TcpListener::from_std(bound)?);
                return Ok(Socket { listener, address, user: None, _hold: Hold });
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Ports leave nothing behind.
pub(crate) fn sweep() {}
