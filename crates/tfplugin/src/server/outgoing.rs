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
    let object = object.map(|object| without_unknowns(shape.r#type, object, diagnostics));
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
    let mut problems = Diagnostics::new();
    let identity_data = Some(encode(r#type, identity, &mut problems));
    diagnostics.extend(problems.into_iter().map(of_identity));
    Some(ResourceIdentityData { identity_data })
}

/// Encodes an identity as it is: unknown values are null with an error.
pub(super) fn settled_identity(
    r#type: Option<&Type>,
    identity: Option<Object>,
    diagnostics: &mut Diagnostics,
) -> Option<ResourceIdentityData> {
    let mut identity = identity?;
    if let Some(r#type) = r#type {
        let mut problems = Diagnostics::new();
        identity = without_unknowns(r#type, identity, &mut problems);
        diagnostics.extend(problems.into_iter().map(of_identity));
    }
    planned_identity(r#type, Some(identity), diagnostics)
}

/// A path into an identity leads nowhere in a configuration.
fn of_identity(problem: Diagnostic) -> Diagnostic {
    let summary = "The provider gave an invalid identity".to_owned();
    Diagnostic { summary, path: Path::default(), ..problem }
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
        if attribute.write_only {
            if !value.is_null() {
                visit(&path.attribute(&attribute.name), value);
            }
        } else if let AttributeKind::Nested(nesting, members) = &attribute.kind {
            each_object(*nesting, value, &path.attribute(&attribute.name), &mut |path, object| {
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
            let is_dynamic = nested.block.r#type().has_dynamic();
            *value = match nested.nesting {
                BlockNesting::Single => Value::Null,
                BlockNesting::List if is_dynamic => {
                    Value::Dynamic(Box::new((Type::Tuple(Vec::new()), Value::List(Vec::new()))))
                }
                BlockNesting::Map if is_dynamic => {
                    let none = Type::Object(std::collections::BTreeMap::new());
                    Value::Dynamic(Box::new((none, Value::Map(Object::new()))))
                }
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

/// Visits the known objects of a nested attribute or block, also those that carry their own type.
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
        (_, Value::Dynamic(dynamic)) => each_object(nesting, &mut dynamic.1, path, visit),
        _ => {}
    }
}

fn without_unknowns(r#type: &Type, mut object: Object, diagnostics: &mut Diagnostics) -> Object {
    // Nearly always there are none, and the search keeps a path to each value.
    if object.values().all(Value::is_wholly_known) {
        return object;
    }
    let mut paths = Vec::new();
    forget_unknowns_of_members(r#type, &mut object, &Path::default(), &mut paths);
    for path in paths {
        let detail = format!("`{path}` is still unknown in the provider's answer; it is now null.");
        diagnostics.push(bug(&detail).at(path));
    }
    object
}

fn forget_unknowns_of_members(
    r#type: &Type,
    members: &mut Object,
    path: &Path,
    paths: &mut Vec<Path>,
) {
    for (name, value) in members {
        match r#type {
            Type::Map(element) => forget_unknowns(element, value, &path.key(name), paths),
            Type::Object(attributes) => {
                let Some(r#type) = attributes.get(name) else { continue };
                forget_unknowns(r#type, value, &path.attribute(name), paths);
            }
            _ => {}
        }
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
        (r#type, Value::Map(members)) => forget_unknowns_of_members(r#type, members, path, paths),
        (Type::Dynamic, Value::Dynamic(pair)) => {
            let (r#type, value) = &mut **pair;
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

#[cfg(test)]
mod tests {
    use super::super::fake::{object, thing};
    use super::*;
    use crate::NestedBlock;

    fn encoded(
        encode: fn(Shape<'_>, Option<Object>, &mut Diagnostics) -> DynamicValue,
        block: &Block,
        state: Object,
    ) -> (Value, Diagnostics) {
        let mut diagnostics = Diagnostics::new();
        let r#type = block.r#type();
        let message = encode(Shape { block, r#type: &r#type }, Some(state), &mut diagnostics);
        let value = Value::from_msgpack(&r#type, &message.msgpack);
        (value.expect("what is written can be read"), diagnostics)
    }

    fn blocks(nesting: BlockNesting) -> Block {
        let (name, block) = ("b".to_owned(), thing());
        let nested = NestedBlock { name, block, nesting, min_items: 0, max_items: 0 };
        Block { blocks: vec![nested], ..Block::default() }
    }

    #[test]
    fn protocol_19_blocks_are_never_null_but_single_ones() {
        let mut empty = thing().null();
        empty.insert("rules".to_owned(), Value::Map(Object::new()));
        for (nesting, expected) in [
            (BlockNesting::Single, Value::Null),
            (BlockNesting::List, Value::List(vec![])),
            (BlockNesting::Set, Value::Set(vec![])),
            (BlockNesting::Map, Value::Map(Object::new())),
            (BlockNesting::Group, Value::Map(empty)),
        ] {
            let block = blocks(nesting);
            for state in [object([]), object([("b", Value::Null)])] {
                let (value, diagnostics) = encoded(settled, &block, state);
                assert_eq!(value, Value::Map(object([("b", expected.clone())])), "{nesting:?}");
                assert!(diagnostics.is_empty());
            }
            let unknown = object([("b", Value::unknown())]);
            let (value, _) = encoded(planned, &block, unknown.clone());
            assert_eq!(value, Value::Map(unknown), "{nesting:?}");
        }
    }

    #[test]
    fn write_only_values_are_null_wherever_they_are() {
        let secretive = || object([("secret", "s3cret".into()), ("label", "l".into())]);
        let parts = Value::List(vec![secretive().into()]);
        let inner = object([
            ("secret", "s3cret".into()),
            ("parts", parts),
            ("rules", Value::Map(object([("k", secretive().into())]))),
        ]);
        for (nesting, value) in [
            (BlockNesting::Single, Value::Map(inner.clone())),
            (BlockNesting::Group, Value::Map(inner.clone())),
            (BlockNesting::List, Value::List(vec![inner.clone().into()])),
            (BlockNesting::Set, Value::set(vec![inner.clone().into()])),
            (BlockNesting::Map, Value::Map(object([("k", inner.clone().into())]))),
        ] {
            let (value, _) = encoded(planned, &blocks(nesting), object([("b", value)]));
            let text = value.to_json().to_string();
            assert!(!text.contains("s3cret"), "{nesting:?}: {text}");
            assert_eq!(text.matches("\"label\":\"l\"").count(), 2, "{nesting:?}: {text}");
        }
    }

    #[test]
    fn blocks_with_a_dynamic_value_inside_carry_their_own_type() {
        let any = AttributeKind::Type(Type::Dynamic);
        let mut inner = thing();
        inner.attributes[0].kind = any;
        // The type that comes with the value has the one of the dynamic value in its place.
        let Type::Object(mut types) = inner.r#type() else { panic!("a block is an object") };
        types.insert("id".to_owned(), Type::String);
        let mut first = inner.null();
        first.extend(object([("id", "a".into()), ("secret", "s3cret".into())]));
        first.insert("rules".to_owned(), Value::Map(Object::new()));
        for nesting in [BlockNesting::List, BlockNesting::Map] {
            let (name, block) = ("b".to_owned(), inner.clone());
            let nested = NestedBlock { name, block, nesting, min_items: 0, max_items: 0 };
            let block = Block { blocks: vec![nested], ..Block::default() };
            let Type::Object(members) = block.r#type() else { panic!("a block is an object") };
            assert_eq!(members["b"], Type::Dynamic, "{nesting:?}");

            let (value, diagnostics) = encoded(settled, &block, object([]));
            let is_list = nesting == BlockNesting::List;
            let empty = if is_list {
                r#"{"type":["tuple",[]],"value":[]}"#
            } else {
                r#"{"type":["object",{}],"value":{}}"#
            };
            assert_eq!(value.to_json()["b"].to_string(), empty);
            assert!(diagnostics.is_empty());

            let (r#type, first) = (Type::Object(types.clone()), Value::Map(first.clone()));
            let held = if is_list {
                (Type::Tuple(vec![r#type]), Value::List(vec![first]))
            } else {
                (Type::Object([("k".to_owned(), r#type)].into()), object([("k", first)]).into())
            };
            let state = object([("b", Value::Dynamic(Box::new(held)))]);
            let (value, diagnostics) = encoded(planned, &block, state);
            let text = value.to_json().to_string();
            assert!(text.contains(r#""id":"a""#) && !text.contains("s3cret"), "{text}");
            assert!(diagnostics.is_empty());
        }
    }
}
