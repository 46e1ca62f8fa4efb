//! The number of connections follows the size.

use serde_json::json;
use tokio_postgres::Config;

use crate::stand::{JANE, PRIMARY, Stand, refused};

#[tokio::test]
async fn connections_are_limited_by_the_maximum_and_pooled_ones_wait() {
    let stand = Stand::new();
    let size = |maximum: f64| {
        let limits = json!({"autoscaling_limit_min_cu": 0.5, "autoscaling_limit_max_cu": maximum});
        stand.emulator.change(PRIMARY, limits);
    };
    size(0.5);
    let credential = stand.credential(PRIMARY);
    let mut sessions = Vec::new();
    for _ in 0..104 {
        sessions.push(stand.login(PRIMARY, JANE, &credential).await.expect("there is room"));
    }
    let refusal = refused(stand.login(PRIMARY, JANE, &credential).await);
    assert_eq!(refusal, "53300 sorry, too many clients already");
    let mut config = Config::new();
    config.host(stand.host(PRIMARY, "read_write_pooled_host")).user(JANE).password(&credential);
    config.dbname("databricks_postgres");
    let pooled = stand.open(&mut config);
    let freed = async { drop(sessions.pop()) };
    let (pooled, ()) = tokio::join!(pooled, freed);
    let pooled = pooled.expect("it waits for a place");
    assert_eq!(pooled.text("SHOW max_connections").await, "114");
    drop((sessions, pooled));
    size(1.0);
    let session = stand.connect(PRIMARY).await;
    assert_eq!(session.text("SHOW max_connections").await, "219");
}
