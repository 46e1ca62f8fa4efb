//! Permissions on projects: the whole list, by principal, and never without the caller's own right.

use std::time::Duration;

use expect_test::expect;
use lakebase_emulator::{Fault, FaultKind, Options};
use serde_json::{Value as Json, json};

use crate::fixtures::project;
use crate::workbench::{Run, Workbench};

const JANE: &str = "jane.doe@example.com";
const BOB: &str = "bob@example.com";
const PATH: &str = "/permissions/database-projects/shop";

fn grants(elements: &[(&str, &str, &str)]) -> String {
    let line = |(kind, name, level): &(&str, &str, &str)| {
        format!("    {{ {kind} = \"{name}\", permission_level = \"{level}\" }},\n")
    };
    let lines: String = elements.iter().map(line).collect();
    format!(
        "\nresource \"lakebase_project_permissions\" \"shop\" {{\n  project = \
         lakebase_project.shop.name\n  grants = [\n{lines}  ]\n}}\n"
    )
}

fn shop(elements: &[(&str, &str, &str)]) -> String {
    project("") + &grants(elements)
}

/// With Bob besides the admin.
fn options() -> Options {
    let mut options = Options { frozen_clock: true, ..Options::default() };
    options.add_identity(BOB);
    options
}

/// A project that exists, owned by Jane.
fn bench(name: &str) -> Workbench {
    let bench = Workbench::with_options(name, options());
    bench.configure(&project(""));
    bench.apply();
    bench.forget_requests();
    bench
}

/// From now on, Terraform runs as Bob.
fn as_bob(bench: &mut Workbench) {
    let token = bench.emulator.identities()[0].token.clone();
    bench.environment.insert("DATABRICKS_TOKEN".to_owned(), token);
}

/// Makes these the permissions behind Terraform's back.
fn set(bench: &Workbench, elements: &[(&str, &str, &str)]) {
    let element =
        |(kind, name, level): &(&str, &str, &str)| json!({*kind: name, "permission_level": level});
    let list: Vec<_> = elements.iter().map(element).collect();
    bench.emulator.change("projects/shop", json!({"access_control_list": list}));
}

/// The lines of a diagnostic as one.
fn words(run: &Run) -> String {
    run.output().split_whitespace().filter(|it| *it != "│").collect::<Vec<_>>().join(" ")
}

/// The permissions that a state has.
fn stored(bench: &Workbench) -> Json {
    let state = bench.state();
    let resources = state["values"]["root_module"]["resources"].as_array().expect("resources");
    let found = resources.iter().find(|it| it["type"] == "lakebase_project_permissions");
    found.expect("it is in the state")["values"]["grants"].clone()
}

#[test]
fn permissions_are_created_changed_and_reset_as_a_whole() {
    let bench = Workbench::with_options("permissions_are_created_changed_and_reset", options());
    // In one apply with their project, and in any order.
    bench.configure(&shop(&[
        ("user_name", "ana@example.com", "CAN_USE"),
        ("group_name", "platform", "CAN_MANAGE"),
        ("service_principal_name", "0d8a3a4e-7c3f-4d0c-9c39-3a0d1f2b6c11", "CAN_USE"),
    ]));
    bench.apply();
    bench.configure(&shop(&[
        ("service_principal_name", "0d8a3a4e-7c3f-4d0c-9c39-3a0d1f2b6c11", "CAN_USE"),
        ("group_name", "platform", "CAN_MANAGE"),
        ("user_name", "ana@example.com", "CAN_USE"),
    ]));
    bench.expect_empty_plan();
    bench.configure(&shop(&[
        ("user_name", "ana@example.com", "CAN_MANAGE"),
        ("group_name", "platform", "CAN_MANAGE"),
    ]));
    let plan = bench.plan().output();
    assert!(plan.contains("0 to add, 1 to change, 0 to destroy"), "{plan}");
    bench.apply();
    bench.configure(&shop(&[]));
    bench.apply();
    bench.configure(&shop(&[("user_name", "ana@example.com", "CAN_USE")]));
    bench.apply();
    bench.configure(&project(""));
    let warned = words(&bench.plan());
    let warning = "Project permissions of `projects/shop` will be reset";
    assert!(warned.contains(warning), "{warned}");
    bench.apply();
    bench.expect_mutations(expect![[r#"
        POST /api/2.0/postgres/projects?project_id=shop
          {"spec":{}}
        PUT /api/2.0/permissions/database-projects/shop
          {"access_control_list":[{"permission_level":"CAN_USE","user_name":"ana@example.com"},{"permission_level":"CAN_USE","service_principal_name":"[UUID]"},{"group_name":"platform","permission_level":"CAN_MANAGE"},{"permission_level":"CAN_MANAGE","user_name":"jane.doe@example.com"}]}
        PUT /api/2.0/permissions/database-projects/shop
          {"access_control_list":[{"permission_level":"CAN_MANAGE","user_name":"ana@example.com"},{"group_name":"platform","permission_level":"CAN_MANAGE"},{"permission_level":"CAN_MANAGE","user_name":"jane.doe@example.com"}]}
        PUT /api/2.0/permissions/database-projects/shop
          {"access_control_list":[{"permission_level":"CAN_MANAGE","user_name":"jane.doe@example.com"}]}
        PUT /api/2.0/permissions/database-projects/shop
          {"access_control_list":[{"permission_level":"CAN_USE","user_name":"ana@example.com"},{"permission_level":"CAN_MANAGE","user_name":"jane.doe@example.com"}]}
        PUT /api/2.0/permissions/database-projects/shop
          {"access_control_list":[{"permission_level":"CAN_MANAGE","user_name":"jane.doe@example.com"}]}
    "#]]);
}

#[test]
fn permissions_drift_by_principal() {
    let bench = bench("permissions_drift_by_principal");
    let wanted =
        [("user_name", "ana@example.com", "CAN_USE"), ("group_name", "platform", "CAN_MANAGE")];
    bench.configure(&shop(&wanted));
    bench.apply();
    // Another level, another principal, and one that is gone.
    set(
        &bench,
        &[
            ("user_name", JANE, "CAN_MANAGE"),
            ("user_name", "ana@example.com", "CAN_MANAGE"),
            ("user_name", "eve@example.com", "CAN_USE"),
        ],
    );
    expect![[r#"
        ~ grants  = [
                  - {
                      - permission_level = "CAN_MANAGE" -> null
                      - user_name        = "ana@example.com" -> null
                    },
                  - {
                      - permission_level = "CAN_USE" -> null
                      - user_name        = "eve@example.com" -> null
                    },
                  + {
                      + group_name       = "platform"
                      + permission_level = "CAN_MANAGE"
                    },
                  + {
                      + permission_level = "CAN_USE"
                      + user_name        = "ana@example.com"
                    },
                ]
                name    = "projects/shop"
                # (2 unchanged attributes hidden)
            }"#]]
    .assert_eq(bench.plan().from("~ grants").split("\n\n").next().unwrap_or_default());
    bench.forget_requests();
    bench.apply();
    assert_eq!(bench.emulator.mutations().len(), 1);
    // The caller's own right is no drift, whether it is there or not.
    set(&bench, &wanted);
    bench.expect_empty_plan();
}

#[test]
fn callers_own_right_is_never_removed() {
    let mut bench = bench("callers_own_right_is_never_removed");
    set(&bench, &[("user_name", BOB, "CAN_MANAGE"), ("user_name", JANE, "CAN_MANAGE")]);
    as_bob(&mut bench);
    bench.configure(&shop(&[("user_name", BOB, "CAN_USE")]));
    expect![[r#"
        Error: Invalid `grants`

          with lakebase_project_permissions.shop,

        `bob@example.com` is the identity that this provider uses, and could not
        manage the project afterwards. Remove the grant, or set `CAN_MANAGE`."#]]
    .assert_eq(&bench.plan_fails().without_places_from("Error:"));
    let sent = bench.emulator.mutations();
    assert!(sent.is_empty(), "{sent:#?}");
    // Neither is that of the owner, who is somebody else.
    bench.configure(&shop(&[("group_name", "users", "CAN_USE")]));
    bench.apply();
    assert_eq!(stored(&bench).as_array().map(Vec::len), Some(1));
    bench.configure(&shop(&[("user_name", BOB, "CAN_MANAGE"), ("user_name", JANE, "CAN_MANAGE")]));
    bench.apply();
    bench.configure(&project(""));
    bench.apply();
    bench.expect_mutations(expect![[r#"
        PUT /api/2.0/permissions/database-projects/shop
          {"access_control_list":[{"group_name":"users","permission_level":"CAN_USE"},{"permission_level":"CAN_MANAGE","user_name":"bob@example.com"},{"permission_level":"CAN_MANAGE","user_name":"jane.doe@example.com"}]}
        PUT /api/2.0/permissions/database-projects/shop
          {"access_control_list":[{"permission_level":"CAN_MANAGE","user_name":"bob@example.com"},{"permission_level":"CAN_MANAGE","user_name":"jane.doe@example.com"}]}
        PUT /api/2.0/permissions/database-projects/shop
          {"access_control_list":[{"permission_level":"CAN_MANAGE","user_name":"bob@example.com"},{"permission_level":"CAN_MANAGE","user_name":"jane.doe@example.com"}]}
    "#]]);
}

/// Where the plan does not reach the workspace, the apply refuses before any change.
#[test]
fn lowered_right_of_an_unknown_caller_is_refused_by_the_apply() {
    let bench = bench("lowered_right_of_an_unknown_caller");
    bench.configure(&shop(&[("user_name", "ana@example.com", "CAN_USE")]));
    bench.apply();
    bench.configure(&shop(&[("user_name", JANE, "CAN_USE")]));
    for create in [false, true] {
        let kind = FaultKind::status(403, "PERMISSION_DENIED", "No SCIM.");
        bench.emulator.fault(Fault::on("GET", "/scim/v2/Me", kind));
        bench.terraform(&["plan", "-refresh=false", "-out=saved"]).succeeded();
        bench.emulator.forget_faults();
        bench.forget_requests();
        let refused = words(&bench.terraform(&["apply", "saved"]).failed());
        assert!(refused.contains("could not manage the project afterwards"), "{refused}");
        assert!(bench.emulator.mutations().is_empty());
        if !create {
            bench.terraform(&["state", "rm", "lakebase_project_permissions.shop"]).succeeded();
        }
    }
}

#[test]
fn create_warns_about_grants_that_it_removes() {
    let bench = bench("create_warns_about_grants_that_it_removes");
    set(
        &bench,
        &[
            ("user_name", JANE, "CAN_MANAGE"),
            ("user_name", "ana@example.com", "CAN_USE"),
            ("group_name", "platform", "CAN_USE"),
        ],
    );
    bench.configure(&shop(&[("group_name", "platform", "CAN_USE")]));
    expect![[r#"
        Warning: Existing project permissions of `projects/shop` will be replaced

          with lakebase_project_permissions.shop,

        The configuration does not contain the following elements, which the apply
        removes:

          - permission_level = "CAN_USE", user_name = "ana@example.com"

        To keep them, add them to the configuration."#]]
    .assert_eq(&bench.plan().without_places_from("Warning:"));
}

#[test]
fn imported_permissions_plan_empty_with_the_caller_and_without() {
    let bench = bench("imported_permissions_plan_empty");
    let ana = ("user_name", "ana@example.com", "CAN_USE");
    let jane = ("user_name", JANE, "CAN_MANAGE");
    set(&bench, &[jane, ana]);
    for listed in [vec![ana], vec![ana, jane]] {
        let import =
            "\nimport {\n  to = lakebase_project_permissions.shop\n  id = \"projects/shop\"\n}\n";
        bench.configure(&(shop(&listed) + import));
        let imported = bench.apply().output();
        assert!(imported.contains("1 imported, 0 added, 0 changed"), "{imported}");
        bench.terraform(&["state", "rm", "lakebase_project_permissions.shop"]).succeeded();
    }
    bench.expect_mutations(expect![""]);
}

#[test]
fn permissions_of_principals_that_are_not_known_yet_are_planned() {
    let bench = bench("permissions_of_principals_that_are_not_known_yet");
    bench.configure(
        &(project("")
            + r#"
resource "terraform_data" "names" {
  input = ["ana@example.com", "platform"]
}

resource "lakebase_project_permissions" "shop" {
  project = lakebase_project.shop.name
  grants = [
    { user_name = terraform_data.names.output[0], permission_level = "CAN_USE" },
    { group_name = terraform_data.names.output[1], permission_level = "CAN_MANAGE" },
    { user_name = "jane.doe@example.com", permission_level = "CAN_MANAGE" },
  ]
}
"#),
    );
    bench.apply();
    assert_eq!(stored(&bench).as_array().map(Vec::len), Some(3));
}

#[test]
fn grants_that_make_no_sense_are_refused_on_their_attribute() {
    let bench = bench("grants_that_make_no_sense");
    let ana = "ana@example.com";
    for (elements, why) in [
        (
            vec![("user_name", ana, "CAN_USE"), ("user_name", ana, "CAN_MANAGE")],
            "`ana@example.com` is granted both",
        ),
        (vec![("group_name", "admins", "CAN_USE")], "Workspace admins can manage every project"),
        (vec![("user_name", ana, "CAN_MANAGE_RUN")], "`CAN_MANAGE_RUN` is not a valid value"),
        (vec![("user_name", ana, "CAN_USE\", group_name = \"g")], "set only one of them"),
    ] {
        bench.configure(&shop(&elements));
        let refused = words(&bench.validate().failed());
        assert!(refused.contains(why), "{why}: {refused}");
    }
    bench.configure(
        &(shop(&[]).replace("grants = [", "grants = [{ permission_level = \"CAN_USE\" }")),
    );
    let refused = words(&bench.validate().failed());
    assert!(refused.contains("Each grant needs a principal"), "{refused}");
    bench.configure(
        "resource \"lakebase_project_permissions\" \"shop\" {\n  project = \"projects/none\"\n  grants = []\n}\n",
    );
    let failed = words(&bench.apply_fails());
    assert!(failed.contains("Could not set project permissions of `projects/none`"), "{failed}");
}

/// A new project is not its creator's at once (databricks/cli issue 4818).
#[test]
fn permissions_of_a_new_project_wait_until_they_can_be_changed() {
    let bench = Workbench::with_options("permissions_of_a_new_project_wait", options());
    for (method, status, code) in
        [("GET", 404, "RESOURCE_DOES_NOT_EXIST"), ("PUT", 403, "PERMISSION_DENIED")]
    {
        for nth in [1, 2] {
            let kind = FaultKind::status(status, code, "Not yet.");
            bench.emulator.fault(Fault { nth, ..Fault::on(method, PATH, kind) });
        }
    }
    bench.configure(&shop(&[("user_name", "ana@example.com", "CAN_USE")]));
    bench.apply();
    // A project that has been there refuses at once.
    bench.forget_requests();
    bench.configure(&shop(&[]));
    let kind = FaultKind::status(403, "PERMISSION_DENIED", "Not you.");
    bench.emulator.fault(Fault::on("PUT", PATH, kind));
    let failed = words(&bench.apply_fails());
    assert!(failed.contains("Could not update project permissions `projects/shop`"), "{failed}");
    assert_eq!(bench.emulator.mutations().len(), 1);
    bench.apply();
}

#[test]
fn permissions_survive_failures() {
    let bench = bench("permissions_survive_failures");
    bench.configure(&shop(&[("user_name", "ana@example.com", "CAN_USE")]));
    // A lost answer: sending the whole again changes nothing.
    bench.emulator.fault(Fault::on("PUT", PATH, FaultKind::CutConnection).after());
    bench.apply();
    // A failed reset keeps them in the state.
    bench.configure(&project(""));
    let kind = FaultKind::status(500, "INTERNAL_ERROR", "Something went wrong.");
    bench.emulator.fault(Fault::on("PUT", PATH, kind));
    let failed = bench.apply_fails().output();
    assert!(failed.contains("Could not delete project permissions `projects/shop`"), "{failed}");
    assert_eq!(stored(&bench).as_array().map(Vec::len), Some(1));
    bench.apply();
    // Permissions whose project is gone are gone.
    bench.configure(&shop(&[("user_name", "ana@example.com", "CAN_USE")]));
    bench.apply();
    bench.emulator.remove("projects/shop");
    let plan = bench.plan().output();
    assert!(plan.contains("2 to add, 0 to change, 0 to destroy"), "{plan}");
    bench.apply();
    // A project that is replaced takes them along.
    bench.configure(
        &shop(&[("user_name", "ana@example.com", "CAN_USE")])
            .replace("\"shop\"\n  del", "\"store\"\n  del"),
    );
    bench.terraform(&["apply", "-auto-approve"]).succeeded();
    bench.expect_empty_plan();
    bench.terraform(&["destroy", "-auto-approve"]).succeeded();
    bench.emulator.advance(Duration::from_hours(8 * 24));
    assert!(bench.emulator.names().is_empty(), "{:?}", bench.emulator.names());
}

#[test]
fn read_only_user_learns_what_is_missing() {
    let mut bench = bench("read_only_user_learns_what_is_missing");
    set(&bench, &[("user_name", BOB, "CAN_USE")]);
    as_bob(&mut bench);
    bench.expect_empty_plan();
    bench.configure(&project("display_name = \"Shop\""));
    expect![[r#"
        Error: Could not update project `projects/shop`

          with lakebase_project.shop,
          on main.tf line 8, in resource "lakebase_project" "shop":
           8: resource "lakebase_project" "shop" {

        PERMISSION_DENIED: User 'bob@example.com' does not have CAN_MANAGE permission
        on project 'shop'.

        The workspace [HOST] authenticated the caller (method `pat`)
        but rejected the request. Reading `projects/shop` or connecting to it
        requires CAN_USE on the project; changing it or anything in it requires
        CAN_MANAGE. Workspace admins and users who can manage the project can grant
        these permissions, for example with the resource
        `lakebase_project_permissions`.

        Request: PATCH
        [HOST]/api/2.0/postgres/projects/shop?update_mask=spec.display_name
        Status: HTTP 403 after 1 attempt ([SECONDS])
        Request ID: [UUID]

        Help:
        https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#requests-that-fail"#]]
    .assert_eq(&bench.masked(&bench.apply_fails().from("Error:")));
    set(&bench, &[]);
    expect![[r#"
        Error: Could not read project `projects/shop`

          with lakebase_project.shop,
          on main.tf line 8, in resource "lakebase_project" "shop":
           8: resource "lakebase_project" "shop" {

        PERMISSION_DENIED: User 'bob@example.com' does not have CAN_USE permission on
        project 'shop'.

        The workspace [HOST] authenticated the caller (method `pat`)
        but rejected the request. Reading `projects/shop` or connecting to it
        requires CAN_USE on the project; changing it or anything in it requires
        CAN_MANAGE. Workspace admins and users who can manage the project can grant
        these permissions, for example with the resource
        `lakebase_project_permissions`.

        Request: GET [HOST]/api/2.0/postgres/projects/shop
        Status: HTTP 403 after 1 attempt ([SECONDS])
        Request ID: [UUID]

        Help:
        https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#requests-that-fail"#]]
    .assert_eq(&bench.masked(&bench.plan_fails().from("Error:")));
    bench.configure("data \"lakebase_project\" \"shop\" {\n  name = \"projects/shop\"\n}\n");
    bench.terraform(&["state", "rm", "lakebase_project.shop"]).succeeded();
    let failed = words(&bench.plan_fails());
    assert!(failed.contains("requires CAN_USE on the project"), "{failed}");
}
