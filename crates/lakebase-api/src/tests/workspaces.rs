//! Which workspace answers, and that no other than the expected one is believed or changed.

use serde_json::json;

use super::service::{Reply, json};
use super::{problem, world, world_with};
use crate::Settings;

const PROJECT: &str = "projects/p";

fn operation() -> Reply {
    json(200, &json!({"name": "projects/p/operations/1"}))
}

#[tokio::test]
async fn the_workspace_is_known_from_any_answer_even_a_refusal() {
    let w = world([problem(404, "NOT_FOUND").with("X-Databricks-Org-Id", "42")]).await;
    assert_eq!(w.client.workspace_id(), None);
    assert!(w.client.get(PROJECT, &w.deadline).await.unwrap_err().is_not_found());
    assert_eq!(w.client.workspace_id().as_deref(), Some("42"));
}

fn expecting(id: &str) -> Settings {
    Settings { expected_workspace_id: Some(id.to_owned()), ..Settings::default() }
}

#[tokio::test]
async fn response_of_another_workspace_is_rejected() {
    let replies = [problem(404, "NOT_FOUND").with("x-databricks-org-id", "42")];
    let w = world_with(expecting("7"), replies).await;
    let error = w.client.get(PROJECT, &w.deadline).await.unwrap_err();
    assert!(error.is_wrong_workspace() && !error.is_not_found(), "{error}");
    assert!(error.message().contains("workspace 42 responded, but the expected workspace is 7"));
}

#[tokio::test]
async fn nothing_is_changed_before_the_workspace_is_known_to_be_the_expected_one() {
    let me = |id: &str| problem(403, "PERMISSION_DENIED").with("x-databricks-org-id", id);
    for id in ["42", "7"] {
        let w = world_with(expecting("7"), [me(id), operation(), operation()]).await;
        let result = w.client.delete(PROJECT, &[], &w.deadline).await;
        if id == "42" {
            let error = result.unwrap_err();
            assert!(error.is_wrong_workspace() && !error.outcome_is_unknown(), "{error}");
            assert_eq!(w.service.lines(), ["GET /api/2.0/preview/scim/v2/Me"]);
        } else {
            result.unwrap();
            w.client.delete(PROJECT, &[], &w.deadline).await.unwrap();
            assert_eq!(w.service.seen().len(), 3);
        }
    }
    // An earlier answer of the wrong workspace does not count as having asked.
    let w = world_with(expecting("7"), [me("42"), me("42"), operation()]).await;
    assert!(w.client.get(PROJECT, &w.deadline).await.unwrap_err().is_wrong_workspace());
    let error = w.client.delete(PROJECT, &[], &w.deadline).await.unwrap_err();
    assert!(error.is_wrong_workspace() && w.service.seen().len() == 2, "{error}");

    let w = world_with(expecting("7"), [json(200, &json!({"userName": "u"})), operation()]).await;
    let error = w.client.delete(PROJECT, &[], &w.deadline).await.unwrap_err();
    assert!(error.is_wrong_workspace() && w.service.seen().len() == 1, "{error}");
}

#[tokio::test]
async fn an_answer_that_does_not_say_its_workspace_is_not_believed_before_another_has_said_it() {
    let me = |id: Option<&str>| {
        let me = json(200, &json!({"userName": "u"}));
        if let Some(id) = id { me.with("x-databricks-org-id", id) } else { me }
    };
    let silent = [|| json(200, &json!({"uid": "u"})), || problem(404, "NOT_FOUND")];
    for answer in silent {
        for (id, is_believed) in [(Some("7"), true), (Some("42"), false), (None, false)] {
            let w = world_with(expecting("7"), [answer(), me(id), answer()]).await;
            let error = w.client.get(PROJECT, &w.deadline).await.err();
            let refused = error.as_ref().is_some_and(crate::Error::is_wrong_workspace);
            assert_eq!(refused, !is_believed, "{id:?} {error:?}");
            assert_eq!(w.service.seen().len(), 2);
            if is_believed {
                let error = w.client.get(PROJECT, &w.deadline).await.err();
                assert!(error.is_none_or(|error| error.is_not_found()));
                assert_eq!(w.service.seen().len(), 3, "it is not asked again");
            }
        }
    }
    // Who asks may be answered before anything else is.
    let w = world_with(expecting("7"), [me(None), me(None)]).await;
    assert!(w.client.me(&w.deadline).await.unwrap_err().is_wrong_workspace());
}

#[tokio::test]
async fn callers_that_learn_the_workspace_at_the_same_time_send_one_request() {
    let silent = || json(200, &json!({"userName": "u"}));
    for (me, id) in [(silent().with("x-databricks-org-id", "42"), Some("42")), (silent(), None)] {
        let w = world([me]).await;
        let learn = || w.client.learn_workspace(&w.deadline);
        tokio::join!(learn(), learn(), learn());
        learn().await;
        assert_eq!(w.service.lines(), ["GET /api/2.0/preview/scim/v2/Me"]);
        assert_eq!(w.client.workspace_id().as_deref(), id);
    }
    // An answer that came before has told it.
    let w = world([problem(404, "NOT_FOUND").with("x-databricks-org-id", "42")]).await;
    assert!(w.client.get(PROJECT, &w.deadline).await.is_err());
    w.client.learn_workspace(&w.deadline).await;
    assert_eq!(w.service.seen().len(), 1);
}

#[tokio::test]
async fn changes_at_the_same_time_ask_once_for_the_expected_workspace() {
    let me = json(200, &json!({"userName": "u"})).with("x-databricks-org-id", "7");
    let w = world_with(expecting("7"), [me, operation(), operation(), operation()]).await;
    let delete = || w.client.delete(PROJECT, &[], &w.deadline);
    let (one, two, three) = tokio::join!(delete(), delete(), delete());
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    assert_eq!(w.service.seen().len(), 4);
}
