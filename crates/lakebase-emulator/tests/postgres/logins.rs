//! Who can log in where, and who cannot.

use std::time::Duration;

use lakebase_emulator::{Options, PostgresOptions};
use serde_json::json;
use tokio_postgres::{Config, NoTls, config::SslMode};

use crate::stand::{BRANCH, JANE, PRIMARY, Stand, code, refused};

const WRONG: &str = "28P01 password authentication failed for user \"jane.doe@example.com\"";

#[tokio::test]
async fn credential_is_a_password_over_tls() {
    let stand = Stand::new();
    let session = stand.connect(PRIMARY).await;
    assert_eq!(session.text("SELECT current_user::text").await, JANE);
    assert_eq!(session.text("SELECT current_database()::text").await, "databricks_postgres");
    let mut config = Config::new();
    config.host(stand.host(PRIMARY, "read_write_pooled_host")).user(JANE);
    config.password(stand.credential(PRIMARY)).dbname("databricks_postgres");
    let pooled = stand.open(&mut config).await.expect("the pooled host leads there as well");
    assert_eq!(pooled.text("SELECT current_user::text").await, JANE);
}

#[tokio::test]
async fn connection_without_tls_is_refused() {
    let stand = Stand::new();
    let mut config = Config::new();
    config.host(stand.host(PRIMARY, "host")).user(JANE).ssl_mode(SslMode::Disable);
    let refusal = config.password(stand.credential(PRIMARY)).connect(NoTls).await;
    let Err(error) = refusal else { panic!("it succeeded") };
    assert_eq!(code(&error), "28000");
}

#[tokio::test]
async fn wrong_and_foreign_credentials_are_refused() {
    let stand = Stand::new();
    let dev = stand.branch("dev");
    let role = json!({"spec": {"postgres_role": "joe@example.com", "identity_type": "USER"}});
    stand.emulator.create(&format!("{BRANCH}/roles/joe"), role);
    let credential = stand.credential(PRIMARY);
    for password in ["", "wrong", stand.emulator.token(), stand.credential(&dev).as_str()] {
        assert_eq!(refused(stand.login(PRIMARY, JANE, password).await), WRONG, "{password}");
    }
    assert_eq!(refused(stand.login(&dev, JANE, &credential).await), WRONG);
    for user in ["joe@example.com", "nobody", "lakebase_emulator", "databricks_superuser"] {
        let refusal = refused(stand.login(PRIMARY, user, &credential).await);
        let expected = format!("28P01 password authentication failed for user \"{user}\"");
        assert_eq!(refusal, expected);
    }
    assert!(stand.login(PRIMARY, JANE, &credential).await.is_ok());
}

#[tokio::test]
async fn expired_credential_is_refused_and_open_session_stays() {
    let options = Options { frozen_clock: true, ..Options::default() };
    let stand = Stand::with(options, json!({}));
    let body = json!({"endpoint": PRIMARY, "ttl": "300s"});
    let credential = stand.ask("POST", "credentials", &body)["token"].clone();
    let credential = credential.as_str().expect("a token");
    stand.emulator.advance(Duration::from_secs(299));
    let session = stand.login(PRIMARY, JANE, credential).await.expect("it is valid still");
    stand.emulator.advance(Duration::from_secs(1));
    assert_eq!(refused(stand.login(PRIMARY, JANE, credential).await), WRONG);
    assert_eq!(session.text("SELECT 'still here'").await, "still here");
}

#[tokio::test]
async fn credential_of_deleted_endpoint_is_refused_by_its_successor() {
    let stand = Stand::new();
    let reports = format!("{BRANCH}/endpoints/reports");
    let body = json!({"spec": {"endpoint_type": "ENDPOINT_TYPE_READ_ONLY"}});
    stand.emulator.create(&reports, body.clone());
    let credential = stand.credential(&reports);
    stand.emulator.remove(&reports);
    stand.emulator.create(&reports, body);
    assert_eq!(refused(stand.login(&reports, JANE, &credential).await), WRONG);
}

#[tokio::test]
async fn credential_with_claims_is_refused_rather_than_ignored() {
    let stand = Stand::new();
    let claims = json!([{"permission_set": "READ_ONLY", "resources": [{"table_name": "c.s.t"}]}]);
    let body = json!({"endpoint": PRIMARY, "claims": claims});
    let credential = stand.ask("POST", "credentials", &body)["token"].clone();
    let login = stand.login(PRIMARY, JANE, credential.as_str().expect("a token")).await;
    assert!(refused(login).starts_with("0A000 the emulator does not enforce the claims"));
}

#[tokio::test]
async fn password_logs_in_where_the_project_allows_it() {
    let stand = Stand::with(Options::default(), json!({"enable_pg_native_login": true}));
    let app = format!("{BRANCH}/roles/app");
    stand.emulator.create(&app, json!({"spec": {"postgres_role": "app"}}));
    let reveal = |role: &str| {
        let revealed = stand.ask("POST", &format!("{role}/password"), &json!({}));
        revealed["password"].as_str().expect("a password").to_owned()
    };
    let password = reveal(&app);
    let session = stand.login(PRIMARY, "app", &password).await.expect("the password is right");
    assert_eq!(session.text("SELECT current_user::text").await, "app");
    let wrong = "28P01 password authentication failed for user \"app\"";
    assert_eq!(refused(stand.login(PRIMARY, "app", "wrong").await), wrong);
    // A credential is no password of another role, nor a password of the owner.
    let credential = stand.credential(PRIMARY);
    assert_eq!(refused(stand.login(PRIMARY, "app", &credential).await), wrong);
    // A copy of the role has a password of its own.
    let dev = stand.branch("dev");
    assert_eq!(refused(stand.login(&dev, "app", &password).await), wrong);
    let own = reveal("projects/p/branches/dev/roles/app");
    assert!(stand.login(&dev, "app", &own).await.is_ok());
    // Roles of the emulator itself, and those that take tokens, have no password that is right.
    for user in ["lakebase_emulator", "lakebase_token_roles", JANE] {
        let refusal = refused(stand.login(PRIMARY, user, &password).await);
        assert!(refusal.starts_with("28P01 password authentication failed"), "{user}: {refusal}");
    }
    // Roles that were created by SQL can log in, too.
    session_of_sql_role(&stand).await;
    stand.emulator.change("projects/p", json!({"enable_pg_native_login": false}));
    assert_eq!(refused(stand.login(PRIMARY, "app", &password).await), wrong);
}

async fn session_of_sql_role(stand: &Stand) {
    let owner = stand.connect(PRIMARY).await;
    owner.run("CREATE ROLE worker LOGIN PASSWORD 'by-hand'").await;
    let worker = stand.login(PRIMARY, "worker", "by-hand").await.expect("the password is right");
    assert_eq!(worker.text("SELECT current_user::text").await, "worker");
}

#[tokio::test]
async fn query_is_cancelled_with_the_secret_of_its_session_only() {
    let stand = Stand::new();
    let session = stand.connect(PRIMARY).await;
    let other = stand.connect(PRIMARY).await;
    let cancel = session.client.cancel_token();
    let sleeping = tokio::spawn(async move { session.refusal("SELECT pg_sleep(600)").await });
    let waits = "SELECT count(*)::text FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    while other.text(waits).await == "0" {}
    let third = stand.connect(PRIMARY).await;
    third.client.cancel_token().cancel_query(stand.tls()).await.expect("it is answered");
    assert_eq!(other.text(waits).await, "1");
    cancel.cancel_query(stand.tls()).await.expect("it is answered");
    assert_eq!(sleeping.await.expect("no panic"), "57014");
}

#[tokio::test]
async fn project_of_a_version_that_is_not_installed_is_refused_with_the_reason() {
    let postgres = PostgresOptions { any_version: false, ..crate::stand::postgres() };
    let options = Options { postgres: Some(postgres), ..Options::default() };
    let stand = Stand::with(options, json!({"pg_version": 17}));
    let login = stand.login(PRIMARY, JANE, &stand.credential(PRIMARY)).await;
    let refusal = refused(login);
    assert!(refusal.starts_with("58000 PostgreSQL 17 is not installed"), "{refusal}");
}

#[tokio::test]
async fn each_version_runs_its_own_server() {
    for version in [16, 18] {
        let stand = Stand::with(Options::default(), json!({"pg_version": version}));
        let session = stand.connect(PRIMARY).await;
        let shown = session.text("SHOW server_version").await;
        assert!(shown.starts_with(&version.to_string()), "{shown}");
    }
}

#[tokio::test]
async fn host_names_of_a_domain_are_told_apart_by_tls() {
    // An address of its own, as other tests have theirs.
    let address: [u8; 4] = [127, 63, fastrand::u8(..), fastrand::u8(1..255)];
    let postgres =
        PostgresOptions { domain: Some("db.test".to_owned()), ..crate::stand::postgres() };
    let options = Options { host: address.into(), postgres: Some(postgres), ..Options::default() };
    let stand = Stand::with(options, json!({}));
    let dev = stand.branch("dev");
    for endpoint in [PRIMARY, &dev] {
        let host = stand.host(endpoint, "host");
        assert!(host.starts_with("ep-") && host.ends_with(".db.test"), "{host}");
        let mut config = Config::new();
        config.host(&host).hostaddr(address.into()).user(JANE);
        config.password(stand.credential(endpoint)).dbname("databricks_postgres");
        let session = stand.open(&mut config).await.expect("the name leads to the endpoint");
        assert_eq!(session.text("SELECT current_user::text").await, JANE);
    }
    let mut config = Config::new();
    config.host("ep-other.db.test").hostaddr(address.into()).user(JANE).password("any");
    let refusal = refused(stand.open(&mut config).await);
    assert!(refusal.starts_with("08004 no endpoint has this host"), "{refusal}");
}
