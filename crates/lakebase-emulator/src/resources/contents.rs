//! What a snapshot holds of a branch: its roles and databases, for branches that are restored from it.

use serde_json::Value as Json;

use crate::model::world::World;
use crate::model::{Arrival, Children, Kind};

/// The roles and databases of the branch when a snapshot was taken, a setting that no answer shows.
pub(super) const CONTENTS: &str = "contents";

/// What a branch that is restored from a snapshot has of a kind.
pub(super) fn restored(world: &World, arrival: &Arrival<'_>, kind: &Kind) -> Option<Children> {
    let snapshot = world.store.live(arrival.object.text("source_snapshot")?)?;
    let contents = snapshot.settings.get(CONTENTS)?.get(kind.plural())?.as_object()?;
    let settings = |object: &Json| object.as_object().cloned().unwrap_or_default();
    Some(contents.iter().map(|(id, it)| (id.clone(), settings(it))).collect())
}
