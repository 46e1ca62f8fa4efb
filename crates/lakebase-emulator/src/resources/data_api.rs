//! The Data API of a database (reference §3.9). Its URL is shown, and serves nothing.

use serde_json::{Value as Json, json};

use crate::error::{ApiError, Result};
use crate::model::store::Object;
use crate::model::world::World;
use crate::model::{Change, Deletion, Hooks, Id, Kind, Layout, Method, Uid};
use crate::name;
use crate::resources::database;
use crate::schema::{Field, Map, Value, merge};

pub(crate) static DATA_API: Kind = Kind {
    noun: "data API",
    message: "DataApi",
    pattern: "projects/*/branches/*/databases/*/data-api",
    id: Id::Singleton,
    body: &[Field::new("spec", Value::Message(SPEC))],
    layout: Layout::SpecAndStatus,
    // [DOC] §2.1: there is no list.
    methods: &[Method::Create, Method::Get, Method::Update, Method::Delete],
    uid: Uid::None,
    // [DOC] §6.3.
    adoptable: false,
    // [DOC] §5.3.
    demands_body: true,
    optional_masks: &[],
    wildcard_by_parts: false,
    deletion: Deletion::Permanent,
    delete_parameters: &[],
    takes_turns: false,
    reconciles: false,
    quotas: &[],
    hooks: Hooks {
        // [INF] the text: it has no ID.
        duplicate: |_, _| ApiError::already_exists("data API of the database already exists"),
        create: |_, _| Ok(defaults()),
        update,
        turns: database::turns,
        show,
        ..Hooks::NONE
    },
};

const SCHEMAS: &str = "db_schemas";

/// [DOC] §3.9; [INF] the lengths of texts.
const SPEC: &[Field] = &[
    Field::new(SCHEMAS, Value::List(&Value::Identifier)),
    Field::new("db_extra_search_path", Value::List(&Value::Identifier)),
    Field::new("db_max_rows", Value::Whole { min: 1, max: i32::MAX as i64 }),
    Field::new("db_aggregates_enabled", Value::Flag),
    Field::new("jwt_role_claim_key", Value::Text { min: 1, max: 1024 }),
    // protobuf's own bound.
    Field::new("jwt_cache_max_lifetime", Value::Duration { min: 0, max: 315_576_000_000 }),
    Field::new("server_cors_allowed_origins", Value::List(&Value::Text { min: 1, max: 2048 })),
    Field::new("server_timing_enabled", Value::Flag),
    Field::new(
        "openapi_mode",
        Value::Enum(&["OPEN_API_MODE_IGNORE_PRIVILEGES", "OPEN_API_MODE_DISABLED"]),
    ),
];

/// [DOC] §3.9; [INF] that the other settings are not shown until they are set.
fn defaults() -> Map {
    let defaults = json!({
        SCHEMAS: ["public"], "db_aggregates_enabled": true, "jwt_role_claim_key": ".sub",
        "server_timing_enabled": false,
    });
    defaults.as_object().cloned().unwrap_or_default()
}

/// [DOC] §3.9: an update of `spec` without settings only refreshes, so that it changes nothing.
fn update(world: &World, change: &Change<'_>, status: &mut Map) -> Result<()> {
    if let Some(Json::Array(schemas)) = change.patch.get(SCHEMAS) {
        if !(1..=100).contains(&schemas.len()) {
            // [DOC] at most 100, [INF] at least one, and the text.
            return Err(ApiError::violation("spec.db_schemas", "must have 1 to 100 elements."));
        }
        let known = world.parent(change.name).map(database::schemas).unwrap_or_default();
        let is_missing = |schema: &&str| !known.contains_key(*schema);
        if let Some(schema) = schemas.iter().filter_map(Json::as_str).find(is_missing) {
            // [DOC] that they must exist, [INF] the text, and that the details name the field.
            let text = format!("schema \"{schema}\" does not exist in the database.");
            return Err(ApiError::violation("spec.db_schemas", &text));
        }
    }
    merge(SPEC, status, change.patch);
    // [INF] An empty list is cleared, and left out as protobuf leaves it out.
    status.retain(|_, value| *value != json!([]));
    Ok(())
}

/// [INF] the form of the URL.
fn show(world: &World, name: &str, _: &Object, status: &mut Map) {
    let (branch, database) = (name::first_segments(name, 4), world.parent(name));
    let schemas = database.map(database::schemas).unwrap_or_default();
    let database = database.and_then(|database| database.text("postgres_database"));
    let url = format!(
        "https://{}.database.us-east-1.cloud.databricks.com/api/2.0/workspace/{}/rest/{}",
        name::id(branch),
        world.options.workspace_id,
        database.unwrap_or_default()
    );
    status.insert("url".to_owned(), json!(url));
    status.insert("available_schemas".to_owned(), schemas.keys().cloned().collect());
}
