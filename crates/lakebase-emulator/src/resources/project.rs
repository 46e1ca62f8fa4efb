//! Projects (reference §3.1, §6.1).

use serde_json::{Value as Json, json};

use super::{compute, permissions};
use crate::error::{ApiError, Result};
use crate::model::store::Object;
use crate::model::world::World;
use crate::model::{
    Change, Deletion, Hooks, Id, Kind, LABEL, Layout, Method, Quota, StoreEffect, Uid,
};
use crate::name;
use crate::schema::{Field, Map, Value, merge};

pub(crate) static PROJECT: Kind = Kind {
    noun: "project",
    message: "Project",
    pattern: "projects/*",
    id: Id::Parameter { name: "project_id", form: &LABEL, in_status: true },
    body: &[
        Field::new("spec", Value::Message(SPEC)),
        Field::new("initial_branch_spec", Value::Message(INITIAL_BRANCH)).immutable(),
        Field::new("initial_endpoint_spec", Value::Message(INITIAL_ENDPOINT)).immutable(),
    ],
    layout: Layout::SpecAndStatus,
    methods: &[
        Method::Create,
        Method::Get,
        Method::List,
        Method::Update,
        Method::Delete,
        Method::Undelete,
    ],
    // [REC] §3.1.
    uid: Uid::Random,
    // [DOC] §6.3.
    adoptable: false,
    demands_body: false,
    // [REC] §1.6, §9.2: Terraform masks these two without sending them.
    optional_masks: &["initial_branch_spec", "initial_endpoint_spec"],
    wildcard_by_parts: false,
    deletion: Deletion::Soft,
    delete_parameters: &[],
    takes_turns: false,
    reconciles: false,
    // [KIT] §7.3. [INF] That soft-deleted projects count.
    quotas: &[Quota {
        segments: 0,
        limit: |quotas| quotas.projects,
        weight: |_| 1,
        what: "projects",
    }],
    hooks: Hooks {
        duplicate: |_, _| {
            // [REC] status and code, [FAKE] text: §5.3.
            ApiError::already_exists("project with such id already exists in the workspace")
        },
        create,
        update,
        delete,
        restore,
        is_visible: permissions::is_visible,
        show,
        ..Hooks::NONE
    },
};

/// 3.1 and 7.3 for all bounds, [DOC] unless tagged.
const SPEC: &[Field] = &[
    Field::new("display_name", Value::Text { min: 1, max: 256 }),
    // [KIT] 16 and 17, [DOC] 18: §7.3.
    Field::new("pg_version", Value::Whole { min: 16, max: 18 }).immutable(),
    Field::new("history_retention_duration", Value::Duration { min: 172_800, max: 3_024_000 }),
    Field::new("default_endpoint_settings", Value::Message(ENDPOINT_SETTINGS)),
    Field::new("default_branch", Value::Text { min: 1, max: 256 }),
    Field::new("enable_pg_native_login", Value::Flag),
    Field::new("budget_policy_id", Value::Text { min: 0, max: 256 }),
    // [DOC] §1.6: `*` leaves out tags that are empty.
    Field::new("custom_tags", Value::List(&Value::Message(TAG))).not_in_wildcard(),
];

const ENDPOINT_SETTINGS: &[Field] = &[
    compute::MIN_CU,
    compute::MAX_CU,
    compute::SUSPEND_TIMEOUT,
    compute::NO_SUSPENSION,
    Field::new("pg_settings", Value::Map),
];

const TAG: &[Field] = &[
    Field::new("key", Value::Text { min: 1, max: 256 }),
    Field::new("value", Value::Text { min: 0, max: 256 }),
];

const INITIAL_BRANCH: &[Field] = &[Field::new("is_protected", Value::Flag)];

const INITIAL_ENDPOINT: &[Field] = &[
    compute::MIN_CU,
    compute::MAX_CU,
    compute::SUSPEND_TIMEOUT,
    compute::NO_SUSPENSION,
    compute::GROUP,
];

fn create(world: &World, change: &Change<'_>) -> Result<Map> {
    let version = json!(world.options.behaviors.default_pg_version);
    let status = json!({
        // [KIT] the project's ID; unknown otherwise (§12).
        "display_name": name::id(change.name),
        "pg_version": change.settings.get("pg_version").cloned().unwrap_or(version),
        // [REC] §3.1.
        "history_retention_duration": "604800s",
        // [REC] §9.1.
        "default_endpoint_settings": {
            compute::MIN: 1,
            compute::MAX: 1,
            compute::TIMEOUT: "86400s",
        },
        // [REC] §6.1: the branch that comes with the project.
        "default_branch": format!("{}/branches/production", change.name),
        // [REC] §3.1.
        "enable_pg_native_login": false,
        "owner": world.caller,
        permissions::GRANTS: permissions::of_creator(&world.caller),
        // [FAKE] §3.1, citing the real default.
        "branch_logical_size_limit_bytes": 8_796_093_022_208_i64,
        // [REC] §3.1.
        "synthetic_storage_size_bytes": 0,
    });
    let Json::Object(status) = status else { return Ok(Map::new()) };
    Ok(status)
}

fn update(world: &World, change: &Change<'_>, settings: &mut Map) -> Result<()> {
    let wanted = change.patch.get("default_branch");
    if let Some(branch) = wanted.and_then(Json::as_str)
        && wanted != settings.get("default_branch")
    {
        let inside = name::matches("projects/*/branches/*", branch)
            && name::parent(branch) == Some(change.name);
        match world.store.live(branch).filter(|_| inside) {
            None => return Err(ApiError::not_found("branch id not found")),
            // [KIT] §6.5: a default branch does not expire.
            Some(object) if object.settings.contains_key("expire_time") => {
                return Err(ApiError::bad_request(format!(
                    "Branch '{branch}' expires and cannot be the default branch."
                )));
            }
            Some(_) => {}
        }
    }
    merge(SPEC, settings, change.patch);
    let Some(Json::Object(defaults)) = settings.get_mut("default_endpoint_settings") else {
        return Ok(());
    };
    // "Never" is the absence of a timeout.
    defaults.remove("no_suspension");
    compute::check_limits(&world.options, defaults, "spec.default_endpoint_settings")
}

/// [DOC] §6.5: not while a branch is protected. [REC] §6.4: what users created goes at once; what
/// came with the project is kept for an undelete.
fn delete(world: &World, change: &Change<'_>) -> Result<Vec<StoreEffect>> {
    let inside = || world.store.inside(change.name);
    let is_protected = |name: &String, object: &Object| {
        object.flag("is_protected") && world.store.live(name).is_some()
    };
    if let Some((branch, _)) = inside().find(|(name, object)| is_protected(name, object)) {
        // [INF] the text.
        return Err(ApiError::bad_request(format!(
            "Cannot delete project '{}': branch '{branch}' is protected.",
            change.name
        )));
    }
    let created = inside().filter(|(_, object)| !object.implied);
    Ok(created.map(|(name, _)| StoreEffect::Remove(name.clone())).collect())
}

/// Another default branch than the one that came with the project has not survived.
fn restore(world: &World, change: &Change<'_>, settings: &mut Map) -> Result<()> {
    let mut inside = world.store.inside(change.name);
    let root = inside.find(|(name, _)| name::parent(name) == Some(change.name));
    if let Some((root, _)) = root {
        settings.insert("default_branch".to_owned(), json!(root));
    }
    Ok(())
}

fn show(world: &World, _: &str, _: &Object, status: &mut Map) {
    status.remove(permissions::GRANTS);
    if let Some(Json::Object(defaults)) = status.get_mut("default_endpoint_settings") {
        compute::show_suspension(&world.options, defaults);
    }
}
