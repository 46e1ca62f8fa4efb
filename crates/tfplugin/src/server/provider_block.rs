//! The provider block, and the interrupt.

use super::call::Rpc;
use super::{Server, wire};
use crate::generated::tfplugin6::{configure_provider, stop_provider, validate_provider_config};
use crate::{Configure, Diagnostic};

pub(super) async fn validate(
    rpc: &Rpc<'_>,
    request: validate_provider_config::Request,
) -> Result<validate_provider_config::Response, Diagnostic> {
    let shape = rpc.catalog()?.provider();
    let config = wire::required("configuration", shape.r#type, request.config)?;
    let asked = rpc.ask(|provider| async move { provider.validate_provider(config).await });
    Ok(validate_provider_config::Response { diagnostics: wire::diagnostics(asked.await?) })
}

pub(super) async fn configure(
    rpc: &Rpc<'_>,
    request: configure_provider::Request,
) -> Result<configure_provider::Response, Diagnostic> {
    let shape = rpc.catalog()?.provider();
    let config = wire::required("configuration", shape.r#type, request.config)?;
    let call = rpc.surroundings(request.client_capabilities);
    let request = Configure { terraform_version: request.terraform_version, config };
    let asked = rpc.ask(|provider| async move { provider.configure(request, &call).await });
    Ok(configure_provider::Response { diagnostics: wire::diagnostics(asked.await?) })
}

/// Cancels what is under way, and answers at once. Later calls are not affected: Terraform still
/// closes ephemeral resources, and a process being debugged lives on.
pub(super) fn stop(server: &Server) -> stop_provider::Response {
    let _rpc = server.begin("StopProvider", "");
    server.stop();
    stop_provider::Response::default()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tonic::Request;

    use super::super::fake::{Fake, shown};
    use crate::generated::tfplugin6::provider_server::Provider;
    use crate::generated::tfplugin6::{
        DynamicValue, configure_provider, stop_provider, validate_provider_config,
    };

    fn to_configure() -> Request<configure_provider::Request> {
        let config = Some(DynamicValue { msgpack: vec![0x80], json: vec![] });
        let terraform_version = "1.11.4".to_owned();
        Request::new(configure_provider::Request {
            terraform_version,
            config,
            ..Default::default()
        })
    }

    #[tokio::test]
    async fn protocol_48_a_stop_ends_the_calls_of_now_and_none_of_later() {
        let fake = Fake::default();
        let configuring = Arc::clone(&fake.configuring);
        let server = fake.serve();
        for _ in 0..2 {
            // A fresh call waits, although there was a stop before it.
            let call = server.configure_provider(to_configure());
            tokio::pin!(call);
            tokio::select! {
                biased;
                () = configuring.notified() => {}
                _ = &mut call => panic!("the call ended by itself"),
            }
            let stopped = server.stop_provider(Request::new(stop_provider::Request {})).await;
            assert_eq!(stopped.expect("no status").into_inner().error, "");
            let answer = call.await.expect("no status").into_inner();
            assert_eq!(shown(&answer.diagnostics), "warning: Interrupted: 1.11.4\n");
        }
    }

    #[tokio::test]
    async fn protocol_13_a_lost_connection_cancels_nothing() {
        let fake = Fake::default();
        let (configuring, configured) =
            (Arc::clone(&fake.configuring), Arc::clone(&fake.configured));
        let server = fake.serve();
        tokio::select! {
            biased;
            () = configuring.notified() => {}
            _ = server.configure_provider(to_configure()) => panic!("the call ended by itself"),
        }
        // The call's future is dropped here, as with its connection.
        let stopped = server.stop_provider(Request::new(stop_provider::Request {})).await;
        stopped.expect("no status");
        configured.notified().await;
    }

    #[tokio::test]
    async fn a_provider_block_that_is_missing_is_an_error() {
        let server = Fake::default().serve();
        let request = Request::new(validate_provider_config::Request::default());
        let answer = server.validate_provider_config(request).await.expect("no status");
        let diagnostics = answer.into_inner().diagnostics;
        assert_eq!(diagnostics[0].summary, "Unreadable configuration");
        let request = Request::new(configure_provider::Request::default());
        let answer = server.configure_provider(request).await.expect("no status");
        assert_eq!(answer.into_inner().diagnostics, diagnostics);
    }
}
