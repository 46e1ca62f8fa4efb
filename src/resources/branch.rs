//! `lakebase_branch`: a copy-on-write copy of a project's data.
//!
//! Every project comes with a root branch, `production`, that the service makes and unmakes
//! itself; `replace_existing` takes it over.

use serde_json::Value as Json;
use tfplugin::{Diagnostic, Diagnostics, Object, Value};

use super::{
    BRANCH, CREATE_TIME, DATABASE, ENDPOINT, NAME, PROJECT, PURGE_ON_DELETE, REPLACE_EXISTING,
    SNAPSHOT, TIMEOUTS, UID, UPDATE_TIME, deletion_protection,
};
use crate::model::address::holds;
use crate::model::expiry;
use crate::model::field::{Bool, Duration, Field, Int, Text, TextMap, Timestamp as Time};
use crate::model::life::{HasCompute, Life};
use crate::model::table::{Change, Resource, Settings, Table, Timeouts};
use crate::model::tf::Tf;

const BRANCH_ID: Field<Text> = Field::id("branch_id")
    .doc("ID of the branch: the last component of its resource name, for example `production`.");

const PROJECT_NAME: Field<Text> =
    Field::parent("project", PROJECT).doc("Resource name of the project that contains the branch.");

const SOURCE_BRANCH: Field<Text> = Field::spec("source_branch")
    .doc("Resource name of the source branch.")
    .note("Must be in the same project. Default: the project's default branch.")
    .named(BRANCH)
    .replaces()
    .create_only();

const SOURCE_BRANCH_TIME: Field<Time> = Field::spec("source_branch_time")
    .doc("Point in time of the source branch to branch from, in RFC 3339 format.")
    .note("Must be within the project's `history_retention_duration`. Default: the current time. An import stores the time and not the LSN.")
    .replaces()
    .create_only();

const SOURCE_BRANCH_LSN: Field<Text> = Field::spec("source_branch_lsn")
    .doc(
        "Log sequence number (LSN) of the source branch to branch from, for example `16/B374D848`.",
    )
    .lsn()
    .conflicts_with(&["source_branch_time"])
    .replaces()
    .create_only();

const SOURCE_SNAPSHOT: Field<Text> = Field::spec("source_snapshot")
    .doc("Resource name of the snapshot to restore into the branch, as an alternative to `source_branch`.")
    .note("The branch gets the data, roles and databases of the snapshot, which must be complete and in the same project. The branch remains if the snapshot is deleted.")
    .named(SNAPSHOT)
    .conflicts_with(&["source_branch", "source_branch_time", "source_branch_lsn"])
    .replaces()
    .create_only();

const TTL: Field<Duration> = expiry::TTL
    .note("A protected branch cannot expire. Lakebase deletes an expired branch. If the branch is still configured then, the next apply creates it again, as a new copy.")
    .lasting("1s", "30d");

const EXPIRE_TIME: Field<Time> = expiry::EXPIRE_TIME
    .note("Databricks documents a maximum of 30 days ahead. A protected branch cannot expire.");

const NO_EXPIRY: Field<Bool> = expiry::NO_EXPIRY
    .note("New branches do not expire by default. `false` does not make a branch expire: set `ttl` or `expire_time` instead.");

const IS_PROTECTED: Field<Bool> = Field::spec("is_protected")
    .doc("Whether the branch is protected in Lakebase. No client can delete a protected branch, its endpoints or its project.")
    .note("A protected branch cannot expire.");

const KEEPERS: Field<TextMap> = Field::local("keepers")
    .doc("Arbitrary map of values. If a value changes, the branch is replaced by a new copy of its source, and all data written to the branch is lost. A replacement under the same `branch_id` requires `purge_on_delete = true`.")
    .replaces();

const DEFAULT: Field<Bool> =
    Field::status("default").doc("Whether the branch is the project's default branch.");

const CURRENT_STATE: Field<Text> = Field::status("current_state")
    .doc("Current state of the branch, for example `READY` or `ARCHIVED`.");

const LOGICAL_SIZE: Field<Int> =
    Field::status("logical_size_bytes").doc("Logical size of the branch's data, in bytes.");

/// The resource.
pub struct Branch;

static TABLE: Table = Table {
    type_name: "lakebase_branch",
    noun: "branch",
    address: *BRANCH,
    life: Life::OBJECT,
    compute: HasCompute::ComesWith,
    holds: &[DATABASE, ENDPOINT],
    upgrades: &[],
    counterpart: "databricks_postgres_branch",
    doc: "Manages a Lakebase branch: a copy-on-write copy of another branch, with its own databases, roles and endpoints. Lakebase creates a read-write endpoint, `primary`, with each branch.",
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
        deletion_protection(false).any(),
        TIMEOUTS.any(),
        NAME.any(),
        UID.any(),
        DEFAULT.any(),
        expiry::EXPIRES_AT.any(),
        CREATE_TIME.any(),
    ],
    readings: &[CURRENT_STATE.any(), LOGICAL_SIZE.any(), UPDATE_TIME.any()],
}
.checked();

impl Resource for Branch {
    fn table(&self) -> &'static Table {
        &TABLE
    }

    fn is_created_with_parent(&self, planned: &Object) -> bool {
        BRANCH_ID.of(planned) == Tf::Known("production".to_owned())
    }

    /// The root branch is a copy of nothing.
    fn is_deleted_only_with_parent(&self, state: &Object) -> bool {
        SOURCE_BRANCH.of(state) == Tf::Null && SOURCE_SNAPSHOT.of(state) == Tf::Null
    }

    fn validate(&self, config: &Object, _settings: &Settings, sink: &mut Diagnostics) {
        check_source(config, sink);
        check_protection(config, sink);
    }

    fn plan(&self, change: &mut Change<'_>, sink: &mut Diagnostics) {
        let Change { prior, planned, .. } = change;
        let is_changed = |name: &str| prior.is_none_or(|it| it.get(name) != planned.get(name));
        if [IS_PROTECTED.name(), TTL.name(), EXPIRE_TIME.name()].into_iter().any(is_changed) {
            check_protection(planned, sink);
        }
    }

    fn reported(&self, reported: &mut Json, prior: &Object) {
        report_one_point_in_time(reported, prior);
    }
}

/// The source is in the project of the branch (API reference, 14: the service's own message).
fn check_source(config: &Object, sink: &mut Diagnostics) {
    let Tf::Known(project) = PROJECT_NAME.of(config) else { return };
    for (field, address) in [(SOURCE_BRANCH, BRANCH), (SOURCE_SNAPSHOT, SNAPSHOT)] {
        let Tf::Known(source) = field.of(config) else { continue };
        let workspace_mismatch = address.matches(&source) && !holds(&project, &source);
        if PROJECT.matches(&project) && workspace_mismatch {
            let detail = format!(
                "`{source}` is in another project. The source of a branch of `{project}` must be in \
                 the same project."
            );
            let summary = format!("Invalid {field}");
            sink.push(Diagnostic::error(summary, detail).at(field.name()));
        }
    }
}

/// A protected branch does not expire (API reference, 6.5).
fn check_protection(object: &Object, sink: &mut Diagnostics) {
    if IS_PROTECTED.of(object) != Tf::Known(true) {
        return;
    }
    let known = |name: &str| object.get(name).is_some_and(Value::is_known);
    let Some(arm) = [TTL.name(), EXPIRE_TIME.name()].into_iter().find(|it| known(it)) else {
        return;
    };
    let detail = format!(
        "`is_protected` is `true`, but `{arm}` makes the branch expire. Set `no_expiry = true` instead \
         of `{arm}`, or set `is_protected = false`."
    );
    sink.push(Diagnostic::error("Protected branch cannot expire", detail).at(arm));
}

/// Lakebase reports the source of a branch both as an LSN and as a time, but a create accepts one of
/// them only. An import stores the time, so that a generated configuration is valid: people can
/// compare a time with the history that the project keeps, which an LSN does not show. An input
/// that a state lacks stays absent for as long as the state has the other one.
pub(super) fn report_one_point_in_time(reported: &mut Json, prior: &Object) {
    let is_state = prior.get(NAME.name()).is_some_and(Value::is_known);
    let Some(status) = reported["status"].as_object_mut().filter(|_| is_state) else { return };
    let (lsn, time) = (SOURCE_BRANCH_LSN.name(), SOURCE_BRANCH_TIME.name());
    let lacks = |name: &str| prior.get(name).is_none_or(Value::is_null);
    if lacks(lsn) && (status.contains_key(time) || !lacks(time)) {
        status.remove(lsn);
    } else if lacks(time) && !lacks(lsn) {
        status.remove(time);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::decode;

    const NAMED: &str = "projects/p/branches/b";

    fn read(status: &Json, known: &[(&str, &str)]) -> Object {
        let known = known.iter().map(|(name, it)| ((*name).to_owned(), Value::from(*it)));
        let report = json!({
            "name": NAMED, "create_time": "2026-01-01T00:00:00Z", "status": status,
        });
        decode::state(&Branch, &report, &known.collect(), &Settings::default())
    }

    #[test]
    fn an_import_stores_one_point_in_time_and_a_data_source_shows_both() {
        let (lsn, time) = ("0/1A", "2026-01-01T00:00:00Z");
        let status = json!({"source_branch_lsn": lsn, "source_branch_time": time});
        let points = |known: &[(&str, &str)]| {
            let state = read(&status, known);
            (SOURCE_BRANCH_LSN.of(&state).known(), SOURCE_BRANCH_TIME.of(&state).known())
        };
        let (lsn_, time_) = (Some(lsn.to_owned()), Some(time.to_owned()));
        assert_eq!(points(&[("name", NAMED)]), (None, time_.clone()));
        assert_eq!(points(&[("name", NAMED), ("source_branch_time", time)]), (None, time_.clone()));
        assert_eq!(points(&[("name", NAMED), ("source_branch_lsn", lsn)]), (lsn_.clone(), None));
        let both = [("name", NAMED), ("source_branch_lsn", lsn), ("source_branch_time", time)];
        assert_eq!(points(&both), (lsn_.clone(), time_.clone()));
        assert_eq!(points(&[]), (lsn_, time_));
    }

    #[test]
    fn a_source_is_one_and_in_the_same_project() {
        let branch = ("source_branch", "projects/p/branches/production");
        let snapshot = ("source_snapshot", "projects/p/snapshots/s");
        let (lsn, time) =
            (("source_branch_lsn", "0/1A"), ("source_branch_time", "2026-01-01T00:00:00Z"));
        for (settings, refused) in [
            (vec![branch, lsn], None),
            (vec![branch, time], None),
            (vec![snapshot], None),
            (vec![lsn, time], Some("source_branch_lsn")),
            (vec![branch, snapshot], Some("source_snapshot")),
            (vec![snapshot, lsn], Some("source_snapshot")),
            (vec![snapshot, time], Some("source_snapshot")),
            (vec![("source_branch", "projects/q/branches/production")], Some("source_branch")),
            (vec![("source_snapshot", "projects/pp/snapshots/s")], Some("source_snapshot")),
            (vec![("source_branch_lsn", "0x1A2B")], Some("source_branch_lsn")),
        ] {
            let settings =
                settings.into_iter().chain([("branch_id", "b"), ("project", "projects/p")]);
            let config: Object = settings.map(|(name, it)| (name.to_owned(), it.into())).collect();
            let mut sink = Diagnostics::new();
            crate::model::validate::validate(TABLE.fields, &config, &mut sink);
            Branch.validate(&config, &Settings::default(), &mut sink);
            let paths: Vec<_> = sink.iter().map(|diagnostic| diagnostic.path.to_string()).collect();
            assert_eq!(paths, refused.into_iter().collect::<Vec<_>>(), "{config:?}");
        }
    }
}
