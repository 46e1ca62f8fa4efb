//! The API itself: routes, and the way of a create, read, update or delete that all kinds share.
//! What is peculiar to a kind stands in its own room below.
//!
//! The order of checks is that of §4.3: the request, what it refers to, what forbids it, what is
//! busy. Nothing changes before the last check.

mod branch;
mod credential;
mod database;
mod endpoint;
mod list;
mod project;
mod role;
mod run;
mod view;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::call::Call;
use crate::error::{ApiError, Result};
use crate::mask;
use crate::operations::empty_response;
use crate::schema::{self, Field, Kind as Value, Map, Rule};
use crate::service::{Service, no_such_api};
use crate::store::{Kind, Object, child, id, parent};

use run::{begin, idle, moments, scope, start};
use view::absent;
pub(crate) use view::{missing, show};

enum Route {
    /// The objects of a kind in a parent ("" for projects).
    All(Kind, String),
    One(Kind, String),
    Undelete(Kind, String),
    Credentials,
}

/// Performs one call below `/api/2.0/postgres/`.
pub(crate) fn call(service: &mut Service, call: &Call<'_>) -> Result<Json> {
    // Before all routes: the id of an operation may hold slashes (§4.1).
    if call.method == "GET"
        && let Some(operation) = service.operations.get(call.path)
    {
        return Ok(operation.json(operation.ends <= call.now));
    }
    if call.path.contains("/operations/") {
        return Err(ApiError::not_found("operation id not found"));
    }
    let unknown = || no_such_api(call.method, &format!("/postgres/{}", call.path));
    match (call.method, route(call.path).ok_or_else(unknown)?) {
        ("GET", Route::All(kind, parent)) => list::list(service, call, kind, &parent),
        ("POST", Route::All(kind, parent)) => create(service, call, kind, &parent),
        ("GET", Route::One(_, name)) => {
            call.only(&[])?;
            show(&service.store, &service.options, &name, call.now)
                .ok_or_else(|| absent(&service.store, &name))
        }
        ("PATCH", Route::One(kind, name)) => update(service, call, kind, &name),
        ("DELETE", Route::One(kind, name)) => delete(service, call, kind, &name),
        ("POST", Route::Undelete(kind, name)) => undelete(service, call, kind, &name),
        ("POST", Route::Credentials) => credential::generate(service, call),
        _ => Err(unknown()),
    }
}

fn route(path: &str) -> Option<Route> {
    let segments: Vec<&str> = path.split('/').collect();
    let before_last = || path.rsplit_once('/').map_or("", |(before, _)| before).to_owned();
    let leaf = |collection: &str| {
        [Kind::Endpoint, Kind::Role, Kind::Database]
            .into_iter()
            .find(|kind| kind.collection() == collection)
    };
    if segments.iter().any(|segment| segment.is_empty()) {
        return None;
    }
    Some(match segments.as_slice() {
        ["credentials"] => Route::Credentials,
        ["projects"] => Route::All(Kind::Project, String::new()),
        ["projects", _] => Route::One(Kind::Project, path.to_owned()),
        ["projects", _, "undelete"] => Route::Undelete(Kind::Project, before_last()),
        ["projects", _, "branches"] => Route::All(Kind::Branch, before_last()),
        ["projects", _, "branches", _] => Route::One(Kind::Branch, path.to_owned()),
        ["projects", _, "branches", _, "undelete"] => Route::Undelete(Kind::Branch, before_last()),
        ["projects", _, "branches", _, kind] => Route::All(leaf(kind)?, before_last()),
        ["projects", _, "branches", _, kind, _] => Route::One(leaf(kind)?, path.to_owned()),
        _ => return None,
    })
}

fn create(service: &mut Service, call: &Call<'_>, kind: Kind, parent: &str) -> Result<Json> {
    call.only(match kind {
        Kind::Project => &["project_id"],
        Kind::Branch => &["branch_id", "replace_existing"],
        Kind::Endpoint => &["endpoint_id", "replace_existing"],
        Kind::Role => &["role_id", "replace_existing"],
        Kind::Database => &["database_id", "replace_existing"],
    })?;
    let adopts = call.flag("replace_existing")?;
    let id = match call.id(kind.id_field())? {
        Some(id) => id,
        // [REC] §7.1: the service makes an id for a role; [DOC] §6.3: but not to adopt one.
        None if kind == Kind::Role && !adopts => format!("role-{:08x}", service.random.u32(..)),
        None => return Err(required(kind.id_field())),
    };
    let name = child(parent, kind, &id);
    let mut body = checked_body(call, kind, &name)?;
    let spec = body.get("spec").and_then(Json::as_object).cloned().unwrap_or_default();
    match kind {
        Kind::Project => {}
        Kind::Branch => branch::require(&spec)?,
        Kind::Endpoint => require(kind, &spec, "endpoint_type")?,
        Kind::Role => require(kind, &spec, "postgres_role")?,
        Kind::Database => {
            require(kind, &spec, "postgres_database")?;
            require(kind, &spec, "role")?;
        }
    }
    if kind != Kind::Project && service.store.live(parent).is_none() {
        return Err(absent(&service.store, parent));
    }
    let scope = if kind == Kind::Project { &name } else { parent };
    match service.store.get(&name) {
        // [REC] §6.3: the call behaves as an update.
        Some(object) if adopts && object.deleted.is_none() => {
            if kind == Kind::Endpoint {
                endpoint::adoptable(object, &spec)?;
            }
            let patch = mutable(kind, &spec);
            return change(service, call, kind, &name, &patch, true);
        }
        Some(_) => return Err(duplicate(kind)),
        None => {}
    }
    let mut status = match kind {
        Kind::Project => project::born(service, &id, &spec)?,
        Kind::Branch => branch::born(service, parent, &spec, call.now)?,
        Kind::Endpoint => endpoint::born(service, parent, &spec, call.now)?,
        Kind::Role => role::born(service, parent, &spec)?,
        Kind::Database => database::born(service, parent)?,
    };
    let mut patch = mutable(kind, &spec);
    fill_limits(service, kind, &mut patch, &mut body);
    apply(service, kind, &name, call.now, &mut status, &patch, true, call.now)?;
    if kind == Kind::Project {
        project::check_initial(service, &status, &body)?;
    }
    if service.operations.busy(scope, call.now) {
        return Err(ApiError::conflict());
    }
    let object = new_object(service, kind, status, spec, call.now);
    service.store.insert(name.clone(), object);
    match kind {
        Kind::Project => project::imply(service, &name, &body, call.now)?,
        Kind::Branch => branch::imply(service, &name, call.now),
        _ => {}
    }
    Ok(start(service, kind, &name, call.now))
}

/// Completes the ranges of a new object, if the service is to be unkind about it.
fn fill_limits(service: &Service, kind: Kind, patch: &mut Map, body: &mut Map) {
    let settings = match kind {
        Kind::Project => {
            let defaults = patch.get_mut("default_endpoint_settings");
            let initial = body.get_mut("initial_endpoint_spec");
            [defaults, initial].map(|settings| settings.and_then(Json::as_object_mut))
        }
        Kind::Endpoint => [Some(patch), None],
        _ => return,
    };
    for settings in settings.into_iter().flatten() {
        service.unkind.fill_limits(settings, service.options.max_autoscaling_range_cu);
    }
}

fn update(service: &mut Service, call: &Call<'_>, kind: Kind, name: &str) -> Result<Json> {
    call.only(&["update_mask"])?;
    let body = checked_body(call, kind, name)?;
    let mask = call.parameter("update_mask");
    // [REC] §1.6, §9.2: Terraform masks these two without sending them.
    let exempt: &[&str] = match kind {
        Kind::Project => &["initial_branch_spec", "initial_endpoint_spec"],
        _ => &[],
    };
    let selected = mask::select(mask, fields(kind), &body, exempt)?;
    if service.store.live(name).is_none() {
        return Err(absent(&service.store, name));
    }
    let patch = selected.get("spec").and_then(Json::as_object).cloned().unwrap_or_default();
    // Paths below `spec` never hold it whole, so the mask is the one word or it is not.
    let whole = mask.is_some_and(|mask| mask == "*" || mask.split(',').any(|path| path == "spec"));
    change(service, call, kind, name, &patch, whole)
}

/// Applies checked values to a live object: the last part of an update and of an adoption.
fn change(
    service: &mut Service,
    call: &Call<'_>,
    kind: Kind,
    name: &str,
    patch: &Map,
    whole: bool,
) -> Result<Json> {
    let object = service.store.live(name).ok_or_else(|| absent(&service.store, name))?;
    let mut status = object.status.clone();
    apply(service, kind, name, object.created, &mut status, patch, whole, call.now)?;
    idle(service, kind, name, call.now)?;
    let object = service.store.get_mut(name).expect("it was there a moment ago");
    object.status = status;
    object.updated = call.now;
    if let Value::Message(spec) = spec_field(kind) {
        schema::merge(spec, &mut object.spec, patch);
    }
    let (_, settled) = moments(&service.options, call.now);
    let object = service.store.get_mut(name).expect("it was there a moment ago");
    object.settled = settled;
    Ok(start(service, kind, name, call.now))
}

fn delete(service: &mut Service, call: &Call<'_>, kind: Kind, name: &str) -> Result<Json> {
    call.only(match kind {
        Kind::Project | Kind::Branch => &["purge"],
        Kind::Role => &["reassign_owned_to"],
        Kind::Endpoint | Kind::Database => &[],
    })?;
    let purge = call.flag("purge")?;
    let deleted = service.store.get(name).and_then(|object| object.deleted);
    // [INF] A second delete finds nothing, but a purge empties the trash ([REC] §6.4).
    if service.store.get(name).is_none() || (deleted.is_some() && !purge) {
        return Err(absent(&service.store, name));
    }
    if deleted.is_none() {
        match kind {
            Kind::Project => project::may_go(&service.store, name)?,
            Kind::Branch => branch::may_go(&service.store, name)?,
            Kind::Endpoint => endpoint::may_go(&service.store, name)?,
            Kind::Role => role::may_go(service, name, call.parameter("reassign_owned_to"))?,
            Kind::Database => {}
        }
    }
    idle(service, kind, name, call.now)?;
    let scope = scope(kind, name).to_owned();
    match kind {
        _ if purge => service.store.remove(name),
        Kind::Project => project::soft_delete(service, name, call.now),
        Kind::Branch => branch::soft_delete(&mut service.store, name, call.now),
        Kind::Role => role::remove(&mut service.store, name, call.parameter("reassign_owned_to")),
        Kind::Endpoint | Kind::Database => service.store.remove(name),
    }
    Ok(begin(service, kind, name, scope, call.now, empty_response()))
}

fn undelete(service: &mut Service, call: &Call<'_>, kind: Kind, name: &str) -> Result<Json> {
    call.only(&[])?;
    // [CODE] §1.2: custom verbs send `{}`.
    if call.body != json!({}) {
        return Err(ApiError::invalid("The body of `undelete` must be {}."));
    }
    let object = service.store.get(name).ok_or_else(|| absent(&service.store, name))?;
    if object.deleted.is_none() {
        // [INF]
        return Err(ApiError::bad_request(format!("{} '{name}' is not deleted.", kind.title())));
    }
    idle(service, kind, name, call.now)?;
    match kind {
        Kind::Project => project::undelete(&mut service.store, name, call.now),
        _ => branch::undelete(&mut service.store, name, call.now),
    }
    Ok(start(service, kind, name, call.now))
}

/// The whole of a body for this kind.
fn fields(kind: Kind) -> &'static [Field] {
    match kind {
        Kind::Project => project::BODY,
        Kind::Branch => branch::BODY,
        Kind::Endpoint => endpoint::BODY,
        Kind::Role => role::BODY,
        Kind::Database => database::BODY,
    }
}

fn spec_field(kind: Kind) -> &'static Value {
    let spec = fields(kind).iter().find(|field| field.name == "spec");
    &spec.expect("every body has a spec").kind
}

/// What of a spec an update may change.
fn mutable(kind: Kind, spec: &Map) -> Map {
    let Value::Message(fields) = spec_field(kind) else { return Map::new() };
    let changes =
        |name: &str| fields.iter().any(|field| field.name == name && field.rule != Rule::Immutable);
    spec.iter()
        .filter(|(name, _)| changes(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Merges a patch into a status and checks the rules of the kind on the outcome.
#[expect(clippy::too_many_arguments, reason = "a dispatch; each kind takes what it needs")]
fn apply(
    service: &Service,
    kind: Kind,
    name: &str,
    created: Timestamp,
    status: &mut Map,
    patch: &Map,
    whole: bool,
    now: Timestamp,
) -> Result<()> {
    match kind {
        Kind::Project => project::apply(service, name, status, patch),
        Kind::Branch => branch::apply(service, name, created, status, patch, now),
        Kind::Endpoint => endpoint::apply(service, name, status, patch),
        Kind::Role => {
            role::apply(status, patch, whole);
            Ok(())
        }
        Kind::Database => database::apply(service, name, status, patch),
    }
}

/// Checks the body of a create or update. [REC] §1.1: `name`, `parent` and the id may be in it;
/// [INF] they must not contradict the path.
fn checked_body(call: &Call<'_>, kind: Kind, name: &str) -> Result<Map> {
    let Json::Object(body) = &call.body else {
        return Err(ApiError::invalid("The body must be a JSON object."));
    };
    let mut body = body.clone();
    let agreed =
        [("name", name), ("parent", parent(name).unwrap_or_default()), (kind.id_field(), id(name))];
    for (field, wanted) in agreed {
        match body.remove(field) {
            None | Some(Json::Null) => {}
            Some(value) if value == wanted => {}
            Some(value) => {
                return Err(ApiError::invalid(format!(
                    "Field '{field}' must be \"{wanted}\" as in the request's path, got {value}."
                )));
            }
        }
    }
    schema::check(fields(kind), &body, "")
}

/// [REC] §5.3.
fn required(field: &str) -> ApiError {
    ApiError::invalid(format!(
        "Field '{field}' is required, expected non-default value (not \"\")!"
    ))
}

/// [REC] `database.spec.role`; [INF] the others alike.
fn require(kind: Kind, spec: &Map, field: &str) -> Result<()> {
    if spec.contains_key(field) {
        Ok(())
    } else {
        Err(required(&format!("{}.spec.{field}", kind.noun())))
    }
}

/// §5.3: [REC] 409 for project, branch and endpoint, 400 for role; [FAKE] 400 for database.
pub(crate) fn duplicate(kind: Kind) -> ApiError {
    match kind {
        Kind::Project => {
            ApiError::already_exists("project with such id already exists in the workspace")
        }
        Kind::Branch => ApiError::already_exists("branch with such id already exists"),
        Kind::Endpoint => ApiError::already_exists("endpoint with such id already exists"),
        Kind::Role => ApiError::bad_request("role with that name already exists"),
        Kind::Database => ApiError::bad_request("database with that name already exists"),
    }
}

fn new_object(service: &mut Service, kind: Kind, status: Map, spec: Map, now: Timestamp) -> Object {
    let (ready, settled) = moments(&service.options, now);
    let uid = match kind {
        // [REC] §3.1.
        Kind::Project => Some(service.uuid()),
        // [REC] §3.2, §3.3: `br-<word>-<word>-<x>`, `ep-…`.
        Kind::Branch => Some(words(service, "br")),
        Kind::Endpoint => Some(words(service, "ep")),
        Kind::Role | Kind::Database => None,
    };
    Object { kind, uid, created: now, updated: now, spec, status, ready, settled, deleted: None }
}

fn words(service: &mut Service, prefix: &str) -> String {
    let random = &mut service.random;
    let first = ["amber", "bold", "calm", "dry", "early", "fair", "green", "quiet"];
    let second = ["brook", "cloud", "dune", "field", "lake", "moon", "reef", "tree"];
    format!(
        "{prefix}-{}-{}-{:08x}",
        first[random.usize(..first.len())],
        second[random.usize(..second.len())],
        random.u32(..)
    )
}
