//! Gathers what the page shows: the objects of every kind, running operations and planned faults.
//! Holds no secrets. Names no kind.

use serde_json::{Value as Json, json};

use crate::api;
use crate::name;
use crate::service::Service;
use crate::wire::format_timestamp;

/// The answer of `GET /_emulator/overview`.
pub(crate) fn overview(service: &mut Service) -> Json {
    let now = service.clock.now();
    service.world.sweep(now);
    let world = &service.world;
    let objects = world.store.inside("").filter_map(|(name, object)| {
        Some(json!({
            "name": name,
            "parent": name::parent(name).unwrap_or_default(),
            "id": name::id(name),
            "noun": object.kind.noun,
            "contains": world.store.inside(name).next().is_some(),
            "object": api::show(world, &world.store, name, now)?,
        }))
    });
    let operations = world.operations.running(now).map(|operation| {
        let is_finite = operation.ends < jiff::Timestamp::MAX;
        json!({
            "name": operation.name,
            "about": operation.about,
            "noun": operation.kind.noun,
            "method": operation.method,
            "ends": is_finite.then(|| format_timestamp(operation.ends)),
        })
    });
    json!({
        "time": format_timestamp(now),
        "frozen": world.options.frozen_clock,
        "workspace_id": world.options.workspace_id,
        "objects": objects.collect::<Vec<_>>(),
        "operations": operations.collect::<Vec<_>>(),
        "faults": service.faults.planned(),
        "last": service.journal.last(),
    })
}
