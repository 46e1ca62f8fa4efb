//! What is refused in bodies and queries, and what is said about it.

use serde_json::{Value as Json, json};

use super::{Workspace, permanent, read_only};
use crate::options::Options;

const BRANCHES: &str = "POST projects/p/branches?branch_id=new";
const ENDPOINTS: &str = "POST projects/p/branches/dev/endpoints?endpoint_id=new";
const ROLES: &str = "POST projects/p/branches/dev/roles?role_id=new";
const DATABASES: &str = "POST projects/p/branches/dev/databases?database_id=new";

/// A read-only endpoint with one field more.
fn reader(field: &str, value: &Json) -> Json {
    let mut body = read_only();
    body["spec"][field] = value.clone();
    body
}

/// Each request must be refused with a message that has the part, and change nothing.
fn check(cases: &[(&str, Json, &str)]) {
    let mut workspace = Workspace::with_branch(Options::default());
    let names = workspace.names();
    for (line, body, part) in cases {
        let text = workspace.refused(line, body);
        assert!(text.contains(part), "{line} {body}: {text}");
        assert_eq!(workspace.names(), names, "{line} {body}");
    }
}

fn spec(spec: &Json) -> Json {
    json!({"spec": spec})
}

#[test]
fn an_envelope_that_is_not_the_requests_is_refused() {
    let project = "POST projects?project_id=new";
    check(&[
        (project, json!([]), "must be a JSON object"),
        (project, json!({"nope": 1}), "'nope'"),
        (project, json!({"project": {"spec": {}}}), "'project'"),
        (project, json!({"name": "projects/other"}), "'name'"),
        (project, json!({"project_id": "other"}), "'project_id'"),
        (BRANCHES, json!({"parent": "projects/other"}), "'parent'"),
        ("POST projects?project_id=new&replace_existing=true", json!({}), "'replace_existing'"),
        ("POST projects?project_id=New", json!({}), "project_id must match pattern"),
        ("POST projects/p/branches?branch_id=new&replace_existing=1", permanent(), "true or false"),
    ]);
}

#[test]
fn a_project_must_be_in_bounds() {
    let project = "POST projects?project_id=new";
    check(&[
        (project, spec(&json!({"nope": 1})), "'spec.nope'"),
        (project, spec(&json!({"display_name": ""})), "'spec.display_name'"),
        (project, spec(&json!({"display_name": "x".repeat(257)})), "'spec.display_name'"),
        (project, spec(&json!({"pg_version": 15})), "'spec.pg_version'"),
        (project, spec(&json!({"pg_version": "17"})), "'spec.pg_version'"),
        (
            project,
            spec(&json!({"history_retention_duration": "172799s"})),
            "'spec.history_retention_duration'",
        ),
        (
            project,
            spec(&json!({"history_retention_duration": "7d"})),
            "'spec.history_retention_duration'",
        ),
        (
            project,
            spec(&json!({"default_endpoint_settings": {
                "no_suspension": true, "suspend_timeout_duration": "60s",
            }})),
            "'spec.default_endpoint_settings.suspension'",
        ),
        (
            project,
            spec(&json!({"default_endpoint_settings": {"autoscaling_limit_max_cu": 0.5}})),
            "'spec.default_endpoint_settings.autoscaling_limit_min_cu'",
        ),
        (
            project,
            json!({"initial_endpoint_spec": {"autoscaling_limit_max_cu": 32}}),
            "at most 16 CU",
        ),
        (project, json!({"initial_branch_spec": {"ttl": "60s"}}), "'initial_branch_spec.ttl'"),
        (project, spec(&json!({"custom_tags": [{"k": "v"}]})), "'spec.custom_tags[0].k'"),
    ]);
}

#[test]
fn a_branch_must_be_in_bounds() {
    let expiring = |time: &str| json!({"spec": {"expire_time": time}});
    check(&[
        (BRANCHES, json!({}), "Expiration must be specified when creating a branch"),
        (BRANCHES, spec(&json!({"no_expiry": false})), "'spec.no_expiry'"),
        (BRANCHES, spec(&json!({"no_expiry": true, "ttl": "60s"})), "exclude each other"),
        (BRANCHES, spec(&json!({"ttl": "2592001s"})), "'spec.ttl'"),
        (BRANCHES, expiring("2020-01-01T00:00:00Z"), "in the future"),
        (BRANCHES, expiring("2199-01-01T00:00:00Z"), "30 days"),
        (BRANCHES, expiring("tomorrow"), "'spec.expire_time'"),
        (BRANCHES, spec(&json!({"ttl": "60s", "is_protected": true})), "cannot expire"),
        (
            BRANCHES,
            spec(&json!({"no_expiry": true, "source_branch": "projects/p/branches/none"})),
            "branch id not found",
        ),
        (
            BRANCHES,
            spec(&json!({"no_expiry": true, "source_branch": "production"})),
            "'spec.source_branch'",
        ),
        (
            BRANCHES,
            spec(&json!({"no_expiry": true, "source_branch_time": "2020-01-01T00:00:00Z"})),
            "'spec.source_branch_time'",
        ),
        (
            BRANCHES,
            spec(&json!({"no_expiry": true, "source_branch_lsn": "none"})),
            "'spec.source_branch_lsn'",
        ),
        (
            BRANCHES,
            spec(&json!({"no_expiry": true, "source_branch": "projects/q/branches/production"})),
            "source_branch field must point to the branch from the same Project",
        ),
    ]);
}

#[test]
fn an_endpoint_must_be_in_bounds() {
    check(&[
        (ENDPOINTS, json!({}), "'endpoint.spec.endpoint_type' is required"),
        (ENDPOINTS, spec(&json!({"endpoint_type": "READ_ONLY"})), "'spec.endpoint_type'"),
        (
            ENDPOINTS,
            spec(&json!({"endpoint_type": "ENDPOINT_TYPE_READ_WRITE"})),
            "400 BAD_REQUEST: read_write endpoint already exists",
        ),
        (ENDPOINTS, reader("autoscaling_limit_min_cu", &json!(0.3)), "steps of 0.5"),
        (ENDPOINTS, reader("autoscaling_limit_min_cu", &json!(2)), "must not exceed"),
        (ENDPOINTS, reader("autoscaling_limit_max_cu", &json!(18)), "at most 16 CU"),
        (ENDPOINTS, reader("suspend_timeout_duration", &json!("59s")), "'spec.suspend"),
        (ENDPOINTS, reader("suspend_timeout_duration", &json!("604801s")), "'spec.suspend"),
        (ENDPOINTS, reader("no_suspension", &json!(false)), "'spec.no_suspension'"),
        (ENDPOINTS, reader("group", &json!({"min": 0, "max": 0})), "'spec.group.max'"),
        (ENDPOINTS, reader("group", &json!({"min": 1, "max": 2})), "must be equal"),
        (ENDPOINTS, reader("group", &json!({"min": 2, "max": 2})), "no_suspension"),
        (
            ENDPOINTS,
            reader("settings", &json!({"pg_settings": {"work_mem": 4}})),
            "'spec.settings.pg_settings'",
        ),
    ]);
}

#[test]
fn a_role_and_a_database_must_be_in_bounds() {
    let role = "projects/p/branches/dev/roles/jane-doe";
    check(&[
        (ROLES, spec(&json!({"attributes": {}})), "'role.spec.postgres_role' is required"),
        (ROLES, spec(&json!({"postgres_role": "x", "identity_type": "ROBOT"})), "'spec.identity"),
        (
            ROLES,
            spec(&json!({"postgres_role": "jane.doe@example.com"})),
            "role with that name already exists",
        ),
        (DATABASES, spec(&json!({"role": role})), "'database.spec.postgres_database' is required"),
        (
            DATABASES,
            spec(&json!({"role": role, "postgres_database": "databricks_postgres"})),
            "database with that name already exists",
        ),
        (
            DATABASES,
            spec(&json!({
                "role": "projects/p/branches/production/roles/jane-doe", "postgres_database": "x",
            })),
            "role not found",
        ),
    ]);
}

#[test]
fn missing_object_is_not_found() {
    check(&[
        ("POST projects/none/branches?branch_id=new", permanent(), "project id not found"),
        (
            "POST projects/p/branches/none/endpoints?endpoint_id=new",
            read_only(),
            "branch id not found",
        ),
        ("PATCH projects/p/branches/none?update_mask=spec", permanent(), "branch id not found"),
        ("DELETE projects/p/branches/dev/roles/none", Json::Null, "role id not found"),
        ("GET projects/p/branches/dev/operations/x", Json::Null, "operation id not found"),
        ("GET projects/p/branches/dev/tables/x", Json::Null, "No API found"),
        ("POST projects/p/undelete", Json::Null, "must be {}"),
    ]);
}

#[test]
fn a_body_that_is_no_json_is_refused() {
    let mut workspace = Workspace::new();
    let request = crate::message::Request {
        method: "POST".to_owned(),
        path: "/api/2.0/postgres/projects".to_owned(),
        authorization: Some("Bearer emulator-token".to_owned()),
        body: b"{".to_vec(),
        ..crate::message::Request::default()
    };
    let crate::message::Reply::Answer(answer) = workspace.service.answer(&request) else {
        panic!("an answer")
    };
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("MALFORMED_REQUEST"), "{}", answer.body);
}

#[test]
fn quotas_are_kept() {
    let mut options = Options::default();
    options.quotas.projects = 1;
    options.quotas.unarchived_branches = 2;
    options.quotas.active_computes = 3;
    options.quotas.roles = 2;
    options.quotas.databases = 1;
    let mut workspace = Workspace::with_branch(options);
    let always_on = json!({"spec": {
        "endpoint_type": "ENDPOINT_TYPE_READ_ONLY", "no_suspension": true,
        "group": {"min": 2, "max": 2},
    }});
    workspace.ok(ROLES, &json!({"spec": {"postgres_role": "new"}}));
    let role = "projects/p/branches/dev/roles/new";
    let cases = [
        ("POST projects?project_id=q", json!({}), "1 projects"),
        (BRANCHES, permanent(), "2 unarchived branches per project"),
        (ENDPOINTS, always_on, "3 active computes per project"),
        (
            "POST projects/p/branches/dev/roles?role_id=newer",
            json!({"spec": {"postgres_role": "newer"}}),
            "2 roles per branch",
        ),
        (
            DATABASES,
            json!({"spec": {"role": role, "postgres_database": "x"}}),
            "1 databases per branch",
        ),
    ];
    for (line, body, what) in cases {
        let text = workspace.refused(line, &body);
        assert_eq!(text, format!("400 QUOTA_EXCEEDED: Cannot create more than {what}."));
    }
    workspace.ok(ENDPOINTS, &read_only());
    let protect = json!({"spec": {"is_protected": true}});
    let line = "PATCH projects/p/branches/production?update_mask=spec.is_protected";
    workspace.ok(line, &protect);
    let line = "PATCH projects/p/branches/dev?update_mask=spec.is_protected";
    let text = workspace.refused(line, &protect);
    assert!(text.contains("1 protected branches"), "{text}");
}

#[test]
fn credentials_live_as_long_as_they_are_asked_to() {
    let mut workspace = Workspace::with_branch(Options::default());
    let endpoint = "projects/p/branches/dev/endpoints/primary";
    let credential =
        workspace.ok("POST credentials", &json!({"endpoint": endpoint, "ttl": "300s"}));
    assert!(credential["token"].is_string() && credential["expire_time"].is_string());
    let claims = json!([{"permission_set": "READ_ONLY", "resources": [{"table_name": "a.b.c"}]}]);
    workspace.ok("POST credentials", &json!({"endpoint": endpoint, "claims": claims}));
    let cases = [
        (json!({}), "'endpoint' is required"),
        (json!({"endpoint": endpoint, "ttl": "299s"}), "'ttl'"),
        (json!({"endpoint": endpoint, "ttl": "3601s"}), "'ttl'"),
        (json!({"endpoint": endpoint, "expire_time": "2020-01-01T00:00:00Z"}), "'expire_time'"),
        (json!({"endpoint": format!("{endpoint}x")}), "404 NOT_FOUND: endpoint id not found"),
        (json!({"endpoint": "projects/p/branches/dev"}), "404"),
        (json!({"endpoint": endpoint, "group_name": "x"}), "'group_name'"),
    ];
    for (body, part) in cases {
        let text = workspace.refused("POST credentials", &body);
        assert!(text.contains(part), "{text}");
    }
}
