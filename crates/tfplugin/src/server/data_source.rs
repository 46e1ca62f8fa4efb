//! Data sources.

use super::outgoing::settled;
use super::{Server, wire};
use crate::Diagnostic;
use crate::generated::tfplugin6::{read_data_source, validate_data_resource_config};

pub(super) async fn validate(
    server: &Server,
    request: validate_data_resource_config::Request,
) -> validate_data_resource_config::Response {
    let asked = async {
        let rpc = server.begin("ValidateDataResourceConfig", &request.type_name);
        let shape = rpc.catalog()?.data_source(&request.type_name)?;
        let config = wire::required("configuration", shape.r#type, request.config)?;
        let type_name = request.type_name;
        rpc.ask(|it| async move { it.validate_data_source(&type_name, config).await }).await
    };
    validate_data_resource_config::Response { diagnostics: wire::messages(asked.await) }
}

pub(super) async fn read(
    server: &Server,
    request: read_data_source::Request,
) -> read_data_source::Response {
    let asked = async {
        let rpc = server.begin("ReadDataSource", &request.type_name);
        let shape = rpc.catalog()?.data_source(&request.type_name)?;
        let config = wire::required("configuration", shape.r#type, request.config)?;
        let call = rpc.surroundings(request.client_capabilities);
        let type_name = request.type_name;
        let asked =
            rpc.ask(|it| async move { it.read_data_source(&type_name, config, &call).await });
        let (state, mut diagnostics) = asked.await?;
        Ok(read_data_source::Response {
            state: Some(settled(shape, state, &mut diagnostics)),
            diagnostics: wire::diagnostics(diagnostics),
            deferred: None,
        })
    };
    asked.await.unwrap_or_else(|it: Diagnostic| read_data_source::Response {
        diagnostics: vec![wire::diagnostic(it)],
        ..read_data_source::Response::default()
    })
}
