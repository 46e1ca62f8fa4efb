//! The recorded answers of `samples/`, read as the client reads them.

use crate::Json;
use crate::name::{Kind, ResourceName};
use crate::operation::{Look, Operation, look_at_object};

fn sample(text: &str) -> Json {
    serde_json::from_str(text).expect("a sample is JSON")
}

#[test]
fn the_recorded_objects_have_settled_and_have_names_of_the_known_forms() {
    let samples = [
        (Kind::Project, include_str!("../../samples/project.json")),
        (Kind::Branch, include_str!("../../samples/branch.json")),
        (Kind::Endpoint, include_str!("../../samples/endpoint.json")),
        (Kind::Role, include_str!("../../samples/role.json")),
        (Kind::Database, include_str!("../../samples/database.json")),
    ];
    for (kind, text) in samples {
        let object = sample(text);
        let name: ResourceName = kind.parse(object["name"].as_str().unwrap()).unwrap();
        assert_eq!(object[format!("{}_id", kind.noun())], name.id());
        let parent = name.parent().map(ToString::to_string);
        assert_eq!(object.get("parent").and_then(Json::as_str), parent.as_deref());
        assert_eq!(look_at_object(object.clone()), Look::Done(object));
    }
}

#[test]
fn an_operation_answers_the_object_it_is_about() {
    let operation = sample(include_str!("../../samples/operation.json"));
    let Look::Done(response) = Operation::of_answer(operation).unwrap().look() else {
        panic!("the sample is done");
    };
    let database = sample(include_str!("../../samples/database.json"));
    for (member, value) in database.as_object().unwrap() {
        assert_eq!(response[member], *value);
    }
}
