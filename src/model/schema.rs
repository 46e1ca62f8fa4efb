//! Table to protocol schema.

use tfplugin::{
    Attribute, AttributeKind, Block, IdentityAttribute, IdentitySchema, Nesting, Schema, Type,
};

use super::field::{AnyField, Given, Kind, Place};
use super::table::Table;

/// The schema of a resource.
pub fn resource(table: &Table) -> Schema {
    Schema { version: table.version(), block: block(table.doc, table.fields) }
}

/// A block of these fields.
pub fn block(doc: &str, fields: &'static [AnyField]) -> Block {
    Block {
        attributes: fields.iter().map(|it| attribute(it, fields)).collect(),
        description: doc.to_owned(),
        ..Block::default()
    }
}

/// An attribute that lists objects as a data source shows them.
pub fn collection(name: &str, doc: &str, table: &Table) -> Attribute {
    let kind = AttributeKind::Nested(Nesting::List, readings(table));
    Attribute { computed: true, ..Attribute::new(name, kind, doc) }
}

/// What a data source shows of an object: all that the service reports, and nothing that is only
/// between the user and the provider.
pub fn readings(table: &Table) -> Vec<Attribute> {
    let shown = table.fields.iter().filter(|it| is_reported(it)).chain(table.readings);
    shown.map(|it| attribute(&reported(it), &[])).collect()
}

/// The identity of an object: its workspace and its name, which locate it among all objects.
pub fn identity() -> IdentitySchema {
    let attribute = |name: &str, required_for_import, description: &str| IdentityAttribute {
        name: name.to_owned(),
        r#type: Type::String,
        required_for_import,
        description: description.to_owned(),
    };
    IdentitySchema {
        version: 0,
        attributes: vec![
            attribute("workspace_id", false, "ID of the workspace that contains the object."),
            attribute("name", true, "Resource name of the object."),
        ],
    }
}

fn attribute(field: &AnyField, beside: &'static [AnyField]) -> Attribute {
    Attribute {
        required: field.given == Given::Required,
        optional: matches!(field.given, Given::Optional | Given::OrServer),
        computed: matches!(field.given, Given::Server | Given::OrServer),
        sensitive: field.sensitive,
        ..Attribute::new(field.name, kind(field), super::markdown::description(field, beside))
    }
}

fn kind(field: &AnyField) -> AttributeKind {
    // Inside what only the configuration, or only the service, gives, all members are alike.
    let inner = |members: &'static [AnyField]| {
        let beside = if field.given == Given::Server { &[][..] } else { members };
        let given = match field.given {
            Given::Server => Some(Given::Server),
            Given::Optional | Given::Required => Some(Given::Optional),
            Given::OrServer => None,
        };
        let members = members.iter().map(|member| match given {
            Some(Given::Server) => attribute(&reported(member), beside),
            Some(given) if member.given != Given::Required => {
                attribute(&AnyField { given, ..*member }, beside)
            }
            _ => attribute(member, beside),
        });
        members.collect()
    };
    match field.kind {
        Kind::Bool => AttributeKind::Type(Type::Bool),
        Kind::Int | Kind::Float => AttributeKind::Type(Type::Number),
        Kind::Text | Kind::Duration | Kind::Timestamp => AttributeKind::Type(Type::String),
        Kind::Texts => AttributeKind::Type(Type::List(Box::new(Type::String))),
        Kind::TextMap | Kind::Tags => AttributeKind::Type(Type::Map(Box::new(Type::String))),
        Kind::Object(members) => AttributeKind::Nested(Nesting::Single, inner(members)),
        Kind::Objects(members) => AttributeKind::Nested(Nesting::List, inner(members)),
        Kind::ObjectSet(members) => AttributeKind::Nested(Nesting::Set, inner(members)),
    }
}

/// The same field, given by the service.
fn reported(field: &AnyField) -> AnyField {
    let given = Given::Server;
    AnyField { given, default: None, check: None, note: "", replaces: false, ..*field }
}

/// Whether a data source shows the field: only what the service reports has a value there.
fn is_reported(field: &AnyField) -> bool {
    matches!(
        field.place,
        Place::Id
            | Place::Parent
            | Place::Spec(_)
            | Place::Body(_)
            | Place::Status(_)
            | Place::Root(_)
    ) && !field.is_never_reported
}
