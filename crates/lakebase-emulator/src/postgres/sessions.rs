//! Counts the sessions of each endpoint, ends them when it suspends, and finds those that are to be
//! cancelled.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

/// The sessions of all endpoints.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    endpoints: Mutex<BTreeMap<String, Arc<Gate>>>,
    cancellable: Mutex<BTreeMap<(u32, Vec<u8>), Target>>,
}

/// The sessions of one endpoint.
#[derive(Debug)]
pub(crate) struct Gate {
    /// Notified when all sessions are to end.
    end: watch::Sender<()>,
    /// The sessions that are open, queued ones excluded.
    open: Mutex<usize>,
    /// Notified when a session ends.
    freed: Notify,
}

/// Where a query can be cancelled.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) socket: PathBuf,
    pub(crate) process: u32,
    pub(crate) secret: Vec<u8>,
}

impl Sessions {
    /// The sessions of the endpoint with this UID.
    pub(crate) fn gate(&self, endpoint: &str) -> Arc<Gate> {
        let gate = || Arc::new(Gate::new());
        Arc::clone(lock(&self.endpoints).entry(endpoint.to_owned()).or_insert_with(gate))
    }

    /// Ends all sessions of an endpoint.
    pub(crate) fn end(&self, endpoint: &str) {
        if let Some(gate) = lock(&self.endpoints).get(endpoint) {
            gate.end.send_replace(());
        }
    }

    /// Ends the sessions of endpoints that no longer exist.
    pub(crate) fn retain(&self, exists: impl Fn(&str) -> bool) {
        for (_, gate) in lock(&self.endpoints).extract_if(.., |endpoint, _| !exists(endpoint)) {
            gate.end.send_replace(());
        }
    }

    /// Makes a session cancellable by a secret that only its client learns. Returns the secret.
    pub(crate) fn enter(&self, target: Target) -> Vec<u8> {
        let secret = fastrand::u32(..).to_be_bytes().to_vec();
        lock(&self.cancellable).insert((target.process, secret.clone()), target);
        secret
    }

    pub(crate) fn leave(&self, process: u32, secret: &[u8]) {
        lock(&self.cancellable).remove(&(process, secret.to_vec()));
    }

    pub(crate) fn target(&self, process: u32, secret: &[u8]) -> Option<Target> {
        lock(&self.cancellable).get(&(process, secret.to_vec())).cloned()
    }
}

impl Gate {
    fn new() -> Gate {
        Gate { end: watch::Sender::new(()), open: Mutex::new(0), freed: Notify::new() }
    }

    /// Learns when the sessions that exist now are to end.
    pub(crate) fn ends(&self) -> watch::Receiver<()> {
        self.end.subscribe()
    }

    /// Opens a session if there are fewer than `limit`.
    pub(crate) fn open(self: &Arc<Gate>, limit: usize) -> Option<Seat> {
        let mut open = lock(&self.open);
        if *open >= limit {
            return None;
        }
        *open += 1;
        Some(Seat(Arc::clone(self)))
    }

    /// Opens a session once there are fewer than `limit`, as a connection pool does.
    pub(crate) async fn queue(self: &Arc<Gate>, limit: usize) -> Seat {
        loop {
            if let Some(seat) = self.open(limit) {
                return seat;
            }
            self.freed.notified().await;
        }
    }
}

/// One session among those of its endpoint.
#[derive(Debug)]
pub(crate) struct Seat(Arc<Gate>);

impl Drop for Seat {
    fn drop(&mut self) {
        *lock(&self.0.open) -= 1;
        self.0.freed.notify_one();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
