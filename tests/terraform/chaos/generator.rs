//! Generates configurations: a project, its branches and their endpoints, and what Lakebase holds
//! when they are applied.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use fastrand::Rng;
use serde_json::Value as Json;

/// A project with its branches and their endpoints.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an attribute")]
pub(super) struct GeneratedConfig {
    project_id: String,
    display_name: u8,
    pg_version: u8,
    protected: bool,
    purge: bool,
    /// The branch `production`, if the configuration adopts it.
    production: Option<Branch>,
    /// By label, which stays when the ID changes.
    branches: BTreeMap<&'static str, Branch>,
    /// How long calls may take, if not the default.
    timeout: Option<&'static str>,
    /// The largest size of an endpoint.
    largest: u8,
    /// Whether `max_autoscaling_range_cu` is 16.
    wide_ranges: bool,
    /// Whether the second state adopts what it finds.
    second_adopts: bool,
    /// The number of IDs that were used so far: none is used twice.
    ids: u32,
}

#[derive(Clone, Debug, PartialEq)]
struct Branch {
    id: String,
    keepers: u8,
    protected: bool,
    purge: bool,
    adopts: bool,
    ttl: Option<u8>,
    order: Order,
    /// The size of the endpoint `primary`, if the configuration adopts it.
    primary: Option<u8>,
    readers: BTreeMap<&'static str, Reader>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Reader {
    size: u8,
    adopts: bool,
    order: Order,
}

/// Which half of a replacement comes first.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Order {
    Destroy,
    /// `create_before_destroy` of the resource itself.
    Create,
    /// `create_before_destroy` of a `terraform_data` that depends on the resource.
    ImposedCreate,
}

/// The part of the shop that one state holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Part {
    Whole,
    /// One branch with its endpoints, of a project that another state holds.
    Branch(&'static str),
}

const BRANCHES: [&str; 3] = ["dev", "qa", "stage"];
const READERS: [&str; 2] = ["one", "two"];

impl GeneratedConfig {
    pub(super) fn any(
        random: &mut Rng,
        timeout: Option<&'static str>,
        largest: u8,
    ) -> GeneratedConfig {
        let mut branches = BTreeMap::new();
        let count = random.usize(1..=2);
        for label in random.choose_multiple(BRANCHES, count) {
            branches.insert(label, Branch::any(label, largest, random));
        }
        let production = random.bool().then(|| Branch::any("production", largest, random));
        GeneratedConfig {
            project_id: "shop".to_owned(),
            display_name: 0,
            pg_version: 16,
            protected: random.bool(),
            purge: false,
            production,
            branches,
            timeout,
            largest,
            wide_ranges: false,
            second_adopts: true,
            ids: 0,
        }
    }

    /// After some changes that need no way out; one of them is always to the project.
    pub(super) fn changed(&self, random: &mut Rng) -> GeneratedConfig {
        let mut shop = self.clone();
        shop.display_name += 1;
        if let Some(production) = &mut shop.production {
            production.resize(shop.largest, random);
        }
        shop.branches.retain(|_, branch| branch.protected || random.u8(..3) > 0);
        for branch in shop.branches.values_mut() {
            branch.resize(shop.largest, random);
            branch.ttl = branch.ttl.map(|days| days + random.u8(..2));
            if !branch.protected && random.u8(..3) == 0 {
                branch.keepers += 1;
                branch.purge = true;
            }
        }
        shop.add_branch(random);
        shop
    }

    /// After some changes that may be refused.
    pub(super) fn provoked(&self, random: &mut Rng) -> GeneratedConfig {
        let mut shop = self.clone();
        for _ in 0..random.u8(1..=3) {
            shop.provoke(random);
        }
        shop
    }

    fn provoke(&mut self, random: &mut Rng) {
        match random.u8(..24) {
            0 => self.project_id = self.fresh_id("shop"),
            1 => self.pg_version += u8::from(self.pg_version < 18),
            2 | 3 => self.purge = !self.purge,
            4 => self.protected = !self.protected,
            5 => self.add_branch(random),
            6 => self.display_name += 1,
            change => {
                let fresh = self.fresh_id("branch");
                let label = random.choice(BRANCHES).expect("there are some");
                let largest = self.largest;
                let Some(branch) = self.branches.get_mut(label) else { return };
                match change {
                    7 => drop(self.branches.remove(label)),
                    8..=10 => branch.id = fresh,
                    11..=14 => branch.keepers += 1,
                    15..=17 => branch.purge = !branch.purge,
                    18 => branch.adopts = !branch.adopts,
                    19 => branch.protected = !branch.protected,
                    20..=21 => branch.order = Order::any(random),
                    22 => branch.reorder_reader(random),
                    _ => branch.resize(largest, random),
                }
            }
        }
    }

    fn fresh_id(&mut self, stem: &str) -> String {
        self.ids += 1;
        format!("{stem}-{}", self.ids)
    }

    /// Under an ID that was never deleted.
    fn add_branch(&mut self, random: &mut Rng) {
        let label = random.choice(BRANCHES).expect("there are some");
        if !self.branches.contains_key(label) {
            let id = self.fresh_id(label);
            self.branches.insert(label, Branch { id, ..Branch::any(label, self.largest, random) });
        }
    }

    /// Ways out, from here on: see the driver.
    pub(super) fn allow_purge(&mut self, name: &str) {
        if name == self.name() {
            self.purge = true;
        }
        let prefix = format!("{}/branches/", self.name());
        for branch in self.branches.values_mut() {
            let ours = name.strip_prefix(&prefix) == Some(&branch.id);
            branch.purge |= ours || !name.starts_with("projects/");
        }
    }

    pub(super) fn allow_wide_ranges(&mut self) {
        self.wide_ranges = true;
    }

    pub(super) fn destroy_first(&mut self) {
        for branch in self.branches.values_mut() {
            branch.order = Order::Destroy;
            branch.readers.values_mut().for_each(|reader| reader.order = Order::Destroy);
        }
    }

    pub(super) fn rename(&mut self, address: &str) {
        let id = self.fresh_id("another");
        match self.branches.get_mut(label(address)) {
            Some(branch) => branch.id = id,
            None => self.project_id = id,
        }
    }

    pub(super) fn adopt(&mut self, address: &str) {
        let (label, endpoint) = label(address).split_once('_').unwrap_or((label(address), ""));
        let branch = self.branches.get_mut(label).or(self.production.as_mut());
        let Some(branch) = branch else { return };
        match branch.readers.get_mut(endpoint) {
            Some(reader) => reader.adopts = true,
            None => branch.adopts = true,
        }
    }

    /// Takes back what replaces an object, as far as the state tells what it was.
    pub(super) fn restore(&mut self, address: &str, attributes: &Json, before: &GeneratedConfig) {
        let text = |attribute: &Json| attribute.as_str().unwrap_or_default().to_owned();
        let small = |attribute: &Json| {
            let number = attribute.as_str().map_or_else(|| attribute.to_string(), str::to_owned);
            number.parse().unwrap_or_default()
        };
        if address == "lakebase_project.shop" {
            self.project_id = text(&attributes["project_id"]);
            self.pg_version = small(&attributes["pg_version"]);
        } else if let Some((label, removed)) = before.branches.get_key_value(label(address)) {
            let branch = self.branches.entry(label).or_insert_with(|| removed.clone());
            branch.id = text(&attributes["branch_id"]);
            branch.keepers = small(&attributes["keepers"]["n"]);
        }
    }

    pub(super) fn do_not_adopt(&mut self) {
        self.second_adopts = false;
        for branch in self.branches.values_mut() {
            branch.adopts = false;
            branch.readers.values_mut().for_each(|reader| reader.adopts = false);
        }
    }

    /// The same shop without protection, so that runs about replacements have some.
    pub(super) fn unprotected(mut self) -> GeneratedConfig {
        self.protected = false;
        self.branches.values_mut().for_each(|branch| branch.protected = false);
        self
    }

    /// Takes renames back.
    pub(super) fn keep_ids(&mut self, before: &GeneratedConfig) {
        self.project_id.clone_from(&before.project_id);
        for (label, branch) in &mut self.branches {
            if let Some(before) = before.branches.get(label) {
                branch.id.clone_from(&before.id);
            }
        }
    }

    /// The same shop with `replace_existing` here and there, also where nothing exists yet.
    pub(super) fn adopting(mut self, random: &mut Rng) -> GeneratedConfig {
        for branch in self.branches.values_mut() {
            branch.adopts = random.bool();
            branch.readers.values_mut().for_each(|reader| reader.adopts = random.bool());
        }
        self
    }

    pub(super) fn branch_labels(&self) -> Vec<&'static str> {
        self.branches.keys().copied().collect()
    }

    fn name(&self) -> String {
        format!("projects/{}", self.project_id)
    }

    /// The names of the objects that a state holds, by address.
    pub(super) fn managed(&self, part: Part) -> BTreeMap<String, String> {
        let mut names = BTreeMap::new();
        if part == Part::Whole {
            names.insert("lakebase_project.shop".to_owned(), self.name());
        }
        for (label, branch) in self.all(part) {
            let name = format!("{}/branches/{}", self.name(), branch.id);
            let primary = branch.primary.map(|_| "primary");
            for endpoint in branch.readers.keys().copied().chain(primary) {
                let address = format!("lakebase_endpoint.{label}_{endpoint}");
                names.insert(address, format!("{name}/endpoints/{endpoint}"));
            }
            names.insert(format!("lakebase_branch.{label}"), name);
        }
        names
    }

    /// The names of the objects that Lakebase holds, except roles and databases: those that are
    /// managed, and those that come along with them.
    pub(super) fn held(&self) -> BTreeSet<String> {
        let mut names: BTreeSet<_> = self.managed(Part::Whole).into_values().collect();
        let ids = self.branches.values().map(|branch| branch.id.as_str());
        for id in ids.chain(["production"]) {
            names.insert(format!("{}/branches/{id}", self.name()));
            names.insert(format!("{}/branches/{id}/endpoints/primary", self.name()));
        }
        names
    }

    /// The names of branches that a change to `other` must leave alone.
    pub(super) fn lasting(&self, other: &GeneratedConfig) -> Vec<String> {
        let same = |label: &str, branch: &Branch| {
            let other = other.branches.get(label);
            other.is_some_and(|other| other.keepers == branch.keepers && other.id == branch.id)
        };
        let lasting = self.branches.iter().filter(|(label, branch)| same(label, branch));
        let ids = lasting.map(|(_, branch)| branch.id.as_str()).chain(["production"]);
        ids.map(|id| format!("{}/branches/{id}", self.name())).collect()
    }

    fn all(&self, part: Part) -> impl Iterator<Item = (&'static str, &Branch)> {
        let branches = self.branches.iter().map(|(label, branch)| (*label, branch));
        let all = branches.chain(self.production.iter().map(|branch| ("production", branch)));
        all.filter(move |(label, _)| part == Part::Whole || part == Part::Branch(label))
    }

    pub(super) fn hcl(&self, part: Part) -> String {
        let timeouts = self.timeout.map_or_else(String::new, |timeout| {
            format!("timeouts = {{ create = \"{timeout}\", update = \"{timeout}\", delete = \"{timeout}\" }}")
        });
        let mut hcl = String::new();
        if self.wide_ranges {
            hcl += "provider \"lakebase\" {\n  max_autoscaling_range_cu = 16\n}\n\n";
        }
        let mut project = format!("\"{}\"", self.name());
        if part == Part::Whole {
            "lakebase_project.shop.name".clone_into(&mut project);
            let GeneratedConfig { project_id, display_name, pg_version, protected, purge, .. } =
                self;
            let _ = write!(
                hcl,
                "resource \"lakebase_project\" \"shop\" {{\n  project_id = \"{project_id}\"\n  \
                 display_name = \"Shop {display_name}\"\n  pg_version = {pg_version}\n  \
                 deletion_protection = {protected}\n  purge_on_delete = {purge}\n  {timeouts}\n}}\n",
            );
        }
        let adopts_all = part != Part::Whole && self.second_adopts;
        for (label, branch) in self.all(part) {
            let Branch { id, keepers, protected, purge, adopts, order, .. } = branch;
            let settings = if label == "production" {
                "replace_existing = true".to_owned()
            } else {
                let ttl = branch.ttl.map_or_else(String::new, |it| format!("ttl = \"{it}d\""));
                let adopts = *adopts || adopts_all;
                format!(
                    "keepers = {{ n = \"{keepers}\" }}\n  deletion_protection = {protected}\n  \
                     purge_on_delete = {purge}\n  replace_existing = {adopts}\n  {ttl}"
                )
            };
            let _ = write!(
                hcl,
                "\nresource \"lakebase_branch\" \"{label}\" {{\n  project = {project}\n  \
                 branch_id = \"{id}\"\n  {settings}\n  {timeouts}\n{}}}\n",
                order.own(),
            );
            hcl += &order.imposed("branch", label);
            let primary = branch.primary.map(|size| {
                ("primary", Reader { size, adopts: true, order: Order::Destroy }, "READ_WRITE")
            });
            let readers = branch.readers.iter().map(|(id, reader)| (*id, *reader, "READ_ONLY"));
            for (endpoint, Reader { size, adopts, order }, kind) in readers.chain(primary) {
                let adopts = adopts || adopts_all;
                let _ = write!(
                    hcl,
                    "\nresource \"lakebase_endpoint\" \"{label}_{endpoint}\" {{\n  \
                     branch = lakebase_branch.{label}.name\n  endpoint_id = \"{endpoint}\"\n  \
                     endpoint_type = \"ENDPOINT_TYPE_{kind}\"\n  replace_existing = {adopts}\n  \
                     autoscaling_limit_max_cu = {size}\n  {timeouts}\n{}}}\n",
                    order.own(),
                );
                hcl += &order.imposed("endpoint", &format!("{label}_{endpoint}"));
            }
        }
        hcl
    }
}

/// The part of an address that is not the type.
fn label(address: &str) -> &str {
    address.split_once('.').map_or("", |(_, label)| label)
}

impl Branch {
    fn any(id: &str, largest: u8, random: &mut Rng) -> Branch {
        let mut readers = BTreeMap::new();
        let count = random.usize(..=2);
        for reader in random.choose_multiple(READERS, count) {
            readers.insert(reader, Reader::any(largest, random));
        }
        Branch {
            id: id.to_owned(),
            keepers: 0,
            protected: random.u8(..3) == 0,
            purge: false,
            adopts: false,
            ttl: random.bool().then(|| random.u8(2..=7)),
            order: Order::Destroy,
            primary: random.bool().then(|| random.u8(1..=largest)),
            readers,
        }
    }

    /// Endpoints of other sizes, one more or one less.
    fn resize(&mut self, largest: u8, random: &mut Rng) {
        self.primary = self.primary.map(|_| random.u8(1..=largest));
        let id = random.choice(READERS).expect("there are some");
        if self.readers.remove(id).is_none() {
            self.readers.insert(id, Reader::any(largest, random));
        }
    }

    fn reorder_reader(&mut self, random: &mut Rng) {
        let id = random.choice(READERS).expect("there are some");
        if let Some(reader) = self.readers.get_mut(id) {
            reader.order = Order::any(random);
            reader.adopts = random.bool();
        }
    }
}

impl Reader {
    fn any(largest: u8, random: &mut Rng) -> Reader {
        Reader { size: random.u8(1..=largest), adopts: false, order: Order::Destroy }
    }
}

impl Order {
    fn any(random: &mut Rng) -> Order {
        match random.u8(..4) {
            0 => Order::Destroy,
            1 | 2 => Order::Create,
            _ => Order::ImposedCreate,
        }
    }

    /// What the resource itself says.
    fn own(self) -> &'static str {
        const CREATE: &str = "  lifecycle {\n    create_before_destroy = true\n  }\n";
        if self == Order::Create { CREATE } else { "" }
    }

    /// The resource that depends on it.
    fn imposed(self, noun: &str, label: &str) -> String {
        if self != Order::ImposedCreate {
            return String::new();
        }
        format!(
            "\nresource \"terraform_data\" \"after_{noun}_{label}\" {{\n  \
             triggers_replace = lakebase_{noun}.{label}.uid\n{}}}\n",
            Order::Create.own()
        )
    }
}
