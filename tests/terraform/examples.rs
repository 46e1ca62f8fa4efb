//! Every example of the documentation does what it shows: it applies, leaves nothing to plan, is
//! imported as its page says, and can be destroyed.

use std::fs;
use std::path::{Path, PathBuf};

use lakebase::Default;
use lakebase::documentation::other_imports;

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
    an_endpoint "resources/lakebase_endpoint"
    a_default_branch "resources/lakebase_default_branch"
    a_role "resources/lakebase_role"
    a_database "resources/lakebase_database"
    a_catalog "resources/lakebase_catalog"
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
    what_is_read_of_a_database "data-sources/lakebase_database"
    what_is_read_of_a_catalog "data-sources/lakebase_catalog"
    all_databases "data-sources/lakebase_databases"
    an_ephemeral_connection "ephemeral-resources/lakebase_connection"
    an_ephemeral_credential "ephemeral-resources/lakebase_credential"
    the_password_of_a_role "ephemeral-resources/lakebase_role_password"
    the_parts_of_a_name "functions/parse_name"
    a_connection_uri "functions/connection_uri"
}

#[test]
fn no_example_is_left_out() {
    let mut folders = Vec::new();
    for kind in ["resources", "data-sources", "ephemeral-resources", "functions"] {
        let entries = fs::read_dir(examples().join(kind)).expect("each kind has examples");
        folders.extend(entries.map(|it| it.expect("it can be read").path()));
    }
    let untested = |folder: &&PathBuf| FOLDERS.iter().all(|it| examples().join(it) != **folder);
    let untested: Vec<_> = folders.iter().filter(untested).collect();
    assert!(untested.is_empty(), "give each of these its line above: {untested:#?}");
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

#[track_caller]
fn run(folder: &str) {
    let bench = Workbench::new(&format!("example_{}", folder.replace('/', "_")));
    let file = match folder.split('/').next() {
        Some("resources") => "resource.tf",
        Some("data-sources") => "data-source.tf",
        Some("ephemeral-resources") => "ephemeral-resource.tf",
        Some("functions") => "function.tf",
        _ => "provider.tf",
    };
    let example = read(folder, file).expect("every example has its file");
    if example.contains("required_providers") {
        bench.write("main.tf", &example);
    } else {
        bench.configure(&example);
    }
    bench.apply();
    import(&bench, folder);
    destroy(&bench, &example);
}

/// Imports what was applied, in each of the ways that the example shows.
#[track_caller]
fn import(bench: &Workbench, folder: &str) {
    let Some(block) = read(folder, "import.tf") else { return };
    let [by_identity, command] = other_imports(&block).expect("an import says what, and to where");
    for block in [block, by_identity] {
        if block.contains("identity") && !imports_by_identity(bench) {
            continue;
        }
        let address = block.lines().find_map(|it| it.trim().strip_prefix("to = "));
        bench.terraform(&["state", "rm", address.expect("an import has a target")]).succeeded();
        bench.write("import.tf", &block);
        let imported = bench.terraform(&["apply", "-auto-approve"]).succeeded();
        let only_imported = "1 imported, 0 added, 0 changed, 0 destroyed";
        assert!(imported.output().contains(only_imported), "{imported}");
        bench.write("import.tf", "");
        bench.expect_empty_plan();
    }
    let words: Vec<_> = command.split_whitespace().collect();
    let ["terraform", "import", address, _] = words[..] else { panic!("{command}") };
    bench.terraform(&["state", "rm", address]).succeeded();
    bench.terraform(&words[1..]).succeeded();
    bench.expect_empty_plan();
}

/// Destroys everything, once the protections are taken back.
#[track_caller]
pub(crate) fn destroy(bench: &Workbench, example: &str) {
    unprotect(bench, example);
    bench.destroy();
    assert!(bench.emulator.names().is_empty(), "{:?}", bench.emulator.names());
}

/// Takes the protections back.
#[track_caller]
pub(crate) fn unprotect(bench: &Workbench, example: &str) {
    let of_lakebase = [
        ("resource \"lakebase_branch\" \"production\"", "is_protected", "false"),
        // Lakebase does not delete a default branch.
        (
            "resource \"lakebase_default_branch\" \"shop\"",
            "branch",
            "\"projects/shop/branches/production\"",
        ),
    ];
    let resources = example.lines().filter_map(|line| line.strip_suffix(" {"));
    let is_protected = |resource: &&str| {
        let kind = resource.split('"').nth(1);
        let table = lakebase::tables().find(|it| Some(it.type_name) == kind);
        let protection = table.and_then(|it| it.field("deletion_protection")?.default);
        resource.starts_with("resource ") && matches!(protection, Some(Default::Bool(true)))
    };
    let protected = resources.filter(is_protected);
    let protections = protected.map(|it| (it, "deletion_protection", "false"));
    let present =
        of_lakebase.into_iter().filter(|(it, ..)| example.contains(it)).chain(protections);
    let open = |(resource, setting, value)| format!("{resource} {{\n  {setting} = {value}\n}}\n");
    bench.write("override.tf", &present.map(open).collect::<String>());
    bench.terraform(&["apply", "-auto-approve"]).succeeded();
}

/// Terraform takes an identity in an `import` block since 1.12.
fn imports_by_identity(bench: &Workbench) -> bool {
    let version = bench.terraform(&["version", "-json"]).succeeded().json();
    let version = version["terraform_version"].as_str().expect("Terraform knows its version");
    let minor = version.split('.').nth(1).and_then(|it| it.parse::<u32>().ok());
    minor.expect("a version has numbers") >= 12
}

fn read(folder: &str, file: &str) -> Option<String> {
    fs::read_to_string(examples().join(folder).join(file)).ok()
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}
