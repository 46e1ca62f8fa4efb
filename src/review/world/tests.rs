//! What happens to computes. [`sizes`] is about how large they are.

mod sizes;

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use serde_json::{Value as Json, json};

use super::super::plan;
use super::super::row::Side;
use super::super::summary::{Summary, Total};

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
    for (name, value) in extra["before"].as_object().into_iter().flatten() {
        before[name] = value.clone();
    }
    object.as_object_mut().expect("an object").remove("before");
    before.as_object_mut().expect("an object").remove("before");
    if action == "no-op" {
        before = object.clone();
    }
    let before = (action != "create").then_some(before);
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

/// The plan with these changes, and other parts of the document beside them.
fn document(changes: &[(&str, &str, Json)], parts: &Json) -> Json {
    let changes: Vec<_> =
        changes.iter().map(|(action, path, extra)| change(action, path, extra)).collect();
    let mut plan = json!({
        "format_version": "1.2", "timestamp": "2026-01-01T00:00:00Z", "resource_changes": changes,
    });
    for (name, part) in parts.as_object().into_iter().flatten() {
        plan[name] = part.clone();
    }
    plan
}

/// The configuration of resources: for each address its expressions.
fn configuration(resources: &[(&str, Json)]) -> Json {
    let resources = resources.iter().map(|(address, expressions)| {
        let kind = address.split('.').next();
        json!({ "address": address, "mode": "managed", "type": kind, "expressions": expressions })
    });
    json!({ "configuration": { "root_module": { "resources": resources.collect::<Vec<_>>() } } })
}

fn summary(plan: &Json) -> Summary {
    Summary::of(plan::read(plan.to_string().as_bytes()).unwrap(), String::new())
}

#[track_caller]
fn check(changes: &[(&str, &str, Json)], expected: Expect) {
    check_with(changes, Json::Null, expected);
}

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "`expect!` reads as what comes of the call")]
fn check_with(changes: &[(&str, &str, Json)], parts: Json, expected: Expect) {
    let summary = summary(&document(changes, &parts));
    let size = |side: &Side| match side {
        Side::Absent => "none".to_owned(),
        Side::Unknown => "perhaps one".to_owned(),
        Side::Perhaps { .. } => "perhaps the stored one".to_owned(),
        Side::Present { compute, .. } => {
            let max = compute.max_cu.map_or("? CU".to_owned(), |cu| format!("{cu} CU"));
            match compute.computes {
                Some(1) => max,
                Some(computes) => format!("{computes} × {max}"),
                None => format!("? × {max}"),
            }
        }
    };
    let mut text = String::new();
    for row in summary.changes() {
        let name = row.name.as_deref().unwrap_or("no name");
        let _ = writeln!(
            text,
            "{:?} {:?} of {}, {name}: {} → {}",
            row.fate,
            row.subject,
            row.address,
            size(&row.before),
            size(&row.after)
        );
    }
    let totals = [Total::before(summary.computes()), Total::after(summary.computes())];
    let totals = totals.map(|total| {
        let (sum, ceiling) = (total.endpoints, total.ceiling);
        let number = format!("{} endpoints, {} CU", sum.interval.low, ceiling.known());
        match ceiling.unknown {
            0 => number,
            unknown => format!("{number} and {unknown} unknown"),
        }
    });
    let _ = writeln!(text, "{} → {}", totals[0], totals[1]);
    expected.assert_eq(&text);
}

#[test]
fn adopted_object_exists_unless_its_holder_is_new() {
    let takes_over = || json!({"replace_existing": true});
    check(
        &[("create", "p/b/primary", takes_over())],
        expect![[r#"
            Adopted Compute of lakebase_endpoint.primary, projects/p/branches/b/endpoints/primary: ? × ? CU → ? × 4 CU
            1 endpoints, 0 CU and 1 unknown → 1 endpoints, 0 CU and 1 unknown
        "#]],
    );
    check(
        &[("create", "p/b/reader", json!({}))],
        expect![[r#"
            Created Compute of lakebase_endpoint.reader, projects/p/branches/b/endpoints/reader: none → 4 CU
            0 endpoints, 0 CU → 1 endpoints, 4 CU
        "#]],
    );
    check(
        &[("create", "p/b", json!({})), ("create", "p/b/primary", takes_over())],
        expect![[r#"
            Created Compute of lakebase_endpoint.primary, projects/p/branches/b/endpoints/primary: none → 4 CU
            0 endpoints, 0 CU → 1 endpoints, 4 CU
        "#]],
    );
    check(
        &[
            ("create", "p", json!({})),
            ("create", "p/production", takes_over()),
            ("create", "p/production/primary", takes_over()),
        ],
        expect![[r#"
            Created Compute of lakebase_endpoint.primary, projects/p/branches/production/endpoints/primary: none → 4 CU
            0 endpoints, 0 CU → 1 endpoints, 4 CU
        "#]],
    );
    check(
        &[
            ("create", "p/production", takes_over()),
            ("create", "p/production/primary", takes_over()),
        ],
        expect![[r#"
            Adopted Compute of lakebase_endpoint.primary, projects/p/branches/production/endpoints/primary: ? × ? CU → ? × 4 CU
            1 endpoints, 0 CU and 1 unknown → 1 endpoints, 0 CU and 1 unknown
        "#]],
    );
}

#[test]
fn new_branch_and_new_project_have_a_compute() {
    let settings = || json!({"autoscaling_limit_min_cu": 1, "autoscaling_limit_max_cu": 2});
    check(
        &[("create", "p/b", json!({}))],
        expect![[r#"
            Created Unmanaged of lakebase_branch.b, projects/p/branches/b/endpoints/primary: none → ? CU
            0 endpoints, 0 CU → 1 endpoints, 0 CU and 1 unknown
        "#]],
    );
    check(
        &[
            ("no-op", "p", json!({"default_endpoint_settings": settings()})),
            ("create", "p/b", json!({})),
        ],
        expect![[r#"
            Created Unmanaged of lakebase_branch.b, projects/p/branches/b/endpoints/primary: none → 2 CU
            1 endpoints, 0 CU and 1 unknown → 2 endpoints, 2 CU and 1 unknown
        "#]],
    );
    check(
        &[("create", "p", json!({"initial_endpoint": settings(), "project_id": "?", "name": "?"}))],
        expect![[r#"
            Created Unmanaged of lakebase_project.p, no name: none → 2 CU
            0 endpoints, 0 CU → 1 endpoints, 2 CU
        "#]],
    );
    check(
        &[("create", "p", json!({})), ("create", "p/production/reader", json!({}))],
        expect![[r#"
            Created Unmanaged of lakebase_project.p, projects/p/branches/production/endpoints/primary: none → ? CU
            Created Compute of lakebase_endpoint.reader, projects/p/branches/production/endpoints/reader: none → 4 CU
            0 endpoints, 0 CU → 2 endpoints, 4 CU and 1 unknown
        "#]],
    );
    check(
        &[("delete/create", "p/b", json!({}))],
        expect![[r#"
            Replaced Unmanaged of lakebase_branch.b, projects/p/branches/b/endpoints/primary: ? × ? CU → ? CU
            1 endpoints, 0 CU and 1 unknown → 1 endpoints, 0 CU and 1 unknown
        "#]],
    );
    check(
        &[
            ("delete/create", "p/b", json!({})),
            ("delete/create", "p/b/primary", json!({"replace_existing": true})),
        ],
        expect![[r#"
            Replaced Compute of lakebase_endpoint.primary, projects/p/branches/b/endpoints/primary: 4 CU → 4 CU
            1 endpoints, 4 CU → 1 endpoints, 4 CU
        "#]],
    );
}

#[test]
fn replaced_branch_has_another_compute() {
    let renamed = || json!({"branch_id": "c", "name": "projects/p/branches/c"});
    check(
        &[("delete/create", "p/b", renamed())],
        expect![[r#"
            Replaced Unmanaged of lakebase_branch.b, projects/p/branches/c/endpoints/primary: ? × ? CU → ? CU
            1 endpoints, 0 CU and 1 unknown → 1 endpoints, 0 CU and 1 unknown
        "#]],
    );
    check(
        &[
            ("delete/create", "p/b", renamed()),
            ("create", "p/c/primary", json!({"replace_existing": true})),
        ],
        expect![[r#"
            DestroyedWithBranch Unmanaged of lakebase_branch.b, projects/p/branches/b/endpoints/primary: ? × ? CU → none
            Created Compute of lakebase_endpoint.primary, projects/p/branches/c/endpoints/primary: none → 4 CU
            1 endpoints, 0 CU and 1 unknown → 1 endpoints, 4 CU
        "#]],
    );
    check(
        &[("delete/create", "p/b", renamed()), ("delete", "p/b/primary", json!({}))],
        expect![[r#"
            Created Unmanaged of lakebase_branch.b, projects/p/branches/c/endpoints/primary: none → ? CU
            DestroyedWithBranch Compute of lakebase_endpoint.primary, projects/p/branches/b/endpoints/primary: 4 CU → none
            1 endpoints, 4 CU → 1 endpoints, 0 CU and 1 unknown
        "#]],
    );
}

/// The configuration of a branch and of an endpoint on it, by reference.
fn on_branch(endpoint: &str) -> Json {
    configuration(&[
        ("lakebase_branch.b", json!({"branch_id": {"references": ["var.id"]}})),
        (
            endpoint,
            json!({"branch": {"references": ["lakebase_branch.b.name", "lakebase_branch.b"]}}),
        ),
    ])
}

#[test]
fn unnamed_endpoint_follows_the_references_of_its_configuration() {
    let unnamed =
        || json!({"name": "?", "branch": "?", "branch_id": "?", "replace_existing": true});
    let changes = |endpoint| [("create", "p/b", unnamed()), ("create", endpoint, unnamed())];
    let writer = "lakebase_endpoint.primary";
    check_with(
        &changes("p/b/primary"),
        on_branch(writer),
        expect![[r#"
        CreatedOrAdopted Compute of lakebase_endpoint.primary, no name: perhaps one → ? × 4 CU
        0 endpoints, 0 CU and 1 unknown → 1 endpoints, 0 CU and 1 unknown
    "#]],
    );
    let reader = "lakebase_endpoint.reader";
    check_with(
        &changes("p/b/reader"),
        on_branch(reader),
        expect![[r#"
        CreatedOrAdopted Unmanaged of lakebase_branch.b, no name: perhaps one → ? × ? CU
        CreatedOrAdopted Compute of lakebase_endpoint.reader, no name: perhaps one → ? × 4 CU
        0 endpoints, 0 CU and 2 unknown → 2 endpoints, 0 CU and 2 unknown
    "#]],
    );
    // Without its configuration, the endpoint may be on any branch.
    check(
        &changes("p/b/primary"),
        expect![[r#"
        CreatedOrAdopted Compute of lakebase_endpoint.primary, no name: perhaps one → ? × 4 CU
        0 endpoints, 0 CU and 2 unknown → 1 endpoints, 0 CU and 2 unknown
    "#]],
    );
}

#[test]
fn known_branch_with_unnamed_managed_writer_counts_once() {
    // The official provider knows the name of a branch that exists, and not that of a new endpoint.
    let unnamed = || json!({"name": "?", "branch": "?", "replace_existing": true});
    let renamed = json!({"branch_id": "c", "name": "projects/p/branches/c"});
    check_with(
        &[("delete/create", "p/b", renamed), ("delete/create", "p/b/primary", unnamed())],
        on_branch("lakebase_endpoint.primary"),
        expect![[r#"
            Replaced Compute of lakebase_endpoint.primary, projects/p/branches/c/endpoints/primary: 4 CU → 4 CU
            1 endpoints, 4 CU → 1 endpoints, 4 CU
        "#]],
    );
}

#[test]
fn writer_of_unnamed_branch_of_a_project_makes_its_other_writers_uncertain() {
    let references =
        json!({"branch": {"references": ["lakebase_project.p.name", "lakebase_project.p"]}});
    let unnamed = json!({"name": "?", "branch": "?", "replace_existing": true});
    check_with(
        &[
            ("create", "p", json!({"name": "?", "project_id": "?"})),
            ("create", "p/production/primary", unnamed),
        ],
        configuration(&[
            ("lakebase_project.p", json!({})),
            ("lakebase_endpoint.primary", references),
        ]),
        expect![[r#"
            Created Unmanaged of lakebase_project.p, no name: none → perhaps one
            Created Compute of lakebase_endpoint.primary, no name: none → 4 CU
            0 endpoints, 0 CU → 1 endpoints, 4 CU and 1 unknown
        "#]],
    );
}

#[test]
fn unmanaged_writers_count_before_and_after() {
    let settings = json!({"autoscaling_limit_min_cu": 8, "autoscaling_limit_max_cu": 16});
    check(
        &[
            ("no-op", "p", json!({"default_endpoint_settings": settings})),
            ("no-op", "p/a", json!({})),
            ("create", "p/b", json!({})),
        ],
        expect![[r#"
            Created Unmanaged of lakebase_branch.b, projects/p/branches/b/endpoints/primary: none → 16 CU
            2 endpoints, 0 CU and 2 unknown → 3 endpoints, 16 CU and 2 unknown
        "#]],
    );
    check(
        &[("no-op", "p", json!({})), ("delete", "p/production/reader", json!({}))],
        expect![[r#"
        Destroyed Compute of lakebase_endpoint.reader, projects/p/branches/production/endpoints/reader: 4 CU → none
        2 endpoints, 4 CU and 1 unknown → 1 endpoints, 0 CU and 1 unknown
    "#]],
    );
}

#[test]
fn replaced_writer_on_a_kept_branch_is_unchanged() {
    let moved = json!({
        "branch": "projects/p/branches/x", "name": "projects/p/branches/x/endpoints/primary",
        "replace_existing": true,
    });
    check(
        &[("delete/create", "p/b/primary", moved)],
        expect![[r#"
        Adopted Compute of lakebase_endpoint.primary, projects/p/branches/x/endpoints/primary: ? × ? CU → ? × 4 CU
        LeftAlone Compute of lakebase_endpoint.primary, projects/p/branches/b/endpoints/primary: 4 CU → 4 CU
        2 endpoints, 4 CU and 1 unknown → 2 endpoints, 4 CU and 1 unknown
    "#]],
    );
}

#[test]
fn read_write_endpoint_stays_as_long_as_its_branch() {
    check(
        &[("delete", "p/b/primary", json!({}))],
        expect![[r#"
            LeftAlone Compute of lakebase_endpoint.primary, projects/p/branches/b/endpoints/primary: 4 CU → 4 CU
            1 endpoints, 4 CU → 1 endpoints, 4 CU
        "#]],
    );
    check(
        &[("delete", "p/b/reader", json!({}))],
        expect![[r#"
            Destroyed Compute of lakebase_endpoint.reader, projects/p/branches/b/endpoints/reader: 4 CU → none
            1 endpoints, 4 CU → 0 endpoints, 0 CU
        "#]],
    );
    check(
        &[("delete", "p/b", json!({})), ("delete", "p/b/primary", json!({}))],
        expect![[r#"
            DestroyedWithBranch Compute of lakebase_endpoint.primary, projects/p/branches/b/endpoints/primary: 4 CU → none
            1 endpoints, 4 CU → 0 endpoints, 0 CU
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
            DestroyedWithBranch Compute of lakebase_endpoint.primary, projects/p/branches/production/endpoints/primary: 4 CU → none
            DestroyedWithBranch Unmanaged of lakebase_branch.b, projects/p/branches/b/endpoints/primary: ? × ? CU → none
            2 endpoints, 4 CU and 1 unknown → 0 endpoints, 0 CU
        "#]],
    );
    check(
        &[("delete", "p/production", json!({})), ("delete", "p/production/primary", json!({}))],
        expect![[r#"
            LeftAlone Compute of lakebase_endpoint.primary, projects/p/branches/production/endpoints/primary: 4 CU → 4 CU
            1 endpoints, 4 CU → 1 endpoints, 4 CU
        "#]],
    );
}

#[test]
fn forgotten_object_stays_as_long_as_its_holder() {
    check(
        &[("forget", "p/b/reader", json!({}))],
        expect![[r#"
            LeftAlone Compute of lakebase_endpoint.reader, projects/p/branches/b/endpoints/reader: 4 CU → 4 CU
            1 endpoints, 4 CU → 1 endpoints, 4 CU
        "#]],
    );
    check(
        &[("forget", "p/b", json!({})), ("forget", "p", json!({}))],
        expect![[r#"
            2 endpoints, 0 CU and 2 unknown → 2 endpoints, 0 CU and 2 unknown
        "#]],
    );
    check(
        &[("create/forget", "p/b/reader", json!({}))],
        expect![[r#"
            Adopted Compute of lakebase_endpoint.reader, projects/p/branches/b/endpoints/reader: 4 CU → 4 CU
            1 endpoints, 4 CU → 1 endpoints, 4 CU
        "#]],
    );
    check(
        &[("delete", "p/b", json!({})), ("forget", "p/b/primary", json!({}))],
        expect![[r#"
            DestroyedWithBranch Compute of lakebase_endpoint.primary, projects/p/branches/b/endpoints/primary: 4 CU → none
            1 endpoints, 4 CU → 0 endpoints, 0 CU
        "#]],
    );
}

#[test]
fn deposed_object_counts_once() {
    check(
        &[
            ("no-op", "p/b/reader", json!({})),
            ("delete", "p/b/reader", json!({"deposed": "0a1b2c3d"})),
        ],
        expect![[r#"
            1 endpoints, 4 CU → 1 endpoints, 4 CU
        "#]],
    );
}
