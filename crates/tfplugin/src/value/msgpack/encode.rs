//! Writing. Writing to memory cannot fail, so that only the value itself can.

use rmp::encode::{write_array_len, write_bin, write_bool, write_map_len, write_nil, write_str};

use super::super::{Object, Value};
use super::refinement;
use super::scalars::{IN_MEMORY, write_number};
use crate::value_error::ValueError;
use crate::{Step, Type};

pub(super) fn value(out: &mut Vec<u8>, r#type: &Type, it: &Value) -> Result<(), ValueError> {
    match (r#type, it) {
        (_, Value::Null) => write_nil(out).expect(IN_MEMORY),
        (_, Value::Unknown(it)) => refinement::unknown(out, r#type, it),
        (Type::Bool, Value::Bool(it)) => write_bool(out, *it).expect(IN_MEMORY),
        (Type::Number, Value::Number(it)) => write_number(out, it),
        (Type::String, Value::String(it)) => write_str(out, it).expect(IN_MEMORY),
        (Type::List(element), Value::List(it)) => {
            write_array_len(out, len(it.len())).expect(IN_MEMORY);
            for (at, it) in it.iter().enumerate() {
                value(out, element, it).map_err(|it| it.within_index(at))?;
            }
        }
        (Type::Set(element), Value::Set(it)) => {
            write_array_len(out, len(it.len())).expect(IN_MEMORY);
            for it in it {
                value(out, element, it).map_err(ValueError::within_set)?;
            }
        }
        (Type::Tuple(types), Value::List(it)) if types.len() == it.len() => {
            write_array_len(out, len(it.len())).expect(IN_MEMORY);
            for (at, (r#type, it)) in types.iter().zip(it).enumerate() {
                value(out, r#type, it).map_err(|it| it.within_index(at))?;
            }
        }
        (Type::Map(element), Value::Map(it)) => {
            write_map_len(out, len(it.len())).expect(IN_MEMORY);
            for (key, it) in it {
                write_str(out, key).expect(IN_MEMORY);
                value(out, element, it).map_err(|it| it.within(Step::Key(key.clone())))?;
            }
        }
        (Type::Object(attributes), Value::Map(it)) => {
            if let Some(name) = it.keys().find(|it| !attributes.contains_key(*it)) {
                let error = ValueError::new("the type has no such attribute");
                return Err(error.within(Step::Attribute(name.clone())));
            }
            object(out, attributes.iter(), it)?;
        }
        (Type::Dynamic, Value::Dynamic(it)) => {
            let (r#type, it) = &**it;
            write_array_len(out, 2).expect(IN_MEMORY);
            write_bin(out, r#type.to_json().to_string().as_bytes()).expect(IN_MEMORY);
            value(out, r#type, it)?;
        }
        _ => {
            let problem = format!("{} is expected, not {}", described(r#type), kind(it));
            return Err(ValueError::new(problem));
        }
    }
    Ok(())
}

fn object<'a>(
    out: &mut Vec<u8>,
    attributes: impl ExactSizeIterator<Item = (&'a String, &'a Type)>,
    it: &Object,
) -> Result<(), ValueError> {
    write_map_len(out, len(attributes.len())).expect(IN_MEMORY);
    for (name, r#type) in attributes {
        write_str(out, name).expect(IN_MEMORY);
        let it = it.get(name).unwrap_or(&Value::Null);
        value(out, r#type, it).map_err(|it| it.within(Step::Attribute(name.clone())))?;
    }
    Ok(())
}

fn len(it: usize) -> u32 {
    it.try_into().expect("no message holds four thousand million elements")
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
