//! Databases (reference §3.5).

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::error::{ApiError, Result};
use crate::model::store::Object;
use crate::model::world::World;
use crate::model::{
    Arrival, Change, Children, Deletion, Hooks, Id, Kind, LABEL, Layout, Method, Quota, Uid,
};
use crate::name;
use crate::options::Options;
use crate::resources::{contents, role};
use crate::schema::{Field, Map, Value, merge};
use crate::wire::parse_timestamp;

pub(crate) static DATABASE: Kind = Kind {
    noun: "database",
    message: "Database",
    pattern: "projects/*/branches/*/databases/*",
    // [REC] §7.1.
    id: Id::Parameter { name: "database_id", form: &LABEL, in_status: true },
    body: &[Field::new("spec", Value::Message(SPEC))],
    layout: Layout::SpecAndStatus,
    methods: &[Method::Create, Method::Get, Method::List, Method::Update, Method::Delete],
    uid: Uid::None,
    adoptable: true,
    demands_body: false,
    optional_masks: &[],
    wildcard_by_parts: false,
    deletion: Deletion::Permanent,
    delete_parameters: &[],
    takes_turns: true,
    reconciles: false,
    // [KIT] §7.3.
    quotas: &[Quota {
        segments: 4,
        limit: |quotas| quotas.databases,
        weight: |_| 1,
        what: "databases per branch",
    }],
    hooks: Hooks {
        generated_id: |options, adopts| {
            (options.behaviors.generate_database_ids && !adopts).then_some("db")
        },
        precheck,
        duplicate: |_, _| duplicate(),
        update,
        implied,
        show: |_, _, _, status| {
            status.remove(REGISTERED);
            status.remove(SCHEMAS);
        },
        ..Hooks::NONE
    },
};

const SPEC: &[Field] = &[
    // 63 bytes are PostgreSQL's own bound on names.
    Field::new("postgres_database", Value::Text { min: 1, max: 63 }).required_on_create(),
    Field::new("role", Value::Text { min: 1, max: 256 }),
];

/// When the database was registered in Unity Catalog: a mark that no answer shows.
pub(super) const REGISTERED: &str = "registered";

/// The schemas of the database, and the names of the tables in each. [INF] There is no SQL, so that
/// each database has the schema `public` with the table `orders`, until `/_emulator/drift` changes
/// them. No answer shows them.
const SCHEMAS: &str = "schemas";

/// The schemas of a database, with the names of their tables.
pub(super) fn schemas(database: &Object) -> Map {
    let mut schemas = Map::from_iter([("public".to_owned(), json!(["orders"]))]);
    if let Some(Json::Object(others)) = database.settings.get(SCHEMAS) {
        schemas.extend(others.clone());
    }
    schemas
}

/// [INF] §6.6: changes of what a database holds take turns with those of its branch.
pub(super) fn turns(options: &Options, name: &str, _: &Map) -> Vec<String> {
    let branch = options.behaviors.exclude_all_in_branch.then(|| name::first_segments(name, 4));
    branch.map(str::to_owned).into_iter().collect()
}

/// The database of that name in PostgreSQL.
pub(super) fn named<'a>(
    world: &'a World,
    branch: &'a str,
    postgres_database: &str,
) -> Option<(&'a String, &'a Object)> {
    let is_it = |object: &Object| {
        object.kind == &DATABASE && object.text("postgres_database") == Some(postgres_database)
    };
    let found = world.store.inside(branch).find(|(_, object)| object.lives() && is_it(object));
    found.filter(|(name, _)| world.store.live(name).is_some())
}

/// [DOC] §3.7: a database that is created for the caller, after a role if the caller has none.
/// [INF] Its ID.
pub(super) fn made_for_caller(
    world: &World,
    branch: &str,
    postgres_database: &str,
    now: Timestamp,
) -> Vec<(String, Object)> {
    let moments = world.moments(now);
    let (owner, role) = role::of_caller(world, branch, &moments);
    let letter = |letter: char| match letter.to_ascii_lowercase() {
        letter if letter.is_ascii_alphanumeric() => letter,
        _ => '-',
    };
    let id: String = postgres_database.chars().map(letter).collect();
    let mut settings = Map::new();
    settings.insert("postgres_database".to_owned(), json!(postgres_database));
    settings.insert("role".to_owned(), json!(owner));
    let name = DATABASE.name(branch, id.trim_matches('-'));
    let database = world.object(&DATABASE, &name, settings, &moments);
    role.map(|role| (owner, role)).into_iter().chain([(name, database)]).collect()
}

/// [FAKE] §5.3, citing the real API.
fn duplicate() -> ApiError {
    ApiError::bad_request("database with that name already exists")
}

/// [REC] §14.4; [INF] that an adoption needs it, too (§6.3).
fn precheck(world: &World, change: &Change<'_>) -> Result<()> {
    let is_kept = change.object.is_some() && world.options.behaviors.adopt_databases_without_owner;
    let is_named = change.settings.contains_key("postgres_database");
    if is_named && !is_kept && !change.settings.contains_key("role") {
        return Err(ApiError::required("database.spec.role"));
    }
    Ok(())
}

fn update(world: &World, change: &Change<'_>, status: &mut Map) -> Result<()> {
    if let Some(role) = change.patch.get("role").and_then(serde_json::Value::as_str) {
        let is_role = name::matches("projects/*/branches/*/roles/*", role)
            && name::parent(role) == Some(change.parent());
        if !is_role || world.store.live(role).is_none() {
            // [REC] §5.3.
            let id = name::id(role);
            return Err(ApiError::not_found(format!("role not found; role_id:\"{id}\"")));
        }
    }
    if let Some(wanted) = change.patch.get("postgres_database") {
        let mut others = world.store.live_in(name::collection(change.name));
        // [INF] PostgreSQL has one name space, whatever the IDs are.
        if others.any(|(other, database)| {
            other != change.name && database.settings.get("postgres_database") == Some(wanted)
        }) {
            return Err(duplicate());
        }
    }
    merge(SPEC, status, change.patch);
    Ok(())
}

/// Copies of the databases of a branch as of a time, with owners on `target`.
pub(super) fn copies(
    world: &World,
    source: &str,
    target: &str,
    time: Option<Timestamp>,
) -> Children {
    let databases = DATABASE.name(source, "");
    let copy = |(name, database): (&String, &Object)| {
        let mut status = database.settings.clone();
        // [DOC] §3.7: a copy as of a time before the registration does not have its mark.
        let since = database.text(REGISTERED).and_then(parse_timestamp);
        if since.is_some_and(|since| time.is_some_and(|at| at < since)) {
            status.remove(REGISTERED);
        }
        if let Some(owner) = database.text("role").and_then(|role| role.strip_prefix(source)) {
            status.insert("role".to_owned(), json!(format!("{target}{owner}")));
        }
        (name::id(name).to_owned(), status)
    };
    world.store.live_in(databases.trim_end_matches('/')).map(copy).collect()
}

/// [REC] §6.1: a branch comes with copies of its source's databases; [DOC] one without source comes
/// with `databricks_postgres`.
fn implied(world: &World, arrival: &Arrival<'_>) -> Result<Children> {
    if let Some(mut restored) = contents::restored(world, arrival, &DATABASE) {
        for (_, database) in &mut restored {
            let owner = database.get("role").and_then(Json::as_str).map(str::to_owned);
            let owner = owner.map(|owner| format!("{}{owner}", arrival.name));
            database.extend(owner.map(|owner| ("role".to_owned(), json!(owner))));
        }
        return Ok(restored);
    }
    if let Some(source) = arrival.object.text("source_branch") {
        let time = arrival.object.text("source_branch_time").and_then(parse_timestamp);
        return Ok(copies(world, source, arrival.name, time));
    }
    // The role that came with the branch before it.
    let owns = |name: &str, object: &Object| {
        name::is_inside(name, arrival.name) && object.settings.contains_key("postgres_role")
    };
    let owner = arrival.so_far.iter().find(|(name, object)| owns(name, object));
    let mut status = Map::new();
    status.insert("postgres_database".to_owned(), json!("databricks_postgres"));
    if let Some((owner, _)) = owner {
        status.insert("role".to_owned(), json!(owner));
    }
    Ok(vec![("databricks-postgres".to_owned(), status)])
}
