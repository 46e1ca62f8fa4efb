//! Writes the whole workspace out as one document, and reads such a document back.
//!
//! The form, version 1, is described in the crate's README. A reader refuses what it does not know
//! and names the place, `objects[2].uid`; it makes a new world, so that a document is taken whole or
//! not at all. Tokens, stale reads, faults, the record of requests and finished operations are no
//! part of it. Names no kind. Start reading at [`Document`].

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::api;
use crate::error::{ApiError, Result};
use crate::model::operations::Operation;
use crate::model::store::{Object, Phase};
use crate::model::world::World;
use crate::model::{Deletion, Method, Moments, Uid};
use crate::name;
use crate::schema::{Map, check_types, merge_patch};
use crate::wire::format_timestamp;

const VERSION: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    /// The clock is set to this moment; without it, the clock remains unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time: Option<Time>,
    /// Each after what contains it.
    #[serde(default)]
    objects: Vec<Entry>,
    /// Those that still run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    operations: Vec<Running>,
    /// The names that are being reconciled, and until when.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    reconciling: BTreeMap<String, Moment>,
    /// The number of objects that a name has had, where it is not the number of those in `objects`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    generations: BTreeMap<String, u32>,
    /// The number of operations about each name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    operations_started: BTreeMap<String, u32>,
}

/// An object: as a client would create it, a change of one that came with another, or as it was
/// written out. They are told apart by `body`, `status` and `settings`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Entry {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Map>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Map>,
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<Map>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    create_time: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    update_time: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delete_time: Option<Time>,
    /// When it will be gone, if its delete lingers.
    #[serde(skip_serializing_if = "Option::is_none")]
    gone_time: Option<Time>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    spec: Map,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    phases: Vec<WrittenPhase>,
    #[serde(skip_serializing_if = "is_false")]
    implied: bool,
    #[serde(skip_serializing_if = "is_false")]
    unreadable: bool,
}

/// A time as answers spell it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
struct Time(Timestamp);

impl TryFrom<String> for Time {
    type Error = String;

    fn try_from(text: String) -> std::result::Result<Time, String> {
        let time = text.parse().map(Time);
        time.map_err(|_| format!("`{text}` is no time such as 2026-01-01T00:00:00Z"))
    }
}

impl From<Time> for String {
    fn from(Time(time): Time) -> String {
        format_timestamp(time)
    }
}

/// A time, or "never".
type Moment = Option<Time>;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPhase {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Moment,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Moment,
    shows: Map,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Running {
    name: String,
    about: String,
    method: Method,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    turns: Vec<String>,
    /// Without it, the operation never ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ends: Moment,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    response: Option<Json>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<Json>,
}

/// The document of a world.
pub(crate) fn write(world: &World, now: Timestamp) -> Json {
    let mut generations = world.generations.clone();
    for name in world.store.all_names() {
        if generations.get(name) == Some(&1) {
            generations.remove(name);
        }
    }
    let running = world.operations.running(now).map(|operation| Running {
        name: operation.name.clone(),
        about: operation.about.clone(),
        method: operation.method,
        turns: operation.turns.clone(),
        ends: finite(operation.ends),
        response: operation.outcome.clone().ok(),
        error: operation.outcome.clone().err(),
    });
    let settling = world.settling.iter().filter(|(_, settled)| **settled > now);
    let document = Document {
        version: VERSION,
        time: Some(Time(now)),
        objects: world.store.inside("").map(|(name, object)| entry(name, object, now)).collect(),
        operations: running.collect(),
        reconciling: settling.map(|(name, settled)| (name.clone(), finite(*settled))).collect(),
        generations,
        operations_started: world.operations.numbers().clone(),
    };
    serde_json::to_value(document).expect("texts, numbers and JSON are JSON")
}

fn entry(name: &str, object: &Object, now: Timestamp) -> Entry {
    let current = object.timeline.iter().filter(|phase| phase.until > now);
    let written = |phase: &Phase| WrittenPhase {
        from: finite(phase.from),
        until: finite(phase.until),
        shows: phase.shows.clone(),
    };
    Entry {
        name: name.to_owned(),
        settings: Some(object.settings.clone()),
        uid: object.uid.clone(),
        create_time: Some(Time(object.created)),
        update_time: Some(Time(object.updated)),
        delete_time: object.deleted.map(Time),
        gone_time: object.gone.map(Time),
        spec: object.spec.clone(),
        phases: current.map(written).collect(),
        implied: object.implied,
        unreadable: object.unreadable,
        ..Entry::default()
    }
}

/// A world with what the document says, and the options and tokens of `present`; and the time that
/// the clock is set to.
pub(crate) fn read(
    present: &World,
    document: &[u8],
    now: Timestamp,
) -> Result<(World, Option<Timestamp>)> {
    // An array of the members would pass, too.
    if !document.trim_ascii_start().starts_with(b"{") {
        return Err(refusal(".", "must be a JSON object"));
    }
    let mut reader = serde_json::Deserializer::from_slice(document);
    let document: Document = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| refusal(&error.path().to_string(), error.inner()))?;
    reader.end().map_err(|error| refusal(".", error))?;
    if document.version != VERSION {
        let text = format!("{} is no known version; this is {VERSION}", document.version);
        return Err(refusal("version", text));
    }
    let mut world = World::new(present.kinds, present.options.clone(), present.url.clone());
    world.tokens = present.tokens.clone();
    let time = document.time.map(|Time(time)| time);
    let now = time.unwrap_or(now);
    for (index, entry) in document.objects.into_iter().enumerate() {
        let path = format!("objects[{index}]");
        add(&mut world, entry, now, &path)?;
    }
    for (index, running) in document.operations.into_iter().enumerate() {
        let operation = operation(&world, running, &format!("operations[{index}]"))?;
        world.operations.add(operation, now);
    }
    for (name, settled) in document.reconciling {
        is_name(&world, &name, &format!("reconciling.{name}"))?;
        world.settle(&name, or_never(settled));
    }
    world.generations.extend(document.generations);
    for (name, number) in document.operations_started {
        world.operations.set_number(name, number);
    }
    Ok((world, time))
}

fn add(world: &mut World, entry: Entry, now: Timestamp, path: &str) -> Result<()> {
    is_name(world, &entry.name, &format!("{path}.name"))?;
    let at = |member: &str| format!("{path}.{member}");
    match (&entry.body, &entry.status, &entry.settings) {
        (Some(body), None, None) => {
            only(&entry, "body", path)?;
            let body = Json::Object(body.clone());
            api::seed(world, &entry.name, &body, now)
                .map_err(|error| refusal(&at("body"), error.message))
        }
        (None, Some(status), None) => {
            only(&entry, "status", path)?;
            let Some(object) = world.lasting(&entry.name, now) else {
                return Err(refusal(&at("name"), format!("there is no `{}` yet", entry.name)));
            };
            let mut settings = object.settings.clone();
            merge_patch(&mut settings, status);
            check_types(object.kind.settings(), &settings, &at("status"))?;
            object.settings = settings;
            Ok(())
        }
        (None, None, Some(_)) => restore(world, entry, now, path),
        _ => Err(refusal(path, "takes one of `body`, `status` and `settings`")),
    }
}

/// Refuses what is beside the name and one member of an entry.
fn only(entry: &Entry, member: &str, path: &str) -> Result<()> {
    let written = serde_json::to_value(entry).expect("texts and JSON are JSON");
    let members = written.as_object().expect("an entry is an object");
    match members.keys().find(|name| *name != "name" && *name != member) {
        Some(other) => Err(refusal(&format!("{path}.{other}"), format!("is not for `{member}`"))),
        None => Ok(()),
    }
}

fn restore(world: &mut World, entry: Entry, now: Timestamp, path: &str) -> Result<()> {
    let at = |member: &str| format!("{path}.{member}");
    let kind = world.kind_of(&entry.name).expect("it was checked");
    if world.store.all_names().any(|name| *name == entry.name) {
        return Err(refusal(&at("name"), format!("`{}` is there twice", entry.name)));
    }
    let parent = name::parent(&entry.name);
    if let Some(parent) = parent.filter(|parent| world.store.all_names().all(|name| name != parent))
    {
        return Err(refusal(&at("name"), format!("`{parent}` does not come before it")));
    }
    if entry.uid.is_some() && kind.uid == Uid::None {
        return Err(refusal(&at("uid"), format!("a {} has none", kind.noun)));
    }
    if entry.delete_time.is_some() && !kind.is_soft_deleted() {
        return Err(refusal(&at("delete_time"), format!("a {} is not soft-deleted", kind.noun)));
    }
    if entry.gone_time.is_some() && !matches!(kind.deletion, Deletion::Lingering { .. }) {
        return Err(refusal(
            &at("gone_time"),
            format!("the delete of a {} does not linger", kind.noun),
        ));
    }
    let settings = entry.settings.unwrap_or_default();
    check_types(kind.settings(), &settings, &at("settings"))?;
    let created = entry.create_time.map_or(now, |Time(time)| time);
    let moments = Moments { now: created, ends: created, settled: created };
    let mut object = world.object(kind, &entry.name, settings, &moments);
    object.uid = entry.uid.or(object.uid);
    object.updated = entry.update_time.map_or(created, |Time(time)| time);
    object.deleted = entry.delete_time.map(|Time(time)| time);
    object.gone = entry.gone_time.map(|Time(time)| time);
    object.spec = entry.spec;
    object.implied = entry.implied;
    object.unreadable = entry.unreadable;
    let phases = entry.phases.into_iter().map(|phase| Phase {
        from: phase.from.map_or(Timestamp::MIN, |Time(time)| time),
        until: or_never(phase.until),
        shows: phase.shows,
    });
    object.timeline = phases.collect();
    world.generations.insert(entry.name.clone(), 1);
    world.store.insert(entry.name, object);
    Ok(())
}

fn operation(world: &World, running: Running, path: &str) -> Result<Operation> {
    let kind = is_name(world, &running.about, &format!("{path}.about"))?;
    if !running.name.starts_with(&format!("{}/operations/", running.about)) {
        let text = format!("does not begin with `{}/operations/`", running.about);
        return Err(refusal(&format!("{path}.name"), text));
    }
    let outcome = match (running.response, running.error) {
        (Some(response), None) => Ok(response),
        (None, Some(error)) => Err(error),
        _ => return Err(refusal(path, "takes one of `response` and `error`")),
    };
    Ok(Operation {
        name: running.name,
        about: running.about,
        kind,
        method: running.method,
        turns: running.turns,
        ends: or_never(running.ends),
        outcome,
    })
}

/// The kind of the objects with such a name.
fn is_name(world: &World, name: &str, path: &str) -> Result<&'static crate::model::Kind> {
    let text = || refusal(path, format!("`{name}` is not the name of an object"));
    world.kind_of(name).ok_or_else(text)
}

fn refusal(path: &str, what: impl std::fmt::Display) -> ApiError {
    let place = if path == "." { "The state" } else { path };
    let what = what.to_string();
    ApiError::invalid(format!("{place}: {}.", what.trim_end_matches('.')))
}

fn finite(time: Timestamp) -> Moment {
    (time != Timestamp::MIN && time != Timestamp::MAX).then_some(Time(time))
}

fn or_never(moment: Moment) -> Timestamp {
    moment.map_or(Timestamp::MAX, |Time(time)| time)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
fn is_false(flag: &bool) -> bool {
    !flag
}
