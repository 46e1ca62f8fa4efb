//! Puts real PostgreSQL behind the endpoints of the emulated workspace, for `--postgres`.
//!
//! The workspace knows nothing of it. After each request, and every tenth of a second, servers and data
//! follow what the workspace says ([`fleet`]); a proxy checks who connects ([`session`]). The pure parts
//! are [`wanted`] and [`logins`], which read the workspace, and [`frames`], the protocol.

mod account;
mod certificate;
mod cluster;
mod conversation;
mod fleet;
mod frames;
mod installation;
mod logins;
mod place;
mod session;
mod sessions;
mod sql;
mod unit;
mod wanted;

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;

use crate::model::hosts::Hosts;
use crate::options::PostgresOptions;
use crate::shared::Shared;
use account::Account;
use certificate::Authority;
use fleet::{Fleet, complain};
use installation::Installations;
use place::Place;
use session::Door;

/// How often the clock is looked at, which suspends endpoints and expires branches.
const TICK: Duration = Duration::from_millis(100);

/// The first and the last block of addresses, 127.BLOCK.0.0/16, of which an emulator takes one. Other
/// programs use lower ones.
const BLOCKS: (u8, u8) = (64, 254);

/// PostgreSQL behind the endpoints. Everything ends, and is removed, when this is dropped.
#[derive(Debug)]
pub(crate) struct Postgres {
    fleet: Arc<Fleet>,
    authority: Authority,
    port: u16,
    has_addresses: bool,
    /// The listeners of each host that has an address of its own.
    listeners: Mutex<BTreeMap<String, AbortHandle>>,
}

impl Postgres {
    /// Finds PostgreSQL, and begins to follow the workspace. Starts no server yet.
    ///
    /// # Errors
    ///
    /// When there is no PostgreSQL, no place for its data, or no address for its endpoints.
    pub(crate) async fn start(
        options: &PostgresOptions,
        host: IpAddr,
        shared: Arc<Shared>,
    ) -> io::Result<Arc<Postgres>> {
        let refuse = |text: String| io::Error::new(io::ErrorKind::InvalidInput, text);
        let installations = Installations::find(options, search_path()).map_err(refuse)?;
        let account = Account::choose(options.user.as_deref()).map_err(refuse)?;
        let authority = Authority::create().map_err(io::Error::other)?;
        let port = options.port;
        // The first listener serves all hosts of a domain, or holds a block of addresses.
        let (hosts, names, first) = if let Some(domain) = &options.domain {
            let listener = bind(SocketAddr::new(host, port)).await?;
            let names = vec![format!("*.{domain}"), domain.clone()];
            (Hosts::Domain(domain.clone()), names, listener)
        } else {
            let (block, listener) = reserve_block(port).await?;
            (Hosts::Loopback { block }, Vec::new(), listener)
        };
        let place = Place::create(options.directory.as_deref(), account.as_ref())?;
        place.write_certificate(authority.pem())?;
        shared.lock().world.hosts = hosts;
        let postgres = Postgres {
            fleet: Arc::new(Fleet::new(shared, installations, account, place)),
            authority,
            port,
            has_addresses: options.domain.is_none(),
            listeners: Mutex::default(),
        };
        let tls = postgres.authority.acceptor(names).map_err(io::Error::other)?;
        tokio::spawn(accept(first, postgres.door(tls, None)));
        let postgres = Arc::new(postgres);
        let weak = Arc::downgrade(&postgres);
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(TICK);
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                let Some(postgres) = weak.upgrade() else { return };
                postgres.follow().await;
            }
        });
        Ok(postgres)
    }

    /// Brings servers, data and listeners to what the workspace says now.
    pub(crate) async fn follow(&self) {
        self.fleet.follow().await;
        if !self.has_addresses {
            return;
        }
        let mut listeners = self.listeners.lock().await;
        let endpoints = self.fleet.hosts();
        let exists = |host: &String| endpoints.values().any(|hosts| hosts.contains(host));
        for (_, listener) in listeners.extract_if(.., |host, _| !exists(host)) {
            listener.abort();
        }
        for hosts in endpoints.values() {
            let missing: Vec<&String> =
                hosts.iter().filter(|host| !listeners.contains_key(*host)).collect();
            match self.listen(&missing).await {
                Ok(new) => listeners.extend(new),
                Err(error) => complain(&hosts.join(" "), &error.to_string()),
            }
        }
    }

    /// Listens on addresses of one endpoint.
    async fn listen(&self, hosts: &[&String]) -> io::Result<Vec<(String, AbortHandle)>> {
        if hosts.is_empty() {
            return Ok(Vec::new());
        }
        let names = hosts.iter().map(|host| (*host).clone()).collect();
        let tls = self.authority.acceptor(names).map_err(io::Error::other)?;
        let mut new = Vec::new();
        for host in hosts {
            let address: Ipv4Addr = host.parse().map_err(io::Error::other)?;
            let listener = bind(SocketAddr::new(address.into(), self.port)).await?;
            let door = self.door(tls.clone(), Some((*host).clone()));
            new.push(((*host).clone(), tokio::spawn(accept(listener, door)).abort_handle()));
        }
        Ok(new)
    }

    fn door(&self, tls: TlsAcceptor, host: Option<String>) -> Door {
        Door { fleet: Arc::clone(&self.fleet), tls, host }
    }

    /// The file with the certificate that clients may trust.
    pub(crate) fn certificate(&self) -> &Path {
        self.fleet.certificate()
    }
}

async fn accept(listener: TcpListener, door: Door) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Such as too many open files, which takes a while to pass.
            #[expect(clippy::disallowed_methods, reason = "a room for sockets and time")]
            tokio::time::sleep(TICK).await;
            continue;
        };
        let door = door.clone();
        // What fails here is the connection's end.
        tokio::spawn(async move { session::serve(stream, door).await });
    }
}

async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let advice = match error.kind() {
            io::ErrorKind::AddrInUse => {
                "; another PostgreSQL may listen on all addresses: stop it, or choose another port \
                 with --postgres-port and set PGPORT for clients"
            }
            io::ErrorKind::AddrNotAvailable => {
                "; this system has no loopback addresses but 127.0.0.1: use --postgres-domain"
            }
            _ => "",
        };
        io::Error::new(error.kind(), format!("cannot listen on {address}: {error}{advice}"))
    })
}

/// Takes a block of addresses that no other emulator has.
async fn reserve_block(port: u16) -> io::Result<(u8, TcpListener)> {
    let (first, last) = BLOCKS;
    let mut blocks: Vec<u8> = (first..=last).collect();
    fastrand::shuffle(&mut blocks);
    let mut refusal = io::Error::from(io::ErrorKind::AddrInUse);
    for block in blocks {
        match bind(SocketAddr::from(([127, block, 255, 254], port))).await {
            Ok(listener) => return Ok((block, listener)),
            Err(error) => refusal = error,
        }
    }
    Err(refusal)
}

#[expect(clippy::disallowed_methods, reason = "the crate's only variable")]
fn search_path() -> Option<std::ffi::OsString> {
    std::env::var_os("PATH")
}
