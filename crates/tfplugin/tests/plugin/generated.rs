//! The client's side of `proto/`, made by `cargo xtask generate`.

#![allow(
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    dead_code,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    reason = "generated; the protocol is larger than what the tests use of it"
)]

#[rustfmt::skip]
pub(crate) mod plugin;
#[rustfmt::skip]
pub(crate) mod tfplugin6;
