//! Deletes objects, softly or permanently, and restores them.

use serde_json::Value as Json;

use super::{begin, busy, quota, start, view};
use crate::error::{ApiError, Result};
use crate::message::Input;
use crate::model::operations::empty_response;
use crate::model::store::Phase;
use crate::model::world::World;
use crate::model::{Change, Deletion, Kind, Method, StoreEffect};
use crate::schema::Map;

pub(super) fn delete(
    world: &mut World,
    input: &Input<'_>,
    kind: &'static Kind,
    name: &str,
) -> Result<Json> {
    let soft = kind.is_soft_deleted().then_some(&"purge");
    input.only(&kind.delete_parameters.iter().chain(soft).copied().collect::<Vec<_>>())?;
    let purge = input.flag("purge")?;
    let object = world.store.get(name).filter(|object| object.lives() || purge);
    // [INF] A second delete finds nothing, but a purge removes what is soft-deleted ([REC] §6.4).
    let object = object.ok_or_else(|| view::absent(world, name))?;
    if object.gone.is_some() {
        // [INF] It is being deleted.
        return Err(ApiError::conflict());
    }
    let turns = kind.turns(&world.options, name, &object.settings);
    let (none, now) = (Map::new(), input.now);
    let moments = world.moments(now);
    let mut effects = Vec::new();
    if object.lives() {
        let change = Change {
            kind,
            name,
            object: Some(object),
            settings: &none,
            patch: &none,
            whole: false,
            adopts: false,
            query: input.query,
            now,
        };
        effects = (kind.hooks.delete)(world, &change)?;
    }
    if kind.is_soft_deleted() && !purge {
        let mut deleted = object.clone();
        deleted.deleted = Some(now);
        deleted.updated = now;
        effects.push(StoreEffect::Put(name.to_owned(), Box::new(deleted)));
    } else if let Deletion::Lingering { member, state } = kind.deletion {
        let mut going = object.clone();
        going.gone = Some(moments.settled);
        going.timeline.push(Phase::from(now, member, state));
        effects.push(StoreEffect::Put(name.to_owned(), Box::new(going)));
    } else {
        effects.push(StoreEffect::Remove(name.to_owned()));
    }
    busy::check(world, kind, name, Method::Delete, &turns, now)?;
    world.apply(effects);
    Ok(begin(world, kind, name, Method::Delete, turns, &moments, empty_response()))
}

pub(super) fn undelete(
    world: &mut World,
    input: &Input<'_>,
    kind: &'static Kind,
    name: &str,
) -> Result<Json> {
    input.only(&[])?;
    input.verb_body(world.options.behaviors.require_verb_bodies)?;
    let object = world.store.get(name).ok_or_else(|| view::absent(world, name))?;
    if object.lives() {
        // [INF]
        let text = format!("{} '{name}' is not deleted.", kind.message);
        return Err(ApiError::bad_request(text));
    }
    let (none, now) = (Map::new(), input.now);
    let change = Change {
        kind,
        name,
        object: Some(object),
        settings: &none,
        patch: &none,
        whole: false,
        adopts: false,
        query: input.query,
        now,
    };
    let mut restored = object.clone();
    (kind.hooks.restore)(world, &change, &mut restored.settings)?;
    restored.deleted = None;
    restored.updated = now;
    let turns = kind.turns(&world.options, name, &restored.settings);
    let effects = vec![StoreEffect::Put(name.to_owned(), Box::new(restored))];
    quota::check(world, &effects)?;
    busy::check(world, kind, name, Method::Undelete, &turns, now)?;
    world.apply(effects);
    let moments = world.moments(now);
    Ok(start(world, kind, name, Method::Undelete, turns, &moments))
}
