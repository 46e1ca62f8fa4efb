//! Many clients at once, while endpoints suspend and wake and credentials expire.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lakebase_emulator::Options;
use serde_json::json;
use tokio::task::JoinSet;

use crate::stand::{JANE, Stand, refused};

const ENDPOINTS: usize = 10;
const CLIENTS: usize = 500;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_client_is_let_in_that_should_not_be() {
    let mut options = Options { frozen_clock: true, ..Options::default() };
    options.quotas.unarchived_branches = 20;
    let stand = Arc::new(Stand::with(options, json!({})));
    let mut endpoints = Vec::new();
    for number in 0..ENDPOINTS {
        let endpoint = stand.branch(&format!("b{number}"));
        stand.emulator.change(&endpoint, json!({"suspend_timeout_duration": "60s"}));
        endpoints.push(endpoint);
    }
    let credentials = |ttl: &str| -> Vec<String> {
        let credential = |endpoint: &String| {
            let body = json!({"endpoint": endpoint, "ttl": ttl});
            stand.ask("POST", "credentials", &body)["token"].as_str().expect("a token").to_owned()
        };
        endpoints.iter().map(credential).collect()
    };
    let expired = credentials("300s");
    stand.emulator.advance(Duration::from_secs(301));
    // These expire in the midst of it.
    let expiring = credentials("300s");
    let valid = credentials("3600s");
    let done = Arc::new(AtomicUsize::new(0));
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let (here, elsewhere) = (number % ENDPOINTS, (number + 1) % ENDPOINTS);
        let (gate, endpoint) = (Arc::clone(&stand), endpoints[here].clone());
        let (password, may_enter, must_enter) = match number / ENDPOINTS % 6 {
            0 => (expired[here].clone(), false, false),
            1 => (valid[elsewhere].clone(), false, false),
            2 => ("wrong".to_owned(), false, false),
            3 => (expiring[here].clone(), true, false),
            _ => (valid[here].clone(), true, true),
        };
        let done = Arc::clone(&done);
        clients.spawn(async move {
            let login = gate.login(&endpoint, JANE, &password).await;
            done.fetch_add(1, Ordering::Relaxed);
            match login {
                Ok(session) => {
                    assert!(may_enter, "client {number} got in");
                    // Its endpoint may suspend at any moment.
                    let _ = session.client.batch_execute("SELECT 1").await;
                }
                Err(error) => {
                    let code = error.code().map_or("", |code| code.code());
                    let is_expected = match code {
                        "28P01" => !must_enter,
                        "57P01" => may_enter,
                        _ => false,
                    };
                    assert!(is_expected, "client {number}: {error:?}");
                }
            }
        });
        if number % 80 == 79 {
            // Suspends the endpoints that nobody uses at this moment.
            stand.emulator.advance(Duration::from_secs(61));
            tokio::task::yield_now().await;
        }
    }
    while let Some(client) = clients.join_next().await {
        client.expect("no client panics");
    }
    assert_eq!(done.load(Ordering::Relaxed), CLIENTS);
    for (endpoint, (valid, expired)) in endpoints.iter().zip(valid.iter().zip(&expiring)) {
        assert!(stand.login(endpoint, JANE, valid).await.is_ok(), "{endpoint} can be reached");
        let refusal = refused(stand.login(endpoint, JANE, expired).await);
        assert!(refusal.starts_with("28P01"), "{refusal}");
    }
}
