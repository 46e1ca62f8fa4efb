//! Decides what excludes a change: running operations and reconciliation (reference §6.6).

use jiff::Timestamp;

use crate::error::{ApiError, Result};
use crate::model::operations::Operation;
use crate::model::world::World;
use crate::model::{Kind, Method};
use crate::name::{first_segments, is_inside};
use crate::options::behaviors::Conflicts;

/// Refuses a change while something excludes it.
pub(super) fn check(
    world: &World,
    kind: &Kind,
    name: &str,
    method: Method,
    turns: &[String],
    now: Timestamp,
) -> Result<()> {
    if world.operations.running(now).any(|running| excludes(world, running, name, method, turns)) {
        return Err(ApiError::conflict());
    }
    if !kind.reconciles || !world.is_settling(name, now) {
        return Ok(());
    }
    let behaviors = &world.options.behaviors;
    let refused = match method {
        // [REC] §5.3.
        Method::Delete => true,
        // [REC] §5.3, and its contrary in §14.19.
        Method::Create => !behaviors.accept_unreadable_endpoints,
        // [INF]
        _ => behaviors.refuse_updates_while_reconciling,
    };
    if refused { Err(ApiError::reconciling()) } else { Ok(()) }
}

fn excludes(
    world: &World,
    running: &Operation,
    name: &str,
    method: Method,
    turns: &[String],
) -> bool {
    match world.options.behaviors.conflicts {
        Conflicts::None => false,
        Conflicts::Project => first_segments(&running.about, 2) == first_segments(name, 2),
        Conflicts::Documented => {
            // [DOC] §6.6.
            let siblings = running.turns.iter().any(|turn| turns.contains(turn));
            // [INF] The rest: scopes nest.
            let within = running.method != Method::Update && is_inside(name, &running.about);
            let around = method == Method::Delete && is_inside(&running.about, name);
            siblings || running.about == name || within || around
        }
    }
}
