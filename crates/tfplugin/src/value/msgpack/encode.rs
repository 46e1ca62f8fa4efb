//! Writing. Writing to memory cannot fail, so that only the value itself can.

use rmp::encode::{write_array_len, write_bin, write_bool, write_map_len, write_nil, write_str};

use super::super::{Object, Value};
use super::refinement;
use super::scalars::{IN_MEMORY, write_number};
use crate::value_error::ValueError;
use crate::{Step, Type};

pub(super) fn write_value(
    out: &mut Vec<u8>,
    r#type: &Type,
    value: &Value,
) -> Result<(), ValueError> {
    match (r#type, value) {
        (_, Value::Null) => write_nil(out).expect(IN_MEMORY),
        (_, Value::Unknown(known)) => refinement::unknown(out, r#type, known),
        (Type::Bool, Value::Bool(it)) => write_bool(out, *it).expect(IN_MEMORY),
        (Type::Number, Value::Number(it)) => write_number(out, it),
        (Type::String, Value::String(it)) => write_str(out, it).expect(IN_MEMORY),
        (Type::List(element), Value::List(elements)) => {
            write_array_len(out, len(elements.len())).expect(IN_MEMORY);
            for (at, value) in elements.iter().enumerate() {
                write_value(out, element, value).map_err(|error| error.within_index(at))?;
            }
        }
        (Type::Set(element), Value::Set(elements)) => {
            write_array_len(out, len(elements.len())).expect(IN_MEMORY);
            for value in elements {
                write_value(out, element, value).map_err(ValueError::within_set)?;
            }
        }
        (Type::Tuple(types), Value::List(elements)) if types.len() == elements.len() => {
            write_array_len(out, len(elements.len())).expect(IN_MEMORY);
            for (at, (r#type, value)) in types.iter().zip(elements).enumerate() {
                write_value(out, r#type, value).map_err(|error| error.within_index(at))?;
            }
        }
        (Type::Map(element), Value::Map(members)) => {
            write_map_len(out, len(members.len())).expect(IN_MEMORY);
            for (key, value) in members {
                write_str(out, key).expect(IN_MEMORY);
                write_value(out, element, value)
                    .map_err(|error| error.within(Step::Key(key.clone())))?;
            }
        }
        (Type::Object(attributes), Value::Map(members)) => {
            if let Some(name) = members.keys().find(|name| !attributes.contains_key(*name)) {
                let error = ValueError::new("the type has no such attribute");
                return Err(error.within(Step::Attribute(name.clone())));
            }
            write_object(out, attributes.iter(), members)?;
        }
        (Type::Dynamic, Value::Dynamic(pair)) => {
            let (r#type, value) = &**pair;
            write_array_len(out, 2).expect(IN_MEMORY);
            write_bin(out, r#type.to_json().to_string().as_bytes()).expect(IN_MEMORY);
            write_value(out, r#type, value)?;
        }
        _ => {
            let problem = format!("{} is expected, not {}", described(r#type), kind(value));
            return Err(ValueError::new(problem));
        }
    }
    Ok(())
}

fn write_object<'a>(
    out: &mut Vec<u8>,
    attributes: impl ExactSizeIterator<Item = (&'a String, &'a Type)>,
    members: &Object,
) -> Result<(), ValueError> {
    write_map_len(out, len(attributes.len())).expect(IN_MEMORY);
    for (name, r#type) in attributes {
        write_str(out, name).expect(IN_MEMORY);
        let value = members.get(name).unwrap_or(&Value::Null);
        write_value(out, r#type, value)
            .map_err(|error| error.within(Step::Attribute(name.clone())))?;
    }
    Ok(())
}

fn len(count: usize) -> u32 {
    count.try_into().expect("no message holds four thousand million elements")
}

fn described(r#type: &Type) -> String {
    match r#type {
        Type::Dynamic => "a dynamic value with its type".to_owned(),
        Type::Object(_) => "an object".to_owned(),
        Type::Tuple(types) => format!("a tuple of {} elements", types.len()),
        other => format!("a value of type {}", other.to_json()),
    }
}

/// What a value is, without what it says: values may be secret.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Unknown(_) => "an unknown value",
        Value::Bool(_) => "a bool",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::List(_) => "a list",
        Value::Set(_) => "a set",
        Value::Map(_) => "a map",
        Value::Dynamic(_) => "a dynamic value",
    }
}
