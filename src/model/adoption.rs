//! An existing object and a planned create to the reasons why the create cannot adopt the object.
//!
//! Both the plan, which may have read the object, and the apply ask, so that an apply meets no reason
//! that its plan did not name. Start reading at [`refusals`].

use serde_json::Value as Json;
use tfplugin::{Diagnostic, Diagnostics, Object, Value};

use super::field::{AnyField, Check, Place};
use super::plan::PlanContext;
use super::table::{Change, Resource, Settings};
use super::{decode, meaning};

/// Why an object that exists cannot be adopted as it is planned: it is another one, or it would
/// become what no plan of an update accepts. An apply, which does not see the configuration, gives
/// the planned object for it.
pub fn refusals(
    resource: &dyn Resource,
    existing: &Json,
    planned: &Object,
    config: &Object,
    occasion: &PlanContext<'_>,
) -> Diagnostics {
    let PlanContext { settings, now, .. } = *occasion;
    if let Some(another) = is_another(resource, existing, planned, settings) {
        return another.into();
    }
    // An adoption is an update whose prior state is the object as it is.
    let known = decode::complete(planned, &Object::new());
    let before = decode::state(resource, existing, &known, settings);
    let planned = merged(planned, &before, config);
    let mut update = Change { prior: Some(&before), config, planned, settings, now };
    let mut found = Diagnostics::new();
    resource.plan(&mut update, &mut found);
    found.into_iter().filter(Diagnostic::is_error).collect()
}

/// The planned object, with the values of the existing one where the service decides. What the
/// configuration leaves unknown stays unknown.
fn merged(planned: &Object, before: &Object, config: &Object) -> Object {
    let (null, empty) = (&Value::Null, &Object::new());
    let merged = planned.iter().map(|(name, planned)| {
        let before = before.get(name).unwrap_or(null);
        let value = match (planned, config.get(name).unwrap_or(null)) {
            (_, Value::Unknown(_)) => Value::unknown(),
            (Value::Map(planned), config) => Value::Map(merged(
                planned,
                before.as_map().unwrap_or(empty),
                config.as_map().unwrap_or(empty),
            )),
            (Value::Unknown(_), _) => before.clone(),
            (planned, _) => planned.clone(),
        };
        (name.clone(), value)
    });
    merged.collect()
}

/// Whether the object differs in what cannot be changed.
///
/// The time and the LSN of a branch's source are not compared, for the service resolves them. A
/// source that is configured and not reported is a difference: a root branch has none.
fn is_another(
    resource: &dyn Resource,
    existing: &Json,
    planned: &Object,
    settings: &Settings,
) -> Option<Diagnostic> {
    let table = resource.table();
    let reported = decode::state(resource, existing, &Object::new(), settings);
    let is_source =
        |field: &AnyField| field.create_only && matches!(field.check, Some(Check::Named(_)));
    let is_fixed = |it: &&AnyField| {
        it.replaces
            && matches!(it.place, Place::Spec(_) | Place::Body(_))
            && (!it.create_only || is_source(it))
    };
    table.fields.iter().filter(is_fixed).find_map(|field| {
        let (is, shall) = (reported.get(field.name)?, planned.get(field.name)?);
        let is_reported = is.is_known() || is_source(field) && existing["status"].is_object();
        if !is_reported || !shall.is_known() || meaning::same(field, is, shall) {
            return None;
        }
        let name = existing["name"].as_str().unwrap_or_default();
        let text = |value: &Value| match value {
            Value::Null => "not set".to_owned(),
            Value::String(text) => meaning::quoted(text),
            other => format!("`{other:?}`"),
        };
        Some(
            Diagnostic::error(
                format!(
                    "{} already exists with a different `{}`",
                    meaning::subject(table.noun, name),
                    field.name
                ),
                format!(
                    "`{}` is {} in the existing object, but {} in the configuration. Lakebase cannot change \
                     the value. Nothing was changed. Change the configuration to match, or choose \
                     another ID.",
                    field.name,
                    text(is),
                    text(shall)
                ),
            )
            .at(field.name),
        )
    })
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::json;

    use super::*;
    use crate::resources::{branch::Branch, endpoint::Endpoint};

    fn check(resource: &dyn Resource, existing: &Json, planned: &Json, expected: &Expect) {
        let fields = resource.table().fields.iter();
        let value = |field: &AnyField| match &planned[field.name] {
            Json::Null => Value::unknown(),
            json => decode::value(field, json, &Value::Null),
        };
        let planned: Object = fields.map(|field| (field.name.to_owned(), value(field))).collect();
        let config = decode::complete(&planned, &Object::new());
        let (settings, now) = (&Settings::default(), "2026-01-01T00:00:00Z".parse().unwrap());
        let occasion = PlanContext { settings, now, replacing: None };
        let found = refusals(resource, existing, &planned, &config, &occasion);
        let lines = found.iter().map(|diagnostic| {
            format!("{}: {}\n{}\n", diagnostic.path, diagnostic.summary, diagnostic.detail)
        });
        expected.assert_eq(&lines.collect::<String>());
    }

    #[test]
    fn a_limit_that_makes_the_range_of_an_existing_object_too_wide_is_refused() {
        let endpoint = |min: u8, max: u8| {
            json!({
                "name": "projects/p/branches/b/endpoints/primary",
                "status": {
                    "endpoint_type": "ENDPOINT_TYPE_READ_WRITE",
                    "autoscaling_limit_min_cu": min, "autoscaling_limit_max_cu": max,
                    "suspend_timeout_duration": "300s", "group": {"min": 1, "max": 1},
                },
            })
        };
        let planned = json!({
            "branch": "projects/p/branches/b", "endpoint_id": "primary",
            "endpoint_type": "ENDPOINT_TYPE_READ_WRITE", "autoscaling_limit_max_cu": 16,
        });
        check(&Endpoint, &endpoint(8, 8), &planned, &expect![""]);
        check(&Endpoint, &endpoint(1, 16), &planned, &expect![""]);
        check(
            &Endpoint,
            &endpoint(1, 1),
            &planned,
            &expect![[r#"
                autoscaling_limit_max_cu: Autoscaling range too wide
                An autoscaling range may span at most 8 CU, but from `autoscaling_limit_min_cu` = 1 to `autoscaling_limit_max_cu` = 16 it spans 15 CU.

                The nearest valid ranges are 1–9 CU, which keeps the minimum, and 8–16 CU, which keeps the maximum. If your workspace accepts wider ranges (newer documentation says 16 CU), increase `max_autoscaling_range_cu` in the provider configuration.

                https://docs.databricks.com/aws/en/oltp/projects/manage-computes
            "#]],
        );
    }

    #[test]
    fn a_limit_that_is_not_known_yet_is_not_refused() {
        let existing = json!({
            "name": "projects/p/branches/b/endpoints/primary",
            "status": {"autoscaling_limit_min_cu": 1, "autoscaling_limit_max_cu": 1},
        });
        let mut config = Object::new();
        config.insert("autoscaling_limit_min_cu".to_owned(), 4_i64.into());
        config.insert("autoscaling_limit_max_cu".to_owned(), Value::unknown());
        let (settings, now) = (&Settings::default(), "2026-01-01T00:00:00Z".parse().unwrap());
        let occasion = PlanContext { settings, now, replacing: None };
        let found = |config: &Object, planned: &Object| {
            refusals(&Endpoint, &existing, planned, config, &occasion).has_errors()
        };
        assert!(!found(&config, &config));
        let known = decode::complete(&config, &Object::new());
        assert!(found(&known, &config), "the service's own maximum is below");
    }

    #[test]
    fn object_with_different_immutable_settings_is_not_adopted() {
        let branch = |source: Json| json!({"name": "projects/p/branches/b", "status": {"source_branch": source}});
        let source = "projects/p/branches/production";
        let planned = json!({"project": "projects/p", "branch_id": "b", "source_branch": source});
        check(&Branch, &branch(source.into()), &planned, &expect![""]);
        check(
            &Branch,
            &branch("projects/p/branches/other".into()),
            &planned,
            &expect![[r#"
                source_branch: Branch `projects/p/branches/b` already exists with a different `source_branch`
                `source_branch` is `projects/p/branches/other` in the existing object, but `projects/p/branches/production` in the configuration. Lakebase cannot change the value. Nothing was changed. Change the configuration to match, or choose another ID.
            "#]],
        );
        check(
            &Branch,
            &branch(Json::Null),
            &planned,
            &expect![[r#"
                source_branch: Branch `projects/p/branches/b` already exists with a different `source_branch`
                `source_branch` is not set in the existing object, but `projects/p/branches/production` in the configuration. Lakebase cannot change the value. Nothing was changed. Change the configuration to match, or choose another ID.
            "#]],
        );
        let copy = json!({"project": "projects/p", "branch_id": "b"});
        check(&Branch, &branch(Json::Null), &copy, &expect![""]);
        check(
            &Endpoint,
            &json!({
                "name": "projects/p/branches/b/endpoints/e",
                "status": {"endpoint_type": "ENDPOINT_TYPE_READ_ONLY"},
            }),
            &json!({"endpoint_id": "e", "endpoint_type": "ENDPOINT_TYPE_READ_WRITE"}),
            &expect![[r#"
                endpoint_type: Endpoint `projects/p/branches/b/endpoints/e` already exists with a different `endpoint_type`
                `endpoint_type` is `ENDPOINT_TYPE_READ_ONLY` in the existing object, but `ENDPOINT_TYPE_READ_WRITE` in the configuration. Lakebase cannot change the value. Nothing was changed. Change the configuration to match, or choose another ID.
            "#]],
        );
    }
}
