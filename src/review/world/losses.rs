//! Decides which data a change destroys, and whether it can be restored.

use jiff::{SignedDuration, Timestamp};

use super::super::objects::{Loss, ObjectRow, Restore};
use super::super::plan::{Action, Object, ResourceChange, reviewed};
use super::life::{Life, Presence};

/// How long Lakebase keeps what was deleted softly (API reference, 1.6c).
const RETENTION: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The row of a change, if there is one. `with_project`: whether its project is destroyed too, and
/// if so whether that is permanent.
pub fn row(
    change: &ResourceChange,
    name: Option<String>,
    life: Option<Life>,
    with_project: Option<bool>,
    now: Option<Timestamp>,
) -> Option<ObjectRow> {
    let (holds_data, besides) = match change.object()? {
        Object::Project(_) | Object::Branch(_) => (true, ""),
        Object::Other { holds_data, loss } => (*holds_data, *loss),
        Object::Endpoint(_) => (false, ""),
    };
    let goes = match (&life, change.action) {
        (Some(life), _) => {
            life.before == Presence::Yes && (life.after == Presence::No || !life.kept)
        }
        (None, Action::Delete | Action::Replace) => true,
        (None, _) => with_project.is_some() && change.before.is_some(),
    };
    let purges = match change.action {
        Action::Delete => change.before.as_ref().map(|facts| facts.purges),
        _ => change.after.as_ref().map(|facts| facts.purges),
    };
    let is_root = matches!(change.object(), Some(Object::Branch(branch)) if branch.is_root);
    let is_soft = matches!(change.object(), Some(Object::Project(_) | Object::Branch(_)));
    let until = now.and_then(|now| now.checked_add(RETENTION).ok());
    let is_loss = goes && (holds_data || !besides.is_empty()) && change.before.is_some();
    let loss = is_loss.then(|| Loss {
        replaced: change.action == Action::Replace,
        restore: match (purges.flatten(), with_project) {
            _ if !holds_data => Restore::ByCreating(besides),
            _ if !is_soft => Restore::Never(besides),
            (Some(true), _) | (_, Some(true)) => Restore::Never(""),
            (None, _) => Restore::Unknown,
            (Some(false), Some(false)) if !is_root => Restore::WithoutItsProject,
            (Some(false), _) => Restore::For7Days(until),
        },
    });
    let noun = change.resource_type.trim_start_matches("lakebase_");
    let noun = noun.trim_start_matches("databricks_postgres_").replace('_', " ");
    let noun = reviewed(&change.resource_type).map_or(noun, |it| it.table().noun.to_owned());
    (loss.is_some() || !change.shifts.is_empty()).then(|| ObjectRow {
        address: change.address.clone(),
        resource_type: change.resource_type.clone(),
        noun,
        name,
        loss,
        shifts: change.shifts.clone(),
    })
}
