//! `lakebase_project_permissions`: who may use and who may manage a project.
//!
//! The configuration is the whole list, but for rights that an apply cannot remove: those that are
//! inherited from the workspace, the caller's own right to manage, and what the project's owner has.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use tfplugin::{Diagnostic, Diagnostics, Object, Value};

use super::{NAME, PROJECT, TIMEOUTS};
use crate::model::address::Address;
use crate::model::field::{Field, NestedSet, Text};
use crate::model::life::{HasCompute, Life};
use crate::model::table::{Change, Resource, Settings, Table, Timeouts};
use crate::model::tf::Tf;

const PROJECT_NAME: Field<Text> = Field::parent("project", PROJECT)
    .doc("Resource name of the project on which permissions are granted.");

const USER: Field<Text> = principal("user_name").doc("E-mail address of a user.");
const GROUP: Field<Text> = principal("group_name").doc("Name of a group.");
const SERVICE_PRINCIPAL: Field<Text> =
    principal("service_principal_name").doc("Application ID of a service principal.");
const LEVEL: Field<Text> = Field::member("permission_level")
    .doc("Permission level.")
    .note("`CAN_USE` allows viewing the project and connecting to its endpoints, `CAN_MANAGE` also allows changing it.")
    .one_of(&["CAN_USE", MANAGE])
    .required();

const GRANTS: Field<NestedSet> = Field::body("grants")
    .at(LIST)
    .doc("Permissions granted on the project, one for each user, group or service principal.")
    .note("The apply removes all others, except inherited permissions, the `CAN_MANAGE` permission of the caller, and the permission of the project's owner.")
    .required()
    .set_of(&[USER.any(), GROUP.any(), SERVICE_PRINCIPAL.any(), LEVEL.any()]);

const OWNER: Field<Text> =
    Field::root("owner").doc("User or service principal that owns the project.");

const LIST: &str = "access_control_list";
const MANAGE: &str = "CAN_MANAGE";
/// The group whose right is inherited by every project.
const ADMINS: &str = "admins";
const PRINCIPALS: [&str; 3] = [USER.name(), SERVICE_PRINCIPAL.name(), GROUP.name()];

const fn principal(name: &'static str) -> Field<Text> {
    Field::<Text>::member(name).optional().choice("principal").at_most(255)
}

/// The resource.
pub struct ProjectPermissions;

static TABLE: Table = Table {
    type_name: "lakebase_project_permissions",
    noun: "project permissions",
    address: Address::permissions(PROJECT, "database-projects"),
    life: Life::WHOLE,
    compute: HasCompute::No,
    holds: &[],
    upgrades: &[],
    counterpart: "databricks_permissions",
    doc: "Manages who can use and who can manage a project. The permissions apply to the Lakebase API and to connections; grant privileges on schemas and tables in SQL.",
    timeouts: Timeouts { create: "20m", read: "5m", update: "20m", delete: "20m" },
    fields: &[PROJECT_NAME.any(), GRANTS.any(), TIMEOUTS.any(), NAME.any(), OWNER.any()],
    readings: &[],
}
.checked();

impl Resource for ProjectPermissions {
    fn table(&self) -> &'static Table {
        &TABLE
    }

    fn validate(&self, config: &Object, _settings: &Settings, sink: &mut Diagnostics) {
        let mut refuse = |why: &str| {
            sink.push(Diagnostic::error(format!("Invalid {GRANTS}"), why).at(GRANTS.name()));
        };
        let elements = GRANTS.of(config).known().unwrap_or_default();
        let elements = elements.iter().filter_map(Value::as_map);
        let is_null = |grant: &Object| {
            [USER, GROUP, SERVICE_PRINCIPAL].iter().all(|field| field.of(grant) == Tf::Null)
        };
        if elements.clone().any(is_null) {
            refuse(
                "Each grant needs a principal: set `user_name`, `group_name` or `service_principal_name`.",
            );
        }
        let mut seen = BTreeMap::new();
        for ((_, name), level) in elements.filter_map(grant) {
            if let Some(other) = seen.insert(name.clone(), level.clone()).filter(|it| *it != level)
            {
                refuse(&format!(
                    "`{name}` is granted both `{other}` and `{level}`. Keep one of the two."
                ));
            } else if name == ADMINS {
                refuse("Workspace admins can manage every project. Remove the grant of `admins`.");
            }
        }
    }

    /// What no apply takes away is no change, whether it is listed or not: an import lists it.
    fn plan(&self, change: &mut Change<'_>, sink: &mut Diagnostics) {
        let Some(planned) = GRANTS.of(&change.planned).known() else { return };
        let after = grants(&planned);
        let caller = change.settings.caller.as_deref().unwrap_or_default();
        if after.iter().any(|(who, level)| is(who, caller) && level != MANAGE) {
            let detail = format!(
                "`{caller}` is the identity that this provider uses, and could not manage the project \
                 afterwards. Remove the grant, or set `{MANAGE}`."
            );
            sink.push(Diagnostic::error(format!("Invalid {GRANTS}"), detail).at(GRANTS.name()));
        }
        let Some((prior, before)) =
            change.prior.and_then(|prior| Some((prior, GRANTS.of(prior).known()?)))
        else {
            return;
        };
        let owner = OWNER.of(prior).known().unwrap_or_default();
        let mut kept = grants(&before);
        kept.retain(|who, _| after.contains_key(who) || !is(who, caller) && !is(who, &owner));
        if kept == after && planned.iter().all(Value::is_wholly_known) {
            GRANTS.put(&mut change.planned, Tf::Known(before));
        }
    }

    fn keep(&self, body: &mut Json, reported: &Json) {
        let there: Vec<_> =
            reported[LIST].as_array().into_iter().flatten().filter_map(direct).collect();
        let Some(list) = body[LIST].as_array_mut() else { return };
        let has = |list: &[Json], name: &Json| list.iter().position(|it| named(it, name));
        let [caller, owner] = ["caller", "owner"].map(|it| &reported[it]);
        if let (None, Some(name)) = (has(list, caller), caller.as_str()) {
            let is_application = has(&there, caller)
                .map_or(!name.contains('@'), |at| there[at][USER.name()].is_null());
            let who = if is_application { SERVICE_PRINCIPAL } else { USER };
            list.push(json!({who.name(): name, LEVEL.name(): MANAGE}));
        }
        if let (None, Some(at)) = (has(list, owner), has(&there, owner)) {
            list.push(there[at].clone());
        }
    }

    /// The direct grants, without what no apply takes away, unless the state lists it.
    fn reported(&self, reported: &mut Json, prior: &Object) {
        let known = GRANTS.of(prior).known().map(|it| grants(&it));
        let kept = ["caller", "owner"].map(|it| reported[it].clone());
        let is_listed = |entry: &Json| {
            let listed = |known: &BTreeMap<Principal, String>| {
                known.keys().any(|(kind, name)| entry[kind] == **name)
            };
            known.as_ref().is_none_or(listed) || !kept.iter().any(|name| named(entry, name))
        };
        let list = reported[LIST].as_array().into_iter().flatten();
        reported[LIST] = list.filter_map(direct).filter(is_listed).collect();
    }

    /// `databricks_permissions` is about objects of many types. Only those of a project move.
    fn taken_over(&self, stored: &mut Json) {
        let id = stored["database_project_name"].as_str().filter(|it| !it.is_empty());
        let Some(name) = id.and_then(|id| PROJECT.join(None, Some(id))) else { return };
        stored["name"] = name.into();
        let list = stored["access_control"].as_array().into_iter().flatten();
        stored[LIST] = list.filter_map(direct).collect();
    }

    fn loss(&self, _state: &Object) -> &'static str {
        "Terraform removes the permissions granted on the project, except inherited permissions, the `CAN_MANAGE` permission of the caller, and the permission of the project's owner."
    }
}

/// The kind of a principal, and its name.
type Principal = (&'static str, String);

/// The levels of known principals.
fn grants(elements: &[Value]) -> BTreeMap<Principal, String> {
    elements.iter().filter_map(Value::as_map).filter_map(grant).collect()
}

fn grant(element: &Object) -> Option<(Principal, String)> {
    let text = |name: &str| element.get(name)?.as_str().map(str::to_owned);
    let who = PRINCIPALS.iter().find_map(|kind| Some((*kind, text(kind)?)))?;
    Some((who, LEVEL.of(element).known()?))
}

/// Whether a principal is the user or the service principal of that name.
fn is((kind, name): &Principal, user: &str) -> bool {
    *kind != GROUP.name() && name == user
}

/// The same of an entry of the API.
fn named(entry: &Json, user: &Json) -> bool {
    user.is_string() && PRINCIPALS[..2].iter().any(|kind| entry[kind] == *user)
}

/// What an entry grants by itself, the highest level of it.
fn direct(entry: &Json) -> Option<Json> {
    let all = entry["all_permissions"].as_array().into_iter().flatten();
    let levels = all.filter(|it| it["inherited"] != true).chain([entry]);
    let levels = levels.filter_map(|level| level["permission_level"].as_str());
    let level = levels.max_by_key(|it| *it == MANAGE)?;
    let kind =
        PRINCIPALS.iter().find(|kind| entry[**kind].as_str().is_some_and(|it| !it.is_empty()))?;
    Some(json!({*kind: entry[kind], "permission_level": level}))
}
