//! Where a resource stands in the `.tf` files: a plan's JSON says neither file nor line.
//!
//! From the root module, the calls of modules are followed as far as their sources are folders. A
//! resource of a module from elsewhere stands where the module is called: that is the file that a
//! reviewer can change.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use hcl_edit::expr::Expression;
use hcl_edit::structure::{Block, Body};
use hcl_edit::{Span as _, parser};

/// The files of a configuration, read as they are needed.
pub(super) struct Sources {
    root: PathBuf,
    folders: BTreeMap<PathBuf, Folder>,
}

/// A line in a file.
#[derive(Debug, PartialEq)]
pub(super) struct Place {
    /// The file, without `.` and `..` where possible.
    pub(super) file: PathBuf,
    /// The line, counted from 1.
    pub(super) line: usize,
}

impl Sources {
    /// The files of the configuration whose root module is in that folder.
    pub(super) fn new(root: &Path) -> Sources {
        Sources { root: normal(root), folders: BTreeMap::new() }
    }

    /// Where the first of these attributes stands that stands anywhere, or else the object that they
    /// are `within`, or else the resource.
    pub(super) fn find(
        &mut self,
        address: &str,
        within: Option<&str>,
        attributes: &[&str],
    ) -> Option<Place> {
        let names = super::address::names(address);
        let mut folder = self.root.clone();
        let mut rest = &names[..];
        while let ["module", name, below @ ..] = rest {
            let call =
                self.folder(&folder).blocks.get(&vec!["module".to_owned(), (*name).to_owned()])?;
            let source = call
                .source
                .as_ref()
                .filter(|source| source.starts_with("./") || source.starts_with("../"));
            let Some(source) = source else { return Some(call.place(None, &[])) };
            folder = normal(&folder.join(source));
            rest = below;
        }
        let key = |kind: &str, names: &[&str]| {
            [kind].iter().chain(names).map(|it| (*it).to_owned()).collect::<Vec<_>>()
        };
        if let Some(found) = self.folder(&folder).blocks.get(&key("resource", rest)) {
            return Some(found.place(within, attributes));
        }
        // It is not there anymore; a block in the root module may say so.
        let root = self.root.clone();
        Some(self.folder(&root).blocks.get(&key("removed", &names))?.place(None, &[]))
    }

    /// The file of the root module that stands for all of it.
    pub(super) fn main_file(&mut self) -> PathBuf {
        let main = self.root.join("main.tf");
        let root = self.root.clone();
        let files = &self.folder(&root).files;
        let first = if files.contains(&main) { None } else { files.first() };
        first.unwrap_or(&main).clone()
    }

    fn folder(&mut self, path: &Path) -> &Folder {
        self.folders.entry(path.to_owned()).or_insert_with(|| Folder::read(path))
    }
}

/// The blocks of a module, by their type and labels.
#[derive(Default)]
struct Folder {
    files: Vec<PathBuf>,
    blocks: BTreeMap<Vec<String>, Found>,
}

struct Found {
    file: PathBuf,
    line: usize,
    /// Where a module comes from, if that is plain text.
    source: Option<String>,
    /// The lines of attributes, and of what is in objects, by path.
    attributes: Vec<(Vec<String>, usize)>,
}

impl Folder {
    /// Reads what can be read: a file that is not understood is as one that is not there.
    fn read(path: &Path) -> Folder {
        let here = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let mut files: Vec<_> = fs::read_dir(here)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| normal(&entry.path()))
            .collect();
        files.retain(|file| {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            [".tf", ".tofu", ".tf.json", ".tofu.json"].iter().any(|end| name.ends_with(end))
        });
        // What an override file changes stands in another file.
        files.sort_by_key(|file| (is_override(file), file.clone()));
        let mut folder = Folder { files: files.clone(), ..Folder::default() };
        for file in files {
            let Ok(text) = fs::read_to_string(&file) else { continue };
            let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
            if file.extension().is_some_and(|it| it == "json") {
                folder.add_json(&file, text);
                continue;
            }
            let Ok(body) = parser::parse_body(text) else { continue };
            let ends: Vec<_> = text.match_indices('\n').map(|(at, _)| at).collect();
            let line = |span: Option<Range<usize>>| {
                ends.partition_point(|end| *end < span.as_ref().map_or(0, |it| it.start)) + 1
            };
            for block in body.blocks() {
                let mut key = vec![block.ident.as_str().to_owned()];
                key.extend(block.labels.iter().map(|label| label.as_str().to_owned()));
                if let ("removed", Some(from)) = (&*key[0], block.body.get_attribute("from")) {
                    let from = from.value.to_string();
                    key.extend(super::address::names(from.trim()).into_iter().map(str::to_owned));
                }
                folder.blocks.entry(key).or_insert_with(|| Found::of(block, &file, &line));
            }
        }
        folder
    }
}

impl Folder {
    /// Adds the blocks of a file in JSON, of which the lines are not known.
    fn add_json(&mut self, file: &Path, text: &str) {
        let Ok(json) = serde_json::from_str::<serde_json::Value>(text) else { return };
        let found = |source: Option<&str>| Found {
            file: file.to_owned(),
            line: 1,
            source: source.map(str::to_owned),
            attributes: Vec::new(),
        };
        for (kind, names) in json["resource"].as_object().into_iter().flatten() {
            for name in names.as_object().into_iter().flatten().map(|(name, _)| name) {
                let key = vec!["resource".to_owned(), kind.clone(), name.clone()];
                self.blocks.entry(key).or_insert_with(|| found(None));
            }
        }
        for (name, call) in json["module"].as_object().into_iter().flatten() {
            let key = vec!["module".to_owned(), name.clone()];
            self.blocks.entry(key).or_insert_with(|| found(call["source"].as_str()));
        }
    }
}

fn is_override(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let name = name.split('.').next().unwrap_or_default();
    name == "override" || name.ends_with("_override")
}

impl Found {
    fn of(block: &Block, file: &Path, line: &impl Fn(Option<Range<usize>>) -> usize) -> Found {
        let mut attributes = Vec::new();
        attributes_of(&block.body, line, &mut attributes);
        let source =
            block.body.get_attribute("source").and_then(|attribute| attribute.value.as_str());
        Found {
            file: file.to_owned(),
            line: line(block.ident.span()),
            source: source.map(str::to_owned),
            attributes,
        }
    }

    fn place(&self, within: Option<&str>, attributes: &[&str]) -> Place {
        let paths = attributes
            .iter()
            .map(|attribute| within.into_iter().chain([*attribute]).collect::<Vec<_>>());
        let paths = paths.chain(within.map(|it| vec![it]));
        let line = paths.into_iter().find_map(|path| {
            let stands = |it: &&(Vec<String>, usize)| ends_with(&it.0, &path);
            self.attributes.iter().find(stands).map(|(_, line)| *line)
        });
        Place { file: self.file.clone(), line: line.unwrap_or(self.line) }
    }
}

fn attributes_of(
    body: &Body,
    line: &impl Fn(Option<Range<usize>>) -> usize,
    found: &mut Vec<(Vec<String>, usize)>,
) {
    for attribute in body.attributes() {
        let path = vec![attribute.key.as_str().to_owned()];
        found.push((path.clone(), line(attribute.span())));
        members_of(&attribute.value, &path, line, found);
    }
}

fn members_of(
    value: &Expression,
    path: &[String],
    line: &impl Fn(Option<Range<usize>>) -> usize,
    found: &mut Vec<(Vec<String>, usize)>,
) {
    for (key, value) in value.as_object().into_iter().flatten() {
        let Some(name) = key.as_ident() else { continue };
        let path: Vec<_> = path.iter().cloned().chain([name.as_str().to_owned()]).collect();
        found.push((path.clone(), line(key.span())));
        members_of(value.expr(), &path, line, found);
    }
}

fn ends_with(path: &[String], end: &[&str]) -> bool {
    path.len() >= end.len() && path[path.len() - end.len()..].iter().zip(end).all(|(a, b)| a == b)
}

/// A path without `.`, and without `..` where it takes nothing but the text to see what it means.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(normal.components().next_back(), Some(Component::Normal(_))) =>
            {
                normal.pop();
            }
            part => normal.push(part),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_short() {
        for (path, expected) in [
            ("infra/prod/../modules/./a", "infra/modules/a"),
            ("../a", "../a"),
            ("./", ""),
            ("../../a/../b", "../../b"),
            ("/a/../b", "/b"),
        ] {
            assert_eq!(normal(Path::new(path)), Path::new(expected), "{path}");
        }
    }

    #[test]
    fn resources_stand_in_their_files_and_attributes_in_their_lines() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        };
        write("broken.tf", "resource {");
        write(
            "main.tf",
            "# a comment\n\nmodule \"near\" {\n  source   = \"./modules/near\"\n  for_each = {}\n}\n\n\
             module \"far\" {\n  source = \"example.com/far/lakebase\"\n}\n\n\
             resource \"lakebase_project\" \"p\" {\n  initial_endpoint = { max = 1 }\n  \
             default_endpoint_settings = {\n    min = 1\n    max = 2\n  }\n}\n",
        );
        write(
            "modules/near/endpoints.tf",
            "resource \"lakebase_endpoint\" \"e\" {\n  for_each = {}\n\n  min = 1\n  # why\n  max = 2\n}\n",
        );
        let mut sources = Sources::new(folder.path());
        let mut found = |address: &str, within: Option<&str>, attributes: &[&str]| {
            let place = sources.find(address, within, attributes)?;
            let file = place.file.strip_prefix(folder.path()).unwrap();
            Some(format!("{}:{}", file.display(), place.line))
        };
        let endpoint = "module.near[\"a.b\"].lakebase_endpoint.e[\"c\"]";
        let defaults = Some("default_endpoint_settings");
        for (address, within, attributes, expected) in [
            (endpoint, None, &["max"][..], Some("modules/near/endpoints.tf:6")),
            (endpoint, None, &["group", "min"], Some("modules/near/endpoints.tf:4")),
            (endpoint, None, &["group"], Some("modules/near/endpoints.tf:1")),
            ("lakebase_project.p", defaults, &["max"], Some("main.tf:16")),
            ("lakebase_project.p", defaults, &["group"], Some("main.tf:14")),
            ("lakebase_project.p", None, &[], Some("main.tf:12")),
            ("module.far.module.more[0].lakebase_endpoint.e", None, &["max"], Some("main.tf:8")),
            ("module.near.lakebase_endpoint.gone", None, &["max"], None),
            ("module.gone.lakebase_endpoint.e", None, &["max"], None),
        ] {
            let found = found(address, within, attributes);
            assert_eq!(found.as_deref(), expected, "{address} {attributes:?}");
        }
    }
}
