//! Calls of the provider.

use tonic::transport::Channel;

use crate::client;
use crate::generated::tfplugin6::provider_client::ProviderClient;
use crate::generated::tfplugin6::{
    Diagnostic, DynamicValue, get_provider_schema, plan_resource_change, stop_provider,
    validate_resource_config,
};
use crate::process::Process;

/// An object with the one attribute `text`.
pub(crate) fn thing(text: &str) -> DynamicValue {
    let mut msgpack = Vec::new();
    rmp::encode::write_map_len(&mut msgpack, 1).expect("memory is writable");
    rmp::encode::write_str(&mut msgpack, "text").expect("memory is writable");
    rmp::encode::write_str(&mut msgpack, text).expect("memory is writable");
    DynamicValue { msgpack, json: Vec::new() }
}

/// Validates a `test_thing` with that text.
pub(crate) async fn validate(channel: &Channel, text: &str) -> Result<Diagnostic, tonic::Status> {
    let request = validate_resource_config::Request {
        type_name: "test_thing".to_owned(),
        config: Some(thing(text)),
        client_capabilities: None,
    };
    let mut provider = ProviderClient::new(channel.clone());
    let response = provider.validate_resource_config(request).await?.into_inner();
    Ok(response.diagnostics.into_iter().next().expect("the provider has something to say"))
}

/// Checks that the provider answers.
pub(crate) async fn assert_answers(channel: &Channel) {
    let answer = validate(channel, "four").await.expect("the provider answers");
    assert_eq!(answer.detail, "4 bytes.");
}

#[tokio::test]
async fn a_provider_tells_what_it_offers() {
    let (_process, handshake) = Process::start().await;
    let channel = client::terraform(&handshake).await;
    let request = get_provider_schema::Request {};
    let response = ProviderClient::new(channel).get_provider_schema(request).await;
    let response = response.expect("the provider answers").into_inner();
    assert!(response.provider.is_some_and(|it| it.block.is_some()));
    assert!(response.resource_schemas["test_thing"].block.is_some());
}

#[tokio::test]
async fn a_request_may_be_larger_than_grpc_allows_by_default() {
    let (_process, handshake) = Process::start().await;
    let channel = client::terraform(&handshake).await;
    let answer = validate(&channel, &"a".repeat(5 << 20)).await.expect("the provider answers");
    assert_eq!(answer.detail, "5242880 bytes.");
}

#[tokio::test]
async fn a_panic_in_a_call_is_a_diagnostic_and_the_next_call_works() {
    let (mut process, handshake) = Process::start_with(|it| {
        it.env("TF_LOG", "error");
    })
    .await;
    let channel = client::terraform(&handshake).await;
    let answer = validate(&channel, "panic").await.expect("not a failure of the connection");
    assert!(answer.detail.contains("as the text says"), "{answer:?}");
    assert_answers(&channel).await;
    let line = process.stderr_line("as the text says").await;
    assert!(line.starts_with('{'), "Terraform would tell of a crash: {line}");
}

#[tokio::test]
async fn a_stop_ends_a_wait_and_the_next_call_works() {
    let (_process, handshake) = Process::start().await;
    let channel = client::terraform(&handshake).await;
    let request = plan_resource_change::Request {
        type_name: "test_thing".to_owned(),
        config: Some(thing("wait")),
        proposed_new_state: Some(thing("wait")),
        ..Default::default()
    };
    let mut provider = ProviderClient::new(channel.clone());
    let mut waiting = tokio::spawn({
        let mut provider = provider.clone();
        async move { provider.plan_resource_change(request).await }
    });
    // Whether the call has arrived cannot be seen from outside, so stop until it has.
    let planned = loop {
        provider.stop_provider(stop_provider::Request {}).await.expect("the provider answers");
        if waiting.is_finished() {
            break (&mut waiting).await.expect("no panic here");
        }
    };
    let planned = planned.expect("the provider answers").into_inner();
    assert_eq!(planned.diagnostics[0].summary, "Stopped");
    assert_answers(&channel).await;
}
