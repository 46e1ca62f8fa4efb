//! Which predicates hold for the errors that a service, a proxy or a token endpoint causes.

use std::time::Duration;

use serde_json::json;

use super::authentication::{client_of, principal};
use super::service::{Reply, Service, json, text};
use super::{problem, world, world_of};
use crate::{Error, Operation, Settings};

/// The names of the predicates that hold.
fn categories(error: &Error) -> String {
    let all = [
        ("not found", error.is_not_found()),
        ("reference not found", error.is_reference_not_found()),
        ("already exists", error.is_already_exists()),
        ("conflict", error.is_conflict()),
        ("managed by parent", error.is_managed_by_parent()),
        ("unauthenticated", error.is_unauthenticated()),
        ("permission denied", error.is_permission_denied()),
        ("rate limited", error.is_rate_limited()),
        ("timeout", error.is_timeout()),
        ("interrupted", error.is_interrupted()),
        ("wrong workspace", error.is_wrong_workspace()),
        ("not of the service", error.is_unexpected_response()),
        ("unreachable", error.is_unreachable()),
    ];
    all.iter().filter(|(_, holds)| *holds).map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

fn page(status: u16) -> Reply {
    text(status, "text/html", "<html><title>Blocked</title></html>")
}

#[tokio::test]
async fn a_page_of_a_proxy_is_not_a_refusal_of_the_service() {
    for status in [401, 403, 404, 407, 429] {
        let w = world([page(status)]).await;
        let deadline = w.client.deadline(Duration::from_millis(200), w.stop.clone());
        let error = w.client.get("projects/p", &deadline).await.unwrap_err();
        let expected = if status == 429 { "timeout" } else { "not of the service" };
        assert_eq!(categories(&error), expected, "{status}: {error}");
    }
    let w = world([text(407, "text/plain", "Proxy Authentication Required")]).await;
    let error = w.client.get("projects/p", &w.deadline).await.unwrap_err();
    assert_eq!((&*categories(&error), error.attempts()), ("not of the service", 1), "{error}");
}

#[tokio::test]
async fn a_404_is_not_found_only_where_the_request_names_nothing_but_its_object() {
    // Recorded (API reference, 5.3): a database that refers to a missing role.
    let role = || {
        let message = r#"role not found; role_id:"does-not-exist" [TraceId: 0a]"#;
        json(404, &json!({"error_code": "NOT_FOUND", "message": message}))
    };
    let other = |code: &str| problem(404, code);
    let reassign = [("reassign_owned_to", "projects/p/branches/b/roles/r".to_owned())];
    let purge = [("purge", "true".to_owned())];
    let database = "projects/p/branches/b/databases/d";
    let body = json!({"spec": {"role": "projects/p/branches/b/roles/r"}});

    let w = world([role(), role(), role(), role(), role()]).await;
    let (client, deadline) = (&w.client, &w.deadline);
    let read = client.get(database, deadline).await.unwrap_err();
    assert_eq!(categories(&read), "not found");
    let deleted = client.delete(database, &purge, deadline).await.unwrap_err();
    assert_eq!(categories(&deleted), "not found");
    let deleted = client.delete(database, &reassign, deadline).await.unwrap_err();
    assert_eq!(categories(&deleted), "reference not found");
    let created = client.create("projects/p/branches/b/databases", &[], &body, deadline).await;
    assert_eq!(categories(&created.unwrap_err()), "reference not found");
    let updated = client.update(database, &["spec.role".to_owned()], &body, deadline).await;
    assert_eq!(categories(&updated.unwrap_err()), "reference not found");

    for (reply, expected) in [
        (other("RESOURCE_DOES_NOT_EXIST"), "not found"),
        (other("PRINCIPAL_DOES_NOT_EXIST"), ""),
        (other("TABLE_DOES_NOT_EXIST"), ""),
        (other("ENDPOINT_NOT_FOUND"), ""),
        (problem(400, "NOT_FOUND"), ""),
        (problem(500, "NOT_FOUND"), ""),
    ] {
        let w = world([reply]).await;
        let error = w.client.get(database, &w.deadline).await.unwrap_err();
        assert_eq!(categories(&error), expected, "{error}");
    }
}

#[tokio::test]
async fn a_failed_operation_is_never_not_found() {
    for code in ["NOT_FOUND", "RESOURCE_DOES_NOT_EXIST", "PRINCIPAL_DOES_NOT_EXIST"] {
        let w = world([]).await;
        let failed = json!({"name": "o", "done": true, "error": {"error_code": code}});
        let failed = Operation::of_answer(failed).unwrap();
        let error = w.client.wait(failed, &w.deadline).await.unwrap_err();
        assert_eq!(categories(&error), "", "{error}");
    }
}

#[tokio::test]
async fn only_the_token_endpoint_refuses_credentials() {
    let denied = |status| json(status, &json!({"error": "invalid_client"}));
    let unfit = || json(200, &json!({"nothing": "of use"}));
    for (replies, expected) in [
        (vec![denied(401)], "unauthenticated"),
        (vec![denied(400)], "unauthenticated"),
        (vec![denied(403)], ""),
        (vec![page(401)], "not of the service"),
        (vec![page(200)], "not of the service"),
        (vec![unfit()], "not of the service"),
    ] {
        let w = principal(replies).await;
        let error = w.client.get("projects/p", &w.deadline).await.unwrap_err();
        assert_eq!(categories(&error), expected, "{error:?}");
    }
}

#[tokio::test]
async fn a_host_without_a_token_endpoint_does_not_refuse_credentials() {
    for (reply, expected) in [
        (page(200), "not of the service"),
        (page(403), "not of the service"),
        (text(302, "", ""), "not of the service"),
        (problem(404, "NOT_FOUND"), "not of the service"),
        (text(401, "text/plain", "no"), "not of the service"),
        (json(200, &json!({"no": "endpoint"})), "not of the service"),
        (problem(500, "INTERNAL_ERROR"), ""),
    ] {
        let service = Service::start([reply]).await;
        let credentials = client_of(&service.host());
        let w = world_of(service, &credentials, Settings::default());
        let error = w.client.get("projects/p", &w.deadline).await.unwrap_err();
        assert_eq!(categories(&error), expected, "{error:?}");
    }
}

#[tokio::test]
async fn a_list_that_is_no_list_is_not_an_empty_one() {
    for body in ["null", "", "[]", "3", r#"{"projects": 3}"#] {
        let w = world([text(200, "application/json", body)]).await;
        let answer = w.client.list("projects", &[], &w.deadline).await;
        let error = answer.expect_err(body);
        assert_eq!(categories(&error), "not of the service", "{body}: {error}");
    }
    for body in [json!({}), json!({"projects": null}), json!({"projects": []})] {
        let w = world([json(200, &body)]).await;
        assert_eq!(w.client.list("projects", &[], &w.deadline).await.unwrap().len(), 0);
    }
}

#[tokio::test]
async fn a_list_that_comes_back_to_an_earlier_page_is_an_error() {
    let page = |next: &str| json(200, &json!({"projects": [], "next_page_token": next}));
    let w = world([page("a"), page("b"), page("a")]).await;
    let error = w.client.list("projects", &[], &w.deadline).await.unwrap_err();
    assert_eq!(w.service.seen().len(), 3);
    assert!(error.message().contains("same next page"), "{error}");
}
