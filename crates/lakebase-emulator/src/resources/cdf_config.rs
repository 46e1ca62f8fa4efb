//! CDF configs: each replicates a schema of a database to Unity Catalog (reference §3.10).
//!
//! There is no Unity Catalog, so that any names of it are accepted, and a forced delete drops nothing.

use serde_json::Value as Json;

use crate::error::{ApiError, Result};
use crate::model::world::World;
use crate::model::{Change, Deletion, Form, Hooks, Id, Kind, Layout, Method, StoreEffect, Uid};
use crate::name;
use crate::resources::catalog::is_in_unity_catalog;
use crate::resources::database;
use crate::schema::{Field, Map, Value};

pub(crate) static CDF_CONFIG: Kind = Kind {
    noun: "CDF config",
    message: "CdfConfig",
    pattern: "projects/*/branches/*/databases/*/cdf-configs/*",
    id: Id::Parameter { name: "cdf_config_id", form: &WORDS, in_status: false },
    body: &[
        Field::new("catalog", Value::Text { min: 1, max: 255 }).immutable().required_on_create(),
        Field::new("schema", Value::Text { min: 1, max: 255 }).immutable().required_on_create(),
        Field::new(SCHEMA, Value::Text { min: 1, max: 63 }).immutable().required_on_create(),
    ],
    layout: Layout::Flat,
    // [DOC] §2.1: there is no update.
    methods: &[Method::Create, Method::Get, Method::List, Method::Delete],
    uid: Uid::None,
    // [DOC] §6.3.
    adoptable: false,
    demands_body: false,
    optional_masks: &[],
    wildcard_by_parts: false,
    deletion: Deletion::Permanent,
    delete_parameters: &["force"],
    takes_turns: false,
    reconciles: false,
    quotas: &[],
    hooks: Hooks {
        // [DOC] §3.10.
        id_setting: SCHEMA,
        create,
        delete,
        turns: database::turns,
        ..Hooks::NONE
    },
};

const SCHEMA: &str = "postgres_schema";

/// [DOC] §7.1 the pattern, [INF] the text.
static WORDS: Form = Form { pattern: "^[a-z][a-z0-9_]{0,62}$", accepts: is_words };

fn is_words(id: &str) -> bool {
    let is_letter = |letter: u8| matches!(letter, b'a'..=b'z' | b'0'..=b'9' | b'_');
    let begins = id.starts_with(|letter: char| letter.is_ascii_lowercase());
    begins && id.len() <= 63 && id.bytes().all(is_letter)
}

fn create(world: &World, change: &Change<'_>) -> Result<Map> {
    for field in ["catalog", "schema"] {
        // [INF]
        if !is_in_unity_catalog(change.text(field).unwrap_or_default()) {
            return Err(ApiError::violation(field, "must be a name of Unity Catalog."));
        }
    }
    let schema = change.text(SCHEMA).unwrap_or_default();
    let known = world.parent(change.name).map(database::schemas).unwrap_or_default();
    if !known.contains_key(schema) {
        // [INF] the rule, as for a data API, and the text.
        let text = format!("schema \"{schema}\" does not exist in the database.");
        return Err(ApiError::violation(SCHEMA, &text));
    }
    let mut others = world.store.live_in(name::collection(change.name));
    if let Some((other, _)) = others.find(|(_, config)| config.text(SCHEMA) == Some(schema)) {
        // [DOC] §3.10 one for a schema, [INF] status, code and text.
        return Err(ApiError::already_exists(format!(
            "schema \"{schema}\" is replicated by CDF config '{other}' already"
        )));
    }
    Ok(change.settings.clone())
}

/// [DOC] §2.1: `force` drops the Delta tables as well.
fn delete(_: &World, change: &Change<'_>) -> Result<Vec<StoreEffect>> {
    match change.parameter("force").map(str::parse::<bool>) {
        Some(Err(_)) => Err(ApiError::invalid("Query parameter 'force' must be true or false.")),
        _ => Ok(Vec::new()),
    }
}

/// The names of the tables that a CDF config replicates: those of its schema when it is created.
pub(super) fn tables(world: &World, config: &str, settings: &Map) -> Vec<String> {
    let schema = settings.get(SCHEMA).and_then(Json::as_str).unwrap_or_default();
    let schemas = world.parent(config).map(database::schemas).unwrap_or_default();
    let tables = schemas.get(schema).and_then(Json::as_array);
    tables.into_iter().flatten().filter_map(|table| table.as_str().map(str::to_owned)).collect()
}
