//! Managed resources: what is stored, brought to the current schema or to another type.

use serde_json::Value as Json;

use super::outgoing::{settled, settled_identity};
use super::{Server, wire};
use crate::generated::tfplugin6::{
    move_resource_state, upgrade_resource_identity, upgrade_resource_state,
};
use crate::{Diagnostic, MoveResource, UpgradeState};

pub(super) async fn upgrade_state(
    server: &Server,
    request: upgrade_resource_state::Request,
) -> upgrade_resource_state::Response {
    let asked = async {
        let rpc = server.begin("UpgradeResourceState", &request.type_name);
        let shape = rpc.catalog()?.resource(&request.type_name)?;
        let request = UpgradeState {
            stored: wire::stored("state", request.raw_state)?,
            type_name: request.type_name,
            version: request.version,
        };
        let (state, mut diagnostics) =
            rpc.ask(|it| async move { it.upgrade_state(request).await }).await?;
        Ok(upgrade_resource_state::Response {
            upgraded_state: Some(settled(shape, state, &mut diagnostics)),
            diagnostics: wire::diagnostics(diagnostics),
        })
    };
    asked.await.unwrap_or_else(|it: Diagnostic| upgrade_resource_state::Response {
        diagnostics: vec![wire::diagnostic(it)],
        ..upgrade_resource_state::Response::default()
    })
}

pub(super) async fn upgrade_identity(
    server: &Server,
    request: upgrade_resource_identity::Request,
) -> upgrade_resource_identity::Response {
    let asked = async {
        let rpc = server.begin("UpgradeResourceIdentity", &request.type_name);
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
            rpc.ask(|it| async move { it.upgrade_identity(request).await }).await?;
        Ok(upgrade_resource_identity::Response {
            upgraded_identity: settled_identity(identity, upgraded, &mut diagnostics),
            diagnostics: wire::diagnostics(diagnostics),
        })
    };
    asked.await.unwrap_or_else(|it: Diagnostic| upgrade_resource_identity::Response {
        diagnostics: vec![wire::diagnostic(it)],
        ..upgrade_resource_identity::Response::default()
    })
}

/// The private bytes of the source are another provider's, and are not passed on.
pub(super) async fn move_state(
    server: &Server,
    request: move_resource_state::Request,
) -> move_resource_state::Response {
    let asked = async {
        let rpc = server.begin("MoveResourceState", &request.target_type_name);
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
        let mut answer = rpc.ask(|it| async move { it.move_resource(request).await }).await?;
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
    };
    asked.await.unwrap_or_else(|it: Diagnostic| move_resource_state::Response {
        diagnostics: vec![wire::diagnostic(it)],
        ..move_resource_state::Response::default()
    })
}
