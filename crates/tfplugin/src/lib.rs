//! The Terraform plugin protocol, version 6, for providers written in Rust.
//!
//! A provider implements [`Provider`] over plain values and hands itself to [`serve`]; this crate
//! does the rest: the handshake with Terraform, mutual TLS, gRPC, and the coding of values.
//! It knows Terraform and nothing of any service, so that it could serve any provider.
//!
//! Start reading at [`Provider`], then [`Value`], then `server.rs`.

mod clock;
mod diagnostic;
mod generated;
mod launch;
mod path;
mod provider;
mod schema;
mod server;
mod types;
mod value;
mod value_error;

pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use launch::{Program, debug, serve, started_by_terraform};
pub use path::{Path, Step};
pub use provider::*;
pub use schema::*;
pub use types::Type;
pub use value::{Number, Object, Refinement, Value};
pub use value_error::ValueError;

/// The cancellation token of [`Call::stop`], re-exported so that its version is this crate's.
pub use tokio_util::sync::CancellationToken;
