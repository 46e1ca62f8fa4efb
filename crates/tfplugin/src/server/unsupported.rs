//! What the protocol has and this crate does not offer: each call is answered with an error that
//! says so, in the form that Terraform expects of it.
//!
//! Terraform asks none of these of a provider whose schema offers nothing of the kind.

use tonic::Status;

use super::{Server, wire};
use crate::Diagnostic;
use crate::generated::tfplugin6::{
    self, StateStoreServerCapabilities, configure_state_store, delete_state,
    generate_resource_config, get_states, invoke_action, list_resource, lock_state, plan_action,
    read_state_bytes, unlock_state, validate_action_config, validate_list_resource_config,
    validate_state_store, write_state_bytes,
};

/// A stream of one event.
pub(crate) type OneEvent<T> = tokio_stream::Once<Result<T, Status>>;

fn refuse(
    server: &Server,
    rpc: &'static str,
    type_name: &str,
    what: &str,
) -> Vec<tfplugin6::Diagnostic> {
    let _rpc = server.begin(rpc, type_name);
    let detail = format!("The provider does not offer {what}; `{rpc}` is not supported.");
    vec![wire::diagnostic(Diagnostic::error("Not supported by the provider", detail))]
}

/// The calls that are answered with diagnostics and nothing else of interest.
macro_rules! refusals {
    ($($name:ident: $message:ident, $rpc:literal, $type_name:ident, $what:literal;)*) => {
        $(pub(super) fn $name(server: &Server, request: &$message::Request) -> $message::Response {
            let mut response = $message::Response::default();
            response.diagnostics = refuse(server, $rpc, &request.$type_name, $what);
            response
        })*
    };
}

refusals! {
    generate_config: generate_resource_config, "GenerateResourceConfig", type_name,
        "generated configuration";
    validate_list: validate_list_resource_config, "ValidateListResourceConfig", type_name,
        "list resources";
    validate_action: validate_action_config, "ValidateActionConfig", type_name, "actions";
    plan_action: plan_action, "PlanAction", action_type, "actions";
    validate_state_store: validate_state_store, "ValidateStateStoreConfig", type_name,
        "state stores";
    lock_state: lock_state, "LockState", type_name, "state stores";
    unlock_state: unlock_state, "UnlockState", type_name, "state stores";
    get_states: get_states, "GetStates", type_name, "state stores";
    delete_state: delete_state, "DeleteState", type_name, "state stores";
}

pub(super) fn configure_state_store(
    server: &Server,
    request: &configure_state_store::Request,
) -> configure_state_store::Response {
    configure_state_store::Response {
        diagnostics: refuse(server, "ConfigureStateStore", &request.type_name, "state stores"),
        // Terraform does not check that there are any.
        capabilities: Some(StateStoreServerCapabilities::default()),
    }
}

pub(super) fn write_state_bytes(server: &Server) -> write_state_bytes::Response {
    let diagnostics = refuse(server, "WriteStateBytes", "", "state stores");
    write_state_bytes::Response { diagnostics }
}

pub(super) fn read_state_bytes(
    server: &Server,
    request: &read_state_bytes::Request,
) -> OneEvent<read_state_bytes::Response> {
    let diagnostics = refuse(server, "ReadStateBytes", &request.type_name, "state stores");
    tokio_stream::once(Ok(read_state_bytes::Response { diagnostics, ..Default::default() }))
}

pub(super) fn list_resource(
    server: &Server,
    request: &list_resource::Request,
) -> OneEvent<list_resource::Event> {
    let diagnostic = refuse(server, "ListResource", &request.type_name, "list resources");
    tokio_stream::once(Ok(list_resource::Event { diagnostic, ..Default::default() }))
}

pub(super) fn invoke_action(
    server: &Server,
    request: &invoke_action::Request,
) -> OneEvent<invoke_action::Event> {
    let diagnostics = refuse(server, "InvokeAction", &request.action_type, "actions");
    let completed = invoke_action::event::Completed { diagnostics };
    let completed = invoke_action::event::Type::Completed(completed);
    tokio_stream::once(Ok(invoke_action::Event { r#type: Some(completed) }))
}

#[cfg(test)]
mod tests {
    use tokio_stream::StreamExt;
    use tonic::Request;

    use super::super::fake::{Fake, shown};
    use super::*;
    use crate::generated::tfplugin6::provider_server::Provider;

    #[tokio::test]
    async fn unsupported_call_returns_an_error() {
        let server = Fake::default().serve();
        macro_rules! check {
            ($($method:ident($message:ident): $rpc:literal, $what:literal;)*) => {$({
                let request = Request::new($message::Request::default());
                let answer = server.$method(request).await.expect("no status");
                let error = concat!(
                    "error: Not supported by the provider: The provider does not offer ", $what,
                    "; `", $rpc, "` is not supported.\n",
                );
                assert_eq!(shown(&answer.into_inner().diagnostics), error);
            })*};
        }
        check! {
            generate_resource_config(generate_resource_config):
                "GenerateResourceConfig", "generated configuration";
            validate_list_resource_config(validate_list_resource_config):
                "ValidateListResourceConfig", "list resources";
            validate_action_config(validate_action_config): "ValidateActionConfig", "actions";
            plan_action(plan_action): "PlanAction", "actions";
            validate_state_store_config(validate_state_store):
                "ValidateStateStoreConfig", "state stores";
            lock_state(lock_state): "LockState", "state stores";
            unlock_state(unlock_state): "UnlockState", "state stores";
            get_states(get_states): "GetStates", "state stores";
            delete_state(delete_state): "DeleteState", "state stores";
            configure_state_store(configure_state_store): "ConfigureStateStore", "state stores";
        }
    }

    #[tokio::test]
    async fn a_state_store_is_never_configured_without_capabilities() {
        let request = Request::new(configure_state_store::Request::default());
        let answer = Fake::default().serve().configure_state_store(request).await;
        assert!(answer.expect("no status").into_inner().capabilities.is_some());
    }

    #[tokio::test]
    async fn protocol_43_an_action_completes_with_an_error_and_no_event_is_empty() {
        let request = Request::new(invoke_action::Request::default());
        let answer = Fake::default().serve().invoke_action(request).await.expect("no status");
        let events: Vec<_> = answer.into_inner().collect().await;
        let [
            Ok(invoke_action::Event {
                r#type: Some(invoke_action::event::Type::Completed(completed)),
            }),
        ] = &*events
        else {
            panic!("one completed event is expected, not {events:?}");
        };
        assert_eq!(completed.diagnostics.len(), 1);
    }

    #[tokio::test]
    async fn protocol_44_a_list_is_one_event_with_an_error_alone() {
        let request = Request::new(list_resource::Request::default());
        let answer = Fake::default().serve().list_resource(request).await.expect("no status");
        let events: Vec<_> = answer.into_inner().collect().await;
        let [Ok(event)] = &*events else { panic!("one event is expected, not {events:?}") };
        assert_eq!((event.diagnostic.len(), &event.identity), (1, &None));
    }

    #[tokio::test]
    async fn reading_a_state_is_one_event_with_an_error() {
        let request = Request::new(read_state_bytes::Request::default());
        let answer = Fake::default().serve().read_state_bytes(request).await.expect("no status");
        let events: Vec<_> = answer.into_inner().collect().await;
        let [Ok(event)] = &*events else { panic!("one event is expected, not {events:?}") };
        assert_eq!(event.diagnostics.len(), 1);
    }
}
