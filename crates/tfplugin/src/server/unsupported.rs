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
