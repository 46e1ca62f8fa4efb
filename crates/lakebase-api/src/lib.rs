//! A client for the REST API of Databricks Lakebase Autoscaling.
//!
//! This crate knows the service: how to authenticate, what may be sent twice, how an operation is waited
//! for, what an error means. It knows no Terraform. One client serves all resources: what is only
//! carried stays [`Json`], and only what is acted upon has a type.
//!
//! Start reading at [`Client`], then `transport.rs` (one request, until it is answered), then
//! `retry.rs` and `operation.rs` (the decisions, without input or output).

mod address;
mod answer;
mod authentication;
mod client;
mod clock;
mod credential;
mod deadline;
mod environment;
mod error;
mod http_client;
mod operation;
mod request;
mod retry;
mod secret;
mod settings;
mod traffic_log;
mod transport;
mod unverified;
mod user_agent;
mod wait;

#[cfg(test)]
mod tests;

pub use authentication::{ATTRIBUTES, Attribute, AuthError, Credentials, METHODS, ValueKind};
pub use client::{Client, Me};
pub use clock::{Clock, ManualClock, SystemClock};
pub use credential::{Credential, CredentialRequest, RolePassword};
pub use deadline::Deadline;
pub use environment::Environment;
pub use error::Error;
pub use operation::Operation;
pub use secret::Secret;
pub use settings::Settings;

/// What is carried between the service and its resources without being looked into.
pub use serde_json::Value as Json;
/// The stop token of [`Client::deadline`], re-exported so that its version is this crate's.
pub use tokio_util::sync::CancellationToken;
