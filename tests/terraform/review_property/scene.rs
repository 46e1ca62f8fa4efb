//! Generates configurations of projects, branches and endpoints, and changes of them.

mod hcl;

use fastrand::Rng;

pub(super) use hcl::write_modules;

/// A configuration, and how it is planned.
#[derive(Clone, Debug, Default)]
pub(super) struct Scene {
    projects: Vec<Project>,
    /// Blocks that stand beside the resources: `moved`, `removed`, `import`.
    blocks: Vec<String>,
    /// Options of the plan.
    pub(super) options: Vec<String>,
    /// Addresses that are tainted before the plan.
    pub(super) taints: Vec<String>,
    /// Which change it is: values that only the apply knows are of the change.
    turn: usize,
    /// The number of IDs and labels that were used so far: none is used twice.
    used: usize,
}

#[derive(Clone, Debug)]
struct Project {
    label: String,
    id: Text,
    defaults: Option<Size>,
    initial: Option<Size>,
    /// Whether a resource adopts the branch `production`.
    adopts_production: bool,
    /// The endpoint `primary` of `production`, if a resource adopts it.
    production: Option<Endpoint>,
    branches: Vec<Branch>,
    /// Instances of the module, by the ID of their branch.
    modules: Vec<(String, u8)>,
    /// Branches by `for_each`, with endpoints by `for_each` over them.
    fan: Option<Fan>,
}

#[derive(Clone, Debug)]
struct Fan {
    keys: Vec<String>,
    /// The turn in which only the apply knows the IDs of the branches.
    late: Late,
    primary: Option<Endpoint>,
    reader: Option<Endpoint>,
}

#[derive(Clone, Debug)]
struct Branch {
    label: String,
    id: Text,
    /// Whether the branch names its project as text.
    is_apart: bool,
    expires: Option<u8>,
    primary: Option<Endpoint>,
    readers: Vec<(String, Text, Endpoint)>,
    /// Readers by `count` or `for_each`.
    many: Option<Many>,
}

#[derive(Clone, Debug)]
struct Many {
    label: String,
    keys: Vec<String>,
    is_count: bool,
    endpoint: Endpoint,
}

#[derive(Clone, Debug)]
struct Endpoint {
    size: Size,
    disabled: Option<bool>,
    group: Option<(u8, Late)>,
    adopts: bool,
}

/// A text, and the turn in which only the apply knows it.
#[derive(Clone, Debug, PartialEq)]
struct Text(String, Late);

/// The turn of whose apply a value comes; none if the plan knows it.
type Late = Option<usize>;

#[derive(Clone, Debug, Default)]
struct Size {
    min: Option<(u8, Late)>,
    max: Option<(u8, Late)>,
    /// Seconds until it suspends; 0 for never.
    suspension: Option<u16>,
}

impl Scene {
    pub(super) fn any(random: &mut Rng) -> Scene {
        let mut scene = Scene::default();
        for _ in 0..random.usize(1..=2) {
            let project = scene.project(random);
            scene.projects.push(project);
        }
        scene
    }

    /// The same after some changes. `managed`: the addresses in the state, with their names.
    pub(super) fn changed(&self, random: &mut Rng, managed: &[(String, String)]) -> Scene {
        let mut scene = Scene {
            projects: self.projects.clone(),
            turn: self.turn + 1,
            used: self.used,
            ..Scene::default()
        };
        for _ in 0..random.usize(1..=3) {
            scene.change(random, managed);
        }
        scene
    }

    fn fresh(&mut self, start: &str) -> String {
        self.used += 1;
        format!("{start}{}", self.used)
    }

    fn late(&self, random: &mut Rng) -> Late {
        (random.u8(..6) == 0).then_some(self.turn)
    }

    fn id(&mut self, start: &str, random: &mut Rng) -> Text {
        Text(self.fresh(start), self.late(random))
    }

    fn project(&mut self, random: &mut Rng) -> Project {
        let label = self.fresh("p");
        let mut project = Project {
            id: self.id("shop-", random),
            label,
            defaults: maybe(random, 2).then(|| self.size(random)),
            initial: maybe(random, 3).then(|| self.size(random)),
            adopts_production: maybe(random, 3),
            production: maybe(random, 2).then(|| self.writer(random)),
            branches: Vec::new(),
            modules: Vec::new(),
            fan: maybe(random, 3).then(|| Fan {
                keys: vec![self.fresh("f-"), self.fresh("f-")],
                late: self.late(random),
                primary: maybe(random, 2).then(|| self.writer(random)),
                reader: maybe(random, 2).then(|| Endpoint { adopts: false, ..self.writer(random) }),
            }),
        };
        for _ in 0..random.usize(0..=2) {
            let branch = self.branch(random);
            project.branches.push(branch);
        }
        for _ in 0..random.usize(0..=2).saturating_sub(1) {
            project.modules.push((self.fresh("m-"), random.u8(1..=8)));
        }
        project
    }

    fn branch(&mut self, random: &mut Rng) -> Branch {
        let mut branch = Branch {
            label: self.fresh("b"),
            id: self.id("dev-", random),
            is_apart: maybe(random, 5),
            expires: maybe(random, 5).then(|| random.u8(1..=20)),
            primary: maybe(random, 2).then(|| self.writer(random)),
            readers: Vec::new(),
            many: None,
        };
        for _ in 0..random.usize(0..=2) {
            let reader = self.reader(random);
            branch.readers.push(reader);
        }
        if maybe(random, 4) {
            branch.many = Some(Many {
                label: self.fresh("many"),
                keys: vec![self.fresh("k-"), self.fresh("k-")],
                is_count: random.bool(),
                endpoint: Endpoint { adopts: false, ..self.writer(random) },
            });
        }
        branch
    }

    fn reader(&mut self, random: &mut Rng) -> (String, Text, Endpoint) {
        let endpoint = Endpoint { adopts: maybe(random, 4), ..self.writer(random) };
        (self.fresh("r"), self.id("ro-", random), endpoint)
    }

    fn writer(&self, random: &mut Rng) -> Endpoint {
        let mut size = self.size(random);
        let group = maybe(random, 5).then(|| (random.u8(2..=3), self.late(random)));
        if group.is_some() {
            size.suspension = Some(0);
        }
        let disabled = maybe(random, 4).then(|| random.bool());
        Endpoint { size, disabled, group, adopts: true }
    }

    fn size(&self, random: &mut Rng) -> Size {
        let mut min = *random.choice(&[1, 2, 4]).unwrap_or(&1);
        let mut max = min + random.u8(..=8);
        // Lakebase refuses a limit that is too far from one that it chooses itself.
        let (sets_min, sets_max) = (!maybe(random, 4), !maybe(random, 6));
        if !sets_min || !sets_max {
            (min, max) = (1, random.u8(1..=8));
        }
        Size {
            min: sets_min.then(|| (min, self.late(random))),
            max: sets_max.then(|| (max, self.late(random))),
            suspension: *random.choice(&[None, Some(0), Some(300), Some(600)]).unwrap_or(&None),
        }
    }

    fn change(&mut self, random: &mut Rng, managed: &[(String, String)]) {
        let any = |random: &mut Rng| Some(random.choice(managed)?.clone());
        match random.u8(..21) {
            0 => {
                let project = self.project(random);
                self.projects.push(project);
            }
            1 if self.projects.len() > 1 => {
                let at = random.usize(..self.projects.len());
                self.projects.remove(at);
            }
            2 => {
                let id = self.id("shop-", random);
                if let Some(project) = self.any_project(random) {
                    project.id = id;
                }
            }
            3 => {
                let size = maybe(random, 4).then(|| self.size(random)).or(Some(self.size(random)));
                if let Some(project) = self.any_project(random) {
                    project.defaults = size;
                }
            }
            4 => {
                let (writer, adopts) = (self.writer(random), random.bool());
                if let Some(project) = self.any_project(random) {
                    project.production = match project.production {
                        Some(_) => None,
                        None => Some(writer),
                    };
                    project.adopts_production = adopts;
                }
            }
            5 => {
                let branch = self.branch(random);
                if let Some(project) = self.any_project(random) {
                    project.branches.push(branch);
                }
            }
            6 => {
                if let Some(project) = self.any_project(random) {
                    project.branches.pop();
                }
            }
            7 => {
                let id = self.id("dev-", random);
                if let Some(branch) = self.any_branch(random) {
                    branch.id = id;
                }
            }
            8 => {
                let writer = self.writer(random);
                if let Some(branch) = self.any_branch(random) {
                    branch.primary = match branch.primary {
                        Some(_) => None,
                        None => Some(writer),
                    };
                }
            }
            9 => {
                let reader = self.reader(random);
                if let Some(branch) = self.any_branch(random) {
                    branch.readers.push(reader);
                }
            }
            10 => self.give_up(random),
            11 => self.rename(random),
            12 => self.taints.extend(any(random).map(|(address, _)| address)),
            13 => {
                self.options.extend(any(random).map(|(address, _)| format!("-replace={address}")));
            }
            14 => self.options.extend(any(random).map(|(address, _)| format!("-target={address}"))),
            15 => {
                let (key, id) = (self.fresh("k-"), self.id("ro-", random));
                if let Some(branch) = self.any_branch(random) {
                    match (&mut branch.many, branch.readers.first_mut()) {
                        (Some(many), _) if maybe(random, 2) => _ = many.keys.pop(),
                        (Some(many), _) => many.keys.push(key),
                        (None, Some((_, old, _))) => *old = id,
                        (None, None) => {}
                    }
                }
            }
            16 => {
                let id = self.fresh("m-");
                if let Some(project) = self.any_project(random) {
                    match project.modules.len() {
                        0 => project.modules.push((id, 4)),
                        _ => project.modules[0].1 = random.u8(1..=8),
                    }
                }
            }
            17 => self.adopt_by_import(random, managed),
            18 => {
                let (key, late, writer) =
                    (self.fresh("f-"), self.late(random), self.writer(random));
                if let Some(fan) = self.any_project(random).and_then(|project| project.fan.as_mut())
                {
                    match random.u8(..4) {
                        0 => fan.keys.push(key),
                        1 => _ = fan.keys.pop(),
                        2 => fan.late = late,
                        _ => fan.primary = fan.primary.is_none().then_some(writer),
                    }
                }
            }
            _ => {
                let writer = self.writer(random);
                let resized = |endpoint: &mut Endpoint| {
                    *endpoint = Endpoint { adopts: endpoint.adopts, ..writer.clone() };
                };
                if let Some(project) = self.any_project(random) {
                    project.production.iter_mut().for_each(resized);
                }
                if let Some(branch) = self.any_branch(random) {
                    branch.primary.iter_mut().for_each(resized);
                    let readers = branch.readers.iter_mut().map(|(_, _, endpoint)| endpoint);
                    readers.take(1).for_each(resized);
                }
            }
        }
    }

    /// Removes a reader from the configuration and from the state, but does not destroy it.
    fn give_up(&mut self, random: &mut Rng) {
        let Some(branch) = self.any_branch(random) else { return };
        let Some((label, ..)) = branch.readers.pop() else { return };
        self.blocks.push(format!(
            "removed {{\n  from = lakebase_endpoint.{label}\n  lifecycle {{\n    destroy = false\n  \
             }}\n}}\n"
        ));
    }

    /// Gives a reader another address.
    fn rename(&mut self, random: &mut Rng) {
        let new = self.fresh("r");
        let Some(branch) = self.any_branch(random) else { return };
        let Some((label, ..)) = branch.readers.first_mut() else { return };
        let old = std::mem::replace(label, new.clone());
        self.blocks.push(format!(
            "moved {{\n  from = lakebase_endpoint.{old}\n  to   = lakebase_endpoint.{new}\n}}\n"
        ));
    }

    /// Imports the read-write endpoint of a branch that exists.
    fn adopt_by_import(&mut self, random: &mut Rng, managed: &[(String, String)]) {
        let writer = self.writer(random);
        let Some(branch) = self.any_branch(random) else { return };
        let address = format!("lakebase_branch.{}", branch.label);
        let Some((_, name)) = managed.iter().find(|(it, _)| *it == address) else { return };
        if branch.primary.is_some() {
            return;
        }
        branch.primary = Some(writer);
        let label = branch.label.clone();
        self.blocks.push(format!(
            "import {{\n  to = lakebase_endpoint.{label}_primary\n  id = \"{name}/endpoints/primary\"\n}}\n"
        ));
    }

    fn any_project(&mut self, random: &mut Rng) -> Option<&mut Project> {
        let at = random.usize(..self.projects.len().max(1));
        self.projects.get_mut(at)
    }

    fn any_branch(&mut self, random: &mut Rng) -> Option<&mut Branch> {
        let mut all: Vec<_> =
            self.projects.iter_mut().flat_map(|project| &mut project.branches).collect();
        if all.is_empty() {
            return None;
        }
        let at = random.usize(..all.len());
        Some(all.swap_remove(at))
    }
}

fn maybe(random: &mut Rng, one_in: u8) -> bool {
    random.u8(..one_in) == 0
}
