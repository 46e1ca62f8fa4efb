//! The client against a scripted service: what goes over the wire, and what comes of it.

mod advice;
mod authentication;
mod azure;
mod budgets;
mod categories;
mod databricks_cli;
mod discovery;
mod google;
mod hosts;
mod http2;
mod internet;
mod logging;
mod machine;
mod methods;
mod permutations;
mod profiles;
mod renewal;
mod requests;
mod requirements;
mod samples;
mod selection;
mod service;
mod tls;
mod waiting;
mod workspaces;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use crate::{CancellationToken, Client, Credentials, Deadline, Environment, ManualClock, Settings};
use authentication::given;
use service::{Reply, Service};

/// A client with a token, its scripted service, and a clock that only the test moves.
struct World {
    service: Service,
    client: Client,
    clock: Arc<ManualClock>,
    stop: CancellationToken,
    deadline: Deadline,
}

/// Begins on a Sunday, so that dates in `Retry-After` can be read against it.
fn clock() -> Arc<ManualClock> {
    let start: Timestamp = "2026-08-30T12:00:00Z".parse().expect("a timestamp");
    Arc::new(ManualClock::new(start, 1.0))
}

async fn world(replies: impl IntoIterator<Item = Reply>) -> World {
    world_with(Settings::default(), replies).await
}

async fn world_with(settings: Settings, replies: impl IntoIterator<Item = Reply>) -> World {
    let service = Service::start(replies).await;
    let credentials = given(&service.host(), Some("dapi-secret"));
    world_of(service, &credentials, settings)
}

fn world_of(service: Service, credentials: &Credentials, settings: Settings) -> World {
    let clock = clock();
    let client = Client::new(credentials, &Environment::default(), settings, clock.clone())
        .expect("a way in");
    let stop = CancellationToken::new();
    let deadline = client.deadline(Duration::from_mins(30), stop.clone());
    World { service, client, clock, stop, deadline }
}

/// The service's own error.
fn problem(status: u16, code: &str) -> Reply {
    service::json(status, &json!({"error_code": code, "message": "no"}))
}

/// Milliseconds, for delays that are compared exactly.
fn millis(durations: &[Duration]) -> Vec<u128> {
    durations.iter().map(Duration::as_millis).collect()
}

/// An error and all its sources, as a caller at the edge prints them.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
