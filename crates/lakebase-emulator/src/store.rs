//! The objects of the pretended workspace, by name. Knows what contains what and what is deleted;
//! the rules of each kind stand in [`crate::resources`].

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::clock::later;
use crate::schema::Map;
use crate::wire;

/// [REC] §1.6c: the id of a soft-deleted object stays reserved for 7 days.
const RETENTION: SignedDuration = SignedDuration::from_hours(7 * 24);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Project,
    Branch,
    Endpoint,
    Role,
    Database,
}

impl Kind {
    /// As in `branch_id` and in error texts.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Kind::Project => "project",
            Kind::Branch => "branch",
            Kind::Endpoint => "endpoint",
            Kind::Role => "role",
            Kind::Database => "database",
        }
    }

    /// As in names and in list answers.
    pub(crate) fn collection(self) -> &'static str {
        match self {
            Kind::Project => "projects",
            Kind::Branch => "branches",
            Kind::Endpoint => "endpoints",
            Kind::Role => "roles",
            Kind::Database => "databases",
        }
    }

    /// As in `@type`.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Kind::Project => "Project",
            Kind::Branch => "Branch",
            Kind::Endpoint => "Endpoint",
            Kind::Role => "Role",
            Kind::Database => "Database",
        }
    }

    /// Whether a name is that of an object of this kind in `parent` ("" for projects).
    pub(crate) fn has(self, name: &str, parent: &str) -> bool {
        let id = name.strip_prefix(&collection(parent, self));
        id.is_some_and(|id| !id.contains('/'))
    }

    pub(crate) fn id_field(self) -> &'static str {
        match self {
            Kind::Project => "project_id",
            Kind::Branch => "branch_id",
            Kind::Endpoint => "endpoint_id",
            Kind::Role => "role_id",
            Kind::Database => "database_id",
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub(crate) kind: Kind,
    /// Roles and databases have none.
    pub(crate) uid: Option<String>,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    /// What clients submitted, for `--echo-spec`.
    pub(crate) spec: Map,
    /// What `status` shows, but for what the writer derives.
    pub(crate) status: Map,
    /// Until then its creation runs.
    pub(crate) ready: Timestamp,
    /// Until then an endpoint has a `pending_state`.
    pub(crate) settled: Timestamp,
    pub(crate) deleted: Option<Timestamp>,
}

impl Object {
    pub(crate) fn text(&self, field: &str) -> Option<&str> {
        self.status.get(field)?.as_str()
    }

    pub(crate) fn flag(&self, field: &str) -> bool {
        self.status.get(field).and_then(serde_json::Value::as_bool).unwrap_or(false)
    }

    /// When a soft-deleted object will be gone.
    pub(crate) fn purge_time(&self) -> Option<Timestamp> {
        self.deleted.map(|time| later(time, RETENTION))
    }

    fn expired(&self, now: Timestamp) -> bool {
        let expires = self.text("expire_time").and_then(wire::parse_timestamp);
        self.kind == Kind::Branch && expires.is_some_and(|time| time <= now)
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Store {
    objects: BTreeMap<String, Object>,
}

impl Store {
    /// The object with this name, be it deleted, as long as nothing that contains it is.
    pub(crate) fn get(&self, name: &str) -> Option<&Object> {
        let hidden = std::iter::successors(parent(name), |name| parent(name))
            .any(|name| self.objects.get(name).is_none_or(|object| object.deleted.is_some()));
        if hidden { None } else { self.objects.get(name) }
    }

    /// The object with this name, if it lives.
    pub(crate) fn live(&self, name: &str) -> Option<&Object> {
        self.get(name).filter(|object| object.deleted.is_none())
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Object> {
        self.objects.get_mut(name)
    }

    pub(crate) fn insert(&mut self, name: String, object: Object) {
        self.objects.insert(name, object);
    }

    /// Removes the object and everything in it.
    pub(crate) fn remove(&mut self, name: &str) {
        let inside = format!("{name}/");
        self.objects.retain(|other, _| other != name && !other.starts_with(&inside));
    }

    /// The objects of a kind in `parent` ("" for projects), deleted ones included, by name.
    pub(crate) fn children(
        &self,
        parent: &str,
        kind: Kind,
    ) -> impl Iterator<Item = (&String, &Object)> {
        let prefix = collection(parent, kind);
        self.objects
            .range(prefix.clone()..)
            .take_while(move |(name, _)| name.starts_with(&prefix))
            .filter(move |(name, object)| {
                object.kind == kind && self::parent(name).unwrap_or("") == parent
            })
    }

    /// The live objects of a kind in `parent`.
    pub(crate) fn live_children(
        &self,
        parent: &str,
        kind: Kind,
    ) -> impl Iterator<Item = (&String, &Object)> {
        self.children(parent, kind).filter(|(_, object)| object.deleted.is_none())
    }

    /// The names of everything, be it deleted, sorted.
    pub(crate) fn all_names(&self) -> impl Iterator<Item = &String> {
        self.objects.keys()
    }

    /// The names of everything that lives, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        self.objects.keys().filter(|name| self.live(name).is_some()).cloned().collect()
    }

    /// Lets time pass: what was deleted long enough ago is purged, expired branches are gone.
    pub(crate) fn sweep(&mut self, now: Timestamp) {
        let gone: Vec<String> = self
            .objects
            .iter()
            .filter(|(_, object)| {
                object.purge_time().is_some_and(|time| time <= now) || object.expired(now)
            })
            .map(|(name, _)| name.clone())
            .collect();
        for name in gone {
            self.remove(&name);
        }
    }
}

/// `projects/p/branches/b` is in `projects/p`; a project is in nothing.
pub(crate) fn parent(name: &str) -> Option<&str> {
    let (collection, _) = name.rsplit_once('/')?;
    collection.rsplit_once('/').map(|(parent, _)| parent)
}

/// The last segment of a name.
pub(crate) fn id(name: &str) -> &str {
    name.rsplit_once('/').map_or(name, |(_, id)| id)
}

/// `projects/p/branches/b` for the branch `b` in `projects/p`.
pub(crate) fn child(parent: &str, kind: Kind, id: &str) -> String {
    format!("{}{id}", collection(parent, kind))
}

fn collection(parent: &str, kind: Kind) -> String {
    let slash = if parent.is_empty() { "" } else { "/" };
    format!("{parent}{slash}{}/", kind.collection())
}
