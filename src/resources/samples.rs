//! The tables against recorded answers of the service: a path with a typing error reads as null
//! forever and fails no other test.
//!
//! The samples lie in `crates/lakebase-api/samples/`, where a README says how they were recorded.
//! What a sample lacks and what a table leaves out is listed here, each with its reason, and
//! nothing is listed that need not be.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};
use tfplugin::Object;

use super::ALL;
use crate::model::field::{AnyField, Kind, Place};
use crate::model::table::Table;

/// A recorded answer, and in what it differs from the table.
struct Sample {
    type_name: &'static str,
    answer: &'static str,
    /// Paths of the table that only the service's documentation knows, and why.
    documented: &'static [(&'static str, &'static str)],
    /// Paths of the answer that the table leaves out, and why.
    ignored: &'static [(&'static str, &'static str)],
}

impl Sample {
    /// An answer that has exactly the paths of the table.
    const fn exact(type_name: &'static str, answer: &'static str) -> Self {
        Self { type_name, answer, documented: &[], ignored: &[] }
    }
}

/// A recorded answer, by the name of its file.
macro_rules! answer {
    ($noun:literal) => {
        include_str!(concat!("../../crates/lakebase-api/samples/", $noun, ".json"))
    };
}

const FILTERED: &str = "the recording leaves times out";
const FILTERED_STATE: &str = "the recording shows the state in Unity Catalog only";
/// What every recording leaves out.
const TIMES: [&str; 2] = ["create_time", "update_time"];
const UNTOLD: &str = "nothing was chosen that would show it";
const NOT_SHOWN: &str = "written only: the status shows the timeout, or none";

const SAMPLES: &[Sample] = &[
    Sample {
        type_name: "lakebase_project",
        answer: answer!("project"),
        documented: &[
            ("status.compute_last_active_time", FILTERED),
            ("status.budget_policy_id", UNTOLD),
            ("status.custom_tags", UNTOLD),
            ("status.default_endpoint_settings.no_suspension", NOT_SHOWN),
            ("status.default_endpoint_settings.pg_settings", UNTOLD),
        ],
        ignored: &[],
    },
    Sample {
        type_name: "lakebase_branch",
        answer: answer!("branch"),
        documented: &[
            ("status.expire_time", "this branch never expires"),
            ("status.expires_at", "the hook's own name for `expire_time`"),
            ("status.logical_size_bytes", UNTOLD),
            ("status.no_expiry", "written only: the status shows a time, or none"),
            ("status.source_snapshot", "this branch is a copy of a branch"),
            ("status.ttl", "written only: the status shows the time"),
        ],
        ignored: &[(
            "status.state_change_time",
            "of `current_state`, which changes without a client",
        )],
    },
    Sample {
        type_name: "lakebase_endpoint",
        answer: answer!("endpoint"),
        documented: &[
            ("status.hosts.read_only_pooled_host", "newer than the recording"),
            ("status.hosts.read_write_pooled_host", "newer than the recording"),
            ("status.last_active_time", FILTERED),
            ("status.no_suspension", NOT_SHOWN),
            ("status.settings.pg_settings", UNTOLD),
        ],
        ignored: &[("status.settings", "empty, so that it does not show its one member")],
    },
    Sample {
        type_name: "lakebase_role",
        answer: answer!("role"),
        documented: &[("status.membership_roles", "this role is a member of none")],
        ignored: &[],
    },
    Sample::exact("lakebase_database", answer!("database")),
    Sample::exact("lakebase_data_api", answer!("data-api")),
    Sample::exact("lakebase_cdf_config", answer!("cdf-config")),
    Sample {
        type_name: "lakebase_snapshot",
        answer: answer!("snapshot"),
        documented: &[
            ("status.expires_at", "the model's own name for `expire_time`"),
            ("status.no_expiry", "this snapshot expires"),
            ("status.source_branch_lsn", "written only"),
            ("status.source_branch_time", "written only"),
            ("status.ttl", "written only: the status shows the time"),
        ],
        ignored: &[],
    },
    Sample::exact("lakebase_snapshot_schedule", answer!("snapshot-schedule")),
    Sample {
        type_name: "lakebase_catalog",
        answer: answer!("catalog"),
        documented: &[("uid", "the recording leaves it out")],
        ignored: &[],
    },
    Sample {
        type_name: "lakebase_synced_table",
        answer: answer!("synced_table"),
        documented: &[
            ("status.detailed_state", FILTERED_STATE),
            ("status.last_processed_commit_version", FILTERED_STATE),
            ("status.last_sync.delta_table_sync_info.delta_commit_time", FILTERED_STATE),
            ("status.last_sync.delta_table_sync_info.delta_commit_version", FILTERED_STATE),
            ("status.last_sync.sync_end_time", FILTERED_STATE),
            ("status.last_sync.sync_start_time", FILTERED_STATE),
            ("status.last_sync_time", FILTERED_STATE),
            ("status.message", FILTERED_STATE),
            ("status.ongoing_sync_progress.estimated_completion_time_seconds", FILTERED_STATE),
            ("status.ongoing_sync_progress.latest_version_currently_processing", FILTERED_STATE),
            ("status.ongoing_sync_progress.sync_progress_completion", FILTERED_STATE),
            ("status.ongoing_sync_progress.synced_row_count", FILTERED_STATE),
            ("status.ongoing_sync_progress.total_row_count", FILTERED_STATE),
            ("status.pipeline_id", FILTERED_STATE),
            ("status.project", FILTERED_STATE),
            ("status.provisioning_phase", FILTERED_STATE),
            ("uid", FILTERED_STATE),
        ],
        ignored: &[],
    },
];

#[test]
fn tables_and_recorded_answers_have_the_same_paths() {
    // A setting is read from what its object answers.
    for table in
        ALL.iter().map(|resource| resource.table()).filter(|table| table.address.is_object())
    {
        let name = table.type_name;
        let sample = SAMPLES.iter().find(|it| it.type_name == name);
        let Sample { answer, documented, ignored, .. } =
            sample.unwrap_or_else(|| panic!("{name} has no sample"));
        let answer: Map<_, _> = serde_json::from_str(answer).expect("a sample is a JSON object");
        let resource =
            ALL.iter().find(|resource| resource.table().type_name == name).expect("it is in ALL");
        assert_eq!(
            resource.unsettled(&Json::Object(answer.clone()), &Object::new()),
            None,
            "{name} has settled"
        );
        let mut in_answer = BTreeSet::new();
        leaves(&answer, "", &mut in_answer);
        let mut in_table = paths(table);
        in_table.retain(|path| !TIMES.contains(&path.as_str()));
        // What the name says already, which its parts repeat.
        let id = table.id().map_or("", |field| field.name);
        for repeated in ["parent".to_owned(), id.to_owned(), format!("status.{id}")] {
            in_answer.remove(&repeated);
        }
        let listed = |list: &[(&str, &str)]| -> BTreeSet<String> {
            list.iter().map(|(path, _)| (*path).to_owned()).collect()
        };
        assert_eq!(&in_table - &in_answer, listed(documented), "{name} reads what is not there");
        assert_eq!(&in_answer - &in_table, listed(ignored), "{name} does not read all");
    }
}

/// Where a table looks for values in an answer.
fn paths(table: &Table) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    let reported = |field: &&AnyField| !field.is_never_reported;
    for field in table.fields.iter().chain(table.readings).filter(reported) {
        match field.place {
            Place::Spec(path) | Place::Status(path) => {
                add(field, &format!("status.{path}"), &mut paths);
            }
            Place::Root(path) | Place::Body(path) => add(field, path, &mut paths),
            _ => {}
        }
    }
    paths
}

fn add(field: &AnyField, path: &str, paths: &mut BTreeSet<String>) {
    let Kind::Object(members) = field.kind else {
        paths.insert(path.to_owned());
        return;
    };
    for member in members {
        if let Place::Member(inner) = member.place {
            add(member, &format!("{path}.{inner}"), paths);
        }
    }
}

/// The paths of an answer's values; an empty object is one.
fn leaves(object: &Map<String, Json>, prefix: &str, paths: &mut BTreeSet<String>) {
    for (name, value) in object {
        let path = format!("{prefix}{name}");
        match value.as_object() {
            Some(inner) if !inner.is_empty() => leaves(inner, &format!("{path}."), paths),
            _ => {
                paths.insert(path);
            }
        }
    }
}
