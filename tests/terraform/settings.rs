//! Settings of a project that are resources of their own: they are there for as long as it is.

use expect_test::expect;
use serde_json::json;

use crate::fixtures::{branch, project};
use crate::workbench::Workbench;

fn default_branch(branch: &str) -> String {
    format!(
        r#"
resource "lakebase_default_branch" "shop" {{
  project = lakebase_project.shop.name
  branch  = {branch}
}}
"#
    )
}

/// The project with a branch beside its own.
fn shop() -> String {
    project("") + &branch("no_expiry = true")
}

const DEV: &str = "lakebase_branch.dev.name";
const PRODUCTION: &str = "\"projects/shop/branches/production\"";

#[test]
fn default_branch_lives_with_its_project() {
    let bench = Workbench::new("default_branch_lives_with_its_project");
    bench.configure(&shop());
    bench.apply();
    bench.forget_requests();
    // What the project says already is no change.
    bench.configure(&(shop() + &default_branch(PRODUCTION)));
    let plan = bench.plan().output();
    assert!(plan.contains("+ name    = \"projects/shop\""), "{plan}");
    bench.apply();
    bench.expect_mutations(expect![""]);
    bench.configure(&(shop() + &default_branch(DEV)));
    bench.apply();
    bench.expect_mutations(expect![[r#"
        PATCH /api/2.0/postgres/projects/shop?update_mask=spec.default_branch
          {"spec":{"default_branch":"projects/shop/branches/dev"}}
    "#]]);

    bench
        .emulator
        .change("projects/shop", json!({"default_branch": "projects/shop/branches/production"}));
    bench.forget_requests();
    let plan = bench.plan().output();
    assert!(plan.contains("~ branch  = \"projects/shop/branches/production\" ->"), "{plan}");
    bench.apply();
    assert_eq!(bench.masks(), ["spec.default_branch"]);

    bench.terraform(&["state", "rm", "lakebase_default_branch.shop"]).succeeded();
    bench.forget_requests();
    bench.write(
        "import.tf",
        "import {\n  to = lakebase_default_branch.shop\n  id = \"projects/shop\"\n}\n",
    );
    let imported = bench.apply().output();
    assert!(imported.contains("1 imported, 0 added, 0 changed"), "{imported}");
    bench.remove("import.tf");

    bench.configure(&shop());
    let plan = bench.plan().output();
    let warning = "Default branch of `projects/shop` remains unchanged";
    assert!(plan.contains(warning), "{plan}");
    bench.apply();
    bench.expect_mutations(expect![""]);
    let reported = bench.emulator.get("projects/shop").expect("the project");
    assert_eq!(reported["status"]["default_branch"], "projects/shop/branches/dev");
}

#[test]
fn default_branch_is_a_branch_of_its_project() {
    let bench = Workbench::new("default_branch_is_a_branch_of_its_project");
    bench.configure(&(shop() + &default_branch("\"projects/lab/branches/dev\"")));
    expect![[r#"
        Error: Invalid `branch`

          with lakebase_default_branch.shop,

        `projects/lab/branches/dev` is not in `projects/shop` (`project`). Both must
        be in the same project."#]]
    .assert_eq(&bench.plan_fails().without_places_from("Error:"));
    bench.configure(
        "resource \"lakebase_default_branch\" \"shop\" {\n  project = \"projects/none\"\n  branch  = \"projects/none/branches/dev\"\n}\n",
    );
    let failed = bench.apply_fails().output();
    assert!(failed.contains("Could not set default branch of `projects/none`"), "{failed}");
}
