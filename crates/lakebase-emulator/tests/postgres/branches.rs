//! Branches are copies, and replicas only read.

use std::fs;

use lakebase_emulator::Options;
use serde_json::json;

use crate::stand::{BRANCH, JANE, PRIMARY, Stand};

const ROWS: &str = "SELECT n::text FROM items ORDER BY n";

#[tokio::test]
async fn branch_has_the_rows_of_its_creation_and_none_later() {
    let stand = Stand::new();
    let source = stand.connect(PRIMARY).await;
    source.run("CREATE TABLE items (n int); INSERT INTO items VALUES (1)").await;
    let dev = stand.branch("dev");
    // The session was not interrupted.
    source.run("INSERT INTO items VALUES (2)").await;
    let copy = stand.connect(&dev).await;
    assert_eq!(copy.column(ROWS).await, ["1"]);
    copy.run("INSERT INTO items VALUES (3)").await;
    assert_eq!(source.column(ROWS).await, ["1", "2"]);
    assert_eq!(copy.column(ROWS).await, ["1", "3"]);
    // A copy of a copy, and one of a source that stands still.
    let body = json!({"spec": {"no_expiry": true, "source_branch": "projects/p/branches/dev"}});
    stand.ask("POST", "projects/p/branches?branch_id=grandchild", &body);
    let grandchild = "projects/p/branches/grandchild/endpoints/primary";
    assert_eq!(stand.connect(grandchild).await.column(ROWS).await, ["1", "3"]);
}

#[tokio::test]
async fn branch_is_consistent_while_its_source_is_written() {
    let stand = Stand::new();
    let source = stand.connect(PRIMARY).await;
    source.run("CREATE TABLE pairs (n int); CREATE TABLE sums (total int)").await;
    let writing = tokio::spawn(async move {
        for n in 0..400 {
            // One transaction each: a copy has both rows or none.
            source
                .run(&format!("INSERT INTO pairs VALUES ({n}); INSERT INTO sums VALUES ({n})"))
                .await;
        }
    });
    for id in ["one", "two"] {
        let dev = stand.branch(id);
        let copy = stand.connect(&dev).await;
        let difference =
            "SELECT ((SELECT count(*) FROM pairs) - (SELECT count(*) FROM sums))::text";
        assert_eq!(copy.text(difference).await, "0");
    }
    writing.await.expect("no panic");
}

#[tokio::test]
async fn branch_of_a_source_that_stands_still_is_a_copy() {
    let stand = Stand::new();
    stand
        .connect(PRIMARY)
        .await
        .run("CREATE TABLE items (n int); INSERT INTO items VALUES (1)")
        .await;
    stand.emulator.change(PRIMARY, json!({"disabled": true, "current_state": "IDLE"}));
    let dev = stand.branch("dev");
    assert_eq!(stand.connect(&dev).await.column(ROWS).await, ["1"]);
}

#[tokio::test]
async fn restored_branch_has_the_rows_of_the_snapshot() {
    let stand = Stand::new();
    let source = stand.connect(PRIMARY).await;
    source.run("CREATE TABLE items (n int); INSERT INTO items VALUES (1)").await;
    let body = json!({"spec": {"source_branch": BRANCH}});
    stand.ask("POST", "projects/p/snapshots?snapshot_id=before", &body);
    let taken = directories(&stand);
    source.run("INSERT INTO items VALUES (2)").await;
    // Its operation is done when it is asked for.
    let snapshot = "projects/p/snapshots/before";
    let restore = |id: &str| {
        let body = json!({"spec": {"source_snapshot": snapshot, "no_expiry": true}});
        stand.ask("POST", &format!("projects/p/branches?branch_id={id}"), &body);
        format!("projects/p/branches/{id}/endpoints/primary")
    };
    let restored = restore("one");
    let session = stand.connect(&restored).await;
    assert_eq!(session.column(ROWS).await, ["1"]);
    // What is written to one restored branch is not in the next.
    session.run("INSERT INTO items VALUES (3)").await;
    assert_eq!(stand.connect(&restore("two")).await.column(ROWS).await, ["1"]);
    assert_eq!(directories(&stand), taken + 2);
    stand.ask("DELETE", snapshot, &json!({}));
    assert_eq!(directories(&stand), taken + 1);
    assert_eq!(session.column(ROWS).await, ["1", "3"]);
}

#[tokio::test]
async fn read_only_endpoint_reads_what_is_written_and_cannot_write() {
    let stand = Stand::new();
    let reports = format!("{BRANCH}/endpoints/reports");
    let body = json!({"spec": {"endpoint_type": "ENDPOINT_TYPE_READ_ONLY"}});
    stand.emulator.create(&reports, body);
    let source = stand.connect(PRIMARY).await;
    source.run("CREATE TABLE items (n int); INSERT INTO items VALUES (1)").await;
    let replica = stand.connect(&reports).await;
    assert_eq!(replica.column(ROWS).await, ["1"]);
    assert_eq!(replica.refusal("INSERT INTO items VALUES (2)").await, "25006");
    let override_ = "BEGIN READ WRITE; INSERT INTO items VALUES (2)";
    assert_eq!(replica.refusal(override_).await, "0A000");
    // Later writes arrive.
    source.run("INSERT INTO items VALUES (3)").await;
    replica.run("ROLLBACK").await;
    while replica.column(ROWS).await != ["1", "3"] {}
    // Both servers restart with a new maximum, and the replica goes on.
    stand.emulator.change(PRIMARY, json!({"autoscaling_limit_max_cu": 2}));
    stand.connect(PRIMARY).await.run("INSERT INTO items VALUES (4)").await;
    let replica = stand.connect(&reports).await;
    while replica.column(ROWS).await != ["1", "3", "4"] {}
    // It suspends alone, and wakes with the rows of its source.
    stand.emulator.change(&reports, json!({"disabled": true, "current_state": "IDLE"}));
    assert_eq!(replica.end().await, "57P01");
    stand.connect(PRIMARY).await.run("INSERT INTO items VALUES (5)").await;
    stand.emulator.change(&reports, json!({"disabled": false, "current_state": "ACTIVE"}));
    assert_eq!(stand.connect(&reports).await.column(ROWS).await, ["1", "3", "4", "5"]);
}

#[tokio::test]
async fn readable_secondary_of_a_group_only_reads() {
    let stand = Stand::new();
    let group = json!({"min": 2, "max": 2, "enable_readable_secondaries": true});
    stand.emulator.change(PRIMARY, json!({"group": group}));
    stand
        .connect(PRIMARY)
        .await
        .run("CREATE TABLE items (n int); INSERT INTO items VALUES (1)")
        .await;
    let mut config = tokio_postgres::Config::new();
    config.host(stand.host(PRIMARY, "read_only_host")).user(JANE);
    config.password(stand.credential(PRIMARY)).dbname("databricks_postgres");
    let reader = stand.open(&mut config).await.expect("the host for reads leads there");
    assert_eq!(reader.column(ROWS).await, ["1"]);
    assert_eq!(reader.refusal("DELETE FROM items").await, "25006");
}

#[tokio::test]
async fn deleted_project_stops_and_comes_back_with_its_data() {
    let stand = Stand::new();
    let session = stand.connect(PRIMARY).await;
    session.run("CREATE TABLE items (n int); INSERT INTO items VALUES (1)").await;
    stand.ask("DELETE", "projects/p", &json!({}));
    assert_eq!(session.end().await, "57P01");
    stand.ask("POST", "projects/p/undelete", &json!({}));
    assert_eq!(stand.connect(PRIMARY).await.column(ROWS).await, ["1"]);
}

#[tokio::test]
async fn deleted_branch_frees_its_disk_and_ends_its_sessions() {
    let stand = Stand::new();
    let dev = stand.branch("dev");
    let session = stand.connect(&dev).await;
    let before = directories(&stand);
    stand.emulator.remove("projects/p/branches/dev");
    let code = session.end().await;
    assert_eq!(code, "57P01");
    assert_eq!(directories(&stand), before - 1);
    stand.emulator.remove("projects/p");
    assert_eq!(directories(&stand), 1, "the template remains");
}

/// The number of directories of data.
fn directories(stand: &Stand) -> usize {
    let place = stand.directory.path().join("postgres");
    let folders = fs::read_dir(place).expect("it is there").flatten();
    let inside = folders.filter_map(|folder| fs::read_dir(folder.path()).ok());
    inside.map(Iterator::count).sum()
}

#[tokio::test]
async fn branch_at_an_earlier_point_is_refused_with_the_reason() {
    let stand = Stand::with(Options::default(), json!({}));
    let points = [
        json!({"no_expiry": true, "source_branch_lsn": "0/1A2B3C"}),
        json!({"no_expiry": true, "source_branch_time": "2026-01-01T00:00:00Z"}),
    ];
    for spec in points {
        let body = json!({"spec": spec});
        let (status, answer) = stand.request("POST", "projects/p/branches?branch_id=past", &body);
        assert_eq!(status, 400, "{answer}");
        let is_told = answer["message"].as_str().expect("a message").contains("history");
        assert!(is_told, "{answer}");
    }
}
