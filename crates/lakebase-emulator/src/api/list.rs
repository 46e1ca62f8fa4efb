//! Lists collections page by page (reference §1.5).

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE as BASE64;
use serde_json::{Value as Json, json};

use super::view::{absent, show};
use crate::error::{ApiError, Result};
use crate::message::Input;
use crate::model::Kind;
use crate::model::world::World;
use crate::name;
use crate::schema::Map;

/// [DOC] §1.5 for projects, [INF] for the others.
const LARGEST_PAGE: usize = 100;

pub(super) fn list(
    world: &mut World,
    input: &Input<'_>,
    kind: &'static Kind,
    collection: &str,
) -> Result<Json> {
    // [DOC] §1.5: only what is soft-deleted can be listed as such.
    let deletion = kind.is_soft_deleted().then_some("show_deleted");
    let known = ["page_size", "page_token"].into_iter().chain(deletion);
    input.only(&known.collect::<Vec<_>>())?;
    let deleted_too = input.flag("show_deleted")?;
    let size = page_size(world, input)?;
    // The collection is that of an object in the parent, whatever its ID.
    let parent = name::parent(&format!("{collection}/*")).unwrap_or_default().to_owned();
    if !parent.is_empty() && world.store.live(&parent).is_none() {
        return Err(absent(world, &parent));
    }
    // A token is good for the list that it came from.
    let scope = format!("{collection}?{deleted_too}#");
    let after = match input.parameter("page_token") {
        None | Some("") => None,
        Some(token) => Some(read_token(token, &scope).ok_or_else(|| {
            ApiError::invalid(format!("Query parameter 'page_token' is not valid: '{token}'."))
        })?),
    };
    let mut names = visible(world, collection);
    names.retain(|name| after.as_ref().is_none_or(|after| name > after));
    let is_hidden = |object| !(kind.hooks.is_visible)(world, object);
    names.retain(|name| !world.store.get(name).is_some_and(is_hidden));
    let mut objects = names
        .iter()
        .filter_map(|name| Some((seen(world, name, input)?, name)))
        .filter(|(object, _)| deleted_too || !is_deleted(object));
    let page: Vec<_> = objects.by_ref().take(size).collect();
    let next = objects.next().map(|(_, name)| name);
    let mut answer = Map::new();
    // [INF] §1.2: an empty array and the token of the last page are omitted.
    if let Some((_, last)) = page.last() {
        if next.is_some() {
            let token = BASE64.encode(format!("{scope}{last}"));
            answer.insert("next_page_token".to_owned(), json!(token));
        }
        let objects: Json = page.into_iter().map(|(object, _)| object).collect();
        // `cdf-configs` in paths are `cdf_configs` in answers.
        answer.insert(kind.plural().replace('-', "_"), objects);
    }
    // What this page would hold but for a delay counts as read as well.
    let read = names.iter().take_while(|name| next.is_none_or(|next| *name < next));
    read.for_each(|name| world.stale.count(name));
    Ok(Json::Object(answer))
}

/// The names of what a read of a collection may show, be it deleted, sorted.
fn visible(world: &World, collection: &str) -> BTreeSet<String> {
    let mut names: BTreeSet<String> =
        world.store.collection(collection).map(|(name, _)| name.clone()).collect();
    let stale = world.stale.names().filter(|name| name::collection(name) == collection);
    names.extend(stale.cloned());
    names
}

/// What a read of this name shows now, without counting as one.
fn seen(world: &World, name: &str, input: &Input<'_>) -> Option<Json> {
    match world.stale.get(name) {
        Some(was) => was.clone(),
        None => show(world, &world.store, name, input.now),
    }
}

/// [DOC] §6.4: the time stands at the top of a project, and in the status of a branch.
fn is_deleted(object: &Json) -> bool {
    [object, &object["status"]].iter().any(|part| part.get("delete_time").is_some())
}

fn page_size(world: &World, input: &Input<'_>) -> Result<usize> {
    let options = &world.options;
    match input.parameter("page_size") {
        None | Some("0") => Ok(options.page_size),
        Some(text) => match text.parse::<usize>() {
            Ok(size) if size <= LARGEST_PAGE => Ok(size),
            Ok(_) if options.behaviors.accept_large_pages => Ok(LARGEST_PAGE),
            // [DOC] "cannot be negative".
            _ => Err(ApiError::invalid(format!(
                "Query parameter 'page_size' must be from 0 to {LARGEST_PAGE}, got '{text}'."
            ))),
        },
    }
}

/// The name after which the page begins.
fn read_token(token: &str, scope: &str) -> Option<String> {
    let text = String::from_utf8(BASE64.decode(token).ok()?).ok()?;
    text.strip_prefix(scope).map(str::to_owned)
}
