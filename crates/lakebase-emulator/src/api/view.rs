//! Writes objects out as reads answer them, and the refusals of names.

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::error::ApiError;
use crate::model::store::Store;
use crate::model::world::World;
use crate::model::{Deletion, Id, Layout, Method};
use crate::name;
use crate::wire::format_timestamp;

/// What GET answers from a store; `None` where there is no such object, or something that contains
/// it is deleted.
pub(crate) fn show(world: &World, store: &Store, name: &str, at: Timestamp) -> Option<Json> {
    let standing;
    let object = if let Some(object) = store.get(name) {
        object
    } else {
        standing = world.standing(store, name, at)?;
        &standing
    };
    let kind = object.kind;
    let mut status = object.status(at);
    (kind.hooks.show)(world, name, object, &mut status);
    let mut json = json!({
        "name": name,
        "create_time": format_timestamp(object.created),
        "update_time": format_timestamp(object.updated),
    });
    if let Id::Parameter { name: field, in_status, .. } = kind.id {
        // [REC] §3.1: the ID at the top level since June 2026. [DOC] §3.10: what no client creates
        // has none.
        if kind.methods.contains(&Method::Create) {
            json[field] = json!(name::id(name));
        }
        if in_status {
            status.insert(field.to_owned(), json!(name::id(name)));
        }
    }
    if let Some(parent) = name::parent(name) {
        json["parent"] = json!(parent);
    }
    if let Some(uid) = &object.uid {
        json["uid"] = json!(uid);
    }
    if let (Some(deleted), Some(purge)) = (object.deleted, object.purge_time()) {
        let place = match kind.deletion {
            // [DOC] §6.4.
            Deletion::SoftInStatus => &mut status,
            // [REC] §1.6c: GET of a soft-deleted project answers as if it lived.
            _ => json.as_object_mut().expect("it was written as an object"),
        };
        place.insert("delete_time".to_owned(), json!(format_timestamp(deleted)));
        place.insert("purge_time".to_owned(), json!(format_timestamp(purge)));
    }
    if let Json::Object(json) = &mut json {
        json.retain(|member, _| !kind.hooks.hidden.contains(&member.as_str()));
    }
    match (&mut json, kind.layout) {
        (Json::Object(json), Layout::Flat) => json.extend(status),
        (json, _) => json["status"] = Json::Object(status),
    }
    // [REC] §6.9: for some weeks the service echoed the submitted spec.
    if world.options.behaviors.echo_spec
        && kind.layout == Layout::SpecAndStatus
        && !object.spec.is_empty()
    {
        json["spec"] = Json::Object(object.spec.clone());
    }
    Some(json)
}

/// The refusal of a name that is not there, or in something that is not there.
pub(super) fn absent(world: &World, name: &str) -> ApiError {
    let gone = name::lineage(name).filter(|name| world.store.live(name).is_none());
    missing(world, gone.last().unwrap_or(name))
}

/// [FAKE] §5.3: `branch id not found`.
pub(crate) fn missing(world: &World, name: &str) -> ApiError {
    let noun = world.kind_of(name).map_or("resource", |kind| kind.noun);
    ApiError::not_found(format!("{noun} id not found"))
}
