//! Who may do what: identities, levels on projects, and the API that grants them.

use serde_json::{Value as Json, json};

use super::Workspace;
use crate::message::{Reply, Request};
use crate::options::Options;
use crate::options::behaviors::Behaviors;

const BOB: &str = "bob@example.com";
const SHOP: &str = "/api/2.0/permissions/database-projects/p";

/// A workspace with the project `p`, and Bob besides the admin.
fn workspace(behaviors: Behaviors) -> Workspace {
    let mut options = Options { behaviors, ..Options::default() };
    options.add_identity(BOB);
    Workspace::with_branch(options)
}

/// The status of a request by an identity, and its answer.
fn ask(workspace: &mut Workspace, number: usize, line: &str, body: &Json) -> (u16, Json) {
    let (method, path) = line.split_once(' ').expect("a method and a path");
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let token = ["emulator-token", "emulator-token-2"][number];
    let path = if path.starts_with('/') { path } else { &format!("/api/2.0/postgres/{path}") };
    let query = query.split('&').filter_map(|pair| pair.split_once('='));
    let request = Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        authorization: Some(format!("Bearer {token}")),
        body: if body.is_null() { Vec::new() } else { body.to_string().into_bytes() },
        ..Request::default()
    };
    let Reply::Answer(answer) = workspace.service.answer(&request) else { panic!("an answer") };
    (answer.status, serde_json::from_str(&answer.body).expect("an answer of JSON"))
}

fn grant(workspace: &mut Workspace, grants: &Json) {
    let body = json!({"access_control_list": grants});
    let (status, answer) = ask(workspace, 0, &format!("PUT {SHOP}"), &body);
    assert_eq!(status, 200, "{answer}");
}

#[test]
fn level_decides_what_another_identity_may_do() {
    let branch = "projects/p/branches/dev";
    let changes = [
        ("PATCH projects/p?update_mask=spec.display_name", json!({"spec": {"display_name": "P"}})),
        ("POST projects/p/branches?branch_id=b", json!({"spec": {"no_expiry": true}})),
        (
            "POST catalogs?catalog_id=c",
            json!({"spec": {"branch": branch, "postgres_database": "databricks_postgres"}}),
        ),
        ("DELETE projects/p/branches/dev", Json::Null),
        (&format!("PUT {SHOP}"), json!({"access_control_list": []})),
    ];
    let reads = [
        ("GET projects/p", Json::Null),
        ("GET projects/p/branches", Json::Null),
        (&format!("GET {SHOP}"), Json::Null),
        ("POST credentials", json!({"endpoint": format!("{branch}/endpoints/primary")})),
    ];
    for (grants, may_read, may_change) in [
        (json!([]), false, false),
        (json!([{"user_name": BOB, "permission_level": "CAN_USE"}]), true, false),
        (json!([{"group_name": "users", "permission_level": "CAN_USE"}]), true, false),
        (json!([{"user_name": BOB, "permission_level": "CAN_MANAGE"}]), true, true),
    ] {
        let mut workspace = workspace(Behaviors::default());
        grant(&mut workspace, &grants);
        let listed = ask(&mut workspace, 1, "GET projects", &Json::Null).1;
        assert_eq!(listed.get("projects").is_some(), may_read, "{grants}");
        for (line, body) in &reads {
            let (status, answer) = ask(&mut workspace, 1, line, body);
            assert_eq!(status, if may_read { 200 } else { 403 }, "{grants} {line}: {answer}");
        }
        for (line, body) in &changes {
            let (status, answer) = ask(&mut workspace, 1, line, body);
            assert_eq!(status, if may_change { 200 } else { 403 }, "{grants} {line}: {answer}");
        }
    }
}

#[test]
fn refusal_names_the_level_or_hides_the_project() {
    let mut strict = workspace(Behaviors::default());
    let (status, answer) = ask(&mut strict, 1, "GET projects/p", &Json::Null);
    assert_eq!((status, answer["error_code"].as_str()), (403, Some("PERMISSION_DENIED")));
    let text = "User 'bob@example.com' does not have CAN_USE permission on project 'p'.";
    assert_eq!(answer["message"], text);
    let mut hidden = workspace(Behaviors { hide_projects: true, ..Behaviors::default() });
    let (status, answer) = ask(&mut hidden, 1, "GET projects/p", &Json::Null);
    assert_eq!((status, answer["error_code"].as_str()), (404, Some("NOT_FOUND")));
}

#[test]
fn creator_of_a_project_manages_it() {
    let mut workspace = workspace(Behaviors::default());
    let (status, _) = ask(&mut workspace, 1, "POST projects?project_id=own", &json!({}));
    assert_eq!(status, 200);
    workspace.pass(60);
    let (_, own) = ask(&mut workspace, 1, "GET projects/own", &Json::Null);
    assert_eq!(own["status"]["owner"], BOB);
    assert!(own["status"].get("access_control_list").is_none());
    let path = "/api/2.0/permissions/database-projects/own";
    let (_, answer) = ask(&mut workspace, 1, &format!("GET {path}"), &Json::Null);
    assert_eq!(
        answer,
        json!({
            "object_id": "/database-projects/own",
            "object_type": "database-projects",
            "access_control_list": [
                {
                    "user_name": BOB,
                    "display_name": BOB,
                    "all_permissions": [{"permission_level": "CAN_MANAGE", "inherited": false}],
                },
                {
                    "group_name": "admins",
                    "all_permissions": [{
                        "permission_level": "CAN_MANAGE",
                        "inherited": true,
                        "inherited_from_object": ["/database-projects/"],
                    }],
                },
            ],
        })
    );
    let (_, levels) = ask(&mut workspace, 1, &format!("GET {path}/permissionLevels"), &Json::Null);
    assert_eq!(levels["permission_levels"].as_array().map(Vec::len), Some(2));
}

#[test]
fn put_replaces_and_patch_adds() {
    let mut workspace = workspace(Behaviors::default());
    let direct = |answer: &Json| -> Vec<String> {
        let all = answer["access_control_list"].as_array().expect("a list").iter();
        let direct = all.filter(|grant| grant["all_permissions"][0]["inherited"] == false);
        let line = |grant: &Json| {
            let level = grant["all_permissions"][0]["permission_level"].as_str().expect("a level");
            format!("{} {level}", grant["display_name"].as_str().expect("a name"))
        };
        direct.map(line).collect()
    };
    let ana = |level: &str| json!([{"user_name": "ana@example.com", "permission_level": level}]);
    grant(&mut workspace, &ana("CAN_USE"));
    let team = json!({"access_control_list": [
        {"group_name": "team", "permission_level": "CAN_USE"},
        {"user_name": "ana@example.com", "permission_level": "CAN_MANAGE"},
    ]});
    let (_, answer) = ask(&mut workspace, 0, &format!("PATCH {SHOP}"), &team);
    assert_eq!(direct(&answer), ["team CAN_USE", "ana@example.com CAN_MANAGE"]);
    for body in [
        json!([{"permission_level": "CAN_USE"}]),
        json!([{"user_name": "a", "group_name": "b", "permission_level": "CAN_USE"}]),
        json!([{"user_name": "a"}]),
        json!([{"user_name": "a", "permission_level": "IS_OWNER"}]),
        json!([{"group_name": "admins", "permission_level": "CAN_USE"}]),
        json!([
            {"user_name": "a", "permission_level": "CAN_USE"},
            {"user_name": "a", "permission_level": "CAN_MANAGE"},
        ]),
    ] {
        let body = json!({"access_control_list": body});
        let (status, answer) = ask(&mut workspace, 0, &format!("PUT {SHOP}"), &body);
        assert_eq!(status, 400, "{body}: {answer}");
    }
    let (status, answer) =
        ask(&mut workspace, 0, &format!("GET {}", SHOP.replace("/p", "/none")), &Json::Null);
    assert_eq!(status, 404, "{answer}");
}

#[test]
fn identity_has_a_client_of_its_own_and_stands_in_the_journal() {
    let mut workspace = workspace(Behaviors::default());
    let me = "GET /api/2.0/preview/scim/v2/Me";
    assert_eq!(ask(&mut workspace, 1, me, &Json::Null).1["userName"], BOB);
    let (_, admin) = ask(&mut workspace, 0, me, &Json::Null);
    assert_eq!(admin["groups"], json!([{"display": "admins"}]));
    let journal = workspace.service.journal.entries();
    let last: Vec<_> =
        journal.iter().rev().take(2).map(|request| request.identity.as_deref()).collect();
    assert_eq!(last, [Some("jane.doe@example.com"), Some(BOB)]);
    let (status, _) = ask(&mut workspace, 1, "POST /_emulator/reset", &Json::Null);
    assert_eq!(status, 404, "the test controls are no part of the API");
}

#[test]
fn credential_is_of_the_identity_that_asks_for_it() {
    let mut workspace = workspace(Behaviors::default());
    grant(&mut workspace, &json!([{"user_name": BOB, "permission_level": "CAN_USE"}]));
    let body = json!({"endpoint": "projects/p/branches/dev/endpoints/primary"});
    for (number, name) in [(0, "jane.doe@example.com"), (1, BOB)] {
        let (status, answer) = ask(&mut workspace, number, "POST credentials", &body);
        assert_eq!(status, 200, "{answer}");
        let token = answer["token"].as_str().expect("a token");
        assert_eq!(workspace.service.world.credentials[token].identity, name);
    }
}
