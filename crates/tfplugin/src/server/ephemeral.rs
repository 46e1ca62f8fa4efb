//! Ephemeral resources.

use prost_types::Timestamp;

use super::outgoing::settled;
use super::{Server, wire};
use crate::Diagnostic;
use crate::generated::tfplugin6::{
    close_ephemeral_resource, open_ephemeral_resource, renew_ephemeral_resource,
    validate_ephemeral_resource_config,
};

pub(super) async fn validate(
    server: &Server,
    request: validate_ephemeral_resource_config::Request,
) -> validate_ephemeral_resource_config::Response {
    let asked = async {
        let rpc = server.begin("ValidateEphemeralResourceConfig", &request.type_name);
        let shape = rpc.catalog()?.ephemeral_resource(&request.type_name)?;
        let config = wire::required("configuration", shape.r#type, request.config)?;
        let type_name = request.type_name;
        rpc.ask(|it| async move { it.validate_ephemeral(&type_name, config).await }).await
    };
    validate_ephemeral_resource_config::Response { diagnostics: wire::messages(asked.await) }
}

pub(super) async fn open(
    server: &Server,
    request: open_ephemeral_resource::Request,
) -> open_ephemeral_resource::Response {
    let asked = async {
        let rpc = server.begin("OpenEphemeralResource", &request.type_name);
        let shape = rpc.catalog()?.ephemeral_resource(&request.type_name)?;
        let config = wire::required("configuration", shape.r#type, request.config)?;
        let call = rpc.surroundings(request.client_capabilities);
        let type_name = request.type_name;
        let mut answer =
            rpc.ask(|it| async move { it.open_ephemeral(&type_name, config, &call).await }).await?;
        Ok(open_ephemeral_resource::Response {
            result: Some(settled(shape, answer.result, &mut answer.diagnostics)),
            renew_at: answer.renew_at.map(timestamp),
            private: Some(answer.private),
            diagnostics: wire::diagnostics(answer.diagnostics),
            deferred: None,
        })
    };
    asked.await.unwrap_or_else(|it: Diagnostic| open_ephemeral_resource::Response {
        diagnostics: vec![wire::diagnostic(it)],
        ..open_ephemeral_resource::Response::default()
    })
}

pub(super) async fn renew(
    server: &Server,
    request: renew_ephemeral_resource::Request,
) -> renew_ephemeral_resource::Response {
    let unrenewed = renew_ephemeral_resource::Response {
        private: request.private.clone(),
        ..renew_ephemeral_resource::Response::default()
    };
    let asked = async {
        let rpc = server.begin("RenewEphemeralResource", &request.type_name);
        rpc.catalog()?.ephemeral_resource(&request.type_name)?;
        let call = rpc.surroundings(None);
        let (type_name, private) = (request.type_name, request.private.unwrap_or_default());
        let asked =
            rpc.ask(|it| async move { it.renew_ephemeral(&type_name, private, &call).await });
        let answer = asked.await?;
        Ok(renew_ephemeral_resource::Response {
            renew_at: answer.renew_at.map(timestamp),
            private: Some(answer.private),
            diagnostics: wire::diagnostics(answer.diagnostics),
        })
    };
    asked.await.unwrap_or_else(|it: Diagnostic| renew_ephemeral_resource::Response {
        diagnostics: vec![wire::diagnostic(it)],
        ..unrenewed
    })
}

pub(super) async fn close(
    server: &Server,
    request: close_ephemeral_resource::Request,
) -> close_ephemeral_resource::Response {
    let asked = async {
        let rpc = server.begin("CloseEphemeralResource", &request.type_name);
        rpc.catalog()?.ephemeral_resource(&request.type_name)?;
        let call = rpc.surroundings(None);
        let (type_name, private) = (request.type_name, request.private.unwrap_or_default());
        rpc.ask(|it| async move { it.close_ephemeral(&type_name, private, &call).await }).await
    };
    close_ephemeral_resource::Response { diagnostics: wire::messages(asked.await) }
}

fn timestamp(seconds: i64) -> Timestamp {
    Timestamp { seconds, nanos: 0 }
}
