//! `lakebase_project`: the data, and everything that serves it.

use std::collections::BTreeMap;

use tfplugin::{Diagnostics, Object, Path, Value};

use super::endpoint::{self, GROUP_MEMBERS};
use super::{
    BRANCH, CREATE_TIME, NAME, PROJECT, PURGE_ON_DELETE, SNAPSHOT, TIMEOUTS, UID, UPDATE_TIME,
    deletion_protection,
};
use crate::compute::finding::undocumented_size;
use crate::compute::range::Range;
use crate::compute::{LARGEST_CU, SMALLEST_CU, capacity};
use crate::model::field::{
    Bool, Duration, Field, Float, Int, Nested, Tags, Text, TextMap, Timestamp,
};
use crate::model::life::{HasCompute, Life};
use crate::model::table::{Change, Resource, Settings, Table, Timeouts};
use crate::model::tf::Tf;

const PROJECT_ID: Field<Text> = Field::id("project_id")
    .doc("ID of the project: the last component of its resource name, for example `shop`.");

const DISPLAY_NAME: Field<Text> =
    Field::spec("display_name").doc("Display name of the project.").at_most(256);

const PG_VERSION: Field<Int> = Field::spec("pg_version")
    .doc("Major version of PostgreSQL.")
    .note("In-place upgrades are not supported: **changing this destroys the project and all its data** and creates an empty project. The plan fails unless `purge_on_delete = true`.")
    .replaces()
    .within(16, 18);

pub const HISTORY_RETENTION: Field<Duration> = Field::spec("history_retention_duration")
    .doc("Duration for which history is retained for point-in-time restore and for branching from a past point in time (the restore window), for example `7d`.")
    .lasting("2d", "35d");

const MIN_CU: Field<Float> = Field::member("autoscaling_limit_min_cu")
    .doc("Minimum size of each compute in the autoscaling range, in compute units (CU). One CU provides about 2 GB of RAM.")
    .size_between(SMALLEST_CU, LARGEST_CU);

const MAX_CU: Field<Float> = Field::member("autoscaling_limit_max_cu")
    .doc("Maximum size of each compute in the autoscaling range, in CU.")
    .note("Must not exceed `autoscaling_limit_min_cu` by more than 8 CU, unless `max_autoscaling_range_cu` in the provider configuration allows a wider range.")
    .size_between(SMALLEST_CU, LARGEST_CU);

const SUSPEND_AFTER: Field<Duration> = Field::member("suspend_timeout_duration")
    .doc("Duration of inactivity after which the compute is suspended (scale to zero), for example `5m`.")
    .lasting("60s", "7d")
    .choice("suspension");

const NO_SUSPENSION: Field<Bool> = Field::member("no_suspension")
    .doc("Whether scale to zero is disabled.")
    .note("Set to `true` to keep the compute always on. `false` does not enable scale to zero: set `suspend_timeout_duration` instead.")
    .choice("suspension");

/// The settings of endpoints that are made later.
pub const DEFAULT_ENDPOINT_SETTINGS: Field<Nested> = Field::spec("default_endpoint_settings")
    .doc("Default settings for endpoints created later in this project, including the `primary` endpoint of each new branch. Settings of an endpoint take precedence.")
    .note("Changing the defaults does not affect existing endpoints.")
    .members(&[
        MIN_CU.any(),
        MAX_CU.any(),
        SUSPEND_AFTER.any(),
        NO_SUSPENSION.any(),
        Field::<TextMap>::member("pg_settings").doc("PostgreSQL configuration parameters, for example `{ work_mem = \"8MB\" }`.").note("The map replaces all parameters that were set before.").any(),
    ]);

pub const INITIAL_ENDPOINT: Field<Nested> = Field::initial("initial_endpoint")
    .doc("Initial settings of the `primary` endpoint on the `production` branch. Does not affect `default_endpoint_settings`. To manage the endpoint afterwards, use a `lakebase_endpoint` resource.")
    .at("initial_endpoint_spec")
    .members(&[
        MIN_CU.any(),
        MAX_CU.any(),
        SUSPEND_AFTER.any(),
        NO_SUSPENSION.any(),
        Field::<Nested>::member("group").doc("High-availability configuration. With two or more computes, Lakebase fails over to a secondary compute if the primary compute fails. Two or more computes require `no_suspension = true`.").members(GROUP_MEMBERS).any(),
    ]);

const INITIAL_BRANCH: Field<Nested> = Field::initial("initial_branch")
    .doc("Initial settings of the `production` branch.")
    .at("initial_branch_spec")
    .members(&[Field::<Bool>::member("is_protected")
        .doc("Whether the branch is protected in Lakebase. No client can delete a protected branch, its endpoints or its project.")
        .any()]);

const DEFAULT_ENDPOINT_CAPACITY: Field<Nested> = Field::computed("default_endpoint_capacity")
    .doc("Memory and connections that the autoscaling range of the default settings provides. Known at plan time.")
    .members(capacity::MEMBERS);

const CUSTOM_TAGS: Field<Tags> = Field::local("custom_tags")
    .doc("Tags to assign to the project. A tag overrides the tag with the same key in the provider-level `custom_tags`. If omitted, existing tags remain unchanged; set to `{}` to remove them.")
    .or_provider();

const EFFECTIVE_CUSTOM_TAGS: Field<Tags> = Field::spec("effective_custom_tags")
    .doc("All tags assigned to the project, including those of the provider-level `custom_tags`.")
    .at("custom_tags")
    .by_provider();

const BUDGET_POLICY_ID: Field<Text> = Field::spec("budget_policy_id")
    .doc("ID of the budget policy to which the usage of the project is attributed.")
    .null_if_absent();

const NATIVE_LOGIN: Field<Bool> = Field::spec("enable_pg_native_login")
    .doc("Whether roles can log in with native PostgreSQL passwords.");

const OWNER: Field<Text> =
    Field::status("owner").doc("User or service principal that owns the project.");

const DEFAULT_BRANCH: Field<Text> =
    Field::status("default_branch").doc("Resource name of the default branch.").named(BRANCH);

const STORAGE_SIZE: Field<Int> =
    Field::status("synthetic_storage_size_bytes").doc("Size of the stored data, in bytes.");

const SIZE_LIMIT: Field<Int> = Field::status("branch_logical_size_limit_bytes")
    .doc("Maximum logical size of one branch, in bytes.");

const COMPUTE_LAST_ACTIVE: Field<Timestamp> = Field::status("compute_last_active_time")
    .doc("Time at which an endpoint of the project last served a connection.");

/// The range that the settings and the initial endpoint hold alike.
const RANGE: Range = Range { min: MIN_CU, max: MAX_CU };

/// The resource.
pub struct Project;

static TABLE: Table = Table {
    type_name: "lakebase_project",
    noun: "project",
    address: *PROJECT,
    life: Life::OBJECT,
    compute: HasCompute::AsDefaults,
    holds: &[BRANCH, SNAPSHOT],
    upgrades: &[],
    counterpart: "databricks_postgres_project",
    doc: "Manages a Lakebase Autoscaling project, the container of branches, endpoints, roles and databases. With each project, Lakebase creates a branch `production`, its endpoint `primary`, the database `databricks_postgres` (ID `databricks-postgres`) and a role for the owner.",
    timeouts: Timeouts { create: "30m", read: "5m", update: "30m", delete: "30m" },
    fields: &[
        PROJECT_ID.any(),
        DISPLAY_NAME.any(),
        PG_VERSION.any(),
        HISTORY_RETENTION.any(),
        DEFAULT_ENDPOINT_SETTINGS.any(),
        INITIAL_ENDPOINT.any(),
        INITIAL_BRANCH.any(),
        CUSTOM_TAGS.any(),
        BUDGET_POLICY_ID.any(),
        NATIVE_LOGIN.any(),
        deletion_protection(true).any(),
        PURGE_ON_DELETE.any(),
        TIMEOUTS.any(),
        NAME.any(),
        UID.any(),
        OWNER.any(),
        DEFAULT_BRANCH.any(),
        EFFECTIVE_CUSTOM_TAGS.any(),
        DEFAULT_ENDPOINT_CAPACITY.any(),
        CREATE_TIME.any(),
    ],
    readings: &[STORAGE_SIZE.any(), SIZE_LIMIT.any(), COMPUTE_LAST_ACTIVE.any(), UPDATE_TIME.any()],
}
.checked();

impl Resource for Project {
    fn table(&self) -> &'static Table {
        &TABLE
    }

    fn validate(&self, config: &Object, settings: &Settings, sink: &mut Diagnostics) {
        for place in [DEFAULT_ENDPOINT_SETTINGS, INITIAL_ENDPOINT] {
            if let Tf::Known(inner) = place.of(config) {
                let path = Path::root(place.name());
                RANGE.validate(&inner, &path, settings, sink);
                endpoint::validate_group(&inner, &path, sink);
            }
        }
    }

    fn plan(&self, change: &mut Change<'_>, sink: &mut Diagnostics) {
        for place in [DEFAULT_ENDPOINT_SETTINGS, INITIAL_ENDPOINT] {
            let is_over = place.name() == INITIAL_ENDPOINT.name() && change.prior.is_some();
            let Tf::Known(planned) = place.of(&change.planned) else { continue };
            if is_over {
                continue; // nothing is sent
            }
            let prior = change.prior.and_then(|it| place.of(it).known());
            let config = place.of(change.config).known();
            let path = Path::root(place.name());
            RANGE.plan(prior.as_ref(), config.as_ref(), &planned, &path, change.settings, sink);
            if !inherits_no_suspension(change.config, &planned) {
                endpoint::plan_group(&planned, &path, sink);
            }
            if change.settings.review_warnings {
                let name = TABLE.planned_name(&change.planned).unwrap_or_default();
                let name = format!("`{}` of `{name}`", place.name());
                let before = prior.as_ref().map(endpoint::compute);
                let after = endpoint::compute(&planned);
                if let Some(finding) = undocumented_size(&name, before.as_ref(), &after) {
                    sink.push(finding.warning().at(path));
                }
            }
        }
        plan_tags(change);
        let capacity = default_capacity(&change.planned);
        change.planned.insert(DEFAULT_ENDPOINT_CAPACITY.name().to_owned(), capacity);
    }

    /// A tag is the project's own if it was, or if the provider block does not have it and had not:
    /// what the provider block had and drops is to go, not to become the project's own.
    ///
    /// After an import or a move, only values tell whose a tag is. While the provider block's tags
    /// are unknown, as they are in a move, `custom_tags` stays null, and a later read decides.
    fn read(&self, state: &mut Object, prior: &Object, settings: &Settings) {
        let capacity = default_capacity(state);
        state.insert(DEFAULT_ENDPOINT_CAPACITY.name().to_owned(), capacity);
        let Tf::Known(effective) = EFFECTIVE_CUSTOM_TAGS.of(state) else { return };
        let shared = settings.custom_tags.as_map();
        let shared_value = |key: &str| shared.and_then(|it| it.get(key));
        let is_own = |key: &str, value: &str| match CUSTOM_TAGS.of(prior).known() {
            Some(own_before) => {
                let all_before = EFFECTIVE_CUSTOM_TAGS.of(prior).known().unwrap_or_default();
                own_before.contains_key(key)
                    || !all_before.contains_key(key) && shared_value(key).is_none()
            }
            // An unknown value may be the same.
            None => shared_value(key)
                .is_none_or(|other| other.as_str().is_some_and(|shared| shared != value)),
        };
        if CUSTOM_TAGS.of(prior).known().is_none() && shared.is_none() {
            CUSTOM_TAGS.put(state, Tf::Null);
            return;
        }
        let own = effective.into_iter().filter(|(key, value)| is_own(key, value)).collect();
        CUSTOM_TAGS.put(state, Tf::Known(own));
    }
}

/// Whether an initial endpoint may be kept from suspending by what is not in its own settings, or
/// not known yet.
fn inherits_no_suspension(config: &Object, initial: &Object) -> bool {
    let inherited = DEFAULT_ENDPOINT_SETTINGS.of(config).known();
    let inherited = inherited.map_or(Tf::Null, |it| NO_SUSPENSION.of(&it));
    match (NO_SUSPENSION.of(initial), SUSPEND_AFTER.of(initial)) {
        (Tf::Unknown, _) => true,
        (Tf::Null, Tf::Null) => matches!(inherited, Tf::Known(true) | Tf::Unknown),
        _ => false,
    }
}

fn default_capacity(object: &Object) -> Value {
    match DEFAULT_ENDPOINT_SETTINGS.of(object) {
        Tf::Known(settings) => capacity::of(&RANGE, &settings),
        Tf::Unknown => Value::unknown(),
        Tf::Null => Value::Null,
    }
}

/// What is sent is the project's own tags over the provider block's.
fn plan_tags(change: &mut Change<'_>) {
    if CUSTOM_TAGS.of(change.config) == Tf::Null && change.prior.is_none() {
        CUSTOM_TAGS.put(&mut change.planned, Tf::Known(BTreeMap::new()));
    }
    let own = change.planned.get(CUSTOM_TAGS.name()).cloned().unwrap_or_default();
    let effective = match (&change.settings.custom_tags, own) {
        (_, Value::Null) => return, // nobody has said yet whose the tags are: the next read does
        (Value::Map(shared), Value::Map(own)) => {
            Value::Map(shared.clone().into_iter().chain(own).collect())
        }
        _ => Value::unknown(),
    };
    change.planned.insert(EFFECTIVE_CUSTOM_TAGS.name().to_owned(), effective);
}
