//! §1.5: pages.

use serde_json::{Value as Json, json};

use super::{Workspace, permanent};
use crate::options::Options;

fn ids(page: &Json) -> Vec<String> {
    let branches = page["branches"].as_array().expect("branches");
    branches.iter().filter_map(|branch| branch["branch_id"].as_str().map(str::to_owned)).collect()
}

#[test]
fn pages_follow_one_another_to_the_end() {
    for (options, query) in
        [(Options { page_size: 2, ..Options::default() }, ""), (Options::default(), "page_size=2")]
    {
        let mut workspace = Workspace::with_branch(options);
        for id in ["a", "b", "z"] {
            workspace.ok(&format!("POST projects/p/branches?branch_id={id}"), &permanent());
        }
        let mut pages = Vec::new();
        let mut token = String::new();
        loop {
            let line = format!("projects/p/branches?{query}&page_token={token}");
            let page = workspace.get(&line);
            pages.push(ids(&page));
            match page["next_page_token"].as_str() {
                Some(next) => next.clone_into(&mut token),
                None => break,
            }
        }
        assert_eq!(pages, [vec!["a", "b"], vec!["dev", "production"], vec!["z"]], "{query}");
    }
}

#[test]
fn an_empty_list_has_no_array() {
    assert_eq!(Workspace::new().get("projects"), json!({}));
}

#[test]
fn list_returns_direct_children_as_get_returns_them() {
    let mut workspace = Workspace::with_branch(Options::default());
    for (list, kind, names) in [
        ("projects", "projects", vec!["projects/p"]),
        (
            "projects/p/branches/dev/endpoints",
            "endpoints",
            vec!["projects/p/branches/dev/endpoints/primary"],
        ),
        ("projects/p/branches/dev/roles", "roles", vec!["projects/p/branches/dev/roles/jane-doe"]),
        (
            "projects/p/branches/dev/databases",
            "databases",
            vec!["projects/p/branches/dev/databases/databricks-postgres"],
        ),
    ] {
        let objects: Vec<Json> = names.into_iter().map(|name| workspace.get(name)).collect();
        assert_eq!(workspace.get(list), json!({kind: objects}));
    }
}

#[test]
fn wrong_pages_are_refused() {
    let mut workspace = Workspace::with_branch(Options::default());
    for query in ["page_size=-1", "page_size=101", "page_size=x", "page_token=x", "filter=x"] {
        let text = workspace.refused(&format!("GET projects/p/branches?{query}"), &Json::Null);
        assert!(text.starts_with("400 INVALID_PARAMETER_VALUE"), "{text}");
    }
    let page = workspace.get("projects/p/branches?page_size=1");
    let token = page["next_page_token"].as_str().expect("a token");
    // A token of another list.
    let line = format!("GET projects/p/branches/dev/roles?page_token={token}");
    workspace.refused(&line, &Json::Null);
    workspace.refused("GET projects/p/branches/dev/roles?show_deleted=true", &Json::Null);
}
