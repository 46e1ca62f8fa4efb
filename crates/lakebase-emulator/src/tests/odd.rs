//! Odd requests by the thousand: each is answered in JSON, none by a failure of the emulator, and one
//! that is refused changes nothing.

use fastrand::Rng;
use serde_json::{Value as Json, json};

use super::Workspace;
use crate::message::{Reply, Request};
use crate::options::Options;

const REQUESTS: usize = 5_000;

const SEGMENTS: [&str; 22] = [
    "projects",
    "p",
    "branches",
    "dev",
    "production",
    "endpoints",
    "primary",
    "roles",
    "jane-doe",
    "databases",
    "databricks-postgres",
    "operations",
    "undelete",
    "password",
    "credentials",
    "",
    "*",
    "é",
    "..",
    "%2F",
    "catalogs",
    "x",
];

const FIELDS: [&str; 24] = [
    "spec",
    "status",
    "name",
    "parent",
    "display_name",
    "ttl",
    "no_expiry",
    "expire_time",
    "source_branch",
    "is_protected",
    "endpoint_type",
    "autoscaling_limit_min_cu",
    "autoscaling_limit_max_cu",
    "group",
    "min",
    "max",
    "settings",
    "pg_settings",
    "attributes",
    "membership_roles",
    "postgres_role",
    "postgres_database",
    "role",
    "initial_endpoint_spec",
];

fn value(random: &mut Rng, depth: usize) -> Json {
    match random.u8(..if depth == 0 { 8 } else { 12 }) {
        0 => Json::Null,
        1 => json!(random.bool()),
        2 => json!(random.i64(..)),
        3 => json!(random.f64() * 64.0),
        4 => json!("projects/p/branches/dev/roles/jane-doe"),
        5 => json!("ENDPOINT_TYPE_READ_ONLY"),
        6 => json!("300s"),
        7 => json!("\u{0}é"),
        8 => json!([value(random, depth - 1)]),
        _ => {
            let mut members = serde_json::Map::new();
            for _ in 0..random.usize(..4) {
                let field = random.choice(FIELDS).expect("there are some");
                members.insert(field.to_owned(), value(random, depth - 1));
            }
            Json::Object(members)
        }
    }
}

#[test]
fn odd_requests_are_answered() {
    let mut random = Rng::with_seed(1);
    let mut workspace = Workspace::with_branch(Options::default());
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..REQUESTS {
        let depth = random.usize(1..8);
        let mut segment = || *random.choice(&SEGMENTS).expect("there are some");
        let path: Vec<&str> = (0..depth).map(|_| segment()).collect();
        // Half of the paths are sensible.
        let sensible =
            ["projects/p/branches/dev/endpoints/primary", "projects/p/branches/dev/roles"];
        let path = match random.u8(..4) {
            0 => sensible[0].to_owned(),
            1 => sensible[1].to_owned(),
            _ => path.join("/"),
        };
        let methods = ["GET", "POST", "PATCH", "DELETE", "PUT", "HEAD"];
        let names =
            ["update_mask", "role_id", "page_size", "page_token", "purge", "replace_existing"];
        let values = ["spec", "*", "spec.attributes", "true", "a", "-1", "", "spec,spec.x", "=="];
        let pairs = (0..random.usize(..3)).map(|_| {
            let name = random.choice(names).expect("there are some");
            (name.to_owned(), random.choice(values).expect("there are some").to_owned())
        });
        let query = pairs.collect();
        let body = value(&mut random, 4);
        let request = Request {
            method: random.choice(methods).expect("there are some").to_owned(),
            path: format!("/api/2.0/postgres/{path}"),
            query,
            authorization: Some("Bearer emulator-token".to_owned()),
            body: if random.bool() { body.to_string().into_bytes() } else { Vec::new() },
            ..Request::default()
        };
        let before = workspace.service.world.store.clone();
        let Reply::Answer(answer) = workspace.service.answer(&request) else {
            panic!("{request:?}");
        };
        assert!(answer.status < 500, "{request:?}: {answer:?}");
        if answer.status != 200 {
            let after = &workspace.service.world.store;
            assert_eq!(format!("{before:?}"), format!("{after:?}"), "{request:?}");
        }
        assert!(serde_json::from_str::<Json>(&answer.body).is_ok(), "{request:?}: {answer:?}");
        seen.insert(answer.status);
    }
    assert!(seen.contains(&200) && seen.contains(&400) && seen.contains(&404), "{seen:?}");
}
