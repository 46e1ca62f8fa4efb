//! Values as they travel between Terraform and a provider: msgpack, read and written by a type.
//!
//! The rules are those of Terraform's own coder (go-cty's `msgpack` package), down to the bytes.

mod decode;
mod encode;
mod refinement;
mod scalars;

use super::Value;
use crate::Type;
use crate::value_error::ValueError;

/// The code of the msgpack extension that is an unknown value with something known of it. Any
/// other code is an unknown value of which nothing is known.
const REFINED: i8 = 12;

impl Value {
    /// Reads msgpack as a value of that type.
    ///
    /// Takes what any Terraform writes: numbers as integers, floats or text, an extension of any
    /// code as an unknown value. An attribute that is missing is null.
    ///
    /// # Errors
    ///
    /// Anything that is no value of the type, infinite numbers, and nesting that no schema asks
    /// for.
    pub fn from_msgpack(r#type: &Type, bytes: &[u8]) -> Result<Self, ValueError> {
        decode::whole(r#type, bytes)
    }

    /// Writes the value as that type, in the most compact form.
    ///
    /// An object has exactly the attributes of its type: one that the value lacks is written as
    /// null.
    ///
    /// # Errors
    ///
    /// A value that is not of the type, which an object with an attribute too many is not.
    pub fn to_msgpack(&self, r#type: &Type) -> Result<Vec<u8>, ValueError> {
        let mut bytes = Vec::new();
        encode::write_value(&mut bytes, r#type, self)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests;
