//! How the process ends, and how it does not.

use std::time::Duration;

use rustix::process::Signal;
use tokio::time::timeout;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::calls::assert_answers;
use crate::client;
use crate::generated::plugin::Empty;
use crate::generated::plugin::grpc_broker_client::GrpcBrokerClient;
use crate::generated::plugin::grpc_controller_client::GrpcControllerClient;
use crate::generated::plugin::grpc_stdio_client::GrpcStdioClient;
use crate::process::{Process, in_shell, soon};

/// Wishes the end, as Terraform does; it ignores the answer.
pub(crate) async fn shut_down(channel: &Channel) {
    let _ = GrpcControllerClient::new(channel.clone()).shutdown(Empty {}).await;
}

#[tokio::test]
async fn shutdown_ends_the_process_though_streams_are_open_and_removes_the_socket() {
    let (mut process, handshake) = Process::start().await;
    let channel = client::terraform(&handshake).await;
    // Terraform opens these two before its first call.
    let mut broker = GrpcBrokerClient::new(channel.clone());
    let broker = broker.start_stream(tokio_stream::pending()).await;
    let mut broker = broker.expect("the stream opens").into_inner();
    let stdio = GrpcStdioClient::new(channel.clone()).stream_stdio(()).await;
    let mut stdio = stdio.expect("the stream opens").into_inner();
    let request = HealthCheckRequest { service: "plugin".to_owned() };
    let health = HealthClient::new(channel.clone()).check(request).await;
    let health = health.expect("the provider tells its health").into_inner();
    assert_eq!(health.status(), ServingStatus::Serving);

    assert_answers(&channel).await;
    let now = Duration::ZERO; // whatever the streams say came before that answer
    assert!(timeout(now, broker.message()).await.is_err(), "the broker stays silent and open");
    assert!(timeout(now, stdio.message()).await.is_err(), "stdio stays silent and open");
    assert_eq!(process.left_behind().len(), 1, "the folder of the socket");
    shut_down(&channel).await;
    let (status, stdout, _) = process.end().await;
    assert!(status.success(), "{status}");
    assert_eq!(stdout, "", "nothing is printed after the handshake");
    assert!(process.left_behind().is_empty());
}

#[tokio::test]
async fn signals_do_not_end_it_while_terraform_is_connected() {
    let (mut process, handshake) = Process::start().await;
    let channel = client::terraform(&handshake).await;
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        assert_answers(&channel).await;
        process.signal(signal);
        assert_answers(&channel).await;
    }
    shut_down(&channel).await;
    assert!(process.end().await.0.success());
}

#[tokio::test]
async fn sigterm_ends_it_before_terraform_has_connected() {
    let (mut process, _handshake) = Process::start().await;
    process.signal(Signal::INT);
    process.signal(Signal::TERM);
    assert!(process.end().await.0.success(), "it ends by itself, not by the signal");
    assert!(process.left_behind().is_empty());
}

#[tokio::test]
async fn a_lost_connection_ends_it() {
    let (mut process, handshake) = Process::start().await;
    let channel = client::terraform(&handshake).await;
    assert_answers(&channel).await;
    drop(channel);
    assert!(process.end().await.0.success());
    assert!(process.left_behind().is_empty());
}

#[tokio::test]
async fn the_death_of_terraforms_process_ends_it() {
    // The shell stands in for Terraform: the provider is its child.
    let (mut process, handshake) = Process::start_with(|it| in_shell(it, "\"$0\" & wait")).await;
    let channel = client::terraform(&handshake).await;
    assert_answers(&channel).await;
    soon(process.child.kill()).await.expect("the shell runs");
    process.end().await; // the pipes close: nobody holds them any more
    assert!(process.left_behind().is_empty());
}
