//! Endpoints: limits, suspension, groups and hosts (reference §3.3, §7.2).

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::error::{ApiError, Result};
use crate::options::{NeverSuspended, Options};
use crate::schema::{Field, Kind as Value, Map, merge};
use crate::service::Service;
use crate::store::{Kind, Object, Store, parent};
use crate::wire::format_timestamp;

/// [REC] §6.1.
pub(super) const PRIMARY: &str = "primary";

const READ_WRITE: &str = "ENDPOINT_TYPE_READ_WRITE";

/// [REC] §9.5, the hosts of the recorded workspace.
const DOMAIN: &str = "database.us-east-1.cloud.databricks.com";

/// [DOC] §3.3.
pub(super) const SUSPEND_TIMEOUT: Field =
    Field::new("suspend_timeout_duration", Value::Duration { min: 60, max: 604_800 })
        .arm("suspension");

pub(super) const NO_SUSPENSION: Field = Field::new("no_suspension", Value::True).arm("suspension");

/// [DOC] §3.3. The bound is nobody's rule, it only keeps sums finite.
pub(super) const GROUP: &[Field] = &[
    Field::new("min", Value::Whole { min: 1, max: 1000 }),
    Field::new("max", Value::Whole { min: 1, max: 1000 }),
    Field::new("enable_readable_secondaries", Value::Flag),
];

const SPEC: &[Field] = &[
    Field::new("endpoint_type", Value::Enum(&[READ_WRITE, "ENDPOINT_TYPE_READ_ONLY"])).immutable(),
    Field::new("autoscaling_limit_min_cu", Value::Units),
    Field::new("autoscaling_limit_max_cu", Value::Units),
    SUSPEND_TIMEOUT,
    NO_SUSPENSION,
    Field::new("disabled", Value::Flag),
    Field::new("settings", Value::Message(&[Field::new("pg_settings", Value::Map)])),
    Field::new("group", Value::Message(GROUP)),
];

pub(super) const BODY: &[Field] = &[Field::new("spec", Value::Message(SPEC))];

/// The status of a new endpoint before the mutable part of its spec is applied.
pub(super) fn born(service: &Service, branch: &str, spec: &Map, now: Timestamp) -> Result<Map> {
    let kind = spec.get("endpoint_type").and_then(Json::as_str).unwrap_or_default();
    let has_writer = service
        .store
        .live_children(branch, Kind::Endpoint)
        .any(|(_, endpoint)| endpoint.text("endpoint_type") == Some(READ_WRITE));
    if kind == READ_WRITE && has_writer {
        // [DOC] §3.3: one read-write endpoint per branch; [CODE] §14.13: status and text, as public
        // code has seen them.
        return Err(ApiError::bad_request("read_write endpoint already exists"));
    }
    let project = parent(branch).and_then(|project| service.store.live(project));
    let project = project.map(|object| object.status.clone()).unwrap_or_default();
    Ok(inherit(&project, kind, now))
}

/// What an endpoint takes from its project's defaults ([REC] §3.3, §6.1).
pub(super) fn inherit(project: &Map, endpoint_type: &str, now: Timestamp) -> Map {
    let mut status = Map::new();
    let defaults = project.get("default_endpoint_settings").and_then(Json::as_object);
    let mut settings = json!({});
    for (name, value) in defaults.into_iter().flatten() {
        // [INF] Postgres settings stand one level deeper in an endpoint.
        if name == "pg_settings" {
            settings["pg_settings"] = value.clone();
        } else {
            status.insert(name.clone(), value.clone());
        }
    }
    status.insert("settings".to_owned(), settings);
    status.insert("endpoint_type".to_owned(), json!(endpoint_type));
    status.insert("current_state".to_owned(), json!("ACTIVE"));
    status.insert("disabled".to_owned(), json!(false));
    // [REC] §3.3: a fresh read-only endpoint says true; [FAKE] the implicit one says false.
    let group = json!({
        "min": 1, "max": 1, "enable_readable_secondaries": endpoint_type != READ_WRITE,
    });
    status.insert("group".to_owned(), group);
    // [REC] §3.3.
    status.insert("last_active_time".to_owned(), json!(format_timestamp(now)));
    status
}

pub(super) fn apply(service: &Service, name: &str, status: &mut Map, patch: &Map) -> Result<()> {
    let before = if service.store.live(name).is_some() { computes(status) } else { 0 };
    settle(service, status, patch)?;
    let after = computes(status);
    let project = parent(name).and_then(parent).unwrap_or_default();
    if after > before { within_quota(service, project, name, after) } else { Ok(()) }
}

/// Merges a patch into a status and checks what the two make together.
pub(super) fn settle(service: &Service, status: &mut Map, patch: &Map) -> Result<()> {
    merge(SPEC, status, patch);
    // "Never" is the absence of a timeout; `show_suspension` writes it out.
    status.remove("no_suspension");
    check_limits(service, status, "spec")?;
    let group = status.get("group").cloned().unwrap_or_default();
    if group["min"] != group["max"] {
        // [DOC] §3.3.
        return Err(ApiError::invalid("Fields 'group.min' and 'group.max' must be equal."));
    }
    let many = group["max"].as_i64().unwrap_or(1) > 1;
    if many && status.contains_key("suspend_timeout_duration") {
        // [DOC] §7.2.
        return Err(ApiError::invalid(
            "A group of more than one compute needs 'spec.no_suspension' to be true.",
        ));
    }
    let asked = patch.get("group").and_then(|group| group.get("enable_readable_secondaries"));
    let writes = status.get("endpoint_type").and_then(Json::as_str) == Some(READ_WRITE);
    if asked == Some(&Json::Bool(true)) && writes && !many {
        // [DOC] §3.3.
        return Err(ApiError::invalid(
            "Field 'spec.group.enable_readable_secondaries' needs more than one compute.",
        ));
    }
    if let Some(disabled) = patch.get("disabled") {
        // [INF] §6.8.
        let state = if *disabled == Json::Bool(true) { "IDLE" } else { "ACTIVE" };
        status.insert("current_state".to_owned(), json!(state));
    }
    Ok(())
}

/// §7.2: [INF] min ≤ max, [DOC] the distance of the two.
pub(super) fn check_limits(service: &Service, settings: &Map, path: &str) -> Result<()> {
    let limit = |name: &str| settings.get(name).and_then(Json::as_f64).unwrap_or_default();
    let (min, max) = (limit("autoscaling_limit_min_cu"), limit("autoscaling_limit_max_cu"));
    let range = service.options.max_autoscaling_range_cu;
    if min > max {
        return Err(ApiError::invalid(format!(
            "Field '{path}.autoscaling_limit_min_cu' must not exceed \
             '{path}.autoscaling_limit_max_cu': {min} > {max}."
        )));
    }
    if max - min > f64::from(range) {
        return Err(ApiError::invalid(format!(
            "The range from '{path}.autoscaling_limit_min_cu' to \
             '{path}.autoscaling_limit_max_cu' must be at most {range} CU: {min} to {max}."
        )));
    }
    Ok(())
}

/// [KIT] §7.3: whether the project may have `computes` more beside those of other endpoints.
pub(super) fn within_quota(
    service: &Service,
    project: &str,
    except: &str,
    computes: usize,
) -> Result<()> {
    let store = &service.store;
    let others: usize = store
        .live_children(project, Kind::Branch)
        .flat_map(|(branch, _)| store.live_children(branch, Kind::Endpoint))
        .filter(|(name, _)| name.as_str() != except)
        .map(|(_, endpoint)| self::computes(&endpoint.status))
        .sum();
    let limit = service.options.quotas.active_computes;
    if others + computes > limit {
        return Err(ApiError::quota(limit, "active computes per project"));
    }
    Ok(())
}

/// How many computes run for an endpoint.
fn computes(status: &Map) -> usize {
    if status.get("disabled") == Some(&Json::Bool(true)) {
        return 0;
    }
    let size = status.get("group").and_then(|group| group["max"].as_u64());
    size.and_then(|size| usize::try_from(size).ok()).unwrap_or(1)
}

pub(super) fn derive(options: &Options, object: &Object, at: Timestamp, status: &mut Map) {
    show_suspension(options, status);
    if at < object.settled {
        // [REC] §3.3: a pending state remains after the operation is done.
        let target = status.get("current_state").cloned().unwrap_or_default();
        status.insert("pending_state".to_owned(), target);
    }
    if at < object.ready {
        status.insert("current_state".to_owned(), json!("INIT"));
    }
    let uid = object.uid.as_deref().unwrap_or_default();
    let host = format!("{uid}.{DOMAIN}");
    // [INF] §3.3: that there are pooled hosts is [DOC], their form was never recorded.
    let pooled = format!("{uid}-pooler.{DOMAIN}");
    let hosts = if object.text("endpoint_type") == Some(READ_WRITE) {
        let group = object.status.get("group");
        let mut hosts = json!({"host": host, "read_write_pooled_host": pooled});
        if group.is_some_and(|group| group["enable_readable_secondaries"] == Json::Bool(true)) {
            // [DOC] that it is there, [INF] its form.
            hosts["read_only_host"] = json!(format!("{uid}-ro.{DOMAIN}"));
            hosts["read_only_pooled_host"] = json!(format!("{uid}-ro-pooler.{DOMAIN}"));
        }
        hosts
    } else {
        // [REC] §9.5: the two are equal.
        json!({"host": host, "read_only_host": host, "read_only_pooled_host": pooled})
    };
    status.insert("hosts".to_owned(), hosts);
}

/// [INF] §12: how a status says "never" is not known.
pub(super) fn show_suspension(options: &Options, settings: &mut Map) {
    let never = !settings.contains_key("suspend_timeout_duration");
    if never && options.report_never_suspended_as == NeverSuspended::Flag {
        settings.insert("no_suspension".to_owned(), json!(true));
    }
}

/// [INF] An adoption does not turn a reader into a writer.
pub(super) fn adoptable(object: &Object, spec: &Map) -> Result<()> {
    if spec.get("endpoint_type").and_then(Json::as_str) == object.text("endpoint_type") {
        Ok(())
    } else {
        Err(ApiError::invalid("Field 'spec.endpoint_type' cannot be changed."))
    }
}

/// §6.4, §6.5.
pub(super) fn may_go(store: &Store, name: &str) -> Result<()> {
    let Some(endpoint) = store.live(name) else { return Ok(()) };
    if endpoint.text("endpoint_type") == Some(READ_WRITE) {
        // [REC] the text but for the name.
        return Err(ApiError::managed_by_parent(format!(
            "Cannot delete read-write endpoint '{name}'. Read-write endpoints cannot be deleted."
        )));
    }
    let branch = parent(name).and_then(|branch| store.live(branch));
    if branch.is_some_and(|branch| branch.flag("is_protected")) {
        // [DOC] the rule, [INF] the text.
        return Err(ApiError::bad_request("cannot delete endpoint of protected branch"));
    }
    Ok(())
}
