//! Checks that the guide for users of the Databricks provider maps each attribute of its resources
//! to one that exists.

use std::collections::BTreeSet;
use std::fs;

use super::root;

const GUIDE: &str = "docs/guides/migrating-from-databricks.md";

/// The attributes of a resource of the Databricks provider, from its documentation at
/// <https://registry.terraform.io/providers/databricks/databricks/latest/docs> in November 2026.
/// Every resource has `provider_config` besides.
const ATTRIBUTES: &[(&str, &str)] = &[
    (
        "project",
        "project_id name uid create_time update_time purge_on_delete initial_endpoint_spec \
         initial_branch_spec spec.display_name spec.pg_version spec.history_retention_duration \
         spec.budget_policy_id spec.enable_pg_native_login spec.custom_tags spec.default_branch \
         spec.default_endpoint_settings.autoscaling_limit_min_cu \
         spec.default_endpoint_settings.autoscaling_limit_max_cu \
         spec.default_endpoint_settings.suspend_timeout_duration \
         spec.default_endpoint_settings.no_suspension spec.default_endpoint_settings.pg_settings \
         status.owner status.default_branch status.custom_tags status.display_name \
         status.pg_version status.history_retention_duration status.default_endpoint_settings \
         status.budget_policy_id status.enable_pg_native_login \
         status.branch_logical_size_limit_bytes status.synthetic_storage_size_bytes",
    ),
    (
        "branch",
        "branch_id parent name uid create_time update_time spec.source_branch \
         spec.source_branch_lsn spec.source_branch_time spec.ttl spec.expire_time spec.no_expiry \
         spec.is_protected status.default status.is_protected status.source_branch \
         status.source_branch_lsn status.source_branch_time status.expire_time \
         status.current_state status.logical_size_bytes",
    ),
    (
        "endpoint",
        "endpoint_id parent name uid create_time update_time replace_existing \
         spec.endpoint_type spec.autoscaling_limit_min_cu spec.autoscaling_limit_max_cu \
         spec.suspend_timeout_duration spec.no_suspension spec.disabled spec.group.min \
         spec.group.max spec.group.enable_readable_secondaries spec.settings.pg_settings \
         status.hosts.host status.hosts.read_only_host status.hosts.read_write_pooled_host \
         status.hosts.read_only_pooled_host status.endpoint_type status.autoscaling_limit_min_cu \
         status.autoscaling_limit_max_cu status.suspend_timeout_duration status.disabled \
         status.group status.settings.pg_settings status.current_state status.last_active_time",
    ),
    (
        "role",
        "role_id parent name create_time update_time spec.postgres_role spec.identity_type \
         spec.auth_method spec.membership_roles spec.attributes.createdb \
         spec.attributes.createrole spec.attributes.bypassrls status.postgres_role \
         status.identity_type status.auth_method status.membership_roles status.attributes \
         status.role_id",
    ),
    (
        "database",
        "database_id parent name create_time update_time spec.postgres_database spec.role \
         status.postgres_database status.role status.database_id",
    ),
    (
        "catalog",
        "catalog_id name uid create_time update_time spec.branch spec.postgres_database \
         spec.create_database_if_missing status.branch status.postgres_database status.project \
         status.catalog_id",
    ),
    (
        "synced_table",
        "synced_table_id name uid create_time spec.source_table_full_name \
         spec.primary_key_columns spec.scheduling_policy spec.timeseries_key spec.branch \
         spec.postgres_database spec.create_database_objects_if_missing \
         spec.existing_pipeline_id spec.new_pipeline_spec.storage_catalog \
         spec.new_pipeline_spec.storage_schema spec.new_pipeline_spec.budget_policy_id \
         status.pipeline_id status.project status.detailed_state \
         status.unity_catalog_provisioning_state status.provisioning_phase status.message \
         status.last_sync_time status.last_processed_commit_version status.last_sync \
         status.ongoing_sync_progress",
    ),
    (
        "data_api",
        "parent name create_time update_time spec.db_schemas spec.db_extra_search_path \
         spec.db_max_rows spec.db_aggregates_enabled spec.jwt_role_claim_key \
         spec.jwt_cache_max_lifetime spec.server_cors_allowed_origins spec.server_timing_enabled \
         spec.openapi_mode status.url status.available_schemas status.db_schemas \
         status.db_extra_search_path status.db_max_rows status.db_aggregates_enabled \
         status.jwt_role_claim_key status.jwt_cache_max_lifetime \
         status.server_cors_allowed_origins status.server_timing_enabled status.openapi_mode",
    ),
    (
        "snapshot_schedule",
        "name schedule schedule.retention schedule.daily_schedule schedule.weekly_schedule \
         schedule.monthly_schedule schedule.weekly_schedule.day_of_week \
         schedule.monthly_schedule.day",
    ),
];

#[test]
fn guide_maps_each_attribute_of_the_databricks_provider() {
    let guide = fs::read_to_string(root().join(GUIDE)).expect("the guide can be read");
    for (resource, attributes) in ATTRIBUTES {
        let heading = format!("| `databricks_postgres_{resource}` | `lakebase_{resource}` |\n");
        let (_, table) = guide.split_once(&heading).expect("each resource has a table");
        let (table, _) = table.split_once("\n\n").unwrap_or((table, ""));
        let mut mapped = BTreeSet::new();
        for row in table.lines().skip(1) {
            let [_, old, new, _] = row.split('|').collect::<Vec<_>>()[..] else {
                panic!("a row has two columns: {row}");
            };
            let old = names(old);
            let is_same = new.trim().starts_with("the same");
            let new_names = if is_same { old.clone() } else { names(new) };
            assert_eq!(old.len(), new_names.len(), "each attribute has a counterpart: {row}");
            for name in new_names {
                let page = page(resource, new);
                let name = name.rsplit('.').next().expect("a name has a last part");
                assert!(page.contains(&format!("- `{name}` (")), "{resource} has no {name}: {row}");
            }
            mapped.extend(old);
        }
        for attribute in attributes.split(' ') {
            assert!(mapped.contains(attribute), "{resource}: {attribute} has no row");
        }
    }
}

/// The names in backquotes, up to the first word that is none: `` `spec.custom_tags`, a list ``.
fn names(cell: &str) -> Vec<&str> {
    let names = cell.trim().split(", ").map_while(|part| part.strip_prefix('`'));
    names.map(|part| part.split_once('`').map_or(part, |(name, _)| name)).collect()
}

/// The page of what has the new attribute.
fn page(resource: &str, cell: &str) -> String {
    let path = match cell.split_once(" of `lakebase_") {
        Some((_, other)) => format!("docs/resources/{}.md", other.trim().trim_end_matches('`')),
        None if cell.contains("in the data source") => format!("docs/data-sources/{resource}.md"),
        None => format!("docs/resources/{resource}.md"),
    };
    fs::read_to_string(root().join(path)).expect("the page can be read")
}
