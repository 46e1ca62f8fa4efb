//! Who may call: the Terraform that started the provider, and nobody else on the machine.

use std::os::unix::fs::PermissionsExt;

use rustls::SupportedProtocolVersion;
use rustls::version::{TLS12, TLS13};
use tokio::net::UnixStream;

use crate::calls::{assert_answers, validate};
use crate::client::{self, Identity};
use crate::process::{Handshake, Process, as_terraform, in_shell};

/// Whether somebody is let in far enough to be answered.
async fn is_answered(
    handshake: &Handshake,
    identity: Identity,
    version: &'static SupportedProtocolVersion,
) -> bool {
    // In TLS 1.3 a client learns only from the answer, or its absence, that it was refused.
    match client::connect(handshake, identity, version).await {
        Ok(channel) => validate(&channel, "").await.is_ok(),
        Err(_) => false,
    }
}

#[tokio::test]
async fn only_the_holder_of_terraforms_certificate_is_answered() {
    let (_process, handshake) = Process::start().await;
    for version in [&TLS12, &TLS13] {
        assert!(!is_answered(&handshake, Identity::nobody(), version).await, "{version:?}");
        assert!(!is_answered(&handshake, Identity::stranger(), version).await, "{version:?}");
        assert!(!is_answered(&handshake, Identity::impostor(), version).await, "{version:?}");
        assert!(is_answered(&handshake, Identity::terraform(), version).await, "{version:?}");
    }
}

#[tokio::test]
async fn plain_text_is_refused_where_terraform_gave_a_certificate() {
    let (_process, handshake) = Process::start().await;
    let answered = match client::connect_plain(handshake.socket()).await {
        Ok(channel) => validate(&channel, "").await.is_ok(),
        Err(_) => false,
    };
    assert!(!answered);
    assert_answers(&client::terraform(&handshake).await).await;
}

#[tokio::test]
async fn refused_connection_is_logged_and_does_not_block_others() {
    let (mut process, handshake) = Process::start_with(|command| {
        command.env("TF_LOG", "warn");
    })
    .await;
    assert!(!is_answered(&handshake, Identity::stranger(), &TLS13).await);
    process.stderr_line("refused a connection").await;
    assert_answers(&client::terraform(&handshake).await).await;
}

#[tokio::test]
async fn silent_connection_does_not_block_others() {
    let (_process, handshake) = Process::start().await;
    let _silent = UnixStream::connect(handshake.socket()).await.expect("the socket is bound");
    assert_answers(&client::terraform(&handshake).await).await;
}

#[tokio::test]
async fn connections_resume_after_file_descriptor_exhaustion() {
    let (mut process, handshake) = Process::start_with(|command| {
        in_shell(command.env("TF_LOG", "warn"), "ulimit -n 24 && exec \"$0\"");
    })
    .await;
    let mut crowd = Vec::new();
    for _ in 0..32 {
        crowd.push(UnixStream::connect(handshake.socket()).await.expect("the socket is bound"));
    }
    process.stderr_line("could not accept a connection").await;
    drop(crowd);
    assert_answers(&client::terraform(&handshake).await).await;
}

#[tokio::test]
async fn the_connection_speaks_http_2_by_name() {
    let (_process, handshake) = Process::start().await;
    let stream = client::tls(&handshake, Identity::terraform(), &[&TLS13]).await;
    let (_, connection) = stream.as_ref().expect("Terraform is let in").get_ref();
    assert_eq!(connection.alpn_protocol(), Some(&b"h2"[..]));
}

#[tokio::test]
async fn socket_is_accessible_only_to_its_user() {
    let (_process, handshake) = Process::start().await;
    let folder = handshake.socket().parent().expect("the socket is in a folder").to_owned();
    let mode = folder.metadata().expect("the folder is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[tokio::test]
async fn unreadable_certificate_is_an_error_and_not_plain_text() {
    let mut process = Process::spawn(|command| {
        as_terraform(command).env("PLUGIN_CLIENT_CERT", "not a certificate");
    });
    let (status, stdout, stderr) = process.end().await;
    assert_eq!((status.code(), stdout.as_str()), (Some(1), ""));
    assert!(stderr.starts_with("Terraform's certificate cannot be read"), "{stderr}");
}
