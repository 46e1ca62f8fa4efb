//! The recorded answers of `samples/`, read as the client reads them.

use crate::Json;
use crate::operation::{Operation, PollResult};

fn sample(text: &str) -> Json {
    serde_json::from_str(text).expect("a sample is JSON")
}

#[test]
fn recorded_object_repeats_the_parts_of_its_name() {
    let samples = [
        ("projects", "project_id", include_str!("../../samples/project.json")),
        ("branches", "branch_id", include_str!("../../samples/branch.json")),
        ("endpoints", "endpoint_id", include_str!("../../samples/endpoint.json")),
        ("roles", "role_id", include_str!("../../samples/role.json")),
        ("databases", "database_id", include_str!("../../samples/database.json")),
    ];
    for (collection, id, text) in samples {
        let object = sample(text);
        let parent = object["parent"].as_str().map(|it| format!("{it}/")).unwrap_or_default();
        let id = object[id].as_str().expect("an ID");
        assert_eq!(object["name"], format!("{parent}{collection}/{id}"));
    }
}

#[test]
fn an_operation_answers_the_object_it_is_about() {
    let operation = sample(include_str!("../../samples/operation.json"));
    let PollResult::Done(response) = Operation::of_answer(operation).unwrap().look() else {
        panic!("the sample is done");
    };
    let database = sample(include_str!("../../samples/database.json"));
    for (member, value) in database.as_object().unwrap() {
        assert_eq!(response[member], *value);
    }
}
