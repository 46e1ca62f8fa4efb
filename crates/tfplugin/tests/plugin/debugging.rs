//! A provider that a person starts and Terraform is told of.

use std::path::PathBuf;

use serde_json::Value;

use crate::calls::assert_answers;
use crate::client::connect_plain;
use crate::process::{Process, soon};
use crate::shutdown::shut_down;

/// What the provider asks to put into Terraform's environment.
async fn reattachment(process: &mut Process) -> Value {
    loop {
        let line = soon(process.stdout.next_line()).await.expect("stdout can be read");
        let line = line.expect("the provider says where it is");
        if let Some(value) = line.trim().strip_prefix("TF_REATTACH_PROVIDERS='") {
            let value = value.strip_suffix('\'').expect("a quoted value");
            return serde_json::from_str(value).expect("JSON");
        }
    }
}

#[tokio::test]
async fn terraform_can_attach_again_and_again_until_ctrl_c() {
    let mut process = Process::spawn(|command| {
        command.arg("--debug");
    });
    let value = reattachment(&mut process).await;
    let provider = &value["registry.terraform.io/example/test"];
    assert_eq!(provider["Protocol"], "grpc");
    assert_eq!(provider["ProtocolVersion"], 6);
    assert_eq!(provider["Test"], true, "without it Terraform crashes");
    assert_eq!(provider["Pid"], process.child.id().expect("it runs"));
    assert_eq!(provider["Addr"]["Network"], "unix");
    let socket = PathBuf::from(provider["Addr"]["String"].as_str().expect("a path"));

    for _walk in ["plan", "apply"] {
        let channel = connect_plain(socket.clone()).await.expect("its own user is let in");
        assert_answers(&channel).await;
        shut_down(&channel).await;
        assert_answers(&channel).await;
    }
    process.signal(rustix::process::Signal::INT);
    assert!(process.end().await.0.success());
    assert!(process.left_behind().is_empty());
}

#[tokio::test]
async fn without_a_certificate_terraform_is_served_in_plain_text() {
    let (_process, handshake) = Process::start_with(|command| {
        command.env("PLUGIN_CLIENT_CERT", ""); // as with TF_DISABLE_PLUGIN_TLS
    })
    .await;
    assert_eq!(handshake.fields[5], "");
    let channel = connect_plain(handshake.socket()).await.expect("its own user is let in");
    assert_answers(&channel).await;
}
