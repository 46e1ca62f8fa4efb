//! Everything between `exec` and the first call: how Terraform starts a provider and how it ends.
//!
//! Terraform starts one process per provider configuration and graph walk, three for a plan and
//! four for an apply, so nothing happens before the handshake line that need not: a socket, a key
//! and the line. It knows the services of [`services`] but nothing of what a provider answers.
//!
//! Stdout belongs to the handshake. After its one line nothing may be written there: Terraform
//! discards it, and stops reading at a line over 64 KiB, which blocks the writer.
//!
//! Start reading at [`serve`].

use std::process::ExitCode;
use std::sync::Arc;

use tokio::runtime::Runtime;

use crate::{Provider, server};

mod connections;
mod environment;
mod handshake;
mod log;
mod panics;
mod reattach;
mod services;
mod shutdown;
mod signals;
mod socket;
mod tls;

use connections::{Admission, Connections};
use environment::Environment;
use services::{Control, Services};
use shutdown::Ending;
use signals::Signals;
use socket::Socket;
use tls::Tls;

/// Who the provider is.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// Its source address, `registry.terraform.io/namespace/type`.
    pub address: &'static str,
    /// Its type: `TF_LOG_PROVIDER_<NAME>` sets how much it logs.
    pub name: &'static str,
}

/// What keeps a provider from being served, in a sentence.
type Failure = String;

/// Whether Terraform started this process, rather than a person.
pub fn started_by_terraform() -> bool {
    Environment::started_by_terraform()
}

/// Serves the provider to the Terraform that started this process, until that lets it go.
///
/// # Flow
/// Socket, key, handshake line; then connections, until Terraform shuts the provider down or is
/// gone. Started by a person, it explains itself and fails.
///
/// # Guarantees
/// Only the holder of Terraform's certificate is served; where Terraform gave none, only the own
/// user. Ctrl-C, which a terminal sends to this process too, ends nothing: Terraform says when to
/// stop. The socket's folder is removed.
///
/// # Assumptions
/// The provider was made in no time, for Terraform starts several processes per command; nothing
/// is ever written to stdout; and the caller returns the code from `main` at once: calls that still
/// run end with the process.
pub fn serve(program: &Program, provider: impl Provider) -> ExitCode {
    if !started_by_terraform() {
        eprintln!(
            "This program is the Terraform provider {}. Terraform starts it; it does nothing by \
             itself. To use it, name it in `required_providers` and run `terraform init`.",
            program.address
        );
        return ExitCode::FAILURE;
    }
    run(program, |environment| plugin(environment, Arc::new(provider)))
}

/// Serves the provider to every Terraform of this user that is told where it is, until Ctrl-C.
///
/// Prints `TF_REATTACH_PROVIDERS='…'` for Terraform's environment. A debugger can be attached to
/// this one process, which all commands then share.
///
/// # Guarantees
/// Only the own user is served, without TLS. That needs a Unix socket, so not on Windows.
pub fn debug(program: &Program, provider: impl Provider) -> ExitCode {
    run(program, |environment| reattachable(program, environment, Arc::new(provider)))
}

fn run<F>(program: &Program, serving: impl FnOnce(Environment) -> F) -> ExitCode
where
    F: Future<Output = Result<(), Failure>>,
{
    let environment = Environment::read(program.name);
    log::install(environment.log);
    panics::install();
    let served = runtime().and_then(|runtime| {
        let served = runtime.block_on(serving(environment));
        // Terraform waits for the process to be gone, so nothing that still runs is waited for.
        runtime.shutdown_background();
        served
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

/// Calls wait for the service nearly all of their time, so two threads carry them all.
fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| format!("The provider's threads could not be started: {error}."))
}

async fn plugin(environment: Environment, provider: Arc<dyn Provider>) -> Result<(), Failure> {
    let signals = Signals::install()?;
    let socket = Socket::bind(&environment.place)?;
    let (admission, certificate) = match &environment.client_certificate {
        Some(pem) => {
            let Tls { acceptor, certificate } = Tls::pinned_to(pem)?;
            (Admission::Certificate(acceptor), certificate)
        }
        None => (Admission::own_user(socket.user)?, Vec::new()),
    };
    handshake::print(&socket.address, &certificate, environment.multiplex)?;
    let connections = Connections::default();
    let (control, shutdown) = Control::new();
    let services = Services { provider: server::service(provider), control };
    tokio::spawn(services.serve(connections.accept(socket.listener, admission)));
    socket::sweep();
    Ending { signals, connections, shutdown }.wait().await;
    Ok(())
}

async fn reattachable(
    program: &Program,
    environment: Environment,
    provider: Arc<dyn Provider>,
) -> Result<(), Failure> {
    let mut signals = Signals::install()?;
    let socket = Socket::bind(&environment.place)?;
    let admission = Admission::own_user(socket.user)?;
    reattach::print(program.address, &socket.address)?;
    // One process serves many runs, and each wishes the end when it is over.
    let (control, _ignored) = Control::new();
    let services = Services { provider: server::service(provider), control };
    let incoming = Connections::default().accept(socket.listener, admission);
    tokio::spawn(services.serve(incoming));
    signals.any().await;
    Ok(())
}
