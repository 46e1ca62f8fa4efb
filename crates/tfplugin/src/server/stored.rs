//! Managed resources: what is stored, brought to the current schema or to another type.

use serde_json::Value as Json;

use super::call::Rpc;
use super::outgoing::{settled, settled_identity};
use super::wire;
use crate::generated::tfplugin6::{
    move_resource_state, upgrade_resource_identity, upgrade_resource_state,
};
use crate::{Diagnostic, MoveResource, UpgradeState};

pub(super) async fn upgrade_state(
    rpc: &Rpc<'_>,
    request: upgrade_resource_state::Request,
) -> Result<upgrade_resource_state::Response, Diagnostic> {
    let shape = rpc.catalog()?.resource(&request.type_name)?;
    let request = UpgradeState {
        stored: wire::stored("state", request.raw_state)?,
        type_name: request.type_name,
        version: request.version,
    };
    let (state, mut diagnostics) =
        rpc.ask(|provider| async move { provider.upgrade_state(request).await }).await?;
    Ok(upgrade_resource_state::Response {
        upgraded_state: Some(settled(shape, state, &mut diagnostics)),
        diagnostics: wire::diagnostics(diagnostics),
    })
}

pub(super) async fn upgrade_identity(
    rpc: &Rpc<'_>,
    request: upgrade_resource_identity::Request,
) -> Result<upgrade_resource_identity::Response, Diagnostic> {
    let catalog = rpc.catalog()?;
    catalog.resource(&request.type_name)?;
    let identity = catalog.identity(&request.type_name);
    let request = UpgradeState {
        stored: wire::stored("identity", request.raw_identity)?,
        type_name: request.type_name,
        version: request.version,
    };
    // Terraform asks also for objects that never had an identity.
    if request.stored.is_null() {
        return Ok(upgrade_resource_identity::Response::default());
    }
    let (upgraded, mut diagnostics) =
        rpc.ask(|provider| async move { provider.upgrade_identity(request).await }).await?;
    Ok(upgrade_resource_identity::Response {
        upgraded_identity: settled_identity(identity, upgraded, &mut diagnostics),
        diagnostics: wire::diagnostics(diagnostics),
    })
}

/// The private bytes of the source are another provider's, and are not passed on.
pub(super) async fn move_state(
    rpc: &Rpc<'_>,
    request: move_resource_state::Request,
) -> Result<move_resource_state::Response, Diagnostic> {
    let catalog = rpc.catalog()?;
    let shape = catalog.resource(&request.target_type_name)?;
    let identity = catalog.identity(&request.target_type_name);
    let source_identity = wire::stored("source identity", request.source_identity)?;
    let request = MoveResource {
        source_provider: request.source_provider_address,
        source_type: request.source_type_name,
        source_version: request.source_schema_version,
        source_state: wire::stored("source state", request.source_state)?,
        source_identity: Some(source_identity).filter(|it: &Json| !it.is_null()),
        target_type: request.target_type_name,
    };
    let mut answer =
        rpc.ask(|provider| async move { provider.move_resource(request).await }).await?;
    if answer.state.is_none() && !answer.diagnostics.has_errors() {
        let detail = "The provider made no object of the state to move. This is a bug in the \
                      provider; please report it.";
        answer.diagnostics.push(Diagnostic::error("Nothing was moved", detail));
    }
    Ok(move_resource_state::Response {
        target_state: Some(settled(shape, answer.state, &mut answer.diagnostics)),
        target_private: answer.private,
        target_identity: settled_identity(identity, answer.identity, &mut answer.diagnostics),
        diagnostics: wire::diagnostics(answer.diagnostics),
    })
}

#[cfg(test)]
mod tests {
    use tonic::Request;

    use super::super::fake::{Fake, THING, identity, object, raw, received, shown};
    use super::*;
    use crate::generated::tfplugin6::RawState;
    use crate::generated::tfplugin6::provider_server::Provider;
    use crate::{Diagnostics, ResourceAnswer};

    async fn upgraded(fake: Fake, raw_state: Option<RawState>) -> upgrade_resource_state::Response {
        let request =
            upgrade_resource_state::Request { type_name: THING.to_owned(), version: 3, raw_state };
        let answer = fake.serve().upgrade_resource_state(Request::new(request)).await;
        answer.expect("no status").into_inner()
    }

    #[tokio::test]
    async fn protocol_38_a_state_of_the_same_version_passes_without_what_is_unknown_or_write_only()
    {
        let stored = r#"{"id":"7","secret":"s3cret","rules":null,"forgotten":[1]}"#;
        let answer = upgraded(Fake::default(), raw(stored)).await;
        assert_eq!(received(answer.upgraded_state.as_ref()), r#"{"id":"7","rules":{}}"#);
        assert_eq!(shown(&answer.diagnostics), "");
    }

    #[tokio::test]
    async fn protocol_23_the_provider_sees_every_digit_of_a_stored_number() {
        let fake = Fake {
            upgrade: |request| {
                let state = object([("id", request.stored["n"].to_string().into())]);
                (Some(state), Diagnostics::new())
            },
            ..Fake::default()
        };
        let answer = upgraded(fake, raw(r#"{"n":90071992547409931234567.1}"#)).await;
        let state = received(answer.upgraded_state.as_ref());
        assert_eq!(state, r#"{"id":"90071992547409931234567.1","rules":{}}"#);
    }

    #[tokio::test]
    async fn unreadable_state_is_an_error() {
        let flatmap =
            RawState { flatmap: [("id".to_owned(), "7".to_owned())].into(), ..RawState::default() };
        for (state, summary) in [
            (Some(flatmap), "State of an old format"),
            (raw("{"), "Unreadable state"),
            (raw(r#"{"id":[]}"#), "The provider panicked"),
        ] {
            let answer = upgraded(Fake::default(), state).await;
            assert_eq!(answer.upgraded_state, None);
            assert_eq!(answer.diagnostics[0].summary, summary);
        }
    }

    #[tokio::test]
    async fn protocol_42_an_identity_that_never_was_is_upgraded_to_none() {
        let fake = || Fake {
            upgrade: |request| {
                let old = request.stored["old"].as_str().expect("the old identity has `old`");
                (Some(object([("id", old.into())])), Diagnostics::new())
            },
            ..Fake::default()
        };
        for (raw_identity, upgraded) in
            [(None, None), (raw(""), None), (raw(r#"{"old":"7"}"#), identity("7"))]
        {
            let request = upgrade_resource_identity::Request {
                type_name: THING.to_owned(),
                version: 0,
                raw_identity,
            };
            let answer = fake().serve().upgrade_resource_identity(Request::new(request)).await;
            let answer = answer.expect("no status").into_inner();
            assert_eq!(answer.upgraded_identity, upgraded);
            assert_eq!(shown(&answer.diagnostics), "");
        }
    }

    async fn moved(
        fake: Fake,
        request: move_resource_state::Request,
    ) -> move_resource_state::Response {
        let request = move_resource_state::Request {
            target_type_name: THING.to_owned(),
            source_private: b"foreign".to_vec(),
            ..request
        };
        let answer = fake.serve().move_resource_state(Request::new(request)).await;
        answer.expect("no status").into_inner()
    }

    #[tokio::test]
    async fn protocol_40_a_move_gives_the_source_as_it_is_stored_and_no_foreign_private_bytes() {
        let fake = Fake {
            move_: |request| {
                assert_eq!(request.source_identity, None);
                let id = format!(
                    "{} {} {}",
                    request.source_provider, request.source_type, request.source_state
                );
                let state = object([("id", id.into()), ("secret", "s3cret".into())]);
                ResourceAnswer { state: Some(state), ..ResourceAnswer::default() }
            },
            ..Fake::default()
        };
        let request = move_resource_state::Request {
            source_provider_address: "databricks".to_owned(),
            source_type_name: "other".to_owned(),
            source_state: raw(r#"{"a":1}"#),
            source_identity: raw(""),
            ..Default::default()
        };
        let answer = moved(fake, request).await;
        assert_eq!(shown(&answer.diagnostics), "");
        let state = received(answer.target_state.as_ref());
        assert_eq!(state, r#"{"id":"databricks other {\"a\":1}","rules":{}}"#);
        assert_eq!(answer.target_private, b"");
    }

    #[tokio::test]
    async fn a_move_to_nothing_or_from_an_old_format_is_an_error() {
        let answer = moved(Fake::default(), move_resource_state::Request::default()).await;
        assert_eq!(answer.diagnostics[0].summary, "Nothing was moved");
        let flatmap =
            RawState { flatmap: [("id".to_owned(), "7".to_owned())].into(), json: vec![] };
        let request =
            move_resource_state::Request { source_state: Some(flatmap), ..Default::default() };
        let answer = moved(Fake::default(), request).await;
        assert_eq!(answer.diagnostics[0].summary, "State of an old format");
    }
}
