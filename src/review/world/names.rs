//! Identifies objects, also those whose names no plan knows.
//!
//! A key is a resource name in which an unknown ID is replaced by the address of the resource that
//! will tell it. A branch has one read-write endpoint, so that its key has no ID.

use std::collections::HashMap;

use super::super::address::{names, steps};
use super::super::plan::{Facts, Name, Object, Plan};

/// What stands for an object: see the module.
pub type Key = String;

/// Begins a part of a key that stands for something unknown.
const UNKNOWN: char = '\u{1}';

/// Ends a part of a key that stands for any project.
const NOWHERE: char = '\u{4}';

/// Takes the place of the ID of a read-write endpoint.
const WRITER: &str = "\u{2}";

/// The ID of the read-write endpoint that a new branch comes with.
const PRIMARY: &str = "primary";

/// The keys of all changes.
pub struct Names {
    /// Of each change, before and after.
    keys: Vec<[Option<Key>; 2]>,
    /// The changes of each block: addresses without instance keys.
    blocks: HashMap<String, Block>,
    addresses: HashMap<String, usize>,
}

/// The instances of a block.
#[derive(Default)]
struct Block {
    all: Vec<Instance>,
    /// Their places in the list, by the last key: there can be many instances.
    by_key: HashMap<Option<String>, Vec<usize>>,
}

impl Block {
    fn push(&mut self, instance: Instance) {
        let key = instance.keys.last().cloned().flatten();
        self.by_key.entry(key).or_default().push(self.all.len());
        self.all.push(instance);
    }
}

/// An instance of a block.
struct Instance {
    change: usize,
    /// The instance keys, of each step of its address.
    keys: Vec<Option<String>>,
}

impl Names {
    /// The keys of a plan's objects.
    pub fn of(plan: &Plan) -> Names {
        let mut all = Names {
            keys: vec![[None, None]; plan.changes.len()],
            blocks: HashMap::new(),
            addresses: HashMap::new(),
        };
        for (at, change) in plan.changes.iter().enumerate() {
            if change.deposed.is_none() {
                all.addresses.insert(change.address.clone(), at);
                let keys =
                    steps(&change.address).into_iter().map(|step| step.key.map(str::to_owned));
                let instance = Instance { change: at, keys: keys.collect() };
                all.blocks.entry(names(&change.address).join(".")).or_default().push(instance);
            }
        }
        // Projects first, then branches: the names of the others begin with theirs.
        let rank = |object: Option<&Object>| match object {
            Some(Object::Project(_)) => 0,
            Some(Object::Branch(_)) => 1,
            _ => 2,
        };
        for turn in 0..3 {
            for (at, change) in plan.changes.iter().enumerate() {
                if rank(change.object()) != turn {
                    continue;
                }
                let before = change.before.as_ref().and_then(Names::of_facts);
                let after = change.after.as_ref().map(|facts| {
                    Names::of_facts(facts).unwrap_or_else(|| all.unknown(plan, at, facts))
                });
                all.keys[at] = [before, after];
            }
        }
        all
    }

    /// The keys of a change, before and after.
    pub fn of_change(&self, at: usize) -> [Option<&Key>; 2] {
        self.keys[at].each_ref().map(Option::as_ref)
    }

    /// Whether a change has that address.
    pub fn has_change_of(&self, address: &str) -> bool {
        self.addresses.contains_key(address)
    }

    /// The key of an object whose name is known.
    pub fn of_facts(facts: &Facts) -> Option<Key> {
        let Name::Known(name) = &facts.name else { return None };
        Some(match (&facts.object, name.rsplit_once("/endpoints/")) {
            (Object::Endpoint(endpoint), Some((branch, _))) if endpoint.is_read_write => {
                writer_of(branch)
            }
            _ => name.clone(),
        })
    }

    /// The key of the object that gives a resource its project or branch.
    pub fn parent(&self, plan: &Plan, address: &str) -> Option<&Key> {
        let target = plan.configuration.parent(address)?;
        let block = self.blocks.get(&target.block)?;
        let own = steps(address);
        let own_key = own.last().and_then(|step| step.key);
        let last = target.keys.len() - 1;
        // What each key must be, where anything says it.
        let wanted: Vec<Option<Option<&str>>> = target
            .block
            .split('.')
            .zip(&target.keys)
            .enumerate()
            .map(|(at, (name, asked))| {
                let here = own.get(at).filter(|own| own.name == name);
                match asked {
                    Some(asked) => Some(Some(asked.as_str())),
                    None if at == last && target.same_key => Some(own_key),
                    // Of the modules that both are in, both are in the same instance.
                    None if at < last => here.filter(|own| own.key.is_some()).map(|own| own.key),
                    None => None,
                }
            })
            .collect();
        let is_meant = |instance: &&Instance| {
            let mut keys = wanted.iter().zip(&instance.keys);
            keys.all(|(wanted, key)| wanted.is_none_or(|wanted| wanted == key.as_deref()))
        };
        let (first, second) = if let Some(Some(key)) = wanted.last() {
            let places = block.by_key.get(&key.map(str::to_owned))?;
            let mut meant = places.iter().map(|at| &block.all[*at]).filter(is_meant);
            (meant.next()?, meant.next())
        } else {
            let mut meant = block.all.iter().filter(is_meant);
            (meant.next()?, meant.next())
        };
        // An index may have been calculated with: it is the same where both have the same ones.
        let is_index = target.same_key && own_key.is_some_and(|key| !key.contains('"'));
        let own_block = self.blocks.get(&names(address).join("."));
        let counts = own_block.is_some_and(|own| own.all.len() == block.all.len());
        if second.is_some() || is_index && !counts {
            return None;
        }
        self.keys[first.change][1].as_ref()
    }

    /// The key of an object of whose name a part is unknown.
    fn unknown(&self, plan: &Plan, at: usize, facts: &Facts) -> Key {
        let address = &plan.changes[at].address;
        let Name::Parts { parent, id } = &facts.name else { return address.clone() };
        let unknown = format!("{UNKNOWN}{}", slashless(address));
        let id = id.clone().unwrap_or_else(|| unknown.clone());
        let on_a_branch = matches!(facts.object, Object::Endpoint(_));
        let resolved = || match (self.parent(plan, address), on_a_branch) {
            (Some(key), false) => Some(key.clone()),
            // A name that begins with that of a project, as `"${...name}/branches/main"`.
            (Some(key), true) if project_of(key) == Some(key) => {
                Some(format!("{key}/branches/{unknown}"))
            }
            (key, _) => key.cloned(),
        };
        let parent = parent.clone().or_else(resolved);
        let parent = parent.unwrap_or_else(|| {
            if on_a_branch {
                format!("projects/{unknown}{NOWHERE}/branches/{unknown}")
            } else {
                format!("projects/{unknown}{NOWHERE}")
            }
        });
        match &facts.object {
            Object::Project(_) => format!("projects/{id}"),
            Object::Branch(_) => format!("{parent}/branches/{id}"),
            Object::Endpoint(endpoint) if endpoint.is_read_write => writer_of(&parent),
            Object::Endpoint(_) => format!("{parent}/endpoints/{id}"),
            Object::Other { .. } => format!("{parent}/{UNKNOWN}{}", slashless(address)),
        }
    }
}

/// An address as a part of a key: instance keys may contain slashes.
fn slashless(address: &str) -> String {
    address.replace('/', "\u{3}")
}

/// The key of a branch's read-write endpoint.
pub fn writer_of(branch: &str) -> Key {
    format!("{branch}/endpoints/{WRITER}")
}

/// The key of a project's root branch.
pub fn root_of(project: &str) -> Key {
    format!("{project}/branches/production")
}

/// The branch that an endpoint is on.
pub fn branch_of(endpoint: &str) -> Option<&str> {
    endpoint.rsplit_once("/endpoints/").map(|(branch, _)| branch)
}

/// The project that an object is in, or that it is.
pub fn project_of(key: &str) -> Option<&str> {
    let end = key.match_indices('/').nth(1).map_or(key.len(), |(at, _)| at);
    key.starts_with("projects/").then(|| &key[..end])
}

/// Whether a part of a key stands for something unknown.
pub fn is_unknown(key: &str) -> bool {
    key.contains(UNKNOWN)
}

/// The project that an object is in, if it is known.
pub fn known_project_of(key: &str) -> Option<Key> {
    project_of(key).filter(|project| !project.ends_with(NOWHERE)).map(str::to_owned)
}

/// The resource name, if all of it is known.
pub fn display(key: &str) -> Option<String> {
    (!is_unknown(key)).then(|| key.replace(WRITER, PRIMARY))
}
