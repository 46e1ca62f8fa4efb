//! Follows references: which resource's attribute gives another one its project or branch.
//!
//! A plan does not know the name of an object that does not exist yet; its configuration says which
//! block will give it. Expressions stand in it as lists of what they refer to, so that an answer is
//! given only where a list leaves one possibility.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;
use std::fmt;

use super::super::address::{Step, steps};
use super::facts::ComputeSettings;
use super::resource::{RawResource, may_be_reviewed, reviewed};

/// The configuration: its blocks by module and address, without instance keys.
#[derive(Debug, Default)]
pub struct Configuration {
    modules: BTreeMap<String, Module>,
}

#[derive(Debug, Default)]
struct Module {
    resources: BTreeMap<String, Block>,
    /// What the arguments of the module's call refer to, in the calling module.
    inputs: BTreeMap<String, Vec<String>>,
    outputs: BTreeMap<String, Vec<String>>,
    /// What the `for_each` of the module's call refers to.
    for_each: Vec<String>,
}

#[derive(Debug)]
struct Block {
    /// What the project or branch refers to.
    parent: Vec<String>,
    for_each: Vec<String>,
    /// The attributes that are set, of those that matter.
    mentions: BTreeSet<&'static str>,
}

/// A block that an expression refers to.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The address without instance keys.
    pub block: String,
    /// The keys that the reference names: of each step of the address, `None` where it does not.
    pub keys: Vec<Option<String>>,
    /// Whether the last key is that of the resource itself, as with `each.key`.
    pub same_key: bool,
}

impl Configuration {
    /// Whether the configuration of a resource sets an attribute; `None` if it is not known.
    pub fn mentions(&self, address: &str, attribute: &str) -> Option<bool> {
        Some(self.block(&steps(address))?.mentions.contains(attribute))
    }

    /// The only block that gives a resource its project or branch.
    pub fn parent(&self, address: &str) -> Option<Target> {
        let here = steps(address);
        let block = self.block(&here)?;
        let modules = &here[..here.len() - 2];
        let mut search = Search { configuration: self, found: Vec::new(), is_open: false };
        search.all(modules, &block.parent, &block.for_each, 0);
        match &search.found[..] {
            [target] if !search.is_open => Some(target.clone()),
            _ => None,
        }
    }

    fn block(&self, steps: &[Step<'_>]) -> Option<&Block> {
        let (modules, resource) = steps.split_at(steps.len().checked_sub(2)?);
        self.modules.get(&path(modules))?.resources.get(&path(resource))
    }
}

/// References are followed through that many modules at most.
const DEEPEST: usize = 32;

struct Search<'a> {
    configuration: &'a Configuration,
    found: Vec<Target>,
    /// Whether something else may give the value too.
    is_open: bool,
}

impl Search<'_> {
    /// Follows the references of one expression.
    fn all(
        &mut self,
        modules: &[Step<'_>],
        references: &[String],
        for_each: &[String],
        depth: usize,
    ) {
        if depth == DEEPEST {
            self.is_open = true;
            return;
        }
        let is_key = |name: &str| matches!(name, "each" | "count");
        let own = references.iter().map(|reference| steps(reference));
        let uses_key = own.clone().any(|steps| {
            let names = steps.iter().map(|step| step.name).collect::<Vec<_>>();
            matches!(names[..], ["each", "key"] | ["count", "index"])
        });
        let mut others = false;
        for reference in most_specific(references) {
            let reference = steps(reference);
            match &reference[..] {
                [each, value, ..] if each.name == "each" && value.name == "value" => {
                    // `each.value` of `for_each = lakebase_branch.b` is the branch with the same key.
                    let found = self.found.len();
                    self.all(modules, for_each, &[], depth + 1);
                    self.found[found..].iter_mut().for_each(|target| target.same_key = true);
                }
                [first, ..] if is_key(first.name) => {}
                [var, input, ..] if var.name == "var" => self.input(modules, input.name, depth),
                [module, call, output, ..] if module.name == "module" => {
                    let mut inside = modules.to_vec();
                    inside.extend([module.clone(), call.clone()]);
                    let outputs = self.configuration.modules.get(&path(&inside));
                    let output = outputs.and_then(|module| module.outputs.get(output.name));
                    let found = self.found.len();
                    match output {
                        Some(references) => self.all(&inside, references, &[], depth + 1),
                        None => others = true,
                    }
                    if uses_key && call.key.is_none() {
                        self.found[found..].iter_mut().for_each(|target| target.same_key = true);
                    }
                }
                [kind, name, ..] if reviewed(kind.name).is_some() => {
                    let place: Vec<_> = modules.iter().chain([kind, name]).collect();
                    let target = Target {
                        block: path(place.iter().copied()),
                        keys: place.iter().map(|step| step.key.map(str::to_owned)).collect(),
                        same_key: uses_key && name.key.is_none(),
                    };
                    if !self.found.contains(&target) {
                        self.found.push(target);
                    }
                }
                _ => others = true,
            }
        }
        self.is_open |= others;
    }

    fn input(&mut self, modules: &[Step<'_>], name: &str, depth: usize) {
        let module = self.configuration.modules.get(&path(modules));
        match module.and_then(|module| Some((module, module.inputs.get(name)?))) {
            Some((module, references)) if 2 <= modules.len() => {
                let found = self.found.len();
                let outside = &modules[..modules.len() - 2];
                self.all(outside, references, &module.for_each, depth + 1);
                // The key there is that of the module, which is named in the address already.
                let key = modules[modules.len() - 1].key;
                for target in &mut self.found[found..] {
                    if let (true, Some(last)) = (target.same_key, target.keys.last_mut()) {
                        *last = key.map(str::to_owned);
                        target.same_key = false;
                    }
                }
            }
            _ => self.is_open = true,
        }
    }
}

/// The references without those that another one begins with: Terraform lists `a.b.name` and `a.b`.
fn most_specific(references: &[String]) -> Vec<&str> {
    let is_prefix = |short: &str, long: &str| {
        long.len() > short.len()
            && long.starts_with(short)
            && long[short.len()..].starts_with(['.', '['])
    };
    let mut kept = Vec::new();
    for reference in references {
        let others = references.iter().any(|other| is_prefix(reference, other));
        if !others {
            kept.push(reference.as_str());
        }
    }
    kept
}

/// The names of steps, joined.
fn path<'a>(steps: impl IntoIterator<Item = &'a Step<'a>>) -> String {
    let names: Vec<_> = steps.into_iter().map(|step| step.name).collect();
    names.join(".")
}

impl<'de> Deserialize<'de> for Configuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Root {
            #[serde(default)]
            root_module: RawModule,
        }
        let root = Root::deserialize(deserializer)?;
        let mut configuration = Configuration::default();
        configuration.add(String::new(), root.root_module, Module::default());
        Ok(configuration)
    }
}

impl Configuration {
    fn add(&mut self, path: String, raw: RawModule, mut module: Module) {
        let outputs = raw.outputs.into_iter();
        module.outputs =
            outputs.map(|(name, output)| (name, output.expression.references)).collect();
        module.resources = raw.resources.0.into_iter().collect();
        for (name, call) in raw.module_calls {
            let inputs = call.expressions.into_iter();
            let called = Module {
                inputs: inputs.map(|(name, input)| (name, input.references)).collect(),
                for_each: call.for_each_expression.references,
                ..Module::default()
            };
            let start = if path.is_empty() { String::new() } else { format!("{path}.") };
            self.add(format!("{start}module.{name}"), call.module, called);
        }
        self.modules.insert(path, module);
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawModule {
    outputs: BTreeMap<String, RawOutput>,
    resources: RawBlocks,
    module_calls: BTreeMap<String, RawCall>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawOutput {
    expression: Expression,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawCall {
    expressions: BTreeMap<String, Expression>,
    for_each_expression: Expression,
    module: RawModule,
}

/// The blocks of a module that matter.
#[derive(Default)]
struct RawBlocks(Vec<(String, Block)>);

impl<'de> Deserialize<'de> for RawBlocks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BlocksVisitor;

        impl<'de> Visitor<'de> for BlocksVisitor {
            type Value = RawBlocks;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of blocks")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<RawBlocks, A::Error> {
                let mut blocks = Vec::new();
                while let Some(raw) = seq.next_element::<RawResource>()? {
                    blocks.extend(block(&raw));
                }
                Ok(RawBlocks(blocks))
            }
        }

        deserializer.deserialize_seq(BlocksVisitor)
    }
}

fn block(raw: &RawResource) -> Option<(String, Block)> {
    if !may_be_reviewed(&raw.resource_type) {
        return None;
    }
    let resource = reviewed(&raw.resource_type)?;
    let is_official = raw.resource_type == resource.table().counterpart;
    let parent = match resource.table().parent() {
        Some(_) if is_official => "parent",
        Some(field) => field.name,
        None => "",
    };
    let references = |expression: &Json| {
        let references = expression["references"].as_array().into_iter().flatten();
        references.filter_map(|reference| reference.as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    let is_set = |name: &&'static str| raw.expressions.get(*name).is_some_and(|it| !is_null(it));
    Some((
        raw.address.clone(),
        Block {
            parent: references(&raw.expressions[parent]),
            for_each: references(&raw.for_each_expression),
            mentions: ComputeSettings::ATTRIBUTES.into_iter().filter(is_set).collect(),
        },
    ))
}

/// Whether an expression is the literal `null`, which is as good as none.
fn is_null(expression: &Json) -> bool {
    expression.get("constant_value").is_some_and(Json::is_null)
}

/// An expression: what it refers to.
#[derive(Debug, Default)]
struct Expression {
    references: Vec<String>,
}

impl<'de> Deserialize<'de> for Expression {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ExpressionVisitor;

        impl<'de> Visitor<'de> for ExpressionVisitor {
            type Value = Expression;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an expression")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Expression, A::Error> {
                let mut expression = Expression::default();
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "references" => expression.references = map.next_value()?,
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(expression)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Expression, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Expression::default())
            }

            fn visit_unit<E>(self) -> Result<Expression, E> {
                Ok(Expression::default())
            }
        }

        deserializer.deserialize_any(ExpressionVisitor)
    }
}
