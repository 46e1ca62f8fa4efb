//! The one line by which Terraform finds the provider.

use crate::calls::assert_answers;
use crate::client;
use crate::process::{Process, short_folder};
use crate::shutdown::shut_down;

#[tokio::test]
async fn the_handshake_names_version_socket_and_certificate() {
    for versions in ["5,6", "6,5"] {
        let (process, handshake) = Process::start_with(|command| {
            command.env("PLUGIN_PROTOCOL_VERSIONS", versions);
        })
        .await;
        let fields = &handshake.fields;
        assert_eq!(fields.len(), 6, "a seventh field breaks Terraform 1.8");
        assert_eq!((fields[0].as_str(), fields[1].as_str()), ("1", "6"), "{versions}");
        assert_eq!((fields[2].as_str(), fields[4].as_str()), ("unix", "grpc"));
        assert!(handshake.socket().starts_with(process.temporary.path()));
        assert_answers(&client::terraform(&handshake).await).await;
    }
}

#[tokio::test]
async fn handshake_denies_multiplexing_to_clients_that_ask() {
    let (_process, handshake) = Process::start_with(|command| {
        command.env("PLUGIN_MULTIPLEX_GRPC", "true");
    })
    .await;
    assert_eq!(handshake.fields[6..], ["false"]);
}

#[tokio::test]
async fn a_folder_for_temporary_files_that_breaks_the_handshake_is_not_used() {
    let parent = tempfile::tempdir().expect("a folder can be made");
    for unfit in ["long".repeat(25), "a|b".to_owned()] {
        let folder = parent.path().join(unfit);
        std::fs::create_dir(&folder).expect("a folder can be made");
        let (mut process, handshake) = Process::start_with(|command| {
            command.env("TMPDIR", &folder);
        })
        .await;
        assert!(handshake.socket().starts_with("/tmp"));
        let channel = client::terraform(&handshake).await;
        assert_answers(&channel).await;
        shut_down(&channel).await; // or the real /tmp keeps a folder
        process.end().await;
    }
}

#[tokio::test]
async fn the_socket_is_where_the_client_wants_it() {
    let folder = short_folder();
    let (_process, handshake) = Process::start_with(|command| {
        command.env("PLUGIN_UNIX_SOCKET_DIR", folder.path());
    })
    .await;
    assert!(handshake.socket().starts_with(folder.path()));
    assert_answers(&client::terraform(&handshake).await).await;
}

#[tokio::test]
async fn provider_started_manually_prints_an_explanation() {
    for cookie in ["", "another"] {
        let mut process = Process::spawn(|command| {
            command.env("TF_PLUGIN_MAGIC_COOKIE", cookie);
        });
        let (status, stdout, stderr) = process.end().await;
        assert_eq!((status.code(), stdout.as_str()), (Some(1), ""));
        assert!(stderr.contains("registry.terraform.io/example/test"), "{stderr}");
    }
}
