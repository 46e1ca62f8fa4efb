//! Catalogs: one for a database, recreated by every change, with words about what that loses.

use expect_test::expect;
use lakebase_emulator::Options;

use crate::fixtures::project;
use crate::workbench::Workbench;

fn catalog(settings: &str) -> String {
    project("")
        + &format!(
            r#"
resource "lakebase_catalog" "app" {{
  branch = "${{lakebase_project.shop.name}}/branches/production"
  {settings}
}}
"#
        )
}

const SETTINGS: &str = "catalog_id = \"lakebase_test\"\n  postgres_database = \"appdb\"\n  \
                        create_database_if_missing = true";

fn bench(name: &str) -> Workbench {
    let bench = Workbench::with_options(name, Options { frozen_clock: true, ..Options::default() });
    bench.configure(&project(""));
    bench.apply();
    bench.forget_requests();
    bench
}

/// The recorded request of the API reference, 9.7.
#[test]
fn catalog_sends_the_recorded_request() {
    let bench = bench("catalog_sends_the_recorded_request");
    bench.configure(&catalog(SETTINGS));
    bench.apply();
    bench.configure(&project(""));
    bench.apply();
    bench.expect_mutations(expect![[r#"
        POST /api/2.0/postgres/catalogs?catalog_id=lakebase_test
          {"spec":{"branch":"projects/shop/branches/production","create_database_if_missing":true,"postgres_database":"appdb"}}
        DELETE /api/2.0/postgres/catalogs/lakebase_test
    "#]]);
}

#[test]
fn destroy_and_replacement_of_a_catalog_say_what_is_lost() {
    let bench = bench("destroy_and_replacement_of_a_catalog");
    bench.configure(&catalog(SETTINGS));
    bench.apply();
    bench.configure(&catalog(&SETTINGS.replace("lakebase_test", "lakebase_other")));
    let replaced = bench.plan().output();
    assert!(replaced.contains("Catalog `catalogs/lakebase_test` will be deleted"), "{replaced}");
    let words = replaced.split_whitespace().filter(|it| *it != "│").collect::<Vec<_>>().join(" ");
    let why = "The change of `catalog_id` forces the replacement. The catalog is removed from Unity \
               Catalog, with the permissions granted on it and on its contents. The database and \
               its data remain.";
    assert!(words.contains(why), "{words}");
    bench.configure(&project(""));
    let destroyed = bench.plan().output();
    assert!(destroyed.contains("Catalog `catalogs/lakebase_test` will be deleted"));
    // What only the create reads is no change, and nothing is replaced for it.
    bench.configure(&catalog(&SETTINGS.replace("true", "false")));
    bench.expect_empty_plan();
}

#[test]
fn catalog_that_lakebase_refuses_is_an_error_with_its_words() {
    let bench = bench("catalog_that_lakebase_refuses");
    bench.configure(&catalog("catalog_id = \"a.b\"\n  postgres_database = \"appdb\""));
    expect![[r#"
        Error: Invalid `catalog_id`

          with lakebase_catalog.app,

        `a.b` is not a valid ID. It must be a Unity Catalog name without dots,
        slashes and spaces."#]]
    .assert_eq(&bench.plan_fails().without_places_from("Error:"));
    bench.configure(&catalog("catalog_id = \"c\"\n  postgres_database = \"appdb\""));
    expect![[r#"
        Error: Could not create catalog `catalogs/c`

          with lakebase_catalog.app,
          on main.tf line 15, in resource "lakebase_catalog" "app":
          15: resource "lakebase_catalog" "app" {

        NOT_FOUND: database not found; postgres_database:"appdb" [TraceId:
        [TRACE]].

        Check that the objects named by `branch` exist, and that
        [HOST] is their workspace.

        Request: POST [HOST]/api/2.0/postgres/catalogs?catalog_id=c
        Status: HTTP 404 after 1 attempt ([SECONDS])
        Request ID: [UUID]

        Help:
        https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#requests-that-fail"#]]
    .assert_eq(&bench.masked(&bench.apply_fails().from("Error:")));
}

#[test]
fn catalogs_of_one_branch_take_turns_with_what_is_on_it() {
    let bench = bench("catalogs_of_one_branch_take_turns");
    let many = r#"
resource "lakebase_role" "app" {
  count         = 4
  branch        = "${lakebase_project.shop.name}/branches/production"
  role_id       = "app${count.index}"
  postgres_role = "app${count.index}"
}

resource "lakebase_catalog" "app" {
  count                      = 4
  catalog_id                 = "app${count.index}"
  branch                     = "${lakebase_project.shop.name}/branches/production"
  postgres_database          = "app${count.index}"
  create_database_if_missing = true
}
"#;
    bench.configure(&(project("") + many));
    bench.apply();
    let sent = bench.emulator.mutations();
    assert_eq!(sent.len(), 8, "none was refused and repeated: {sent:#?}");
}
