//! Terraform's types.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::value_error::ValueError;

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

impl Type {
    /// The type as Terraform writes it, in schemas and with dynamic values: `["list","string"]`.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Bool => json!("bool"),
            Self::Number => json!("number"),
            Self::String => json!("string"),
            Self::Dynamic => json!("dynamic"),
            Self::List(element) => json!(["list", element.to_json()]),
            Self::Set(element) => json!(["set", element.to_json()]),
            Self::Map(element) => json!(["map", element.to_json()]),
            Self::Object(attributes) => {
                let attributes =
                    attributes.iter().map(|(name, r#type)| (name.clone(), r#type.to_json()));
                json!(["object", Json::Object(attributes.collect())])
            }
            Self::Tuple(types) => {
                json!(["tuple", types.iter().map(Self::to_json).collect::<Json>()])
            }
        }
    }

    /// Whether a value of this type carries a type of its own anywhere.
    pub(crate) fn has_dynamic(&self) -> bool {
        match self {
            Self::Dynamic => true,
            Self::Bool | Self::Number | Self::String => false,
            Self::List(element) | Self::Set(element) | Self::Map(element) => element.has_dynamic(),
            Self::Object(attributes) => attributes.values().any(Self::has_dynamic),
            Self::Tuple(types) => types.iter().any(Self::has_dynamic),
        }
    }

    /// Reads what [`Type::to_json`] writes. That some attributes of an object are optional, which
    /// Terraform may say in a third element, is checked and forgotten.
    ///
    /// # Errors
    ///
    /// Anything else. The path is empty: types have no paths.
    pub fn from_json(json: &Json) -> Result<Self, ValueError> {
        let parts = match json {
            Json::String(_) => std::slice::from_ref(json),
            Json::Array(parts) => parts.as_slice(),
            _ => &[],
        };
        let boxed = |it| Self::from_json(it).map(Box::new);
        match (parts.first().and_then(Json::as_str), parts.get(1..).unwrap_or_default()) {
            (Some("bool"), []) if json.is_string() => Ok(Self::Bool),
            (Some("number"), []) if json.is_string() => Ok(Self::Number),
            (Some("string"), []) if json.is_string() => Ok(Self::String),
            (Some("dynamic"), []) if json.is_string() => Ok(Self::Dynamic),
            (Some("list"), [element]) => boxed(element).map(Self::List),
            (Some("set"), [element]) => boxed(element).map(Self::Set),
            (Some("map"), [element]) => boxed(element).map(Self::Map),
            (Some("object"), [Json::Object(attributes), optional @ ..])
                if are_names_of(optional, attributes) =>
            {
                let attributes = attributes.iter();
                let typed =
                    attributes.map(|(name, r#type)| Ok((name.clone(), Self::from_json(r#type)?)));
                typed.collect::<Result<_, _>>().map(Self::Object)
            }
            (Some("tuple"), [Json::Array(types)]) => {
                types.iter().map(Self::from_json).collect::<Result<_, _>>().map(Self::Tuple)
            }
            _ => Err(ValueError::new("the JSON of a type is malformed")),
        }
    }
}

/// Whether that is nothing, or one list of names of these attributes.
fn are_names_of(optional: &[Json], attributes: &serde_json::Map<String, Json>) -> bool {
    match optional {
        [] => true,
        [Json::Array(names)] => {
            names.iter().all(|name| name.as_str().is_some_and(|it| attributes.contains_key(it)))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object<const N: usize>(attributes: [(&str, Type); N]) -> Type {
        Type::Object(attributes.map(|(name, r#type)| (name.to_owned(), r#type)).into())
    }

    #[test]
    fn types_are_written_and_read_as_terraform_does() {
        let string = || Box::new(Type::String);
        for (r#type, json) in [
            (Type::String, r#""string""#),
            (Type::Number, r#""number""#),
            (Type::Bool, r#""bool""#),
            (Type::Dynamic, r#""dynamic""#),
            (Type::List(string()), r#"["list","string"]"#),
            (Type::Set(string()), r#"["set","string"]"#),
            (Type::Map(Box::new(Type::List(string()))), r#"["map",["list","string"]]"#),
            (Type::Tuple(vec![Type::Bool, Type::Number]), r#"["tuple",["bool","number"]]"#),
            (Type::Tuple(vec![]), r#"["tuple",[]]"#),
            (
                object([("b", Type::Bool), ("a", Type::String)]),
                r#"["object",{"a":"string","b":"bool"}]"#,
            ),
            (object([]), r#"["object",{}]"#),
        ] {
            assert_eq!(r#type.to_json().to_string(), json);
            assert_eq!(Type::from_json(&r#type.to_json()), Ok(r#type));
        }
    }

    #[test]
    fn optional_attributes_are_accepted_and_forgotten() {
        let json = json!(["object", {"a": "string"}, ["a"]]);
        assert_eq!(Type::from_json(&json), Ok(object([("a", Type::String)])));
    }

    #[test]
    fn malformed_types_are_errors() {
        for json in [
            json!(null),
            json!(1),
            json!({}),
            json!([]),
            json!("text"),
            json!("list"),
            json!(["string"]),
            json!(["list"]),
            json!(["list", "string", "string"]),
            json!(["list", "text"]),
            json!(["object"]),
            json!(["object", []]),
            json!(["object", {"a": 1}]),
            json!(["object", {"a": "string"}, "a"]),
            json!(["object", {"a": "string"}, ["b"]]),
            json!(["object", {"a": "string"}, ["a"], []]),
            json!(["tuple", {}]),
        ] {
            assert!(Type::from_json(&json).is_err(), "{json}");
        }
    }
}
