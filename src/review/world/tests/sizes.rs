//! What is known of the size of a compute, and how long it exists.

use expect_test::expect;
use serde_json::{Value as Json, json};

use super::{change, check, check_with, configuration, document, summary};
use crate::compute::interval::Interval;
use crate::review::summary::Total;

#[test]
fn unknown_group_is_one_compute_only_where_it_is_left_out() {
    let unknown = || json!({"group": "?"});
    let chosen = json!({"group": {"references": ["var.group"]}});
    let reader = "lakebase_endpoint.reader";
    for action in ["create", "delete/create"] {
        let changes = [(action, "p/b/reader", unknown())];
        let of = |expressions| {
            let plan = document(&changes, &configuration(&[(reader, expressions)]));
            summary(&plan).rows[0].after.compute().unwrap().computes
        };
        assert_eq!(of(json!({})), Some(1), "{action}");
        assert_eq!(of(chosen.clone()), None, "{action}");
    }
    // An update keeps what is left out, and a plan without its configuration tells neither.
    for (action, parts) in
        [("update", configuration(&[(reader, json!({}))])), ("create", Json::Null)]
    {
        let plan = document(&[(action, "p/b/reader", unknown())], &parts);
        assert_eq!(summary(&plan).rows[0].after.compute().unwrap().computes, None, "{action}");
    }
}

#[test]
fn known_defaults_are_used() {
    let unset = || json!({"autoscaling_limit_min_cu": "?", "autoscaling_limit_max_cu": "?"});
    let left_out = configuration(&[("lakebase_endpoint.reader", json!({}))]);
    let settings =
        |max_cu: i32| json!({"autoscaling_limit_min_cu": 1, "autoscaling_limit_max_cu": max_cu});
    let defaults = |max_cu| json!({"default_endpoint_settings": settings(max_cu)});
    let reader = ("create", "p/production/reader", unset());
    check_with(
        &[("no-op", "p", defaults(8)), reader.clone()],
        left_out.clone(),
        expect![[r#"
        Created Compute of lakebase_endpoint.reader, projects/p/branches/production/endpoints/reader: none → 8 CU
        1 endpoints, 0 CU and 1 unknown → 2 endpoints, 8 CU and 1 unknown
    "#]],
    );

    // A data source has read the project.
    let mut parts = left_out.clone();
    parts["prior_state"] = json!({"values": {"root_module": {"child_modules": [{"resources": [{
        "address": "module.m.data.lakebase_project.p", "mode": "data", "type": "lakebase_project",
        "values": {"name": "projects/p", "default_endpoint_settings": settings(8)},
    }]}]}}});
    check_with(
        std::slice::from_ref(&reader),
        parts,
        expect![[r#"
        Created Compute of lakebase_endpoint.reader, projects/p/branches/production/endpoints/reader: none → 8 CU
        0 endpoints, 0 CU → 1 endpoints, 8 CU
    "#]],
    );

    // The project changes in the same apply, and nothing says which is first.
    let changed = json!({"default_endpoint_settings": settings(8), "before": defaults(4)});
    check_with(
        &[("update", "p", changed), reader],
        left_out,
        expect![[r#"
        Changed Defaults of lakebase_project.p, no name: 4 CU → 8 CU
        Created Compute of lakebase_endpoint.reader, projects/p/branches/production/endpoints/reader: none → ? CU
        1 endpoints, 0 CU and 1 unknown → 2 endpoints, 0 CU and 2 unknown
    "#]],
    );

    // The first compute of a new project has them where it has no settings of its own.
    let initial = json!({
        "default_endpoint_settings": settings(8), "initial_endpoint": {"autoscaling_limit_max_cu": 2},
    });
    check(
        &[("create", "p", initial)],
        expect![[r#"
        Created Defaults of lakebase_project.p, no name: none → 8 CU
        Created Unmanaged of lakebase_project.p, projects/p/branches/production/endpoints/primary: none → 2 CU
        0 endpoints, 0 CU → 1 endpoints, 2 CU
    "#]],
    );
}

#[test]
fn compute_that_a_data_source_has_read_is_known() {
    let parts = json!({"prior_state": {"values": {"root_module": {"resources": [{
        "address": "data.lakebase_endpoint.e", "mode": "data", "type": "lakebase_endpoint",
        "values": {
            "name": "projects/p/branches/b/endpoints/primary", "autoscaling_limit_min_cu": 1,
            "endpoint_type": "ENDPOINT_TYPE_READ_WRITE", "autoscaling_limit_max_cu": 6,
        },
    }]}}}});
    check_with(
        &[("delete", "p/b", json!({}))],
        parts,
        expect![[r#"
        DestroyedWithBranch Unmanaged of lakebase_branch.b, projects/p/branches/b/endpoints/primary: 6 CU → none
        1 endpoints, 6 CU → 0 endpoints, 0 CU
    "#]],
    );
}

#[test]
fn objects_omitted_by_target_count() {
    let stored = |kind: &str, values: Json| json!({"address": format!("{kind}.x"), "mode": "managed", "type": kind, "values": values});
    let reader = json!({
        "name": "projects/p/branches/b/endpoints/x", "endpoint_type": "ENDPOINT_TYPE_READ_ONLY",
        "autoscaling_limit_min_cu": 1, "autoscaling_limit_max_cu": 6,
    });
    let branch = json!({
        "name": "projects/p/branches/x", "source_branch": "projects/p/branches/production",
    });
    let resources = [stored("lakebase_endpoint", reader), stored("lakebase_branch", branch)];
    let parts = json!({"prior_state": {"values": {"root_module": {"resources": resources}}}});
    check_with(
        &[("create", "p/b/reader", json!({}))],
        parts,
        expect![[r#"
            Created Compute of lakebase_endpoint.reader, projects/p/branches/b/endpoints/reader: none → 4 CU
            0 endpoints, 0 CU and 2 unknown → 1 endpoints, 4 CU and 2 unknown
        "#]],
    );
}

#[test]
fn replica_that_may_exist_is_created_or_adopted() {
    check(
        &[("create", "p/b/reader", json!({"replace_existing": true}))],
        expect![[r#"
        CreatedOrAdopted Compute of lakebase_endpoint.reader, projects/p/branches/b/endpoints/reader: perhaps one → ? × 4 CU
        0 endpoints, 0 CU and 1 unknown → 1 endpoints, 0 CU and 1 unknown
    "#]],
    );
    check(
        &[("create", "p/b", json!({"replace_existing": true}))],
        expect![[r#"
        CreatedOrAdopted Unmanaged of lakebase_branch.b, projects/p/branches/b/endpoints/primary: perhaps one → ? × ? CU
        0 endpoints, 0 CU and 1 unknown → 1 endpoints, 0 CU and 1 unknown
    "#]],
    );
}

#[test]
fn defaults_that_become_unknown_are_a_change() {
    let settings = json!({"default_endpoint_settings": {"autoscaling_limit_max_cu": 8}});
    let parts = configuration(&[(
        "lakebase_project.p",
        json!({"default_endpoint_settings": {"references": ["var.settings"]}}),
    )]);
    check_with(
        &[("update", "p", json!({"default_endpoint_settings": "?", "before": settings}))],
        parts,
        expect![[r#"
            Changed Defaults of lakebase_project.p, no name: 8 CU → ? × ? CU
            1 endpoints, 0 CU and 1 unknown → 1 endpoints, 0 CU and 1 unknown
        "#]],
    );
}

#[test]
fn official_update_with_unknown_settings_is_a_change() {
    let name = "projects/p/branches/b/endpoints/e";
    let status = json!({"autoscaling_limit_min_cu": 1, "autoscaling_limit_max_cu": 4});
    let spec = json!({"endpoint_type": "ENDPOINT_TYPE_READ_ONLY", "autoscaling_limit_max_cu": 4});
    let object = |spec: Json| json!({"name": name, "spec": spec, "status": status.clone()});
    let plan = json!({"format_version": "1.2", "resource_changes": [{
        "address": "databricks_postgres_endpoint.e", "mode": "managed",
        "type": "databricks_postgres_endpoint",
        "change": {
            "actions": ["update"], "before": object(spec), "after": object(Json::Null),
            "after_unknown": {"spec": true},
        },
    }]});
    let summary = summary(&plan);
    let after = summary.rows[0].after.compute().unwrap();
    assert!(summary.rows[0].is_change() && after.max_cu.is_none(), "{after:?}");
}

#[test]
fn lifetime_bounds_the_hours_of_a_month() {
    let lasting = |lifetime: Json| {
        let plan = document(
            &[("update", "p/b", lifetime), ("no-op", "p/b/primary", json!({}))],
            &Json::Null,
        );
        let summary = summary(&plan);
        let [before, after] = [&summary.rows[0].before, &summary.rows[0].after];
        (before.ceiling_hours().value(), after.ceiling_hours().value())
    };
    let hour = json!({"ttl": "1h", "create_time": "2026-01-01T00:00:00Z"});
    assert_eq!(lasting(hour), (Some(2920.0), Some(4.0)));
    let day = json!({"expire_time": "2026-01-02T00:00:00Z"});
    assert_eq!(lasting(day), (Some(2920.0), Some(96.0)));
    assert_eq!(lasting(json!({"ttl": "?"})), (Some(2920.0), None));
    let plan = document(&[("create", "p/b", json!({"ttl": "1h"}))], &Json::Null);
    assert_eq!(summary(&plan).rows[0].after.hours().value(), Some(1.0));
}

#[test]
fn compute_under_two_addresses_counts_once() {
    let mut forgotten = change("forget", "p/b/reader", &json!({}));
    forgotten["address"] = json!("lakebase_endpoint.former");
    let imported = change("no-op", "p/b/reader", &json!({}));
    let plan = json!({"format_version": "1.2", "resource_changes": [forgotten, imported]});
    let summary = summary(&plan);
    assert_eq!(Total::after(summary.computes()).endpoints.interval, Interval::known(1.0));
    assert_eq!(summary.changes().count(), 0);
}

#[test]
fn endpoint_of_a_replaced_branch_is_gone_even_if_terraform_does_nothing_to_it() {
    check(
        &[
            ("delete/create", "p/b", json!({})),
            ("no-op", "p/b/reader", json!({})),
            ("no-op", "p/b/primary", json!({})),
        ],
        expect![[r#"
            DestroyedWithBranch Compute of lakebase_endpoint.reader, projects/p/branches/b/endpoints/reader: 4 CU → none
            Replaced Compute of lakebase_endpoint.primary, projects/p/branches/b/endpoints/primary: 4 CU → ? CU
            2 endpoints, 8 CU → 1 endpoints, 0 CU and 1 unknown
        "#]],
    );
}
