//! What `cargo xtask generate` made of `proto/`: messages, and the services as traits.

#![allow(
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    dead_code,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    reason = "generated; the protocol is larger than what a provider uses of it"
)]

#[rustfmt::skip]
pub(crate) mod plugin;
#[rustfmt::skip]
pub(crate) mod tfplugin6;
