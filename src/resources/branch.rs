//! `lakebase_branch`: a copy-on-write copy of a project's data.
//!
//! Every project comes with a root branch, `production`, that the service makes and unmakes
//! itself; `replace_existing` takes it over.

use serde_json::Value as Json;
use tfplugin::{Diagnostics, Object, Value};

use super::{
    BRANCH, CREATE_TIME, DELETION_PROTECTION, NAME, PROJECT, PURGE_ON_DELETE, REPLACE_EXISTING,
    TIMEOUTS, UID, UPDATE_TIME,
};
use crate::model::field::{Bool, Duration, Field, Int, Text, TextMap, Timestamp};
use crate::model::meaning;
use crate::model::table::{Change, Resource, Table, Timeouts};
use crate::model::tf::Tf;

const BRANCH_ID: Field<Text> =
    Field::id("branch_id").doc("The last part of the branch's name, e.g. `production`.");

const PROJECT_NAME: Field<Text> =
    Field::parent("project", PROJECT).doc("The project that holds the branch.");

const SOURCE_BRANCH: Field<Text> = Field::spec("source_branch")
    .doc("The branch that it is a copy of; by default the project's default branch.")
    .named(BRANCH)
    .replaces()
    .create_only();

const SOURCE_BRANCH_TIME: Field<Timestamp> = Field::spec("source_branch_time")
    .doc("The point in time as of which it is a copy, in RFC 3339; by default now.")
    .replaces()
    .create_only();

const SOURCE_BRANCH_LSN: Field<Text> = Field::spec("source_branch_lsn")
    .doc("The log sequence number as of which it is a copy, e.g. `0/1A2B3C4`.")
    .replaces()
    .create_only();

const SOURCE_SNAPSHOT: Field<Text> = Field::spec("source_snapshot")
    .doc("The snapshot that it is restored from, instead of a branch.")
    .named("projects/{project_id}/snapshots/{snapshot_id}")
    .replaces()
    .create_only();

const TTL: Field<Duration> = Field::spec("ttl")
    .doc("How long after its creation the branch expires, e.g. `7d`.")
    .lasting("1s", "30d")
    .choice("expiration");

const EXPIRE_TIME: Field<Timestamp> =
    Field::spec("expire_time").doc("When the branch expires, in RFC 3339.").choice("expiration");

const NO_EXPIRY: Field<Bool> = Field::spec("no_expiry")
    .doc("Whether the branch never expires. So it is with a new branch that is not told otherwise; `false` tells nothing.")
    .choice("expiration")
    .unless_chosen();

const IS_PROTECTED: Field<Bool> = Field::spec("is_protected")
    .doc("Whether the service refuses to delete the branch, its endpoints and its project.");

const KEEPERS: Field<TextMap> = Field::local("keepers")
    .doc("Any values of your own. When one changes, the branch is replaced by a new copy of its source. Under the same `branch_id`, that takes `purge_on_delete = true`.")
    .replaces();

const DELETION_PROTECTED: Field<Bool> = Field::local(DELETION_PROTECTION)
    .doc("Whether Terraform refuses to plan the branch's destruction or replacement. To destroy it, apply `false` first.")
    .default(false);

const DEFAULT: Field<Bool> =
    Field::status("default").doc("Whether it is the project's default branch.");

const EXPIRES_AT: Field<Timestamp> = Field::status("expires_at")
    .doc("When the branch expires; null if never.")
    .changes_with(&["ttl", "expire_time", "no_expiry"]);

const CURRENT_STATE: Field<Text> =
    Field::status("current_state").doc("What the branch is, e.g. `READY` or `ARCHIVED`.");

const LOGICAL_SIZE: Field<Int> =
    Field::status("logical_size_bytes").doc("The size of the data, in bytes.");

/// The resource.
pub struct Branch;

static TABLE: Table = Table {
    type_name: "lakebase_branch",
    form: BRANCH,
    version: 0,
    counterpart: "databricks_postgres_branch",
    doc: "A branch of a project: a copy-on-write copy of another branch's data, with roles and databases, and with compute of its own. A branch comes with a read-write endpoint, `primary`.",
    timeouts: Timeouts { create: "20m", read: "5m", update: "20m", delete: "20m" },
    fields: &[
        BRANCH_ID.any(),
        PROJECT_NAME.any(),
        SOURCE_BRANCH.any(),
        SOURCE_BRANCH_TIME.any(),
        SOURCE_BRANCH_LSN.any(),
        SOURCE_SNAPSHOT.any(),
        TTL.any(),
        EXPIRE_TIME.any(),
        NO_EXPIRY.any(),
        IS_PROTECTED.any(),
        REPLACE_EXISTING.any(),
        PURGE_ON_DELETE.any(),
        KEEPERS.any(),
        DELETION_PROTECTED.any(),
        TIMEOUTS.any(),
        NAME.any(),
        UID.any(),
        DEFAULT.any(),
        EXPIRES_AT.any(),
        CREATE_TIME.any(),
    ],
    readings: &[CURRENT_STATE.any(), LOGICAL_SIZE.any(), UPDATE_TIME.any()],
}
.checked();

impl Resource for Branch {
    fn table(&self) -> &'static Table {
        &TABLE
    }

    fn is_born_with_its_parent(&self, planned: &Object) -> bool {
        BRANCH_ID.of(planned) == Tf::Known("production".to_owned())
    }

    /// The root branch is a copy of nothing.
    fn goes_with_its_parent(&self, state: &Object) -> bool {
        SOURCE_BRANCH.of(state) == Tf::Null && SOURCE_SNAPSHOT.of(state) == Tf::Null
    }

    fn plan(&self, change: &mut Change<'_>, _sink: &mut Diagnostics) {
        if NO_EXPIRY.of(&change.planned) == Tf::Known(true) {
            EXPIRES_AT.put(&mut change.planned, Tf::Null);
        }
    }

    /// The service reports when a branch expires, not how it was told to: a branch told so by a
    /// `ttl` reads as one, and so does an imported one whose life is a whole number of minutes.
    fn reported(&self, reported: &mut Json, prior: &Object) {
        let expires = reported["status"]["expire_time"].take();
        let Some(status) = reported["status"].as_object_mut() else { return };
        status.remove("expire_time");
        let Some(expires) = expires.as_str().map(str::to_owned) else { return };
        status.insert("expires_at".to_owned(), expires.clone().into());
        let created = reported["create_time"].as_str().unwrap_or_default();
        let ttl = match (meaning::timestamp(&expires), meaning::timestamp(created)) {
            (Ok(expires), Ok(created)) => Some(expires.duration_since(created)),
            _ => None,
        };
        let told_a_time = matches!(prior.get(EXPIRE_TIME.name()), Some(Value::String(_)));
        let told_a_ttl = matches!(prior.get(TTL.name()), Some(Value::String(_)));
        let in_minutes =
            |it: &jiff::SignedDuration| it.as_secs() % 60 == 0 && it.subsec_nanos() == 0;
        let ttl = ttl.filter(|it| told_a_ttl || !told_a_time && in_minutes(it));
        reported["status"][if ttl.is_some() { "ttl" } else { "expire_time" }] =
            ttl.map_or(expires, meaning::duration_json).into();
    }
}
