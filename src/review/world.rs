//! Decides what exists before and after an apply, and what happens to each compute.
//!
//! A plan says what Terraform does to resources; what exists follows from it with the rules of
//! Lakebase: a branch has exactly one read-write endpoint, which is created and deleted with it; a
//! project has a root branch; what is inside an object that is destroyed is destroyed. Start reading
//! at [`Life::of`], then [`World::rows`].

mod life;
mod losses;
mod names;
mod rows;
mod sides;

use std::collections::{BTreeMap, HashMap, HashSet};

use super::plan::{Action, ComputeSettings, Facts, Lifetime, Object, Plan, ResourceChange, Stored};
use crate::compute::Compute;
use life::Touch;
pub use life::{Life, Presence};
use names::{Key, Names, branch_of, is_unknown, known_project_of, project_of, root_of, writer_of};

/// What exists before and after.
pub struct World<'a> {
    plan: &'a Plan,
    names: Names,
    /// Projects and branches that the plan knows, and the root branches of such projects.
    holders: HashMap<Key, Holder>,
    endpoints: HashMap<Key, Endpoint>,
    /// Computes that a data source has read.
    seen: HashMap<Key, Compute>,
    /// What is known of projects besides.
    projects: HashMap<Key, KnownProject>,
    /// The changes that create branches or leave them as they are.
    branches: HashMap<Key, usize>,
    /// The projects of read-write endpoints whose branches are not known, as far as they are.
    wandering: HashSet<Option<Key>>,
}

/// What a plan says of a project.
#[derive(Default)]
struct KnownProject {
    /// The settings of new computes before the apply, and after it.
    defaults: [Option<Compute>; 2],
    /// The change that creates it.
    created_by: Option<usize>,
    /// Whether it is deleted permanently, if it is deleted.
    purges: bool,
}

/// A project or a branch.
struct Holder {
    life: Life,
    /// How long it exists, before and after.
    lifetimes: [Lifetime; 2],
}

/// An endpoint: its life, and where the plan has it.
struct Endpoint {
    life: Life,
    before: Option<ComputeSettings>,
    after: Option<After>,
    /// How many changes touch it.
    changes: usize,
    /// Whether Terraform manages it, before or after.
    is_managed: bool,
}

/// What a plan makes of an endpoint.
struct After {
    settings: ComputeSettings,
    /// Whether a create call sends the settings.
    is_created: bool,
}

/// A compute that exists, of which nothing else is known.
const EXISTING: Compute = Compute {
    min_cu: None,
    max_cu: None,
    suspension: None,
    disabled: Some(false),
    computes: Some(1),
};

impl<'a> World<'a> {
    /// Learns from a plan.
    pub fn of(plan: &'a Plan) -> World<'a> {
        let names = Names::of(plan);
        let mut world = World {
            plan,
            names,
            holders: HashMap::new(),
            endpoints: HashMap::new(),
            seen: HashMap::new(),
            projects: HashMap::new(),
            branches: HashMap::new(),
            wandering: HashSet::new(),
        };
        world.learn_settings();
        world.learn_holders();
        world.learn_endpoints();
        world
    }

    /// Whether the state has something that is not among the changes, as with `-target`.
    pub fn leaves_out(&self) -> bool {
        self.plan.stored.iter().any(|stored| self.counts(stored))
    }

    /// Whether what a state holds is part of what the plan is about.
    fn counts(&self, stored: &Stored) -> bool {
        stored.managed && !self.names.has_change_of(&stored.address)
    }

    fn learn_settings(&mut self) {
        for (at, change) in self.plan.changes.iter().enumerate() {
            let keys = self.names.of_change(at);
            for (side, (key, facts)) in
                keys.into_iter().zip([&change.before, &change.after]).enumerate()
            {
                let (Some(key), Some(facts)) = (key, facts) else { continue };
                match &facts.object {
                    Object::Branch(_) if side == 1 => _ = self.branches.insert(key.clone(), at),
                    Object::Project(project) => {
                        let known = self.projects.entry(key.clone()).or_default();
                        known.purges = facts.purges == Some(true);
                        if side == 1 && creates(change) {
                            known.created_by = Some(at);
                            known.defaults = [None; 2];
                        }
                        known.defaults[side] = Some(project.defaults.resolved(&EXISTING));
                    }
                    _ => {}
                }
            }
        }
        for stored in &self.plan.stored {
            let Some(key) = Names::of_facts(&stored.facts) else { continue };
            match &stored.facts.object {
                Object::Endpoint(endpoint) if !stored.managed => {
                    self.seen.insert(key, endpoint.settings.resolved(&EXISTING));
                }
                Object::Project(project) => {
                    let defaults = [Some(project.defaults.resolved(&EXISTING)); 2];
                    self.projects
                        .entry(key)
                        .or_insert(KnownProject { defaults, ..Default::default() });
                }
                _ => {}
            }
        }
    }

    fn learn_holders(&mut self) {
        let mut touched: BTreeMap<Key, (Touch, [Lifetime; 2])> = BTreeMap::new();
        let lasting = [Lifetime::Unlimited; 2];
        for (at, change) in self.plan.changes.iter().enumerate() {
            if !matches!(change.object(), Some(Object::Project(_) | Object::Branch(_))) {
                continue;
            }
            let [before, after] = self.names.of_change(at);
            let sides = [(before, &change.before), (after, &change.after)];
            for (side, (key, facts)) in sides.into_iter().enumerate() {
                let Some(key) = key else { continue };
                let (touch, lifetimes) =
                    touched.entry(key.clone()).or_insert((Touch::default(), lasting));
                touch.add(change, side);
                if let Some(Facts { object: Object::Branch(branch), .. }) = facts {
                    touch.is_born |= branch.is_root;
                    lifetimes[side] = branch.lifetime;
                }
            }
        }
        for stored in self.plan.stored.iter().filter(|stored| self.counts(stored)) {
            let Some(key) = Names::of_facts(&stored.facts) else { continue };
            let stays = Touch { stays: true, is_unread: true, ..Touch::default() };
            match &stored.facts.object {
                Object::Project(_) => _ = touched.entry(key).or_insert((stays, lasting)),
                Object::Branch(branch) => {
                    let stays = Touch { is_born: branch.is_root, ..stays };
                    touched.entry(key).or_insert((stays, [branch.lifetime; 2]));
                }
                _ => {}
            }
        }
        // Projects sort before their branches, and are decided before them.
        let projects: Vec<_> = touched.keys().filter(|key| project_of(key) == Some(key)).collect();
        let roots: Vec<_> = projects.into_iter().map(|project| root_of(project)).collect();
        for root in roots {
            touched.entry(root).or_insert((Touch::default(), lasting)).0.is_born = true;
        }
        let mut keys: Vec<_> = touched.into_iter().collect();
        keys.sort_by_key(|(key, _)| project_of(key) != Some(key));
        for (key, (touch, lifetimes)) in keys {
            let project = project_of(&key).filter(|project| **project != *key);
            let life = Life::of(touch, project.map(|project| self.life(project)));
            self.holders.insert(key, Holder { life, lifetimes });
        }
    }

    fn learn_endpoints(&mut self) {
        let mut touched: HashMap<Key, (Touch, Endpoint)> = HashMap::new();
        let none = || Endpoint {
            life: Life::LASTING,
            before: None,
            after: None,
            changes: 0,
            is_managed: false,
        };
        for (at, change) in self.plan.changes.iter().enumerate() {
            let [before, after] = self.names.of_change(at);
            for (side, key) in [before, after].into_iter().enumerate() {
                let facts = if side == 0 { &change.before } else { &change.after };
                let (Some(key), Some(Facts { object: Object::Endpoint(facts), .. })) = (key, facts)
                else {
                    continue;
                };
                let (touch, endpoint) =
                    touched.entry(key.clone()).or_insert_with(|| (Touch::default(), none()));
                touch.add(change, side);
                touch.is_born |= facts.is_read_write;
                endpoint.is_managed = true;
                if side == 0 {
                    endpoint.before = Some(facts.settings);
                    endpoint.changes += 1;
                } else {
                    let is_created = creates(change);
                    endpoint.changes += usize::from(before != after);
                    let settings = if is_created {
                        self.chosen(change, facts.settings)
                    } else {
                        facts.settings
                    };
                    endpoint.after = Some(After { settings, is_created });
                }
            }
        }
        for stored in self.plan.stored.iter().filter(|stored| self.counts(stored)) {
            let Object::Endpoint(facts) = &stored.facts.object else { continue };
            let Some(key) = Names::of_facts(&stored.facts) else { continue };
            let is_born = facts.is_read_write;
            let touch = Touch { stays: true, is_unread: true, is_born, ..Touch::default() };
            let endpoint = Endpoint { before: Some(facts.settings), is_managed: true, ..none() };
            touched.entry(key).or_insert((touch, endpoint));
        }
        for branch in self.holders.keys().filter(|key| project_of(key) != Some(key)) {
            let born = Touch { is_born: true, ..Touch::default() };
            touched.entry(writer_of(branch)).or_insert_with(|| (born, none()));
        }
        let wandering = touched.iter().filter(|(key, (touch, _))| {
            let branch = branch_of(key).filter(|branch| is_unknown(branch));
            touch.is_born && branch.is_some_and(|branch| !self.holders.contains_key(branch))
        });
        self.wandering = wandering.map(|(key, _)| known_project_of(key)).collect();
        for (key, (mut touch, endpoint)) in touched {
            touch.is_seen = self.seen.contains_key(&key);
            let branch = branch_of(&key).map(|branch| self.life(branch));
            let mut life = Life::of(touch, branch);
            // Afterwards it may be one that is managed, on a branch whose name is not known yet.
            let is_managed =
                endpoint.after.as_ref().is_some_and(|after| life.kept || after.is_created);
            if !is_managed && self.is_ambiguous(&key) {
                life.after = life.after.min(Presence::Maybe);
            }
            self.endpoints.insert(key, Endpoint { life, ..endpoint });
        }
    }

    /// Whether a read-write endpoint may be one whose branch is not known.
    fn is_ambiguous(&self, writer: &str) -> bool {
        self.wandering
            .iter()
            .any(|project| project.is_none() || project.as_deref() == project_of(writer))
    }

    /// The settings of a create, of which the configuration chooses some.
    fn chosen(&self, change: &ResourceChange, settings: ComputeSettings) -> ComputeSettings {
        let configuration = &self.plan.configuration;
        settings.with_defaults(&|name| configuration.mentions(&change.address, name) != Some(false))
    }

    /// The life of a project or a branch; those that the plan does not know exist all along.
    fn life(&self, holder: &str) -> Life {
        if let Some(holder) = self.holders.get(holder) {
            return holder.life;
        }
        if is_unknown(holder) {
            // Which one it is, only the apply knows: it may be one that the apply creates.
            let project = project_of(holder).filter(|project| *project != holder);
            let project = project.map_or(Life::LASTING, |project| self.life(project));
            let before = project.before.min(Presence::Maybe);
            return Life { before, kept: before == Presence::Maybe, ..Life::LASTING };
        }
        match project_of(holder) {
            Some(project) if project != holder => {
                let project = self.holders.get(project).map(|it| it.life);
                project
                    .filter(|life| !life.kept || life.after == Presence::No)
                    .map_or(Life::LASTING, |project| {
                        Life::of(Touch { stays: true, ..Touch::default() }, Some(project))
                    })
            }
            _ => Life::LASTING,
        }
    }
}

/// Whether Terraform sends a create call.
fn creates(change: &ResourceChange) -> bool {
    matches!(change.action, Action::Create | Action::Replace | Action::ForgetAndCreate)
}

#[cfg(test)]
mod tests;
