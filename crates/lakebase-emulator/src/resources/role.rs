//! Roles (reference §3.4, §6.2).

use serde_json::{Value as Json, json};

use super::{absent, duplicate};
use crate::error::{ApiError, Result};
use crate::options::Options;
use crate::schema::{Field, Kind as Value, Map, merge};
use crate::service::Service;
use crate::store::{Kind, Store, parent};

const ATTRIBUTES: &[Field] = &[
    Field::new("createdb", Value::Flag),
    Field::new("createrole", Value::Flag),
    Field::new("bypassrls", Value::Flag),
];

/// [REC] §3.4: the first three do not change.
const SPEC: &[Field] = &[
    Field::new("postgres_role", Value::Text { min: 1, max: 255 }).immutable(),
    Field::new("identity_type", Value::Enum(&["USER", "SERVICE_PRINCIPAL", "GROUP"])).immutable(),
    Field::new(
        "auth_method",
        Value::Enum(&["LAKEBASE_OAUTH_V1", "PG_PASSWORD_SCRAM_SHA_256", "NO_LOGIN"]),
    )
    .immutable(),
    Field::new("attributes", Value::Message(ATTRIBUTES)),
    Field::new("membership_roles", Value::List(&Value::Enum(&["DATABRICKS_SUPERUSER"]))),
];

pub(super) const BODY: &[Field] = &[Field::new("spec", Value::Message(SPEC))];

/// The status of a new role before the mutable part of its spec is applied.
pub(super) fn born(service: &Service, branch: &str, spec: &Map) -> Result<Map> {
    let limit = service.options.quotas.roles;
    if service.store.live_children(branch, Kind::Role).count() >= limit {
        return Err(ApiError::quota(limit, "roles per branch"));
    }
    let postgres_role = spec.get("postgres_role").and_then(Json::as_str);
    let mut roles = service.store.live_children(branch, Kind::Role);
    // [INF] Postgres has one name space, whatever the ids are.
    if roles.any(|(_, role)| role.text("postgres_role") == postgres_role) {
        return Err(duplicate(Kind::Role));
    }
    let identity = spec.get("identity_type").and_then(Json::as_str);
    // [REC] plain, [DOC] managed: §3.4.
    let method = match identity {
        Some(_) => "LAKEBASE_OAUTH_V1",
        None => "PG_PASSWORD_SCRAM_SHA_256",
    };
    let mut status = Map::new();
    status.insert("postgres_role".to_owned(), json!(postgres_role));
    // [REC] §3.4.
    let identity = identity.unwrap_or("IDENTITY_TYPE_UNSPECIFIED");
    status.insert("identity_type".to_owned(), json!(identity));
    let method = spec.get("auth_method").cloned().unwrap_or(json!(method));
    status.insert("auth_method".to_owned(), method);
    // [REC] §3.4: a status always lists all three.
    let attributes = json!({"createdb": false, "createrole": false, "bypassrls": false});
    status.insert("attributes".to_owned(), attributes);
    Ok(status)
}

/// `whole`: the update was of the whole spec, which [DOC] §3.4 overwrites the memberships.
pub(super) fn apply(status: &mut Map, patch: &Map, whole: bool) {
    merge(SPEC, status, patch);
    let cleared = patch.get("membership_roles") == Some(&json!([]));
    if cleared || (whole && !patch.contains_key("membership_roles")) {
        // [REC] §9.6: a status without memberships does not list any.
        status.remove("membership_roles");
    }
}

/// [DOC] §6.2: made from the part of an e-mail address before `@`, or an application id.
pub(super) fn owner_id(user: &str) -> String {
    match user.split_once('@') {
        Some((local, _)) => local
            .to_lowercase()
            .chars()
            .map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' })
            .collect(),
        None => format!("sp-{user}"),
    }
}

/// [DOC] §6.2.
pub(super) fn owner(options: &Options) -> Map {
    let user = options.user_name.contains('@');
    let status = json!({
        "postgres_role": options.user_name,
        "identity_type": if user { "USER" } else { "SERVICE_PRINCIPAL" },
        "auth_method": "LAKEBASE_OAUTH_V1",
        "attributes": {"createdb": true, "createrole": true, "bypassrls": true},
        "membership_roles": ["DATABRICKS_SUPERUSER"],
    });
    status.as_object().cloned().unwrap_or_default()
}

/// [DOC] §3.4, §6.4: not while it owns a database, unless an heir is named.
pub(super) fn may_go(service: &Service, name: &str, heir: Option<&str>) -> Result<()> {
    let store = &service.store;
    if let Some(heir) = heir {
        // [INF] the full name of another role of the branch.
        if heir == name || parent(heir) != parent(name) {
            return Err(ApiError::invalid(
                "Query parameter 'reassign_owned_to' must name another role of the branch.",
            ));
        }
        return match store.live(heir).filter(|object| object.kind == Kind::Role) {
            Some(_) => Ok(()),
            None => Err(absent(store, heir)),
        };
    }
    match owned(store, name).first() {
        // [INF] the text.
        Some(database) => Err(ApiError::bad_request(format!(
            "Cannot delete role '{name}': it owns database '{database}'."
        ))),
        None => Ok(()),
    }
}

/// Removes a role and gives what it owned to its heir.
pub(super) fn remove(store: &mut Store, name: &str, heir: Option<&str>) {
    for database in owned(store, name) {
        if let Some(database) = store.get_mut(&database) {
            database.status.insert("role".to_owned(), json!(heir));
        }
    }
    store.remove(name);
}

fn owned(store: &Store, role: &str) -> Vec<String> {
    let databases = store.live_children(parent(role).unwrap_or_default(), Kind::Database);
    let owned = databases.filter(|(_, database)| database.text("role") == Some(role));
    owned.map(|(name, _)| name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::owner_id;

    #[test]
    fn the_id_of_the_owners_role_comes_from_the_identity() {
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
