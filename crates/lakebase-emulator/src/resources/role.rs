//! Roles (reference §3.4, §6.2, §14).

use serde_json::{Value as Json, json};

use crate::error::{ApiError, Result};
use crate::model::store::Object;
use crate::model::world::World;
use crate::model::{
    Arrival, Change, Children, Deletion, Hooks, Id, Kind, LABEL, Layout, Method, Moments, Quota,
    StoreEffect, Uid,
};
use crate::name;
use crate::resources::contents;
use crate::schema::{Field, Map, Value, merge};

pub(crate) static ROLE: Kind = Kind {
    noun: "role",
    message: "Role",
    pattern: "projects/*/branches/*/roles/*",
    // [REC] §14.1.
    id: Id::Parameter { name: "role_id", form: &LABEL, in_status: true },
    body: &[Field::new("spec", Value::Message(SPEC))],
    layout: Layout::SpecAndStatus,
    methods: &[Method::Create, Method::Get, Method::List, Method::Update, Method::Delete],
    uid: Uid::None,
    adoptable: true,
    // [REC] §14.3.
    demands_body: true,
    optional_masks: &[],
    // [DOC] §3.4.
    wildcard_by_parts: true,
    deletion: Deletion::Permanent,
    delete_parameters: &["reassign_owned_to"],
    takes_turns: true,
    reconciles: false,
    // [KIT] §7.3.
    quotas: &[Quota {
        segments: 4,
        limit: |quotas| quotas.roles,
        weight: |_| 1,
        what: "roles per branch",
    }],
    hooks: Hooks {
        // [REC] §7.1: an ID is made; [DOC] §6.3: but not to adopt.
        generated_id: |_, adopts| (!adopts).then_some("role"),
        duplicate: |_, _| duplicate(),
        create,
        update,
        delete,
        implied,
        ..Hooks::NONE
    },
};

const ATTRIBUTES: &[Field] = &[
    Field::new("createdb", Value::Flag),
    Field::new("createrole", Value::Flag),
    Field::new("bypassrls", Value::Flag),
];

const MEMBERSHIPS: &str = "membership_roles";

/// [REC] §3.4: the first three do not change.
const SPEC: &[Field] = &[
    Field::new("postgres_role", Value::Text { min: 1, max: 255 }).immutable().required_on_create(),
    Field::new("identity_type", Value::Enum(&["USER", "SERVICE_PRINCIPAL", "GROUP"])).immutable(),
    Field::new(
        "auth_method",
        Value::Enum(&["LAKEBASE_OAUTH_V1", "PG_PASSWORD_SCRAM_SHA_256", "NO_LOGIN"]),
    )
    .immutable(),
    Field::new("attributes", Value::Message(ATTRIBUTES)),
    // [DOC] §3.4: under `*`, only the attributes are demanded.
    Field::new(MEMBERSHIPS, Value::List(&Value::Enum(&["DATABRICKS_SUPERUSER"]))).not_in_wildcard(),
];

/// [REC] §5.3.
fn duplicate() -> ApiError {
    ApiError::bad_request("role with that name already exists")
}

fn create(world: &World, change: &Change<'_>) -> Result<Map> {
    let name = change.text("postgres_role").unwrap_or_default();
    let identity = change.text("identity_type");
    if change.text("auth_method") == Some("NO_LOGIN") {
        // [REC] §14.2 the text, [INF] status and code.
        return Err(ApiError::invalid(
            "Creating roles with auth_method NO_LOGIN is not currently supported",
        ));
    }
    if identity.is_none() && name.len() > 63 {
        // [INF] PostgreSQL's own bound on names.
        return Err(ApiError::invalid(
            "Field 'spec.postgres_role' must be at most 63 bytes long for a role without identity.",
        ));
    }
    let is_reserved = name.starts_with("pg_") || ["public", "none"].contains(&name);
    if identity.is_none() && is_reserved {
        // [INF] PostgreSQL's own rule.
        return Err(ApiError::invalid(format!(
            "Field 'spec.postgres_role' must not be a reserved name of PostgreSQL, got '{name}'."
        )));
    }
    let exists = match identity {
        // [CODE] §14.16 for service principals, [INF] which names are those of identities.
        Some("SERVICE_PRINCIPAL") => uuid::Uuid::try_parse(name).is_ok(),
        Some("USER") => name.contains('@'),
        _ => true,
    };
    if !exists {
        // [INF] status and code.
        return Err(ApiError::not_found(format!("Identity '{name}' not found")));
    }
    let mut roles = world.store.live_in(name::collection(change.name));
    // [INF] PostgreSQL has one name space, whatever the IDs are.
    if roles.any(|(_, role)| role.text("postgres_role") == Some(name)) {
        return Err(duplicate());
    }
    // [REC] plain, [DOC] managed: §3.4.
    let derived = match identity {
        Some(_) => "LAKEBASE_OAUTH_V1",
        None => "PG_PASSWORD_SCRAM_SHA_256",
    };
    let status = json!({
        "postgres_role": name,
        // [REC] §3.4.
        "identity_type": identity.unwrap_or("IDENTITY_TYPE_UNSPECIFIED"),
        "auth_method": change.text("auth_method").unwrap_or(derived),
        // [REC] §3.4: a status always lists all three.
        "attributes": no_attributes(),
    });
    Ok(status.as_object().cloned().unwrap_or_default())
}

fn no_attributes() -> Json {
    json!({"createdb": false, "createrole": false, "bypassrls": false})
}

fn update(world: &World, change: &Change<'_>, status: &mut Map) -> Result<()> {
    let behaviors = &world.options.behaviors;
    if change.adopts && behaviors.reset_adopted_roles {
        status.insert("attributes".to_owned(), no_attributes());
    }
    merge(SPEC, status, change.patch);
    if change.whole || behaviors.replace_memberships_always {
        // [DOC] §3.4 for `spec` and `*`, [INF] for other masks: they are overwritten, never merged,
        // and cleared if omitted.
        match change.settings.get(MEMBERSHIPS) {
            Some(memberships) => status.insert(MEMBERSHIPS.to_owned(), memberships.clone()),
            None => status.remove(MEMBERSHIPS),
        };
    }
    if status.get(MEMBERSHIPS) == Some(&json!([])) {
        // [REC] §9.6: a status without memberships does not list any.
        status.remove(MEMBERSHIPS);
    }
    Ok(())
}

/// [REC] §6.1: a branch comes with copies of its source's roles; [DOC] §6.2: one without source
/// comes with its owner's role.
fn implied(world: &World, arrival: &Arrival<'_>) -> Result<Children> {
    if let Some(restored) = contents::restored(world, arrival, &ROLE) {
        return Ok(restored);
    }
    if let Some(source) = arrival.object.text("source_branch") {
        return Ok(copies(world, source));
    }
    let user = &world.caller;
    let status = json!({
        "postgres_role": user,
        "identity_type": if user.contains('@') { "USER" } else { "SERVICE_PRINCIPAL" },
        "auth_method": "LAKEBASE_OAUTH_V1",
        "attributes": {"createdb": true, "createrole": true, "bypassrls": true},
        MEMBERSHIPS: ["DATABRICKS_SUPERUSER"],
    });
    Ok(vec![(owner_id(user), status.as_object().cloned().unwrap_or_default())])
}

/// Copies of the roles of a branch.
pub(super) fn copies(world: &World, source: &str) -> Children {
    let roles = ROLE.name(source, "");
    let copy =
        |(name, role): (&String, &Object)| (name::id(name).to_owned(), role.settings.clone());
    world.store.live_in(roles.trim_end_matches('/')).map(copy).collect()
}

/// The name of the caller's role on a branch, and the role if there is none yet ([DOC] §3.7).
pub(super) fn of_caller(
    world: &World,
    branch: &str,
    moments: &Moments,
) -> (String, Option<Object>) {
    let user = &world.caller;
    let is_it = |object: &Object| object.text("postgres_role") == Some(user);
    if let Some((name, _)) = world.store.inside(branch).find(|(_, object)| is_it(object)) {
        return (name.clone(), None);
    }
    let status = json!({
        "postgres_role": user,
        "identity_type": if user.contains('@') { "USER" } else { "SERVICE_PRINCIPAL" },
        "auth_method": "LAKEBASE_OAUTH_V1",
        "attributes": no_attributes(),
    });
    let name = ROLE.name(branch, &owner_id(user));
    let role = world.object(&ROLE, &name, status.as_object().cloned().unwrap_or_default(), moments);
    (name, Some(role))
}

/// [DOC] §6.2: made from the part of an e-mail address before `@`, or an application ID.
fn owner_id(user: &str) -> String {
    match user.split_once('@') {
        Some((local, _)) => local
            .to_lowercase()
            .chars()
            .map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' })
            .collect(),
        None => format!("sp-{user}"),
    }
}

/// [DOC] §3.4, §6.4: not while it owns a database, unless another role is named that gets it.
fn delete(world: &World, change: &Change<'_>) -> Result<Vec<StoreEffect>> {
    let (store, name, branch) = (&world.store, change.name, change.parent());
    let owned = store.inside(branch).filter(|(_, object)| object.text("role") == Some(name));
    let Some(new_owner) = change.parameter("reassign_owned_to") else {
        return match owned.into_iter().next() {
            // [INF] the text.
            Some((database, _)) => Err(ApiError::bad_request(format!(
                "Cannot delete role '{name}': it owns database '{database}'."
            ))),
            None => Ok(Vec::new()),
        };
    };
    // [INF] the full name of another role of the branch.
    if new_owner == name || name::collection(new_owner) != name::collection(name) {
        return Err(ApiError::invalid(
            "Query parameter 'reassign_owned_to' must name another role of the branch.",
        ));
    }
    if store.live(new_owner).is_none() {
        return Err(ApiError::not_found("role id not found"));
    }
    // [DOC] §3.4 the rule, [INF] the text.
    let is_running = |object: &Object| {
        object.text("endpoint_type") == Some("ENDPOINT_TYPE_READ_WRITE") && !object.flag("disabled")
    };
    if !store.inside(branch).any(|(_, object)| is_running(object)) {
        return Err(ApiError::bad_request(
            "Reassigning owned objects needs a running read-write endpoint on the branch.",
        ));
    }
    let reassigned = owned.map(|(database, object)| {
        let mut object = object.clone();
        object.settings.insert("role".to_owned(), json!(new_owner));
        object.updated = change.now;
        StoreEffect::Put(database.clone(), Box::new(object))
    });
    Ok(reassigned.collect())
}

#[cfg(test)]
mod tests {
    use super::owner_id;

    #[test]
    fn owner_role_id_derives_from_identity() {
        let cases = [
            ("Jane.Doe@databricks.com", "jane-doe"),
            ("joe+ci@example.com", "joe-ci"),
            ("5f2c1b7e-0000-4000-8000-000000000000", "sp-5f2c1b7e-0000-4000-8000-000000000000"),
        ];
        for (user, id) in cases {
            assert_eq!(owner_id(user), id);
        }
    }
}
