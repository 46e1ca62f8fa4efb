//! The protocol's small messages, from and to the crate's own types.

use serde_json::Value as Json;

use crate::generated::tfplugin6::attribute_path::{self, step::Selector};
use crate::generated::tfplugin6::{
    AttributePath, Diagnostic as WireDiagnostic, DynamicValue, RawState, ResourceIdentityData,
    diagnostic,
};
use crate::{Diagnostic, Diagnostics, Object, Path, Severity, Step, Type, Value};

/// Reads a value. An absent message and an empty one are null.
pub(super) fn value(
    what: &str,
    r#type: &Type,
    message: Option<DynamicValue>,
) -> Result<Value, Diagnostic> {
    let DynamicValue { msgpack, json } = message.unwrap_or_default();
    if !msgpack.is_empty() {
        return Value::from_msgpack(r#type, &msgpack)
            .map_err(|error| unreadable(what, error.path(), &error.to_string()));
    }
    if json.is_empty() {
        return Ok(Value::Null);
    }
    let json: Json = serde_json::from_slice(&json)
        .map_err(|error| unreadable(what, &Path::default(), &error.to_string()))?;
    Value::from_json(r#type, &json)
        .map_err(|error| unreadable(what, error.path(), &error.to_string()))
}

/// Reads an object that may be null.
pub(super) fn optional(
    what: &str,
    r#type: &Type,
    message: Option<DynamicValue>,
) -> Result<Option<Object>, Diagnostic> {
    match value(what, r#type, message)? {
        Value::Null => Ok(None),
        Value::Map(it) => Ok(Some(it)),
        _ => Err(unreadable(what, &Path::default(), "the whole object is unknown")),
    }
}

/// Reads an object that must be there.
pub(super) fn required(
    what: &str,
    r#type: &Type,
    message: Option<DynamicValue>,
) -> Result<Object, Diagnostic> {
    let object = optional(what, r#type, message)?;
    object.ok_or_else(|| unreadable(what, &Path::default(), "it is null"))
}

/// Reads an identity, which may be absent. One of a resource without identities is dropped.
pub(super) fn identity(
    r#type: Option<&Type>,
    message: Option<ResourceIdentityData>,
) -> Result<Option<Object>, Diagnostic> {
    match (r#type, message) {
        (Some(r#type), Some(identity)) => optional("identity", r#type, identity.identity_data),
        _ => Ok(None),
    }
}

/// Reads what is stored: JSON, null where nothing is.
pub(super) fn stored(what: &str, message: Option<RawState>) -> Result<Json, Diagnostic> {
    let RawState { json, flatmap } = message.unwrap_or_default();
    if !flatmap.is_empty() {
        return Err(Diagnostic::error(
            "State of an old format",
            format!(
                "The {what} was stored by Terraform 0.11 or older, in a format that this provider \
                 never wrote. Remove the object from the state and import it again."
            ),
        ));
    }
    if json.is_empty() {
        return Ok(Json::Null);
    }
    serde_json::from_slice(&json)
        .map_err(|error| unreadable(what, &Path::default(), &error.to_string()))
}

/// The null of any type.
pub(super) fn null() -> DynamicValue {
    DynamicValue { msgpack: vec![0xc0], json: Vec::new() }
}

pub(super) fn diagnostics(diagnostics: Diagnostics) -> Vec<WireDiagnostic> {
    diagnostics.into_iter().map(diagnostic).collect()
}

pub(super) fn diagnostic(diagnostic: Diagnostic) -> WireDiagnostic {
    let severity = match diagnostic.severity {
        Severity::Error => diagnostic::Severity::Error,
        Severity::Warning => diagnostic::Severity::Warning,
    };
    let whole = diagnostic.path.steps().is_empty();
    WireDiagnostic {
        severity: severity.into(),
        summary: diagnostic.summary,
        detail: diagnostic.detail,
        attribute: if whole { None } else { Some(path(&diagnostic.path)) },
    }
}

pub(super) fn path(path: &Path) -> AttributePath {
    let steps = path.steps().iter().cloned().map(|step| {
        let selector = match step {
            Step::Attribute(name) => Selector::AttributeName(name),
            Step::Index(index) => Selector::ElementKeyInt(index),
            Step::Key(key) => Selector::ElementKeyString(key),
        };
        attribute_path::Step { selector: Some(selector) }
    });
    AttributePath { steps: steps.collect() }
}

fn unreadable(what: &str, path: &Path, problem: &str) -> Diagnostic {
    // What was stored may be another version's; what a configuration says was checked by Terraform.
    let is_stored = what.ends_with("state") || what.ends_with("identity");
    let advice = if is_stored {
        "If the provider was downgraded, use the version that wrote the state; otherwise this is a \
         bug in the provider."
    } else {
        "This is a bug in the provider."
    };
    let detail = format!(
        "The {what} that Terraform sent does not fit the provider's schema: {problem}. {advice}"
    );
    Diagnostic::error(format!("Unreadable {what}"), detail).at(path.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn diagnostics_carry_severity_and_path_or_no_path_at_all() {
        let at = Path::root("a").index(3).key("k").attribute("b");
        let warning = diagnostic(Diagnostic::warning("s", "d").at(at));
        let selectors = warning.attribute.into_iter().flat_map(|it| it.steps);
        assert_eq!(
            selectors.filter_map(|it| it.selector).collect::<Vec<_>>(),
            [
                Selector::AttributeName("a".to_owned()),
                Selector::ElementKeyInt(3),
                Selector::ElementKeyString("k".to_owned()),
                Selector::AttributeName("b".to_owned()),
            ]
        );
        assert_eq!(warning.severity, 2);
        let error = diagnostic(Diagnostic::error("s", "d"));
        assert_eq!((error.severity, error.attribute), (1, None));
    }

    #[test]
    fn an_absent_value_an_empty_one_and_nil_are_null() {
        for message in [None, Some(DynamicValue::default()), Some(null())] {
            assert_eq!(value("state", &Type::String, message), Ok(Value::Null));
        }
    }

    #[test]
    fn a_value_may_come_as_json() {
        let message = DynamicValue { msgpack: Vec::new(), json: b"\"x\"".to_vec() };
        assert_eq!(value("state", &Type::String, Some(message)), Ok("x".into()));
    }

    #[test]
    fn only_what_is_stored_may_have_been_written_by_another_version() {
        let garbage = || Some(DynamicValue { msgpack: vec![0xc1], json: Vec::new() });
        for (what, is_stored) in [
            ("state", true),
            ("prior state", true),
            ("identity", true),
            ("configuration", false),
            ("argument", false),
        ] {
            let error = value(what, &Type::String, garbage()).expect_err("it is garbage");
            assert_eq!(error.detail.contains("wrote the state"), is_stored, "{what}: {error:?}");
        }
    }
}
