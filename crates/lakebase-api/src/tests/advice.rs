//! Each cause of a failed connection or authentication that can be told has words of its own.

use std::time::Duration;

use rcgen::CertificateParams;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use super::authentication::principal;
use super::internet::{Internet, status};
use super::methods::WORKSPACE;
use super::service::{Service, json, text};
use super::tls::{acceptor, authority};
use super::{chain, clock, given, problem, world};
use crate::http_client::Trust;
use crate::{CancellationToken, Client, Credentials, Environment, Error, Settings};

/// The error of one read over TLS.
async fn refused(roots: Trust, service: &Service) -> Error {
    let credentials = given(&service.host(), Some("t"));
    let (environment, settings) = (Environment::default(), Settings::default());
    let client = Client::trusting(roots, &credentials, &environment, settings, clock()).unwrap();
    let deadline = client.deadline(Duration::from_mins(1), CancellationToken::new());
    client.get("projects/p", &deadline).await.unwrap_err()
}

fn advice(error: &Error) -> String {
    error.advice().unwrap_or_else(|| panic!("no advice: {}", chain(error)))
}

#[tokio::test]
async fn certificate_of_an_unknown_authority_names_ssl_cert_file() {
    let (_, acceptor) = authority(&[]);
    let service = Service::start_tls([], acceptor).await;
    let error = refused(Trust::default(), &service).await;
    assert!(advice(&error).contains("`SSL_CERT_FILE`"), "{}", advice(&error));
}

#[tokio::test]
async fn certificate_at_the_wrong_time_points_to_the_clock() {
    let years = |first, last| {
        move |params: &mut CertificateParams| {
            params.not_before = rcgen::date_time_ymd(first, 1, 1);
            params.not_after = rcgen::date_time_ymd(last, 1, 1);
        }
    };
    let early = acceptor(&[], years(2090, 2091));
    let late = acceptor(&[], years(1990, 1991));
    for ((root, acceptor), part) in [(early, "is not valid yet"), (late, "has expired")] {
        let service = Service::start_tls([], acceptor).await;
        let error = refused(Trust { roots: vec![root], proxy: None }, &service).await;
        let advice = advice(&error);
        assert!(advice.contains(part) && advice.contains("clock"), "{advice}");
    }
}

#[tokio::test]
async fn certificate_of_another_host_is_named() {
    let (root, acceptor) = acceptor(&[], |params| {
        let others = CertificateParams::new(vec!["other.example.com".to_owned()]).unwrap();
        params.subject_alt_names = others.subject_alt_names;
    });
    let service = Service::start_tls([], acceptor).await;
    let error = refused(Trust { roots: vec![root], proxy: None }, &service).await;
    assert!(advice(&error).contains("meant for another host"), "{}", advice(&error));
}

#[tokio::test]
async fn server_without_tls_suggests_http() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let host = format!("https://{}", listener.local_addr().unwrap());
    let plain = tokio::spawn(async move {
        let mut streams = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
            streams.push(stream);
        }
    });
    let credentials = given(&host, Some("t"));
    let client =
        Client::new(&credentials, &Environment::default(), Settings::default(), clock()).unwrap();
    let deadline = client.deadline(Duration::from_mins(1), CancellationToken::new());
    let error = client.get("projects/p", &deadline).await.unwrap_err();
    plain.abort();
    assert!(advice(&error).contains("`http://127.0.0.1:8080`"), "{}", chain(&error));
}

#[tokio::test]
async fn skip_verify_accepts_any_certificate() {
    let (_, acceptor) = authority(&[]);
    let service = Service::start_tls([json(200, &json!({"uid": "u"}))], acceptor).await;
    let credentials = given(&service.host(), Some("t")).with("skip_verify", "true");
    let (environment, settings) = (Environment::default(), Settings::default());
    let client = Client::new(&credentials, &environment, settings, clock()).unwrap();
    assert!(client.skips_verification());
    let deadline = client.deadline(Duration::from_mins(1), CancellationToken::new());
    client.get("projects/p", &deadline).await.unwrap();
}

#[tokio::test]
async fn wrong_clock_is_reported_with_refused_credentials() {
    // The clock of the tests stands at 12:00.
    for (date, part) in [
        ("Sun, 30 Aug 2026 14:00:00 GMT", Some("120 minutes behind")),
        ("Sun, 30 Aug 2026 11:45:00 GMT", Some("15 minutes ahead of")),
        ("Sun, 30 Aug 2026 12:04:00 GMT", None),
    ] {
        let w = world([problem(401, "UNAUTHENTICATED").with("date", date)]).await;
        let error = w.client.get("projects/p", &w.deadline).await.unwrap_err();
        assert_eq!(error.advice().is_some(), part.is_some(), "{date}");
        if let Some(part) = part {
            assert!(advice(&error).contains(part), "{}", advice(&error));
        }
        let denied = json(400, &json!({"error": "invalid_client"})).with("date", date);
        let w = principal([denied]).await;
        let error = w.client.get("projects/p", &w.deadline).await.unwrap_err();
        let expected = part.unwrap_or("was revoked");
        assert!(advice(&error).contains(expected), "{}", advice(&error));
    }
    // It is no cause of other refusals.
    let date = "Sun, 30 Aug 2026 14:00:00 GMT";
    let w = world([problem(403, "PERMISSION_DENIED").with("date", date)]).await;
    assert_eq!(w.client.get("projects/p", &w.deadline).await.unwrap_err().advice(), None);
}

#[tokio::test]
async fn login_page_names_the_workspace_id_and_a_page_of_a_proxy_the_proxy() {
    let login = "<html><body><a href=\"/login.html\">Databricks</a></body></html>";
    let table = [
        (text(200, "text/html", login), "`workspace_id`"),
        (text(302, "", "").with("location", "/login.html?next_url=x"), "`workspace_id`"),
        (text(403, "text/html", "<title>Zscaler</title>"), "`HTTPS_PROXY`"),
        (text(407, "text/html", ""), "`HTTPS_PROXY`"),
    ];
    for (reply, part) in table {
        let w = world([reply]).await;
        let error = w.client.get("projects/p", &w.deadline).await.unwrap_err();
        assert!(error.is_unexpected_response());
        assert!(advice(&error).contains(part), "{}", advice(&error));
    }
}

#[tokio::test]
async fn proxy_that_asks_for_authentication_is_asked_once() {
    let proxy = Service::start([text(407, "text/html", "")]).await;
    let trust = Trust { roots: vec![], proxy: Some(proxy.host().parse().unwrap()) };
    let credentials = Credentials::default().with("host", WORKSPACE).with("token", "t");
    let (environment, settings) = (Environment::default(), Settings::default());
    let client = Client::trusting(trust, &credentials, &environment, settings, clock()).unwrap();
    let deadline = client.deadline(Duration::from_mins(1), CancellationToken::new());
    let error = client.get("projects/p", &deadline).await.unwrap_err();
    assert_eq!(error.attempts(), 1, "{}", chain(&error));
    assert!(advice(&error).contains("`HTTPS_PROXY=http://user:password@proxy:8080`"));
    assert_eq!(proxy.lines(), [format!("CONNECT {WORKSPACE}:443")]);
}

#[tokio::test]
async fn revoked_secret_says_what_to_create() {
    let internet = Internet::start().await;
    internet.route(&format!("POST {WORKSPACE}/oidc/v1/token"), |_| {
        status(401, &json!({"error": "invalid_client"}))
    });
    internet.answer(
        &format!("GET {WORKSPACE}/oidc/.well-known/oauth-authorization-server"),
        &json!({"token_endpoint": format!("https://{WORKSPACE}/oidc/v1/token")}),
    );
    let credentials = Credentials::default()
        .with("host", WORKSPACE)
        .with("client_id", "id")
        .with("client_secret", "hush");
    let visitor = internet.visit(&credentials, &Environment::default()).unwrap();
    let error = visitor.client.get("projects/p", &visitor.deadline).await.unwrap_err();
    assert!(advice(&error).contains("Create another secret"), "{}", advice(&error));
}
