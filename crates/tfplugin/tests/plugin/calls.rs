//! Calls of the provider.

use tonic::transport::Channel;

use crate::client;
use crate::generated::tfplugin6::provider_client::ProviderClient;
use crate::generated::tfplugin6::{
    Diagnostic, DynamicValue, get_provider_schema, plan_resource_change, stop_provider,
    validate_resource_config,
};
use crate::process::{Process, soon};

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
async fn provider_schema_lists_everything_it_offers() {
    let (_process, handshake) = Process::start().await;
    let channel = client::terraform(&handshake).await;
    let request = get_provider_schema::Request {};
    let response = ProviderClient::new(channel).get_provider_schema(request).await;
    let response = response.expect("the provider answers").into_inner();
    assert!(response.provider.is_some_and(|schema| schema.block.is_some()));
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
    let (mut process, handshake) = Process::start_with(|command| {
        command.env("TF_LOG", "error");
    })
    .await;
    let channel = client::terraform(&handshake).await;
    let answer = validate(&channel, "panic").await.expect("not a failure of the connection");
    assert!(answer.detail.contains("as the text says"), "{answer:?}");
    assert_answers(&channel).await;
    let line = process.stderr_line("as the text says").await;
    assert!(line.starts_with('{'), "Terraform would tell of a crash: {line}");
}

/// Plans a `test_thing` with that text.
fn plan(text: &str) -> plan_resource_change::Request {
    plan_resource_change::Request {
        type_name: "test_thing".to_owned(),
        config: Some(thing(text)),
        proposed_new_state: Some(thing(text)),
        ..Default::default()
    }
}

#[tokio::test]
async fn an_answer_may_be_larger_than_the_windows_of_a_stream_and_a_connection() {
    let (_process, handshake) = Process::start().await;
    let channel = client::terraform(&handshake).await;
    let text = "a".repeat(3 << 20);
    let mut provider = ProviderClient::new(channel).max_decoding_message_size(8 << 20);
    let planned = soon(provider.plan_resource_change(plan(&text))).await;
    let planned = planned.expect("the provider answers").into_inner().planned_state;
    assert_eq!(planned, Some(thing(&text)));
}

#[tokio::test]
async fn a_stop_reaches_the_provider_past_any_number_of_calls_that_wait() {
    let (_process, handshake) = Process::start().await;
    let channel = client::terraform(&handshake).await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..300 {
        let mut provider = ProviderClient::new(channel.clone());
        calls.spawn(async move { provider.plan_resource_change(plan("wait")).await });
    }
    let mut provider = ProviderClient::new(channel.clone());
    let mut stopped = 0;
    while stopped < 300 {
        // Whether all calls have arrived cannot be seen from outside, so stop until they have.
        let stop = provider.stop_provider(stop_provider::Request {});
        soon(stop).await.expect("the provider answers");
        while let Some(call) = calls.try_join_next() {
            let planned = call.expect("no panic here").expect("the provider answers").into_inner();
            assert_eq!(planned.diagnostics[0].summary, "Stopped");
            stopped += 1;
        }
    }
    assert_answers(&channel).await;
}

#[tokio::test]
async fn a_call_that_terraform_gives_up_harms_no_other_call() {
    let (mut process, handshake) = Process::start_with(|command| {
        command.env("TF_LOG", "debug");
    })
    .await;
    let channel = client::terraform(&handshake).await;
    let mut provider = ProviderClient::new(channel.clone());
    let given_up = tokio::spawn(async move { provider.plan_resource_change(plan("wait")).await });
    process.stderr_line("\"waiting\"").await;
    given_up.abort();
    process.stderr_line("given up by Terraform").await;
    assert_answers(&channel).await;
    let mut provider = ProviderClient::new(channel.clone());
    provider.stop_provider(stop_provider::Request {}).await.expect("the provider answers");
    assert_answers(&channel).await;
}

#[tokio::test]
async fn a_stop_ends_a_wait_and_the_next_call_works() {
    let (_process, handshake) = Process::start().await;
    let channel = client::terraform(&handshake).await;
    let request = plan("wait");
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
