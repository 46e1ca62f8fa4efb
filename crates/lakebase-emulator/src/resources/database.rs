//! Databases (reference §3.5).

use serde_json::{Value as Json, json};

use super::duplicate;
use crate::error::{ApiError, Result};
use crate::schema::{Field, Kind as Value, Map, merge};
use crate::service::Service;
use crate::store::{Kind, id, parent};

/// [DOC] §6.1.
pub(super) const IMPLICIT: &str = "databricks-postgres";

const SPEC: &[Field] = &[
    // 63 bytes are Postgres' own bound on names.
    Field::new("postgres_database", Value::Text { min: 1, max: 63 }),
    Field::new("role", Value::Text { min: 1, max: 256 }),
];

pub(super) const BODY: &[Field] = &[Field::new("spec", Value::Message(SPEC))];

/// The status of a new database before its spec is applied.
pub(super) fn born(service: &Service, branch: &str) -> Result<Map> {
    let limit = service.options.quotas.databases;
    if service.store.live_children(branch, Kind::Database).count() >= limit {
        return Err(ApiError::quota(limit, "databases per branch"));
    }
    Ok(Map::new())
}

/// The database that every project has.
pub(super) fn implicit(owner: &str) -> Map {
    let status = json!({"postgres_database": "databricks_postgres", "role": owner});
    status.as_object().cloned().unwrap_or_default()
}

pub(super) fn apply(service: &Service, name: &str, status: &mut Map, patch: &Map) -> Result<()> {
    let branch = parent(name).unwrap_or_default();
    if let Some(role) = patch.get("role").and_then(Json::as_str) {
        let owner = service.store.live(role).filter(|object| object.kind == Kind::Role);
        if owner.is_none() || parent(role) != Some(branch) {
            // [REC] §5.3.
            let id = id(role);
            return Err(ApiError::not_found(format!("role not found; role_id:\"{id}\"")));
        }
    }
    if let Some(wanted) = patch.get("postgres_database").and_then(Json::as_str) {
        let mut others = service.store.live_children(branch, Kind::Database);
        // [INF] Postgres has one name space, whatever the ids are.
        if others.any(|(other, database)| {
            other != name && database.text("postgres_database") == Some(wanted)
        }) {
            return Err(duplicate(Kind::Database));
        }
    }
    merge(SPEC, status, patch);
    Ok(())
}
