//! What the provider offers, looked up by name, with the types of its blocks worked out once.

use std::collections::BTreeMap;

use crate::{Block, Diagnostic, Schema, Schemas, Type};

/// What the provider offers.
pub(super) struct Catalog {
    pub(super) schemas: Schemas,
    provider: Type,
    resources: Types,
    identities: Types,
    data_sources: Types,
    ephemeral_resources: Types,
}

type Types = BTreeMap<String, Type>;

/// A block of a named type.
#[derive(Clone, Copy)]
pub(super) struct Shape<'a> {
    pub(super) block: &'a Block,
    pub(super) r#type: &'a Type,
}

impl Catalog {
    pub(super) fn new(schemas: Schemas) -> Self {
        fn types(schemas: &BTreeMap<String, Schema>) -> Types {
            schemas.iter().map(|(name, schema)| (name.clone(), schema.block.r#type())).collect()
        }
        Self {
            provider: schemas.provider.block.r#type(),
            resources: types(&schemas.resources),
            identities: {
                let identities = schemas.identities.iter();
                identities.map(|(name, identity)| (name.clone(), identity.r#type())).collect()
            },
            data_sources: types(&schemas.data_sources),
            ephemeral_resources: types(&schemas.ephemeral_resources),
            schemas,
        }
    }

    pub(super) fn provider(&self) -> Shape<'_> {
        Shape { block: &self.schemas.provider.block, r#type: &self.provider }
    }

    pub(super) fn resource(&self, name: &str) -> Result<Shape<'_>, Diagnostic> {
        look_up("resource", &self.schemas.resources, &self.resources, name)
    }

    pub(super) fn data_source(&self, name: &str) -> Result<Shape<'_>, Diagnostic> {
        look_up("data source", &self.schemas.data_sources, &self.data_sources, name)
    }

    pub(super) fn ephemeral_resource(&self, name: &str) -> Result<Shape<'_>, Diagnostic> {
        let schemas = &self.schemas.ephemeral_resources;
        look_up("ephemeral resource", schemas, &self.ephemeral_resources, name)
    }

    /// The type of a resource's identity, where it has one.
    pub(super) fn identity(&self, resource: &str) -> Option<&Type> {
        self.identities.get(resource)
    }
}

fn look_up<'a>(
    what: &str,
    schemas: &'a BTreeMap<String, Schema>,
    types: &'a Types,
    name: &str,
) -> Result<Shape<'a>, Diagnostic> {
    let (Some(schema), Some(r#type)) = (schemas.get(name), types.get(name)) else {
        return Err(Diagnostic::error(
            format!("Unknown {what} type"),
            format!("The provider has no {what} of type `{name}`."),
        ));
    };
    Ok(Shape { block: &schema.block, r#type })
}
