//! Small configurations made by chance, and what the service holds when they are applied.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use fastrand::Rng;

/// A project with its branches and their computes.
#[derive(Clone, Debug)]
pub(super) struct Shop {
    display_name: u8,
    protected: bool,
    /// The branch `production`, where it is taken over.
    production: Option<Branch>,
    branches: BTreeMap<&'static str, Branch>,
    /// How long calls may take, where it is not what it is by default.
    timeout: Option<&'static str>,
}

#[derive(Clone, Debug)]
struct Branch {
    keepers: u8,
    protected: bool,
    ttl: Option<u8>,
    /// The size of the compute `primary`, where it is taken over.
    primary: Option<u8>,
    readers: BTreeMap<&'static str, u8>,
}

const BRANCHES: [&str; 3] = ["dev", "qa", "stage"];
const READERS: [&str; 2] = ["one", "two"];

impl Shop {
    pub(super) fn any(random: &mut Rng, timeout: Option<&'static str>) -> Shop {
        let mut branches = BTreeMap::new();
        let count = random.usize(1..=2);
        for id in random.choose_multiple(BRANCHES, count) {
            branches.insert(id, Branch::any(random));
        }
        let production = random.bool().then(|| Branch::any(random));
        Shop { display_name: 0, protected: random.bool(), production, branches, timeout }
    }

    /// The shop after some changes; one of them is always to the project.
    pub(super) fn changed(&self, random: &mut Rng) -> Shop {
        let mut shop = self.clone();
        shop.display_name += 1;
        if let Some(production) = &mut shop.production {
            production.resize(random);
        }
        shop.branches.retain(|_, branch| branch.protected || random.u8(..3) > 0);
        for branch in shop.branches.values_mut() {
            branch.resize(random);
            branch.ttl = branch.ttl.map(|days| days + random.u8(..2));
            if !branch.protected && random.u8(..3) == 0 {
                branch.keepers += 1;
            }
        }
        let another = random.choice(BRANCHES).expect("there are some");
        shop.branches.entry(another).or_insert_with(|| Branch::any(random));
        shop
    }

    /// The names of what Terraform manages.
    pub(super) fn managed(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::from(["projects/shop".to_owned()]);
        for (id, branch) in self.all() {
            let name = format!("projects/shop/branches/{id}");
            let primary = branch.primary.map(|_| "primary");
            let endpoints = branch.readers.keys().copied().chain(primary);
            names.extend(endpoints.map(|it| format!("{name}/endpoints/{it}")));
            names.insert(name);
        }
        names
    }

    /// The names of what the service holds, but for roles and databases: what is managed, and what
    /// comes with it.
    pub(super) fn held(&self) -> BTreeSet<String> {
        let mut names = self.managed();
        for id in self.branches.keys().chain([&"production"]) {
            names.insert(format!("projects/shop/branches/{id}"));
            names.insert(format!("projects/shop/branches/{id}/endpoints/primary"));
        }
        names
    }

    /// The names of branches that a change to `other` must leave alone.
    pub(super) fn lasting(&self, other: &Shop) -> Vec<String> {
        let same = |id: &str, it: &Branch| {
            other.branches.get(id).is_some_and(|other| other.keepers == it.keepers)
        };
        let lasting = self.branches.iter().filter(|(id, it)| same(id, it)).map(|(id, _)| *id);
        lasting.chain(["production"]).map(|id| format!("projects/shop/branches/{id}")).collect()
    }

    fn all(&self) -> impl Iterator<Item = (&'static str, &Branch)> {
        let branches = self.branches.iter().map(|(id, branch)| (*id, branch));
        branches.chain(self.production.iter().map(|branch| ("production", branch)))
    }

    pub(super) fn hcl(&self) -> String {
        let timeouts = self.timeout.map_or_else(String::new, |it| {
            format!("timeouts = {{ create = \"{it}\", update = \"{it}\", delete = \"{it}\" }}")
        });
        let mut hcl = format!(
            "resource \"lakebase_project\" \"shop\" {{\n  project_id = \"shop\"\n  \
             display_name = \"Shop {}\"\n  deletion_protection = {}\n  {timeouts}\n}}\n",
            self.display_name, self.protected,
        );
        for (id, branch) in self.all() {
            let settings = if id == "production" {
                "replace_existing = true".to_owned()
            } else {
                let ttl = branch.ttl.map_or_else(String::new, |it| format!("ttl = \"{it}d\""));
                let Branch { keepers, protected, .. } = branch;
                format!(
                    "keepers = {{ n = \"{keepers}\" }}\n  purge_on_delete = true\n  deletion_protection = {protected}\n  {ttl}"
                )
            };
            let _ = write!(
                hcl,
                "\nresource \"lakebase_branch\" \"{id}\" {{\n  project = lakebase_project.shop.name\n  \
                 branch_id = \"{id}\"\n  {settings}\n  {timeouts}\n}}\n"
            );
            let readers = branch.readers.iter().map(|(id, size)| (*id, *size, "READ_ONLY"));
            let primary = branch.primary.map(|size| ("primary", size, "READ_WRITE"));
            for (endpoint, size, kind) in readers.chain(primary) {
                let _ = write!(
                    hcl,
                    "\nresource \"lakebase_endpoint\" \"{id}_{endpoint}\" {{\n  \
                     branch = lakebase_branch.{id}.name\n  endpoint_id = \"{endpoint}\"\n  \
                     endpoint_type = \"ENDPOINT_TYPE_{kind}\"\n  replace_existing = {}\n  \
                     autoscaling_limit_max_cu = {size}\n  {timeouts}\n}}\n",
                    kind == "READ_WRITE",
                );
            }
        }
        hcl
    }
}

impl Branch {
    fn any(random: &mut Rng) -> Branch {
        let mut readers = BTreeMap::new();
        let count = random.usize(..=2);
        for id in random.choose_multiple(READERS, count) {
            readers.insert(id, random.u8(1..=8));
        }
        Branch {
            keepers: 0,
            protected: random.u8(..3) == 0,
            ttl: random.bool().then(|| random.u8(2..=7)),
            primary: random.bool().then(|| random.u8(1..=8)),
            readers,
        }
    }

    /// Computes of other sizes, one more or one less.
    fn resize(&mut self, random: &mut Rng) {
        self.primary = self.primary.map(|_| random.u8(1..=8));
        let id = random.choice(READERS).expect("there are some");
        if self.readers.remove(id).is_none() {
            self.readers.insert(id, random.u8(1..=8));
        }
    }
}
