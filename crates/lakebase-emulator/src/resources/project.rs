//! Projects: their settings, and what the service creates in them unasked (reference §3.1, §6.1).

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::{branch, database, endpoint, new_object, role};
use crate::error::{ApiError, Result};
use crate::options::Options;
use crate::schema::{Field, Kind as Value, Map, merge};
use crate::service::Service;
use crate::store::{Kind, Store, child};

/// [REC] §6.1.
const ROOT_BRANCH: &str = "production";

/// 3.1 and 7.3 for all bounds, [DOC] unless tagged.
const SPEC: &[Field] = &[
    Field::new("display_name", Value::Text { min: 1, max: 256 }),
    // [KIT] 16 and 17, [DOC] 18: §7.3.
    Field::new("pg_version", Value::Whole { min: 16, max: 18 }).immutable(),
    Field::new("history_retention_duration", Value::Duration { min: 172_800, max: 3_024_000 }),
    Field::new("default_endpoint_settings", Value::Message(ENDPOINT_SETTINGS)),
    Field::new("default_branch", Value::Text { min: 1, max: 256 }),
    Field::new("enable_pg_native_login", Value::Flag),
    Field::new("budget_policy_id", Value::Text { min: 0, max: 256 }),
    Field::new("custom_tags", Value::List(&Value::Message(TAG))),
];

const ENDPOINT_SETTINGS: &[Field] = &[
    Field::new("autoscaling_limit_min_cu", Value::Units),
    Field::new("autoscaling_limit_max_cu", Value::Units),
    endpoint::SUSPEND_TIMEOUT,
    endpoint::NO_SUSPENSION,
    Field::new("pg_settings", Value::Map),
];

const TAG: &[Field] = &[
    Field::new("key", Value::Text { min: 1, max: 256 }),
    Field::new("value", Value::Text { min: 0, max: 256 }),
];

const INITIAL_BRANCH: &[Field] = &[Field::new("is_protected", Value::Flag)];

const INITIAL_ENDPOINT: &[Field] = &[
    Field::new("autoscaling_limit_min_cu", Value::Units),
    Field::new("autoscaling_limit_max_cu", Value::Units),
    endpoint::SUSPEND_TIMEOUT,
    endpoint::NO_SUSPENSION,
    Field::new("group", Value::Message(endpoint::GROUP)),
];

pub(super) const BODY: &[Field] = &[
    Field::new("spec", Value::Message(SPEC)),
    Field::new("initial_branch_spec", Value::Message(INITIAL_BRANCH)).immutable(),
    Field::new("initial_endpoint_spec", Value::Message(INITIAL_ENDPOINT)).immutable(),
];

/// The status of a project before its spec is applied: the defaults.
pub(super) fn born(service: &Service, id: &str, spec: &Map) -> Result<Map> {
    let limit = service.options.quotas.projects;
    if service.store.children("", Kind::Project).count() >= limit {
        return Err(ApiError::quota(limit, "projects"));
    }
    let status = json!({
        // [KIT] the project's id; unknown otherwise (§12).
        "display_name": id,
        // [KIT] §7.3; unknown otherwise.
        "pg_version": spec.get("pg_version").cloned().unwrap_or(json!(17)),
        // [REC] §3.1.
        "history_retention_duration": "604800s",
        // [REC] §9.1.
        "default_endpoint_settings": {
            "autoscaling_limit_min_cu": 1,
            "autoscaling_limit_max_cu": 1,
            "suspend_timeout_duration": "86400s",
        },
        // [REC] §6.1.
        "default_branch": child(&child("", Kind::Project, id), Kind::Branch, ROOT_BRANCH),
        // [REC] §3.1.
        "enable_pg_native_login": false,
        "owner": service.options.user_name,
        // [FAKE] §3.1, citing the real default.
        "branch_logical_size_limit_bytes": 8_796_093_022_208_i64,
        // [REC] §3.1.
        "synthetic_storage_size_bytes": 0,
    });
    let Json::Object(status) = status else { return Ok(Map::new()) };
    Ok(status)
}

pub(super) fn apply(service: &Service, name: &str, status: &mut Map, patch: &Map) -> Result<()> {
    if let Some(branch) = patch.get("default_branch").and_then(Json::as_str) {
        let inside = crate::store::parent(branch) == Some(name);
        match service.store.live(branch).filter(|object| inside && object.kind == Kind::Branch) {
            None => return Err(ApiError::not_found("branch id not found")),
            // [KIT] §6.5: a default branch does not expire.
            Some(object) if object.status.contains_key("expire_time") => {
                return Err(ApiError::bad_request(format!(
                    "Branch '{branch}' expires and cannot be the default branch."
                )));
            }
            Some(_) => {}
        }
    }
    merge(SPEC, status, patch);
    let Some(Json::Object(settings)) = status.get_mut("default_endpoint_settings") else {
        return Ok(());
    };
    settings.remove("no_suspension");
    endpoint::check_limits(service, settings, "spec.default_endpoint_settings")
}

/// Whether the implicit compute can be as `initial_endpoint_spec` asks.
pub(super) fn check_initial(service: &Service, status: &Map, body: &Map) -> Result<()> {
    let mut compute = endpoint::inherit(status, "ENDPOINT_TYPE_READ_WRITE", Timestamp::UNIX_EPOCH);
    let initial = body.get("initial_endpoint_spec").and_then(Json::as_object);
    endpoint::settle(service, &mut compute, initial.unwrap_or(&Map::new()))
}

/// Creates what the service creates with a project: [REC] `production` and `primary`, [DOC] the
/// owner's role and the database `databricks-postgres` (§6.1, §6.2).
pub(super) fn imply(service: &mut Service, name: &str, body: &Map, now: Timestamp) -> Result<()> {
    let project = service.store.live(name).map(|object| object.status.clone()).unwrap_or_default();
    let protected = body.get("initial_branch_spec").and_then(|spec| spec.get("is_protected"));
    let mut status = branch::unprotected(now);
    if let Some(protected) = protected {
        status.insert("is_protected".to_owned(), protected.clone());
    }
    let branch = child(name, Kind::Branch, ROOT_BRANCH);
    let object = new_object(service, Kind::Branch, status, Map::new(), now);
    service.store.insert(branch.clone(), object);

    let mut status = endpoint::inherit(&project, "ENDPOINT_TYPE_READ_WRITE", now);
    let initial = body.get("initial_endpoint_spec").and_then(Json::as_object);
    endpoint::settle(service, &mut status, initial.unwrap_or(&Map::new()))?;
    let object = new_object(service, Kind::Endpoint, status, Map::new(), now);
    service.store.insert(child(&branch, Kind::Endpoint, endpoint::PRIMARY), object);

    let owner = child(&branch, Kind::Role, &role::owner_id(&service.options.user_name));
    let object = new_object(service, Kind::Role, role::owner(&service.options), Map::new(), now);
    service.store.insert(owner.clone(), object);

    let status = database::implicit(&owner);
    let object = new_object(service, Kind::Database, status, Map::new(), now);
    service.store.insert(child(&branch, Kind::Database, database::IMPLICIT), object);
    Ok(())
}

pub(super) fn derive(options: &Options, status: &mut Map) {
    if let Some(Json::Object(settings)) = status.get_mut("default_endpoint_settings") {
        endpoint::show_suspension(options, settings);
    }
}

/// [DOC] §6.5: not while a branch is protected.
pub(super) fn may_go(store: &Store, name: &str) -> Result<()> {
    match store.live_children(name, Kind::Branch).find(|(_, branch)| branch.flag("is_protected")) {
        // [INF] the text.
        Some((branch, _)) => Err(ApiError::bad_request(format!(
            "Cannot delete project '{name}': branch '{branch}' is protected."
        ))),
        None => Ok(()),
    }
}

/// [REC] §6.4: what users created goes at once; the root branch, with what was born with it, is
/// kept for an undelete.
pub(super) fn soft_delete(store: &mut Store, name: &str, now: Timestamp) {
    let root = child(name, Kind::Branch, ROOT_BRANCH);
    let born = store.get(&root).map(|branch| branch.created);
    let mut gone: Vec<String> = store
        .children(name, Kind::Branch)
        .filter(|(branch, _)| **branch != root)
        .map(|(branch, _)| branch.clone())
        .collect();
    for kind in [Kind::Endpoint, Kind::Role, Kind::Database] {
        let later = store.children(&root, kind).filter(|(_, object)| Some(object.created) != born);
        gone.extend(later.map(|(name, _)| name.clone()));
    }
    for name in gone {
        store.remove(&name);
    }
    if let Some(object) = store.get_mut(name) {
        object.deleted = Some(now);
        object.updated = now;
    }
}

pub(super) fn undelete(store: &mut Store, name: &str, now: Timestamp) {
    let root = child(name, Kind::Branch, ROOT_BRANCH);
    if let Some(object) = store.get_mut(name) {
        object.deleted = None;
        object.updated = now;
        // Another default branch has not survived.
        object.status.insert("default_branch".to_owned(), json!(root));
    }
}
