//! The example with every resource: one apply without `depends_on`, an empty plan, an import into an
//! empty state with generated configuration, and a destroy.

use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use crate::workbench::Workbench;

/// The example, as the repository has it.
fn example() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/complete/main.tf");
    fs::read_to_string(path).expect("the example can be read")
}

#[test]
fn complete_example_has_every_resource() {
    let example = example();
    for table in lakebase::tables() {
        let block = format!("\nresource \"{}\" ", table.type_name);
        assert!(example.contains(&block), "{}", table.type_name);
    }
    assert!(!example.contains("depends_on ="));
}

#[test]
fn complete_example_applies_is_imported_and_destroyed() {
    let bench = Workbench::new("complete_example");
    bench.write("main.tf", &example());
    bench.apply();

    let resources = bench.state()["values"]["root_module"]["resources"].take();
    let resources = resources.as_array().expect("the state has resources");
    let text = |value: &Json| value.as_str().expect("it is text").to_owned();
    // The Lakebase API does not return existing credentials.
    let importable = resources.iter().filter(|it| it["type"] != "lakebase_credential");
    let blocks: Vec<_> = importable
        .map(|resource| {
            let (address, name) = (text(&resource["address"]), text(&resource["values"]["name"]));
            format!("import {{\n  to = {address}\n  id = \"{name}\"\n}}\n")
        })
        .collect();
    let state = bench.read("terraform.tfstate");
    bench.remove("terraform.tfstate");
    bench.remove("main.tf");
    bench.forget_requests();
    bench.configure(&blocks.concat());
    bench.terraform(&["plan", "-generate-config-out=generated.tf"]).succeeded();
    let imported = bench.apply().output();
    let expected = format!("{} imported, 0 added, 0 changed, 0 destroyed.", blocks.len());
    assert!(imported.contains(&expected), "{imported}");
    assert_eq!(bench.emulator.mutations(), []);

    bench.remove("generated.tf");
    bench.write("main.tf", &example());
    bench.write("terraform.tfstate", &state);
    bench.expect_empty_plan();
    bench.destroy();
    assert!(bench.emulator.names().is_empty(), "{:?}", bench.emulator.names());
}
