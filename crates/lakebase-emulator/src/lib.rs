//! A stand-in for the REST API of Databricks Lakebase Autoscaling, for tests.
//!
//! It is at least as strict as the service. Each rule in the code carries how sure it is: REC
//! (recorded from the service), DOC (documented), KIT (second-hand documentation), FAKE (what the
//! Databricks CLI's own fake does), CODE (what clients do) or INF (inferred); the section numbers
//! are those of the project's API reference. What is inferred or disputed and could be otherwise is
//! a [`Behavior`] that can be chosen.
//!
//! With [`Options::postgres`], its endpoints are PostgreSQL servers that clients connect to.
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
//! Start reading at the private module `model::kind`, then at `resources::database`, the smallest
//! kind, and at `api`, which interprets them.

mod access;
mod admin;
mod api;
mod auth;
mod clock;
mod error;
mod faults;
mod journal;
mod kinds;
mod mask;
mod message;
mod model;
mod name;
mod options;
mod overview;
mod page;
#[cfg(unix)]
mod postgres;
#[cfg(not(unix))]
#[path = "postgres/elsewhere.rs"]
mod postgres;
mod resources;
mod schema;
mod server;
mod service;
mod shared;
mod state;
mod wire;

#[cfg(test)]
mod tests;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::{Arc, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::Value as Json;
use tokio::runtime::Runtime;

pub use faults::{Effect, Fault, FaultKind};
pub use journal::Recorded;
pub use options::behaviors::{Behavior, Behaviors, Conflicts, Deviations, help as behaviors_help};
pub use options::{Identity, NeverSuspended, Options, PostgresOptions, Quotas};

use postgres::Postgres;
use server::Backend;
use service::Service;
use shared::Shared;

/// When to give up on what should have happened long ago.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running emulator. It serves from its own threads, and stops when it is dropped.
#[derive(Debug)]
pub struct Emulator {
    shared: Arc<Shared>,
    options: Options,
    url: String,
    address: SocketAddr,
    runtime: Option<Runtime>,
    /// Ends after the runtime, whose tasks use it.
    postgres: Option<Arc<Postgres>>,
}

impl Emulator {
    /// Starts an emulator of an empty workspace.
    ///
    /// # Errors
    ///
    /// When the options are wrong, or the port is taken.
    pub fn start(options: Options) -> io::Result<Emulator> {
        Emulator::start_with_state(options, br#"{"version": 1}"#)
    }

    /// Starts an emulator of the workspace of a document, as [`Emulator::set_state`] takes it.
    ///
    /// # Errors
    ///
    /// As [`Emulator::start`], and when the document is wrong.
    pub fn start_with_state(options: Options, state: &[u8]) -> io::Result<Emulator> {
        let invalid = |text| io::Error::new(io::ErrorKind::InvalidInput, text);
        options.check().map_err(invalid)?;
        let address = (options.host, options.port);
        let listener = TcpListener::bind(address).map_err(|error| {
            let (host, port) = address;
            io::Error::new(error.kind(), format!("cannot listen on {host}:{port}: {error}"))
        })?;
        listener.set_nonblocking(true)?;
        let mut address = listener.local_addr()?;
        if address.ip().is_unspecified() {
            address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
        }
        let url = options.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
        let mut service = Service::new(options.clone(), url.clone());
        service.set_state(state).map_err(|error| invalid(error.message))?;
        let shared = Shared::new(service);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(if options.postgres.is_some() { 2 } else { 1 })
            .thread_name("lakebase-emulator")
            .enable_io()
            .enable_time()
            .build()?;
        let listener = {
            let _inside = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let wanted = options.postgres.clone();
        let host = options.host;
        let runtime = Some(runtime);
        let mut emulator = Emulator { shared, options, url, address, runtime, postgres: None };
        if let (Some(wanted), Some(runtime)) = (wanted, &emulator.runtime) {
            // In a task: the caller may be inside a runtime, which must not be blocked on.
            let shared = Arc::clone(&emulator.shared);
            let start = async move { Postgres::start(&wanted, host, shared).await };
            emulator.postgres = Some(wait(runtime, start)??);
        }
        let (shared, postgres) = (Arc::clone(&emulator.shared), emulator.postgres.clone());
        if let Some(runtime) = &emulator.runtime {
            runtime.spawn(server::serve(listener, Backend { shared, postgres }));
        }
        Ok(emulator)
    }

    /// `http://127.0.0.1:PORT`, or the public URL of the options.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// The file with the certificate that clients of PostgreSQL may trust (`sslrootcert`), if
    /// there is PostgreSQL.
    pub fn certificate(&self) -> Option<&Path> {
        self.postgres.as_ref().map(|postgres| postgres.certificate())
    }

    /// Where the emulator listens; on this machine, if it listens on all addresses.
    pub fn address(&self) -> SocketAddr {
        self.address
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

    /// Who may use the workspace besides, with their tokens and clients.
    pub fn identities(&self) -> &[Identity] {
        &self.options.identities
    }

    /// The requests since the start or [`Emulator::forget_requests`], in order: polls, discovery
    /// and refused ones too. Of more than 10,000, the oldest are dropped.
    pub fn requests(&self) -> Vec<Recorded> {
        self.service().journal.entries().to_vec()
    }

    /// Those of the requests that meant to change an object of the service.
    pub fn mutations(&self) -> Vec<Recorded> {
        let service = self.service();
        let mutations = service.journal.entries().iter().filter(|request| request.is_mutation());
        mutations.cloned().collect()
    }

    /// Empties the record.
    pub fn forget_requests(&self) {
        self.service().journal.clear();
    }

    /// Calls a function with each request from now on, when it is recorded.
    pub fn on_request(&self, listener: fn(&Recorded)) {
        self.service().journal.listener = Some(listener);
    }

    /// Blocks until the record is as a test that acts in the midst of a run wants it.
    ///
    /// # Panics
    ///
    /// When it is not so within a minute: the client has probably ended.
    pub fn wait_for(&self, mut condition: impl FnMut(&[Recorded]) -> bool) {
        let unmet = |service: &mut Service| !condition(service.journal.entries());
        let recorded = &self.shared.recorded;
        let (service, end) = recorded
            .wait_timeout_while(self.service(), PATIENCE, unmet)
            .unwrap_or_else(PoisonError::into_inner);
        let requests = service.journal.entries().to_vec();
        drop(service);
        assert!(!end.timed_out(), "waited in vain; the requests were {requests:#?}");
    }

    /// Plans a misbehavior.
    ///
    /// # Panics
    ///
    /// When it is one that [`Fault::check`] refuses.
    pub fn fault(&self, fault: Fault) {
        assert_eq!(fault.check(), Ok(()), "{fault:?}");
        self.service().faults.plan(fault);
    }

    /// Takes back the misbehaviors that have not hit a request yet, and ends stale reads.
    pub fn forget_faults(&self) {
        self.service().forget_faults();
    }

    /// Sets the deviations from recorded behavior, from the next request on.
    pub fn set_deviations(&self, deviations: Deviations) {
        self.service().world.options.deviations = deviations;
    }

    /// Sets how the emulator behaves where Lakebase's behavior is inferred or disputed, from the next
    /// request on.
    pub fn set_behaviors(&self, behaviors: Behaviors) {
        self.service().world.options.behaviors = behaviors;
    }

    /// What a GET of this name would answer now; `None` where it would be a 404. Leaves no record
    /// and is subject to no faults and no delays.
    pub fn get(&self, name: &str) -> Option<Json> {
        self.service().get(name)
    }

    /// The names of everything that lives, sorted.
    pub fn names(&self) -> Vec<String> {
        self.service().names()
    }

    /// Creates an object as a client could, with what comes with it, but at once, with any ID, and
    /// without a record. The body is that of a create: `{"spec": {…}}`.
    ///
    /// # Panics
    ///
    /// When the service would refuse it: the object exists, or its parent does not.
    #[expect(clippy::needless_pass_by_value, reason = "reads well with `json!` at the call")]
    pub fn create(&self, name: &str, body: Json) {
        let created = self.service().create(name, &body);
        assert!(created.is_ok(), "`{name}` cannot be created: {created:?}");
        self.follow();
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
        assert!(self.service().change(name, patch), "there is no `{name}`");
        self.follow();
    }

    /// Removes an object, with all that is in it, at once and without a trace.
    ///
    /// # Panics
    ///
    /// When there is no such object.
    pub fn remove(&self, name: &str) {
        assert!(self.service().remove(name), "there is no `{name}`");
        self.follow();
    }

    /// The whole workspace as a document, which [`Emulator::set_state`] takes. The README describes
    /// its form.
    pub fn state(&self) -> Json {
        self.service().state()
    }

    /// Replaces the workspace by that of a document.
    ///
    /// # Errors
    ///
    /// The text names the place that is wrong, such as `objects[2].uid`. Nothing has changed then.
    pub fn set_state(&self, document: &[u8]) -> Result<(), String> {
        self.service().set_state(document).map_err(|error| error.message)?;
        self.follow();
        Ok(())
    }

    /// Moves the clock on: operations end, tokens and branches expire, soft-deleted objects are purged.
    pub fn advance(&self, by: Duration) {
        let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
        self.service().clock.advance(by);
        self.follow();
    }

    /// Lets PostgreSQL follow a change.
    fn follow(&self) {
        if let (Some(postgres), Some(runtime)) = (self.postgres.clone(), &self.runtime) {
            // It fails where the runtime shuts down, which ends PostgreSQL.
            let _ = wait(runtime, async move { postgres.follow().await });
        }
    }

    fn service(&self) -> MutexGuard<'_, Service> {
        self.shared.lock()
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let Some(runtime) = self.runtime.take() else { return };
        if self.postgres.is_none() {
            // Not the blocking kind: a test may drop an emulator inside a runtime of its own.
            return runtime.shutdown_background();
        }
        // Servers end before this returns; a thread may block where the caller's runtime must not.
        let _ = thread::spawn(move || runtime.shutdown_timeout(PATIENCE)).join();
    }
}

/// Runs a task, and waits for its outcome, whether or not the caller is inside another runtime.
fn wait<T: Send + 'static>(
    runtime: &Runtime,
    task: impl Future<Output = T> + Send + 'static,
) -> io::Result<T> {
    let (done, outcome) = mpsc::channel();
    runtime.spawn(async move { done.send(task.await) });
    outcome.recv().map_err(io::Error::other)
}
