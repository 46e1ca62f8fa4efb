//! Catalogs of Unity Catalog that are registered for databases (reference §3.7).

use serde_json::json;

use crate::error::{ApiError, Result};
use crate::model::store::Object;
use crate::model::world::World;
use crate::model::{Change, Deletion, Form, Hooks, Id, Kind, Layout, Method, StoreEffect, Uid};
use crate::name;
use crate::resources::database::{self, REGISTERED};
use crate::schema::{Field, Map, Value};
use crate::wire::format_timestamp;

pub(crate) static CATALOG: Kind = Kind {
    noun: "catalog",
    message: "Catalog",
    pattern: "catalogs/*",
    // [REC] §3.7: the status has no ID.
    id: Id::Parameter { name: "catalog_id", form: &IN_UNITY_CATALOG, in_status: false },
    body: &[Field::new("spec", Value::Message(SPEC))],
    layout: Layout::SpecAndStatus,
    // [DOC] §2.1: there is no update and no list.
    methods: &[Method::Create, Method::Get, Method::Delete],
    uid: Uid::Random,
    adoptable: false,
    demands_body: false,
    optional_masks: &[],
    wildcard_by_parts: false,
    deletion: Deletion::Permanent,
    delete_parameters: &[],
    takes_turns: false,
    reconciles: false,
    quotas: &[],
    hooks: Hooks {
        create,
        beside,
        delete,
        turns: |options, _, catalog| {
            let branch = catalog.get("branch").and_then(|branch| branch.as_str());
            let takes_turns = options.behaviors.exclude_all_in_branch;
            branch.filter(|_| takes_turns).map(str::to_owned).into_iter().collect()
        },
        show: |_, _, catalog, status| {
            let project = catalog.text("branch").and_then(name::parent);
            status.insert("project".to_owned(), json!(project));
        },
        ..Hooks::NONE
    },
};

/// A name of Unity Catalog. [REC] underscores; [INF] the rest, and the text: §7.1.
static IN_UNITY_CATALOG: Form =
    Form { pattern: r"^[^./\s\x00-\x1f]{1,255}$", accepts: is_in_unity_catalog };

pub(super) fn is_in_unity_catalog(name: &str) -> bool {
    let is_letter =
        |letter: char| !letter.is_whitespace() && !letter.is_control() && !"./".contains(letter);
    (1..=255).contains(&name.chars().count()) && name.chars().all(is_letter)
}

const SPEC: &[Field] = &[
    Field::new("postgres_database", Value::Text { min: 1, max: 63 })
        .immutable()
        .required_on_create(),
    Field::new("branch", Value::Text { min: 1, max: 256 }).immutable().required_on_create(),
    Field::new("create_database_if_missing", Value::Flag).immutable(),
];

/// The database that a catalog is registered for.
fn registered<'a>(world: &'a World, settings: &'a Map) -> Option<(&'a String, &'a Object)> {
    let text = |setting: &str| settings.get(setting).and_then(|value| value.as_str());
    database::named(world, text("branch")?, text("postgres_database")?)
}

fn create(world: &World, change: &Change<'_>) -> Result<Map> {
    let branch = change.text("branch").unwrap_or_default();
    if !name::matches("projects/*/branches/*", branch) || world.store.live(branch).is_none() {
        return Err(ApiError::not_found("branch id not found"));
    }
    let wanted = change.text("postgres_database").unwrap_or_default();
    let creates = change.settings.get("create_database_if_missing") == Some(&json!(true));
    match registered(world, change.settings) {
        // [DOC] §3.7 the rule, [INF] the text.
        None if !creates => {
            return Err(ApiError::not_found(format!(
                "database not found; postgres_database:\"{wanted}\""
            )));
        }
        // [DOC] §3.7 one catalog for a database, also where it inherits the mark; [INF] the text.
        Some((_, database)) if database.settings.contains_key(REGISTERED) => {
            return Err(ApiError::bad_request(format!(
                "Database '{wanted}' of branch '{branch}' is registered with a catalog already."
            )));
        }
        _ => {}
    }
    let mut status = Map::new();
    status.insert("branch".to_owned(), json!(branch));
    status.insert("postgres_database".to_owned(), json!(wanted));
    Ok(status)
}

/// The database gets its mark, after it was created if it was missing.
fn beside(world: &World, change: &Change<'_>) -> Result<Vec<StoreEffect>> {
    let [branch, wanted] =
        ["branch", "postgres_database"].map(|name| change.text(name).unwrap_or_default());
    let found = registered(world, change.settings);
    let mut all = match found.map(|(name, database)| (name.clone(), database.clone())) {
        Some(found) => vec![found],
        None => database::made_for_caller(world, branch, wanted, change.now),
    };
    if let Some((_, database)) = all.last_mut() {
        database.settings.insert(REGISTERED.to_owned(), json!(format_timestamp(change.now)));
    }
    Ok(all.into_iter().map(|(name, object)| StoreEffect::Put(name, Box::new(object))).collect())
}

/// [DOC] §3.7: a database can be registered again once its catalog is deleted. [INF] The copies on
/// other branches keep their marks.
fn delete(world: &World, change: &Change<'_>) -> Result<Vec<StoreEffect>> {
    let catalog = change.object.map(|catalog| &catalog.settings);
    let database = catalog.and_then(|settings| registered(world, settings));
    let unmarked = database.map(|(name, database)| {
        let mut database = database.clone();
        database.settings.remove(REGISTERED);
        StoreEffect::Put(name.clone(), Box::new(database))
    });
    Ok(unmarked.into_iter().collect())
}
