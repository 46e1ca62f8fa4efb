//! What a plan does to compute: a row for each compute that changes, and the totals.
//!
//! Some of it no plan says: a new branch comes with a compute of its own, and the service keeps a
//! read-write endpoint for as long as its branch. Start reading at [`Summary::of`].

use std::collections::{BTreeMap, BTreeSet};

use super::plan::{Action, Change, Object, Plan, Sides};
use crate::compute::Compute;
use crate::compute::capacity::max_connections;
use crate::compute::finding::{Finding, findings};

/// What a plan does to compute.
#[derive(Debug, Default)]
pub struct Summary {
    /// The version of Terraform that made the plan.
    pub terraform_version: String,
    /// Whether the plan leads all the way to the configuration.
    pub complete: bool,
    /// Whether planning ended with an error.
    pub errored: bool,
    /// What changes, in the plan's order.
    pub rows: Vec<Row>,
    /// How many endpoints stay as they are.
    pub unchanged: usize,
    /// All computes in the plan, before: those that stay as they are too.
    pub before: Total,
    /// All computes in the plan, after.
    pub after: Total,
}

/// The change of one compute, or of the settings of computes to come.
#[derive(Debug)]
pub struct Row {
    /// The address of the resource.
    pub address: String,
    /// The address that the resource moves away from.
    pub previous_address: Option<String>,
    /// The key of an object that a failed replacement left behind.
    pub deposed: Option<String>,
    /// The resource type.
    pub resource_type: String,
    /// What of the resource it is.
    pub subject: Subject,
    /// The endpoint's full name, as far as it is known.
    pub name: Option<String>,
    /// What happens.
    pub outcome: Outcome,
    /// Whether the resource is imported on the way.
    pub imported: bool,
    /// What there is before and after; without a value what is not known.
    pub sides: Sides,
    /// What to notice.
    pub findings: Vec<Finding>,
}

/// What of a resource a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The compute of an endpoint.
    Compute,
    /// The compute that a branch or a project comes with, and that the plan does not manage.
    ComesAlong,
    /// A project's settings of endpoints that are made later.
    Defaults,
}

/// What happens to a compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is made.
    Added,
    /// It exists, and Terraform takes it over as it is told to be.
    Adopted,
    /// It changes.
    Changed,
    /// It is destroyed and made anew.
    Replaced,
    /// It is destroyed.
    Destroyed,
    /// It stays as it is, and Terraform does not manage it any more.
    LeftAlone,
}

/// Computes together. What is not known of one does not count.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Total {
    /// How many endpoints.
    pub endpoints: usize,
    /// How many of them have a size that is not known.
    pub unknown_size: usize,
    /// How many computes stand behind them.
    pub computes: i64,
    /// How many endpoints never suspend.
    pub always_on: usize,
    /// How many endpoints have more than one compute.
    pub high_availability: usize,
    /// The minimums, in CU.
    pub min_cu: f64,
    /// What runs at any time, in CU.
    pub floor_cu: f64,
    /// The maximums, in CU.
    pub ceiling_cu: f64,
    /// The connections at the maximums.
    pub connections: i64,
}

impl Summary {
    /// Goes through a plan.
    pub fn of(plan: Plan) -> Summary {
        let world = World::of(&plan.changes);
        let mut summary = Summary {
            terraform_version: plan.terraform_version,
            complete: plan.complete,
            errored: plan.errored,
            ..Summary::default()
        };
        for change in &plan.changes {
            for row in [world.row(change), world.comes_along(change)].into_iter().flatten() {
                summary.push(row);
            }
        }
        summary
    }

    /// Whether nothing about compute changes.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn push(&mut self, mut row: Row) {
        let Sides { before, after } = row.sides;
        if row.subject != Subject::Defaults {
            self.before.add(before);
            self.after.add(after);
        }
        if row.outcome == Outcome::Changed && before == after {
            self.unchanged += usize::from(row.subject != Subject::Defaults);
            return;
        }
        if let (Some(before), Some(after)) = (before, after) {
            let of = if row.subject == Subject::Defaults { "the defaults of " } else { "" };
            row.findings = findings(&format!("{of}`{}`", row.address), &before, &after);
        }
        self.rows.push(row);
    }
}

impl Row {
    /// What there is to say about it beside its figures.
    pub fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.subject == Subject::ComesAlong {
            remarks.push("the compute that comes with it".to_owned());
        }
        remarks.extend(self.previous_address.as_ref().map(|it| format!("moved from {it}")));
        remarks.extend(self.deposed.as_ref().map(|it| format!("deposed object {it}")));
        if self.imported {
            remarks.push("imported".to_owned());
        }
        remarks
    }
}

impl Outcome {
    /// All, in the order in which they are counted.
    pub const ALL: [Outcome; 6] = [
        Outcome::Added,
        Outcome::Adopted,
        Outcome::Changed,
        Outcome::Replaced,
        Outcome::Destroyed,
        Outcome::LeftAlone,
    ];

    /// What happens, in a word or two.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Added => "added",
            Outcome::Adopted => "taken over",
            Outcome::Changed => "changed",
            Outcome::Replaced => "replaced",
            Outcome::Destroyed => "destroyed",
            Outcome::LeftAlone => "left alone",
        }
    }
}

impl Total {
    fn add(&mut self, compute: Option<Compute>) {
        let Some(it) = compute else { return };
        let computes = it.computes.unwrap_or(1);
        self.endpoints += 1;
        self.computes += computes;
        self.always_on += usize::from(it.always_on() == Some(true));
        self.high_availability += usize::from(1 < computes);
        let (Some(least), Some(ceiling)) = (it.least_cu(), it.ceiling_cu()) else {
            self.unknown_size += 1;
            return;
        };
        self.min_cu += least;
        self.floor_cu += it.floor_cu().unwrap_or_default();
        self.ceiling_cu += ceiling;
        self.connections += it.max_cu.map(max_connections).unwrap_or_default();
    }
}

/// What the changes of a plan say about one another.
#[derive(Default)]
struct World {
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
    fn of(changes: &[Change]) -> World {
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
    fn row(&self, change: &Change) -> Option<Row> {
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
            Action::Delete if self.ends(change) => Outcome::Destroyed,
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
    fn comes_along(&self, change: &Change) -> Option<Row> {
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
        let after = Some(Compute { computes: Some(1), ..after.unwrap_or_default() });
        let unknown = Some(Compute::default());
        let (outcome, sides, name) = match change.action {
            Action::Create if self.makes(change) && !is_managed(&after_name) => {
                (Outcome::Added, Sides { before: None, after }, after_name)
            }
            Action::Replace if !is_managed(&before) => {
                (Outcome::Replaced, Sides { before: unknown, after }, after_name.or(before))
            }
            Action::Delete if self.ends(change) && !is_managed(&before) => {
                (Outcome::Destroyed, Sides { before: unknown, after: None }, before)
            }
            _ => return None,
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
        let parent_goes = |name: &String| is_in_any(name, &self.gone);
        matches!(change.action, Action::Delete | Action::Replace)
            && (!goes_with_its_parent || change.name_before.as_ref().is_some_and(parent_goes))
    }
}

impl Row {
    fn new(
        change: &Change,
        subject: Subject,
        name: Option<String>,
        outcome: Outcome,
        sides: Sides,
    ) -> Row {
        Row {
            address: change.address.clone(),
            previous_address: change.previous_address.clone(),
            deposed: change.deposed.clone(),
            resource_type: change.resource_type.clone(),
            subject,
            name,
            outcome,
            imported: change.imported,
            sides,
            findings: Vec::new(),
        }
    }
}

/// Whether the named object is inside one of these.
fn is_in_any(name: &str, objects: &BTreeSet<String>) -> bool {
    name.match_indices('/').any(|(at, _)| objects.contains(&name[..at]))
}
