//! Reads from the emulated workspace which PostgreSQL there is to be. Pure: [`super::fleet`] makes it so.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value as Json;

use crate::model::hosts::Purpose;
use crate::model::store::Object;
use crate::model::world::World;
use crate::name;
use crate::resources::{endpoint, password};

const BRANCHES: &str = "projects/*/branches/*";
const SNAPSHOTS: &str = "projects/*/snapshots/*";

/// A branch, and with it a data directory.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Branch {
    pub(crate) name: String,
    pub(crate) version: u32,
    /// The UID of the branch or the snapshot that a new branch is a copy of.
    pub(crate) origin: Option<String>,
    pub(crate) endpoints: Vec<Endpoint>,
}

/// What the API says is in PostgreSQL, by ID.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Contents {
    pub(crate) roles: BTreeMap<String, Role>,
    pub(crate) databases: BTreeMap<String, Database>,
}

#[expect(clippy::struct_excessive_bools, reason = "PostgreSQL's attributes, each by its own name")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Role {
    /// Tells a role from an earlier one with this ID.
    pub(crate) created: Timestamp,
    pub(crate) name: String,
    pub(crate) login: Login,
    pub(crate) createdb: bool,
    pub(crate) createrole: bool,
    pub(crate) bypassrls: bool,
    pub(crate) is_superuser: bool,
}

/// How a role logs in.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Login {
    Never,
    Token,
    Password(String),
}

/// Without the password.
impl std::fmt::Debug for Login {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Login::Never => "Never",
            Login::Token => "Token",
            Login::Password(_) => "Password",
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Database {
    /// Tells a database from an earlier one with this ID.
    pub(crate) created: Timestamp,
    pub(crate) name: String,
    /// The name of the owner in PostgreSQL.
    pub(crate) owner: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Endpoint {
    pub(crate) name: String,
    pub(crate) uid: String,
    pub(crate) writes: bool,
    pub(crate) is_awake: bool,
    pub(crate) hosts: Vec<(String, Purpose)>,
    /// The largest number of connections.
    pub(crate) connections: usize,
    pub(crate) settings: BTreeMap<String, String>,
}

/// The branches, by UID: those that are soft-deleted, too, but without their endpoints.
pub(crate) fn branches(world: &World, now: Timestamp) -> BTreeMap<String, Branch> {
    let all = world.store.inside("").filter(|(name, _)| name::matches(BRANCHES, name));
    all.filter_map(|(name, object)| Some((object.uid.clone()?, read(world, name, object, now))))
        .collect()
}

/// The snapshots, by UID, and the UIDs of their sources.
pub(crate) fn snapshots(world: &World) -> BTreeMap<String, Option<String>> {
    let all = world.store.inside("").filter(|(name, _)| name::matches(SNAPSHOTS, name));
    let source = |snapshot: &Object| world.store.get(snapshot.text("source_branch")?)?.uid.clone();
    all.filter_map(|(_, object)| Some((object.uid.clone()?, source(object)))).collect()
}

/// The branch with this name, if it has this UID.
pub(crate) fn branch(world: &World, name: &str, uid: &str, now: Timestamp) -> Option<Branch> {
    let object = world.store.get(name).filter(|object| object.uid.as_deref() == Some(uid))?;
    Some(read(world, name, object, now))
}

fn read(world: &World, name: &str, object: &Object, now: Timestamp) -> Branch {
    let project = name::parent(name).and_then(|project| world.store.get(project));
    let version = project.and_then(|project| project.settings.get("pg_version")?.as_u64());
    let source = object.text("source_snapshot").or(object.text("source_branch"));
    let source = source.and_then(|source| world.store.get(source));
    let lives = world.store.live(name).is_some();
    let endpoints = members(world, name, "endpoints").filter(|_| lives);
    Branch {
        name: name.to_owned(),
        version: version.and_then(|version| u32::try_from(version).ok()).unwrap_or_default(),
        origin: source.and_then(|source| source.uid.clone()),
        endpoints: endpoints
            .filter_map(|(name, object)| endpoint(world, name, object, now))
            .collect(),
    }
}

/// The live objects in a collection of a branch.
fn members<'a>(
    world: &'a World,
    branch: &'a str,
    collection: &'static str,
) -> impl Iterator<Item = (&'a String, &'a Object)> {
    let all = world.store.inside(branch).filter(|(_, object)| object.lives());
    all.filter(move |(name, _)| {
        let found = name::collection(name);
        name::id(found) == collection && name::parent(name) == Some(branch)
    })
}

/// What the API says is in PostgreSQL on a branch.
pub(crate) fn contents(world: &World, branch: &str) -> Contents {
    let id = |name: &str| name::id(name).to_owned();
    let (roles, databases) = (members(world, branch, "roles"), members(world, branch, "databases"));
    Contents {
        roles: roles.map(|(name, object)| (id(name), role(name, object))).collect(),
        databases: databases.map(|(name, object)| (id(name), database(world, object))).collect(),
    }
}

fn role(name: &str, object: &Object) -> Role {
    let attributes = object.settings.get("attributes");
    let has = |attribute: &str| attributes.is_some_and(|all| all[attribute] == Json::Bool(true));
    let memberships = object.settings.get("membership_roles").and_then(Json::as_array);
    Role {
        created: object.created,
        name: object.text("postgres_role").unwrap_or_default().to_owned(),
        login: match object.text("auth_method") {
            Some("LAKEBASE_OAUTH_V1") => Login::Token,
            Some("PG_PASSWORD_SCRAM_SHA_256") => Login::Password(password::password(name, object)),
            _ => Login::Never,
        },
        createdb: has("createdb"),
        createrole: has("createrole"),
        bypassrls: has("bypassrls"),
        is_superuser: memberships
            .is_some_and(|all| all.iter().any(|role| role == "DATABRICKS_SUPERUSER")),
    }
}

fn database(world: &World, object: &Object) -> Database {
    let owner = object.text("role").and_then(|role| world.store.get(role));
    Database {
        created: object.created,
        name: object.text("postgres_database").unwrap_or_default().to_owned(),
        owner: owner.and_then(|owner| owner.text("postgres_role")).map(str::to_owned),
    }
}

fn endpoint(world: &World, name: &str, object: &Object, now: Timestamp) -> Option<Endpoint> {
    let writes = endpoint::writes(object);
    let mut purposes = vec![Purpose::DIRECT, Purpose::POOLED];
    if writes && endpoint::has_readable_secondaries(object) {
        purposes.extend([Purpose::READS, Purpose::POOLED_READS]);
    }
    let host = |purpose| (endpoint::host(world, object, purpose), purpose);
    let settings = object.settings.get("settings").and_then(|it| it.get("pg_settings"));
    let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let units = object.settings.get("autoscaling_limit_max_cu").and_then(Json::as_f64);
    Some(Endpoint {
        name: name.to_owned(),
        uid: object.uid.clone()?,
        writes,
        is_awake: endpoint::is_awake(world, name, now),
        hosts: purposes.into_iter().map(host).collect(),
        connections: connections(units.unwrap_or(1.0)),
        settings: settings
            .and_then(Json::as_object)
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.clone(), text(value)))
            .collect(),
    })
}

/// [KIT] §7.2: connections follow the maximum. The factor gives each of the documented numbers.
fn connections(maximum: f64) -> usize {
    const LARGEST: f64 = 4000.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 4000")]
    let connections = (maximum * 209.82).clamp(1.0, LARGEST) as usize;
    connections
}

#[cfg(test)]
mod tests {
    use super::connections;

    #[test]
    fn connections_are_the_documented_ones() {
        let documented = [
            (0.5, 104),
            (1.0, 209),
            (4.0, 839),
            (8.0, 1678),
            (16.0, 3357),
            (32.0, 4000),
            (112.0, 4000),
        ];
        for (units, expected) in documented {
            assert_eq!(connections(units), expected, "{units} CU");
        }
    }
}
