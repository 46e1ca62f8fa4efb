//! Branches: their source, their expiry, and what they inherit (reference §3.2, §6.1, §6.5).

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use super::{absent, endpoint, new_object, required};
use crate::clock::later;
use crate::error::{ApiError, Result};
use crate::schema::{Field, Kind as Value, Map, merge};
use crate::service::Service;
use crate::store::{Kind, Object, Store, child, id, parent};
use crate::wire::{format_timestamp, parse_duration, parse_timestamp};

/// [KIT] §6.5.
const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);

const SPEC: &[Field] = &[
    Field::new("source_branch", Value::Text { min: 1, max: 256 }).immutable(),
    Field::new("source_branch_lsn", Value::Text { min: 3, max: 17 }).immutable(),
    Field::new("source_branch_time", Value::Timestamp).immutable(),
    Field::new("source_snapshot", Value::Text { min: 1, max: 256 }).immutable(),
    Field::new("ttl", Value::Duration { min: 1, max: LONGEST_LIFE.as_secs() }).arm("expiration"),
    Field::new("expire_time", Value::Timestamp).arm("expiration"),
    Field::new("no_expiry", Value::True).arm("expiration"),
    Field::new("is_protected", Value::Flag),
];

pub(super) const BODY: &[Field] = &[Field::new("spec", Value::Message(SPEC))];

/// [REC] dbx-tf 5330 (users.md §2): a create carries exactly one of the three arms.
pub(super) fn require(spec: &Map) -> Result<()> {
    let arms = ["ttl", "expire_time", "no_expiry"];
    if arms.iter().any(|arm| spec.contains_key(*arm)) {
        Ok(())
    } else {
        Err(required("branch.spec.expiration"))
    }
}

/// A status without source: that of a root branch ([REC] §3.2), before anything is derived.
pub(super) fn unprotected(now: Timestamp) -> Map {
    let mut status = Map::new();
    status.insert("current_state".to_owned(), json!("READY"));
    status.insert("is_protected".to_owned(), json!(false));
    status.insert("state_change_time".to_owned(), json!(format_timestamp(now)));
    status
}

/// The status of a child branch before the mutable part of its spec is applied.
pub(super) fn born(
    service: &mut Service,
    project: &str,
    spec: &Map,
    now: Timestamp,
) -> Result<Map> {
    let store = &service.store;
    let text = |field: &str| spec.get(field).and_then(Json::as_str);
    if text("source_snapshot").is_some() {
        // [DOC] §3.2. There are no snapshots in this emulator, so none can be found.
        let others = ["source_branch", "source_branch_lsn", "source_branch_time"];
        return Err(match others.iter().find(|field| spec.contains_key(**field)) {
            Some(other) => ApiError::invalid(format!(
                "Fields 'spec.source_snapshot' and 'spec.{other}' exclude each other."
            )),
            None => ApiError::not_found("snapshot id not found"),
        });
    }
    let home = store.live(project).ok_or_else(|| absent(store, project))?;
    // [DOC] §3.2: the project's default branch by default.
    let source = text("source_branch").or(home.text("default_branch")).unwrap_or_default();
    let home_of_source = parent(source).filter(|project| Kind::Branch.has(source, project));
    if home_of_source.is_none_or(|project| !Kind::Project.has(project, "")) {
        // [INF] the text.
        return Err(ApiError::invalid(format!(
            "Field 'spec.source_branch' must be the name of a branch, got \"{source}\"."
        )));
    }
    if home_of_source != Some(project) {
        // [CODE] §14.14 the text, as public code has seen it; [INF] status and code.
        return Err(ApiError::invalid(
            "source_branch field must point to the branch from the same Project",
        ));
    }
    let origin = store.live(source).ok_or_else(|| absent(store, source))?;
    if origin.status.contains_key("expire_time") {
        // [KIT] §6.5: a branch with children does not expire.
        return Err(ApiError::bad_request(format!(
            "Branch '{source}' expires and cannot have child branches."
        )));
    }
    let (lsn, time) = (text("source_branch_lsn"), text("source_branch_time"));
    if lsn.is_some() && time.is_some() {
        // [INF] Two points in time.
        return Err(ApiError::invalid(
            "Fields 'spec.source_branch_lsn' and 'spec.source_branch_time' exclude each other.",
        ));
    }
    if lsn.is_some_and(|lsn| !is_lsn(lsn)) {
        return Err(ApiError::invalid(
            "Field 'spec.source_branch_lsn' must look like \"0/1A2B3C\".",
        ));
    }
    if let Some(time) = time.and_then(parse_timestamp) {
        let kept = home.text("history_retention_duration").and_then(parse_duration);
        let oldest = later(now, -kept.unwrap_or_default());
        if time > now || time < oldest {
            // [INF] §3.1: the history that the project keeps.
            return Err(ApiError::invalid(
                "Field 'spec.source_branch_time' is outside the project's history.",
            ));
        }
    }
    within_quotas(service, project)?;
    let mut status = unprotected(now);
    status.insert("source_branch".to_owned(), json!(source));
    // [REC] §3.2: filled by the service even when not requested.
    let lsn = lsn.map_or_else(|| format!("0/{:X}", service.random.u32(..)), str::to_owned);
    status.insert("source_branch_lsn".to_owned(), json!(lsn));
    let time = time.map_or_else(|| format_timestamp(now), str::to_owned);
    status.insert("source_branch_time".to_owned(), json!(time));
    Ok(status)
}

/// [KIT] §7.3.
fn within_quotas(service: &Service, project: &str) -> Result<()> {
    let quotas = &service.options.quotas;
    let branches = service.store.live_children(project, Kind::Branch).count();
    if branches >= quotas.branches {
        return Err(ApiError::quota(quotas.branches, "branches per project"));
    }
    let unarchived = service
        .store
        .live_children(project, Kind::Branch)
        .filter(|(_, branch)| branch.text("current_state") != Some("ARCHIVED"))
        .count();
    if unarchived >= quotas.unarchived_branches {
        return Err(ApiError::quota(quotas.unarchived_branches, "unarchived branches per project"));
    }
    // The branch brings its `primary` compute.
    endpoint::within_quota(service, project, "", 1)
}

pub(super) fn apply(
    service: &Service,
    name: &str,
    created: Timestamp,
    status: &mut Map,
    patch: &Map,
    now: Timestamp,
) -> Result<()> {
    let store = &service.store;
    let mut patch = patch.clone();
    // [DOC] §3.2: the branch expires at create + ttl, and shows the absolute time. [INF] That the
    // create counts from when the request was received.
    let received = later(created, service.unkind.receipt(name));
    if let Some(ttl) = patch.remove("ttl").as_ref().and_then(Json::as_str).and_then(parse_duration)
    {
        patch.insert("expire_time".to_owned(), json!(format_timestamp(later(received, ttl))));
    }
    if let Some(time) = patch.get("expire_time").and_then(Json::as_str).and_then(parse_timestamp) {
        // [INF] the future; [KIT] 30 days.
        if time <= now || time > later(now, LONGEST_LIFE) {
            return Err(ApiError::invalid(
                "Field 'spec.expiration' must lie in the future, at most 30 days ahead.",
            ));
        }
        if store.live(name).is_some() {
            // [KIT] §6.5, both rules.
            if is_default(store, name) {
                return Err(ApiError::bad_request("A default branch cannot expire."));
            }
            if child_of(store, name).is_some() {
                return Err(ApiError::bad_request("A branch with child branches cannot expire."));
            }
        }
    }
    let was_protected = status.get("is_protected") == Some(&Json::Bool(true));
    merge(SPEC, status, &patch);
    // [DOC] §3.2: `no_expiry` is read back as the absence of `expire_time`.
    status.remove("no_expiry");
    let protected = status.get("is_protected") == Some(&Json::Bool(true));
    if protected && status.contains_key("expire_time") {
        // [KIT] §6.5.
        return Err(ApiError::bad_request("A protected branch cannot expire."));
    }
    let limit = service.options.quotas.protected_branches;
    let project = parent(name).unwrap_or_default();
    let others = store
        .live_children(project, Kind::Branch)
        .filter(|(other, branch)| other.as_str() != name && branch.flag("is_protected"));
    // [DOC] §6.5.
    if protected && !was_protected && others.count() >= limit {
        return Err(ApiError::quota(limit, "protected branches per project"));
    }
    Ok(())
}

/// [REC] §6.1: `primary`, and copies of the source's roles and databases.
pub(super) fn imply(service: &mut Service, name: &str, now: Timestamp) {
    let project = parent(name).and_then(|project| service.store.live(project));
    let project = project.map(|object| object.status.clone()).unwrap_or_default();
    let status = endpoint::inherit(&project, "ENDPOINT_TYPE_READ_WRITE", now);
    let object = new_object(service, Kind::Endpoint, status, Map::new(), now);
    service.store.insert(child(name, Kind::Endpoint, endpoint::PRIMARY), object);

    let source = service.store.live(name).and_then(|branch| branch.text("source_branch"));
    let source = source.unwrap_or_default().to_owned();
    for kind in [Kind::Role, Kind::Database] {
        let copies: Vec<(String, Map)> = service
            .store
            .live_children(&source, kind)
            .map(|(original, object)| (id(original).to_owned(), object.status.clone()))
            .collect();
        for (id, mut status) in copies {
            if let Some(role) = status.get("role").and_then(Json::as_str) {
                let role = child(name, Kind::Role, crate::store::id(role));
                status.insert("role".to_owned(), json!(role));
            }
            let object = new_object(service, kind, status, Map::new(), now);
            service.store.insert(child(name, kind, &id), object);
        }
    }
}

pub(super) fn derive(store: &Store, name: &str, object: &Object, at: Timestamp, status: &mut Map) {
    status.insert("default".to_owned(), json!(is_default(store, name)));
    if at < object.ready {
        // [INF] §6.8.
        status.insert("current_state".to_owned(), json!("INIT"));
        status.insert("pending_state".to_owned(), json!("READY"));
    }
    // [DOC] §6.4: of a branch these stand in the status.
    if let (Some(deleted), Some(purge)) = (object.deleted, object.purge_time()) {
        status.insert("current_state".to_owned(), json!("DELETED"));
        status.insert("delete_time".to_owned(), json!(format_timestamp(deleted)));
        status.insert("purge_time".to_owned(), json!(format_timestamp(purge)));
    }
}

/// §6.4, §6.5.
pub(super) fn may_go(store: &Store, name: &str) -> Result<()> {
    let Some(branch) = store.live(name) else { return Ok(()) };
    // [REC] §3.2: a root branch is one without source. [CODE] §14.17: refused whether it is
    // protected or not.
    if branch.text("source_branch").is_none() {
        return Err(ApiError::managed_by_parent(format!(
            "Cannot delete root branch '{name}'. Root branches cannot be deleted independently."
        )));
    }
    // [CODE] §14.18 the text.
    if branch.flag("is_protected") {
        return Err(ApiError::bad_request("cannot delete protected branch"));
    }
    // [KIT] §6.5 both rules, [INF] both texts.
    if is_default(store, name) {
        return Err(ApiError::bad_request(format!("Cannot delete default branch '{name}'.")));
    }
    match child_of(store, name) {
        Some(child) => Err(ApiError::bad_request(format!(
            "Cannot delete branch '{name}': it has the child branch '{child}'."
        ))),
        None => Ok(()),
    }
}

pub(super) fn soft_delete(store: &mut Store, name: &str, now: Timestamp) {
    if let Some(object) = store.get_mut(name) {
        object.deleted = Some(now);
        object.updated = now;
        object.status.insert("state_change_time".to_owned(), json!(format_timestamp(now)));
    }
}

/// [INF] With everything that is on the branch.
pub(super) fn undelete(store: &mut Store, name: &str, now: Timestamp) {
    if let Some(object) = store.get_mut(name) {
        object.deleted = None;
        object.updated = now;
        object.status.insert("state_change_time".to_owned(), json!(format_timestamp(now)));
    }
}

fn is_default(store: &Store, name: &str) -> bool {
    let project = parent(name).and_then(|project| store.get(project));
    project.and_then(|project| project.text("default_branch")) == Some(name)
}

fn child_of<'a>(store: &'a Store, name: &str) -> Option<&'a str> {
    store
        .live_children(parent(name).unwrap_or_default(), Kind::Branch)
        .find(|(_, branch)| branch.text("source_branch") == Some(name))
        .map(|(child, _)| child.as_str())
}

/// Two hexadecimal halves.
fn is_lsn(text: &str) -> bool {
    let half = |text: &str| {
        (1..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    text.split_once('/').is_some_and(|(high, low)| half(high) && half(low))
}
