//! What a release must not break: states that earlier releases stored keep opening.
//!
//! `tests/schemas/VERSION.txt` is the schema of each release, one attribute to a line, and
//! `tests/states/VERSION/TYPE.json` a state that it stored. The files of this version follow the
//! code (`UPDATE_EXPECT=1 cargo test --test schemas`); those of earlier versions never change.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use expect_test::expect_file;
use lakebase::Lakebase;
use serde_json::Value as Json;
use tfplugin::{Attribute, AttributeKind, Provider, Type, UpgradeState, Value};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The line of each attribute, by resource type and path.
type Lines = BTreeMap<(String, String), String>;
/// The version of the schema of each resource type.
type Versions = BTreeMap<String, i64>;

#[test]
fn the_schemas_are_those_of_the_committed_snapshot() {
    let (lines, versions) = current();
    let line = |((resource, path), line): (&(String, String), &String)| {
        format!("{resource} {} {path} {line}", versions[resource])
    };
    let text = lines.iter().map(line).collect::<Vec<_>>().join("\n") + "\n";
    expect_file![root().join(format!("tests/schemas/{VERSION}.txt"))].assert_eq(&text);
}

#[test]
fn a_schema_changes_with_its_version_and_the_change_log() {
    let (lines, versions) = current();
    let log = fs::read_to_string(root().join("CHANGELOG.md")).expect("a change log");
    for (release, old) in released() {
        let problems = problems(&old, &(lines.clone(), versions.clone()), newest(&log));
        assert_eq!(problems, Vec::<String>::new(), "since {release}");
    }
}

#[test]
fn states_of_every_release_keep_opening() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let provider = Lakebase::new();
    let schemas = provider.schemas();
    let mut opened = 0;
    for file in files(&root().join("tests/states")) {
        let stored: Json =
            serde_json::from_str(&fs::read_to_string(&file).expect("a readable file"))
                .expect("a state is JSON");
        let type_name = file.file_stem().and_then(|it| it.to_str()).expect("a name").to_owned();
        let version = stored["schema_version"].as_i64().expect("a version");
        let request = UpgradeState {
            type_name: type_name.clone(),
            version,
            stored: stored["attributes"].clone(),
        };
        let (state, diagnostics) = runtime.block_on(provider.upgrade_state(request));
        assert!(diagnostics.is_empty(), "{}: {diagnostics:?}", file.display());
        let state = state.expect("a state");
        let block = &schemas.resources.get(&type_name).expect("a type of the provider").block;
        let Type::Object(types) = block.r#type() else { panic!("a block is an object") };
        for (name, value) in stored["attributes"].as_object().expect("attributes") {
            // Terraform stores the elements of a set in an order of its own.
            let read = types.get(name).and_then(|it| Value::from_json(it, value).ok());
            let kept = read.is_some() && state.get(name) == read.as_ref();
            assert!(kept, "{}: `{name}` was {value}, is {:?}", file.display(), state.get(name));
        }
        opened += 1;
    }
    assert_eq!(opened, schemas.resources.len() * versions_with_states(), "a state of each type");
}

#[test]
fn incompatible_schema_changes_are_detected() {
    let at = |version: i64, attributes: &[(&str, &str, &str)]| {
        (lines(attributes), Versions::from([("r".to_owned(), version)]))
    };
    let (a, b) = (("r", "a", "string required"), ("r", "b", "number optional"));
    let old = at(1, &[a, b]);
    assert_eq!(problems(&old, &old, ""), [""; 0]);

    let added = at(1, &[a, b, ("r", "c", "bool computed")]);
    assert_eq!(problems(&old, &added, ""), ["the change log does not mention `c` of r"]);
    assert_eq!(problems(&old, &added, "* `r`: `c` is new"), [""; 0]);

    let changed = [a, ("r", "b", "string optional")];
    assert_eq!(
        problems(&old, &at(1, &changed), "`b`"),
        ["`b` of r has another type or is gone, and the version of r is still 1"]
    );
    assert_eq!(problems(&old, &at(2, &changed), "`b`"), [""; 0]);
}

/// What is wrong with a schema, given that of an earlier release.
fn problems(old: &(Lines, Versions), new: &(Lines, Versions), log: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let ((old, old_versions), (new, new_versions)) = (old, new);
    let r#type = |line: &str| line.split(' ').next().map(str::to_owned);
    for key in old.keys().chain(new.keys().filter(|it| !old.contains_key(*it))) {
        let ((resource, path), before, after) = (key, old.get(key), new.get(key));
        if before == after {
            continue;
        }
        let name = path.rsplit('.').next().unwrap_or(path);
        if !log.contains(&format!("`{name}`")) {
            problems.push(format!("the change log does not mention `{name}` of {resource}"));
        }
        let kept = after.map(|it| r#type(it)) == before.map(|it| r#type(it));
        let version = old_versions.get(resource).copied().unwrap_or_default();
        let grown = new_versions.get(resource).is_none_or(|it| version < *it);
        if before.is_some() && !kept && !grown {
            problems.push(format!(
                "`{name}` of {resource} has another type or is gone, and the version of \
                 {resource} is still {version}"
            ));
        }
    }
    problems
}

fn current() -> (Lines, Versions) {
    let (mut lines, mut versions) = (Lines::new(), Versions::new());
    for (name, schema) in Lakebase::new().schemas().resources {
        describe(&name, "", &schema.block.attributes, &mut lines);
        versions.insert(name, schema.version);
    }
    (lines, versions)
}

fn describe(resource: &str, path: &str, attributes: &[Attribute], lines: &mut Lines) {
    for attribute in attributes {
        let path = match path {
            "" => attribute.name.clone(),
            path => format!("{path}.{}", attribute.name),
        };
        let flags = [
            (attribute.required, "required"),
            (attribute.optional, "optional"),
            (attribute.computed, "computed"),
            (attribute.sensitive, "sensitive"),
        ];
        let flags = flags.into_iter().filter_map(|(is, name)| is.then_some(name));
        let kind = match &attribute.kind {
            AttributeKind::Type(kind) => kind.to_json().to_string(),
            AttributeKind::Nested(nesting, members) => {
                describe(resource, &path, members, lines);
                format!("nested-{nesting:?}").to_lowercase()
            }
        };
        let line = [kind].into_iter().chain(flags.map(str::to_owned)).collect::<Vec<_>>().join(" ");
        lines.insert((resource.to_owned(), path), line);
    }
}

/// The schemas of earlier releases.
fn released() -> Vec<(String, (Lines, Versions))> {
    let schemas = files(&root().join("tests/schemas")).into_iter().filter_map(|file| {
        let release = file.file_stem()?.to_str()?.to_owned();
        (release != VERSION).then(|| {
            let text = fs::read_to_string(&file).expect("a readable file");
            let (mut lines, mut versions) = (Lines::new(), Versions::new());
            for line in text.lines() {
                let words: Vec<_> = line.splitn(4, ' ').map(str::to_owned).collect();
                let [resource, version, path, line] = &words[..] else { panic!("{line}") };
                versions.insert(resource.clone(), version.parse().expect("a number"));
                lines.insert((resource.clone(), path.clone()), line.clone());
            }
            (release, (lines, versions))
        })
    });
    schemas.collect()
}

/// The part of the change log that is about what is not released yet, or was released last.
fn newest(log: &str) -> &str {
    let mut headings = log.match_indices("\n## ").map(|(at, _)| at);
    let start = headings.next().unwrap_or_default();
    &log[start..headings.next().unwrap_or(log.len())]
}

fn versions_with_states() -> usize {
    fs::read_dir(root().join("tests/states")).expect("states").count()
}

fn lines(lines: &[(&str, &str, &str)]) -> Lines {
    let line = |(resource, path, line): &(&str, &str, &str)| {
        (((*resource).to_owned(), (*path).to_owned()), (*line).to_owned())
    };
    lines.iter().map(line).collect()
}

/// The files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
