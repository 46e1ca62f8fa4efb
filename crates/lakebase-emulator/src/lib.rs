//! A stand-in for the REST API of Databricks Lakebase Autoscaling, for tests.
//!
//! It is at least as strict as the service. Each rule in the code carries how sure it is: REC
//! (recorded from the service), DOC (documented), KIT (second-hand documentation), FAKE (what the
//! Databricks CLI's own fake does), CODE (what clients do) or INF (inferred); the section numbers
//! are those of the project's API reference.
//!
//! It shares no code with this project's client, so that no mistake is shared either.
//!
//! ```
//! use lakebase_emulator::{Emulator, Options};
//!
//! let emulator = Emulator::start(Options::default())?;
//! assert!(emulator.url().starts_with("http://127.0.0.1:"));
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Start reading at the private module `service`.

mod admin;
mod auth;
mod call;
mod clock;
mod error;
mod faults;
mod journal;
mod mask;
mod operations;
mod options;
mod resources;
mod schema;
mod server;
mod service;
mod store;
mod unkind;
mod wire;

#[cfg(test)]
mod tests;

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::Value as Json;
use tokio::runtime::Runtime;

pub use faults::{Effect, Fault, FaultKind};
pub use journal::Recorded;
pub use options::{NeverSuspended, Options, Quotas};
pub use unkind::Unkind;

use service::Service;

/// When to give up on what should have happened long ago.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running emulator. It serves from its own threads, and stops when it is dropped.
#[derive(Debug)]
pub struct Emulator {
    service: server::Shared,
    options: Options,
    url: String,
    runtime: Option<Runtime>,
}

impl Emulator {
    /// Starts an emulator of an empty workspace on 127.0.0.1.
    ///
    /// # Errors
    ///
    /// When the port is taken.
    pub fn start(options: Options) -> io::Result<Emulator> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}", listener.local_addr()?);
        let service = Service::new(options.clone(), url.clone());
        let service = Arc::new((Mutex::new(service), Condvar::new()));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("lakebase-emulator")
            .enable_io()
            .enable_time()
            .build()?;
        let listener = {
            let _inside = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        runtime.spawn(server::serve(listener, Arc::clone(&service)));
        Ok(Emulator { service, options, url, runtime: Some(runtime) })
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// The personal access token that is accepted.
    pub fn token(&self) -> &str {
        &self.options.token
    }

    /// The OAuth client that is accepted.
    pub fn client_id(&self) -> &str {
        &self.options.client_id
    }

    /// The secret of that client.
    pub fn client_secret(&self) -> &str {
        &self.options.client_secret
    }

    /// Every request since the start or [`Emulator::forget_requests`], in order: polls, discovery
    /// and refused ones too.
    pub fn requests(&self) -> Vec<Recorded> {
        self.service().journal.clone()
    }

    /// Those of the requests that meant to change an object of the service.
    pub fn mutations(&self) -> Vec<Recorded> {
        self.service().journal.iter().filter(|request| request.is_mutation()).cloned().collect()
    }

    /// Empties the record.
    pub fn forget_requests(&self) {
        self.service().journal.clear();
    }

    /// Blocks until the record is as a test that acts in the midst of a run wants it.
    ///
    /// # Panics
    ///
    /// When it is not so within a minute: who should have asked has died.
    pub fn wait_for(&self, mut condition: impl FnMut(&[Recorded]) -> bool) {
        let (_, recorded) = &*self.service;
        let unmet = |service: &mut Service| !condition(&service.journal);
        let end = recorded.wait_timeout_while(self.service(), PATIENCE, unmet);
        let (service, end) = end.expect("no request panics");
        let requests = service.journal.clone();
        drop(service); // a panic under the lock would take every other use of it along
        assert!(!end.timed_out(), "waited in vain; the requests were {requests:#?}");
    }

    /// Plans a misbehavior.
    pub fn fault(&self, fault: Fault) {
        self.service().faults.plan(fault);
    }

    /// Takes back the misbehaviors that have not struck yet, and ends stale reads.
    pub fn forget_faults(&self) {
        self.service().behave();
    }

    /// Sets the ways in which the answers differ from what was recorded, from the next request on.
    pub fn set_unkind(&self, unkind: Unkind) {
        self.service().unkind = unkind;
    }

    /// What a GET of this name would answer now; `None` where it would be a 404. Leaves no record
    /// and minds no faults and no delays.
    pub fn get(&self, name: &str) -> Option<Json> {
        self.service().look(name)
    }

    /// The names of everything that lives, sorted.
    pub fn names(&self) -> Vec<String> {
        self.service().list()
    }

    /// Changes an object's `status` behind the back of clients: a merge patch, in which `null`
    /// removes. An endpoint without `suspend_timeout_duration` never suspends.
    ///
    /// # Panics
    ///
    /// When there is no such object, or the patch is no JSON object.
    #[expect(clippy::needless_pass_by_value, reason = "reads well with `json!` at the call")]
    pub fn change(&self, name: &str, status_patch: Json) {
        let patch = status_patch.as_object().expect("a patch of a status is an object");
        assert!(self.service().drift(name, patch), "there is no `{name}`");
    }

    /// Removes an object, with all that is in it, at once and without a trace.
    ///
    /// # Panics
    ///
    /// When there is no such object.
    pub fn remove(&self, name: &str) {
        assert!(self.service().vanish(name), "there is no `{name}`");
    }

    /// Moves the clock on: operations end, tokens and branches expire, the trash is emptied.
    pub fn advance(&self, by: Duration) {
        let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
        self.service().clock.advance(by);
    }

    fn service(&self) -> MutexGuard<'_, Service> {
        self.service.0.lock().expect("no request panics")
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Not the blocking kind: a test may drop an emulator inside a runtime of its own.
            runtime.shutdown_background();
        }
    }
}
