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
    Parameter, Schema, Type,
};

/// What the server does that not every server does.
const CAPABILITIES: ServerCapabilities = ServerCapabilities {
    plan_destroy: true,
    get_provider_schema_optional: true,
    move_resource_state: true,
    generate_resource_config: false,
};

pub(super) fn provider_schema(server: &Server) -> get_provider_schema::Response {
    let rpc = server.begin("GetProviderSchema", "");
    let schemas = match rpc.catalog() {
        Ok(catalog) => &catalog.schemas,
        Err(problem) => {
            return get_provider_schema::Response {
                provider: Some(schema(&Schema::default())),
                diagnostics: vec![wire::diagnostic(problem)],
                server_capabilities: Some(CAPABILITIES),
                ..Default::default()
            };
        }
    };
    get_provider_schema::Response {
        provider: Some(schema(&schemas.provider)),
        resource_schemas: each(&schemas.resources, schema),
        data_source_schemas: each(&schemas.data_sources, schema),
        ephemeral_resource_schemas: each(&schemas.ephemeral_resources, schema),
        functions: each(&schemas.functions, function),
        server_capabilities: Some(CAPABILITIES),
        ..Default::default()
    }
}

pub(super) fn metadata(server: &Server) -> get_metadata::Response {
    let rpc = server.begin("GetMetadata", "");
    let mut response =
        get_metadata::Response { server_capabilities: Some(CAPABILITIES), ..Default::default() };
    let schemas = match rpc.catalog() {
        Ok(catalog) => &catalog.schemas,
        Err(problem) => {
            response.diagnostics = vec![wire::diagnostic(problem)];
            return response;
        }
    };
    let names = schemas.data_sources.keys().cloned();
    response.data_sources =
        names.map(|type_name| get_metadata::DataSourceMetadata { type_name }).collect();
    let names = schemas.resources.keys().cloned();
    response.resources =
        names.map(|type_name| get_metadata::ResourceMetadata { type_name }).collect();
    let names = schemas.functions.keys().cloned();
    response.functions = names.map(|name| get_metadata::FunctionMetadata { name }).collect();
    let names = schemas.ephemeral_resources.keys().cloned();
    response.ephemeral_resources =
        names.map(|type_name| get_metadata::EphemeralMetadata { type_name }).collect();
    response
}

pub(super) fn identity_schemas(server: &Server) -> get_resource_identity_schemas::Response {
    let rpc = server.begin("GetResourceIdentitySchemas", "");
    match rpc.catalog() {
        Ok(catalog) => get_resource_identity_schemas::Response {
            identity_schemas: each(&catalog.schemas.identities, identity_schema),
            diagnostics: Vec::new(),
        },
        Err(problem) => get_resource_identity_schemas::Response {
            identity_schemas: BTreeMap::new(),
            diagnostics: vec![wire::diagnostic(problem)],
        },
    }
}

pub(super) fn functions(server: &Server) -> get_functions::Response {
    let rpc = server.begin("GetFunctions", "");
    match rpc.catalog() {
        Ok(catalog) => get_functions::Response {
            functions: each(&catalog.schemas.functions, function),
            diagnostics: Vec::new(),
        },
        Err(problem) => get_functions::Response {
            functions: BTreeMap::new(),
            diagnostics: vec![wire::diagnostic(problem)],
        },
    }
}

fn each<T, U>(named: &BTreeMap<String, T>, convert: impl Fn(&T) -> U) -> BTreeMap<String, U> {
    named.iter().map(|(name, it)| (name.clone(), convert(it))).collect()
}

fn schema(it: &Schema) -> tfplugin6::Schema {
    tfplugin6::Schema { version: it.version, block: Some(block(&it.block)) }
}

fn block(it: &Block) -> schema::Block {
    schema::Block {
        version: 0,
        attributes: it.attributes.iter().map(attribute).collect(),
        block_types: it.blocks.iter().map(nested_block).collect(),
        description: it.description.clone(),
        description_kind: StringKind::Markdown.into(),
        deprecated: it.deprecated.is_some(),
        deprecation_message: it.deprecated.clone().unwrap_or_default(),
        computed: false,
    }
}

fn attribute(it: &Attribute) -> schema::Attribute {
    let (r#type, nested_type) = match &it.kind {
        AttributeKind::Type(it) => (type_json(it), None),
        AttributeKind::Nested(nesting, members) => (Vec::new(), Some(object(*nesting, members))),
    };
    schema::Attribute {
        name: it.name.clone(),
        r#type,
        description: it.description.clone(),
        required: it.required,
        optional: it.optional,
        computed: it.computed,
        sensitive: it.sensitive,
        description_kind: StringKind::Markdown.into(),
        deprecated: it.deprecated.is_some(),
        nested_type,
        write_only: it.write_only,
        deprecation_message: it.deprecated.clone().unwrap_or_default(),
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

fn nested_block(it: &NestedBlock) -> schema::NestedBlock {
    let nesting = match it.nesting {
        BlockNesting::Single => nested_block::NestingMode::Single,
        BlockNesting::List => nested_block::NestingMode::List,
        BlockNesting::Set => nested_block::NestingMode::Set,
        BlockNesting::Map => nested_block::NestingMode::Map,
        BlockNesting::Group => nested_block::NestingMode::Group,
    };
    schema::NestedBlock {
        type_name: it.name.clone(),
        block: Some(block(&it.block)),
        nesting: nesting.into(),
        min_items: it.min_items,
        max_items: it.max_items,
    }
}

/// Of the two import flags exactly one is set.
fn identity_schema(it: &IdentitySchema) -> ResourceIdentitySchema {
    let attributes = it.attributes.iter().map(|it| resource_identity_schema::IdentityAttribute {
        name: it.name.clone(),
        r#type: type_json(&it.r#type),
        required_for_import: it.required_for_import,
        optional_for_import: !it.required_for_import,
        description: it.description.clone(),
    });
    ResourceIdentitySchema { version: it.version, identity_attributes: attributes.collect() }
}

fn function(it: &Function) -> tfplugin6::Function {
    tfplugin6::Function {
        parameters: it.parameters.iter().map(parameter).collect(),
        variadic_parameter: it.variadic.as_ref().map(parameter),
        r#return: Some(tfplugin6::function::Return { r#type: type_json(&it.returns) }),
        summary: it.summary.clone(),
        description: it.description.clone(),
        description_kind: StringKind::Markdown.into(),
        deprecation_message: String::new(),
    }
}

/// Terraform itself answers for unknown arguments.
fn parameter(it: &Parameter) -> tfplugin6::function::Parameter {
    tfplugin6::function::Parameter {
        name: it.name.clone(),
        r#type: type_json(&it.r#type),
        allow_null_value: it.allow_null,
        allow_unknown_values: false,
        description: it.description.clone(),
        description_kind: StringKind::Markdown.into(),
    }
}

fn type_json(it: &Type) -> Vec<u8> {
    it.to_json().to_string().into_bytes()
}
