//! What the provider offers, in the protocol's words.

use std::collections::BTreeMap;

use super::{Server, wire};
use crate::generated::tfplugin6::schema::{self, nested_block, object};
use crate::generated::tfplugin6::{
    self, ResourceIdentitySchema, ServerCapabilities, StringKind, get_functions, get_metadata,
    get_provider_schema, get_resource_identity_schemas, resource_identity_schema,
};
use crate::{
    Attribute, AttributeKind, Block, BlockNesting, Function, IdentitySchema, NestedBlock, Nesting,
    Parameter, Schema, Schemas, Type,
};

/// What the server does that not every server does.
const CAPABILITIES: ServerCapabilities = ServerCapabilities {
    plan_destroy: true,
    get_provider_schema_optional: true,
    move_resource_state: true,
    generate_resource_config: false,
};

pub(super) fn provider_schema(server: &Server) -> get_provider_schema::Response {
    offered(server, "GetProviderSchema", |schemas, diagnostics| get_provider_schema::Response {
        provider: Some(schema(&schemas.provider)),
        resource_schemas: each(&schemas.resources, schema),
        data_source_schemas: each(&schemas.data_sources, schema),
        ephemeral_resource_schemas: each(&schemas.ephemeral_resources, schema),
        functions: each(&schemas.functions, function),
        server_capabilities: Some(CAPABILITIES),
        diagnostics,
        ..Default::default()
    })
}

pub(super) fn metadata(server: &Server) -> get_metadata::Response {
    offered(server, "GetMetadata", |schemas, diagnostics| get_metadata::Response {
        data_sources: names(&schemas.data_sources, |type_name| get_metadata::DataSourceMetadata {
            type_name,
        }),
        resources: names(&schemas.resources, |type_name| get_metadata::ResourceMetadata {
            type_name,
        }),
        functions: names(&schemas.functions, |name| get_metadata::FunctionMetadata { name }),
        ephemeral_resources: names(&schemas.ephemeral_resources, |type_name| {
            get_metadata::EphemeralMetadata { type_name }
        }),
        server_capabilities: Some(CAPABILITIES),
        diagnostics,
        ..Default::default()
    })
}

pub(super) fn identity_schemas(server: &Server) -> get_resource_identity_schemas::Response {
    offered(server, "GetResourceIdentitySchemas", |schemas, diagnostics| {
        get_resource_identity_schemas::Response {
            identity_schemas: each(&schemas.identities, identity_schema),
            diagnostics,
        }
    })
}

pub(super) fn functions(server: &Server) -> get_functions::Response {
    offered(server, "GetFunctions", |schemas, diagnostics| get_functions::Response {
        functions: each(&schemas.functions, function),
        diagnostics,
    })
}

/// Answers with what the provider offers: with nothing and the reason if it panicked when asked.
fn offered<A>(
    server: &Server,
    name: &'static str,
    answer: impl FnOnce(&Schemas, Vec<tfplugin6::Diagnostic>) -> A,
) -> A {
    let rpc = server.begin(name, "");
    match rpc.catalog() {
        Ok(catalog) => answer(&catalog.schemas, Vec::new()),
        Err(problem) => answer(&Schemas::default(), vec![wire::diagnostic(problem)]),
    }
}

fn names<T, N>(named: &BTreeMap<String, T>, convert: impl Fn(String) -> N) -> Vec<N> {
    named.keys().cloned().map(convert).collect()
}

fn each<T, U>(named: &BTreeMap<String, T>, convert: impl Fn(&T) -> U) -> BTreeMap<String, U> {
    named.iter().map(|(name, value)| (name.clone(), convert(value))).collect()
}

fn schema(schema: &Schema) -> tfplugin6::Schema {
    tfplugin6::Schema { version: schema.version, block: Some(block(&schema.block)) }
}

fn block(block: &Block) -> schema::Block {
    schema::Block {
        version: 0,
        attributes: block.attributes.iter().map(attribute).collect(),
        block_types: block.blocks.iter().map(nested_block).collect(),
        description: block.description.clone(),
        description_kind: StringKind::Markdown.into(),
        deprecated: block.deprecated.is_some(),
        deprecation_message: block.deprecated.clone().unwrap_or_default(),
        computed: false,
    }
}

fn attribute(attribute: &Attribute) -> schema::Attribute {
    let (r#type, nested_type) = match &attribute.kind {
        AttributeKind::Type(r#type) => (type_json(r#type), None),
        AttributeKind::Nested(nesting, members) => (Vec::new(), Some(object(*nesting, members))),
    };
    schema::Attribute {
        name: attribute.name.clone(),
        r#type,
        description: attribute.description.clone(),
        required: attribute.required,
        optional: attribute.optional,
        computed: attribute.computed,
        sensitive: attribute.sensitive,
        description_kind: StringKind::Markdown.into(),
        deprecated: attribute.deprecated.is_some(),
        nested_type,
        write_only: attribute.write_only,
        deprecation_message: attribute.deprecated.clone().unwrap_or_default(),
    }
}

fn object(nesting: Nesting, members: &[Attribute]) -> schema::Object {
    let nesting = match nesting {
        Nesting::Single => object::NestingMode::Single,
        Nesting::List => object::NestingMode::List,
        Nesting::Set => object::NestingMode::Set,
        Nesting::Map => object::NestingMode::Map,
    };
    let attributes = members.iter().map(attribute).collect();
    schema::Object { attributes, nesting: nesting.into(), ..Default::default() }
}

fn nested_block(nested_block: &NestedBlock) -> schema::NestedBlock {
    let nesting = match nested_block.nesting {
        BlockNesting::Single => nested_block::NestingMode::Single,
        BlockNesting::List => nested_block::NestingMode::List,
        BlockNesting::Set => nested_block::NestingMode::Set,
        BlockNesting::Map => nested_block::NestingMode::Map,
        BlockNesting::Group => nested_block::NestingMode::Group,
    };
    schema::NestedBlock {
        type_name: nested_block.name.clone(),
        block: Some(block(&nested_block.block)),
        nesting: nesting.into(),
        min_items: nested_block.min_items,
        max_items: nested_block.max_items,
    }
}

/// Of the two import flags exactly one is set.
fn identity_schema(schema: &IdentitySchema) -> ResourceIdentitySchema {
    let attributes =
        schema.attributes.iter().map(|attribute| resource_identity_schema::IdentityAttribute {
            name: attribute.name.clone(),
            r#type: type_json(&attribute.r#type),
            required_for_import: attribute.required_for_import,
            optional_for_import: !attribute.required_for_import,
            description: attribute.description.clone(),
        });
    ResourceIdentitySchema { version: schema.version, identity_attributes: attributes.collect() }
}

fn function(function: &Function) -> tfplugin6::Function {
    tfplugin6::Function {
        parameters: function.parameters.iter().map(parameter).collect(),
        variadic_parameter: function.variadic.as_ref().map(parameter),
        r#return: Some(tfplugin6::function::Return { r#type: type_json(&function.returns) }),
        summary: function.summary.clone(),
        description: function.description.clone(),
        description_kind: StringKind::Markdown.into(),
        deprecation_message: String::new(),
    }
}

/// Terraform itself answers for unknown arguments.
fn parameter(parameter: &Parameter) -> tfplugin6::function::Parameter {
    tfplugin6::function::Parameter {
        name: parameter.name.clone(),
        r#type: type_json(&parameter.r#type),
        allow_null_value: parameter.allow_null,
        allow_unknown_values: false,
        description: parameter.description.clone(),
        description_kind: StringKind::Markdown.into(),
    }
}

fn type_json(r#type: &Type) -> Vec<u8> {
    r#type.to_json().to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use tonic::Request;

    use super::super::fake::{Fake, THING, shown, thing};
    use super::*;
    use crate::generated::tfplugin6::provider_server::Provider;

    async fn asked(fake: Fake) -> get_provider_schema::Response {
        let request = Request::new(get_provider_schema::Request {});
        fake.serve().get_provider_schema(request).await.expect("no status").into_inner()
    }

    #[tokio::test]
    async fn protocol_14_every_schema_has_a_block_and_every_type_is_json() {
        let nothing = Fake { schemas: Schemas::default, ..Fake::default() };
        let panicking = Fake { schemas: || panic!("oh"), ..Fake::default() };
        let error = "The provider panicked";
        for (fake, summary) in [(nothing, None), (panicking, Some(error))] {
            let answer = asked(fake).await;
            assert!(answer.provider.is_some_and(|schema| schema.block.is_some()));
            assert_eq!(
                answer.diagnostics.first().map(|diagnostic| diagnostic.summary.as_str()),
                summary
            );
        }
        let answer = asked(Fake::default()).await;
        let schemas = answer.provider.iter().chain(answer.resource_schemas.values());
        let schemas = schemas.chain(answer.data_source_schemas.values());
        let schemas: Vec<_> = schemas.chain(answer.ephemeral_resource_schemas.values()).collect();
        assert_eq!(schemas.len(), 4);
        for schema in schemas {
            for attribute in &schema.block.as_ref().expect("a schema has a block").attributes {
                // Of the two exactly one.
                assert_eq!(attribute.r#type.is_empty(), attribute.nested_type.is_some());
                if attribute.nested_type.is_none() {
                    let json = serde_json::from_slice(&attribute.r#type).expect("it is JSON");
                    Type::from_json(&json).expect("it is a type");
                }
            }
        }
    }

    #[tokio::test]
    async fn schemas_keep_flags_nesting_and_descriptions() {
        let answer = asked(Fake::default()).await;
        let schema = &answer.resource_schemas[THING];
        assert_eq!(schema.version, 3);
        let block = schema.block.as_ref().expect("a schema has a block");
        assert_eq!((&*block.description, block.description_kind), ("A *thing*.", 1));
        let [id, name, secret, parts, tags] = &*block.attributes else {
            panic!("five attributes are expected, not {:?}", block.attributes)
        };
        assert_eq!((id.computed, id.optional, &*id.r#type), (true, false, &b"\"string\""[..]));
        assert_eq!((&*name.name, name.optional, name.write_only), ("name", true, false));
        assert!(secret.write_only);
        assert_eq!(tags.r#type, br#"["set","string"]"#);
        let nested = parts.nested_type.as_ref().expect("the parts are nested");
        assert_eq!(nested.nesting(), object::NestingMode::List);
        assert_eq!(nested.attributes.len(), 2);
        let [rules] = &*block.block_types else { panic!("one block is expected") };
        assert_eq!((&*rules.type_name, rules.nesting()), ("rules", nested_block::NestingMode::Map));
        assert!(rules.block.is_some());
    }

    #[test]
    fn deprecated_attribute_has_a_message_and_others_have_none() {
        let deprecated = Block { deprecated: Some("Use another.".to_owned()), ..thing() };
        let deprecated = block(&deprecated);
        let message = deprecated.deprecation_message.as_str();
        assert_eq!((deprecated.deprecated, message), (true, "Use another."));
        let plain = block(&thing());
        assert_eq!((plain.deprecated, plain.deprecation_message.as_str()), (false, ""));
    }

    #[tokio::test]
    async fn protocol_18_the_capabilities_are_set() {
        let capabilities = asked(Fake::default()).await.server_capabilities;
        let capabilities = capabilities.expect("capabilities are sent");
        assert!(capabilities.plan_destroy);
        assert!(capabilities.get_provider_schema_optional);
        assert!(capabilities.move_resource_state);
        assert!(!capabilities.generate_resource_config);
    }

    #[tokio::test]
    async fn protocol_17_an_identity_attribute_has_exactly_one_import_flag() {
        let request = Request::new(get_resource_identity_schemas::Request {});
        let answer = Fake::default().serve().get_resource_identity_schemas(request).await;
        let answer = answer.expect("no status").into_inner();
        let identity = &answer.identity_schemas[THING];
        assert_eq!(identity.version, 0);
        for attribute in &identity.identity_attributes {
            assert_ne!(attribute.required_for_import, attribute.optional_for_import);
        }
        assert_eq!(shown(&answer.diagnostics), "");
    }

    #[tokio::test]
    async fn functions_are_the_same_wherever_they_are_asked_for() {
        let server = Fake::default().serve();
        let answer = server.get_functions(Request::new(get_functions::Request {})).await;
        let functions = answer.expect("no status").into_inner().functions;
        assert_eq!(functions, asked(Fake::default()).await.functions);
        let join = &functions["join"];
        assert_eq!(join.parameters.len(), 1);
        assert!(join.variadic_parameter.is_some());
        assert_eq!(join.r#return.as_ref().map(|it| &*it.r#type), Some(&b"\"string\""[..]));
    }

    #[tokio::test]
    async fn metadata_lists_everything_in_the_schema() {
        let request = Request::new(get_metadata::Request {});
        let answer = Fake::default().serve().get_metadata(request).await;
        let answer = answer.expect("no status").into_inner();
        assert_eq!(answer.resources[0].type_name, THING);
        assert_eq!(answer.data_sources[0].type_name, "fake_data");
        assert_eq!(answer.ephemeral_resources[0].type_name, "fake_secret");
        assert_eq!(answer.functions[0].name, "join");
        assert!(answer.server_capabilities.is_some());
    }
}
