//! `update_mask`: which values of a body an update applies.
//!
//! The rules are those of §1.6 and §1.6b of the reference, most of them [REC] (probed on a real
//! workspace on 2026-08-31).

use serde_json::Value as Json;

use crate::error::{ApiError, Result};
use crate::schema::{Field, Map, Rule, Value, join};

/// The part of a checked `body` that `mask` names, in the shape of the body.
///
/// `exempt` paths may be masked without being in the body, and select nothing.
pub(crate) fn select(
    mask: Option<&str>,
    fields: &'static [Field],
    body: &Map,
    exempt: &[&str],
) -> Result<Map> {
    // [INF] An absent or empty mask was never recorded (§12); it is refused.
    let mask = mask.filter(|mask| !mask.is_empty()).ok_or_else(|| {
        ApiError::invalid("Field 'update_mask' is required, expected non-default value (not \"\")!")
    })?;
    let paths: Vec<String> = if mask == "*" {
        // [REC] §1.6: `*` expands to the nested attributes, which the body must all contain. What
        // only a create reads is no part of it.
        let mut paths: Vec<String> =
            fields.iter().flat_map(|field| leaves(field, "", Some(body))).collect();
        paths.dedup();
        paths
    } else {
        mask.split(',').map(str::to_owned).collect()
    };
    // [REC] §1.6: a parent and its child together are refused.
    for path in &paths {
        let child = paths.iter().find(|other| {
            other.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with('.'))
        });
        if let Some(child) = child {
            return Err(ApiError::invalid(format!(
                "Field path '{path}' in update_mask overlaps with '{child}'."
            )));
        }
    }
    let mut selected = Map::new();
    for path in &paths {
        if !exempt.contains(&path.as_str()) {
            copy(path, path, fields, body, &mut selected)?;
        }
    }
    Ok(selected)
}

/// Whether a mask is of `spec` and at least one leaf in it, and nothing else.
pub(crate) fn is_spec_and_leaves(mask: &str, fields: &[Field]) -> bool {
    let leaves: Vec<String> = fields.iter().flat_map(|field| leaves(field, "", None)).collect();
    let (spec, others): (Vec<&str>, Vec<&str>) = mask.split(',').partition(|path| *path == "spec");
    let are_leaves = others.iter().all(|path| leaves.iter().any(|leaf| leaf == path));
    spec.len() == 1 && !others.is_empty() && are_leaves
}

/// Copies what the rest of a path names. `path` is the whole path, for messages.
fn copy(
    path: &str,
    rest: &str,
    fields: &'static [Field],
    body: &Map,
    selected: &mut Map,
) -> Result<()> {
    let absent = |path: &str| {
        ApiError::invalid(format!("Field '{path}' is in update_mask but not provided in request"))
    };
    // [REC] §1.6, §1.6b: unknown paths, members of a oneof, entries of a map and immutable fields
    // all get this answer.
    let unknown = || ApiError::invalid(format!("Unknown field path in update_mask: '{path}'"));
    let (name, deeper) = match rest.split_once('.') {
        Some((name, deeper)) => (name, Some(deeper)),
        None => (rest, None),
    };
    if let Some(deeper) = deeper {
        let field = fields.iter().find(|field| field.name == name).ok_or_else(unknown)?;
        let (Value::Message(inner), Rule::Mutable) = (&field.value, field.rule) else {
            return Err(unknown());
        };
        let empty = Map::new();
        let body = body.get(name).and_then(Json::as_object).unwrap_or(&empty);
        let entry = selected.entry(name).or_insert_with(|| Json::Object(Map::new()));
        let selected = entry.as_object_mut().expect("messages are copied as objects");
        return copy(path, deeper, inner, body, selected);
    }
    let arms: Vec<&Field> = fields
        .iter()
        .filter(|field| matches!(field.rule, Rule::Arm(group) if group == name))
        .collect();
    if !arms.is_empty() {
        // [REC] §1.6b: the oneof goes by its group's name, and must have an arm in the body.
        let arm =
            arms.iter().find(|arm| body.contains_key(arm.name)).ok_or_else(|| absent(path))?;
        selected.insert(arm.name.to_owned(), body[arm.name].clone());
        return Ok(());
    }
    let field = fields.iter().find(|field| field.name == name).ok_or_else(unknown)?;
    if field.rule != Rule::Mutable {
        return Err(unknown());
    }
    let value = body.get(name).ok_or_else(|| absent(path))?;
    let mut value = value.clone();
    if let (Value::Message(inner), Json::Object(message)) = (&field.value, &mut value) {
        if path == "spec" {
            // [REC] roles, [INF] elsewhere, §1.6: under `spec` immutable values are ignored.
            message.retain(|name, _| {
                inner.iter().any(|field| field.name == name && field.rule != Rule::Immutable)
            });
        } else if let Some(group) = unanswered(inner, message) {
            // [REC] §1.6b: an inner message must carry its oneof.
            return Err(absent(&join(path, group)));
        }
    }
    selected.insert(name.to_owned(), value);
    Ok(())
}

/// The first oneof of a message of which no arm is set.
fn unanswered(fields: &[Field], message: &Map) -> Option<&'static str> {
    fields.iter().find_map(|field| match field.rule {
        Rule::Arm(group) => {
            let answered =
                fields.iter().any(|arm| arm.rule == field.rule && message.contains_key(arm.name));
            (!answered).then_some(group)
        }
        _ => None,
    })
}

/// The mask paths of everything below a field that an update may change. With a body, without the
/// fields that `*` covers only if the body holds them.
fn leaves(field: &Field, parent: &str, body: Option<&Map>) -> Vec<String> {
    let is_held = body.is_none_or(|body| body.contains_key(field.name));
    match (field.rule, &field.value) {
        (Rule::Immutable, _) => Vec::new(),
        _ if !field.in_wildcard && !is_held => Vec::new(),
        (Rule::Arm(group), _) => vec![join(parent, group)],
        (Rule::Mutable, Value::Message(inner)) => {
            let path = join(parent, field.name);
            let inside = |body: &Map| {
                body.get(field.name).and_then(Json::as_object).cloned().unwrap_or_default()
            };
            let body = body.map(inside);
            let mut paths: Vec<String> =
                inner.iter().flat_map(|field| leaves(field, &path, body.as_ref())).collect();
            paths.dedup();
            paths
        }
        (Rule::Mutable, _) => vec![join(parent, field.name)],
    }
}
