//! Endpoints: limits, suspension, groups and hosts (reference §3.3, §7.2).

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::compute::{self, TIMEOUT, check_limits};
use crate::clock::later;
use crate::error::{ApiError, Result};
use crate::model::hosts::Purpose;
use crate::model::store::{Object, Phase};
use crate::model::world::World;
use crate::model::{
    Arrival, Change, Children, Deletion, Hooks, Id, Kind, LABEL, Layout, Method, Moments, Quota,
    StoreEffect, Uid,
};
use crate::name;
use crate::options::Options;
use crate::schema::{Field, Map, Value, merge};
use crate::wire::{format_timestamp, parse_duration};

pub(crate) static ENDPOINT: Kind = Kind {
    noun: "endpoint",
    message: "Endpoint",
    pattern: "projects/*/branches/*/endpoints/*",
    id: Id::Parameter { name: "endpoint_id", form: &LABEL, in_status: true },
    body: &[Field::new("spec", Value::Message(SPEC))],
    layout: Layout::SpecAndStatus,
    methods: &[Method::Create, Method::Get, Method::List, Method::Update, Method::Delete],
    // [REC] §3.3.
    uid: Uid::Words("ep"),
    adoptable: true,
    demands_body: false,
    optional_masks: &[],
    wildcard_by_parts: false,
    deletion: Deletion::Permanent,
    delete_parameters: &[],
    takes_turns: true,
    reconciles: true,
    // [KIT] §7.3.
    quotas: &[Quota {
        segments: 2,
        limit: |quotas| quotas.active_computes,
        weight: computes,
        what: "active computes per project",
    }],
    hooks: Hooks {
        create,
        adopt,
        update: |world, change, status| settle(world, change.patch, status),
        delete,
        implied,
        timeline,
        show,
        ..Hooks::NONE
    },
};

const READ_WRITE: &str = "ENDPOINT_TYPE_READ_WRITE";
const STATE: &str = "current_state";

const SPEC: &[Field] = &[
    Field::new("endpoint_type", Value::Enum(&[READ_WRITE, "ENDPOINT_TYPE_READ_ONLY"]))
        .immutable()
        .required_on_create(),
    compute::MIN_CU,
    compute::MAX_CU,
    compute::SUSPEND_TIMEOUT,
    compute::NO_SUSPENSION,
    Field::new("disabled", Value::Flag),
    Field::new("settings", Value::Message(&[Field::new("pg_settings", Value::Map)])),
    compute::GROUP,
];

fn create(world: &World, change: &Change<'_>) -> Result<Map> {
    let endpoint_type = change.text("endpoint_type").unwrap_or_default();
    let mut siblings = world.store.live_in(name::collection(change.name));
    let has_writer = siblings.any(|(_, sibling)| sibling.text("endpoint_type") == Some(READ_WRITE));
    if endpoint_type == READ_WRITE && has_writer {
        // [DOC] §3.3: one read-write endpoint per branch; [CODE] §14.13: status and text, as public
        // code has seen them.
        return Err(ApiError::bad_request("read_write endpoint already exists"));
    }
    Ok(inherit(world, change.name, &[], endpoint_type, change.now))
}

/// What an endpoint takes from its project's defaults: [REC] §3.3, §6.1 for the suspension, [INF]
/// for the rest.
fn inherit(
    world: &World,
    name: &str,
    so_far: &[(String, Object)],
    endpoint_type: &str,
    now: Timestamp,
) -> Map {
    let find = |name: &str| {
        let new = so_far.iter().find(|(other, _)| other == name).map(|(_, object)| object);
        new.or_else(|| world.store.live(name))
    };
    let mut defaults = name::lineage(name).filter_map(find).filter_map(|ancestor| {
        ancestor.settings.get("default_endpoint_settings").and_then(Json::as_object)
    });
    let mut status = Map::new();
    let mut settings = json!({});
    for (name, value) in defaults.next().into_iter().flatten() {
        // [INF] Settings of PostgreSQL stand one level deeper in an endpoint.
        if name == "pg_settings" {
            settings["pg_settings"] = value.clone();
        } else {
            status.insert(name.clone(), value.clone());
        }
    }
    if !world.options.behaviors.inherit_sizes {
        status.insert(compute::MIN.to_owned(), json!(1));
        status.insert(compute::MAX.to_owned(), json!(1));
    }
    status.insert("settings".to_owned(), settings);
    status.insert("endpoint_type".to_owned(), json!(endpoint_type));
    status.insert("current_state".to_owned(), json!("ACTIVE"));
    status.insert("disabled".to_owned(), json!(false));
    // [REC] §3.3: true for a fresh read-only endpoint; [FAKE] false for the implicit one.
    let group = json!({
        "min": 1, "max": 1, "enable_readable_secondaries": endpoint_type != READ_WRITE,
    });
    status.insert("group".to_owned(), group);
    // [REC] §3.3.
    status.insert("last_active_time".to_owned(), json!(format_timestamp(now)));
    status
}

/// [INF] An adoption does not turn a read-only endpoint into a read-write one.
fn adopt(_: &World, change: &Change<'_>) -> Result<()> {
    let now = change.object.and_then(|endpoint| endpoint.text("endpoint_type"));
    if change.text("endpoint_type") == now {
        return Ok(());
    }
    Err(ApiError::invalid("Field 'spec.endpoint_type' cannot be changed."))
}

/// Merges a patch into a status and checks what the two make together.
fn settle(world: &World, patch: &Map, status: &mut Map) -> Result<()> {
    merge(SPEC, status, patch);
    // "Never" is the absence of a timeout; `show_suspension` writes it out.
    status.remove("no_suspension");
    check_limits(&world.options, status, "spec")?;
    let group = status.get("group").cloned().unwrap_or_default();
    if group["min"] != group["max"] {
        // [DOC] §3.3.
        return Err(ApiError::invalid("Fields 'group.min' and 'group.max' must be equal."));
    }
    let many = group["max"].as_i64().unwrap_or(1) > 1;
    if many && status.contains_key(TIMEOUT) {
        // [DOC] §7.2.
        return Err(ApiError::invalid(
            "A group of more than one compute needs 'spec.no_suspension' to be true.",
        ));
    }
    let writes = status.get("endpoint_type").and_then(Json::as_str) == Some(READ_WRITE);
    if writes && !many {
        let asked = patch.get("group").and_then(|group| group.get("enable_readable_secondaries"));
        if asked == Some(&Json::Bool(true)) {
            // [DOC] §3.3.
            return Err(ApiError::invalid(
                "Field 'spec.group.enable_readable_secondaries' needs more than one compute.",
            ));
        }
        // [INF] A group that shrinks to one compute has no secondaries to read from.
        if let Some(Json::Object(group)) = status.get_mut("group") {
            group.insert("enable_readable_secondaries".to_owned(), json!(false));
        }
    }
    if let Some(disabled) = patch.get("disabled") {
        // [INF] §6.8.
        let state = if *disabled == Json::Bool(true) { "IDLE" } else { "ACTIVE" };
        status.insert("current_state".to_owned(), json!(state));
    }
    Ok(())
}

/// §6.4, §6.5.
fn delete(world: &World, change: &Change<'_>) -> Result<Vec<StoreEffect>> {
    let name = change.name;
    if change.object.and_then(|endpoint| endpoint.text("endpoint_type")) == Some(READ_WRITE) {
        // [REC] the text but for the name.
        return Err(ApiError::managed_by_parent(format!(
            "Cannot delete read-write endpoint '{name}'. Read-write endpoints cannot be deleted."
        )));
    }
    if world.parent(name).is_some_and(|branch| branch.flag("is_protected")) {
        // [DOC] the rule, [INF] the text.
        return Err(ApiError::bad_request("cannot delete endpoint of protected branch"));
    }
    Ok(Vec::new())
}

/// [REC] §6.1: `primary`, on every branch.
fn implied(world: &World, arrival: &Arrival<'_>) -> Result<Children> {
    let mut status = inherit(world, arrival.name, arrival.so_far, READ_WRITE, arrival.now);
    let initial = arrival.section("initial_endpoint_spec");
    settle(world, initial.unwrap_or(&Map::new()), &mut status)?;
    Ok(vec![("primary".to_owned(), status)])
}

fn timeline(options: &Options, moments: &Moments, status: &Map, is_new: bool) -> Vec<Phase> {
    let text = |setting: &str| status.get(setting).and_then(Json::as_str);
    // [REC] §3.3: a pending state remains after the operation is done.
    let target = text("current_state").unwrap_or_default();
    let mut phases = vec![Phase::until(moments.settled, "pending_state", target)];
    if is_new {
        phases.push(Phase::until(moments.ends, "current_state", "INIT"));
    }
    let timeout = text(TIMEOUT).and_then(parse_duration);
    if let Some(timeout) = timeout.filter(|_| options.behaviors.scale_to_zero) {
        // [INF] §6.8.
        phases.push(Phase::from(later(moments.settled, timeout), "current_state", "IDLE"));
    }
    phases
}

/// The computes that run for an endpoint.
fn computes(endpoint: &Object) -> usize {
    if endpoint.flag("disabled") {
        return 0;
    }
    let size = endpoint.settings.get("group").and_then(|group| group["max"].as_u64());
    size.and_then(|size| usize::try_from(size).ok()).unwrap_or(1)
}

fn show(world: &World, _: &str, endpoint: &Object, status: &mut Map) {
    compute::show_suspension(&world.options, status);
    let host = |purpose| json!(host(world, endpoint, purpose));
    let mut hosts = json!({"host": host(Purpose::DIRECT)});
    if writes(endpoint) {
        hosts["read_write_pooled_host"] = host(Purpose::POOLED);
        if has_readable_secondaries(endpoint) {
            // [DOC] that it is there, [INF] its form.
            hosts["read_only_host"] = host(Purpose::READS);
            hosts["read_only_pooled_host"] = host(Purpose::POOLED_READS);
        }
    } else {
        // [REC] §9.5: the two are equal.
        hosts["read_only_host"] = host(Purpose::DIRECT);
        hosts["read_only_pooled_host"] = host(Purpose::POOLED);
    }
    status.insert("hosts".to_owned(), hosts);
}

/// The host of an endpoint for a purpose.
pub(crate) fn host(world: &World, endpoint: &Object, purpose: Purpose) -> String {
    let uid = endpoint.uid.as_deref().unwrap_or_default();
    world.hosts.name(uid, world.number(uid), purpose)
}

/// Whether it is the read-write endpoint of its branch.
pub(crate) fn writes(endpoint: &Object) -> bool {
    endpoint.text("endpoint_type") == Some(READ_WRITE)
}

/// Whether a read-write endpoint has hosts for reads.
pub(crate) fn has_readable_secondaries(endpoint: &Object) -> bool {
    let group = endpoint.settings.get("group");
    group.is_some_and(|group| group["enable_readable_secondaries"] == Json::Bool(true))
}

/// Whether an endpoint is there and not suspended.
pub(crate) fn is_awake(world: &World, name: &str, now: Timestamp) -> bool {
    let endpoint = world.store.live(name);
    endpoint.is_some_and(|endpoint| endpoint.status(now).get(STATE) != Some(&json!("IDLE")))
}

/// Notes that an endpoint is used now, which wakes it, and starts its timeout again.
pub(crate) fn touch(world: &mut World, name: &str, now: Timestamp) {
    let is_busy = world.busy.get(name).is_some_and(|sessions| *sessions > 0);
    let scales = world.options.behaviors.scale_to_zero && !is_busy;
    let Some(endpoint) = world.store.get_mut(name) else { return };
    endpoint.settings.insert("last_active_time".to_owned(), json!(format_timestamp(now)));
    endpoint.timeline.retain(|phase| phase.shows.get(STATE) != Some(&json!("IDLE")));
    let timeout = endpoint.text(TIMEOUT).and_then(parse_duration).filter(|_| scales);
    if let Some(timeout) = timeout {
        endpoint.timeline.push(Phase::from(later(now, timeout), STATE, "IDLE"));
    }
}
