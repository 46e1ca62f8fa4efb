//! Where the Application Default Credentials of Google come from.

use serde_json::{Value as Json, json};

use super::chain;
use super::internet::{Internet, page};
use super::machine::Machine;
use super::methods::{GOOGLE, KEY, google_id};
use super::service::{self, Service};
use crate::{Credentials, Environment, Error};

const ACCOUNT: &str =
    "iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/sa@p.iam.gserviceaccount.com";

/// An internet in which the token that the machine has is looked at.
async fn internet() -> Internet {
    let internet = Internet::start().await;
    internet.answer(&format!("GET {GOOGLE}/api/2.0/postgres/projects/p"), &json!({"uid": "u"}));
    internet.answer(&format!("POST {ACCOUNT}:generateIdToken"), &json!({"token": google_id(1)}));
    internet
}

/// Reads, and tells which token of the machine was used.
async fn own_token(internet: &Internet, environment: &Environment) -> Result<String, Error> {
    let credentials = Credentials::default()
        .with("host", GOOGLE)
        .with("google_service_account", "sa@p.iam.gserviceaccount.com");
    let visitor = internet.visit(&credentials, environment).unwrap();
    visitor.client.get("projects/p", &visitor.deadline).await?;
    let seen = internet.seen();
    // Without a token for Google Cloud, the workspace is asked all the same.
    let last = seen.last().unwrap();
    assert!(!last.headers.contains_key("x-databricks-gcp-sa-access-token"));
    let impersonation = seen.iter().find(|seen| seen.line.ends_with(":generateIdToken")).unwrap();
    Ok(impersonation.headers["authorization"].clone())
}

/// A machine with a credentials file, and its environment.
fn with_file(file: &Json) -> (Machine, Environment) {
    let machine = Machine::new();
    let path = machine.write("credentials.json", &file.to_string());
    let environment = machine.environment(&[("GOOGLE_APPLICATION_CREDENTIALS", &path)]);
    (machine, environment)
}

fn token(internet: &Internet, request: &str, token: &str) {
    internet.answer(request, &json!({"access_token": token, "expires_in": 3600}));
}

#[tokio::test]
async fn key_of_a_service_account_signs_for_its_token() {
    let internet = internet().await;
    token(&internet, "POST oauth2.googleapis.com/token", "hush-key");
    let (_machine, environment) = with_file(&json!({
        "type": "service_account",
        "client_email": "other@p.iam.gserviceaccount.com",
        "private_key": KEY,
    }));
    assert_eq!(own_token(&internet, &environment).await.unwrap(), "Bearer hush-key");
}

#[tokio::test]
async fn login_of_a_person_is_renewed() {
    let login = json!({
        "type": "authorized_user",
        "client_id": "id",
        "client_secret": "hush-secret",
        "refresh_token": "hush-refresh",
    });
    let internet = internet().await;
    internet.route("POST oauth2.googleapis.com/token", |seen| {
        let expected = "grant_type=refresh_token&client_id=id&client_secret=hush-secret&\
                        refresh_token=hush-refresh";
        assert_eq!(seen.body, expected);
        page(&json!({"access_token": "hush-person", "expires_in": 3599}))
    });
    // The file that gcloud writes is found without a variable.
    let machine = Machine::new();
    machine.write(".config/gcloud/application_default_credentials.json", &login.to_string());
    let environment = machine.environment(&[]);
    assert_eq!(own_token(&internet, &environment).await.unwrap(), "Bearer hush-person");
}

#[tokio::test]
async fn id_token_of_a_pipeline_is_exchanged_and_impersonates() {
    let internet = internet().await;
    internet.route("GET actions.example.com/token", |seen| {
        assert_eq!(seen.headers["authorization"], "Bearer hush-request");
        page(&json!({"value": "hush-subject"}))
    });
    internet.route("POST sts.googleapis.com/v1/token", |seen| {
        assert!(seen.body.contains("subject_token=hush-subject"), "{}", seen.body);
        page(&json!({"access_token": "hush-federated", "expires_in": 3600}))
    });
    internet.route("POST iamcredentials.googleapis.com/v1/x:generateAccessToken", |seen| {
        assert_eq!(seen.headers["authorization"], "Bearer hush-federated");
        page(&json!({"accessToken": "hush-pipeline", "expireTime": "2026-08-30T13:00:00Z"}))
    });
    let (_machine, environment) = with_file(&json!({
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/x",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.googleapis.com/v1/token",
        "service_account_impersonation_url":
            "https://iamcredentials.googleapis.com/v1/x:generateAccessToken",
        "credential_source": {
            "url": "https://actions.example.com/token?audience=x",
            "headers": {"Authorization": "Bearer hush-request"},
            "format": {"type": "json", "subject_token_field_name": "value"},
        },
    }));
    assert_eq!(own_token(&internet, &environment).await.unwrap(), "Bearer hush-pipeline");
}

#[tokio::test]
async fn machine_in_google_cloud_gives_its_own_token() {
    let internet = internet().await;
    let answer = service::json(200, &json!({"access_token": "hush-machine", "expires_in": 3600}));
    let metadata = Service::start([answer]).await;
    let address = metadata.host().replace("http://", "");
    let environment = Machine::new().environment(&[("GCE_METADATA_HOST", &address)]);
    assert_eq!(own_token(&internet, &environment).await.unwrap(), "Bearer hush-machine");
    assert_eq!(metadata.seen()[0].headers["metadata-flavor"], "Google");
}

#[tokio::test]
async fn missing_credentials_say_how_to_log_in() {
    let table = [
        (None, "there are no Application Default Credentials"),
        (Some(json!({"type": "gdch_service_account"})), "its `type` is `gdch_service_account`"),
        (Some(json!({"type": "service_account"})), "it has no `client_email`"),
    ];
    for (file, part) in table {
        let internet = internet().await;
        let (_machine, environment) = if let Some(file) = &file {
            with_file(file)
        } else {
            let machine = Machine::new();
            let environment = machine.environment(&[]);
            (machine, environment)
        };
        let error = own_token(&internet, &environment).await.unwrap_err();
        assert!(error.is_unauthenticated() && chain(&error).contains(part), "{}", chain(&error));
        assert!(error.advice().unwrap().contains("`gcloud auth application-default login`"));
    }
}
