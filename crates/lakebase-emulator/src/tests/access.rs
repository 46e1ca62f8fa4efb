//! Who may ask, and how to become someone who may.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value as Json;

use super::Workspace;
use crate::message::{Answer, Reply, Request};

fn send(workspace: &mut Workspace, request: &Request) -> (Answer, Json) {
    let Reply::Answer(answer) = workspace.service.answer(request) else { panic!("an answer") };
    let json = serde_json::from_str(&answer.body).expect("an answer of JSON");
    (answer, json)
}

fn get(path: &str, authorization: Option<&str>) -> Request {
    Request {
        method: "GET".to_owned(),
        path: path.to_owned(),
        authorization: authorization.map(str::to_owned),
        ..Request::default()
    }
}

fn ask_for_token(workspace: &mut Workspace, client: &str, form: &str) -> (u16, Json) {
    let request = Request {
        method: "POST".to_owned(),
        body: form.as_bytes().to_vec(),
        ..get("/oidc/v1/token", Some(&format!("Basic {}", BASE64.encode(client))))
    };
    let (answer, json) = send(workspace, &request);
    (answer.status, json)
}

const FORM: &str = "grant_type=client_credentials&scope=all-apis";

#[test]
fn only_valid_tokens_are_admitted() {
    let mut workspace = Workspace::new();
    let cases = [
        (None, 401),
        (Some("Bearer wrong"), 401),
        (Some("Basic ZW11bGF0b3ItdG9rZW4="), 401),
        (Some("emulator-token"), 401),
        (Some("Bearer emulator-token"), 200),
    ];
    for (authorization, status) in cases {
        for path in ["/api/2.0/postgres/projects", "/api/2.0/preview/scim/v2/Me"] {
            let (answer, json) = send(&mut workspace, &get(path, authorization));
            assert_eq!(answer.status, status, "{authorization:?}");
            let code = json.get("error_code").and_then(Json::as_str);
            assert_eq!(code, (status == 401).then_some("UNAUTHENTICATED"));
            // On every answer.
            let headers: Vec<&str> = answer.headers.iter().map(|(name, _)| *name).collect();
            assert_eq!(headers, ["x-request-id", "x-databricks-org-id"]);
        }
    }
}

#[test]
fn a_request_for_another_workspace_is_forbidden() {
    let mut workspace = Workspace::new();
    let mut request = get("/api/2.0/postgres/projects", Some("Bearer emulator-token"));
    request.workspace = Some("1".to_owned());
    let (answer, json) = send(&mut workspace, &request);
    assert_eq!((answer.status, json["error_code"].as_str()), (403, Some("PERMISSION_DENIED")));
    request.workspace = Some("470576644108500".to_owned());
    assert_eq!(send(&mut workspace, &request).0.status, 200);
}

#[test]
fn discovery_leads_to_a_token_that_is_valid_until_it_expires() {
    let mut workspace = Workspace::new();
    let (_, config) = send(&mut workspace, &get("/.well-known/databricks-config", None));
    assert_eq!(config["oidc_endpoint"], "http://emulator/oidc");
    assert_eq!(config["workspace_id"], "470576644108500");
    let path = "/oidc/.well-known/oauth-authorization-server";
    let (_, discovery) = send(&mut workspace, &get(path, None));
    assert_eq!(discovery["token_endpoint"], "http://emulator/oidc/v1/token");

    let (status, token) = ask_for_token(&mut workspace, "emulator-client:emulator-secret", FORM);
    assert_eq!((status, token["expires_in"].as_i64()), (200, Some(3600)));
    let bearer = format!("Bearer {}", token["access_token"].as_str().expect("a token"));
    let request = get("/api/2.0/preview/scim/v2/Me", Some(&bearer));
    let (_, me) = send(&mut workspace, &request);
    assert_eq!(me["userName"], "jane.doe@example.com");
    workspace.pass(3600);
    let (answer, json) = send(&mut workspace, &request);
    assert_eq!(answer.status, 401);
    assert_eq!(json["message"], "Access token expired.");
}

#[test]
fn a_wrong_client_or_grant_gets_no_token() {
    let mut workspace = Workspace::new();
    let client = "emulator-client:emulator-secret";
    let cases = [
        ("emulator-client:wrong", FORM, 401, "invalid_client"),
        ("wrong:emulator-secret", FORM, 401, "invalid_client"),
        (client, "grant_type=password&scope=all-apis", 400, "unsupported_grant_type"),
        (client, "grant_type=client_credentials&scope=sql", 400, "invalid_scope"),
    ];
    for (client, form, status, error) in cases {
        let (got, json) = ask_for_token(&mut workspace, client, form);
        assert_eq!((got, json["error"].as_str()), (status, Some(error)));
    }
}
