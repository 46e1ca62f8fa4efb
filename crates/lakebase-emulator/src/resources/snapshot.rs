//! Snapshots: immutable copies of a branch's data, which outlive the branch (reference §3.11).

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use crate::error::{ApiError, Result};
use crate::model::store::Phase;
use crate::model::world::{World, random_by};
use crate::model::{
    Change, Children, Deletion, Hooks, Id, Kind, LABEL, Layout, Method, Moments, Quota, Uid,
};
use crate::options::Options;
use crate::resources::contents::CONTENTS;
use crate::resources::{branch, database, role};
use crate::schema::{Field, Map, Value, merge};
use crate::wire::parse_timestamp;

pub(crate) static SNAPSHOT: Kind = Kind {
    noun: "snapshot",
    message: "Snapshot",
    pattern: "projects/*/snapshots/*",
    // [INF] The form; [DOC] §3.11: the status has no ID.
    id: Id::Parameter { name: "snapshot_id", form: &LABEL, in_status: false },
    body: &[Field::new("spec", Value::Message(SPEC))],
    layout: Layout::SpecAndStatus,
    // [DOC] §2.2: there is no update.
    methods: &[Method::Create, Method::Get, Method::List, Method::Delete],
    uid: Uid::Random,
    adoptable: false,
    demands_body: false,
    optional_masks: &[],
    wildcard_by_parts: false,
    deletion: Deletion::Permanent,
    delete_parameters: &[],
    takes_turns: false,
    reconciles: false,
    // [KIT] §7.3.
    quotas: &[Quota {
        segments: 2,
        limit: |quotas| quotas.snapshots,
        weight: |_| 1,
        what: "snapshots per project",
    }],
    hooks: Hooks {
        create,
        update,
        timeline,
        expires: |snapshot| snapshot.text("expire_time").and_then(parse_timestamp),
        show: |_, _, _, status| {
            status.remove(CONTENTS);
        },
        hidden: &["update_time"],
        ..Hooks::NONE
    },
};

const SPEC: &[Field] = &[
    Field::new("source_branch", Value::Text { min: 1, max: 256 }).immutable().required_on_create(),
    Field::new("source_branch_lsn", Value::Text { min: 3, max: 17 }).immutable(),
    Field::new("source_branch_time", Value::Timestamp).immutable(),
    Field::new("ttl", Value::Duration { min: 1, max: SignedDuration::MAX.as_secs() })
        .arm("expiration"),
    Field::new("expire_time", Value::Timestamp).arm("expiration"),
    Field::new("no_expiry", Value::True).arm("expiration"),
];

fn create(world: &World, change: &Change<'_>) -> Result<Map> {
    let source = change.text("source_branch").unwrap_or_default();
    let origin = branch::source(world, change, source)?;
    // [DOC] docs.databricks.com/aws/en/oltp/projects/snapshots; [INF] the text.
    if origin.text("source_branch").is_some() && !world.options.behaviors.snapshot_child_branches {
        return Err(ApiError::bad_request(format!(
            "Cannot take a snapshot of branch '{source}': it is not a root branch."
        )));
    }
    branch::check_point_in_time(world, change)?;
    let all = |copies: Children| -> Json {
        copies
            .into_iter()
            .map(|(id, settings)| (id, Json::Object(settings)))
            .collect::<Map>()
            .into()
    };
    let time = change.text("source_branch_time").and_then(parse_timestamp);
    let mut status = Map::new();
    status.insert("source_branch".to_owned(), json!(source));
    let roles = all(role::copies(world, source));
    let databases = all(database::copies(world, source, "", time));
    status.insert(CONTENTS.to_owned(), json!({"roles": roles, "databases": databases}));
    Ok(status)
}

fn update(world: &World, change: &Change<'_>, status: &mut Map) -> Result<()> {
    // Of a create alone, and the point in time is not shown ([DOC] §3.11).
    let mut expiry = change.settings.clone();
    expiry.retain(|name, _| !name.starts_with("source_branch"));
    let expires = branch::resolve_expiration(world, change, &mut expiry);
    if expires.is_some_and(|time| time <= change.now) {
        // [INF]
        return Err(ApiError::invalid("Field 'spec.expire_time' must lie in the future."));
    }
    if expires.is_none() {
        // [DOC] It is kept where nothing is set, and shows so.
        expiry.insert("no_expiry".to_owned(), json!(true));
    }
    merge(SPEC, status, &expiry);
    Ok(())
}

/// [INF] The sizes are known once the snapshot is taken.
fn timeline(_: &Options, moments: &Moments, status: &Map, _: bool) -> Vec<Phase> {
    let mut random = random_by(&status["source_branch"].to_string());
    let full = u64::from(random.u32(30_000_000..90_000_000));
    let sizes = json!({"full_size_bytes": full, "diff_size_bytes": full / 8});
    let shows = sizes.as_object().cloned().unwrap_or_default();
    vec![Phase { from: moments.ends, until: Timestamp::MAX, shows }]
}
