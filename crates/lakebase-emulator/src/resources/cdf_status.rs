//! The replication status of each table of a CDF config (reference §3.10). It comes with the config.

use jiff::SignedDuration;
use serde_json::{Value as Json, json};

use crate::clock::later;
use crate::error::Result;
use crate::model::store::Phase;
use crate::model::world::World;
use crate::model::{
    Arrival, Children, Deletion, Form, Hooks, Id, Kind, Layout, Method, Moments, Uid,
};
use crate::options::Options;
use crate::resources::cdf_config;
use crate::schema::Map;
use crate::wire::format_timestamp;

pub(crate) static CDF_STATUS: Kind = Kind {
    noun: "CDF status",
    message: "CdfStatus",
    pattern: "projects/*/branches/*/databases/*/cdf-configs/*/cdf-statuses/*",
    id: Id::Parameter { name: "cdf_status_id", form: &TABLE, in_status: false },
    body: &[],
    layout: Layout::Flat,
    // [DOC] §2.1: they are only read.
    methods: &[Method::Get, Method::List],
    uid: Uid::None,
    adoptable: false,
    demands_body: false,
    optional_masks: &[],
    wildcard_by_parts: false,
    deletion: Deletion::Permanent,
    delete_parameters: &[],
    takes_turns: false,
    reconciles: false,
    quotas: &[],
    hooks: Hooks { implied, timeline, ..Hooks::NONE },
};

/// No client gives an ID.
static TABLE: Form = Form { pattern: "", accepts: |_| false };

/// [CODE] "typically takes 1–3 minutes", in a public notebook of 2026.
const SNAPSHOT: SignedDuration = SignedDuration::from_mins(1);

fn implied(world: &World, arrival: &Arrival<'_>) -> Result<Children> {
    let config = &arrival.object.settings;
    let text = |name: &str| config.get(name).and_then(Json::as_str).unwrap_or_default();
    let status = |table: String| {
        // [CODE] the name of the Delta table, in public documentation of 2026.
        let delta = format!("{}.{}.lb_{table}_history", text("catalog"), text("schema"));
        let settings = [("postgres_table", &table), ("uc_table", &delta)];
        let settings = settings.map(|(name, value)| (name.to_owned(), json!(value)));
        (table, Map::from_iter(settings))
    };
    let tables = cdf_config::tables(world, arrival.name, config);
    Ok(tables.into_iter().map(status).collect())
}

/// [DOC] §3.10 the states, [INF] that nothing is committed before the snapshot is.
fn timeline(_: &Options, moments: &Moments, _: &Map, _: bool) -> Vec<Phase> {
    let streams = later(moments.ends, SNAPSHOT);
    vec![
        Phase::until(streams, "state", "CDF_STATE_SNAPSHOTTING"),
        Phase::from(streams, "state", "CDF_STATE_STREAMING"),
        Phase::from(streams, "committed_lsn", "0/1A2B3C4D"),
        Phase::from(streams, "last_sync_time", &format_timestamp(streams)),
    ]
}
