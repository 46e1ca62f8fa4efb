//! What is done to every object on its way back to Terraform, whatever the provider meant.
//!
//! Terraform throws a whole answer away for one write-only value, one block that is null or one
//! attribute of the wrong type, and with it the only trace of an object that exists.

use super::catalog::Shape;
use super::wire;
use crate::generated::tfplugin6::{DynamicValue, ResourceIdentityData};
use crate::{
    Attribute, AttributeKind, Block, BlockNesting, Diagnostic, Diagnostics, Nesting, Object, Path,
    Step, Type, Value,
};

/// Encodes a planned object, which may hold unknown values.
///
/// # Guarantees
///
/// Write-only values are null and blocks that must not be null are empty. An attribute that is not
/// of its type is left out with an error, so that the others arrive.
pub(super) fn planned(
    shape: Shape<'_>,
    object: Option<Object>,
    diagnostics: &mut Diagnostics,
) -> DynamicValue {
    let Some(mut object) = object else { return wire::null() };
    write_only(shape.block, &mut object, &mut |_, value| *value = Value::Null);
    fill_blocks(shape.block, &mut object);
    encode(shape.r#type, object, diagnostics)
}

/// Encodes an object as it is: like [`planned`], and unknown values are null with an error.
pub(super) fn settled(
    shape: Shape<'_>,
    object: Option<Object>,
    diagnostics: &mut Diagnostics,
) -> DynamicValue {
    let object = object.map(|it| without_unknowns(shape.r#type, it, diagnostics));
    planned(shape, object, diagnostics)
}

/// Encodes a planned identity, which may hold unknown values.
pub(super) fn planned_identity(
    r#type: Option<&Type>,
    identity: Option<Object>,
    diagnostics: &mut Diagnostics,
) -> Option<ResourceIdentityData> {
    let identity = identity?;
    let Some(r#type) = r#type else {
        diagnostics.push(bug("The resource has an identity, but no schema for it."));
        return None;
    };
    let identity_data = Some(encode(r#type, identity, diagnostics));
    Some(ResourceIdentityData { identity_data })
}

/// Encodes an identity as it is: unknown values are null with an error.
pub(super) fn settled_identity(
    r#type: Option<&Type>,
    identity: Option<Object>,
    diagnostics: &mut Diagnostics,
) -> Option<ResourceIdentityData> {
    let identity = match r#type {
        Some(r#type) => identity.map(|it| without_unknowns(r#type, it, diagnostics)),
        None => identity,
    };
    planned_identity(r#type, identity, diagnostics)
}

/// Visits the values of write-only attributes that are not null.
pub(super) fn write_only(
    block: &Block,
    object: &mut Object,
    visit: &mut dyn FnMut(&Path, &mut Value),
) {
    write_only_in_block(block, object, &Path::default(), visit);
}

fn write_only_in_block(
    block: &Block,
    object: &mut Object,
    path: &Path,
    visit: &mut dyn FnMut(&Path, &mut Value),
) {
    write_only_in_attributes(&block.attributes, object, path, visit);
    for nested in &block.blocks {
        let Some(value) = object.get_mut(&nested.name) else { continue };
        let path = path.attribute(&nested.name);
        each_object(objects_of(nested.nesting), value, &path, &mut |path, object| {
            write_only_in_block(&nested.block, object, path, visit);
        });
    }
}

fn write_only_in_attributes(
    attributes: &[Attribute],
    object: &mut Object,
    path: &Path,
    visit: &mut dyn FnMut(&Path, &mut Value),
) {
    for attribute in attributes {
        let Some(value) = object.get_mut(&attribute.name) else { continue };
        let path = path.attribute(&attribute.name);
        if attribute.write_only {
            if !value.is_null() {
                visit(&path, value);
            }
        } else if let AttributeKind::Nested(nesting, members) = &attribute.kind {
            each_object(*nesting, value, &path, &mut |path, object| {
                write_only_in_attributes(members, object, path, visit);
            });
        }
    }
}

/// Puts an empty collection where a block is null that must not be.
fn fill_blocks(block: &Block, object: &mut Object) {
    for nested in &block.blocks {
        let value = object.entry(nested.name.clone()).or_default();
        if value.is_null() {
            *value = match nested.nesting {
                BlockNesting::Single => Value::Null,
                BlockNesting::List => Value::List(Vec::new()),
                BlockNesting::Set => Value::Set(Vec::new()),
                BlockNesting::Map => Value::Map(Object::new()),
                BlockNesting::Group => Value::Map(nested.block.null()),
            };
        }
        each_object(objects_of(nested.nesting), value, &Path::default(), &mut |_, object| {
            fill_blocks(&nested.block, object);
        });
    }
}

fn objects_of(nesting: BlockNesting) -> Nesting {
    match nesting {
        BlockNesting::Single | BlockNesting::Group => Nesting::Single,
        BlockNesting::List => Nesting::List,
        BlockNesting::Set => Nesting::Set,
        BlockNesting::Map => Nesting::Map,
    }
}

/// Visits the known objects of a nested attribute or block.
fn each_object(
    nesting: Nesting,
    value: &mut Value,
    path: &Path,
    visit: &mut dyn FnMut(&Path, &mut Object),
) {
    match (nesting, value) {
        (Nesting::Single, Value::Map(object)) => visit(path, object),
        (Nesting::Map, Value::Map(members)) => {
            for (key, value) in members {
                each_object(Nesting::Single, value, &path.key(key), visit);
            }
        }
        (Nesting::List, Value::List(elements)) => {
            for (at, value) in (0..).zip(elements) {
                each_object(Nesting::Single, value, &path.index(at), visit);
            }
        }
        (Nesting::Set, value @ Value::Set(_)) => {
            let Value::Set(mut elements) = std::mem::take(value) else { return };
            for element in &mut elements {
                each_object(Nesting::Single, element, path, visit);
            }
            *value = Value::set(elements);
        }
        _ => {}
    }
}

fn without_unknowns(r#type: &Type, object: Object, diagnostics: &mut Diagnostics) -> Object {
    let mut value = Value::Map(object);
    let mut paths = Vec::new();
    forget_unknowns(r#type, &mut value, &Path::default(), &mut paths);
    for path in paths {
        let detail = format!("`{path}` is still unknown in the provider's answer; it is now null.");
        diagnostics.push(bug(&detail).at(path));
    }
    match value {
        Value::Map(it) => it,
        _ => Object::new(),
    }
}

/// Puts null in the place of unknown values, and notes where.
fn forget_unknowns(r#type: &Type, value: &mut Value, path: &Path, paths: &mut Vec<Path>) {
    match (r#type, value) {
        (_, value @ Value::Unknown(_)) => {
            *value = Value::Null;
            if paths.last() != Some(path) {
                paths.push(path.clone());
            }
        }
        (Type::List(element), Value::List(elements)) => {
            for (at, value) in (0..).zip(elements) {
                forget_unknowns(element, value, &path.index(at), paths);
            }
        }
        (Type::Tuple(types), Value::List(elements)) => {
            for (at, (r#type, value)) in (0..).zip(types.iter().zip(elements)) {
                forget_unknowns(r#type, value, &path.index(at), paths);
            }
        }
        (Type::Set(element), value @ Value::Set(_)) => {
            let Value::Set(mut elements) = std::mem::take(value) else { return };
            let mut inside = Vec::new();
            for value in &mut elements {
                forget_unknowns(element, value, path, &mut inside);
            }
            if !inside.is_empty() {
                paths.push(path.clone());
            }
            *value = Value::set(elements);
        }
        (Type::Map(element), Value::Map(members)) => {
            for (key, value) in members {
                forget_unknowns(element, value, &path.key(key), paths);
            }
        }
        (Type::Object(attributes), Value::Map(members)) => {
            for (name, value) in members {
                let Some(r#type) = attributes.get(name) else { continue };
                forget_unknowns(r#type, value, &path.attribute(name), paths);
            }
        }
        (Type::Dynamic, Value::Dynamic(it)) => {
            let (r#type, value) = &mut **it;
            forget_unknowns(r#type, value, path, paths);
        }
        _ => {}
    }
}

/// Encodes what can be encoded. Each round leaves one attribute of the object out, at worst all.
fn encode(r#type: &Type, mut object: Object, diagnostics: &mut Diagnostics) -> DynamicValue {
    loop {
        let value = Value::Map(object);
        let error = match value.to_msgpack(r#type) {
            Ok(msgpack) => return DynamicValue { msgpack, json: Vec::new() },
            Err(error) => error,
        };
        let detail = format!("The provider's answer does not fit its own schema: {error}.");
        diagnostics.push(bug(&detail).at(error.path().clone()));
        let (Some(Step::Attribute(name)), Value::Map(mut rest)) =
            (error.path().steps().first(), value)
        else {
            return wire::null();
        };
        rest.remove(name);
        object = rest;
    }
}

fn bug(detail: &str) -> Diagnostic {
    let detail = format!("{detail} This is a bug in the provider; please report it.");
    Diagnostic::error("The provider gave an invalid answer", detail)
}
