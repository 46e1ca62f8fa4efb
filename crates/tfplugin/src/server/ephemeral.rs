//! Ephemeral resources.

use prost_types::Timestamp;

use super::call::Rpc;
use super::outgoing::planned;
use super::wire;
use crate::Diagnostic;
use crate::generated::tfplugin6::{
    close_ephemeral_resource, open_ephemeral_resource, renew_ephemeral_resource,
    validate_ephemeral_resource_config,
};

pub(super) async fn validate(
    rpc: &Rpc<'_>,
    request: validate_ephemeral_resource_config::Request,
) -> Result<validate_ephemeral_resource_config::Response, Diagnostic> {
    let shape = rpc.catalog()?.ephemeral_resource(&request.type_name)?;
    let config = wire::required("configuration", shape.r#type, request.config)?;
    let type_name = request.type_name;
    let asked =
        rpc.ask(|provider| async move { provider.validate_ephemeral(&type_name, config).await });
    Ok(validate_ephemeral_resource_config::Response {
        diagnostics: wire::diagnostics(asked.await?),
    })
}

pub(super) async fn open(
    rpc: &Rpc<'_>,
    request: open_ephemeral_resource::Request,
) -> Result<open_ephemeral_resource::Response, Diagnostic> {
    let shape = rpc.catalog()?.ephemeral_resource(&request.type_name)?;
    let config = wire::required("configuration", shape.r#type, request.config)?;
    let call = rpc.surroundings(request.client_capabilities);
    let type_name = request.type_name;
    let mut answer = rpc
        .ask(|provider| async move { provider.open_ephemeral(&type_name, config, &call).await })
        .await?;
    Ok(open_ephemeral_resource::Response {
        // In a plan, a value may be unknown: what it comes from is still to be created.
        result: Some(planned(shape, answer.result, &mut answer.diagnostics)),
        renew_at: answer.renew_at.map(timestamp),
        private: Some(answer.private),
        diagnostics: wire::diagnostics(answer.diagnostics),
        deferred: None,
    })
}

pub(super) async fn renew(
    rpc: &Rpc<'_>,
    request: renew_ephemeral_resource::Request,
) -> Result<renew_ephemeral_resource::Response, Diagnostic> {
    rpc.catalog()?.ephemeral_resource(&request.type_name)?;
    let call = rpc.surroundings(None);
    let (type_name, private) = (request.type_name, request.private.unwrap_or_default());
    let asked = rpc
        .ask(|provider| async move { provider.renew_ephemeral(&type_name, private, &call).await });
    let answer = asked.await?;
    Ok(renew_ephemeral_resource::Response {
        renew_at: answer.renew_at.map(timestamp),
        private: Some(answer.private),
        diagnostics: wire::diagnostics(answer.diagnostics),
    })
}

/// What is answered where the renewal fails: the private bytes stay.
pub(super) fn unrenewed(
    request: &renew_ephemeral_resource::Request,
) -> renew_ephemeral_resource::Response {
    renew_ephemeral_resource::Response {
        private: request.private.clone(),
        ..renew_ephemeral_resource::Response::default()
    }
}

pub(super) async fn close(
    rpc: &Rpc<'_>,
    request: close_ephemeral_resource::Request,
) -> Result<close_ephemeral_resource::Response, Diagnostic> {
    rpc.catalog()?.ephemeral_resource(&request.type_name)?;
    let call = rpc.surroundings(None);
    let (type_name, private) = (request.type_name, request.private.unwrap_or_default());
    let asked = rpc
        .ask(|provider| async move { provider.close_ephemeral(&type_name, private, &call).await });
    Ok(close_ephemeral_resource::Response { diagnostics: wire::diagnostics(asked.await?) })
}

fn timestamp(seconds: i64) -> Timestamp {
    Timestamp { seconds, nanos: 0 }
}

#[cfg(test)]
mod tests {
    use tonic::Request;

    use super::super::fake::{Fake, object, shown};
    use super::*;
    use crate::generated::tfplugin6::DynamicValue;
    use crate::generated::tfplugin6::provider_server::Provider;
    use crate::{Diagnostics, Opened, Value};

    const SECRET: &str = "fake_secret";

    async fn opened(fake: Fake) -> open_ephemeral_resource::Response {
        let request = Request::new(open_ephemeral_resource::Request {
            type_name: SECRET.to_owned(),
            config: Some(DynamicValue { msgpack: b"\x81\xa4name\xa1n".to_vec(), json: vec![] }),
            ..Default::default()
        });
        let answer = fake.serve().open_ephemeral_resource(request).await;
        answer.expect("no status").into_inner()
    }

    #[tokio::test]
    async fn opened_resource_returns_renewal_time() {
        let fake = Fake {
            open: |config| Opened {
                result: Some(config),
                renew_at: Some(99),
                private: b"lease".to_vec(),
                diagnostics: Diagnostics::new(),
            },
            ..Fake::default()
        };
        let answer = opened(fake).await;
        let result = answer.result.map(|it| it.msgpack);
        assert_eq!(result.as_deref(), Some(&b"\x81\xa4name\xa1n"[..]));
        assert_eq!(answer.renew_at, Some(Timestamp { seconds: 99, nanos: 0 }));
        assert_eq!(answer.private.as_deref(), Some(&b"lease"[..]));
        assert_eq!(shown(&answer.diagnostics), "");
    }

    #[tokio::test]
    async fn resource_opened_during_plan_may_be_unknown() {
        let open =
            |_| Opened { result: Some(object([("name", Value::unknown())])), ..Opened::default() };
        let answer = opened(Fake { open, ..Fake::default() }).await;
        let result = answer.result.map(|it| it.msgpack);
        assert_eq!(result.as_deref(), Some(&b"\x81\xa4name\xd4\x00\x00"[..]));
        assert_eq!(shown(&answer.diagnostics), "");
    }

    #[tokio::test]
    async fn protocol_45_renew_and_close_get_the_private_bytes_that_terraform_holds() {
        let server = Fake::default().serve();
        let request = Request::new(renew_ephemeral_resource::Request {
            type_name: SECRET.to_owned(),
            private: Some(b"lease".to_vec()),
        });
        let answer = server.renew_ephemeral_resource(request).await;
        let answer = answer.expect("no status").into_inner();
        assert_eq!(answer.renew_at, Some(Timestamp { seconds: 1, nanos: 0 }));
        assert_eq!(answer.private.as_deref(), Some(&b"lease"[..]));
        let request = Request::new(close_ephemeral_resource::Request {
            type_name: SECRET.to_owned(),
            private: Some(b"lease".to_vec()),
        });
        let answer = server.close_ephemeral_resource(request).await;
        let answer = answer.expect("no status").into_inner();
        assert_eq!(shown(&answer.diagnostics), "warning: Closed: lease\n");
    }
}
