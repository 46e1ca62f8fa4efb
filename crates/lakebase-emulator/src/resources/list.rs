//! Lists and their pages (reference §1.5).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE as BASE64;
use serde_json::{Value as Json, json};

use super::{absent, flag, only, parameter, show};
use crate::error::{ApiError, Result};
use crate::schema::Map;
use crate::service::{Call, Service};
use crate::store::Kind;

/// [DOC] §1.5 for projects, [INF] for the others.
const LARGEST_PAGE: usize = 100;

pub(super) fn list(service: &Service, call: &Call<'_>, kind: Kind, parent: &str) -> Result<Json> {
    // [DOC] §1.5: deleted objects are only listed for these two.
    let known: &[&str] = match kind {
        Kind::Project | Kind::Branch => &["page_size", "page_token", "show_deleted"],
        _ => &["page_size", "page_token"],
    };
    only(call, known)?;
    let deleted_too = flag(call, "show_deleted")?;
    let size = page_size(call, service.options.page_size)?;
    if !parent.is_empty() && service.store.live(parent).is_none() {
        return Err(absent(&service.store, parent));
    }
    // A token is good for the list that it came from.
    let scope = format!("{parent}/{}?{deleted_too}#", kind.collection());
    let after = match parameter(call, "page_token") {
        None | Some("") => None,
        Some(token) => Some(read_token(token, &scope).ok_or_else(|| {
            ApiError::invalid(format!("Query parameter 'page_token' is not valid: '{token}'."))
        })?),
    };
    let mut names = service
        .store
        .children(parent, kind)
        .filter(|(_, object)| deleted_too || object.deleted.is_none())
        .map(|(name, _)| name.as_str())
        .filter(|name| after.as_deref().is_none_or(|after| *name > after));
    let page: Vec<&str> = names.by_ref().take(size).collect();
    let more = names.next().is_some();
    let mut answer = Map::new();
    // [INF] §1.2: an empty array and the token of the last page are omitted.
    if let Some(last) = page.last() {
        if more {
            let token = BASE64.encode(format!("{scope}{last}"));
            answer.insert("next_page_token".to_owned(), json!(token));
        }
        let objects: Json = page
            .iter()
            .filter_map(|name| show(&service.store, &service.options, name, call.now))
            .collect();
        answer.insert(kind.collection().to_owned(), objects);
    }
    Ok(Json::Object(answer))
}

fn page_size(call: &Call<'_>, default: usize) -> Result<usize> {
    match parameter(call, "page_size") {
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
