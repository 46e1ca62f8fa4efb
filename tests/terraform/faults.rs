//! A service that fails: nothing is forgotten, nothing is made twice.

use expect_test::{Expect, expect};
use lakebase_emulator::{Effect, Fault, FaultKind};

use crate::fixtures::{branch, primary, project};
use crate::workbench::{Run, Workbench};

const REPORTS: &str = r#"
resource "lakebase_endpoint" "reports" {
  branch        = "${lakebase_project.shop.name}/branches/production"
  endpoint_id   = "reports"
  endpoint_type = "ENDPOINT_TYPE_READ_ONLY"
}
"#;

/// How many requests with this method took place.
fn count(bench: &Workbench, method: &str) -> usize {
    bench.emulator.mutations().iter().filter(|it| it.method == method).count()
}

/// Ends in this error.
#[track_caller]
fn failed(bench: &Workbench, run: Run, expected: Expect) {
    expected.assert_eq(&bench.masked(&run.failed().from("Error:")));
}

#[test]
fn create_with_lost_response_is_not_orphaned_or_repeated() {
    let bench = Workbench::new("a_create_whose_answer_is_lost_is_not_orphaned");
    let server = |status| FaultKind::Status {
        status,
        error_code: "INTERNAL_ERROR".to_owned(),
        message: "Something went wrong.".to_owned(),
        retry_after: None,
    };
    let kinds = [
        FaultKind::CutConnection,
        server(500),
        FaultKind::Html { status: 502 },
        FaultKind::Html { status: 503 },
    ];
    for kind in kinds {
        for path in ["/projects", "/branches", "/endpoints"] {
            bench.emulator.fault(Fault::on("POST", path, kind.clone()).after());
        }
        bench.configure(&(project("") + &branch("") + REPORTS));
        bench.forget_requests();
        bench.apply();
        assert_eq!(count(&bench, "POST"), 3, "{kind:?}");
        bench.destroy();
        assert!(bench.emulator.names().is_empty(), "{kind:?}");
    }
}

#[test]
fn rejected_create_is_not_stored_and_can_be_repeated() {
    let bench = Workbench::new("a_create_that_was_refused_is_tried_anew");
    bench.configure(&project(""));
    let kind = FaultKind::status(500, "INTERNAL_ERROR", "Something went wrong.");
    bench.emulator.fault(Fault::on("POST", "/projects", kind));
    failed(
        &bench,
        bench.apply_fails(),
        expect![[r#"
            Error: Could not create project `projects/shop`

              with lakebase_project.shop,
              on main.tf line 8, in resource "lakebase_project" "shop":
               8: resource "lakebase_project" "shop" {

            INTERNAL_ERROR: Something went wrong.

            Request: POST
            [HOST]/api/2.0/postgres/projects?project_id=shop
            Status: HTTP 500 after 1 attempt ([SECONDS])
            Request ID: [UUID]

            Help:
            https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#requests-that-fail"#]],
    );
    assert!(bench.terraform(&["state", "list"]).output().is_empty());
    bench.apply();
    assert_eq!(count(&bench, "POST"), 2);
}

#[test]
fn failed_operation_is_reported_and_keeps_existing_object() {
    let bench = Workbench::new("an_operation_that_fails_is_told");
    let fails = |method: &str, path: &str, effect| {
        let kind = FaultKind::FailOperation {
            error_code: "INTERNAL".to_owned(),
            message: "The compute could not be started.".to_owned(),
        };
        bench.emulator.fault(Fault { effect, ..Fault::on(method, path, kind) });
    };
    bench.configure(&(project("") + &branch("ttl = \"1d\"")));
    fails("POST", "/branches", Effect::Before);
    failed(
        &bench,
        bench.apply_fails(),
        expect![[r#"
            Error: Could not create branch `projects/shop/branches/dev`

              with lakebase_branch.dev,
              on main.tf line 15, in resource "lakebase_branch" "dev":
              15: resource "lakebase_branch" "dev" {

            Operation `projects/shop/branches/dev/operations/[OPERATION]`
            failed: INTERNAL: The compute could not be started.

            Request: GET
            [HOST]/api/2.0/postgres/projects/shop/branches/dev/operations/[OPERATION]
            Attempts: [COUNT] ([SECONDS])

            Help:
            https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#requests-that-fail"#]],
    );
    let listed = bench.terraform(&["state", "list"]).output();
    assert_eq!(listed, "lakebase_project.shop");

    // It exists, although its operation failed: Terraform keeps it, tainted, and makes it anew.
    fails("POST", "/branches", Effect::After);
    bench.apply_fails();
    let listed = bench.terraform(&["state", "list"]).output();
    assert_eq!(listed, "lakebase_branch.dev\nlakebase_project.shop");
    let output = bench.apply().output();
    assert!(output.contains("1 added, 0 changed, 1 destroyed."), "{output}");

    bench.configure(&(project("") + &branch("ttl = \"2d\"")));
    fails("PATCH", "branches/dev", Effect::Before);
    failed(
        &bench,
        bench.apply_fails(),
        expect![[r#"
            Error: Could not update branch `projects/shop/branches/dev`

              with lakebase_branch.dev,
              on main.tf line 15, in resource "lakebase_branch" "dev":
              15: resource "lakebase_branch" "dev" {

            Operation `projects/shop/branches/dev/operations/[OPERATION]`
            failed: INTERNAL: The compute could not be started.

            Request: GET
            [HOST]/api/2.0/postgres/projects/shop/branches/dev/operations/[OPERATION]
            Attempts: [COUNT] ([SECONDS])

            Help:
            https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#requests-that-fail"#]],
    );
    let output = bench.apply().output();
    assert!(output.contains("0 added, 1 changed, 0 destroyed."), "{output}");
    bench.configure(&(project("") + &branch("ttl = \"3d\"")));
    fails("PATCH", "branches/dev", Effect::After);
    bench.apply_fails();
    bench.expect_empty_plan();
}

#[test]
fn failed_adoption_leaves_object_unchanged() {
    let bench = Workbench::new("failed_adoption_leaves_object_unchanged");
    bench.configure(&(project("") + &branch("ttl = \"1d\"")));
    bench.apply();
    bench.terraform(&["state", "rm", "lakebase_branch.dev"]).succeeded();
    bench.configure(&(project("") + &branch("ttl = \"2d\"\nreplace_existing = true")));
    let kind = FaultKind::FailOperation {
        error_code: "INTERNAL".to_owned(),
        message: "The branch could not be changed.".to_owned(),
    };
    bench.emulator.fault(Fault::on("PATCH", "branches/dev", kind));
    bench.apply_fails();
    let listed = bench.terraform(&["state", "list"]).output();
    assert_eq!(listed, "lakebase_project.shop");
    bench.apply();
    assert_eq!(count(&bench, "DELETE"), 0);
}

#[test]
fn failed_delete_keeps_object_in_state() {
    let bench = Workbench::new("a_delete_that_fails_keeps_the_object");
    bench.configure(&(project("") + &branch("") + REPORTS));
    bench.apply();
    let refused = || FaultKind::status(400, "BAD_REQUEST", "There are open connections.");
    bench.emulator.fault(Fault::on("DELETE", "branches/dev", refused()));
    bench.emulator.fault(Fault::on("DELETE", "endpoints/reports", refused()));
    let destroyed = bench.terraform(&["destroy", "-auto-approve"]).failed();
    assert_eq!(destroyed.output().matches("There are open connections.").count(), 2, "{destroyed}");
    let listed = bench.terraform(&["state", "list"]).output();
    assert_eq!(listed, "lakebase_branch.dev\nlakebase_endpoint.reports\nlakebase_project.shop");

    let lost = FaultKind::FailOperation {
        error_code: "INTERNAL".to_owned(),
        message: "The branch could not be removed.".to_owned(),
    };
    bench.emulator.fault(Fault::on("DELETE", "branches/dev", lost));
    failed(
        &bench,
        bench.terraform(&["destroy", "-auto-approve"]),
        expect![[r#"
            Error: Could not delete branch `projects/shop/branches/dev`

            Operation `projects/shop/branches/dev/operations/[OPERATION]`
            failed: INTERNAL: The branch could not be removed.

            Request: GET
            [HOST]/api/2.0/postgres/projects/shop/branches/dev/operations/[OPERATION]
            Attempts: [COUNT] ([SECONDS])

            Help:
            https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#requests-that-fail"#]],
    );
    let listed = bench.terraform(&["state", "list"]).output();
    assert_eq!(listed, "lakebase_branch.dev\nlakebase_project.shop");
    bench.configure(&(project("") + &branch("")));
    bench.expect_empty_plan();

    // The answer is lost, the effect is not: what is gone is gone.
    bench.emulator.fault(Fault::on("DELETE", "branches/dev", FaultKind::CutConnection).after());
    bench.destroy();
    assert!(bench.emulator.names().is_empty());
}

#[test]
fn conflicting_operations_are_retried() {
    let bench = Workbench::new("conflicting_operations_are_retried");
    let conflict = |method: &str, path: &str| {
        bench.emulator.fault(Fault::on(method, path, FaultKind::ConflictOutside).times(2));
    };
    conflict("POST", "/branches");
    conflict("PATCH", "endpoints/primary");
    bench.configure(&(project("") + &branch("") + &primary("no_suspension = true")));
    bench.apply();
    conflict("DELETE", "branches/dev");
    bench.destroy();
    assert!(bench.emulator.names().is_empty());
}

#[test]
fn retry_after_is_honored() {
    let bench = Workbench::new("retry_after_is_honored");
    let busy = |status| FaultKind::Status {
        status,
        error_code: "RESOURCE_EXHAUSTED".to_owned(),
        message: "Too many requests.".to_owned(),
        retry_after: Some(1),
    };
    bench.emulator.fault(Fault::on("POST", "/projects", busy(429)));
    bench.emulator.fault(Fault::on("GET", "/operations/*", busy(503)));
    bench.configure(&project(""));
    bench.apply();
    assert_eq!(count(&bench, "POST"), 2);
    let tried: Vec<_> = bench.emulator.requests().iter().map(|it| it.status).collect();
    assert!(tried.contains(&429) && tried.contains(&503), "{tried:?}");
}

#[test]
fn create_tolerates_stale_read() {
    let bench = Workbench::new("create_tolerates_stale_read");
    bench.emulator.fault(Fault::on("POST", "/branches", FaultKind::StaleRead { reads: 1 }));
    bench.configure(&(project("") + &branch("ttl = \"1d\"")));
    bench.apply();
    assert_eq!(count(&bench, "POST"), 2);
}

const TENANT: &str = r#"
resource "lakebase_role" "app" {
  branch        = "${lakebase_project.shop.name}/branches/production"
  role_id       = "app"
  postgres_role = "app"
}

resource "lakebase_database" "app" {
  branch              = "${lakebase_project.shop.name}/branches/production"
  database_id         = "app"
  postgres_database   = "app"
  role                = lakebase_role.app.name
  deletion_protection = false
}
"#;

#[test]
fn role_and_database_survive_lost_answers_conflicts_and_failed_deletes() {
    let bench = Workbench::new("role_and_database_survive");
    bench.configure(&project(""));
    bench.apply();
    for kind in [FaultKind::CutConnection, FaultKind::ConflictOutside] {
        for path in ["*/roles", "*/databases"] {
            let fault = Fault::on("POST", path, kind.clone());
            let is_lost = matches!(kind, FaultKind::CutConnection);
            bench.emulator.fault(if is_lost { fault.after() } else { fault });
        }
        bench.configure(&(project("") + TENANT));
        bench.forget_requests();
        bench.apply();
        let made = bench.emulator.mutations().into_iter().filter(|it| it.status == 200).count();
        let lost = bench.emulator.mutations().into_iter().filter(|it| it.status == 0).count();
        assert_eq!(made + lost, 2, "{kind:?}");
        // A delete that fails keeps the object; the next one deletes it.
        let failure = FaultKind::status(500, "INTERNAL_ERROR", "Something went wrong.");
        bench.emulator.fault(Fault::on("DELETE", "*/databases/app", failure));
        bench.configure(&project(""));
        bench.apply_fails();
        let kept = bench.terraform(&["state", "list"]).succeeded().output();
        assert!(kept.contains("lakebase_database.app"), "{kept}");
        bench.apply();
        let names = bench.emulator.names();
        assert!(!names.iter().any(|it| it.ends_with("/app")), "{names:?}");
    }
}
