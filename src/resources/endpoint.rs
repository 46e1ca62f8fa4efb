//! `lakebase_endpoint`: the compute that serves a branch.
//!
//! Every branch comes with a read-write endpoint, `primary`, that the service makes and unmakes
//! itself; `replace_existing` takes it over.

use serde_json::Value as Json;
use tfplugin::{Diagnostic, Diagnostics, Object, Path};

use super::{BRANCH, CREATE_TIME, ENDPOINT, NAME, REPLACE_EXISTING, TIMEOUTS, UID, UPDATE_TIME};
use crate::compute::finding::findings;
use crate::compute::range::Range;
use crate::compute::{Compute, LARGEST_CU, SMALLEST_CU, Suspension, capacity};
use crate::model::field::{
    AnyField, Bool, Duration, Field, Float, Int, Nested, Text, TextMap, Timestamp,
};
use crate::model::life::{Delete, HasCompute, Life};
use crate::model::meaning;
use crate::model::table::{Change, Resource, Settings, Table, Timeouts};
use crate::model::tf::Tf;

/// The read-write endpoint that every branch comes with (API reference, 6.1).
const PRIMARY: &str = "primary";

const ENDPOINT_ID: Field<Text> = Field::id("endpoint_id")
    .doc("ID of the endpoint: the last component of its resource name, for example `primary`.");

const BRANCH_NAME: Field<Text> =
    Field::parent("branch", BRANCH).doc("Resource name of the branch that the endpoint serves.");

const ENDPOINT_TYPE: Field<Text> = Field::spec("endpoint_type")
    .doc("Type of the endpoint. Each branch has exactly one read-write endpoint, `primary`, which Lakebase creates with the branch. Additional endpoints are read-only (read replicas).")
    .required()
    .replaces()
    .one_of(&["ENDPOINT_TYPE_READ_WRITE", "ENDPOINT_TYPE_READ_ONLY"]);

const MIN_CU: Field<Float> = Field::spec("autoscaling_limit_min_cu")
    .doc("Minimum size of each compute in the autoscaling range, in compute units (CU). One CU provides about 2 GB of RAM.")
    .size_between(SMALLEST_CU, LARGEST_CU);

const MAX_CU: Field<Float> = Field::spec("autoscaling_limit_max_cu")
    .doc("Maximum size of each compute in the autoscaling range, in CU.")
    .note("Must not exceed `autoscaling_limit_min_cu` by more than 8 CU, unless `max_autoscaling_range_cu` in the provider configuration allows a wider range.")
    .size_between(SMALLEST_CU, LARGEST_CU);

/// How long the endpoint idles before it suspends.
pub const SUSPEND_AFTER: Field<Duration> = Field::spec("suspend_timeout_duration")
    .doc("Duration of inactivity after which the compute is suspended (scale to zero), for example `5m`.")
    .lasting("60s", "7d")
    .choice("suspension");

/// Whether the endpoint never suspends.
pub const NO_SUSPENSION: Field<Bool> = Field::spec("no_suspension")
    .doc("Whether scale to zero is disabled.")
    .note("Set to `true` to keep the compute always on. `false` does not enable scale to zero: set `suspend_timeout_duration` instead.")
    .choice("suspension");

/// Whether the endpoint is suspended and refuses connections.
pub const DISABLED: Field<Bool> =
    Field::spec("disabled").doc("Whether the endpoint is disabled: its compute is suspended and it refuses connections until it is enabled again.");

const GROUP_MIN: Field<Int> =
    Field::member("min").doc("Minimum number of computes, 1 or more.").required();
pub const GROUP_MAX: Field<Int> = Field::member("max")
    .doc("Maximum number of computes.")
    .note("Must equal `min`. To disable high availability, set both to 1.")
    .required();

/// A group of computes, as an object holds it.
pub const GROUP: Field<Nested> = Field::spec("group")
    .doc("High-availability configuration. With two or more computes, Lakebase fails over to a secondary compute if the primary compute fails.")
    .note("Two or more computes require `no_suspension = true`.")
    .members(GROUP_MEMBERS)
    .whole();

/// The members of a group.
pub const GROUP_MEMBERS: &[AnyField] = &[
    GROUP_MIN.any(),
    GROUP_MAX.any(),
    Field::<Bool>::member("enable_readable_secondaries")
        .doc("Whether the secondary computes of a read-write endpoint accept read-only connections, through `read_only_host`.")
        .any(),
];

const PG_SETTINGS: Field<TextMap> = Field::spec("pg_settings")
    .doc("PostgreSQL configuration parameters, for example `{ work_mem = \"8MB\" }`.")
    .note("The map replaces all parameters that were set before.")
    .at("settings.pg_settings");

const HOST: Field<Text> =
    Field::status("host").doc("Host name for read-write connections, or for read-only connections if the endpoint is a read replica.").at("hosts.host");

const READ_ONLY_HOST: Field<Text> = Field::status("read_only_host")
    .doc("Host name for read-only connections. Set for read replicas, and for high-availability endpoints with readable secondaries.")
    .at("hosts.read_only_host")
    .changes_with(&["group"]);

const POOLED_HOST: Field<Text> = Field::status("pooled_host")
    .doc("Host name for connections through the connection pooler.")
    .at("hosts.read_write_pooled_host");

const READ_ONLY_POOLED_HOST: Field<Text> = Field::status("read_only_pooled_host")
    .doc("Host name for read-only connections through the connection pooler. Set if `read_only_host` is set.")
    .at("hosts.read_only_pooled_host")
    .changes_with(&["group"]);

const CAPACITY: Field<Nested> = Field::computed("capacity")
    .doc("Memory and connections that the autoscaling range provides. Known at plan time, so that policies can evaluate it.")
    .members(capacity::MEMBERS);

const CURRENT_STATE: Field<Text> = Field::status("current_state")
    .doc("Current state of the endpoint, for example `ACTIVE` or `IDLE`.");

const LAST_ACTIVE_TIME: Field<Timestamp> =
    Field::status("last_active_time").doc("Time at which the endpoint last served a connection.");

/// The range of an endpoint.
pub const RANGE: Range = Range { min: MIN_CU, max: MAX_CU };

/// The resource.
pub struct Endpoint;

static TABLE: Table = Table {
    type_name: "lakebase_endpoint",
    noun: "endpoint",
    address: *ENDPOINT,
    life: Life { delete: Delete::Plain, ..Life::OBJECT },
    compute: HasCompute::IsCompute,
    holds: &[],
    upgrades: &[],
    counterpart: "databricks_postgres_endpoint",
    doc: "Manages a Lakebase endpoint: the read-write `primary` endpoint of a branch, or a read replica.",
    timeouts: Timeouts { create: "20m", read: "5m", update: "20m", delete: "20m" },
    fields: &[
        ENDPOINT_ID.any(),
        BRANCH_NAME.any(),
        ENDPOINT_TYPE.any(),
        MIN_CU.any(),
        MAX_CU.any(),
        SUSPEND_AFTER.any(),
        NO_SUSPENSION.any(),
        DISABLED.any(),
        GROUP.any(),
        PG_SETTINGS.any(),
        REPLACE_EXISTING.any(),
        TIMEOUTS.any(),
        NAME.any(),
        UID.any(),
        HOST.any(),
        READ_ONLY_HOST.any(),
        POOLED_HOST.any(),
        READ_ONLY_POOLED_HOST.any(),
        CAPACITY.any(),
        CREATE_TIME.any(),
    ],
    readings: &[CURRENT_STATE.any(), LAST_ACTIVE_TIME.any(), UPDATE_TIME.any()],
}
.checked();

impl Resource for Endpoint {
    fn table(&self) -> &'static Table {
        &TABLE
    }

    fn validate(&self, config: &Object, settings: &Settings, sink: &mut Diagnostics) {
        RANGE.validate(config, &Path::default(), settings, sink);
        validate_group(config, &Path::default(), sink);
    }

    fn is_created_with_parent(&self, planned: &Object) -> bool {
        is_read_write(planned) && ENDPOINT_ID.of(planned) == Tf::Known(PRIMARY.to_owned())
    }

    fn is_deleted_only_with_parent(&self, state: &Object) -> bool {
        is_read_write(state)
    }

    /// `done` of an operation does not mean reconciled: `pending_state` is gone when the endpoint is
    /// (API reference, 3.3).
    fn unsettled(&self, reported: &Json, _wanted: &Object) -> Option<String> {
        let status = &reported["status"];
        let pending = status["pending_state"].as_str().filter(|it| !it.is_empty())?;
        let current = status["current_state"].as_str().unwrap_or("an unknown state");
        Some(format!("{current}, on its way to {pending}"))
    }

    fn plan(&self, change: &mut Change<'_>, sink: &mut Diagnostics) {
        let Change { prior, config, planned, settings, .. } = change;
        RANGE.plan(*prior, Some(config), planned, &Path::default(), settings, sink);
        if NO_SUSPENSION.of(config) != Tf::Unknown {
            plan_group(planned, &Path::default(), sink);
        }
        if prior.is_none() {
            refuse_second_writer(planned, sink);
        }
        planned.insert(CAPACITY.name().to_owned(), capacity::of(&RANGE, planned));
        if settings.review_warnings {
            let name = NAME.of(planned).known().or_else(|| ENDPOINT_ID.of(planned).known());
            let name = format!("`{}`", name.unwrap_or_default());
            let found = findings(&name, prior.map(compute).as_ref(), &compute(planned));
            for finding in found.into_iter().filter(|finding| finding.kind.costs()) {
                sink.push(finding.warning());
            }
        }
    }

    fn read(&self, state: &mut Object, _prior: &Object, _settings: &Settings) {
        state.insert(CAPACITY.name().to_owned(), capacity::of(&RANGE, state));
    }
}

/// The compute of an endpoint, or of settings for endpoints, which have the same attributes.
pub fn compute(object: &Object) -> Compute {
    let suspend_after = SUSPEND_AFTER.of(object).known();
    let suspend_after = suspend_after.and_then(|it| meaning::duration(&it).ok());
    Compute {
        min_cu: MIN_CU.of(object).known(),
        max_cu: MAX_CU.of(object).known(),
        suspension: match NO_SUSPENSION.of(object) {
            Tf::Known(true) => Some(Suspension::Never),
            _ => suspend_after.map(Suspension::After),
        },
        disabled: DISABLED.of(object).known(),
        computes: match GROUP.of(object) {
            Tf::Known(group) => GROUP_MAX.of(&group).known(),
            Tf::Unknown => None,
            Tf::Null => Some(1),
        },
    }
}

/// Checks what a configuration says about a group, of an endpoint or of settings for one.
pub fn validate_group(config: &Object, path: &Path, sink: &mut Diagnostics) {
    let suspends = matches!(SUSPEND_AFTER.of(config), Tf::Known(_))
        || NO_SUSPENSION.of(config) == Tf::Known(false);
    check_group(&GROUP.of(config), suspends, path, sink);
}

/// Checks a planned group. What the service decides is a timeout, so that only `true` is a promise.
pub fn plan_group(planned: &Object, path: &Path, sink: &mut Diagnostics) {
    let suspends = !matches!(NO_SUSPENSION.of(planned), Tf::Known(true));
    check_group(&GROUP.of(planned), suspends, path, sink);
}

/// A branch comes with its read-write endpoint, and has no second one. One that exists under another
/// name can be imported or adopted.
fn refuse_second_writer(planned: &Object, sink: &mut Diagnostics) {
    let Tf::Known(id) = ENDPOINT_ID.of(planned) else { return };
    let adopts = REPLACE_EXISTING.of(planned) == Tf::Known(true);
    if id == PRIMARY || adopts || !is_read_write(planned) {
        return;
    }
    let detail = format!(
        "Each branch has exactly one read-write endpoint, `{PRIMARY}`, which Lakebase creates with \
         the branch. To manage it, set `endpoint_id = \"{PRIMARY}\"` and `{} = true`. For a read replica, set \
         `endpoint_type = \"ENDPOINT_TYPE_READ_ONLY\"`. If `{id}` exists already and is the \
         branch's read-write endpoint, import it.",
        REPLACE_EXISTING.name()
    );
    let summary = format!("Read-write endpoint must be `{PRIMARY}`, not `{id}`");
    sink.push(Diagnostic::error(summary, detail).at(ENDPOINT_ID.name()));
}

fn is_read_write(object: &Object) -> bool {
    ENDPOINT_TYPE.of(object) == Tf::Known("ENDPOINT_TYPE_READ_WRITE".to_owned())
}

/// A group has as many computes at least as at most, and one of several never suspends.
fn check_group(group: &Tf<Object>, suspends: bool, path: &Path, sink: &mut Diagnostics) {
    let Tf::Known(group) = group else { return };
    let (Tf::Known(min), Tf::Known(max)) = (GROUP_MIN.of(group), GROUP_MAX.of(group)) else {
        return;
    };
    let no_suspension = path.attribute(NO_SUSPENSION.name());
    let suspend_after = path.attribute(SUSPEND_AFTER.name());
    let group = path.attribute(GROUP.name());
    let (min_path, path) = (group.attribute(GROUP_MIN.name()), group.attribute(GROUP_MAX.name()));
    if min < 1 {
        let detail = format!("`{min_path}` is {min}. It must be 1 or more.");
        sink.push(Diagnostic::error(format!("Invalid `{min_path}`"), detail).at(min_path));
    } else if min != max {
        let detail = format!("`{path}` ({max}) must equal `{min_path}` ({min}).");
        sink.push(Diagnostic::error(format!("Invalid `{path}`"), detail).at(path));
    } else if 1 < max && suspends {
        let detail = format!(
            "`{path}` is {max}, and high availability requires that the computes never suspend. Set \
             `{no_suspension} = true`, and omit `{suspend_after}`."
        );
        sink.push(Diagnostic::error("High availability requires `no_suspension`", detail).at(path));
    }
}
