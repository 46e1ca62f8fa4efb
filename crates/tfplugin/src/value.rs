//! Terraform's values, as a tree.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use bigdecimal::{BigDecimal, ToPrimitive};

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
    /// Text.
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
            Self::List(it) | Self::Set(it) => it.iter().all(Self::is_wholly_known),
            Self::Map(it) => it.values().all(Self::is_wholly_known),
            Self::Dynamic(it) => it.1.is_wholly_known(),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => true,
        }
    }

    /// The text, if the value is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(it) => Some(it),
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
            Self::List(it) | Self::Set(it) => Some(it),
            _ => None,
        }
    }
}

impl From<bool> for Value {
    fn from(it: bool) -> Self {
        Self::Bool(it)
    }
}

impl From<&str> for Value {
    fn from(it: &str) -> Self {
        Self::String(it.to_owned())
    }
}

impl From<String> for Value {
    fn from(it: String) -> Self {
        Self::String(it)
    }
}

impl From<Number> for Value {
    fn from(it: Number) -> Self {
        Self::Number(it)
    }
}

impl From<i64> for Value {
    fn from(it: i64) -> Self {
        Self::Number(it.into())
    }
}

impl From<Object> for Value {
    fn from(it: Object) -> Self {
        Self::Map(it)
    }
}

/// A decimal number of any size. No digit of a configured number is ever lost.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(BigDecimal);

impl Number {
    /// The number that the shortest decimal text of a finite `f64` spells, so that `0.1` is 0.1.
    pub fn from_f64(it: f64) -> Option<Self> {
        if it.is_finite() { it.to_string().parse().ok() } else { None }
    }

    /// The number as an `i64`, if it is a whole number of that size.
    pub fn as_i64(&self) -> Option<i64> {
        if self.0.is_integer() { self.0.to_i64() } else { None }
    }

    /// The nearest `f64`.
    pub fn as_f64(&self) -> f64 {
        self.0.to_f64().unwrap_or(f64::NAN)
    }
}

impl From<i64> for Number {
    fn from(it: i64) -> Self {
        Self(it.into())
    }
}

impl FromStr for Number {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number: BigDecimal = text.parse().map_err(|_| format!("`{text}` is not a number"))?;
        Ok(Self(number.normalized()))
    }
}

/// Plain decimal text, without an exponent.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_plain_string())
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
