//! Managed resources: checking, reading, importing.

use super::call::Rpc;
use super::outgoing::{settled, settled_identity, write_only};
use super::wire;
use crate::generated::tfplugin6::{import_resource_state, read_resource, validate_resource_config};
use crate::{Diagnostic, Diagnostics, ImportResource, ReadResource};

pub(super) async fn validate(
    rpc: &Rpc<'_>,
    request: validate_resource_config::Request,
) -> Result<validate_resource_config::Response, Diagnostic> {
    let shape = rpc.catalog()?.resource(&request.type_name)?;
    let mut config = wire::required("configuration", shape.r#type, request.config)?;
    let mut refused = Diagnostics::new();
    // An older Terraform would store the values, and calls it an invalid plan to leave them out.
    if !request.client_capabilities.unwrap_or_default().write_only_attributes_allowed {
        write_only(shape.block, &mut config, &mut |path, _| {
            let detail = "The value must not be stored, and this Terraform would store it. \
                          Use Terraform 1.11 or OpenTofu 1.11, or later ones.";
            refused.push(
                Diagnostic::error("Write-only values are not supported", detail).at(path.clone()),
            );
        });
    }
    let type_name = request.type_name;
    let found = rpc
        .ask(|provider| async move { provider.validate_resource(&type_name, config).await })
        .await?;
    refused.extend(found);
    Ok(validate_resource_config::Response { diagnostics: wire::diagnostics(refused) })
}

pub(super) async fn read(
    rpc: &Rpc<'_>,
    request: read_resource::Request,
) -> Result<read_resource::Response, Diagnostic> {
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
        rpc.ask(|provider| async move { provider.read_resource(request, &call).await }).await?;
    Ok(read_resource::Response {
        new_state: Some(settled(shape, answer.state, &mut answer.diagnostics)),
        private: answer.private,
        new_identity: settled_identity(identity, answer.identity, &mut answer.diagnostics),
        diagnostics: wire::diagnostics(answer.diagnostics),
        deferred: None,
    })
}

/// What is answered where the read fails: Terraform forgets what is not given back.
pub(super) fn unread(request: &read_resource::Request) -> read_resource::Response {
    read_resource::Response {
        new_state: request.current_state.clone(),
        private: request.private.clone(),
        new_identity: request.current_identity.clone(),
        ..read_resource::Response::default()
    }
}

pub(super) async fn import(
    rpc: &Rpc<'_>,
    request: import_resource_state::Request,
) -> Result<import_resource_state::Response, Diagnostic> {
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
        rpc.ask(|provider| async move { provider.import_resource(request, &call).await }).await?;
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
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use tonic::Request;

    use super::super::fake::{Fake, THING, garbage, identity, object, received, sent, shown};
    use super::*;
    use crate::generated::tfplugin6::ClientCapabilities;
    use crate::generated::tfplugin6::provider_server::Provider;
    use crate::{ResourceAnswer, Value};

    async fn read_with(fake: Fake, request: read_resource::Request) -> read_resource::Response {
        let answer = fake.serve().read_resource(Request::new(request)).await;
        answer.expect("no status").into_inner()
    }

    fn to_read() -> read_resource::Request {
        read_resource::Request {
            type_name: THING.to_owned(),
            current_state: sent([("id", "7".into()), ("secret", "s3cret".into())]),
            private: b"private".to_vec(),
            current_identity: identity("7"),
            ..read_resource::Request::default()
        }
    }

    #[tokio::test]
    async fn read_response_omits_write_only_values() {
        let answer = read_with(Fake::default(), to_read()).await;
        assert_eq!(received(answer.new_state.as_ref()), r#"{"id":"7","rules":{}}"#);
        assert_eq!((answer.private, answer.new_identity), (b"private".to_vec(), identity("7")));
        assert_eq!(shown(&answer.diagnostics), "");
    }

    #[tokio::test]
    async fn missing_resource_is_read_as_null() {
        let fake = Fake { read: |_| ResourceAnswer::default(), ..Fake::default() };
        let answer = read_with(fake, to_read()).await;
        assert_eq!(answer.new_state, Some(wire::null()));
        assert_eq!(answer.new_identity, None);
    }

    #[tokio::test]
    async fn failed_read_keeps_state_private_and_identity() {
        let panicking = || Fake { read: |_| panic!("oh"), ..Fake::default() };
        let unknown = read_resource::Request { type_name: "fake_other".to_owned(), ..to_read() };
        let garbled = read_resource::Request { current_state: garbage(), ..to_read() };
        let absent = read_resource::Request { current_state: None, ..to_read() };
        for (request, summary) in [
            (to_read(), "The provider panicked"),
            (unknown, "Unknown resource type"),
            (garbled, "Unreadable state"),
            (absent, "Unreadable state"),
        ] {
            let state = request.current_state.clone();
            let answer = read_with(panicking(), request).await;
            assert_eq!(answer.new_state, state);
            assert_eq!((answer.private, answer.new_identity), (b"private".to_vec(), identity("7")));
            assert_eq!(answer.diagnostics[0].summary, summary);
            assert_eq!(answer.diagnostics.len(), 1);
        }
    }

    #[tokio::test]
    async fn a_panic_while_schemas_are_made_is_an_error_of_each_call() {
        let fake = Fake { schemas: || panic!("no schema"), ..Fake::default() };
        let answer = read_with(fake, to_read()).await;
        assert_eq!(answer.new_state, to_read().current_state);
        expect![["
            error: The provider panicked: `ReadResource` for `fake_thing` ended in a panic: no schema. This is a bug in the provider. Nothing else is affected; what was under way for this object may have happened in part.
        "]]
        .assert_eq(&shown(&answer.diagnostics));
    }

    async fn validated(fake: Fake, request: validate_resource_config::Request) -> String {
        let request = validate_resource_config::Request { type_name: THING.to_owned(), ..request };
        let answer = fake.serve().validate_resource_config(Request::new(request)).await;
        shown(&answer.expect("no status").into_inner().diagnostics)
    }

    #[tokio::test]
    async fn an_unreadable_configuration_is_an_error_at_its_path() {
        let config = Value::Map(object([("name", 5_i64.into())]));
        let lying = crate::Type::Object([("name".to_owned(), crate::Type::Number)].into());
        let msgpack = config.to_msgpack(&lying).expect("the name is a number there");
        let config = Some(crate::generated::tfplugin6::DynamicValue { msgpack, json: vec![] });
        let request = validate_resource_config::Request { config, ..Default::default() };
        expect![[r#"
            error: AttributeName("name") Unreadable configuration: The configuration that Terraform sent does not fit the provider's schema: `name`: a string is expected, not msgpack's FixPos(5). This is a bug in the provider.
        "#]]
        .assert_eq(&validated(Fake::default(), request).await);
    }

    #[tokio::test]
    async fn a_terraform_that_would_store_write_only_values_is_refused_them() {
        let fake = || Fake {
            validate: |_| Diagnostic::warning("Seen", "By the provider.").into(),
            ..Fake::default()
        };
        let part = object([("secret", Value::unknown()), ("label", Value::Null)]);
        let request = |allowed| validate_resource_config::Request {
            config: sent([
                ("secret", "s".into()),
                ("parts", Value::List(vec![part.clone().into()])),
            ]),
            client_capabilities: Some(ClientCapabilities {
                write_only_attributes_allowed: allowed,
                ..Default::default()
            }),
            ..Default::default()
        };
        expect![[r#"
            error: AttributeName("secret") Write-only values are not supported: The value must not be stored, and this Terraform would store it. Use Terraform 1.11 or OpenTofu 1.11, or later ones.
            error: AttributeName("parts") ElementKeyInt(0) AttributeName("secret") Write-only values are not supported: The value must not be stored, and this Terraform would store it. Use Terraform 1.11 or OpenTofu 1.11, or later ones.
            warning: Seen: By the provider.
        "#]]
        .assert_eq(&validated(fake(), request(false)).await);
        let allowed = validated(fake(), request(true)).await;
        assert_eq!(allowed, "warning: Seen: By the provider.\n");
    }

    #[tokio::test]
    async fn protocol_24_unknown_values_reach_the_checks() {
        let fake = Fake {
            validate: |config| {
                if config["name"].is_unknown() {
                    return Diagnostics::new();
                }
                Diagnostic::error("The name is known", "").into()
            },
            ..Fake::default()
        };
        let config = sent([("name", Value::unknown())]);
        let request = validate_resource_config::Request { config, ..Default::default() };
        assert_eq!(validated(fake, request).await, "");
    }

    async fn imported(fake: Fake) -> import_resource_state::Response {
        let request = import_resource_state::Request {
            type_name: THING.to_owned(),
            id: "7".to_owned(),
            ..Default::default()
        };
        let answer = fake.serve().import_resource_state(Request::new(request)).await;
        answer.expect("no status").into_inner()
    }

    #[tokio::test]
    async fn an_import_gives_exactly_one_object_without_write_only_values() {
        let fake = Fake {
            import: |request| ResourceAnswer {
                state: Some(object([("id", request.id.into()), ("secret", "s3cret".into())])),
                private: b"private".to_vec(),
                identity: Some(object([("id", "7".into())])),
                ..ResourceAnswer::default()
            },
            ..Fake::default()
        };
        let answer = imported(fake).await;
        assert_eq!(shown(&answer.diagnostics), "");
        let [resource] = &*answer.imported_resources else { panic!("one object is expected") };
        assert_eq!(resource.type_name, THING);
        assert_eq!(received(resource.state.as_ref()), r#"{"id":"7","rules":{}}"#);
        assert_eq!((&*resource.private, &resource.identity), (&b"private"[..], &identity("7")));
    }

    #[tokio::test]
    async fn an_import_of_nothing_is_an_error() {
        let answer = imported(Fake::default()).await;
        assert_eq!(answer.imported_resources, []);
        let shown = shown(&answer.diagnostics);
        let error = "error: Nothing to import: There is no `fake_thing` to import under this id.\n";
        assert_eq!(shown, error);
    }
}
