//! Finds out what is known of a compute before and after an apply.

use super::super::plan::{Facts, Lifetime, Object};
use super::super::row::Side;
use super::life::{Life, Presence};
use super::names::{Key, branch_of, project_of, root_of, writer_of};
use super::{EXISTING, Endpoint, World};
use crate::compute::interval::Interval;
use crate::compute::{Compute, HOURS_PER_MONTH};
use crate::resources::project::INITIAL_ENDPOINT;

impl World<'_> {
    pub(super) fn before(&self, key: &Key, endpoint: &Endpoint) -> Side {
        match endpoint.life.before {
            Presence::No => Side::Absent,
            Presence::Maybe => self.perhaps(key, endpoint, 0),
            Presence::Yes => Side::Present {
                compute: self.compute_before(key, endpoint),
                hours: self.hours(key, 0),
            },
        }
    }

    /// A compute of which the state may be out of date, or of which nothing is known.
    fn perhaps(&self, key: &Key, endpoint: &Endpoint, side: usize) -> Side {
        match endpoint.before {
            Some(settings) => {
                let compute = settings.resolved(&EXISTING);
                Side::Perhaps { compute, hours: self.hours(key, side) }
            }
            None => Side::Unknown,
        }
    }

    pub(super) fn compute_before(&self, key: &Key, endpoint: &Endpoint) -> Compute {
        match endpoint.before {
            Some(settings) => settings.resolved(&EXISTING),
            None => self.seen.get(key).copied().unwrap_or_default(),
        }
    }

    pub(super) fn after(&self, key: &Key, endpoint: &Endpoint) -> Side {
        let Life { before, after, kept, .. } = endpoint.life;
        match after {
            Presence::No => return Side::Absent,
            Presence::Maybe => return self.perhaps(key, endpoint, 1),
            Presence::Yes => {}
        }
        let base = match (kept, before) {
            (true, Presence::Yes) => self.compute_before(key, endpoint),
            // What is adopted keeps what nothing sets.
            (true, _) => Compute::default(),
            (false, _) => self.new_compute(key),
        };
        let compute = match &endpoint.after {
            // Terraform does nothing to a compute that is replaced together with its branch.
            Some(after) if kept || after.is_created => after.settings.resolved(&base),
            _ => base,
        };
        Side::Present { compute, hours: self.hours(key, 1) }
    }

    /// A compute that Lakebase creates without being told its settings.
    pub(super) fn new_compute(&self, key: &Key) -> Compute {
        let Some((branch, project)) =
            branch_of(key).and_then(|branch| Some((branch, project_of(branch)?)))
        else {
            return Compute { disabled: Some(false), computes: Some(1), ..Compute::default() };
        };
        let is_new = self.holders.get(project).is_some_and(|holder| !holder.life.kept);
        let defaults = self.defaults_of(project, branch);
        let comes_with_project = is_new && root_of(project) == *branch && writer_of(branch) == *key;
        let created_by = self.projects.get(project).and_then(|known| known.created_by);
        let change = created_by.filter(|_| comes_with_project).map(|at| &self.plan.changes[at]);
        match change.map(|change| (change, &change.after)) {
            Some((change, Some(Facts { object: Object::Project(project), .. }))) => {
                let name = INITIAL_ENDPOINT.name();
                match self.plan.configuration.mentions(&change.address, name) {
                    Some(false) => defaults,
                    _ => project.initial.resolved(&defaults),
                }
            }
            _ => defaults,
        }
    }

    /// A project's settings of new computes, as they are when something on that branch is created.
    pub(super) fn defaults_of(&self, project: &str, branch: &str) -> Compute {
        let with_one = |it: Compute| Compute { disabled: Some(false), computes: Some(1), ..it };
        let defaults = self.projects.get(project).map(|known| known.defaults).unwrap_or_default();
        let [Some(before), Some(after)] = defaults else {
            return with_one(defaults[1].or(defaults[0]).unwrap_or_default());
        };
        if before == after || self.waits_for(branch, project) {
            return with_one(after);
        }
        // Which of the two is first is not known.
        with_one(Compute {
            min_cu: after.min_cu.filter(|_| before.min_cu == after.min_cu),
            max_cu: after.max_cu.filter(|_| before.max_cu == after.max_cu),
            suspension: after.suspension.filter(|_| before.suspension == after.suspension),
            ..after
        })
    }

    /// Whether Terraform creates what is on a branch after it has changed the project.
    pub(super) fn waits_for(&self, branch: &str, project: &str) -> bool {
        let change = self.branches.get(branch).map(|at| &self.plan.changes[*at]);
        let parent = change.and_then(|change| self.names.parent(self.plan, &change.address));
        parent.is_some_and(|key| key == project)
    }

    pub(super) fn hours(&self, key: &Key, side: usize) -> Interval {
        let all = Interval::known(HOURS_PER_MONTH);
        let holder = branch_of(key).and_then(|branch| self.holders.get(branch));
        let some = Interval { low: 0.0, high: HOURS_PER_MONTH };
        let hours = |hours: f64| Interval::known(hours.clamp(0.0, HOURS_PER_MONTH));
        match (holder.map(|holder| holder.lifetimes[side]), self.plan.timestamp) {
            (None | Some(Lifetime::Unlimited), _) => all,
            (Some(Lifetime::For(duration)), _) => hours(duration.as_secs_f64() / 3600.0),
            (Some(Lifetime::Until(end)), Some(now)) => {
                hours(end.duration_since(now).as_secs_f64() / 3600.0)
            }
            (Some(Lifetime::Until(_) | Lifetime::Unknown), _) => some,
        }
    }
}
