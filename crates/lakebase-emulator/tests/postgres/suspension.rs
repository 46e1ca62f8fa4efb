//! Endpoints suspend when nobody works, and wake at the next connection.

use std::time::Duration;

use lakebase_emulator::Options;
use serde_json::json;

use crate::stand::{JANE, PRIMARY, Stand, refused};

fn stand() -> Stand {
    let options = Options { frozen_clock: true, ..Options::default() };
    let stand = Stand::with(options, json!({}));
    stand.emulator.change(PRIMARY, json!({"suspend_timeout_duration": "300s"}));
    stand
}

#[tokio::test]
async fn idle_endpoint_suspends_and_wakes_at_the_next_connection() {
    let stand = stand();
    let session = stand.connect(PRIMARY).await;
    session.run("CREATE TABLE items (n int)").await;
    stand.emulator.advance(Duration::from_secs(299));
    assert_eq!(stand.status(PRIMARY)["current_state"], "ACTIVE");
    // Work starts the timeout again.
    session.run("INSERT INTO items VALUES (1)").await;
    assert_eq!(stand.status(PRIMARY)["last_active_time"], "2026-01-01T00:04:59Z");
    stand.emulator.advance(Duration::from_secs(299));
    assert_eq!(stand.status(PRIMARY)["current_state"], "ACTIVE");
    stand.emulator.advance(Duration::from_secs(1));
    assert_eq!(stand.status(PRIMARY)["current_state"], "IDLE");
    assert_eq!(session.end().await, "57P01");
    assert_eq!(stand.status(PRIMARY)["current_state"], "IDLE");
    let session = stand.connect(PRIMARY).await;
    assert_eq!(stand.status(PRIMARY)["current_state"], "ACTIVE");
    assert_eq!(session.text("SELECT n::text FROM items").await, "1");
}

#[tokio::test]
async fn refused_login_does_not_wake() {
    let stand = stand();
    drop(stand.connect(PRIMARY).await);
    stand.emulator.advance(Duration::from_secs(301));
    let login = stand.login(PRIMARY, JANE, "wrong").await;
    assert!(refused(login).starts_with("28P01"));
    assert_eq!(stand.status(PRIMARY)["current_state"], "IDLE");
}

#[tokio::test]
async fn endpoint_stays_awake_while_a_query_runs() {
    let stand = stand();
    let holder = stand.connect(PRIMARY).await;
    let waiter = stand.connect(PRIMARY).await;
    holder.run("SELECT pg_advisory_lock(1)").await;
    let waiting = tokio::spawn(async move {
        waiter.run("SELECT pg_advisory_lock(1)").await;
        waiter
    });
    let waits = "SELECT count(*)::text FROM pg_locks WHERE NOT granted";
    while holder.text(waits).await == "0" {}
    // Even an update does not start the timeout meanwhile.
    let body = json!({"spec": {"suspend_timeout_duration": "300s"}});
    stand.ask("PATCH", &format!("{PRIMARY}?update_mask=spec.suspension"), &body);
    stand.emulator.advance(Duration::from_hours(1));
    assert_eq!(stand.status(PRIMARY)["current_state"], "ACTIVE");
    holder.run("SELECT pg_advisory_unlock(1)").await;
    let waiter = waiting.await.expect("no panic");
    stand.emulator.advance(Duration::from_mins(5));
    assert_eq!(waiter.end().await, "57P01");
    assert_eq!(holder.end().await, "57P01");
}

#[tokio::test]
async fn disabled_endpoint_ends_its_sessions_and_refuses_new_ones() {
    let stand = stand();
    let session = stand.connect(PRIMARY).await;
    let body = json!({"spec": {"disabled": true}});
    stand.ask("PATCH", &format!("{PRIMARY}?update_mask=spec.disabled"), &body);
    assert_eq!(session.end().await, "57P01");
    let login = stand.login(PRIMARY, JANE, &stand.credential(PRIMARY)).await;
    assert_eq!(refused(login), "57P03 endpoint \"primary\" is disabled");
    let body = json!({"spec": {"disabled": false}});
    stand.ask("PATCH", &format!("{PRIMARY}?update_mask=spec.disabled"), &body);
    assert_eq!(stand.connect(PRIMARY).await.text("SELECT 'awake'").await, "awake");
}
