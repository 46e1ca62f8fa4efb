//! The emulator over real sockets: what the handlers alone cannot show.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;

use lakebase_emulator::{Effect, Emulator, Fault, FaultKind, Options};
use serde_json::{Value as Json, json};

struct Answer {
    status: u16,
    head: String,
    text: String,
}

impl Answer {
    fn json(&self) -> Json {
        serde_json::from_str(&self.text).expect("an answer of JSON")
    }
}

/// One request on a connection of its own; `None` where there was no answer.
fn ask(emulator: &Emulator, line: &str, authorization: &str, body: &str) -> Option<Answer> {
    let address = emulator.url().strip_prefix("http://").expect("http").to_owned();
    let mut stream = TcpStream::connect(&address).expect("the emulator listens");
    let length = body.len();
    write!(
        stream,
        "{line} HTTP/1.1\r\nHost: {address}\r\nAuthorization: {authorization}\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .expect("a request can be written");
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, head: head.to_lowercase(), text: body.to_owned() })
}

fn call(emulator: &Emulator, line: &str, body: &Json) -> Answer {
    let bearer = format!("Bearer {}", emulator.token());
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let (method, path) = line.split_once(' ').expect("a method and a path");
    ask(emulator, &format!("{method} /api/2.0/postgres/{path}"), &bearer, &body).expect("an answer")
}

fn start() -> Emulator {
    Emulator::start(Options::default()).expect("a free port")
}

#[test]
fn a_project_is_created_polled_and_read() {
    let emulator = start();
    let operation = call(&emulator, "POST projects?project_id=shop", &json!({}));
    assert_eq!(operation.status, 200, "{}", operation.text);
    let operation = operation.json();
    assert_eq!(operation["done"], false);
    let name = operation["name"].as_str().expect("a name");
    let polled = call(&emulator, &format!("GET {name}"), &Json::Null).json();
    assert_eq!(polled["done"], true);
    assert_eq!(polled["response"]["name"], "projects/shop");
    // The Go SDK ends a path with `?` even where there is no query.
    let read = call(&emulator, "GET projects/shop?", &Json::Null);
    assert!(read.head.contains("x-databricks-org-id: 470576644108500"), "{}", read.head);
    assert!(read.head.contains("x-request-id: "), "{}", read.head);
    assert_eq!(Some(read.json()), emulator.get("projects/shop"));
    let requests: Vec<_> = emulator
        .requests()
        .into_iter()
        .map(|request| (request.method, request.query, request.status))
        .collect();
    let id = vec![("project_id".to_owned(), "shop".to_owned())];
    let expected = [("POST", id, 200), ("GET", vec![], 200), ("GET", vec![], 200)];
    assert_eq!(
        requests,
        expected.map(|(method, query, status)| (method.to_owned(), query, status))
    );
    assert_eq!(emulator.mutations().len(), 1);
}

#[test]
fn a_cut_connection_has_no_answer_whether_or_not_the_request_took_effect() {
    for effect in [Effect::Before, Effect::After] {
        let emulator = start();
        let fault = Fault::on("POST", "/projects", FaultKind::CutConnection);
        emulator.fault(Fault { effect, ..fault });
        let line = "POST /api/2.0/postgres/projects?project_id=shop";
        assert!(ask(&emulator, line, "Bearer emulator-token", "{}").is_none());
        assert_eq!(emulator.get("projects/shop").is_some(), effect == Effect::After);
        assert_eq!(emulator.requests()[0].status, 0);
    }
}

#[test]
fn who_waits_for_a_request_goes_on_when_it_has_come() {
    let emulator = start();
    thread::scope(|scope| {
        scope.spawn(|| call(&emulator, "GET projects/shop", &Json::Null));
        emulator.wait_for(|requests| requests.iter().any(|request| request.status == 404));
    });
}

#[test]
fn the_admin_api_scripts_what_the_library_can_do() {
    let emulator = start();
    let admin =
        |line: &str, body: &Json| ask(&emulator, line, "", &body.to_string()).expect("an answer");
    call(&emulator, "POST projects?project_id=shop", &json!({}));
    let requests = admin("GET /_emulator/requests", &Json::Null).json();
    assert_eq!(requests["requests"][0]["path"], "/api/2.0/postgres/projects");
    assert_eq!(admin("DELETE /_emulator/requests", &Json::Null).status, 200);
    assert!(emulator.requests().is_empty());

    let drift = json!({"name": "projects/shop", "status": {"display_name": "Changed"}});
    assert_eq!(admin("POST /_emulator/drift", &drift).status, 200);
    let project = emulator.get("projects/shop").expect("the project");
    assert_eq!(project["status"]["display_name"], "Changed");
    let drift = json!({"name": "projects/none", "status": {}});
    assert_eq!(admin("POST /_emulator/drift", &drift).status, 404);

    let fault = json!({"method": "GET", "path": "projects/shop", "kind": {"status": {
        "status": 429, "error_code": "REQUEST_LIMIT_EXCEEDED", "message": "Slow", "retry_after": 3,
    }}});
    assert_eq!(admin("POST /_emulator/faults", &fault).status, 200);
    let refused = call(&emulator, "GET projects/shop", &Json::Null);
    assert_eq!(refused.status, 429);
    assert!(refused.head.contains("retry-after: 3"), "{}", refused.head);
    let fault = json!({"path": "projects/shop", "kind": "hang"});
    assert_eq!(admin("POST /_emulator/faults", &fault).status, 200);
    assert_eq!(admin("DELETE /_emulator/faults", &Json::Null).status, 200);
    assert_eq!(call(&emulator, "GET projects/shop", &Json::Null).status, 200);
    assert_eq!(admin("POST /_emulator/faults", &json!({"path": "x"})).status, 400);

    let unkind = json!({"omit_defaults": true, "delayed_effects": 1});
    assert_eq!(admin("POST /_emulator/unkind", &unkind).status, 200);
    let project = call(&emulator, "GET projects/shop", &Json::Null).json();
    assert_eq!(project["status"].get("enable_pg_native_login"), None);
    assert_eq!(admin("POST /_emulator/unkind", &json!({})).status, 200);
    let project = call(&emulator, "GET projects/shop", &Json::Null).json();
    assert_eq!(project["status"]["enable_pg_native_login"], false);
    assert_eq!(admin("POST /_emulator/unkind", &json!({"cruel": true})).status, 400);

    let ttl = json!({"spec": {"ttl": "60s"}});
    call(&emulator, "POST projects/shop/branches?branch_id=dev", &ttl);
    assert!(emulator.names().contains(&"projects/shop/branches/dev".to_owned()));
    assert_eq!(admin("POST /_emulator/clock", &json!({"advance": "61s"})).status, 200);
    assert!(!emulator.names().contains(&"projects/shop/branches/dev".to_owned()));

    let gone = json!({"name": "projects/shop", "remove": true});
    assert_eq!(admin("POST /_emulator/drift", &gone).status, 200);
    assert!(emulator.names().is_empty());
    assert_eq!(admin("POST /_emulator/reset", &Json::Null).status, 200);
    assert!(emulator.requests().is_empty());
}
