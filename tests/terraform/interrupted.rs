//! Ctrl-C while the service still has minutes to go: nothing is lost, nothing is sent twice.

use std::time::Duration;

use expect_test::{Expect, expect};
use lakebase_emulator::{Fault, FaultKind, Options};

use crate::fixtures::{branch, project};
use crate::workbench::Workbench;

const MINUTES: Duration = Duration::from_mins(10);

/// A world whose operations take minutes, which pass only when the test says so.
fn slow(name: &str) -> Workbench {
    Workbench::with_options(name, Options { operation_delay: MINUTES, ..Options::default() })
}

/// Applies while time flies.
fn apply_in_time(bench: &Workbench, count: usize) {
    let applying = bench.spawn(&["apply", "-auto-approve"]);
    for done in 0..count {
        wait_for_poll(bench, done + 1);
        bench.emulator.advance(MINUTES);
    }
    applying.wait().succeeded();
}

/// Blocks until the operation of the nth change is waited for.
fn wait_for_poll(bench: &Workbench, nth: usize) {
    bench.emulator.wait_for(|requests| {
        let changes = requests.iter().enumerate().filter(|(_, it)| it.is_mutation());
        let last = changes.map(|(at, _)| at).nth(nth - 1);
        last.is_some_and(|at| {
            requests[at..].iter().any(|request| request.path.contains("/operations/"))
        })
    });
}

/// Runs the command, interrupts it once its change is under way, and looks at what it says.
#[track_caller]
fn interrupt(bench: &Workbench, command: &[&str], expected: Expect) {
    let running = bench.spawn(command);
    wait_for_poll(bench, 1);
    running.interrupt();
    let output = running.wait().failed().output();
    let start = output.find("Warning: Int").or(output.find("Error:")).expect("it says so");
    expected.assert_eq(&bench.masked(&output[start..]));
}

/// The state of the object, if it is there; its end says whether it is tainted.
fn stored(bench: &Workbench, r#type: &str) -> Option<String> {
    let state: serde_json::Value =
        serde_json::from_str(&bench.read("terraform.tfstate")).expect("a state is JSON");
    let resource = state["resources"].as_array()?.iter().find(|it| it["type"] == r#type)?;
    let instance = &resource["instances"][0];
    let (name, status) = (&instance["attributes"]["name"], &instance["status"]);
    Some(format!("{} {status}", name.as_str()?))
}

#[test]
fn interrupted_create_continues_with_the_next_run() {
    let bench = slow("interrupted_create_continues_with_the_next_run");
    bench.configure(&project("display_name = \"The shop\""));
    interrupt(
        &bench,
        &["apply", "-auto-approve"],
        expect![[r#"
            Warning: Interrupted while waiting to create project `projects/shop`

              with lakebase_project.shop,
              on main.tf line 8, in resource "lakebase_project" "shop":
               8: resource "lakebase_project" "shop" {

            Lakebase continues with `projects/shop/operations/[OPERATION]`,
            although the output says `Creation complete`. The next plan or apply waits
            for the operation and shows the result.

            Error: execution halted


            Error: execution halted"#]],
    );
    assert_eq!(stored(&bench, "lakebase_project").as_deref(), Some("projects/shop null"));

    bench.emulator.advance(MINUTES);
    bench.apply();
    bench.expect_mutations(expect![[r#"
        POST /api/2.0/postgres/projects?project_id=shop
          {"spec":{"display_name":"The shop"}}
    "#]]);
    assert_eq!(
        bench.state()["values"]["root_module"]["resources"][0]["values"]["owner"],
        "jane.doe@example.com"
    );
}

#[test]
fn interrupted_update_and_delete_continue_with_the_next_run() {
    let bench = slow("interrupted_update_and_delete_continue_with_the_next_run");
    bench.configure(&(project("") + &branch("ttl = \"1d\"")));
    apply_in_time(&bench, 2);

    bench.forget_requests();
    bench.configure(&(project("") + &branch("ttl = \"2d\"")));
    interrupt(
        &bench,
        &["apply", "-auto-approve"],
        expect![[r#"
            Warning: Interrupted while waiting to update branch `projects/shop/branches/dev`

              with lakebase_branch.dev,
              on main.tf line 15, in resource "lakebase_branch" "dev":
              15: resource "lakebase_branch" "dev" {

            Lakebase continues with
            `projects/shop/branches/dev/operations/[OPERATION]`, although the
            output says `Modifications complete`. The next plan or apply waits for the
            operation and shows the result.

            Error: execution halted


            Error: execution halted"#]],
    );
    assert!(stored(&bench, "lakebase_branch").is_some());
    bench.emulator.advance(MINUTES);
    bench.apply();
    bench.expect_mutations(expect![[r#"
        PATCH /api/2.0/postgres/projects/shop/branches/dev?update_mask=spec.expiration
          {"spec":{"is_protected":false,"ttl":"172800s"}}
    "#]]);

    bench.forget_requests();
    bench.configure(&project(""));
    interrupt(
        &bench,
        &["apply", "-auto-approve"],
        expect![[r#"
            Error: Could not delete branch `projects/shop/branches/dev`

            Interrupted waiting for operation
            `projects/shop/branches/dev/operations/[OPERATION]` (last state:
            running).

            Lakebase continues with the operation. The next plan or apply waits for it
            and shows the result.

            Request: GET
            [HOST]/api/2.0/postgres/projects/shop/branches/dev/operations/[OPERATION]
            Attempts: [COUNT] ([SECONDS])

            Help:
            https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#requests-that-fail

            Error: execution halted


            Error: execution halted"#]],
    );
    assert!(stored(&bench, "lakebase_branch").is_some());
    bench.emulator.advance(MINUTES);
    bench.apply();
    bench.expect_mutations(expect![[r#"
        DELETE /api/2.0/postgres/projects/shop/branches/dev?purge=true
    "#]]);
    assert_eq!(stored(&bench, "lakebase_branch"), None);
}

#[test]
fn queued_change_is_not_sent_after_interrupt() {
    let bench = slow("queued_change_is_not_sent_after_interrupt");
    bench.configure(&project(""));
    apply_in_time(&bench, 1);
    bench.forget_requests();
    let another = branch("").replace("\"dev\"", "\"other\"");
    bench.configure(&(project("") + &branch("") + &another));
    let running = bench.spawn(&["apply", "-auto-approve"]);
    wait_for_poll(&bench, 1);
    running.interrupt();
    let output = running.wait().failed().output();
    assert!(output.contains("The run was interrupted before any request was sent."), "{output}");
    assert_eq!(bench.emulator.mutations().len(), 1);
}

#[test]
fn timed_out_create_is_kept_and_continues() {
    let bench = slow("timed_out_create_is_kept_and_continues");
    bench.configure(&project("timeouts = { create = \"1s\" }"));
    expect![[r#"
        Warning: Project `projects/shop` is tainted and will be replaced by the next apply

          with lakebase_project.shop,
          on main.tf line 8, in resource "lakebase_project" "shop":
           8: resource "lakebase_project" "shop" {

        The create did not complete, but the object exists or may still be created.
        To keep it, run the following command before the next apply, where ADDRESS is
        the resource address (use `tofu` with OpenTofu):

          terraform untaint ADDRESS

        The next plan waits for the operation. Without `purge_on_delete = true`, the
        provider does not delete a project or branch in order to create it again.

        Error: Could not create project `projects/shop`

          with lakebase_project.shop,
          on main.tf line 8, in resource "lakebase_project" "shop":
           8: resource "lakebase_project" "shop" {

        Timed out waiting for operation
        `projects/shop/operations/[OPERATION]` (last state: running).

        The operation may still complete; the next plan shows the result. If it
        regularly takes longer, increase `timeouts.create`.

        Request: GET
        [HOST]/api/2.0/postgres/projects/shop/operations/[OPERATION]
        Attempts: [COUNT] ([SECONDS])

        Help:
        https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting#requests-that-fail"#]]
    .assert_eq(&bench.masked(&bench.apply_fails().from("Warning: Project")));
    assert_eq!(stored(&bench, "lakebase_project").as_deref(), Some("projects/shop \"tainted\""));

    bench.terraform(&["untaint", "lakebase_project.shop"]).succeeded();
    bench.emulator.advance(MINUTES);
    bench.apply();
    assert_eq!(bench.emulator.mutations().len(), 1);
}

#[test]
fn operation_that_never_ends_blocks_no_plan() {
    let bench = Workbench::new("operation_that_never_ends_blocks_no_plan");
    bench.emulator.fault(Fault::on("POST", "/branches", FaultKind::NeverFinish));
    let timeouts = "timeouts = { create = \"1s\", read = \"1s\" }";
    bench.configure(&(project("") + &branch(timeouts)));
    bench.apply_fails();
    bench.terraform(&["untaint", "lakebase_branch.dev"]).succeeded();
    let planned = bench.plan().output();
    assert!(planned.contains("is still running"), "{planned}");
    bench.apply();
}

#[test]
fn operation_that_was_waited_for_is_read_as_it_settled() {
    let bench = slow("operation_that_was_waited_for_is_read_as_it_settled");
    let reader = |id: &str, max: u8| {
        format!(
            "resource \"lakebase_endpoint\" \"{id}\" {{\n  branch = \
             \"${{lakebase_project.shop.name}}/branches/production\"\n  endpoint_id = \"{id}\"\n  \
             endpoint_type = \"ENDPOINT_TYPE_READ_ONLY\"\n  autoscaling_limit_min_cu = 1\n  \
             autoscaling_limit_max_cu = {max}\n}}\n"
        )
    };
    let readers = |max| project("") + &reader("a", max) + &reader("b", 2) + &reader("c", 2);
    bench.configure(&readers(2));
    apply_in_time(&bench, 4);
    bench.forget_requests();
    bench.configure(&readers(4));
    let applying = bench.spawn(&["apply", "-auto-approve"]);
    wait_for_poll(&bench, 1);
    applying.interrupt();
    applying.wait().failed();
    bench.forget_requests();

    // The others are read from a list while the operation is waited for.
    let planning = bench.spawn(&["plan", "-detailed-exitcode"]);
    bench.emulator.wait_for(|requests| {
        let seen = |end: &str| requests.iter().any(|request| request.path.contains(end));
        seen("/operations/") && requests.iter().any(|request| request.path.ends_with("/endpoints"))
    });
    bench.emulator.advance(MINUTES);
    planning.wait().succeeded();
}

#[test]
fn interrupted_create_with_generated_id_continues_with_the_next_run() {
    let bench = slow("interrupted_create_of_a_role_with_a_generated_id");
    bench.configure(&project(""));
    apply_in_time(&bench, 1);
    bench.forget_requests();
    let role = r#"
resource "lakebase_role" "app" {
  branch        = "projects/shop/branches/production"
  postgres_role = "app"
}
"#;
    bench.configure(&(project("") + role));
    let running = bench.spawn(&["apply", "-auto-approve"]);
    wait_for_poll(&bench, 1);
    running.interrupt();
    let output = running.wait().failed().output();
    assert!(output.contains("Interrupted while waiting to create role `projects/"), "{output}");
    let stored = stored(&bench, "lakebase_role").expect("the role is in the state");
    assert!(stored.starts_with("projects/shop/branches/production/roles/role-"), "{stored}");
    assert!(stored.ends_with(" null"), "it is not tainted: {stored}");

    bench.emulator.advance(MINUTES);
    bench.apply();
    let posts = bench.emulator.mutations().into_iter().filter(|it| it.method == "POST");
    assert_eq!(posts.count(), 1);
}

/// Before a destroy, Terraform plans as for an apply, so that an error of that plan would prevent
/// the destroy.
#[test]
fn destroy_continues_after_interrupted_destroy() {
    let bench = slow("destroy_continues_after_interrupted_destroy");
    let hcl = r#"
        resource "lakebase_project" "shop" {
          project_id          = "shop"
          deletion_protection = false
        }

        resource "lakebase_branch" "dev" {
          project   = lakebase_project.shop.name
          branch_id = "dev"
        }
    "#;
    bench.configure(hcl);
    apply_in_time(&bench, 2);
    let destroy = ["destroy", "-auto-approve"];
    let interrupt_destroy = |deleted: &str| {
        bench.forget_requests();
        let running = bench.spawn(&destroy);
        wait_for_poll(&bench, 1);
        running.interrupt();
        running.wait().failed();
        bench.emulator.advance(MINUTES);
        let requests = bench.emulator.mutations();
        assert!(matches!(&requests[..], [it] if it.path.ends_with(deleted)), "{requests:#?}");
        // An apply cannot create it again, and its plan says so.
        let plan = bench.plan().output().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(plan.contains(&format!("{deleted}` is soft-deleted")), "{plan}");
        assert!(plan.contains("If you are destroying it, nothing is left to do."), "{plan}");
    };
    interrupt_destroy("dev");
    let refused = bench.terraform(&["apply", "-auto-approve"]).failed().output();
    assert!(refused.contains("Its ID cannot be reused"), "{refused}");
    // The state has forgotten the branch, which is now like any other that was deleted.
    let refused = bench.terraform(&destroy).failed().output();
    assert!(refused.contains("use the option `-refresh=false`"), "{refused}");
    assert_eq!(bench.emulator.mutations().len(), 1);

    bench.configure(&hcl[..hcl.find("resource \"lakebase_branch\"").expect("it has a branch")]);
    interrupt_destroy("shop");
    let destroyed = bench.terraform(&destroy).succeeded().output();
    assert!(destroyed.contains("No objects need to be destroyed"), "{destroyed}");
}
