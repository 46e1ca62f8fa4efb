//! Reading.

use rmp::Marker;
use rmp::decode::{
    read_array_len, read_bin_len, read_bool, read_ext_meta, read_map_len, read_nil, read_str_len,
};

use super::super::{Object, Value};
use super::scalars::{broken, expected, peek, read_number, read_string, take};
use super::{REFINED, refinement};
use crate::value_error::ValueError;
use crate::{Step, Type};

/// How deep values may be nested. Types alone bound the depth, but a dynamic value brings its own
/// type, so that bytes could nest without end.
const MAX_DEPTH: usize = 100;

/// Reads bytes that are one value and nothing else.
pub(super) fn whole(r#type: &Type, mut bytes: &[u8]) -> Result<Value, ValueError> {
    let value = read_value(r#type, &mut bytes, 0)?;
    if bytes.is_empty() {
        Ok(value)
    } else {
        Err(ValueError::new("the value is followed by more bytes"))
    }
}

fn read_value(r#type: &Type, bytes: &mut &[u8], depth: usize) -> Result<Value, ValueError> {
    if depth > MAX_DEPTH {
        return Err(ValueError::new(format!("values nest deeper than {MAX_DEPTH} levels")));
    }
    let marker = peek(bytes)?;
    match (r#type, marker) {
        (_, Marker::Null) => {
            read_nil(bytes).map_err(broken)?;
            Ok(Value::Null)
        }
        (
            _,
            Marker::FixExt1
            | Marker::FixExt2
            | Marker::FixExt4
            | Marker::FixExt8
            | Marker::FixExt16
            | Marker::Ext8
            | Marker::Ext16
            | Marker::Ext32,
        ) => unknown(bytes),
        (Type::Bool, _) => {
            read_bool(bytes).map(Value::Bool).map_err(|_| expected("a bool", marker))
        }
        (Type::Number, _) => read_number(bytes).map(Value::Number),
        (Type::String, _) => read_string(bytes).map(Value::String),
        (Type::Dynamic, _) => dynamic(bytes, depth),
        (Type::List(element), _) => elements(element, bytes, depth).map(Value::List),
        (Type::Set(element), _) => {
            elements(element, bytes, depth).map(Value::set).map_err(ValueError::within_set)
        }
        (Type::Tuple(types), _) => tuple(types, bytes, depth).map(Value::List),
        (Type::Map(element), _) => {
            let members = members(bytes, |key, bytes| {
                read_value(element, bytes, depth + 1)
                    .map_err(|error| error.within(Step::Key(key.to_owned())))
            });
            members.map(Value::Map)
        }
        (Type::Object(attributes), _) => {
            let mut members = members(bytes, |name, bytes| {
                let read = match attributes.get(name) {
                    None => Err(ValueError::new("the type has no such attribute")),
                    Some(r#type) => read_value(r#type, bytes, depth + 1),
                };
                read.map_err(|error| error.within(Step::Attribute(name.to_owned())))
            })?;
            for name in attributes.keys() {
                if !members.contains_key(name) {
                    members.insert(name.clone(), Value::Null);
                }
            }
            Ok(Value::Map(members))
        }
    }
}

/// Reads an extension: an unknown value, whatever its code.
fn unknown(bytes: &mut &[u8]) -> Result<Value, ValueError> {
    let meta = read_ext_meta(bytes).map_err(broken)?;
    let payload = take(bytes, meta.size)?;
    let known = if meta.typeid == REFINED { refinement::decode(payload) } else { None };
    Ok(Value::Unknown(Box::new(known.unwrap_or_default())))
}

/// Reads a value with its type before it.
fn dynamic(bytes: &mut &[u8], depth: usize) -> Result<Value, ValueError> {
    let marker = peek(bytes)?;
    if read_array_len(bytes).ok() != Some(2) {
        return Err(expected("a type and a value of it", marker));
    }
    let marker = peek(bytes)?;
    let len = match marker {
        Marker::Bin8 | Marker::Bin16 | Marker::Bin32 => read_bin_len(bytes).map_err(broken)?,
        _ => read_str_len(bytes).map_err(|_| expected("a type as JSON", marker))?,
    };
    let json = serde_json::from_slice(take(bytes, len)?)
        .map_err(|it| ValueError::new(format!("the type of a dynamic value is not JSON: {it}")))?;
    let r#type = Type::from_json(&json)?;
    let value = read_value(&r#type, bytes, depth + 1)?;
    Ok(Value::Dynamic(Box::new((r#type, value))))
}

fn elements(element: &Type, bytes: &mut &[u8], depth: usize) -> Result<Vec<Value>, ValueError> {
    let marker = peek(bytes)?;
    let len = read_array_len(bytes).map_err(|_| expected("an array", marker))?;
    (0..len as usize)
        .map(|at| read_value(element, bytes, depth + 1).map_err(|error| error.within_index(at)))
        .collect()
}

fn tuple(types: &[Type], bytes: &mut &[u8], depth: usize) -> Result<Vec<Value>, ValueError> {
    let marker = peek(bytes)?;
    let len = read_array_len(bytes).map_err(|_| expected("an array", marker))?;
    if len as usize != types.len() {
        let problem = format!("a tuple of {} elements is expected, not {len}", types.len());
        return Err(ValueError::new(problem));
    }
    let places = types.iter().enumerate();
    places
        .map(|(at, r#type)| {
            read_value(r#type, bytes, depth + 1).map_err(|error| error.within_index(at))
        })
        .collect()
}

fn members(
    bytes: &mut &[u8],
    member: impl Fn(&str, &mut &[u8]) -> Result<Value, ValueError>,
) -> Result<Object, ValueError> {
    let marker = peek(bytes)?;
    let len = read_map_len(bytes).map_err(|_| expected("a map", marker))?;
    let member = |_| {
        let name = read_string(bytes)?;
        let value = member(&name, bytes)?;
        Ok((name, value))
    };
    (0..len).map(member).collect()
}
