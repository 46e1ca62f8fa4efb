//! Terraform's values, as a tree.
//!
//! The rooms behind it write and read such trees, always by a [`Type`]: `msgpack` as they travel,
//! `json` as they are stored.

mod json;
mod msgpack;
mod number;
#[cfg(test)]
mod strategies;

use std::collections::BTreeMap;

pub use number::Number;
use unicode_normalization::UnicodeNormalization;

use crate::Type;

/// The attributes of an object, by name.
pub type Object = BTreeMap<String, Value>;

/// A value of a configuration, a plan or a state.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// Not set. Differs from empty text and from an empty collection.
    #[default]
    Null,
    /// Not known before the apply, with what is known of it all the same.
    Unknown(Box<Refinement>),
    /// `true` or `false`.
    Bool(bool),
    /// A decimal number of any size.
    Number(Number),
    /// Unicode text, which Terraform has normalized to NFC.
    String(String),
    /// A list or a tuple.
    List(Vec<Value>),
    /// A set; made by [`Value::set`], so that equal sets are equal values.
    Set(Vec<Value>),
    /// A map or an object.
    Map(Object),
    /// A value of a place of type [`Type::Dynamic`], with its type.
    Dynamic(Box<(Type, Value)>),
}

/// What is known of an unknown value.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refinement {
    /// It will not be null.
    pub not_null: bool,
    /// The text it will begin with.
    pub prefix: Option<String>,
    /// The least number it can be, and whether that number itself is one.
    pub lower: Option<(Number, bool)>,
    /// The greatest number it can be, and whether that number itself is one.
    pub upper: Option<(Number, bool)>,
    /// The fewest elements it can have.
    pub min_length: Option<u64>,
    /// The most elements it can have.
    pub max_length: Option<u64>,
}

impl Value {
    /// A value of which nothing is known.
    pub fn unknown() -> Self {
        Self::Unknown(Box::default())
    }

    /// A set: in canonical order, without repetitions of wholly known elements.
    pub fn set(mut elements: Vec<Value>) -> Self {
        elements.sort();
        elements.dedup_by(|a, b| a == b && a.is_wholly_known());
        Self::Set(elements)
    }

    /// Whether the value is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether the value itself is unknown.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }

    /// Whether the value is neither null nor unknown; something inside it may be.
    pub fn is_known(&self) -> bool {
        !self.is_null() && !self.is_unknown()
    }

    /// Whether nothing in the value is unknown.
    pub fn is_wholly_known(&self) -> bool {
        match self {
            Self::Unknown(_) => false,
            Self::List(elements) | Self::Set(elements) => {
                elements.iter().all(Self::is_wholly_known)
            }
            Self::Map(members) => members.values().all(Self::is_wholly_known),
            Self::Dynamic(pair) => pair.1.is_wholly_known(),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => true,
        }
    }

    /// The text, if the value is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value, if the value is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(it) => Some(*it),
            _ => None,
        }
    }

    /// The number, if the value is one.
    pub fn as_number(&self) -> Option<&Number> {
        match self {
            Self::Number(it) => Some(it),
            _ => None,
        }
    }

    /// The map or object, if the value is one.
    pub fn as_map(&self) -> Option<&Object> {
        match self {
            Self::Map(it) => Some(it),
            _ => None,
        }
    }

    /// The elements, if the value is a list, a tuple or a set.
    pub fn as_elements(&self) -> Option<&[Value]> {
        match self {
            Self::List(elements) | Self::Set(elements) => Some(elements),
            _ => None,
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Self {
        Self::Number(number)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number.into())
    }
}

impl From<Object> for Value {
    fn from(members: Object) -> Self {
        Self::Map(members)
    }
}

/// Text in normalization form C, in which Terraform keeps and compares it.
fn normalized(text: &str) -> String {
    text.nfc().collect()
}
