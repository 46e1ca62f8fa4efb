//! The interpreter with kinds that the service has, but not yet the emulator: at the top, in three
//! parts, flat, and one in each parent.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use crate::api;
use crate::error::Result;
use crate::message::{Input, Request};
use crate::model::store::Phase;
use crate::model::world::World;
use crate::model::{Deletion, Form, Hooks, Id, Kind, LABEL, Layout, Method, StoreEffect, Uid};
use crate::options::Options;
use crate::schema::{Field, Map, Value};

static PARTS: Form =
    Form { pattern: "catalog.schema.table", accepts: |id| id.split('.').count() == 3 };

static TABLE: Kind = Kind {
    noun: "synced table",
    message: "SyncedTable",
    pattern: "synced_tables/*",
    id: Id::Parameter { name: "synced_table_id", form: &PARTS, in_status: false },
    methods: &[Method::Create, Method::Get, Method::Delete],
    hooks: Hooks {
        timeline: |_, moments, _, _| {
            let online = moments.ends.saturating_add(SignedDuration::from_secs(60));
            vec![
                Phase::from(Timestamp::MIN, "detailed_state", "ONLINE"),
                Phase::until(online.expect("in range"), "detailed_state", "PROVISIONING"),
            ]
        },
        // As a synced table creates the database that it needs.
        beside: |world, change| {
            let moments = world.moments(change.now);
            let object = world.object(&PARENT, "parents/beside", Map::new(), &moments);
            Ok(vec![StoreEffect::Put("parents/beside".to_owned(), Box::new(object))])
        },
        ..Hooks::NONE
    },
    ..PLAIN
};

static PARENT: Kind = Kind { pattern: "parents/*", ..PLAIN };

static SINGLETON: Kind = Kind {
    noun: "data API",
    message: "DataApi",
    pattern: "parents/*/data-api",
    id: Id::Singleton,
    methods: &[Method::Create, Method::Get, Method::Update, Method::Delete],
    ..PLAIN
};

static FLAT: Kind = Kind {
    noun: "CDF config",
    message: "CdfConfig",
    pattern: "parents/*/cdf-configs/*",
    id: Id::Parameter { name: "cdf_config_id", form: &LABEL, in_status: false },
    body: &[Field::new("catalog", Value::Text { min: 1, max: 63 }).required_on_create()],
    layout: Layout::Flat,
    ..PLAIN
};

const PLAIN: Kind = Kind {
    noun: "parent",
    message: "Parent",
    pattern: "",
    id: Id::Parameter { name: "parent_id", form: &LABEL, in_status: true },
    body: &[Field::new(
        "spec",
        Value::Message(&[Field::new("text", Value::Text { min: 0, max: 9 })]),
    )],
    layout: Layout::SpecAndStatus,
    methods: &[Method::Create, Method::Get, Method::List, Method::Update, Method::Delete],
    uid: Uid::None,
    adoptable: false,
    demands_body: false,
    optional_masks: &[],
    wildcard_by_parts: false,
    deletion: Deletion::Permanent,
    delete_parameters: &[],
    takes_turns: false,
    reconciles: false,
    quotas: &[],
    hooks: Hooks::NONE,
};

static ALL: &[&Kind] = &[&PARENT, &SINGLETON, &FLAT, &TABLE];

fn call(world: &mut World, line: &str, body: Json, now: Timestamp) -> Result<Json> {
    let (method, path) = line.split_once(' ').expect("a method and a path");
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let query: Vec<_> = pairs.map(|(a, b)| (a.to_owned(), b.to_owned())).collect();
    let request = Request::default();
    let input = Input { method, path, query: &query, body, request: &request, now };
    api::call(world, &input, path)
}

#[test]
fn names_of_any_depth_and_both_layouts_are_interpreted() {
    let mut world = World::new(ALL, Options::default(), String::new());
    let now = Timestamp::UNIX_EPOCH;
    let mut ok = |line: &str, body: Json| call(&mut world, line, body, now).expect(line);
    ok("POST parents?parent_id=p", json!({}));

    let operation = ok("POST parents/p/data-api", json!({"spec": {"text": "a"}}));
    let name = operation["name"].as_str().expect("a name");
    assert!(name.starts_with("parents/p/data-api/operations/"), "{name}");
    ok("PATCH parents/p/data-api?update_mask=spec.text", json!({"spec": {"text": "b"}}));
    let shown = ok("GET parents/p/data-api", Json::Null);
    assert_eq!((&shown["parent"], &shown["status"]), (&json!("parents/p"), &json!({"text": "b"})));

    ok("POST parents/p/cdf-configs?cdf_config_id=c", json!({"catalog": "main"}));
    let shown = ok("GET parents/p/cdf-configs/c", Json::Null);
    assert_eq!((&shown["catalog"], shown.get("status")), (&json!("main"), None));
    let list = ok("GET parents/p/cdf-configs", Json::Null);
    assert_eq!(list["cdf_configs"], json!([shown]));

    ok("DELETE parents/p", Json::Null);
    for gone in ["GET parents/p/data-api", "GET parents/p/cdf-configs/c"] {
        assert_eq!(call(&mut world, gone, Json::Null, now).expect_err(gone).status, 404);
    }
}

#[test]
fn states_follow_the_clock_and_methods_that_a_kind_lacks_are_no_api() {
    let mut world = World::new(ALL, Options::default(), String::new());
    let now = Timestamp::UNIX_EPOCH;
    let create = "POST synced_tables?synced_table_id=main.public.trips";
    call(&mut world, create, json!({"spec": {}}), now).expect("it is created");
    call(&mut world, "GET parents/beside", Json::Null, now).expect("it came beside");
    for (seconds, state) in [(0, "PROVISIONING"), (59, "PROVISIONING"), (60, "ONLINE")] {
        let at = now.saturating_add(SignedDuration::from_secs(seconds)).expect("in range");
        let table = call(&mut world, "GET synced_tables/main.public.trips", Json::Null, at);
        let table = table.expect("it is there");
        assert_eq!(table["status"], json!({"detailed_state": state}));
        assert_eq!(table["synced_table_id"], "main.public.trips");
    }
    for line in ["PATCH synced_tables/main.public.trips", "GET synced_tables"] {
        let error = call(&mut world, line, json!({}), now).expect_err(line);
        assert_eq!(error.code, "ENDPOINT_NOT_FOUND");
    }
    let create = "POST synced_tables?synced_table_id=trips";
    let error = call(&mut world, create, json!({}), now).expect_err(create);
    let text = "Field synced_table_id must match pattern catalog.schema.table, got 'trips'.";
    assert_eq!(error.message, text);
    let create = "POST parents/none/cdf-configs?cdf_config_id=c";
    let error = call(&mut world, create, json!({}), now).expect_err(create);
    assert!(error.message.starts_with("Field 'cdf_config.catalog' is required"), "{error:?}");
}
