//! What a read answers: an object written out, or the refusal of a name.

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::{branch, endpoint, project};
use crate::error::ApiError;
use crate::options::Options;
use crate::store::{Kind, Store, id, parent};
use crate::wire::format_timestamp;

/// What GET answers; `None` where there is no such object, or something that contains it is
/// deleted.
pub(crate) fn show(store: &Store, options: &Options, name: &str, at: Timestamp) -> Option<Json> {
    let object = store.get(name)?;
    let kind = object.kind;
    let mut status = object.status.clone();
    status.insert(kind.id_field().to_owned(), json!(id(name)));
    match kind {
        Kind::Project => project::derive(options, &mut status),
        Kind::Branch => branch::derive(store, name, object, at, &mut status),
        Kind::Endpoint => endpoint::derive(options, object, at, &mut status),
        Kind::Role | Kind::Database => {}
    }
    let mut json = json!({
        "name": name,
        "create_time": format_timestamp(object.created),
        "update_time": format_timestamp(object.updated),
        "status": status,
    });
    // [REC] §3.1: the id at the top level since June 2026.
    json[kind.id_field()] = json!(id(name));
    if let Some(parent) = parent(name) {
        json["parent"] = json!(parent);
    }
    if let Some(uid) = &object.uid {
        json["uid"] = json!(uid);
    }
    // [REC] §1.6c: GET of a soft-deleted project answers as if it lived, with `delete_time`.
    if let (Kind::Project, Some(deleted), Some(purge)) = (kind, object.deleted, object.purge_time())
    {
        json["delete_time"] = json!(format_timestamp(deleted));
        json["purge_time"] = json!(format_timestamp(purge));
    }
    // [REC] §6.9: for some weeks the service echoed the submitted spec.
    if options.echo_spec && !object.spec.is_empty() {
        json["spec"] = Json::Object(object.spec.clone());
    }
    Some(json)
}

/// The refusal of a name that is not there, or in something that is not there.
pub(crate) fn absent(store: &Store, name: &str) -> ApiError {
    let mut missing = name;
    for ancestor in std::iter::successors(Some(name), |name| parent(name)) {
        if store.live(ancestor).is_none() {
            missing = ancestor;
        }
    }
    self::missing(missing)
}

/// [FAKE] §5.3: `branch id not found`.
pub(crate) fn missing(name: &str) -> ApiError {
    let collection = name.rsplit('/').nth(1).unwrap_or_default();
    let noun = [Kind::Project, Kind::Branch, Kind::Endpoint, Kind::Role, Kind::Database]
        .into_iter()
        .find(|kind| kind.collection() == collection)
        .map_or("resource", Kind::noun);
    ApiError::not_found(format!("{noun} id not found"))
}
