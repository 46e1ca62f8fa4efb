//! Updates objects, by a mask or by an adoption.

use serde_json::Value as Json;

use super::{busy, checked_body, mutable, quota, settings, start, view};
use crate::error::Result;
use crate::mask;
use crate::message::Input;
use crate::model::world::World;
use crate::model::{Change, Kind, Method, StoreEffect};
use crate::schema::{Map, merge};

pub(super) fn update(
    world: &mut World,
    input: &Input<'_>,
    kind: &'static Kind,
    name: &str,
) -> Result<Json> {
    input.only(&["update_mask"])?;
    let body = checked_body(world, input, kind, name)?;
    let mut mask = input.parameter("update_mask");
    if kind.wildcard_by_parts && mask.is_some_and(|mask| mask::is_spec_and_leaves(mask, kind.body))
    {
        mask = Some("*");
    }
    let selected = mask::select(mask, kind.body, &body, kind.optional_masks)?;
    // Paths below `spec` never hold it whole, so the mask is the one word or it is not.
    let whole = mask.is_some_and(|mask| mask == "*" || mask.split(',').any(|path| path == "spec"));
    perform(world, input, kind, name, &settings(kind, &body), &settings(kind, &selected), whole)
}

/// [REC] §6.3: the create behaves as an update.
pub(super) fn adopt(
    world: &mut World,
    input: &Input<'_>,
    kind: &'static Kind,
    name: &str,
    settings: &Map,
) -> Result<Json> {
    perform(world, input, kind, name, settings, &mutable(kind, settings), true)
}

fn perform(
    world: &mut World,
    input: &Input<'_>,
    kind: &'static Kind,
    name: &str,
    settings: &Map,
    patch: &Map,
    whole: bool,
) -> Result<Json> {
    let moments = world.moments(input.now);
    let standing = world.standing(&world.store, name, input.now);
    let object = world.store.live(name).or(standing.as_ref());
    let object = object.ok_or_else(|| view::absent(world, name))?;
    let adopts = input.method == "POST";
    let change = Change {
        kind,
        name,
        object: Some(object),
        settings,
        patch,
        whole,
        adopts,
        query: input.query,
        now: input.now,
    };
    if adopts {
        (kind.hooks.adopt)(world, &change)?;
    }
    let mut changed = object.clone();
    (kind.hooks.update)(world, &change, &mut changed.settings)?;
    merge(kind.settings(), &mut changed.spec, patch);
    changed.updated = input.now;
    changed.timeline = (kind.hooks.timeline)(&world.options, &moments, &changed.settings, false);
    let turns = kind.turns(&world.options, name, &changed.settings);
    let effect = if kind.hooks.is_always_there && changed.settings.is_empty() {
        StoreEffect::Remove(name.to_owned())
    } else {
        StoreEffect::Put(name.to_owned(), Box::new(changed))
    };
    let effects = vec![effect];
    quota::check(world, &effects)?;
    busy::check(world, kind, name, Method::Update, &turns, input.now)?;
    world.apply(effects);
    Ok(start(world, kind, name, Method::Update, turns, &moments))
}
