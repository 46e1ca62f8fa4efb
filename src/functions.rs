//! Provider functions: pure, without configuration or service.

use std::collections::BTreeMap;

use tfplugin::{Function, FunctionError, Object, Parameter, Type, Value};

use crate::connection::Connection;
use crate::resources::NAMED;

/// A function: what it is, and what it does.
struct Entry {
    name: &'static str,
    signature: fn() -> Function,
    call: fn(&[Value]) -> Result<Value, FunctionError>,
}

const ALL: &[Entry] = &[
    Entry { name: "parse_name", signature: parse_name_signature, call: parse_name },
    Entry { name: "connection_uri", signature: connection_uri_signature, call: connection_uri },
];

/// The signatures, by name.
pub fn signatures() -> BTreeMap<String, Function> {
    ALL.iter().map(|function| (function.name.to_owned(), (function.signature)())).collect()
}

/// Calls the function of that name.
pub fn call(name: &str, arguments: &[Value]) -> Result<Value, FunctionError> {
    let Some(entry) = ALL.iter().find(|it| it.name == name) else {
        let text = format!("There is no function `{name}`.");
        return Err(FunctionError { text, argument: None });
    };
    (entry.call)(arguments)
}

fn parse_name_signature() -> Function {
    let attributes = NAMED.iter().flat_map(|address| {
        let noun = address.noun();
        [(noun.to_owned(), Type::String), (format!("{noun}_id"), Type::String)]
    });
    Function {
        summary: "Parses a Lakebase resource name".to_owned(),
        description: "Returns the resource names and IDs that a resource name such as \
                      `projects/shop/branches/production/endpoints/primary` contains: an object \
                      with `project`, `project_id`, `branch`, `branch_id`, `endpoint`, \
                      `endpoint_id`, `role`, `role_id`, `database` and `database_id`. Attributes \
                      that the name does not contain are null."
            .to_owned(),
        parameters: vec![parameter(
            "name",
            "Resource name of a project, branch, endpoint, role or database.",
        )],
        variadic: None,
        returns: Type::Object(attributes.collect()),
    }
}

fn parse_name(arguments: &[Value]) -> Result<Value, FunctionError> {
    let name = text(arguments, 0);
    let wrong = || FunctionError {
        text: format!(
            "`{name}` is not a valid resource name. Expected a format such as `projects/{{project_id}}`, \
             `projects/{{project_id}}/branches/{{branch_id}}` or \
             `projects/{{project_id}}/branches/{{branch_id}}/endpoints/{{endpoint_id}}`"
        ),
        argument: Some(0),
    };
    if !NAMED.iter().any(|address| address.matches(name)) {
        return Err(wrong());
    }
    let parts = NAMED.iter().flat_map(|address| {
        let found = address.find(name);
        let id = found.and_then(|outer| address.split(outer)?.id);
        let noun = address.noun();
        let value = |text: Option<&str>| text.map_or(Value::Null, Value::from);
        [(noun.to_owned(), value(found)), (format!("{noun}_id"), value(id))]
    });
    Ok(Value::Map(parts.collect::<Object>()))
}

fn connection_uri_signature() -> Function {
    Function {
        summary: "Builds a PostgreSQL connection URI".to_owned(),
        description: "Returns `postgresql://user@host:5432/database?sslmode=require`, with the \
                      user and the database percent-encoded. The URI contains no password: set \
                      `PGPASSWORD`, or use the ephemeral resource `lakebase_connection`."
            .to_owned(),
        parameters: vec![
            parameter(
                "host",
                "Host name: the attribute `host`, `pooled_host`, `read_only_host` or `read_only_pooled_host` of an endpoint.",
            ),
            parameter("database", "PostgreSQL name of the database."),
            parameter("user", "PostgreSQL name of the role to log in as."),
        ],
        variadic: None,
        returns: Type::String,
    }
}

fn connection_uri(arguments: &[Value]) -> Result<Value, FunctionError> {
    let host = text(arguments, 0);
    if host.is_empty() || host.contains(['/', '@', ':', '?', '#', ' ']) {
        let text = format!("`{host}` is not a valid host name");
        return Err(FunctionError { text, argument: Some(0) });
    }
    let connection = Connection {
        host: host.to_owned(),
        database: text(arguments, 1).to_owned(),
        user: text(arguments, 2).to_owned(),
    };
    Ok(connection.uri(None).into())
}

fn parameter(name: &str, description: &str) -> Parameter {
    Parameter {
        name: name.to_owned(),
        r#type: Type::String,
        allow_null: false,
        description: description.to_owned(),
    }
}

/// The text of an argument; core has checked its type, and that it is neither null nor unknown.
fn text(arguments: &[Value], index: usize) -> &str {
    arguments.get(index).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_name_returns_the_components() {
        let parsed = call("parse_name", &["projects/p/branches/b/endpoints/e".into()]).unwrap();
        let Value::Map(parsed) = parsed else { panic!("{parsed:?}") };
        let text = |key: &str| parsed[key].as_str();
        assert_eq!(text("project_id"), Some("p"));
        assert_eq!(text("branch"), Some("projects/p/branches/b"));
        assert_eq!(text("endpoint"), Some("projects/p/branches/b/endpoints/e"));
        assert_eq!(parsed["role"], Value::Null);
    }

    #[test]
    fn invalid_name_is_rejected_with_the_valid_formats() {
        for wrong in ["", "p", "projects/", "projects/p/branches", "branches/b"] {
            let error = call("parse_name", &[wrong.into()]).unwrap_err();
            assert_eq!(error.argument, Some(0));
            assert!(error.text.contains("projects/{project_id}"), "{}", error.text);
        }
    }

    #[test]
    fn a_uri_needs_a_host() {
        let error = call("connection_uri", &["a/b".into(), "d".into(), "u".into()]).unwrap_err();
        assert_eq!(error.text, "`a/b` is not a valid host name");
    }
}
