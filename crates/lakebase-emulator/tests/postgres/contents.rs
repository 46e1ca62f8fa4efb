//! Roles, databases and settings of the API are there in PostgreSQL.

use lakebase_emulator::Options;
use serde_json::json;

use crate::stand::{BRANCH, PRIMARY, Session, Stand};

async fn attributes(session: &Session, role: &str) -> String {
    let sql = format!(
        "SELECT concat_ws(' ', rolcanlogin, rolcreatedb, rolcreaterole, rolbypassrls, \
         pg_has_role(oid, 'databricks_superuser', 'MEMBER')) FROM pg_roles WHERE rolname = '{role}'"
    );
    session.column(&sql).await.join(",")
}

async fn owners(session: &Session) -> Vec<String> {
    let sql = "SELECT datname || ' of ' || pg_get_userbyid(datdba) FROM pg_database \
               WHERE datname NOT IN ('postgres', 'template0', 'template1') ORDER BY 1";
    session.column(sql).await
}

#[tokio::test]
async fn roles_follow_the_api_while_the_server_runs() {
    let stand = Stand::new();
    let session = stand.connect(PRIMARY).await;
    let spec = json!({"spec": {
        "postgres_role": "o\"hara; --",
        "attributes": {"createdb": true},
        "membership_roles": ["DATABRICKS_SUPERUSER"],
    }});
    stand.ask("POST", &format!("{BRANCH}/roles?role_id=ohara"), &spec);
    assert_eq!(attributes(&session, "o\"hara; --").await, "t t f f t");
    let spec = json!({"spec": {"attributes": {"createdb": false, "bypassrls": true}}});
    let path = format!(
        "{BRANCH}/roles/ohara?update_mask=spec.attributes.createdb,spec.attributes.bypassrls"
    );
    stand.ask("PATCH", &path, &spec);
    assert_eq!(attributes(&session, "o\"hara; --").await, "t f f t f");
    stand.ask("DELETE", &format!("{BRANCH}/roles/ohara"), &json!({}));
    assert_eq!(attributes(&session, "o\"hara; --").await, "");
}

#[tokio::test]
async fn databases_follow_the_api_while_the_server_runs() {
    let stand = Stand::new();
    for role in ["app", "other"] {
        let spec = json!({"spec": {"postgres_role": role}});
        stand.ask("POST", &format!("{BRANCH}/roles?role_id={role}"), &spec);
    }
    let session = stand.connect(PRIMARY).await;
    let spec =
        json!({"spec": {"postgres_database": "orders", "role": format!("{BRANCH}/roles/app")}});
    stand.ask("POST", &format!("{BRANCH}/databases?database_id=orders"), &spec);
    let own = "databricks_postgres of jane.doe@example.com";
    assert_eq!(owners(&session).await, [own, "orders of app"]);
    let spec =
        json!({"spec": {"postgres_database": "sales", "role": format!("{BRANCH}/roles/other")}});
    let mask = "update_mask=spec.postgres_database,spec.role";
    stand.ask("PATCH", &format!("{BRANCH}/databases/orders?{mask}"), &spec);
    assert_eq!(owners(&session).await, [own, "sales of other"]);
    stand.ask("DELETE", &format!("{BRANCH}/databases/orders"), &json!({}));
    assert_eq!(owners(&session).await, [own]);
}

#[tokio::test]
async fn changes_while_the_server_stands_still_are_applied_when_it_wakes() {
    let stand = Stand::new();
    let sleep =
        || stand.emulator.change(PRIMARY, json!({"disabled": true, "current_state": "IDLE"}));
    let wake =
        || stand.emulator.change(PRIMARY, json!({"disabled": false, "current_state": "ACTIVE"}));
    let app = format!("{BRANCH}/roles/app");
    stand.emulator.create(&app, json!({"spec": {"postgres_role": "app"}}));
    let database = json!({"spec": {"postgres_database": "orders", "role": app}});
    stand.emulator.create(&format!("{BRANCH}/databases/orders"), database.clone());
    let session = stand.connect(PRIMARY).await;
    session.run("CREATE TABLE mine (n int)").await;
    sleep();
    stand.emulator.remove(&format!("{BRANCH}/databases/orders"));
    stand.emulator.remove(&app);
    stand.emulator.create(&app, json!({"spec": {"postgres_role": "app2"}}));
    stand.emulator.create(&format!("{BRANCH}/databases/orders"), database);
    wake();
    let session = stand.connect(PRIMARY).await;
    let own = "databricks_postgres of jane.doe@example.com";
    assert_eq!(owners(&session).await, [own, "orders of app2"]);
    assert_eq!(attributes(&session, "app").await, "");
}

#[tokio::test]
async fn reassigned_role_leaves_its_tables_to_the_new_owner() {
    let stand = Stand::with(Options::default(), json!({"enable_pg_native_login": true}));
    for role in ["app", "other"] {
        let spec = json!({"spec": {"postgres_role": role}});
        stand.ask("POST", &format!("{BRANCH}/roles?role_id={role}"), &spec);
    }
    let role = |id: &str| format!("{BRANCH}/roles/{id}");
    let spec = json!({"spec": {"postgres_database": "orders", "role": role("app")}});
    stand.ask("POST", &format!("{BRANCH}/databases?database_id=orders"), &spec);
    let login = async |user: &str| {
        let revealed = stand.ask("POST", &format!("{}/password", role(user)), &json!({}));
        let password = revealed["password"].as_str().expect("a password").to_owned();
        let mut config = tokio_postgres::Config::new();
        config.host(stand.host(PRIMARY, "host")).user(user).password(password).dbname("orders");
        stand.open(&mut config).await.expect("the password is right")
    };
    login("app").await.run("CREATE TABLE items (n int); INSERT INTO items VALUES (1)").await;
    let path = format!("{}?reassign_owned_to={}", role("app"), role("other"));
    stand.ask("DELETE", &path, &json!({}));
    let other = login("other").await;
    assert_eq!(other.column("SELECT n::text FROM items").await, ["1"]);
    assert_eq!(attributes(&other, "app").await, "");
}

#[tokio::test]
async fn settings_of_an_endpoint_are_applied() {
    let stand = Stand::new();
    let session = stand.connect(PRIMARY).await;
    let set = |settings| {
        stand.emulator.change(PRIMARY, json!({"settings": {"pg_settings": settings}}));
    };
    set(json!({"work_mem": "7MB", "no_such_setting": "1"}));
    while session.text("SHOW work_mem").await != "7MB" {}
    // One that takes a restart, which ends the sessions.
    set(json!({"max_locks_per_transaction": "80"}));
    session.end().await;
    let session = stand.connect(PRIMARY).await;
    assert_eq!(session.text("SHOW max_locks_per_transaction").await, "80");
    // One with which PostgreSQL does not start.
    set(json!({"shared_preload_libraries": "no_such_library"}));
    session.end().await;
    assert_eq!(stand.connect(PRIMARY).await.text("SELECT 'runs'").await, "runs");
    set(json!(null));
    let session = stand.connect(PRIMARY).await;
    assert_eq!(session.text("SHOW max_locks_per_transaction").await, "64");
}
