//! The state of another provider's resource to state: a `moved` block without a request.
//!
//! The official provider keeps an object as the API writes it, with `spec` and `status` inside, so
//! that its state reads almost as an answer of the service does. The read that follows a move
//! completes what is missing: a move leaves the same state as an import.

use serde_json::Value as Json;
use tfplugin::{Object, Value};

use super::decode;
use super::field::{AnyField, Kind, Place};
use super::meaning;
use super::table::{Resource, Settings, Table};

/// The state that takes over a stored one; `None` if the stored one does not say its name.
pub fn state(resource: &dyn Resource, stored: &Json) -> Option<Object> {
    let table = resource.table();
    let stored = &mut stored.clone();
    resource.taken_over(stored);
    let mut reported = stored.clone();
    if reported["name"].as_str().is_none() {
        let id = table.id().and_then(|field| stored[field.name].as_str());
        reported["name"] = table.address.join(stored["parent"].as_str(), id)?.into();
    }
    let name = reported["name"].as_str()?.to_owned();
    table.address.split(&name)?;
    for part in ["status", "spec"] {
        respell(table.fields, &mut reported[part]);
    }
    respell_at_the_top(table.fields, &mut reported);
    // What was configured is spelled as it was configured: `spec` says how.
    let mut known: Object =
        table.fields.iter().map(|field| (field.name.to_owned(), Value::Null)).collect();
    known.insert("name".to_owned(), name.into());
    for field in table.fields.iter().filter(|it| !it.is_output()) {
        let stored = match field.place {
            Place::Spec(path) => decode::dig(&stored["spec"], path),
            Place::Initial(path) | Place::Body(path) => decode::dig(stored, path),
            Place::OnCreate | Place::OnDelete(_) => decode::dig(stored, field.name),
            _ => None,
        };
        if let Some(json) = stored {
            known.insert(field.name.to_owned(), decode::value(field, json, &Value::Null));
        }
    }
    // Terraform moves without configuring the provider: nobody knows what its block says.
    let settings = Settings { custom_tags: Value::unknown(), ..Settings::default() };
    Some(decode::state(resource, &reported, &known, &settings))
}

/// The settings of a stored state that this provider has no attribute for, as `spec` names them.
pub fn unaffected_endpoints(table: &Table, stored: &Json) -> Vec<String> {
    let has_field = |name: &str| {
        table.fields.iter().any(|field| match field.place {
            Place::Spec(path) => path.split('.').next() == Some(name),
            _ => false,
        })
    };
    let settings = stored["spec"].as_object().into_iter().flatten();
    let left = settings.filter(|(name, value)| !value.is_null() && !has_field(name));
    left.map(|(name, _)| name.clone()).collect()
}

/// The same for settings that stand at the top of the body.
fn respell_at_the_top(fields: &[AnyField], object: &mut Json) {
    for field in fields {
        let Place::Body(path) = field.place else { continue };
        let member = AnyField { place: Place::Member(path), ..*field };
        respell(&[member], object);
    }
}

/// Durations as the service writes them: the official provider stores `168h0m0s`.
fn respell(fields: &[AnyField], part: &mut Json) {
    for field in fields {
        let (Place::Spec(path) | Place::Status(path) | Place::Member(path)) = field.place else {
            continue;
        };
        let pointer = format!("/{}", path.replace('.', "/"));
        let Some(value) = part.pointer_mut(&pointer) else { continue };
        match (field.kind, value.as_str()) {
            (Kind::Object(members), _) => respell(members, value),
            (Kind::Objects(members), _) => {
                value.as_array_mut().into_iter().flatten().for_each(|it| respell(members, it));
            }
            (Kind::Duration, Some(text)) => {
                if let Ok(duration) = meaning::duration(text) {
                    *value = meaning::duration_json(duration).into();
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::resources;

    /// A state in the form of the official provider's schema: no stored one was at hand.
    fn taken_over(type_name: &str, stored: &Json) -> Object {
        let resource =
            resources::ALL.iter().find(|resource| resource.table().type_name == type_name).unwrap();
        state(*resource, stored).unwrap()
    }

    #[test]
    fn a_branch_keeps_its_spelling_and_its_choices() {
        let state = taken_over(
            "lakebase_branch",
            &json!({
                "branch_id": "dev", "parent": "projects/p", "name": "projects/p/branches/dev",
                "create_time": "2026-01-01T00:00:00Z", "uid": "br-a", "purge_on_delete": true,
                "replace_existing": null,
                "spec": {"ttl": "604800s", "is_protected": null, "no_expiry": null,
                         "expire_time": null, "source_branch": null},
                "status": {"branch_id": "dev", "default": false, "is_protected": false,
                           "expire_time": "2026-01-08T00:00:00Z",
                           "source_branch": "projects/p/branches/production"},
            }),
        );
        assert_eq!(state["project"], "projects/p".into());
        assert_eq!(state["branch_id"], "dev".into());
        assert_eq!(state["ttl"], "604800s".into());
        assert_eq!(state["expire_time"], Value::Null);
        assert_eq!(state["expires_at"], "2026-01-08T00:00:00Z".into());
        assert_eq!(state["source_branch"], "projects/p/branches/production".into());
        assert_eq!(state["purge_on_delete"], true.into());
        assert_eq!(state["replace_existing"], false.into());
    }

    #[test]
    fn permissions_of_a_project_are_taken_over_and_of_nothing_else() {
        let resource = &resources::project_permissions::ProjectPermissions;
        let entry = |kind: &str, name: &str| {
            let mut entry = json!({
                "user_name": "", "group_name": "", "service_principal_name": "",
                "permission_level": "CAN_USE",
            });
            entry[kind] = name.into();
            entry
        };
        let mut stored = json!({
            "id": "/database-projects/shop", "object_type": "database-projects",
            "database_project_name": "shop", "cluster_id": null,
            "access_control": [entry("group_name", "team"), entry("user_name", "ana")],
        });
        let taken_over = state(resource, &stored).unwrap();
        assert_eq!(taken_over["project"], "projects/shop".into());
        assert_eq!(taken_over["grants"].as_elements().map(<[_]>::len), Some(2));
        for project in [Json::Null, "".into()] {
            stored["database_project_name"] = project;
            assert_eq!(state(resource, &stored), None);
        }
    }

    #[test]
    fn create_only_settings_are_kept_in_a_move() {
        let state = taken_over(
            "lakebase_project",
            &json!({
                "project_id": "p", "name": "projects/p",
                "initial_endpoint_spec": {"autoscaling_limit_min_cu": 1, "no_suspension": true},
                "spec": {"custom_tags": [{"key": "team", "value": "shop"}]},
                "status": {"custom_tags": [{"key": "team", "value": "shop"}], "pg_version": 17},
            }),
        );
        let initial = state["initial_endpoint"].as_map().unwrap();
        assert_eq!(initial["no_suspension"], true.into());
        // Whose the tags are, the read that follows tells: it knows the provider block.
        assert_eq!(state["custom_tags"], Value::Null);
        assert_eq!(state["effective_custom_tags"].as_map().unwrap()["team"], "shop".into());
        assert_eq!(state["deletion_protection"], true.into());
    }

    /// It stores what the service reports as Go prints it.
    #[test]
    fn a_duration_that_means_the_same_keeps_the_configured_spelling() {
        for (spec, status, expected) in [
            (json!("1h"), "1h0m0s", "1h"),
            (json!("5m"), "1h0m0s", "3600s"),
            (json!(null), "1h0m0s", "3600s"),
        ] {
            let state = taken_over(
                "lakebase_endpoint",
                &json!({
                    "name": "projects/p/branches/b/endpoints/e",
                    "spec": {"suspend_timeout_duration": spec},
                    "status": {"suspend_timeout_duration": status},
                }),
            );
            assert_eq!(state["suspend_timeout_duration"], expected.into(), "{spec} {status}");
        }
    }

    #[test]
    fn a_move_spells_nested_durations_as_an_import_does() {
        let state = taken_over(
            "lakebase_project",
            &json!({
                "name": "projects/p",
                "status": {
                    "history_retention_duration": "168h0m0s",
                    "default_endpoint_settings": {"suspend_timeout_duration": "24h0m0s"},
                },
            }),
        );
        assert_eq!(state["history_retention_duration"], "604800s".into());
        let defaults = state["default_endpoint_settings"].as_map().unwrap();
        assert_eq!(defaults["suspend_timeout_duration"], "86400s".into());
    }

    #[test]
    fn tags_of_the_provider_block_do_not_become_own_tags_by_a_move() {
        let project = &resources::project::Project;
        let tags = json!([{"key": "team", "value": "platform"}, {"key": "stage", "value": "test"}]);
        let reported = json!({"name": "projects/p", "status": {"custom_tags": tags}});
        let moved = state(project, &reported).unwrap();
        let shared = [("team".to_owned(), Value::from("platform"))];
        let settings = Settings { custom_tags: Value::Map(shared.into()), ..Settings::default() };
        let read = decode::state(project, &reported, &moved, &settings);
        let own = [("stage".to_owned(), Value::from("test"))];
        assert_eq!(read["custom_tags"], Value::Map(own.into()));
    }

    #[test]
    fn a_setting_without_an_attribute_is_left_behind() {
        let table = resources::project::Project.table();
        let branch = "projects/p/branches/main";
        let spec = json!({"default_branch": branch, "display_name": "P", "pg_version": null});
        assert_eq!(unaffected_endpoints(table, &json!({ "spec": spec })), ["default_branch"]);
        assert!(unaffected_endpoints(table, &json!({"spec": null})).is_empty());
    }

    #[test]
    fn a_name_is_put_together_where_there_is_none() {
        let state = taken_over(
            "lakebase_endpoint",
            &json!({"endpoint_id": "e", "parent": "projects/p/branches/b", "name": null}),
        );
        assert_eq!(state["name"], "projects/p/branches/b/endpoints/e".into());
        assert_eq!(state["branch"], "projects/p/branches/b".into());
    }

    #[test]
    fn state_without_a_name_is_not_moved() {
        for stored in [json!({}), json!([]), json!({"name": "endpoint"}), json!(null)] {
            assert_eq!(state(resources::ALL[0], &stored), None, "{stored}");
        }
    }
}
