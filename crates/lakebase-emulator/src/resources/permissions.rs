//! Permissions on projects: `/api/2.0/permissions/database-projects/{project_id}`, and what they allow
//! (§10). They belong to another API than Lakebase's own, and change without an operation.

use serde_json::{Value as Json, json};

use crate::api::{self, missing};
use crate::error::{ApiError, Result};
use crate::message::{Answer, Input};
use crate::model::Call;
use crate::model::store::Object;
use crate::model::world::World;
use crate::name;
use crate::schema::{Field, Leniency, Value, check};

/// [CODE] §10.
const ROOT: &str = "/api/2.0/permissions/database-projects/";

const CALL: Call = Call {
    method: "GET",
    path: "/api/2.0/permissions/database-projects/*",
    is_public: false,
    mutates: false,
    answer: get,
};

pub(crate) static GET: Call = CALL;
/// [CODE] §10: replaces all that is not inherited.
pub(crate) static PUT: Call = Call { method: "PUT", mutates: true, answer: put, ..CALL };
/// [DOC] Changes what is named, and nothing else.
pub(crate) static PATCH: Call = Call { method: "PATCH", mutates: true, answer: patch, ..CALL };
pub(crate) static LEVELS: Call = Call {
    path: "/api/2.0/permissions/database-projects/*/permissionLevels",
    answer: levels,
    ..CALL
};

/// The setting of a project that holds what is granted on it: no answer of a project shows it.
pub(super) const GRANTS: &str = "access_control_list";

/// [CODE] §10: the levels, from the lowest to the highest.
const NAMES: &[&str] = &["CAN_USE", "CAN_MANAGE"];
const PRINCIPALS: [&str; 3] = ["user_name", "group_name", "service_principal_name"];

const NAME: Value = Value::Text { min: 1, max: 256 };
const GRANT: &[Field] = &[
    Field::new(PRINCIPALS[0], NAME),
    Field::new(PRINCIPALS[1], NAME),
    Field::new(PRINCIPALS[2], NAME),
    Field::new("permission_level", Value::Enum(NAMES)),
];
const BODY: &[Field] = &[Field::new(GRANTS, Value::List(&Value::Message(GRANT)))];

/// What the creator of a project is granted on it. [INF] As for other objects of a workspace.
pub(super) fn of_creator(caller: &str) -> Json {
    let principal = PRINCIPALS[if caller.contains('@') { 0 } else { 2 }];
    json!([{principal: caller, "permission_level": "CAN_MANAGE"}])
}

/// Refuses what the caller has no permission for. The first identity is an admin of the workspace.
/// [DOC] `CAN_USE` reads and connects, `CAN_MANAGE` changes; [INF] status, code and text (§12).
pub(crate) fn authorize(world: &World, input: &Input<'_>) -> Result<()> {
    let Some((project, object)) = project(world, input) else { return Ok(()) };
    let connects = input.path.ends_with("/postgres/credentials");
    let needed = usize::from(input.method != "GET" && !connects);
    let held = level(world, object);
    if held >= Some(needed) {
        return Ok(());
    }
    if held.is_none() && world.options.behaviors.hide_projects {
        return Err(missing(world, &project));
    }
    let (caller, id, needed) = (&world.caller, name::id(&project), NAMES[needed]);
    let text = format!("User '{caller}' does not have {needed} permission on project '{id}'.");
    Err(ApiError::new(403, "PERMISSION_DENIED", text))
}

/// Whether the caller sees a project in lists. [INF]
pub(super) fn is_visible(world: &World, project: &Object) -> bool {
    level(world, project).is_some()
}

/// The highest level that the caller has on a project. [DOC] Everybody is in the group `users`.
fn level(world: &World, project: &Object) -> Option<usize> {
    if world.caller == world.options.user_name {
        return Some(NAMES.len() - 1);
    }
    let is_callers = |grant: &&Json| {
        grant["group_name"] == "users" || PRINCIPALS.iter().any(|it| grant[it] == *world.caller)
    };
    let rank = |grant: &Json| NAMES.iter().position(|it| grant["permission_level"] == *it);
    grants(project).iter().filter(is_callers).filter_map(rank).max()
}

/// The project that a request is about: by its path, or by the branch that the object or the body of a
/// create names, where that is not in a project. [INF] For those.
fn project<'a>(world: &'a World, input: &Input<'_>) -> Option<(String, &'a Object)> {
    let name = match (name_in(input.path), input.path.strip_prefix(api::ROOT)) {
        (Some(name), _) => name,
        (None, Some(name)) if name.starts_with("projects/") => name.to_owned(),
        (None, Some(name)) => {
            let branch = world.store.get(name).and_then(|object| object.text("branch"));
            let body = ["/spec/branch", "/endpoint"].map(|it| input.body.pointer(it));
            let told = body.into_iter().flatten().find_map(Json::as_str);
            branch.or(told)?.to_owned()
        }
        (None, None) => return None,
    };
    let project = name::first_segments(&name, 2);
    Some((project.to_owned(), world.store.get(project)?))
}

fn grants(project: &Object) -> &[Json] {
    project.settings.get(GRANTS).and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

/// The project whose permissions a request is about.
fn live(world: &World, input: &Input<'_>) -> Result<String> {
    input.only(&[])?;
    let name = name_in(input.path).unwrap_or_default();
    world.store.live(&name).map(|_| name.clone()).ok_or_else(|| missing(world, &name))
}

fn name_in(path: &str) -> Option<String> {
    let id = path.strip_prefix(ROOT)?;
    Some(format!("projects/{}", id.trim_end_matches("/permissionLevels")))
}

/// [FAKE] §10 the form, [CODE] its members. [INF] Where the right of the admins comes from.
fn get(world: &mut World, input: &Input<'_>) -> Result<Answer> {
    let name = live(world, input)?;
    let shown = world.store.live(&name).into_iter().flat_map(grants).map(|grant| {
        let mut shown = grant.clone();
        let level = shown.as_object_mut().and_then(|shown| shown.remove("permission_level"));
        let name = principal(grant).into_iter().find(|name| name.is_string());
        shown["display_name"] = json!(name);
        shown["all_permissions"] = json!([{"permission_level": level, "inherited": false}]);
        shown
    });
    let inherited = json!({
        "group_name": "admins",
        "all_permissions": [{
            "permission_level": "CAN_MANAGE",
            "inherited": true,
            "inherited_from_object": ["/database-projects/"],
        }],
    });
    let answer = json!({
        "object_id": format!("/database-projects/{}", name::id(&name)),
        "object_type": "database-projects",
        GRANTS: shown.chain([inherited]).collect::<Vec<_>>(),
    });
    Ok(Answer::json(200, &answer))
}

fn put(world: &mut World, input: &Input<'_>) -> Result<Answer> {
    let name = live(world, input)?;
    let grants = body(input)?;
    set(world, &name, grants);
    get(world, input)
}

fn patch(world: &mut World, input: &Input<'_>) -> Result<Answer> {
    let name = live(world, input)?;
    let changed = body(input)?;
    let mut grants = world.store.live(&name).map(grants).unwrap_or_default().to_vec();
    grants.retain(|grant| !changed.iter().any(|other| principal(other) == principal(grant)));
    set(world, &name, grants.into_iter().chain(changed).collect());
    get(world, input)
}

fn set(world: &mut World, project: &str, grants: Vec<Json>) {
    if let Some(project) = world.store.get_mut(project) {
        project.settings.insert(GRANTS.to_owned(), Json::Array(grants));
    }
}

/// The grants in a body. [INF] One principal in each, and each principal once.
fn body(input: &Input<'_>) -> Result<Vec<Json>> {
    let Json::Object(body) = &input.body else {
        return Err(ApiError::invalid("The body must be a JSON object."));
    };
    let body = check(BODY, body, "", Leniency::default())?;
    let grants = body.get(GRANTS).and_then(Json::as_array).cloned().unwrap_or_default();
    for (at, grant) in grants.iter().enumerate() {
        let named = PRINCIPALS.iter().filter(|it| !grant[it].is_null()).count();
        if named != 1 || grants[..at].iter().any(|other| principal(other) == principal(grant)) {
            return Err(ApiError::invalid(format!(
                "Each grant must name one principal, and each principal once: {grant}."
            )));
        }
        if grant["permission_level"].is_null() {
            return Err(ApiError::required("permission_level"));
        }
        // [REC] terraform-provider-databricks#2134 the text, for another object.
        if grant["group_name"] == "admins" && grant["permission_level"] != "CAN_MANAGE" {
            return Err(ApiError::bad_request("Cannot remove admins's CAN_MANAGE permission"));
        }
    }
    Ok(grants)
}

fn principal(grant: &Json) -> [&Json; 3] {
    PRINCIPALS.map(|it| &grant[it])
}

fn levels(world: &mut World, input: &Input<'_>) -> Result<Answer> {
    live(world, input)?;
    // [INF] the descriptions.
    let levels = json!([
        {"permission_level": NAMES[0], "description": "Can view and connect to the project"},
        {"permission_level": NAMES[1], "description": "Can manage the project"},
    ]);
    Ok(Answer::json(200, &json!({"permission_levels": levels})))
}
