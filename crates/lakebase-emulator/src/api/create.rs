//! Creates objects, with what comes with them.

use jiff::Timestamp;
use serde_json::Value as Json;

use super::{busy, change, checked_body, mutable, quota, settings, start, view};
use crate::error::{ApiError, Result};
use crate::message::{Input, Request};
use crate::model::store::Object;
use crate::model::world::{World, random_by};
use crate::model::{Arrival, Change, Id, Kind, Layout, Method, Moments, StoreEffect};
use crate::name;
use crate::schema::{Map, Need};

pub(super) fn create(
    world: &mut World,
    input: &Input<'_>,
    kind: &'static Kind,
    path: &str,
) -> Result<Json> {
    let moments = world.moments(input.now);
    let (name, effects) = match prepare(world, input, kind, path, &moments)? {
        Prepared::Created(name, effects) => (name, effects),
        Prepared::Adopted(name, settings) => {
            return change::adopt(world, input, kind, &name, &settings);
        }
    };
    quota::check(world, &effects)?;
    let new = effects.iter().find_map(|effect| match effect {
        StoreEffect::Put(put, object) if *put == name => Some(&object.settings),
        _ => None,
    });
    let turns = kind.turns(&world.options, &name, new.unwrap_or(&Map::new()));
    busy::check(world, kind, &name, Method::Create, &turns, input.now)?;
    world.apply(effects);
    Ok(start(world, kind, &name, Method::Create, turns, &moments))
}

/// Creates an object as a client could, but at once, with any ID, and without an operation.
///
/// # Errors
///
/// What a client would be answered.
pub(crate) fn seed(world: &mut World, name: &str, body: &Json, now: Timestamp) -> Result<()> {
    let kind = world.kind_of(name).filter(|kind| kind.methods.contains(&Method::Create));
    let Some(kind) = kind else {
        return Err(ApiError::invalid(format!("'{name}' is not the name of an object.")));
    };
    let (body, request) = (body.clone(), Request::default());
    let input = Input { method: "POST", path: name, query: &[], body, request: &request, now };
    let moments = Moments { now, ends: now, settled: now };
    let effects = prepare_named(world, &input, kind, name, &moments)?;
    quota::check(world, &effects)?;
    world.apply(effects);
    Ok(())
}

enum Prepared {
    Created(String, Vec<StoreEffect>),
    /// The object exists, and the create counts as an update with these settings.
    Adopted(String, Map),
}

fn prepare(
    world: &World,
    input: &Input<'_>,
    kind: &'static Kind,
    path: &str,
    moments: &Moments,
) -> Result<Prepared> {
    let id_field = kind.id_field();
    let adoption = kind.adoptable.then_some("replace_existing");
    input.only(&id_field.into_iter().chain(adoption).collect::<Vec<_>>())?;
    let adopts = input.flag("replace_existing")?;
    if kind.demands_body && is_empty(kind, &input.body) {
        return Err(ApiError::invalid(format!(
            "Field '{}' is required and must contain at least one subfield with a non-default \
             value!",
            kind.member()
        )));
    }
    let name = match &kind.id {
        Id::Singleton => path.to_owned(),
        Id::Parameter { name: field, form, .. } => {
            let setting = || input.body.get(kind.hooks.id_setting).and_then(Json::as_str);
            let given = input.parameter(field).filter(|id| !id.is_empty());
            let id = match given.or_else(setting) {
                Some(id) if (form.accepts)(id) => id.to_owned(),
                Some(id) => {
                    return Err(ApiError::invalid(format!(
                        "Field {field} must match pattern {}, got '{id}'.",
                        form.pattern
                    )));
                }
                None => match (kind.hooks.generated_id)(&world.options, adopts) {
                    Some(prefix) => generated_id(world, path, prefix, &input.body),
                    None => return Err(ApiError::required(field)),
                },
            };
            format!("{path}/{id}")
        }
    };
    if adopts && let Some(object) = world.store.get(&name).filter(|object| object.lives()) {
        let body = checked_body(world, input, kind, &name)?;
        let settings = settings(kind, &body);
        let change = created(input, kind, &name, Some(object), &settings, &settings);
        require(world, &change)?;
        return Ok(Prepared::Adopted(name, settings));
    }
    let effects = prepare_named(world, input, kind, &name, moments)?;
    Ok(Prepared::Created(name, effects))
}

/// What a create with this name does.
fn prepare_named(
    world: &World,
    input: &Input<'_>,
    kind: &'static Kind,
    name: &str,
    moments: &Moments,
) -> Result<Vec<StoreEffect>> {
    let mut body = checked_body(world, input, kind, name)?;
    let behaviors = &world.options.behaviors;
    let (range, largest) = (behaviors.max_range_cu, behaviors.largest_scaling_cu);
    world.options.deviations.fill_limits(&mut body, range, largest);
    let settings = settings(kind, &body);
    let patch = mutable(kind, &settings);
    let change = created(input, kind, name, None, &settings, &patch);
    require(world, &change)?;
    if name::parent(name).is_some_and(|parent| world.store.live(parent).is_none()) {
        return Err(view::absent(world, name::parent(name).unwrap_or_default()));
    }
    let mut effects = Vec::new();
    if let Some(object) = world.store.get(name) {
        if object.lives() || !(kind.hooks.frees_deleted_ids)(&world.options) {
            return Err(change.duplicate(&world.options));
        }
        effects.push(StoreEffect::Remove(name.to_owned()));
    }
    let mut own = (kind.hooks.create)(world, &change)?;
    (kind.hooks.update)(world, &change, &mut own)?;
    effects.extend((kind.hooks.beside)(world, &change)?);
    let mut object = world.object(kind, name, own, moments);
    object.spec = settings;
    // [REC] §14.19, where the create is not refused.
    object.unreadable = kind.reconciles
        && world.options.behaviors.accept_unreadable_endpoints
        && world.is_settling(name, input.now);
    for (name, object) in with_children(world, (name.to_owned(), object), &body, moments)? {
        effects.push(StoreEffect::Put(name, Box::new(object)));
    }
    Ok(effects)
}

/// A new object and what comes with it, each before what is in it.
fn with_children(
    world: &World,
    first: (String, Object),
    body: &Map,
    moments: &Moments,
) -> Result<Vec<(String, Object)>> {
    let mut all = vec![first];
    let mut next = 0;
    while let Some((name, object)) = all.get(next) {
        let mut children = Vec::new();
        let inside =
            |kind: &&&'static Kind| name::parent(kind.pattern) == Some(object.kind.pattern);
        for kind in world.kinds.iter().filter(inside) {
            let so_far: Vec<_> = all.iter().chain(&children).cloned().collect();
            let arrival = Arrival { name, object, body, so_far: &so_far, now: moments.now };
            for (id, settings) in (kind.hooks.implied)(world, &arrival)? {
                let child = kind.name(name, &id);
                let mut object = world.object(kind, &child, settings, moments);
                object.implied = true;
                children.push((child, object));
            }
        }
        all.extend(children);
        next += 1;
    }
    Ok(all)
}

fn created<'a>(
    input: &'a Input<'_>,
    kind: &'static Kind,
    name: &'a str,
    object: Option<&'a Object>,
    settings: &'a Map,
    patch: &'a Map,
) -> Change<'a> {
    let adopts = input.parameter("replace_existing") == Some("true");
    Change {
        kind,
        name,
        object,
        settings,
        patch,
        whole: true,
        adopts,
        query: input.query,
        now: input.now,
    }
}

/// What a create must name. [REC] `database.spec.role`; [INF] the others alike.
fn require(world: &World, change: &Change<'_>) -> Result<()> {
    (change.kind.hooks.precheck)(world, change)?;
    let missing =
        change.kind.settings().iter().find(|field| {
            field.need == Need::OnCreate && !change.settings.contains_key(field.name)
        });
    let noun = change.kind.member();
    match (missing, change.kind.layout) {
        (None, _) => Ok(()),
        (Some(field), Layout::SpecAndStatus) => {
            Err(ApiError::required(&format!("{noun}.spec.{}", field.name)))
        }
        (Some(field), Layout::Flat) => Err(ApiError::required(&format!("{noun}.{}", field.name))),
    }
}

/// [REC] §14.3: whether a body holds none of the members that it may hold, as one that is wrapped.
fn is_empty(kind: &Kind, body: &Json) -> bool {
    let Json::Object(body) = body else { return false };
    kind.body.iter().all(|field| body.get(field.name).is_none_or(is_default))
}

/// Whether a member of a body says nothing: in a list, protobuf does not tell empty from absent.
/// [INF] A flag or a number says what it is, whatever that is.
fn is_default(value: &Json) -> bool {
    let is_absent = |value: &Json| value.is_null() || *value == Json::Array(Vec::new());
    match value {
        Json::Object(members) => members.values().all(is_absent),
        value => is_absent(value),
    }
}

/// [REC] §7.1 that there is one, [INF] its form.
fn generated_id(world: &World, collection: &str, prefix: &str, body: &Json) -> String {
    let mut random = random_by(&format!("{collection}#{body}"));
    loop {
        let id = format!("{prefix}-{:08x}", random.u32(..));
        if world.store.get(&format!("{collection}/{id}")).is_none() {
            return id;
        }
    }
}
