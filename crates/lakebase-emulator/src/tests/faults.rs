//! Misbehavior on request.

use serde_json::{Value as Json, json};

use super::Workspace;
use crate::faults::{Effect, Fault, FaultKind};
use crate::message::Reply;

const CREATE: &str = "POST projects?project_id=p";

fn with_fault(kind: FaultKind, effect: Effect) -> Workspace {
    let mut workspace = Workspace::new();
    workspace.service.faults.plan(Fault { effect, ..Fault::on("POST", "/projects", kind) });
    workspace
}

#[test]
fn a_failing_request_takes_effect_or_not_as_planned() {
    for effect in [Effect::Before, Effect::After] {
        let kind = FaultKind::status(503, "TEMPORARILY_UNAVAILABLE", "Try again.");
        let mut workspace = with_fault(kind, effect);
        let text = workspace.refused(CREATE, &json!({}));
        assert_eq!(text, "503 TEMPORARILY_UNAVAILABLE: Try again.");
        assert_eq!(workspace.names().is_empty(), effect == Effect::Before);

        let mut workspace = with_fault(FaultKind::Html { status: 502 }, effect);
        let Reply::Answer(answer) = workspace.reply(CREATE, &json!({})) else { panic!("none") };
        assert_eq!((answer.status, answer.content_type), (502, "text/html"));
        assert_eq!(workspace.names().is_empty(), effect == Effect::Before);

        let mut workspace = with_fault(FaultKind::Hang, effect);
        assert!(matches!(workspace.reply(CREATE, &json!({})), Reply::Hang));
        assert_eq!(workspace.names().is_empty(), effect == Effect::Before);
        assert_eq!(workspace.service.journal.entries()[0].status, 0);
    }
}

#[test]
fn a_failing_operation_ends_in_its_error_with_or_without_the_object() {
    for effect in [Effect::Before, Effect::After] {
        let kind = FaultKind::FailOperation {
            error_code: "INTERNAL_ERROR".to_owned(),
            message: "No capacity.".to_owned(),
        };
        let mut workspace = with_fault(kind, effect);
        let operation = workspace.ok(CREATE, &json!({}));
        let done = workspace.get(operation["name"].as_str().expect("a name"));
        assert_eq!(done["done"], true);
        assert_eq!(
            done["error"],
            json!({"error_code": "INTERNAL_ERROR", "message": "No capacity.", "details": []})
        );
        assert_eq!(done.get("response"), None);
        assert_eq!(workspace.names().is_empty(), effect == Effect::Before);
    }
}

#[test]
fn an_operation_may_never_finish() {
    let mut workspace = with_fault(FaultKind::NeverFinish, Effect::Before);
    let operation = workspace.ok(CREATE, &json!({}));
    workspace.pass(1_000_000);
    assert_eq!(workspace.get(operation["name"].as_str().expect("a name"))["done"], false);
    let text = workspace.refused("DELETE projects/p", &Json::Null);
    assert!(text.contains("conflicting operations"), "{text}");
}

#[test]
fn an_operation_may_take_its_time() {
    let mut workspace = with_fault(FaultKind::Linger { seconds: 60 }, Effect::Before);
    let operation = workspace.ok(CREATE, &json!({}));
    let operation = operation["name"].as_str().expect("a name");
    workspace.pass(59);
    assert_eq!(workspace.get(operation)["done"], false);
    let text = workspace.refused("DELETE projects/p", &Json::Null);
    assert!(text.contains("conflicting operations"), "{text}");
    workspace.pass(1);
    assert_eq!(workspace.get(operation)["done"], true);
    workspace.ok("DELETE projects/p", &Json::Null);
}

#[test]
fn stale_reads_show_what_was_before_a_mutation() {
    let mut workspace = with_fault(FaultKind::StaleRead { reads: 2 }, Effect::Before);
    workspace.ok(CREATE, &json!({}));
    for _ in 0..2 {
        let text = workspace.refused("GET projects/p", &Json::Null);
        assert!(text.starts_with("404 NOT_FOUND: project id not found"), "{text}");
    }
    let before = workspace.get("projects/p");
    let kind = FaultKind::StaleRead { reads: 1 };
    workspace.service.faults.plan(Fault::on("PATCH", "projects/p", kind));
    let body = json!({"spec": {"display_name": "new"}});
    workspace.ok("PATCH projects/p?update_mask=spec.display_name", &body);
    assert_eq!(workspace.get("projects/p"), before);
    assert_eq!(workspace.get("projects/p")["status"]["display_name"], "new");
}

#[test]
fn someone_else_may_be_changing_the_project() {
    let mut workspace = with_fault(FaultKind::ConflictOutside, Effect::After);
    let text = workspace.refused(CREATE, &json!({}));
    assert!(text.starts_with("409 ABORTED: Your project already has conflicting"), "{text}");
    assert!(workspace.names().is_empty());
    workspace.ok(CREATE, &json!({}));
}
