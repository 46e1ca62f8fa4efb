//! What happens to each compute of a plan, some of which no plan says: a new branch comes with a
//! compute of its own, the service keeps a read-write endpoint for as long as its branch, and what is
//! taken over exists already.
//!
//! Start reading at [`World::row`].

use std::collections::{BTreeMap, BTreeSet};

use super::plan::{Action, Change, Object, Sides};
use super::row::{Outcome, Row, Subject};
use crate::compute::Compute;

/// What the changes of a plan say about one another.
#[derive(Default)]
pub struct World {
    /// Projects and branches that the apply makes.
    made: BTreeSet<String>,
    /// Projects and branches that the apply ends.
    gone: BTreeSet<String>,
    /// Endpoints that the plan manages.
    managed: BTreeSet<String>,
    /// How many new read-write endpoints have branches without a name yet. The official provider
    /// knows no name before it has made the object.
    unnamed: usize,
    /// How many projects are new.
    new_projects: usize,
    /// The settings of endpoints to come, by project.
    defaults: BTreeMap<String, Compute>,
}

impl World {
    /// Learns from all changes.
    pub fn of(changes: &[Change]) -> World {
        let mut world = World::default();
        // Projects first: whether a branch is new or gone may be a question of its project.
        let is_project = |it: &&Change| matches!(it.object, Object::Project { .. });
        let (projects, others): (Vec<_>, Vec<_>) = changes.iter().partition(is_project);
        for change in projects.into_iter().chain(others) {
            world.learn(change);
        }
        world
    }

    fn learn(&mut self, change: &Change) {
        let names = [&change.name_before, &change.name_after].into_iter().flatten().cloned();
        match change.object {
            Object::Endpoint { is_read_write, .. } => {
                self.managed.extend(names);
                let is_unnamed = change.action == Action::Create && change.name_after.is_none();
                self.unnamed += usize::from(is_read_write && is_unnamed);
                return;
            }
            Object::Project { defaults, .. } => {
                let after = defaults.after.unwrap_or_default();
                self.new_projects += usize::from(change.action == Action::Create);
                self.defaults.extend(names.map(|it| (it, after)));
            }
            Object::Branch { .. } => {}
        }
        if self.makes(change) {
            self.made.extend(change.name_after.clone());
        }
        if self.ends(change) {
            self.gone.extend(change.name_before.clone());
        }
    }

    /// The row of a resource. One of an endpoint is there even if nothing changes.
    pub fn row(&self, change: &Change) -> Option<Row> {
        let (subject, mut sides) = match change.object {
            Object::Branch { .. } => return None,
            Object::Project { defaults, .. } => (Subject::Defaults, defaults),
            Object::Endpoint { sides, .. } => (Subject::Compute, sides),
        };
        let says_nothing = sides.after.is_none_or(|it| it == Compute::default());
        if subject == Subject::Defaults && says_nothing {
            return None;
        }
        let outcome = match change.action {
            Action::None | Action::Update => Outcome::Changed,
            Action::Replace if subject == Subject::Defaults => Outcome::Changed,
            Action::Replace => Outcome::Replaced,
            Action::Create if self.makes(change) => Outcome::Added,
            Action::Create => {
                sides.before = Some(Compute::default());
                Outcome::Adopted
            }
            Action::Delete | Action::Forget if self.ends(change) => Outcome::Destroyed,
            Action::Delete | Action::Forget => {
                sides.after = sides.before;
                Outcome::LeftAlone
            }
        };
        let name = change.name_after.as_ref().or(change.name_before.as_ref());
        let name = name.filter(|_| subject == Subject::Compute).cloned();
        Some(Row::new(change, subject, name, outcome, sides))
    }

    /// The row of the compute that the service makes, or ends, along with a project or a branch,
    /// unless the plan manages it.
    pub fn comes_along(&self, change: &Change) -> Option<Row> {
        let (primary, after) = match change.object {
            Object::Endpoint { .. } | Object::Branch { is_root: true } => return None,
            Object::Branch { .. } => {
                let name = change.name_after.as_deref().unwrap_or_default();
                let project = name.split_once("/branches/").map(|(project, _)| project);
                let defaults = project.and_then(|it| self.defaults.get(it)).copied();
                ("endpoints/primary", defaults)
            }
            Object::Project { initial, .. } => ("branches/production/endpoints/primary", initial),
        };
        let in_parent = |it: &Option<String>| it.as_ref().map(|it| format!("{it}/{primary}"));
        let [before, after_name] = [in_parent(&change.name_before), in_parent(&change.name_after)];
        // One without a name belongs to a new project rather than to a new branch.
        let is_managed = |it: &Option<String>| match (it, &change.object) {
            (Some(name), _) if self.managed.contains(name) => true,
            (Some(_), Object::Project { .. }) => change.name_before.is_none() && 0 < self.unnamed,
            (Some(_), _) => false,
            (None, _) => self.new_projects < self.unnamed,
        };
        let after = after.unwrap_or_default();
        let after = Some(Compute { computes: after.computes.or(Some(1)), ..after });
        let is_gone = self.ends(change) && !is_managed(&before);
        let is_made = self.makes(change) && !is_managed(&after_name);
        let sides = Sides {
            before: is_gone.then(Compute::default), // no plan says what it was
            after: after.filter(|_| is_made),
        };
        let (outcome, name) = match (is_gone, is_made) {
            (true, true) => (Outcome::Replaced, after_name.or(before)),
            (true, false) => (Outcome::Destroyed, before),
            (false, true) => (Outcome::Added, after_name),
            (false, false) => return None,
        };
        Some(Row::new(change, Subject::ComesAlong, name, outcome, sides))
    }

    /// Whether a change makes an object. What may be taken over exists, unless what holds it is new.
    fn makes(&self, change: &Change) -> bool {
        let is_new = |name: &String| is_in_any(name, &self.made);
        match change.action {
            Action::Create if change.replace_existing => {
                change.name_after.as_ref().is_none_or(is_new)
            }
            Action::Create | Action::Replace => true,
            _ => false,
        }
    }

    /// Whether a change ends an object. Some go only with what holds them.
    fn ends(&self, change: &Change) -> bool {
        let goes_with_its_parent = match change.object {
            Object::Project { .. } => false,
            Object::Branch { is_root } => is_root,
            Object::Endpoint { is_read_write, .. } => is_read_write,
        };
        let parent_goes = change.name_before.as_ref().is_some_and(|it| is_in_any(it, &self.gone));
        match change.action {
            Action::Delete | Action::Replace => !goes_with_its_parent || parent_goes,
            Action::Forget => parent_goes,
            _ => false,
        }
    }
}

/// Whether the named object is inside one of these.
fn is_in_any(name: &str, objects: &BTreeSet<String>) -> bool {
    name.match_indices('/').any(|(at, _)| objects.contains(&name[..at]))
}

#[cfg(test)]
mod tests;
