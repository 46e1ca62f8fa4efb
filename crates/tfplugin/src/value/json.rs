//! Values as Terraform stores them: JSON, read by a type that may be newer than what was stored.

use serde_json::{Value as Json, json};

use super::{Number, Value, normalized};
use crate::value_error::ValueError;
use crate::{Step, Type};

impl Value {
    /// Reads stored JSON as a value of that type, as leniently as Terraform converts values.
    ///
    /// An attribute that is missing is null, one that the type does not know is dropped, and
    /// primitive values are converted: `"5"` to a number, `5` to text, `"true"` to a bool.
    /// Numbers keep every digit.
    ///
    /// # Errors
    ///
    /// What cannot be converted, with its path.
    pub fn from_json(r#type: &Type, json: &Json) -> Result<Self, ValueError> {
        decode(r#type, json)
    }

    /// The value as Terraform stores it. JSON knows nothing unknown: null stands for it.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Null | Self::Unknown(_) => Json::Null,
            Self::Bool(it) => Json::Bool(*it),
            Self::Number(number) => {
                Json::Number(number.to_string().parse().expect("decimal text is a JSON number"))
            }
            Self::String(text) => Json::String(text.clone()),
            Self::List(elements) | Self::Set(elements) => {
                elements.iter().map(Self::to_json).collect()
            }
            Self::Map(members) => {
                members.iter().map(|(name, value)| (name.clone(), value.to_json())).collect()
            }
            Self::Dynamic(pair) => {
                let (r#type, value) = &**pair;
                json!({ "value": value.to_json(), "type": r#type.to_json() })
            }
        }
    }
}

/// The recursion is bounded by that of the JSON, which `serde_json` bounds when it reads text.
fn decode(r#type: &Type, json: &Json) -> Result<Value, ValueError> {
    match (r#type, json) {
        (_, Json::Null) => Ok(Value::Null),
        (Type::Bool, _) => match json {
            Json::Bool(it) => Ok(Value::Bool(*it)),
            Json::String(text) if text == "true" || text == "1" => Ok(Value::Bool(true)),
            Json::String(text) if text == "false" || text == "0" => Ok(Value::Bool(false)),
            _ => Err(expected("a bool", json)),
        },
        (Type::Number, Json::Number(it)) => number(&it.to_string()),
        (Type::Number, Json::String(text)) => number(text),
        (Type::Number, _) => Err(expected("a number", json)),
        (Type::String, _) => match json {
            Json::String(text) => Ok(Value::String(normalized(text))),
            Json::Bool(it) => Ok(Value::String(it.to_string())),
            Json::Number(decimal) => match number(&decimal.to_string())? {
                Value::Number(number) => Ok(Value::String(number.to_string())),
                other => Ok(other),
            },
            _ => Err(expected("a string", json)),
        },
        (Type::Dynamic, _) => {
            let (Some(value), Some(r#type)) = (json.get("value"), json.get("type")) else {
                return Err(expected("an object of `value` and `type`", json));
            };
            let r#type = Type::from_json(r#type)?;
            let value = decode(&r#type, value)?;
            Ok(Value::Dynamic(Box::new((r#type, value))))
        }
        (Type::List(element), Json::Array(values)) => elements(element, values).map(Value::List),
        (Type::Set(element), Json::Array(values)) => {
            elements(element, values).map(Value::set).map_err(ValueError::within_set)
        }
        (Type::Tuple(types), Json::Array(values)) if types.len() == values.len() => {
            let places = types.iter().zip(values).enumerate();
            let elements = places.map(|(at, (r#type, value))| {
                decode(r#type, value).map_err(|error| error.within_index(at))
            });
            elements.collect::<Result<_, _>>().map(Value::List)
        }
        (Type::Tuple(types), Json::Array(values)) => {
            let problem = format!("{} elements are expected, not {}", types.len(), values.len());
            Err(ValueError::new(problem))
        }
        (Type::List(_) | Type::Set(_) | Type::Tuple(_), _) => Err(expected("an array", json)),
        (Type::Map(element), Json::Object(members)) => {
            let members = members.iter().map(|(key, value)| {
                let value =
                    decode(element, value).map_err(|error| error.within(Step::Key(key.clone())))?;
                Ok((normalized(key), value))
            });
            members.collect::<Result<_, _>>().map(Value::Map)
        }
        (Type::Object(attributes), Json::Object(members)) => {
            let members = attributes.iter().map(|(name, r#type)| {
                let value = decode(r#type, members.get(name).unwrap_or(&Json::Null))
                    .map_err(|error| error.within(Step::Attribute(name.clone())))?;
                Ok((name.clone(), value))
            });
            members.collect::<Result<_, _>>().map(Value::Map)
        }
        (Type::Map(_) | Type::Object(_), _) => Err(expected("an object", json)),
    }
}

fn elements(element: &Type, json: &[Json]) -> Result<Vec<Value>, ValueError> {
    let json = json.iter().enumerate();
    json.map(|(at, value)| decode(element, value).map_err(|error| error.within_index(at))).collect()
}

fn number(text: &str) -> Result<Value, ValueError> {
    text.parse::<Number>().map(Value::Number).map_err(ValueError::new)
}

/// Says what the JSON is, but not what it says: values may be secret.
fn expected(what: &str, found: &Json) -> ValueError {
    let found = match found {
        Json::Null => "null",
        Json::Bool(_) => "a bool",
        Json::Number(_) => "a number",
        Json::String(_) => "text",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    };
    ValueError::new(format!("{what} is expected, not {found}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::strategies;
    use super::*;

    fn read(r#type: &str, json: &str) -> Result<String, String> {
        let r#type = serde_json::from_str(r#type).expect("the type is JSON");
        let r#type = Type::from_json(&r#type).expect("the type is a type");
        let json = serde_json::from_str(json).expect("the value is JSON");
        let value = Value::from_json(&r#type, &json).map_err(|it| it.to_string())?;
        Ok(value.to_json().to_string())
    }

    #[test]
    fn stored_values_convert_as_leniently_as_terraform_does() {
        for (r#type, stored, value) in [
            (r#""bool""#, "true", "true"),
            (r#""bool""#, r#""true""#, "true"),
            (r#""bool""#, r#""0""#, "false"),
            (r#""number""#, "5", "5"),
            (r#""number""#, r#""5.50""#, "5.5"),
            (r#""string""#, "5.50", r#""5.5""#),
            (r#""string""#, "true", r#""true""#),
            (r#""string""#, "\"e\u{301}\"", "\"\u{e9}\""),
            (r#""string""#, "null", "null"),
            (r#"["list","string"]"#, r#"["a",1]"#, r#"["a","1"]"#),
            (r#"["set","string"]"#, r#"["b","a","b"]"#, r#"["a","b"]"#),
            (r#"["map","number"]"#, r#"{"a":"1","b":null}"#, r#"{"a":1,"b":null}"#),
            (r#"["tuple",["bool","string"]]"#, r#"[true,"x"]"#, r#"[true,"x"]"#),
            (
                r#""dynamic""#,
                r#"{"value":["x"],"type":["list","string"]}"#,
                r#"{"type":["list","string"],"value":["x"]}"#,
            ),
            (r#""dynamic""#, "null", "null"),
        ] {
            assert_eq!(read(r#type, stored).as_deref(), Ok(value), "{stored} as {type}");
        }
    }

    #[test]
    fn protocol_23_stored_numbers_keep_every_digit() {
        for text in ["9007199254740993", "18446744073709551617", "0.12345678901234567890123"] {
            assert_eq!(read(r#""number""#, text).as_deref(), Ok(text));
        }
    }

    #[test]
    fn a_missing_attribute_is_null_and_an_unknown_one_is_dropped() {
        let read = read(r#"["object",{"a":"string","b":"string"}]"#, r#"{"a":"x","c":1}"#);
        assert_eq!(read.as_deref(), Ok(r#"{"a":"x","b":null}"#));
    }

    #[test]
    fn failed_conversion_reports_path_without_value() {
        for (r#type, stored, error) in [
            (r#""bool""#, r#""secret""#, "a bool is expected, not text"),
            (r#""number""#, r#""secret""#, "the text is not a decimal number"),
            (r#""number""#, "1e999999999", "a number of more than 4096 digits is too large"),
            (r#""string""#, "[]", "a string is expected, not an array"),
            (r#"["list","number"]"#, "[1,{}]", "`[1]`: a number is expected, not an object"),
            (
                r#"["object",{"a":["map","bool"]}]"#,
                r#"{"a":{"k":5}}"#,
                r#"`a["k"]`: a bool is expected, not a number"#,
            ),
            (
                r#"["object",{"a":["set","bool"]}]"#,
                r#"{"a":[5]}"#,
                "`a`: a bool is expected, not a number",
            ),
            (r#"["tuple",["bool"]]"#, "[]", "1 elements are expected, not 0"),
            (r#"["list","bool"]"#, "{}", "an array is expected, not an object"),
            (r#"["map","bool"]"#, "[]", "an object is expected, not an array"),
            (r#""dynamic""#, "5", "an object of `value` and `type` is expected, not a number"),
            (r#""dynamic""#, r#"{"value":1,"type":"x"}"#, "the JSON of a type is malformed"),
        ] {
            assert_eq!(read(r#type, stored), Err(error.to_owned()), "{stored} as {type}");
        }
    }

    proptest! {
        #[test]
        fn stored_value_round_trips((r#type, value) in strategies::known_values()) {
            prop_assert_eq!(Value::from_json(&r#type, &value.to_json()), Ok(value));
        }
    }
}
