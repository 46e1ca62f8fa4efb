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

/// One request of JSON on a connection of its own; `None` where there was no answer.
fn ask(emulator: &Emulator, line: &str, authorization: &str, body: &str) -> Option<Answer> {
    let address = address(emulator);
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nHost: {address}\r\nAuthorization: {authorization}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n\
         {body}"
    );
    send(emulator, request.as_bytes())
}

fn address(emulator: &Emulator) -> String {
    emulator.address().to_string()
}

/// What is answered to these bytes until the connection ends.
fn send(emulator: &Emulator, bytes: &[u8]) -> Option<Answer> {
    let mut stream = TcpStream::connect(address(emulator)).expect("the emulator listens");
    // It may have answered, and closed, before the end of what is too long.
    let _ = stream.write_all(bytes);
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
fn wait_for_request_returns_after_request() {
    let emulator = start();
    thread::scope(|scope| {
        scope.spawn(|| call(&emulator, "GET projects/shop", &Json::Null));
        emulator.wait_for(|requests| requests.iter().any(|request| request.status == 404));
    });
}

#[test]
fn the_admin_api_scripts_what_the_library_can_do() {
    let emulator = start();
    let admin = |line: &str, body: &Json| {
        ask(&emulator, line, "Bearer emulator-token", &body.to_string()).expect("an answer")
    };
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

    let deviations = json!({"omit_defaults": true, "delayed_effects": 1});
    assert_eq!(admin("POST /_emulator/deviations", &deviations).status, 200);
    let project = call(&emulator, "GET projects/shop", &Json::Null).json();
    assert_eq!(project["status"].get("enable_pg_native_login"), None);
    assert_eq!(admin("POST /_emulator/deviations", &json!({})).status, 200);
    let project = call(&emulator, "GET projects/shop", &Json::Null).json();
    assert_eq!(project["status"]["enable_pg_native_login"], false);
    assert_eq!(admin("POST /_emulator/deviations", &json!({"cruel": true})).status, 400);

    let rules = admin("GET /_emulator/rules", &Json::Null).json();
    let conflicts = &rules["rules"][0];
    assert_eq!(
        (&conflicts["name"], &conflicts["value"]),
        (&json!("conflicts"), &json!("documented"))
    );
    assert_eq!(conflicts["certainty"], "DOC");
    let rules = json!({"conflicts": "none", "echo-spec": true, "max-range-cu": 8});
    assert_eq!(admin("POST /_emulator/rules", &rules).status, 200);
    let rules = admin("GET /_emulator/rules", &Json::Null).json();
    assert_eq!(rules["rules"][0]["value"], "none");
    for wrong in [json!({"conflicts": "some"}), json!({"nope": 1}), json!([])] {
        assert_eq!(admin("POST /_emulator/rules", &wrong).status, 400, "{wrong}");
    }

    let object = json!({"name": "projects/seeded", "body": {"spec": {"display_name": "Seeded"}}});
    assert_eq!(admin("POST /_emulator/objects", &object).status, 200);
    let seeded = emulator.get("projects/seeded").expect("the project");
    assert_eq!(seeded["status"]["display_name"], "Seeded");
    assert_eq!(admin("POST /_emulator/objects", &object).status, 409);
    emulator.remove("projects/seeded");
    for wrong in [
        json!({"path": "x", "kind": "hang", "times": 0}),
        json!({"path": "x", "kind": "hang", "method": "get"}),
        json!({"path": "x", "kind": {"html": {"status": 99}}}),
    ] {
        assert_eq!(admin("POST /_emulator/faults", &wrong).status, 400, "{wrong}");
    }

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

#[test]
fn admin_api_refuses_strangers_and_web_pages() {
    let emulator = start();
    let address = address(&emulator);
    let token = "Authorization: Bearer emulator-token\r\n";
    let json = "Content-Type: application/json\r\n";
    let own_page = format!("Origin: http://{address}\r\n");
    let other_page = "Origin: http://evil.example\r\n";
    let reset = |host: &str, headers: &str, body: &str| {
        let length = body.len();
        let request = format!(
            "POST /_emulator/reset HTTP/1.1\r\nHost: {host}\r\n{headers}Content-Length: {length}\r\n\
             Connection: close\r\n\r\n{body}"
        );
        send(&emulator, request.as_bytes()).expect("an answer").status
    };
    let cases = [
        (address.as_str(), format!("{token}{json}"), "{}", 200),
        (address.as_str(), token.to_owned(), "", 200),
        ("localhost", format!("{token}{own_page}"), "", 403),
        ("localhost", token.to_owned(), "", 200),
        (address.as_str(), format!("{token}{own_page}"), "", 200),
        // Without a token, or with a wrong one.
        (address.as_str(), json.to_owned(), "{}", 401),
        (address.as_str(), format!("Authorization: Bearer x\r\n{json}"), "{}", 401),
        // From a page of another site, by its name or by a name that was bound to this machine.
        (address.as_str(), format!("{token}{json}{other_page}"), "{}", 403),
        (address.as_str(), format!("{token}{json}Origin: null\r\n"), "{}", 403),
        ("evil.example", format!("{token}{json}"), "{}", 403),
        // With the media type of a form.
        (address.as_str(), token.to_owned(), "{}", 415),
        (address.as_str(), format!("{token}Content-Type: text/plain\r\n"), "{}", 415),
    ];
    for (host, headers, body, status) in cases {
        assert_eq!(reset(host, &headers, body), status, "{host} {headers}");
    }
    assert_eq!(ask(&emulator, "GET /_emulator/health", "", "").expect("an answer").status, 200);
    let reads = "GET /_emulator/requests";
    assert_eq!(ask(&emulator, reads, "", "").expect("an answer").status, 401);
}

#[test]
fn api_refuses_other_hosts_and_web_pages_and_records_that() {
    let emulator = start();
    let list = |host: &str, headers: &str| {
        let request = format!(
            "GET /api/2.0/postgres/projects HTTP/1.1\r\nHost: {host}\r\n\
             Authorization: Bearer emulator-token\r\n{headers}Connection: close\r\n\r\n"
        );
        send(&emulator, request.as_bytes()).expect("an answer")
    };
    let address = address(&emulator);
    assert_eq!(list(&address, "").status, 200);
    assert_eq!(list(&address, "Origin: http://evil.example\r\n").status, 403);
    let refused = list("evil.example", "");
    assert_eq!(refused.status, 403);
    assert!(refused.text.contains("--public-url http://evil.example"), "{}", refused.text);
    let statuses: Vec<_> = emulator.requests().iter().map(|request| request.status).collect();
    assert_eq!(statuses, [200, 403, 403]);
}

fn admin(emulator: &Emulator, line: &str, body: &Json) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    ask(emulator, line, "Bearer emulator-token", &body).expect("an answer")
}

#[test]
fn record_is_selected_by_method_path_and_number() {
    let emulator = start();
    call(&emulator, "POST projects?project_id=shop", &json!({}));
    call(&emulator, "GET projects/shop", &Json::Null);
    call(&emulator, "GET projects/none", &Json::Null);
    let select = |query: &str| {
        let answer = admin(&emulator, &format!("GET /_emulator/requests{query}"), &Json::Null);
        assert_eq!(answer.status, 200, "{}", answer.text);
        let answer = answer.json();
        assert_eq!(answer["last"], 3);
        let requests = answer["requests"].as_array().expect("an array").iter();
        requests.map(|request| request["number"].as_u64().expect("a number")).collect::<Vec<_>>()
    };
    assert_eq!(select(""), [1, 2, 3]);
    assert_eq!(select("?method=GET"), [2, 3]);
    assert_eq!(select("?path=projects/s*"), [2]);
    assert_eq!(select("?since=1&path=/projects/*"), [2, 3]);
    assert_eq!(select("?since=3&wait=0s"), [0; 0]);
    assert_eq!(emulator.requests()[2].error_code.as_deref(), Some("NOT_FOUND"));
    for wrong in ["?since=x", "?wait=61s", "?wait=5", "?wait=-1s", "?status=200"] {
        let answer = admin(&emulator, &format!("GET /_emulator/requests{wrong}"), &Json::Null);
        assert_eq!(answer.status, 400, "{wrong}");
    }
    emulator.forget_requests();
    call(&emulator, "GET projects", &Json::Null);
    assert_eq!(emulator.requests()[0].number, 4);
    assert_eq!(admin(&emulator, "POST /_emulator/reset", &Json::Null).status, 200);
    call(&emulator, "GET projects", &Json::Null);
    assert_eq!(emulator.requests()[0].number, 5);
}

#[test]
fn reader_of_the_record_waits_for_the_request_that_it_wants() {
    let emulator = start();
    thread::scope(|scope| {
        let line = "GET /_emulator/requests?method=POST&wait=60s";
        let waiting = scope.spawn(|| admin(&emulator, line, &Json::Null).json());
        call(&emulator, "GET projects", &Json::Null);
        call(&emulator, "POST projects?project_id=shop", &json!({}));
        let requests = waiting.join().expect("an answer");
        assert_eq!(requests["requests"][0]["method"], "POST");
        assert_eq!(requests["requests"].as_array().map(Vec::len), Some(1));
    });
}

#[test]
fn state_moves_to_another_emulator_whole_or_not_at_all() {
    let (one, other) = (start(), start());
    call(&one, "POST projects?project_id=shop", &json!({}));
    let state = admin(&one, "GET /_emulator/state", &Json::Null).json();
    assert_eq!(admin(&other, "PUT /_emulator/state", &state).status, 200);
    assert_eq!(one.get("projects/shop"), other.get("projects/shop"));
    let wrong = json!({"version": 1, "objects": [{"name": "shop", "body": {}}]});
    let refused = admin(&other, "PUT /_emulator/state", &wrong);
    assert_eq!(refused.status, 400);
    let message = refused.json()["message"].to_string();
    assert!(message.contains("objects[0].name"), "{message}");
    assert_eq!(one.get("projects/shop"), other.get("projects/shop"));
}

#[test]
fn public_url_is_shown_and_accepted_as_host() {
    let mut options = Options {
        host: "0.0.0.0".parse().expect("an address"),
        public_url: Some("http://emulator:8080".to_owned()),
        ..Options::default()
    };
    // The token of this machine is well known.
    assert!(Emulator::start(options.clone()).is_err());
    options.protect();
    let emulator = Emulator::start(options).expect("a free port");
    assert_eq!(emulator.url(), "http://emulator:8080");
    let token = emulator.token().to_owned();
    let ask = |host: &str, path: &str, token: &str| {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\
             Connection: close\r\n\r\n"
        );
        send(&emulator, request.as_bytes()).expect("an answer").status
    };
    for path in ["/api/2.0/postgres/projects", "/_emulator/requests"] {
        assert_eq!(ask("emulator:8080", path, &token), 200, "{path}");
        assert_eq!(ask("other:8080", path, &token), 403, "{path}");
        assert_eq!(ask("emulator:8080", path, "emulator-token"), 401, "{path}");
    }
    let wrong = Some("emulator/path".to_owned());
    assert!(Emulator::start(Options { public_url: wrong, ..Options::default() }).is_err());
}

#[test]
fn head_is_answered_as_get_without_a_body_and_schemes_have_no_case() {
    let emulator = start();
    let head = |token: &str| {
        let address = address(&emulator);
        let request = format!(
            "HEAD /api/2.0/postgres/projects HTTP/1.1\r\nHost: {address}\r\nAuthorization: {token}\r\n\
             Connection: close\r\n\r\n"
        );
        send(&emulator, request.as_bytes()).expect("an answer")
    };
    let answer = head("Bearer emulator-token");
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    for token in ["bearer emulator-token", "BEARER emulator-token"] {
        assert_eq!(head(token).status, 200, "{token}");
    }
}

#[test]
fn body_that_is_too_long_is_refused_in_json_and_recorded() {
    let emulator = start();
    let body = "x".repeat((4 << 20) + 1);
    let line = "POST /api/2.0/postgres/projects?project_id=p";
    // The connection may be reset before the answer is read, for it ends in the middle of the body.
    if let Some(answer) = ask(&emulator, line, "Bearer emulator-token", &body) {
        assert_eq!(answer.status, 413);
        assert_eq!(answer.json()["error_code"], "INVALID_PARAMETER_VALUE");
    }
    emulator.wait_for(|requests| requests.iter().any(|request| request.status == 413));
}

#[test]
fn long_bodies_are_recorded_by_their_length() {
    let emulator = start();
    let body = json!({"spec": {"display_name": "x".repeat(100_000)}});
    call(&emulator, "POST projects?project_id=p", &body);
    assert_eq!(emulator.requests()[0].body, json!({"omitted_bytes": body.to_string().len()}));
}

#[test]
fn http_2_is_not_spoken() {
    let emulator = start();
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    assert!(send(&emulator, preface).is_none_or(|answer| answer.status == 400));
    assert!(emulator.requests().is_empty());
}

#[test]
fn busy_port_and_wrong_options_are_named() {
    let emulator = start();
    let port = emulator.url().rsplit(':').next().and_then(|port| port.parse().ok());
    let port: u16 = port.expect("a port");
    let error = Emulator::start(Options { port, ..Options::default() }).expect_err("it is taken");
    assert!(error.to_string().contains(&format!("cannot listen on 127.0.0.1:{port}")), "{error}");
    let wrong = [
        Options { page_size: 0, ..Options::default() },
        Options { workspace_id: "1\n2".to_owned(), ..Options::default() },
        Options { token: String::new(), ..Options::default() },
    ];
    for options in wrong {
        assert!(Emulator::start(options).is_err());
    }
}

#[test]
fn a_panic_of_a_waiting_test_leaves_the_emulator_usable() {
    let emulator = start();
    call(&emulator, "GET projects", &Json::Null);
    let panicked = thread::scope(|scope| {
        scope.spawn(|| emulator.wait_for(|_| panic!("while it holds the lock"))).join()
    });
    assert!(panicked.is_err());
    assert_eq!(call(&emulator, "GET projects", &Json::Null).status, 200);
    emulator.create("projects/p", json!({}));
    assert!(emulator.names().contains(&"projects/p".to_owned()));
}
