//! Checks the choices of a configuration: of the arms of each, at most one is set, or exactly one.

use tfplugin::{Diagnostic, Diagnostics, Object, Path, Value};

use crate::model::field::{AnyField, Given};

/// Of the arms of a choice, at most one is set. A flag that is `false` sets nothing.
pub(super) fn check(
    fields: &'static [AnyField],
    config: &Object,
    path: &Path,
    sink: &mut Diagnostics,
) {
    for (at, field) in fields.iter().enumerate() {
        let is_null = |field: &AnyField| config.get(field.name).is_none_or(Value::is_null);
        let refuses = config.get(field.name) == Some(&Value::Bool(false));
        if field.unless_chosen && refuses && field.siblings(fields).all(is_null) {
            let others = field.siblings(fields).map(|it| format!("`{}`", it.name));
            let others = others.collect::<Vec<_>>().join(" or ");
            let detail = format!(
                "`false` requires another setting: set {others}, or remove `{}`.",
                field.name
            );
            let path = path.attribute(field.name);
            sink.push(Diagnostic::error(format!("Invalid `{path}`"), detail).at(path));
        }
        let is_first = field.siblings(&fields[..at]).next().is_none();
        let mut arms = field.siblings(fields).chain([field]);
        if field.one_is_required && is_first && arms.all(is_null) {
            let arms = field.siblings(fields).chain([field]).map(|it| format!("`{}`", it.name));
            let mut arms: Vec<_> = arms.collect();
            arms.rotate_right(1);
            let detail = format!("One of {} must be set.", arms.join(", "));
            sink.push(Diagnostic::error(format!("Invalid `{path}`"), detail).at(path.clone()));
        }
        for other in field.siblings(&fields[at..]) {
            if sets(config, field) && sets(config, other) {
                let detail = format!(
                    "`{}` and `{}` cannot be set together: set only one of them.",
                    field.name, other.name
                );
                let path = path.attribute(other.name);
                sink.push(Diagnostic::error(format!("Conflicting `{path}`"), detail).at(path));
            }
        }
    }
}

/// Whether an object sets an arm of a choice to a known value that means something.
pub fn sets(object: &Object, arm: &AnyField) -> bool {
    match object.get(arm.name) {
        Some(Value::Bool(flag)) => *flag,
        Some(value) => value.is_known() && arm.given != Given::Server,
        None => false,
    }
}
