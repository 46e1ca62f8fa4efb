//! Keeps the objects of the workspace by name. Knows what contains what and what is deleted, but no
//! kind: the rules of each stand in [`crate::resources`].

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;

use crate::clock::later;
use crate::model::Kind;
use crate::name::{self, is_inside};
use crate::options::Options;
use crate::schema::Map;

/// [REC] §1.6c for projects, [INF] for branches: how long a soft-deleted object is kept, and its ID
/// reserved.
const RETENTION: SignedDuration = SignedDuration::from_hours(7 * 24);

#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub(crate) kind: &'static Kind,
    pub(crate) uid: Option<String>,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    /// What clients submitted, for `echo-spec`.
    pub(crate) spec: Map,
    /// What the status shows, but for what is derived when it is shown.
    pub(crate) settings: Map,
    /// What the status shows for a time, the later phases over the earlier ones.
    pub(crate) timeline: Vec<Phase>,
    pub(crate) deleted: Option<Timestamp>,
    /// When it will be gone, if its delete lingers.
    pub(crate) gone: Option<Timestamp>,
    /// Whether it came with another object.
    pub(crate) implied: bool,
    /// Whether a read by name does not find it, although lists show it.
    pub(crate) unreadable: bool,
}

/// Members that a status shows for a time.
#[derive(Clone, Debug)]
pub(crate) struct Phase {
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) shows: Map,
}

impl Phase {
    /// A member that is shown until a moment.
    pub(crate) fn until(until: Timestamp, member: &str, value: &str) -> Phase {
        Phase { from: Timestamp::MIN, until, shows: one(member, value) }
    }

    /// A member that is shown from a moment on.
    pub(crate) fn from(from: Timestamp, member: &str, value: &str) -> Phase {
        Phase { from, until: Timestamp::MAX, shows: one(member, value) }
    }
}

fn one(member: &str, value: &str) -> Map {
    std::iter::once((member.to_owned(), Json::from(value))).collect()
}

impl Object {
    pub(crate) fn text(&self, setting: &str) -> Option<&str> {
        self.settings.get(setting)?.as_str()
    }

    pub(crate) fn flag(&self, setting: &str) -> bool {
        self.settings.get(setting).and_then(Json::as_bool).unwrap_or(false)
    }

    pub(crate) fn lives(&self) -> bool {
        self.deleted.is_none()
    }

    /// When a soft-deleted object will be gone.
    pub(crate) fn purge_time(&self) -> Option<Timestamp> {
        self.deleted.map(|time| later(time, RETENTION))
    }

    /// The settings with what the timeline shows at a moment.
    pub(crate) fn status(&self, at: Timestamp) -> Map {
        let mut status = self.settings.clone();
        let phases = self.timeline.iter().filter(|phase| phase.from <= at && at < phase.until);
        for phase in phases {
            status.extend(phase.shows.clone());
        }
        status
    }

    fn expired(&self, now: Timestamp) -> bool {
        self.lives() && (self.kind.hooks.expires)(self).is_some_and(|time| time <= now)
    }

    fn is_gone(&self, now: Timestamp) -> bool {
        self.gone.is_some_and(|time| time <= now)
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Store {
    objects: BTreeMap<String, Object>,
}

impl Store {
    /// The object with this name, be it deleted, as long as nothing that contains it is.
    pub(crate) fn get(&self, name: &str) -> Option<&Object> {
        let lives = |name| self.objects.get(name).is_some_and(Object::lives);
        if name::lineage(name).skip(1).all(lives) { self.objects.get(name) } else { None }
    }

    /// The object with this name, if it lives.
    pub(crate) fn live(&self, name: &str) -> Option<&Object> {
        self.get(name).filter(|object| object.lives())
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Object> {
        self.objects.get_mut(name)
    }

    pub(crate) fn insert(&mut self, name: String, object: Object) {
        self.objects.insert(name, object);
    }

    /// Removes the object and everything in it.
    pub(crate) fn remove(&mut self, name: &str) {
        self.objects.retain(|other, _| other != name && !is_inside(other, name));
    }

    /// Everything inside `container` ("" for the workspace) at any depth, by name, deleted objects
    /// and their contents included.
    pub(crate) fn inside<'a>(
        &'a self,
        container: &'a str,
    ) -> impl Iterator<Item = (&'a String, &'a Object)> {
        let prefix = if container.is_empty() { String::new() } else { format!("{container}/") };
        self.objects.range(prefix.clone()..).take_while(move |(name, _)| name.starts_with(&prefix))
    }

    /// The objects of a collection, `projects/p/branches`, deleted ones included, by name.
    pub(crate) fn collection<'a>(
        &'a self,
        collection: &'a str,
    ) -> impl Iterator<Item = (&'a String, &'a Object)> {
        self.inside(collection).filter(move |(name, _)| name::collection(name) == collection)
    }

    /// The live objects of a collection.
    pub(crate) fn live_in<'a>(
        &'a self,
        collection: &'a str,
    ) -> impl Iterator<Item = (&'a String, &'a Object)> {
        self.collection(collection).filter(|(_, object)| object.lives())
    }

    /// The names of everything, be it deleted, sorted.
    pub(crate) fn all_names(&self) -> impl Iterator<Item = &String> {
        self.objects.keys()
    }

    /// The names of everything that lives, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        self.objects.keys().filter(|name| self.live(name).is_some()).cloned().collect()
    }

    /// Lets time pass: what was deleted long enough ago is purged, what has expired is deleted.
    pub(crate) fn sweep(&mut self, now: Timestamp, options: &Options) {
        let expired = |object: &Object| object.expired(now);
        let is_kept = |object: &Object| (object.kind.hooks.keeps_expired)(options);
        let kept = |object: &&mut Object| expired(object) && is_kept(object);
        for object in self.objects.values_mut().filter(kept) {
            object.deleted = (object.kind.hooks.expires)(object);
        }
        let purged = |object: &Object| object.purge_time().is_some_and(|time| time <= now);
        let gone = self
            .objects
            .iter()
            .filter(|(_, object)| purged(object) || expired(object) || object.is_gone(now));
        for name in gone.map(|(name, _)| name.clone()).collect::<Vec<_>>() {
            self.remove(&name);
        }
    }
}
