//! Every example of the documentation does what it shows: it applies, leaves nothing to plan, is
//! imported as its page says, and can be destroyed.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use lakebase::documentation::{Files, derived_example, other_imports};
use lakebase::{Default, Lakebase};

use serde_json::{Value as Json, json};
use tfplugin::Provider as _;

use crate::workbench::Workbench;

/// A test for each folder of `examples/`.
macro_rules! examples {
    ($($test:ident $folder:literal)*) => {
        $(#[test]
        fn $test() {
            run($folder);
        })*

        const FOLDERS: &[&str] = &[$($folder),*];
    };
}

examples! {
    the_provider "provider"
    a_project "resources/lakebase_project"
    a_branch "resources/lakebase_branch"
    a_snapshot "resources/lakebase_snapshot"
    a_snapshot_schedule "resources/lakebase_snapshot_schedule"
    an_endpoint "resources/lakebase_endpoint"
    the_permissions_of_a_project "resources/lakebase_project_permissions"
    a_default_branch "resources/lakebase_default_branch"
    a_role "resources/lakebase_role"
    a_database "resources/lakebase_database"
    a_data_api "resources/lakebase_data_api"
    a_cdf_config "resources/lakebase_cdf_config"
    a_catalog "resources/lakebase_catalog"
    a_synced_table "resources/lakebase_synced_table"
    a_credential "resources/lakebase_credential"
    what_is_read_of_a_branch "data-sources/lakebase_branch"
    what_is_read_of_a_project "data-sources/lakebase_project"
    what_is_read_of_an_endpoint "data-sources/lakebase_endpoint"
    a_connection "data-sources/lakebase_connection"
    all_branches "data-sources/lakebase_branches"
    all_endpoints "data-sources/lakebase_endpoints"
    all_projects "data-sources/lakebase_projects"
    what_is_read_of_a_role "data-sources/lakebase_role"
    all_roles "data-sources/lakebase_roles"
    what_is_read_of_a_cdf_status "data-sources/lakebase_cdf_status"
    all_cdf_statuses "data-sources/lakebase_cdf_statuses"
    what_is_read_of_a_catalog "data-sources/lakebase_catalog"
    an_ephemeral_connection "ephemeral-resources/lakebase_connection"
    an_ephemeral_credential "ephemeral-resources/lakebase_credential"
    the_password_of_a_role "ephemeral-resources/lakebase_role_password"
    the_parts_of_a_name "functions/parse_name"
    a_connection_uri "functions/connection_uri"
}

#[test]
fn every_example_has_a_test() {
    let mut folders = Vec::new();
    for kind in ["resources", "data-sources", "ephemeral-resources", "functions"] {
        let entries = fs::read_dir(examples().join(kind)).expect("each kind has examples");
        folders.extend(entries.map(|entry| entry.expect("it can be read").path()));
    }
    let untested = |folder: &&PathBuf| FOLDERS.iter().all(|it| examples().join(it) != **folder);
    let untested: Vec<_> = folders.iter().filter(untested).collect();
    assert!(untested.is_empty(), "give each of these its line above: {untested:#?}");
}

#[test]
fn derived_data_source_examples_read_the_resource_example() {
    let schemas = Lakebase::new().schemas();
    for table in lakebase::tables() {
        let folder = format!("resources/{}", table.type_name);
        let Some(import) = read(&folder, "import.tf") else { continue };
        let imports = Files::from([(format!("{folder}/import.tf"), import)]);
        let plural = format!("lakebase_{}", table.address.plural_name());
        let is_derived = |name: &&str| {
            schemas.data_sources.contains_key(*name)
                && !FOLDERS.contains(&&*format!("data-sources/{name}"))
        };
        let names = [table.type_name, &plural].into_iter().filter(is_derived);
        let examples = names.map(|name| derived_example(name, &imports).expect("it has an import"));
        let examples: Vec<_> = examples.collect();
        if examples.is_empty() {
            continue;
        }
        let bench = Workbench::new(&format!("derived_examples_{}", table.noun));
        let resource = read(&folder, "resource.tf").expect("it has an example");
        bench.configure_in("existing/", &resource);
        bench.terraform(&["-chdir=existing", "apply", "-auto-approve"]).succeeded();
        bench.configure(&examples.join("\n"));
        bench.terraform(&["fmt", "-check", "-diff"]).succeeded();
        bench.apply();
    }
}

#[test]
fn examples_are_formatted_as_terraform_does() {
    let bench = Workbench::new("examples_are_formatted");
    let folder = examples().display().to_string();
    bench.terraform(&["fmt", "-check", "-diff", "-recursive", &folder]).succeeded();
}

/// Terraform 1.15 can neither print nor write as JSON what is planned with an unknown identity.
#[test]
fn a_plan_of_new_objects_can_be_read() {
    let bench = Workbench::new("a_plan_of_new_objects_can_be_read");
    bench.write("main.tf", &read("provider", "provider.tf").expect("the provider has its example"));
    assert!(bench.plan().output().contains("Plan: 2 to add"));
    bench.terraform(&["plan", "-out=saved"]).succeeded();
    let plan = bench.terraform(&["show", "-json", "saved"]).succeeded().json();
    assert_eq!(plan["resource_changes"].as_array().map(Vec::len), Some(2));
}

/// Runs every example of a folder in a world of its own. `existing.tf` is applied before, by another
/// configuration; `context.tf` is what all examples but the first refer to.
#[track_caller]
fn run(folder: &str) {
    let first = match folder.split('/').next() {
        Some("resources") => "resource.tf",
        Some("data-sources") => "data-source.tf",
        Some("ephemeral-resources") => "ephemeral-resource.tf",
        Some("functions") => "function.tf",
        _ => "provider.tf",
    };
    let context = read(folder, "context.tf").unwrap_or_default();
    for file in files(folder, first) {
        let bench = Workbench::new(&format!("example_{}_{file}", folder.replace('/', "_")));
        if let Some(existing) = read(folder, "existing.tf") {
            bench.configure_in("existing/", &existing);
            bench.terraform(&["-chdir=existing", "apply", "-auto-approve"]).succeeded();
        }
        let mut example = read(folder, &file).expect("every example has its file");
        if file != first {
            example += &context;
        }
        if example.contains("required_providers") {
            bench.write("main.tf", &example);
        } else {
            bench.configure(&example);
        }
        bench.apply();
        if file == first {
            store(&bench, folder);
            import(&bench, folder);
        }
        release(&bench, &example);
        bench.destroy();
        if read(folder, "existing.tf").is_some() {
            bench.terraform(&["-chdir=existing", "destroy", "-auto-approve"]).succeeded();
        }
        assert!(bench.emulator.names().is_empty(), "{:?}", bench.emulator.names());
    }
}

/// The example that a page shows first, and those that follow.
fn files(folder: &str, first: &str) -> Vec<String> {
    let prefix = first.replace(".tf", "-");
    let entries = fs::read_dir(examples().join(folder)).expect("the folder can be read");
    let names = entries.map(|entry| entry.expect("it can be read").file_name().into_string());
    let names = names.map(|it| it.expect("a name in ASCII"));
    let mut files: Vec<_> =
        names.filter(|file| file == first || file.starts_with(&prefix)).collect();
    files.sort_by_key(|file| (file != first, file.clone()));
    files
}

/// With `UPDATE_STATES=1`, keeps what Terraform has stored of a resource that has no stored state of
/// this version yet: tests/schemas.rs makes sure that later versions read it.
fn store(bench: &Workbench, folder: &str) {
    let Some(type_name) = folder.strip_prefix("resources/") else { return };
    let path = format!("tests/states/{}/{type_name}.json", env!("CARGO_PKG_VERSION"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    #[expect(clippy::disallowed_methods, reason = "only this test stores states")]
    let is_asked = std::env::var_os("UPDATE_STATES").is_some();
    if !is_asked || path.exists() {
        return;
    }
    let state: Json = serde_json::from_str(&bench.read("terraform.tfstate")).expect("a state");
    let resources = state["resources"].as_array().expect("a state has resources");
    let resource = resources.iter().find(|it| it["type"] == type_name).expect("its resource");
    let instance = &resource["instances"][0];
    let stored = json!({
        "schema_version": instance["schema_version"],
        "attributes": instance["attributes"],
    });
    let text = serde_json::to_string_pretty(&stored).expect("a state is JSON") + "\n";
    fs::write(path, text).expect("the state is written");
}

/// Imports what was applied, in each of the ways that the example shows.
#[track_caller]
fn import(bench: &Workbench, folder: &str) {
    let Some(block) = read(folder, "import.tf") else { return };
    // Settings that Lakebase does not report are stored by the plan of the import.
    let mut tables = lakebase::tables();
    let table = tables.find(|it| folder.ends_with(it.type_name)).expect("it is a resource");
    let stores = table.fields.iter().any(|it| it.is_required_to_create);
    let [by_identity, command] = other_imports(&block).expect("an import says what, and to where");
    for block in [block, by_identity] {
        if block.contains("identity") && !imports_by_identity(bench) {
            continue;
        }
        let address = block.lines().find_map(|line| line.trim().strip_prefix("to = "));
        bench.terraform(&["state", "rm", address.expect("an import has a target")]).succeeded();
        bench.write("import.tf", &block);
        bench.forget_requests();
        let imported = bench.terraform(&["apply", "-auto-approve"]).succeeded();
        let changed = usize::from(stores);
        let only_imported = format!("1 imported, 0 added, {changed} changed, 0 destroyed");
        assert!(imported.output().contains(&only_imported), "{imported}");
        assert_eq!(bench.emulator.mutations(), [], "an import sends nothing");
        bench.write("import.tf", "");
        bench.expect_empty_plan();
    }
    let words: Vec<_> = command.split_whitespace().collect();
    let ["terraform", "import", address, _] = words[..] else { panic!("{command}") };
    bench.terraform(&["state", "rm", address]).succeeded();
    bench.terraform(&words[1..]).succeeded();
    if stores {
        bench.terraform(&["apply", "-auto-approve"]).succeeded();
    }
    bench.expect_empty_plan();
}

/// Destroys everything, once the protections are taken back.
#[track_caller]
pub(crate) fn destroy(bench: &Workbench, example: &str) {
    release(bench, example);
    bench.destroy();
    assert!(bench.emulator.names().is_empty(), "{:?}", bench.emulator.names());
}

/// Takes the protections back, in an override of the blocks that have them.
#[track_caller]
pub(crate) fn release(bench: &Workbench, example: &str) {
    let mut overrides = String::new();
    for block in example.split("\nresource ").skip(1).chain(example.strip_prefix("resource ")) {
        let (head, rest) = block.split_once(" {\n").expect("a block has a body");
        let body = rest.split("\n}").next().unwrap_or_default();
        let sets = |setting: &str| {
            let mut lines = body.lines().filter_map(|line| line.split_once('='));
            lines.any(|(name, value)| name.trim() == setting && value.trim() == "true")
        };
        let table = lakebase::tables().find(|it| head.contains(&format!("\"{}\"", it.type_name)));
        let default = table.and_then(|table| table.field("deletion_protection")?.default);
        let mut lines = Vec::new();
        if sets("deletion_protection") || matches!(default, Some(Default::Bool(true))) {
            lines.push("deletion_protection = false");
        }
        if sets("is_protected") {
            lines.push("is_protected = false");
        }
        if sets("prevent_destroy") {
            lines.push("lifecycle {\n    prevent_destroy = false\n  }");
        }
        // Lakebase does not delete a default branch.
        if head.starts_with("\"lakebase_default_branch\"") {
            lines.push("branch = \"projects/shop/branches/production\"");
        }
        if !lines.is_empty() {
            let _ = writeln!(overrides, "resource {head} {{\n  {}\n}}", lines.join("\n  "));
        }
    }
    bench.write("override.tf", &overrides);
    bench.terraform(&["apply", "-auto-approve"]).succeeded();
}

/// Terraform takes an identity in an `import` block since 1.12.
fn imports_by_identity(bench: &Workbench) -> bool {
    let version = bench.terraform(&["version", "-json"]).succeeded().json();
    let version = version["terraform_version"].as_str().expect("Terraform knows its version");
    let minor = version.split('.').nth(1).and_then(|number| number.parse::<u32>().ok());
    minor.expect("a version has numbers") >= 12
}

fn read(folder: &str, file: &str) -> Option<String> {
    fs::read_to_string(examples().join(folder).join(file)).ok()
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}
