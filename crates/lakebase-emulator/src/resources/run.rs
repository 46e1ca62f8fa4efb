//! Running: when a mutation may begin, and the operation that it becomes.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use super::view::show;
use crate::clock::later;
use crate::error::{ApiError, Result};
use crate::operations::Operation;
use crate::options::Options;
use crate::service::Service;
use crate::store::{Kind, parent};

/// [DOC] §6.6: one mutation at a time, of branches in a project and of what is in a branch.
pub(super) fn scope(kind: Kind, name: &str) -> &str {
    match kind {
        Kind::Project => name,
        _ => parent(name).expect("what is no project has a parent"),
    }
}

/// Refuses a mutation while another one runs, or while the endpoint is being reconciled.
pub(super) fn idle(service: &Service, kind: Kind, name: &str, now: Timestamp) -> Result<()> {
    if service.operations.busy(scope(kind, name), now) {
        return Err(ApiError::conflict());
    }
    // [REC] §3.3, §5.3, §6.6.
    let pending = service.store.get(name).is_some_and(|object| object.settled > now);
    if kind == Kind::Endpoint && pending { Err(ApiError::reconciling()) } else { Ok(()) }
}

/// When an operation that begins now ends, and when its endpoint is settled.
pub(super) fn moments(options: &Options, now: Timestamp) -> (Timestamp, Timestamp) {
    let long = |duration| SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
    let ends = later(now, long(options.operation_delay));
    (ends, later(ends, long(options.settle_delay)))
}

/// Begins the operation of a create or update; its response is the object as it will then be.
pub(super) fn start(service: &mut Service, kind: Kind, name: &str, now: Timestamp) -> Json {
    let (ends, _) = moments(&service.options, now);
    let mut response = show(&service.store, &service.options, name, ends).unwrap_or_default();
    // [INF] §4.1.
    response["@type"] =
        json!(format!("type.googleapis.com/databricks.postgres.v1.{}", kind.title()));
    begin(service, kind, name, scope(kind, name).to_owned(), now, response)
}

pub(super) fn begin(
    service: &mut Service,
    kind: Kind,
    name: &str,
    scope: String,
    now: Timestamp,
    response: Json,
) -> Json {
    let (ends, _) = moments(&service.options, now);
    // [REC] §4.1: base64-like, so that it may hold `/`, `+` and `=`; here it always does.
    let id = format!(
        "{:08x}/{:08x}+{:04x}=",
        service.random.u32(..),
        service.random.u32(..),
        service.random.u16(..)
    );
    let operation = Operation {
        name: format!("{name}/operations/{id}"),
        about: name.to_owned(),
        kind,
        scope,
        ends,
        outcome: Ok(response),
    };
    // Never done in the first answer, so that clients have to poll.
    let json = operation.json(false);
    service.operations.add(operation);
    json
}
