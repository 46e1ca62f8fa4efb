use expect_test::expect;
use tonic::Request;

use super::*;
use crate::generated::tfplugin6::provider_server::Provider;
use crate::generated::tfplugin6::{self, DynamicValue};
use crate::server::fake::{Fake, THING, garbage, identity, object, received, sent, shown};
use crate::{PlannedResource, ResourceAnswer, Value};

async fn planned(
    fake: Fake,
    request: plan_resource_change::Request,
) -> plan_resource_change::Response {
    let request = plan_resource_change::Request { type_name: THING.to_owned(), ..request };
    let answer = fake.serve().plan_resource_change(Request::new(request)).await;
    answer.expect("no status").into_inner()
}

async fn applied(
    fake: Fake,
    request: apply_resource_change::Request,
) -> apply_resource_change::Response {
    let request = apply_resource_change::Request { type_name: THING.to_owned(), ..request };
    let answer = fake.serve().apply_resource_change(Request::new(request)).await;
    answer.expect("no status").into_inner()
}

fn update() -> apply_resource_change::Request {
    apply_resource_change::Request {
        prior_state: sent([("id", "7".into()), ("name", "old".into())]),
        planned_state: sent([("id", "7".into()), ("name", "new".into())]),
        config: sent([("name", "new".into())]),
        planned_private: b"private".to_vec(),
        planned_identity: identity("7"),
        ..apply_resource_change::Request::default()
    }
}

fn create() -> apply_resource_change::Request {
    apply_resource_change::Request {
        prior_state: Some(wire::null()),
        planned_state: sent([("id", Value::unknown()), ("name", "new".into())]),
        config: sent([("name", "new".into())]),
        planned_identity: identity(Value::unknown()),
        ..apply_resource_change::Request::default()
    }
}

/// The state and the messages.
fn show(state: Option<&DynamicValue>, diagnostics: &[tfplugin6::Diagnostic]) -> String {
    format!("{}\n{}", received(state), shown(diagnostics))
}

#[tokio::test]
async fn a_panic_in_apply_keeps_state_private_and_identity() {
    let fake = Fake { apply: |_| panic!("the {} was zero", "divisor"), ..Fake::default() };
    let answer = applied(fake, update()).await;
    expect![[r#"
        {"id":"7","name":"old"}
        error: The provider panicked: `ApplyResourceChange` for `fake_thing` ended in a panic: the divisor was zero. This is a bug in the provider. Nothing else is affected; what was under way for this object may have happened in part.
    "#]]
    .assert_eq(&show(answer.new_state.as_ref(), &answer.diagnostics));
    assert_eq!((answer.private, answer.new_identity), (b"private".to_vec(), identity("7")));
}

#[tokio::test]
async fn a_panic_in_a_create_gives_back_no_identity_that_is_still_unknown() {
    let fake = Fake { apply: |_| panic!("oh"), ..Fake::default() };
    let answer = applied(fake, create()).await;
    assert_eq!(received(answer.new_state.as_ref()), "null");
    assert_eq!(answer.new_identity, None);
    assert_eq!(answer.diagnostics.len(), 1);
}

#[tokio::test]
async fn protocol_34_an_unreadable_plan_keeps_state_private_and_identity() {
    let request = apply_resource_change::Request { planned_state: garbage(), ..update() };
    let answer = applied(Fake::default(), request).await;
    expect![[r#"
        {"id":"7","name":"old"}
        error: Unreadable planned state: The planned state that Terraform sent does not fit the provider's schema: a map is expected, not msgpack's Reserved. If the provider was downgraded, use the version that wrote the state; otherwise this is a bug in the provider.
    "#]]
    .assert_eq(&show(answer.new_state.as_ref(), &answer.diagnostics));
    assert_eq!((answer.private, answer.new_identity), (b"private".to_vec(), identity("7")));
}

#[tokio::test]
async fn protocol_34_private_and_identity_are_what_the_provider_answers_also_beside_errors() {
    let fake = Fake {
        apply: |request| ResourceAnswer {
            state: request.prior,
            private: b"more".to_vec(),
            identity: Some(object([("id", "8".into())])),
            diagnostics: Diagnostic::error("Half done", "The rest failed.").at("name").into(),
        },
        ..Fake::default()
    };
    let answer = applied(fake, update()).await;
    expect![[r#"
        {"id":"7","name":"old","rules":{}}
        error: AttributeName("name") Half done: The rest failed.
    "#]]
    .assert_eq(&show(answer.new_state.as_ref(), &answer.diagnostics));
    assert_eq!((answer.private, answer.new_identity), (b"more".to_vec(), identity("8")));
}

#[tokio::test]
async fn protocol_32_unknown_values_left_by_apply_are_null_and_an_error_each() {
    let fake = Fake {
        apply: |request| {
            let part = Value::Map(object([("label", Value::unknown()), ("secret", Value::Null)]));
            let mut state = request.planned.unwrap_or_default();
            state.insert("parts".to_owned(), Value::List(vec![part]));
            let tags = vec![Value::unknown(), Value::unknown(), "x".into()];
            state.insert("tags".to_owned(), Value::set(tags));
            ResourceAnswer {
                state: Some(state),
                identity: request.planned_identity,
                ..ResourceAnswer::default()
            }
        },
        ..Fake::default()
    };
    let answer = applied(fake, create()).await;
    expect![[r#"
        {"name":"new","parts":[{"label":null,"secret":null}],"rules":{},"tags":[null,"x"]}
        error: AttributeName("id") The provider gave an invalid answer: `id` is still unknown in the provider's answer; it is now null. This is a bug in the provider; please report it.
        error: AttributeName("parts") ElementKeyInt(0) AttributeName("label") The provider gave an invalid answer: `parts[0].label` is still unknown in the provider's answer; it is now null. This is a bug in the provider; please report it.
        error: AttributeName("tags") The provider gave an invalid answer: `tags` is still unknown in the provider's answer; it is now null. This is a bug in the provider; please report it.
        error: The provider gave an invalid identity: `id` is still unknown in the provider's answer; it is now null. This is a bug in the provider; please report it.
    "#]]
    .assert_eq(&show(answer.new_state.as_ref(), &answer.diagnostics));
    assert_eq!(answer.new_identity, identity(Value::Null));
}

#[tokio::test]
async fn protocol_32_write_only_values_are_null_in_what_apply_gives_back() {
    let fake = Fake {
        apply: |request| ResourceAnswer { state: request.config, ..ResourceAnswer::default() },
        ..Fake::default()
    };
    let inner = || object([("label", "l".into()), ("secret", "s3cret".into())]);
    let request = apply_resource_change::Request {
        config: sent([
            ("secret", "s3cret".into()),
            ("parts", Value::List(vec![inner().into(), Value::Null])),
            ("rules", Value::Map(object([("a", inner().into())]))),
        ]),
        ..update()
    };
    let answer = applied(fake, request).await;
    expect![[r#"
        {"parts":[{"label":"l","secret":null},null],"rules":{"a":{"label":"l","secret":null}}}
    "#]]
    .assert_eq(&show(answer.new_state.as_ref(), &answer.diagnostics));
}

#[tokio::test]
async fn protocol_25_write_only_values_are_null_in_the_plan() {
    let request = plan_resource_change::Request {
        proposed_new_state: sent([("name", "n".into()), ("secret", "s3cret".into())]),
        ..plan_resource_change::Request::default()
    };
    let answer = planned(Fake::default(), request).await;
    expect![[r#"
        {"name":"n","rules":{}}
    "#]]
    .assert_eq(&show(answer.planned_state.as_ref(), &answer.diagnostics));
}

#[tokio::test]
async fn value_outside_schema_is_dropped_and_rest_is_saved() {
    let fake = Fake {
        apply: |_| {
            let state = object([
                ("id", "8".into()),
                ("name", 5_i64.into()),
                ("nonsense", true.into()),
                ("tags", Value::List(vec![])),
            ]);
            ResourceAnswer { state: Some(state), ..ResourceAnswer::default() }
        },
        ..Fake::default()
    };
    let answer = applied(fake, create()).await;
    expect![[r#"
        {"id":"8","rules":{}}
        error: AttributeName("nonsense") The provider gave an invalid answer: The provider's answer does not fit its own schema: `nonsense`: the type has no such attribute. This is a bug in the provider; please report it.
        error: AttributeName("name") The provider gave an invalid answer: The provider's answer does not fit its own schema: `name`: a value of type "string" is expected, not a number. This is a bug in the provider; please report it.
        error: AttributeName("tags") The provider gave an invalid answer: The provider's answer does not fit its own schema: `tags`: a value of type ["set","string"] is expected, not a list. This is a bug in the provider; please report it.
    "#]]
    .assert_eq(&show(answer.new_state.as_ref(), &answer.diagnostics));
}

#[tokio::test]
async fn a_delete_gives_back_nothing() {
    let request = apply_resource_change::Request { planned_state: None, ..update() };
    let answer = applied(Fake::default(), request).await;
    expect![["
        null
    "]]
    .assert_eq(&show(answer.new_state.as_ref(), &answer.diagnostics));
}

#[tokio::test]
async fn a_plan_may_be_unknown_in_part_and_replace() {
    let fake = Fake {
        plan: |request| PlannedResource {
            planned: request.proposed.map(|proposed| {
                proposed.into_iter().chain(object([("id", Value::unknown())])).collect()
            }),
            requires_replace: vec!["name".into()],
            private: [request.prior_private, request.planned_private].concat(),
            identity: Some(object([("id", Value::unknown())])),
            ..PlannedResource::default()
        },
        ..Fake::default()
    };
    let request = plan_resource_change::Request {
        proposed_new_state: sent([("name", "n".into())]),
        prior_private: b"prior".to_vec(),
        planned_private: b"+planned".to_vec(),
        ..plan_resource_change::Request::default()
    };
    let answer = planned(fake, request).await;
    assert_eq!(
        answer.planned_state,
        sent([("id", Value::unknown()), ("name", "n".into()), ("rules", Value::Map(object([]))),])
    );
    assert_eq!(answer.requires_replace, [wire::path(&"name".into())]);
    assert_eq!(answer.planned_private, b"prior+planned");
    assert_eq!(answer.planned_identity, identity(Value::unknown()));
    assert_eq!(shown(&answer.diagnostics), "");
}

#[tokio::test]
async fn a_panic_in_plan_or_an_unreadable_proposal_keeps_the_prior_state() {
    let request = || plan_resource_change::Request {
        prior_state: sent([("id", "7".into())]),
        prior_private: b"private".to_vec(),
        prior_identity: identity("7"),
        ..plan_resource_change::Request::default()
    };
    let fake = Fake { plan: |_| panic!("oh"), ..Fake::default() };
    let garbled = plan_resource_change::Request { proposed_new_state: garbage(), ..request() };
    for answer in [planned(fake, request()).await, planned(Fake::default(), garbled).await] {
        assert_eq!(answer.planned_state, sent([("id", "7".into())]));
        assert_eq!(answer.planned_private, b"private");
        assert_eq!(answer.planned_identity, identity("7"));
        assert_eq!(answer.diagnostics.len(), 1);
    }
}
