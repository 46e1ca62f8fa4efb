//! What Terraform reads on stderr.

use expect_test::expect;
use serde_json::Value;

use crate::calls::{assert_answers, validate};
use crate::client;
use crate::generated::tfplugin6::provider_client::ProviderClient;
use crate::generated::tfplugin6::{DynamicValue, configure_provider};
use crate::process::Process;
use crate::shutdown::shut_down;

/// What a process logs of a call and of its wire, with this in its environment.
async fn logged(variable: &str, level: &str) -> String {
    let (mut process, handshake) = Process::start_with(|command| {
        command.env(variable, level);
    })
    .await;
    let channel = client::terraform(&handshake).await;
    let request = configure_provider::Request {
        terraform_version: "1.11.4".to_owned(),
        config: Some(DynamicValue { msgpack: vec![0x80], json: Vec::new() }), // no attributes
        client_capabilities: None,
    };
    let configured = ProviderClient::new(channel.clone()).configure_provider(request).await;
    let configured = configured.expect("the provider answers").into_inner();
    assert_eq!(configured.diagnostics, []);
    shut_down(&channel).await;
    process.end().await.2
}

#[tokio::test]
async fn a_log_line_is_what_terraform_parses() {
    let log = logged("TF_LOG_PROVIDER_TEST", "info").await;
    let line = log.lines().find(|it| it.contains("configured")).expect("the provider logs");
    let mut line: Value = serde_json::from_str(line).expect("JSON");
    let timestamp = line["@timestamp"].take();
    let (_, fraction) = timestamp.as_str().and_then(|it| it.split_once('.')).expect("a fraction");
    assert!(fraction.len() == 7 && fraction.ends_with('Z'), "six digits: {timestamp}");
    line["@timestamp"] = Value::from("then");
    expect![[r#"{"@level":"info","@message":"configured","@module":"tfplugin_test_provider","@timestamp":"then","answer":42,"inside":true,"level":7,"tf_req_id":0,"tf_resource_type":"","tf_rpc":"ConfigureProvider","version":"1.11.4"}"#]]
        .assert_eq(&line.to_string());
}

#[tokio::test]
async fn the_log_is_as_loud_as_the_user_wants() {
    for (variable, level, heard) in [
        ("TF_LOG", "INFO", true),
        ("TF_LOG", "json", true),
        ("TF_LOG", "WARN", false),
        ("TF_LOG", "OFF", false),
        ("TF_LOG_PROVIDER", "debug", true),
        ("TF_LOG_PROVIDER_OTHER", "debug", false),
        ("UNRELATED", "debug", false),
    ] {
        let log = logged(variable, level).await;
        assert_eq!(log.contains("configured"), heard, "{variable}={level}: {log}");
    }
}

#[tokio::test]
async fn the_wire_is_never_logged_and_every_line_is_json() {
    let log = logged("TF_LOG", "TRACE").await;
    assert!(log.contains("configured"));
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        let module = line["@module"].as_str().expect("text");
        assert!(module.starts_with("tfplugin"), "{line}");
    }
}

#[tokio::test]
async fn a_long_line_arrives_whole_at_a_reader_of_64_kib() {
    let (mut process, handshake) = Process::start_with(|command| {
        command.env("TF_LOG", "error");
    })
    .await;
    let channel = client::terraform(&handshake).await;
    validate(&channel, "long log").await.expect("the provider answers");
    let line = process.stderr_line("a long line").await;
    assert!(line.len() < 64 << 10, "{} bytes", line.len());
    let line: Value = serde_json::from_str(&line).expect("JSON");
    assert!(line["text"].as_str().is_some_and(|text| text.len() > 10_000), "{line}");
}

#[tokio::test]
async fn a_panic_outside_of_calls_is_a_crash_to_terraform() {
    let (mut process, handshake) = Process::start().await;
    let channel = client::terraform(&handshake).await;
    validate(&channel, "crash").await.expect("the provider answers");
    let line = process.stderr_line("outside of every call").await;
    assert_eq!(line, "panic: outside of every call");
    assert_answers(&channel).await;
}
