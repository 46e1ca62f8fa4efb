//! Terraform's types.

use std::collections::BTreeMap;

/// The type of a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// `true` or `false`.
    Bool,
    /// A decimal number of any size.
    Number,
    /// Unicode text, in normalization form C.
    String,
    /// Any type; a value carries its own.
    Dynamic,
    /// Elements of one type, in order.
    List(Box<Type>),
    /// Different elements of one type, without order.
    Set(Box<Type>),
    /// Elements of one type under keys.
    Map(Box<Type>),
    /// A value for each of a fixed set of names.
    Object(BTreeMap<String, Type>),
    /// A value for each of a fixed number of places.
    Tuple(Vec<Type>),
}
