//! A built provider, started and called as Terraform does it.
//!
//! `process` starts it, `client` connects; each other module is one side of the conversation.

#![cfg(unix)] // they send signals and connect to Unix sockets

mod calls;
mod client;
mod client_authentication;
mod debugging;
mod generated;
mod handshake;
mod logs;
mod process;
mod protocol_requirements;
mod shutdown;
