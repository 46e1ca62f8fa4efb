//! Brings stored states of older schemas into the current one.
//!
//! A state remembers the version of the schema that it was stored with. For each older version, a
//! table has one function that makes a state of the next version of it; they run one after the
//! other. Start reading at [`stored`].

use serde_json::Value as Json;
use tfplugin::{Diagnostic, Object, Value};

use super::schema;
use super::table::Table;

/// A stored state in the current schema.
///
/// *Errors.* A state of a version that this program does not know, or that is not of its version.
pub fn stored(table: &Table, version: i64, state: &Json) -> Result<Object, Diagnostic> {
    let type_name = table.type_name;
    let older = usize::try_from(version).ok().filter(|it| *it <= table.upgrades.len());
    let Some(older) = older else {
        return Err(Diagnostic::error(
            format!("State of `{type_name}` was written by a newer provider version"),
            format!(
                "The state has schema version {version}. This provider version supports versions up \
                 to {}. Use the provider version that wrote the state, or a newer one.",
                table.version()
            ),
        ));
    };
    let upgraded = table.upgrades[older..].iter().fold(state.clone(), |state, next| next(state));
    match Value::from_json(&schema::resource(table).block.r#type(), &upgraded) {
        Ok(Value::Map(object)) => Ok(object),
        Ok(_) => Err(unreadable(type_name, version, "it is not an object")),
        Err(error) => Err(unreadable(type_name, version, &error.to_string())),
    }
}

fn unreadable(type_name: &str, version: i64, why: &str) -> Diagnostic {
    let summary = format!("Could not read the state of `{type_name}`");
    Diagnostic::error(summary, format!("The state has schema version {version}: {why}."))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::address::Address;
    use crate::model::field::{Field, Int, Text};
    use crate::model::life::{HasCompute, Life};
    use crate::model::table::Timeouts;

    /// A thing whose size was called `width` in version 0, and was text in version 1.
    static TABLE: Table = Table {
        type_name: "lakebase_thing",
        noun: "thing",
        address: Address::top_level("things", "thing_id"),
        life: Life::OBJECT,
        compute: HasCompute::No,
        holds: &[],
        upgrades: &[
            |mut state| {
                state["size"] = state["width"].take();
                state.as_object_mut().map(|it| it.remove("width"));
                state
            },
            |mut state| {
                state["size"] =
                    state["size"].as_str().and_then(|text| text.parse::<i64>().ok()).into();
                state
            },
        ],
        counterpart: "",
        doc: "A thing.",
        timeouts: Timeouts { create: "1m", read: "1m", update: "1m", delete: "1m" },
        fields: &[
            Field::<Text>::id("thing_id").doc("The ID.").any(),
            Field::<Int>::spec("size").doc("The size.").any(),
        ],
        readings: &[],
    };

    #[test]
    fn stored_state_of_each_older_version_becomes_one_of_the_newest() {
        let expected: Object =
            [("thing_id".to_owned(), "t".into()), ("size".to_owned(), 3_i64.into())].into();
        for (version, stored) in [
            (0, json!({"thing_id": "t", "width": "3"})),
            (1, json!({"thing_id": "t", "size": "3"})),
            (2, json!({"thing_id": "t", "size": 3})),
        ] {
            assert_eq!(super::stored(&TABLE, version, &stored), Ok(expected.clone()), "{version}");
        }
        assert_eq!(TABLE.version(), 2);
    }

    #[test]
    fn stored_state_of_a_newer_version_names_the_way_out() {
        for version in [3, -1] {
            let error = stored(&TABLE, version, &json!({})).expect_err("an unknown version");
            assert!(error.detail.contains("up to 2"), "{}", error.detail);
        }
        let error = stored(&TABLE, 2, &json!({"size": "large"})).expect_err("another type");
        assert_eq!(error.summary, "Could not read the state of `lakebase_thing`");
    }
}
