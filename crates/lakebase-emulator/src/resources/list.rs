//! Lists and their pages (reference §1.5).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE as BASE64;
use serde_json::{Value as Json, json};

use super::absent;
use crate::call::Call;
use crate::error::{ApiError, Result};
use crate::schema::Map;
use crate::service::Service;
use crate::store::Kind;

/// [DOC] §1.5 for projects, [INF] for the others.
const LARGEST_PAGE: usize = 100;

pub(super) fn list(
    service: &mut Service,
    call: &Call<'_>,
    kind: Kind,
    parent: &str,
) -> Result<Json> {
    // [DOC] §1.5: deleted objects are only listed for these two.
    let known: &[&str] = match kind {
        Kind::Project | Kind::Branch => &["page_size", "page_token", "show_deleted"],
        _ => &["page_size", "page_token"],
    };
    call.only(known)?;
    let deleted_too = call.flag("show_deleted")?;
    let size = page_size(call, service.options.page_size)?;
    if !parent.is_empty() && service.store.live(parent).is_none() {
        return Err(absent(&service.store, parent));
    }
    // A token is good for the list that it came from.
    let scope = format!("{parent}/{}?{deleted_too}#", kind.collection());
    let after = match call.parameter("page_token") {
        None | Some("") => None,
        Some(token) => Some(read_token(token, &scope).ok_or_else(|| {
            ApiError::invalid(format!("Query parameter 'page_token' is not valid: '{token}'."))
        })?),
    };
    let mut names = service.visible(parent, kind);
    names.retain(|name| after.as_ref().is_none_or(|after| name > after));
    let mut objects = names
        .iter()
        .filter_map(|name| Some((service.seen(name, call.now)?, name)))
        .filter(|(object, _)| deleted_too || !is_deleted(object));
    let page: Vec<_> = objects.by_ref().take(size).collect();
    let next = objects.next().map(|(_, name)| name);
    // What this page would hold but for a delay counts as read as well.
    let read = names.iter().take_while(|name| next.is_none_or(|next| *name < next));
    read.for_each(|name| service.count_read(name));
    let mut answer = Map::new();
    // [INF] §1.2: an empty array and the token of the last page are omitted.
    if let Some((_, last)) = page.last() {
        if next.is_some() {
            let token = BASE64.encode(format!("{scope}{last}"));
            answer.insert("next_page_token".to_owned(), json!(token));
        }
        let objects: Json = page.into_iter().map(|(object, _)| object).collect();
        answer.insert(kind.collection().to_owned(), objects);
    }
    Ok(Json::Object(answer))
}

/// [DOC] §6.4: a project says so itself, a branch in its status.
fn is_deleted(object: &Json) -> bool {
    [object, &object["status"]].iter().any(|part| part.get("delete_time").is_some())
}

fn page_size(call: &Call<'_>, default: usize) -> Result<usize> {
    match call.parameter("page_size") {
        None | Some("0") => Ok(default),
        Some(text) => text
            .parse()
            .ok()
            .filter(|size| *size <= LARGEST_PAGE)
            // [DOC] "cannot be negative".
            .ok_or_else(|| {
                ApiError::invalid(format!(
                    "Query parameter 'page_size' must be from 0 to {LARGEST_PAGE}, got '{text}'."
                ))
            }),
    }
}

/// The name after which the page begins.
fn read_token(token: &str, scope: &str) -> Option<String> {
    let text = String::from_utf8(BASE64.decode(token).ok()?).ok()?;
    text.strip_prefix(scope).map(str::to_owned)
}
