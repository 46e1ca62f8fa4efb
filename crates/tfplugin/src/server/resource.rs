//! Managed resources: checking, reading, importing.

use super::outgoing::{settled, settled_identity, write_only};
use super::{Server, wire};
use crate::generated::tfplugin6::{import_resource_state, read_resource, validate_resource_config};
use crate::{Diagnostic, Diagnostics, ImportResource, ReadResource};

pub(super) async fn validate(
    server: &Server,
    request: validate_resource_config::Request,
) -> validate_resource_config::Response {
    let asked = async {
        let rpc = server.begin("ValidateResourceConfig", &request.type_name);
        let shape = rpc.catalog()?.resource(&request.type_name)?;
        let mut config = wire::required("configuration", shape.r#type, request.config)?;
        let mut refused = Diagnostics::new();
        // An older Terraform would store the values, and calls it an invalid plan to leave them out.
        if !request.client_capabilities.unwrap_or_default().write_only_attributes_allowed {
            write_only(shape.block, &mut config, &mut |path, _| {
                let detail = "The value must not be stored, and this Terraform would store it. \
                              Use Terraform 1.11 or OpenTofu 1.11, or later ones.";
                refused.push(
                    Diagnostic::error("Write-only values are not supported", detail)
                        .at(path.clone()),
                );
            });
        }
        let type_name = request.type_name;
        let found =
            rpc.ask(|it| async move { it.validate_resource(&type_name, config).await }).await?;
        refused.extend(found);
        Ok(refused)
    };
    validate_resource_config::Response { diagnostics: wire::messages(asked.await) }
}

pub(super) async fn read(
    server: &Server,
    request: read_resource::Request,
) -> read_resource::Response {
    // Terraform forgets what is not given back.
    let unread = read_resource::Response {
        new_state: request.current_state.clone(),
        private: request.private.clone(),
        new_identity: request.current_identity.clone(),
        ..read_resource::Response::default()
    };
    let asked = async {
        let rpc = server.begin("ReadResource", &request.type_name);
        let catalog = rpc.catalog()?;
        let shape = catalog.resource(&request.type_name)?;
        let identity = catalog.identity(&request.type_name);
        let call = rpc.surroundings(request.client_capabilities);
        let request = ReadResource {
            state: wire::required("state", shape.r#type, request.current_state)?,
            private: request.private,
            identity: wire::identity(identity, request.current_identity)?,
            type_name: request.type_name,
        };
        let mut answer =
            rpc.ask(|it| async move { it.read_resource(request, &call).await }).await?;
        Ok(read_resource::Response {
            new_state: Some(settled(shape, answer.state, &mut answer.diagnostics)),
            private: answer.private,
            new_identity: settled_identity(identity, answer.identity, &mut answer.diagnostics),
            diagnostics: wire::diagnostics(answer.diagnostics),
            deferred: None,
        })
    };
    asked.await.unwrap_or_else(|it: Diagnostic| read_resource::Response {
        diagnostics: vec![wire::diagnostic(it)],
        ..unread
    })
}

pub(super) async fn import(
    server: &Server,
    request: import_resource_state::Request,
) -> import_resource_state::Response {
    let asked = async {
        let rpc = server.begin("ImportResourceState", &request.type_name);
        let catalog = rpc.catalog()?;
        let shape = catalog.resource(&request.type_name)?;
        let identity = catalog.identity(&request.type_name);
        let call = rpc.surroundings(request.client_capabilities);
        let type_name = request.type_name.clone();
        let request = ImportResource {
            type_name: request.type_name,
            id: request.id,
            identity: wire::identity(identity, request.identity)?,
        };
        let mut answer =
            rpc.ask(|it| async move { it.import_resource(request, &call).await }).await?;
        if answer.state.is_none() && !answer.diagnostics.has_errors() {
            let detail = format!("There is no `{type_name}` to import under this id.");
            answer.diagnostics.push(Diagnostic::error("Nothing to import", detail));
        }
        let state = answer
            .state
            .is_some()
            .then(|| settled(shape, answer.state.take(), &mut answer.diagnostics));
        let imported = state.map(|state| import_resource_state::ImportedResource {
            type_name,
            state: Some(state),
            private: answer.private,
            identity: settled_identity(identity, answer.identity, &mut answer.diagnostics),
        });
        Ok(import_resource_state::Response {
            imported_resources: imported.into_iter().collect(),
            diagnostics: wire::diagnostics(answer.diagnostics),
            deferred: None,
        })
    };
    asked.await.unwrap_or_else(|it: Diagnostic| import_resource_state::Response {
        diagnostics: vec![wire::diagnostic(it)],
        ..import_resource_state::Response::default()
    })
}
