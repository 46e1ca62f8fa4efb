//! Interprets the kinds: route → check → hook → effects → operation. Names no kind; what is a kind's
//! own stands in its table and hooks.
//!
//! The order of checks is that of §4.3: the request, what it refers to, what forbids it, the quotas,
//! what is busy. Effects are applied after the last check, so that a refused call changes nothing.

mod busy;
mod change;
mod create;
mod delete;
mod list;
mod quota;
mod view;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::error::{ApiError, Result};
use crate::message::Input;
use crate::model::operations::Operation;
use crate::model::world::{World, random_by};
use crate::model::{Id, Kind, Layout, Method, Moments};
use crate::name;
use crate::schema::{self, Leniency, Map, Rule};

pub(crate) use create::seed;
pub(crate) use view::{missing, show};

/// Where the API begins.
pub(crate) const ROOT: &str = "/api/2.0/postgres/";

/// Performs one call. `path` is that below [`ROOT`].
pub(crate) fn call(world: &mut World, input: &Input<'_>, path: &str) -> Result<Json> {
    // Before all routes: the ID of an operation may hold slashes (§4.1).
    if input.method == "GET"
        && let Some(operation) = world.operations.get(path)
    {
        return Ok(operation.json(operation.ends <= input.now));
    }
    let Some((method, kind, name)) = route(world, input.method, path) else {
        if input.method == "GET" && path.contains("/operations/") {
            return Err(ApiError::not_found("operation id not found"));
        }
        return Err(ApiError::no_such_api(input.method, &format!("/postgres/{path}")));
    };
    let by_name = matches!(method, Method::Get | Method::Update | Method::Delete);
    if by_name && world.store.get(name).is_some_and(|object| object.unreadable) {
        return Err(missing(world, name));
    }
    match method {
        Method::Get => {
            input.only(&[])?;
            show(world, &world.store, name, input.now).ok_or_else(|| view::absent(world, name))
        }
        Method::List => list::list(world, input, kind, name),
        Method::Create => create::create(world, input, kind, name),
        Method::Update => change::update(world, input, kind, name),
        Method::Delete => delete::delete(world, input, kind, name),
        Method::Undelete => delete::undelete(world, input, kind, name),
    }
}

/// The method of a kind that a request calls, and the name of the object, or of the collection for a
/// list and for a create with an ID.
fn route<'a>(world: &World, verb: &str, path: &'a str) -> Option<(Method, &'static Kind, &'a str)> {
    let found = |kind: &&&'static Kind, method, path| {
        let pattern = match (method, &kind.id) {
            (Method::List, _) | (Method::Create, Id::Parameter { .. }) => kind.collection(),
            _ => kind.pattern,
        };
        kind.methods.contains(&method) && name::matches(pattern, path)
    };
    let find = |method, path| {
        let kind = world.kinds.iter().find(|kind| found(kind, method, path));
        kind.map(|kind| (method, *kind, path))
    };
    match verb {
        "GET" => find(Method::Get, path).or_else(|| find(Method::List, path)),
        "POST" => find(Method::Create, path)
            .or_else(|| find(Method::Undelete, path.strip_suffix("/undelete")?)),
        "PATCH" => find(Method::Update, path),
        "DELETE" => find(Method::Delete, path),
        _ => None,
    }
}

/// Checks the body of a create or update. [REC] §1.1: `name`, `parent` and the ID may be in it;
/// [INF] they must not contradict the path, and what is only ever answered is ignored.
fn checked_body(world: &World, input: &Input<'_>, kind: &Kind, name: &str) -> Result<Map> {
    const OUTPUTS: [&str; 6] =
        ["uid", "status", "create_time", "update_time", "delete_time", "purge_time"];
    let Json::Object(body) = &input.body else {
        return Err(ApiError::invalid("The body must be a JSON object."));
    };
    let mut body = body.clone();
    let parent = name::parent(name).unwrap_or_default();
    let agreed = [("name", name), ("parent", parent)];
    let id = kind.id_field().map(|field| (field, name::id(name)));
    for (field, wanted) in agreed.into_iter().chain(id) {
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
    for field in OUTPUTS {
        body.remove(field);
    }
    schema::check(kind.body, &body, "", leniency(world))
}

fn leniency(world: &World) -> Leniency {
    Leniency {
        unknown_fields: world.options.behaviors.ignore_unknown_fields,
        numbers_as_text: world.options.behaviors.accept_numbers_as_text,
    }
}

/// The settings in a body.
fn settings(kind: &Kind, body: &Map) -> Map {
    match kind.layout {
        Layout::Flat => body.clone(),
        Layout::SpecAndStatus => {
            body.get("spec").and_then(Json::as_object).cloned().unwrap_or_default()
        }
    }
}

/// What of submitted settings an update may change.
fn mutable(kind: &Kind, settings: &Map) -> Map {
    let changes = |name: &str| {
        kind.settings().iter().any(|field| field.name == name && field.rule != Rule::Immutable)
    };
    let kept = settings.iter().filter(|(name, _)| changes(name));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Begins the operation of a change that was applied; its response is the object as it will then be.
fn start(
    world: &mut World,
    kind: &'static Kind,
    name: &str,
    method: Method,
    turns: Vec<String>,
    moments: &Moments,
) -> Json {
    let mut response = show(world, &world.store, name, moments.ends).unwrap_or_default();
    // [INF] §4.1.
    response["@type"] =
        json!(format!("type.googleapis.com/databricks.postgres.v1.{}", kind.message));
    begin(world, kind, name, method, turns, moments, response)
}

fn begin(
    world: &mut World,
    kind: &'static Kind,
    name: &str,
    method: Method,
    turns: Vec<String>,
    moments: &Moments,
    response: Json,
) -> Json {
    if kind.reconciles {
        world.settle(name, moments.settled);
    }
    // [REC] §4.1: base64-like, so that it may hold `/`, `+` and `=`; here it always does.
    let number = world.operations.number(name);
    let mut random = random_by(&format!("{name}/operations/{number}"));
    let id = format!("{:08x}/{:08x}+{:04x}=", random.u32(..), random.u32(..), random.u16(..));
    let operation = Operation {
        name: format!("{name}/operations/{id}"),
        about: name.to_owned(),
        kind,
        method,
        turns,
        ends: moments.ends,
        outcome: Ok(response),
    };
    // By default never done in the first answer, so that clients have to poll.
    let done = world.options.behaviors.done_at_once && moments.ends <= moments.now;
    let json = operation.json(done);
    world.operations.add(operation, moments.now);
    json
}

/// Lets the operation about a new or changed object run until a moment.
pub(crate) fn prolong(world: &mut World, operation: &str, ends: Timestamp, now: Timestamp) {
    let Some(operation) = world.operations.get_mut(operation) else { return };
    operation.ends = ends;
    let (about, kind) = (operation.about.clone(), operation.kind);
    let is_new = operation.method == Method::Create;
    if kind.reconciles {
        world.settle(&about, ends);
    }
    let moments = Moments { now, ends, settled: ends };
    let options = &world.options;
    if let Some(object) = world.store.get_mut(&about) {
        if object.gone.is_some() {
            object.gone = Some(ends);
            return;
        }
        object.timeline = (kind.hooks.timeline)(options, &moments, &object.settings, is_new);
    }
}
