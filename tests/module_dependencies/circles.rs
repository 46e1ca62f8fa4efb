//! Finds circles of imports: modules beside each other, on any level of a crate, of which each needs
//! another one and is needed by it. A module and the modules inside it count as one.
//!
//! Tests and generated code are left out. What only a macro's arguments name is not seen.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemUse, UseTree, Visibility};

/// A module, by the names that lead to it from the root of its crate.
type Module = Vec<String>;

#[test]
fn no_crate_has_a_circle_of_imports() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let crates = ["src", "crates/lakebase-api/src", "crates/lakebase-emulator/src"];
    for source in crates.iter().chain(&["crates/tfplugin/src", "xtask/src"]) {
        let found = circles(&read(&root.join(source)));
        assert!(found.is_empty(), "circles of imports in {source}:\n{}", found.join("\n"));
    }
}

#[test]
fn circle_is_found_between_siblings_on_any_level_and_through_names_handed_on() {
    let of = |files: &[(&str, &str)]| {
        let files = files.iter().map(|(module, text)| {
            let names = module.split("::").filter(|name| !name.is_empty()).map(str::to_owned);
            (names.collect(), vec![(*text).to_owned()])
        });
        circles(&files.collect())
    };
    for (files, expected) in [
        (vec![("", "mod a; mod b;"), ("a", "use crate::b::B;"), ("b", "use super::a::A;")], 1),
        (vec![("", "mod a; mod b;"), ("a", "use crate::b::B;"), ("b", "")], 0),
        (vec![("", "mod a;"), ("a", "mod b; use b::B;"), ("a::b", "use super::A;")], 0),
        (
            vec![
                ("", "mod a; mod b;"),
                ("a", "mod c; pub use c::C;"),
                ("a::c", "fn f() -> crate::b::B { todo() }"),
                ("b", "use crate::a::{self, C}; fn g() { a::h() }"),
            ],
            1,
        ),
        // Through what the root hands on, and through a path without an import.
        (
            vec![
                ("", "mod a; mod b; pub use b::B;"),
                ("a", "use crate::B;"),
                ("b", "struct B(crate::a::A);"),
            ],
            1,
        ),
        (
            vec![
                ("", "mod a; mod b;"),
                ("a", "use crate::b::B;"),
                ("b", "#[cfg(test)] mod tests { use crate::a::A; }"),
            ],
            0,
        ),
    ] {
        let found = of(&files);
        assert_eq!(found.len(), expected, "{files:?}: {found:?}");
    }
}

/// The modules of a crate with their code.
fn read(source: &Path) -> BTreeMap<Module, Vec<String>> {
    let mut modules = BTreeMap::<Module, Vec<String>>::new();
    for file in super::files(source) {
        let path = file.strip_prefix(source).expect("it is inside").with_extension("");
        let mut module: Module =
            path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        if module.len() == 1 && ["lib", "main"].contains(&&*module[0]) {
            module.clear();
        }
        let text = fs::read_to_string(&file).expect("it can be read");
        modules.entry(module).or_default().push(text);
    }
    modules.retain(|module, _| module.first().is_none_or(|first| first != "generated"));
    modules
}

/// Every circle, in a line.
fn circles(modules: &BTreeMap<Module, Vec<String>>) -> Vec<String> {
    let mut sources = BTreeMap::new();
    let mut tests = BTreeSet::new();
    for (module, texts) in modules {
        let mut source = Source::default();
        for text in texts {
            source.visit_file(&syn::parse_file(text).expect("the code compiles"));
        }
        tests.extend(source.tests.iter().map(|name| child(module, name)));
        sources.insert(module.clone(), source);
    }
    sources.retain(|module, _| (1..=module.len()).all(|depth| !tests.contains(&module[..depth])));
    let mut needs = BTreeMap::<&Module, BTreeSet<Module>>::new();
    for (module, source) in &sources {
        let paths = source.paths.iter().filter_map(|path| absolute(&sources, module, path));
        let targets = paths.map(|path| target(&sources, &path));
        needs.insert(module, targets.collect());
    }
    let parents: BTreeSet<_> = sources.keys().filter_map(|it| it.split_last()).collect();
    let parents: BTreeSet<_> = parents.into_iter().map(|(_, parent)| parent).collect();
    parents.into_iter().filter_map(|parent| circle_inside(parent, &needs)).collect()
}

/// A circle between the modules that stand directly in a module.
fn circle_inside(parent: &[String], needs: &BTreeMap<&Module, BTreeSet<Module>>) -> Option<String> {
    let inside =
        |module: &Module| module.strip_prefix(parent).and_then(|rest| rest.first()).cloned();
    let mut edges = BTreeMap::<String, BTreeSet<String>>::new();
    for (module, targets) in needs {
        let Some(from) = inside(module) else { continue };
        let targets = targets.iter().filter_map(inside).filter(|to| *to != from);
        edges.entry(from.clone()).or_default().extend(targets);
    }
    let mut left = edges.clone();
    // What needs nothing that is left is in no circle.
    loop {
        let names: BTreeSet<_> = left.keys().cloned().collect();
        let is_done = |targets: &BTreeSet<String>| targets.intersection(&names).next().is_none();
        let done = left.iter().filter(|(_, targets)| is_done(targets));
        let done: Vec<_> = done.map(|(name, _)| name.clone()).collect();
        if done.is_empty() {
            break;
        }
        left.retain(|name, _| !done.contains(name));
    }
    let mut way = vec![left.keys().next()?.clone()];
    loop {
        let here = way.last().expect("a way has a beginning");
        let next = left[here].iter().find(|name| left.contains_key(*name)).expect("it needs one");
        if let Some(start) = way.iter().position(|name| name == next) {
            let circle = way[start..].iter().chain([next]).cloned().collect::<Vec<_>>();
            return Some(format!("  in `{}`: {}", parent.join("::"), circle.join(" -> ")));
        }
        way.push(next.clone());
    }
}

/// A path from the root of the crate, if it leads to a module of the crate.
fn absolute(
    sources: &BTreeMap<Module, Source>,
    module: &Module,
    path: &[String],
) -> Option<Vec<String>> {
    let supers = path.iter().take_while(|name| *name == "super").count();
    match path.first()?.as_str() {
        "crate" => Some(path[1..].to_vec()),
        "self" => Some([module, &path[1..]].concat()),
        "super" => {
            let outer = &module[..module.len().checked_sub(supers)?];
            Some([outer, &path[supers..]].concat())
        }
        name if sources.contains_key(&child(module, name)) => Some([module, path].concat()),
        name => {
            let import =
                sources[module].imports.get(name).filter(|import| import.first() != path.first());
            let start = absolute(sources, module, import?)?;
            Some([&*start, &path[1..]].concat())
        }
    }
}

/// The module in which a path ends, past the names that modules hand on.
fn target(sources: &BTreeMap<Module, Source>, path: &[String]) -> Module {
    let depths = (0..=path.len()).rev();
    let depth = depths.into_iter().find(|depth| sources.contains_key(&path[..*depth]));
    let module = path[..depth.unwrap_or_default()].to_vec();
    let Some(name) = path.get(module.len()) else { return module };
    let handed_on = sources.get(&module).and_then(|source| source.exports.get(name));
    let handed_on = handed_on.and_then(|export| absolute(sources, &module, export));
    match handed_on {
        Some(further) if further != path => target(sources, &further),
        _ => module,
    }
}

fn child(module: &[String], name: &str) -> Module {
    module.iter().cloned().chain([name.to_owned()]).collect()
}

/// What a file names.
#[derive(Default)]
struct Source {
    /// All paths of more than one name, those of imports as well.
    paths: BTreeSet<Vec<String>>,
    /// What is imported, by the name that it has here.
    imports: BTreeMap<String, Vec<String>>,
    /// What is imported for others.
    exports: BTreeMap<String, Vec<String>>,
    /// Modules that hold tests.
    tests: BTreeSet<String>,
}

impl Source {
    fn import(&mut self, tree: &UseTree, mut path: Vec<String>, is_handed_on: bool) {
        let (name, end) = match tree {
            UseTree::Path(prefix) => {
                path.push(prefix.ident.to_string());
                return self.import(&prefix.tree, path, is_handed_on);
            }
            UseTree::Group(group) => {
                return group
                    .items
                    .iter()
                    .for_each(|tree| self.import(tree, path.clone(), is_handed_on));
            }
            UseTree::Name(name) => (name.ident.to_string(), name.ident.to_string()),
            UseTree::Rename(rename) => (rename.rename.to_string(), rename.ident.to_string()),
            UseTree::Glob(_) => (String::new(), String::new()),
        };
        let name = match end.as_str() {
            "self" => path.last().cloned().unwrap_or_default(),
            "" => name,
            _ => {
                path.push(end);
                name
            }
        };
        if is_handed_on {
            self.exports.insert(name.clone(), path.clone());
        }
        self.imports.insert(name, path.clone());
        self.paths.insert(path);
    }
}

impl<'ast> Visit<'ast> for Source {
    fn visit_item(&mut self, item: &'ast Item) {
        if !attributes(item).iter().any(is_of_tests) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, import: &'ast ItemUse) {
        let is_handed_on = !matches!(import.vis, Visibility::Inherited);
        self.import(&import.tree, Vec::new(), is_handed_on);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            let names = path.segments.iter().map(|segment| segment.ident.to_string());
            self.paths.insert(names.collect());
        }
        visit::visit_path(self, path);
    }

    fn visit_file(&mut self, file: &'ast syn::File) {
        for item in &file.items {
            if let Item::Mod(module) = item
                && module.attrs.iter().any(is_of_tests)
            {
                self.tests.insert(module.ident.to_string());
            }
        }
        visit::visit_file(self, file);
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Fn(it) => &it.attrs,
        Item::Impl(it) => &it.attrs,
        Item::Mod(it) => &it.attrs,
        Item::Use(it) => &it.attrs,
        Item::Struct(it) => &it.attrs,
        Item::Const(it) => &it.attrs,
        _ => &[],
    }
}

fn is_of_tests(attribute: &Attribute) -> bool {
    let is_test = |list: &syn::MetaList| list.tokens.to_string().contains("test");
    attribute.path().is_ident("cfg") && attribute.meta.require_list().is_ok_and(is_test)
}
