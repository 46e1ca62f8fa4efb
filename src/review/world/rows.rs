//! Lists what a reviewer sees: a row for each compute, for settings of those to come, and for data.

use std::collections::HashSet;

use super::super::objects::ObjectRow;
use super::super::plan::{Action, ComputeSettings, Facts, Name, Object, ResourceChange};
use super::super::row::{Fate, Row, Side, Subject};
use super::life::{Life, Presence};
use super::names::{Key, Names, display, project_of, root_of, writer_of};
use super::{EXISTING, Endpoint, World, creates, losses};
use crate::resources::project::DEFAULT_ENDPOINT_SETTINGS;

impl World<'_> {
    /// The rows of all computes, in the plan's order, and of the settings of those to come.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut done = HashSet::new();
        for (at, change) in self.plan.changes.iter().enumerate() {
            let keys = self.names.of_change(at);
            match change.object() {
                Some(Object::Endpoint(_)) => self.push(change, keys, &mut done, &mut rows),
                Some(Object::Branch(_)) => {
                    let writers = keys.map(|key| key.map(|branch| writer_of(branch)));
                    self.push_unmanaged(change, &writers, &mut done, &mut rows);
                }
                Some(Object::Project(_)) => {
                    rows.extend(self.defaults(change));
                    let writers = keys.map(|key| key.map(|project| writer_of(&root_of(project))));
                    self.push_unmanaged(change, &writers, &mut done, &mut rows);
                }
                _ => {}
            }
        }
        for stored in self.plan.stored.iter().filter(|stored| self.counts(stored)) {
            let key = Names::of_facts(&stored.facts);
            let unchanged = ResourceChange {
                address: stored.address.clone(),
                previous_address: None,
                deposed: None,
                resource_type: stored.resource_type.clone(),
                action: Action::None,
                imported: false,
                before: None,
                after: None,
                shifts: Vec::new(),
            };
            match (&stored.facts.object, &key) {
                (Object::Endpoint(_), key) => {
                    self.push(&unchanged, [key.as_ref(), key.as_ref()], &mut done, &mut rows);
                }
                (Object::Branch(_), Some(branch)) => {
                    let writer = writer_of(branch);
                    let both = [Some(writer.clone()), Some(writer)];
                    self.push_unmanaged(&unchanged, &both, &mut done, &mut rows);
                }
                (Object::Project(_), Some(project)) => {
                    let writer = writer_of(&root_of(project));
                    let both = [Some(writer.clone()), Some(writer)];
                    self.push_unmanaged(&unchanged, &both, &mut done, &mut rows);
                }
                _ => {}
            }
        }
        rows
    }

    /// Projects, branches and databases that are destroyed, or whose protection changes.
    pub fn objects(&self) -> Vec<ObjectRow> {
        let rows = self.plan.changes.iter().enumerate().filter_map(|(at, change)| {
            let [before, after] = self.names.of_change(at);
            let key = before.or(after)?;
            let project = project_of(key).and_then(|project| self.holders.get(project));
            let life = self.holders.get(key).map(|holder| holder.life);
            let project_goes =
                project.filter(|_| project_of(key) != Some(key)).is_some_and(|project| {
                    project.life.after == Presence::No
                        || !project.life.kept && project.life.before != Presence::No
                });
            let purges = || self.projects.get(project_of(key)?).map(|project| project.purges);
            let with_project = project_goes.then(|| purges() == Some(true));
            losses::row(change, display(key), life, with_project, self.plan.timestamp)
        });
        rows.collect()
    }

    /// What has changed outside of Terraform: before is what the state had, after is what exists.
    pub fn drift(&self) -> Vec<Row> {
        let side = |facts: &Option<Facts>| match facts.as_ref().map(|facts| &facts.object) {
            Some(Object::Endpoint(endpoint)) => {
                Side::present(endpoint.settings.resolved(&EXISTING))
            }
            Some(Object::Project(project)) => Side::present(project.defaults.resolved(&EXISTING)),
            _ => Side::Absent,
        };
        let rows = self.plan.drift.iter().filter_map(|change| {
            let subject = match change.object()? {
                Object::Endpoint(_) => Subject::Compute,
                Object::Project(_) if change.after.is_some() => Subject::Defaults,
                _ => return None,
            };
            let (before, after) = (side(&change.before), side(&change.after));
            let fate = if after == Side::Absent { Fate::Destroyed } else { Fate::Changed };
            let row = Row::new(change, subject, fate, before, after);
            (before != after).then(|| Row { name: name(change), ..row })
        });
        rows.collect()
    }

    /// Adds the rows of the endpoints of a change, unless they are there.
    fn push(
        &self,
        change: &ResourceChange,
        keys: [Option<&Key>; 2],
        done: &mut HashSet<Key>,
        rows: &mut Vec<Row>,
    ) {
        let subject = match change.object() {
            Some(Object::Branch(_) | Object::Project(_)) => Subject::Unmanaged,
            _ if change.before.is_none() && change.after.is_none() => {
                let managed = keys[0].and_then(|key| self.endpoints.get(key));
                if managed.is_some_and(|endpoint| endpoint.is_managed) {
                    Subject::Compute
                } else {
                    Subject::Unmanaged
                }
            }
            _ => Subject::Compute,
        };
        let [old, new] = keys;
        if let (Some(old), Some(new)) = (old, new)
            && old != new
            && !done.contains(old)
            && !done.contains(new)
            && let (Some(leaving), Some(coming)) =
                (self.endpoints.get(old), self.endpoints.get(new))
            && leaving.changes <= 1
            && coming.changes <= 1
            && leaving.life.after == Presence::No
            && coming.life.before == Presence::No
            && coming.life.after == Presence::Yes
        {
            let (before, after) = (self.before(old, leaving), self.after(new, coming));
            let row = Row::new(change, subject, Fate::Replaced, before, after);
            let own = name(change).filter(|_| subject == Subject::Compute);
            let former_name = display(old);
            rows.push(Row { name: own.or_else(|| display(new)), former_name, ..row });
            done.extend([old.clone(), new.clone()]);
            return;
        }
        for key in [new, old].into_iter().flatten() {
            if let Some(endpoint) = self.endpoints.get(key)
                && done.insert(key.clone())
                && let Some(fate) = endpoint.fate()
            {
                let (before, after) = (self.before(key, endpoint), self.after(key, endpoint));
                let row = Row::new(change, subject, fate, before, after);
                let own = Some(key) == new.or(old) && subject == Subject::Compute;
                let own = own.then(|| name(change)).flatten();
                rows.push(Row { name: own.or_else(|| display(key)), ..row });
            }
        }
    }

    /// The same of the read-write endpoint of a branch, where the plan does not manage it.
    fn push_unmanaged(
        &self,
        change: &ResourceChange,
        keys: &[Option<Key>; 2],
        done: &mut HashSet<Key>,
        rows: &mut Vec<Row>,
    ) {
        let keys = keys.each_ref().map(|key| {
            let endpoint = self.endpoints.get(key.as_ref()?)?;
            key.as_ref().filter(|_| !endpoint.is_managed)
        });
        self.push(change, keys, done, rows);
    }

    /// The settings of computes to come, if they change.
    fn defaults(&self, change: &ResourceChange) -> Option<Row> {
        let settings = |facts: &Option<Facts>| match facts {
            Some(Facts { object: Object::Project(project), .. }) => Some(project.defaults),
            _ => None,
        };
        let after = settings(&change.after)?;
        let name = DEFAULT_ENDPOINT_SETTINGS.name();
        let is_left_out = self.plan.configuration.mentions(&change.address, name) == Some(false);
        let says_nothing = after.is_empty() || creates(change) && is_left_out;
        let before = settings(&change.before).filter(|_| !creates(change));
        if says_nothing && before.is_none() {
            return None;
        }
        let side = |settings: Option<ComputeSettings>| {
            settings.map_or(Side::Absent, |it| Side::present(it.resolved(&EXISTING)))
        };
        let fate = if creates(change) { Fate::Created } else { Fate::Changed };
        Some(Row::new(change, Subject::Defaults, fate, side(before), side(Some(after))))
    }
}

/// The name of a change's object, if the plan tells it.
fn name(change: &ResourceChange) -> Option<String> {
    match &change.after.as_ref().or(change.before.as_ref())?.name {
        Name::Known(name) => Some(name.clone()),
        Name::Parts { .. } => None,
    }
}

impl Endpoint {
    fn fate(&self) -> Option<Fate> {
        let Life { before, after, kept, .. } = self.life;
        let is_created = self.after.as_ref().is_some_and(|after| after.is_created);
        Some(match (before, after) {
            (Presence::No, Presence::No) => return None,
            (Presence::No, _) => Fate::Created,
            (_, Presence::Maybe) => Fate::Changed,
            (_, Presence::No) if self.life.is_deleted => Fate::Destroyed,
            (_, Presence::No) => Fate::DestroyedWithBranch,
            (Presence::Maybe, _) => Fate::CreatedOrAdopted,
            (Presence::Yes, _) if !kept => Fate::Replaced,
            (Presence::Yes, _) if is_created => Fate::Adopted,
            (Presence::Yes, _) if self.is_managed && self.life.is_let_go => Fate::LeftAlone,
            (Presence::Yes, _) => Fate::Changed,
        })
    }
}
