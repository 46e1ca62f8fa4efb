//! The provider block, and the interrupt.

use super::{Server, wire};
use crate::Configure;
use crate::generated::tfplugin6::{configure_provider, stop_provider, validate_provider_config};

pub(super) async fn validate(
    server: &Server,
    request: validate_provider_config::Request,
) -> validate_provider_config::Response {
    let asked = async {
        let rpc = server.begin("ValidateProviderConfig", "");
        let shape = rpc.catalog()?.provider();
        let config = wire::required("configuration", shape.r#type, request.config)?;
        rpc.ask(|it| async move { it.validate_provider(config).await }).await
    };
    validate_provider_config::Response { diagnostics: wire::messages(asked.await) }
}

pub(super) async fn configure(
    server: &Server,
    request: configure_provider::Request,
) -> configure_provider::Response {
    let asked = async {
        let rpc = server.begin("ConfigureProvider", "");
        let shape = rpc.catalog()?.provider();
        let config = wire::required("configuration", shape.r#type, request.config)?;
        let call = rpc.surroundings(request.client_capabilities);
        let request = Configure { terraform_version: request.terraform_version, config };
        rpc.ask(|it| async move { it.configure(request, &call).await }).await
    };
    configure_provider::Response { diagnostics: wire::messages(asked.await) }
}

/// Cancels what is under way, and answers at once. Later calls are not affected: Terraform still
/// closes ephemeral resources, and a process being debugged lives on.
pub(super) fn stop(server: &Server) -> stop_provider::Response {
    let _rpc = server.begin("StopProvider", "");
    server.stop();
    stop_provider::Response::default()
}
