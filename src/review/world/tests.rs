use std::fmt::Write as _;

use expect_test::{Expect, expect};
use serde_json::{Value as Json, json};

use super::super::plan;
use super::super::summary::Summary;
use super::*;

/// A change of `PROJECT`, `PROJECT/BRANCH` or `PROJECT/BRANCH/ENDPOINT`. The members of `extra`
/// are so after the apply; one that is `?` is unknown.
fn change(action: &str, path: &str, extra: &Json) -> Json {
    let ids: Vec<_> = path.split('/').collect();
    let (kind, mut object) = match ids[..] {
        [project] => {
            ("project", json!({"project_id": project, "name": format!("projects/{project}")}))
        }
        [project, branch] => (
            "branch",
            json!({
                "project": format!("projects/{project}"),
                "branch_id": branch,
                "name": format!("projects/{project}/branches/{branch}"),
                "source_branch": (branch != "production").then(|| format!("projects/{project}/branches/production")),
            }),
        ),
        [project, branch, endpoint] => (
            "endpoint",
            json!({
                "branch": format!("projects/{project}/branches/{branch}"),
                "endpoint_id": endpoint,
                "name": format!("projects/{project}/branches/{branch}/endpoints/{endpoint}"),
                "endpoint_type": if endpoint == "primary" { "ENDPOINT_TYPE_READ_WRITE" } else { "ENDPOINT_TYPE_READ_ONLY" },
                "autoscaling_limit_min_cu": 1,
                "autoscaling_limit_max_cu": 4,
            }),
        ),
        _ => panic!("{path} is too long"),
    };
    let mut before = object.clone();
    let mut unknown = json!({});
    for (name, value) in extra.as_object().into_iter().flatten() {
        object[name] = value.clone();
        if value == "?" {
            object[name].take();
            unknown[name] = true.into();
        }
    }
    if action == "no-op" {
        before = object.clone();
    }
    let before = (!action.starts_with("create")).then_some(before);
    let after = (!matches!(action, "delete" | "forget")).then_some(object);
    json!({
        "address": format!("lakebase_{kind}.{}", ids[ids.len() - 1]),
        "mode": "managed",
        "type": format!("lakebase_{kind}"),
        "deposed": extra["deposed"],
        "change": {
            "actions": action.split('/').collect::<Vec<_>>(),
            "before": before,
            "after": after,
            "after_unknown": unknown,
        },
    })
}

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "`expect!` reads as what comes of the call")]
fn check(changes: &[(&str, &str, Json)], expected: Expect) {
    let changes: Vec<_> =
        changes.iter().map(|(action, path, extra)| change(action, path, extra)).collect();
    let plan = json!({"format_version": "1.2", "resource_changes": changes}).to_string();
    let summary = Summary::of(plan::read(plan.as_bytes()).unwrap());
    let size = |it: Option<Compute>| match it.map(|it| it.max_cu) {
        None => "nothing".to_owned(),
        Some(None) => "unknown".to_owned(),
        Some(Some(max_cu)) => format!("{max_cu} CU"),
    };
    let mut text = String::new();
    for it in &summary.rows {
        let name = it.name.as_deref().unwrap_or("no name");
        let _ = writeln!(
            text,
            "{:?} {:?} of {}, {name}: {} → {}",
            it.outcome,
            it.subject,
            it.address,
            size(it.sides.before),
            size(it.sides.after)
        );
    }
    let _ = writeln!(text, "{} → {}", summary.before.endpoints, summary.after.endpoints);
    expected.assert_eq(&text);
}

#[test]
fn what_may_be_taken_over_exists_unless_what_holds_it_is_new() {
    let takes_over = || json!({"replace_existing": true});
    check(
        &[("create", "p/b/primary", takes_over())],
        expect![[r#"
        Adopted Compute of lakebase_endpoint.primary, projects/p/branches/b/endpoints/primary: unknown → 4 CU
        1 → 1
    "#]],
    );
    check(
        &[("create", "p/b/reader", json!({}))],
        expect![[r#"
        Added Compute of lakebase_endpoint.reader, projects/p/branches/b/endpoints/reader: nothing → 4 CU
        0 → 1
    "#]],
    );
    check(
        &[("create", "p/b", json!({})), ("create", "p/b/primary", takes_over())],
        expect![[r#"
            Added Compute of lakebase_endpoint.primary, projects/p/branches/b/endpoints/primary: nothing → 4 CU
            0 → 1
        "#]],
    );
    check(
        &[
            ("create", "p", json!({})),
            ("create", "p/production", takes_over()),
            ("create", "p/production/primary", takes_over()),
        ],
        expect![[r#"
            Added Compute of lakebase_endpoint.primary, projects/p/branches/production/endpoints/primary: nothing → 4 CU
            0 → 1
        "#]],
    );
    check(
        &[
            ("create", "p/production", takes_over()),
            ("create", "p/production/primary", takes_over()),
        ],
        expect![[r#"
            Adopted Compute of lakebase_endpoint.primary, projects/p/branches/production/endpoints/primary: unknown → 4 CU
            1 → 1
        "#]],
    );
}

#[test]
fn a_new_branch_and_a_new_project_bring_a_compute() {
    let settings = || json!({"autoscaling_limit_min_cu": 1, "autoscaling_limit_max_cu": 2});
    check(
        &[("create", "p/b", json!({}))],
        expect![[r#"
        Added ComesAlong of lakebase_branch.b, projects/p/branches/b/endpoints/primary: nothing → unknown
        0 → 1
    "#]],
    );
    check(
        &[
            ("no-op", "p", json!({"default_endpoint_settings": settings()})),
            ("create", "p/b", json!({})),
        ],
        expect![[r#"
            Added ComesAlong of lakebase_branch.b, projects/p/branches/b/endpoints/primary: nothing → 2 CU
            0 → 1
        "#]],
    );
    check(
        &[("create", "p", json!({"initial_endpoint": settings(), "project_id": "?", "name": "?"}))],
        expect![[r#"
            Added ComesAlong of lakebase_project.p, no name: nothing → 2 CU
            0 → 1
        "#]],
    );
    check(
        &[("create", "p", json!({})), ("create", "p/production/reader", json!({}))],
        expect![[r#"
            Added ComesAlong of lakebase_project.p, projects/p/branches/production/endpoints/primary: nothing → unknown
            Added Compute of lakebase_endpoint.reader, projects/p/branches/production/endpoints/reader: nothing → 4 CU
            0 → 2
        "#]],
    );
    check(
        &[("delete/create", "p/b", json!({}))],
        expect![[r#"
        Replaced ComesAlong of lakebase_branch.b, projects/p/branches/b/endpoints/primary: unknown → unknown
        1 → 1
    "#]],
    );
    check(
        &[
            ("delete/create", "p/b", json!({})),
            ("delete/create", "p/b/primary", json!({"replace_existing": true})),
        ],
        expect![[r#"
            Replaced Compute of lakebase_endpoint.primary, projects/p/branches/b/endpoints/primary: 4 CU → 4 CU
            1 → 1
        "#]],
    );
}

#[test]
fn a_branch_that_is_made_anew_elsewhere_brings_another_compute() {
    let renamed = || json!({"branch_id": "c", "name": "projects/p/branches/c"});
    check(
        &[("delete/create", "p/b", renamed())],
        expect![[r#"
        Replaced ComesAlong of lakebase_branch.b, projects/p/branches/c/endpoints/primary: unknown → unknown
        1 → 1
    "#]],
    );
    check(
        &[
            ("delete/create", "p/b", renamed()),
            ("create", "p/c/primary", json!({"replace_existing": true})),
        ],
        expect![[r#"
            Destroyed ComesAlong of lakebase_branch.b, projects/p/branches/b/endpoints/primary: unknown → nothing
            Added Compute of lakebase_endpoint.primary, projects/p/branches/c/endpoints/primary: nothing → 4 CU
            1 → 1
        "#]],
    );
    check(
        &[("delete/create", "p/b", renamed()), ("delete", "p/b/primary", json!({}))],
        expect![[r#"
            Added ComesAlong of lakebase_branch.b, projects/p/branches/c/endpoints/primary: nothing → unknown
            Destroyed Compute of lakebase_endpoint.primary, projects/p/branches/b/endpoints/primary: 4 CU → nothing
            1 → 1
        "#]],
    );
}

#[test]
fn the_compute_of_a_new_branch_without_a_name_is_the_endpoint_without_a_name() {
    let unnamed = || json!({"name": "?", "branch": "?", "project": "?", "replace_existing": true});
    check(
        &[("create", "p/b", unnamed()), ("create", "p/b/primary", unnamed())],
        expect![[r#"
        Added Compute of lakebase_endpoint.primary, no name: nothing → 4 CU
        0 → 1
    "#]],
    );
    check(
        &[("create", "p/b", unnamed()), ("create", "p/b/reader", unnamed())],
        expect![[r#"
        Added ComesAlong of lakebase_branch.b, no name: nothing → unknown
        Added Compute of lakebase_endpoint.reader, no name: nothing → 4 CU
        0 → 2
    "#]],
    );
}

#[test]
fn a_read_write_endpoint_stays_as_long_as_its_branch() {
    check(
        &[("delete", "p/b/primary", json!({}))],
        expect![[r#"
        LeftAlone Compute of lakebase_endpoint.primary, projects/p/branches/b/endpoints/primary: 4 CU → 4 CU
        1 → 1
    "#]],
    );
    check(
        &[("delete", "p/b/reader", json!({}))],
        expect![[r#"
        Destroyed Compute of lakebase_endpoint.reader, projects/p/branches/b/endpoints/reader: 4 CU → nothing
        1 → 0
    "#]],
    );
    check(
        &[("delete", "p/b", json!({})), ("delete", "p/b/primary", json!({}))],
        expect![[r#"
        Destroyed Compute of lakebase_endpoint.primary, projects/p/branches/b/endpoints/primary: 4 CU → nothing
        1 → 0
    "#]],
    );
    check(
        &[
            ("delete", "p", json!({})),
            ("delete", "p/production", json!({})),
            ("delete", "p/production/primary", json!({})),
            ("delete", "p/b", json!({})),
        ],
        expect![[r#"
            Destroyed Compute of lakebase_endpoint.primary, projects/p/branches/production/endpoints/primary: 4 CU → nothing
            Destroyed ComesAlong of lakebase_branch.b, projects/p/branches/b/endpoints/primary: unknown → nothing
            2 → 0
        "#]],
    );
    check(
        &[("delete", "p/production", json!({})), ("delete", "p/production/primary", json!({}))],
        expect![[r#"
            LeftAlone Compute of lakebase_endpoint.primary, projects/p/branches/production/endpoints/primary: 4 CU → 4 CU
            1 → 1
        "#]],
    );
}

#[test]
fn what_terraform_forgets_stays_as_long_as_what_holds_it() {
    check(
        &[("forget", "p/b/reader", json!({}))],
        expect![[r#"
        LeftAlone Compute of lakebase_endpoint.reader, projects/p/branches/b/endpoints/reader: 4 CU → 4 CU
        1 → 1
    "#]],
    );
    check(
        &[("forget", "p/b", json!({})), ("forget", "p", json!({}))],
        expect![[r#"
        0 → 0
    "#]],
    );
    check(
        &[("create/forget", "p/b/reader", json!({}))],
        expect![[r#"
        Added Compute of lakebase_endpoint.reader, projects/p/branches/b/endpoints/reader: nothing → 4 CU
        0 → 1
    "#]],
    );
    check(
        &[("delete", "p/b", json!({})), ("forget", "p/b/primary", json!({}))],
        expect![[r#"
        Destroyed Compute of lakebase_endpoint.primary, projects/p/branches/b/endpoints/primary: 4 CU → nothing
        1 → 0
    "#]],
    );
}

#[test]
fn what_a_failed_replacement_left_behind_counts_until_it_is_gone() {
    check(
        &[
            ("no-op", "p/b/reader", json!({})),
            ("delete", "p/b/reader", json!({"deposed": "0a1b2c3d"})),
        ],
        expect![[r#"
            Destroyed Compute of lakebase_endpoint.reader, projects/p/branches/b/endpoints/reader: 4 CU → nothing
            2 → 1
        "#]],
    );
}
