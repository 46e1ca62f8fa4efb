//! Data sources: every resource read-only, singly and as a list, and how to connect.

mod connection;

use std::collections::BTreeMap;

use tfplugin::{
    Attribute, AttributeKind, Block, Call, Diagnostic, Diagnostics, Object, Schema, Type, Value,
};

use crate::lifecycle::{Attempt, Lifecycle, is_deleted};
use crate::model::address::Address;
use crate::model::field::AnyField;
use crate::model::table::{Resource, Settings, Table};
use crate::model::{decode, meaning, schema};
use crate::resources;

pub use connection::{ARGUMENTS, ConnectionError, RESULTS, check, connection, endpoint, look};

/// How long a data source may take.
const TIME_LIMIT: std::time::Duration = std::time::Duration::from_mins(5);

/// The schemas, by type name.
pub fn schemas() -> BTreeMap<String, Schema> {
    let objects = readable().flat_map(|resource| {
        let table = resource.table();
        let many = table.life.listed.then(|| (plural(table), many(table)));
        [(table.type_name.to_owned(), one(table))].into_iter().chain(many)
    });
    let schema = |block| Schema { version: 0, block };
    let connection = ("lakebase_connection".to_owned(), connection::block());
    objects.chain([connection]).map(|(name, block)| (name, schema(block))).collect()
}

/// Checks a configuration.
pub fn validate(type_name: &str, config: &Object) -> Diagnostics {
    let mut sink = Diagnostics::new();
    let check = |name: &str, address: &Address, sink: &mut Diagnostics| {
        if let Some(text) = config.get(name).and_then(Value::as_str)
            && !address.matches(text)
        {
            let text = meaning::quoted(text);
            let detail =
                format!("{text} is not a valid resource name. Expected format: `{address}`.");
            sink.push(Diagnostic::error(format!("Invalid `{name}`"), detail).at(name));
        }
    };
    for table in readable().map(Resource::table) {
        if type_name == table.type_name {
            check("name", &table.address, &mut sink);
        } else if let (true, Some(parent), Some(address)) =
            (type_name == plural(table), table.parent(), table.address.parent())
        {
            check(parent.name, address, &mut sink);
        }
    }
    if type_name == "lakebase_connection" {
        check("endpoint", resources::ENDPOINT, &mut sink);
        connection::check(config, &mut sink);
    }
    sink
}

/// Reads a data source.
pub async fn read(
    lifecycle: &Lifecycle,
    type_name: &str,
    config: Object,
    call: &Call,
) -> (Option<Object>, Diagnostics) {
    for resource in readable() {
        let table = resource.table();
        if type_name == table.type_name {
            return read_one(lifecycle, resource, config, call).await;
        }
        if type_name == plural(table) {
            return read_many(lifecycle, resource, config, call).await;
        }
    }
    connection::read(lifecycle, config, call).await
}

async fn read_one(
    lifecycle: &Lifecycle,
    resource: &dyn Resource,
    config: Object,
    call: &Call,
) -> (Option<Object>, Diagnostics) {
    let name = config.get("name").and_then(Value::as_str).unwrap_or_default();
    let deadline = lifecycle.client.deadline(TIME_LIMIT, call.stop.clone());
    match lifecycle.client.get(name, &deadline).await {
        Ok(reported) if is_deleted(&reported) => {
            let noun = resource.table().noun;
            let summary = format!("{} is soft-deleted", meaning::subject(noun, name));
            let detail = format!(
                "Lakebase keeps a deleted {noun} for 7 days, so that it can be restored. The data \
                 source can read it only after that."
            );
            (None, Diagnostic::error(summary, detail).at("name").into())
        }
        Ok(reported) => {
            let mut object = shown(resource, &reported, &lifecycle.settings);
            object.insert("name".to_owned(), name.into());
            (Some(object), Diagnostics::new())
        }
        Err(error) => {
            let attempt = Attempt { verb: "read", noun: resource.table().noun, name };
            let mut diagnostics = attempt.failed(&lifecycle.client, None, &error);
            if error.is_not_found() {
                diagnostics.extend([not_yet(resource.table().type_name)]);
            }
            (None, diagnostics)
        }
    }
}

async fn read_many(
    lifecycle: &Lifecycle,
    resource: &dyn Resource,
    mut config: Object,
    call: &Call,
) -> (Option<Object>, Diagnostics) {
    let table = resource.table();
    let parent = table.parent_of(&config).map(str::to_owned);
    let parent = parent.as_deref();
    let collection = table.address.collection(parent);
    let deadline = lifecycle.client.deadline(TIME_LIMIT, call.stop.clone());
    match lifecycle.client.list(&collection, &[], &deadline).await {
        Ok(objects) => {
            let shown = objects
                .iter()
                .map(|object| Value::Map(shown(resource, object, &lifecycle.settings)));
            config.insert(table.address.plural_name(), Value::List(shown.collect()));
            (Some(config), Diagnostics::new())
        }
        Err(error) => {
            let noun = &format!("{} of", table.plural_noun());
            let name = parent.unwrap_or_else(|| lifecycle.client.host());
            let attempt = Attempt { verb: "list", noun, name };
            (None, attempt.failed(&lifecycle.client, None, &error))
        }
    }
}

/// Names are known before objects exist, so that Terraform may read too early.
fn not_yet(type_name: &str) -> Diagnostic {
    Diagnostic::warning(
        "Data source was read before the object was created",
        format!(
            "Terraform reads a data source at plan time if its arguments are known. If this \
             configuration creates the object, add\n\n  depends_on = [{type_name}.example]\n\nto \
             the data source, or use the resource's attributes instead."
        ),
    )
}

/// What a data source shows of an object.
fn shown(resource: &dyn Resource, reported: &lakebase_api::Json, settings: &Settings) -> Object {
    let state = decode::state(resource, reported, &Object::new(), settings);
    let readings = decode::readings(resource, reported);
    let attributes = schema::readings(resource.table());
    let attributes = attributes.into_iter().map(|Attribute { name, .. }| {
        let value = state.get(&name).or_else(|| readings.get(&name)).cloned();
        (name, value.unwrap_or_default())
    });
    attributes.collect()
}

fn one(table: &Table) -> Block {
    let mut attributes = schema::readings(table);
    for attribute in &mut attributes {
        if attribute.name == "name" {
            (attribute.required, attribute.computed) = (true, false);
            attribute.description =
                format!("Resource name of the object. Format: `{}`.", table.address);
        }
    }
    let description =
        format!("Retrieves the settings and the current status of {}.", with_article(table.noun));
    Block { attributes, description, ..Block::default() }
}

fn many(table: &Table) -> Block {
    let (noun, plural) = (table.noun, table.plural_noun());
    let parent = table.parent().map(|parent: &AnyField| {
        let format = parent_form(table);
        let description = format!("Resource name of the {}. Format: `{format}`.", parent.name);
        let kind = AttributeKind::Type(Type::String);
        Attribute { required: true, ..Attribute::new(parent.name, kind, description) }
    });
    let list = schema::collection(
        &table.address.plural_name(),
        &format!("Settings and current status of each {noun}."),
        table,
    );
    let description = match &parent {
        Some(parent) => format!("Lists the {plural} of {}.", with_article(&parent.name)),
        None => format!("Lists the {plural} of the workspace."),
    };
    Block {
        attributes: parent.into_iter().chain([list]).collect(),
        description,
        ..Block::default()
    }
}

fn plural(table: &Table) -> String {
    format!("lakebase_{}", table.address.plural_name())
}

/// A noun with its indefinite article.
fn with_article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {noun}")
}

/// The resources of which one can be read, and those that can be listed besides.
fn readable() -> impl Iterator<Item = &'static dyn Resource> {
    let all = resources::ALL.iter().chain(resources::READ_ONLY).copied();
    all.filter(|resource| resource.table().address.is_object())
}

fn parent_form(table: &Table) -> String {
    table.address.parent().map_or_else(String::new, Address::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an attribute's note or check says is for those who set it.
    fn assert_facts_only(attributes: &[Attribute], fields: &[AnyField], place: &str) {
        for field in fields {
            let Some(attribute) = attributes.iter().find(|it| it.name == field.name) else {
                continue;
            };
            assert_eq!(attribute.description, field.doc, "{place}.{}", field.name);
            if let (Some(members), AttributeKind::Nested(_, inner)) =
                (field.members(), &attribute.kind)
            {
                assert_facts_only(inner, members, field.name);
            }
        }
    }

    #[test]
    fn a_data_source_states_facts_only() {
        for table in readable().map(Resource::table) {
            assert_facts_only(&schema::readings(table), table.fields, table.type_name);
            assert_facts_only(&schema::readings(table), table.readings, table.type_name);
        }
    }
}
