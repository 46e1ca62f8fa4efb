//! The Rust of the guide "Connecting applications", which is the function below.

use std::time::Duration;

use tokio_postgres::{Client, Config, Error, config::SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::stand::{JANE, PRIMARY, Stand, code};

/// Connects with a token that was requested a moment ago.
async fn connect(
    host: &str,
    user: &str,
    token: &str,
    tls: MakeRustlsConnect,
) -> Result<Client, Error> {
    let mut config = Config::new();
    config.host(host).dbname("databricks_postgres").user(user).password(token);
    config.ssl_mode(SslMode::Require);
    config.connect_timeout(Duration::from_secs(10)); // a suspended compute reactivates first
    let (client, connection) = config.connect(tls).await?;
    tokio::spawn(connection); // drives the connection until the client is dropped
    Ok(client)
}

#[test]
fn guide_has_the_function() {
    let guide = include_str!("../../../../docs/guides/connecting-applications.md");
    let source = include_str!("guide.rs");
    let start = source.find("/// Connects with a token").expect("the function");
    let end = start + source[start..].find("\n}\n").expect("its end") + 3;
    assert!(guide.contains(&source[start..end]), "{}", &source[start..end]);
}

#[tokio::test]
async fn function_of_the_guide_connects_with_a_new_token_only() {
    let stand = Stand::new();
    let host = stand.host(PRIMARY, "host");
    let token = stand.credential(PRIMARY);
    let client = connect(&host, JANE, &token, stand.tls()).await.expect("the login succeeds");
    client.batch_execute("SELECT 1").await.expect("a query");
    // Two days later, the token has expired and the compute is suspended.
    stand.emulator.advance(Duration::from_hours(48));
    let refused = connect(&host, JANE, &token, stand.tls()).await.expect_err("it has expired");
    assert_eq!(code(&refused), "28P01");
    let token = stand.credential(PRIMARY);
    let client = connect(&host, JANE, &token, stand.tls()).await.expect("the login succeeds");
    client.batch_execute("SELECT 1").await.expect("a query");
}
