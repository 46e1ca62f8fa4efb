//! Branches: their source, their expiry, and what forbids their deletion (reference §3.2, §6.5).

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use crate::clock::later;
use crate::error::{ApiError, Result};
use crate::model::store::{Object, Phase};
use crate::model::world::{World, random_by};
use crate::model::{
    Arrival, Change, Children, Deletion, Hooks, Id, Kind, LABEL, Layout, Method, Moments, Quota,
    StoreEffect, Uid,
};
use crate::name;
use crate::options::Options;
use crate::schema::{Field, Map, Value, merge};
use crate::wire::{format_timestamp, parse_duration, parse_timestamp};

pub(crate) static BRANCH: Kind = Kind {
    noun: "branch",
    message: "Branch",
    pattern: "projects/*/branches/*",
    id: Id::Parameter { name: "branch_id", form: &LABEL, in_status: true },
    body: &[Field::new("spec", Value::Message(SPEC))],
    layout: Layout::SpecAndStatus,
    methods: &[
        Method::Create,
        Method::Get,
        Method::List,
        Method::Update,
        Method::Delete,
        Method::Undelete,
    ],
    // [REC] §3.2.
    uid: Uid::Words("br"),
    adoptable: true,
    demands_body: false,
    optional_masks: &[],
    wildcard_by_parts: false,
    deletion: Deletion::SoftInStatus,
    delete_parameters: &[],
    takes_turns: false,
    reconciles: false,
    // [KIT] §7.3, [DOC] §6.5 for protected ones.
    quotas: &[
        Quota {
            segments: 2,
            limit: |quotas| quotas.branches,
            weight: |branch| usize::from(branch.lives()),
            what: "branches per project",
        },
        Quota {
            segments: 2,
            limit: |quotas| quotas.unarchived_branches,
            weight: |branch| {
                usize::from(branch.lives() && branch.text("current_state") != Some("ARCHIVED"))
            },
            what: "unarchived branches per project",
        },
        Quota {
            segments: 2,
            limit: |quotas| quotas.protected_branches,
            weight: |branch| usize::from(branch.lives() && branch.flag("is_protected")),
            what: "protected branches per project",
        },
    ],
    hooks: Hooks {
        frees_deleted_ids: |options| options.behaviors.free_deleted_branch_ids,
        precheck,
        duplicate,
        create,
        update,
        delete,
        restore,
        implied,
        timeline,
        keeps_expired: |options| options.behaviors.soft_delete_expired_branches,
        expires: |branch| branch.text("expire_time").and_then(parse_timestamp),
        show,
        ..Hooks::NONE
    },
};

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

/// [REC] dbx-tf 5330 (users.md §2): a create carries exactly one of the three arms. [CODE] §14.12
/// the text, [INF] the code.
fn precheck(_: &World, change: &Change<'_>) -> Result<()> {
    let arms = ["ttl", "expire_time", "no_expiry"];
    if arms.iter().any(|arm| change.settings.contains_key(*arm)) {
        return Ok(());
    }
    Err(ApiError::invalid("Expiration must be specified when creating a branch"))
}

fn duplicate(options: &Options, change: &Change<'_>) -> ApiError {
    if options.behaviors.duplicate_branch_is_bad_request {
        // [CODE] §14.15.
        let id = name::id(change.name);
        let text = format!("branch already exists; branch_name:\"{id}\"");
        return ApiError { traced: true, ..ApiError::bad_request(text) };
    }
    (Hooks::NONE.duplicate)(options, change)
}

/// The status of a branch without source, a root branch ([REC] §3.2).
fn without_source(now: Timestamp) -> Map {
    let mut status = Map::new();
    status.insert("current_state".to_owned(), json!("READY"));
    status.insert("is_protected".to_owned(), json!(false));
    status.insert("state_change_time".to_owned(), json!(format_timestamp(now)));
    status
}

fn create(world: &World, change: &Change<'_>) -> Result<Map> {
    let (project, now) = (change.parent(), change.now);
    if let Some(snapshot) = change.text("source_snapshot") {
        // [DOC] §3.2.
        let others = ["source_branch", "source_branch_lsn", "source_branch_time"];
        if let Some(other) = others.iter().find(|field| change.settings.contains_key(**field)) {
            return Err(ApiError::invalid(format!(
                "Fields 'spec.source_snapshot' and 'spec.{other}' exclude each other."
            )));
        }
        check_available(world, change, snapshot)?;
        // [DOC] §3.2: the fields of a source branch are empty then.
        let mut status = without_source(now);
        status.insert("source_snapshot".to_owned(), json!(snapshot));
        return Ok(status);
    }
    let Some(home) = world.store.live(project) else { return Ok(Map::new()) };
    // [DOC] §3.2: the project's default branch by default.
    let source = change.text("source_branch").or(home.text("default_branch")).unwrap_or_default();
    let origin = self::source(world, change, source)?;
    if origin.settings.contains_key("expire_time") && !world.options.behaviors.branch_from_expiring
    {
        // [INF] from [KIT] §6.5: a branch with children does not expire.
        return Err(ApiError::bad_request(format!(
            "Branch '{source}' expires and cannot have child branches."
        )));
    }
    check_point_in_time(world, change)?;
    let (lsn, time) = (change.text("source_branch_lsn"), change.text("source_branch_time"));
    let mut status = without_source(now);
    status.insert("source_branch".to_owned(), json!(source));
    // [REC] §3.2: filled by the service even when not requested.
    let made = || format!("0/{:X}", random_by(&format!("{} from {source}", change.name)).u32(..));
    let lsn = lsn.map_or_else(made, str::to_owned);
    status.insert("source_branch_lsn".to_owned(), json!(lsn));
    let time = time.map_or_else(|| format_timestamp(now), str::to_owned);
    status.insert("source_branch_time".to_owned(), json!(time));
    Ok(status)
}

/// The branch that is the source of a branch or a snapshot of the same project.
pub(super) fn source<'a>(world: &'a World, change: &Change<'_>, name: &str) -> Result<&'a Object> {
    if !BRANCH.has(name) {
        // [INF] the text.
        return Err(ApiError::invalid(format!(
            "Field 'spec.source_branch' must be the name of a branch, got \"{name}\"."
        )));
    }
    if name::parent(name) != Some(change.parent()) {
        // [CODE] §14.14 the text, as public code has seen it; [INF] status and code.
        return Err(ApiError::invalid(
            "source_branch field must point to the branch from the same Project",
        ));
    }
    world.store.live(name).ok_or_else(|| ApiError::not_found("branch id not found"))
}

/// [DOC] §3.2: a branch is restored from a snapshot of the same project that is available.
fn check_available(world: &World, change: &Change<'_>, name: &str) -> Result<()> {
    let is_snapshot = name::matches("projects/*/snapshots/*", name);
    if !is_snapshot || name::parent(name) != Some(change.parent()) {
        // [INF] as §14.14.
        return Err(ApiError::invalid(
            "source_snapshot field must point to the snapshot from the same Project",
        ));
    }
    if world.store.live(name).is_none() {
        return Err(ApiError::not_found("snapshot id not found"));
    }
    // [INF] status and text.
    if world.operations.running(change.now).any(|operation| operation.about == name) {
        return Err(ApiError::bad_request(format!("Snapshot '{name}' is not AVAILABLE.")));
    }
    Ok(())
}

/// Checks the point in time of a source.
pub(super) fn check_point_in_time(world: &World, change: &Change<'_>) -> Result<()> {
    let (lsn, time) = (change.text("source_branch_lsn"), change.text("source_branch_time"));
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
    let home = world.store.live(change.parent());
    if let (Some(time), Some(home)) = (time.and_then(parse_timestamp), home) {
        let kept = home.text("history_retention_duration").and_then(parse_duration);
        let oldest = later(change.now, -kept.unwrap_or_default());
        if time > change.now || time < oldest {
            // [INF] §3.1: the history that the project keeps.
            return Err(ApiError::invalid(
                "Field 'spec.source_branch_time' is outside the project's history.",
            ));
        }
    }
    if world.options.postgres.is_some() && (lsn.is_some() || time.is_some()) {
        // A limit of the emulator: its data directories have no history.
        return Err(ApiError::bad_request(
            "The emulator keeps no history of the data in PostgreSQL: omit 'spec.source_branch_lsn' \
             and 'spec.source_branch_time', or run the emulator without --postgres.",
        ));
    }
    Ok(())
}

/// [DOC] §3.2: an object expires at create + ttl, and shows the absolute time. [INF] That the create
/// counts from when the request was received.
pub(super) fn resolve_expiration(
    world: &World,
    change: &Change<'_>,
    patch: &mut Map,
) -> Option<Timestamp> {
    let created = change.object.map_or(change.now, |object| object.created);
    let received = later(created, world.options.deviations.receipt(change.name));
    if let Some(ttl) = patch.remove("ttl").as_ref().and_then(Json::as_str).and_then(parse_duration)
    {
        patch.insert("expire_time".to_owned(), json!(format_timestamp(later(received, ttl))));
    }
    patch.get("expire_time").and_then(Json::as_str).and_then(parse_timestamp)
}

fn update(world: &World, change: &Change<'_>, status: &mut Map) -> Result<()> {
    let (name, now) = (change.name, change.now);
    let mut patch = change.patch.clone();
    if let Some(time) = resolve_expiration(world, change, &mut patch) {
        // [INF] the future; [KIT] 30 days.
        if time <= now || time > later(now, LONGEST_LIFE) {
            return Err(ApiError::invalid(
                "Field 'spec.expiration' must lie in the future, at most 30 days ahead.",
            ));
        }
        if change.object.is_some() {
            // [KIT] §6.5, both rules.
            if is_default(world, name) {
                return Err(ApiError::bad_request("A default branch cannot expire."));
            }
            if child_of(world, name).is_some() {
                return Err(ApiError::bad_request("A branch with child branches cannot expire."));
            }
        }
    }
    merge(SPEC, status, &patch);
    // [DOC] §3.2: `no_expiry` is read back as the absence of `expire_time`.
    status.remove("no_expiry");
    let is_protected = status.get("is_protected") == Some(&Json::Bool(true));
    if is_protected && status.contains_key("expire_time") {
        // [KIT] §6.5.
        return Err(ApiError::bad_request("A protected branch cannot expire."));
    }
    Ok(())
}

/// §6.4, §6.5.
fn delete(world: &World, change: &Change<'_>) -> Result<Vec<StoreEffect>> {
    let (Some(branch), name) = (change.object, change.name) else { return Ok(Vec::new()) };
    // [REC] §3.2: a root branch is one without source; [INF] one that was restored can be deleted.
    // [CODE] §14.17: refused whether it is protected or not.
    if branch.text("source_branch").or(branch.text("source_snapshot")).is_none() {
        return Err(ApiError::managed_by_parent(format!(
            "Cannot delete root branch '{name}'. Root branches cannot be deleted independently."
        )));
    }
    // [CODE] §14.18 the text.
    if branch.flag("is_protected") {
        return Err(ApiError::bad_request("cannot delete protected branch"));
    }
    // [KIT] §6.5 both rules, [INF] both texts.
    if is_default(world, name) {
        return Err(ApiError::bad_request(format!("Cannot delete default branch '{name}'.")));
    }
    match child_of(world, name) {
        Some(child) => Err(ApiError::bad_request(format!(
            "Cannot delete branch '{name}': it has the child branch '{child}'."
        ))),
        None => Ok(Vec::new()),
    }
}

/// [INF] With everything that is on the branch, if its source is still there and it has not expired
/// meanwhile.
fn restore(world: &World, change: &Change<'_>, status: &mut Map) -> Result<()> {
    let text = |setting: &str| status.get(setting).and_then(Json::as_str);
    if let Some(source) = text("source_branch").filter(|name| world.store.live(name).is_none()) {
        return Err(ApiError::bad_request(format!(
            "Cannot undelete branch '{}': its source branch '{source}' no longer exists.",
            change.name
        )));
    }
    let expires = text("expire_time").and_then(parse_timestamp);
    if expires.is_some_and(|time| time <= change.now) {
        return Err(ApiError::bad_request(format!(
            "Cannot undelete branch '{}': it has expired.",
            change.name
        )));
    }
    status.insert("state_change_time".to_owned(), json!(format_timestamp(change.now)));
    Ok(())
}

/// [REC] §6.1: a project comes with its default branch.
fn implied(_: &World, arrival: &Arrival<'_>) -> Result<Children> {
    let mut status = without_source(arrival.now);
    let initial = arrival.section("initial_branch_spec");
    merge(SPEC, &mut status, initial.unwrap_or(&Map::new()));
    let id = name::id(arrival.object.text("default_branch").unwrap_or_default());
    Ok(vec![(id.to_owned(), status)])
}

/// [INF] §6.8.
fn timeline(_: &Options, moments: &Moments, _: &Map, is_new: bool) -> Vec<Phase> {
    if !is_new {
        return Vec::new();
    }
    vec![
        Phase::until(moments.ends, "current_state", "INIT"),
        Phase::until(moments.ends, "pending_state", "READY"),
    ]
}

fn show(world: &World, name: &str, branch: &Object, status: &mut Map) {
    status.insert("default".to_owned(), json!(is_default(world, name)));
    // [DOC] §6.4.
    if let Some(deleted) = branch.deleted {
        status.insert("current_state".to_owned(), json!("DELETED"));
        status.insert("state_change_time".to_owned(), json!(format_timestamp(deleted)));
    }
}

fn is_default(world: &World, name: &str) -> bool {
    let project = name::parent(name).and_then(|project| world.store.get(project));
    project.and_then(|project| project.text("default_branch")) == Some(name)
}

fn child_of<'a>(world: &'a World, name: &'a str) -> Option<&'a str> {
    let mut siblings = world.store.live_in(name::collection(name));
    let child = siblings.find(|(_, branch)| branch.text("source_branch") == Some(name));
    child.map(|(child, _)| child.as_str())
}

/// Two hexadecimal halves.
fn is_lsn(text: &str) -> bool {
    let half = |text: &str| {
        (1..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    text.split_once('/').is_some_and(|(high, low)| half(high) && half(low))
}
