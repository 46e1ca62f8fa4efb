//! Data sources.

use super::call::Rpc;
use super::outgoing::settled;
use super::wire;
use crate::Diagnostic;
use crate::generated::tfplugin6::{read_data_source, validate_data_resource_config};

pub(super) async fn validate(
    rpc: &Rpc<'_>,
    request: validate_data_resource_config::Request,
) -> Result<validate_data_resource_config::Response, Diagnostic> {
    let shape = rpc.catalog()?.data_source(&request.type_name)?;
    let config = wire::required("configuration", shape.r#type, request.config)?;
    let type_name = request.type_name;
    let asked =
        rpc.ask(|provider| async move { provider.validate_data_source(&type_name, config).await });
    Ok(validate_data_resource_config::Response { diagnostics: wire::diagnostics(asked.await?) })
}

pub(super) async fn read(
    rpc: &Rpc<'_>,
    request: read_data_source::Request,
) -> Result<read_data_source::Response, Diagnostic> {
    let shape = rpc.catalog()?.data_source(&request.type_name)?;
    let config = wire::required("configuration", shape.r#type, request.config)?;
    let call = rpc.surroundings(request.client_capabilities);
    let type_name = request.type_name;
    let asked = rpc
        .ask(|provider| async move { provider.read_data_source(&type_name, config, &call).await });
    let (state, mut diagnostics) = asked.await?;
    Ok(read_data_source::Response {
        state: Some(settled(shape, state, &mut diagnostics)),
        diagnostics: wire::diagnostics(diagnostics),
        deferred: None,
    })
}

#[cfg(test)]
mod tests {
    use tonic::Request;

    use super::super::fake::{Fake, object, shown};
    use super::*;
    use crate::Value;
    use crate::generated::tfplugin6::DynamicValue;
    use crate::generated::tfplugin6::provider_server::Provider;

    async fn read_from(type_name: &str, name: Value) -> read_data_source::Response {
        let r#type = crate::Type::Object([("name".to_owned(), crate::Type::String)].into());
        let msgpack = Value::Map(object([("name", name)])).to_msgpack(&r#type);
        let msgpack = msgpack.expect("the name is text");
        let request = Request::new(read_data_source::Request {
            type_name: type_name.to_owned(),
            config: Some(DynamicValue { msgpack, json: vec![] }),
            ..Default::default()
        });
        let answer = Fake::default().serve().read_data_source(request).await;
        answer.expect("no status").into_inner()
    }

    #[tokio::test]
    async fn a_data_source_is_read_and_never_unknown() {
        let answer = read_from("fake_data", "n".into()).await;
        let state = answer.state.map(|it| it.msgpack);
        assert_eq!(state.as_deref(), Some(&b"\x81\xa4name\xa1n"[..]));
        assert_eq!(shown(&answer.diagnostics), "");
        let answer = read_from("fake_data", Value::unknown()).await;
        let state = answer.state.map(|it| it.msgpack);
        assert_eq!(state.as_deref(), Some(&b"\x81\xa4name\xc0"[..]));
        assert_eq!(answer.diagnostics.len(), 1);
    }

    #[tokio::test]
    async fn a_data_source_that_is_not_there_is_an_error() {
        let answer = read_from("fake_thing", "n".into()).await;
        let error = "error: Unknown data source type: The provider has no data source of type \
                     `fake_thing`.\n";
        assert_eq!(shown(&answer.diagnostics), error);
    }
}
