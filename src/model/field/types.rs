//! Terraform's values seen through the Rust types of the kinds of attributes.

use std::collections::BTreeMap;

use tfplugin::{Number, Object, Value};

use super::{
    Bool, Duration, Field, Float, Int, Kind, Nested, NestedList, NestedSet, Tags, Text, TextMap,
    Texts, Timestamp,
};
use crate::model::tf::Tf;

/// How a kind of attribute is seen from Rust.
pub trait FieldType {
    /// The kind.
    const KIND: Kind;
    /// What a known value is.
    type Owned;
    /// The known value in a Terraform value of this kind.
    fn read(value: &Value) -> Option<Self::Owned>;
    /// The Terraform value of a known value.
    fn write(owned: Self::Owned) -> Value;
}

impl<T: FieldType> Field<T> {
    /// What `object` holds for this attribute.
    pub fn of(&self, object: &Object) -> Tf<T::Owned> {
        match object.get(self.name()) {
            None | Some(Value::Null) => Tf::Null,
            Some(Value::Unknown(_)) => Tf::Unknown,
            Some(value) => T::read(value).map_or(Tf::Null, Tf::Known),
        }
    }

    /// Sets the attribute.
    pub fn put(&self, object: &mut Object, value: Tf<T::Owned>) {
        let value = match value {
            Tf::Null => Value::Null,
            Tf::Unknown => Value::unknown(),
            Tf::Known(it) => T::write(it),
        };
        object.insert(self.name().to_owned(), value);
    }
}

macro_rules! field_types {
    ($($marker:ident: $owned:ty, $read:expr, $write:expr;)*) => {$(
        impl FieldType for $marker {
            const KIND: Kind = Kind::$marker;
            type Owned = $owned;
            fn read(value: &Value) -> Option<$owned> {
                let read: fn(&Value) -> Option<$owned> = $read;
                read(value)
            }
            fn write(owned: $owned) -> Value {
                let write: fn($owned) -> Value = $write;
                write(owned)
            }
        }
    )*};
}

field_types! {
    Bool: bool, Value::as_bool, Value::Bool;
    Int: i64, |value| value.as_number()?.as_i64(), |value| Value::Number(value.into());
    Float: f64, |value| value.as_number().map(Number::as_f64),
        |it| Number::from_f64(it).map_or(Value::Null, Value::Number);
    Text: String, |value| value.as_str().map(str::to_owned), Value::String;
    Duration: String, |value| value.as_str().map(str::to_owned), Value::String;
    Timestamp: String, |value| value.as_str().map(str::to_owned), Value::String;
    Texts: Vec<String>, read_texts, |texts| Value::List(texts.into_iter().map(Value::String).collect());
    TextMap: BTreeMap<String, String>, read_map, write_map;
    Tags: BTreeMap<String, String>, read_map, write_map;
}

impl FieldType for Nested {
    const KIND: Kind = Kind::Object(&[]);
    type Owned = Object;

    fn read(value: &Value) -> Option<Object> {
        value.as_map().cloned()
    }

    fn write(owned: Object) -> Value {
        Value::Map(owned)
    }
}

impl FieldType for NestedList {
    const KIND: Kind = Kind::Objects(&[]);
    type Owned = Vec<Value>;

    fn read(value: &Value) -> Option<Vec<Value>> {
        value.as_elements().map(<[Value]>::to_vec)
    }

    fn write(owned: Vec<Value>) -> Value {
        Value::List(owned)
    }
}

impl FieldType for NestedSet {
    const KIND: Kind = Kind::ObjectSet(&[]);
    type Owned = Vec<Value>;

    fn read(value: &Value) -> Option<Vec<Value>> {
        value.as_elements().map(<[Value]>::to_vec)
    }

    fn write(owned: Vec<Value>) -> Value {
        Value::set(owned)
    }
}

/// The known elements of a list of text.
fn read_texts(value: &Value) -> Option<Vec<String>> {
    let elements = value.as_elements()?.iter();
    Some(elements.filter_map(|element| element.as_str().map(str::to_owned)).collect())
}

/// The known entries of a map of text.
fn read_map(value: &Value) -> Option<BTreeMap<String, String>> {
    let entries = value.as_map()?.iter();
    Some(
        entries
            .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
            .collect(),
    )
}

fn write_map(map: BTreeMap<String, String>) -> Value {
    Value::Map(map.into_iter().map(|(key, it)| (key, Value::String(it))).collect())
}
